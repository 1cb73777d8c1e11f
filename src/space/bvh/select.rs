//! Which items a query takes, and how it orders equals.

/// What a query asks of the caller about an item, by its slot.
///
/// A pair of closures `(key, accepts)` is one. Both must answer the same for a slot throughout a
/// query, or its answer is any of the mixtures.
pub trait Select {
    /// Whether the key of a slot is the slot itself: then no key is ever asked.
    const BY_SLOT: bool = false;

    /// Whether every slot is accepted: then none is asked.
    const EVERY: bool = false;

    /// Orders items at equal distance, and hits that have none; items of equal key go by slot.
    /// For hits with a distance it is asked only where two are equal, so it may be a table look-up.
    fn key(&self, slot: u32) -> u64;

    /// Whether the query takes the item. Asked only of items that lie where the query looks.
    fn accepts(&self, slot: u32) -> bool;
}

/// Takes every item; equals go by slot.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct BySlot;

/// Takes the items that a closure accepts; equals go by slot.
#[derive(Clone, Copy, Debug)]
pub struct Accepting<A>(pub A);

impl<A: Fn(u32) -> bool> Select for Accepting<A> {
    const BY_SLOT: bool = true;

    #[inline]
    fn key(&self, slot: u32) -> u64 {
        u64::from(slot)
    }

    #[inline]
    fn accepts(&self, slot: u32) -> bool {
        (self.0)(slot)
    }
}

impl Select for BySlot {
    const BY_SLOT: bool = true;
    const EVERY: bool = true;

    #[inline]
    fn key(&self, slot: u32) -> u64 {
        u64::from(slot)
    }

    #[inline]
    fn accepts(&self, _slot: u32) -> bool {
        true
    }
}

impl<K: Fn(u32) -> u64, A: Fn(u32) -> bool> Select for (K, A) {
    #[inline]
    fn key(&self, slot: u32) -> u64 {
        (self.0)(slot)
    }

    #[inline]
    fn accepts(&self, slot: u32) -> bool {
        (self.1)(slot)
    }
}
