//! A Mach-Zehnder modulator whose arms are not quite equal, so that dark is not quite dark.
//!
//! With the weaker arm's amplitude g times the stronger's and a phase difference φ, the power
//! transmission is T = |(1 + g e^{iφ})/(1 + g)|², 1 at φ = 0 and ((1 − g)/(1 + g))² at φ = π. An
//! extinction ratio of ER dB between the two gives g = (10^{ER/20} − 1)/(10^{ER/20} + 1).
//!
//! Source: B. E. A. Saleh, M. C. Teich, "Fundamentals of Photonics", 3rd ed. (Wiley 2019), section
//! 2.5 (two-beam interference of unequal amplitudes).

use core::f64::consts::PI;

use super::parameter::{DeviceError, Expected, amplitude_ratio};

/// An intensity modulator with a finite extinction ratio.
///
/// ```
/// use xrmesh::photonic::modulator::Modulator;
/// let modulator = Modulator::new(20.0)?; // dark is 20 dB under bright
/// assert!((modulator.transmission(0.0) - 1.0).abs() < 1e-15);
/// assert!((modulator.transmission(std::f64::consts::PI) - 0.01).abs() < 1e-15);
/// # Ok::<(), xrmesh::photonic::parameter::DeviceError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Modulator {
    arm_ratio: f64,
}

impl Modulator {
    /// A modulator whose dark is `extinction_ratio_db` decibels of power below its bright.
    ///
    /// # Errors
    /// A ratio not above 0 or not finite.
    pub fn new(extinction_ratio_db: f64) -> Result<Self, DeviceError> {
        let ratio = Expected::Positive.check("extinction_ratio_db", extinction_ratio_db)?;
        let amplitude = amplitude_ratio(ratio);
        // Beyond some 6,000 dB the power of ten is infinite and the arms are equal.
        let arm_ratio =
            if amplitude.is_finite() { (amplitude - 1.0) / (amplitude + 1.0) } else { 1.0 };
        Ok(Self { arm_ratio })
    }

    /// g: the weaker arm's amplitude over the stronger's.
    #[must_use]
    pub const fn arm_ratio(&self) -> f64 {
        self.arm_ratio
    }

    /// The share of power that passes with `phase_rad` between the arms.
    #[must_use]
    pub fn transmission(&self, phase_rad: f64) -> f64 {
        let g = self.arm_ratio;
        let (sin, cos) = libm::sincos(phase_rad);
        let (re, im) = (1.0 + g * cos, g * sin);
        (re * re + im * im) / ((1.0 + g) * (1.0 + g))
    }

    /// The share of power that passes where it is darkest.
    #[must_use]
    pub fn least_transmission(&self) -> f64 {
        let ratio = (1.0 - self.arm_ratio) / (1.0 + self.arm_ratio);
        ratio * ratio
    }

    /// The phase in [0, π] that gives `transmission`; what is darker than the darkest gives π.
    ///
    /// # Errors
    /// A transmission outside 0 to 1.
    pub fn phase_rad(&self, transmission: f64) -> Result<f64, DeviceError> {
        let wanted = Expected::Within(0.0, 1.0).check("transmission", transmission)?;
        if wanted <= self.least_transmission() {
            return Ok(PI);
        }
        let g = self.arm_ratio;
        // With sin²(φ/2) = (1 − T)(1 + g)²/(4g), which keeps its digits near T = 1.
        let sin_squared = (1.0 - wanted) * (1.0 + g) * (1.0 + g) / (4.0 * g);
        Ok(2.0 * libm::asin(sin_squared.min(1.0).sqrt()))
    }

    /// The transmission that `value` in 0 to 1 really gets when the modulator is asked for it:
    /// never darker than [`least_transmission`](Self::least_transmission).
    ///
    /// # Errors
    /// A value outside 0 to 1.
    pub fn encode(&self, value: f64) -> Result<f64, DeviceError> {
        Ok(self.transmission(self.phase_rad(value)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dark_is_the_extinction_ratio_under_bright() {
        for ratio_db in [0.5, 3.0, 10.0, 25.0, 40.0] {
            let modulator = Modulator::new(ratio_db).unwrap();
            let dark = modulator.transmission(PI);
            assert!((-10.0 * libm::log10(dark) - ratio_db).abs() < 1e-9);
            assert!((dark - modulator.least_transmission()).abs() < 1e-15);
        }
    }

    #[test]
    fn twenty_decibels_by_hand() {
        let modulator = Modulator::new(20.0).unwrap();
        // (10 − 1)/(10 + 1); |1 + g·i|²/(1 + g)² = (1 + 81/121)/(400/121) = 202/400.
        assert!((modulator.arm_ratio() - 9.0 / 11.0).abs() < 1e-15);
        assert!((modulator.transmission(PI / 2.0) - 0.505).abs() < 1e-15);
    }

    #[test]
    fn encoding_inverts_down_to_the_darkest() {
        let modulator = Modulator::new(20.0).unwrap();
        for step in 0..=100 {
            let value = f64::from(step) / 100.0;
            let got = modulator.encode(value).unwrap();
            assert!((got - value.max(0.01)).abs() < 1e-14, "{value} {got}");
        }
    }

    #[test]
    fn a_perfect_modulator_is_a_squared_cosine() {
        let modulator = Modulator::new(1e5).unwrap();
        for step in 0..50 {
            let phase = 0.2 * f64::from(step);
            let half = libm::cos(phase / 2.0);
            assert!((modulator.transmission(phase) - half * half).abs() < 1e-15);
        }
    }

    #[test]
    fn what_no_modulator_can_be_is_an_error() {
        for ratio_db in [0.0, -3.0, f64::NAN, f64::INFINITY] {
            assert!(Modulator::new(ratio_db).is_err());
        }
        let modulator = Modulator::new(20.0).unwrap();
        assert!(modulator.phase_rad(1.1).is_err());
        assert!(modulator.encode(f64::NAN).is_err());
    }
}
