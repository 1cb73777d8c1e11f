//! Agents: their lives and places.
#![expect(unsafe_code, reason = "exports have C names")]

use core::ffi::c_char;

use xrmesh::{Mailbox, Overflow, SpawnOptions, Vec3};

use crate::failure::{Failure, fail};
use crate::fence::{fence, fence_anywhere};
use crate::handle::xrmesh_mesh;
use crate::host::frames::HOST_TYPE;
use crate::mesh::object;
use crate::message::{agent, xrmesh_agent_id};
use crate::pointer::extensible;
use crate::pose::xrmesh_pose;
use crate::status::*;

/// `pose` says where the agent is.
pub const XRMESH_SPAWN_POSE: u32 = 1;
/// `mailbox_capacity` and `overflow` say what its mailbox is.
pub const XRMESH_SPAWN_MAILBOX: u32 = 2;

/// A full mailbox drops the new message.
pub const XRMESH_OVERFLOW_REJECT_NEW: u32 = 0;
/// A full mailbox drops the message that was sent first.
pub const XRMESH_OVERFLOW_DROP_OLDEST: u32 = 1;
/// A full mailbox drops the least urgent message.
pub const XRMESH_OVERFLOW_DROP_LEAST_URGENT: u32 = 2;

/// What a spawn may say. Fill it by `xrmesh_spawn_options_default`.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct xrmesh_spawn_options {
    /// The size of this struct.
    pub struct_size: u32,
    /// XRMESH_SPAWN_*.
    pub flags: u32,
    /// Where it is.
    pub pose: xrmesh_pose,
    /// Messages that may wait for it, at least 1.
    pub mailbox_capacity: u32,
    /// XRMESH_OVERFLOW_*.
    pub overflow: u32,
    /// Zero.
    pub reserved: u32,
}

extensible!(xrmesh_spawn_options);

impl xrmesh_spawn_options {
    pub(crate) fn parsed(options: Option<Self>) -> Result<SpawnOptions, Failure> {
        let (Some(options), parsed) = (options, SpawnOptions::new()) else {
            return Ok(SpawnOptions::new());
        };
        let mut parsed = parsed;
        let flags = options.flags;
        if flags & !(XRMESH_SPAWN_POSE | XRMESH_SPAWN_MAILBOX) != 0 {
            fail!(XRMESH_ERROR_UNKNOWN_VALUE, "spawn options' flags are {flags:#x}, known 0x3");
        }
        if options.reserved != 0 {
            fail!(XRMESH_ERROR_RESERVED, "spawn options' reserved field is not zero");
        }
        if flags & XRMESH_SPAWN_POSE != 0 {
            parsed = parsed.pose(options.pose.parsed()?);
        }
        if flags & XRMESH_SPAWN_MAILBOX != 0 {
            let overflow = match options.overflow {
                XRMESH_OVERFLOW_REJECT_NEW => Overflow::RejectNew,
                XRMESH_OVERFLOW_DROP_OLDEST => Overflow::DropOldest,
                XRMESH_OVERFLOW_DROP_LEAST_URGENT => Overflow::DropLeastUrgent,
                given => fail!(XRMESH_ERROR_UNKNOWN_VALUE, "overflow is {given}, known are 0 to 2"),
            };
            parsed = parsed.mailbox(Mailbox { capacity: options.mailbox_capacity, overflow });
        }
        Ok(parsed)
    }
}

/// Fills the options with their defaults: no pose, the configured mailbox. NULL is let be.
///
/// Any thread, also in callbacks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_spawn_options_default(options: *mut xrmesh_spawn_options) {
    fence_anywhere!(
        quiet | caller | {
            caller.out(options, "options")?.set(xrmesh_spawn_options {
                struct_size: size_of::<xrmesh_spawn_options>() as u32,
                flags: 0,
                pose: xrmesh_pose { position: [0.0; 3], orientation: [0.0, 0.0, 0.0, 1.0] },
                mailbox_capacity: 16_384,
                overflow: XRMESH_OVERFLOW_REJECT_NEW,
                reserved: 0,
            });
            Ok(XRMESH_OK)
        }
    );
}

/// Spawns an agent that the host polls: what it gets comes out of `xrmesh_mesh_poll` and
/// `xrmesh_mesh_lease`, and `xrmesh_mesh_submit` sends in its name. `options` is optional.
///
/// One at a time.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_STRUCT_SIZE,
/// XRMESH_ERROR_LIMIT, XRMESH_ERROR_GEOMETRY, XRMESH_ERROR_OUT_OF_RANGE, XRMESH_ERROR_UNKNOWN_VALUE,
/// XRMESH_ERROR_BUSY, XRMESH_ERROR_DRIVEN, XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_mesh_spawn(
    mesh: xrmesh_mesh,
    options: *const xrmesh_spawn_options,
    agent: *mut xrmesh_agent_id,
) -> xrmesh_status {
    fence!(|caller| {
        let options = xrmesh_spawn_options::parsed(caller.optional_extensible(options)?)?;
        let agent = caller.out(agent, "agent")?;
        object::with(mesh, |mesh| {
            agent.set(mesh.spawn_as(HOST_TYPE, &[], options)?.to_bits());
            Ok(XRMESH_OK)
        })
    })
}

/// Spawns an agent of a registered type from bytes: see `xrmesh_mesh_register`. It is restarted from
/// the same bytes if it must be. `options` is optional.
///
/// One at a time.
///
/// Errors: as for `xrmesh_mesh_spawn`, and XRMESH_ERROR_UTF8, XRMESH_ERROR_UNKNOWN_TYPE,
/// XRMESH_ERROR_FACTORY.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_mesh_spawn_as(
    mesh: xrmesh_mesh,
    type_name: *const c_char,
    type_name_len: u32,
    bytes: *const u8,
    bytes_len: u32,
    options: *const xrmesh_spawn_options,
    agent: *mut xrmesh_agent_id,
) -> xrmesh_status {
    fence!(|caller| {
        let options = xrmesh_spawn_options::parsed(caller.optional_extensible(options)?)?;
        let name = caller.text(type_name, type_name_len, "type_name")?;
        let bytes = caller.slice(bytes, bytes_len, "bytes")?;
        let agent = caller.out(agent, "agent")?;
        object::with(mesh, |mesh| {
            agent.set(mesh.spawn_as(name, bytes, options)?.to_bits());
            Ok(XRMESH_OK)
        })
    })
}

/// Despawns an agent after its `on_stop`. Mail that waits for it is dropped.
///
/// One at a time.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_UNKNOWN_AGENT, XRMESH_ERROR_BUSY,
/// XRMESH_ERROR_DRIVEN, XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_mesh_despawn(
    mesh: xrmesh_mesh,
    agent: xrmesh_agent_id,
) -> xrmesh_status {
    fence!(|_caller| {
        object::with(mesh, |mesh| {
            mesh.despawn(self::agent(agent)?)?;
            Ok(XRMESH_OK)
        })
    })
}

/// Gives an agent no mail until it is released (`quarantined` 1), or releases it (0).
///
/// One at a time.
///
/// Errors: as for `xrmesh_mesh_despawn`, and XRMESH_ERROR_UNKNOWN_VALUE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_mesh_quarantine(
    mesh: xrmesh_mesh,
    agent: xrmesh_agent_id,
    quarantined: u32,
) -> xrmesh_status {
    fence!(|_caller| {
        if quarantined > 1 {
            fail!(XRMESH_ERROR_UNKNOWN_VALUE, "quarantined is {quarantined}, expected 0 or 1");
        }
        object::with(mesh, |mesh| {
            mesh.quarantine(self::agent(agent)?, quarantined == 1)?;
            Ok(XRMESH_OK)
        })
    })
}

/// Says where an agent is.
///
/// One at a time.
///
/// Errors: as for `xrmesh_mesh_despawn`, and XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_GEOMETRY.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_mesh_move(
    mesh: xrmesh_mesh,
    agent: xrmesh_agent_id,
    pose: *const xrmesh_pose,
) -> xrmesh_status {
    fence!(|caller| {
        let pose = caller.plain(pose, "pose")?.parsed()?;
        object::with(mesh, |mesh| {
            mesh.move_to(self::agent(agent)?, pose)?;
            Ok(XRMESH_OK)
        })
    })
}

/// Says where many agents are: `poses[i]` for `agents[i]`. The first that is refused ends the call; those
/// before it have moved, and `moved`, which is optional, says how many.
///
/// One at a time.
///
/// Errors: as for `xrmesh_mesh_move`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_mesh_move_many(
    mesh: xrmesh_mesh,
    agents: *const xrmesh_agent_id,
    poses: *const xrmesh_pose,
    count: u32,
    moved: *mut u32,
) -> xrmesh_status {
    fence!(|caller| {
        let agents = caller.slice(agents, count, "agents")?;
        let poses = caller.slice(poses, count, "poses")?;
        let moved = caller.optional_out(moved);
        object::with(mesh, |mesh| {
            let mut done = 0;
            let all = agents.iter().zip(poses).try_for_each(|(&agent, pose)| {
                mesh.move_to(self::agent(agent)?, pose.parsed()?)?;
                done += 1;
                Ok::<_, Failure>(())
            });
            if let Some(moved) = moved {
                moved.set(done);
            }
            all.map(|()| XRMESH_OK)
        })
    })
}

/// Where an agent is.
///
/// One at a time.
///
/// Returns XRMESH_NONE if it has no pose or does not live.
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_UNKNOWN_AGENT for 0,
/// XRMESH_ERROR_BUSY, XRMESH_ERROR_DRIVEN, XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_mesh_pose_of(
    mesh: xrmesh_mesh,
    agent: xrmesh_agent_id,
    pose: *mut xrmesh_pose,
) -> xrmesh_status {
    fence!(|caller| {
        let out = caller.out(pose, "pose")?;
        object::with(mesh, |mesh| match mesh.pose_of(self::agent(agent)?) {
            Some(pose) => {
                out.set(pose.into());
                Ok(XRMESH_OK)
            }
            None => Ok(XRMESH_NONE),
        })
    })
}

/// Whether an agent lives: writes 1 or 0.
///
/// One at a time.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_BUSY,
/// XRMESH_ERROR_DRIVEN, XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_mesh_is_alive(
    mesh: xrmesh_mesh,
    agent: xrmesh_agent_id,
    alive: *mut u32,
) -> xrmesh_status {
    fence!(|caller| {
        let alive = caller.out(alive, "alive")?;
        object::with(mesh, |mesh| {
            let lives = self::agent(agent).is_ok_and(|id| mesh.is_alive(id));
            alive.set(u32::from(lives));
            Ok(XRMESH_OK)
        })
    })
}

/// All agents that live, in the order of their slots. `count` gets how many there are.
///
/// One at a time.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_BUFFER_TOO_SMALL,
/// XRMESH_ERROR_ZERO_CAPACITY, XRMESH_ERROR_BUSY, XRMESH_ERROR_DRIVEN, XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_mesh_agents(
    mesh: xrmesh_mesh,
    agents: *mut xrmesh_agent_id,
    capacity: u32,
    count: *mut u32,
) -> xrmesh_status {
    fence!(|caller| {
        object::with(mesh, |mesh| {
            let all: Vec<u64> = mesh.agent_ids().map(|id| id.to_bits()).collect();
            caller.write_all(agents, capacity, count, &all, "agents")
        })
    })
}

/// The agents within `radius` metres of `point` (x, y, z), nearest first.
///
/// One at a time.
///
/// Errors: as for `xrmesh_mesh_agents`, and XRMESH_ERROR_OUT_OF_RANGE for a point or radius that is not
/// finite, or a negative radius.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_mesh_near(
    mesh: xrmesh_mesh,
    point: *const f32,
    radius: f32,
    agents: *mut xrmesh_agent_id,
    capacity: u32,
    count: *mut u32,
) -> xrmesh_status {
    fence!(|caller| {
        let point = Vec3::from_array(caller.plain(point.cast::<[f32; 3]>(), "point")?);
        if !point.is_finite() || !radius.is_finite() || radius < 0.0 {
            fail!(XRMESH_ERROR_OUT_OF_RANGE, "within {radius} m of {point:?}: both must be finite");
        }
        object::with(mesh, |mesh| {
            let near: Vec<u64> = mesh.near(point, radius).iter().map(|id| id.to_bits()).collect();
            caller.write_all(agents, capacity, count, &near, "agents")
        })
    })
}
