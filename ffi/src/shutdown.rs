//! The end of everything, for editors that unload and load again.
#![expect(unsafe_code, reason = "exports have C names")]

use crate::fence::fence;
use crate::handle;
use crate::log;
use crate::mesh::create;
use crate::status::*;

/// Destroys whatever has a handle, leased frames included, and forgets the log: no thread of the
/// library runs and no callback is held when this returns. Calls of other threads end first. `count` is
/// optional and gets how many handles there were. The library can be used again.
///
/// Any thread, while no other makes new handles.
///
/// Errors: XRMESH_ERROR_REENTRANT, XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_shutdown_all(count: *mut u32) -> xrmesh_status {
    fence!(|caller| {
        let count = caller.optional_out(count);
        let mut ended = 0;
        for (bits, kind) in handle::live() {
            // Another thread may have destroyed it meanwhile.
            ended += u32::from(create::end(bits, kind).is_ok());
        }
        log::clear();
        if let Some(count) = count {
            count.set(ended);
        }
        Ok(XRMESH_OK)
    })
}
