//! What a memory holds now, on the writer's side.

use std::sync::Arc;

use super::alias::Aliases;
use super::area::Areas;
use super::class::Classes;
use super::config::{MemoryConfig, WhenFull};
use super::correction::Corrections;
use super::evict::{EvictionOrder, Worth};
use super::extent::record_box;
use super::feed::{Appearance, Feeds};
use super::frame_image::FrameImage;
use super::frames::Frames;
use super::history::{History, PastState};
use super::index::Index;
use super::object::ObjectId;
use super::query::MemoryView;
use super::slots::FreeSlots;
use super::table::{Table, TableView};
use crate::space::bvh::{self, Shape};
use crate::state_hasher::StateHasher;
use crate::time::Time;

/// Everything that changes lead to, and the index over it. What readers see of it is shared with
/// snapshots in blocks or whole; a whole one is copied before it is written while a snapshot holds
/// it.
#[derive(Debug)]
pub(super) struct State {
    pub(super) table: Table,
    pub(super) free: FreeSlots,
    pub(super) classes: Arc<Classes>,
    /// The frames as the changes left them.
    pub(super) frames: Frames,
    /// The frames as the index has them: behind by corrections that are under way.
    pub(super) shown: Arc<FrameImage>,
    pub(super) corrections: Corrections,
    pub(super) areas: Arc<Areas>,
    pub(super) aliases: Arc<Aliases>,
    pub(super) index: Index,
    pub(super) history: History,
    /// Who leaves first; kept only where anybody would.
    order: EvictionOrder,
    pub(super) feeds: Feeds,
    /// Off while a store is recovered; then [`State::index_all`] follows.
    pub(super) is_indexed: bool,
    pub(super) work: bvh::Workspace,
    pub(super) config: MemoryConfig,
}

impl State {
    pub(super) fn new(config: MemoryConfig) -> Self {
        Self {
            table: Table::new(),
            free: FreeSlots::new(),
            classes: Arc::default(),
            frames: Frames::new(config.max_frames),
            shown: Arc::default(),
            corrections: Corrections::new(),
            areas: Arc::default(),
            aliases: Arc::default(),
            index: Index::new(config.max_objects),
            history: History::new(config.history.clone()),
            order: EvictionOrder::default(),
            feeds: Feeds::new(),
            is_indexed: true,
            work: bvh::Workspace::new(),
            config,
        }
    }

    /// The slot of the object that `id` names, also by an alias; `None` where it is not there.
    #[inline]
    pub(super) fn resolve(&self, id: ObjectId) -> Option<ObjectId> {
        let table = self.table.view();
        if table.find(id).is_some() {
            return Some(id);
        }
        let id = self.aliases.resolve(id);
        table.find(id).map(|_| id)
    }

    /// The id that the next new object gets: the lowest free slot. `None` where the memory is full.
    pub(super) fn next_id(&self, after: Option<ObjectId>) -> Option<ObjectId> {
        let from = after.map_or(0, |id| id.slot().saturating_add(1));
        let table = self.table.view();
        let slot = match self.free.first_from(from) {
            Some(slot) => slot,
            None => table.extent.max(from),
        };
        let generation = table.head(slot).generation.checked_add(1)?;
        (slot < self.config.max_objects).then(|| {
            ObjectId::new(slot, generation.try_into().unwrap_or(core::num::NonZeroU32::MIN))
        })
    }

    /// Gives the index what it awaits.
    pub(super) fn settle(&mut self) {
        self.index.settle(&mut self.work);
        self.corrections.settle(&mut self.work);
    }

    /// Builds the index over everything, by an order of it where one is known, and shows the frames as
    /// they are.
    pub(super) fn index_all(&mut self, order: Option<&Shape>) {
        self.is_indexed = true;
        self.corrections = Corrections::new();
        self.shown = Arc::new(FrameImage::of(&self.frames));
        let (table, shown) = (self.table.view(), &*self.shown);
        let (index, work, leaving) = (&mut self.index, &mut self.work, &mut self.order);
        let evicts = self.config.when_full == WhenFull::Evict;
        let mut build = || index.build(table, shown, order, work);
        let mut rank = || {
            if evicts {
                leaving.rebuild(table.live().map(|(slot, _)| slot), |slot| worth(table, slot));
            }
        };
        if table.len < ALONE {
            build();
            rank();
        } else {
            rayon::join(build, rank);
        }
    }

    /// The object in `slot` is new, or its persistence or last sight has changed.
    #[inline]
    pub(super) fn weigh(&mut self, slot: u32) {
        if self.is_indexed && self.config.when_full == WhenFull::Evict {
            let table = self.table.view();
            self.order.set(slot, |slot| worth(table, slot));
        }
    }

    /// The object in `slot` has left.
    pub(super) fn weigh_no_more(&mut self, slot: u32) {
        let table = self.table.view();
        self.order.remove(slot, |slot| worth(table, slot));
    }

    /// Who leaves next where the memory is full.
    pub(super) fn least(&self) -> Option<ObjectId> {
        self.order.least().map(|slot| self.table.view().id(slot))
    }

    /// How the object appears to subscribers; `None` where it is not there.
    pub(super) fn appearance(&self, id: ObjectId) -> Option<Appearance> {
        appearance(self.table.view(), &self.shown, id)
    }

    /// Tells subscribers what has changed since the state before, now that the one of `at` is
    /// published.
    pub(super) fn tell_subscribers(&mut self, at: Time) {
        let (table, shown) = (self.table.view(), &self.shown);
        let corrected = self.corrections.take_shown();
        self.feeds.publish(at, corrected.as_ref(), |id| appearance(table, shown, id));
    }

    /// Readers see this state from now on, as number `version`.
    pub(super) fn published(&mut self, version: u64, now: Time) {
        let table = self.table.view();
        self.history.published(PastState::new(
            (version, now),
            (table.len, table.extent),
            Arc::clone(&self.classes),
            Arc::clone(&self.shown),
            Arc::clone(&self.areas),
            Arc::clone(&self.aliases),
        ));
    }

    /// What queries see of the present state. The index must be settled.
    pub(super) fn view(&self) -> MemoryView<'_> {
        MemoryView {
            table: self.table.view(),
            index: self.index.tiers().view(),
            classes: &self.classes,
            frames: &self.shown,
            areas: &self.areas,
            aliases: &self.aliases,
        }
    }

    /// Takes everything in that a later state depends on, in slot order.
    pub(super) fn hash(&self, hasher: &mut StateHasher) {
        let table = self.table.view();
        hasher.u32(table.len);
        hasher.u32(table.extent);
        for slot in 0..table.extent {
            let head = table.head(slot);
            hasher.u32(head.generation);
            hasher.bool(head.is_live());
            if let Some(object) = table.object(slot) {
                object.hash_content(hasher);
                text(hasher, table.name(slot).map_or("", |name| name));
            }
        }
        hasher.u64(self.classes.len() as u64);
        for label in self.classes.labels() {
            text(hasher, label);
        }
        hasher.u32(self.frames.next_id().index());
        for frame in self.frames.iter() {
            hasher.u32(frame.id.index());
            hasher.u32(frame.parent.index());
            text(hasher, &frame.name);
            hasher.pose(&frame.pose);
        }
        hasher.u32(self.areas.next().index());
        hasher.u64(self.areas.len() as u64);
        for area in self.areas.iter() {
            area.hash_content(hasher);
        }
        for (old, into) in self.aliases.iter() {
            hasher.u64(old.to_bits());
            hasher.u64(into.to_bits());
        }
    }

    /// The bytes that it holds: the index, those for growth and for snapshots included; the
    /// attributes' content and the texts not.
    pub(super) fn memory_bytes(&self) -> usize {
        self.table.memory_bytes()
            + self.free.memory_bytes()
            + self.index.memory_bytes()
            + self.order.memory_bytes()
            + self.corrections.memory_bytes()
    }

    /// The bytes that only snapshots still need.
    pub(super) fn retained_bytes(&self) -> usize {
        self.table.retained_bytes() + self.index.tiers().retained_bytes()
    }

    /// Frees replaced blocks that no snapshot holds, but for about as many as frames copy.
    pub(super) fn trim(&mut self) {
        self.table.trim();
        let extent = self.table.view().extent as usize;
        let tiers = self.index.tiers_mut();
        // A block has room for a thousand boxes: a few times what moves, and a part of what rests.
        tiers.trim(2 + tiers.hot_len() / 256 + extent / 32_768);
    }
}

/// Fewer objects than this are not worth a second thread.
const ALONE: u32 = 16_384;

fn worth(table: TableView<'_>, slot: u32) -> Worth {
    let record = table.record(slot, table.head(slot)).copied().unwrap_or_default();
    Worth::new(record.persistence, record.last_seen, table.id(slot))
}

pub(super) fn appearance(
    table: TableView<'_>,
    shown: &FrameImage,
    id: ObjectId,
) -> Option<Appearance> {
    let head = table.find(id)?;
    let bounds = record_box(&shown.world(head.frame), table.record(id.slot(), head)?);
    Some(Appearance { class: head.class, bounds })
}

/// Takes in a text, its length first.
pub(super) fn text(hasher: &mut StateHasher, text: &str) {
    hasher.u64(text.len() as u64);
    hasher.bytes(text.as_bytes());
}
