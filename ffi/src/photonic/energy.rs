//! What a processor would draw and how long it would take: estimates of a simulated device.
#![expect(unsafe_code, reason = "exports have C names")]

use xrmesh::photonic::energy::{Arrangement, PartsList, Workload};
use xrmesh::photonic::parameter::DeviceError;

use super::create::ProcessorObject;
use crate::failure::Failure;
use crate::fence::{fence, fence_anywhere};
use crate::handle::{self, xrmesh_processor};
use crate::pointer::extensible;
use crate::status::*;

/// What the parts of a processor draw, lose and take. Fill it by `xrmesh_parts_default`: typical of silicon
/// photonics.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct xrmesh_parts {
    /// The size of this struct.
    pub struct_size: u32,
    /// Zero.
    pub reserved: u32,
    /// What holds one shifter at π.
    pub half_wave_power_w: f64,
    /// What one shifter loses.
    pub shifter_loss_db: f64,
    /// How long a shifter takes to a new phase.
    pub shifter_settling_s: f64,
    /// The light that each output needs.
    pub detector_power_w: f64,
    /// What one coupling between fibre and chip loses.
    pub facet_loss_db: f64,
    /// What an input modulator loses.
    pub modulator_loss_db: f64,
    /// What a metre of waveguide loses.
    pub waveguide_loss_db_per_m: f64,
    /// The length of one column.
    pub interferometer_length_m: f64,
    /// Light takes this many times longer than in vacuum.
    pub group_index: f64,
    /// The laser's light over its electricity.
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

/// An estimate of a simulated device, all layers together; not a measurement. Fill it by
/// `xrmesh_energy_default`.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct xrmesh_energy {
    /// The size of this struct.
    pub struct_size: u32,
    /// How many layers.
    pub layers: u32,
    /// The insertion loss of the worst layer.
    pub insertion_loss_db: f64,
    /// The lasers' electricity.
    pub laser_w: f64,
    /// What holds the phase shifters.
    pub shifters_w: f64,
    /// The DACs.
    pub dacs_w: f64,
    /// The modulators.
    pub modulators_w: f64,
    /// The amplifiers.
    pub amplifiers_w: f64,
    /// The ADCs.
    pub adcs_w: f64,
    /// All of it.
    pub total_w: f64,
    /// For one vector.
    pub energy_per_vector_j: f64,
    /// For one multiply-accumulate.
    pub energy_per_mac_j: f64,
    /// From the number at the first DAC to the number at the last ADC.
    pub latency_s: f64,
    /// Setting new weights, not part of the latency.
    pub settling_s: f64,
    /// Multiply-accumulates of one vector.
    pub multiply_accumulates: u64,
}

extensible!(xrmesh_parts, xrmesh_energy);

impl From<DeviceError> for Failure {
    fn from(error: DeviceError) -> Self {
        Self::new(XRMESH_ERROR_PHOTONIC, error)
    }
}

macro_rules! same_fields {
    ($from:expr => $to:ident { $($more:tt)* }: $($field:ident),+) => {
        $to { $($field: $from.$field,)+ $($more)* }
    };
}

/// Fills the parts with their defaults. NULL is let be.
///
/// Any thread, also in callbacks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_parts_default(parts: *mut xrmesh_parts) {
    fence_anywhere!(
        quiet | caller | {
            let usual = PartsList::default();
            caller.out(parts, "parts")?.set(same_fields!(usual => xrmesh_parts {
            struct_size: size_of::<xrmesh_parts>() as u32, reserved: 0
        }: half_wave_power_w, shifter_loss_db, shifter_settling_s, detector_power_w, facet_loss_db,
            modulator_loss_db, waveguide_loss_db_per_m, interferometer_length_m, group_index,
            wall_plug_efficiency, dac_power_w, dac_rate_hz, adc_power_w, adc_rate_hz,
            modulator_energy_j, amplifier_power_w, amplifier_delay_s));
            Ok(XRMESH_OK)
        }
    );
}

/// Fills the estimate with zeros and its size. NULL is let be.
///
/// Any thread, also in callbacks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_energy_default(energy: *mut xrmesh_energy) {
    fence_anywhere!(
        quiet | caller | {
            caller.out(energy, "energy")?.set(EMPTY);
            Ok(XRMESH_OK)
        }
    );
}

const EMPTY: xrmesh_energy = xrmesh_energy {
    struct_size: size_of::<xrmesh_energy>() as u32,
    layers: 0,
    insertion_loss_db: 0.0,
    laser_w: 0.0,
    shifters_w: 0.0,
    dacs_w: 0.0,
    modulators_w: 0.0,
    amplifiers_w: 0.0,
    adcs_w: 0.0,
    total_w: 0.0,
    energy_per_vector_j: 0.0,
    energy_per_mac_j: 0.0,
    latency_s: 0.0,
    settling_s: 0.0,
    multiply_accumulates: 0,
};

/// What a processor would draw at `rate_hz` vectors a second, and how long one would take: each layer with
/// its own converters. `parts` is optional.
///
/// Any thread.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_STRUCT_SIZE,
/// XRMESH_ERROR_PHOTONIC for a part outside its range or a rate that is not above 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_processor_energy(
    processor: xrmesh_processor,
    rate_hz: f64,
    parts: *const xrmesh_parts,
    energy: *mut xrmesh_energy,
) -> xrmesh_status {
    fence!(|caller| {
        let out = caller.out_extensible(energy)?;
        let parts = caller.optional_extensible(parts)?.map_or_else(PartsList::default, |given| {
            same_fields!(given => PartsList {}: half_wave_power_w, shifter_loss_db,
                shifter_settling_s, detector_power_w, facet_loss_db, modulator_loss_db,
                waveguide_loss_db_per_m, interferometer_length_m, group_index,
                wall_plug_efficiency, dac_power_w, dac_rate_hz, adc_power_w, adc_rate_hz,
                modulator_energy_j, amplifier_power_w, amplifier_delay_s)
        });
        let held = handle::pin::<ProcessorObject>(processor.bits)?;
        let mut sum = EMPTY;
        for layer in held.design.layers() {
            let workload = Workload {
                outputs: layer.bank.outputs(),
                inputs: layer.bank.inputs(),
                arrangement: Arrangement::SingularValues,
                rate_hz,
            };
            let power = parts.power(&workload, layer.bank.phases_rad().view())?;
            let latency = parts.latency(&workload)?;
            sum.layers += 1;
            sum.insertion_loss_db = sum.insertion_loss_db.max(power.insertion_loss_db);
            sum.laser_w += power.laser_w;
            sum.shifters_w += power.shifters_w;
            sum.dacs_w += power.dacs_w;
            sum.modulators_w += power.modulators_w;
            sum.amplifiers_w += power.amplifiers_w;
            sum.adcs_w += power.adcs_w;
            sum.total_w += power.total_w();
            sum.energy_per_vector_j += power.energy_per_vector_j();
            sum.latency_s += latency.total_s();
            sum.settling_s = sum.settling_s.max(latency.settling_s);
            sum.multiply_accumulates += power.multiply_accumulates as u64;
        }
        sum.energy_per_mac_j = sum.energy_per_vector_j / sum.multiply_accumulates as f64;
        out.set(sum);
        Ok(XRMESH_OK)
    })
}
