//! Taking a part of space out of a tree, and putting it back well built.

use super::super::region::Aabb;
use super::cell::Cell;
use super::extent::Extent;
use super::lanes::{Lanes, Operation};
use super::node::Overlapping;
use super::page::{Bucket, Page};
use super::remove::FEWEST;
use super::workspace::{HOMELESS, Homeless, PART, Workspace};
use super::{Bvh, NOWHERE};

/// A bit for each item of a page that overlaps a box.
struct Touching<'a, P>(&'a P, &'a Aabb);

impl<P: Page> Operation for Touching<'_, P> {
    type Output = u16;

    #[inline(always)]
    fn run<L: Lanes>(self) -> u16 {
        self.0.overlaps::<L>(self.1)
    }
}

impl<E: Extent> Bvh<E> {
    /// Builds the items of a cell anew as one subtree, or as few; returns how many they are. The tree
    /// is a node.
    pub(super) fn renew_cell(&mut self, cell: &Cell, work: &mut Workspace) -> usize {
        let mut items = core::mem::take(E::list(work));
        items.clear();
        let free = (self.pages.free_len(), self.nodes.free_len());
        let left = self.carve(self.height, self.root, cell, &mut items, work);
        // What is built together shall lie together.
        self.pages.sort_free(free.0);
        self.nodes.sort_free(free.1);
        if left == 0 {
            self.release(self.height, self.root);
            (self.root, self.height) = (NOWHERE, 0);
        }
        let count = items.len();
        if count > 0 {
            let (index, height, bounds) = self.grow_items(&items, &mut work.seeds);
            self.graft(index, height, bounds, work);
        }
        *E::list(work) = items;
        self.settle(work);
        count
    }

    /// Takes the items in a cell out of what is below the bucket `index` at `height`, and refits
    /// the rest; what is left with too few entries dissolves, and these are then homeless. Returns
    /// how many entries the bucket itself still has.
    fn carve(
        &mut self,
        height: u8,
        index: u32,
        cell: &Cell,
        items: &mut Vec<(u32, E)>,
        work: &mut Workspace,
    ) -> usize {
        let area = cell.bounds();
        // From the last lane down: what moves into a gap was seen before.
        if height == 0 {
            let mut bits = self.path.run(Touching(self.pages.bucket(index), &area));
            while bits != 0 && items.len() < PART {
                let lane = 15 - bits.leading_zeros() as usize;
                bits &= !(1 << lane);
                let (bounds, slot) = self.entry(0, index, lane);
                if cell.holds(bounds.centre()) {
                    items.push((slot, E::from_box(&bounds)));
                    self.take(0, index, lane);
                }
            }
            return usize::from(self.pages.link(index).len);
        }
        let mut bits = self.path.run(Overlapping(self.nodes.bucket(index), &area));
        while bits != 0 {
            let lane = 15 - bits.leading_zeros() as usize;
            bits &= !(1 << lane);
            let (before, child) = self.entry(height, index, lane);
            let left = self.carve(height - 1, child, cell, items, work);
            // Where very many are homeless already, it stays with few.
            if left == 0 || left < FEWEST && work.homeless.len() + FEWEST <= HOMELESS {
                self.dissolve(height - 1, child, work);
                self.take(height, index, lane);
                continue;
            }
            let now = self.bounds_of(height - 1, child);
            if now != before {
                self.nodes.bucket_mut(index).put(lane, &now, child);
            }
        }
        usize::from(self.nodes.link(index).len)
    }

    /// Places a subtree of which `index` at `height` is the root.
    fn graft(&mut self, index: u32, height: u8, bounds: Aabb, work: &mut Workspace) {
        if self.root == NOWHERE || self.height <= height {
            if self.root != NOWHERE {
                self.dissolve(self.height, self.root, work);
            }
            (self.root, self.height) = (index, height);
            self.link_mut(height, index).parent = NOWHERE;
        } else if usize::from(self.link(height, index).len) < FEWEST {
            self.dissolve(height, index, work);
        } else {
            self.place_entry(Homeless { bounds, id: index, height: height + 1 });
        }
    }
}
