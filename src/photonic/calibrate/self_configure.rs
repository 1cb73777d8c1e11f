//! Self-configuration by power measurements alone.
//!
//! D. A. B. Miller, "Self-configuring universal linear optical component", Photonics Research 1, 1
//! (2013), for the triangle; R. Hamerly, S. Bandyopadhyay, D. Englund, "Stability of self-configuring
//! large multiport interferometers", Phys. Rev. Applied 18, 024018 (2022), on why it converges with
//! imperfect couplers: each element makes up for the errors of those before it.
//!
//! For each row r of the target, from the last, light conj(U_r) is sent in; it should all leave at
//! output r. Its way there is one chain of elements, set one after another for the most power at that
//! output.

use core::f64::consts::{FRAC_PI_2, TAU};

use ndarray::{Array1, ArrayView1, ArrayView2};

use super::super::complex::{Complex64, wrap_phase};
use super::super::lattice::{Lattice, LatticeError, Layout, Plan};
use super::CalibrateError;

/// Hardware that can be driven and whose output powers can be measured; nothing else is known of it.
pub trait PowerMeter {
    /// Where the elements stand; must be triangular.
    fn plan(&self) -> Plan;

    /// Sets one element's phases (rad).
    ///
    /// # Errors
    /// As [`Lattice::set_element`].
    fn set_element(
        &mut self,
        element: usize,
        theta_rad: f64,
        phi_rad: f64,
    ) -> Result<(), LatticeError>;

    /// The power at `output` with amplitudes `x` at the inputs.
    ///
    /// # Errors
    /// As [`Lattice::forward`].
    fn power(&mut self, x: ArrayView1<'_, Complex64>, output: usize) -> Result<f64, LatticeError>;
}

/// A lattice as a device under test: its couplers and losses act, but are not told.
#[derive(Clone, Debug, PartialEq)]
pub struct SimulatedChip {
    lattice: Lattice,
    measurements: u64,
}

impl SimulatedChip {
    /// A device with the couplers and losses of `lattice`.
    #[must_use]
    pub const fn new(lattice: Lattice) -> Self {
        Self { lattice, measurements: 0 }
    }

    /// How many powers have been measured.
    #[must_use]
    pub const fn measurements(&self) -> u64 {
        self.measurements
    }

    /// The lattice with the phases now set.
    #[must_use]
    pub fn into_lattice(self) -> Lattice {
        self.lattice
    }
}

impl PowerMeter for SimulatedChip {
    fn plan(&self) -> Plan {
        self.lattice.plan()
    }

    fn set_element(
        &mut self,
        element: usize,
        theta_rad: f64,
        phi_rad: f64,
    ) -> Result<(), LatticeError> {
        self.lattice.set_element(element, theta_rad, phi_rad)
    }

    fn power(&mut self, x: ArrayView1<'_, Complex64>, output: usize) -> Result<f64, LatticeError> {
        self.measurements += 1;
        Ok(self.lattice.forward(x)?.get(output).map_or(0.0, Complex64::norm_sqr))
    }
}

/// One sweep down a chain is enough for an ideal device. With coupler errors the elements that are not
/// yet set leak other light to the detector, and a few more sweeps settle that.
const SWEEPS: usize = 100;

/// Sets every element of a triangular device so that it does `target`, up to the output phases, which
/// powers cannot show. `target` is N × N with rows of norm 1.
///
/// N(N − 1)/2 elements, nine measurements for each in each sweep of its chain; two sweeps on an ideal
/// device, more with coupler errors.
///
/// # Errors
/// [`CalibrateError::Layout`] for another layout, [`CalibrateError::Lattice`] for a target of another
/// size or what the device refuses.
pub fn self_configure(
    device: &mut impl PowerMeter,
    target: ArrayView2<'_, Complex64>,
) -> Result<(), CalibrateError> {
    let plan = device.plan();
    if plan.layout() != Layout::Triangular {
        return Err(CalibrateError::Layout { given: plan.layout() });
    }
    let expected = (plan.modes(), plan.modes());
    if target.dim() != expected {
        let given = target.dim();
        return Err(LatticeError::Shape { what: "target", expected, given }.into());
    }
    // All across: light in a chain goes on to its end before the later elements are set.
    for element in 0..plan.elements() {
        device.set_element(element, 0.0, 0.0)?;
    }
    for row in (1..plan.modes()).rev() {
        let x = target.row(row).mapv(|z| z.conj());
        let mut before = 0.0;
        for _ in 0..SWEEPS {
            for mode in 0..row {
                let column = mode + 2 * (plan.modes() - 1 - row);
                set_best(device, plan.element_at(column, mode), &x, row)?;
            }
            let power = device.power(x.view(), row)?;
            if power <= before * (1.0 + 1e-12) {
                break;
            }
            before = power;
        }
    }
    Ok(())
}

/// The power is a sinusoid in θ for each φ and in φ for each θ, so nine measurements on a grid give it
/// everywhere.
fn set_best(
    device: &mut impl PowerMeter,
    element: usize,
    x: &Array1<Complex64>,
    output: usize,
) -> Result<(), LatticeError> {
    let mut grid = [[0.0; 3]; 3];
    for (row, theta) in grid.iter_mut().zip(GRID) {
        for (power, phi) in row.iter_mut().zip(GRID) {
            device.set_element(element, theta, phi)?;
            *power = device.power(x.view(), output)?;
        }
    }
    let turned = [0, 1, 2].map(|k| grid.map(|row| row[k]));
    let (mut theta, mut phi) = (FRAC_PI_2, 0.0);
    for _ in 0..ROUNDS {
        let before = (theta, phi);
        phi = peak(turned.map(|column| at(column, theta)));
        theta = peak(grid.map(|row| at(row, phi)));
        if before == (theta, phi) {
            break;
        }
    }
    device.set_element(element, theta, phi)
}

const GRID: [f64; 3] = [0.0, TAU / 3.0, 2.0 * TAU / 3.0];

/// Going from one phase to the other in turn ends at the maximum, slowly where a split is hard to reach.
const ROUNDS: usize = 200;

/// Mean, cosine and sine parts of the sinusoid through three values on the grid.
fn parts(values: [f64; 3]) -> [f64; 3] {
    let mut parts = [0.0; 3];
    for (value, phase) in values.into_iter().zip(GRID) {
        let (s, c) = libm::sincos(phase);
        parts[0] += value / 3.0;
        parts[1] += value * c * (2.0 / 3.0);
        parts[2] += value * s * (2.0 / 3.0);
    }
    parts
}

fn at(values: [f64; 3], phase: f64) -> f64 {
    let ([mean, cosine, sine], (s, c)) = (parts(values), libm::sincos(phase));
    mean + cosine * c + sine * s
}

/// Where the sinusoid is largest; 0 where its contrast is rounding.
fn peak(values: [f64; 3]) -> f64 {
    let [mean, cosine, sine] = parts(values);
    let flat = cosine.abs().max(sine.abs()) <= 1e-14 * mean;
    if flat { 0.0 } else { wrap_phase(libm::atan2(sine, cosine)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::photonic::imperfection::{DeviceKey, Fabrication};
    use crate::photonic::{decompose, random_unitary};
    use ndarray::Array2;

    /// ‖U − DV‖_F/√N with the best output phases D.
    fn error(u: &Array2<Complex64>, lattice: &Lattice) -> f64 {
        let v = lattice.transfer_matrix();
        let rows = u.outer_iter().zip(v.outer_iter());
        let sum: f64 = rows
            .map(|(a, b)| {
                let dot: Complex64 = a.iter().zip(b).map(|(x, y)| x.conj() * y).sum();
                let powers: f64 = a.iter().chain(b).map(Complex64::norm_sqr).sum();
                (powers - 2.0 * dot.norm_sqr().sqrt()).max(0.0)
            })
            .sum();
        (sum / u.nrows() as f64).sqrt()
    }

    #[test]
    fn an_ideal_device_finds_its_target() {
        let u = random_unitary(7, 4);
        let mut chip = SimulatedChip::new(Lattice::new(Layout::Triangular, 7).unwrap());
        self_configure(&mut chip, u.view()).unwrap();
        assert!(chip.measurements() <= 3 * 21 * 9 + 30, "{}", chip.measurements());
        assert!(error(&u, &chip.into_lattice()) < 1e-7);
    }

    #[test]
    fn a_device_with_errors_does_far_better_than_uncalibrated() {
        let fabrication = Fabrication { coupler_sigma_rad: 0.03, ..Fabrication::default() };
        let (mut plain, mut configured) = (0.0, 0.0);
        for trial in 0..6 {
            let u = random_unitary(8, u64::from(trial));
            let key = DeviceKey { seed: 2, device: trial };
            let mut lattice = decompose(u.view(), Layout::Triangular).unwrap();
            fabrication.make(&mut lattice, key).unwrap();
            plain += error(&u, &lattice);
            let mut unknown = Lattice::new(Layout::Triangular, 8).unwrap();
            fabrication.make(&mut unknown, key).unwrap();
            let mut chip = SimulatedChip::new(unknown);
            self_configure(&mut chip, u.view()).unwrap();
            configured += error(&u, &chip.into_lattice());
        }
        assert!(configured < 0.2 * plain, "{configured} of {plain}");
    }

    #[test]
    fn other_layouts_and_sizes_are_refused() {
        let u = random_unitary(3, 1);
        let mut chip = SimulatedChip::new(Lattice::new(Layout::Rectangular, 3).unwrap());
        let given = self_configure(&mut chip, u.view());
        assert_eq!(given, Err(CalibrateError::Layout { given: Layout::Rectangular }));
        let mut chip = SimulatedChip::new(Lattice::new(Layout::Triangular, 4).unwrap());
        assert!(matches!(
            self_configure(&mut chip, u.view()),
            Err(CalibrateError::Lattice(LatticeError::Shape {
                expected: (4, 4),
                given: (3, 3),
                ..
            }))
        ));
    }
}
