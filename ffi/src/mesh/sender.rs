//! Other threads' ways into a mesh.
//!
//! A sender is lock-free and for any number of threads. A lane is for one thread at a time; a second
//! one gets `XRMESH_ERROR_BUSY`.
#![expect(unsafe_code, reason = "exports have C names")]

use core::ffi::c_char;
use std::sync::{Arc, Mutex, MutexGuard, TryLockError};

use xrmesh::{Lane, Message, Target, Topic};

use crate::failure::{Failure, Outcome, fail};
use crate::fence::fence;
use crate::handle::{self, Kind, Object, xrmesh_lane, xrmesh_mesh, xrmesh_sender};
use crate::host::frames::HOST_TYPE;
use crate::mesh::agents::xrmesh_spawn_options;
use crate::mesh::create;
use crate::mesh::object::{self, Gate};
use crate::mesh::submit::xrmesh_submit_result;
use crate::message::{agent as agent_of, xrmesh_agent_id, xrmesh_send, xrmesh_topic_id};
use crate::pointer::Caller;
use crate::pose::xrmesh_pose;
use crate::region::{self, xrmesh_region};
use crate::status::*;

/// What a sender's handle stands for.
pub(crate) struct SenderObject(Gate);

/// What a lane's handle stands for. Lines of its own: another lane's thread writes beside it.
#[repr(align(128))]
pub(crate) struct LaneObject {
    gate: Gate,
    lane: Mutex<Lane>,
}

impl Object for SenderObject {
    const KIND: Kind = Kind::Sender;
}

impl Object for LaneObject {
    const KIND: Kind = Kind::Lane;
}

/// Makes a sender: a way into the mesh for any thread. What it takes is applied at the start of the next
/// tick, on the shared queue of `limits.shared_queue_capacity` commands. It may outlive the mesh.
///
/// Any thread.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_LIMIT,
/// XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_mesh_sender(
    mesh: xrmesh_mesh,
    sender: *mut xrmesh_sender,
) -> xrmesh_status {
    fence!(|caller| {
        let out = caller.out(sender, "sender")?;
        let gate = object::pin(mesh)?.gate.clone();
        gate.check()?;
        out.set(xrmesh_sender { bits: handle::insert(Arc::new(SenderObject(gate)))? });
        Ok(XRMESH_OK)
    })
}

/// Destroys a sender. What it sent goes on.
///
/// Any thread.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_sender_destroy(sender: xrmesh_sender) -> xrmesh_status {
    fence!(|_caller| create::destroy::<SenderObject>(sender.bits))
}

/// Makes a lane: one thread's own way into the mesh, of `limits.lane_capacity` messages. At most
/// `limits.max_lanes` exist; the place of a destroyed one is free after the next tick.
///
/// Any thread.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_LIMIT,
/// XRMESH_ERROR_FULL, XRMESH_ERROR_OUT_OF_MEMORY, XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_mesh_lane(
    mesh: xrmesh_mesh,
    lane: *mut xrmesh_lane,
) -> xrmesh_status {
    fence!(|caller| {
        let out = caller.out(lane, "lane")?;
        let gate = object::pin(mesh)?.gate.clone();
        gate.check()?;
        let lane = Mutex::new(gate.handle.lane()?);
        out.set(xrmesh_lane { bits: handle::insert(Arc::new(LaneObject { gate, lane }))? });
        Ok(XRMESH_OK)
    })
}

/// Destroys a lane. What it sent goes on.
///
/// Any thread.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_lane_destroy(lane: xrmesh_lane) -> xrmesh_status {
    fence!(|_caller| create::destroy::<LaneObject>(lane.bits))
}

/// Sends a batch from the host, in its order. `from` must be 0 in all. Whether receivers live is seen
/// when the mesh takes it in: what is refused then is in the log. `result` is optional.
///
/// Any thread.
///
/// Errors: the first refused message's, those before it were sent: XRMESH_ERROR_FULL,
/// XRMESH_ERROR_CLOSED, XRMESH_ERROR_PAYLOAD_TOO_LARGE, XRMESH_ERROR_UNKNOWN_AGENT,
/// XRMESH_ERROR_UNKNOWN_VALUE, XRMESH_ERROR_OUT_OF_RANGE, XRMESH_ERROR_GEOMETRY,
/// XRMESH_ERROR_RESERVED. For the call: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NULL_POINTER,
/// XRMESH_ERROR_MISALIGNED, XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_sender_submit(
    sender: xrmesh_sender,
    sends: *const xrmesh_send,
    count: u32,
    payload: *const u8,
    payload_len: u32,
    result: *mut xrmesh_submit_result,
) -> xrmesh_status {
    fence!(|caller| {
        let held = handle::pin::<SenderObject>(sender.bits)?;
        held.0.check()?;
        each(caller, (sends, count), (payload, payload_len), result, |target, message| {
            Ok(held.0.handle.send(target, message)?)
        })
    })
}

/// The same on a lane. `result` is optional.
///
/// One at a time.
///
/// Errors: as for `xrmesh_sender_submit`, and XRMESH_ERROR_BUSY.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_lane_submit(
    lane: xrmesh_lane,
    sends: *const xrmesh_send,
    count: u32,
    payload: *const u8,
    payload_len: u32,
    result: *mut xrmesh_submit_result,
) -> xrmesh_status {
    fence!(|caller| {
        let held = handle::pin::<LaneObject>(lane.bits)?;
        held.gate.check()?;
        let mut lane = enter(&held.lane, "lane")?;
        each(caller, (sends, count), (payload, payload_len), result, |target, message| {
            Ok(lane.send(target, message)?)
        })
    })
}

/// What is used by one thread at a time.
pub(crate) fn enter<'a, T>(held: &'a Mutex<T>, what: &str) -> Result<MutexGuard<'a, T>, Failure> {
    let guard = match held.try_lock() {
        Ok(guard) => guard,
        Err(TryLockError::WouldBlock) => {
            fail!(XRMESH_ERROR_BUSY, "another thread is in a function of this {what}")
        }
        Err(TryLockError::Poisoned(_)) => fail!(
            XRMESH_ERROR_PANIC,
            "the library panicked in an earlier call on this {what}, which now only accepts its destroy"
        ),
    };
    crate::inject::point(crate::inject::HELD);
    Ok(guard)
}

fn each(
    caller: &Caller,
    (sends, count): (*const xrmesh_send, u32),
    (payload, payload_len): (*const u8, u32),
    result: *mut xrmesh_submit_result,
    mut send_one: impl FnMut(Target, Message<'_>) -> Result<(), Failure>,
) -> Outcome {
    let result = caller.optional_out(result);
    let sends = caller.slice(sends, count, "sends")?;
    let payload = caller.slice(payload, payload_len, "payload")?;
    let mut accepted = 0;
    let refused = sends.iter().try_for_each(|send| {
        let (target, message) = send.parse_plain(payload)?;
        send_one(target, message)?;
        accepted += 1;
        Ok(())
    });
    let status = refused.as_ref().map_or_else(|failure: &Failure| failure.status, |()| XRMESH_OK);
    if let Some(result) = result {
        result.set(xrmesh_submit_result { accepted, status });
    }
    match refused {
        Ok(()) => Ok(XRMESH_OK),
        Err(Failure { status, text }) => fail!(status, "message {accepted} of {count}: {text}"),
    }
}

/// The shape of a sender's commands.
fn command(
    sender: xrmesh_sender,
    give: impl FnOnce(&xrmesh::MeshHandle) -> Result<(), Failure>,
) -> Outcome {
    let held = handle::pin::<SenderObject>(sender.bits)?;
    held.0.check()?;
    give(&held.0.handle)?;
    Ok(XRMESH_OK)
}

/// Spawns an agent that the host polls, in the next tick. Its id shows in what it gets, and in
/// `xrmesh_mesh_agents`. `options` is optional.
///
/// Any thread.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_STRUCT_SIZE, XRMESH_ERROR_FULL,
/// XRMESH_ERROR_CLOSED, XRMESH_ERROR_GEOMETRY, XRMESH_ERROR_OUT_OF_RANGE, XRMESH_ERROR_UNKNOWN_VALUE,
/// XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_sender_spawn(
    sender: xrmesh_sender,
    options: *const xrmesh_spawn_options,
) -> xrmesh_status {
    fence!(|caller| {
        let options = xrmesh_spawn_options::parsed(caller.optional_extensible(options)?)?;
        command(sender, |handle| Ok(handle.spawn_as(HOST_TYPE, &[], options)?))
    })
}

/// Spawns an agent of a registered type, in the next tick. `options` is optional.
///
/// Any thread.
///
/// Errors: as for `xrmesh_sender_spawn`, and XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_UTF8.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_sender_spawn_as(
    sender: xrmesh_sender,
    type_name: *const c_char,
    type_name_len: u32,
    bytes: *const u8,
    bytes_len: u32,
    options: *const xrmesh_spawn_options,
) -> xrmesh_status {
    fence!(|caller| {
        let options = xrmesh_spawn_options::parsed(caller.optional_extensible(options)?)?;
        let name = caller.text(type_name, type_name_len, "type_name")?;
        let bytes = caller.slice(bytes, bytes_len, "bytes")?;
        command(sender, |handle| Ok(handle.spawn_as(name, bytes, options)?))
    })
}

/// Despawns an agent, in the next tick.
///
/// Any thread.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_UNKNOWN_AGENT for 0, XRMESH_ERROR_FULL,
/// XRMESH_ERROR_CLOSED, XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_sender_despawn(
    sender: xrmesh_sender,
    agent: xrmesh_agent_id,
) -> xrmesh_status {
    fence!(|_caller| command(sender, |handle| Ok(handle.despawn(agent_of(agent)?)?)))
}

/// Says where an agent is, from the next tick on.
///
/// Any thread.
///
/// Errors: as for `xrmesh_sender_despawn`, and XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_GEOMETRY.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_sender_move(
    sender: xrmesh_sender,
    agent: xrmesh_agent_id,
    pose: *const xrmesh_pose,
) -> xrmesh_status {
    fence!(|caller| {
        let pose = caller.plain(pose, "pose")?.parsed()?;
        command(sender, |handle| Ok(handle.move_to(agent_of(agent)?, pose)?))
    })
}

/// Subscribes an agent to a topic, from the next tick on: everywhere if `region` is NULL.
///
/// Any thread.
///
/// Errors: as for `xrmesh_sender_despawn`, and XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_UTF8,
/// XRMESH_ERROR_STRUCT_SIZE, XRMESH_ERROR_GEOMETRY.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_sender_subscribe(
    sender: xrmesh_sender,
    agent: xrmesh_agent_id,
    name: *const c_char,
    name_len: u32,
    region: *const xrmesh_region,
) -> xrmesh_status {
    fence!(|caller| {
        let name = caller.text(name, name_len, "name")?;
        let region = region::read_optional(caller, region)?;
        command(sender, |handle| Ok(handle.subscribe(agent_of(agent)?, name, region)?))
    })
}

/// Ends a subscription, in the next tick.
///
/// Any thread.
///
/// Errors: as for `xrmesh_sender_despawn`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_sender_unsubscribe(
    sender: xrmesh_sender,
    agent: xrmesh_agent_id,
    topic: xrmesh_topic_id,
) -> xrmesh_status {
    fence!(|_caller| {
        let topic = Topic::from_bits(topic);
        command(sender, |handle| Ok(handle.unsubscribe(agent_of(agent)?, topic)?))
    })
}

/// Links two agents, in the next tick.
///
/// Any thread.
///
/// Errors: as for `xrmesh_sender_despawn`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_sender_connect(
    sender: xrmesh_sender,
    a: xrmesh_agent_id,
    b: xrmesh_agent_id,
) -> xrmesh_status {
    fence!(|_caller| command(sender, |handle| Ok(handle.connect(agent_of(a)?, agent_of(b)?)?)))
}

/// Cuts the link between two agents, in the next tick.
///
/// Any thread.
///
/// Errors: as for `xrmesh_sender_despawn`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_sender_disconnect(
    sender: xrmesh_sender,
    a: xrmesh_agent_id,
    b: xrmesh_agent_id,
) -> xrmesh_status {
    fence!(|_caller| command(sender, |handle| Ok(handle.disconnect(agent_of(a)?, agent_of(b)?)?)))
}
