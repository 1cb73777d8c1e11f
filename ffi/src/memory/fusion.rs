//! What detectors saw.
#![expect(unsafe_code, reason = "exports have C names")]

use bytemuck::{Pod, Zeroable};
use xrmesh::Time;
use xrmesh::memory::{Fused, How, MemoryCommand};

use super::content::{self, xrmesh_object_id, xrmesh_observation};
use super::owner::{self, Home, Writer};
use super::write::reserve;
use crate::failure::{Failure, fail};
use crate::fence::fence;
use crate::handle::xrmesh_memory;
use crate::pointer::Room;
use crate::status::*;

/// The object was known, and is updated.
pub const XRMESH_FUSED_UPDATED: u32 = 1;
/// The object is new.
pub const XRMESH_FUSED_CREATED: u32 = 2;
/// The object was known, is updated, and was found to be one with `gone`.
pub const XRMESH_FUSED_MERGED: u32 = 3;

/// What became of an observation. 24 bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Pod, Zeroable)]
#[repr(C)]
pub struct xrmesh_fused {
    /// The object that it is of.
    pub object: xrmesh_object_id,
    /// With XRMESH_FUSED_MERGED the object that left; its id finds the other from now on.
    pub gone: xrmesh_object_id,
    /// XRMESH_FUSED_*.
    pub how: u32,
    /// Zero.
    pub reserved: u32,
}

impl From<&Fused> for xrmesh_fused {
    fn from(fused: &Fused) -> Self {
        let (how, gone) = match fused.how {
            How::Created => (XRMESH_FUSED_CREATED, 0),
            How::Merged { gone } => (XRMESH_FUSED_MERGED, gone.to_bits()),
            _ => (XRMESH_FUSED_UPDATED, 0),
        };
        Self { object: fused.id.to_bits(), gone, how, reserved: 0 }
    }
}

/// Takes in what detectors saw at `now_ns`, and says of each observation, in their order, what became of
/// it: it updates the object that it names, or the one of its class that fits best, each observation
/// one object and each object one observation; what fits nothing becomes a new object. Attributes of
/// new objects lie in `content`. In a memory that is attached to a mesh the time is that of its last
/// tick, and `now_ns` is not read.
///
/// One at a time.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_MISALIGNED,
/// XRMESH_ERROR_GEOMETRY, XRMESH_ERROR_OUT_OF_RANGE, XRMESH_ERROR_UNKNOWN_VALUE, XRMESH_ERROR_UTF8,
/// XRMESH_ERROR_UNKNOWN_OBJECT, XRMESH_ERROR_UNKNOWN_CLASS, XRMESH_ERROR_UNKNOWN_ANCHOR,
/// XRMESH_ERROR_LIMIT, with the observation's place in the text: nothing has changed then.
/// XRMESH_ERROR_OUT_OF_MEMORY, XRMESH_ERROR_BACKLOG, XRMESH_ERROR_IO, XRMESH_ERROR_STORE_FAILED,
/// XRMESH_ERROR_CLOSED if its mesh is gone, XRMESH_ERROR_BUSY, XRMESH_ERROR_DRIVEN,
/// XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_memory_observe(
    memory: xrmesh_memory,
    observations: *const xrmesh_observation,
    fused: *mut xrmesh_fused,
    count: u32,
    content: *const u8,
    content_len: u32,
    now_ns: i64,
) -> xrmesh_status {
    fence!(|caller| {
        let observations = caller.slice(observations, count, "observations")?;
        let mut room = caller.room(fused, count, "fused")?;
        let content = content::given(caller, content, content_len)?;
        let held = owner::pin(memory)?;
        let writer = &mut *held.enter()?;
        let mut seen = core::mem::take(&mut writer.observations);
        reserve(&mut seen, observations.len())?;
        let parsed =
            observations.iter().enumerate().try_for_each(|(index, observation)| match observation
                .parse(content)
            {
                Ok(observation) => {
                    seen.push(observation);
                    Ok(())
                }
                Err(Failure { status, text }) => fail!(status, "observation {index}: {text}"),
            });
        let taken = match parsed {
            Ok(()) => take_in(writer, &mut seen, Time::from_nanos(now_ns), &mut room),
            Err(failure) => Err(failure),
        };
        // What they hold of the host's must not wait for the next.
        seen.clear();
        writer.observations = seen;
        taken.map(|()| XRMESH_OK)
    })
}

fn take_in(
    writer: &mut Writer,
    seen: &mut Vec<xrmesh::memory::Observation>,
    now: Time,
    room: &mut Room<'_, xrmesh_fused>,
) -> Result<(), Failure> {
    let mut tell = |all: &[Fused]| all.iter().for_each(|fused| _ = room.push(fused.into()));
    match &mut writer.home {
        Home::Here(memory) => tell(memory.observe(seen, now)?),
        _ => {
            let command = MemoryCommand::Observe(core::mem::take(seen));
            let done = writer.change(&command, now);
            if let MemoryCommand::Observe(list) = command {
                *seen = list;
            }
            done?;
            writer.with(|memory| {
                tell(memory.fused());
                Ok(())
            })?;
        }
    }
    Ok(())
}
