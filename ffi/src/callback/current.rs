//! The context that a callback may use: lent for one call, on one thread.
//!
//! 1. A context's handle is its kind and a number that no other context of the process has had. It is
//!    not in the table: the thread that runs the callback keeps the one that is valid, so a look-up
//!    is one compare, a stale or foreign one never matches, and a callback costs no atomic.
//! 2. While a function uses the context it is taken out, so that nothing that runs meanwhile gets a
//!    second `&mut` to it.
#![expect(unsafe_code, reason = "a context is lent through C")]

use core::cell::Cell;
use core::ptr;
use std::sync::Arc;

use xrmesh::{Context, Envelope};

use crate::failure::{Failure, fail};
use crate::fence::in_callback;
use crate::handle::{Kind, xrmesh_context};
use crate::host::frames::Frames;
use crate::status::*;
use crate::sync::{AtomicU64, Ordering};

/// What a callback's thread has been lent.
#[derive(Clone, Copy)]
struct Lent {
    bits: u64,
    /// Null while it is in use.
    context: *mut Context<'static>,
    envelope: *const Envelope<'static>,
    frames: *const Arc<Frames>,
}

const NOTHING: Lent =
    Lent { bits: 0, context: ptr::null_mut(), envelope: ptr::null(), frames: ptr::null() };

thread_local! {
    static CURRENT: Cell<Lent> = const { Cell::new(NOTHING) };
    /// The thread's next number, and the end of the block that it took.
    static NUMBERS: Cell<(u64, u64)> = const { Cell::new((0, 0)) };
}

/// The first number that no thread has taken. 56 bits last for two years at a thousand million a second.
static TAKEN: AtomicU64 = AtomicU64::new(1);
const BLOCK: u64 = 1 << 16;

fn number() -> u64 {
    let (mut next, mut end) = NUMBERS.get();
    if next == end {
        next = TAKEN.fetch_add(BLOCK, Ordering::Relaxed);
        end = next + BLOCK;
    }
    NUMBERS.set((next + 1, end));
    next & ((1 << 56) - 1)
}

/// Runs a callback that may use `context`, and `envelope` if it handles one.
pub(crate) fn lend<R>(
    context: &mut Context<'_>,
    envelope: Option<&Envelope<'_>>,
    frames: &Arc<Frames>,
    call: impl FnOnce(xrmesh_context) -> R,
) -> R {
    struct Restore(Lent);
    impl Drop for Restore {
        fn drop(&mut self) {
            CURRENT.set(self.0);
        }
    }
    let bits = u64::from(Kind::Context as u8) << 56 | number();
    let lent = Lent {
        bits,
        context: ptr::from_mut(context).cast(),
        envelope: envelope.map_or(ptr::null(), |envelope| ptr::from_ref(envelope).cast()),
        frames,
    };
    let _restore = Restore(CURRENT.replace(lent));
    in_callback(|| call(xrmesh_context { bits }))
}

/// What a function may use of the lent context.
pub(crate) struct Use<'a, 'b> {
    pub(crate) context: &'a mut Context<'b>,
    pub(crate) envelope: Option<&'a Envelope<'b>>,
    pub(crate) frames: &'a Arc<Frames>,
}

/// Uses the context of a callback.
pub(crate) fn with<R>(
    handle: xrmesh_context,
    act: impl FnOnce(Use<'_, '_>) -> Result<R, Failure>,
) -> Result<R, Failure> {
    struct PutBack(Lent);
    impl Drop for PutBack {
        fn drop(&mut self) {
            CURRENT.set(self.0);
        }
    }
    let lent = CURRENT.get();
    if handle.bits == 0 {
        fail!(XRMESH_ERROR_INVALID_HANDLE, "the context is null");
    }
    if lent.bits != handle.bits || lent.context.is_null() {
        let bits = handle.bits;
        fail!(
            XRMESH_ERROR_INVALID_HANDLE,
            "context {bits:#018x} is none, has expired with its callback, or is another thread's"
        );
    }
    let _put_back = PutBack(lent);
    CURRENT.set(Lent { context: ptr::null_mut(), ..lent });
    // SAFETY: `lend` put the pointers here, and restores what was before it returns, so what they
    // point to lives; the context is behind an exclusive borrow that `lend` holds and does not use
    // meanwhile, and by rule 2 this is its only use. The lifetimes are those of the closure's call.
    act(unsafe {
        Use { context: &mut *lent.context, envelope: lent.envelope.as_ref(), frames: &*lent.frames }
    })
}
