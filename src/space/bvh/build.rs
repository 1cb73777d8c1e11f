//! Building a whole tree at once.

use super::error::ItemError;
use super::extent::Extent;
use super::workspace::Workspace;
use super::{Bvh, NOWHERE, margin};

/// How many items a built page holds: the rest is room to grow.
const PAGE_FILL: usize = 14;

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
        let list = E::list(work);
        list.clear();
        list.extend(items.iter().map(|&(slot, item)| (item, slot)));
        self.build_listed(work);
        Ok(())
    }

    /// Builds the tree anew from what it holds, as [`build`](Self::build) would. Updates keep it
    /// in shape, so a host has no need to; a bulk load of single insertions may gain from it.
    pub fn rebuild(&mut self, work: &mut Workspace) {
        let list = E::list(work);
        list.clear();
        for slot in 0..self.places.len() as u32 {
            if let Some(item) = self.item(slot) {
                list.push((item, slot));
            }
        }
        self.build_listed(work);
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

    /// Builds from the workspace's list of items, whose slots are valid and distinct.
    fn build_listed(&mut self, work: &mut Workspace) {
        self.clear();
        let mut seeds = core::mem::take(&mut work.seeds);
        let list = E::list(work);
        seeds.clear();
        seeds.extend((0..).zip(&*list).map(|(item, &(extent, slot))| Seed {
            at: extent.to_box().centre().to_array().map(ordered),
            slot,
            item,
        }));
        if let Some(highest) = seeds.iter().map(|seed| seed.slot).max() {
            self.reserve_slot(highest);
            self.len = seeds.len() as u32;
            let pages = Pages { count: seeds.len().div_ceil(PAGE_FILL), items: seeds.len() };
            let height = pages.height();
            self.pages.reserve_exact(pages.count);
            pages.arrange(&mut seeds, 0, pages.count, height);
            self.height = height;
            self.root = self.build_bucket(&seeds, list, pages, 0, pages.count, height);
            self.link_mut(height, self.root).parent = NOWHERE;
        }
        work.seeds = seeds;
    }

    /// A bucket at `height` over the arranged seeds of the pages `first..last`.
    fn build_bucket(
        &mut self,
        seeds: &[Seed],
        list: &[(E, u32)],
        pages: Pages,
        first: usize,
        last: usize,
        height: u8,
    ) -> u32 {
        let index = self.alloc(height);
        if height == 0 {
            let seeds = &seeds[pages.start(first)..pages.start(last)];
            for (lane, seed) in seeds.iter().enumerate() {
                self.put(0, index, lane, &list[seed.item as usize].0.to_box(), seed.slot);
            }
            self.link_mut(0, index).len = seeds.len() as u8;
        } else {
            let children = (last - first).div_ceil(capacity(height - 1));
            for child in 0..children {
                let from = first + (last - first) * child / children;
                let to = first + (last - first) * (child + 1) / children;
                let below = self.build_bucket(seeds, list, pages, from, to, height - 1);
                let bounds = self.bounds_of(height - 1, below);
                self.put(height, index, child, &bounds, below);
            }
            self.link_mut(height, index).len = children as u8;
        }
        let home = margin(&self.bounds_of(height, index));
        self.link_mut(height, index).home = home;
        index
    }
}

/// An item to build from: its middle as integers that order as its coordinates do.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seed {
    at: [u32; 3],
    slot: u32,
    /// Its place in the list of items.
    item: u32,
}

/// The pages of a build: items are shared evenly, so the items before a page tell where it starts.
#[derive(Clone, Copy)]
struct Pages {
    count: usize,
    items: usize,
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
        let axis = longest_axis(seeds);
        // Slots break ties, so the order of the input does not matter.
        let rank = |seed: &Seed| u64::from(seed.at[axis]) << 32 | u64::from(seed.slot);
        seeds.select_nth_unstable_by_key(at, rank);
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

/// Fewer seeds than this are not worth a second thread.
const ALONE: usize = 16_384;

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

/// The number of ordered bits.
#[inline]
fn number(bits: u32) -> f32 {
    f32::from_bits(if bits >> 31 == 1 { bits & !(1 << 31) } else { !bits })
}

/// The axis along which the seeds are spread most.
fn longest_axis(seeds: &[Seed]) -> usize {
    let (mut low, mut high) = ([u32::MAX; 3], [0u32; 3]);
    for seed in seeds {
        for axis in 0..3 {
            low[axis] = low[axis].min(seed.at[axis]);
            high[axis] = high[axis].max(seed.at[axis]);
        }
    }
    let mut longest = 0;
    let mut most = -1.0;
    for axis in 0..3 {
        // Halved first, so that it stays finite.
        let spread = number(high[axis]) * 0.5 - number(low[axis]) * 0.5;
        if spread > most {
            (longest, most) = (axis, spread);
        }
    }
    longest
}
