//! The side that writes.

use core::fmt;
use std::borrow::Cow;
use std::io::Write;

use super::error::RecordError;
use super::event::{Allowed, Event, Start};
use super::format::{LENGTH_BYTES, MAGIC, MAX_RECORD_BYTES, VERSION, checksum};
use crate::dispatch::engine::RoundCut;
use crate::time::Time;

/// How a session is recorded.
///
/// ```
/// use xrmesh::RecordOptions;
/// // A hash every second of a session at 90 Hz: a hash takes time in proportion to all agents.
/// let options = RecordOptions { hash_every: 90, ..RecordOptions::default() };
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordOptions {
    /// Ticks from one state hash to the next; 0 for none at all. Default 1: each tick has one, and a
    /// replay that differs is found in the tick where it does.
    pub hash_every: u32,
    /// Bytes that gather before they are written, in one piece, by the thread that ticks. Default
    /// 256 KiB. What has gathered is lost if the process ends without dropping the mesh; a writer that
    /// may block long should hand over to a thread of its own.
    pub buffer_bytes: usize,
}

impl Default for RecordOptions {
    fn default() -> Self {
        Self { hash_every: 1, buffer_bytes: 256 << 10 }
    }
}

/// A recording in progress, as [`Mesh::recording`](crate::Mesh::recording) shows it.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Recording<'a> {
    /// Bytes recorded, the ones included that wait to be written.
    pub bytes: u64,
    /// Ticks recorded.
    pub ticks: u64,
    /// What ended the recording early, if anything did; the session goes on without it.
    pub error: Option<&'a RecordError>,
}

/// Writes what happens.
pub(in super::super) struct Recorder {
    writer: Box<dyn Write + Send>,
    options: RecordOptions,
    /// Whole records that are not written yet, except while one is added.
    waiting: Vec<u8>,
    written: u64,
    ticks: u64,
    /// Of the tick at hand, if it is timed.
    pub(in super::super) cuts: Vec<RoundCut>,
    failed: Option<RecordError>,
}

impl Recorder {
    /// Begins a recording of a session that began with `start`.
    pub(super) fn begin(
        writer: Box<dyn Write + Send>,
        options: RecordOptions,
        start: Start<'_>,
    ) -> Self {
        let mut waiting = Vec::with_capacity(options.buffer_bytes.min(MAX_RECORD_BYTES));
        waiting.extend_from_slice(&MAGIC);
        waiting.extend_from_slice(&VERSION.to_le_bytes());
        let (cuts, failed) = (Vec::new(), None);
        let mut recorder = Self { writer, options, waiting, written: 0, ticks: 0, cuts, failed };
        recorder.note(&Event::Start(start));
        recorder
    }

    /// Adds a record.
    pub(in super::super) fn note(&mut self, event: &Event<'_>) {
        if self.failed.is_some() {
            return;
        }
        let begin = self.waiting.len();
        self.waiting.extend_from_slice(&[0; LENGTH_BYTES]);
        event.put(&mut self.waiting);
        let given = self.waiting.len() - begin - LENGTH_BYTES;
        if given > MAX_RECORD_BYTES {
            self.waiting.truncate(begin);
            self.write();
            let (limit, tick) = (MAX_RECORD_BYTES, self.ticks);
            self.failed.get_or_insert(RecordError::TooLong { given, limit, tick });
            return;
        }
        self.waiting[begin..begin + LENGTH_BYTES].copy_from_slice(&(given as u32).to_le_bytes());
        let checksum = checksum(self.written + begin as u64, &self.waiting[begin..]);
        self.waiting.extend_from_slice(&checksum.to_le_bytes());
        if self.waiting.len() >= self.options.buffer_bytes {
            self.write();
        }
    }

    pub(in super::super) fn begin_tick(&mut self, now: Time, allowed: Allowed) {
        self.cuts.clear();
        self.note(&Event::TickBegin { now, allowed });
    }

    /// Ends a tick; `hash` is asked for if it is this tick's turn.
    pub(in super::super) fn end_tick(&mut self, hash: impl FnOnce() -> u64) {
        if self.failed.is_some() {
            return;
        }
        self.ticks += 1;
        let every = u64::from(self.options.hash_every);
        let hash = self.ticks.is_multiple_of(every).then(hash);
        let cuts = core::mem::take(&mut self.cuts);
        self.note(&Event::TickEnd { hash, cuts: Cow::Borrowed(&cuts) });
        self.cuts = cuts;
    }

    /// Ends the recording, and says how many bytes it has.
    pub(super) fn finish(mut self) -> Result<u64, RecordError> {
        self.note(&Event::End { ticks: self.ticks });
        self.write();
        if self.failed.is_none()
            && let Err(source) = self.writer.flush()
        {
            self.failed = Some(RecordError::Write { written: self.written, source });
        }
        match self.failed.take() {
            None => Ok(self.written),
            Some(error) => Err(error),
        }
    }

    pub(super) fn progress(&self) -> Recording<'_> {
        Recording { bytes: self.bytes(), ticks: self.ticks, error: self.failed.as_ref() }
    }

    pub(super) fn bytes(&self) -> u64 {
        self.written + self.waiting.len() as u64
    }

    fn write(&mut self) {
        if self.failed.is_some() {
            return;
        }
        match self.writer.write_all(&self.waiting) {
            Ok(()) => self.written += self.waiting.len() as u64,
            Err(source) => {
                self.failed = Some(RecordError::Write { written: self.written, source });
            }
        }
        self.waiting.clear();
    }
}

/// A recording that is not finished keeps what it has, without an end.
impl Drop for Recorder {
    fn drop(&mut self) {
        self.write();
    }
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.progress().fmt(f)
    }
}
