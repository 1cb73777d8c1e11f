//! The table of all handles of the process.
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
//! 2. A pin is a compare-and-swap that adds one, Acquire: it sees the value that `insert` wrote
//!    before its Release. An unpin subtracts one, Release: whoever closes sees all that was done.
//! 3. The value is written only while the slot is out of everybody's reach: by `insert` before the
//!    word names a kind, by `close` when the word is closing and without pins.
//! 4. Free slots are a stack of indices with a tag against reuse between a look and a swap
//!    (R. K. Treiber, "Systems programming: coping with parallelism", 1986).
#![expect(unsafe_code, reason = "values are shared without a lock")]

use core::any::Any;
use core::cell::UnsafeCell;
use core::time::Duration;
use std::sync::Arc;

use super::kinds::Kind;
use crate::failure::{Failure, fail};
use crate::status::{XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_LIMIT};
use crate::sync::{AtomicU32, AtomicU64, Ordering};

/// Handles that a process has at most at once: 4 MB of zeros, of which the system gives what is used.
pub(crate) const MOST_HANDLES: usize = 1 << 16;

const CLOSING: u64 = 1 << 31;
const PINS: u64 = CLOSING - 1;
const LAST_GENERATION: u64 = (1 << 24) - 1;

type Value = Arc<dyn Any + Send + Sync>;

/// A cache line each: pins of handles that threads use at the same time do not meet.
#[repr(align(64))]
struct Slot {
    word: AtomicU64,
    value: UnsafeCell<Option<Value>>,
    /// Index + 1 of the next free slot.
    next: AtomicU32,
}

// SAFETY: the value is only written while nobody else can reach it (rule 3), and is itself Sync.
unsafe impl Sync for Slot {}

struct Table {
    slots: [Slot; MOST_HANDLES],
    /// Slots that were ever used; those behind have never been.
    used: AtomicU32,
    /// A tag, and index + 1 of the first free slot.
    free: AtomicU64,
}

static TABLE: Table = Table {
    slots: [const {
        Slot { word: AtomicU64::new(0), value: UnsafeCell::new(None), next: AtomicU32::new(0) }
    }; MOST_HANDLES],
    used: AtomicU32::new(0),
    free: AtomicU64::new(0),
};

/// What a handle stands for.
pub(crate) trait Object: Any + Send + Sync {
    /// The kind of its handles.
    const KIND: Kind;
}

/// A value that cannot go while this is held.
pub(crate) struct Pinned<T: Object> {
    slot: &'static Slot,
    value: &'static T,
}

impl<T: Object> core::ops::Deref for Pinned<T> {
    type Target = T;
    fn deref(&self) -> &T {
        self.value
    }
}

impl<T: Object> Drop for Pinned<T> {
    fn drop(&mut self) {
        self.slot.word.fetch_sub(1, Ordering::Release);
    }
}

/// Makes a handle for a value.
pub(crate) fn insert<T: Object>(value: Arc<T>) -> Result<u64, Failure> {
    let Some(index) = TABLE.take() else {
        fail!(XRMESH_ERROR_LIMIT, "{MOST_HANDLES} handles exist, as many as can");
    };
    let slot = &TABLE.slots[index as usize];
    let generation = (slot.word.load(Ordering::Relaxed) >> 32 & LAST_GENERATION) + 1;
    // SAFETY: rule 3: the slot was taken from the free ones and its word names no kind yet.
    unsafe { *slot.value.get() = Some(value) };
    let upper = u64::from(T::KIND as u8) << 24 | generation;
    slot.word.store(upper << 32, Ordering::Release);
    Ok(upper << 32 | u64::from(index + 1))
}

/// Looks a handle up. Lock-free.
pub(crate) fn pin<T: Object>(bits: u64) -> Result<Pinned<T>, Failure> {
    let slot = find(bits, T::KIND)?;
    let mut word = slot.word.load(Ordering::Relaxed);
    loop {
        if word >> 32 != bits >> 32 || word & CLOSING != 0 {
            return Err(stale(bits, T::KIND));
        }
        match slot.word.compare_exchange_weak(word, word + 1, Ordering::Acquire, Ordering::Relaxed)
        {
            Ok(_) => break,
            Err(now) => word = now,
        }
    }
    // SAFETY: rule 3: the pin keeps everybody from writing, and lives as long as `Pinned`, which
    // gives the reference out no longer than itself.
    let value = unsafe { (*slot.value.get()).as_deref() };
    match value.and_then(|value| value.downcast_ref::<T>()) {
        Some(value) => Ok(Pinned { slot, value }),
        None => {
            slot.word.fetch_sub(1, Ordering::Release);
            Err(stale(bits, T::KIND))
        }
    }
}

/// Ends a handle: refuses new pins, waits for those that are there, and gives the value back. Must
/// not be called by a thread that has it pinned.
pub(crate) fn close(bits: u64, kind: Kind) -> Result<Value, Failure> {
    let slot = find(bits, kind)?;
    let mut word = slot.word.load(Ordering::Relaxed);
    loop {
        if word >> 32 != bits >> 32 || word & CLOSING != 0 {
            return Err(stale(bits, kind));
        }
        match slot.word.compare_exchange_weak(
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
    while slot.word.load(Ordering::Acquire) & PINS != 0 {
        wait(looks);
        looks = looks.saturating_add(1);
    }
    // SAFETY: rule 3: closing and without pins, so this thread alone can reach the value.
    let value = unsafe { (*slot.value.get()).take() };
    let generation = bits >> 32 & LAST_GENERATION;
    let retired = generation == LAST_GENERATION;
    slot.word.store(generation << 32 | if retired { CLOSING } else { 0 }, Ordering::Release);
    if !retired {
        TABLE.give((bits as u32) - 1);
    }
    value.ok_or_else(|| stale(bits, kind))
}

/// All handles that exist, with their kinds.
pub(crate) fn live() -> impl Iterator<Item = (u64, Kind)> {
    let used = TABLE.used.load(Ordering::Acquire).min(MOST_HANDLES as u32);
    (0..used).filter_map(|index| {
        let word = TABLE.slots[index as usize].word.load(Ordering::Acquire);
        let kind = Kind::from_bits((word >> 56) as u8)?;
        (word & CLOSING == 0).then_some((word >> 32 << 32 | u64::from(index + 1), kind))
    })
}

fn find(bits: u64, kind: Kind) -> Result<&'static Slot, Failure> {
    let name = kind.name();
    if bits == 0 {
        fail!(XRMESH_ERROR_INVALID_HANDLE, "the handle is null, expected one of a {name}");
    }
    if bits >> 56 != u64::from(kind as u8) {
        match Kind::from_bits((bits >> 56) as u8) {
            Some(given) => {
                let given = given.name();
                fail!(
                    XRMESH_ERROR_INVALID_HANDLE,
                    "handle {bits:#018x} is of a {given}, expected one of a {name}"
                )
            }
            None => fail!(XRMESH_ERROR_INVALID_HANDLE, "{bits:#018x} is no handle of any kind"),
        }
    }
    let slot = (bits as u32).checked_sub(1).and_then(|index| TABLE.slots.get(index as usize));
    slot.ok_or_else(|| {
        Failure::new(
            XRMESH_ERROR_INVALID_HANDLE,
            format_args!("handle {bits:#018x} of a {name} was never given out"),
        )
    })
}

#[cold]
fn stale(bits: u64, kind: Kind) -> Failure {
    let name = kind.name();
    Failure::new(
        XRMESH_ERROR_INVALID_HANDLE,
        format_args!("handle {bits:#018x} of a {name} was destroyed, or never given out"),
    )
}

/// Waits a little, longer and longer.
fn wait(looks: u32) {
    match looks {
        0..64 => core::hint::spin_loop(),
        64..256 => std::thread::yield_now(),
        _ => std::thread::sleep(Duration::from_micros(50)),
    }
}

impl Table {
    /// A free slot, now in nobody's reach.
    fn take(&self) -> Option<u32> {
        let mut head = self.free.load(Ordering::Acquire);
        while let Some(index) = (head as u32).checked_sub(1) {
            let next = self.slots[index as usize].next.load(Ordering::Relaxed);
            let new = ((head >> 32) + 1) << 32 | u64::from(next);
            match self.free.compare_exchange_weak(head, new, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return Some(index),
                Err(now) => head = now,
            }
        }
        let count = |used: u32| (used < MOST_HANDLES as u32).then_some(used + 1);
        self.used.fetch_update(Ordering::AcqRel, Ordering::Relaxed, count).ok()
    }

    fn give(&self, index: u32) {
        let slot = &self.slots[index as usize];
        let mut head = self.free.load(Ordering::Relaxed);
        loop {
            slot.next.store(head as u32, Ordering::Relaxed);
            let new = ((head >> 32) + 1) << 32 | u64::from(index + 1);
            match self.free.compare_exchange_weak(head, new, Ordering::Release, Ordering::Relaxed) {
                Ok(_) => return,
                Err(now) => head = now,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Barrier;
    use std::thread;

    struct Thing(u64);
    impl Object for Thing {
        const KIND: Kind = Kind::Histogram;
    }

    #[test]
    fn a_handle_finds_its_value_and_no_other_does() {
        let bits = insert(Arc::new(Thing(7))).unwrap();
        assert_eq!(pin::<Thing>(bits).unwrap().0, 7);
        for wrong in [0, bits ^ 1 << 40, bits ^ 1 << 56, bits ^ 1 << 30, bits + (1 << 20), u64::MAX]
        {
            assert!(pin::<Thing>(wrong).is_err(), "{wrong:x}");
        }
        assert!(close(bits, Kind::Mesh).is_err());
        assert!(close(bits, Kind::Histogram).is_ok());
        assert!(pin::<Thing>(bits).is_err());
        assert!(close(bits, Kind::Histogram).is_err());
        let again = insert(Arc::new(Thing(8))).unwrap();
        assert_ne!(again, bits);
        assert!(pin::<Thing>(bits).is_err());
        close(again, Kind::Histogram).unwrap();
    }

    #[test]
    fn a_slot_retires_when_its_generations_are_used_up() {
        let bits = insert(Arc::new(Thing(1))).unwrap();
        let slot = &TABLE.slots[bits as u32 as usize - 1];
        // As after 2²⁴ − 2 other handles.
        let last = bits & !(LAST_GENERATION << 32) | LAST_GENERATION << 32;
        slot.word.store(last >> 32 << 32, Ordering::Release);
        assert!(pin::<Thing>(last).is_ok());
        close(last, Kind::Histogram).unwrap();
        assert!(pin::<Thing>(last).is_err());
        for _ in 0..100 {
            let other = insert(Arc::new(Thing(2))).unwrap();
            assert_ne!(other as u32, bits as u32);
            close(other, Kind::Histogram).unwrap();
        }
    }

    /// A value is never gone while it is pinned, and each is dropped once.
    #[test]
    fn closing_races_with_look_ups() {
        use crate::sync::AtomicBool;
        struct Guarded(Arc<AtomicBool>);
        impl Object for Guarded {
            const KIND: Kind = Kind::Lane;
        }
        impl Drop for Guarded {
            fn drop(&mut self) {
                assert!(!self.0.swap(true, Ordering::SeqCst), "dropped twice");
            }
        }
        for _ in 0..200 {
            let gone = Arc::new(AtomicBool::new(false));
            let bits = insert(Arc::new(Guarded(Arc::clone(&gone)))).unwrap();
            let begin = Barrier::new(4);
            thread::scope(|scope| {
                for _ in 0..2 {
                    scope.spawn(|| {
                        begin.wait();
                        while let Ok(pinned) = pin::<Guarded>(bits) {
                            assert!(!pinned.0.load(Ordering::SeqCst), "gone while pinned");
                        }
                    });
                }
                let closers = [0, 1].map(|_| {
                    scope.spawn(|| {
                        begin.wait();
                        close(bits, Kind::Lane).is_ok()
                    })
                });
                let closed = closers.map(|closer| closer.join().unwrap());
                assert_eq!(closed.iter().filter(|&&closed| closed).count(), 1);
            });
            assert!(gone.load(Ordering::SeqCst));
        }
    }
}
