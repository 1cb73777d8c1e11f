//! The report of powers.

use core::f64::consts::PI;
use core::fmt;

use super::super::parameter::{DeviceError, Expected, power_ratio};
use super::{PartsList, Stage};

/// What a processor would draw, part by part. An estimate of a simulated device, not a measurement; its
/// text says so too.
///
/// ```
/// use xrmesh::photonic::energy::PartsList;
/// use xrmesh::photonic::{Activation, Layout, PhotonicProcessor};
/// let weights = ndarray::Array2::from_diag_elem(8, 1.0);
/// let processor =
///     PhotonicProcessor::from_real(&[weights.view()], Activation::Power, Layout::Rectangular)?;
/// let report = processor.energy(&PartsList::default(), 1e9)?;
/// assert!(report.whole.shifters_w > report.whole.laser_w);
/// assert!(report.to_string().starts_with("estimate of a simulated device"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct EnergyReport {
    /// All stages together; its insertion loss is the worst stage's.
    pub whole: StagePower,
    /// Each stage: what light passes between modulators and detectors.
    pub stages: Vec<StagePower>,
    /// Vectors a second.
    pub rate_hz: f64,
    /// Multiply-accumulates of one vector.
    pub multiply_accumulates: usize,
}

/// The power of each part of a stage in watts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StagePower {
    /// The insertion loss IL of the worst path.
    pub insertion_loss_db: f64,
    /// The laser's electricity.
    pub laser_w: f64,
    /// What holds the phase shifters.
    pub shifters_w: f64,
    /// The DACs, one an input.
    pub dacs_w: f64,
    /// The modulators, one an input and one an output of each electro-optic activation.
    pub modulators_w: f64,
    /// The amplifiers, one an output and one an output of each electro-optic activation.
    pub amplifiers_w: f64,
    /// The ADCs, one an output.
    pub adcs_w: f64,
}

impl EnergyReport {
    pub(in crate::photonic) fn of(
        stages: &[Stage],
        parts: &PartsList,
        rate_hz: f64,
    ) -> Result<Self, DeviceError> {
        parts.check()?;
        Expected::Positive.check("rate_hz", rate_hz)?;
        let multiply_accumulates = stages.iter().map(|stage| stage.multiply_accumulates).sum();
        let stages = stages.iter().map(|stage| StagePower::of(stage, parts, rate_hz));
        let stages = stages.collect::<Result<Vec<_>, _>>()?;
        let whole = stages.iter().fold(StagePower::NONE, |whole, stage| whole.and(stage));
        Ok(Self { whole, stages, rate_hz, multiply_accumulates })
    }

    /// All parts together, in watts.
    #[must_use]
    pub fn total_w(&self) -> f64 {
        self.whole.total_w()
    }

    /// Joules for one vector.
    #[must_use]
    pub fn energy_per_vector_j(&self) -> f64 {
        self.total_w() / self.rate_hz
    }

    /// Joules for one multiply-accumulate.
    #[must_use]
    pub fn energy_per_mac_j(&self) -> f64 {
        self.energy_per_vector_j() / self.multiply_accumulates as f64
    }
}

impl StagePower {
    const NONE: Self = Self {
        insertion_loss_db: 0.0,
        laser_w: 0.0,
        shifters_w: 0.0,
        dacs_w: 0.0,
        modulators_w: 0.0,
        amplifiers_w: 0.0,
        adcs_w: 0.0,
    };

    fn of(stage: &Stage, parts: &PartsList, rate_hz: f64) -> Result<Self, DeviceError> {
        let (outputs, inputs) = (stage.outputs as f64, stage.inputs as f64);
        let tapped = stage.tapped() as f64;
        // A tap of all the light leaves none for the detectors.
        let insertion_loss_db =
            Expected::Finite.check("insertion_loss_db", stage.loss_db(parts))?;
        Ok(Self {
            insertion_loss_db,
            laser_w: outputs * parts.detector_power_w * power_ratio(insertion_loss_db)
                / parts.wall_plug_efficiency,
            shifters_w: parts.half_wave_power_w * stage.phases_rad / PI,
            dacs_w: inputs * parts.dac_power_w * rate_hz / parts.dac_rate_hz,
            modulators_w: (inputs + tapped) * parts.modulator_energy_j * rate_hz,
            amplifiers_w: (outputs + tapped) * parts.amplifier_power_w,
            adcs_w: outputs * parts.adc_power_w * rate_hz / parts.adc_rate_hz,
        })
    }

    /// All parts together, in watts.
    #[must_use]
    pub fn total_w(&self) -> f64 {
        self.laser_w
            + self.shifters_w
            + self.dacs_w
            + self.modulators_w
            + self.amplifiers_w
            + self.adcs_w
    }

    fn and(self, other: &Self) -> Self {
        Self {
            insertion_loss_db: self.insertion_loss_db.max(other.insertion_loss_db),
            laser_w: self.laser_w + other.laser_w,
            shifters_w: self.shifters_w + other.shifters_w,
            dacs_w: self.dacs_w + other.dacs_w,
            modulators_w: self.modulators_w + other.modulators_w,
            amplifiers_w: self.amplifiers_w + other.amplifiers_w,
            adcs_w: self.adcs_w + other.adcs_w,
        }
    }
}

impl fmt::Display for EnergyReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "estimate of a simulated device, not a measurement")?;
        for (part, power_w) in [
            ("laser", self.whole.laser_w),
            ("phase shifters", self.whole.shifters_w),
            ("DACs", self.whole.dacs_w),
            ("modulators", self.whole.modulators_w),
            ("amplifiers", self.whole.amplifiers_w),
            ("ADCs", self.whole.adcs_w),
            ("total", self.total_w()),
        ] {
            writeln!(f, "{part:<16}{power_w:>12.4e} W")?;
        }
        writeln!(f, "{:<16}{:>12.2} dB", "insertion loss", self.whole.insertion_loss_db)?;
        writeln!(f, "{:<16}{:>12.4e} J", "energy a vector", self.energy_per_vector_j())?;
        write!(f, "{:<16}{:>12.4e} J", "energy per MAC", self.energy_per_mac_j())
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::{Activation, Device, Layer, Layout, PhotonicProcessor, WeightBank};
    use super::*;
    use crate::photonic::{ElementLoss, Lattice};
    use crate::random::Counter;
    use ndarray::Array2;

    fn bank(outputs: usize, inputs: usize, layout: Layout) -> WeightBank {
        let draws = Counter::new(1, [outputs as u32, inputs as u32]);
        let weights = Array2::from_shape_fn((outputs, inputs), |(m, n)| {
            draws.normals((m * inputs + n) as u64)[0]
        });
        WeightBank::from_real(weights.view(), layout).unwrap()
    }

    fn processor(layers: Vec<(WeightBank, Activation)>) -> PhotonicProcessor {
        let layers = layers.into_iter().map(|(bank, activation)| Layer { bank, activation });
        PhotonicProcessor::new(layers.collect()).unwrap()
    }

    fn close(given: f64, expected: f64) {
        assert!((given / expected - 1.0).abs() < 1e-9, "{given} for {expected}");
    }

    #[test]
    fn every_part_of_a_square_bank_by_hand() {
        let mut bank = bank(6, 6, Layout::Rectangular);
        let (right, attenuators, left) = bank.parts_mut();
        right.map_phases(|_, _| 0.0).unwrap();
        left.map_phases(|index, _| if index < 4 { PI } else { 0.0 }).unwrap();
        for element in attenuators {
            (element.theta_rad, element.phi_rad) = (PI / 2.0, PI / 2.0);
        }
        let report =
            processor(vec![(bank, Activation::Relu)]).energy(&PartsList::default(), 5e9).unwrap();
        let StagePower { laser_w, shifters_w, dacs_w, modulators_w, amplifiers_w, adcs_w, .. } =
            report.whole;
        // 2·6 + 1 columns of 2·0.25 dB + 0.06 dB, two facets of 1.5 dB and a modulator of 3 dB.
        close(report.whole.insertion_loss_db, 6.0 + 13.0 * 0.56);
        // 6 outputs of 10 µW behind 13.28 dB (21.2814 times), at 20 %.
        close(laser_w, 6.0 * 10e-6 * 21.281_390_459 / 0.2);
        // 4 shifters at π and 6 pairs that make π, 30 mW each.
        close(shifters_w, 10.0 * 30e-3);
        // 50 mW at 14 GS/s, 0.4 pJ a sample, 3 mW, 14.8 mW at 10 GS/s.
        close(dacs_w, 6.0 * 0.05 * 5.0 / 14.0);
        close(modulators_w, 6.0 * 2e-3);
        close(amplifiers_w, 6.0 * 3e-3);
        close(adcs_w, 6.0 * 7.4e-3);
        let sum = laser_w + 0.3 + 6.0 * (0.25 / 14.0 + 0.002 + 0.003 + 0.0074);
        close(report.total_w(), sum);
        close(report.energy_per_mac_j(), sum / (36.0 * 5e9));
        assert!(report.to_string().contains("estimate of a simulated device"));
    }

    #[test]
    fn digital_activations_part_stages_and_optical_ones_do_not() {
        let optical = Activation::ElectroOptic { tap: 0.1, gain_rad: 1.0, bias_rad: 0.0 };
        let layers = |activation| {
            let banks = [bank(5, 4, Layout::Rectangular), bank(3, 5, Layout::Rectangular)];
            let [first, second] = banks;
            processor(vec![(first, activation), (second, Activation::Power)])
                .energy(&PartsList::default(), 1e9)
                .unwrap()
        };
        let (digital, linear, tapped) =
            (layers(Activation::Relu), layers(Activation::Linear), layers(optical));
        assert_eq!([&digital, &linear, &tapped].map(|report| report.stages.len()), [2, 1, 1]);
        assert_eq!(digital.multiply_accumulates, 4 * 5 + 5 * 3);
        // Columns: 4 + 1 + 5 and 5 + 1 + 3.
        close(digital.stages[0].insertion_loss_db, 6.0 + 10.0 * 0.56);
        close(digital.stages[1].insertion_loss_db, 6.0 + 9.0 * 0.56);
        close(linear.whole.insertion_loss_db, 6.0 + 19.0 * 0.56);
        close(digital.whole.adcs_w, 8.0 * 1.48e-3);
        close(linear.whole.adcs_w, 3.0 * 1.48e-3);
        close(digital.whole.shifters_w, linear.whole.shifters_w);
        // The tap keeps 0.9 of the light; its modulator loses 3 dB; 5 outputs have both.
        let more_db = tapped.whole.insertion_loss_db - linear.whole.insertion_loss_db;
        close(more_db, 3.0 + 0.457_574_905_6);
        close(tapped.whole.amplifiers_w, 8.0 * 3e-3);
        close(tapped.whole.modulators_w, 9.0 * 0.4e-3);
    }

    #[test]
    fn losses_are_the_devices_own_where_it_has_any() {
        let mut lattice = Lattice::new(Layout::Rectangular, 8).unwrap();
        let loss = |lattice: &Lattice| {
            let device = Device::of_lattice(lattice.clone(), Activation::Power, None).unwrap();
            let report = device.energy(&PartsList::default(), 1e9).unwrap();
            report.whole.insertion_loss_db - 6.0
        };
        close(loss(&lattice), 8.0 * 0.56);
        let own = ElementLoss { coupler_db: 0.01, shifter_db: 0.1, arm_db: 0.03 };
        lattice.set_loss(own, Default::default()).unwrap();
        close(loss(&lattice), 8.0 * (0.02 + 0.2 + 0.03));
        // One shifter on each path, not two.
        let mut compact = Lattice::new(Layout::Compact, 8).unwrap();
        compact.set_loss(own, Default::default()).unwrap();
        close(loss(&compact), 8.0 * (0.02 + 0.1 + 0.03));
        let triangular = Lattice::new(Layout::Triangular, 8).unwrap();
        close(loss(&triangular), 13.0 * 0.56);
    }

    #[test]
    fn energy_falls_with_rate_where_holding_dominates() {
        let processor = processor(vec![(bank(4, 6, Layout::Rectangular), Activation::Relu)]);
        let at =
            |rate_hz| processor.energy(&PartsList::default(), rate_hz).unwrap().energy_per_mac_j();
        assert!(at(1e8) > 5.0 * at(1e9) && at(1e9) > at(1e10));
    }

    #[test]
    fn what_no_device_can_be_is_an_error() {
        let optical = |tap| Activation::ElectroOptic { tap, gain_rad: 1.0, bias_rad: 0.0 };
        let with = |activation| processor(vec![(bank(2, 2, Layout::Rectangular), activation)]);
        let parts = PartsList::default();
        assert!(with(optical(0.5)).energy(&parts, 1e9).is_ok());
        assert!(with(optical(1.0)).energy(&parts, 1e9).is_err(), "no light is left");
        for rate_hz in [0.0, -1.0, f64::NAN] {
            let given = with(Activation::Relu).energy(&parts, rate_hz).unwrap_err();
            assert!(matches!(given, DeviceError::Parameter { parameter: "rate_hz", .. }));
        }
        for wall_plug_efficiency in [0.0, 1.5, f64::NAN] {
            let parts = PartsList { wall_plug_efficiency, ..parts };
            assert!(with(Activation::Relu).energy(&parts, 1e9).is_err());
            assert!(with(Activation::Relu).latency(&parts).is_err());
        }
    }
}
