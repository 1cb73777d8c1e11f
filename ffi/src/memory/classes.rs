//! Class labels, and how the objects of a class are fused, aged and stored.
#![expect(unsafe_code, reason = "exports have C names")]

use core::ffi::c_char;
use core::time::Duration;

use xrmesh::memory::{ClassOptions, MemoryAnswer, MemoryCommand};

use super::content::{class as class_of, xrmesh_class_id};
use super::options::durability;
use super::owner;
use crate::failure::{Failure, fail};
use crate::fence::{fence, fence_anywhere};
use crate::handle::xrmesh_memory;
use crate::pointer::extensible;
use crate::status::*;

/// How observations of a class become objects, and how long these last. Fill it by
/// `xrmesh_class_options_default`.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct xrmesh_class_options {
    /// The size of this struct.
    pub struct_size: u32,
    /// How many observations in a row must have been of the one and none of the other before two objects
    /// are merged, 1 to 65,535.
    pub merge_after: u32,
    /// How far, in metres, an observation may lie from where its object was predicted: above 0, at most
    /// 1,000.
    pub gate_m: f32,
    /// How much of a pair's cost is what the two boxes do not share, 0 to 1.
    pub overlap_weight: f32,
    /// How far an observation as sure as its object moves it, above 0, at most 1.
    pub gain: f32,
    /// The fastest that an object moves, in metres a second, 0 to 1,000.
    pub max_speed_m_s: f32,
    /// How close, in metres, two objects are taken for one; 0 for never, at most `gate_m`.
    pub merge_distance_m: f32,
    /// What part of the persistence that an object lacks a sure observation restores, 0 to 1.
    pub restore: f32,
    /// The persistence below which it leaves, 0 to 1.
    pub least_persistence: f32,
    /// Zero.
    pub reserved: u32,
    /// How long an object that is not observed is expected to go on as it moved, in nanoseconds.
    pub prediction_ns: i64,
    /// For how long an object that is not seen loses nothing, in nanoseconds.
    pub patience_ns: i64,
    /// In what time an object that should be seen and is not loses half of its persistence, in
    /// nanoseconds, above 0.
    pub half_life_ns: i64,
}

extensible!(xrmesh_class_options);

fn shown(options: &ClassOptions) -> xrmesh_class_options {
    let nanoseconds = |time: Duration| i64::try_from(time.as_nanos()).unwrap_or(i64::MAX);
    xrmesh_class_options {
        struct_size: size_of::<xrmesh_class_options>() as u32,
        merge_after: options.merge_after.into(),
        gate_m: options.gate_m,
        overlap_weight: options.overlap_weight,
        gain: options.gain,
        max_speed_m_s: options.max_speed_m_s,
        merge_distance_m: options.merge_distance_m,
        restore: options.restore,
        least_persistence: options.least_persistence,
        reserved: 0,
        prediction_ns: nanoseconds(options.prediction),
        patience_ns: nanoseconds(options.patience),
        half_life_ns: nanoseconds(options.half_life),
    }
}

/// Fills the options with their defaults. NULL is let be.
///
/// Any thread, also in callbacks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_class_options_default(options: *mut xrmesh_class_options) {
    fence_anywhere!(
        quiet | caller | {
            caller.out(options, "options")?.set(shown(&ClassOptions::default()));
            Ok(XRMESH_OK)
        }
    );
}

/// The class of a label, which gets the next number where it is new.
///
/// One at a time.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_UTF8,
/// XRMESH_ERROR_OUT_OF_RANGE for a label that is empty or too long, XRMESH_ERROR_LIMIT,
/// XRMESH_ERROR_BACKLOG, XRMESH_ERROR_IO, XRMESH_ERROR_STORE_FAILED, XRMESH_ERROR_CLOSED if its mesh
/// is gone, XRMESH_ERROR_BUSY, XRMESH_ERROR_DRIVEN, XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_memory_class(
    memory: xrmesh_memory,
    label: *const c_char,
    label_len: u32,
    class_id: *mut xrmesh_class_id,
) -> xrmesh_status {
    fence!(|caller| {
        let label = caller.text(label, label_len, "label")?;
        let out = caller.out(class_id, "class_id")?;
        match owner::change(memory, &MemoryCommand::Class(label.into()))? {
            MemoryAnswer::Class(class) => {
                out.set(class.index().into());
                Ok(XRMESH_OK)
            }
            _ => fail!(XRMESH_ERROR_UNKNOWN_CLASS, "{label:?} got no class"),
        }
    })
}

/// Says how objects of a class are fused and aged from now on. Not stored: say it again after a store was
/// opened.
///
/// One at a time.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_STRUCT_SIZE,
/// XRMESH_ERROR_UNKNOWN_CLASS, XRMESH_ERROR_OUT_OF_RANGE, XRMESH_ERROR_RESERVED,
/// XRMESH_ERROR_RECORDED in a mesh whose session is recorded, XRMESH_ERROR_CLOSED if its mesh is gone,
/// XRMESH_ERROR_BUSY, XRMESH_ERROR_DRIVEN, XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_memory_set_class_options(
    memory: xrmesh_memory,
    class_id: xrmesh_class_id,
    options: *const xrmesh_class_options,
) -> xrmesh_status {
    fence!(|caller| {
        let options = caller.extensible(options)?;
        if options.reserved != 0 {
            fail!(XRMESH_ERROR_RESERVED, "options.reserved is not zero");
        }
        let duration = |name: &str, given: i64| match u64::try_from(given) {
            Ok(nanoseconds) => Ok(Duration::from_nanos(nanoseconds)),
            Err(_) => Err(Failure::new(
                XRMESH_ERROR_OUT_OF_RANGE,
                format_args!("{name} is {given}, expected 0 or more"),
            )),
        };
        let Ok(merge_after) = u16::try_from(options.merge_after) else {
            let given = options.merge_after;
            fail!(XRMESH_ERROR_OUT_OF_RANGE, "merge_after is {given}, expected 1 to 65,535");
        };
        let parsed = ClassOptions {
            gate_m: options.gate_m,
            overlap_weight: options.overlap_weight,
            gain: options.gain,
            max_speed_m_s: options.max_speed_m_s,
            prediction: duration("prediction_ns", options.prediction_ns)?,
            merge_distance_m: options.merge_distance_m,
            merge_after,
            restore: options.restore,
            patience: duration("patience_ns", options.patience_ns)?,
            half_life: duration("half_life_ns", options.half_life_ns)?,
            least_persistence: options.least_persistence,
        };
        let class = class_of(class_id)?;
        owner::alter(memory, |memory| {
            memory.set_class_options(class, parsed)?;
            Ok(XRMESH_OK)
        })
    })
}

/// How objects of a class are fused and aged.
///
/// One at a time.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_STRUCT_SIZE,
/// XRMESH_ERROR_UNKNOWN_CLASS, XRMESH_ERROR_CLOSED if its mesh is gone, XRMESH_ERROR_BUSY,
/// XRMESH_ERROR_DRIVEN, XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_memory_class_options(
    memory: xrmesh_memory,
    class_id: xrmesh_class_id,
    options: *mut xrmesh_class_options,
) -> xrmesh_status {
    fence!(|caller| {
        let out = caller.out_extensible(options)?;
        let class = class_of(class_id)?;
        owner::with(memory, |memory| {
            if memory.view().label(class).is_none() {
                fail!(XRMESH_ERROR_UNKNOWN_CLASS, "class {class_id} is not there");
            }
            out.set(shown(&memory.class_options(class)));
            Ok(XRMESH_OK)
        })
    })
}

/// How soon the moves, observations and ageing of a class's objects are written to the store:
/// XRMESH_DURABILITY_*, with `ticks` for an interval. Not stored: say it again after a store was opened.
///
/// One at a time.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_UNKNOWN_CLASS, XRMESH_ERROR_UNKNOWN_VALUE,
/// XRMESH_ERROR_OUT_OF_RANGE, XRMESH_ERROR_CLOSED if its mesh is gone, XRMESH_ERROR_BUSY,
/// XRMESH_ERROR_DRIVEN, XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_memory_set_durability(
    memory: xrmesh_memory,
    class_id: xrmesh_class_id,
    kind: u32,
    ticks: u32,
) -> xrmesh_status {
    fence!(|_caller| {
        let (class, durability) = (class_of(class_id)?, durability(kind, ticks)?);
        owner::with(memory, |memory| {
            if memory.view().label(class).is_none() {
                fail!(XRMESH_ERROR_UNKNOWN_CLASS, "class {class_id} is not there");
            }
            memory.set_durability(class, durability);
            Ok(XRMESH_OK)
        })
    })
}
