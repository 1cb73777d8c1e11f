//! parry3d: the dynamic tree of a physics engine, over boxes; a point is a box without extent.

use parry3d::bounding_volume::Aabb as Bounds;
use parry3d::math::Vector;
use parry3d::partitioning::{Bvh, BvhBuildStrategy, BvhWorkspace};
use parry3d::query::{Ray as Line, RayCast};
use xrmesh::space::{Aabb, Ray, Vec3};

use super::{Answer, Peer};
use crate::case::Load;
use crate::data::Frame;

/// A tree over points and one over boxes.
#[derive(Default)]
pub struct Parry {
    points: Bvh,
    boxes: Bvh,
    point_input: Vec<Bounds>,
    /// Also asked for where a ray enters a leaf.
    box_input: Vec<Bounds>,
    work: BvhWorkspace,
}

fn vector(at: Vec3) -> Vector {
    Vector::new(at.x, at.y, at.z)
}

fn bounds(of: &Aabb) -> Bounds {
    Bounds::new(vector(of.low()), vector(of.high()))
}

impl Peer for Parry {
    fn name(&self) -> &'static str {
        "parry3d"
    }

    fn carries(&self, load: Load) -> bool {
        matches!(
            load,
            Load::BuildPoints(_)
                | Load::BuildBoxes
                | Load::BytesBoxes
                | Load::InBox
                | Load::Ray
                | Load::MoveBoxes
        )
    }

    fn take_points(&mut self, points: &[Vec3]) {
        self.point_input = points.iter().map(|&at| Bounds::new(vector(at), vector(at))).collect();
    }

    fn build_points(&mut self) {
        self.points = Bvh::from_leaves(BvhBuildStrategy::Binned, &self.point_input);
    }

    fn take_boxes(&mut self, boxes: &[Aabb]) {
        self.box_input = boxes.iter().map(bounds).collect();
    }

    fn build_boxes(&mut self) {
        self.boxes = Bvh::from_leaves(BvhBuildStrategy::Binned, &self.box_input);
    }

    fn clear(&mut self) {
        *self = Self::default();
    }

    fn in_box(&mut self, area: &Aabb) -> Answer {
        Answer::of(self.points.intersect_aabb(&bounds(area)).map(u64::from))
    }

    fn ray(&mut self, ray: &Ray) -> Answer {
        let line = Line::new(vector(ray.origin()), vector(ray.direction()));
        let hit = self.boxes.cast_ray(&line, f32::MAX, |leaf: u32, best: f32| {
            self.box_input[leaf as usize].cast_local_ray(&line, best, true)
        });
        Answer::along(hit.map(|(_, distance)| distance))
    }

    fn move_boxes(&mut self, frame: &Frame<Aabb>) {
        for (slot, to) in &frame.moves {
            let to = bounds(to);
            self.box_input[*slot as usize] = to;
            self.boxes.insert_or_update_partially(to, *slot, 0.0);
        }
        self.boxes.refit(&mut self.work);
    }
}
