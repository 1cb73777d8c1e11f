//! Building a whole tree at once.

use bytemuck::{Pod, Zeroable};

use super::super::region::Aabb;
use super::super::vector::Vec3;
use super::error::ItemError;
use super::extent::Extent;
use super::lanes::{Lanes, Operation, Path};
use super::workspace::Workspace;
use super::{Bvh, NOWHERE, margin};

/// How many items a built page holds: the rest is room to grow.
pub(super) const PAGE_FILL: usize = 14;

/// How many children a built node holds: they come less often than items.
const NODE_FILL: usize = 15;

impl<E: Extent> Bvh<E> {
    /// Replaces all items by `items`, each a slot and its extent; O(n log n), on the threads of the
    /// current rayon pool where there are many. The tree is the same on any number of them.
    ///
    /// # Errors
    /// [`ItemError::BadExtent`], [`ItemError::SlotOutOfRange`]; [`ItemError::Occupied`] where
    /// `items` names a slot twice. The tree is then as it was.
    pub fn build(&mut self, items: &[(u32, E)], work: &mut Workspace) -> Result<(), ItemError> {
        self.check_items(items, work)?;
        self.build_checked(items, work);
        Ok(())
    }

    /// Builds the tree anew from what it holds, as [`build`](Self::build) would; about 70 ns an item.
    ///
    /// Few trees need it: changes renew the parts that they wear out. It helps at once where many were
    /// inserted one by one, which leaves pages two thirds full for the next few moves of each, and
    /// where in each frame most items go farther than a page is wide.
    pub fn rebuild(&mut self, work: &mut Workspace) {
        let mut list = core::mem::take(E::list(work));
        list.clear();
        for slot in 0..self.places.len() as u32 {
            if let Some(item) = self.item(slot) {
                list.push((slot, item));
            }
        }
        self.build_checked(&list, work);
        *E::list(work) = list;
    }

    /// Refuses a bad extent, a slot out of range and a slot named twice.
    pub(super) fn check_items(
        &self,
        items: &[(u32, E)],
        work: &mut Workspace,
    ) -> Result<(), ItemError> {
        let named = &mut work.named;
        named.clear();
        for &(slot, item) in items {
            if slot >= self.max_slots {
                return Err(ItemError::SlotOutOfRange { slot, limit: self.max_slots });
            }
            if !item.is_valid() {
                return Err(ItemError::BadExtent { slot });
            }
            let (word, bit) = (slot as usize / 64, 1 << (slot % 64));
            if named.len() <= word {
                named.resize(word + 1, 0);
            }
            if named[word] & bit != 0 {
                return Err(ItemError::Occupied { slot });
            }
            named[word] |= bit;
        }
        Ok(())
    }

    /// Builds from items whose slots are valid and distinct.
    fn build_checked(&mut self, items: &[(u32, E)], work: &mut Workspace) {
        self.clear();
        let Some(highest) = items.iter().map(|&(slot, _)| slot).max() else {
            return;
        };
        self.reserve_slot(highest);
        self.len = items.len() as u32;
        self.pages.reserve_exact(items.len().div_ceil(PAGE_FILL));
        (self.root, self.height, _) = self.grow_items(items, &mut work.seeds);
        self.link_mut(self.height, self.root).parent = NOWHERE;
    }

    /// A subtree of items, at least one, that are in no page: its root, its height and its bounds.
    pub(super) fn grow_items(
        &mut self,
        items: &[(u32, E)],
        seeds: &mut Vec<Seed>,
    ) -> (u32, u8, Aabb) {
        seeds.clear();
        if E::IN_LIST {
            let seed =
                |(at, item): (u32, &(u32, E))| Seed { at: item.1.middle().to_array(), id: at };
            seeds.extend((0..).zip(items).map(seed));
            self.grow(seeds, 0, |seed| {
                let (slot, item) = items[seed.id as usize];
                (item.to_box(), slot)
            })
        } else {
            let seed = |&(slot, item): &(u32, E)| Seed { at: item.middle().to_array(), id: slot };
            seeds.extend(items.iter().map(seed));
            self.grow(seeds, 0, |seed| {
                (E::from_middle(Vec3::from_array(seed.at)).to_box(), seed.id)
            })
        }
    }

    /// A subtree over the entries that `entry` gives for seeds, in buckets at the height `base`.
    fn grow(
        &mut self,
        seeds: &mut [Seed],
        base: u8,
        entry: impl Fn(&Seed) -> (Aabb, u32) + Copy,
    ) -> (u32, u8, Aabb) {
        let fill = if base == 0 { PAGE_FILL } else { NODE_FILL };
        let count = seeds.len().div_ceil(fill);
        let pages = Pages { count, items: seeds.len(), careful: E::IN_LIST, path: self.path };
        let height = pages.height();
        pages.arrange(seeds, 0, pages.count, height);
        let (index, bounds) =
            self.grow_bucket(seeds, pages, [0, pages.count], base, base + height, entry);
        (index, base + height, bounds)
    }

    /// A bucket at `height` over the arranged seeds of the pages `first..last`, and its bounds.
    fn grow_bucket(
        &mut self,
        seeds: &[Seed],
        pages: Pages,
        [first, last]: [usize; 2],
        base: u8,
        height: u8,
        entry: impl Fn(&Seed) -> (Aabb, u32) + Copy,
    ) -> (u32, Aabb) {
        let index = self.alloc(height);
        let len = if height == base {
            let seeds = &seeds[pages.start(first)..pages.start(last)];
            for (lane, seed) in seeds.iter().enumerate() {
                let (bounds, id) = entry(seed);
                self.put(height, index, lane, &bounds, id);
            }
            seeds.len()
        } else {
            let children = (last - first).div_ceil(capacity(height - base - 1));
            for child in 0..children {
                let from = first + (last - first) * child / children;
                let to = first + (last - first) * (child + 1) / children;
                let (below, bounds) =
                    self.grow_bucket(seeds, pages, [from, to], base, height - 1, entry);
                self.put(height, index, child, &bounds, below);
            }
            children
        };
        let bounds = self.bounds_of(height, index);
        let link = self.link_mut(height, index);
        link.len = len as u8;
        link.home = link.sparseness(margin(&bounds));
        link.was_as_dense(link.home);
        (index, bounds)
    }
}

/// An item to build from.
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C)]
pub(super) struct Seed {
    /// Its middle.
    at: [f32; 3],
    /// What tells items at one place apart: a point's slot, a box's place in the list of items.
    id: u32,
}

/// The pages of a build: items are shared evenly, so the items before a page tell where it starts.
#[derive(Clone, Copy)]
struct Pages {
    count: usize,
    items: usize,
    /// Whether small parts are split along the axis that makes the halves' surfaces least, in place
    /// of the longest: worth its time for boxes, which rays meet.
    careful: bool,
    path: Path,
}

impl Pages {
    /// The first item of a page.
    fn start(self, page: usize) -> usize {
        self.items * page / self.count
    }

    /// The height of a tree over all.
    fn height(self) -> u8 {
        let mut height = 0;
        while capacity(height) < self.count {
            height += 1;
        }
        height
    }

    /// Orders the seeds of the pages `first..last` so that those of each bucket at `height` or below
    /// stand together.
    fn arrange(self, seeds: &mut [Seed], first: usize, last: usize, height: u8) {
        if height > 0 {
            let children = (last - first).div_ceil(capacity(height - 1));
            self.divide(seeds, [first, last], [0, children, children], height);
        }
    }

    /// Halves the seeds of the children `from..to` of a node's `count` along their longest axis until
    /// each part is one child's; the node has the pages `first..last`.
    fn divide(
        self,
        seeds: &mut [Seed],
        [first, last]: [usize; 2],
        [from, to, count]: [usize; 3],
        height: u8,
    ) {
        let page = |child: usize| first + (last - first) * child / count;
        if to - from == 1 {
            self.arrange(seeds, page(from), page(to), height - 1);
            return;
        }
        let middle = from + (to - from) / 2;
        let at = self.start(page(middle)) - self.start(page(from));
        if self.careful && seeds.len() <= CAREFUL {
            self.select_least_surface(seeds, at);
        } else {
            select(seeds, at, self.path.run(Spread(seeds)).longest_axis());
        }
        let (low, high) = seeds.split_at_mut(at);
        if low.len() > ALONE {
            rayon::join(
                || self.divide(low, [first, last], [from, middle, count], height),
                || self.divide(high, [first, last], [middle, to, count], height),
            );
        } else {
            self.divide(low, [first, last], [from, middle, count], height);
            self.divide(high, [first, last], [middle, to, count], height);
        }
    }
}

impl Pages {
    /// Splits along the axis that leaves the least surface.
    fn select_least_surface(self, seeds: &mut [Seed], at: usize) {
        let mut best = (f32::INFINITY, f32::INFINITY, 3);
        for axis in 0..3 {
            select(seeds, at, axis);
            let (low, high) = seeds.split_at(at);
            let (low, high) = (self.path.run(Spread(low)), self.path.run(Spread(high)));
            // Where no half has a surface, or none that is finite, edges decide.
            let (surface, edges) = (low.surface() + high.surface(), low.edges() + high.edges());
            if surface < best.0 || surface == best.0 && edges < best.1 {
                best = (surface, edges, axis);
            }
        }
        if best.2 != 2 {
            select(seeds, at, best.2);
        }
    }
}

/// Fewer seeds than this are not worth a second thread.
const ALONE: usize = 16_384;

/// Up to here, axes are compared by what they leave.
const CAREFUL: usize = 4_096;

/// How many pages a built bucket at `height` holds at most.
fn capacity(height: u8) -> usize {
    NODE_FILL.saturating_pow(u32::from(height))
}

/// A number's bits, so that they order as the numbers do; both zeros are one.
#[inline]
fn ordered(value: f32) -> u32 {
    let bits = (value + 0.0).to_bits();
    if bits >> 31 == 1 { !bits } else { bits | 1 << 31 }
}

/// Puts the `at` first seeds along an axis before the others.
fn select(seeds: &mut [Seed], at: usize, axis: usize) {
    match axis {
        0 => select_along::<0>(seeds, at),
        1 => select_along::<1>(seeds, at),
        _ => select_along::<2>(seeds, at),
    }
}

/// Slots break ties, so the order of the input does not matter.
fn select_along<const AXIS: usize>(seeds: &mut [Seed], at: usize) {
    let rank = |seed: &Seed| u64::from(ordered(seed.at[AXIS])) << 32 | u64::from(seed.id);
    seeds.select_nth_unstable_by_key(at, rank);
}

/// How far seeds are spread along each axis, halved so that it stays finite.
struct Spread<'a>(&'a [Seed]);

/// The half extents of a box around seeds.
#[derive(Clone, Copy)]
struct Halves([f32; 3]);

impl Operation for Spread<'_> {
    type Output = Halves;

    #[inline(always)]
    fn run<L: Lanes>(self) -> Halves {
        // Four seeds are sixteen lanes; every fourth one holds bits of a slot, and is not looked at.
        let fours = self.0.chunks_exact(4);
        let (mut low, mut high) = (L::splat(f32::INFINITY), L::splat(f32::NEG_INFINITY));
        let mut take = |four: [Seed; 4]| {
            let lanes = L::load(&bytemuck::cast(four));
            low = lanes.min(low);
            high = lanes.max(high);
        };
        for &seed in fours.remainder() {
            take([seed; 4]);
        }
        for four in fours {
            take([four[0], four[1], four[2], four[3]]);
        }
        let (low, high) = (low.to_array(), high.to_array());
        Halves(core::array::from_fn(|axis| {
            let (mut least, mut most) = (f32::INFINITY, f32::NEG_INFINITY);
            for lane in [axis, axis + 4, axis + 8, axis + 12] {
                least = least.min(low[lane]);
                most = most.max(high[lane]);
            }
            most * 0.5 - least * 0.5
        }))
    }
}

impl Halves {
    /// The first of the longest.
    fn longest_axis(self) -> usize {
        let [x, y, z] = self.0;
        if x >= y && x >= z { 0 } else { 1 + usize::from(z > y) }
    }

    /// An eighth of the box's surface; infinite where that overflows.
    fn surface(self) -> f32 {
        let [x, y, z] = self.0;
        x * y + y * z + z * x
    }

    /// An eighth of the sum of its edges, halved once more.
    fn edges(self) -> f32 {
        let [x, y, z] = self.0;
        x * 0.25 + y * 0.25 + z * 0.25
    }
}
