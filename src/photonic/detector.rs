//! Photodetectors and their noise.
//!
//! A detector of responsivity R (A/W) under optical power P gives the current I = R·P + I_d with
//! the variance
//!
//! σ² = 2qIB + 4k_B T B F/R_L + 10^{RIN/10} (R·P)² B
//!
//! in a bandwidth B: shot noise of the whole current, thermal noise of the load R_L with the
//! amplifier's noise factor F (linear, not dB), and the laser's relative intensity noise (RIN in
//! dB/Hz). The signal-to-noise ratio is (R·P)²/σ², of electrical powers.
//!
//! Source: G. P. Agrawal, "Fiber-Optic Communication Systems", 4th ed. (Wiley 2010), sections 4.4
//! and 4.6.2. The constants are those of the SI (2019), exact.

use ndarray::{Array1, ArrayView1};

use super::converter::effective_bits;
use super::parameter::{DeviceError, Expected, power_ratio};
use crate::random::Counter;

/// The charge of an electron in coulombs.
pub const ELECTRON_CHARGE_C: f64 = 1.602_176_634e-19;
/// Boltzmann's constant in joules a kelvin.
pub const BOLTZMANN_J_PER_K: f64 = 1.380_649e-23;

/// What a photodetector is made of.
///
/// | field | unit | default |
/// |---|---|---|
/// | `responsivity_a_per_w` | A/W | 1.0 |
/// | `dark_current_a` | A | 10 nA |
/// | `bandwidth_hz` | Hz | 10 GHz |
/// | `load_ohm` | Ω | 50 |
/// | `temperature_k` | K | 300 |
/// | `noise_factor` | linear, ≥ 1 | 1 (a noiseless amplifier) |
/// | `intensity_noise_db_per_hz` | dB/Hz | −155 |
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DetectorParameters {
    /// R: amperes a watt.
    pub responsivity_a_per_w: f64,
    /// I_d: the current without light.
    pub dark_current_a: f64,
    /// B: the bandwidth that the noise is counted in.
    pub bandwidth_hz: f64,
    /// R_L: the load's resistance.
    pub load_ohm: f64,
    /// T: the load's temperature.
    pub temperature_k: f64,
    /// F: what the amplifier multiplies the thermal noise by, linear.
    pub noise_factor: f64,
    /// RIN: the laser's relative intensity noise; `f64::NEG_INFINITY` for none.
    pub intensity_noise_db_per_hz: f64,
}

impl Default for DetectorParameters {
    fn default() -> Self {
        Self {
            responsivity_a_per_w: 1.0,
            dark_current_a: 10e-9,
            bandwidth_hz: 10e9,
            load_ohm: 50.0,
            temperature_k: 300.0,
            noise_factor: 1.0,
            intensity_noise_db_per_hz: -155.0,
        }
    }
}

/// A photodetector.
///
/// ```
/// use xrmesh::photonic::detector::{Detector, DetectorParameters};
/// use xrmesh::random::Counter;
/// let detector = Detector::new(DetectorParameters::default())?;
/// assert!((detector.current_a(1e-3) - 1.00001e-3).abs() < 1e-12);
/// assert!(detector.effective_bits(1e-3) > detector.effective_bits(1e-5));
/// let shot = Counter::new(7, [0, 3]); // seed 7, device 0, shot 3
/// assert_eq!(detector.detect_a(1e-3, shot, 0), detector.detect_a(1e-3, shot, 0));
/// # Ok::<(), xrmesh::photonic::parameter::DeviceError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Detector {
    parameters: DetectorParameters,
    thermal_a2: f64,
    intensity_noise_per_hz: f64,
}

/// The variance of a detector's current, part by part, in A².
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CurrentNoise {
    /// 2qIB.
    pub shot_a2: f64,
    /// 4k_B T B F/R_L.
    pub thermal_a2: f64,
    /// 10^{RIN/10} (R·P)² B.
    pub intensity_a2: f64,
}

impl CurrentNoise {
    /// The variance of the whole: the parts are independent.
    #[must_use]
    pub fn total_a2(&self) -> f64 {
        self.shot_a2 + self.thermal_a2 + self.intensity_a2
    }
}

impl Detector {
    /// A detector of these parameters.
    ///
    /// # Errors
    /// Responsivity, bandwidth or load not above 0; dark current or temperature below 0; noise
    /// factor below 1; anything not finite, but for an intensity noise of −∞.
    pub fn new(parameters: DetectorParameters) -> Result<Self, DeviceError> {
        let DetectorParameters {
            responsivity_a_per_w,
            dark_current_a,
            bandwidth_hz,
            load_ohm,
            temperature_k,
            noise_factor,
            intensity_noise_db_per_hz,
        } = parameters;
        Expected::Positive.check("responsivity_a_per_w", responsivity_a_per_w)?;
        Expected::NonNegative.check("dark_current_a", dark_current_a)?;
        Expected::Positive.check("bandwidth_hz", bandwidth_hz)?;
        Expected::Positive.check("load_ohm", load_ohm)?;
        Expected::NonNegative.check("temperature_k", temperature_k)?;
        Expected::Within(1.0, f64::MAX).check("noise_factor", noise_factor)?;
        if intensity_noise_db_per_hz != f64::NEG_INFINITY {
            Expected::Finite.check("intensity_noise_db_per_hz", intensity_noise_db_per_hz)?;
        }
        Ok(Self {
            parameters,
            thermal_a2: 4.0 * BOLTZMANN_J_PER_K * temperature_k * bandwidth_hz * noise_factor
                / load_ohm,
            intensity_noise_per_hz: power_ratio(intensity_noise_db_per_hz),
        })
    }

    /// The parameters that it was made of.
    #[must_use]
    pub const fn parameters(&self) -> &DetectorParameters {
        &self.parameters
    }

    /// The mean current R·P + I_d in amperes under `power_w` watts.
    #[must_use]
    pub fn current_a(&self, power_w: f64) -> f64 {
        self.parameters.responsivity_a_per_w * power_w + self.parameters.dark_current_a
    }

    /// The variance of the current under `power_w` watts.
    #[must_use]
    pub fn noise(&self, power_w: f64) -> CurrentNoise {
        let bandwidth_hz = self.parameters.bandwidth_hz;
        let signal_a = self.parameters.responsivity_a_per_w * power_w;
        CurrentNoise {
            shot_a2: 2.0 * ELECTRON_CHARGE_C * self.current_a(power_w) * bandwidth_hz,
            thermal_a2: self.thermal_a2,
            intensity_a2: self.intensity_noise_per_hz * signal_a * signal_a * bandwidth_hz,
        }
    }

    /// The signal-to-noise ratio (R·P)²/σ² of electrical powers, linear.
    #[must_use]
    pub fn signal_to_noise(&self, power_w: f64) -> f64 {
        let signal_a = self.parameters.responsivity_a_per_w * power_w;
        signal_a * signal_a / self.noise(power_w).total_a2()
    }

    /// (SNR_dB − 1.76)/6.02: the bits of an ideal converter that would be as noisy.
    #[must_use]
    pub fn effective_bits(&self, power_w: f64) -> f64 {
        effective_bits(self.signal_to_noise(power_w))
    }

    /// One noisy reading in amperes: the mean plus a normal draw of the variance above. `shot`
    /// names the device and the shot, `index` the reading in it; the same three give the same bits.
    #[must_use]
    pub fn detect_a(&self, power_w: f64, shot: Counter, index: u64) -> f64 {
        // Draws come in pairs: an even and its odd index share a block.
        let normal = shot.normals(index / 2)[(index % 2) as usize];
        self.current_a(power_w) + self.noise(power_w).total_a2().sqrt() * normal
    }

    /// A noisy reading of each of `powers_w`, the reading's position being its index.
    ///
    /// # Errors
    /// A power below 0 or not finite.
    pub fn detect_all_a(
        &self,
        powers_w: ArrayView1<'_, f64>,
        shot: Counter,
    ) -> Result<Array1<f64>, DeviceError> {
        Expected::NonNegative.check_all("power_w", powers_w)?;
        let readings = powers_w.iter().zip(0..);
        Ok(readings.map(|(&power_w, index)| self.detect_a(power_w, shot, index)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array1;

    fn detector(change: impl FnOnce(&mut DetectorParameters)) -> Detector {
        let mut parameters = DetectorParameters::default();
        change(&mut parameters);
        Detector::new(parameters).unwrap()
    }

    #[test]
    fn the_noise_of_known_cases() {
        // 1 mA in 1 GHz: 2·1.602e-19·1e-3·1e9 = 3.204e-13 A².
        let only_shot = detector(|p| {
            p.dark_current_a = 0.0;
            p.bandwidth_hz = 1e9;
            p.temperature_k = 0.0;
            p.intensity_noise_db_per_hz = f64::NEG_INFINITY;
        });
        assert!((only_shot.noise(1e-3).total_a2() / 3.204_353_268e-13 - 1.0).abs() < 1e-12);
        // Shot-limited: SNR = R·P/(2qB).
        let expected = 1e-3 / (2.0 * ELECTRON_CHARGE_C * 1e9);
        assert!((only_shot.signal_to_noise(1e-3) / expected - 1.0).abs() < 1e-12);
        // 50 Ω at 300 K: √(4kT/R) = 18.2 pA/√Hz.
        let thermal = detector(|p| p.bandwidth_hz = 1.0).noise(0.0).thermal_a2.sqrt();
        assert!((thermal - 18.2e-12).abs() < 0.02e-12);
        // Intensity noise alone bounds the ratio at 1/(10^{RIN/10} B), whatever the power.
        let bound = 1.0 / (libm::pow(10.0, -15.5) * 10e9);
        let bright = detector(|_| ()).signal_to_noise(1e3);
        assert!((bright / bound - 1.0).abs() < 1e-3 && bright < bound);
    }

    #[test]
    fn every_part_at_the_defaults_by_hand() {
        // 1 mW: 1.00001 mA in 10 GHz, 50 Ω at 300 K, −155 dB/Hz.
        let CurrentNoise { shot_a2, thermal_a2, intensity_a2 } = detector(|_| ()).noise(1e-3);
        assert!((shot_a2 / 3.204_385_311_532_68e-12 - 1.0).abs() < 1e-12);
        assert!((thermal_a2 / 3.313_557_6e-12 - 1.0).abs() < 1e-12);
        assert!((intensity_a2 / 3.162_277_660_168e-12 - 1.0).abs() < 1e-11);
        // 1e-6/9.680 220 57e-12 is 50.141 dB.
        assert!((detector(|_| ()).effective_bits(1e-3) - 8.036_7).abs() < 1e-4);
    }

    #[test]
    fn readings_have_the_mean_and_the_variance_of_the_formula() {
        let detector = detector(|p| p.noise_factor = 2.0);
        let count = 200_000_u32;
        for power_w in [0.0, 2e-5, 1e-3] {
            let powers = Array1::from_elem(count as usize, power_w);
            let readings = detector.detect_all_a(powers.view(), Counter::new(11, [5, 1])).unwrap();
            let mean = readings.sum() / f64::from(count);
            let variance = readings.mapv(|x| (x - mean) * (x - mean)).sum() / f64::from(count - 1);
            let expected = detector.noise(power_w).total_a2();
            let error_of_mean = (expected / f64::from(count)).sqrt();
            assert!((mean - detector.current_a(power_w)).abs() < 3.0 * error_of_mean);
            let error_of_variance = expected * (2.0 / f64::from(count - 1)).sqrt();
            assert!((variance - expected).abs() < 3.0 * error_of_variance);
        }
    }

    #[test]
    fn a_reading_depends_on_its_key_alone() {
        let detector = detector(|_| ());
        let powers = Array1::linspace(0.0, 1e-3, 9);
        let shot = Counter::new(1, [2, 3]);
        let all = detector.detect_all_a(powers.view(), shot).unwrap();
        for (index, reading) in (0..).zip(&all) {
            let alone = detector.detect_a(powers[index as usize], shot, index);
            assert_eq!(alone.to_bits(), reading.to_bits());
        }
        let other = detector.detect_all_a(powers.view(), Counter::new(1, [2, 4])).unwrap();
        assert!(all.iter().zip(&other).all(|(a, b)| a != b));
    }

    #[test]
    fn what_no_detector_can_be_is_an_error() {
        let spoil: [fn(&mut DetectorParameters); 5] = [
            |p| p.responsivity_a_per_w = 0.0,
            |p| p.load_ohm = -50.0,
            |p| p.noise_factor = 0.5,
            |p| p.bandwidth_hz = f64::NAN,
            |p| p.intensity_noise_db_per_hz = f64::INFINITY,
        ];
        for change in spoil {
            let mut parameters = DetectorParameters::default();
            change(&mut parameters);
            assert!(Detector::new(parameters).is_err());
        }
        let powers = Array1::from(vec![1e-3, -1e-3]);
        assert!(detector(|_| ()).detect_all_a(powers.view(), Counter::new(0, [0, 0])).is_err());
    }
}
