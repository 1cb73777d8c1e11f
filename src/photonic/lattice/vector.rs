//! One vector, from phases to outputs, in `f32`.

use super::super::complex::{Complex32, amplitude_of_db};
use super::super::kernel::level::Level;
use super::super::kernel::sincos::sincos;
use super::super::kernel::vector::{Halves, Setting, column};
use super::propagator::common;
use super::{Lattice, LatticeError};

/// Memory that [`Lattice::forward_f32`] works in; reuse it, and nothing allocates once it is warm.
#[derive(Clone, Debug, Default)]
pub struct VectorWorkspace {
    light: Halves,
    errors: [Vec<f64>; 2],
    cos: Vec<f32>,
    sin: Vec<f32>,
}

impl Lattice {
    /// One vector through the lattice in `f32`, straight from its phases: the fast way where they
    /// change with every vector. `x` and `y` have N entries.
    ///
    /// O(N²); agrees with [`forward`](Self::forward) to about 10⁻⁶·√N, bit-equal on every machine, but
    /// not bit-equal to a [`Propagator`](super::Propagator), which rounds in another order.
    ///
    /// # Errors
    /// [`LatticeError::Shape`] and [`LatticeError::NotFinite`].
    pub fn forward_f32(
        &self,
        x: &[Complex32],
        y: &mut [Complex32],
        workspace: &mut VectorWorkspace,
    ) -> Result<(), LatticeError> {
        let expected = (self.modes(), 1);
        for (what, given) in [("input", x.len()), ("output", y.len())] {
            if given != self.modes() {
                return Err(LatticeError::Shape { what, expected, given: (given, 1) });
            }
        }
        if let Some((index, z)) =
            x.iter().enumerate().find(|(_, z)| !(z.re.is_finite() && z.im.is_finite()))
        {
            let given = if z.re.is_finite() { z.im } else { z.re }.into();
            return Err(LatticeError::NotFinite { what: "input", index, given });
        }
        self.vector(x, y, workspace, Level::best());
        Ok(())
    }

    fn vector(
        &self,
        x: &[Complex32],
        y: &mut [Complex32],
        work: &mut VectorWorkspace,
        level: Level,
    ) {
        let modes = self.modes();
        let shifter = amplitude_of_db(self.loss.shifter_db) as f32;
        y.copy_from_slice(x);
        if !self.input_phase_rad.is_empty() {
            turn(level, &self.input_phase_rad, shifter, y, work);
        }
        work.light.begin(modes);
        for (mode, &z) in y.iter().enumerate() {
            work.light.set(mode, z);
        }
        let setting = Setting::new(common(self), self.couplers_are_ideal());
        let of = self.elements(&mut work.errors);
        self.walk(&mut work.light, |at, (upper, lower)| {
            column(level, of, at, setting, upper, lower);
        });
        for (mode, z) in y.iter_mut().enumerate() {
            *z = work.light.get(mode);
        }
        turn(level, &self.output_phase_rad, shifter, y, work);
    }
}

/// Shifters on every mode.
fn turn(level: Level, phases: &[f64], by: f32, y: &mut [Complex32], work: &mut VectorWorkspace) {
    work.cos.resize(phases.len(), 0.0);
    work.sin.resize(phases.len(), 0.0);
    sincos(level, phases, &mut work.cos, &mut work.sin);
    for (z, (cos, sin)) in y.iter_mut().zip(work.cos.iter().zip(&work.sin)) {
        *z *= Complex32::new(cos * by, sin * by);
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Couplers, EdgeModes, ElementLoss, Layout};
    use super::*;
    use crate::photonic::complex::Complex64;
    use crate::random::Counter;
    use ndarray::Array1;

    #[test]
    fn agrees_with_the_reference_on_all_levels() {
        for layout in [Layout::Rectangular, Layout::Triangular, Layout::Compact] {
            for modes in [1, 2, 3, 6, 7, 32, 33, 64, 75] {
                for imperfect in [false, true] {
                    let mut lattice = Lattice::new(layout, modes).unwrap();
                    let draws = Counter::new(8, [modes as u32, 0]);
                    lattice.map_phases(|k, _| 7.0 * draws.uniform_f64(k as u64)).unwrap();
                    if imperfect {
                        let pair = Couplers { alpha_rad: 0.1, beta_rad: -0.2 };
                        lattice.set_couplers(&vec![pair; lattice.plan().elements()]).unwrap();
                        let loss = ElementLoss { coupler_db: 0.01, shifter_db: 0.02, arm_db: 0.03 };
                        lattice.set_loss(loss, EdgeModes::Dummy).unwrap();
                        lattice.set_arm_phase(1.2).unwrap();
                    }
                    let x: Vec<_> =
                        (0..modes).map(|k| Complex32::new(1.0, k as f32 / modes as f32)).collect();
                    let wide = Array1::from_iter(
                        x.iter().map(|z| Complex64::new(z.re.into(), z.im.into())),
                    );
                    let expected = lattice.forward(wide.view()).unwrap();
                    let mut work = VectorWorkspace::default();
                    let mut y = vec![Complex32::ZERO; modes];
                    lattice.forward_f32(&x, &mut y, &mut work).unwrap();
                    for (a, b) in y.iter().zip(&expected) {
                        let error =
                            (Complex64::new(a.re.into(), a.im.into()) - b).norm_sqr().sqrt();
                        assert!(error < 3e-5, "{layout:?} {modes} {imperfect}: {error:e}");
                    }
                    for level in Level::available() {
                        let mut z = vec![Complex32::ZERO; modes];
                        lattice.vector(&x, &mut z, &mut work, level);
                        assert_eq!(y, z, "{level:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn wrong_lengths_and_numbers_are_refused() {
        let lattice = Lattice::new(Layout::Rectangular, 3).unwrap();
        let (mut x, mut y) = ([Complex32::ZERO; 3], [Complex32::ZERO; 3]);
        let mut work = VectorWorkspace::default();
        let given = lattice.forward_f32(&x, &mut y[1..], &mut work);
        let expected = LatticeError::Shape { what: "output", expected: (3, 1), given: (2, 1) };
        assert_eq!(given, Err(expected));
        x[1].im = f32::NEG_INFINITY;
        let given = lattice.forward_f32(&x, &mut y, &mut work);
        let expected =
            LatticeError::NotFinite { what: "input", index: 1, given: f64::NEG_INFINITY };
        assert_eq!(given, Err(expected));
    }
}
