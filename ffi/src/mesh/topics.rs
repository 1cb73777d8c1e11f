//! Topics and interests.
#![expect(unsafe_code, reason = "exports have C names")]

use core::ffi::c_char;

use xrmesh::Topic;

use crate::fence::fence;
use crate::handle::xrmesh_mesh;
use crate::mesh::object;
use crate::message::{agent as agent_of, xrmesh_agent_id, xrmesh_topic_id};
use crate::region::{self, xrmesh_region};
use crate::status::*;

/// Subscribes an agent to a topic: everywhere if `region` is NULL, else for what happens in it. A
/// second subscription to a topic replaces the first. `topic` is optional and gets the topic's id.
///
/// One at a time.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_UNKNOWN_AGENT, XRMESH_ERROR_NULL_POINTER,
/// XRMESH_ERROR_UTF8, XRMESH_ERROR_NAME, XRMESH_ERROR_STRUCT_SIZE, XRMESH_ERROR_GEOMETRY,
/// XRMESH_ERROR_LIMIT, XRMESH_ERROR_BUSY, XRMESH_ERROR_DRIVEN, XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_mesh_subscribe(
    mesh: xrmesh_mesh,
    agent: xrmesh_agent_id,
    name: *const c_char,
    name_len: u32,
    region: *const xrmesh_region,
    topic: *mut xrmesh_topic_id,
) -> xrmesh_status {
    fence!(|caller| {
        let name = caller.text(name, name_len, "name")?;
        let region = region::read_optional(caller, region)?;
        let topic = caller.optional_out(topic);
        object::with(mesh, |mesh| {
            let id = mesh.subscribe(agent_of(agent)?, name, region)?;
            if let Some(topic) = topic {
                topic.set(id.to_bits());
            }
            Ok(XRMESH_OK)
        })
    })
}

/// Ends a subscription.
///
/// One at a time.
///
/// Returns XRMESH_UNCHANGED if there was none.
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_UNKNOWN_AGENT, XRMESH_ERROR_BUSY,
/// XRMESH_ERROR_DRIVEN, XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_mesh_unsubscribe(
    mesh: xrmesh_mesh,
    agent: xrmesh_agent_id,
    topic: xrmesh_topic_id,
) -> xrmesh_status {
    fence!(|_caller| {
        object::with(mesh, |mesh| {
            let ended = mesh.unsubscribe(agent_of(agent)?, Topic::from_bits(topic))?;
            Ok(if ended { XRMESH_OK } else { XRMESH_UNCHANGED })
        })
    })
}

/// The name of a topic that has subscribers, UTF-8 without a zero at its end. `name_len` gets its bytes.
///
/// One at a time.
///
/// Returns XRMESH_NONE if the mesh knows no such topic.
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_BUFFER_TOO_SMALL,
/// XRMESH_ERROR_ZERO_CAPACITY, XRMESH_ERROR_BUSY, XRMESH_ERROR_DRIVEN, XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_mesh_topic_name(
    mesh: xrmesh_mesh,
    topic: xrmesh_topic_id,
    name: *mut c_char,
    capacity: u32,
    name_len: *mut u32,
) -> xrmesh_status {
    fence!(|caller| {
        caller.out(name_len, "name_len")?;
        caller.room(name.cast::<u8>(), capacity, "name")?;
        object::with(mesh, |mesh| match mesh.topic_name(Topic::from_bits(topic)) {
            Some(text) => {
                caller.write_all(name.cast::<u8>(), capacity, name_len, text.as_bytes(), "name")
            }
            None => Ok(XRMESH_NONE),
        })
    })
}
