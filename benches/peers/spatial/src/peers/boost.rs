//! Boost.Geometry: an R*-tree over points.
#![expect(unsafe_code, reason = "a library in C++")]

use std::ptr::{NonNull, null_mut};

use xrmesh::space::{Aabb, Vec3};

use super::{Answer, Peer};
use crate::case::Load;

/// The tree.
#[derive(Default)]
pub struct Boost {
    tree: Option<Tree>,
    input: Vec<[f32; 3]>,
}

struct Tree(NonNull<()>);

// SAFETY: the tree belongs to its owner alone and keeps nothing of the thread that made it.
unsafe impl Send for Tree {}

impl Drop for Tree {
    fn drop(&mut self) {
        // SAFETY: it came from `boost_build` and is given back once.
        unsafe { boost_drop(self.0.as_ptr()) };
    }
}

unsafe extern "C" {
    fn boost_build(at: *const f32, count: usize) -> *mut ();
    fn boost_drop(tree: *mut ());
    fn boost_nearest(tree: *const (), at: *const f32, k: u32, sum: *mut u64) -> usize;
    fn boost_in_box(tree: *const (), low: *const f32, high: *const f32, sum: *mut u64) -> usize;
    fn boost_insert(tree: *mut (), at: *const f32, slot: u32);
    fn boost_remove(tree: *mut (), at: *const f32, slot: u32) -> usize;
}

impl Boost {
    fn tree(&self) -> *mut () {
        self.tree.as_ref().map_or(null_mut(), |tree| tree.0.as_ptr())
    }
}

impl Peer for Boost {
    fn name(&self) -> &'static str {
        "boost"
    }

    fn carries(&self, load: Load) -> bool {
        matches!(
            load,
            Load::BuildPoints(_)
                | Load::BytesPoints
                | Load::Nearest
                | Load::InBox
                | Load::Remove
                | Load::Insert
        )
    }

    fn take_points(&mut self, points: &[Vec3]) {
        self.input = points.iter().map(|at| at.to_array()).collect();
    }

    fn build_points(&mut self) {
        let at = self.input.as_ptr().cast();
        self.tree = None;
        // SAFETY: three floats for each point, which are copied.
        self.tree = NonNull::new(unsafe { boost_build(at, self.input.len()) }).map(Tree);
    }

    fn clear(&mut self) {
        *self = Self::default();
    }

    fn nearest(&mut self, at: Vec3) -> Answer {
        let (at, mut slots) = (at.to_array(), 0);
        // SAFETY: the tree is alive while it is asked, `at` holds three floats, `slots` one sum.
        let count = unsafe { boost_nearest(self.tree(), at.as_ptr(), 8, &raw mut slots) };
        Answer { count: count as u32, slots, distance_m: 0.0 }
    }

    fn in_box(&mut self, bounds: &Aabb) -> Answer {
        let (low, high) = (bounds.low().to_array(), bounds.high().to_array());
        let mut slots = 0;
        // SAFETY: as above.
        let count =
            unsafe { boost_in_box(self.tree(), low.as_ptr(), high.as_ptr(), &raw mut slots) };
        Answer { count: count as u32, slots, distance_m: 0.0 }
    }

    fn insert(&mut self, items: &[(u32, Vec3)]) {
        for &(slot, at) in items {
            // SAFETY: as above.
            unsafe { boost_insert(self.tree(), at.to_array().as_ptr(), slot) };
        }
    }

    fn remove(&mut self, items: &[(u32, Vec3)]) {
        for &(slot, at) in items {
            // SAFETY: as above.
            assert_eq!(unsafe { boost_remove(self.tree(), at.to_array().as_ptr(), slot) }, 1);
        }
    }
}
