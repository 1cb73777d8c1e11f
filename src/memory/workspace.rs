//! The memory of queries, kept by the caller from one to the next.

use super::object::ObjectId;
use crate::space::bvh;

/// Scratch memory of one thread's queries. It grows to what the largest so far needed, then none
/// allocates. Answers lie in it until the next query.
#[derive(Clone, Debug, Default)]
pub struct Workspace {
    pub(super) tree: bvh::Workspace,
    pub(super) found: Vec<Found>,
    pub(super) rays: Vec<RayFound>,
    pub(super) ids: Vec<ObjectId>,
    /// A bit for each block of slots that a query by class looks at.
    pub(super) blocks: Vec<u64>,
}

/// An object that a query found, and how far it is.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Found {
    /// The object.
    pub id: ObjectId,
    /// The squared distance to its box in the world, in m²: zero inside; infinite where it
    /// overflows.
    pub distance_squared: f32,
}

/// An object whose box a ray enters, and where.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct RayFound {
    /// The object.
    pub id: ObjectId,
    /// The distance from the ray's origin, in metres; infinite where it overflows.
    pub distance_m: f32,
}

impl Workspace {
    /// One that holds no memory yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes memory ahead, so that no query that finds at most `hits` objects allocates: about 80
    /// bytes for each.
    pub fn reserve_hits(&mut self, hits: usize) {
        self.tree.reserve_hits(hits);
        self.found.reserve(hits.saturating_sub(self.found.len()));
        self.rays.reserve(hits.saturating_sub(self.rays.len()));
        self.ids.reserve(hits.saturating_sub(self.ids.len()));
    }
}
