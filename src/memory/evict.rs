//! Whom a full memory lets go first.

use core::cmp::Ordering;

use super::object::ObjectId;
use crate::time::Time;

/// The order in which objects leave a full memory: the least persistent first, among those the one
/// not seen for the longest time, then the lowest id.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Worth {
    /// The bits of the persistence, which is not negative, so that they order as it does.
    persistence: u32,
    last_seen: Time,
    id: ObjectId,
}

impl Worth {
    /// `persistence` is 0 to 1.
    #[inline]
    pub(crate) fn new(persistence: f32, last_seen: Time, id: ObjectId) -> Self {
        // Adding zero makes of −0 the other one.
        Self { persistence: (persistence + 0.0).to_bits(), last_seen, id }
    }
}

/// All objects by slot in a heap of four children, the least worth on top.
///
/// It holds slots only, eight bytes an object; what they are worth is read from their records by the
/// closure that every operation takes, and which must have answered the same since the slot's last
/// [`set`](Self::set). O(log n) each, no scan.
#[derive(Clone, Debug, Default)]
pub(crate) struct EvictionOrder {
    heap: Vec<u32>,
    /// By slot: where it stands in the heap, or [`ABSENT`].
    places: Vec<u32>,
}

const ABSENT: u32 = u32::MAX;

impl EvictionOrder {
    /// How many objects it orders.
    #[cfg(test)]
    fn len(&self) -> usize {
        self.heap.len()
    }

    /// The bytes that it holds.
    pub(crate) fn memory_bytes(&self) -> usize {
        (self.heap.capacity() + self.places.capacity()) * size_of::<u32>()
    }

    /// The slot of the least worth.
    pub(crate) fn least(&self) -> Option<u32> {
        self.heap.first().copied()
    }

    /// Replaces all by `slots`, each given once. O(n).
    pub(crate) fn rebuild(
        &mut self,
        slots: impl Iterator<Item = u32>,
        worth: impl Fn(u32) -> Worth,
    ) {
        self.heap.clear();
        self.heap.extend(slots);
        let extent = self.heap.iter().max().map_or(0, |&slot| slot as usize + 1);
        self.places.clear();
        self.places.resize(extent, ABSENT);
        for (at, &slot) in (0..).zip(&self.heap) {
            self.places[slot as usize] = at;
        }
        for at in (0..self.heap.len().div_ceil(4)).rev() {
            self.sink(at, &worth);
        }
    }

    /// The object in `slot` is new, or its worth has changed.
    pub(crate) fn set(&mut self, slot: u32, worth: impl Fn(u32) -> Worth) {
        let at = match self.places.get(slot as usize) {
            Some(&at) if at != ABSENT => at as usize,
            _ => {
                self.heap.push(slot);
                self.place(slot, self.heap.len() - 1);
                self.heap.len() - 1
            }
        };
        let at = self.rise(at, &worth);
        self.sink(at, &worth);
    }

    /// The object in `slot` leaves; its worth is not asked. Whether it was there.
    pub(crate) fn remove(&mut self, slot: u32, worth: impl Fn(u32) -> Worth) -> bool {
        let Some(place) = self.places.get_mut(slot as usize).filter(|place| **place != ABSENT)
        else {
            return false;
        };
        let at = core::mem::replace(place, ABSENT) as usize;
        self.heap.swap_remove(at);
        if let Some(&moved) = self.heap.get(at) {
            self.place(moved, at);
            let at = self.rise(at, &worth);
            self.sink(at, &worth);
        }
        true
    }

    fn rise(&mut self, mut at: usize, worth: &impl Fn(u32) -> Worth) -> usize {
        let slot = self.heap[at];
        let own = worth(slot);
        while at > 0 {
            let above = (at - 1) / 4;
            if worth(self.heap[above]).cmp(&own) != Ordering::Greater {
                break;
            }
            self.heap[at] = self.heap[above];
            self.place(self.heap[at], at);
            at = above;
        }
        self.heap[at] = slot;
        self.place(slot, at);
        at
    }

    fn sink(&mut self, mut at: usize, worth: &impl Fn(u32) -> Worth) {
        let Some(&slot) = self.heap.get(at) else { return };
        let own = worth(slot);
        loop {
            let below = 4 * at + 1..(4 * at + 5).min(self.heap.len());
            let least = below.map(|at| (worth(self.heap[at]), at)).min();
            match least {
                Some((worth, child)) if worth < own => {
                    self.heap[at] = self.heap[child];
                    self.place(self.heap[at], at);
                    at = child;
                }
                _ => break,
            }
        }
        self.heap[at] = slot;
        self.place(slot, at);
    }

    fn place(&mut self, slot: u32, at: usize) {
        let slot = slot as usize;
        if self.places.len() <= slot {
            self.places.resize(slot + 1, ABSENT);
        }
        self.places[slot] = at as u32;
    }
}

#[cfg(test)]
mod tests {
    use core::num::NonZeroU32;
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn worth(slot: u32, (persistence, seen): (u8, i8)) -> Worth {
        let id = ObjectId::new(slot, NonZeroU32::MIN);
        Worth::new(f32::from(persistence) / 8.0, Time::from_nanos(i64::from(seen)), id)
    }

    #[test]
    fn the_order_is_persistence_then_sight_then_id() {
        assert!(worth(9, (0, 5)) < worth(1, (1, 0)));
        assert!(worth(9, (1, -3)) < worth(1, (1, 0)));
        assert!(worth(1, (1, 0)) < worth(2, (1, 0)));
        let id = ObjectId::new(1, NonZeroU32::MIN);
        assert_eq!(Worth::new(-0.0, Time::ZERO, id), Worth::new(0.0, Time::ZERO, id));
    }

    #[derive(Clone, Debug)]
    enum Step {
        Set(u32, (u8, i8)),
        Remove(u32),
        Evict,
        Rebuild,
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]

        #[test]
        fn they_leave_as_sorted(steps in proptest::collection::vec(
            prop_oneof![
                6 => (0u32..60, (0u8..=8, -3i8..3)).prop_map(|(slot, key)| Step::Set(slot, key)),
                2 => (0u32..60).prop_map(Step::Remove),
                2 => Just(Step::Evict),
                1 => Just(Step::Rebuild),
            ],
            1..200,
        )) {
            let mut order = EvictionOrder::default();
            let mut plain: BTreeMap<u32, (u8, i8)> = BTreeMap::new();
            for step in steps {
                match step {
                    Step::Set(slot, key) => {
                        plain.insert(slot, key);
                        order.set(slot, |slot| worth(slot, plain[&slot]));
                    }
                    Step::Remove(slot) => {
                        let was = plain.remove(&slot).is_some();
                        prop_assert_eq!(order.remove(slot, |slot| worth(slot, plain[&slot])), was);
                    }
                    Step::Evict => {
                        let least = plain.iter().map(|(&slot, &key)| worth(slot, key)).min();
                        prop_assert_eq!(order.least(), least.map(|worth| worth.id.slot()));
                        if let Some(slot) = order.least() {
                            plain.remove(&slot);
                            order.remove(slot, |slot| worth(slot, plain[&slot]));
                        }
                    }
                    Step::Rebuild => {
                        order.rebuild(plain.keys().copied(), |slot| worth(slot, plain[&slot]));
                    }
                }
                prop_assert_eq!(order.len(), plain.len());
            }
            let mut sorted: Vec<_> =
                plain.iter().map(|(&slot, &key)| worth(slot, key)).collect();
            sorted.sort();
            for worth in sorted {
                prop_assert_eq!(order.least(), Some(worth.id.slot()));
                order.remove(worth.id.slot(), |slot| self::worth(slot, plain[&slot]));
            }
        }
    }
}
