//! What a callback may change. It takes effect at the end of the round.
#![expect(unsafe_code, reason = "exports have C names")]

use core::ffi::c_char;

use xrmesh::{Time, Topic};

use super::agent::{CallbackAgent, xrmesh_callbacks};
use super::current::with;
use crate::fence::fence_anywhere;
use crate::handle::xrmesh_context;
use crate::host::agent::HostAgent;
use crate::mesh::agents::xrmesh_spawn_options;
use crate::message::{agent as agent_of, xrmesh_agent_id, xrmesh_topic_id};
use crate::pointer::Caller;
use crate::pose::xrmesh_pose;
use crate::region::{self, xrmesh_region};
use crate::status::*;

/// Runs this agent's `on_tick` in the first tick at or after `at_ns`.
///
/// Its callback only.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_FULL, XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_context_wake_at(
    context: xrmesh_context,
    at_ns: i64,
) -> xrmesh_status {
    fence_anywhere!(|_caller| {
        with(context, |lent| {
            lent.context.wake_at(Time::from_nanos(at_ns))?;
            Ok(XRMESH_OK)
        })
    })
}

/// Says where this agent is.
///
/// Its callback only.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_GEOMETRY,
/// XRMESH_ERROR_FULL, XRMESH_ERROR_STOPPING, XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_context_move(
    context: xrmesh_context,
    pose: *const xrmesh_pose,
) -> xrmesh_status {
    fence_anywhere!(|caller| {
        let pose = caller.plain(pose, "pose")?.parsed()?;
        with(context, |lent| {
            lent.context.move_to(pose)?;
            Ok(XRMESH_OK)
        })
    })
}

/// Subscribes this agent to a topic: everywhere if `region` is NULL, else for what happens in it.
///
/// Its callback only.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_UTF8,
/// XRMESH_ERROR_NAME, XRMESH_ERROR_STRUCT_SIZE, XRMESH_ERROR_GEOMETRY, XRMESH_ERROR_FULL,
/// XRMESH_ERROR_STOPPING, XRMESH_ERROR_PANIC. Limits that others exhaust meanwhile show as an
/// XRMESH_KIND_REFUSED notice.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_context_subscribe(
    context: xrmesh_context,
    name: *const c_char,
    name_len: u32,
    region: *const xrmesh_region,
) -> xrmesh_status {
    fence_anywhere!(|caller| {
        let name = caller.text(name, name_len, "name")?;
        let region = region::read_optional(caller, region)?;
        with(context, |lent| {
            lent.context.subscribe(name, region)?;
            Ok(XRMESH_OK)
        })
    })
}

/// Ends a subscription of this agent; nothing happens if there is none.
///
/// Its callback only.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_FULL, XRMESH_ERROR_STOPPING,
/// XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_context_unsubscribe(
    context: xrmesh_context,
    topic: xrmesh_topic_id,
) -> xrmesh_status {
    fence_anywhere!(|_caller| {
        with(context, |lent| {
            lent.context.unsubscribe(Topic::from_bits(topic))?;
            Ok(XRMESH_OK)
        })
    })
}

/// Links this agent to another.
///
/// Its callback only.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_UNKNOWN_AGENT, XRMESH_ERROR_SELF_LINK,
/// XRMESH_ERROR_FULL, XRMESH_ERROR_STOPPING, XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_context_connect(
    context: xrmesh_context,
    other: xrmesh_agent_id,
) -> xrmesh_status {
    fence_anywhere!(|_caller| {
        with(context, |lent| {
            lent.context.connect(agent_of(other)?)?;
            Ok(XRMESH_OK)
        })
    })
}

/// Cuts the link to another agent; nothing happens if there is none.
///
/// Its callback only.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_UNKNOWN_AGENT for 0, XRMESH_ERROR_FULL,
/// XRMESH_ERROR_STOPPING, XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_context_disconnect(
    context: xrmesh_context,
    other: xrmesh_agent_id,
) -> xrmesh_status {
    fence_anywhere!(|_caller| {
        with(context, |lent| {
            lent.context.disconnect(agent_of(other)?)?;
            Ok(XRMESH_OK)
        })
    })
}

/// Spawns an agent that the host polls. It lives from the next round on; its id can be used at once.
/// `options` is optional.
///
/// Its callback only.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_STRUCT_SIZE,
/// XRMESH_ERROR_LIMIT, XRMESH_ERROR_GEOMETRY, XRMESH_ERROR_OUT_OF_RANGE, XRMESH_ERROR_UNKNOWN_VALUE,
/// XRMESH_ERROR_FULL, XRMESH_ERROR_STOPPING, XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_context_spawn(
    context: xrmesh_context,
    options: *const xrmesh_spawn_options,
    agent: *mut xrmesh_agent_id,
) -> xrmesh_status {
    fence_anywhere!(|caller| {
        let options = xrmesh_spawn_options::parsed(caller.optional_extensible(options)?)?;
        let agent = caller.out(agent, "agent")?;
        with(context, |lent| {
            let host = HostAgent::new(std::sync::Arc::clone(lent.frames));
            agent.set(lent.context.spawn(host, options)?.to_bits());
            Ok(XRMESH_OK)
        })
    })
}

/// Spawns an agent whose handlers are the host's functions; otherwise like `xrmesh_context_spawn`.
/// `options` is optional. Whatever this returns, `drop` will run exactly once, unless `callbacks` is NULL or
/// of another size.
///
/// Its callback only.
///
/// Errors: as for `xrmesh_context_spawn`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_context_spawn_callbacks(
    context: xrmesh_context,
    callbacks: *const xrmesh_callbacks,
    options: *const xrmesh_spawn_options,
    agent: *mut xrmesh_agent_id,
) -> xrmesh_status {
    // SAFETY: the caller of an export keeps the rules on pointers that the header states. Taken over
    // before the fence, so that whatever ends the call drops them.
    let owned = xrmesh_callbacks::own(&unsafe { Caller::trusted() }, callbacks);
    fence_anywhere!(|caller| {
        let owned = owned?;
        owned.check()?;
        let options = xrmesh_spawn_options::parsed(caller.optional_extensible(options)?)?;
        let agent = caller.out(agent, "agent")?;
        with(context, |lent| {
            let id = if owned.ticks() {
                lent.context.spawn(CallbackAgent::<true>::new(owned, lent.frames), options)?
            } else {
                lent.context.spawn(CallbackAgent::<false>::new(owned, lent.frames), options)?
            };
            agent.set(id.to_bits());
            Ok(XRMESH_OK)
        })
    })
}

/// Despawns an agent, which may be this one. It runs to the end of the round.
///
/// Its callback only.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_UNKNOWN_AGENT, XRMESH_ERROR_FULL,
/// XRMESH_ERROR_STOPPING, XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_context_despawn(
    context: xrmesh_context,
    agent: xrmesh_agent_id,
) -> xrmesh_status {
    fence_anywhere!(|_caller| {
        with(context, |lent| {
            lent.context.despawn(agent_of(agent)?)?;
            Ok(XRMESH_OK)
        })
    })
}
