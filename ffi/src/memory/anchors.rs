//! Anchors: named places that objects hang on.
#![expect(unsafe_code, reason = "exports have C names")]

use core::ffi::c_char;

use bytemuck::{Pod, Zeroable};
use xrmesh::memory::{Frame, FrameId, MemoryAnswer, MemoryCommand};

use super::content::xrmesh_anchor_id;
use super::owner;
use super::snapshot::SnapshotObject;
use crate::failure::{Failure, fail};
use crate::fence::{fence, fence_anywhere};
use crate::handle::{self, xrmesh_memory, xrmesh_snapshot};
use crate::pose::xrmesh_pose;
use crate::status::*;

/// An anchor. 72 bytes.
#[derive(Clone, Copy, PartialEq, Debug, Default, Pod, Zeroable)]
#[repr(C)]
pub struct xrmesh_anchor {
    /// Its id.
    pub id: xrmesh_anchor_id,
    /// What it hangs on; XRMESH_ANCHOR_WORLD.
    pub parent: xrmesh_anchor_id,
    /// Where it is, seen from its parent.
    pub pose: xrmesh_pose,
    /// Where it is in the world: as readers see it, while a correction is under way.
    pub world_pose: xrmesh_pose,
    /// Bytes of its name.
    pub name_len: u32,
    /// Zero.
    pub reserved: u32,
}

const _: () = assert!(size_of::<xrmesh_anchor>() == 72);

/// Adds an anchor of that name, which may be empty, at `pose` seen from its parent: the anchor's uuid or
/// label, by which it is found again.
///
/// One at a time.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_UTF8,
/// XRMESH_ERROR_OUT_OF_RANGE for a name that is too long, XRMESH_ERROR_NAME_TAKEN,
/// XRMESH_ERROR_UNKNOWN_ANCHOR for its parent, XRMESH_ERROR_GEOMETRY, XRMESH_ERROR_LIMIT,
/// XRMESH_ERROR_BACKLOG, XRMESH_ERROR_IO, XRMESH_ERROR_STORE_FAILED, XRMESH_ERROR_CLOSED if its mesh
/// is gone, XRMESH_ERROR_BUSY, XRMESH_ERROR_DRIVEN, XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_memory_add_anchor(
    memory: xrmesh_memory,
    name: *const c_char,
    name_len: u32,
    parent: xrmesh_anchor_id,
    pose: *const xrmesh_pose,
    anchor: *mut xrmesh_anchor_id,
) -> xrmesh_status {
    fence!(|caller| {
        let name = caller.text(name, name_len, "name")?;
        let pose = caller.plain(pose, "pose")?;
        let out = caller.out(anchor, "anchor")?;
        let command = MemoryCommand::AddFrame {
            name: name.into(),
            parent: FrameId::new(parent),
            pose: pose.parsed()?,
        };
        match owner::change(memory, &command)? {
            MemoryAnswer::Frame(frame) => {
                out.set(frame.index());
                Ok(XRMESH_OK)
            }
            _ => fail!(XRMESH_ERROR_UNKNOWN_ANCHOR, "{name:?} got no anchor"),
        }
    })
}

/// Corrects where an anchor is, seen from its parent: all that hangs on it moves with it, through other
/// anchors, too. Readers see all of it or none: in the next published state where at most
/// `correction_budget` objects hang there, else in one of the next, once all are placed. Until then
/// `is_corrected` of what is published is 0.
///
/// One at a time.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_UNKNOWN_ANCHOR,
/// XRMESH_ERROR_GEOMETRY, XRMESH_ERROR_BACKLOG, XRMESH_ERROR_IO, XRMESH_ERROR_STORE_FAILED,
/// XRMESH_ERROR_CLOSED if its mesh is gone, XRMESH_ERROR_BUSY, XRMESH_ERROR_DRIVEN,
/// XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_memory_correct_anchor(
    memory: xrmesh_memory,
    anchor: xrmesh_anchor_id,
    pose: *const xrmesh_pose,
) -> xrmesh_status {
    fence!(|caller| {
        let pose = caller.plain(pose, "pose")?.parsed()?;
        owner::change(memory, &MemoryCommand::CorrectFrame(FrameId::new(anchor), pose))?;
        Ok(XRMESH_OK)
    })
}

/// Hangs an anchor on another, at `pose` seen from there; as `xrmesh_memory_correct_anchor`.
///
/// One at a time.
///
/// Errors: as for `xrmesh_memory_correct_anchor`, XRMESH_ERROR_ANCHOR_CYCLE, and XRMESH_ERROR_LIMIT for a
/// chain of more than 64.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_memory_rehang_anchor(
    memory: xrmesh_memory,
    anchor: xrmesh_anchor_id,
    parent: xrmesh_anchor_id,
    pose: *const xrmesh_pose,
) -> xrmesh_status {
    fence!(|caller| {
        let pose = caller.plain(pose, "pose")?.parsed()?;
        let (frame, parent) = (FrameId::new(anchor), FrameId::new(parent));
        owner::change(memory, &MemoryCommand::RehangFrame(frame, parent, pose))?;
        Ok(XRMESH_OK)
    })
}

/// Removes an anchor on which nothing hangs.
///
/// One at a time.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_UNKNOWN_ANCHOR, XRMESH_ERROR_ANCHOR_IN_USE,
/// XRMESH_ERROR_BACKLOG, XRMESH_ERROR_IO, XRMESH_ERROR_STORE_FAILED, XRMESH_ERROR_CLOSED if its mesh
/// is gone, XRMESH_ERROR_BUSY, XRMESH_ERROR_DRIVEN, XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_memory_remove_anchor(
    memory: xrmesh_memory,
    anchor: xrmesh_anchor_id,
) -> xrmesh_status {
    fence!(|_caller| {
        owner::change(memory, &MemoryCommand::RemoveFrame(FrameId::new(anchor)))?;
        Ok(XRMESH_OK)
    })
}

/// The anchor of a name, published or not.
///
/// One at a time.
///
/// Returns XRMESH_NONE if there is none.
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_UTF8,
/// XRMESH_ERROR_CLOSED if its mesh is gone, XRMESH_ERROR_BUSY, XRMESH_ERROR_DRIVEN,
/// XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_memory_find_anchor(
    memory: xrmesh_memory,
    name: *const c_char,
    name_len: u32,
    anchor: *mut xrmesh_anchor_id,
) -> xrmesh_status {
    fence!(|caller| {
        let name = caller.text(name, name_len, "name")?;
        let out = caller.out(anchor, "anchor")?;
        owner::with(memory, |memory| match memory.find_frame(name) {
            Some(frame) => {
                out.set(frame.index());
                Ok(XRMESH_OK)
            }
            None => Ok(XRMESH_NONE),
        })
    })
}

/// An anchor as it is, published or not. `name` gets at most `capacity` bytes of its name, cut at a
/// character, and is optional.
///
/// One at a time.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_UNKNOWN_ANCHOR,
/// XRMESH_ERROR_BUFFER_TOO_SMALL if the name was cut, XRMESH_ERROR_CLOSED if its mesh is gone,
/// XRMESH_ERROR_BUSY, XRMESH_ERROR_DRIVEN, XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_memory_anchor(
    memory: xrmesh_memory,
    anchor: xrmesh_anchor_id,
    shown: *mut xrmesh_anchor,
    name: *mut c_char,
    capacity: u32,
) -> xrmesh_status {
    fence!(|caller| {
        let out = caller.out(shown, "shown")?;
        let id = FrameId::new(anchor);
        owner::with(memory, |memory| {
            let world_pose = memory.view().frame_pose(id).map(Into::into);
            let Some(frame) = memory.frame(id) else { return Err(absent(anchor)) };
            // One that no reader can see yet stands where its parent and it say.
            out.set(xrmesh_anchor::of(frame, world_pose.unwrap_or(frame.pose.into())));
            caller.write_optional_text(name, capacity, &frame.name)
        })
    })
}

/// The anchor of a name in a snapshot. A look at every anchor.
///
/// Any thread, also in callbacks.
///
/// Returns XRMESH_NONE if there is none.
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_UTF8.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_snapshot_find_anchor(
    snapshot: xrmesh_snapshot,
    name: *const c_char,
    name_len: u32,
    anchor: *mut xrmesh_anchor_id,
) -> xrmesh_status {
    fence_anywhere!(|caller| {
        let name = caller.text(name, name_len, "name")?;
        let out = caller.out(anchor, "anchor")?;
        let held = handle::pin::<SnapshotObject>(snapshot.bits)?;
        Ok(match held.view()?.find_frame(name) {
            Some(frame) => {
                out.set(frame.index());
                XRMESH_OK
            }
            None => XRMESH_NONE,
        })
    })
}

/// An anchor in a snapshot; as `xrmesh_memory_anchor`. `name` is optional.
///
/// Any thread, also in callbacks.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_UNKNOWN_ANCHOR,
/// XRMESH_ERROR_BUFFER_TOO_SMALL if the name was cut.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_snapshot_anchor(
    snapshot: xrmesh_snapshot,
    anchor: xrmesh_anchor_id,
    shown: *mut xrmesh_anchor,
    name: *mut c_char,
    capacity: u32,
) -> xrmesh_status {
    fence_anywhere!(|caller| {
        let out = caller.out(shown, "shown")?;
        let held = handle::pin::<SnapshotObject>(snapshot.bits)?;
        let (view, id) = (held.view()?, FrameId::new(anchor));
        let (Some(frame), Some(world_pose)) = (view.frame(id), view.frame_pose(id)) else {
            return Err(absent(anchor));
        };
        out.set(xrmesh_anchor::of(frame, world_pose.into()));
        caller.write_optional_text(name, capacity, &frame.name)
    })
}

/// All anchors of a snapshot but the world's, by id.
///
/// Any thread, also in callbacks.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_BUFFER_TOO_SMALL,
/// XRMESH_ERROR_ZERO_CAPACITY.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_snapshot_anchors(
    snapshot: xrmesh_snapshot,
    anchors: *mut xrmesh_anchor_id,
    capacity: u32,
    count: *mut u32,
) -> xrmesh_status {
    fence_anywhere!(|caller| {
        let held = handle::pin::<SnapshotObject>(snapshot.bits)?;
        let all: Vec<u32> = held.view()?.frames().map(|frame| frame.id.index()).collect();
        caller.write_all(anchors, capacity, count, &all, "anchors")
    })
}

impl xrmesh_anchor {
    fn of(frame: &Frame, world_pose: xrmesh_pose) -> Self {
        Self {
            id: frame.id.index(),
            parent: frame.parent.index(),
            pose: frame.pose.into(),
            world_pose,
            name_len: frame.name.len() as u32,
            reserved: 0,
        }
    }
}

#[cold]
fn absent(anchor: xrmesh_anchor_id) -> Failure {
    Failure::new(XRMESH_ERROR_UNKNOWN_ANCHOR, format_args!("anchor {anchor} is not there"))
}
