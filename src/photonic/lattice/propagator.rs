//! The fast path: a lattice's phases as `f32` coefficients, and batches of light through them.

use ndarray::{ArrayView2, ArrayViewMut2, Axis};
use rayon::prelude::*;

use super::super::complex::{Complex32, amplitude_of_db, cis};
use super::super::kernel::chain::{
    Coefficients, Crossing, Scaled, forward_1, forward_2, forward_4, turn,
};
use super::super::kernel::coefficients::Common;
use super::super::kernel::crossings::{Slots, crossings};
use super::super::kernel::lanes::{LANES, Pair};
use super::super::kernel::level::Level;
use super::super::kernel::vector::Halves;
use super::panel::{check_finite, pack, unpack};
use super::schedule::Schedule;
use super::{Lattice, LatticeError, Layout};

/// A lattice made ready for batches in `f32`.
///
/// Holds every element in the order of the falling diagonals, as two complex numbers in place of its 2×2
/// matrix: rows carry a complex factor each, applied once, at the outputs. [`drive`](Self::drive) takes new phases.
/// Results agree with the [`Lattice`]'s `f64` ones to about 10⁻⁶·√N and are bit-equal on every machine,
/// for every batch size and number of workers: each column is computed alone, in one order.
///
/// ```
/// use ndarray::Array2;
/// use xrmesh::photonic::{Lattice, Layout, Propagator, Workspace, complex::Complex32};
/// let lattice = Lattice::new(Layout::Rectangular, 8)?;
/// let propagator = Propagator::new(&lattice);
/// let x = Array2::from_elem((8, 20), Complex32::new(1.0, 0.0));
/// let mut y = Array2::zeros((8, 20));
/// propagator.forward(x.view(), y.view_mut(), &mut Workspace::default())?;
/// # Ok::<(), xrmesh::photonic::LatticeError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Propagator {
    modes: usize,
    layout: Layout,
    pub(super) schedule: Schedule,
    crossings: Vec<Crossing>,
    /// Read where a crossing is not a number.
    whole: Vec<Coefficients>,
    /// The factor of each output.
    output: Vec<Complex32>,
    factors: Halves,
    /// The couplers' α and β, kept for their memory.
    errors: [Vec<f64>; 2],
}

/// Memory that a [`Propagator`] works in; reuse it, and nothing allocates once it is warm.
#[derive(Clone, Debug, Default)]
pub struct Workspace {
    rows: Vec<Pair>,
}

/// How many panels go together: two chains' rows of four panels fill the vector registers.
const PANELS: usize = 4;

impl Propagator {
    /// Prepares a lattice. O(N²).
    #[must_use]
    pub fn new(lattice: &Lattice) -> Self {
        let plan = lattice.plan();
        let mut this = Self {
            modes: plan.modes(),
            layout: plan.layout(),
            schedule: Schedule::new(plan),
            crossings: vec![[0.0; 4]; plan.elements()],
            whole: vec![[0.0; 8]; plan.elements()],
            output: vec![Complex32::ZERO; plan.modes()],
            factors: Halves::default(),
            errors: core::array::from_fn(|_| Vec::with_capacity(plan.elements())),
        };
        this.set(lattice, Level::best());
        this
    }

    /// Takes the phases, couplers and losses of a lattice of the same plan. O(N²); allocates one number a
    /// mode.
    ///
    /// # Errors
    /// [`LatticeError::Shape`] where the number of modes differs, [`LatticeError::NoSuchShifter`] where
    /// the layout does.
    pub fn drive(&mut self, lattice: &Lattice) -> Result<(), LatticeError> {
        let (given, expected) = (lattice.modes(), self.modes);
        if given != expected {
            let (expected, given) = ((expected, expected), (given, given));
            return Err(LatticeError::Shape { what: "lattice", expected, given });
        }
        if lattice.plan().layout() != self.layout {
            return Err(LatticeError::NoSuchShifter {
                what: "another layout",
                layout: self.layout,
            });
        }
        self.set(lattice, Level::best());
        Ok(())
    }

    /// The number of modes N.
    #[must_use]
    pub const fn modes(&self) -> usize {
        self.modes
    }

    /// `x` holds one input in each column, `y` gets the outputs: both N × batch, any strides.
    ///
    /// O(N²·batch); fastest where batch is a multiple of 64 and a view's rows are contiguous. Amplitudes may be as large
    /// as 10²⁸.
    ///
    /// # Errors
    /// [`LatticeError::Shape`] and [`LatticeError::NotFinite`].
    pub fn forward(
        &self,
        x: ArrayView2<'_, Complex32>,
        y: ArrayViewMut2<'_, Complex32>,
        workspace: &mut Workspace,
    ) -> Result<(), LatticeError> {
        self.check(&x, &y)?;
        self.run(x, y, workspace, Level::best());
        Ok(())
    }

    /// As [`forward`](Self::forward), the columns shared among rayon's workers; the same bits.
    ///
    /// # Errors
    /// As [`forward`](Self::forward).
    pub fn par_forward(
        &self,
        x: ArrayView2<'_, Complex32>,
        mut y: ArrayViewMut2<'_, Complex32>,
    ) -> Result<(), LatticeError> {
        self.check(&x, &y)?;
        let width = PANELS * LANES;
        let parts: Vec<_> = x
            .axis_chunks_iter(Axis(1), width)
            .zip(y.axis_chunks_iter_mut(Axis(1), width))
            .collect();
        parts.into_par_iter().for_each_init(Workspace::default, |workspace, (x, y)| {
            self.run(x, y, workspace, Level::best());
        });
        Ok(())
    }

    fn check(
        &self,
        x: &ArrayView2<'_, Complex32>,
        y: &ArrayViewMut2<'_, Complex32>,
    ) -> Result<(), LatticeError> {
        let expected = (self.modes, x.ncols().max(1));
        if x.dim() != expected {
            return Err(LatticeError::Shape { what: "input", expected, given: x.dim() });
        }
        if y.dim() != expected {
            return Err(LatticeError::Shape { what: "output", expected, given: y.dim() });
        }
        check_finite("input", x)
    }

    pub(super) fn run(
        &self,
        x: ArrayView2<'_, Complex32>,
        mut y: ArrayViewMut2<'_, Complex32>,
        workspace: &mut Workspace,
        level: Level,
    ) {
        let batch = x.ncols();
        let mut at = 0;
        while at < batch {
            let panels = (batch - at).div_ceil(LANES).min(PANELS);
            // Three panels run as four, one of them idle: a rarer case than it is worth.
            let panels = if panels == 3 { 4 } else { panels };
            let width = (batch - at).min(panels * LANES);
            workspace.rows.resize(self.modes * panels, Pair::ZERO);
            let rows = &mut workspace.rows[..self.modes * panels];
            pack(level, &x, at, width, panels, rows);
            let chains = &self.schedule.chains[..];
            let by = Scaled { crossings: &self.crossings, whole: &self.whole };
            match panels {
                1 => forward_1(level, chains, by, rows),
                2 => forward_2(level, chains, by, rows),
                _ => forward_4(level, chains, by, rows),
            }
            turn(level, &self.output, rows);
            unpack(level, rows, panels, &mut y, at, width);
            at += width;
        }
    }

    /// Column by column, with what each row still has to be multiplied by.
    fn set(&mut self, lattice: &Lattice, level: Level) {
        let shifter = amplitude_of_db(lattice.loss().shifter_db);
        self.factors.begin(self.modes);
        for (mode, &phase) in lattice.input_phase_rad.iter().enumerate() {
            self.factors.scale(mode, cis(phase) * shifter);
        }
        let of = lattice.elements(&mut self.errors);
        let common = common(lattice);
        let (crossed, whole) = (&mut self.crossings, &mut self.whole);
        let mut slots = Slots { of: &self.schedule.slot, crossings: crossed, whole };
        lattice.walk(&mut self.factors, |at, factors| {
            crossings(level, of, common, at, factors, &mut slots);
        });
        for (mode, &phase) in lattice.output_phase_rad.iter().enumerate() {
            self.factors.scale(mode, cis(phase) * shifter);
            self.output[mode] = self.factors.get(mode);
        }
    }
}

/// What all elements share.
pub(super) fn common(lattice: &Lattice) -> Common {
    let loss = lattice.loss();
    let compact = lattice.plan().layout() == Layout::Compact;
    let path = amplitude_of_db(2.0 * loss.coupler_db + loss.arm_db);
    let shifter = amplitude_of_db(loss.shifter_db);
    Common {
        phi_on_lower_arm: compact,
        arm_rad: lattice.arm_phase_rad(),
        upper: (path * shifter) as f32,
        lower: if compact { path * shifter } else { path } as f32,
        input: shifter as f32,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Couplers, EdgeModes, ElementLoss};
    use super::*;
    use crate::photonic::complex::Complex64;
    use crate::random::Counter;
    use ndarray::{Array2, s};

    fn sample(layout: Layout, modes: usize, imperfect: bool) -> Lattice {
        let mut lattice = Lattice::new(layout, modes).unwrap();
        let draws = Counter::new(3, [modes as u32, 1]);
        lattice.map_phases(|k, _| 20.0 * (draws.uniform_f64(k as u64) - 0.5)).unwrap();
        if imperfect {
            let couplers: Vec<_> = (0..lattice.plan().elements())
                .map(|k| {
                    let [alpha, beta] = draws.normals(k as u64 + 1_000_000);
                    Couplers { alpha_rad: 0.1 * alpha, beta_rad: 0.1 * beta }
                })
                .collect();
            lattice.set_couplers(&couplers).unwrap();
            let loss = ElementLoss { coupler_db: 0.01, shifter_db: 0.02, arm_db: 0.005 };
            lattice.set_loss(loss, EdgeModes::Dummy).unwrap();
            lattice.set_arm_phase(0.3).unwrap();
        }
        lattice
    }

    fn light(modes: usize, batch: usize) -> Array2<Complex32> {
        let draws = Counter::new(4, [modes as u32, 0]);
        Array2::from_shape_fn((modes, batch), |(m, b)| {
            let [re, im] = draws.normals((m * 1000 + b) as u64);
            Complex32::new(re as f32, im as f32)
        })
    }

    #[test]
    fn agrees_with_the_reference() {
        for layout in [Layout::Rectangular, Layout::Triangular, Layout::Compact] {
            for modes in [1, 2, 3, 4, 5, 8, 17, 32, 61] {
                for imperfect in [false, true] {
                    let lattice = sample(layout, modes, imperfect);
                    let propagator = Propagator::new(&lattice);
                    for batch in [1, 16, 33, 50, 65] {
                        let x = light(modes, batch);
                        let mut y = Array2::zeros((modes, batch));
                        propagator
                            .forward(x.view(), y.view_mut(), &mut Workspace::default())
                            .unwrap();
                        let wide = x.mapv(|z| Complex64::new(z.re.into(), z.im.into()));
                        let expected = lattice.forward_batch(wide.view()).unwrap();
                        let worst = y.iter().zip(&expected).map(|(a, b)| {
                            (Complex64::new(a.re.into(), a.im.into()) - b).norm_sqr().sqrt()
                        });
                        let worst = worst.fold(0.0, f64::max);
                        assert!(
                            worst < 3e-5,
                            "{layout:?} {modes} × {batch} {imperfect}: {worst:e}"
                        );
                    }
                }
            }
        }
    }

    /// The largest error of an output beside the root mean square of the inputs, and the share of elements
    /// that keep their whole matrix.
    fn error_and_whole(lattice: &Lattice, x: &Array2<Complex32>) -> (f64, f64) {
        let propagator = Propagator::new(lattice);
        let mut y = Array2::zeros(x.dim());
        propagator.forward(x.view(), y.view_mut(), &mut Workspace::default()).unwrap();
        let wide = x.mapv(|z| Complex64::new(z.re.into(), z.im.into()));
        let expected = lattice.forward_batch(wide.view()).unwrap();
        let mean = wide.iter().map(Complex64::norm_sqr).sum::<f64>() / wide.len() as f64;
        let error = y
            .iter()
            .zip(&expected)
            .map(|(a, b)| (Complex64::new(a.re.into(), a.im.into()) - b).norm_sqr())
            .fold(0.0, f64::max);
        let whole = propagator.crossings.iter().filter(|crossing| crossing[0].is_nan()).count();
        ((error / mean).sqrt(), whole as f64 / propagator.crossings.len() as f64)
    }

    #[test]
    fn scaled_rows_stay_in_range_and_as_exact() {
        for layout in [Layout::Rectangular, Layout::Triangular, Layout::Compact] {
            for imperfect in [false, true] {
                let lattice = sample(layout, 256, imperfect);
                let (error, whole) = error_and_whole(&lattice, &light(256, 20));
                assert!(error < 1e-5, "{layout:?} {imperfect}: {error:e}");
                assert!(whole > 0.0 && whole < 0.05, "{layout:?} {imperfect}: {whole}");
                // As large as promised.
                let (error, _) = error_and_whole(&lattice, &light(256, 4).mapv(|z| z * 1e28));
                assert!(error < 1e-5, "{layout:?} {imperfect}: {error:e}");
            }
        }
        // Nothing crosses: each element is its whole matrix. With half crossing nothing, both forms meet.
        let mut lattice = Lattice::new(Layout::Rectangular, 65).unwrap();
        let elements = lattice.plan().elements();
        for (step, expected) in [(1, 1.0), (2, 0.5)] {
            lattice
                .map_phases(|k, phase| {
                    let bar = k < elements && k % step == 0;
                    if bar { core::f64::consts::PI } else { phase + 0.1 }
                })
                .unwrap();
            let (error, whole) = error_and_whole(&lattice, &light(65, 20));
            assert!(error < 1e-5, "{error:e}");
            assert!((whole - expected).abs() < 0.1, "{whole}");
        }
        // Hardly any light: what is left is as exact.
        let mut lattice = sample(Layout::Rectangular, 16, false);
        let loss = ElementLoss { coupler_db: 3.0, shifter_db: 7.0, arm_db: 0.0 };
        lattice.set_loss(loss, EdgeModes::Dummy).unwrap();
        let (error, whole) = error_and_whole(&lattice, &light(16, 20));
        assert!(error < 1e-10 && whole > 0.05, "{error:e} {whole}");
    }

    #[test]
    fn bits_do_not_depend_on_level_batch_strides_or_workers() {
        let lattice = sample(Layout::Rectangular, 13, true);
        let x = light(13, 150);
        let mut expected = Array2::zeros((13, 150));
        let mut propagator = Propagator::new(&lattice);
        propagator.set(&lattice, Level::Portable);
        let mut workspace = Workspace::default();
        propagator.run(x.view(), expected.view_mut(), &mut workspace, Level::Portable);
        for level in Level::available() {
            propagator.set(&lattice, level);
            let mut y = Array2::zeros((13, 150));
            propagator.run(x.view(), y.view_mut(), &mut workspace, level);
            assert_eq!(y, expected, "{level:?}");
        }
        let mut y = Array2::zeros((13, 1));
        for column in [0, 77, 149] {
            propagator
                .forward(x.slice(s![.., column..=column]), y.view_mut(), &mut workspace)
                .unwrap();
            assert_eq!(y.column(0), expected.column(column));
        }
        let turned = x.t().as_standard_layout().into_owned();
        let mut y = Array2::zeros((150, 13));
        propagator.forward(turned.t(), y.view_mut().reversed_axes(), &mut workspace).unwrap();
        assert_eq!(y.t(), expected);
        for workers in [1, 2, 4, 8] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(workers).build().unwrap();
            let mut y = Array2::zeros((13, 150));
            pool.install(|| propagator.par_forward(x.view(), y.view_mut())).unwrap();
            assert_eq!(y, expected);
        }
    }

    #[test]
    fn wrong_shapes_are_refused() {
        let propagator = Propagator::new(&sample(Layout::Rectangular, 4, false));
        let x = light(3, 5);
        let mut y = Array2::zeros((3, 5));
        let given = propagator.forward(x.view(), y.view_mut(), &mut Workspace::default());
        let expected = LatticeError::Shape { what: "input", expected: (4, 5), given: (3, 5) };
        assert_eq!(given, Err(expected));
        let (mut x, mut y) = (light(4, 5), Array2::zeros((4, 5)));
        x[(1, 2)].im = f32::INFINITY;
        let expected = LatticeError::NotFinite { what: "input", index: 7, given: f64::INFINITY };
        let mut workspace = Workspace::default();
        let given = propagator.forward(x.view(), y.view_mut(), &mut workspace);
        assert_eq!(given, Err(expected));
        assert_eq!(propagator.par_forward(x.view(), y.view_mut()), Err(expected));
        // A view whose rows are not contiguous.
        let given =
            propagator.forward(x.slice(s![.., ..;2]), y.slice_mut(s![.., ..;2]), &mut workspace);
        let expected = LatticeError::NotFinite { what: "input", index: 4, given: f64::INFINITY };
        assert_eq!(given, Err(expected));
        let mut propagator = propagator;
        let other = sample(Layout::Rectangular, 5, false);
        assert!(matches!(propagator.drive(&other), Err(LatticeError::Shape { .. })));
        let other = sample(Layout::Triangular, 4, false);
        assert!(matches!(propagator.drive(&other), Err(LatticeError::NoSuchShifter { .. })));
    }
}
