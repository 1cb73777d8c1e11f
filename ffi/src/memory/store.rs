//! A memory's store while it is in use: what is certain, and checkpoints.
#![expect(unsafe_code, reason = "exports have C names")]

use std::sync::{Arc, Mutex};

use bytemuck::{Pod, Zeroable};
use xrmesh::memory::{Checkpoint, ImageProgress};

use super::owner;
use crate::failure::fail;
use crate::fence::{fence, fence_anywhere};
use crate::handle::{self, Kind, Object, xrmesh_checkpoint, xrmesh_memory};
use crate::mesh::create::destroy;
use crate::mesh::sender::enter;
use crate::status::*;

/// How far a checkpoint is. 24 bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Pod, Zeroable)]
#[repr(C)]
pub struct xrmesh_checkpoint_progress {
    /// Bytes written so far.
    pub bytes: u64,
    /// The last change that it holds.
    pub through: u64,
    /// 1 if it is whole and certain, and what it replaces is gone.
    pub is_written: u32,
    /// Zero.
    pub reserved: u32,
}

/// What a checkpoint's handle stands for; nothing once it was written, or failed.
pub(crate) struct CheckpointObject(Mutex<Option<Checkpoint>>);

impl Object for CheckpointObject {
    const KIND: Kind = Kind::Checkpoint;
}

/// Writes and syncs everything, also moves that wait for their interval. `sequence` is optional and gets the
/// last change that is certain to outlive a crash; 0 for a memory in RAM. Blocks for the disk: to do that
/// beside the frame, see `xrmesh_memory_flush_behind`.
///
/// One at a time.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_IO, XRMESH_ERROR_STORE_FAILED, XRMESH_ERROR_CLOSED
/// if its mesh is gone, XRMESH_ERROR_BUSY, XRMESH_ERROR_DRIVEN, XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_memory_flush(
    memory: xrmesh_memory,
    sequence: *mut u64,
) -> xrmesh_status {
    fence!(|caller| {
        let out = caller.optional_out(sequence);
        owner::with(memory, |memory| {
            let certain = memory.flush()?;
            if let Some(out) = out {
                out.set(certain.0);
            }
            Ok(XRMESH_OK)
        })
    })
}

/// Writes and syncs the changes of all states that were published, from beside the memory's thread, which
/// goes on meanwhile. `sequence` is optional and gets the last change that is certain. Blocks for the disk.
///
/// Any thread.
///
/// Returns XRMESH_NONE for a memory in RAM.
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_IO, XRMESH_ERROR_STORE_FAILED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_memory_flush_behind(
    memory: xrmesh_memory,
    sequence: *mut u64,
) -> xrmesh_status {
    fence!(|caller| {
        let out = caller.optional_out(sequence);
        // The memory may be destroyed while the disk works.
        let flusher = owner::pin(memory)?.flusher.clone();
        let Some(flusher) = flusher else { return Ok(XRMESH_NONE) };
        let certain = flusher.flush()?;
        if let Some(out) = out {
            out.set(certain.0);
        }
        Ok(XRMESH_OK)
    })
}

/// The last change that is certain to outlive a crash, with all before it; 0 for a memory in RAM. Does not
/// block.
///
/// Any thread, also in callbacks.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NULL_POINTER.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_memory_durable_through(
    memory: xrmesh_memory,
    sequence: *mut u64,
) -> xrmesh_status {
    fence_anywhere!(|caller| {
        let out = caller.out(sequence, "sequence")?;
        let held = owner::pin(memory)?;
        out.set(held.flusher.as_ref().map_or(0, |flusher| flusher.durable_through().0));
        Ok(XRMESH_OK)
    })
}

/// Begins to write the whole memory as it is now into its store, after which the log before it is not
/// needed any more: `xrmesh_checkpoint_step` writes it, on any thread, while the memory goes on.
///
/// One at a time.
///
/// Returns XRMESH_NONE for a memory in RAM; there is no checkpoint then.
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_CHECKPOINT while another
/// is being written, XRMESH_ERROR_IO, XRMESH_ERROR_STORE_FAILED, XRMESH_ERROR_LIMIT,
/// XRMESH_ERROR_CLOSED if its mesh is gone, XRMESH_ERROR_BUSY, XRMESH_ERROR_DRIVEN,
/// XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_memory_checkpoint(
    memory: xrmesh_memory,
    checkpoint: *mut xrmesh_checkpoint,
) -> xrmesh_status {
    fence!(|caller| {
        let out = caller.out(checkpoint, "checkpoint")?;
        let Some(begun) = owner::with(memory, |memory| Ok(memory.checkpoint()?))? else {
            return Ok(XRMESH_NONE);
        };
        let object = CheckpointObject(Mutex::new(Some(begun)));
        out.set(xrmesh_checkpoint { bits: handle::insert(Arc::new(object))? });
        Ok(XRMESH_OK)
    })
}

/// Writes about `bytes` more of a checkpoint. The step that ends it syncs, and so blocks for the disk.
/// `progress` is optional.
///
/// One at a time, on any thread.
///
/// Returns XRMESH_MORE until it is written.
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_IO, XRMESH_ERROR_STORE_FAILED: it has failed, and the
/// memory goes on; XRMESH_ERROR_CHECKPOINT if it was written, or has failed, before, XRMESH_ERROR_BUSY,
/// XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_checkpoint_step(
    checkpoint: xrmesh_checkpoint,
    bytes: u64,
    progress: *mut xrmesh_checkpoint_progress,
) -> xrmesh_status {
    fence!(|caller| {
        let out = caller.optional_out(progress);
        let held = handle::pin::<CheckpointObject>(checkpoint.bits)?;
        let mut place = enter(&held.0, "checkpoint")?;
        let Some(writing) = place.as_mut() else {
            fail!(XRMESH_ERROR_CHECKPOINT, "the checkpoint was written, or has failed");
        };
        let through = writing.through().0;
        let step = writing.step(bytes);
        let is_written = !matches!(step, Ok(ImageProgress::Writing { .. }));
        if is_written {
            *place = None;
        }
        let bytes = match step? {
            ImageProgress::Writing { bytes } | ImageProgress::Written { bytes, .. } => bytes,
            _ => 0,
        };
        if let Some(out) = out {
            let is_written = u32::from(is_written);
            out.set(xrmesh_checkpoint_progress { bytes, through, is_written, reserved: 0 });
        }
        Ok(if is_written { XRMESH_OK } else { XRMESH_MORE })
    })
}

/// Destroys a checkpoint; before its end it leaves the store as it was.
///
/// Any thread.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, also for the second of two.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_checkpoint_destroy(checkpoint: xrmesh_checkpoint) -> xrmesh_status {
    fence!(|_caller| destroy::<CheckpointObject>(checkpoint.bits))
}
