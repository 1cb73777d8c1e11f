//! What is found by its id or its label.
#![expect(unsafe_code, reason = "exports have C names")]

use core::ffi::c_char;

use super::content::{
    self, class as class_of, object as object_of, xrmesh_class_id, xrmesh_object, xrmesh_object_id,
};
use super::owner;
use super::shapes::xrmesh_box;
use super::snapshot::SnapshotObject;
use crate::failure::{Failure, Outcome, fail};
use crate::fence::{fence, fence_anywhere};
use crate::handle::{self, xrmesh_memory, xrmesh_snapshot};
use crate::pointer::Caller;
use crate::pose::xrmesh_pose;
use crate::status::*;

/// An object in the present state, published or not; also by the id of one that was merged into it. Its
/// attributes and then its name go to `content` if there is room for any; `content` is optional, and
/// `attributes_len` and `name_len` say what it needs.
///
/// One at a time.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_UNKNOWN_OBJECT,
/// XRMESH_ERROR_BUFFER_TOO_SMALL, XRMESH_ERROR_CLOSED if its mesh is gone, XRMESH_ERROR_BUSY,
/// XRMESH_ERROR_DRIVEN, XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_memory_object(
    memory: xrmesh_memory,
    id: xrmesh_object_id,
    object: *mut xrmesh_object,
    content: *mut u8,
    content_capacity: u32,
) -> xrmesh_status {
    fence!(|caller| {
        let out = caller.out(object, "object")?;
        let content = (content, content_capacity);
        owner::with(memory, |memory| content::show(caller, &memory.view(), id, out, content))
    })
}

/// An object in a snapshot; as `xrmesh_memory_object`. `content` is optional.
///
/// Any thread, also in callbacks.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_UNKNOWN_OBJECT,
/// XRMESH_ERROR_BUFFER_TOO_SMALL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_snapshot_object(
    snapshot: xrmesh_snapshot,
    id: xrmesh_object_id,
    object: *mut xrmesh_object,
    content: *mut u8,
    content_capacity: u32,
) -> xrmesh_status {
    fence_anywhere!(|caller| {
        let out = caller.out(object, "object")?;
        let held = handle::pin::<SnapshotObject>(snapshot.bits)?;
        content::show(caller, &held.view()?, id, out, (content, content_capacity))
    })
}

/// Whether objects are there, and under which ids now: 0 for one that is not, another id where it was
/// merged. `resolved` gets `count` of them.
///
/// Any thread, also in callbacks.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_MISALIGNED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_snapshot_resolve(
    snapshot: xrmesh_snapshot,
    ids: *const xrmesh_object_id,
    resolved: *mut xrmesh_object_id,
    count: u32,
) -> xrmesh_status {
    fence_anywhere!(|caller| {
        let ids = caller.slice(ids, count, "ids")?;
        let mut room = caller.room(resolved, count, "resolved")?;
        let held = handle::pin::<SnapshotObject>(snapshot.bits)?;
        let view = held.view()?;
        for &id in ids {
            let found = object_of(id).ok().and_then(|id| view.resolve(id));
            room.push(found.map_or(0, |id| id.to_bits()));
        }
        Ok(XRMESH_OK)
    })
}

/// Where objects are in the world: `poses` gets `count` of them.
///
/// Any thread, also in callbacks.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_MISALIGNED,
/// XRMESH_ERROR_UNKNOWN_OBJECT with its place in the text; those before it are written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_snapshot_world_poses(
    snapshot: xrmesh_snapshot,
    ids: *const xrmesh_object_id,
    poses: *mut xrmesh_pose,
    count: u32,
) -> xrmesh_status {
    fence_anywhere!(|caller| {
        each(caller, snapshot, (ids, count), (poses, "poses"), |view, id| {
            view.world_pose(id).map(Into::into)
        })
    })
}

/// The boxes along the world's axes around objects: `boxes` gets `count` of them.
///
/// Any thread, also in callbacks.
///
/// Errors: as for `xrmesh_snapshot_world_poses`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_snapshot_world_boxes(
    snapshot: xrmesh_snapshot,
    ids: *const xrmesh_object_id,
    boxes: *mut xrmesh_box,
    count: u32,
) -> xrmesh_status {
    fence_anywhere!(|caller| {
        each(caller, snapshot, (ids, count), (boxes, "boxes"), |view, id| {
            let found = view.world_box(id)?;
            Some(xrmesh_box { low: found.low().to_array(), high: found.high().to_array() })
        })
    })
}

fn each<T: Copy>(
    caller: &Caller,
    snapshot: xrmesh_snapshot,
    (ids, count): (*const xrmesh_object_id, u32),
    (to, what): (*mut T, &str),
    show: impl Fn(&xrmesh::memory::MemoryView<'_>, xrmesh::memory::ObjectId) -> Option<T>,
) -> Outcome {
    let ids = caller.slice(ids, count, "ids")?;
    let mut room = caller.room(to, count, what)?;
    let held = handle::pin::<SnapshotObject>(snapshot.bits)?;
    let view = held.view()?;
    for (index, &id) in ids.iter().enumerate() {
        match object_of(id).ok().and_then(|id| show(&view, id)) {
            Some(shown) => _ = room.push(shown),
            None => fail!(
                XRMESH_ERROR_UNKNOWN_OBJECT,
                "object {id:#018x}, {index} of {count}, is not there"
            ),
        }
    }
    Ok(XRMESH_OK)
}

/// The class of a label in a snapshot.
///
/// Any thread, also in callbacks.
///
/// Returns XRMESH_NONE if no object ever had it.
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_UTF8.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_snapshot_class(
    snapshot: xrmesh_snapshot,
    label: *const c_char,
    label_len: u32,
    class_id: *mut xrmesh_class_id,
) -> xrmesh_status {
    fence_anywhere!(|caller| {
        let label = caller.text(label, label_len, "label")?;
        let out = caller.out(class_id, "class_id")?;
        let held = handle::pin::<SnapshotObject>(snapshot.bits)?;
        Ok(match held.view()?.class(label) {
            Some(class) => {
                out.set(class.index().into());
                XRMESH_OK
            }
            None => XRMESH_NONE,
        })
    })
}

/// The label of a class in a snapshot. `label_len` gets its bytes.
///
/// Any thread, also in callbacks.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_UNKNOWN_CLASS,
/// XRMESH_ERROR_BUFFER_TOO_SMALL, XRMESH_ERROR_ZERO_CAPACITY.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_snapshot_label(
    snapshot: xrmesh_snapshot,
    class_id: xrmesh_class_id,
    label: *mut c_char,
    capacity: u32,
    label_len: *mut u32,
) -> xrmesh_status {
    fence_anywhere!(|caller| {
        let len = caller.out(label_len, "label_len")?;
        caller.room(label, capacity, "label")?;
        let held = handle::pin::<SnapshotObject>(snapshot.bits)?;
        let Some(found) = held.view()?.label(class_of(class_id)?) else {
            return Err(Failure::new(
                XRMESH_ERROR_UNKNOWN_CLASS,
                format_args!("class {class_id} is not there"),
            ));
        };
        len.set(found.len() as u32);
        caller.write_all(label.cast::<u8>(), capacity, label_len, found.as_bytes(), "label")
    })
}
