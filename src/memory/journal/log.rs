//! The log's end: sealed blocks wait here, and whichever thread flushes writes and syncs them.
//!
//! 1. Two locks, taken in the order `file`, `waiting`. `waiting` is held for moments only: to push a
//!    block or to take all. `file` is held while blocks are written, not while they are synced, so
//!    the next blocks are written, and synced by another thread, while a sync is under way.
//! 2. Only a flush syncs: the files that were begun or ended since, then the present one, and their
//!    names. So the writer, which may write too, never waits for a sync.
//! 3. A sync says nothing about bytes that another sync, under way on another thread, has been told it
//!    could not write: that is why a storage tells each of them ([`Appender::sync`]), and why a
//!    flush that was told keeps all later ones from acknowledging anything.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

use super::super::change::Sequence;
use super::block::{self, BlockHeader, Place};
use super::config::JournalConfig;
use super::error::JournalError;
use super::header::{FILE_HEADER_BYTES, FileHeader, Named, log_name, parse_name};
use crate::storage::{Appender, Storage, StorageError};
use crate::sync::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

/// So many buffers are kept to be used again.
const SPARE_BUFFERS: usize = 4;

/// A block that waits to be written.
#[derive(Debug)]
pub(super) struct Sealed {
    /// Room for the header, and the records.
    pub(super) bytes: Vec<u8>,
    pub(super) header: BlockHeader,
    /// The last sequence of which this block and those before it hold all that is promised.
    pub(super) settled: u64,
    /// Whether it begins a file.
    pub(super) begins_file: bool,
}

/// What the writer, the flushers and the writer of an image share.
#[derive(Debug)]
pub(super) struct Log {
    pub(super) storage: Arc<dyn Storage>,
    config: JournalConfig,
    file: Mutex<Written>,
    waiting: Mutex<Waiting>,
    /// The bytes in `waiting`.
    pending: AtomicUsize,
    /// Acknowledged: the last sequence of which all that is promised is certain.
    durable: AtomicU64,
    /// The last sequence whose block is certain.
    synced: AtomicU64,
    /// The last sequence that an image holds for certain.
    imaged: AtomicU64,
    poisoned: AtomicBool,
    cause: Mutex<Option<String>>,
    pub(super) image_running: AtomicBool,
}

#[derive(Debug, Default)]
struct Waiting {
    blocks: VecDeque<Sealed>,
    /// Buffers to be used again.
    spare: Vec<Vec<u8>>,
}

/// The end of the log as it is written.
#[derive(Debug)]
struct Written {
    open: Option<Open>,
    /// Blocks on their way, in a buffer that is used again.
    batch: VecDeque<Sealed>,
    /// Files that ended and are not known to be synced, each with its last sequence.
    ended: Vec<(u64, Arc<dyn Appender>)>,
    /// How many files were begun, and of how many the names are certain.
    begun: u64,
    named: u64,
    /// The last sequence that is written.
    last: u64,
    /// The `settled` of the last block that is written.
    settled: u64,
}

#[derive(Debug)]
struct Open {
    file: Arc<dyn Appender>,
    first: u64,
    bytes: u64,
    reserved: u64,
}

impl Log {
    /// The end of the log of `storage`, in which everything through `last` is certain.
    pub(super) fn new(storage: Arc<dyn Storage>, config: JournalConfig, last: u64) -> Self {
        Self {
            storage,
            config,
            file: Mutex::new(Written {
                open: None,
                batch: VecDeque::new(),
                ended: Vec::new(),
                begun: 0,
                named: 0,
                last,
                settled: last,
            }),
            waiting: Mutex::default(),
            pending: AtomicUsize::new(0),
            durable: AtomicU64::new(last),
            synced: AtomicU64::new(last),
            imaged: AtomicU64::new(0),
            poisoned: AtomicBool::new(false),
            cause: Mutex::default(),
            image_running: AtomicBool::new(false),
        }
    }

    pub(super) fn durable_through(&self) -> Sequence {
        // Acquire: who reads it may rely on what was written before.
        Sequence(self.durable.load(Ordering::Acquire))
    }

    /// The bytes that wait to be written.
    pub(super) fn pending(&self) -> usize {
        self.pending.load(Ordering::Relaxed)
    }

    /// An empty buffer, used before where there is one.
    pub(super) fn spare(&self) -> Vec<u8> {
        held(&self.waiting).spare.pop().unwrap_or_default()
    }

    /// Lets `block` wait to be written.
    pub(super) fn push(&self, block: Sealed) {
        self.pending.fetch_add(block.bytes.len(), Ordering::Relaxed);
        held(&self.waiting).blocks.push_back(block);
    }

    /// Writes what waits without syncing it, unless a flush is writing just now.
    pub(super) fn write_behind(&self) -> Result<(), JournalError> {
        match self.file.try_lock() {
            Ok(mut written) => self.write_waiting(&mut written, false),
            Err(TryLockError::Poisoned(error)) => {
                self.write_waiting(&mut error.into_inner(), false)
            }
            Err(TryLockError::WouldBlock) => Ok(()),
        }
    }

    /// Writes and syncs what waits. What was pushed before the call is certain after it.
    pub(super) fn flush(&self) -> Result<Sequence, JournalError> {
        let mut written = held(&self.file);
        self.write_waiting(&mut written, true)?;
        let (last, settled, begun) = (written.last, written.settled, written.begun);
        let is_named = written.named == begun;
        let files = written.ended.iter().map(|(_, file)| file.clone());
        let mut files: Vec<_> = files.collect();
        files.extend(written.open.as_ref().map(|open| open.file.clone()));
        drop(written);
        if self.synced.load(Ordering::Acquire) < last {
            let synced = files.iter().try_for_each(|file| file.sync());
            let named = || if is_named { Ok(()) } else { self.storage.sync_directory() };
            synced.and_then(|()| named()).map_err(|error| self.poison(error))?;
            self.check()?;
            self.synced.fetch_max(last, Ordering::AcqRel);
            let mut written = held(&self.file);
            written.ended.retain(|&(through, _)| through > last);
            written.named = written.named.max(begun);
        }
        self.durable.fetch_max(settled, Ordering::AcqRel);
        Ok(self.durable_through())
    }

    /// An image holds everything through `through` for certain.
    pub(super) fn imaged_through(&self, through: u64) {
        self.imaged.fetch_max(through, Ordering::AcqRel);
        self.synced.fetch_max(through, Ordering::AcqRel);
        self.durable.fetch_max(through, Ordering::AcqRel);
    }

    /// Ends the log: what waits is written and synced, then an empty block that says so, so that
    /// damage to the last blocks is found later.
    pub(super) fn close(&self) -> Result<Sequence, JournalError> {
        self.flush()?;
        let mut written = held(&self.file);
        if let Some(open) = &mut written.open {
            let mut bytes = Vec::new();
            block::begin(&mut bytes);
            let synced = self.synced.load(Ordering::Acquire);
            let header = BlockHeader {
                first: synced + 1,
                span: 0,
                records: 0,
                durable: synced,
                time: crate::time::Time::ZERO,
            };
            block::seal(&mut bytes, header, open.place());
            let done = open
                .file
                .append(&bytes)
                .and_then(|()| open.file.trim())
                .and_then(|()| open.file.sync());
            written.open = None;
            done.map_err(|error| self.poison(error))?;
        }
        Ok(self.durable_through())
    }

    /// Removes what an image that holds all changes through `through` makes needless: older images,
    /// and logs of which nothing is later.
    pub(super) fn truncate(&self, through: u64) -> Result<(), JournalError> {
        self.synced.fetch_max(through, Ordering::AcqRel);
        let mut written = held(&self.file);
        if written
            .open
            .as_ref()
            .is_some_and(|open| open.first <= through && written.last <= through)
        {
            written.open = None;
        }
        let active = written.open.as_ref().map(|open| open.first);
        let mut logs = Vec::new();
        for file in self.storage.list()? {
            match parse_name(&file.name) {
                Some(Named::Log(first)) => logs.push((first, file.name)),
                Some(Named::Image(older)) if older < through => self.storage.remove(&file.name)?,
                _ => {}
            }
        }
        // A log reaches up to where the next one begins; the last one up to what is written.
        let ends = logs.iter().skip(1).map(|&(first, _)| first - 1).chain([written.last]);
        for ((first, name), end) in logs.iter().zip(ends.collect::<Vec<_>>()) {
            if end <= through && Some(*first) != active {
                self.storage.remove(name)?;
            }
        }
        self.storage.sync_directory()?;
        Ok(())
    }

    /// Refuses where a write or a sync has failed.
    pub(super) fn check(&self) -> Result<(), JournalError> {
        if !self.poisoned.load(Ordering::Acquire) {
            return Ok(());
        }
        let cause = held(&self.cause).clone().unwrap_or_default();
        Err(JournalError::Poisoned { cause })
    }

    /// From here on nothing is acknowledged: after a failed sync the system may have thrown away what
    /// it could not write, and a later sync that succeeds says nothing about it.
    fn poison(&self, error: StorageError) -> JournalError {
        held(&self.cause).get_or_insert_with(|| error.to_string());
        self.poisoned.store(true, Ordering::Release);
        JournalError::Storage(error)
    }

    /// `reserves` says whether room is kept ahead of small writes.
    fn write_waiting(&self, written: &mut Written, reserves: bool) -> Result<(), JournalError> {
        self.check()?;
        loop {
            std::mem::swap(&mut held(&self.waiting).blocks, &mut written.batch);
            if written.batch.is_empty() {
                return Ok(());
            }
            let bytes: u64 = written.batch.iter().map(|block| block.bytes.len() as u64).sum();
            // What is large gains nothing from being written twice.
            let reserves = reserves && bytes * 2 <= self.config.reserve_bytes;
            while let Some(mut block) = written.batch.pop_front() {
                self.pending.fetch_sub(block.bytes.len(), Ordering::Relaxed);
                self.write(written, &mut block, reserves).map_err(|error| self.poison(error))?;
                let mut waiting = held(&self.waiting);
                if waiting.spare.len() < SPARE_BUFFERS {
                    waiting.spare.push(block.bytes);
                }
            }
        }
    }

    fn write(
        &self,
        written: &mut Written,
        block: &mut Sealed,
        reserves: bool,
    ) -> Result<(), StorageError> {
        if block.header.last() <= self.imaged.load(Ordering::Acquire) {
            // The image was faster; what follows it begins a file.
            (written.last, written.settled) = (block.header.last(), block.settled);
            return Ok(());
        }
        let bytes = block.bytes.len() as u64;
        let ends = |open: &mut Open| {
            let is_full = open.bytes + bytes > self.config.file_bytes;
            (block.begins_file || is_full) && open.first < block.header.first
        };
        if let Some(open) = written.open.take_if(ends) {
            open.file.trim()?;
            written.ended.push((written.last, open.file));
        }
        let open = match &mut written.open {
            Some(open) => open,
            none => {
                written.begun += 1;
                none.insert(self.begin_file(block.header.first)?)
            }
        };
        block.header.durable = self.synced.load(Ordering::Acquire);
        block::seal(&mut block.bytes, block.header, open.place());
        if reserves {
            open.reserve(block.bytes.len() as u64, &self.config)?;
        }
        open.file.append(&block.bytes)?;
        open.bytes += block.bytes.len() as u64;
        (written.last, written.settled) = (block.header.last(), block.settled);
        Ok(())
    }

    fn begin_file(&self, first: u64) -> Result<Open, StorageError> {
        let file: Arc<dyn Appender> = self.storage.create(&log_name(first))?.into();
        file.append(&FileHeader::log(first).to_bytes())?;
        Ok(Open { file, first, bytes: FILE_HEADER_BYTES as u64, reserved: 0 })
    }
}

impl Open {
    fn place(&self) -> Place {
        Place { file: FileHeader::log(self.first), offset: self.bytes }
    }

    /// Keeps room ahead of a block, so that its sync has no length to write.
    fn reserve(&mut self, block: u64, config: &JournalConfig) -> Result<(), StorageError> {
        let needed = self.bytes + block;
        if needed <= self.reserved {
            return Ok(());
        }
        let room =
            config.reserve_bytes.min(config.file_bytes.saturating_sub(self.bytes)).max(block);
        self.file.reserve(room)?;
        self.reserved = self.bytes + room;
        Ok(())
    }
}

/// What a panicking thread leaves behind one of these locks is whole: each is changed in one step.
fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
