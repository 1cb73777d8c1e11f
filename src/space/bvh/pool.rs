//! Numbered buckets with their links.

use super::NOWHERE;
use super::page::Bucket;

/// Pages or nodes by number, each with its link; released numbers are used again.
#[derive(Clone, Debug)]
pub(super) struct Pool<B> {
    buckets: Vec<B>,
    links: Vec<Link>,
    free: Vec<u32>,
}

/// What the tree knows of a bucket beside its lanes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Link {
    /// The node and lane above, or [`NOWHERE`] for the root.
    pub(super) parent: u32,
    /// The margin that the bucket was made with, and what later entries added.
    pub(super) home: f32,
    /// How many lanes are occupied: the first ones.
    pub(super) len: u8,
    /// 0 for a page, else one more than its children's.
    pub(super) height: u8,
    /// Whether the bucket waits for its refit.
    pub(super) dirty: bool,
}

impl<B: Bucket> Pool<B> {
    pub(super) const fn new() -> Self {
        Self { buckets: Vec::new(), links: Vec::new(), free: Vec::new() }
    }

    pub(super) fn clear(&mut self) {
        self.buckets.clear();
        self.links.clear();
        self.free.clear();
    }

    /// Room for `buckets` in all, and to release each.
    pub(super) fn reserve(&mut self, buckets: usize) {
        let more = buckets.saturating_sub(self.buckets.len());
        self.buckets.reserve(more);
        self.links.reserve(more);
        self.free.reserve(buckets.saturating_sub(self.free.len()));
    }

    /// An empty bucket.
    pub(super) fn alloc(&mut self, height: u8) -> u32 {
        let link = Link { parent: NOWHERE, home: 0.0, len: 0, height, dirty: false };
        if let Some(index) = self.free.pop() {
            *self.bucket_mut(index) = B::EMPTY;
            *self.link_mut(index) = link;
            return index;
        }
        self.buckets.push(B::EMPTY);
        self.links.push(link);
        self.buckets.len() as u32 - 1
    }

    pub(super) fn release(&mut self, index: u32) {
        let link = self.link_mut(index);
        link.len = 0;
        link.dirty = false;
        self.free.push(index);
    }

    #[inline]
    pub(super) fn bucket(&self, index: u32) -> &B {
        &self.buckets[index as usize]
    }

    #[inline]
    pub(super) fn bucket_mut(&mut self, index: u32) -> &mut B {
        &mut self.buckets[index as usize]
    }

    #[inline]
    pub(super) fn link(&self, index: u32) -> &Link {
        &self.links[index as usize]
    }

    #[inline]
    pub(super) fn link_mut(&mut self, index: u32) -> &mut Link {
        &mut self.links[index as usize]
    }

    /// How many are in use.
    pub(super) fn len(&self) -> usize {
        self.buckets.len() - self.free.len()
    }

    pub(super) fn memory_bytes(&self) -> usize {
        self.buckets.capacity() * size_of::<B>()
            + self.links.capacity() * size_of::<Link>()
            + self.free.capacity() * size_of::<u32>()
    }
}
