//! Links between agents.
#![expect(unsafe_code, reason = "exports have C names")]

use crate::fence::fence;
use crate::handle::xrmesh_mesh;
use crate::mesh::object;
use crate::message::{agent as agent_of, xrmesh_agent_id};
use crate::status::*;

/// Links two agents.
///
/// One at a time.
///
/// Returns XRMESH_UNCHANGED if they were linked.
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_UNKNOWN_AGENT, XRMESH_ERROR_SELF_LINK,
/// XRMESH_ERROR_LIMIT, XRMESH_ERROR_BUSY, XRMESH_ERROR_DRIVEN, XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_mesh_connect(
    mesh: xrmesh_mesh,
    a: xrmesh_agent_id,
    b: xrmesh_agent_id,
) -> xrmesh_status {
    fence!(|_caller| {
        object::with(mesh, |mesh| {
            let linked = mesh.connect(agent_of(a)?, agent_of(b)?)?;
            Ok(if linked { XRMESH_OK } else { XRMESH_UNCHANGED })
        })
    })
}

/// Cuts the link between two agents.
///
/// One at a time.
///
/// Returns XRMESH_UNCHANGED if there was none.
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_UNKNOWN_AGENT, XRMESH_ERROR_BUSY,
/// XRMESH_ERROR_DRIVEN, XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_mesh_disconnect(
    mesh: xrmesh_mesh,
    a: xrmesh_agent_id,
    b: xrmesh_agent_id,
) -> xrmesh_status {
    fence!(|_caller| {
        object::with(mesh, |mesh| {
            let cut = mesh.disconnect(agent_of(a)?, agent_of(b)?)?;
            Ok(if cut { XRMESH_OK } else { XRMESH_UNCHANGED })
        })
    })
}

/// From now on links agents that come within `radius` metres of each other, and cuts such links when
/// they are more than `radius + hysteresis` apart. Links made by `xrmesh_mesh_connect` stay.
///
/// One at a time.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_OUT_OF_RANGE, XRMESH_ERROR_BUSY,
/// XRMESH_ERROR_DRIVEN, XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_mesh_auto_connect(
    mesh: xrmesh_mesh,
    radius: f32,
    hysteresis: f32,
) -> xrmesh_status {
    fence!(|_caller| {
        object::with(mesh, |mesh| {
            mesh.auto_connect(radius, hysteresis)?;
            Ok(XRMESH_OK)
        })
    })
}

/// Links no longer follow where agents are. The links that exist stay.
///
/// One at a time.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_BUSY, XRMESH_ERROR_DRIVEN, XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_mesh_stop_auto_connect(mesh: xrmesh_mesh) -> xrmesh_status {
    fence!(|_caller| {
        object::with(mesh, |mesh| {
            mesh.stop_auto_connect();
            Ok(XRMESH_OK)
        })
    })
}

/// The agents linked to one, in the order of their slots; none if it does not live.
///
/// One at a time.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_UNKNOWN_AGENT for 0, XRMESH_ERROR_NULL_POINTER,
/// XRMESH_ERROR_BUFFER_TOO_SMALL, XRMESH_ERROR_ZERO_CAPACITY, XRMESH_ERROR_BUSY,
/// XRMESH_ERROR_DRIVEN, XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_mesh_neighbours(
    mesh: xrmesh_mesh,
    agent: xrmesh_agent_id,
    agents: *mut xrmesh_agent_id,
    capacity: u32,
    count: *mut u32,
) -> xrmesh_status {
    fence!(|caller| {
        object::with(mesh, |mesh| {
            let linked: Vec<u64> =
                mesh.neighbours(agent_of(agent)?).map(|id| id.to_bits()).collect();
            caller.write_all(agents, capacity, count, &linked, "agents")
        })
    })
}

/// A shortest way over links from one agent to another, both included.
///
/// One at a time.
///
/// Returns XRMESH_NONE if there is none.
/// Errors: as for `xrmesh_mesh_neighbours`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_mesh_path(
    mesh: xrmesh_mesh,
    from: xrmesh_agent_id,
    to: xrmesh_agent_id,
    agents: *mut xrmesh_agent_id,
    capacity: u32,
    count: *mut u32,
) -> xrmesh_status {
    fence!(|caller| {
        let counted = caller.out(count, "count")?;
        object::with(mesh, |mesh| match mesh.path(agent_of(from)?, agent_of(to)?) {
            Some(path) => {
                let path: Vec<u64> = path.iter().map(|id| id.to_bits()).collect();
                caller.write_all(agents, capacity, count, &path, "agents")
            }
            None => {
                counted.set(0);
                Ok(XRMESH_NONE)
            }
        })
    })
}
