//! Snapshots: a memory as it was at one moment.
#![expect(unsafe_code, reason = "exports have C names")]

use std::sync::Arc;

use bytemuck::{Pod, Zeroable};
use xrmesh::Time;
use xrmesh::memory::{MemoryConfig, MemorySnapshot, MemoryView};

use super::owner::{self, MemoryObject};
use crate::failure::Failure;
use crate::fence::{fence, fence_anywhere};
use crate::handle::{self, Kind, Object, xrmesh_memory, xrmesh_snapshot};
use crate::mesh::create::destroy;
use crate::status::*;

/// What a snapshot's handle stands for.
pub(crate) struct SnapshotObject {
    snapshot: MemorySnapshot,
    /// Whose capacity a map of it names.
    pub(crate) config: MemoryConfig,
}

impl Object for SnapshotObject {
    const KIND: Kind = Kind::Snapshot;
}

impl SnapshotObject {
    pub(crate) fn view(&self) -> MemoryView<'_> {
        self.snapshot.view()
    }
}

/// Which state a snapshot is of. 24 bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Pod, Zeroable)]
#[repr(C)]
pub struct xrmesh_snapshot_state {
    /// The number of the published state, from 1; 0 where none was published yet.
    pub version: u64,
    /// The time at which it was published.
    pub time_ns: i64,
    /// Objects in it.
    pub objects: u32,
    /// Zero.
    pub reserved: u32,
}

fn insert(held: &MemoryObject, snapshot: MemorySnapshot) -> Result<xrmesh_snapshot, Failure> {
    let object = SnapshotObject { snapshot, config: held.config.clone() };
    Ok(xrmesh_snapshot { bits: handle::insert(Arc::new(object))? })
}

/// Takes a snapshot of the latest published state: never changed, for any number of threads, until it is
/// destroyed. It outlives its memory. Waits for nothing, also while the memory is written, or lives in a
/// mesh that ticks.
///
/// Any thread, also in callbacks.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_SNAPSHOTS_HELD if held
/// ones keep more than `max_snapshot_bytes`, XRMESH_ERROR_LIMIT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_memory_snapshot(
    memory: xrmesh_memory,
    snapshot: *mut xrmesh_snapshot,
) -> xrmesh_status {
    fence_anywhere!(|caller| {
        let out = caller.out(snapshot, "snapshot")?;
        let held = owner::pin(memory)?;
        out.set(insert(&held, held.reader.snapshot()?)?);
        Ok(XRMESH_OK)
    })
}

/// Takes a snapshot of the memory as readers saw it at that time: the latest state that was published then
/// or before, as far as `history_bytes` and `history_ns` of the options reach. For a past one the index of
/// that time is built anew.
///
/// One at a time.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_NO_PAST,
/// XRMESH_ERROR_LIMIT, XRMESH_ERROR_CLOSED if its mesh is gone, XRMESH_ERROR_BUSY,
/// XRMESH_ERROR_DRIVEN, XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_memory_as_of(
    memory: xrmesh_memory,
    time_ns: i64,
    snapshot: *mut xrmesh_snapshot,
) -> xrmesh_status {
    fence!(|caller| {
        let out = caller.out(snapshot, "snapshot")?;
        let held = owner::pin(memory)?;
        let past = held.enter()?.with(|memory| Ok(memory.as_of(Time::from_nanos(time_ns))?))?;
        out.set(insert(&held, past)?);
        Ok(XRMESH_OK)
    })
}

/// Destroys a snapshot. Calls of other threads that are in it end first.
///
/// Any thread.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, also for the second of two.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_snapshot_destroy(snapshot: xrmesh_snapshot) -> xrmesh_status {
    fence!(|_caller| destroy::<SnapshotObject>(snapshot.bits))
}

/// Which state a snapshot is of, and how much it holds.
///
/// Any thread, also in callbacks.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NULL_POINTER.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_snapshot_describe(
    snapshot: xrmesh_snapshot,
    state: *mut xrmesh_snapshot_state,
) -> xrmesh_status {
    fence_anywhere!(|caller| {
        let out = caller.out(state, "state")?;
        let held = handle::pin::<SnapshotObject>(snapshot.bits)?;
        out.set(xrmesh_snapshot_state {
            version: held.snapshot.version(),
            time_ns: held.snapshot.time().as_nanos(),
            objects: held.snapshot.len() as u32,
            reserved: 0,
        });
        Ok(XRMESH_OK)
    })
}
