//! Bringing memory closer before it is needed.
#![expect(unsafe_code, reason = "the prefetch instructions take a raw pointer")]

/// Asks for the first two cache lines of `value`, as far as it reaches. Changes nothing but time.
#[inline(always)]
pub(crate) fn prefetch<T>(value: &T) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a prefetch reads nothing that the program can see and cannot fault, and both addresses
    // lie in `value`; SSE is part of every x86-64 target.
    unsafe {
        use core::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        let start = core::ptr::from_ref(value).cast::<i8>();
        _mm_prefetch(start, _MM_HINT_T0);
        if size_of::<T>() > align_of::<T>() {
            _mm_prefetch(start.add((size_of::<T>() - 1).min(64)), _MM_HINT_T0);
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = value;
}

/// The same for what will be written soon: takes the first cache line away from other cores at once,
/// rather than when the first store has to wait for it.
#[inline(always)]
pub(crate) fn prefetch_to_write<T>(value: &T) {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    // SAFETY: a prefetch reads nothing that the program can see, cannot fault, and is no operation on
    // a processor that lacks it; the line belongs to `value`.
    unsafe {
        let start = core::ptr::from_ref(value);
        core::arch::asm!(
            "prefetchw [{start}]",
            start = in(reg) start,
            options(nostack, preserves_flags, readonly)
        );
    }
    #[cfg(not(all(target_arch = "x86_64", not(miri))))]
    prefetch(value);
}
