//! The writer's side of the journal.

use std::sync::Arc;

use super::super::change::{Change, Sequence};
use super::super::object::{Object, ObjectId};
use super::block::{self, BLOCK_HEADER_BYTES, BlockHeader};
use super::coalesce::Coalesced;
use super::codec;
use super::config::{Durability, JournalConfig};
use super::error::JournalError;
use super::image::ImageWriter;
use super::log::{Log, Sealed};
use crate::storage::Storage;
use crate::sync::Ordering;
use crate::time::Time;

/// The most bytes of one record.
pub(super) const MAX_RECORD_BYTES: usize = 16 << 20;

/// The journal of one memory, as its one writer sees it.
///
/// A change is encoded into the block that is being gathered, in RAM. The end of a tick seals the
/// block; a flush, by the writer or by any holder of a [`Flusher`], writes what is sealed and syncs.
#[derive(Debug)]
pub(crate) struct Journal {
    log: Arc<Log>,
    config: JournalConfig,
    /// The block that is gathered, with room for its header.
    gathered: Vec<u8>,
    records: u32,
    /// The last sequence that a sealed block covers.
    sealed: u64,
    last: u64,
    /// What the times of the gathered block are relative to.
    base: Time,
    now: Time,
    coalesced: Coalesced,
    tick: u64,
    begin_file: bool,
    closed: bool,
}

/// Flushes a journal from any thread, so that no tick waits for a disk. Cloning gives one more.
///
/// Two flushers on two threads keep two syncs under way at once.
#[derive(Clone, Debug)]
pub struct Flusher {
    log: Arc<Log>,
}

impl Flusher {
    /// Writes and syncs the changes of the ticks that have ended, and gives the last sequence that is
    /// certain. Blocks for the disk.
    ///
    /// # Errors
    /// [`JournalError`] where the storage fails; from then on the store is poisoned.
    pub fn flush(&self) -> Result<Sequence, JournalError> {
        self.log.flush()
    }

    /// The last change that is certain to outlive a crash, with all before it. Does not block.
    #[must_use]
    pub fn durable_through(&self) -> Sequence {
        self.log.durable_through()
    }

    /// The bytes of changes that wait to be written.
    #[must_use]
    pub fn pending_bytes(&self) -> usize {
        self.log.pending()
    }
}

impl Journal {
    /// The journal of `storage`, in which everything through `last` is certain; see
    /// [`recover`](super::recover()).
    pub(super) fn new(storage: Arc<dyn Storage>, config: JournalConfig, last: Sequence) -> Self {
        let mut gathered = Vec::new();
        block::begin(&mut gathered);
        Self {
            log: Arc::new(Log::new(storage, config, last.0)),
            config,
            gathered,
            records: 0,
            sealed: last.0,
            last: last.0,
            base: Time::ZERO,
            now: Time::ZERO,
            coalesced: Coalesced::default(),
            tick: 0,
            begin_file: false,
            closed: false,
        }
    }

    /// Takes `change`, to be written as `durability` says where it is a move, an observation or
    /// ageing. A change that was refused was not taken.
    ///
    /// # Errors
    /// [`JournalError::Poisoned`], [`JournalError::Backlog`], [`JournalError::TooLarge`], and
    /// [`JournalError::Storage`] where too much waits and writing it fails.
    pub(crate) fn append(
        &mut self,
        change: &Change,
        durability: Durability,
    ) -> Result<Sequence, JournalError> {
        self.make_room()?;
        let state = match change {
            Change::Move { id, .. } | Change::Observe { id, .. } | Change::Age { id, .. } => {
                Some(*id)
            }
            _ => None,
        };
        let sequence = self.last + 1;
        match (state, durability) {
            (Some(_), Durability::Interval(ticks)) => {
                self.coalesced.note(change, sequence, self.tick, ticks.max(1));
            }
            (Some(_), Durability::Snapshot) => {}
            (Some(id), Durability::Each) => {
                self.write_coalesced(|coalesced, write| coalesced.release(id.slot(), write));
                self.write(change)?;
            }
            (None, _) => {
                self.write(change)?;
                self.forget_coalesced(change);
            }
        }
        self.last = sequence;
        self.seal_full();
        Ok(Sequence(sequence))
    }

    /// As [`append`](Self::append), of an object that is put.
    ///
    /// # Errors
    /// As there.
    #[inline]
    pub(crate) fn append_put(
        &mut self,
        object: &Object,
        name: Option<&str>,
    ) -> Result<Sequence, JournalError> {
        self.make_room()?;
        if self.records == 0 {
            self.base = object.last_seen;
        }
        let start = self.gathered.len();
        codec::put_object(&mut self.gathered, object, name, self.base);
        self.records += 1;
        self.limit_record(self.gathered.len() - start)?;
        self.coalesced.forget(object.id.slot());
        self.last += 1;
        self.seal_full();
        Ok(Sequence(self.last))
    }

    /// Ends a tick at `now`: what was appended can be flushed from any thread, and moves whose
    /// interval is over are written.
    ///
    /// # Errors
    /// [`JournalError::Poisoned`]; [`JournalError::Storage`] where too much waits and writing it fails.
    pub(crate) fn end_tick(&mut self, now: Time) -> Result<(), JournalError> {
        self.tick += 1;
        self.now = now;
        let tick = self.tick;
        self.write_coalesced(|coalesced, write| coalesced.release_due(tick, write));
        if self.records > 0 {
            self.seal();
        }
        self.log.check()?;
        if self.log.pending() >= self.config.write_behind_bytes.max(1) {
            self.log.write_behind()?;
        }
        Ok(())
    }

    /// Writes and syncs everything, also what waits for its interval. Blocks for the disk. After it
    /// [`durable_through`](Self::durable_through) is [`last`](Self::last).
    ///
    /// # Errors
    /// [`JournalError`] where the storage fails; from then on the store is poisoned.
    pub(crate) fn flush(&mut self) -> Result<Sequence, JournalError> {
        self.seal_all();
        self.log.flush()
    }

    /// Flushes and ends the log.
    ///
    /// # Errors
    /// As [`flush`](Self::flush).
    pub(crate) fn close(mut self) -> Result<Sequence, JournalError> {
        self.end()
    }

    fn end(&mut self) -> Result<Sequence, JournalError> {
        self.closed = true;
        self.seal_all();
        self.log.close()
    }

    /// Begins an image of the memory as it is now. The caller holds a snapshot of it and feeds the
    /// image from that, on any thread, while changes go on.
    ///
    /// # Errors
    /// [`JournalError::ImageRunning`], [`JournalError::Poisoned`], [`JournalError::Storage`].
    pub(crate) fn begin_image(&mut self) -> Result<ImageWriter, JournalError> {
        self.log.check()?;
        if self.log.image_running.swap(true, Ordering::AcqRel) {
            return Err(JournalError::ImageRunning);
        }
        // The image ends where a block and a file end, so that recovery goes on at a file's start.
        if self.last > self.sealed {
            self.seal();
        }
        self.begin_file = true;
        ImageWriter::begin(self.log.clone(), self.last, self.now, self.config.block_bytes)
    }

    /// The last change that is certain to outlive a crash, with all before it.
    pub(crate) fn durable_through(&self) -> Sequence {
        self.log.durable_through()
    }

    /// The last change that was appended.
    pub(crate) fn last(&self) -> Sequence {
        Sequence(self.last)
    }

    /// Where the store is.
    pub(crate) fn storage(&self) -> &dyn Storage {
        &*self.log.storage
    }

    /// Flushes from other threads.
    pub(crate) fn flusher(&self) -> Flusher {
        Flusher { log: self.log.clone() }
    }

    fn seal_all(&mut self) {
        self.write_coalesced(|coalesced, write| coalesced.release_all(write));
        if self.last > self.sealed || self.records > 0 {
            self.seal();
        }
    }

    fn make_room(&mut self) -> Result<(), JournalError> {
        self.log.check()?;
        let (pending, limit) = (self.log.pending(), self.config.backlog_bytes);
        if pending >= self.config.write_behind_bytes.max(1) {
            self.log.write_behind()?;
            if self.log.pending() >= limit {
                return Err(JournalError::Backlog { pending, limit });
            }
        }
        Ok(())
    }

    /// Encodes a record of `change`, or leaves the block as it was.
    fn write(&mut self, change: &Change) -> Result<(), JournalError> {
        let bytes = self.encode(change);
        self.limit_record(bytes)
    }

    /// Takes the last record, of so many bytes, out again where it is larger than any may be.
    fn limit_record(&mut self, bytes: usize) -> Result<(), JournalError> {
        if bytes > MAX_RECORD_BYTES {
            self.gathered.truncate(self.gathered.len() - bytes);
            self.records -= 1;
            return Err(JournalError::TooLarge { bytes, limit: MAX_RECORD_BYTES });
        }
        Ok(())
    }

    /// Encodes a record of `change`, and gives its bytes. Times are short where they are near the first
    /// one of the block.
    fn encode(&mut self, change: &Change) -> usize {
        if self.records == 0 {
            self.base = codec::time(change).unwrap_or(self.now);
        }
        let start = self.gathered.len();
        codec::encode(&mut self.gathered, change, self.base);
        self.records += 1;
        self.gathered.len() - start
    }

    /// Encodes what `release` gives. These are small, so none is refused.
    fn write_coalesced(&mut self, release: impl FnOnce(&mut Coalesced, &mut dyn FnMut(&Change))) {
        let mut coalesced = std::mem::take(&mut self.coalesced);
        release(&mut coalesced, &mut |change| {
            self.encode(change);
        });
        self.coalesced = coalesced;
    }

    fn forget_coalesced(&mut self, change: &Change) {
        let id: Option<ObjectId> = match change {
            Change::Put { object, .. } => Some(object.id),
            Change::Remove { id, .. } => Some(*id),
            _ => None,
        };
        if let Some(id) = id {
            self.coalesced.forget(id.slot());
        }
    }

    /// Hands the gathered block over if it is full.
    #[inline]
    fn seal_full(&mut self) {
        // The span of a block is 32 bits.
        if self.gathered.len() >= self.config.block_bytes || self.last - self.sealed >= 1 << 31 {
            self.seal();
        }
    }

    /// Hands the gathered block over to be written.
    fn seal(&mut self) {
        if self.last == self.sealed {
            // Moves that were held back, of changes before: a block of its own place in the order.
            self.last += 1;
        }
        let header = BlockHeader {
            first: self.sealed + 1,
            span: (self.last - self.sealed) as u32,
            records: self.records,
            durable: 0,
            time: self.base,
        };
        let oldest = self.coalesced.oldest();
        let settled = oldest.map_or(self.last, |oldest| oldest - 1);
        let mut bytes = self.log.spare();
        block::begin(&mut bytes);
        std::mem::swap(&mut bytes, &mut self.gathered);
        let begins_file = std::mem::take(&mut self.begin_file);
        self.log.push(Sealed { bytes, header, settled, begins_file });
        (self.sealed, self.records) = (self.last, 0);
    }
}

/// Ends the log as far as that goes; [`Journal::close`] says whether it went.
impl Drop for Journal {
    fn drop(&mut self) {
        if !self.closed {
            // Nobody is left to be told; what was acknowledged is certain already.
            let _ = self.end();
        }
    }
}

const _: () = assert!(
    MAX_RECORD_BYTES + (16 << 20) + BLOCK_HEADER_BYTES <= block::MAX_BLOCK_BYTES,
    "the largest record behind an almost full block fits"
);
