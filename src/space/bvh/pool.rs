//! Numbered buckets with their links.

use super::NOWHERE;
use super::blocks::{Blocks, Table};
use super::page::Bucket;

/// Pages or nodes by number, each with its link; released numbers are used again.
#[derive(Clone, Debug)]
pub(super) struct Pool<B: Bucket> {
    blocks: Blocks<B>,
    /// One for each bucket ever made.
    links: Vec<Link>,
    free: Vec<u32>,
}

/// What the tree knows of a bucket beside its lanes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Link {
    /// The node and lane above, or [`NOWHERE`] for the root.
    pub(super) parent: u32,
    /// The [`sparseness`](Self::sparseness) that the bucket was made with, or could not come below.
    pub(super) home: f32,
    /// The upper half of the least sparseness that a page had: rounded towards zero.
    made: u16,
    /// How many lanes are occupied: the first ones.
    pub(super) len: u8,
    /// 0 for a page, else one more than its children's; and [`DIRTY`].
    state: u8,
}

/// Whether a bucket waits for its refit, beside its height.
const DIRTY: u8 = 0x80;

/// The edge of a bucket of so many entries, in edges of one entry's share.
#[inline]
pub(super) fn edge(entries: usize) -> f32 {
    EDGE[entries.min(16)]
}

/// Of a page that was not measured yet: more than any sparseness.
const UNKNOWN: u16 = 0x7f80;

/// Cube roots.
const EDGE: [f32; 17] = [
    1.0,
    1.0,
    1.259_921,
    1.442_249_6,
    1.587_401,
    1.709_976,
    1.817_120_6,
    1.912_931_2,
    2.0,
    2.080_084,
    2.154_434_7,
    2.223_980_2,
    2.289_428_5,
    2.351_334_7,
    2.410_142_3,
    2.466_212,
    2.519_842,
];

impl Link {
    #[inline]
    pub(super) const fn height(&self) -> u8 {
        self.state & !DIRTY
    }

    #[inline]
    pub(super) const fn is_dirty(&self) -> bool {
        self.state & DIRTY != 0
    }

    #[inline]
    pub(super) const fn set_dirty(&mut self, dirty: bool) {
        self.state = if dirty { self.state | DIRTY } else { self.height() };
    }

    /// The least sparseness that the page had since it was built, to a 128th; of a page that came by
    /// a split, since the one before it was built.
    #[inline]
    pub(super) const fn made(&self) -> f32 {
        f32::from_bits((self.made as u32) << 16)
    }

    /// The page has this sparseness now.
    #[inline]
    pub(super) const fn was_as_dense(&mut self, sparseness: f32) {
        // Not negative, so bits are in the order of numbers.
        let now = (sparseness.to_bits() >> 16) as u16;
        if now < self.made {
            self.made = now;
        }
    }

    /// The page comes of another by a split.
    #[inline]
    pub(super) const fn comes_of(&mut self, other: Self) {
        self.made = other.made;
    }

    /// The margin of one entry's share of a bucket of this margin: so as entries leave, what is left
    /// is measured by how sparse it is, and a bucket that lost most of them may not stay as large.
    #[inline]
    pub(super) fn sparseness(&self, margin: f32) -> f32 {
        margin / edge(usize::from(self.len))
    }

    /// Whether a margin exceeds what the bucket was made for by this factor.
    #[inline]
    pub(super) fn outgrows(&self, margin: f32, factor: f32) -> bool {
        self.sparseness(margin) > self.home * factor
    }
}

impl<B: Bucket> Pool<B> {
    pub(super) const fn new() -> Self {
        Self { blocks: Blocks::new(), links: Vec::new(), free: Vec::new() }
    }

    /// A second pool that begins with the same buckets.
    pub(super) fn fork(&mut self) -> Self {
        let (links, free) = (self.links.clone(), self.free.clone());
        Self { blocks: self.blocks.fork(), links, free }
    }

    /// As [`Blocks::succeed`].
    pub(super) fn succeed(&mut self, old: Self) {
        self.blocks.succeed(old.blocks);
    }

    pub(super) fn clear(&mut self) {
        self.blocks.clear();
        self.links.clear();
        self.free.clear();
    }

    /// Room for `buckets` in all, and to release each.
    pub(super) fn reserve(&mut self, buckets: usize) {
        self.blocks.reserve(buckets);
        self.links.reserve(buckets.saturating_sub(self.links.len()));
        self.free.reserve(buckets.saturating_sub(self.free.len()));
    }

    /// Room for the links of `buckets` in all and no more.
    pub(super) fn reserve_exact(&mut self, buckets: usize) {
        self.links.reserve_exact(buckets.saturating_sub(self.links.len()));
    }

    /// An empty bucket.
    pub(super) fn alloc(&mut self, height: u8) -> u32 {
        let link = Link { parent: NOWHERE, home: 0.0, made: UNKNOWN, len: 0, state: height };
        if let Some(index) = self.free.pop() {
            *self.bucket_mut(index) = B::EMPTY;
            *self.link_mut(index) = link;
            return index;
        }
        if self.links.len() == self.blocks.capacity() {
            self.blocks.grow();
        }
        let index = self.links.len() as u32;
        self.links.push(link);
        *self.bucket_mut(index) = B::EMPTY;
        index
    }

    pub(super) fn release(&mut self, index: u32) {
        let link = self.link_mut(index);
        link.len = 0;
        link.set_dirty(false);
        self.free.push(index);
    }

    /// How many released numbers wait.
    pub(super) fn free_len(&self) -> usize {
        self.free.len()
    }

    /// Lets the numbers that were released since [`free_len`](Self::free_len) was `first` be used
    /// from the least on: so what is made together lies together.
    pub(super) fn sort_free(&mut self, first: usize) {
        let first = first.min(self.free.len());
        self.free[first..].sort_unstable_by(|one, other| other.cmp(one));
    }

    pub(super) fn blocks(&self) -> &Blocks<B> {
        &self.blocks
    }

    pub(super) fn blocks_mut(&mut self) -> &mut Blocks<B> {
        &mut self.blocks
    }

    pub(super) fn table(&self) -> &Table<B> {
        self.blocks.table()
    }

    #[inline]
    pub(super) fn bucket(&self, index: u32) -> &B {
        self.blocks.bucket(index)
    }

    #[inline]
    pub(super) fn bucket_mut(&mut self, index: u32) -> &mut B {
        self.blocks.bucket_mut(index)
    }

    #[inline]
    pub(super) fn link(&self, index: u32) -> &Link {
        &self.links[index as usize]
    }

    #[inline]
    pub(super) fn link_mut(&mut self, index: u32) -> &mut Link {
        &mut self.links[index as usize]
    }

    /// Numbers are below this.
    pub(super) fn extent(&self) -> usize {
        self.links.len()
    }

    /// How many are in use.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.links.len() - self.free.len()
    }

    pub(super) fn memory_bytes(&self) -> usize {
        self.blocks.memory_bytes()
            + self.links.capacity() * size_of::<Link>()
            + self.free.capacity() * size_of::<u32>()
    }
}
