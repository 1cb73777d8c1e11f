//! Where the tests make the library panic; nothing at all without the feature `inject-panic`.

/// In the fence, before the body.
pub(crate) const FENCE: u32 = 1;
/// While a mesh, or whatever else is used by one thread at a time, is held.
pub(crate) const HELD: u32 = 2;

#[cfg(not(feature = "inject-panic"))]
#[inline(always)]
pub(crate) fn point(_: u32) {}

#[cfg(feature = "inject-panic")]
pub use armed::*;

#[cfg(feature = "inject-panic")]
mod armed {
    #![expect(unsafe_code, reason = "exports have C names")]
    #![expect(clippy::panic, reason = "what it is for")]

    use core::cell::Cell;

    thread_local! {
        static ARMED: Cell<u32> = const { Cell::new(0) };
    }

    /// Panics if this thread armed the place.
    pub(crate) fn point(place: u32) {
        if ARMED.get() == place {
            ARMED.set(0);
            panic!("wanted by the tests");
        }
    }

    /// This thread's next call panics: in its fence for 1, where it holds an object for 2; 0 disarms.
    #[unsafe(no_mangle)]
    pub extern "C" fn xrmesh_test_inject_panic(place: u32) {
        ARMED.set(place);
    }
}
