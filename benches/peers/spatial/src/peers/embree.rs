//! Embree: first hits over boxes, as primitives of its user geometry.
#![expect(unsafe_code, reason = "a library in C++")]

use std::ptr::{NonNull, null_mut};

use xrmesh::space::{Aabb, Ray};

use super::{Answer, Peer};
use crate::case::Load;

/// The scene, and the boxes that it refers to.
#[derive(Default)]
pub struct Embree {
    scene: Option<Scene>,
    boxes: Vec<[f32; 6]>,
}

struct Scene(NonNull<()>);

// SAFETY: the scene belongs to its owner alone; Embree's objects may be used from any thread.
unsafe impl Send for Scene {}

impl Drop for Scene {
    fn drop(&mut self) {
        // SAFETY: it came from `embree_build` and is given back once.
        unsafe { embree_drop(self.0.as_ptr()) };
    }
}

unsafe extern "C" {
    fn embree_build(boxes: *const f32, count: usize) -> *mut ();
    fn embree_drop(scene: *mut ());
    fn embree_ray(scene: *const (), origin: *const f32, direction: *const f32) -> f32;
}

impl Peer for Embree {
    fn name(&self) -> &'static str {
        "embree"
    }

    fn carries(&self, load: Load) -> bool {
        matches!(load, Load::BuildBoxes | Load::Ray)
    }

    fn take_boxes(&mut self, boxes: &[Aabb]) {
        self.scene = None;
        let six = |of: &Aabb| {
            let (low, high) = (of.low(), of.high());
            [low.x, low.y, low.z, high.x, high.y, high.z]
        };
        self.boxes = boxes.iter().map(six).collect();
    }

    fn build_boxes(&mut self) {
        let boxes = self.boxes.as_ptr().cast();
        // SAFETY: six floats for each box, which stay in place until the scene is dropped.
        self.scene = NonNull::new(unsafe { embree_build(boxes, self.boxes.len()) }).map(Scene);
    }

    fn clear(&mut self) {
        *self = Self::default();
    }

    fn ray(&mut self, ray: &Ray) -> Answer {
        let scene = self.scene.as_ref().map_or(null_mut(), |scene| scene.0.as_ptr());
        let (origin, direction) = (ray.origin().to_array(), ray.direction().to_array());
        // SAFETY: the scene is alive while it is asked; both vectors hold three floats.
        let distance = unsafe { embree_ray(scene, origin.as_ptr(), direction.as_ptr()) };
        Answer::along((distance >= 0.0).then_some(distance))
    }
}
