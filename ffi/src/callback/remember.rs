//! What a callback sees of the mesh's memory, and how it changes it.
#![expect(unsafe_code, reason = "exports have C names")]

use xrmesh::memory::{MemoryCommand, MemoryView};

use super::current::with;
use crate::failure::{Failure, Outcome, fail};
use crate::fence::fence_anywhere;
use crate::handle::{xrmesh_context, xrmesh_workspace};
use crate::memory::content::{
    self, object as object_of, xrmesh_object, xrmesh_object_id, xrmesh_observation, xrmesh_point,
};
use crate::memory::filter::xrmesh_filter;
use crate::memory::query::{self, Named, xrmesh_found, xrmesh_ray_hit};
use crate::memory::shapes::xrmesh_ray;
use crate::memory::write::reserved;
use crate::pose::xrmesh_pose;
use crate::region::{self, xrmesh_region};
use crate::status::*;

/// Shows the mesh's memory as it was when the round began.
fn see(context: xrmesh_context, act: impl FnOnce(&MemoryView<'_>) -> Outcome) -> Outcome {
    with(context, |lent| match lent.context.memory() {
        Some(view) => act(&view),
        None => fail!(XRMESH_ERROR_NOT_ATTACHED, "the mesh has no memory"),
    })
}

/// An object of the mesh's memory as it was when the round began; as `xrmesh_memory_object`. `content` is
/// optional.
///
/// Its callback only.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_NOT_ATTACHED,
/// XRMESH_ERROR_UNKNOWN_OBJECT, XRMESH_ERROR_BUFFER_TOO_SMALL, XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_context_object(
    context: xrmesh_context,
    id: xrmesh_object_id,
    object: *mut xrmesh_object,
    content: *mut u8,
    content_capacity: u32,
) -> xrmesh_status {
    fence_anywhere!(|caller| {
        let out = caller.out(object, "object")?;
        see(context, |view| content::show(caller, view, id, out, (content, content_capacity)))
    })
}

/// `xrmesh_snapshot_nearest` of the mesh's memory as it was when the round began.
///
/// Its callback only; a workspace one at a time.
///
/// Errors: as for `xrmesh_snapshot_nearest`, and XRMESH_ERROR_NOT_ATTACHED. `filter` is optional.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_context_nearest_objects(
    context: xrmesh_context,
    workspace: xrmesh_workspace,
    point: *const xrmesh_point,
    filter: *const xrmesh_filter,
    found: *mut xrmesh_found,
    capacity: u32,
    count: *mut u32,
) -> xrmesh_status {
    fence_anywhere!(|caller| {
        let point = caller.plain(point, "point")?;
        let to = query::Told::new(caller, (found, capacity, count))?;
        see(context, |view| {
            query::ask_view(
                caller,
                *view,
                (workspace, filter),
                to,
                0,
                |view, limit, filter, work| Ok(view.nearest(point.into(), limit, filter, work)?),
            )
        })
    })
}

/// `xrmesh_snapshot_within` of the mesh's memory as it was when the round began.
///
/// Its callback only; a workspace one at a time.
///
/// Returns XRMESH_MORE if there are more.
/// Errors: as for `xrmesh_snapshot_within`, and XRMESH_ERROR_NOT_ATTACHED. `filter` is optional.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_context_objects_within(
    context: xrmesh_context,
    workspace: xrmesh_workspace,
    point: *const xrmesh_point,
    radius: f32,
    filter: *const xrmesh_filter,
    found: *mut xrmesh_found,
    capacity: u32,
    count: *mut u32,
) -> xrmesh_status {
    fence_anywhere!(|caller| {
        let point = caller.plain(point, "point")?;
        let to = query::Told::new(caller, (found, capacity, count))?;
        see(context, |view| {
            query::ask_view(
                caller,
                *view,
                (workspace, filter),
                to,
                1,
                |view, limit, filter, work| {
                    Ok(view.within(point.into(), radius, limit, filter, work)?)
                },
            )
        })
    })
}

/// `xrmesh_snapshot_in_region` of the mesh's memory as it was when the round began.
///
/// Its callback only; a workspace one at a time.
///
/// Returns XRMESH_MORE if there are more.
/// Errors: as for `xrmesh_snapshot_in_region`, and XRMESH_ERROR_NOT_ATTACHED. `filter` is optional.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_context_objects_in_region(
    context: xrmesh_context,
    workspace: xrmesh_workspace,
    region: *const xrmesh_region,
    filter: *const xrmesh_filter,
    objects: *mut xrmesh_object_id,
    capacity: u32,
    count: *mut u32,
) -> xrmesh_status {
    fence_anywhere!(|caller| {
        let region = region::read(caller, region)?;
        let to = query::Told::new(caller, (objects.cast::<Named>(), capacity, count))?;
        see(context, |view| {
            query::ask_view(
                caller,
                *view,
                (workspace, filter),
                to,
                1,
                |view, limit, filter, work| Ok(view.in_region(&region, limit, filter, work)),
            )
        })
    })
}

/// `xrmesh_snapshot_ray_all` of the mesh's memory as it was when the round began: with a capacity of 1 the
/// first hit.
///
/// Its callback only; a workspace one at a time.
///
/// Returns XRMESH_MORE if there are more.
/// Errors: as for `xrmesh_snapshot_ray_all`, and XRMESH_ERROR_NOT_ATTACHED. `filter` is optional.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_context_ray(
    context: xrmesh_context,
    workspace: xrmesh_workspace,
    ray: *const xrmesh_ray,
    reach_m: f32,
    filter: *const xrmesh_filter,
    hits: *mut xrmesh_ray_hit,
    capacity: u32,
    count: *mut u32,
) -> xrmesh_status {
    fence_anywhere!(|caller| {
        let ray = caller.plain(ray, "ray")?;
        let to = query::Told::new(caller, (hits, capacity, count))?;
        see(context, |view| {
            query::ask_view(
                caller,
                *view,
                (workspace, filter),
                to,
                1,
                |view, limit, filter, work| {
                    Ok(view.ray_all(&ray.parsed()?, reach_m, limit, filter, work)?)
                },
            )
        })
    })
}

/// Has the mesh's memory take in what this agent's detector saw, as one batch, at the round's end. Where the
/// memory refuses, the agent gets an XRMESH_KIND_REFUSED notice.
///
/// Its callback only.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_MISALIGNED,
/// XRMESH_ERROR_GEOMETRY, XRMESH_ERROR_OUT_OF_RANGE, XRMESH_ERROR_UNKNOWN_VALUE, XRMESH_ERROR_UTF8,
/// XRMESH_ERROR_UNKNOWN_OBJECT, XRMESH_ERROR_UNKNOWN_CLASS, XRMESH_ERROR_OUT_OF_MEMORY,
/// XRMESH_ERROR_NOT_ATTACHED, XRMESH_ERROR_FULL, XRMESH_ERROR_STOPPING, XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_context_observe(
    context: xrmesh_context,
    observations: *const xrmesh_observation,
    count: u32,
    content: *const u8,
    content_len: u32,
) -> xrmesh_status {
    fence_anywhere!(|caller| {
        let observations = caller.slice(observations, count, "observations")?;
        let content = content::given(caller, content, content_len)?;
        let mut seen = reserved(observations.len())?;
        for (index, observation) in observations.iter().enumerate() {
            match observation.parse(content) {
                Ok(observation) => seen.push(observation),
                Err(Failure { status, text }) => fail!(status, "observation {index}: {text}"),
            }
        }
        with(context, |lent| {
            lent.context.observe(&seen)?;
            Ok(XRMESH_OK)
        })
    })
}

/// Moves objects of the mesh's memory about their anchors, at the round's end; as
/// `xrmesh_context_observe`.
///
/// Its callback only.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_MISALIGNED,
/// XRMESH_ERROR_GEOMETRY, XRMESH_ERROR_UNKNOWN_OBJECT for 0, XRMESH_ERROR_OUT_OF_MEMORY,
/// XRMESH_ERROR_NOT_ATTACHED, XRMESH_ERROR_FULL, XRMESH_ERROR_STOPPING, XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_context_update_poses(
    context: xrmesh_context,
    ids: *const xrmesh_object_id,
    poses: *const xrmesh_pose,
    count: u32,
) -> xrmesh_status {
    fence_anywhere!(|caller| {
        let ids = caller.slice(ids, count, "ids")?;
        let poses = caller.slice(poses, count, "poses")?;
        let mut moves = reserved(ids.len())?;
        for (&id, pose) in ids.iter().zip(poses) {
            moves.push((object_of(id)?, pose.parsed()?));
        }
        with(context, |lent| {
            lent.context.update_poses(&moves)?;
            Ok(XRMESH_OK)
        })
    })
}

/// Adds an object to the mesh's memory, at the round's end; as `xrmesh_context_observe`. Its id shows in
/// what queries find.
///
/// Its callback only.
///
/// Errors: as for `xrmesh_context_observe`, and XRMESH_ERROR_RESERVED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_context_insert_object(
    context: xrmesh_context,
    object: *const xrmesh_object,
    content: *const u8,
    content_len: u32,
) -> xrmesh_status {
    fence_anywhere!(|caller| {
        let object = caller.plain(object, "object")?;
        let new = object.parse(content::given(caller, content, content_len)?)?;
        with(context, |lent| {
            lent.context.change_memory(MemoryCommand::Insert(Box::new(new)))?;
            Ok(XRMESH_OK)
        })
    })
}

/// Removes an object from the mesh's memory, at the round's end; as `xrmesh_context_observe`.
///
/// Its callback only.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_UNKNOWN_OBJECT for 0, XRMESH_ERROR_NOT_ATTACHED,
/// XRMESH_ERROR_FULL, XRMESH_ERROR_STOPPING, XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_context_remove_object(
    context: xrmesh_context,
    id: xrmesh_object_id,
) -> xrmesh_status {
    fence_anywhere!(|_caller| {
        let id = object_of(id)?;
        with(context, |lent| {
            lent.context.change_memory(MemoryCommand::Remove(id))?;
            Ok(XRMESH_OK)
        })
    })
}
