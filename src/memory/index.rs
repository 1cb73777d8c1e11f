//! The boxes in the world, by slot.
//!
//! Changes of one kind are gathered and given to the tree together; another kind, and every look at
//! the tree, settles them first. So a frame's moves cost one update however they were called.

use rayon::prelude::*;

use super::extent::record_box;
use super::frame_image::FrameImage;
use super::table::TableView;
use crate::space::bvh::{ItemError, Shape, Tiers, Workspace};
use crate::space::{Aabb, Vec3};

/// A tree of boxes and the changes that it awaits.
#[derive(Debug)]
pub(super) struct Index {
    tiers: Tiers<Aabb>,
    kind: Kind,
    /// Slots and boxes that come or move; of those that leave the boxes do not matter.
    pending: Vec<(u32, Aabb)>,
    slots: Vec<u32>,
}

/// Fewer objects than this are not worth a second thread.
const ALONE: usize = 16_384;

/// No box of an object: a slot without one. No tree takes it.
const NOWHERE: Aabb = Aabb::from_corners(Vec3::splat(f32::MAX), Vec3::splat(f32::MIN));

/// By slot, the box of the object in it, or [`NOWHERE`]; on the threads of rayon's pool where there are
/// many.
fn boxes_by_slot(table: TableView<'_>, frames: &FrameImage) -> Vec<Aabb> {
    let place = |slot: u32| {
        let head = table.head(slot);
        let record = table.record(slot, head);
        record.map_or(NOWHERE, |record| record_box(&frames.world(head.frame), record))
    };
    if (table.len as usize) < ALONE {
        return (0..table.extent).map(place).collect();
    }
    (0..table.extent).into_par_iter().with_min_len(ALONE / 4).map(place).collect()
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

    /// Replaces everything by what the table holds: in the order of `shape` where that is one of all
    /// objects, else in a new one.
    pub(super) fn build(
        &mut self,
        table: TableView<'_>,
        frames: &FrameImage,
        shape: Option<&Shape>,
        work: &mut Workspace,
    ) {
        self.pending = Vec::new();
        if !shape.is_some_and(|shape| self.build_shaped(table, frames, shape, work)) {
            let boxes = (0..).zip(boxes_by_slot(table, frames));
            let boxes: Vec<_> = boxes.filter(|(_, item)| *item != NOWHERE).collect();
            let built = self.tiers.build(&boxes, work);
            debug_assert_eq!(built, Ok(()));
        }
        *work = Workspace::new();
    }

    /// Replaces everything by what the table holds, in the order of `shape`, and then what that lacks,
    /// which was moving. Whether all of it lives; where not, nothing is built.
    fn build_shaped(
        &mut self,
        table: TableView<'_>,
        frames: &FrameImage,
        shape: &Shape,
        work: &mut Workspace,
    ) -> bool {
        let len = shape.slots.len();
        // Where much was moving, its order is as good as unknown.
        if len > table.len as usize || len < table.len as usize / 4 * 3 {
            return false;
        }
        // By slot first, as they lie in memory: looked up in the order of the shape, each would wait for
        // its record.
        let by_slot = boxes_by_slot(table, frames);
        // The tree refuses what is nowhere.
        let find = |slot: u32| by_slot.get(slot as usize).copied().unwrap_or(NOWHERE);
        if !self.tiers.build_shaped(shape, find, work) {
            return false;
        }
        if len < table.len as usize {
            let rest = table.live().map(|(slot, _)| slot);
            let rest = rest.filter(|&slot| self.tiers.item(slot).is_none());
            let rest: Vec<_> = rest.map(|slot| (slot, find(slot))).collect();
            let inserted = self.tiers.insert_all(&rest, work);
            debug_assert_eq!(inserted, Ok(()));
        }
        true
    }

    /// The order of all that is at rest; `None` where the tree awaits changes.
    pub(super) fn settled_shape(&self) -> Option<Shape> {
        self.pending.is_empty().then(|| self.tiers.shape())
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
