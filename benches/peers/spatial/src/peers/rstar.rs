//! rstar: an R*-tree over points.

use rstar::primitives::GeomWithData;
use rstar::{AABB, RTree};
use xrmesh::space::{Aabb, Vec3};

use super::{Answer, Peer};
use crate::case::Load;

type Item = GeomWithData<[f32; 3], u32>;

/// The tree.
#[derive(Default)]
pub struct RStar {
    tree: RTree<Item>,
    input: Vec<Item>,
}

impl Peer for RStar {
    fn name(&self) -> &'static str {
        "rstar"
    }

    fn carries(&self, load: Load) -> bool {
        matches!(
            load,
            Load::BuildPoints(_)
                | Load::BytesPoints
                | Load::Nearest
                | Load::Within
                | Load::InBox
                | Load::Remove
                | Load::Insert
        )
    }

    fn take_points(&mut self, points: &[Vec3]) {
        self.input = (0..).zip(points).map(|(slot, at)| Item::new(at.to_array(), slot)).collect();
    }

    fn build_points(&mut self) {
        self.tree = RTree::bulk_load(self.input.clone());
    }

    fn clear(&mut self) {
        *self = Self::default();
    }

    fn nearest(&mut self, at: Vec3) -> Answer {
        let near = self.tree.nearest_neighbor_iter(at.to_array()).take(8);
        Answer::of(near.map(|item| u64::from(item.data)))
    }

    fn within(&mut self, at: Vec3, radius: f32) -> Answer {
        let near = self.tree.locate_within_distance(at.to_array(), radius * radius);
        Answer::of(near.map(|item| u64::from(item.data)))
    }

    fn in_box(&mut self, bounds: &Aabb) -> Answer {
        let area = AABB::from_corners(bounds.low().to_array(), bounds.high().to_array());
        let inside = self.tree.locate_in_envelope_intersecting(area);
        Answer::of(inside.map(|item| u64::from(item.data)))
    }

    fn insert(&mut self, items: &[(u32, Vec3)]) {
        for &(slot, at) in items {
            self.tree.insert(Item::new(at.to_array(), slot));
        }
    }

    fn remove(&mut self, items: &[(u32, Vec3)]) {
        for &(slot, at) in items {
            self.tree.remove(&Item::new(at.to_array(), slot)).expect("held");
        }
    }
}
