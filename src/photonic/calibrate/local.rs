//! Local correction of coupler errors.
//!
//! S. Bandyopadhyay, R. Hamerly, D. Englund, "Hardware error correction for programmable photonics",
//! Optica 8, 1247 (2021). An element with coupler errors α, β splits as the ideal one at θ does if
//! sin²(θ'/2) = [sin²(θ/2) − sin²(α+β)] / [cos²(α−β) − sin²(α+β)]; where that is below 0 or above 1 the
//! split cannot be reached and is clamped. The phases that then differ are made up by φ' and pushed
//! forward to the next elements, at last to the output shifters.

use super::super::complex::{Complex64, angle, wrap_phase};
use super::super::decompose::compact::{self, Own, Rectangle};
use super::super::interferometer::Interferometer;
use super::super::lattice::{Lattice, Layout};
use super::CalibrateError;

/// What a correction did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Correction {
    /// How many elements could not reach their split and were set as near as they go.
    pub clamped: usize,
}

/// Replaces the phases of `lattice`, which are right for ideal couplers, by those that are right for
/// its own couplers. The mean error left over is of second order, ε ≈ 0.77·N·σ² for large N.
///
/// An element of the compact layout has no input phase to push errors into; there the common phases of
/// the elements before it take them, as in the decomposition.
///
/// O(N²).
///
/// # Errors
/// None for a lattice that this library made.
pub fn correct_couplers(lattice: &mut Lattice) -> Result<Correction, CalibrateError> {
    if lattice.plan().layout() != Layout::Compact {
        return Ok(correct(lattice));
    }
    let mut rectangle = compact::rectangle_of(lattice)?;
    let correction = correct(&mut rectangle);
    let Lattice { theta_rad, phi_rad, output_phase_rad, .. } = &rectangle;
    let own = Own::Elements;
    compact::set(lattice, &Rectangle { theta_rad, phi_rad, output_phase_rad, own });
    Ok(correction)
}

/// The correction of a lattice whose elements have their input phases.
fn correct(lattice: &mut Lattice) -> Correction {
    // What the light carries beside the ideal lattice's, on each mode.
    let mut carried = vec![0.0; lattice.modes()];
    let mut clamped = 0;
    for (element, (_, mode)) in lattice.plan().places().enumerate() {
        let (theta, phi) = (lattice.theta_rad[element], lattice.phi_rad[element]);
        let couplers = lattice.couplers[element];
        let sine = |x: f64| {
            let s = libm::sin(x);
            s * s
        };
        let low = sine(couplers.alpha_rad + couplers.beta_rad);
        let high = 1.0 - sine(couplers.alpha_rad - couplers.beta_rad);
        let wanted = (sine(theta / 2.0) - low) / (high - low);
        let reached = wanted.clamp(0.0, 1.0);
        // A hair outside is rounding of a split that can be reached.
        if (wanted - reached).abs() > 1e-12 {
            clamped += 1;
        }
        let new_theta = 2.0 * libm::asin(reached.sqrt());
        let real = Interferometer { couplers, ..Interferometer::new(new_theta, 0.0) }.transfer();
        let ideal = Interferometer::new(theta, 0.0).transfer();
        // real·diag(e^{i(φ'+g₁)}, e^{ig₂}) = diag(e^{ih₁}, e^{ih₂})·ideal·diag(e^{iφ}, 1), entry by entry.
        let (upper, lower) = (carried[mode], carried[mode + 1]);
        let turn = |i: usize, j: usize| turn(real[i][j], ideal[i][j]);
        let (first, second, new_phi);
        match (turn(0, 1), turn(1, 1)) {
            (Some(across), Some(straight)) => {
                (first, second) = (across + lower, straight + lower);
                // From the stronger of the two entries of the first column.
                new_phi = if ideal[0][0].norm_sqr() > ideal[1][0].norm_sqr() {
                    first - turn(0, 0).unwrap_or(0.0)
                } else {
                    second - turn(1, 0).unwrap_or(0.0)
                } + phi
                    - upper;
            }
            // All straight: φ' is free, the upper output follows it.
            (None, straight) => {
                new_phi = phi;
                second = straight.unwrap_or(0.0) + lower;
                first = turn(0, 0).unwrap_or(0.0) + upper;
            }
            // All across.
            (Some(across), None) => {
                new_phi = phi;
                first = across + lower;
                second = turn(1, 0).unwrap_or(0.0) + upper;
            }
        }
        lattice.theta_rad[element] = new_theta;
        lattice.phi_rad[element] = wrap_phase(new_phi);
        (carried[mode], carried[mode + 1]) = (wrap_phase(first), wrap_phase(second));
    }
    for (output, carried) in lattice.output_phase_rad.iter_mut().zip(carried) {
        *output = wrap_phase(*output - carried);
    }
    Correction { clamped }
}

/// arg `real` − arg `ideal`; none where either vanishes.
fn turn(real: Complex64, ideal: Complex64) -> Option<f64> {
    let product = real * ideal.conj();
    (product.norm_sqr() > 1e-24).then(|| angle(product))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::photonic::imperfection::{DeviceKey, Fabrication};
    use crate::photonic::{decompose, random_unitary};
    use ndarray::Array2;

    fn error(u: &Array2<Complex64>, lattice: &Lattice) -> f64 {
        let v = lattice.transfer_matrix();
        let sum: f64 = u.iter().zip(&v).map(|(a, b)| (a - b).norm_sqr()).sum();
        (sum / u.nrows() as f64).sqrt()
    }

    fn corrected(modes: usize, sigma: f64, trial: u32, layout: Layout) -> (f64, f64, Correction) {
        let u = random_unitary(modes, u64::from(trial) + 9);
        let mut lattice = decompose(u.view(), layout).unwrap();
        let fabrication = Fabrication { coupler_sigma_rad: sigma, ..Fabrication::default() };
        fabrication.make(&mut lattice, DeviceKey { seed: 1, device: trial }).unwrap();
        let before = error(&u, &lattice);
        let correction = correct_couplers(&mut lattice).unwrap();
        (before, error(&u, &lattice), correction)
    }

    #[test]
    fn what_can_be_reached_is_reached() {
        for (layout, modes) in [
            (Layout::Rectangular, 6),
            (Layout::Triangular, 6),
            (Layout::Compact, 6),
            (Layout::Compact, 5),
        ] {
            let mut exact = 0;
            for trial in 0..30 {
                let (before, after, correction) = corrected(modes, 0.01, trial, layout);
                assert!(after < before);
                if correction.clamped == 0 {
                    exact += 1;
                    assert!(after < 1e-13, "{after:e}");
                }
            }
            assert!(exact > 15, "{layout:?}: {exact} of 30");
        }
    }

    #[test]
    fn straight_and_crossing_elements_keep_their_light() {
        for modes in [2, 5, 8] {
            let identity = Array2::from_diag_elem(modes, Complex64::new(1.0, 0.0));
            let mut turned = identity.clone();
            turned.invert_axis(ndarray::Axis(0));
            for u in [identity, turned] {
                let mut lattice = decompose(u.view(), Layout::Rectangular).unwrap();
                let fabrication =
                    Fabrication { coupler_sigma_rad: 0.001, ..Fabrication::default() };
                fabrication.make(&mut lattice, DeviceKey { seed: 3, device: 0 }).unwrap();
                correct_couplers(&mut lattice).unwrap();
                assert!(error(&u, &lattice) < 0.01 * modes as f64, "{modes}");
            }
        }
    }

    #[test]
    fn the_rest_is_of_second_order() {
        // Where few elements cannot reach their split, devices differ much: more of them.
        for (modes, sigma, trials) in
            [(128, 0.005, 40), (128, 0.01, 8), (128, 0.02, 4), (256, 0.005, 8), (256, 0.02, 2)]
        {
            let mean = (0..trials)
                .map(|trial| corrected(modes, sigma, trial, Layout::Rectangular).1)
                .sum::<f64>()
                / f64::from(trials);
            let ratio = mean / (modes as f64 * sigma * sigma);
            assert!((0.70..=0.85).contains(&ratio), "N = {modes}, σ = {sigma}: {ratio}");
        }
    }

    /// The rectangle behind a compact lattice is the same matrix, with coupler errors too.
    #[test]
    fn compact_and_rectangular_lattices_turn_into_each_other() {
        for modes in [1, 2, 3, 4, 7, 8] {
            let u = random_unitary(modes, 3);
            let mut lattice = decompose(u.view(), Layout::Compact).unwrap();
            let fabrication = Fabrication { coupler_sigma_rad: 0.1, ..Fabrication::default() };
            fabrication.make(&mut lattice, DeviceKey { seed: 4, device: 1 }).unwrap();
            let rectangle = compact::rectangle_of(&lattice).unwrap();
            assert!(error(&lattice.transfer_matrix(), &rectangle) < 1e-13, "{modes}");
            let mut again = lattice.clone();
            again.map_phases(|_, _| 0.0).unwrap();
            let Lattice { theta_rad, phi_rad, output_phase_rad, .. } = &rectangle;
            let own = Own::Elements;
            compact::set(&mut again, &Rectangle { theta_rad, phi_rad, output_phase_rad, own });
            assert!(error(&lattice.transfer_matrix(), &again) < 1e-13, "{modes}");
        }
    }
}
