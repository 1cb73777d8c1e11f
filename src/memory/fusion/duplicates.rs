//! Two objects that turn out to be one.

use crate::memory::object::ObjectId;

/// Pairs of objects so close together that they may be one thing, and for how many observations in a
/// row only one of the two was seen.
///
/// Two things that pass each other are close for a moment; a thing that is remembered twice stays so,
/// and no two observations are ever of both at once. So a pair is counted while one of the two is
/// seen and the other not, and forgotten when both are, or when they part.
#[derive(Debug, Default)]
pub(super) struct Duplicates {
    /// Sorted by the two ids.
    pairs: Vec<Suspects>,
    batch: u32,
}

#[derive(Clone, Copy, Debug)]
struct Suspects {
    seen: ObjectId,
    unseen: ObjectId,
    count: u16,
    batch: u32,
}

/// The most pairs that are watched at once.
const MAX_PAIRS: usize = 1_024;

impl Duplicates {
    /// A batch of observations begins.
    pub(super) fn begin(&mut self) {
        self.batch = self.batch.wrapping_add(1);
    }

    /// `seen` was observed where `unseen` is, which was not; how often in a row by now. O(log n), and
    /// a move of what is behind for a new pair.
    pub(super) fn count(&mut self, seen: ObjectId, unseen: ObjectId) -> u16 {
        let found =
            self.pairs.binary_search_by_key(&(seen, unseen), |pair| (pair.seen, pair.unseen));
        match found {
            Ok(at) => {
                let pair = &mut self.pairs[at];
                if pair.batch != self.batch {
                    pair.batch = self.batch;
                    pair.count = pair.count.saturating_add(1);
                }
                pair.count
            }
            Err(at) => {
                if self.pairs.len() < MAX_PAIRS {
                    self.pairs.insert(at, Suspects { seen, unseen, count: 1, batch: self.batch });
                }
                1
            }
        }
    }

    /// The batch ends: of the pairs whose first was observed (`was_seen`), those that were not counted
    /// are forgotten, and those whose first is gone.
    pub(super) fn end(
        &mut self,
        mut was_seen: impl FnMut(ObjectId) -> bool,
        mut lives: impl FnMut(ObjectId) -> bool,
    ) {
        let batch = self.batch;
        self.pairs.retain(|pair| {
            (pair.batch == batch || !was_seen(pair.seen)) && lives(pair.seen) && lives(pair.unseen)
        });
    }
}

#[cfg(test)]
mod tests {
    use core::num::NonZeroU32;

    use super::*;

    fn id(slot: u32) -> ObjectId {
        ObjectId::new(slot, NonZeroU32::MIN)
    }

    #[test]
    fn only_what_stays_is_counted() {
        let mut duplicates = Duplicates::default();
        for expected in 1..=3 {
            duplicates.begin();
            assert_eq!(duplicates.count(id(1), id(2)), expected);
            assert_eq!(duplicates.count(id(1), id(2)), expected, "once a batch");
            duplicates.end(|_| true, |_| true);
        }
        // A batch without either says nothing.
        duplicates.begin();
        duplicates.end(|_| false, |_| true);
        duplicates.begin();
        assert_eq!(duplicates.count(id(1), id(2)), 4);
        duplicates.end(|_| true, |_| true);
        // One in which the first was seen elsewhere parts them.
        duplicates.begin();
        duplicates.end(|seen| seen == id(1), |_| true);
        duplicates.begin();
        assert_eq!(duplicates.count(id(1), id(2)), 1);
        duplicates.end(|_| true, |lives| lives != id(2));
        assert!(duplicates.pairs.is_empty());
    }

    #[test]
    fn no_more_pairs_than_the_most() {
        let mut duplicates = Duplicates::default();
        duplicates.begin();
        for slot in 0..2_000 {
            duplicates.count(id(slot), id(slot + 1));
        }
        assert_eq!(duplicates.pairs.len(), MAX_PAIRS);
        duplicates.end(|_| true, |_| true);
        duplicates.begin();
        duplicates.end(|_| true, |_| true);
        assert!(duplicates.pairs.is_empty());
    }
}
