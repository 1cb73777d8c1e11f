//! A slot of the table of handles, and the stack of those that are free: what threads meet in.
//!
//! One word of a slot says everything that a look-up needs:
//!
//! | bits | what |
//! |---|---|
//! | 56–63 | the kind; 0 for a free slot |
//! | 32–55 | the generation |
//! | 31 | closing: no new pins |
//! | 0–30 | pins |
//!
//! 1. The upper half is the upper half of the handle, so one compare finds it valid.
//! 2. A pin is a compare-and-swap that adds one, Acquire: it sees the value that `fill` wrote before its
//!    Release. An unpin subtracts one, Release: whoever closes sees all that was done.
//! 3. The value is written only while the slot is out of everybody's reach: by `fill` before the word
//!    names a kind, by `close` when the word is closing and without pins.
//! 4. Free slots are a stack of indices with a tag against reuse between a look and a swap
//!    (R. K. Treiber, "Systems programming: coping with parallelism", 1986).
//!
//! The file is also compiled by `ffi/models`, where loom runs these steps in every order.
#![expect(unsafe_code, reason = "values are shared without a lock")]

use crate::sync::{AtomicU32, AtomicU64, Ordering, UnsafeCell};

const CLOSING: u64 = 1 << 31;
const PINS: u64 = CLOSING - 1;
/// Generations are 24 bits.
pub(crate) const LAST_GENERATION: u64 = (1 << 24) - 1;

/// A cache line each: pins of handles that threads use at the same time do not meet.
#[repr(align(64))]
pub(crate) struct Slot<V> {
    pub(crate) word: AtomicU64,
    pub(crate) value: UnsafeCell<Option<V>>,
    /// Index + 1 of the next free slot.
    pub(crate) next: AtomicU32,
}

// SAFETY: the value is only written while nobody else can reach it (rule 3), and is itself Sync.
unsafe impl<V: Send + Sync> Sync for Slot<V> {}

impl<V> Slot<V> {
    /// Puts a value into a slot that was taken from the free ones, and gives the upper half of its handle.
    pub(crate) fn fill(&self, kind: u8, value: V) -> u64 {
        let generation = (self.word.load(Ordering::Relaxed) >> 32 & LAST_GENERATION) + 1;
        // SAFETY: rule 3: the slot was taken from the free ones and its word names no kind yet.
        self.value.with_mut(|place| unsafe { *place = Some(value) });
        let upper = u64::from(kind) << 24 | generation;
        self.word.store(upper << 32, Ordering::Release);
        upper
    }

    /// Keeps everybody from closing it until [`unpin`](Self::unpin); false if its handle is another one's or
    /// closing.
    #[inline]
    pub(crate) fn pin(&self, upper: u64) -> bool {
        let mut word = self.word.load(Ordering::Relaxed);
        loop {
            if word >> 32 != upper || word & CLOSING != 0 {
                return false;
            }
            match self.word.compare_exchange_weak(
                word,
                word + 1,
                Ordering::Acquire,
                Ordering::Relaxed,
            ) {
                Ok(_) => return true,
                Err(now) => word = now,
            }
        }
    }

    /// Ends a pin.
    #[inline]
    pub(crate) fn unpin(&self) {
        self.word.fetch_sub(1, Ordering::Release);
    }

    /// Refuses new pins, waits for those that are there, and gives the value back, and whether the slot may
    /// be used again; `None` if its handle is another one's or closing. Must not be called by a thread
    /// that has it pinned.
    pub(crate) fn close(&self, upper: u64, mut wait: impl FnMut(u32)) -> Option<(Option<V>, bool)> {
        let mut word = self.word.load(Ordering::Relaxed);
        loop {
            if word >> 32 != upper || word & CLOSING != 0 {
                return None;
            }
            match self.word.compare_exchange_weak(
                word,
                word | CLOSING,
                Ordering::Acquire,
                Ordering::Relaxed,
            ) {
                Ok(_) => break,
                Err(now) => word = now,
            }
        }
        let mut looks = 0_u32;
        while self.word.load(Ordering::Acquire) & PINS != 0 {
            wait(looks);
            looks = looks.saturating_add(1);
        }
        // SAFETY: rule 3: closing and without pins, so this thread alone can reach the value.
        let value = self.value.with_mut(|place| unsafe { (*place).take() });
        let generation = upper & LAST_GENERATION;
        let retired = generation == LAST_GENERATION;
        self.word.store(generation << 32 | if retired { CLOSING } else { 0 }, Ordering::Release);
        Some((value, !retired))
    }

    /// The upper half of its handle, 0 if it has none or is closing.
    pub(crate) fn live(&self) -> u64 {
        let word = self.word.load(Ordering::Acquire);
        if word & CLOSING == 0 { word >> 32 } else { 0 }
    }
}

/// Which slots are free.
pub(crate) struct Free {
    /// Slots that were ever used; those behind have never been.
    pub(crate) used: AtomicU32,
    /// A tag, and index + 1 of the first free slot.
    pub(crate) first: AtomicU64,
}

impl Free {
    /// A free slot, now in nobody else's reach.
    pub(crate) fn take<V>(&self, slots: &[Slot<V>]) -> Option<u32> {
        let mut head = self.first.load(Ordering::Acquire);
        while let Some(index) = (head as u32).checked_sub(1) {
            let next = slots[index as usize].next.load(Ordering::Relaxed);
            let new = ((head >> 32) + 1) << 32 | u64::from(next);
            match self.first.compare_exchange_weak(head, new, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return Some(index),
                Err(now) => head = now,
            }
        }
        let count = |used: u32| ((used as usize) < slots.len()).then_some(used + 1);
        self.used.fetch_update(Ordering::AcqRel, Ordering::Relaxed, count).ok()
    }

    /// Gives a slot back whose value is gone.
    pub(crate) fn give<V>(&self, slots: &[Slot<V>], index: u32) {
        let slot = &slots[index as usize];
        let mut head = self.first.load(Ordering::Relaxed);
        loop {
            slot.next.store(head as u32, Ordering::Relaxed);
            let new = ((head >> 32) + 1) << 32 | u64::from(index + 1);
            match self.first.compare_exchange_weak(head, new, Ordering::Release, Ordering::Relaxed)
            {
                Ok(_) => return,
                Err(now) => head = now,
            }
        }
    }
}
