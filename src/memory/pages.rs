//! Tables in blocks that a writer and any number of snapshots share.
//!
//! A table points to blocks of `N` entries. [`Pages::share`] copies the table, not the blocks; from
//! then on the writer copies a block before it first writes into it, and only that one. What it
//! replaced waits among the retired, and is the target of a later copy once no snapshot holds it: so
//! a writer in a steady state allocates nothing, and neither side waits.
#![expect(unsafe_code, reason = "writing into a shared block that nothing else holds")]

use std::collections::VecDeque;
use std::sync::Arc;

/// The blocks of a writer or of a snapshot.
pub(super) type Blocks<T, const N: usize> = Vec<Arc<[T; N]>>;

/// The writer's table.
#[derive(Debug)]
pub(super) struct Pages<T, const N: usize> {
    blocks: Blocks<T, N>,
    /// By block: whether nothing but `blocks` holds it.
    own: Vec<bool>,
    /// Blocks that were replaced by a copy, oldest first.
    retired: VecDeque<Arc<[T; N]>>,
    /// How many blocks were copied since the last trim, and the most of late.
    copied: usize,
    spare: usize,
}

/// What part of the spare blocks that were not needed a frame gives back.
const SLOWLY: usize = 64;

/// How many of the oldest retired blocks a copy asks whether they are free.
const ASKED: usize = 4;

/// The entry `index` of a table.
#[inline(always)]
pub(super) fn entry<T, const N: usize>(blocks: &[Arc<[T; N]>], index: u32) -> Option<&T> {
    let index = index as usize;
    blocks.get(index / N).map(|block| &block[index % N])
}

impl<T: Clone + Default, const N: usize> Pages<T, N> {
    pub(super) const fn new() -> Self {
        Self { blocks: Vec::new(), own: Vec::new(), retired: VecDeque::new(), copied: 0, spare: 0 }
    }

    /// A writer's table that begins with what a snapshot holds.
    pub(super) fn forked(blocks: &Blocks<T, N>) -> Self {
        let own = vec![false; blocks.len()];
        Self { blocks: blocks.clone(), own, retired: VecDeque::new(), copied: 0, spare: 0 }
    }

    #[inline(always)]
    pub(super) fn blocks(&self) -> &[Arc<[T; N]>] {
        &self.blocks
    }

    /// How many entries the blocks have room for.
    #[inline]
    pub(super) const fn capacity(&self) -> usize {
        self.blocks.len() * N
    }

    /// Adds blocks of defaults until there is an entry `index`.
    pub(super) fn grow_to(&mut self, index: u32) {
        while self.capacity() <= index as usize {
            self.blocks.push(Self::fresh());
            self.own.push(true);
        }
    }

    /// A block of defaults, written where it lies: an array would be made on the stack and copied.
    fn fresh() -> Arc<[T; N]> {
        let block: Arc<[T]> = (0..N).map(|_| T::default()).collect();
        // It has N entries, so the other way is never taken.
        block.try_into().unwrap_or_else(|_| Arc::new(core::array::from_fn(|_| T::default())))
    }

    /// The entry `index`, to be written; `None` beyond the blocks.
    #[inline(always)]
    pub(super) fn entry_mut(&mut self, index: u32) -> Option<&mut T> {
        let (block, at) = (index as usize / N, index as usize % N);
        if !*self.own.get(block)? {
            self.copy(block);
        }
        let block: *const [T; N] = Arc::as_ptr(&self.blocks[block]);
        // SAFETY: `own` is true only for a block that this table alone points to: it was made or
        // copied here, and `share`, the only place that clones a pointer of the table, sets it to
        // false. No weak pointer is ever made. So this is the block's only access for as long as
        // `self` is borrowed.
        Some(unsafe { &mut (*block.cast_mut())[at] })
    }

    /// Makes `target` point to the same blocks. Only blocks that changed since it last did are
    /// counted up and down.
    pub(super) fn share(&mut self, target: &mut Blocks<T, N>) {
        self.own.fill(false);
        target.truncate(self.blocks.len());
        for (theirs, ours) in target.iter_mut().zip(&self.blocks) {
            if !Arc::ptr_eq(theirs, ours) {
                theirs.clone_from(ours);
            }
        }
        target.extend(self.blocks[target.len()..].iter().cloned());
    }

    /// Replaces a shared block by a copy of its own.
    #[cold]
    fn copy(&mut self, block: usize) {
        // The snapshots that held it may be gone.
        if Arc::get_mut(&mut self.blocks[block]).is_none() {
            let mut retired = self.retired.iter_mut().take(ASKED);
            let free = retired.position(|block| Arc::get_mut(block).is_some());
            let old = &mut self.blocks[block];
            let new = match free.and_then(|at| self.retired.swap_remove_front(at)) {
                Some(mut new) => {
                    if let Some(target) = Arc::get_mut(&mut new) {
                        target.clone_from(old);
                    }
                    new
                }
                None => Arc::new(<[T; N]>::clone(old)),
            };
            self.retired.push_back(core::mem::replace(old, new));
            self.copied += 1;
        }
        self.own[block] = true;
    }

    /// The bytes of all blocks that the writer reaches, those held by snapshots included.
    pub(super) fn memory_bytes(&self) -> usize {
        (self.blocks.len() + self.retired.len()) * size_of::<[T; N]>()
            + (self.blocks.capacity() + self.retired.capacity()) * size_of::<usize>()
            + self.own.capacity()
    }

    /// The bytes of replaced blocks that snapshots still hold.
    pub(super) fn retained_bytes(&self) -> usize {
        let held = self.retired.iter().filter(|block| Arc::strong_count(block) > 1).count();
        held * size_of::<[T; N]>()
    }

    /// Ends a frame and gives memory back: of the retired blocks that no snapshot holds, it keeps as
    /// many as frames of late copied, with a margin for the few that rest for long and then come in
    /// several frames after each other, each while the published states still hold the last one's.
    pub(super) fn trim(&mut self) {
        let wanted = self.copied + self.copied / 4 + ASKED;
        self.spare = wanted.max(self.spare - self.spare.div_ceil(SLOWLY));
        self.copied = 0;
        let (mut free, keep) = (0, self.spare);
        self.retired.retain(|block| {
            let held = Arc::strong_count(block) > 1;
            free += usize::from(!held);
            held || free <= keep
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_keeps_what_it_saw_and_gives_its_blocks_back() {
        let mut pages = Pages::<Arc<str>, 4>::new();
        pages.grow_to(9);
        assert_eq!(pages.capacity(), 12);
        for index in 0..12 {
            *pages.entry_mut(index).unwrap() = index.to_string().into();
        }
        let mut first = Blocks::new();
        pages.share(&mut first);
        *pages.entry_mut(5).unwrap() = "new".into();
        assert_eq!(&**entry(&first, 5).unwrap(), "5");
        assert_eq!(&**entry(pages.blocks(), 5).unwrap(), "new");
        assert_eq!(pages.retained_bytes(), size_of::<[Arc<str>; 4]>(), "one block was copied");
        assert!(Arc::ptr_eq(&first[0], &pages.blocks()[0]));

        let mut second = Blocks::new();
        pages.share(&mut second);
        pages.share(&mut first);
        assert_eq!(pages.retained_bytes(), 0);
        let before = pages.memory_bytes();
        *pages.entry_mut(6).unwrap() = "newer".into();
        assert_eq!(pages.memory_bytes(), before, "the retired block is used again");
        assert_eq!(&**entry(&second, 6).unwrap(), "6");
        pages.share(&mut second);
        let mut fork = Pages::forked(&second);
        *fork.entry_mut(7).unwrap() = "mine".into();
        assert_eq!(&**entry(&second, 7).unwrap(), "7");
        drop((first, second, fork));
        for _ in 0..1_000 {
            pages.trim();
        }
        assert!(pages.retired.len() <= 2);
        assert!(entry(pages.blocks(), 12).is_none() && pages.entry_mut(12).is_none());
    }
}
