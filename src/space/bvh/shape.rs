//! A tree's shape, kept apart from its boxes, and trees built of it without sorting.

use super::extent::Extent;
use super::tiers::Tiers;
use super::workspace::Workspace;
use super::{Aabb, Bvh, NOWHERE, margin};

/// Which items share a page and which pages a node, in the tree's order: what a build spends its time
/// on finding out. Four bytes an item and two a page.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Shape {
    /// The slots of all items, page by page.
    pub(crate) slots: Vec<u32>,
    pub(crate) pages: Vec<ShapePage>,
}

/// A page of a shape.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct ShapePage {
    /// How many of the slots are on it: 1 to 16.
    pub(crate) len: u8,
    /// How many nodes begin with it: those above it of which it is the very first page. The first page
    /// of all tells the tree's height.
    pub(crate) begins: u8,
}

/// No tree is higher: sixteen to this power is more than there are slots.
const MAX_HEIGHT: u8 = 14;

impl<E: Extent> Bvh<E> {
    /// Appends this tree's shape to an empty `shape`. O(n).
    fn shape(&self, shape: &mut Shape) {
        if self.root != NOWHERE {
            shape.slots.reserve(self.len());
            self.shape_below(self.height, self.root, self.height, shape);
        }
    }

    fn shape_below(&self, height: u8, index: u32, begins: u8, shape: &mut Shape) {
        let len = self.link(height, index).len;
        if height == 0 {
            shape.pages.push(ShapePage { len, begins });
            let page = (0..usize::from(len)).map(|lane| self.entry(0, index, lane).1);
            shape.slots.extend(page);
            return;
        }
        for lane in 0..usize::from(len) {
            let child = self.entry(height, index, lane).1;
            let begins = if lane == 0 { begins } else { height - 1 };
            self.shape_below(height - 1, child, begins, shape);
        }
    }

    /// Replaces all items by those of `shape`, whose extents `item` tells by slot. O(n), about a quarter
    /// of a build's time; queries are as fast as they were on the tree of that shape if items are where
    /// they were. Whether it is a shape of valid items, each once; where not, the tree is empty
    /// afterwards.
    fn build_shaped(&mut self, shape: &Shape, item: impl Fn(u32) -> E) -> bool {
        self.clear();
        let Some(&ShapePage { begins: height, .. }) = shape.pages.first() else {
            return shape.slots.is_empty();
        };
        let highest = shape.slots.iter().max().copied().unwrap_or(0);
        if highest >= self.max_slots || height > MAX_HEIGHT {
            return false;
        }
        self.reserve_slot(highest);
        self.pages.reserve_exact(shape.pages.len());
        let mut rest = Rest { slots: &shape.slots, pages: &shape.pages, item };
        match self.shaped_bucket(&mut rest, height) {
            // A root of one child is none.
            Some((root, _))
                if rest.slots.is_empty()
                    && rest.pages.is_empty()
                    && (height == 0 || self.link(height, root).len > 1) =>
            {
                (self.root, self.height, self.len) = (root, height, shape.slots.len() as u32);
                self.link_mut(height, root).parent = NOWHERE;
                true
            }
            _ => {
                self.clear();
                false
            }
        }
    }

    /// The next bucket at `height`, and its bounds; `None` where the shape is none.
    fn shaped_bucket<F: Fn(u32) -> E>(
        &mut self,
        rest: &mut Rest<'_, F>,
        height: u8,
    ) -> Option<(u32, Aabb)> {
        let index = self.alloc(height);
        let mut len = 0;
        if height == 0 {
            let (page, pages) = rest.pages.split_first()?;
            let (slots, behind) = rest.slots.split_at_checked(usize::from(page.len))?;
            (rest.pages, rest.slots) = (pages, behind);
            len = slots.len();
            if len > 16 {
                return None;
            }
            for (lane, &slot) in slots.iter().enumerate() {
                let item = (rest.item)(slot);
                if self.find(slot).is_some() || !item.is_valid() {
                    return None;
                }
                self.put(0, index, lane, &item.to_box(), slot);
            }
        } else {
            loop {
                let (below, bounds) = self.shaped_bucket(rest, height - 1)?;
                if len == 16 {
                    return None;
                }
                self.put(height, index, len, &bounds, below);
                len += 1;
                if rest.pages.first().is_none_or(|page| page.begins >= height) {
                    break;
                }
            }
        }
        if !(1..=16).contains(&len) {
            return None;
        }
        self.link_mut(height, index).len = len as u8;
        let bounds = self.bounds_of(height, index);
        let link = self.link_mut(height, index);
        link.home = link.sparseness(margin(&bounds));
        link.was_as_dense(link.home);
        Some((index, bounds))
    }
}

/// What is not built yet.
struct Rest<'a, F> {
    slots: &'a [u32],
    pages: &'a [ShapePage],
    item: F,
}

impl<E: Extent> Tiers<E> {
    /// The shape of what is at rest: what is hot is not in it.
    pub(crate) fn shape(&self) -> Shape {
        let mut shape = Shape::default();
        self.cold.shape(&mut shape);
        shape
    }

    /// Replaces all items by those of `shape`, all at rest, whose extents `item` tells by slot. Whether
    /// it is a shape of valid items, each once; where not, there are no items afterwards.
    pub(crate) fn build_shaped(
        &mut self,
        shape: &Shape,
        item: impl Fn(u32) -> E,
        work: &mut Workspace,
    ) -> bool {
        // Nothing is hot afterwards, as after a build of nothing, which refuses nothing.
        self.build(&[], work).is_ok() && self.cold.build_shaped(shape, item)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::super::Vec3;
    use super::super::BySlot;
    use super::*;

    fn boxes(points: &[(f32, f32, f32)]) -> Vec<(u32, Aabb)> {
        let item = |&(x, y, z): &(f32, f32, f32)| {
            let low = Vec3::new(x, y, z);
            Aabb::new(low, low + Vec3::splat(0.5)).unwrap()
        };
        points.iter().map(item).zip(0..).map(|(item, slot)| (slot * 3, item)).collect()
    }

    proptest! {
        #[test]
        fn a_tree_comes_back_by_its_shape(
            points in proptest::collection::vec((-9.0f32..9.0, -9.0f32..9.0, -9.0f32..9.0), 0..900),
            removed in 0usize..200,
        ) {
            let (items, mut work) = (boxes(&points), Workspace::new());
            let mut tree = Tiers::<Aabb>::new(10_000);
            tree.build(&items, &mut work).unwrap();
            let slots: Vec<u32> = items.iter().map(|&(slot, _)| slot).take(removed).collect();
            tree.remove_all(&slots, &mut work);
            let shape = tree.shape();
            let mut again = Tiers::<Aabb>::new(10_000);
            let item = |slot| tree.item(slot).unwrap();
            prop_assert!(again.build_shaped(&shape, item, &mut work));
            again.cold.check();
            prop_assert_eq!(again.shape(), shape);
            for &(x, y, z) in points.iter().step_by(17) {
                let point = Vec3::new(x, y, z);
                let mut other = Workspace::new();
                prop_assert_eq!(
                    again.view().nearest(point, 5, &BySlot, &mut work).unwrap(),
                    tree.view().nearest(point, 5, &BySlot, &mut other).unwrap()
                );
            }
        }

        #[test]
        fn what_is_no_shape_is_refused_and_leaves_nothing(
            points in proptest::collection::vec((-9.0f32..9.0, -9.0f32..9.0, -9.0f32..9.0), 1..300),
            at: usize, len: u8, begins: u8, cut: usize, slot: u32,
        ) {
            let (items, mut work) = (boxes(&points), Workspace::new());
            let mut tree = Tiers::<Aabb>::new(10_000);
            tree.build(&items, &mut work).unwrap();
            let mut shape = tree.shape();
            let (pages, slots) = (shape.pages.len(), shape.slots.len());
            shape.pages[at % pages] = ShapePage { len: len % 20, begins: begins % 20 };
            shape.pages.truncate(pages - cut % 2);
            // At times also a slot that is there twice, has no item, or is out of range.
            if slot % 4 > 0 {
                shape.slots[at % slots] = slot % [1, 900, 90_000, u32::MAX][slot as usize % 4];
            }
            let mut again = Tiers::<Aabb>::new(10_000);
            let nowhere = Aabb::from_corners(Vec3::splat(1.0), Vec3::ZERO);
            // Whatever it says, it makes a tree of as many items, or nothing.
            if again.build_shaped(&shape, |slot| tree.item(slot).unwrap_or(nowhere), &mut work) {
                prop_assert_eq!(again.len(), items.len());
                again.cold.check();
            } else {
                prop_assert!(again.is_empty());
            }
        }
    }
}
