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
    /// How many lanes are occupied: the first ones.
    pub(super) len: u8,
    /// 0 for a page, else one more than its children's.
    pub(super) height: u8,
    /// Whether the bucket waits for its refit.
    pub(super) dirty: bool,
}

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
    /// The margin of one entry's share of a bucket of this margin: so as entries leave, what is left
    /// is measured by how sparse it is, and a bucket that lost most of them may not stay as large.
    #[inline]
    pub(super) fn sparseness(&self, margin: f32) -> f32 {
        margin / EDGE[usize::from(self.len.min(16))]
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
        let link = Link { parent: NOWHERE, home: 0.0, len: 0, height, dirty: false };
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
        link.dirty = false;
        self.free.push(index);
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
