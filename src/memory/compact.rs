//! Shrinks a store that is not in use.

use std::sync::Arc;

use thiserror::Error;

use super::config::MemoryConfig;
use super::journal::{ImageProgress, JournalError, RecoveryReport};
use super::spatial_memory::SpatialMemory;
use super::store::OpenError;
use crate::storage::{Storage, StorageError};

/// What compacting a store did.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub struct CompactReport {
    /// What opening it found.
    pub recovery: RecoveryReport,
    /// The bytes of all files of its folder before.
    pub bytes_before: u64,
    /// And after.
    pub bytes_after: u64,
    /// How many objects it holds.
    pub objects: usize,
}

/// Why a store was not compacted. It holds what it held.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CompactError {
    /// It cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// Writing it anew failed.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// Its folder cannot be read.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Opens the store of `storage`, writes what it holds now as one image, and removes everything else:
/// the log, and with it what objects were and where they had been before. A memory that is in use
/// does the same, in the background, by [`SpatialMemory::checkpoint`].
///
/// ```
/// use xrmesh::memory::{MemoryConfig, NewObject, SpatialMemory, compact};
/// use xrmesh::storage::RamDisk;
/// use xrmesh::{Pose, Vec3};
///
/// let disk = RamDisk::new();
/// let (mut memory, _) = SpatialMemory::open(disk.open()?, MemoryConfig::default())?;
/// let class = memory.class("drone")?;
/// let id = memory.insert(&NewObject::new(class, Pose::IDENTITY))?;
/// for step in 0..100 {
///     memory.update_poses(&[(id, Pose::at(Vec3::new(0.0, step as f32, 0.0))?)])?;
///     memory.flush()?;
/// }
/// memory.close()?;
/// let report = compact(disk.open()?, MemoryConfig::default())?;
/// assert!(report.bytes_after * 10 < report.bytes_before);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`CompactError`]. The store holds what it held: the image counts once it is whole.
pub fn compact(
    storage: impl Storage + 'static,
    config: MemoryConfig,
) -> Result<CompactReport, CompactError> {
    let storage = Arc::new(storage);
    let bytes_before = bytes(&*storage)?;
    let (mut memory, recovery) = SpatialMemory::open(storage.clone(), config)?;
    let objects = memory.len();
    if let Some(mut checkpoint) = memory.checkpoint()? {
        while let ImageProgress::Writing { .. } = checkpoint.step(u64::MAX)? {}
    }
    memory.close()?;
    let bytes_after = bytes(&*storage)?;
    Ok(CompactReport { recovery, bytes_before, bytes_after, objects })
}

fn bytes(storage: &dyn Storage) -> Result<u64, StorageError> {
    Ok(storage.list()?.iter().map(|file| file.bytes).sum())
}
