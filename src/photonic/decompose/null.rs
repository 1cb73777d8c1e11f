//! What the nulling leaves: elements R(θ, φ) in a plan and a diagonal of output phases.

use core::f64::consts::FRAC_PI_2;

use super::super::complex::{angle, wrap_phase};
use super::super::kernel::panels::Rotation;
use super::super::lattice::{Lattice, Plan};

/// A lattice of bare rotations R(θ, φ), without the common factor i e^{iθ/2} of a real element.
pub(super) struct Bare {
    pub(super) plan: Plan,
    pub(super) theta_rad: Vec<f64>,
    pub(super) phi_rad: Vec<f64>,
    pub(super) output_phase_rad: Vec<f64>,
}

impl Bare {
    pub(super) fn new(plan: Plan, output_phase_rad: Vec<f64>) -> Self {
        let zeros = vec![0.0; plan.elements()];
        Self { plan, theta_rad: zeros.clone(), phi_rad: zeros, output_phase_rad }
    }

    pub(super) fn put(&mut self, column: usize, mode: usize, theta_rad: f64, phi_rad: f64) {
        let element = self.plan.element_at(column, mode);
        (self.theta_rad[element], self.phi_rad[element]) = (theta_rad, phi_rad);
    }

    /// Puts the common factors back. With T = i e^{iθ/2} R, an element that meets the phases
    /// (p₁, p₂) behaves as R(θ, φ)·diag(e^{ip₁}, e^{ip₂}) = e^{ip₂}·R(θ, φ + p₁ − p₂), and leaves
    /// p₂ − θ/2 − π/2 on both of its modes.
    pub(super) fn set(&self, lattice: &mut Lattice) {
        let mut pushed = vec![0.0; self.plan.modes()];
        for (element, (_, mode)) in self.plan.places().enumerate() {
            let theta = self.theta_rad[element];
            let (upper, lower) = (pushed[mode], pushed[mode + 1]);
            lattice.theta_rad[element] = theta;
            let undetermined = theta == 0.0 && self.phi_rad[element] == 0.0 && upper == lower;
            let phi = if undetermined { 0.0 } else { self.phi_rad[element] + upper - lower };
            lattice.phi_rad[element] = wrap_phase(phi);
            let left = wrap_phase(lower - theta / 2.0 - FRAC_PI_2);
            (pushed[mode], pushed[mode + 1]) = (left, left);
        }
        for (mode, output) in lattice.output_phase_rad.iter_mut().enumerate() {
            *output = wrap_phase(self.output_phase_rad[mode] + pushed[mode]);
        }
    }
}

/// θ = 2 atan2(s, c), in [0, π].
pub(super) fn theta_of(rotation: &Rotation) -> f64 {
    2.0 * libm::atan2(rotation.s, rotation.c)
}

/// φ, in (−π, π].
pub(super) fn phi_of(rotation: &Rotation) -> f64 {
    angle(rotation.phase)
}
