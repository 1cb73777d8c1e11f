//! Images: the whole memory as it was at one sequence, written while changes go on.

use std::sync::Arc;

use super::super::change::{Change, Sequence};
use super::block::{self, BlockHeader, Place};
use super::codec;
use super::error::JournalError;
use super::header::{FILE_HEADER_BYTES, FileHeader, FileKind, image_name, unfinished_name};
use super::log::Log;
use crate::storage::{Appender, StorageError};
use crate::sync::Ordering;
use crate::time::Time;

/// Writes one image. It goes step by step, on any thread; dropped before its end it leaves the store
/// as it was.
#[derive(Debug)]
pub(crate) struct ImageWriter {
    log: Arc<Log>,
    file: Box<dyn Appender>,
    header: FileHeader,
    block_bytes: usize,
    offset: u64,
    gathered: Vec<u8>,
    gathered_records: u32,
    /// What the times of the gathered block are relative to.
    base: Time,
    records: u64,
    finished: bool,
}

/// How far an image is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum ImageProgress {
    /// More is to come; so many bytes are written.
    Writing {
        /// The bytes so far.
        bytes: u64,
    },
    /// It is whole and certain, and what it replaces is gone.
    Written {
        /// The last change that it holds.
        through: Sequence,
        /// Its bytes.
        bytes: u64,
    },
}

impl ImageWriter {
    pub(super) fn begin(
        log: Arc<Log>,
        through: u64,
        time: Time,
        block_bytes: usize,
    ) -> Result<Self, JournalError> {
        let header = FileHeader { kind: FileKind::Image, sequence: through, time };
        let begun = || {
            let name = unfinished_name(through);
            match log.storage.remove(&name) {
                Ok(()) | Err(StorageError::Missing { .. }) => {}
                Err(error) => return Err(error),
            }
            let file = log.storage.create(&name)?;
            file.append(&header.to_bytes())?;
            Ok(file)
        };
        let file = match begun() {
            Ok(file) => file,
            Err(error) => {
                log.image_running.store(false, Ordering::Release);
                return Err(error.into());
            }
        };
        let mut gathered = Vec::new();
        block::begin(&mut gathered);
        Ok(Self {
            log,
            file,
            header,
            block_bytes,
            offset: FILE_HEADER_BYTES as u64,
            gathered,
            gathered_records: 0,
            base: time,
            records: 0,
            finished: false,
        })
    }

    /// The last change that the image holds.
    pub(crate) fn through(&self) -> Sequence {
        Sequence(self.header.sequence)
    }

    /// Writes records of `changes` until `budget_bytes` are written or they end. They are the changes
    /// that make the memory from an empty one, in an order in which they can be applied. Where they
    /// have ended the image is synced, takes the place of the older one, and the logs that it replaces
    /// are removed: that step blocks for the disk.
    ///
    /// # Errors
    /// [`JournalError`] where the storage fails. The log goes on; begin another image later.
    pub(crate) fn step(
        &mut self,
        changes: &mut dyn Iterator<Item = Change>,
        budget_bytes: u64,
    ) -> Result<ImageProgress, JournalError> {
        let end = self.offset.saturating_add(budget_bytes);
        while self.offset < end && !self.finished {
            match changes.next() {
                Some(change) => {
                    if self.gathered_records == 0 {
                        self.base = codec::time(&change).unwrap_or(self.header.time);
                    }
                    codec::encode(&mut self.gathered, &change, self.base);
                    self.gathered_records += 1;
                    if self.gathered.len() >= self.block_bytes {
                        self.write_block()?;
                    }
                }
                None => self.finish()?,
            }
        }
        let bytes = self.offset;
        Ok(if self.finished {
            ImageProgress::Written { through: self.through(), bytes }
        } else {
            ImageProgress::Writing { bytes }
        })
    }

    fn write_block(&mut self) -> Result<(), JournalError> {
        let header = BlockHeader {
            first: self.records,
            span: 0,
            records: self.gathered_records,
            durable: self.header.sequence,
            time: self.base,
        };
        let place = Place { file: self.header, offset: self.offset };
        block::seal(&mut self.gathered, header, place);
        self.file.append(&self.gathered)?;
        self.offset += self.gathered.len() as u64;
        self.records += u64::from(self.gathered_records);
        self.gathered_records = 0;
        block::begin(&mut self.gathered);
        Ok(())
    }

    fn finish(&mut self) -> Result<(), JournalError> {
        if self.gathered_records > 0 {
            self.write_block()?;
        }
        // A block without records ends the image.
        self.write_block()?;
        self.file.sync()?;
        let through = self.header.sequence;
        let storage = &self.log.storage;
        storage.rename(&unfinished_name(through), &image_name(through))?;
        storage.sync_directory()?;
        self.finished = true;
        self.log.imaged_through(through);
        self.log.truncate(through)
    }
}

impl Drop for ImageWriter {
    fn drop(&mut self) {
        if !self.finished {
            // What is left of it is removed at the next opening at the latest.
            let _ = self.log.storage.remove(&unfinished_name(self.header.sequence));
        }
        self.log.image_running.store(false, Ordering::Release);
    }
}
