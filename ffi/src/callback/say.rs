//! What a callback may say.
#![expect(unsafe_code, reason = "exports have C names")]

use core::time::Duration;

use xrmesh::{Context, ProcessorId};

use super::current::with;
use crate::failure::{Failure, fail};
use crate::fence::fence_anywhere;
use crate::handle::xrmesh_context;
use crate::host::agent::send_as;
use crate::mesh::submit::xrmesh_submit_result;
use crate::message::xrmesh_send;
use crate::status::*;

/// Sends a batch of messages as this agent, in their order; they may ask, answer and be sent later. `from`
/// must be 0 in all. `ids` is optional, with room for `count`: it gets the number of each accepted
/// message's envelope, or, for a question, the number that its answer has in `ask`. `result` is optional.
///
/// A message goes on to the receiver in the next round.
///
/// Its callback only.
///
/// Errors: the first refused message's, those before it were sent: XRMESH_ERROR_UNKNOWN_AGENT,
/// XRMESH_ERROR_FULL, XRMESH_ERROR_PAYLOAD_TOO_LARGE, XRMESH_ERROR_LIMIT,
/// XRMESH_ERROR_UNKNOWN_VALUE, XRMESH_ERROR_OUT_OF_RANGE, XRMESH_ERROR_GEOMETRY,
/// XRMESH_ERROR_RESERVED. For the call: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NULL_POINTER,
/// XRMESH_ERROR_MISALIGNED, XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_context_submit(
    context: xrmesh_context,
    sends: *const xrmesh_send,
    count: u32,
    payload: *const u8,
    payload_len: u32,
    ids: *mut u64,
    result: *mut xrmesh_submit_result,
) -> xrmesh_status {
    fence_anywhere!(|caller| {
        let result = caller.optional_out(result);
        let sends = caller.slice(sends, count, "sends")?;
        let payload = caller.slice(payload, payload_len, "payload")?;
        let mut ids = caller.optional_room(ids, count, "ids")?;
        with(context, |lent| {
            let mut accepted = 0;
            let refused = sends.iter().try_for_each(|send| {
                if send.from != 0 {
                    fail!(
                        XRMESH_ERROR_UNKNOWN_VALUE,
                        "xrmesh_send.from is {:#x}, expected 0",
                        send.from
                    );
                }
                let id = match send.plain(payload) {
                    Some((to, message)) => lent.context.send(to, message)?.to_bits(),
                    None => say(lent.context, send, payload)?,
                };
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

/// Sends what is more than a plain message to one agent.
#[inline(never)]
fn say(context: &mut Context<'_>, send: &xrmesh_send, payload: &[u8]) -> Result<u64, Failure> {
    let (target, message) = send.parse(payload)?;
    let (id, ask) = send_as(context, send, target, message)?;
    Ok(ask.map_or(id, |ask| u64::from(ask.to_bits())))
}

/// Passes the message that the callback handles on, with its payload and one hop less: to the target of
/// `send`, of which only `to`, `target`, `count`, `point` and `radius` count. One that has no hop left is
/// dropped as XRMESH_DROP_EXPIRED_HOPS. `id` is optional.
///
/// Its callback only, in `on_message`.
///
/// Errors: as for a message of `xrmesh_context_submit`, and XRMESH_ERROR_NO_MESSAGE outside of
/// `on_message`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_context_forward(
    context: xrmesh_context,
    send: *const xrmesh_send,
    id: *mut u64,
) -> xrmesh_status {
    fence_anywhere!(|caller| {
        let send = caller.plain(send, "send")?;
        let id = caller.optional_out(id);
        let plain = xrmesh_send {
            to: send.to,
            target: send.target,
            count: send.count,
            point: send.point,
            radius: send.radius,
            kind: crate::message::XRMESH_KIND_USER,
            ..Default::default()
        };
        let (target, _) = plain.parse(&[])?;
        with(context, |lent| {
            let Some(envelope) = lent.envelope else {
                fail!(XRMESH_ERROR_NO_MESSAGE, "only on_message has a message to pass on");
            };
            let sent = lent.context.forward(envelope, target)?;
            if let Some(id) = id {
                id.set(sent.to_bits());
            }
            Ok(XRMESH_OK)
        })
    })
}

/// Submits a vector to the mesh's processor number `processor`. What it makes of it comes as a message of
/// XRMESH_KIND_INFERENCE with the number that `ask` gets; after `timeout_ns` an XRMESH_KIND_TIMED_OUT
/// notice.
///
/// Its callback only.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_MISALIGNED,
/// XRMESH_ERROR_UNKNOWN_PROCESSOR, XRMESH_ERROR_SHAPE, XRMESH_ERROR_OUT_OF_RANGE, XRMESH_ERROR_FULL,
/// XRMESH_ERROR_LIMIT, XRMESH_ERROR_STOPPING, XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_context_infer(
    context: xrmesh_context,
    processor: u32,
    values: *const f32,
    count: u32,
    timeout_ns: i64,
    ask: *mut u32,
) -> xrmesh_status {
    fence_anywhere!(|caller| {
        let values = caller.slice(values, count, "values")?;
        let out = caller.out(ask, "ask")?;
        let Ok(wait) = u64::try_from(timeout_ns) else {
            fail!(XRMESH_ERROR_OUT_OF_RANGE, "timeout_ns is {timeout_ns}, expected 0 or more");
        };
        with(context, |lent| {
            let processor = ProcessorId::from_bits(processor);
            let ask = lent.context.infer(processor, values, Duration::from_nanos(wait))?;
            out.set(ask.to_bits());
            Ok(XRMESH_OK)
        })
    })
}
