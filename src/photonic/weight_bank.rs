//! Any matrix as light: two lattices around a row of attenuators.
//!
//! W = U·Σ·V† by singular values (D. A. B. Miller, "Self-configuring universal linear optical
//! component", Photonics Research 1, 1, 2013): light passes the lattice of V†, then attenuators of
//! amplitude σᵢ/σ_max, then the lattice of U. Light cannot gain, so the factor σ_max is digital.

use core::f64::consts::{FRAC_PI_2, PI};

use ndarray::{Array1, Array2, ArrayView1, ArrayView2};

use super::complex::{Complex64, wrap_phase};
use super::decompose::{DecomposeError, decompose};
use super::interferometer::Interferometer;
use super::lattice::{Lattice, LatticeError, Layout};
use super::svd::{Svd, SvdError};

/// A matrix of M × N weights held by devices: N modes in, M modes out.
///
/// ```
/// use ndarray::array;
/// use xrmesh::photonic::{Layout, WeightBank};
/// let weights = array![[1.0, -2.0, 0.5], [0.0, 3.0, 1.0]];
/// let bank = WeightBank::from_real(weights.view(), Layout::Rectangular)?;
/// let seen = bank.transfer_matrix();
/// assert!(seen.iter().zip(&weights).all(|(z, w)| (z.re - w).abs() < 1e-13 && z.im.abs() < 1e-13));
/// # Ok::<(), xrmesh::photonic::WeightBankError>(())
/// ```
#[derive(Clone, PartialEq, Debug)]
pub struct WeightBank {
    /// Applies V†, N modes.
    pub(crate) right: Lattice,
    /// min(M, N) interferometers; the light of their straight path goes on, the rest is dumped.
    pub(crate) attenuators: Vec<Interferometer>,
    /// Applies U, M modes.
    pub(crate) left: Lattice,
    /// σ_max.
    pub(crate) gain: f64,
}

/// Why a matrix could not become a weight bank, or a bank refused its input.
#[derive(Clone, Copy, PartialEq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WeightBankError {
    /// The singular values were not found.
    #[error(transparent)]
    Svd(#[from] SvdError),
    /// A factor has no lattice.
    #[error(transparent)]
    Decompose(#[from] DecomposeError),
    /// A vector or matrix of the wrong shape, or not finite.
    #[error(transparent)]
    Lattice(#[from] LatticeError),
}

impl WeightBank {
    /// The bank of a complex matrix, M × N.
    ///
    /// O((M + N)³), most of it the singular values.
    ///
    /// # Errors
    /// [`WeightBankError`]: empty, not finite, more than [`Lattice::MAX_MODES`].
    pub fn new(
        weights: ArrayView2<'_, Complex64>,
        layout: Layout,
    ) -> Result<Self, WeightBankError> {
        let Svd { u, sigma, v } = Svd::new(weights)?;
        let gain = sigma[0];
        let share = |s: f64| if gain > 0.0 { s / gain } else { 0.0 };
        Ok(Self {
            right: decompose(v.t().mapv(|z| z.conj()).view(), layout)?,
            attenuators: sigma.iter().map(|&s| attenuator(share(s))).collect(),
            left: decompose(u.view(), layout)?,
            gain,
        })
    }

    /// The bank of a real matrix, M × N.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn from_real(
        weights: ArrayView2<'_, f64>,
        layout: Layout,
    ) -> Result<Self, WeightBankError> {
        Self::new(weights.mapv(|re| Complex64::new(re, 0.0)).view(), layout)
    }

    /// The number of modes in, N.
    #[must_use]
    pub const fn inputs(&self) -> usize {
        self.right.modes()
    }

    /// The number of modes out, M.
    #[must_use]
    pub const fn outputs(&self) -> usize {
        self.left.modes()
    }

    /// The digital factor behind the detectors, σ_max of the weights.
    #[must_use]
    pub const fn gain(&self) -> f64 {
        self.gain
    }

    /// The first lattice, of V†.
    #[must_use]
    pub const fn right(&self) -> &Lattice {
        &self.right
    }

    /// The last lattice, of U.
    #[must_use]
    pub const fn left(&self) -> &Lattice {
        &self.left
    }

    /// The attenuators between the lattices.
    #[must_use]
    pub fn attenuators(&self) -> &[Interferometer] {
        &self.attenuators
    }

    /// The parts, to change their drive or their device.
    pub fn parts_mut(&mut self) -> (&mut Lattice, &mut [Interferometer], &mut Lattice) {
        (&mut self.right, &mut self.attenuators, &mut self.left)
    }

    /// Every heater's phase, reduced to [0, 2π): both lattices and the attenuators. What a bank's
    /// shifters draw follows from their sum.
    #[must_use]
    pub fn phases_rad(&self) -> Array1<f64> {
        let attenuators =
            self.attenuators.iter().flat_map(|element| [element.theta_rad, element.phi_rad]);
        self.right.phases().chain(attenuators).chain(self.left.phases()).map(wrap_phase).collect()
    }

    /// W·x, gain included.
    ///
    /// # Errors
    /// [`WeightBankError::Lattice`] where `x` is not N finite amplitudes.
    pub fn forward(
        &self,
        x: ArrayView1<'_, Complex64>,
    ) -> Result<Array1<Complex64>, WeightBankError> {
        let inner = self.right.forward(x)?;
        let mut middle = Array1::zeros(self.outputs());
        for ((z, x), element) in middle.iter_mut().zip(&inner).zip(&self.attenuators) {
            *z = element.transfer()[0][0] * x * self.gain;
        }
        Ok(self.left.forward(middle.view())?)
    }

    /// The M × N matrix that light sees, gain included.
    ///
    /// O(M·N·min(M, N) + M³ + N³).
    #[must_use]
    pub fn transfer_matrix(&self) -> Array2<Complex64> {
        let (left, right) = (self.left.transfer_matrix(), self.right.transfer_matrix());
        let mut matrix = Array2::zeros((self.outputs(), self.inputs()));
        for (k, element) in self.attenuators.iter().enumerate() {
            let through = element.transfer()[0][0] * self.gain;
            for (mut row, u) in matrix.outer_iter_mut().zip(left.column(k)) {
                let factor = u * through;
                row.iter_mut().zip(right.row(k)).for_each(|(w, v)| *w += factor * v);
            }
        }
        matrix
    }
}

/// An interferometer whose straight path has the amplitude `share`, with phase 0: sin(θ/2) = `share`,
/// φ = −θ/2 − π/2.
fn attenuator(share: f64) -> Interferometer {
    let theta = 2.0 * libm::asin(share.clamp(0.0, 1.0));
    Interferometer::new(theta.min(PI), wrap_phase(-theta / 2.0 - FRAC_PI_2))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Stream;

    #[test]
    fn banks_hold_their_matrices() {
        for layout in [Layout::Rectangular, Layout::Triangular, Layout::Compact] {
            for (m, n) in [(1, 1), (2, 5), (5, 2), (6, 6), (10, 64), (17, 16)] {
                let mut draws = Stream::new(11, [m as u32, n as u32]);
                let weights = Array2::from_shape_simple_fn((m, n), || {
                    let [re, im] = draws.normals();
                    Complex64::new(re, im)
                });
                let bank = WeightBank::new(weights.view(), layout).unwrap();
                assert_eq!((bank.outputs(), bank.inputs()), (m, n));
                let seen = bank.transfer_matrix();
                let worst = seen.iter().zip(&weights).map(|(a, b)| (a - b).norm_sqr());
                let worst = worst.fold(0.0, f64::max).sqrt();
                assert!(worst < 1e-12 * bank.gain(), "{layout:?} {m} × {n}: {worst:e}");
                let x = Array1::from_shape_fn(n, |k| Complex64::new(k as f64, 1.0));
                let y = bank.forward(x.view()).unwrap();
                let expected = weights.dot(&x);
                let scale = bank.gain() * n as f64;
                assert!(
                    y.iter().zip(&expected).all(|(a, b)| (a - b).norm_sqr().sqrt() < 1e-11 * scale)
                );
            }
        }
    }

    #[test]
    fn zero_weights_let_nothing_through() {
        let bank =
            WeightBank::from_real(Array2::zeros((3, 2)).view(), Layout::Rectangular).unwrap();
        assert_eq!(bank.gain(), 0.0);
        assert!(bank.transfer_matrix().iter().all(|z| z.norm_sqr() == 0.0));
    }

    #[test]
    fn wrong_shapes_are_refused_with_both() {
        let weights = Array2::from_elem((3, 2), 1.0);
        let bank = WeightBank::from_real(weights.view(), Layout::Rectangular).unwrap();
        let given = bank.forward(Array1::zeros(3).view());
        let expected = LatticeError::Shape { what: "input", expected: (2, 1), given: (3, 1) };
        assert_eq!(given, Err(WeightBankError::Lattice(expected)));
        let empty = Array2::<f64>::zeros((0, 2));
        assert!(matches!(
            WeightBank::from_real(empty.view(), Layout::Rectangular),
            Err(WeightBankError::Svd(SvdError::Empty { given: (0, 2) }))
        ));
    }
}
