//! Which slots are free.

/// A set of slots of which the lowest is found in constant time: a bit a slot, and above every 64
/// words a word that says which of them hold any.
///
/// The lowest free slot is always the next: so the slots of future objects follow from which are
/// taken alone, and a store that was reopened gives the same ids as one that never closed.
#[derive(Clone, Debug, Default)]
pub(super) struct FreeSlots {
    /// `levels[0]` has a bit a slot; `levels[n + 1]` has a bit for each word of `levels[n]`.
    levels: [Vec<u64>; 6],
}

impl FreeSlots {
    pub(super) const fn new() -> Self {
        Self { levels: [const { Vec::new() }; 6] }
    }

    /// Adds `slot`.
    pub(super) fn insert(&mut self, slot: u32) {
        let mut at = slot as usize;
        for level in &mut self.levels {
            let (word, bit) = (at / 64, at % 64);
            if level.len() <= word {
                level.resize(word + 1, 0);
            }
            let was = level[word];
            level[word] |= 1 << bit;
            if was != 0 {
                return;
            }
            at = word;
        }
    }

    /// Takes `slot` out, if it is there.
    pub(super) fn remove(&mut self, slot: u32) {
        let mut at = slot as usize;
        for level in &mut self.levels {
            let (word, bit) = (at / 64, at % 64);
            let Some(word_of) = level.get_mut(word) else { return };
            *word_of &= !(1 << bit);
            if *word_of != 0 {
                return;
            }
            at = word;
        }
    }

    /// The lowest slot that is at least `from`.
    pub(super) fn first_from(&self, from: u32) -> Option<u32> {
        let mut at = from as usize;
        for height in 0..self.levels.len() {
            // The rest of this word; else climb and look right of it.
            let word = self.levels[height].get(at / 64)? & (u64::MAX << (at % 64));
            if word != 0 {
                at = at / 64 * 64 + word.trailing_zeros() as usize;
                for level in self.levels[..height].iter().rev() {
                    at = at * 64 + level.get(at)?.trailing_zeros() as usize;
                }
                return u32::try_from(at).ok();
            }
            at = at / 64 + 1;
        }
        None
    }

    /// The bytes that it holds.
    pub(super) fn memory_bytes(&self) -> usize {
        self.levels.iter().map(|level| level.capacity() * size_of::<u64>()).sum()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_is_an_ordered_set(steps in proptest::collection::vec(
            (any::<bool>(), prop_oneof![0u32..200, 0u32..300_000], 0u32..300_000), 1..200))
        {
            let (mut free, mut oracle) = (FreeSlots::new(), BTreeSet::new());
            for (put, slot, from) in steps {
                if put {
                    free.insert(slot);
                    oracle.insert(slot);
                } else {
                    free.remove(slot);
                    oracle.remove(&slot);
                }
                for from in [0, from, slot] {
                    prop_assert_eq!(free.first_from(from), oracle.range(from..).next().copied());
                }
            }
        }
    }
}
