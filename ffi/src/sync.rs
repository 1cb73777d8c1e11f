//! The one place of this crate for atomics. They are the standard library's: what of it loom's model checker runs, the
//! slots of the table of handles, is compiled by `ffi/models` with a `sync` of loom's.
#![expect(clippy::disallowed_types, reason = "the one place for atomics")]

pub(crate) use std::sync::atomic::Ordering;
pub(crate) type AtomicBool = std::sync::atomic::AtomicBool;
pub(crate) type AtomicU32 = std::sync::atomic::AtomicU32;
pub(crate) type AtomicU64 = std::sync::atomic::AtomicU64;

/// A cell that may be changed through a shared reference, with loom's interface; the raw pointer's user
/// holds the argument why no two accesses overlap.
#[repr(transparent)]
pub(crate) struct UnsafeCell<T>(core::cell::UnsafeCell<T>);

impl<T> UnsafeCell<T> {
    /// A cell that holds `value`.
    pub(crate) const fn new(value: T) -> Self {
        Self(core::cell::UnsafeCell::new(value))
    }

    /// Runs `read` on the cell's pointer; nobody may write meanwhile.
    #[inline(always)]
    pub(crate) fn with<R>(&self, read: impl FnOnce(*const T) -> R) -> R {
        read(self.0.get())
    }

    /// Runs `write` on the cell's pointer; nobody else may touch the cell meanwhile.
    #[inline(always)]
    pub(crate) fn with_mut<R>(&self, write: impl FnOnce(*mut T) -> R) -> R {
        write(self.0.get())
    }
}
