//! The storage of a ring: a power of two of slots, addressed by a position that only grows.
#![expect(unsafe_code, reason = "slots are filled and emptied by different threads")]

use std::mem::MaybeUninit;

use super::refusal::CapacityError;
use crate::sync::UnsafeCell;

/// Slots for values in flight. Knows nothing of who may touch which slot: that is the protocol of
/// the queue around it, which each unsafe method's caller has to argue.
///
/// A position is a `usize` that counts every value ever pushed and wraps; the slot is its low bits.
/// A value whose size is a multiple of a cache line should also be aligned to one: otherwise each
/// transfer between threads moves two lines.
pub(crate) struct Slots<T> {
    cells: Box<[UnsafeCell<MaybeUninit<T>>]>,
    mask: usize,
}

// SAFETY: a shared reference lets other threads move values in and out, which `T: Send` permits;
// two threads never get a reference to the same value, so `T: Sync` is not needed.
unsafe impl<T: Send> Sync for Slots<T> {}

/// A value at the front of a queue, still in its slot. Dropped without [`take`](Self::take) it is
/// forgotten: not moved, and not dropped.
pub(crate) struct Front<'a, T> {
    slots: &'a Slots<T>,
    position: usize,
}

impl<'a, T> Front<'a, T> {
    /// The value in the slot at `position`.
    ///
    /// # Safety
    /// The slot is full, its write is visible to this thread, no other thread touches it while this
    /// lives, and it counts as empty afterwards.
    #[inline(always)]
    pub(super) unsafe fn new(slots: &'a Slots<T>, position: usize) -> Self {
        Self { slots, position }
    }

    /// Looks at it where it lies.
    #[inline(always)]
    pub(crate) fn look<R>(&self, look: impl FnOnce(&T) -> R) -> R {
        // SAFETY: whoever made this knows that the slot is full and that nobody writes it.
        self.slots.cell(self.position).with(|slot| look(unsafe { (*slot).assume_init_ref() }))
    }

    /// Moves it out.
    #[inline(always)]
    pub(crate) fn take(self) -> T {
        // SAFETY: as above; this is consumed, so it happens once.
        unsafe { self.slots.take(self.position) }
    }
}

impl<T> Slots<T> {
    /// At least `capacity` slots, all empty. The memory is reserved, and touched when first used.
    pub(crate) fn new(capacity: usize) -> Result<Self, CapacityError> {
        let len = CapacityError::check(capacity)?.next_power_of_two();
        let mut cells = Vec::new();
        cells.try_reserve_exact(len).map_err(|_| CapacityError::OutOfMemory { given: capacity })?;
        cells.resize_with(len, || UnsafeCell::new(MaybeUninit::uninit()));
        Ok(Self { cells: cells.into_boxed_slice(), mask: len - 1 })
    }

    /// The index of the slot at `position`.
    #[inline(always)]
    pub(crate) fn index(&self, position: usize) -> usize {
        position & self.mask
    }

    #[inline(always)]
    fn cell(&self, position: usize) -> &UnsafeCell<MaybeUninit<T>> {
        let index = position & self.mask;
        debug_assert!(index < self.cells.len());
        // SAFETY: `mask` is the length minus one and the length a power of two, so the index is
        // below the length.
        unsafe { self.cells.get_unchecked(index) }
    }

    /// Fills the slot at `position`.
    ///
    /// # Safety
    /// The slot is empty, and no other thread touches it until this write is published.
    #[inline(always)]
    pub(crate) unsafe fn write(&self, position: usize, value: T) {
        // SAFETY: the caller has the slot to itself.
        self.cell(position).with_mut(|slot| unsafe { (*slot).write(value) });
    }

    /// Empties the slot at `position`.
    ///
    /// # Safety
    /// The slot is full, its write is visible to this thread, and no other thread touches it until
    /// this read is published.
    #[inline(always)]
    pub(crate) unsafe fn take(&self, position: usize) -> T {
        // SAFETY: the caller has the slot to itself and knows that it is full; from here on it
        // counts as empty, so the value is moved, not duplicated.
        self.cell(position).with_mut(|slot| unsafe { (*slot).assume_init_read() })
    }

    /// Moves the first `count` values of `batch` into the slots from `position` on, and closes the
    /// gap in `batch`. Runs none of `T`'s code and cannot panic: a claimed run is always filled.
    ///
    /// # Safety
    /// As [`write`](Self::write), for each of the `count` slots; `count` is at most `batch`'s
    /// length and at most the number of slots.
    pub(crate) unsafe fn write_front(&self, position: usize, batch: &mut Vec<T>, count: usize) {
        let len = batch.len();
        debug_assert!(count <= len && count <= self.cells.len());
        // SAFETY: shrinking; the values are accounted for below.
        unsafe { batch.set_len(0) };
        let source = batch.as_mut_ptr();
        for offset in 0..count {
            self.cell(position.wrapping_add(offset)).with_mut(|slot| {
                // SAFETY: `offset < count <= len`, so the source is one of the vector's values,
                // moved out once because the vector's length no longer covers it; the caller has
                // the slot to itself, and slot and vector are separate allocations.
                unsafe { std::ptr::copy_nonoverlapping(source.add(offset), slot.cast(), 1) }
            });
        }
        // SAFETY: the `len - count` values behind the moved ones are still initialised; they are
        // moved to the front, where the new length covers exactly them.
        unsafe {
            std::ptr::copy(source.add(count), source, len - count);
            batch.set_len(len - count);
        }
    }
}
