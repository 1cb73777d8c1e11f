//! nanoflann: a k-d tree over points, built once.
#![expect(unsafe_code, reason = "a library in C++")]

use std::ptr::{NonNull, null_mut};

use xrmesh::space::Vec3;

use super::{Answer, Peer};
use crate::case::Load;

/// The tree, and the points that it refers to.
#[derive(Default)]
pub struct Nanoflann {
    tree: Option<Tree>,
    input: Vec<[f32; 3]>,
}

struct Tree(NonNull<()>);

// SAFETY: the tree belongs to its owner alone and keeps nothing of the thread that made it.
unsafe impl Send for Tree {}

impl Drop for Tree {
    fn drop(&mut self) {
        // SAFETY: it came from `nanoflann_build` and is given back once.
        unsafe { nanoflann_drop(self.0.as_ptr()) };
    }
}

unsafe extern "C" {
    fn nanoflann_build(at: *const f32, count: usize) -> *mut ();
    fn nanoflann_drop(tree: *mut ());
    fn nanoflann_nearest(tree: *mut (), at: *const f32, k: usize, sum: *mut u64) -> usize;
    fn nanoflann_within(tree: *mut (), at: *const f32, radius_squared: f32, sum: *mut u64)
    -> usize;
}

impl Nanoflann {
    fn tree(&self) -> *mut () {
        self.tree.as_ref().map_or(null_mut(), |tree| tree.0.as_ptr())
    }
}

impl Peer for Nanoflann {
    fn name(&self) -> &'static str {
        "nanoflann"
    }

    fn carries(&self, load: Load) -> bool {
        matches!(load, Load::BuildPoints(_) | Load::Nearest | Load::Within)
    }

    fn take_points(&mut self, points: &[Vec3]) {
        self.tree = None;
        self.input = points.iter().map(|at| at.to_array()).collect();
    }

    fn build_points(&mut self) {
        let at = self.input.as_ptr().cast();
        // SAFETY: three floats for each point, which stay in place until the tree is dropped.
        self.tree = NonNull::new(unsafe { nanoflann_build(at, self.input.len()) }).map(Tree);
    }

    fn clear(&mut self) {
        *self = Self::default();
    }

    fn nearest(&mut self, at: Vec3) -> Answer {
        let (at, mut slots) = (at.to_array(), 0);
        // SAFETY: the tree is alive while it is asked, `at` holds three floats, `slots` one sum.
        let count = unsafe { nanoflann_nearest(self.tree(), at.as_ptr(), 8, &raw mut slots) };
        Answer { count: count as u32, slots, distance_m: 0.0 }
    }

    fn within(&mut self, at: Vec3, radius: f32) -> Answer {
        let (at, mut slots) = (at.to_array(), 0);
        // Its radius excludes the boundary.
        let limit = (radius * radius).next_up();
        // SAFETY: as above.
        let count = unsafe { nanoflann_within(self.tree(), at.as_ptr(), limit, &raw mut slots) };
        Answer { count: count as u32, slots, distance_m: 0.0 }
    }
}
