//! Buckets in blocks that a writer and any number of snapshots share.
//!
//! A table points to blocks of [`BLOCK`] buckets. [`Blocks::share`] copies the table, not the
//! blocks; from then on the writer copies a block before it first writes into it, and only that
//! one. What it replaced waits among the retired, and is the target of a later copy once no
//! snapshot holds it: so a writer in a steady state allocates nothing, and neither side waits.
#![expect(unsafe_code, reason = "writing into a shared block that nothing else holds")]

use std::collections::VecDeque;
use std::sync::Arc;

use bytemuck::Zeroable;

/// How many buckets a block holds.
pub(super) const BLOCK: usize = 64;

/// A block: 16 KiB of points, 28 KiB of boxes or nodes.
#[derive(Clone, Copy, Debug, Zeroable)]
#[repr(transparent)]
pub(super) struct Block<B>([B; BLOCK]);

/// The blocks of a tree or of a snapshot.
pub(super) type Table<B> = Vec<Arc<Block<B>>>;

/// The writer's blocks.
#[derive(Debug)]
pub(super) struct Blocks<B> {
    table: Table<B>,
    /// By block: whether nothing but `table` holds it.
    own: Vec<bool>,
    /// Blocks that were replaced by a copy, oldest first, and those kept ahead.
    retired: VecDeque<Arc<Block<B>>>,
}

/// How many of the oldest retired blocks a copy asks whether they are free.
const ASKED: usize = 4;

/// The bucket `index` of a table.
#[inline(always)]
pub(super) fn bucket<B: Zeroable>(table: &[Arc<Block<B>>], index: u32) -> &B {
    let index = index as usize;
    &table[index / BLOCK].0[index % BLOCK]
}

impl<B: Zeroable + Copy> Blocks<B> {
    pub(super) const fn new() -> Self {
        Self { table: Vec::new(), own: Vec::new(), retired: VecDeque::new() }
    }

    pub(super) fn table(&self) -> &Table<B> {
        &self.table
    }

    /// How many buckets the blocks have room for.
    pub(super) fn capacity(&self) -> usize {
        self.table.len() * BLOCK
    }

    /// Adds a block of zeros.
    pub(super) fn grow(&mut self) {
        let block = self.spare().unwrap_or_else(zeroed);
        self.table.push(block);
        self.own.push(true);
    }

    /// Room for `buckets` in all; the memory stays untouched where the system gives zeros.
    pub(super) fn reserve(&mut self, buckets: usize) {
        let blocks = buckets.div_ceil(BLOCK);
        self.table.reserve(blocks.saturating_sub(self.table.len()));
        self.own.reserve(blocks.saturating_sub(self.own.len()));
        while self.table.len() + self.retired.len() < blocks {
            self.retired.push_back(zeroed());
        }
    }

    #[inline(always)]
    pub(super) fn bucket(&self, index: u32) -> &B {
        bucket(&self.table, index)
    }

    #[inline(always)]
    pub(super) fn bucket_mut(&mut self, index: u32) -> &mut B {
        let (block, at) = (index as usize / BLOCK, index as usize % BLOCK);
        if !self.own[block] {
            self.copy(block);
        }
        let block: *const Block<B> = Arc::as_ptr(&self.table[block]);
        // SAFETY: `own` is true only for a block that this table alone points to: it was made or
        // copied here, and `share` and `fork`, the only places that clone a pointer of the table,
        // set it to false. No weak pointer is ever made. So this is the block's only access for as long as
        // `self` is borrowed.
        unsafe { &mut (*block.cast_mut()).0[at] }
    }

    /// Makes `target` point to the same blocks. Only blocks that changed since it last did are
    /// counted up and down.
    pub(super) fn share(&mut self, target: &mut Table<B>) {
        self.own.fill(false);
        target.truncate(self.table.len());
        for (theirs, ours) in target.iter_mut().zip(&self.table) {
            if !Arc::ptr_eq(theirs, ours) {
                theirs.clone_from(ours);
            }
        }
        target.extend(self.table[target.len()..].iter().cloned());
    }

    /// A second writer that begins with the same blocks; each copies what it writes.
    pub(super) fn fork(&mut self) -> Self {
        self.own.fill(false);
        let own = vec![false; self.table.len()];
        Self { table: self.table.clone(), own, retired: VecDeque::new() }
    }

    /// Takes over the blocks of the writer that this one was forked from: those that it neither uses
    /// nor retired itself are for later copies. O(n log n) in the blocks.
    pub(super) fn succeed(&mut self, old: Self) {
        // A block that stood among the retired twice would count as held for ever.
        let mut known: Vec<_> = self.table.iter().chain(&self.retired).map(Arc::as_ptr).collect();
        known.sort_unstable();
        let olds = old.retired.into_iter().chain(old.table);
        self.retired.extend(olds.filter(|block| known.binary_search(&Arc::as_ptr(block)).is_err()));
    }

    /// Keeps the memory of all blocks that no snapshot holds, for later.
    pub(super) fn clear(&mut self) {
        self.retired.extend(self.table.drain(..));
        self.own.clear();
    }

    /// Replaces a shared block by a copy of its own.
    #[cold]
    fn copy(&mut self, block: usize) {
        let old = &mut self.table[block];
        // The snapshots that held it may be gone.
        if Arc::get_mut(old).is_none() {
            let mut new = self.retired.iter_mut().take(ASKED);
            let free = new.position(|block| Arc::get_mut(block).is_some());
            let mut new = match free.and_then(|at| self.retired.swap_remove_front(at)) {
                Some(block) => block,
                None => zeroed(),
            };
            let old = &mut self.table[block];
            if let Some(target) = Arc::get_mut(&mut new) {
                *target = **old;
            }
            self.retired.push_back(core::mem::replace(old, new));
        }
        self.own[block] = true;
    }

    /// A retired block that nothing else holds.
    fn spare(&mut self) -> Option<Arc<Block<B>>> {
        let mut retired = self.retired.iter_mut().take(ASKED);
        let free = retired.position(|block| Arc::get_mut(block).is_some())?;
        self.retired.swap_remove_front(free)
    }

    /// The bytes of all blocks that the writer reaches, those held by snapshots included.
    pub(super) fn memory_bytes(&self) -> usize {
        (self.table.len() + self.retired.len()) * size_of::<Block<B>>()
            + (self.table.capacity() + self.retired.capacity()) * size_of::<usize>()
            + self.own.capacity()
    }

    /// The bytes of replaced blocks that snapshots still hold.
    pub(super) fn retained_bytes(&self) -> usize {
        let held = self.retired.iter().filter(|block| Arc::strong_count(block) > 1).count();
        held * size_of::<Block<B>>()
    }

    /// Gives memory back: of the retired blocks that no snapshot holds, all but `keep`.
    pub(super) fn trim(&mut self, keep: usize) {
        let mut free = 0;
        self.retired.retain(|block| {
            free += usize::from(Arc::strong_count(block) == 1);
            free <= keep || Arc::strong_count(block) > 1
        });
    }
}

impl<B: Zeroable + Copy> Clone for Blocks<B> {
    fn clone(&self) -> Self {
        let table: Table<B> = self.table.iter().map(|block| Arc::new(**block)).collect();
        let own = vec![true; table.len()];
        Self { table, own, retired: VecDeque::new() }
    }
}

/// A block of zeros that nothing else holds.
fn zeroed<B: Zeroable>() -> Arc<Block<B>> {
    // SAFETY: zeros are a value of every type that is `Zeroable`.
    unsafe { Arc::new_zeroed().assume_init() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_keeps_what_it_saw() {
        let mut blocks = Blocks::<u64>::new();
        for _ in 0..4 {
            blocks.grow();
        }
        for index in 0..256 {
            *blocks.bucket_mut(index) = u64::from(index);
        }
        let mut first = Table::new();
        blocks.share(&mut first);
        *blocks.bucket_mut(70) = 1_000;
        assert_eq!((*bucket(&first, 70), *blocks.bucket(70)), (70, 1_000));
        assert_eq!(blocks.retained_bytes(), size_of::<Block<u64>>(), "one block was copied");
        assert!(Arc::ptr_eq(&first[0], &blocks.table()[0]));

        let mut second = Table::new();
        blocks.share(&mut second);
        blocks.share(&mut first);
        assert_eq!(blocks.retained_bytes(), 0);
        let before = blocks.memory_bytes();
        *blocks.bucket_mut(71) = 2_000;
        assert_eq!(blocks.memory_bytes(), before, "the retired block is used again");
        assert_eq!((*bucket(&second, 71), *bucket(&first, 70)), (71, 1_000));
        drop((first, second));
        *blocks.bucket_mut(72) = 3;
        blocks.trim(0);
        assert_eq!(blocks.memory_bytes() / size_of::<Block<u64>>(), 4);
        assert_eq!((0..256).filter(|&i| *blocks.bucket(i) == u64::from(i)).count(), 253);
    }
}
