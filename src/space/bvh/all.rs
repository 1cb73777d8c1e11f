//! All hits up to a distance.

use bytemuck::Zeroable;

use super::extent::Extent;
use super::first::Measure;
use super::lanes::{Eight, Lanes, Operation};
use super::page::Bucket;
use super::select::Select;
use super::tree::Tree;
use super::walk::walk;
use super::workspace::{Hit, Workspace};

/// All items of at most `limit` in two trees, in the order (distance, key, slot); leaves them in
/// the workspace's `hits`.
pub(super) struct All<'a, 'w, E: Extent, M, S> {
    pub(super) trees: [Tree<'a, E>; 2],
    pub(super) measure: M,
    pub(super) limit: f32,
    pub(super) select: &'a S,
    pub(super) work: &'w mut Workspace,
}

impl<E: Extent, M: Measure, S: Select> Operation for All<'_, '_, E, M, S> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self) {
        let Self { trees, measure, limit, select, work } = self;
        let Workspace { waiting, hits, .. } = work;
        let mut found = 0;
        for tree in trees {
            walk::<L, E>(
                tree,
                waiting,
                |node| measure.measure::<_, L>(node).at_most(L::splat(limit)),
                |page| {
                    let distances: L = measure.measure(page);
                    let near = distances.at_most(L::splat(limit));
                    let out = room(hits, found);
                    distances.pack_ranks(page.ids(), near, bytemuck::cast_mut(out));
                    let count = near.count_ones() as usize;
                    found += accepted(&mut out[..count], select, |hit| hit.slot);
                },
            );
        }
        hits.truncate(found);
        sort::<L, S>(hits, select);
    }
}

/// Room for sixteen behind the first `found` of a list that grows.
#[inline(always)]
pub(super) fn room<T: Copy + Zeroable>(list: &mut Vec<T>, found: usize) -> &mut [T; 16] {
    if list.len() < found + 16 {
        grow(list, found + 16);
    }
    &mut list[found..].as_chunks_mut().0[0]
}

/// Makes a list at least so long, within its capacity where that is enough.
#[inline(never)]
fn grow<T: Copy + Zeroable>(list: &mut Vec<T>, least: usize) {
    let most = if least <= list.capacity() { list.capacity() } else { usize::MAX };
    list.resize(least.max(2 * list.len()).max(64).min(most), T::zeroed());
}

/// Moves what is accepted to the front; returns how many those are.
#[inline(always)]
pub(super) fn accepted<T: Copy, S: Select>(
    list: &mut [T],
    select: &S,
    slot: impl Fn(&T) -> u32,
) -> usize {
    if S::EVERY {
        return list.len();
    }
    let mut kept = 0;
    for at in 0..list.len() {
        let item = list[at];
        list[kept] = item;
        kept += usize::from(select.accepts(slot(&item)));
    }
    kept
}

/// Sorts by (distance, key, slot): first by one integer of distance and slot, since distances are
/// not negative and order as their bits do; then each run of equal distances by key.
#[inline(always)]
fn sort<L: Lanes, S: Select>(hits: &mut [Hit], select: &S) {
    if hits.len() <= COUNTED {
        // Each hit's place is the number of those before it: eight at a time, and no branch to guess.
        let mut ranks = [[u64::MAX >> 1; 8]; COUNTED / 8];
        for (rank, hit) in ranks.as_flattened_mut().iter_mut().zip(&*hits) {
            *rank = hit.rank();
        }
        let used = &ranks[..hits.len().div_ceil(8)];
        for &rank in &ranks.as_flattened()[..hits.len()] {
            hits[L::Eight::count_below(used, rank)] = Hit::of_rank(rank);
        }
    } else {
        hits.sort_unstable_by_key(|hit| hit.rank());
    }
    if S::BY_SLOT {
        return;
    }
    for run in hits.chunk_by_mut(|a, b| a.distance_squared == b.distance_squared) {
        if run.len() > 1 {
            run.sort_unstable_by_key(|hit| (select.key(hit.slot), hit.slot));
        }
    }
}

/// Up to here, counting what comes before each hit costs less than sorting.
pub(super) const COUNTED: usize = 64;
