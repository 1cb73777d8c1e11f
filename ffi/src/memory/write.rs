//! Changes of objects.
#![expect(unsafe_code, reason = "exports have C names")]

use xrmesh::Time;
use xrmesh::memory::{FrameId, MemoryAnswer, MemoryCommand, NewObject, ObjectId};

use super::content::{
    self, object as object_of, xrmesh_anchor_id, xrmesh_object, xrmesh_object_id,
};
use super::owner::{self, Home, Writer};
use crate::failure::{Failure, fail};
use crate::fence::fence;
use crate::handle::xrmesh_memory;
use crate::pose::xrmesh_pose;
use crate::status::*;

/// Adds objects, all or none, and writes their ids in their order. Their attributes and names lie in
/// `content`. Where the memory is full, the least persistent objects leave for them (see
/// `xrmesh_memory_departures`) or, with XRMESH_WHEN_FULL_REFUSE, they are refused. Objects that are at
/// least as many as those that are there are put into an index that is built anew.
///
/// In a memory that is attached to a mesh each is a command of its own, and those before one that is
/// refused stay; `inserted` is optional and gets how many there are.
///
/// One at a time.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_MISALIGNED,
/// XRMESH_ERROR_GEOMETRY for a pose, XRMESH_ERROR_OUT_OF_RANGE for extents, a velocity, a share, times,
/// a text or attributes, XRMESH_ERROR_UNKNOWN_VALUE, XRMESH_ERROR_RESERVED, XRMESH_ERROR_UTF8,
/// XRMESH_ERROR_UNKNOWN_CLASS, XRMESH_ERROR_UNKNOWN_ANCHOR, XRMESH_ERROR_LIMIT,
/// XRMESH_ERROR_OUT_OF_MEMORY, XRMESH_ERROR_BACKLOG, XRMESH_ERROR_IO, XRMESH_ERROR_STORE_FAILED,
/// XRMESH_ERROR_CLOSED if its mesh is gone, XRMESH_ERROR_BUSY, XRMESH_ERROR_DRIVEN,
/// XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_memory_insert(
    memory: xrmesh_memory,
    objects: *const xrmesh_object,
    ids: *mut xrmesh_object_id,
    count: u32,
    content: *const u8,
    content_len: u32,
    inserted: *mut u32,
) -> xrmesh_status {
    fence!(|caller| {
        let objects = caller.slice(objects, count, "objects")?;
        let mut ids = caller.room(ids, count, "ids")?;
        let content = content::given(caller, content, content_len)?;
        let inserted = caller.optional_out(inserted);
        if let Some(inserted) = inserted {
            inserted.set(0);
        }
        let new = parsed(objects, content)?;
        let held = owner::pin(memory)?;
        let mut writer = held.enter()?;
        let done = match &mut writer.home {
            Home::Here(memory) => {
                let mut names = reserved(new.len())?;
                let done = match &new[..] {
                    [one] => memory.insert(one).map(|id| names.push(id)),
                    all => memory.insert_all(all, &mut names),
                };
                if done.is_ok() {
                    names.iter().for_each(|id| _ = ids.push(id.to_bits()));
                }
                done.map_err(Failure::from)
            }
            _ => new.into_iter().enumerate().try_for_each(|(index, object)| {
                let command = MemoryCommand::Insert(Box::new(object));
                match writer.change(&command, Time::ZERO) {
                    Ok(MemoryAnswer::Object(id)) => {
                        ids.push(id.to_bits());
                        Ok(())
                    }
                    Ok(_) => Ok(()),
                    Err(Failure { status, text }) => {
                        fail!(status, "object {index} of {count}: {text}")
                    }
                }
            }),
        };
        if let Some(inserted) = inserted {
            inserted.set(ids.filled() as u32);
        }
        done.map(|()| XRMESH_OK)
    })
}

fn parsed(objects: &[xrmesh_object], content: &[u8]) -> Result<Vec<NewObject>, Failure> {
    let mut new = reserved(objects.len())?;
    for (index, object) in objects.iter().enumerate() {
        match object.parse(content) {
            Ok(object) => new.push(object),
            Err(Failure { status, text }) => {
                let count = objects.len();
                fail!(status, "object {index} of {count}: {text}")
            }
        }
    }
    Ok(new)
}

/// An empty list with room, or no memory.
pub(crate) fn reserved<T>(count: usize) -> Result<Vec<T>, Failure> {
    let mut list = Vec::new();
    reserve(&mut list, count)?;
    Ok(list)
}

/// Empties a list and gives it room, or says that there is no memory.
pub(crate) fn reserve<T>(list: &mut Vec<T>, count: usize) -> Result<(), Failure> {
    list.clear();
    list.try_reserve(count).map_err(|_| {
        let bytes = count.saturating_mul(size_of::<T>());
        Failure::new(
            XRMESH_ERROR_OUT_OF_MEMORY,
            format_args!("{count} elements need {bytes} bytes more, which are not to be had"),
        )
    })
}

/// The shape of commands: done, or why not.
fn command(memory: xrmesh_memory, command: &MemoryCommand) -> Result<xrmesh_status, Failure> {
    owner::change(memory, command).map(|_| XRMESH_OK)
}

/// Replaces what is known of an object, which keeps its id. `id` of `object` is not read.
///
/// One at a time.
///
/// Errors: as for `xrmesh_memory_insert`, and XRMESH_ERROR_UNKNOWN_OBJECT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_memory_replace(
    memory: xrmesh_memory,
    id: xrmesh_object_id,
    object: *const xrmesh_object,
    content: *const u8,
    content_len: u32,
) -> xrmesh_status {
    fence!(|caller| {
        let object = caller.plain(object, "object")?;
        let new = object.parse(content::given(caller, content, content_len)?)?;
        command(memory, &MemoryCommand::Replace(object_of(id)?, Box::new(new)))
    })
}

/// Moves objects about their anchors: a frame's worth in one call. One that is named twice takes the
/// later pose. Their velocities stay. Once warmed up it allocates nothing.
///
/// One at a time.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_MISALIGNED,
/// XRMESH_ERROR_UNKNOWN_OBJECT, XRMESH_ERROR_GEOMETRY: none has moved then.
/// XRMESH_ERROR_OUT_OF_MEMORY, XRMESH_ERROR_BACKLOG, XRMESH_ERROR_IO, XRMESH_ERROR_STORE_FAILED,
/// XRMESH_ERROR_CLOSED if its mesh is gone, XRMESH_ERROR_BUSY, XRMESH_ERROR_DRIVEN,
/// XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_memory_update_poses(
    memory: xrmesh_memory,
    ids: *const xrmesh_object_id,
    poses: *const xrmesh_pose,
    count: u32,
) -> xrmesh_status {
    fence!(|caller| {
        let ids = caller.slice(ids, count, "ids")?;
        let poses = caller.slice(poses, count, "poses")?;
        let held = owner::pin(memory)?;
        let writer = &mut *held.enter()?;
        let mut moves = core::mem::take(&mut writer.moves);
        reserve(&mut moves, ids.len())?;
        let parsed = ids.iter().zip(poses).enumerate().try_for_each(|(index, (&id, pose))| {
            let parsed = object_of(id).and_then(|id| Ok((id, pose.parsed()?)));
            match parsed {
                Ok(one) => {
                    moves.push(one);
                    Ok(())
                }
                Err(Failure { status, text }) => fail!(status, "move {index} of {count}: {text}"),
            }
        });
        let moved = match parsed {
            Ok(()) => move_all(writer, &mut moves),
            Err(failure) => Err(failure),
        };
        writer.moves = moves;
        moved.map(|()| XRMESH_OK)
    })
}

fn move_all(writer: &mut Writer, moves: &mut Vec<(ObjectId, xrmesh::Pose)>) -> Result<(), Failure> {
    match &mut writer.home {
        Home::Here(memory) => Ok(memory.update_poses(moves)?),
        _ => {
            let command = MemoryCommand::UpdatePoses(core::mem::take(moves));
            let done = writer.change(&command, Time::ZERO);
            if let MemoryCommand::UpdatePoses(list) = command {
                *moves = list;
            }
            done.map(|_| ())
        }
    }
}

/// Replaces what else is known of an object: `attributes` says of what kind (XRMESH_ATTRIBUTES_*) the
/// `content` is.
///
/// One at a time.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_UNKNOWN_OBJECT,
/// XRMESH_ERROR_UNKNOWN_VALUE, XRMESH_ERROR_OUT_OF_RANGE, XRMESH_ERROR_UTF8, XRMESH_ERROR_BACKLOG,
/// XRMESH_ERROR_IO, XRMESH_ERROR_STORE_FAILED, XRMESH_ERROR_CLOSED if its mesh is gone,
/// XRMESH_ERROR_BUSY, XRMESH_ERROR_DRIVEN, XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_memory_set_attributes(
    memory: xrmesh_memory,
    id: xrmesh_object_id,
    attributes: u32,
    content: *const u8,
    content_len: u32,
) -> xrmesh_status {
    fence!(|caller| {
        let content = content::given(caller, content, content_len)?;
        let attributes = content::attributes(attributes, content)?;
        command(memory, &MemoryCommand::SetAttributes(object_of(id)?, attributes))
    })
}

/// Hangs an object on another anchor, at `pose` seen from there.
///
/// One at a time.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_UNKNOWN_OBJECT,
/// XRMESH_ERROR_UNKNOWN_ANCHOR, XRMESH_ERROR_GEOMETRY, XRMESH_ERROR_BACKLOG, XRMESH_ERROR_IO,
/// XRMESH_ERROR_STORE_FAILED, XRMESH_ERROR_CLOSED if its mesh is gone, XRMESH_ERROR_BUSY,
/// XRMESH_ERROR_DRIVEN, XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_memory_hang(
    memory: xrmesh_memory,
    id: xrmesh_object_id,
    anchor: xrmesh_anchor_id,
    pose: *const xrmesh_pose,
) -> xrmesh_status {
    fence!(|caller| {
        let pose = caller.plain(pose, "pose")?.parsed()?;
        command(memory, &MemoryCommand::Hang(object_of(id)?, FrameId::new(anchor), pose))
    })
}

/// Removes an object; its id never returns.
///
/// One at a time.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_UNKNOWN_OBJECT, XRMESH_ERROR_BACKLOG,
/// XRMESH_ERROR_IO, XRMESH_ERROR_STORE_FAILED, XRMESH_ERROR_CLOSED if its mesh is gone,
/// XRMESH_ERROR_BUSY, XRMESH_ERROR_DRIVEN, XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_memory_remove(
    memory: xrmesh_memory,
    id: xrmesh_object_id,
) -> xrmesh_status {
    fence!(|_caller| command(memory, &MemoryCommand::Remove(object_of(id)?)))
}

/// Removes an object that was found to be the same as `into`: its id finds that one from now on.
///
/// One at a time.
///
/// Errors: as for `xrmesh_memory_remove`, and XRMESH_ERROR_SELF_MERGE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_memory_merge(
    memory: xrmesh_memory,
    id: xrmesh_object_id,
    into: xrmesh_object_id,
) -> xrmesh_status {
    fence!(|_caller| {
        command(memory, &MemoryCommand::Merge { id: object_of(id)?, into: object_of(into)? })
    })
}
