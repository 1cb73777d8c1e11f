//! The boxes in the world, by slot.
//!
//! Changes of one kind are gathered and given to the tree together; another kind, and every look at
//! the tree, settles them first. So a frame's moves cost one update however they were called.

use super::extent::record_box;
use super::frame_image::FrameImage;
use super::table::TableView;
use crate::space::Aabb;
use crate::space::bvh::{ItemError, Tiers, Workspace};

/// A tree of boxes and the changes that it awaits.
#[derive(Debug)]
pub(super) struct Index {
    tiers: Tiers<Aabb>,
    kind: Kind,
    /// Slots and boxes that come or move; of those that leave the boxes do not matter.
    pending: Vec<(u32, Aabb)>,
    slots: Vec<u32>,
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum Kind {
    Added,
    Moved,
    Corrected,
    Removed,
}

/// From this many new objects on, and where they are at least a tenth as many as the old ones, the
/// tree is built anew: an insertion costs about seven times an item's share of a build.
const BUILD_FROM: usize = 1_024;

/// What has not moved for this many published states is at rest…
const REST: u8 = 30;

/// …and so many are brought there with each.
const COOLED: usize = 512;

impl Index {
    pub(super) fn new(max_objects: u32) -> Self {
        Self {
            tiers: Tiers::new(max_objects),
            kind: Kind::Moved,
            pending: Vec::new(),
            slots: Vec::new(),
        }
    }

    pub(super) fn tiers(&self) -> &Tiers<Aabb> {
        &self.tiers
    }

    pub(super) fn tiers_mut(&mut self) -> &mut Tiers<Aabb> {
        &mut self.tiers
    }

    pub(super) fn add(&mut self, slot: u32, bounds: Aabb, work: &mut Workspace) {
        self.push(Kind::Added, slot, bounds, work);
    }

    pub(super) fn shift(&mut self, slot: u32, bounds: Aabb, work: &mut Workspace) {
        self.push(Kind::Moved, slot, bounds, work);
    }

    /// As [`shift`](Self::shift), of one that moves with its frame and then rests again.
    pub(super) fn correct(&mut self, slot: u32, bounds: Aabb, work: &mut Workspace) {
        self.push(Kind::Corrected, slot, bounds, work);
    }

    pub(super) fn remove(&mut self, slot: u32, work: &mut Workspace) {
        self.push(Kind::Removed, slot, Aabb::default(), work);
    }

    #[inline]
    fn push(&mut self, kind: Kind, slot: u32, bounds: Aabb, work: &mut Workspace) {
        if self.kind != kind {
            self.settle(work);
            self.kind = kind;
        }
        self.pending.push((slot, bounds));
    }

    /// Gives the tree what it awaits.
    pub(super) fn settle(&mut self, work: &mut Workspace) {
        if self.pending.is_empty() {
            return;
        }
        let settled: Result<(), ItemError> = match self.kind {
            Kind::Added if self.pending.len() >= BUILD_FROM.max(self.tiers.len() / 10) => {
                // All are built anew, at rest.
                let (tiers, mut items) = (&mut self.tiers, core::mem::take(&mut self.pending));
                let old = (0..u32::MAX).filter_map(|slot| Some((slot, tiers.item(slot)?)));
                items.extend(old.take(tiers.len()));
                let built = tiers.build(&items, work);
                // What a build needs is much, and seldom needed again.
                *work = Workspace::new();
                built
            }
            Kind::Added => self.tiers.insert_all(&self.pending, work),
            Kind::Moved => self.tiers.update(&self.pending, work),
            Kind::Corrected => self.tiers.shift(&self.pending, work),
            Kind::Removed => {
                self.slots.clear();
                self.slots.extend(self.pending.iter().map(|&(slot, _)| slot));
                self.tiers.remove_all(&self.slots, work);
                Ok(())
            }
        };
        // Slots and boxes come from the table, in which they were checked.
        debug_assert_eq!(settled, Ok(()));
        self.pending.clear();
    }

    /// Replaces everything by what the table holds.
    pub(super) fn build(
        &mut self,
        table: TableView<'_>,
        frames: &FrameImage,
        work: &mut Workspace,
    ) {
        self.pending.clear();
        let boxes = table.live().filter_map(|(slot, head)| {
            let record = table.record(slot, head)?;
            Some((slot, record_box(&frames.world(head.frame), record)))
        });
        self.pending.extend(boxes);
        let built = self.tiers.build(&self.pending, work);
        debug_assert_eq!(built, Ok(()));
        self.pending = Vec::new();
        *work = Workspace::new();
    }

    /// Ends a frame.
    pub(super) fn cool(&mut self, work: &mut Workspace) {
        self.tiers.cool(REST, COOLED, work);
    }

    /// A second index with the same boxes, which shares their pages. This one must be settled.
    pub(super) fn fork(&mut self) -> Self {
        Self { tiers: self.tiers.fork(), kind: Kind::Moved, pending: Vec::new(), slots: Vec::new() }
    }

    /// Takes the place of `old`, of which this is a fork.
    pub(super) fn succeed(&mut self, old: Self) {
        self.tiers.succeed(old.tiers);
        self.pending = old.pending;
        self.slots = old.slots;
    }

    pub(super) fn memory_bytes(&self) -> usize {
        self.tiers.memory_bytes()
            + self.pending.capacity() * size_of::<(u32, Aabb)>()
            + self.slots.capacity() * size_of::<u32>()
    }
}
