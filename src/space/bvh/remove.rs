//! Taking entries out.

use super::extent::Extent;
use super::fetch::fetch;
use super::page::Bucket;
use super::workspace::{Homeless, Workspace};
use super::{Bvh, NOWHERE, split_place};

/// A bucket with fewer entries dissolves.
pub(super) const FEWEST: usize = 4;

/// How many removals ahead a page is asked for.
const AHEAD: usize = 8;

impl<E: Extent> Bvh<E> {
    /// Removes the item in `slot` and returns its extent; `None` where there is none. Constant time,
    /// O(log n) where its page dissolves: the boxes above stay as they are until the next
    /// [`update`](Self::update) there.
    pub fn remove(&mut self, slot: u32, work: &mut Workspace) -> Option<E> {
        let (page, lane) = self.find(slot)?;
        let item = E::from_box(&self.pages.bucket(page).entry(lane));
        self.places[slot as usize] = NOWHERE;
        self.len -= 1;
        self.sweep.removed();
        self.take(0, page, lane);
        if usize::from(self.pages.link(page).len) < FEWEST {
            self.condense(0, page, work);
            self.settle(work);
        }
        Some(item)
    }

    /// Removes the items in `slots`; many cost less together, since their memory is asked for
    /// ahead. Slots that hold none are passed over; returns how many held one.
    pub fn remove_all(&mut self, slots: &[u32], work: &mut Workspace) -> usize {
        let before = self.len();
        for (at, &slot) in slots.iter().enumerate() {
            if let Some((page, _)) = slots.get(at + 2 * AHEAD).and_then(|&slot| self.find(slot)) {
                fetch(self.pages.bucket(page));
                fetch(self.pages.link(page));
            }
            // The one that will move into the gap.
            if let Some((page, _)) = slots.get(at + AHEAD).and_then(|&slot| self.find(slot)) {
                let last = usize::from(self.pages.link(page).len) - 1;
                if let Some(place) = self.places.get(self.pages.bucket(page).id(last) as usize) {
                    fetch(place);
                }
            }
            self.remove(slot, work);
        }
        let removed = before - self.len();
        self.renew(removed, work);
        removed
    }

    /// Takes the entry in a lane out of the bucket `index` at `height`; the last one moves there.
    pub(super) fn take(&mut self, height: u8, index: u32, lane: usize) {
        let link = self.link_mut(height, index);
        link.len -= 1;
        let last = usize::from(link.len);
        if lane != last {
            let (bounds, id) = self.entry(height, index, last);
            self.put(height, index, lane, &bounds, id);
        }
        self.vacate(height, index, last);
    }

    /// Empties a lane.
    pub(super) fn vacate(&mut self, height: u8, index: u32, lane: usize) {
        if height == 0 {
            self.pages.bucket_mut(index).clear(lane);
        } else {
            self.nodes.bucket_mut(index).clear(lane);
        }
    }

    /// After entries left the bucket `index` at `height`: refits the boxes above it, and dissolves
    /// what holds too few, from there up. The entries of what dissolved are then homeless.
    pub(super) fn condense(&mut self, height: u8, index: u32, work: &mut Workspace) {
        let (mut height, mut index) = (height, index);
        loop {
            let link = *self.link(height, index);
            let len = usize::from(link.len);
            if link.parent == NOWHERE {
                if len == 0 {
                    self.release(height, index);
                    self.root = NOWHERE;
                    self.height = 0;
                }
                return;
            }
            let (above, lane) = split_place(link.parent);
            if len < FEWEST {
                self.dissolve(height, index, work);
                self.take(height + 1, above, lane);
            } else {
                let bounds = self.bounds_of(height, index);
                let node = self.nodes.bucket_mut(above);
                if node.entry(lane) == bounds {
                    return;
                }
                node.put(lane, &bounds, index);
            }
            (height, index) = (height + 1, above);
        }
    }

    /// Releases the bucket `index` at `height`; its entries are then homeless.
    pub(super) fn dissolve(&mut self, height: u8, index: u32, work: &mut Workspace) {
        for lane in 0..usize::from(self.link(height, index).len) {
            let (bounds, id) = self.entry(height, index, lane);
            work.homeless.push(Homeless { bounds, id, height });
        }
        self.release(height, index);
    }

    /// Places what is homeless; then a root with one child gives way to it.
    ///
    /// A root that is a node has two children or more between operations, and one chain of
    /// dissolving buckets takes one child of it at most: so it stands until here. Where a whole part
    /// was taken out it may be gone, and what is left lower than a homeless subtree: that then
    /// dissolves.
    pub(super) fn settle(&mut self, work: &mut Workspace) {
        while let Some(entry) = work.homeless.pop() {
            if entry.height <= self.height {
                self.place_entry(entry);
            } else {
                self.dissolve(entry.height - 1, entry.id, work);
            }
        }
        while self.height > 0 && self.nodes.link(self.root).len == 1 {
            let child = self.nodes.bucket(self.root).id(0);
            self.nodes.release(self.root);
            self.root = child;
            self.height -= 1;
            self.link_mut(self.height, child).parent = NOWHERE;
        }
    }
}
