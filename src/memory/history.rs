//! What the memory was before.
//!
//! 1. Before a slot is first written after a published state, what it held is noted: the record alone
//!    where only that changes (88 bytes), else all of it. A past state is the present one with the
//!    notes since then put back, the latest first.
//! 2. So the past costs nothing where nothing changes, and each change once; it copies no pages and
//!    holds none. The time to come back to a state grows with what has changed since.
//! 3. Everything is bounded: the oldest states are forgotten beyond the bytes or the age that the
//!    configuration gives. Changes between two states that alone exceed the bytes end the past there.

use std::collections::VecDeque;
use std::sync::Arc;

use thiserror::Error;

use super::alias::Aliases;
use super::area::Areas;
use super::class::Classes;
use super::config::HistoryConfig;
use super::frame_image::FrameImage;
use super::object::Attributes;
use super::record::{Head, Record};
use super::table::TableView;
use crate::time::Time;

/// Why there is no state of the time that was asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[non_exhaustive]
pub enum HistoryError {
    /// The configuration keeps no past.
    #[error("history.max_bytes is 0, so no past is kept")]
    Off,
    /// No state was published yet, or the last ones changed more than the past may hold.
    #[error("there is no past yet, time {given} was asked for")]
    Nothing {
        /// As given.
        given: Time,
    },
    /// The past does not reach as far.
    #[error("time {given} was asked for, the past begins at {oldest}")]
    Forgotten {
        /// As given.
        given: Time,
        /// When the oldest state that is known was published.
        oldest: Time,
    },
}

/// The notes, and where each published state lies among them.
#[derive(Debug)]
pub(super) struct History {
    config: HistoryConfig,
    chunks: VecDeque<Vec<Note>>,
    spare: Vec<Vec<Note>>,
    /// The number of the first note of the first chunk, and of the next note.
    base: u64,
    next: u64,
    bytes: u64,
    states: VecDeque<PastState>,
    /// A bit for each slot that was noted since the last state.
    noted: Vec<u64>,
    /// Whether too much has changed since the last state.
    is_broken: bool,
}

/// A published state, but for its objects.
#[derive(Clone, Debug)]
pub(super) struct PastState {
    pub(super) version: u64,
    pub(super) time: Time,
    pub(super) len: u32,
    pub(super) extent: u32,
    pub(super) classes: Arc<Classes>,
    pub(super) frames: Arc<FrameImage>,
    pub(super) areas: Arc<Areas>,
    pub(super) aliases: Arc<Aliases>,
    /// The number of the first note after it.
    first: u64,
    bytes: u64,
}

/// What a slot held.
#[derive(Debug)]
pub(super) enum Note {
    /// A live slot's record; the rest was as it is.
    Record { slot: u32, record: Record },
    /// All of it.
    Slot { slot: u32, content: Box<Content> },
}

/// All that a slot holds; `record` counts only where the head says that an object lives there.
#[derive(Debug)]
pub(super) struct Content {
    pub(super) head: Head,
    pub(super) record: Record,
    pub(super) attributes: Attributes,
    pub(super) name: Option<Arc<str>>,
}

/// Notes in a chunk.
const CHUNK: usize = 512;

impl Note {
    fn bytes(&self) -> u64 {
        let beside = match self {
            Self::Record { .. } => 0,
            Self::Slot { content, .. } => {
                size_of::<Content>()
                    + content.attributes.byte_len()
                    + content.name.as_ref().map_or(0, |name| name.len())
            }
        };
        (size_of::<Self>() + beside) as u64
    }
}

impl History {
    pub(super) fn new(config: HistoryConfig) -> Self {
        Self {
            config,
            chunks: VecDeque::new(),
            spare: Vec::new(),
            base: 0,
            next: 0,
            bytes: 0,
            states: VecDeque::new(),
            noted: Vec::new(),
            is_broken: false,
        }
    }

    /// Whether notes are taken: there is a state to come back to.
    #[inline]
    pub(super) fn is_on(&self) -> bool {
        !self.states.is_empty() && !self.is_broken
    }

    /// Notes the record of a slot that is about to change.
    #[inline]
    pub(super) fn note_record(&mut self, slot: u32, record: &Record) {
        if self.is_on() && self.is_first(slot) {
            self.push(Note::Record { slot, record: *record });
        }
    }

    /// Notes all of a slot that is about to change.
    pub(super) fn note_slot(&mut self, slot: u32, table: TableView<'_>) {
        if !self.is_on() {
            return;
        }
        self.is_first(slot);
        let head = table.head(slot);
        let content = Content {
            head,
            record: table.record(slot, head).copied().unwrap_or_default(),
            attributes: table.attributes(slot),
            name: table.name(slot).cloned(),
        };
        self.push(Note::Slot { slot, content: Box::new(content) });
    }

    /// A state was published: it can be come back to from now on.
    pub(super) fn published(&mut self, mut state: PastState) {
        if self.config.max_bytes == 0 {
            return;
        }
        if self.is_broken {
            self.forget_all();
        }
        self.noted.fill(0);
        state.first = self.next;
        state.bytes = size_of::<PastState>() as u64;
        if let Some(last) = self.states.back() {
            if !Arc::ptr_eq(&last.frames, &state.frames) {
                state.bytes += state.frames.bytes();
            }
            if !Arc::ptr_eq(&last.classes, &state.classes) {
                state.bytes += 100 * state.classes.len() as u64;
            }
            if !Arc::ptr_eq(&last.areas, &state.areas) {
                state.bytes += 100 * state.areas.len() as u64;
            }
            if !Arc::ptr_eq(&last.aliases, &state.aliases) {
                state.bytes += 100 * state.aliases.len() as u64;
            }
        }
        self.bytes += state.bytes;
        let oldest = state.time - self.config.max_age;
        self.states.push_back(state);
        // A state older than the age serves until the next one is that old.
        while self.states.get(1).is_some_and(|second| second.time <= oldest) {
            self.forget_oldest();
        }
        self.shrink();
    }

    /// The latest state that was published at `time` or before.
    pub(super) fn find(&self, time: Time) -> Result<&PastState, HistoryError> {
        if self.config.max_bytes == 0 {
            return Err(HistoryError::Off);
        }
        let after = self.states.partition_point(|state| state.time <= time);
        let found = after.checked_sub(1).and_then(|at| self.states.get(at));
        found.ok_or(match self.states.front() {
            Some(oldest) => HistoryError::Forgotten { given: time, oldest: oldest.time },
            None => HistoryError::Nothing { given: time },
        })
    }

    /// When the oldest state that is known was published.
    pub(super) fn oldest(&self) -> Option<Time> {
        self.states.front().map(|state| state.time)
    }

    /// The notes since `state`, the latest first.
    pub(super) fn since(&self, state: &PastState) -> impl Iterator<Item = &Note> {
        let (base, first, next) = (self.base, state.first, self.next);
        (first..next).rev().filter_map(move |number| {
            let at = (number - base) as usize;
            self.chunks.get(at / CHUNK)?.get(at % CHUNK)
        })
    }

    /// The bytes that it counts.
    pub(super) const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Marks a slot as noted; whether it was not.
    #[inline]
    fn is_first(&mut self, slot: u32) -> bool {
        let (word, bit) = (slot as usize / 64, slot % 64);
        if self.noted.len() <= word {
            self.noted.resize(word + 1, 0);
        }
        let was = self.noted[word];
        self.noted[word] |= 1 << bit;
        was >> bit & 1 == 0
    }

    fn push(&mut self, note: Note) {
        self.bytes += note.bytes();
        match self.chunks.back_mut() {
            Some(chunk) if chunk.len() < CHUNK => chunk.push(note),
            _ => {
                let mut chunk = self.spare.pop().unwrap_or_else(|| Vec::with_capacity(CHUNK));
                chunk.push(note);
                self.chunks.push_back(chunk);
            }
        }
        self.next += 1;
        if self.bytes > self.config.max_bytes {
            self.shrink();
        }
    }

    /// Forgets the oldest states until the rest fits; all, where the last alone is too much.
    fn shrink(&mut self) {
        while self.bytes > self.config.max_bytes && self.states.len() > 1 {
            self.forget_oldest();
        }
        if self.bytes > self.config.max_bytes {
            self.forget_all();
            self.is_broken = true;
        }
    }

    fn forget_oldest(&mut self) {
        let Some(oldest) = self.states.pop_front() else { return };
        self.bytes -= oldest.bytes;
        let until = self.states.front().map_or(self.next, |state| state.first);
        for number in oldest.first..until {
            let at = (number - self.base) as usize;
            if let Some(note) =
                self.chunks.get_mut(at / CHUNK).and_then(|chunk| chunk.get_mut(at % CHUNK))
            {
                self.bytes -= note.bytes();
                // What it held beside itself goes now; its place when the whole chunk does.
                if let Note::Slot { slot, .. } = *note {
                    *note = Note::Record { slot, record: Record::default() };
                }
            }
        }
        while until - self.base >= CHUNK as u64 {
            let Some(mut chunk) = self.chunks.pop_front() else { break };
            chunk.clear();
            self.spare.push(chunk);
            self.base += CHUNK as u64;
        }
    }

    fn forget_all(&mut self) {
        self.states.clear();
        for mut chunk in self.chunks.drain(..) {
            chunk.clear();
            self.spare.push(chunk);
        }
        (self.base, self.next, self.bytes, self.is_broken) = (0, 0, 0, false);
    }
}

impl PastState {
    /// A state whose place among the notes is not known yet.
    pub(super) const fn new(
        (version, time): (u64, Time),
        (len, extent): (u32, u32),
        classes: Arc<Classes>,
        frames: Arc<FrameImage>,
        areas: Arc<Areas>,
        aliases: Arc<Aliases>,
    ) -> Self {
        Self { version, time, len, extent, classes, frames, areas, aliases, first: 0, bytes: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_as_documented() {
        assert_eq!(size_of::<Note>(), 88);
    }
}
