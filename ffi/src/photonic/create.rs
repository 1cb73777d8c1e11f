//! A processor's beginning and end.
#![expect(unsafe_code, reason = "exports have C names")]

use core::ffi::c_char;
use std::sync::{Arc, Mutex};

use bytemuck::{Pod, Zeroable};
use ndarray::{Array2, ArrayView2};
use num_complex::Complex64;
use xrmesh::photonic::{
    Activation, Crosstalk, Device, DeviceKey, Drive, EdgeModes, ElementLoss, Fabrication, Hardware,
    Imperfection, Layer, Layout, PhotonicProcessor, Placement, ProcessorError, Quantisation, Shot,
    WeightBank, WeightBankError,
};

use crate::failure::{Failure, fail};
use crate::fence::{fence, fence_anywhere};
use crate::handle::{self, Kind, Object, xrmesh_mesh, xrmesh_processor};
use crate::mesh::create::destroy;
use crate::mesh::object;
use crate::mesh::sender::enter;
use crate::pointer::extensible;
use crate::status::*;

/// An amplitude stays itself.
pub const XRMESH_ACTIVATION_LINEAR: u32 = 0;
/// The real part, or 0 where that is negative.
pub const XRMESH_ACTIVATION_RELU: u32 = 1;
/// The detected power.
pub const XRMESH_ACTIVATION_POWER: u32 = 2;
/// A share of the light is detected and modulates the rest: `tap`, `gain_rad`, `bias_rad`.
pub const XRMESH_ACTIVATION_ELECTRO_OPTIC: u32 = 3;

/// Weights are complex: two numbers each, real and imaginary part.
pub const XRMESH_PROCESSOR_COMPLEX: u32 = 1;
/// `imperfection` says on what hardware; without it the processor is ideal.
pub const XRMESH_PROCESSOR_IMPERFECT: u32 = 2;

/// Clements' rectangle of interferometers.
pub const XRMESH_LAYOUT_RECTANGULAR: u32 = 0;
/// Reck's triangle.
pub const XRMESH_LAYOUT_TRIANGULAR: u32 = 1;
/// Bell and Walmsley's compact rectangle.
pub const XRMESH_LAYOUT_COMPACT: u32 = 2;

/// Any phase can be set.
pub const XRMESH_QUANTISATION_NONE: u32 = 0;
/// 2^bits equal steps of phase.
pub const XRMESH_QUANTISATION_PHASE: u32 = 1;
/// 2^bits equal steps of voltage.
pub const XRMESH_QUANTISATION_VOLTAGE: u32 = 2;

/// Heat stays where it is made.
pub const XRMESH_CROSSTALK_NONE: u32 = 0;
/// Neighbouring rows of one column and kind couple by `crosstalk_share`.
pub const XRMESH_CROSSTALK_NEAREST: u32 = 1;
/// All shifters couple by their distance: `crosstalk_share`, the lengths and pitches.
pub const XRMESH_CROSSTALK_DISTANCE: u32 = 2;

/// The most rows or columns of a weight matrix.
const MOST_SIDE: u32 = 4096;

/// One layer: a matrix of weights, rows first, and what its outputs meet. 48 bytes.
#[derive(Clone, Copy, PartialEq, Debug, Default, Pod, Zeroable)]
#[repr(C)]
pub struct xrmesh_layer {
    /// Outputs, at most 4,096.
    pub rows: u32,
    /// Inputs, at most 4,096.
    pub columns: u32,
    /// Where its weights begin in the call's weights, in numbers.
    pub weights_offset: u32,
    /// XRMESH_ACTIVATION_*.
    pub activation: u32,
    /// With XRMESH_ACTIVATION_ELECTRO_OPTIC: the share that is detected, 0 to 1.
    pub tap: f64,
    /// With XRMESH_ACTIVATION_ELECTRO_OPTIC: phase for each unit of power.
    pub gain_rad: f64,
    /// With XRMESH_ACTIVATION_ELECTRO_OPTIC: phase without light.
    pub bias_rad: f64,
    /// Zero.
    pub reserved: u64,
}

/// How a processor is made. Fill it by `xrmesh_processor_options_default`: ideal hardware, real weights.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct xrmesh_processor_options {
    /// The size of this struct.
    pub struct_size: u32,
    /// XRMESH_PROCESSOR_*.
    pub flags: u32,
    /// XRMESH_LAYOUT_*.
    pub layout: u32,
    /// Which device of the seed.
    pub device: u32,
    /// All that is by chance follows from it.
    pub seed: u64,
    /// Spread of each coupler's angle from 50:50.
    pub coupler_sigma_rad: f64,
    /// Spread of each shifter's phase at zero drive.
    pub offset_sigma_rad: f64,
    /// Loss of each coupler.
    pub coupler_loss_db: f64,
    /// Loss of each shifter.
    pub shifter_loss_db: f64,
    /// Loss of each arm's waveguide.
    pub arm_loss_db: f64,
    /// Spread of every phase around its setting, anew at every shot.
    pub phase_sigma_rad: f64,
    /// Photons at the input for one vector, for the detectors' shot noise; 0 for none. Needs a last
    /// activation of XRMESH_ACTIVATION_POWER.
    pub photons: f64,
    /// XRMESH_QUANTISATION_*.
    pub quantisation: u32,
    /// 1 to 24.
    pub quantisation_bits: u32,
    /// XRMESH_CROSSTALK_*.
    pub crosstalk: u32,
    /// 1 if modes beside a column pass a dummy element, 0 if they pass a bare waveguide.
    pub dummy_edges: u32,
    /// The share of a neighbour's phase.
    pub crosstalk_share: f64,
    /// The length over which it falls by e.
    pub crosstalk_length_m: f64,
    /// Between the shifters of neighbouring modes.
    pub row_pitch_m: f64,
    /// From one column of elements to the next.
    pub column_pitch_m: f64,
    /// Beyond this there is no crosstalk; 0 for no such limit.
    pub crosstalk_cutoff_m: f64,
}

extensible!(xrmesh_processor_options);

/// What a processor's handle stands for.
pub(crate) struct ProcessorObject {
    pub(crate) design: PhotonicProcessor,
    device: Mutex<Device>,
}

impl Object for ProcessorObject {
    const KIND: Kind = Kind::Processor;
}

impl ProcessorObject {
    /// The device, for this thread alone.
    pub(crate) fn enter(&self) -> Result<std::sync::MutexGuard<'_, Device>, Failure> {
        enter(&self.device, "processor")
    }

    /// A device of the same design and the same errors.
    pub(crate) fn copy(&self) -> Result<Device, Failure> {
        Ok(self.enter()?.clone())
    }
}

impl From<ProcessorError> for Failure {
    fn from(error: ProcessorError) -> Self {
        let status = match &error {
            ProcessorError::Chain { .. } => XRMESH_ERROR_SHAPE,
            _ => XRMESH_ERROR_PHOTONIC,
        };
        Self::new(status, error)
    }
}

impl From<WeightBankError> for Failure {
    fn from(error: WeightBankError) -> Self {
        Self::new(XRMESH_ERROR_PHOTONIC, error)
    }
}

/// Fills the options with their defaults. NULL is let be.
///
/// Any thread, also in callbacks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_processor_options_default(options: *mut xrmesh_processor_options) {
    fence_anywhere!(
        quiet | caller | {
            caller.out(options, "options")?.set(xrmesh_processor_options {
                struct_size: size_of::<xrmesh_processor_options>() as u32,
                flags: 0,
                layout: XRMESH_LAYOUT_RECTANGULAR,
                device: 0,
                seed: 0,
                coupler_sigma_rad: 0.0,
                offset_sigma_rad: 0.0,
                coupler_loss_db: 0.0,
                shifter_loss_db: 0.0,
                arm_loss_db: 0.0,
                phase_sigma_rad: 0.0,
                photons: 0.0,
                quantisation: XRMESH_QUANTISATION_NONE,
                quantisation_bits: 8,
                crosstalk: XRMESH_CROSSTALK_NONE,
                dummy_edges: 0,
                crosstalk_share: 0.0,
                crosstalk_length_m: 100e-6,
                row_pitch_m: 100e-6,
                column_pitch_m: 300e-6,
                crosstalk_cutoff_m: 0.0,
            });
            Ok(XRMESH_OK)
        }
    );
}

/// Makes a processor of matrices, the first layer first: each is decomposed into two lattices of
/// interferometers and a row of attenuators. O(rows × columns²) a layer.
///
/// Any thread.
///
/// Errors: XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_MISALIGNED, XRMESH_ERROR_STRUCT_SIZE,
/// XRMESH_ERROR_UNKNOWN_VALUE, XRMESH_ERROR_OUT_OF_RANGE, XRMESH_ERROR_RESERVED,
/// XRMESH_ERROR_SHAPE if a layer does not take what the one before gives, XRMESH_ERROR_PHOTONIC for
/// numbers that no device has, XRMESH_ERROR_OUT_OF_MEMORY, XRMESH_ERROR_LIMIT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_processor_create(
    options: *const xrmesh_processor_options,
    layers: *const xrmesh_layer,
    layer_count: u32,
    weights: *const f64,
    weight_count: u32,
    processor: *mut xrmesh_processor,
) -> xrmesh_status {
    fence!(|caller| {
        let options = caller.extensible(options)?;
        let out = caller.out(processor, "processor")?;
        let layers = caller.slice(layers, layer_count, "layers")?;
        let weights = caller.slice(weights, weight_count, "weights")?;
        let known = XRMESH_PROCESSOR_COMPLEX | XRMESH_PROCESSOR_IMPERFECT;
        if options.flags & !known != 0 {
            fail!(XRMESH_ERROR_UNKNOWN_VALUE, "options.flags is {:#x}, known 0x3", options.flags);
        }
        let layout = match options.layout {
            XRMESH_LAYOUT_RECTANGULAR => Layout::Rectangular,
            XRMESH_LAYOUT_TRIANGULAR => Layout::Triangular,
            XRMESH_LAYOUT_COMPACT => Layout::Compact,
            given => fail!(XRMESH_ERROR_UNKNOWN_VALUE, "layout is {given}, known are 0 to 2"),
        };
        let complex = options.flags & XRMESH_PROCESSOR_COMPLEX != 0;
        let layers = layers.iter().map(|given| layer(given, weights, complex, layout));
        let design = PhotonicProcessor::new(layers.collect::<Result<_, Failure>>()?)?;
        let hardware = hardware(&options)?;
        let device = Mutex::new(Device::new(design.clone(), hardware)?);
        let object = ProcessorObject { design, device };
        out.set(xrmesh_processor { bits: handle::insert(Arc::new(object))? });
        Ok(XRMESH_OK)
    })
}

fn layer(
    given: &xrmesh_layer,
    weights: &[f64],
    complex: bool,
    layout: Layout,
) -> Result<Layer, Failure> {
    let (rows, columns) = (given.rows, given.columns);
    if given.reserved != 0 {
        fail!(XRMESH_ERROR_RESERVED, "xrmesh_layer.reserved is not zero");
    }
    if !(1..=MOST_SIDE).contains(&rows) || !(1..=MOST_SIDE).contains(&columns) {
        fail!(
            XRMESH_ERROR_OUT_OF_RANGE,
            "a matrix of {rows} × {columns}, expected 1 to {MOST_SIDE} each"
        );
    }
    let (shape, begin) = ((rows as usize, columns as usize), given.weights_offset as usize);
    let count = shape.0 * shape.1 * if complex { 2 } else { 1 };
    let Some(numbers) = weights.get(begin..begin + count) else {
        let all = weights.len();
        fail!(
            XRMESH_ERROR_OUT_OF_RANGE,
            "a matrix of {count} numbers from number {begin} on, of {all} given"
        );
    };
    let refused = |error| Failure::new(XRMESH_ERROR_SHAPE, error);
    let bank = if complex {
        let pairs = numbers.as_chunks::<2>().0.iter().map(|&[re, im]| Complex64::new(re, im));
        let matrix = Array2::from_shape_vec(shape, pairs.collect()).map_err(refused)?;
        WeightBank::new(matrix.view(), layout)?
    } else {
        WeightBank::from_real(ArrayView2::from_shape(shape, numbers).map_err(refused)?, layout)?
    };
    let activation = match given.activation {
        XRMESH_ACTIVATION_LINEAR => Activation::Linear,
        XRMESH_ACTIVATION_RELU => Activation::Relu,
        XRMESH_ACTIVATION_POWER => Activation::Power,
        XRMESH_ACTIVATION_ELECTRO_OPTIC => {
            let xrmesh_layer { tap, gain_rad, bias_rad, .. } = *given;
            Activation::ElectroOptic { tap, gain_rad, bias_rad }
        }
        given => fail!(XRMESH_ERROR_UNKNOWN_VALUE, "activation is {given}, known are 0 to 3"),
    };
    Ok(Layer { bank, activation })
}

fn hardware(options: &xrmesh_processor_options) -> Result<Option<Hardware>, Failure> {
    if options.flags & XRMESH_PROCESSOR_IMPERFECT == 0 {
        return Ok(None);
    }
    let bits = options.quantisation_bits;
    let quantisation = match options.quantisation {
        XRMESH_QUANTISATION_NONE => Quantisation::None,
        XRMESH_QUANTISATION_PHASE => Quantisation::Phase { bits },
        XRMESH_QUANTISATION_VOLTAGE => Quantisation::Voltage { bits },
        given => fail!(XRMESH_ERROR_UNKNOWN_VALUE, "quantisation is {given}, known are 0 to 2"),
    };
    let crosstalk = match options.crosstalk {
        XRMESH_CROSSTALK_NONE => Crosstalk::None,
        XRMESH_CROSSTALK_NEAREST => Crosstalk::Nearest { share: options.crosstalk_share },
        XRMESH_CROSSTALK_DISTANCE => Crosstalk::Distance(Placement {
            share: options.crosstalk_share,
            length_m: options.crosstalk_length_m,
            row_pitch_m: options.row_pitch_m,
            column_pitch_m: options.column_pitch_m,
            cutoff_m: (options.crosstalk_cutoff_m != 0.0).then_some(options.crosstalk_cutoff_m),
        }),
        given => fail!(XRMESH_ERROR_UNKNOWN_VALUE, "crosstalk is {given}, known are 0 to 2"),
    };
    let edge_modes = match options.dummy_edges {
        0 => EdgeModes::Bare,
        1 => EdgeModes::Dummy,
        given => fail!(XRMESH_ERROR_UNKNOWN_VALUE, "dummy_edges is {given}, expected 0 or 1"),
    };
    Ok(Some(Hardware {
        imperfection: Imperfection {
            fabrication: Fabrication {
                coupler_sigma_rad: options.coupler_sigma_rad,
                offset_sigma_rad: options.offset_sigma_rad,
                loss: ElementLoss {
                    coupler_db: options.coupler_loss_db,
                    shifter_db: options.shifter_loss_db,
                    arm_db: options.arm_loss_db,
                },
                edge_modes,
            },
            drive: Drive { quantisation, crosstalk },
            shot: Shot { phase_sigma_rad: options.phase_sigma_rad },
        },
        key: DeviceKey { seed: options.seed, device: options.device },
        photons: (options.photons != 0.0).then_some(options.photons),
    }))
}

/// Destroys a processor. Meshes that it was added to keep theirs.
///
/// Any thread.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_processor_destroy(processor: xrmesh_processor) -> xrmesh_status {
    fence!(|_caller| destroy::<ProcessorObject>(processor.bits))
}

/// Adds a copy of a processor to a mesh, under a name of 1 to 255 bytes, so that its agents can think with
/// it. `number` gets what they name it by. At most 256, and none while the session is recorded.
///
/// One at a time.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_UTF8,
/// XRMESH_ERROR_NAME, XRMESH_ERROR_NAME_TAKEN, XRMESH_ERROR_LIMIT, XRMESH_ERROR_RECORDED,
/// XRMESH_ERROR_PAYLOAD_TOO_LARGE, XRMESH_ERROR_BUSY, XRMESH_ERROR_DRIVEN, XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_mesh_add_processor(
    mesh: xrmesh_mesh,
    name: *const c_char,
    name_len: u32,
    processor: xrmesh_processor,
    number: *mut u32,
) -> xrmesh_status {
    fence!(|caller| {
        let name = caller.text(name, name_len, "name")?;
        let number = caller.out(number, "number")?;
        let device = handle::pin::<ProcessorObject>(processor.bits)?.copy()?;
        object::with(mesh, |mesh| {
            number.set(mesh.add_processor(name, device)?.to_bits());
            Ok(XRMESH_OK)
        })
    })
}
