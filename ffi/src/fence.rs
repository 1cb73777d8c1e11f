//! The fence around the body of every export.
//!
//! 1. A panic stops here and becomes `XRMESH_ERROR_PANIC`. Whoever held a mesh then leaves it
//!    poisoned (`mesh/object.rs`).
//! 2. In a callback only what is marked for it may be called; all else is refused, before anything
//!    is looked at.
//! 3. A failure becomes its status, its text the thread's last error.

use core::any::Any;
use core::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::failure::{Failure, Outcome};
use crate::last_error;
use crate::pointer::Caller;
use crate::status::{XRMESH_ERROR_PANIC, XRMESH_ERROR_REENTRANT, xrmesh_status};

thread_local! {
    /// How many of the host's functions this thread is in, called from here.
    static CALLBACKS: Cell<u32> = const { Cell::new(0) };
}

/// Runs a function of the host's: meanwhile this thread is in a callback.
pub(crate) fn in_callback<R>(call: impl FnOnce() -> R) -> R {
    struct Leave;
    impl Drop for Leave {
        fn drop(&mut self) {
            CALLBACKS.set(CALLBACKS.get() - 1);
        }
    }
    CALLBACKS.set(CALLBACKS.get() + 1);
    let _leave = Leave;
    call()
}

/// The body of an export that callbacks may not call.
pub(crate) fn outside(caller: Caller, body: impl FnOnce(&Caller) -> Outcome) -> xrmesh_status {
    if CALLBACKS.get() > 0 {
        last_error::keep(
            XRMESH_ERROR_REENTRANT,
            "called from a callback, in which only xrmesh_context_* may be called",
        );
        return XRMESH_ERROR_REENTRANT;
    }
    anywhere(caller, body)
}

/// The body of an export that callbacks may call, too.
pub(crate) fn anywhere(caller: Caller, body: impl FnOnce(&Caller) -> Outcome) -> xrmesh_status {
    match quiet(caller, body) {
        Ok(status) => status,
        Err(Failure { status, text }) => {
            last_error::keep(status, text);
            status
        }
    }
}

/// The same for a body whose failure leaves the last error as it is.
pub(crate) fn quiet(caller: Caller, body: impl FnOnce(&Caller) -> Outcome) -> Outcome {
    catch_unwind(AssertUnwindSafe(|| {
        crate::inject::point(crate::inject::FENCE);
        body(&caller)
    }))
    .unwrap_or_else(|panic| {
        let failure = Failure::new(XRMESH_ERROR_PANIC, format_args!("panicked: {}", said(&*panic)));
        // A payload whose drop panics, too, must not get past the fence.
        core::mem::forget(panic);
        Err(failure)
    })
}

/// What a panic said.
pub(crate) fn said(panic: &(dyn Any + Send)) -> &str {
    match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
        (Some(said), _) => said,
        (None, Some(said)) => said,
        (None, None) => "no text",
    }
}

/// `fence!(|caller| body)`: the body of an export that callbacks may not call.
macro_rules! fence {
    (|$caller:ident| $body:expr) => {{
        // SAFETY: the caller of an export keeps the rules on pointers that the header states.
        let caller = unsafe { $crate::pointer::Caller::trusted() };
        $crate::fence::outside(caller, |$caller| $body)
    }};
}
pub(crate) use fence;

/// `fence_anywhere!(|caller| body)`: the body of an export that callbacks may call, too.
macro_rules! fence_anywhere {
    (quiet |$caller:ident| $body:expr) => {{
        // SAFETY: the caller of an export keeps the rules on pointers that the header states.
        let caller = unsafe { $crate::pointer::Caller::trusted() };
        match $crate::fence::quiet(caller, |$caller| $body) {
            Ok(status) => status,
            Err(failure) => failure.status,
        }
    }};
    (|$caller:ident| $body:expr) => {{
        // SAFETY: the caller of an export keeps the rules on pointers that the header states.
        let caller = unsafe { $crate::pointer::Caller::trusted() };
        $crate::fence::anywhere(caller, |$caller| $body)
    }};
}
pub(crate) use fence_anywhere;
