//! A memory that outlives its process.

use std::sync::Arc;

use thiserror::Error;

use super::change::Sequence;
use super::class::ClassId;
use super::config::{MemoryConfig, MemoryConfigError};
use super::contents::Contents;
use super::frame_image::FrameImage;
use super::journal::{
    Durability, Flusher, ImageProgress, ImageWriter, JournalConfigError, JournalError,
    RecoverError, RecoveryReport, read_order, recover, write_order,
};
use super::snapshot::Image;
use super::spatial_memory::SpatialMemory;
use crate::storage::Storage;

/// From so many objects on the order of the index is kept: that of fewer is found at once.
const ORDERED_FROM: u32 = 4_096;

/// Why a store was not opened. It is as it was.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OpenError {
    /// A number of the configuration is out of its range.
    #[error(transparent)]
    Config(#[from] MemoryConfigError),
    /// A number of the store's configuration is out of its range.
    #[error(transparent)]
    Journal(#[from] JournalConfigError),
    /// What is stored cannot be recovered.
    #[error(transparent)]
    Recover(#[from] RecoverError),
}

/// The whole memory on its way into the store: once it is written, the log before it goes.
///
/// It is written step by step, on any thread, while the memory goes on. Dropped before its end it
/// leaves the store as it was.
#[derive(Debug)]
pub struct Checkpoint {
    image: ImageWriter,
    contents: Contents,
}

impl SpatialMemory {
    /// The memory that `storage` holds, an empty one where it holds none. Readers see it at once, as
    /// state 1.
    ///
    /// Everything that was acknowledged is there, and nothing by half: the changes up to some one of
    /// those that came after. Its state hash is that of a memory in which just these were made.
    ///
    /// # Errors
    /// [`OpenError`]; also where the store holds more than `config` allows.
    ///
    /// ```
    /// use xrmesh::memory::{MemoryConfig, NewObject, SpatialMemory};
    /// use xrmesh::storage::RamDisk;
    /// use xrmesh::Pose;
    ///
    /// let disk = RamDisk::new();
    /// let (mut memory, _) = SpatialMemory::open(disk.open()?, MemoryConfig::default())?;
    /// let chair = memory.class("chair")?;
    /// let id = memory.insert(&NewObject::new(chair, Pose::IDENTITY))?;
    /// memory.flush()?;
    /// drop(memory);
    /// let (mut memory, report) = SpatialMemory::open(disk.open()?, MemoryConfig::default())?;
    /// assert_eq!((report.log_records, memory.view().object(id).is_some()), (2, true));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open(
        storage: impl Storage + 'static,
        config: MemoryConfig,
    ) -> Result<(Self, RecoveryReport), OpenError> {
        config.validate()?;
        config.journal.validate()?;
        let journal = config.journal;
        let mut memory = Self::of(config);
        memory.state.is_indexed = false;
        let state = &mut memory.state;
        let storage: Arc<dyn Storage> = Arc::new(storage);
        let (journal, report) = recover(Arc::clone(&storage), journal, &mut |stored| {
            state.apply_stored(stored).map_err(|error| error.to_string())
        })?;
        let order = match state.table.view().len {
            0..ORDERED_FROM => None,
            _ => read_order(&*storage, report.through.0),
        };
        memory.recovered(journal, order.as_ref());
        Ok((memory, report))
    }

    /// How soon the moves, observations and ageing of a class's objects are written to the store;
    /// all other changes are always written at once. Not stored: a host says so after each opening.
    pub fn set_durability(&mut self, class: ClassId, durability: Durability) {
        let at = usize::from(class.index());
        if self.durability.len() <= at {
            self.durability.resize(at + 1, self.state.config.durability);
        }
        self.durability[at] = durability;
    }

    /// Writes and syncs everything, also moves that wait for their interval, and gives the last
    /// change that is certain to outlive a crash. Blocks for the disk; of a memory in RAM, nothing
    /// is certain and this is at once.
    ///
    /// # Errors
    /// [`JournalError`] where the storage fails; from then on the store takes no change.
    pub fn flush(&mut self) -> Result<Sequence, JournalError> {
        match &mut self.journal {
            Some(journal) => journal.flush(),
            None => Ok(Sequence(0)),
        }
    }

    /// The last change that is certain to outlive a crash, with all before it. Does not block.
    #[must_use]
    pub fn durable_through(&self) -> Sequence {
        self.journal.as_ref().map_or(Sequence(0), |journal| journal.durable_through())
    }

    /// Flushes the store from another thread, so that no tick waits for a disk; `None` for a memory
    /// in RAM.
    #[must_use]
    pub fn flusher(&self) -> Option<Flusher> {
        self.journal.as_ref().map(|journal| journal.flusher())
    }

    /// Begins to write the whole memory as it is now into the store, after which the log before it
    /// is not needed any more; `None` for a memory in RAM. Costs what publishing a state costs.
    ///
    /// # Errors
    /// [`JournalError::ImageRunning`] while another one is being written; [`JournalError`] where the
    /// storage fails.
    pub fn checkpoint(&mut self) -> Result<Option<Checkpoint>, JournalError> {
        let Some(journal) = &mut self.journal else { return Ok(None) };
        let writer = journal.begin_image()?;
        let state = &mut self.state;
        state.settle();
        let mut image = Image::empty();
        image.take(state);
        if !state.corrections.is_done() {
            // Readers do not see every frame as it is yet; the store does.
            image.frames = Arc::new(FrameImage::of(&state.frames));
        }
        let next = (state.frames.next_id(), state.areas.next());
        let contents = Contents::new(Arc::new(image), next);
        Ok(Some(Checkpoint { image: writer, contents }))
    }

    /// Writes everything and ends the store.
    ///
    /// Where the index has nothing left to take in, as after [`publish`](Self::publish), its order is
    /// written beside the rest, four bytes an object: then the store opens again in a fraction of the time.
    ///
    /// # Errors
    /// As [`flush`](Self::flush).
    pub fn close(mut self) -> Result<Sequence, JournalError> {
        let Some(mut journal) = self.journal.take() else { return Ok(Sequence(0)) };
        if self.len() >= ORDERED_FROM as usize
            && let Some(shape) = self.state.index.settled_shape()
        {
            let through = journal.flush()?;
            // What fails here costs the next opening some time, and nothing else.
            let _ = write_order(journal.storage(), through.0, &shape);
        }
        journal.close()
    }
}

impl Checkpoint {
    /// The last change that it holds.
    #[must_use]
    pub fn through(&self) -> Sequence {
        self.image.through()
    }

    /// Writes about `budget_bytes` more. Where the end is reached it is synced and takes the place of
    /// what it replaces: that step blocks for the disk.
    ///
    /// # Errors
    /// [`JournalError`] where the storage fails. The memory goes on; begin another one later.
    pub fn step(&mut self, budget_bytes: u64) -> Result<ImageProgress, JournalError> {
        self.image.step(&mut self.contents, budget_bytes)
    }
}
