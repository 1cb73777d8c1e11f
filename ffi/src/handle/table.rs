//! The table of all handles of the process: what threads do in its slots is in `slot.rs`.
#![expect(unsafe_code, reason = "values are shared without a lock")]

use core::any::Any;
use core::time::Duration;
use std::sync::Arc;

use super::kinds::Kind;
use super::slot::{Free, Slot};
use crate::failure::{Failure, fail};
use crate::status::{XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_LIMIT};
use crate::sync::{AtomicU32, AtomicU64, Ordering, UnsafeCell};

/// Handles that a process has at most at once: 4 MB of zeros, of which the system gives what is used.
pub(crate) const MOST_HANDLES: usize = 1 << 16;

type Value = Arc<dyn Any + Send + Sync>;

static SLOTS: [Slot<Value>; MOST_HANDLES] = [const {
    Slot { word: AtomicU64::new(0), value: UnsafeCell::new(None), next: AtomicU32::new(0) }
}; MOST_HANDLES];
static FREE: Free = Free { used: AtomicU32::new(0), first: AtomicU64::new(0) };

/// What a handle stands for.
pub(crate) trait Object: Any + Send + Sync {
    /// The kind of its handles.
    const KIND: Kind;
}

/// A value that cannot go while this is held.
pub(crate) struct Pinned<T: Object> {
    slot: &'static Slot<Value>,
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
        self.slot.unpin();
    }
}

/// Makes a handle for a value.
pub(crate) fn insert<T: Object>(value: Arc<T>) -> Result<u64, Failure> {
    let Some(index) = FREE.take(&SLOTS) else {
        fail!(XRMESH_ERROR_LIMIT, "{MOST_HANDLES} handles exist, as many as can");
    };
    let upper = SLOTS[index as usize].fill(T::KIND as u8, value);
    Ok(upper << 32 | u64::from(index + 1))
}

/// Looks a handle up. Lock-free.
pub(crate) fn pin<T: Object>(bits: u64) -> Result<Pinned<T>, Failure> {
    let slot = find(bits, T::KIND)?;
    if !slot.pin(bits >> 32) {
        return Err(stale(bits, T::KIND));
    }
    // SAFETY: the pin keeps everybody from writing (rule 3 of `slot.rs`), and lives as long as `Pinned`,
    // which gives the reference out no longer than itself.
    let value: Option<&'static _> = slot.value.with(|value| unsafe { (*value).as_deref() });
    match value.and_then(|value| value.downcast_ref::<T>()) {
        Some(value) => Ok(Pinned { slot, value }),
        None => {
            slot.unpin();
            Err(stale(bits, T::KIND))
        }
    }
}

/// Ends a handle: refuses new pins, waits for those that are there, and gives the value back. Must
/// not be called by a thread that has it pinned.
pub(crate) fn close(bits: u64, kind: Kind) -> Result<Value, Failure> {
    let slot = find(bits, kind)?;
    let Some((value, may_be_used)) = slot.close(bits >> 32, wait) else {
        return Err(stale(bits, kind));
    };
    if may_be_used {
        FREE.give(&SLOTS, (bits as u32) - 1);
    }
    value.ok_or_else(|| stale(bits, kind))
}

/// All handles that exist, with their kinds.
pub(crate) fn live() -> impl Iterator<Item = (u64, Kind)> {
    let used = FREE.used.load(Ordering::Acquire).min(MOST_HANDLES as u32);
    (0..used).filter_map(|index| {
        let upper = SLOTS[index as usize].live();
        let kind = Kind::from_bits((upper >> 24) as u8)?;
        Some((upper << 32 | u64::from(index + 1), kind))
    })
}

fn find(bits: u64, kind: Kind) -> Result<&'static Slot<Value>, Failure> {
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
    let slot = (bits as u32).checked_sub(1).and_then(|index| SLOTS.get(index as usize));
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

#[cfg(test)]
mod tests {
    use super::super::slot::LAST_GENERATION;
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
        let slot = &SLOTS[bits as u32 as usize - 1];
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
        // Miri takes seconds for what takes microseconds.
        for _ in 0..if cfg!(miri) { 3 } else { 200 } {
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
