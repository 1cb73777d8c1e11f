//! A second writer of the same tree.

use super::Bvh;
use super::extent::Extent;
use super::tiers::Tiers;

impl<E: Extent> Bvh<E> {
    /// A second tree with the same items, which goes its own way from here: a change that takes
    /// several frames is made in it while the first is still published. They share their blocks,
    /// and each copies those that it writes.
    ///
    /// Copies eight to nine bytes per item.
    #[must_use]
    pub fn fork(&mut self) -> Self {
        Self {
            pages: self.pages.fork(),
            nodes: self.nodes.fork(),
            places: self.places.clone(),
            sweep: self.sweep.clone(),
            ..*self
        }
    }

    /// Ends `old`, of which this tree is a [`fork`](Self::fork): its blocks that snapshots still hold
    /// count as retained by this one, the others serve its copies.
    pub fn succeed(&mut self, old: Self) {
        self.pages.succeed(old.pages);
        self.nodes.succeed(old.nodes);
    }
}

impl<E: Extent> Tiers<E> {
    /// As [`Bvh::fork`], of both.
    #[must_use]
    pub fn fork(&mut self) -> Self {
        let (cold, hot) = (self.cold.fork(), self.hot.fork());
        self.with_trees(cold, hot)
    }

    /// As [`Bvh::succeed`], of both.
    pub fn succeed(&mut self, old: Self) {
        self.cold.succeed(old.cold);
        self.hot.succeed(old.hot);
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::{Aabb, Vec3};
    use super::super::{BySlot, Snapshot, Workspace};
    use super::*;

    fn at(slot: u32, frame: u32) -> (u32, Vec3) {
        (slot, Vec3::new(slot as f32, (slot * frame) as f32, 0.0))
    }

    #[test]
    fn both_go_their_own_way_and_the_successor_counts_what_is_held() {
        let mut work = Workspace::new();
        let mut first = Tiers::<Vec3>::new(3_000);
        first.build(&(0..3_000).map(|slot| at(slot, 0)).collect::<Vec<_>>(), &mut work).unwrap();
        first.update(&(0..500).map(|slot| at(slot, 1)).collect::<Vec<_>>(), &mut work).unwrap();
        let mut held = Snapshot::empty();
        first.snapshot_into(&mut held);
        let mut second = first.fork();
        let moves: Vec<_> = (100..2_000).map(|slot| at(slot, 2)).collect();
        second.update(&moves, &mut work).unwrap();
        first.update(&[at(7, 3)], &mut work).unwrap();
        second.remove_all(&[2_500], &mut work);
        let all = Aabb::new(Vec3::splat(-1.0), Vec3::splat(1e6)).unwrap();
        for (tree, frames, len) in [(&first, [3, 1, 0], 3_000), (&second, [1, 2, 2], 2_999)] {
            for (slot, frame) in [7, 300, 1_500].into_iter().zip(frames) {
                assert_eq!(tree.item(slot), Some(at(slot, frame).1));
                let near = tree.view().nearest(at(slot, frame).1, 1, &BySlot, &mut work).unwrap();
                assert_eq!((near[0].slot, near[0].distance_squared), (slot, 0.0));
            }
            assert_eq!(tree.view().in_box(&all, &BySlot, &mut work).len(), len);
            tree.cold.check();
            tree.hot.check();
        }
        second.succeed(first);
        assert!(second.retained_bytes() > 0, "the snapshot holds what the first had");
        assert_eq!(held.view().in_box(&all, &BySlot, &mut work).len(), 3_000);
        drop(held);
        assert_eq!(second.retained_bytes(), 0);
    }
}
