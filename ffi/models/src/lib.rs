//! The slots of the table of handles (`ffi/src/handle/slot.rs`, compiled here with loom's atomics), in every order of
//! the steps of two or three threads. A package of its own, so that nobody who builds the library builds loom:
//!
//! `cargo test --release --lib --manifest-path ffi/models/Cargo.toml`
//!
//! loom's cell fails a model in which two accesses to a value overlap, one of which writes: a value that is read
//! while it is taken away, or written into a slot that somebody still reads.
#![cfg(test)]

#[expect(dead_code, reason = "what lists all handles is not modelled")]
#[path = "../../src/handle/slot.rs"]
mod slot;
mod sync {
    pub(crate) use loom::cell::UnsafeCell;
    pub(crate) use loom::sync::atomic::{AtomicU32, AtomicU64, Ordering};
}

use loom::sync::Arc;
use loom::thread;

use slot::{Free, Slot};

const KIND: u8 = 1;

/// Two slots that hold numbers.
struct Table {
    slots: [Slot<u64>; 2],
    free: Free,
}

impl Table {
    fn new() -> Self {
        let slot = || Slot {
            word: sync::AtomicU64::new(0),
            value: sync::UnsafeCell::new(None),
            next: sync::AtomicU32::new(0),
        };
        let free = Free { used: sync::AtomicU32::new(0), first: sync::AtomicU64::new(0) };
        Self { slots: [slot(), slot()], free }
    }

    fn insert(&self, value: u64) -> Option<(usize, u64)> {
        let index = self.free.take(&self.slots)? as usize;
        Some((index, self.slots[index].fill(KIND, value)))
    }

    #[expect(unsafe_code, reason = "as the table reads")]
    fn read(&self, (index, upper): (usize, u64)) -> Option<u64> {
        let slot = &self.slots[index];
        slot.pin(upper).then(|| {
            // SAFETY: pinned.
            let value = slot.value.with(|value| unsafe { *value });
            slot.unpin();
            value.expect("a pinned slot has a value")
        })
    }

    fn close(&self, (index, upper): (usize, u64)) -> Option<u64> {
        let (value, may_be_used) = self.slots[index].close(upper, |_| thread::yield_now())?;
        assert!(may_be_used);
        self.free.give(&self.slots, index as u32);
        Some(value.expect("who closes gets the value"))
    }
}

/// A value is there as long as it is pinned, whoever closes it meanwhile; and one of two that close gets it.
#[test]
fn loom_closing_races_with_look_ups_and_with_closing() {
    loom::model(|| {
        let table = Arc::new(Table::new());
        let handle = table.insert(7).expect("there is room");
        let reader = {
            let table = Arc::clone(&table);
            thread::spawn(move || table.read(handle))
        };
        let closer = {
            let table = Arc::clone(&table);
            thread::spawn(move || table.close(handle))
        };
        let here = table.close(handle);
        let (read, there) = (reader.join().expect("no panic"), closer.join().expect("no panic"));
        assert!(read.is_none_or(|read| read == 7));
        assert_eq!(here.into_iter().chain(there).collect::<Vec<_>>(), [7]);
        assert_eq!(table.read(handle), None);
    });
}

/// A handle never finds what came into its slot after it was closed.
#[test]
fn loom_a_stale_handle_does_not_find_the_next_value() {
    loom::model(|| {
        let table = Arc::new(Table::new());
        let old = table.insert(7).expect("there is room");
        let reader = {
            let table = Arc::clone(&table);
            thread::spawn(move || table.read(old))
        };
        assert_eq!(table.close(old), Some(7));
        let new = table.insert(8).expect("there is room");
        assert_eq!(new.0, old.0, "the slot is used again");
        assert_eq!(table.read(new), Some(8));
        assert!(reader.join().expect("no panic").is_none_or(|read| read == 7));
        assert_eq!(table.read(old), None);
    });
}

/// No slot is given to two, also where another thread takes two between this one's look and its swap, and gives
/// back the first.
#[test]
fn loom_a_free_slot_goes_to_one() {
    loom::model(|| {
        let table = Arc::new(Table::new());
        let both = [table.insert(1), table.insert(2)];
        both.into_iter().flatten().for_each(|handle| assert!(table.close(handle).is_some()));
        let other = {
            let table = Arc::clone(&table);
            thread::spawn(move || {
                let (first, second) = (table.insert(10), table.insert(11));
                first.map(|first| assert_eq!(table.close(first), Some(10)));
                second
            })
        };
        let here = table.insert(20);
        let there = other.join().expect("no panic");
        let last = [table.insert(30), table.insert(31)];
        let given = [(here, 20), (there, 11), (last[0], 30), (last[1], 31)];
        let given: Vec<_> =
            given.into_iter().filter_map(|(given, value)| Some((given?, value))).collect();
        assert_eq!(given.len(), 2, "both slots are taken");
        assert_ne!(given[0].0.0, given[1].0.0, "one slot went to two");
        for (handle, value) in given {
            assert_eq!(table.read(handle), Some(value));
        }
    });
}
