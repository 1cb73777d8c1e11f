//! One call a frame: what the host has to say.
#![expect(unsafe_code, reason = "exports have C names")]

use bytemuck::{Pod, Zeroable};
use xrmesh::{AgentId, Mesh, Message, Priority};

use crate::failure::{Failure, fail};
use crate::fence::fence;
use crate::handle::xrmesh_mesh;
use crate::host::agent::{self, HostAgent, INFER};
use crate::mesh::object;
use crate::message::{agent as agent_of, xrmesh_agent_id, xrmesh_send};
use crate::status::*;

/// What became of a batch. 8 bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Pod, Zeroable)]
#[repr(C)]
pub struct xrmesh_submit_result {
    /// Messages accepted: those before the first that was refused.
    pub accepted: u32,
    /// XRMESH_OK, or why the first was refused that was.
    pub status: i32,
}

/// Sends a batch of messages, in their order. Each is the host's, or, where `from` names an agent of
/// the host, that agent's: the agent sends it when it next runs, in the next tick; only such can ask,
/// answer and be sent later. Such a message is up to 104 bytes shorter than the longest, and what goes
/// wrong when the agent sends it comes as an XRMESH_KIND_REFUSED notice.
///
/// The payloads of all lie in `payload`. `ids` is optional: it gets the number of each accepted
/// message's envelope, 0 for one of an agent, and has room for `count`. `result` is optional.
///
/// One at a time.
///
/// Errors: the first refused message's, those before it were sent: XRMESH_ERROR_UNKNOWN_AGENT,
/// XRMESH_ERROR_NOT_HOSTED, XRMESH_ERROR_FULL, XRMESH_ERROR_PAYLOAD_TOO_LARGE,
/// XRMESH_ERROR_UNKNOWN_VALUE, XRMESH_ERROR_OUT_OF_RANGE, XRMESH_ERROR_GEOMETRY,
/// XRMESH_ERROR_RESERVED. For the call: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NULL_POINTER,
/// XRMESH_ERROR_MISALIGNED, XRMESH_ERROR_BUSY, XRMESH_ERROR_DRIVEN, XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_mesh_submit(
    mesh: xrmesh_mesh,
    sends: *const xrmesh_send,
    count: u32,
    payload: *const u8,
    payload_len: u32,
    ids: *mut u64,
    result: *mut xrmesh_submit_result,
) -> xrmesh_status {
    fence!(|caller| {
        let result = caller.optional_out(result);
        let sends = caller.slice(sends, count, "sends")?;
        let payload = caller.slice(payload, payload_len, "payload")?;
        let mut ids = caller.optional_room(ids, count, "ids")?;
        object::with(mesh, |mesh| {
            let mut accepted = 0;
            let refused = sends.iter().try_for_each(|send| {
                let id = submit(mesh, send, payload)?;
                ids.push(id);
                accepted += 1;
                Ok::<_, Failure>(())
            });
            let status = refused.as_ref().map_or_else(|failure| failure.status, |()| XRMESH_OK);
            if let Some(result) = result {
                result.set(xrmesh_submit_result { accepted, status });
            }
            match refused {
                Ok(()) => Ok(()),
                Err(Failure { status, text }) => {
                    fail!(status, "message {accepted} of {count}: {text}")
                }
            }
        })?;
        Ok(XRMESH_OK)
    })
}

#[inline]
fn submit(mesh: &mut Mesh, send: &xrmesh_send, payload: &[u8]) -> Result<u64, Failure> {
    if send.from != 0 {
        return command(mesh, send, payload).map(|()| 0);
    }
    let (target, message) = send.parse_plain(payload)?;
    Ok(mesh.send(target, message)?.to_bits())
}

/// Has an agent of the host send something.
#[cold]
fn command(mesh: &mut Mesh, send: &xrmesh_send, payload: &[u8]) -> Result<(), Failure> {
    let from = hosted(mesh, send.from)?;
    // What can be seen to be wrong is refused here and not later.
    let _ = send.parse(payload)?;
    order(mesh, from, *send, send.payload(payload)?)
}

/// The agent of the host with that id.
pub(crate) fn hosted(mesh: &Mesh, id: xrmesh_agent_id) -> Result<AgentId, Failure> {
    let id = agent_of(id)?;
    if mesh.with_agent(id, |_: &HostAgent| ()).is_some() {
        return Ok(id);
    }
    if mesh.is_alive(id) {
        fail!(XRMESH_ERROR_NOT_HOSTED, "agent {id} is not the host's: it sends by itself");
    }
    fail!(XRMESH_ERROR_UNKNOWN_AGENT, "agent {id} does not live in this mesh")
}

/// Gives an agent of the host its order, as a message.
pub(crate) fn order(
    mesh: &mut Mesh,
    from: AgentId,
    send: xrmesh_send,
    payload: &[u8],
) -> Result<(), Failure> {
    let head = xrmesh_send { from: 0, payload_offset: 0, payload_len: 0, ..send };
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(size_of::<xrmesh_send>() + payload.len()).map_err(|_| {
        let length = payload.len();
        Failure::new(XRMESH_ERROR_OUT_OF_MEMORY, format_args!("no memory for {length} bytes"))
    })?;
    bytes.extend_from_slice(bytemuck::bytes_of(&head));
    bytes.extend_from_slice(payload);
    // All orders have one priority, so they keep their order.
    let message = Message::new(agent::command()).priority(Priority::MOST_URGENT).bytes(&bytes);
    mesh.send(from, message)?;
    Ok(())
}

/// Has an agent of the host submit a vector of `count` values to the mesh's processor number
/// `processor`. Its answer comes as a message of XRMESH_KIND_INFERENCE with the host's number `ask`;
/// after `timeout_ns` an XRMESH_KIND_TIMED_OUT notice, where it cannot be taken an
/// XRMESH_KIND_REFUSED one.
///
/// One at a time.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_MISALIGNED,
/// XRMESH_ERROR_UNKNOWN_AGENT, XRMESH_ERROR_NOT_HOSTED, XRMESH_ERROR_OUT_OF_RANGE,
/// XRMESH_ERROR_FULL, XRMESH_ERROR_PAYLOAD_TOO_LARGE, XRMESH_ERROR_OUT_OF_MEMORY, XRMESH_ERROR_BUSY,
/// XRMESH_ERROR_DRIVEN, XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_mesh_infer(
    mesh: xrmesh_mesh,
    from: xrmesh_agent_id,
    processor: u32,
    values: *const f32,
    count: u32,
    timeout_ns: i64,
    ask: u32,
) -> xrmesh_status {
    fence!(|caller| {
        let values = caller.slice(values, count, "values")?;
        if timeout_ns < 0 {
            fail!(XRMESH_ERROR_OUT_OF_RANGE, "timeout_ns is {timeout_ns}, expected 0 or more");
        }
        object::with(mesh, |mesh| {
            let from = hosted(mesh, from)?;
            let mut send =
                xrmesh_send { time_ns: timeout_ns, ask, count: processor, ..Default::default() };
            send.reserved[0] = INFER;
            order(mesh, from, send, bytemuck::cast_slice(values))?;
            Ok(XRMESH_OK)
        })
    })
}
