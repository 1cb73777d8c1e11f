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

/// The thread's: field by field, because a wide read of what was just written in parts waits for all of it.
struct Place {
    bits: Cell<u64>,
    context: Cell<*mut Context<'static>>,
    envelope: Cell<*const Envelope<'static>>,
    frames: Cell<*const Arc<Frames>>,
    /// The next number, and the end of the block that the thread took.
    next: Cell<u64>,
    end: Cell<u64>,
}

impl Place {
    #[inline(always)]
    fn get(&self) -> Lent {
        let (bits, context) = (self.bits.get(), self.context.get());
        Lent { bits, context, envelope: self.envelope.get(), frames: self.frames.get() }
    }

    #[inline(always)]
    fn set(&self, lent: Lent) {
        self.bits.set(lent.bits);
        self.context.set(lent.context);
        self.envelope.set(lent.envelope);
        self.frames.set(lent.frames);
    }

    #[inline(always)]
    fn number(&self) -> u64 {
        if self.next.get() == self.end.get() {
            let next = TAKEN.fetch_add(BLOCK, Ordering::Relaxed);
            self.next.set(next);
            self.end.set(next + BLOCK);
        }
        let number = self.next.get();
        self.next.set(number + 1);
        number & ((1 << 56) - 1)
    }
}

thread_local! {
    static CURRENT: Place = const {
        Place {
            bits: Cell::new(NOTHING.bits),
            context: Cell::new(NOTHING.context),
            envelope: Cell::new(NOTHING.envelope),
            frames: Cell::new(NOTHING.frames),
            next: Cell::new(0),
            end: Cell::new(0),
        }
    };
}

/// The first number that no thread has taken. 56 bits last for two years at a thousand million a second.
static TAKEN: AtomicU64 = AtomicU64::new(1);
const BLOCK: u64 = 1 << 16;

/// Runs a callback that may use `context`, and `envelope` if it handles one.
#[inline]
pub(crate) fn lend<R>(
    context: &mut Context<'_>,
    envelope: Option<&Envelope<'_>>,
    frames: &Arc<Frames>,
    call: impl FnOnce(xrmesh_context) -> R,
) -> R {
    struct Restore<'a>(&'a Place, Lent);
    impl Drop for Restore<'_> {
        fn drop(&mut self) {
            self.0.set(self.1);
        }
    }
    CURRENT.with(|current| {
        let bits = u64::from(Kind::Context as u8) << 56 | current.number();
        let _restore = Restore(current, current.get());
        current.set(Lent {
            bits,
            context: ptr::from_mut(context).cast(),
            envelope: envelope.map_or(ptr::null(), |envelope| ptr::from_ref(envelope).cast()),
            frames,
        });
        in_callback(|| call(xrmesh_context { bits }))
    })
}

/// What a function may use of the lent context.
pub(crate) struct Use<'a, 'b> {
    pub(crate) context: &'a mut Context<'b>,
    pub(crate) envelope: Option<&'a Envelope<'b>>,
    pub(crate) frames: &'a Arc<Frames>,
}

/// Uses the context of a callback.
#[inline]
pub(crate) fn with<R>(
    handle: xrmesh_context,
    act: impl FnOnce(Use<'_, '_>) -> Result<R, Failure>,
) -> Result<R, Failure> {
    CURRENT.with(|current| with_place(current, handle, act))
}

#[inline(always)]
fn with_place<R>(
    current: &Place,
    handle: xrmesh_context,
    act: impl FnOnce(Use<'_, '_>) -> Result<R, Failure>,
) -> Result<R, Failure> {
    struct PutBack<'a>(&'a Place, *mut Context<'static>);
    impl Drop for PutBack<'_> {
        fn drop(&mut self) {
            self.0.context.set(self.1);
        }
    }
    let lent = current.get();
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
    let _put_back = PutBack(current, lent.context);
    current.context.set(ptr::null_mut());
    // SAFETY: `lend` put the pointers here, and restores what was before it returns, so what they
    // point to lives; the context is behind an exclusive borrow that `lend` holds and does not use
    // meanwhile, and by rule 2 this is its only use. The lifetimes are those of the closure's call.
    act(unsafe {
        Use { context: &mut *lent.context, envelope: lent.envelope.as_ref(), frames: &*lent.frames }
    })
}
