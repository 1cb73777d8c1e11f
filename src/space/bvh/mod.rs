//! A 16-wide bounding-volume tree over points or boxes that move.
//!
//! 1. An item is a *slot* (a dense `u32` of the caller's) and its extent: a point ([`Vec3`]) or a
//!    box ([`Aabb`]). The tree holds no more of it. Slots stay below the limit given to
//!    [`Bvh::new`], so no input makes the tables larger than that.
//! 2. Sixteen items make a page, sixteen boxes a node, in columns, so that one pass of sixteen lanes
//!    tests all of them. An empty lane holds not-a-number: every ordered comparison refuses it, so
//!    no query masks lanes by a count.
//! 3. A child's number stands in its node beside its box. (Numbers derived from the position alone
//!    would save 0.3 bytes per item, but then a page could split only by moving its neighbours.)
//! 4. The box of a lane holds all that lies below it; it is their exact union after a build and where
//!    an update went through, and may be larger where items were removed since.
//! 5. An update writes lanes and refits the pages and nodes above them, each once. What is sparser
//!    than it was made gives its outliers back: they are placed anew from the root.
//!    A full page or node splits; one with fewer than four entries dissolves into its neighbours.
//!    Parts that have worn out are built anew, a bounded number of items with each change (`renew`),
//!    so a tree that was changed for long answers about as fast as one built afresh.
//! 6. No answer depends on the tree's shape. Hits are ordered by (d², key): d² by the fixed
//!    expression of rule 5 of `space`, keys by [`Select`], asked only where distances are equal.
//!    Pruning is by the same expression on boxes, which is never larger than an item's inside.
//! 7. A query is written once over sixteen lanes and runs on the widest vectors of the machine; all
//!    give the same bits (`lanes`). It asks for all memory that it will need before it waits for any.
//! 8. Pages and nodes lie in blocks that snapshots share with the writer (`blocks`). [`Tiers`] keeps
//!    what moved lately in a tree of its own, so that a frame's moves copy few of them (`tiers`).
//! 9. Queries take `&self` and a [`Workspace`], so any number of threads may query one tree, each
//!    with its own. A warmed-up workspace and tree allocate nothing.

mod all;
mod batch;
mod best;
mod blocks;
mod build;
mod carve;
mod cell;
mod error;
mod extent;
mod fetch;
mod first;
mod fork;
mod insert;
mod lanes;
mod morton;
mod node;
mod overlap;
mod page;
mod pool;
mod query;
mod remove;
mod renew;
mod select;
mod shape;
mod snapshot;
mod split;
mod tiers;
mod tree;
mod update;
mod view;
mod volume;
mod walk;
mod workspace;

#[cfg(test)]
mod drift;
#[cfg(test)]
mod invariant;
#[cfg(test)]
mod oracle;

pub use error::{ItemError, QueryError};
pub use extent::Extent;
pub use select::{Accepting, BySlot, Select};
pub(crate) use shape::{Shape, ShapePage};
pub use snapshot::Snapshot;
pub use tiers::Tiers;
pub use view::View;
pub use workspace::{Hit, RayHit, Workspace};

use super::region::Aabb;
use super::vector::Vec3;
use lanes::Path;
use node::Node;
use page::Bucket;
use pool::{Link, Pool};
use renew::Sweep;

/// A tree over items of extent `E`: [`Vec3`] for points, [`Aabb`] for boxes.
///
/// ```
/// use xrmesh::space::Vec3;
/// use xrmesh::space::bvh::{Bvh, BySlot, Workspace};
///
/// let mut work = Workspace::new();
/// let mut tree = Bvh::<Vec3>::new(1_000);
/// tree.build(&[(3, Vec3::ZERO), (7, Vec3::UP), (9, Vec3::UP * 5.0)], &mut work)?;
/// tree.update(&[(9, Vec3::UP * 0.5)], &mut work)?;
/// let near = tree.nearest(Vec3::ZERO, 2, &BySlot, &mut work)?;
/// assert_eq!((near[0].slot, near[1].slot), (3, 9));
/// assert_eq!(near[1].distance_squared, 0.25);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Bvh<E: Extent> {
    pages: Pool<E::Page>,
    nodes: Pool<Node>,
    /// By slot: its page and lane, or [`NOWHERE`].
    places: Vec<u32>,
    max_slots: u32,
    len: u32,
    /// A page where `height` is 0, a node otherwise; [`NOWHERE`] where the tree is empty.
    root: u32,
    height: u8,
    /// The vectors that queries use.
    path: Path,
    /// What to build anew next.
    sweep: Sweep,
}

/// No place: an absent slot, no parent, no root.
const NOWHERE: u32 = u32::MAX;

/// A number and a lane in one: a page's or node's number is below 2²⁸ since each holds at least one
/// of fewer than 2³² items in 16 lanes, or sits above such.
#[inline]
const fn place(index: u32, lane: usize) -> u32 {
    index << 4 | lane as u32
}

/// The number and the lane of a place.
#[inline]
const fn split_place(place: u32) -> (u32, usize) {
    (place >> 4, (place & 15) as usize)
}

impl<E: Extent> Bvh<E> {
    /// The largest limit for slots: a place must fit in 32 bits.
    pub const MAX_SLOTS: u32 = 1 << 28;

    /// An empty tree for slots below `max_slots` (cut at [`Self::MAX_SLOTS`]). Memory is taken as
    /// slots are used: about 26 bytes per point, 41 per box.
    #[must_use]
    pub fn new(max_slots: u32) -> Self {
        Self {
            pages: Pool::new(),
            nodes: Pool::new(),
            places: Vec::new(),
            max_slots: max_slots.min(Self::MAX_SLOTS),
            len: 0,
            root: NOWHERE,
            height: 0,
            path: Path::best(),
            sweep: Sweep::new(),
        }
    }

    /// How many items the tree holds.
    #[inline]
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len as usize
    }

    /// Whether it holds none.
    #[inline]
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Slots lie below this.
    #[inline]
    #[must_use]
    pub const fn max_slots(&self) -> u32 {
        self.max_slots
    }

    /// The extent of the item in `slot`; `None` where there is none. Constant time.
    #[inline]
    #[must_use]
    pub fn item(&self, slot: u32) -> Option<E> {
        let (page, lane) = self.find(slot)?;
        Some(E::from_box(&self.pages.bucket(page).entry(lane)))
    }

    /// A box around all items, the smallest where none was removed since the last update; `None`
    /// where there are none. Constant time.
    #[must_use]
    pub fn bounds(&self) -> Option<Aabb> {
        match (self.root, self.height) {
            (NOWHERE, _) => None,
            (root, 0) => Some(self.pages.bucket(root).bounds()),
            (root, _) => Some(self.nodes.bucket(root).bounds()),
        }
    }

    /// Removes every item and keeps the memory.
    pub fn clear(&mut self) {
        self.pages.clear();
        self.nodes.clear();
        self.places.clear();
        self.len = 0;
        self.root = NOWHERE;
        self.height = 0;
        self.sweep.clear();
    }

    /// Takes memory ahead, so that no operation allocates in this tree, nor a change in `work`,
    /// while it holds at most `items` items in slots below `items`.
    ///
    /// About 130 bytes per item of points and 190 of boxes, most of them never touched: systems
    /// that commit memory on first use commit what [`Bvh::new`] says.
    pub fn reserve(&mut self, items: u32, work: &mut Workspace) {
        let items = items.min(self.max_slots) as usize;
        // A page or node that is not the root holds four entries or more (rule 5), one more is in
        // the making: so pages are at most a quarter of the items, nodes a third of the pages.
        let pages = items / 4 + 2;
        let nodes = pages / 3 + 18;
        self.places.reserve(items.saturating_sub(self.places.len()));
        self.pages.reserve(pages);
        self.nodes.reserve(nodes);
        self.sweep.reserve();
        work.reserve_changes::<E>(items, pages, nodes);
    }

    /// The bytes that the tree holds, those for growth included.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        self.pages.memory_bytes()
            + self.nodes.memory_bytes()
            + self.places.capacity() * size_of::<u32>()
            + self.sweep.memory_bytes()
    }

    /// The page and lane of `slot`.
    #[inline]
    fn find(&self, slot: u32) -> Option<(u32, usize)> {
        match self.places.get(slot as usize) {
            Some(&NOWHERE) | None => None,
            Some(&at) => Some(split_place(at)),
        }
    }

    /// The link of the bucket `index` at `height`.
    fn link_mut(&mut self, height: u8, index: u32) -> &mut Link {
        if height == 0 { self.pages.link_mut(index) } else { self.nodes.link_mut(index) }
    }

    fn link(&self, height: u8, index: u32) -> &Link {
        if height == 0 { self.pages.link(index) } else { self.nodes.link(index) }
    }

    /// The bounds of the bucket `index` at `height`.
    fn bounds_of(&self, height: u8, index: u32) -> Aabb {
        if height == 0 {
            self.pages.bucket(index).bounds()
        } else {
            self.nodes.bucket(index).bounds()
        }
    }

    /// The box and the number in a lane of the bucket `index` at `height`.
    fn entry(&self, height: u8, index: u32, lane: usize) -> (Aabb, u32) {
        if height == 0 {
            let page = self.pages.bucket(index);
            (page.entry(lane), page.id(lane))
        } else {
            let node = self.nodes.bucket(index);
            (node.entry(lane), node.id(lane))
        }
    }

    /// Writes an entry into a lane of the bucket `index` at `height`, and tells the entry where it
    /// now is.
    fn put(&mut self, height: u8, index: u32, lane: usize, bounds: &Aabb, id: u32) {
        let at = place(index, lane);
        if height == 0 {
            self.pages.bucket_mut(index).put(lane, bounds, id);
            if let Some(place) = self.places.get_mut(id as usize) {
                *place = at;
            }
        } else {
            self.nodes.bucket_mut(index).put(lane, bounds, id);
            self.link_mut(height - 1, id).parent = at;
        }
    }

    /// A new empty bucket at `height`.
    fn alloc(&mut self, height: u8) -> u32 {
        if height == 0 { self.pages.alloc(0) } else { self.nodes.alloc(height) }
    }

    fn release(&mut self, height: u8, index: u32) {
        if height == 0 {
            self.pages.release(index);
        } else {
            self.nodes.release(index);
        }
    }

    /// Room in the table of places for `slot`.
    fn reserve_slot(&mut self, slot: u32) {
        let needed = slot as usize + 1;
        if self.places.len() < needed {
            self.places.resize(needed, NOWHERE);
        }
    }
}

/// A measure of a box's size: an eighth of the sum of its extents, finite for every box. It tells
/// boxes without volume or area apart, which those measures do not.
#[inline]
fn margin(bounds: &Aabb) -> f32 {
    let Vec3 { x, y, z } = bounds.high() * 0.125 - bounds.low() * 0.125;
    x + y + z
}
