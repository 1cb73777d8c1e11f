//! Snapshots: a memory as it was at one moment.
#![expect(unsafe_code, reason = "exports have C names")]

use std::sync::{Arc, Mutex};

use bytemuck::{Pod, Zeroable};
use xrmesh::Time;
use xrmesh::memory::{MemoryConfig, MemorySnapshot, MemoryView};

use super::owner;
use crate::failure::{Failure, fail};
use crate::fence::{fence, fence_anywhere};
use crate::handle::{self, Kind, Object, xrmesh_memory, xrmesh_snapshot};
use crate::status::*;

/// What a snapshot's handle stands for; nothing while it is a spare.
#[derive(Default)]
pub(crate) struct SnapshotObject(Option<(MemorySnapshot, Arc<Origin>)>);

/// What all snapshots of a memory share.
pub(crate) struct Origin {
    /// Whose capacity a map names.
    pub(crate) config: MemoryConfig,
    /// Released ones, to be used again: so a frame's snapshot allocates nothing.
    spares: Mutex<Vec<Arc<SnapshotObject>>>,
}

/// Spares that are kept.
const MOST_SPARES: usize = 8;

impl Origin {
    pub(crate) fn new(config: MemoryConfig) -> Arc<Self> {
        Arc::new(Self { config, spares: Mutex::new(Vec::with_capacity(MOST_SPARES)) })
    }

    /// A handle to a snapshot. Waits for nobody: where another thread has the spares, it makes one.
    fn insert(self: &Arc<Self>, snapshot: MemorySnapshot) -> Result<xrmesh_snapshot, Failure> {
        let spare = self.spares.try_lock().ok().and_then(|mut spares| spares.pop());
        let mut object = spare.unwrap_or_default();
        match Arc::get_mut(&mut object) {
            Some(place) => place.0 = Some((snapshot, Arc::clone(self))),
            None => object = Arc::new(SnapshotObject(Some((snapshot, Arc::clone(self))))),
        }
        Ok(xrmesh_snapshot { bits: handle::insert(object)? })
    }
}

impl Object for SnapshotObject {
    const KIND: Kind = Kind::Snapshot;
}

impl SnapshotObject {
    /// What it holds, and what of its memory.
    pub(crate) fn shown(&self) -> Result<(&MemorySnapshot, &Arc<Origin>), Failure> {
        match &self.0 {
            Some((snapshot, origin)) => Ok((snapshot, origin)),
            None => fail!(XRMESH_ERROR_INVALID_HANDLE, "the snapshot was destroyed"),
        }
    }

    /// What it holds, for any query.
    pub(crate) fn view(&self) -> Result<MemoryView<'_>, Failure> {
        Ok(self.shown()?.0.view())
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
        out.set(held.origin.insert(held.reader.snapshot()?)?);
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
        out.set(held.origin.insert(past)?);
        Ok(XRMESH_OK)
    })
}

/// Destroys a snapshot. Calls of other threads that are in it end first.
///
/// Any thread, also in callbacks.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, also for the second of two.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_snapshot_destroy(snapshot: xrmesh_snapshot) -> xrmesh_status {
    fence_anywhere!(|_caller| {
        let value = handle::close(snapshot.bits, Kind::Snapshot)?;
        let Ok(mut object) = Arc::downcast::<SnapshotObject>(value) else { return Ok(XRMESH_OK) };
        let released = Arc::get_mut(&mut object).and_then(|object| object.0.take());
        if let Some((_pages, origin)) = released
            && let Ok(mut spares) = origin.spares.try_lock()
            && spares.len() < MOST_SPARES
        {
            spares.push(object);
        }
        Ok(XRMESH_OK)
    })
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
        let (snapshot, _) = held.shown()?;
        out.set(xrmesh_snapshot_state {
            version: snapshot.version(),
            time_ns: snapshot.time().as_nanos(),
            objects: snapshot.len() as u32,
            reserved: 0,
        });
        Ok(XRMESH_OK)
    })
}
