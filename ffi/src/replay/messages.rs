//! What the host's agents got in a session that is done again.
#![expect(unsafe_code, reason = "exports have C names")]

use super::{ReplayObject, Replaying};
use crate::fence::fence;
use crate::handle::{self, xrmesh_replay};
use crate::mesh::create::frame_limits;
use crate::mesh::poll::{Polled, xrmesh_poll_result};
use crate::message::xrmesh_message;
use crate::status::*;

/// From here on the messages of the host's agents are kept for `xrmesh_replay_poll`: so many, with so many
/// bytes of payload, as in `xrmesh_mesh_options`. A replay keeps none before.
///
/// One at a time.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_OUT_OF_RANGE, XRMESH_ERROR_BUSY,
/// XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_replay_keep(
    replay: xrmesh_replay,
    frame_messages: u32,
    frame_bytes: u32,
) -> xrmesh_status {
    fence!(|_caller| {
        let limits = frame_limits(frame_messages, frame_bytes)?;
        let held = handle::pin::<ReplayObject>(replay.bits)?;
        held.enter()?.keep(limits);
        Ok(XRMESH_OK)
    })
}

/// Moves what the host's agents got in the replay into the host's arrays, as `xrmesh_mesh_poll` did in
/// the session: the same messages in the same order.
///
/// One at a time.
///
/// Returns XRMESH_MORE if messages still wait.
/// Errors: as for `xrmesh_mesh_poll`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_replay_poll(
    replay: xrmesh_replay,
    messages: *mut xrmesh_message,
    message_capacity: u32,
    payload: *mut u8,
    payload_capacity: u32,
    result: *mut xrmesh_poll_result,
) -> xrmesh_status {
    fence!(|caller| {
        let out = caller.out(result, "result")?;
        let messages = caller.room(messages, message_capacity, "messages")?;
        let payload = caller.room(payload, payload_capacity, "payload")?;
        let held = handle::pin::<ReplayObject>(replay.bits)?;
        let mut replaying = held.enter()?;
        let mut polled = Polled::begin(messages, payload)?;
        let Replaying { replay, frames, ready, .. } = &mut *replaying;
        frames.take(replay, ready);
        polled.add(ready);
        polled.end(0, out)
    })
}
