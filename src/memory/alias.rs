//! Ids of objects that were merged into others.

use std::collections::{BTreeMap, VecDeque};

use super::object::ObjectId;

/// Which object an id that was merged names since. The oldest are forgotten beyond a limit.
#[derive(Clone, Debug, Default)]
pub(super) struct Aliases {
    into: BTreeMap<ObjectId, ObjectId>,
    /// In the order of their merging.
    order: VecDeque<ObjectId>,
}

impl Aliases {
    /// Notes that `old` was merged into `into`, and forgets the oldest beyond `max`.
    pub(super) fn push(&mut self, old: ObjectId, into: ObjectId, max: usize) {
        if self.into.insert(old, into).is_none() {
            self.order.push_back(old);
        }
        while self.order.len() > max {
            if let Some(oldest) = self.order.pop_front() {
                self.into.remove(&oldest);
            }
        }
    }

    /// What `id` was merged into, through later merges too; `id` itself where it was not.
    pub(super) fn resolve(&self, id: ObjectId) -> ObjectId {
        let mut id = id;
        // An id is merged once and ids never return, so there is no cycle; a store from outside
        // might have one.
        for _ in 0..=self.order.len() {
            match self.into.get(&id) {
                Some(&into) => id = into,
                None => break,
            }
        }
        id
    }

    pub(super) fn len(&self) -> usize {
        self.order.len()
    }

    /// Old and new ids, in the order of their merging.
    pub(super) fn iter(&self) -> impl Iterator<Item = (ObjectId, ObjectId)> {
        self.order.iter().filter_map(|&old| Some((old, *self.into.get(&old)?)))
    }
}

#[cfg(test)]
mod tests {
    use core::num::NonZeroU32;

    use super::*;

    #[test]
    fn chains_are_followed_and_the_oldest_forgotten() {
        let id = |slot| ObjectId::new(slot, NonZeroU32::MIN);
        let mut aliases = Aliases::default();
        aliases.push(id(1), id(2), 3);
        aliases.push(id(2), id(3), 3);
        assert_eq!((aliases.resolve(id(1)), aliases.resolve(id(9))), (id(3), id(9)));
        aliases.push(id(4), id(3), 3);
        aliases.push(id(5), id(3), 3);
        assert_eq!((aliases.resolve(id(1)), aliases.resolve(id(2))), (id(1), id(3)));
        assert_eq!(aliases.iter().count(), 3);
        aliases.push(id(6), id(7), 9);
        aliases.push(id(7), id(6), 9);
        aliases.resolve(id(6)); // ends
    }
}
