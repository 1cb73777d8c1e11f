//! What a callback may see.
#![expect(unsafe_code, reason = "exports have C names")]

use core::ffi::c_char;

use bytemuck::{Pod, Zeroable};
use xrmesh::Vec3;

use super::current::with;
use crate::failure::fail;
use crate::fence::fence_anywhere;
use crate::handle::xrmesh_context;
use crate::message::{agent as agent_of, xrmesh_agent_id};
use crate::pose::xrmesh_pose;
use crate::region::{self, xrmesh_region};
use crate::status::*;

/// Where and when a callback runs. 32 bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Pod, Zeroable)]
#[repr(C)]
pub struct xrmesh_moment {
    /// The agent whose callback runs.
    pub agent: u64,
    /// The time that the host gave this tick.
    pub now_ns: i64,
    /// The number of this tick; the first is 1.
    pub tick: u64,
    /// Agents that live.
    pub agents: u32,
    /// The agent's shard, below 64. Agents of one shard never run at the same time.
    pub shard: u32,
}

/// Where and when the callback runs.
///
/// Its callback only.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_context_moment(
    context: xrmesh_context,
    moment: *mut xrmesh_moment,
) -> xrmesh_status {
    fence_anywhere!(|caller| {
        let moment = caller.out(moment, "moment")?;
        with(context, |lent| {
            let context = lent.context;
            moment.set(xrmesh_moment {
                agent: context.id().to_bits(),
                now_ns: context.now().as_nanos(),
                tick: context.tick(),
                agents: context.agents(),
                shard: context.shard(),
            });
            Ok(XRMESH_OK)
        })
    })
}

/// Whether an agent lives: writes 1 or 0.
///
/// Its callback only.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_context_is_alive(
    context: xrmesh_context,
    agent: xrmesh_agent_id,
    alive: *mut u32,
) -> xrmesh_status {
    fence_anywhere!(|caller| {
        let alive = caller.out(alive, "alive")?;
        with(context, |lent| {
            let lives = agent_of(agent).is_ok_and(|id| lent.context.is_alive(id));
            alive.set(u32::from(lives));
            Ok(XRMESH_OK)
        })
    })
}

/// Where an agent is; the callback's own for 0.
///
/// Its callback only.
///
/// Returns XRMESH_NONE if it has no pose or does not live.
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_context_pose_of(
    context: xrmesh_context,
    agent: xrmesh_agent_id,
    pose: *mut xrmesh_pose,
) -> xrmesh_status {
    fence_anywhere!(|caller| {
        let out = caller.out(pose, "pose")?;
        with(context, |lent| {
            let found = match agent {
                0 => lent.context.pose(),
                agent => lent.context.pose_of(agent_of(agent)?),
            };
            match found {
                Some(pose) => {
                    out.set(pose.into());
                    Ok(XRMESH_OK)
                }
                None => Ok(XRMESH_NONE),
            }
        })
    })
}

/// The agents within `radius` metres of `point` (x, y, z), nearest first, as many as there is room
/// for; this agent too. `count` gets how many there are.
///
/// Its callback only.
///
/// Returns XRMESH_MORE if there are more than fit.
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_ZERO_CAPACITY,
/// XRMESH_ERROR_OUT_OF_RANGE, XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_context_near(
    context: xrmesh_context,
    point: *const f32,
    radius: f32,
    agents: *mut xrmesh_agent_id,
    capacity: u32,
    count: *mut u32,
) -> xrmesh_status {
    fence_anywhere!(|caller| {
        let point = Vec3::from_array(caller.plain(point.cast::<[f32; 3]>(), "point")?);
        let count = caller.out(count, "count")?;
        let mut room = caller.room(agents, capacity, "agents")?;
        if !point.is_finite() || !radius.is_finite() || radius < 0.0 {
            fail!(XRMESH_ERROR_OUT_OF_RANGE, "within {radius} m of {point:?}: both must be finite");
        }
        with(context, |lent| {
            let mut found = 0;
            lent.context.near(point, radius, |id, _| {
                room.push(id.to_bits());
                found += 1;
            });
            count.set(found);
            listed(found, capacity)
        })
    })
}

/// The agents whose positions lie in a region, in the order of their slots, as many as there is room for;
/// this agent too. `count` gets how many there are.
///
/// Its callback only.
///
/// Returns XRMESH_MORE if there are more than fit.
/// Errors: as for `xrmesh_context_near`, and XRMESH_ERROR_STRUCT_SIZE, XRMESH_ERROR_GEOMETRY.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_context_inside(
    context: xrmesh_context,
    region: *const xrmesh_region,
    agents: *mut xrmesh_agent_id,
    capacity: u32,
    count: *mut u32,
) -> xrmesh_status {
    fence_anywhere!(|caller| {
        let region = region::read(caller, region)?;
        let count = caller.out(count, "count")?;
        let mut room = caller.room(agents, capacity, "agents")?;
        with(context, |lent| {
            let mut found = 0;
            lent.context.inside(&region, |id| {
                room.push(id.to_bits());
                found += 1;
            });
            count.set(found);
            listed(found, capacity)
        })
    })
}

/// The agents linked to this one, in the order of their slots, as many as there is room for. `count` gets
/// how many there are.
///
/// Its callback only.
///
/// Returns XRMESH_MORE if there are more than fit.
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_ZERO_CAPACITY,
/// XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_context_neighbours(
    context: xrmesh_context,
    agents: *mut xrmesh_agent_id,
    capacity: u32,
    count: *mut u32,
) -> xrmesh_status {
    fence_anywhere!(|caller| {
        let count = caller.out(count, "count")?;
        let mut room = caller.room(agents, capacity, "agents")?;
        with(context, |lent| {
            let mut found = 0;
            for id in lent.context.neighbours() {
                room.push(id.to_bits());
                found += 1;
            }
            count.set(found);
            listed(found, capacity)
        })
    })
}

fn listed(found: u32, capacity: u32) -> crate::failure::Outcome {
    if capacity == 0 {
        fail!(XRMESH_ERROR_ZERO_CAPACITY, "agents has a capacity of 0; {found} are there");
    }
    Ok(if found > capacity { XRMESH_MORE } else { XRMESH_OK })
}

/// Random numbers that no other call gets: they follow from the mesh's seed, the agent, the round and
/// how many such calls the agent's shard made in it before.
///
/// Its callback only.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_context_random(
    context: xrmesh_context,
    numbers: *mut u64,
    count: u32,
) -> xrmesh_status {
    fence_anywhere!(|caller| {
        let mut room = caller.room(numbers, count, "numbers")?;
        with(context, |lent| {
            let mut stream = lent.context.random();
            while room.left() > 0 {
                room.push(stream.next_u64());
            }
            Ok(XRMESH_OK)
        })
    })
}

/// The number of the processor that was added to the mesh under that name.
///
/// Its callback only.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_UTF8,
/// XRMESH_ERROR_UNKNOWN_PROCESSOR, XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_context_processor(
    context: xrmesh_context,
    name: *const c_char,
    name_len: u32,
    processor: *mut u32,
) -> xrmesh_status {
    fence_anywhere!(|caller| {
        let name = caller.text(name, name_len, "name")?;
        let out = caller.out(processor, "processor")?;
        with(context, |lent| {
            let Some(processor) = lent.context.processor(name) else {
                fail!(XRMESH_ERROR_UNKNOWN_PROCESSOR, "no processor is named {name:?}");
            };
            out.set(processor.to_bits());
            Ok(XRMESH_OK)
        })
    })
}
