//! Coming back to a past state.

use super::history::{HistoryError, Note, PastState};
use super::index::Index;
use super::snapshot::{Image, MemorySnapshot};
use super::spatial_memory::SpatialMemory;
use super::table::{Table, TableImage};
use crate::space::bvh;
use crate::time::Time;

impl SpatialMemory {
    /// The memory as readers saw it at `time`: the latest state that was published then or before.
    /// Every query works on it; it may be held, and used on any thread, for as long as one likes.
    ///
    /// Of the latest state it costs a few additions. Of a past one O(m + n log n) for m changes since
    /// then and n objects: the index of that time is built anew (about 100 ms for a million).
    ///
    /// # Errors
    /// [`HistoryError`], also where the configuration keeps no past
    /// ([`HistoryConfig`](super::HistoryConfig)).
    pub fn as_of(&mut self, time: Time) -> Result<MemorySnapshot, HistoryError> {
        let state = self.state.history.find(time)?.clone();
        if state.version == self.version() {
            return Ok(MemorySnapshot::published(self.states().take()));
        }
        Ok(MemorySnapshot::past(self.come_back(&state)))
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
