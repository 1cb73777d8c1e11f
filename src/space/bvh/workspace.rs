//! The memory of queries and updates, kept by the caller from one to the next.

use bytemuck::{Pod, Zeroable};

use super::super::region::Aabb;
use super::super::vector::Vec3;
use super::best::Best;
use super::build::Seed;
use super::extent::Extent;
use super::renew::MANY;
use super::walk::{HIGHEST, Waiting};

/// Scratch memory of one thread. It grows to what the largest operation so far needed, then no
/// operation allocates. Answers lie in it until the next operation.
#[derive(Clone, Debug, Default)]
pub struct Workspace {
    /// Buckets still to be visited, by height.
    pub(super) waiting: Vec<Waiting>,
    /// Nodes with children still to be visited.
    pub(super) open: Vec<Open>,
    pub(super) best: Best,
    pub(super) hits: Vec<Hit>,
    /// Hits without a distance, with their keys.
    pub(super) keyed: Vec<(u64, u32)>,
    pub(super) slots: Vec<u32>,
    /// The places of a batch's points along a curve, with their indices.
    pub(super) order: Vec<u64>,
    /// Buckets that await their refit, at one height and at the next.
    pub(super) dirty: Vec<u32>,
    pub(super) dirty_above: Vec<u32>,
    pub(super) outgrown: Vec<(u8, u32)>,
    pub(super) homeless: Vec<Homeless>,
    /// Items to build anew from.
    pub(super) points: Vec<(u32, Vec3)>,
    pub(super) boxes: Vec<(u32, Aabb)>,
    pub(super) seeds: Vec<Seed>,
    /// The least lower bounds behind boxes in an order.
    pub(super) lows: Vec<f32>,
    /// A bit for each slot that a batch names, or for each page that it changes.
    pub(super) named: Vec<u64>,
}

/// An item that a query found, and how far it is.
#[derive(Clone, Copy, PartialEq, Debug, Pod, Zeroable)]
#[repr(C, align(8))]
pub struct Hit {
    /// The item's slot.
    #[cfg(target_endian = "little")]
    pub slot: u32,
    /// The squared distance by the fixed expression of rule 5 of `space`, in m²; infinite where it
    /// overflows.
    pub distance_squared: f32,
    /// The item's slot.
    #[cfg(target_endian = "big")]
    pub slot: u32,
}

impl Hit {
    /// An integer in the order (distance, slot): distances are not negative.
    #[inline(always)]
    pub(super) fn rank(self) -> u64 {
        bytemuck::cast(self)
    }

    /// The hit of a rank.
    #[inline(always)]
    pub(super) fn of_rank(rank: u64) -> Self {
        bytemuck::cast(rank)
    }
}

/// An item that a ray enters, and where.
#[derive(Clone, Copy, PartialEq, Debug, Pod, Zeroable)]
#[repr(C, align(8))]
pub struct RayHit {
    /// The item's slot.
    #[cfg(target_endian = "little")]
    pub slot: u32,
    /// The distance from the ray's origin by [`Ray::enters`](super::super::Ray::enters), in metres;
    /// infinite where it overflows.
    pub distance_m: f32,
    /// The item's slot.
    #[cfg(target_endian = "big")]
    pub slot: u32,
}

impl RayHit {
    /// Hits whose distances were measured along a ray.
    pub(super) fn cast(hits: &[Hit]) -> &[Self] {
        bytemuck::cast_slice(hits)
    }
}

impl From<Hit> for RayHit {
    fn from(Hit { slot, distance_squared }: Hit) -> Self {
        Self { slot, distance_m: distance_squared }
    }
}

/// A node on a search's way down, with the keys of the children that it has still to visit.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub(super) struct Open {
    pub(super) keys: [u32; 16],
    /// The least of them.
    pub(super) least: u32,
    pub(super) index: u32,
    pub(super) height: u8,
    /// Whether the children within the bound were asked for.
    pub(super) fetched: bool,
}

/// An entry that waits for a place in a bucket at `height`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Homeless {
    pub(super) bounds: Aabb,
    pub(super) id: u32,
    pub(super) height: u8,
}

/// More than one chain of dissolving buckets makes homeless: fewer than four of each height.
const DEEPEST: usize = 256;

/// More are not made homeless by a part that is taken out.
pub(super) const HOMELESS: usize = 4_096;

/// A part has no more items: it has far fewer, unless pages are much larger than it.
pub(super) const PART: usize = 8_192;

/// Room for `count` in all.
fn reserve<T>(list: &mut Vec<T>, count: usize) {
    list.reserve(count.saturating_sub(list.len()));
}

impl Workspace {
    /// One that holds no memory yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes memory ahead, so that no query that finds at most `hits` items allocates: 36 bytes for
    /// each. Batches take eight bytes more for each of their points.
    pub fn reserve_hits(&mut self, hits: usize) {
        reserve(&mut self.waiting, HIGHEST);
        reserve(&mut self.open, 16);
        self.best.reserve(hits);
        // Sixteen more are written at once.
        reserve(&mut self.hits, hits + 16);
        reserve(&mut self.keyed, hits);
        reserve(&mut self.slots, hits + 16);
    }

    /// Room for a part of a tree of `items` that is built anew: at most 0.8 MB. Taken at once, so
    /// that no later, larger part takes more.
    pub(super) fn reserve_part<E: Extent>(&mut self, items: usize) {
        let room = items.next_power_of_two();
        reserve(E::list(self), room.min(PART));
        reserve(&mut self.seeds, room.min(PART));
        reserve(&mut self.homeless, room.min(HOMELESS + DEEPEST));
        reserve(&mut self.boxes, (room / 4).min(MANY));
        reserve(&mut self.lows, (room / 4).min(MANY));
    }

    /// Room for changes of a tree of `items`.
    pub(super) fn reserve_changes<E: Extent>(&mut self, items: usize, pages: usize, nodes: usize) {
        reserve(&mut self.dirty, pages);
        reserve(&mut self.dirty_above, pages);
        reserve(&mut self.outgrown, pages + nodes);
        reserve(&mut self.homeless, HOMELESS + DEEPEST);
        self.reserve_part::<E>(items);
        reserve(&mut self.named, items.max(pages).div_ceil(64));
        reserve(E::list(self), items);
        reserve(&mut self.seeds, items);
    }
}
