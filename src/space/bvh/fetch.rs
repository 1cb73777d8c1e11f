//! Asking for memory before it is read.
#![cfg_attr(
    target_arch = "x86_64",
    expect(unsafe_code, reason = "the prefetch instruction takes a raw pointer")
)]

/// Asks for every cache line of `value`; changes nothing but time. The memory of a large tree takes
/// as long to come as a node takes to test, so queries ask for all that they will visit at once.
#[inline(always)]
pub(super) fn fetch<T>(value: &T) {
    #[cfg(target_arch = "x86_64")]
    {
        use core::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        let start = core::ptr::from_ref(value).cast::<i8>();
        for line in (0..size_of::<T>()).step_by(64) {
            // SAFETY: the address lies in `value`; a prefetch reads nothing that the program can
            // see and cannot fault, and SSE is part of every x86-64 target.
            unsafe { _mm_prefetch::<_MM_HINT_T0>(start.add(line)) };
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = value;
}
