//! The best hits so far.

use super::lanes::Eight;
use super::select::Select;
use super::workspace::Hit;

/// What a search for the first hits gathers them in.
pub(super) trait Collect {
    /// What lies farther than this is not among the best. An equal distance may be, by its key.
    fn bound(&self) -> f32;

    /// Takes in a hit of at most [`bound`](Self::bound), if it is among the best so far.
    fn offer<S: Select>(&mut self, hit: Hit, select: &S);
}

/// The first hit by (d², key, slot).
#[derive(Clone, Copy)]
pub(super) struct One {
    hit: Option<Hit>,
    bound: f32,
}

impl One {
    /// Nothing yet of at most `limit`.
    #[inline(always)]
    pub(super) fn new(limit: f32) -> Self {
        Self { hit: None, bound: limit }
    }

    /// What was found.
    #[inline(always)]
    pub(super) fn hit(self) -> impl Iterator<Item = Hit> {
        self.hit.into_iter()
    }
}

impl Collect for One {
    #[inline(always)]
    fn bound(&self) -> f32 {
        self.bound
    }

    #[inline(always)]
    fn offer<S: Select>(&mut self, hit: Hit, select: &S) {
        if self.hit.is_none_or(|best| precedes(hit, best, select)) {
            self.bound = hit.distance_squared;
            self.hit = Some(hit);
        }
    }
}

/// The few first hits by (d², slot), sorted in a register.
#[derive(Clone, Copy)]
pub(super) struct Few<V> {
    ranks: V,
    k: usize,
    bound: f32,
    /// Whether equal distances matter, since their order is not that of the slots.
    watch: bool,
    tied: bool,
}

impl<V: Eight> Few<V> {
    /// How many it may hold.
    pub(super) const MOST: usize = 8;

    /// Nothing yet of the first `k` hits of at most `limit`.
    #[inline(always)]
    pub(super) fn new(k: usize, limit: f32, watch: bool) -> Self {
        // No slot is as large: an empty place comes after every hit at the limit.
        let none = Hit { slot: u32::MAX, distance_squared: limit };
        Self { ranks: V::splat(none.rank()), k, bound: limit, watch, tied: false }
    }

    /// Whether two offered hits that may be among the best had the same distance, and that matters:
    /// then the slots' order may not be the keys'. The second of two such finds the first among the
    /// best, or it would lie beyond the bound.
    #[inline(always)]
    pub(super) fn is_tied(&self) -> bool {
        self.tied
    }

    /// What was found, in order.
    #[inline(always)]
    pub(super) fn hits(&self) -> impl Iterator<Item = Hit> {
        let hits = self.ranks.to_array().into_iter().take(self.k).map(Hit::of_rank);
        hits.filter(|hit| hit.slot != u32::MAX)
    }
}

impl<V: Eight> Collect for Few<V> {
    #[inline(always)]
    fn bound(&self) -> f32 {
        self.bound
    }

    #[inline(always)]
    fn offer<S: Select>(&mut self, hit: Hit, _: &S) {
        if self.watch {
            self.tied |= self.ranks.has_upper(hit.distance_squared.to_bits());
        }
        self.ranks = self.ranks.insert(hit.rank());
        self.bound = f32::from_bits((self.ranks.at(self.k - 1) >> 32) as u32);
    }
}

/// The `k` first hits by (d², key, slot) among those offered.
///
/// Few are kept sorted; many as a heap with the last one on top, sorted at the end.
#[derive(Clone, Debug, Default)]
pub(super) struct Best {
    hits: Vec<Hit>,
    k: usize,
    limit: f32,
}

/// Up to here, moving a sorted list costs less than a heap's scattered comparisons.
const SORTED: usize = 48;

/// Whether `a` comes before `b`. Keys are asked only where the distances are equal.
#[inline]
pub(super) fn precedes<S: Select>(a: Hit, b: Hit, select: &S) -> bool {
    if a.distance_squared != b.distance_squared {
        return a.distance_squared < b.distance_squared;
    }
    (select.key(a.slot), a.slot) < (select.key(b.slot), b.slot)
}

impl Best {
    /// Room for `hits` in all.
    pub(super) fn reserve(&mut self, hits: usize) {
        self.hits.reserve(hits.saturating_sub(self.hits.len()));
    }

    /// Starts over: the first `k` hits of at most `limit` squared distance.
    pub(super) fn start(&mut self, k: usize, limit: f32) {
        self.hits.clear();
        self.k = k;
        self.limit = limit;
    }

    /// Other hits, in order, instead.
    #[inline(always)]
    pub(super) fn take(&mut self, hits: impl Iterator<Item = Hit>) {
        self.hits.clear();
        self.hits.extend(hits);
    }

    /// The best, in order once finished.
    #[inline]
    pub(super) fn hits(&self) -> &[Hit] {
        &self.hits
    }

    /// Puts the best in order.
    pub(super) fn finish<S: Select>(&mut self, select: &S) {
        if self.k > SORTED {
            self.hits.sort_unstable_by(|&a, &b| {
                if precedes(a, b, select) {
                    core::cmp::Ordering::Less
                } else {
                    core::cmp::Ordering::Greater
                }
            });
        }
    }

    #[inline]
    fn offer_sorted<S: Select>(&mut self, hit: Hit, select: &S) {
        let mut at = self.hits.len();
        if at < self.k {
            self.hits.push(hit);
        } else {
            match self.hits.last_mut() {
                Some(last) if precedes(hit, *last, select) => *last = hit,
                _ => return,
            }
            at -= 1;
        }
        while at > 0 && precedes(hit, self.hits[at - 1], select) {
            self.hits[at] = self.hits[at - 1];
            at -= 1;
        }
        self.hits[at] = hit;
        if self.hits.len() == self.k
            && let Some(last) = self.hits.last()
        {
            self.limit = last.distance_squared;
        }
    }

    fn offer_heap<S: Select>(&mut self, hit: Hit, select: &S) {
        if self.hits.len() < self.k {
            self.hits.push(hit);
            let mut at = self.hits.len() - 1;
            while at > 0 && precedes(self.hits[(at - 1) / 2], hit, select) {
                self.hits[at] = self.hits[(at - 1) / 2];
                at = (at - 1) / 2;
            }
            self.hits[at] = hit;
        } else if precedes(hit, self.hits[0], select) {
            let mut at = 0;
            loop {
                let mut child = 2 * at + 1;
                if child >= self.hits.len() {
                    break;
                }
                if child + 1 < self.hits.len()
                    && precedes(self.hits[child], self.hits[child + 1], select)
                {
                    child += 1;
                }
                if !precedes(hit, self.hits[child], select) {
                    break;
                }
                self.hits[at] = self.hits[child];
                at = child;
            }
            self.hits[at] = hit;
        }
        if self.hits.len() == self.k {
            self.limit = self.hits[0].distance_squared;
        }
    }
}

impl Collect for Best {
    #[inline]
    fn bound(&self) -> f32 {
        self.limit
    }

    #[inline]
    fn offer<S: Select>(&mut self, hit: Hit, select: &S) {
        if self.k <= SORTED {
            self.offer_sorted(hit, select);
        } else {
            self.offer_heap(hit, select);
        }
    }
}
