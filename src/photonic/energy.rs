//! What a processor would draw and how long it would take: estimates of a simulated device.
//!
//! 1. The laser must give every output P_det after the worst path: P_laser =
//!    N·P_det·10^{IL/10}/WPE, WPE being its wall-plug efficiency and IL = 2·facet + modulator +
//!    depth·(loss of one interferometer), in dB.
//! 2. An interferometer's loss is that of its two shifters and of its length of waveguide. A weight
//!    bank by singular values of N modes is 2N + 1 columns deep (two lattices and a column of
//!    attenuators), a single lattice N.
//! 3. A shifter at phase φ holds P_π φ/π watts, all the time.
//! 4. Converters draw in proportion to the rate, P_ref·f/f_ref; a modulator a fixed energy a
//!    sample; an amplifier a fixed power.
//! 5. E/MAC is the sum over MACs a second, MACs being rows × columns of the real matrix.
//! 6. The latency is one DAC sample, light through the chip at n_g L/c with L = depth × length of
//!    one interferometer, the detector's amplifier, and one ADC sample. Setting new weights takes
//!    the shifters' time instead.
//!
//! Sources: the energy of each part: M. A. Nahmias et al., "Photonic multiply-accumulate operations
//! for neural networks", IEEE JSTQE 26, 7701518 (2020),
//! <https://doi.org/10.1109/JSTQE.2019.2941485>; losses and shifters: Y. Shen et al., Nature
//! Photonics 11, 441 (2017), <https://doi.org/10.1038/nphoton.2017.93>.

use core::fmt;

use ndarray::ArrayView1;

use super::parameter::{DeviceError, Expected, check_count, power_ratio};

/// The speed of light in metres a second.
pub const LIGHT_SPEED_M_PER_S: f64 = 299_792_458.0;

/// What the parts of a processor draw, lose and take. The defaults are typical of silicon
/// photonics.
///
/// | field | default |
/// |---|---|
/// | `half_wave_power_w` P_π | 30 mW |
/// | `shifter_loss_db` | 0.25 dB |
/// | `shifter_settling_s` | 10 µs |
/// | `detector_power_w` P_det | 10 µW |
/// | `facet_loss_db`, `modulator_loss_db` | 1.5 dB, 3 dB |
/// | `waveguide_loss_db_per_m` | 200 dB/m (2 dB/cm) |
/// | `interferometer_length_m` | 300 µm |
/// | `group_index` | 4.2 |
/// | `wall_plug_efficiency` | 0.2 |
/// | `dac_power_w` at `dac_rate_hz` | 50 mW at 14 GS/s (8 bit) |
/// | `adc_power_w` at `adc_rate_hz` | 14.8 mW at 10 GS/s (8 bit) |
/// | `modulator_energy_j` | 0.4 pJ a sample |
/// | `amplifier_power_w`, `amplifier_delay_s` | 3 mW, 0.1 ns |
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PartsList {
    /// P_π: what holds one shifter at π.
    pub half_wave_power_w: f64,
    /// What one phase shifter loses.
    pub shifter_loss_db: f64,
    /// How long a shifter takes to a new phase.
    pub shifter_settling_s: f64,
    /// P_det: the light that each output needs.
    pub detector_power_w: f64,
    /// What one coupling between fibre and chip loses.
    pub facet_loss_db: f64,
    /// What an input modulator loses.
    pub modulator_loss_db: f64,
    /// What a metre of waveguide loses.
    pub waveguide_loss_db_per_m: f64,
    /// The length of one column.
    pub interferometer_length_m: f64,
    /// n_g: light takes n_g L/c.
    pub group_index: f64,
    /// WPE: the laser's light over its electricity.
    pub wall_plug_efficiency: f64,
    /// What one DAC draws at its reference rate.
    pub dac_power_w: f64,
    /// A DAC's reference rate.
    pub dac_rate_hz: f64,
    /// What one ADC draws at its reference rate.
    pub adc_power_w: f64,
    /// An ADC's reference rate.
    pub adc_rate_hz: f64,
    /// What one modulator uses for one sample.
    pub modulator_energy_j: f64,
    /// What the amplifier behind one detector draws.
    pub amplifier_power_w: f64,
    /// How long the amplifier takes.
    pub amplifier_delay_s: f64,
}

impl Default for PartsList {
    fn default() -> Self {
        Self {
            half_wave_power_w: 30e-3,
            shifter_loss_db: 0.25,
            shifter_settling_s: 10e-6,
            detector_power_w: 10e-6,
            facet_loss_db: 1.5,
            modulator_loss_db: 3.0,
            waveguide_loss_db_per_m: 200.0,
            interferometer_length_m: 300e-6,
            group_index: 4.2,
            wall_plug_efficiency: 0.2,
            dac_power_w: 50e-3,
            dac_rate_hz: 14e9,
            adc_power_w: 14.8e-3,
            adc_rate_hz: 10e9,
            modulator_energy_j: 0.4e-12,
            amplifier_power_w: 3e-3,
            amplifier_delay_s: 0.1e-9,
        }
    }
}

/// How interferometers are arranged between the inputs and the outputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrangement {
    /// One lattice of N modes: N columns.
    Lattice,
    /// Two lattices and a column of attenuators: 2N + 1 columns.
    SingularValues,
}

/// The size and the pace of the bank to be estimated.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Workload {
    /// Rows of the real matrix: outputs.
    pub outputs: usize,
    /// Columns of the real matrix: inputs.
    pub inputs: usize,
    /// How its devices are arranged.
    pub arrangement: Arrangement,
    /// f: vectors a second.
    pub rate_hz: f64,
}

impl Workload {
    /// Columns of interferometers that light passes.
    #[must_use]
    pub const fn depth(&self) -> usize {
        let modes = if self.outputs > self.inputs { self.outputs } else { self.inputs };
        match self.arrangement {
            Arrangement::Lattice => modes,
            Arrangement::SingularValues => 2 * modes + 1,
        }
    }

    /// Multiply-accumulates of one vector: outputs × inputs.
    #[must_use]
    pub const fn multiply_accumulates(&self) -> usize {
        self.outputs * self.inputs
    }

    fn check(&self) -> Result<(), DeviceError> {
        check_count("outputs", self.outputs, 1, MOST_MODES)?;
        check_count("inputs", self.inputs, 1, MOST_MODES)?;
        Expected::Positive.check("rate_hz", self.rate_hz).map(drop)
    }
}

const MOST_MODES: usize = 1 << 16;

/// The power of each part in watts. An estimate of a simulated device.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PowerEstimate {
    /// The insertion loss IL of the worst path.
    pub insertion_loss_db: f64,
    /// The laser's electricity.
    pub laser_w: f64,
    /// What holds the phase shifters.
    pub shifters_w: f64,
    /// The DACs, one an input.
    pub dacs_w: f64,
    /// The modulators, one an input.
    pub modulators_w: f64,
    /// The amplifiers, one an output.
    pub amplifiers_w: f64,
    /// The ADCs, one an output.
    pub adcs_w: f64,
    /// Vectors a second.
    pub rate_hz: f64,
    /// Multiply-accumulates of one vector.
    pub multiply_accumulates: usize,
}

impl PowerEstimate {
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

impl fmt::Display for PowerEstimate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "estimate of a simulated device, not a measurement")?;
        for (part, power_w) in [
            ("laser", self.laser_w),
            ("phase shifters", self.shifters_w),
            ("DACs", self.dacs_w),
            ("modulators", self.modulators_w),
            ("amplifiers", self.amplifiers_w),
            ("ADCs", self.adcs_w),
            ("total", self.total_w()),
        ] {
            writeln!(f, "{part:<16}{power_w:>12.4e} W")?;
        }
        writeln!(f, "{:<16}{:>12.2} dB", "insertion loss", self.insertion_loss_db)?;
        write!(f, "{:<16}{:>12.4e} J", "energy per MAC", self.energy_per_mac_j())
    }
}

/// The time of each part in seconds for one vector. An estimate of a simulated device.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LatencyEstimate {
    /// One DAC sample.
    pub dac_s: f64,
    /// Light through the chip, n_g L/c.
    pub light_s: f64,
    /// The detector's amplifier.
    pub amplifier_s: f64,
    /// One ADC sample.
    pub adc_s: f64,
    /// Setting new weights, not part of the total.
    pub settling_s: f64,
}

impl LatencyEstimate {
    /// From the number at the DAC to the number at the ADC, in seconds.
    #[must_use]
    pub fn total_s(&self) -> f64 {
        self.dac_s + self.light_s + self.amplifier_s + self.adc_s
    }
}

impl fmt::Display for LatencyEstimate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "estimate of a simulated device, not a measurement")?;
        for (part, seconds) in [
            ("DAC", self.dac_s),
            ("light", self.light_s),
            ("amplifier", self.amplifier_s),
            ("ADC", self.adc_s),
            ("total", self.total_s()),
        ] {
            writeln!(f, "{part:<16}{seconds:>12.4e} s")?;
        }
        write!(f, "{:<16}{:>12.4e} s", "new weights", self.settling_s)
    }
}

impl PartsList {
    /// What a bank of this workload draws whose shifters stand at `phases_rad`.
    ///
    /// ```
    /// use xrmesh::photonic::energy::{Arrangement, PartsList, Workload};
    /// let workload =
    ///     Workload { outputs: 8, inputs: 8, arrangement: Arrangement::Lattice, rate_hz: 1e9 };
    /// let phases = ndarray::Array1::from_elem(64, 1.0);
    /// let estimate = PartsList::default().power(&workload, phases.view())?;
    /// assert!(estimate.shifters_w > estimate.laser_w);
    /// println!("{estimate}");
    /// # Ok::<(), xrmesh::photonic::parameter::DeviceError>(())
    /// ```
    ///
    /// # Errors
    /// A part outside its physical range, no output or input or more than 65,536, a rate not above
    /// 0, a phase below 0 or not finite (heat only adds: reduce a phase to 0…2π first).
    pub fn power(
        &self,
        workload: &Workload,
        phases_rad: ArrayView1<'_, f64>,
    ) -> Result<PowerEstimate, DeviceError> {
        self.check()?;
        workload.check()?;
        Expected::NonNegative.check_all("phase_rad", phases_rad)?;
        let (outputs, inputs) = (workload.outputs as f64, workload.inputs as f64);
        let rate_hz = workload.rate_hz;
        let insertion_loss_db = 2.0 * self.facet_loss_db
            + self.modulator_loss_db
            + workload.depth() as f64 * self.interferometer_loss_db();
        Ok(PowerEstimate {
            insertion_loss_db,
            laser_w: outputs * self.detector_power_w * power_ratio(insertion_loss_db)
                / self.wall_plug_efficiency,
            shifters_w: self.half_wave_power_w * phases_rad.iter().sum::<f64>()
                / core::f64::consts::PI,
            dacs_w: inputs * self.dac_power_w * rate_hz / self.dac_rate_hz,
            modulators_w: inputs * self.modulator_energy_j * rate_hz,
            amplifiers_w: outputs * self.amplifier_power_w,
            adcs_w: outputs * self.adc_power_w * rate_hz / self.adc_rate_hz,
            rate_hz,
            multiply_accumulates: workload.multiply_accumulates(),
        })
    }

    /// How long one vector takes through a bank of this workload, at the converters' reference
    /// rates.
    ///
    /// # Errors
    /// As [`power`](Self::power).
    pub fn latency(&self, workload: &Workload) -> Result<LatencyEstimate, DeviceError> {
        self.check()?;
        workload.check()?;
        let length_m = workload.depth() as f64 * self.interferometer_length_m;
        Ok(LatencyEstimate {
            dac_s: 1.0 / self.dac_rate_hz,
            light_s: self.group_index * length_m / LIGHT_SPEED_M_PER_S,
            amplifier_s: self.amplifier_delay_s,
            adc_s: 1.0 / self.adc_rate_hz,
            settling_s: self.shifter_settling_s,
        })
    }

    /// What one interferometer loses: two shifters and its waveguide (rule 2).
    #[must_use]
    pub fn interferometer_loss_db(&self) -> f64 {
        2.0 * self.shifter_loss_db + self.waveguide_loss_db_per_m * self.interferometer_length_m
    }

    fn check(&self) -> Result<(), DeviceError> {
        for (name, value) in [
            ("half_wave_power_w", self.half_wave_power_w),
            ("shifter_loss_db", self.shifter_loss_db),
            ("shifter_settling_s", self.shifter_settling_s),
            ("detector_power_w", self.detector_power_w),
            ("facet_loss_db", self.facet_loss_db),
            ("modulator_loss_db", self.modulator_loss_db),
            ("waveguide_loss_db_per_m", self.waveguide_loss_db_per_m),
            ("interferometer_length_m", self.interferometer_length_m),
            ("dac_power_w", self.dac_power_w),
            ("adc_power_w", self.adc_power_w),
            ("modulator_energy_j", self.modulator_energy_j),
            ("amplifier_power_w", self.amplifier_power_w),
            ("amplifier_delay_s", self.amplifier_delay_s),
        ] {
            Expected::NonNegative.check(name, value)?;
        }
        Expected::Positive.check("group_index", self.group_index)?;
        Expected::Positive.check("dac_rate_hz", self.dac_rate_hz)?;
        Expected::Positive.check("adc_rate_hz", self.adc_rate_hz)?;
        Expected::Positive.check("wall_plug_efficiency", self.wall_plug_efficiency)?;
        Expected::Within(0.0, 1.0)
            .check("wall_plug_efficiency", self.wall_plug_efficiency)
            .map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array1;

    const BANK: Workload =
        Workload { outputs: 4, inputs: 6, arrangement: Arrangement::SingularValues, rate_hz: 5e9 };

    #[test]
    fn every_part_of_a_case_computed_by_hand() {
        let phases = Array1::from_elem(10, core::f64::consts::PI);
        let estimate = PartsList::default().power(&BANK, phases.view()).unwrap();
        // 13 columns of 2·0.25 dB + 0.06 dB, two facets and a modulator.
        assert!((estimate.insertion_loss_db - (6.0 + 13.0 * 0.56)).abs() < 1e-12);
        // 4 outputs of 10 µW behind 13.28 dB (21.28 times), at 20 %.
        assert!((estimate.laser_w - 4.0 * 10e-6 * 21.281_390_5 / 0.2).abs() < 1e-10);
        assert!((estimate.shifters_w - 0.3).abs() < 1e-12);
        assert!((estimate.dacs_w - 6.0 * 0.05 * 5.0 / 14.0).abs() < 1e-12);
        assert!((estimate.modulators_w - 6.0 * 2e-3).abs() < 1e-12);
        assert!((estimate.amplifiers_w - 0.012).abs() < 1e-12);
        assert!((estimate.adcs_w - 4.0 * 7.4e-3).abs() < 1e-12);
        let parts = estimate.laser_w + 0.3 + 6.0 * 0.25 / 14.0 + 0.012 + 0.012 + 0.0296;
        assert!((estimate.energy_per_mac_j() - parts / (24.0 * 5e9)).abs() < 1e-20);
        assert!(estimate.to_string().contains("estimate"));
    }

    #[test]
    fn light_through_a_lattice_takes_the_group_index() {
        let lattice = Workload { arrangement: Arrangement::Lattice, ..BANK };
        let latency = PartsList::default().latency(&lattice).unwrap();
        // 6 columns of 300 µm at c/4.2: 25.2 ps.
        assert!((latency.light_s - 25.217e-12).abs() < 1e-15);
        let electronics = 1.0 / 14e9 + 1e-10 + 1e-10;
        assert!((latency.total_s() - latency.light_s - electronics).abs() < 1e-22);
        assert!(latency.settling_s > 1000.0 * latency.total_s());
    }

    #[test]
    fn energy_falls_with_rate_where_holding_dominates() {
        let phases = Array1::from_elem(30, 1.0);
        let parts = PartsList::default();
        let at = |rate_hz| {
            let workload = Workload { rate_hz, ..BANK };
            parts.power(&workload, phases.view()).unwrap().energy_per_mac_j()
        };
        assert!(at(1e8) > 5.0 * at(1e9) && at(1e9) > at(1e10));
    }

    #[test]
    fn what_no_device_can_be_is_an_error() {
        let phases = Array1::zeros(1);
        let parts = PartsList::default();
        assert!(parts.power(&Workload { outputs: 0, ..BANK }, phases.view()).is_err());
        assert!(parts.power(&Workload { rate_hz: f64::NAN, ..BANK }, phases.view()).is_err());
        assert!(parts.power(&BANK, Array1::from_elem(1, -1.0).view()).is_err());
        for efficiency in [0.0, 1.5, f64::NAN] {
            let parts = PartsList { wall_plug_efficiency: efficiency, ..parts };
            assert!(parts.latency(&BANK).is_err());
        }
    }
}
