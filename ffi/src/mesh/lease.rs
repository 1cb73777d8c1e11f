//! Leased frames: messages that the host reads where they lie.
//!
//! A lease takes all that waits by swapping two buffers with one that was released before, so it
//! copies and allocates nothing once warmed up (with more than one worker it gathers the shards, once).
//! It owns what it shows: destroying the mesh does not touch it.
#![expect(unsafe_code, reason = "exports have C names")]

use std::sync::Arc;

use crate::failure::fail;
use crate::fence::fence;
use crate::handle::{self, Kind, Object, xrmesh_frame, xrmesh_mesh};
use crate::host::frame::Frame;
use crate::mesh::create;
use crate::mesh::object::{self, MeshState, Run};
use crate::mesh::poll::{gather_from_driver, tell_lost};
use crate::message::xrmesh_message;
use crate::status::*;

/// Leases of one mesh that are open at most.
const MOST_LEASES: usize = 8;

/// What a leased frame holds. Valid until it is released.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct xrmesh_frame_view {
    /// The messages; not NULL.
    pub messages: *const xrmesh_message,
    /// Their payloads; not NULL.
    pub payload: *const u8,
    /// How many messages.
    pub message_count: u32,
    /// Bytes of payloads.
    pub payload_len: u32,
    /// Messages that found the frame full since the last poll or lease, and are lost.
    pub lost: u64,
}

/// What a frame's handle stands for. Nothing changes it while the table or a caller has it.
#[derive(Debug, Default)]
pub(crate) struct Lease {
    frame: Frame,
}

impl Object for Lease {
    const KIND: Kind = Kind::Frame;
}

/// Leases all messages that wait for the host: they stay where they are, for any thread to read,
/// until `xrmesh_frame_release`. `view` shows them. There may be none; the lease is open then, too.
///
/// One at a time.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_BUSY,
/// XRMESH_ERROR_PANIC; XRMESH_ERROR_LEASED if 8 frames of the mesh are open; XRMESH_ERROR_LIMIT. Nothing
/// was consumed then.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_mesh_lease(
    mesh: xrmesh_mesh,
    frame: *mut xrmesh_frame,
    view: *mut xrmesh_frame_view,
) -> xrmesh_status {
    fence!(|caller| {
        let (frame, out) = (caller.out(frame, "frame")?, caller.out(view, "view")?);
        let object = object::pin(mesh)?;
        let mut state = object.enter()?;
        gather_from_driver(&mut state)?;
        let state = &mut *state;
        let Some(at) = free_lease(state) else {
            fail!(XRMESH_ERROR_LEASED, "{MOST_LEASES} frames of this mesh are open: release one");
        };
        let MeshState { run, frames, ready, leases, lost, .. } = state;
        let slot = &mut leases[at];
        if let Some(lease) = Arc::get_mut(slot) {
            lease.frame.clear();
            if ready.waiting() > 0 {
                lease.frame.append(ready);
            }
            if let Run::Here(mesh) = run {
                frames.take(&mut **mesh, &mut lease.frame);
            }
            *lost += lease.frame.take_lost();
        }
        let bits = match handle::insert(Arc::clone(slot)) {
            Ok(bits) => bits,
            Err(failure) => {
                if let Some(lease) = Arc::get_mut(slot) {
                    ready.append(&mut lease.frame);
                }
                return Err(failure);
            }
        };
        let (messages, payload) = slot.frame.parts();
        let lost = core::mem::take(lost);
        out.set(xrmesh_frame_view {
            messages: messages.as_ptr(),
            payload: payload.as_ptr(),
            message_count: messages.len() as u32,
            payload_len: payload.len() as u32,
            lost,
        });
        frame.set(xrmesh_frame { bits });
        tell_lost(lost);
        Ok(XRMESH_OK)
    })
}

/// A lease of the mesh that nobody has open.
fn free_lease(state: &mut MeshState) -> Option<usize> {
    let free = state.leases.iter_mut().position(|lease| Arc::get_mut(lease).is_some());
    if free.is_some() || state.leases.len() >= MOST_LEASES {
        return free;
    }
    state.leases.push(Arc::new(Lease::default()));
    Some(state.leases.len() - 1)
}

/// Releases a leased frame: its pointers are invalid from here on. Its mesh may be gone.
///
/// Any thread.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, also for the second of two.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_frame_release(frame: xrmesh_frame) -> xrmesh_status {
    fence!(|_caller| create::destroy::<Lease>(frame.bits))
}
