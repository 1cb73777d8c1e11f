//! The text of the last error, one for each thread.
//!
//! A fixed place without a destructor: it costs no allocation, and leaves nothing behind that would
//! keep the library loaded.
#![expect(unsafe_code, reason = "exports have C names")]

use core::cell::{Cell, RefCell};
use core::ffi::c_char;
use core::fmt::{self, Write};

use crate::fence::fence_anywhere;
use crate::status::{XRMESH_OK, xrmesh_status};

/// The longest text that is kept, in bytes; what is longer is cut at a character.
const MOST_BYTES: usize = 1024;

thread_local! {
    static TEXT: RefCell<Text> = const { RefCell::new(Text { bytes: [0; MOST_BYTES], length: 0 }) };
    static STATUS: Cell<xrmesh_status> = const { Cell::new(XRMESH_OK) };
}

struct Text {
    bytes: [u8; MOST_BYTES],
    length: usize,
}

impl Write for Text {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = MOST_BYTES - self.length;
        let fits = text.floor_char_boundary(room);
        self.bytes[self.length..self.length + fits].copy_from_slice(&text.as_bytes()[..fits]);
        self.length += fits;
        if fits < text.len() { Err(fmt::Error) } else { Ok(()) }
    }
}

/// Keeps the status and the text of an error of this thread.
#[cold]
pub(crate) fn keep(status: xrmesh_status, text: impl fmt::Display) {
    STATUS.set(status);
    // In a thread's last moments there may be no place for it.
    let _ = TEXT.try_with(|kept| {
        if let Ok(mut kept) = kept.try_borrow_mut() {
            kept.length = 0;
            // A text that is cut is still a text.
            let _ = write!(kept, "{text}");
        }
    });
}

/// The text of this thread's last error, UTF-8 and without a zero at its end; empty before the
/// first. Success never clears it.
///
/// `text` gets at most `capacity` bytes, cut at a character, and `length` the bytes of the whole
/// text, at most 1,024. (NULL, 0) asks for the length alone.
///
/// Any thread, also in callbacks.
///
/// Errors: XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_BUFFER_TOO_SMALL if the text was cut.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_last_error(
    text: *mut c_char,
    capacity: u32,
    length: *mut u32,
) -> xrmesh_status {
    // An error of this function must not overwrite the text that was asked for.
    fence_anywhere!(
        quiet | caller | {
            let length = caller.out(length, "length")?;
            TEXT.with_borrow(|kept| {
                let whole = core::str::from_utf8(&kept.bytes[..kept.length]).unwrap_or_default();
                length.set(kept.length as u32);
                caller.write_text(text, capacity, whole)
            })
        }
    )
}

/// The status of this thread's last error; 0 before the first.
///
/// Any thread, also in callbacks.
#[unsafe(no_mangle)]
pub extern "C" fn xrmesh_last_status() -> xrmesh_status {
    STATUS.get()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_at_a_character() {
        keep(-1, "é".repeat(MOST_BYTES));
        TEXT.with_borrow(|kept| {
            assert_eq!(kept.length, MOST_BYTES);
            assert!(core::str::from_utf8(&kept.bytes[..kept.length]).is_ok());
        });
        keep(-1, format_args!("x{}", "é".repeat(MOST_BYTES)));
        TEXT.with_borrow(|kept| {
            assert_eq!(kept.length, MOST_BYTES - 1);
            assert!(core::str::from_utf8(&kept.bytes[..kept.length]).is_ok());
        });
    }
}
