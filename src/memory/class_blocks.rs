//! Where objects of each class are.
//!
//! Of each class, a bit for each block of slots in which at least one object of it lives. Slots come and
//! go with objects that are near each other in time, so a class that has few objects has them in few
//! blocks: to list them costs a look at those. A bit for a block of 256 slots is 0.004 bits a slot and
//! class; a class whose objects are everywhere would gain nothing from finer ones.

use std::sync::Arc;

use super::class::ClassId;
use super::filter::Filter;
use super::pages::{Pages, entry};

/// Classes in a block of the table.
pub(super) const CLASSES: usize = 64;

/// The blocks of one class; none where it has no objects. Shared with snapshots, and copied before it is
/// written while one holds it.
#[derive(Clone, Debug, Default)]
pub(super) struct ClassBits(Option<Arc<Vec<u64>>>);

impl ClassBits {
    fn words(&self) -> &[u64] {
        self.0.as_deref().map_or(&[], |words| words)
    }

    fn has(&self, block: usize) -> bool {
        self.words().get(block / 64).is_some_and(|word| word >> (block % 64) & 1 == 1)
    }

    fn bytes(&self) -> usize {
        self.0
            .as_ref()
            .map_or(0, |words| words.capacity() * size_of::<u64>() + size_of::<Vec<u64>>())
    }
}

/// An object of `class` lives in `block` from now on.
#[inline]
pub(super) fn insert(bits: &mut Pages<ClassBits, CLASSES>, class: ClassId, block: usize) {
    let class = u32::from(class.index());
    // Mostly it is known already: then nothing is written, and no block copied.
    if entry(bits.blocks(), class).is_some_and(|bits| bits.has(block)) {
        return;
    }
    bits.grow_to(class);
    let Some(ClassBits(words)) = bits.entry_mut(class) else { return };
    let words = Arc::make_mut(words.get_or_insert_default());
    if words.len() <= block / 64 {
        words.resize(block / 64 + 1, 0);
    }
    words[block / 64] |= 1 << (block % 64);
}

/// No object of `class` lives in `block` any more.
pub(super) fn remove(bits: &mut Pages<ClassBits, CLASSES>, class: ClassId, block: usize) {
    let Some(ClassBits(words)) = bits.entry_mut(class.index().into()) else { return };
    let Some(shared) = words else { return };
    let own = Arc::make_mut(shared);
    if let Some(word) = own.get_mut(block / 64) {
        *word &= !(1 << (block % 64));
    }
    if own.iter().all(|&word| word == 0) {
        *words = None;
    }
}

/// The bytes beside the table's own.
pub(super) fn bytes(bits: &Pages<ClassBits, CLASSES>) -> usize {
    bits.blocks().iter().flat_map(|block| block.iter()).map(ClassBits::bytes).sum()
}

/// A bit for each block in which an object that `filter` accepts lives, into `union`. O(classes), and a
/// word for 64 blocks of each class that it accepts.
pub(super) fn blocks_of(bits: &[Arc<[ClassBits; CLASSES]>], filter: &Filter, union: &mut Vec<u64>) {
    union.clear();
    let classes = (0..=u16::MAX).map(ClassId::new).zip(bits.iter().flat_map(|block| block.iter()));
    for (_, bits) in classes.filter(|&(class, _)| filter.accepts(class)) {
        let words = bits.words();
        if union.len() < words.len() {
            union.resize(words.len(), 0);
        }
        union.iter_mut().zip(words).for_each(|(all, word)| *all |= word);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::super::pages::Blocks;
    use super::*;

    proptest! {
        #[test]
        fn a_snapshot_keeps_the_blocks_that_it_saw(
            steps in proptest::collection::vec((any::<bool>(), 0u16..70, 0usize..300), 1..200),
            share_at in 0usize..200, asked in proptest::collection::vec(0u16..80, 0..6), except: bool,
        ) {
            let (mut bits, mut plain) = (Pages::new(), BTreeSet::new());
            let (mut seen, mut seen_plain) = (Blocks::new(), BTreeSet::new());
            for (at, (put, class, block)) in steps.into_iter().enumerate() {
                if put {
                    insert(&mut bits, ClassId::new(class), block);
                    plain.insert((class, block));
                } else if plain.remove(&(class, block)) {
                    remove(&mut bits, ClassId::new(class), block);
                }
                if at == share_at {
                    bits.share(&mut seen);
                    seen_plain.clone_from(&plain);
                }
            }
            let asked = asked.into_iter().map(ClassId::new);
            let filter = if except { Filter::except(asked) } else { Filter::only(asked) };
            for (bits, plain) in [(bits.blocks(), &plain), (&seen[..], &seen_plain)] {
                let mut union = vec![7];
                blocks_of(bits, &filter, &mut union);
                let found = (0..64 * union.len()).filter(|at| union[at / 64] >> (at % 64) & 1 == 1);
                let of = plain.iter().filter(|(class, _)| filter.accepts(ClassId::new(*class)));
                let expected: BTreeSet<_> = of.map(|&(_, block)| block).collect();
                prop_assert_eq!(found.collect::<BTreeSet<_>>(), expected);
            }
        }
    }
}
