//! A replay that goes on as a session of its own.
#![expect(unsafe_code, reason = "exports have C names")]

use std::sync::Arc;

use super::{ReplayObject, Replaying};
use crate::failure::{Failure, fail};
use crate::fence::{fence, in_callback};
use crate::handle::{self, Kind, xrmesh_mesh, xrmesh_replay};
use crate::host::frame::Limits;
use crate::mesh::create::frame_limits;
use crate::mesh::object::MeshObject;
use crate::status::*;

impl Replaying {
    /// Holds that much for the host from the next tick on; what did not fit before is nobody's loss.
    pub(crate) fn keep(&mut self, limits: Limits) {
        let Self { replay, frames, ready, .. } = self;
        frames.take(replay, ready);
        ready.take_lost();
        frames.limit(replay, limits);
    }

    fn into_mesh(self) -> MeshObject {
        let Self { replay, frames, ready, callbacks_anywhere, has_types } = self;
        let here = has_types && !callbacks_anywhere;
        MeshObject::resumed(replay.into_mesh(), frames, ready, callbacks_anywhere, here)
    }
}

/// Ends a replay where it is and goes on with its mesh, as a session of its own that is not recorded: with
/// its agents, mail and links, its time, and what the host did not poll of it. The frame of the mesh
/// then holds `frame_messages` and `frame_bytes`, as in `xrmesh_mesh_options`. The replay's handle ends
/// here, unless the error is XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NULL_POINTER or
/// XRMESH_ERROR_OUT_OF_RANGE; calls of other threads that are in it end first.
///
/// Any thread.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_OUT_OF_RANGE,
/// XRMESH_ERROR_PANIC if one ended the replay, XRMESH_ERROR_LIMIT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_replay_into_mesh(
    replay: xrmesh_replay,
    frame_messages: u32,
    frame_bytes: u32,
    mesh: *mut xrmesh_mesh,
) -> xrmesh_status {
    fence!(|caller| {
        let out = caller.out(mesh, "mesh")?;
        let limits = frame_limits(frame_messages, frame_bytes)?;
        let value = handle::close(replay.bits, Kind::Replay)?;
        // What drops here may be the host's, which must not call back.
        let object = in_callback(|| {
            let object: Option<ReplayObject> = Arc::downcast(value).ok().and_then(Arc::into_inner);
            let mut replaying = object.and_then(ReplayObject::into_inner)?;
            replaying.keep(limits);
            Some(replaying.into_mesh())
        });
        let Some(object) = object else {
            fail!(XRMESH_ERROR_PANIC, "the library panicked in an earlier call on this replay");
        };
        let inserted: Result<u64, Failure> = in_callback(|| handle::insert(Arc::new(object)));
        out.set(xrmesh_mesh { bits: inserted? });
        Ok(XRMESH_OK)
    })
}
