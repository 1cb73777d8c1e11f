//! Converters between numbers and voltages: a DAC, and a mid-rise ADC.
//!
//! 1. The DAC has 2^b codes over [0, full scale): code·Δ with Δ = FS/2^b, the nearest one, clamped.
//! 2. The ADC is mid-rise over [−FS, FS): Δ = 2FS/2^b, code ⌊x/Δ⌋ clamped, read as (code + ½)Δ.
//!    Inside its range the error is at most Δ/2, and over a busy signal uniform with variance
//!    Δ²/12.
//! 3. A thermo-optic shifter turns voltage into phase by φ = π V²/V_π² (heat goes with V²), so a
//!    DAC that is even in V is uneven in φ: for phases uniform over 0…2π its mean square error is
//!    twice that of a grid even in φ.
//!
//! Sources: W. Kester (ed.), "The Data Conversion Handbook" (Newnes 2005), chapter 2; the
//! quantiser: B. Widrow, I. Kollár, "Quantization Noise" (Cambridge 2008), chapter 1.

use core::f64::consts::PI;

use super::parameter::{DeviceError, Expected, check_count};

/// The finest converter that is simulated.
pub const MOST_BITS: u32 = 24;

/// A digital-to-analogue converter: 2^b levels from 0 up.
///
/// ```
/// use xrmesh::photonic::converter::Dac;
/// let dac = Dac::new(8, 2.56)?;
/// assert!((dac.convert(1.234) - 1.23).abs() < 1e-12);
/// # Ok::<(), xrmesh::photonic::parameter::DeviceError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dac {
    step: f64,
    last_code: f64,
}

impl Dac {
    /// A converter of `bits` (1 to [`MOST_BITS`]) over [0, `full_scale`).
    ///
    /// # Errors
    /// Bits out of range, a full scale not above 0 or not finite.
    pub fn new(bits: u32, full_scale: f64) -> Result<Self, DeviceError> {
        let levels = levels(bits)?;
        let full_scale = Expected::Positive.check("full_scale", full_scale)?;
        Ok(Self { step: full_scale / levels, last_code: levels - 1.0 })
    }

    /// Δ: the distance between two levels.
    #[must_use]
    pub const fn step(&self) -> f64 {
        self.step
    }

    /// The level nearest to `value`. Not-a-number gives level 0.
    #[must_use]
    pub fn convert(&self, value: f64) -> f64 {
        // `max` first: it turns not-a-number into 0.
        (value / self.step).round_ties_even().max(0.0).min(self.last_code) * self.step
    }
}

/// A thermo-optic phase shifter driven by a DAC: φ = π V²/V_π².
///
/// ```
/// use xrmesh::photonic::converter::{Dac, PhaseDrive};
/// let drive = PhaseDrive::new(Dac::new(8, 7.5)?, 5.0)?; // up to 4.5π
/// assert!((drive.phase_rad(1.0)? - 1.0).abs() < 0.03);
/// # Ok::<(), xrmesh::photonic::parameter::DeviceError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PhaseDrive {
    dac: Dac,
    half_wave_v: f64,
}

impl PhaseDrive {
    /// A shifter that needs `half_wave_v` = V_π volts for a phase of π.
    ///
    /// # Errors
    /// A voltage not above 0 or not finite.
    pub fn new(dac: Dac, half_wave_v: f64) -> Result<Self, DeviceError> {
        Ok(Self { dac, half_wave_v: Expected::Positive.check("half_wave_v", half_wave_v)? })
    }

    /// The phase that the shifter really takes when asked for `phase_rad`.
    ///
    /// # Errors
    /// A phase below 0 (heat only adds) or not finite.
    pub fn phase_rad(&self, phase_rad: f64) -> Result<f64, DeviceError> {
        let wanted = Expected::NonNegative.check("phase_rad", phase_rad)?;
        let relative = self.dac.convert(self.half_wave_v * (wanted / PI).sqrt()) / self.half_wave_v;
        Ok(PI * relative * relative)
    }
}

/// An analogue-to-digital converter, mid-rise: 2^b steps over [−FS, FS), none of them at zero.
///
/// ```
/// use xrmesh::photonic::converter::Adc;
/// let adc = Adc::new(2, 1.0)?;
/// assert_eq!([-2.0, -0.1, 0.1, 2.0].map(|x| adc.convert(x)), [-0.75, -0.25, 0.25, 0.75]);
/// # Ok::<(), xrmesh::photonic::parameter::DeviceError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Adc {
    step: f64,
    half_levels: f64,
}

impl Adc {
    /// A converter of `bits` (1 to [`MOST_BITS`]) over [−`full_scale`, `full_scale`).
    ///
    /// # Errors
    /// Bits out of range, a full scale not above 0 or not finite.
    pub fn new(bits: u32, full_scale: f64) -> Result<Self, DeviceError> {
        let levels = levels(bits)?;
        let full_scale = Expected::Positive.check("full_scale", full_scale)?;
        Ok(Self { step: 2.0 * full_scale / levels, half_levels: 0.5 * levels })
    }

    /// Δ: the width of one step.
    #[must_use]
    pub const fn step(&self) -> f64 {
        self.step
    }

    /// The code of `value`, from −2^(b−1) to 2^(b−1) − 1. Not-a-number gives the lowest.
    #[must_use]
    pub fn code(&self, value: f64) -> i32 {
        // Exact: both bounds are below 2^24.
        self.clamped(value) as i32
    }

    /// The middle of the step that `value` falls in.
    #[must_use]
    pub fn convert(&self, value: f64) -> f64 {
        (self.clamped(value) + 0.5) * self.step
    }

    /// Δ²/12: the variance of the error over a busy signal inside the range.
    #[must_use]
    pub fn error_variance(&self) -> f64 {
        self.step * self.step / 12.0
    }

    fn clamped(&self, value: f64) -> f64 {
        (value / self.step).floor().max(-self.half_levels).min(self.half_levels - 1.0)
    }
}

/// The effective number of bits of a signal-to-noise ratio, (SNR_dB − 1.76)/6.02, the ratio being
/// of powers (linear). Source: IEEE Std 1241-2010.
#[must_use]
pub fn effective_bits(signal_to_noise: f64) -> f64 {
    (10.0 * libm::log10(signal_to_noise) - 1.76) / 6.02
}

fn levels(bits: u32) -> Result<f64, DeviceError> {
    check_count("bits", bits as usize, 1, MOST_BITS as usize)?;
    Ok(f64::from(1_u32 << bits))
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::f64::consts::TAU;

    #[test]
    fn an_ideal_eight_bit_converter_has_eight_effective_bits() {
        let adc = Adc::new(8, 1.0).unwrap();
        let (mut signal, mut noise) = (0.0, 0.0);
        // A full-scale sine at an incommensurate frequency.
        for n in 0..200_000 {
            let x = 0.999_999 * libm::sin(TAU * 0.038_196_601_125 * f64::from(n));
            let error = adc.convert(x) - x;
            signal += x * x;
            noise += error * error;
        }
        let bits = effective_bits(signal / noise);
        // A sine lingers at its peaks, where the error is not quite uniform: 0.02 bits at 8 bits.
        assert!((bits - 8.0).abs() < 0.03, "{bits}");
    }

    #[test]
    fn the_error_has_the_variance_of_a_uniform_one() {
        let adc = Adc::new(10, 2.5).unwrap();
        let mut sum = 0.0;
        let count = 1_000_003;
        for n in 0..count {
            let x = -2.5 + 5.0 * (f64::from(n) + 0.5) / f64::from(count);
            let error = adc.convert(x) - x;
            assert!(error.abs() <= 0.5 * adc.step() + 1e-12);
            sum += error * error;
        }
        assert!((sum / f64::from(count) / adc.error_variance() - 1.0).abs() < 1e-3);
    }

    #[test]
    fn a_mid_rise_converter_is_odd_and_clamps() {
        let adc = Adc::new(4, 1.0).unwrap();
        for n in 1..200 {
            let x = 0.007_3 * f64::from(n);
            assert_eq!(adc.convert(x), -adc.convert(-x), "{x}");
        }
        assert_eq!((adc.code(-9.0), adc.code(9.0), adc.code(0.0)), (-8, 7, 0));
        assert_eq!(adc.code(f64::NAN), -8);
    }

    /// Rule 3, by counting.
    #[test]
    fn a_grid_in_voltage_errs_root_two_times_a_grid_in_phase() {
        let half_wave_v = 5.0;
        let dac = Dac::new(10, half_wave_v * 2.0_f64.sqrt()).unwrap();
        let drive = PhaseDrive::new(dac, half_wave_v).unwrap();
        let count = 400_009;
        let mut sum = 0.0;
        for n in 0..count {
            // A little short of 2π, where the last code would clamp.
            let phase = 0.998 * TAU * (f64::from(n) + 0.5) / f64::from(count);
            let error = drive.phase_rad(phase).unwrap() - phase;
            sum += error * error;
        }
        let rms = (sum / f64::from(count)).sqrt();
        let even = TAU / 1024.0 / 12.0_f64.sqrt();
        assert!((rms / even / 2.0_f64.sqrt() - 1.0).abs() < 0.01, "{}", rms / even);
    }

    #[test]
    fn a_dac_gives_levels_and_clamps() {
        let dac = Dac::new(3, 8.0).unwrap();
        assert_eq!(
            [-1.0, 0.4, 0.6, 6.9, 99.0, f64::NAN].map(|x| dac.convert(x)),
            [0.0, 0.0, 1.0, 7.0, 7.0, 0.0]
        );
    }

    #[test]
    fn what_no_converter_can_be_is_an_error() {
        assert!(Dac::new(0, 1.0).is_err());
        assert!(Dac::new(25, 1.0).is_err());
        assert!(Adc::new(8, 0.0).is_err());
        assert!(Adc::new(8, f64::NAN).is_err());
        let drive = PhaseDrive::new(Dac::new(8, 1.0).unwrap(), 1.0).unwrap();
        assert!(drive.phase_rad(-0.1).is_err());
    }
}
