//! One file per peer. A peer that has no such query does not carry the load, and is not asked.

#[cfg(boost)]
mod boost;
mod bvh;
#[cfg(embree)]
mod embree;
mod kiddo;
#[cfg(nanoflann)]
mod nanoflann;
mod obvhs;
mod ours;
mod parry;
mod rstar;

use xrmesh::space::{Aabb, Ray, Vec3};

use crate::case::Load;
use crate::data::{Frame, World};
use crate::reader::Shared;

/// What a query found, in a form that peers can be compared by.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Answer {
    /// How many objects.
    pub count: u32,
    /// The sum of their slots; zero for a ray, since several boxes may be entered at one distance.
    pub slots: u64,
    /// Where a ray enters the first box, in metres; zero for other queries.
    pub distance_m: f32,
}

impl Answer {
    /// Of the slots that were found.
    pub fn of(slots: impl Iterator<Item = u64>) -> Self {
        let mut answer = Self::default();
        for slot in slots {
            answer.count += 1;
            answer.slots += slot;
        }
        answer
    }

    /// Of a ray.
    pub fn along(distance_m: Option<f32>) -> Self {
        let count = u32::from(distance_m.is_some());
        Self { count, slots: 0, distance_m: distance_m.unwrap_or(0.0).max(0.0) }
    }

    /// Whether both are the same but for the rounding of distances.
    pub fn agrees(&self, other: &Self) -> bool {
        (self.count, self.slots) == (other.count, other.slots)
            && (self.distance_m - other.distance_m).abs() <= 1e-4 * (1.0 + self.distance_m)
    }
}

/// A library. `take_…` shapes the input as it wants it, outside any clock; `build_…` uses that up.
pub trait Peer: Send {
    /// As on the command line.
    fn name(&self) -> &'static str;

    /// Whether it has what the load asks.
    fn carries(&self, load: Load) -> bool;

    /// Takes the points to build from.
    fn take_points(&mut self, _points: &[Vec3]) {}

    /// Builds from the points taken last.
    fn build_points(&mut self) {}

    /// Takes the boxes to build from.
    fn take_boxes(&mut self, _boxes: &[Aabb]) {}

    /// Builds from the boxes taken last.
    fn build_boxes(&mut self) {}

    /// Gives up every tree.
    fn clear(&mut self);

    /// Gives up what only builds need.
    fn settle(&mut self) {}

    /// The 8 nearest, sorted.
    fn nearest(&mut self, _at: Vec3) -> Answer {
        Answer::default()
    }

    /// The 8 nearest of each point.
    fn nearest_batch(&mut self, _at: &[Vec3], _answers: &mut [Answer]) {}

    /// All within the radius; sorted where the library sorts.
    fn within(&mut self, _at: Vec3, _radius: f32) -> Answer {
        Answer::default()
    }

    /// All in the box, in any order.
    fn in_box(&mut self, _bounds: &Aabb) -> Answer {
        Answer::default()
    }

    /// The first box.
    fn ray(&mut self, _ray: &Ray) -> Answer {
        Answer::default()
    }

    /// Moves points.
    fn move_points(&mut self, _frame: &Frame<Vec3>) {}

    /// Moves boxes.
    fn move_boxes(&mut self, _frame: &Frame<Aabb>) {}

    /// Puts points in.
    fn insert(&mut self, _items: &[(u32, Vec3)]) {}

    /// Takes points out.
    fn remove(&mut self, _items: &[(u32, Vec3)]) {}

    /// A tree of the world's points for two threads.
    fn shared(&self, _world: &World) -> Option<Box<dyn Shared>> {
        None
    }
}

/// All peers, ours first: the others' answers are compared with its.
pub fn all() -> Vec<Box<dyn Peer>> {
    vec![
        Box::new(ours::Ours::default()),
        Box::new(ours::OursInTiers::default()),
        Box::new(kiddo::Immutable::default()),
        Box::new(kiddo::Mutable::default()),
        #[cfg(nanoflann)]
        Box::new(nanoflann::Nanoflann::default()),
        Box::new(rstar::RStar::default()),
        #[cfg(boost)]
        Box::new(boost::Boost::default()),
        Box::new(parry::Parry::default()),
        Box::new(bvh::BvhCrate::default()),
        Box::new(obvhs::Obvhs::default()),
        #[cfg(embree)]
        Box::new(embree::Embree::default()),
    ]
}
