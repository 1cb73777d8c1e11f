//! The one place for atomics, thread parking and shared cells.
//!
//! Rules:
//!
//! 1. Every lock-free structure of the crate takes its primitives from here, so that the same
//!    source runs on the standard library's and, under `cfg(loom)`, inside loom's model checker.
//! 2. [`UnsafeCell`] has loom's interface (a closure gets the raw pointer): the checker then sees
//!    how long an access lasts and reports two that overlap.
//! 3. The types are aliases, not re-exports: `clippy.toml` forbids the originals everywhere else.
//! 4. Nothing here reads a clock. [`park_timeout`] may return early, and its caller decides what
//!    that means.

#[cfg(not(loom))]
mod real {
    #![expect(clippy::disallowed_types, reason = "the one place for atomics")]

    pub(crate) type AtomicBool = std::sync::atomic::AtomicBool;
    pub(crate) type AtomicU64 = std::sync::atomic::AtomicU64;
    pub(crate) type AtomicUsize = std::sync::atomic::AtomicUsize;
    pub(crate) type Arc<T> = std::sync::Arc<T>;
    pub(crate) type Mutex<T> = std::sync::Mutex<T>;
    pub(crate) type Thread = std::thread::Thread;
    pub(crate) type JoinHandle<T> = std::thread::JoinHandle<T>;
    pub(crate) type ThreadBuilder = std::thread::Builder;
    pub(crate) use std::hint::spin_loop;
    pub(crate) use std::sync::atomic::fence;
    pub(crate) use std::thread::{current as current_thread, park, park_timeout, yield_now};

    /// A cell that may be changed through a shared reference; the raw pointer's user holds the
    /// argument why no two accesses overlap.
    #[derive(Debug)]
    #[repr(transparent)]
    pub(crate) struct UnsafeCell<T>(std::cell::UnsafeCell<T>);

    impl<T> UnsafeCell<T> {
        /// A cell that holds `value`.
        pub(crate) const fn new(value: T) -> Self {
            Self(std::cell::UnsafeCell::new(value))
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
}

#[cfg(loom)]
mod real {
    pub(crate) type AtomicBool = loom::sync::atomic::AtomicBool;
    pub(crate) type AtomicU64 = loom::sync::atomic::AtomicU64;
    pub(crate) type AtomicUsize = loom::sync::atomic::AtomicUsize;
    pub(crate) type Arc<T> = loom::sync::Arc<T>;
    pub(crate) type Mutex<T> = loom::sync::Mutex<T>;
    pub(crate) type Thread = loom::thread::Thread;
    pub(crate) type JoinHandle<T> = loom::thread::JoinHandle<T>;
    pub(crate) type ThreadBuilder = loom::thread::Builder;
    pub(crate) type UnsafeCell<T> = loom::cell::UnsafeCell<T>;
    pub(crate) use loom::hint::spin_loop;
    pub(crate) use loom::sync::atomic::fence;
    pub(crate) use loom::thread::{current as current_thread, park, yield_now};

    /// A model has no time: the timeout never passes, so a wake-up that only a timeout would
    /// have replaced shows as a deadlock.
    pub(crate) fn park_timeout(_timeout: std::time::Duration) {
        park();
    }
}

pub(crate) use real::{
    Arc, AtomicBool, AtomicU64, AtomicUsize, JoinHandle, Mutex, Thread, ThreadBuilder, UnsafeCell,
    current_thread, fence, park, park_timeout, spin_loop, yield_now,
};
pub(crate) use std::sync::atomic::Ordering;

/// A value on cache lines of its own, so that writers of neighbouring values do not slow each
/// other: 128 bytes, because x86-64 fetches lines in pairs and some aarch64 lines are that long.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(crate) struct CachePadded<T>(T);

impl<T> CachePadded<T> {
    /// `value` on lines of its own.
    pub(crate) const fn new(value: T) -> Self {
        Self(value)
    }
}

impl<T> std::ops::Deref for CachePadded<T> {
    type Target = T;

    #[inline(always)]
    fn deref(&self) -> &T {
        &self.0
    }
}
