//! All hits up to a distance.

use super::extent::Extent;
use super::first::Measure;
use super::lanes::{Eight, Lanes, Operation, set_lanes};
use super::page::Bucket;
use super::select::Select;
use super::tree::Tree;
use super::walk::walk;
use super::workspace::{Hit, Visit, Workspace};

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
        let Workspace { stack, hits, .. } = work;
        hits.clear();
        for tree in trees {
            collect::<L, E, M, S>(tree, measure, limit, select, stack, hits);
        }
        sort::<L, S>(hits, select);
    }
}

#[inline(always)]
fn collect<L: Lanes, E: Extent, M: Measure, S: Select>(
    tree: Tree<'_, E>,
    measure: M,
    limit: f32,
    select: &S,
    stack: &mut Vec<Visit>,
    hits: &mut Vec<Hit>,
) {
    walk(
        tree,
        stack,
        |node| measure.measure::<_, L>(node).at_most(L::splat(limit)),
        |page| {
            let distances: L = measure.measure(page);
            let near = distances.at_most(L::splat(limit));
            hits.reserve(16);
            let distances = distances.to_array();
            for lane in set_lanes(near) {
                let slot = page.id(lane);
                if select.accepts(slot) {
                    hits.push(Hit { slot, distance_squared: distances[lane] });
                }
            }
        },
    );
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
const COUNTED: usize = 64;
