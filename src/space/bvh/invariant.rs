//! A check of the whole structure, for tests.

use super::extent::Extent;
use super::{Bvh, NOWHERE, place};

impl<E: Extent> Bvh<E> {
    /// Panics where a rule of the tree is broken.
    pub(super) fn check(&self) {
        let held = self.places.iter().filter(|&&at| at != NOWHERE).count();
        assert_eq!(held, self.len(), "places and length");
        if self.root == NOWHERE {
            assert_eq!((held, self.pages.len(), self.nodes.len()), (0, 0, 0));
            return;
        }
        let mut found = (0, 0, 0);
        self.check_bucket(self.height, self.root, NOWHERE, &mut found);
        assert_eq!(found, (held, self.pages.len(), self.nodes.len()), "all is reached");
        if self.height > 0 {
            assert!(self.nodes.link(self.root).len >= 2, "a root with one child");
        }
    }

    fn check_bucket(&self, height: u8, index: u32, parent: u32, found: &mut (usize, usize, usize)) {
        let link = self.link(height, index);
        assert_eq!((link.parent, link.height(), link.is_dirty()), (parent, height, false));
        assert!((1..=16).contains(&link.len));
        let everywhere =
            super::Aabb::new(super::Vec3::splat(f32::MIN), super::Vec3::splat(f32::MAX)).unwrap();
        let occupied = if height == 0 {
            super::page::Page::overlaps::<super::lanes::Portable>(
                self.pages.bucket(index),
                &everywhere,
            )
        } else {
            super::page::Page::overlaps::<super::lanes::Portable>(
                self.nodes.bucket(index),
                &everywhere,
            )
        };
        assert_eq!(u32::from(occupied), (1 << link.len) - 1, "the first lanes and no other");
        for lane in 0..usize::from(link.len) {
            let (bounds, id) = self.entry(height, index, lane);
            if height == 0 {
                assert_eq!(self.places[id as usize], place(index, lane));
                found.0 += 1;
            } else {
                let below = self.bounds_of(height - 1, id);
                assert_eq!(bounds.union(&below), bounds, "a box holds what lies below it");
                self.check_bucket(height - 1, id, place(index, lane), found);
            }
        }
        if height == 0 {
            found.1 += 1;
        } else {
            found.2 += 1;
        }
    }
}
