//! Versions.
#![expect(unsafe_code, reason = "exports have C names")]

use core::ffi::c_char;

use crate::fence::fence_anywhere;
use crate::status;
use crate::status::xrmesh_status;

/// The version of this interface. A host and a library with different ones refuse each other; new
/// functions, kinds, flags and statuses do not change it.
pub const XRMESH_ABI_VERSION: u32 = 1;

/// XRMESH_ABI_VERSION, as the library has it.
///
/// Any thread, also in callbacks.
#[unsafe(no_mangle)]
pub extern "C" fn xrmesh_abi_version() -> u32 {
    XRMESH_ABI_VERSION
}

/// The library's version, such as `0.1.0`, with a zero at its end. It is never freed.
///
/// Any thread, also in callbacks.
#[unsafe(no_mangle)]
pub extern "C" fn xrmesh_version() -> *const c_char {
    const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "\0");
    VERSION.as_ptr().cast()
}

/// The name of a status, such as `XRMESH_ERROR_BUSY`, with a zero at its end; `XRMESH_?` for a number
/// that is none. It is never freed.
///
/// Any thread, also in callbacks.
#[unsafe(no_mangle)]
pub extern "C" fn xrmesh_status_name(status: xrmesh_status) -> *const c_char {
    status::name(status).unwrap_or(c"XRMESH_?").as_ptr()
}

/// The id of the topic of that name, the same in every mesh and every version.
///
/// Any thread, also in callbacks.
///
/// Errors: XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_UTF8.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_topic(
    name: *const c_char,
    name_len: u32,
    topic: *mut crate::message::xrmesh_topic_id,
) -> xrmesh_status {
    fence_anywhere!(|caller| {
        let topic = caller.out(topic, "topic")?;
        topic.set(xrmesh::Topic::named(caller.text(name, name_len, "name")?).to_bits());
        Ok(status::XRMESH_OK)
    })
}
