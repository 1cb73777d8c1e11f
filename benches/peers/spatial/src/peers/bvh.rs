//! bvh: a binary tree over boxes, for rays.

use bvh::aabb::{Aabb as Bounds, Bounded};
use bvh::bounding_hierarchy::BHShape;
use bvh::bvh::Bvh;
use bvh::ray::Ray as Line;
use nalgebra::{Point3, Vector3};
use xrmesh::space::{Aabb, Ray, Vec3};

use super::{Answer, Peer};
use crate::case::Load;

struct Shape(Bounds<f32, 3>, usize);

impl Bounded<f32, 3> for Shape {
    fn aabb(&self) -> Bounds<f32, 3> {
        self.0
    }
}

impl BHShape<f32, 3> for Shape {
    fn set_bh_node_index(&mut self, index: usize) {
        self.1 = index;
    }

    fn bh_node_index(&self) -> usize {
        self.1
    }
}

/// The tree and its shapes.
#[derive(Default)]
pub struct BvhCrate {
    tree: Option<Bvh<f32, 3>>,
    shapes: Vec<Shape>,
}

fn point(at: Vec3) -> Point3<f32> {
    Point3::new(at.x, at.y, at.z)
}

fn bounds(of: &Aabb) -> Bounds<f32, 3> {
    Bounds::with_bounds(point(of.low()), point(of.high()))
}

impl Peer for BvhCrate {
    fn name(&self) -> &'static str {
        "bvh"
    }

    fn carries(&self, load: Load) -> bool {
        matches!(load, Load::BuildBoxes | Load::BytesBoxes | Load::Ray)
    }

    fn take_boxes(&mut self, boxes: &[Aabb]) {
        self.shapes = boxes.iter().map(|of| Shape(bounds(of), 0)).collect();
    }

    fn build_boxes(&mut self) {
        self.tree = Some(Bvh::build(&mut self.shapes));
    }

    fn clear(&mut self) {
        *self = Self::default();
    }

    fn ray(&mut self, ray: &Ray) -> Answer {
        let along = ray.direction();
        let line = Line::new(point(ray.origin()), Vector3::new(along.x, along.y, along.z));
        let tree = self.tree.as_ref().expect("built");
        let first = tree.nearest_traverse_iterator(&line, &self.shapes).next();
        let enters = first.and_then(|shape| line.intersection_slice_for_aabb(&shape.0));
        Answer::along(enters.map(|(from, _)| from))
    }
}
