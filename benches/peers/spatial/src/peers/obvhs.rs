//! obvhs: a compressed 8-wide tree for rays, a binary one for boxes and for refits.

use std::time::Duration;

use glam::Vec3A;
use obvhs::aabb::Aabb as Bounds;
use obvhs::bvh2::Bvh2;
use obvhs::bvh2::builder::build_bvh2;
use obvhs::cwbvh::CwBvh;
use obvhs::cwbvh::builder::build_cwbvh;
use obvhs::ray::{Ray as Line, RayHit};
use obvhs::{Boundable, BvhBuildParams};
use xrmesh::space::{Aabb, Ray, Vec3};

use super::{Answer, Peer};
use crate::case::Load;
use crate::data::Frame;

#[derive(Clone, Copy)]
struct Item(Bounds);

impl Boundable for Item {
    fn aabb(&self) -> Bounds {
        self.0
    }
}

/// The trees, and the boxes that they number.
#[derive(Default)]
pub struct Obvhs {
    wide: CwBvh,
    binary: Bvh2,
    points: Bvh2,
    boxes: Vec<Item>,
    point_input: Vec<Item>,
    /// Whether boxes moved since the wide tree was made: then rays go through the binary one.
    moved: bool,
}

fn vector(at: Vec3) -> Vec3A {
    Vec3A::new(at.x, at.y, at.z)
}

fn bounds(of: &Aabb) -> Bounds {
    Bounds::new(vector(of.low()), vector(of.high()))
}

fn binary(items: &[Item]) -> Bvh2 {
    let mut params = BvhBuildParams::fast_build();
    params.max_prims_per_leaf = 1;
    build_bvh2(items, params, &mut Duration::default())
}

impl Peer for Obvhs {
    fn name(&self) -> &'static str {
        "obvhs"
    }

    fn carries(&self, load: Load) -> bool {
        matches!(
            load,
            Load::BuildPoints(_) | Load::BuildBoxes | Load::InBox | Load::Ray | Load::MoveBoxes
        )
    }

    fn take_points(&mut self, points: &[Vec3]) {
        self.point_input =
            points.iter().map(|&at| Item(Bounds::new(vector(at), vector(at)))).collect();
    }

    fn build_points(&mut self) {
        self.points = binary(&self.point_input);
    }

    fn take_boxes(&mut self, boxes: &[Aabb]) {
        self.boxes = boxes.iter().map(|of| Item(bounds(of))).collect();
    }

    fn build_boxes(&mut self) {
        let params = BvhBuildParams::medium_build();
        self.wide = build_cwbvh(&self.boxes, params, &mut Duration::default());
        self.binary = binary(&self.boxes);
        self.binary.update_primitives_to_nodes();
        self.moved = false;
    }

    fn clear(&mut self) {
        *self = Self::default();
    }

    fn in_box(&mut self, area: &Aabb) -> Answer {
        let mut answer = Answer::default();
        self.points.aabb_traverse(bounds(area), |tree, node| {
            let node = &tree.nodes[node as usize];
            for item in node.first_index..node.first_index + node.prim_count {
                answer.count += 1;
                answer.slots += u64::from(tree.primitive_indices[item as usize]);
            }
            true
        });
        answer
    }

    fn ray(&mut self, ray: &Ray) -> Answer {
        let line = Line::new_inf(vector(ray.origin()), vector(ray.direction()));
        let mut hit = RayHit::none();
        // A ray that starts inside enters at zero.
        let enter = |items: &[u32], line: &Line, id: usize| {
            self.boxes[items[id] as usize].0.intersect_ray(line).max(0.0)
        };
        let found = if self.moved {
            self.binary.ray_traverse(line, &mut hit, |line, id| {
                enter(&self.binary.primitive_indices, line, id)
            })
        } else {
            self.wide.ray_traverse(line, &mut hit, |line, id| {
                enter(&self.wide.primitive_indices, line, id)
            })
        };
        Answer::along(found.then_some(hit.t))
    }

    fn move_boxes(&mut self, frame: &Frame<Aabb>) {
        for (slot, to) in &frame.moves {
            let to = bounds(to);
            self.boxes[*slot as usize].0 = to;
            let node = self.binary.primitives_to_nodes[*slot as usize];
            self.binary.nodes[node as usize].set_aabb(to);
        }
        self.binary.refit_all();
        self.moved = true;
    }
}
