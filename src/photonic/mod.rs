//! Simulated photonic processors: right physics, cited, reproducible by seed.
//!
//! Light in N waveguides meets a lattice of interferometers and comes out multiplied by a matrix.
//! This module builds such processors, decomposes matrices into their phases, sends light through
//! them with the errors of real hardware, and calibrates and trains them.
//!
//! # Design
//!
//! 1. **One convention.** `out = M in`; a phase is e^{+iφ}; a coupler is
//!    C(x) = [[cos(π/4+x), i sin(π/4+x)], [i sin(π/4+x), cos(π/4+x)]]; an [`Interferometer`] is
//!    C(β)·diag(e^{iθ}, 1)·C(α)·diag(e^{iφ}, 1). Everything else follows from these four.
//! 2. **Units are in names**: `phase_rad`, `loss_db`, `power_w`.
//! 3. **A slow `f64` reference and a fast `f32` path.** [`Lattice`] computes in `f64` with plain loops;
//!    a [`Propagator`] in `f32` with 16 lanes. Tests hold one against the other.
//! 4. **Same inputs, same bits** on every machine and any number of workers. The `f32` kernels use
//!    fused multiply-add everywhere: a 2×2 complex product is 16 operations then and 28 otherwise.
//!    Without the hardware it is done in software, correctly rounded and many times slower; that is
//!    what the promise costs, on x86-64 processors older than 2013. The `f64` decomposition uses none,
//!    so its AVX-512, AVX2 and plain builds agree by IEEE 754 alone; that costs it 18 operations a
//!    rotation instead of 12. A sum that is promised has one order, written beside it: products add one
//!    term at a time instead of in the several partial sums that a free order would allow.
//! 5. **Randomness is counted**: every draw is a function of (seed, device, shot, stream, index), so an
//!    ensemble is bit-equal in any order and on any number of workers.
//! 6. **What is fixed at fabrication, what the drive sets, and what changes at every shot** are three
//!    types, in [`imperfection`].
//! 7. **Bad input is a typed error** with the expected and the given shape: not-a-number, a matrix that
//!    is not unitary where it must be, a zero size.
//!
//! # Parts
//!
//! - [`interferometer`], [`lattice`]: the 2×2 element; rectangular, triangular and compact lattices.
//! - [`mod@decompose`]: a unitary to the phases of a lattice.
//! - [`imperfection`], [`drive`]: what fabrication, drive and each shot do to it.
//! - [`calibrate`]: making imperfect hardware do what was wanted.
//! - [`svd`], [`weight_bank`]: any matrix as two lattices and a row of attenuators.
//! - [`dense`]: a matrix that does not change between shots, as one product.
//! - [`processor`], [`activation`], [`ensemble`]: layers of weight banks with activations, and many
//!   noisy devices of one design.
//! - [`ring`], [`wdm`]: rings, and banks of them that weigh the channels of one waveguide.
//! - [`modulator`], [`converter`], [`detector`], [`pcm`], [`thermal`]: the devices around a lattice.
//! - [`spike`]: leaky integrate-and-fire neurons and the Yamada laser, one by one and in layers.
//! - [`energy`]: what all of it would take, in joules and seconds, as estimates.
//!
//! `docs/guarantees.md` names the test of each promise, `docs/benchmarks.md` the speed and what is lost.

pub mod activation;
pub mod calibrate;
pub mod complex;
pub mod converter;
pub mod decompose;
pub mod dense;
pub mod detector;
pub mod device;
pub mod drive;
pub mod energy;
pub mod ensemble;
pub mod imperfection;
pub mod interferometer;
pub(crate) mod kernel;
pub mod lattice;
pub mod modulator;
pub mod parameter;
pub mod pcm;
pub mod processor;
pub mod ring;
pub mod spike;
pub mod svd;
pub mod thermal;
pub mod wdm;
pub mod weight_bank;

pub use activation::Activation;
pub use calibrate::{
    CalibrateError, Classifier, Hardware, Training, correct_couplers, self_configure,
};
pub use decompose::{DecomposeError, decompose};
pub use dense::{Dense, DenseWorkspace};
pub use device::Device;
pub use drive::{Crosstalk, Drive, DriveError, Lag, Placement, Quantisation};
pub use ensemble::Ensemble;
pub use imperfection::{DeviceKey, Fabrication, Imperfection, ImperfectionError, Shot};
pub use interferometer::{Couplers, ElementLoss, Interferometer, Transfer};
pub use lattice::{
    EdgeModes, Gradient, Lattice, LatticeError, Layout, Plan, Propagator, VectorWorkspace,
    Workspace,
};
pub use processor::{CompiledProcessor, Layer, PhotonicProcessor, ProcessorError};
pub use svd::{Svd, SvdError};
pub use weight_bank::{WeightBank, WeightBankError};

/// A unitary from the Haar measure, for tests: Gram and Schmidt, twice, on normal numbers.
/// F. Mezzadri, "How to generate random matrices from the classical compact groups", 2007.
#[cfg(test)]
pub(crate) fn random_unitary(modes: usize, seed: u64) -> ndarray::Array2<complex::Complex64> {
    use complex::Complex64;
    let mut draws = crate::random::Stream::new(seed, [modes as u32, 0]);
    let mut rows: Vec<Vec<Complex64>> = Vec::with_capacity(modes);
    while rows.len() < modes {
        let mut row: Vec<Complex64> = (0..modes)
            .map(|_| {
                let [re, im] = draws.normals();
                Complex64::new(re, im)
            })
            .collect();
        for _ in 0..2 {
            for other in &rows {
                let dot: Complex64 = other.iter().zip(&row).map(|(a, b)| a.conj() * b).sum();
                row.iter_mut().zip(other).for_each(|(z, a)| *z -= a * dot);
            }
        }
        let norm = row.iter().map(|z| z.norm_sqr()).sum::<f64>().sqrt();
        row.iter_mut().for_each(|z| *z /= norm);
        rows.push(row);
    }
    ndarray::Array2::from_shape_fn((modes, modes), |(r, c)| rows[r][c])
}
