//! Coming back to a past state.

use super::history::{HistoryError, Note, PastState};
use super::index::Index;
use super::snapshot::{Image, MemorySnapshot};
use super::spatial_memory::SpatialMemory;
use super::table::{Table, TableImage};
use crate::space::bvh;
use crate::time::Time;

/// The past state that was built last.
#[derive(Debug)]
pub(super) struct Kept {
    snapshot: MemorySnapshot,
    /// The latest state when it was last asked for.
    asked_at: u64,
}

/// It is kept while so many states are published without anybody asking for it.
const KEPT: u64 = 90;

impl SpatialMemory {
    /// The memory as readers saw it at `time`: the latest state that was published then or before.
    /// Every query works on it; it may be held, and used on any thread, for as long as one likes.
    ///
    /// Of the latest state it costs a few additions. Of a past one O(m + n log n) for m changes since
    /// then and n objects: the index of that time is built anew (about 100 ms for a million). The state
    /// that was built last is kept, so asking for it again is a few additions too: a host that steps
    /// through the past pays for each state once. It is let go when another is built, or when it was not
    /// asked for while 90 states were published; until then it keeps what it holds as a snapshot does.
    ///
    /// # Errors
    /// [`HistoryError`], also where the configuration keeps no past
    /// ([`HistoryConfig`](super::HistoryConfig)).
    pub fn as_of(&mut self, time: Time) -> Result<MemorySnapshot, HistoryError> {
        let state = self.state.history.find(time)?.clone();
        if state.version == self.version() {
            return Ok(MemorySnapshot::published(self.states().take()));
        }
        if let Some(kept) = &mut self.past
            && kept.snapshot.version() == state.version
        {
            kept.asked_at = self.version;
            return Ok(kept.snapshot.clone());
        }
        // Not both at once: each may hold as much as the memory itself.
        self.past = None;
        let snapshot = MemorySnapshot::past(self.come_back(&state));
        self.past = Some(Kept { snapshot: snapshot.clone(), asked_at: self.version });
        Ok(snapshot)
    }

    /// A state was published: lets the kept past one go where nobody has asked for it of late.
    pub(super) fn rest_past(&mut self) {
        let version = self.version;
        self.past.take_if(|kept| version - kept.asked_at > KEPT);
    }

    /// When the oldest state was published that [`as_of`](Self::as_of) can give; `None` where there
    /// is none.
    #[must_use]
    pub fn oldest_past(&self) -> Option<Time> {
        self.state.history.oldest()
    }

    /// The bytes that the past takes.
    #[must_use]
    pub const fn past_bytes(&self) -> u64 {
        self.state.history.bytes()
    }

    fn come_back(&mut self, state: &PastState) -> Image {
        let mut present = TableImage::default();
        self.state.table.share(&mut present);
        let mut table = Table::forked(&present);
        for note in self.state.history.since(state) {
            match note {
                Note::Record { slot, record } => table.restore_record(*slot, record),
                Note::Slot { slot, content } => table.restore(*slot, content),
            }
        }
        table.restore_extent(state.len, state.extent);
        let mut index = Index::new(self.state.config.max_objects);
        index.build(table.view(), &state.frames, None, &mut self.state.work);
        let mut image = Image {
            version: state.version,
            time: state.time,
            table: present,
            index: bvh::Snapshot::empty(),
            classes: state.classes.clone(),
            frames: state.frames.clone(),
            areas: state.areas.clone(),
            aliases: state.aliases.clone(),
        };
        table.share(&mut image.table);
        index.tiers_mut().snapshot_into(&mut image.index);
        image
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::super::{HistoryConfig, MemoryConfig, NewObject};
    use super::*;
    use crate::space::Pose;

    #[test]
    fn the_state_that_was_built_last_is_kept_for_a_while() {
        let history = HistoryConfig::new(1 << 20, Duration::from_secs(60));
        let mut memory =
            SpatialMemory::new(MemoryConfig { history, ..MemoryConfig::default() }).unwrap();
        let class = memory.class("thing").unwrap();
        for state in 0..4 {
            memory.insert(&NewObject::new(class, Pose::IDENTITY)).unwrap();
            memory.publish(Time::from_nanos(state)).unwrap();
        }
        let at = |memory: &mut SpatialMemory, time| {
            let past = memory.as_of(Time::from_nanos(time)).unwrap();
            (core::ptr::from_ref(past.image()), past.len())
        };
        let (first, len) = at(&mut memory, 1);
        assert_eq!(len, 2);
        assert_eq!(at(&mut memory, 1), (first, 2), "it is the same one");
        assert_eq!(at(&mut memory, 2).1, 3);
        assert_eq!(memory.past.as_ref().unwrap().snapshot.version(), 3, "and there is only one");
        for state in 0..=KEPT {
            assert!(memory.past.is_some(), "after {state} states");
            memory.publish(Time::from_nanos(4)).unwrap();
        }
        assert!(memory.past.is_none());
        assert_eq!(at(&mut memory, 1).1, 2);
    }
}
