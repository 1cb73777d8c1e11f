//! The numbers of a journal, and how certain the changes of a class are to be.

use thiserror::Error;

/// How soon the moves, observations and ageing of a class's objects are written. That objects,
/// classes, frames and areas come, change otherwise and go is always written at once.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Durability {
    /// Each one is written: 30 to 70 bytes a change.
    Each,
    /// The last of each object is written once in so many ticks, at least one. None of them counts
    /// as certain before that; a flush writes them at once.
    Interval(u32),
    /// They stand in images only. They count as certain at once, so what comes after them does not
    /// wait; a crash takes the object back to where the last image, or the last other change that
    /// sets its pose, saw it.
    Snapshot,
}

/// Once in 90 ticks: a second of a headset's frames.
impl Default for Durability {
    fn default() -> Self {
        Self::Interval(90)
    }
}

/// The numbers of a journal. The defaults suit a headset as well as a server.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct JournalConfig {
    /// A log file is ended beyond this many bytes. From 4 KiB; default 64 MiB. What an image has made
    /// needless goes file by file.
    pub file_bytes: u64,
    /// Records gather in RAM up to this many bytes before they become a block. 1 KiB to 16 MiB;
    /// default 256 KiB. A tick's end and a flush make a block of fewer.
    pub block_bytes: usize,
    /// Room kept ahead in a file, in bytes, so that a sync has no length to write. 0 keeps none;
    /// default 1 MiB.
    pub reserve_bytes: u64,
    /// From so many bytes that wait, the writer writes them itself (without a sync) where no flush
    /// does. Default 1 MiB.
    pub write_behind_bytes: usize,
    /// The most bytes that may wait while a flush writes; beyond it changes are refused. Default
    /// 64 MiB.
    pub backlog_bytes: usize,
}

impl Default for JournalConfig {
    fn default() -> Self {
        Self {
            file_bytes: 64 << 20,
            block_bytes: 256 << 10,
            reserve_bytes: 1 << 20,
            write_behind_bytes: 1 << 20,
            backlog_bytes: 64 << 20,
        }
    }
}

/// Why numbers are no journal's.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[non_exhaustive]
#[error("journal.{field} is {given}, expected {least} to {most}")]
pub struct JournalConfigError {
    /// The field.
    pub field: &'static str,
    /// Its value.
    pub given: u64,
    /// The least that it may be.
    pub least: u64,
    /// The most that it may be.
    pub most: u64,
}

impl JournalConfig {
    /// Checks every field against its range.
    ///
    /// # Errors
    /// [`JournalConfigError`] with the first field that is outside.
    pub fn validate(&self) -> Result<(), JournalConfigError> {
        let ranges = [
            ("file_bytes", self.file_bytes, 4 << 10, 1 << 40),
            ("block_bytes", self.block_bytes as u64, 1 << 10, 16 << 20),
            ("reserve_bytes", self.reserve_bytes, 0, 1 << 30),
            ("write_behind_bytes", self.write_behind_bytes as u64, 0, 1 << 32),
            ("backlog_bytes", self.backlog_bytes as u64, 1 << 10, 1 << 32),
        ];
        for (field, given, least, most) in ranges {
            if !(least..=most).contains(&given) {
                return Err(JournalConfigError { field, given, least, most });
            }
        }
        Ok(())
    }
}
