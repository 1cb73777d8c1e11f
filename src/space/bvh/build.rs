//! Building a whole tree at once.

use super::super::region::Aabb;
use super::super::vector::Vec3;
use super::error::ItemError;
use super::extent::Extent;
use super::workspace::Workspace;
use super::{Bvh, NOWHERE, margin};

/// How many items a built page holds, and how many children a built node: the rest is room to grow.
const FILL: usize = 14;

impl<E: Extent> Bvh<E> {
    /// Replaces all items by `items`, each a slot and its extent; O(n log n).
    ///
    /// # Errors
    /// [`ItemError::BadExtent`], [`ItemError::SlotOutOfRange`]; [`ItemError::Occupied`] where
    /// `items` names a slot twice. The tree is then as it was.
    pub fn build(&mut self, items: &[(u32, E)], work: &mut Workspace) -> Result<(), ItemError> {
        self.check_build(items, work)?;
        let list = E::list(work);
        list.clear();
        list.extend(items.iter().map(|&(slot, item)| (item, slot)));
        self.build_listed(work);
        Ok(())
    }

    /// Builds the tree anew from what it holds, as [`build`](Self::build) would. Updates keep it
    /// in shape, so a host has no need to; a bulk load of single insertions may gain from it.
    pub fn rebuild(&mut self, work: &mut Workspace) {
        let list = E::list(work);
        list.clear();
        for slot in 0..self.places.len() as u32 {
            if let Some(item) = self.item(slot) {
                list.push((item, slot));
            }
        }
        self.build_listed(work);
    }

    fn check_build(&self, items: &[(u32, E)], work: &mut Workspace) -> Result<(), ItemError> {
        let named = &mut work.named;
        named.clear();
        for &(slot, item) in items {
            if slot >= self.max_slots {
                return Err(ItemError::SlotOutOfRange { slot, limit: self.max_slots });
            }
            if !item.is_valid() {
                return Err(ItemError::BadExtent { slot });
            }
            let (word, bit) = (slot as usize / 64, 1 << (slot % 64));
            if named.len() <= word {
                named.resize(word + 1, 0);
            }
            if named[word] & bit != 0 {
                return Err(ItemError::Occupied { slot });
            }
            named[word] |= bit;
        }
        Ok(())
    }

    /// Builds from the workspace's list of items, whose slots are valid and distinct.
    fn build_listed(&mut self, work: &mut Workspace) {
        self.clear();
        let list = E::list(work);
        let Some(highest) = list.iter().map(|&(_, slot)| slot).max() else {
            return;
        };
        self.reserve_slot(highest);
        self.len = list.len() as u32;
        let mut height = 0;
        while capacity(height) < list.len() {
            height += 1;
        }
        self.height = height;
        self.root = self.build_bucket(list, height);
        self.link_mut(height, self.root).parent = NOWHERE;
    }

    /// A bucket at `height` over `items`, at most its built capacity.
    fn build_bucket(&mut self, items: &mut [(E, u32)], height: u8) -> u32 {
        let index = self.alloc(height);
        if height == 0 {
            for (lane, &(item, slot)) in items.iter().enumerate() {
                self.put(0, index, lane, &item.to_box(), slot);
            }
            self.link_mut(0, index).len = items.len() as u8;
        } else {
            let children = items.len().div_ceil(capacity(height - 1));
            self.build_children(items, children, height, index);
        }
        let home = margin(&self.bounds_of(height, index));
        self.link_mut(height, index).home = home;
        index
    }

    /// Halves `items` along their longest axis until each part is one child of the node `index`.
    fn build_children(&mut self, items: &mut [(E, u32)], children: usize, height: u8, index: u32) {
        if children == 1 {
            let child = self.build_bucket(items, height - 1);
            let bounds = self.bounds_of(height - 1, child);
            let lane = usize::from(self.link(height, index).len);
            self.put(height, index, lane, &bounds, child);
            self.link_mut(height, index).len += 1;
            return;
        }
        let left = children / 2;
        let middle = items.len() * left / children;
        let axis = longest_axis(items);
        // Slots break ties, so the order of the input does not matter.
        items.select_nth_unstable_by(middle, |a, b| {
            let (a_at, b_at) = (centre(&a.0, axis), centre(&b.0, axis));
            a_at.total_cmp(&b_at).then(a.1.cmp(&b.1))
        });
        let (low, high) = items.split_at_mut(middle);
        self.build_children(low, left, height, index);
        self.build_children(high, children - left, height, index);
    }
}

/// How many items a built bucket at `height` holds at most.
fn capacity(height: u8) -> usize {
    FILL.saturating_pow(u32::from(height) + 1)
}

/// Twice the middle of an item on an axis, halved first so that it stays finite.
#[inline]
fn centre<E: Extent>(item: &E, axis: usize) -> f32 {
    let bounds = item.to_box();
    bounds.low().to_array()[axis] * 0.5 + bounds.high().to_array()[axis] * 0.5
}

/// The axis along which the items' middles are spread most.
fn longest_axis<E: Extent>(items: &[(E, u32)]) -> usize {
    let mut low = Vec3::splat(f32::INFINITY);
    let mut high = Vec3::splat(f32::NEG_INFINITY);
    for (item, _) in items {
        let at = item.to_box().centre();
        low = low.min(at);
        high = high.max(at);
    }
    let spread = Aabb::from_corners(low, high).half_extents().to_array();
    let mut axis = 0;
    for other in 1..3 {
        if spread[other] > spread[axis] {
            axis = other;
        }
    }
    axis
}
