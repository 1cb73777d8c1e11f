//! Placing one item.

use super::super::region::Aabb;
use super::error::ItemError;
use super::extent::Extent;
use super::morton::Grid;
use super::node::{Choose, Inside};
use super::page::Bucket;
use super::workspace::{Homeless, Workspace};
use super::{Bvh, NOWHERE, split_place};

impl<E: Extent> Bvh<E> {
    /// Adds an item in an empty slot; O(log n).
    ///
    /// # Errors
    /// [`ItemError`] for a bad extent, a slot out of range or one that holds an item; the tree is
    /// then as it was.
    pub fn insert(&mut self, slot: u32, item: E) -> Result<(), ItemError> {
        if slot >= self.max_slots {
            return Err(ItemError::SlotOutOfRange { slot, limit: self.max_slots });
        }
        if !item.is_valid() {
            return Err(ItemError::BadExtent { slot });
        }
        if self.find(slot).is_some() {
            return Err(ItemError::Occupied { slot });
        }
        self.reserve_slot(slot);
        self.len += 1;
        self.sweep.changed(1);
        self.place_entry(Homeless { bounds: item.to_box(), id: slot, height: 0 });
        Ok(())
    }

    /// Adds items in empty slots. They go in along a curve through space, so that many cost less
    /// together than one by one; the tree follows from the items and their order in `items`.
    ///
    /// # Errors
    /// As [`insert`](Self::insert), also where `items` names a slot twice; then none was added.
    pub fn insert_all(
        &mut self,
        items: &[(u32, E)],
        work: &mut Workspace,
    ) -> Result<(), ItemError> {
        self.check_items(items, work)?;
        if let Some(&(slot, _)) = items.iter().find(|&&(slot, _)| self.find(slot).is_some()) {
            return Err(ItemError::Occupied { slot });
        }
        let Some(highest) = items.iter().map(|&(slot, _)| slot).max() else {
            return Ok(());
        };
        self.reserve_slot(highest);
        self.len += items.len() as u32;
        let mut order = core::mem::take(&mut work.order);
        let middles = || items.iter().map(|(_, item)| item.to_box().centre());
        let grid = Grid::around(middles());
        order.clear();
        order.extend(
            (0u64..).zip(middles()).map(|(at, middle)| u64::from(grid.code(middle)) << 32 | at),
        );
        order.sort_unstable();
        for &rank in &order {
            let (slot, item) = items[rank as u32 as usize];
            self.place_entry(Homeless { bounds: item.to_box(), id: slot, height: 0 });
        }
        work.order = order;
        self.sweep.changed(items.len());
        self.renew(items.len(), work);
        Ok(())
    }

    /// Puts an entry into a bucket at its height: from the root down, into the smallest child that
    /// holds it, else into the one that grows least. The tree is at least as high as that, or is empty and the entry an item.
    pub(super) fn place_entry(&mut self, entry: Homeless) {
        let Homeless { bounds, id, height } = entry;
        if self.root == NOWHERE {
            self.root = self.alloc(0);
            self.height = 0;
        }
        let (mut index, mut level) = (self.root, self.height);
        loop {
            let nodes = self.nodes.table();
            let from = (index, level);
            (index, level) = self.path.run(Inside { nodes, from, height, bounds: &bounds });
            if level == height {
                break;
            }
            // No child holds it: one grows.
            let node = self.nodes.bucket_mut(index);
            let lane = self.path.run(Choose { node, bounds: &bounds });
            let (new, child) = (node.entry(lane).union(&bounds), node.id(lane));
            node.put(lane, &new, child);
            level -= 1;
            index = child;
        }
        self.add_entry(height, index, &bounds, id);
    }

    /// Adds an entry to the bucket `index` at `height`, and splits it where it is full, then its
    /// parents. The boxes above already take the entry in.
    fn add_entry(&mut self, height: u8, index: u32, bounds: &Aabb, id: u32) {
        let (mut height, mut index, mut bounds, mut id) = (height, index, *bounds, id);
        loop {
            let len = usize::from(self.link(height, index).len);
            if len < 16 {
                self.put(height, index, len, &bounds, id);
                self.link_mut(height, index).len += 1;
                return;
            }
            let beside = self.split(height, index, &bounds, id);
            let own = self.bounds_of(height, index);
            let parent = self.link(height, index).parent;
            (bounds, id) = (self.bounds_of(height, beside), beside);
            if parent == NOWHERE {
                let root = self.alloc(height + 1);
                self.put(height + 1, root, 0, &own, index);
                self.put(height + 1, root, 1, &bounds, beside);
                self.link_mut(height + 1, root).len = 2;
                self.root = root;
                self.height = height + 1;
                return;
            }
            let (above, lane) = split_place(parent);
            self.put(height + 1, above, lane, &own, index);
            (height, index) = (height + 1, above);
        }
    }
}
