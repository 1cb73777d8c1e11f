//! Gradients by the adjoint method in `f64`, with the light at every shifter kept.
//!
//! T. W. Hughes, M. Minkov, Y. Shi, S. Fan, Optica 5, 864 (2018). The light goes forward and is kept at
//! each shifter's output, e; λ starts as ∂L/∂y* and goes backward, λ ← T†λ, also with loss, and is kept
//! there too; dL/dφ = −2 Σ Im(λ*e). On hardware both are intensities (S. Pai et al., Science 380, 398,
//! 2023). [`Gradient`](super::super::Gradient) finds the same in `f32`, faster and another way.

use core::f64::consts::FRAC_PI_4;

use ndarray::{Array2, ArrayView2};

use super::super::complex::{Complex64, amplitude_of_db, cis};
use super::super::lattice::{Lattice, LatticeError, Layout};
use super::CalibrateError;

/// dL/dφ of every phase (per rad), and ∂L/∂x* at the inputs.
#[derive(Clone, Debug, PartialEq)]
pub struct PhaseGradient {
    /// By θ of each element.
    pub theta_rad: Vec<f64>,
    /// By φ of each element.
    pub phi_rad: Vec<f64>,
    /// By each input phase; only the compact layout has any.
    pub input_phase_rad: Vec<f64>,
    /// By each edge phase; only the compact layout has any.
    pub edge_phase_rad: Vec<f64>,
    /// By each output phase.
    pub output_phase_rad: Vec<f64>,
    /// ∂L/∂x*, N × batch.
    pub dl_dx: Array2<Complex64>,
}

/// One step that light takes: it is all products with numbers and couplers.
#[derive(Clone, Copy)]
enum Step {
    /// A mode times a number; `Some(k)` where it is the shifter of gradient k.
    Scale(usize, Complex64, Option<usize>),
    /// C(x) on a mode and the next, times a number: (cosine, sine).
    Couple(usize, f64, f64),
}

/// The gradient of a loss by the phases of `lattice` for inputs `x` (N × batch), where `dl_dy` gives
/// ∂L/∂y* of outputs y (for L = Σ|y − t|²: y − t).
///
/// O(N²·batch), memory O(N²) for each input in turn.
///
/// # Errors
/// [`CalibrateError::Lattice`] for another number of rows.
pub fn adjoint_gradient(
    lattice: &Lattice,
    x: ArrayView2<'_, Complex64>,
    mut dl_dy: impl FnMut(&[Complex64], usize) -> Vec<Complex64>,
) -> Result<PhaseGradient, CalibrateError> {
    let modes = lattice.modes();
    let expected = (modes, x.ncols().max(1));
    if x.dim() != expected {
        return Err(LatticeError::Shape { what: "input", expected, given: x.dim() }.into());
    }
    let steps = steps(lattice);
    let elements = lattice.plan().elements();
    let mut found = vec![0.0; lattice.shifters()];
    let mut dl_dx = Array2::zeros(x.dim());
    let mut kept = Vec::new();
    for (sample, column) in x.columns().into_iter().enumerate() {
        let mut light = column.to_vec();
        kept.clear();
        for step in &steps {
            step.forward(&mut light);
            if let Step::Scale(mode, _, Some(_)) = *step {
                kept.push(light[mode]);
            }
        }
        let mut lambda = dl_dy(&light, sample);
        let given = (lambda.len(), 1);
        if lambda.len() != modes {
            let expected = (modes, 1);
            return Err(LatticeError::Shape { what: "dl_dy", expected, given }.into());
        }
        for step in steps.iter().rev() {
            if let Step::Scale(mode, _, Some(shifter)) = *step
                && let Some(e) = kept.pop()
            {
                found[shifter] -= 2.0 * (lambda[mode].conj() * e).im;
            }
            step.backward(&mut lambda);
        }
        dl_dx.column_mut(sample).iter_mut().zip(lambda).for_each(|(to, z)| *to = z);
    }
    let output_phase_rad = found.split_off(found.len() - modes);
    let edge_phase_rad = found.split_off(2 * elements + lattice.input_phase_rad().len());
    let input_phase_rad = found.split_off(2 * elements);
    let phi_rad = found.split_off(elements);
    let theta_rad = found;
    Ok(PhaseGradient {
        theta_rad,
        phi_rad,
        input_phase_rad,
        edge_phase_rad,
        output_phase_rad,
        dl_dx,
    })
}

impl PhaseGradient {
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
}

/// The lattice, part by part, in light order.
fn steps(lattice: &Lattice) -> Vec<Step> {
    let (plan, loss) = (lattice.plan(), lattice.loss());
    let elements = plan.elements();
    let shifter = amplitude_of_db(loss.shifter_db);
    let coupler = amplitude_of_db(loss.coupler_db);
    let arm = cis(lattice.arm_phase_rad()) * amplitude_of_db(loss.arm_db);
    let edge = lattice.edge_factor();
    let compact = plan.layout() == Layout::Compact;
    // The place of the first input, edge and output phase among all.
    let inputs = 2 * elements;
    let edges = inputs + lattice.input_phase_rad().len();
    let outputs = edges + lattice.edge_phase_rad().len();
    let turn = |mode: usize, phase: f64, shifter_index: usize| {
        Step::Scale(mode, cis(phase) * shifter, Some(shifter_index))
    };
    let mut steps = Vec::new();
    let phases = lattice.input_phase_rad().iter().enumerate();
    steps.extend(phases.map(|(mode, &phase)| turn(mode, phase, inputs + mode)));
    for index in 0..plan.columns() {
        let column = plan.column(index);
        for k in 0..column.count {
            let (element, mode) = (column.first_element + k, column.first_mode + 2 * k);
            let pair = lattice.couplers()[element];
            let couple = |error: f64| {
                let (s, c) = libm::sincos(FRAC_PI_4 + error);
                Step::Couple(mode, c * coupler, s * coupler)
            };
            let (theta, phi) = (lattice.theta_rad()[element], lattice.phi_rad()[element]);
            if !compact {
                steps.push(turn(mode, phi, elements + element));
            }
            steps.extend([couple(pair.alpha_rad), turn(mode, theta, element)]);
            if compact {
                steps.push(turn(mode + 1, phi, elements + element));
            }
            steps.extend([
                Step::Scale(mode, arm, None),
                Step::Scale(mode + 1, arm, None),
                couple(pair.beta_rad),
            ]);
        }
        let untouched = (0..column.first_mode).chain(column.end_mode()..plan.modes());
        steps.extend(untouched.map(|mode| Step::Scale(mode, edge, None)));
        if let Some(mode) = lattice.edge_shifter(index) {
            steps.push(turn(mode, lattice.edge_phase_rad()[index / 2], edges + index / 2));
        }
    }
    let phases = lattice.output_phase_rad().iter().enumerate();
    steps.extend(phases.map(|(mode, &phase)| turn(mode, phase, outputs + mode)));
    steps
}

impl Step {
    fn forward(self, light: &mut [Complex64]) {
        match self {
            Self::Scale(mode, by, _) => light[mode] *= by,
            Self::Couple(mode, c, s) => {
                let (a, b) = (light[mode], light[mode + 1]);
                let i = Complex64::i();
                (light[mode], light[mode + 1]) = (a * c + i * b * s, i * a * s + b * c);
            }
        }
    }

    /// The conjugate transpose.
    fn backward(self, lambda: &mut [Complex64]) {
        match self {
            Self::Scale(mode, by, _) => lambda[mode] *= by.conj(),
            Self::Couple(mode, c, s) => {
                let (a, b) = (lambda[mode], lambda[mode + 1]);
                let i = Complex64::i();
                (lambda[mode], lambda[mode + 1]) = (a * c - i * b * s, b * c - i * a * s);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::photonic::complex::Complex32;
    use crate::photonic::imperfection::{DeviceKey, Fabrication};
    use crate::photonic::{EdgeModes, ElementLoss, Gradient, Propagator, Workspace};
    use crate::random::Counter;

    fn case(layout: Layout, modes: usize) -> (Lattice, Array2<Complex64>, Array2<Complex64>) {
        let draws = Counter::new(12, [modes as u32, 0]);
        let mut lattice = Lattice::new(layout, modes).unwrap();
        lattice.map_phases(|k, _| 6.0 * draws.uniform_f64(k as u64)).unwrap();
        let loss = ElementLoss { coupler_db: 0.05, shifter_db: 0.25, arm_db: 0.02 };
        let edge_modes = EdgeModes::Dummy;
        let fabrication =
            Fabrication { coupler_sigma_rad: 0.1, loss, edge_modes, ..Fabrication::default() };
        fabrication.make(&mut lattice, DeviceKey { seed: 1, device: 2 }).unwrap();
        lattice.set_arm_phase(0.7).unwrap();
        let draw = |index: usize| {
            let [re, im] = draws.normals(index as u64 + 10_000);
            Complex64::new(re, im)
        };
        let x = Array2::from_shape_fn((modes, 5), |(m, b)| draw(10 * m + b));
        let t = Array2::from_shape_fn((modes, 5), |(m, b)| draw(50_000 + 10 * m + b));
        (lattice, x, t)
    }

    #[test]
    fn agrees_with_central_differences() {
        for layout in [Layout::Rectangular, Layout::Triangular, Layout::Compact] {
            for modes in [1, 2, 4, 7] {
                let (mut lattice, x, t) = case(layout, modes);
                let found = adjoint_gradient(&lattice, x.view(), |y, sample| {
                    y.iter().zip(t.column(sample)).map(|(y, t)| y - t).collect()
                })
                .unwrap();
                assert_eq!(found.phases().count(), lattice.shifters());
                let mut loss_at = |shifter: usize, by: f64| {
                    lattice.map_phases(|k, p| if k == shifter { p + by } else { p }).unwrap();
                    let y = lattice.forward_batch(x.view()).unwrap();
                    lattice.map_phases(|k, p| if k == shifter { p - by } else { p }).unwrap();
                    (y - &t).iter().map(Complex64::norm_sqr).sum::<f64>()
                };
                for (shifter, found) in found.phases().enumerate() {
                    let step = 1e-5;
                    let expected =
                        (loss_at(shifter, step) - loss_at(shifter, -step)) / (2.0 * step);
                    assert!((found - expected).abs() < 1e-7, "{layout:?} {modes} {shifter}");
                }
            }
        }
    }

    #[test]
    fn the_fast_gradient_agrees() {
        for layout in [Layout::Rectangular, Layout::Triangular, Layout::Compact] {
            agrees(layout);
        }
    }

    fn agrees(layout: Layout) {
        let (lattice, x, t) = case(layout, 12);
        let slow = adjoint_gradient(&lattice, x.view(), |y, sample| {
            y.iter().zip(t.column(sample)).map(|(y, t)| y - t).collect()
        })
        .unwrap();
        let narrow = |a: &Array2<Complex64>| a.mapv(|z| Complex32::new(z.re as f32, z.im as f32));
        let (x, t) = (narrow(&x), narrow(&t));
        let propagator = Propagator::new(&lattice);
        let (mut y, mut back) = (Array2::zeros(x.dim()), Array2::zeros(x.dim()));
        propagator.forward(x.view(), y.view_mut(), &mut Workspace::default()).unwrap();
        let mut fast = Gradient::default();
        let difference = &y - &t;
        fast.find(&lattice, &propagator, y.view(), difference.view(), Some(back.view_mut()))
            .unwrap();
        for (a, b) in fast.phases().zip(slow.phases()) {
            assert!((a - b).abs() < 1e-4, "{layout:?}: {a} for {b}");
        }
        for (a, b) in back.iter().zip(&slow.dl_dx) {
            assert!((Complex64::new(a.re.into(), a.im.into()) - b).norm_sqr() < 1e-9);
        }
    }
}
