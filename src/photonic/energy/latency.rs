//! The report of times.

use core::fmt;

use super::super::parameter::DeviceError;
use super::{LIGHT_SPEED_M_PER_S, PartsList, Stage};

/// How long one vector would take, part by part in seconds, all stages together, at the converters'
/// reference rates. An estimate of a simulated device, not a measurement; its text says so too.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LatencyReport {
    /// How many times light is made and detected.
    pub stages: usize,
    /// One DAC sample a stage.
    pub dac_s: f64,
    /// Light through the chip, n_g L/c.
    pub light_s: f64,
    /// The amplifiers of detectors and of electro-optic activations.
    pub amplifier_s: f64,
    /// One ADC sample a stage.
    pub adc_s: f64,
    /// Setting new weights, not part of the total.
    pub settling_s: f64,
}

impl LatencyReport {
    pub(in crate::photonic) fn of(
        stages: &[Stage],
        parts: &PartsList,
    ) -> Result<Self, DeviceError> {
        parts.check()?;
        let depth: usize = stages.iter().map(|stage| stage.depth).sum();
        let amplifiers: usize = stages.iter().map(|stage| 1 + stage.activations()).sum();
        let length_m = depth as f64 * parts.interferometer_length_m;
        let count = stages.len() as f64;
        Ok(Self {
            stages: stages.len(),
            dac_s: count / parts.dac_rate_hz,
            light_s: parts.group_index * length_m / LIGHT_SPEED_M_PER_S,
            amplifier_s: amplifiers as f64 * parts.amplifier_delay_s,
            adc_s: count / parts.adc_rate_hz,
            settling_s: parts.shifter_settling_s,
        })
    }

    /// From the number at the first DAC to the number at the last ADC, in seconds.
    #[must_use]
    pub fn total_s(&self) -> f64 {
        self.dac_s + self.light_s + self.amplifier_s + self.adc_s
    }
}

impl fmt::Display for LatencyReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "estimate of a simulated device, not a measurement")?;
        for (part, seconds) in [
            ("DACs", self.dac_s),
            ("light", self.light_s),
            ("amplifiers", self.amplifier_s),
            ("ADCs", self.adc_s),
            ("total", self.total_s()),
        ] {
            writeln!(f, "{part:<16}{seconds:>12.4e} s")?;
        }
        write!(f, "{:<16}{:>12.4e} s", "new weights", self.settling_s)
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::{Activation, Device, Lattice, Layout, PhotonicProcessor};
    use super::*;
    use ndarray::Array2;

    #[test]
    fn a_lattice_by_hand() {
        let lattice = Lattice::new(Layout::Rectangular, 6).unwrap();
        let device = Device::of_lattice(lattice, Activation::Power, None).unwrap();
        let report = device.latency(&PartsList::default()).unwrap();
        // 6 columns of 300 µm at c/4.2: 25.217 ps.
        assert!((report.light_s - 25.217_44e-12).abs() < 1e-16, "{}", report.light_s);
        let electronics = 1.0 / 14e9 + 1e-10 + 1e-10;
        assert!((report.total_s() - report.light_s - electronics).abs() < 1e-22);
        assert_eq!(report.settling_s, 10e-6);
        assert!(report.to_string().contains("estimate of a simulated device"));
    }

    #[test]
    fn every_stage_takes_its_electronics_and_an_optical_activation_its_amplifier() {
        let one = Array2::from_diag_elem(5, 1.0);
        let report = |activation| {
            let weights = [one.view(), one.view()];
            let processor =
                PhotonicProcessor::from_real(&weights, activation, Layout::Rectangular).unwrap();
            processor.latency(&PartsList::default()).unwrap()
        };
        let digital = report(Activation::Relu);
        assert_eq!((digital.stages, digital.adc_s), (2, 2e-10));
        // Two banks of 2·5 + 1 columns.
        let light_s = 4.2 * 22.0 * 300e-6 / 299_792_458.0;
        assert!((digital.light_s - light_s).abs() < 1e-24);
        let optical = report(Activation::ElectroOptic { tap: 0.1, gain_rad: 1.0, bias_rad: 0.0 });
        assert_eq!((optical.stages, optical.light_s), (1, digital.light_s));
        // Two activations and the detectors.
        assert!((optical.amplifier_s - 3e-10).abs() < 1e-22);
    }
}
