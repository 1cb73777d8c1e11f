//! What light meets between layers.

use super::complex::{Complex64, cis};
use super::processor::ProcessorError;

/// What an amplitude becomes between layers.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
#[non_exhaustive]
pub enum Activation {
    /// Itself.
    #[default]
    Linear,
    /// Digital: the real part, or 0 where that is negative.
    Relu,
    /// Digital: the detected power |z|².
    Power,
    /// A share of the light is detected and modulates the rest:
    /// f(z) = i√(1 − α) e^{−iψ} cos(ψ) z, ψ = (g|z|² + φ_b)/2.
    /// I. A. D. Williamson et al., IEEE J. Sel. Top. Quantum Electron. 26, 7700412 (2020), Eq. 4.
    ElectroOptic {
        /// α: the share that is detected, 0…1.
        tap: f64,
        /// g: phase for each unit of power (rad).
        gain_rad: f64,
        /// φ_b: phase without light (rad).
        bias_rad: f64,
    },
}

impl Activation {
    /// What `z` becomes.
    #[must_use]
    pub fn of(&self, z: Complex64) -> Complex64 {
        match *self {
            Self::Linear => z,
            Self::Relu => Complex64::new(z.re.max(0.0), 0.0),
            Self::Power => Complex64::new(z.norm_sqr(), 0.0),
            Self::ElectroOptic { tap, gain_rad, bias_rad } => {
                let psi = 0.5 * (gain_rad * z.norm_sqr() + bias_rad);
                let factor = (1.0 - tap).sqrt() * libm::cos(psi);
                Complex64::i() * cis(-psi) * factor * z
            }
        }
    }

    pub(super) fn check(&self, layer: usize) -> Result<(), ProcessorError> {
        let bad = |what, given| Err(ProcessorError::Activation { layer, what, given });
        if let Self::ElectroOptic { tap, gain_rad, bias_rad } = *self {
            if !(0.0..=1.0).contains(&tap) {
                return bad("tap", tap);
            }
            for (what, given) in [("gain_rad", gain_rad), ("bias_rad", bias_rad)] {
                if !given.is_finite() {
                    return bad(what, given);
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn electro_optic_activation_follows_its_formula() {
        let activation = Activation::ElectroOptic { tap: 0.1, gain_rad: 0.5, bias_rad: 1.0 };
        let z = Complex64::new(0.6, -0.8);
        let psi: f64 = (0.5 * 1.0 + 1.0) / 2.0;
        let expected = Complex64::i() * 0.9_f64.sqrt() * cis(-psi) * libm::cos(psi) * z;
        assert!((activation.of(z) - expected).norm_sqr() < 1e-30);
    }
}
