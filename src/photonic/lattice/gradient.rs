//! Gradients of a loss by every phase of a lattice, for a batch, in `f32`.
//!
//! The adjoint method of T. W. Hughes et al., "Training of photonic neural networks through in situ
//! backpropagation", Optica 5, 864 (2018); measured on hardware by S. Pai et al., Science 380, 398
//! (2023). λ starts as ∂L/∂y* at the outputs and goes back by λ ← T†λ; a shifter with the light e
//! behind it has dL/dφ = −2 Σ Im(λ*e).
//!
//! Im(λ*e) does not change along a path, so each segment of a mode needs it once. A shifter on an
//! inner arm needs it between the couplers: with (u, v) = C(β)†(y₁, y₂) it is, from the outputs,
//! c²·Im λ₁*y₁ + s²·Im λ₂*y₂ + cs·Re(λ₂*y₁ − λ₁*y₂) on the upper arm, and with c², s² exchanged and the
//! last term's sign turned on the lower one; c, s = cos, sin(π/4 + β).
//!
//! λ†e is the same on both sides of an element, since λ goes back by T† and e by T⁻¹, with loss too. So of
//! Im λ₁*e₁ and Im λ₂*e₂ on its inputs only the difference is summed over the batch.

use core::f64::consts::{FRAC_1_SQRT_2, FRAC_PI_4};

use ndarray::{ArrayView2, ArrayViewMut2};

use super::super::complex::Complex32;
use super::super::kernel::adjoint::{Backward, P as PANELS, Sums, backward, leave_outputs};
use super::super::kernel::lanes::{LANES, Pair};
use super::super::kernel::level::Level;
use super::matrices::Matrices;
use super::panel::{check_finite, pack, unpack};
use super::propagator::Propagator;
use super::{Lattice, LatticeError, Layout};

/// dL/dφ of every phase of a lattice, and the memory for finding it.
///
/// ```
/// use ndarray::Array2;
/// use xrmesh::photonic::{Gradient, Lattice, Layout, Propagator, Workspace, complex::Complex32};
/// let lattice = Lattice::new(Layout::Rectangular, 4)?;
/// let propagator = Propagator::new(&lattice);
/// let x = Array2::from_elem((4, 32), Complex32::new(0.5, 0.0));
/// let mut y = Array2::zeros((4, 32));
/// propagator.forward(x.view(), y.view_mut(), &mut Workspace::default())?;
/// // L = Σ|y − t|² with t = 0: ∂L/∂y* = y. No phase changes the power, so all gradients vanish.
/// let mut gradient = Gradient::default();
/// gradient.find(&lattice, &propagator, y.view(), y.view(), None)?;
/// assert!(gradient.theta_rad().iter().all(|g| g.abs() < 1e-4));
/// # Ok::<(), xrmesh::photonic::LatticeError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Gradient {
    theta_rad: Vec<f64>,
    phi_rad: Vec<f64>,
    input_phase_rad: Vec<f64>,
    edge_phase_rad: Vec<f64>,
    output_phase_rad: Vec<f64>,
    matrices: Matrices,
    backward: Vec<Backward>,
    sums: Vec<Sums>,
    outputs: Vec<f64>,
    segment: Vec<f64>,
    light: Vec<Pair>,
    adjoint: Vec<Pair>,
}

impl Gradient {
    /// Finds the gradient for the outputs `y` of a batch and `dl_dy` = ∂L/∂y* (for L = Σ|y − t|²:
    /// y − t), both N × batch, as `propagator` gave them for `lattice`. `dl_dx`, if given, gets ∂L/∂x*.
    ///
    /// O(N²·batch). Sums over the batch run in blocks of 32 columns in order: bit-equal everywhere.
    ///
    /// # Errors
    /// [`LatticeError::Shape`] where a matrix or the propagator does not fit the lattice,
    /// [`LatticeError::NotFinite`].
    pub fn find(
        &mut self,
        lattice: &Lattice,
        propagator: &Propagator,
        y: ArrayView2<'_, Complex32>,
        dl_dy: ArrayView2<'_, Complex32>,
        dl_dx: Option<ArrayViewMut2<'_, Complex32>>,
    ) -> Result<(), LatticeError> {
        let modes = lattice.modes();
        let expected = (modes, y.ncols().max(1));
        let shapes = [
            ("propagator", (propagator.modes(), expected.1)),
            ("outputs", y.dim()),
            ("dl_dy", dl_dy.dim()),
            ("dl_dx", dl_dx.as_ref().map_or(expected, |x| x.dim())),
        ];
        for (what, given) in shapes {
            if given != expected {
                return Err(LatticeError::Shape { what, expected, given });
            }
        }
        check_finite("outputs", &y)?;
        check_finite("dl_dy", &dl_dy)?;
        self.run(lattice, propagator, y, dl_dy, dl_dx, Level::best());
        Ok(())
    }

    /// dL/dθ of each element (per rad); dL/dθ₁ of the compact layout.
    #[must_use]
    pub fn theta_rad(&self) -> &[f64] {
        &self.theta_rad
    }

    /// dL/dφ of each element (per rad); dL/dθ₂ of the compact layout.
    #[must_use]
    pub fn phi_rad(&self) -> &[f64] {
        &self.phi_rad
    }

    /// dL by each output phase (per rad).
    #[must_use]
    pub fn output_phase_rad(&self) -> &[f64] {
        &self.output_phase_rad
    }

    /// dL by every phase, in the order of [`Lattice::map_phases`].
    pub fn phases(&self) -> impl Iterator<Item = f64> + '_ {
        self.theta_rad
            .iter()
            .chain(&self.phi_rad)
            .chain(&self.input_phase_rad)
            .chain(&self.edge_phase_rad)
            .chain(&self.output_phase_rad)
            .copied()
    }

    fn run(
        &mut self,
        lattice: &Lattice,
        propagator: &Propagator,
        y: ArrayView2<'_, Complex32>,
        dl_dy: ArrayView2<'_, Complex32>,
        mut dl_dx: Option<ArrayViewMut2<'_, Complex32>>,
        level: Level,
    ) {
        let (modes, batch) = y.dim();
        self.matrices.take(lattice, &propagator.schedule, level);
        self.backward.clear();
        self.backward.extend(self.matrices.elements.iter().map(backward_of));
        self.sums.clear();
        self.sums.resize(self.backward.len(), [0.0; 2]);
        self.outputs.clear();
        self.outputs.resize(modes, 0.0);
        let mut at = 0;
        while at < batch {
            let width = (batch - at).min(PANELS * LANES);
            self.light.resize(modes * PANELS, Pair::ZERO);
            self.adjoint.resize(modes * PANELS, Pair::ZERO);
            pack(level, &y, at, width, PANELS, &mut self.light);
            pack(level, &dl_dy, at, width, PANELS, &mut self.adjoint);
            let chains = &propagator.schedule.chains;
            let (light, adjoint) = (&mut self.light, &mut self.adjoint);
            leave_outputs(level, &self.matrices.output, light, adjoint, &mut self.outputs);
            backward(level, chains, &self.backward, light, adjoint, &mut self.sums);
            if let Some(x) = &mut dl_dx {
                unpack(level, &self.adjoint, PANELS, x, at, width);
            }
            at += width;
        }
        self.share_out(lattice, propagator);
    }

    /// From the sums to each phase, walking back through the columns with Im λ*e of every mode.
    fn share_out(&mut self, lattice: &Lattice, propagator: &Propagator) {
        let plan = lattice.plan();
        for (list, len) in [
            (&mut self.theta_rad, plan.elements()),
            (&mut self.phi_rad, plan.elements()),
            (&mut self.edge_phase_rad, lattice.edge_phase_rad.len()),
        ] {
            list.clear();
            list.resize(len, 0.0);
        }
        self.segment.clone_from(&self.outputs);
        let compact = plan.layout() == Layout::Compact;
        for index in (0..plan.columns()).rev() {
            if let Some(mode) = lattice.edge_shifter(index) {
                self.edge_phase_rad[index / 2] = -2.0 * self.segment[mode];
            }
            let column = plan.column(index);
            for k in 0..column.count {
                let (element, mode) = (column.first_element + k, column.first_mode + 2 * k);
                let [difference, across] = self.sums[propagator.schedule.slot[element] as usize];
                let (s, c) = if lattice.couplers_are_ideal() {
                    (FRAC_1_SQRT_2, FRAC_1_SQRT_2)
                } else {
                    libm::sincos(FRAC_PI_4 + lattice.couplers[element].beta_rad)
                };
                let (first, second) = (self.segment[mode], self.segment[mode + 1]);
                let upper = 0.5 * (first + second + difference);
                let lower = 0.5 * (first + second - difference);
                let mixed = c * s * across;
                self.theta_rad[element] = -2.0 * (c * c * first + s * s * second + mixed);
                self.phi_rad[element] = if compact {
                    -2.0 * (s * s * first + c * c * second - mixed)
                } else {
                    -2.0 * upper
                };
                (self.segment[mode], self.segment[mode + 1]) = (upper, lower);
            }
        }
        self.input_phase_rad.clear();
        self.input_phase_rad
            .extend(self.segment[..lattice.input_phase_rad.len()].iter().map(|s| -2.0 * s));
        self.output_phase_rad.clear();
        self.output_phase_rad.extend(self.outputs.iter().map(|s| -2.0 * s));
    }
}

fn backward_of(t: &[f32; 8]) -> Backward {
    let entry = |k: usize| Complex32::new(t[2 * k], t[2 * k + 1]);
    let (a, b, c, d) = (entry(0), entry(1), entry(2), entry(3));
    let determinant = a * d - b * c;
    let over = determinant.conj() / determinant.norm_sqr();
    let flat = |m: [Complex32; 4]| {
        [m[0].re, m[0].im, m[1].re, m[1].im, m[2].re, m[2].im, m[3].re, m[3].im]
    };
    Backward {
        adjoint: flat([a.conj(), c.conj(), b.conj(), d.conj()]),
        inverse: flat([d * over, -b * over, -c * over, a * over]),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Couplers, EdgeModes, ElementLoss, Workspace};
    use super::*;
    use crate::photonic::complex::Complex64;
    use crate::random::Counter;
    use ndarray::Array2;

    fn case(
        layout: Layout,
        modes: usize,
        imperfect: bool,
    ) -> (Lattice, Array2<Complex32>, Array2<Complex32>) {
        let draws = Counter::new(6, [modes as u32, 0]);
        let mut lattice = Lattice::new(layout, modes).unwrap();
        lattice.map_phases(|k, _| 6.3 * draws.uniform_f64(k as u64)).unwrap();
        if imperfect {
            let couplers: Vec<_> = (0..lattice.plan().elements())
                .map(|k| {
                    let [alpha, beta] = draws.normals(k as u64 + 5000);
                    Couplers { alpha_rad: 0.1 * alpha, beta_rad: 0.1 * beta }
                })
                .collect();
            lattice.set_couplers(&couplers).unwrap();
            let loss = ElementLoss { coupler_db: 0.02, shifter_db: 0.25, arm_db: 0.01 };
            lattice.set_loss(loss, EdgeModes::Dummy).unwrap();
        }
        let draw = |index: u64| {
            let [re, im] = draws.normals(index);
            Complex32::new(re as f32, im as f32)
        };
        let x = Array2::from_shape_fn((modes, 37), |(m, b)| draw((10_000 + m * 100 + b) as u64));
        let t = Array2::from_shape_fn((modes, 37), |(m, b)| draw((90_000 + m * 100 + b) as u64));
        (lattice, x, t)
    }

    fn wide(a: &Array2<Complex32>) -> Array2<Complex64> {
        a.mapv(|z| Complex64::new(z.re.into(), z.im.into()))
    }

    #[test]
    fn agrees_with_central_differences() {
        for layout in [Layout::Rectangular, Layout::Triangular, Layout::Compact] {
            for modes in [1, 2, 5, 6] {
                for imperfect in [false, true] {
                    let (mut lattice, x, t) = case(layout, modes, imperfect);
                    let propagator = Propagator::new(&lattice);
                    let mut y = Array2::zeros(x.dim());
                    propagator.forward(x.view(), y.view_mut(), &mut Workspace::default()).unwrap();
                    let difference = &y - &t;
                    let mut gradient = Gradient::default();
                    gradient
                        .find(&lattice, &propagator, y.view(), difference.view(), None)
                        .unwrap();
                    let found: Vec<f64> = gradient.phases().collect();
                    assert_eq!(found.len(), lattice.shifters());
                    let (x, t) = (wide(&x), wide(&t));
                    let mut loss_at = |shifter: usize, by: f64| {
                        lattice.map_phases(|k, p| if k == shifter { p + by } else { p }).unwrap();
                        let y = lattice.forward_batch(x.view()).unwrap();
                        lattice.map_phases(|k, p| if k == shifter { p - by } else { p }).unwrap();
                        (y - &t).iter().map(Complex64::norm_sqr).sum::<f64>()
                    };
                    for (shifter, found) in found.into_iter().enumerate() {
                        let step = 1e-5;
                        let expected =
                            (loss_at(shifter, step) - loss_at(shifter, -step)) / (2.0 * step);
                        assert!(
                            (found - expected).abs() < 2e-4 * (1.0 + expected.abs()).max(50.0),
                            "{layout:?} {modes} {imperfect} {shifter}: {found} for {expected}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn the_input_adjoint_is_the_conjugate_transpose() {
        let (lattice, x, t) = case(Layout::Rectangular, 7, true);
        let propagator = Propagator::new(&lattice);
        let mut y = Array2::zeros(x.dim());
        propagator.forward(x.view(), y.view_mut(), &mut Workspace::default()).unwrap();
        let mut back = Array2::zeros(x.dim());
        let mut gradient = Gradient::default();
        gradient.find(&lattice, &propagator, y.view(), t.view(), Some(back.view_mut())).unwrap();
        let expected = lattice.transfer_matrix().t().mapv(|z| z.conj()).dot(&wide(&t));
        let worst = (wide(&back) - expected).iter().map(Complex64::norm_sqr).fold(0.0, f64::max);
        assert!(worst.sqrt() < 1e-5);
    }

    #[test]
    fn wrong_shapes_and_numbers_are_refused() {
        let (lattice, x, mut t) = case(Layout::Rectangular, 4, false);
        let propagator = Propagator::new(&lattice);
        let mut gradient = Gradient::default();
        let short = t.slice(ndarray::s![.., 1..]);
        let given = gradient.find(&lattice, &propagator, x.view(), short, None);
        let expected = LatticeError::Shape { what: "dl_dy", expected: (4, 37), given: (4, 36) };
        assert_eq!(given, Err(expected));
        t[(2, 1)].re = f32::NAN;
        let given = gradient.find(&lattice, &propagator, x.view(), t.view(), None);
        assert!(matches!(
            given,
            Err(LatticeError::NotFinite { what: "dl_dy", index: 75, given }) if given.is_nan()
        ));
    }

    #[test]
    fn bits_do_not_depend_on_the_level() {
        let (lattice, x, t) = case(Layout::Rectangular, 9, true);
        let propagator = Propagator::new(&lattice);
        let mut found = Level::available().into_iter().map(|level| {
            let mut gradient = Gradient::default();
            gradient.run(&lattice, &propagator, x.view(), t.view(), None, level);
            gradient.phases().map(f64::to_bits).collect::<Vec<_>>()
        });
        let first = found.next();
        assert!(found.all(|bits| Some(bits) == first));
    }
}
