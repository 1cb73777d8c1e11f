//! The end of a frame, and what a memory is: its account and its hash.
#![expect(unsafe_code, reason = "exports have C names")]

use bytemuck::{Pod, Zeroable};
use xrmesh::memory::{Published, Removal};
use xrmesh::{StateHasher, Time};

use super::content::xrmesh_object_id;
use super::owner::{self, Home};
use crate::failure::Failure;
use crate::fence::{fence, fence_anywhere};
use crate::handle::xrmesh_memory;
use crate::pointer::extensible;
use crate::status::*;

/// The host removed it.
pub const XRMESH_REMOVAL_REMOVED: u32 = 1;
/// It was found to be the same as another, `into`.
pub const XRMESH_REMOVAL_MERGED: u32 = 2;
/// Its persistence fell below the least of its class.
pub const XRMESH_REMOVAL_FADED: u32 = 3;
/// It gave its place to another when the memory was full.
pub const XRMESH_REMOVAL_EVICTED: u32 = 4;

/// What was published. 24 bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Pod, Zeroable)]
#[repr(C)]
pub struct xrmesh_published {
    /// The number of the state, from 1.
    pub version: u64,
    /// The bytes of pages that only held snapshots still need.
    pub retained_bytes: u64,
    /// 1 if readers see every anchor where it is; 0 while corrections are under way.
    pub is_corrected: u32,
    /// XRMESH_OK, or why the store takes no further change. What was published stands in RAM in any
    /// case.
    pub store: i32,
}

impl xrmesh_published {
    pub(crate) fn new(published: &Published) -> Self {
        let store = match &published.journal {
            Ok(()) => XRMESH_OK,
            Err(error) => Failure::from(error.clone()).status,
        };
        Self {
            version: published.version,
            retained_bytes: published.retained_bytes,
            is_corrected: u32::from(published.is_corrected),
            store,
        }
    }
}

/// Why an object left. 24 bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Pod, Zeroable)]
#[repr(C)]
pub struct xrmesh_departure {
    /// The object.
    pub object: xrmesh_object_id,
    /// With XRMESH_REMOVAL_MERGED the object that it is one with.
    pub into: xrmesh_object_id,
    /// XRMESH_REMOVAL_*.
    pub removal: u32,
    /// Zero.
    pub reserved: u32,
}

/// What a memory holds and takes. Fill it by `xrmesh_memory_stats_default`.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct xrmesh_memory_stats {
    /// The size of this struct.
    pub struct_size: u32,
    /// Objects.
    pub objects: u32,
    /// Class labels.
    pub classes: u32,
    /// Anchors, the world's own not counted.
    pub anchors: u32,
    /// Areas.
    pub areas: u32,
    /// 1 if it is attached to a mesh.
    pub is_attached: u32,
    /// The last change.
    pub sequence: u64,
    /// The last change that is certain to outlive a crash; 0 for a memory in RAM.
    pub durable_through: u64,
    /// Bytes of changes that wait to be written to the store.
    pub pending_bytes: u64,
    /// Bytes of RAM that objects and index take.
    pub memory_bytes: u64,
    /// Bytes of all attributes' content.
    pub attribute_bytes: u64,
    /// Bytes that the past takes.
    pub past_bytes: u64,
    /// When the oldest state was published that `xrmesh_memory_as_of` can give.
    pub oldest_past_ns: i64,
    /// 1 if there is such a state.
    pub has_past: u32,
    /// Zero.
    pub reserved: u32,
}

extensible!(xrmesh_memory_stats);

const NO_STATS: xrmesh_memory_stats = xrmesh_memory_stats {
    struct_size: size_of::<xrmesh_memory_stats>() as u32,
    objects: 0,
    classes: 0,
    anchors: 0,
    areas: 0,
    is_attached: 0,
    sequence: 0,
    durable_through: 0,
    pending_bytes: 0,
    memory_bytes: 0,
    attribute_bytes: 0,
    past_bytes: 0,
    oldest_past_ns: 0,
    has_past: 0,
    reserved: 0,
};

/// Ends a frame: what has changed becomes visible to new snapshots, all of it at once. Never waits for a
/// reader. `published` is optional. A memory that is attached to a mesh is published at each tick's end.
///
/// One at a time.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_TIME_WENT_BACK, XRMESH_ERROR_SNAPSHOTS_HELD if
/// snapshots of more than `max_snapshots` states are held, XRMESH_ERROR_ATTACHED, XRMESH_ERROR_BUSY,
/// XRMESH_ERROR_PANIC; what has changed is published with the next then.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_memory_publish(
    memory: xrmesh_memory,
    now_ns: i64,
    published: *mut xrmesh_published,
) -> xrmesh_status {
    fence!(|caller| {
        let out = caller.optional_out(published);
        let held = owner::pin(memory)?;
        let mut writer = held.enter()?;
        let done = writer.own()?.publish(Time::from_nanos(now_ns))?;
        let done = xrmesh_published::new(&done);
        writer.published = Some(done);
        if let Some(out) = out {
            out.set(done);
        }
        Ok(XRMESH_OK)
    })
}

/// What came of publishing last, in a mesh at its last tick's end.
///
/// One at a time.
///
/// Returns XRMESH_NONE if nothing was published yet.
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_SNAPSHOTS_HELD if the
/// mesh could not publish, XRMESH_ERROR_CLOSED if the mesh is gone, XRMESH_ERROR_BUSY,
/// XRMESH_ERROR_DRIVEN, XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_memory_published(
    memory: xrmesh_memory,
    published: *mut xrmesh_published,
) -> xrmesh_status {
    fence!(|caller| {
        let out = caller.out(published, "published")?;
        let held = owner::pin(memory)?;
        let writer = held.enter()?;
        let last = match writer.home {
            Home::Mesh(mesh, memories) => {
                owner::in_mesh(mesh, memories, |mesh| match mesh.memory_published() {
                    None => Ok(None),
                    Some(Ok(published)) => Ok(Some(xrmesh_published::new(published))),
                    Some(Err(error)) => Err((*error).into()),
                })?
            }
            _ => writer.published,
        };
        Ok(match last {
            Some(last) => {
                out.set(last);
                XRMESH_OK
            }
            None => XRMESH_NONE,
        })
    })
}

/// Who left since the last published state, and why, in the order of leaving, but for those that the
/// host removed itself: the faded, the evicted, the merged.
///
/// One at a time.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_BUFFER_TOO_SMALL,
/// XRMESH_ERROR_ZERO_CAPACITY, XRMESH_ERROR_CLOSED if its mesh is gone, XRMESH_ERROR_BUSY,
/// XRMESH_ERROR_DRIVEN, XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_memory_departures(
    memory: xrmesh_memory,
    departures: *mut xrmesh_departure,
    capacity: u32,
    count: *mut u32,
) -> xrmesh_status {
    fence!(|caller| {
        owner::with(memory, |memory| {
            let left = memory.departures().iter().map(|&(id, cause)| {
                let (removal, into) = removal(cause);
                xrmesh_departure { object: id.to_bits(), into, removal, reserved: 0 }
            });
            let left: Vec<_> = left.collect();
            caller.write_all(departures, capacity, count, &left, "departures")
        })
    })
}

/// XRMESH_REMOVAL_*, and the object that it is one with.
pub(crate) fn removal(cause: Removal) -> (u32, u64) {
    match cause {
        Removal::Removed => (XRMESH_REMOVAL_REMOVED, 0),
        Removal::Merged { into } => (XRMESH_REMOVAL_MERGED, into.to_bits()),
        Removal::Faded => (XRMESH_REMOVAL_FADED, 0),
        Removal::Evicted => (XRMESH_REMOVAL_EVICTED, 0),
        // The library knows a cause that this version does not: it is gone all the same.
        _ => (XRMESH_REMOVAL_REMOVED, 0),
    }
}

/// Fills the account with zeros and its size. NULL is let be.
///
/// Any thread, also in callbacks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_memory_stats_default(stats: *mut xrmesh_memory_stats) {
    fence_anywhere!(
        quiet | caller | {
            caller.out(stats, "stats")?.set(NO_STATS);
            Ok(XRMESH_OK)
        }
    );
}

/// What the memory holds and takes.
///
/// One at a time.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_STRUCT_SIZE,
/// XRMESH_ERROR_CLOSED if its mesh is gone, XRMESH_ERROR_BUSY, XRMESH_ERROR_DRIVEN,
/// XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_memory_counters(
    memory: xrmesh_memory,
    stats: *mut xrmesh_memory_stats,
) -> xrmesh_status {
    fence!(|caller| {
        let out = caller.out_extensible(stats)?;
        let held = owner::pin(memory)?;
        let mut writer = held.enter()?;
        let is_attached = u32::from(matches!(writer.home, Home::Mesh(..)));
        let pending = held.flusher.as_ref().map_or(0, |flusher| flusher.pending_bytes());
        writer.with(|memory| {
            let (sequence, durable) = (memory.sequence(), memory.durable_through());
            let (memory_bytes, attribute_bytes) = (memory.memory_bytes(), memory.attribute_bytes());
            let (past_bytes, oldest) = (memory.past_bytes(), memory.oldest_past());
            let view = memory.view();
            out.set(xrmesh_memory_stats {
                objects: view.len() as u32,
                classes: view.labels().len() as u32,
                anchors: view.frames().count() as u32,
                areas: view.areas().count() as u32,
                is_attached,
                sequence: sequence.0,
                durable_through: durable.0,
                pending_bytes: pending as u64,
                memory_bytes: memory_bytes as u64,
                attribute_bytes: attribute_bytes as u64,
                past_bytes,
                oldest_past_ns: oldest.map_or(0, |oldest| oldest.as_nanos()),
                has_past: u32::from(oldest.is_some()),
                ..NO_STATS
            });
            Ok(XRMESH_OK)
        })
    })
}

/// The hash of everything that later answers depend on: two memories that were changed in the same way have
/// the same, also where one was closed and opened again meanwhile.
///
/// One at a time.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_CLOSED if its mesh is
/// gone, XRMESH_ERROR_BUSY, XRMESH_ERROR_DRIVEN, XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_memory_state_hash(
    memory: xrmesh_memory,
    hash: *mut u64,
) -> xrmesh_status {
    fence!(|caller| {
        let out = caller.out(hash, "hash")?;
        owner::with(memory, |memory| {
            let mut hasher = StateHasher::new();
            memory.hash_state(&mut hasher);
            out.set(hasher.finish());
            Ok(XRMESH_OK)
        })
    })
}
