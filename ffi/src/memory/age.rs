//! What should be seen and is not is forgotten by and by.
#![expect(unsafe_code, reason = "exports have C names")]

use bytemuck::{Pod, Zeroable};
use xrmesh::memory::{MemoryAnswer, MemoryCommand, Observer};
use xrmesh::{Time, Vec3};

use super::owner;
use super::write::reserved;
use crate::failure::{Failure, fail};
use crate::fence::fence;
use crate::handle::xrmesh_memory;
use crate::pointer::Listed;
use crate::region::{self, xrmesh_region};
use crate::status::*;

/// Where somebody looks, and would have seen what is there. 24 bytes where pointers have 8.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct xrmesh_observer {
    /// Where the eye is, in the world, in metres.
    pub eye: [f32; 3],
    /// 1 where objects hide each other from it, else 0.
    pub occlusion: u32,
    /// What it would see: a camera's frustum up to its range, a scanner's sphere.
    pub sight: *const xrmesh_region,
}

// SAFETY: numbers and a pointer, `repr(C)`.
unsafe impl Listed for xrmesh_observer {}

/// What ageing did. 8 bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Pod, Zeroable)]
#[repr(C)]
pub struct xrmesh_aged {
    /// Objects that lost persistence and stayed.
    pub aged: u32,
    /// Objects that left: see `xrmesh_memory_departures`.
    pub faded: u32,
}

/// The observers of one call at most.
const MOST_OBSERVERS: u32 = 4096;

/// Lowers the persistence of what lies where observers look at `now_ns`, at most 4,096 of them, and was not
/// seen since the last call for longer than the `patience_ns` of its class. To be called after
/// `xrmesh_memory_observe`, in each frame or a few times a second. In a memory that is attached to a mesh the
/// time is that of its last tick, and `now_ns` is not read. `aged` is optional.
///
/// One at a time.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_STRUCT_SIZE,
/// XRMESH_ERROR_OUT_OF_RANGE, XRMESH_ERROR_GEOMETRY, XRMESH_ERROR_UNKNOWN_VALUE,
/// XRMESH_ERROR_BACKLOG, XRMESH_ERROR_IO, XRMESH_ERROR_STORE_FAILED, XRMESH_ERROR_CLOSED if its mesh
/// is gone, XRMESH_ERROR_BUSY, XRMESH_ERROR_DRIVEN, XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_memory_age(
    memory: xrmesh_memory,
    observers: *const xrmesh_observer,
    count: u32,
    now_ns: i64,
    aged: *mut xrmesh_aged,
) -> xrmesh_status {
    fence!(|caller| {
        let aged = caller.optional_out(aged);
        if count > MOST_OBSERVERS {
            fail!(XRMESH_ERROR_OUT_OF_RANGE, "{count} observers, at most {MOST_OBSERVERS}");
        }
        let mut parsed = reserved(count as usize)?;
        for index in 0..count {
            let given = caller.element(observers, index, "observers")?;
            let occlusion = match given.occlusion {
                0 => false,
                1 => true,
                other => {
                    fail!(XRMESH_ERROR_UNKNOWN_VALUE, "occlusion is {other}, expected 0 or 1")
                }
            };
            let sight = region::read(caller, given.sight).map_err(|Failure { status, text }| {
                Failure::new(status, format_args!("observer {index}: {text}"))
            })?;
            parsed.push(Observer { eye: Vec3::from_array(given.eye), sight, occlusion });
        }
        let command = MemoryCommand::Age(parsed);
        let done = owner::pin(memory)?.enter()?.change(&command, Time::from_nanos(now_ns))?;
        if let (MemoryAnswer::Aged(done), Some(aged)) = (done, aged) {
            aged.set(xrmesh_aged { aged: done.aged as u32, faded: done.faded as u32 });
        }
        Ok(XRMESH_OK)
    })
}
