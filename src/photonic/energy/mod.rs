//! What a processor would draw and how long it would take: estimates of a simulated device.
//!
//! [`PhotonicProcessor::energy`](super::PhotonicProcessor::energy) and
//! [`latency`](super::PhotonicProcessor::latency) read sizes, phases and losses off the processor's own
//! layers, [`Device`](super::Device)'s off the device too; a [`PartsList`] says what each part is like.
//!
//! 1. A *stage* is what light passes between a row of modulators and a row of detectors. Layers share one
//!    until a digital activation ends it: [`Relu`](super::Activation::Relu) and
//!    [`Power`](super::Activation::Power) do, the others leave the light as light.
//! 2. The laser must give every output of a stage P_det after the worst path: P_laser =
//!    N·P_det·10^{IL/10}/WPE, WPE being its wall-plug efficiency and IL = 2·facet + modulator +
//!    depth·(loss of one interferometer), in dB.
//! 3. The depth is counted in columns of interferometers: N for a lattice (2N − 3 for a triangle), and one
//!    more for a bank's attenuators, so 2N + 1 for a square bank.
//! 4. An interferometer loses what its couplers, the shifters on one path (two; one in the compact
//!    layout) and its waveguide lose: what the lattice's own device loses, or the parts list where the
//!    lattice is without loss.
//! 5. A shifter at phase φ, reduced to 0…2π, holds P_π φ/π watts, all the time.
//! 6. Converters draw in proportion to the rate, P_ref·f/f_ref; a modulator a fixed energy a
//!    sample; an amplifier a fixed power.
//! 7. An electro-optic activation costs each of its outputs a tap, an amplifier and a modulator, and the
//!    light passes that modulator's loss and goes on with the share 1 − α.
//! 8. E/MAC is the sum over MACs a second, MACs being rows × columns of the real matrices.
//! 9. The latency is, for each stage, one DAC sample, light through the chip at n_g L/c with L = depth ×
//!    length of one interferometer, the detectors' amplifiers, and one ADC sample. Setting new weights
//!    takes the shifters' time instead.
//!
//! Sources: the energy of each part: M. A. Nahmias et al., "Photonic multiply-accumulate operations
//! for neural networks", IEEE JSTQE 26, 7701518 (2020),
//! <https://doi.org/10.1109/JSTQE.2019.2941485>; losses and shifters: Y. Shen et al., Nature
//! Photonics 11, 441 (2017), <https://doi.org/10.1038/nphoton.2017.93>.

mod latency;
mod power;
mod stage;

use super::interferometer::ElementLoss;
use super::parameter::{DeviceError, Expected};

pub use latency::LatencyReport;
pub use power::{EnergyReport, StagePower};
pub(in crate::photonic) use stage::Stage;

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

impl PartsList {
    /// What the parts of one interferometer lose.
    #[must_use]
    pub const fn element_loss(&self) -> ElementLoss {
        ElementLoss {
            coupler_db: 0.0,
            shifter_db: self.shifter_loss_db,
            arm_db: self.waveguide_loss_db_per_m * self.interferometer_length_m,
        }
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
