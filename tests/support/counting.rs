//! An allocator that passes on to the system's and counts.
#![expect(
    unsafe_code,
    reason = "a global allocator is unsafe to implement; this one counts and passes on"
)]

use std::alloc::{GlobalAlloc, Layout, System};

/// Calls its function for each allocation, on the thread that allocates; it must not allocate.
pub(crate) struct Counting(pub(crate) fn());

// SAFETY: passes everything on to the system's allocator, which upholds the contract.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        (self.0)();
        // SAFETY: the caller's obligations are the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the pointer came from `System` by `alloc` or `realloc`.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        (self.0)();
        // SAFETY: the pointer came from `System` by `alloc` or `realloc`.
        unsafe { System.realloc(pointer, layout, size) }
    }
}
