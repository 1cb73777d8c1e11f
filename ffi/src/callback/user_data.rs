//! What belongs to the host's functions, and its end.
#![expect(unsafe_code, reason = "the host's functions")]

use core::ffi::c_void;

use crate::fence::in_callback;

/// The host's own pointer, and what is done with it in the end: once, when this drops.
#[derive(Debug)]
pub(crate) struct UserData {
    pointer: *mut c_void,
    drop: Option<unsafe extern "C" fn(*mut c_void)>,
}

// SAFETY: the header says that an agent's functions run on whichever thread ticks, one at a time, and
// its `drop` on the thread that removes it.
unsafe impl Send for UserData {}
// SAFETY: a shared reference only gives the pointer out, for functions of which the header says the same.
unsafe impl Sync for UserData {}

impl UserData {
    pub(crate) const fn new(
        pointer: *mut c_void,
        drop: Option<unsafe extern "C" fn(*mut c_void)>,
    ) -> Self {
        Self { pointer, drop }
    }

    /// The host's pointer.
    pub(crate) const fn pointer(&self) -> *mut c_void {
        self.pointer
    }
}

impl Drop for UserData {
    fn drop(&mut self) {
        if let Some(drop) = self.drop.take() {
            // SAFETY: the host's function for the host's pointer, called once: it was taken.
            in_callback(|| unsafe { drop(self.pointer) });
        }
    }
}
