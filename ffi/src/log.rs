//! What the library has to say between calls: a bounded ring that the host drains.
//!
//! It is for the process, not for one mesh, so that it outlives what it tells of. When it is full
//! the oldest gives way, and the numbers show the gap. The library itself does not log; what is said
//! here concerns the host: messages that its agents could not send or that found a frame full,
//! commands of other threads that were refused, panics.
#![expect(unsafe_code, reason = "exports have C names")]

use core::ffi::c_char;
use core::fmt;
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use bytemuck::{Pod, Zeroable};

use crate::failure::fail;
use crate::fence::fence_anywhere;
use crate::status::*;
use crate::sync::{AtomicU32, Ordering};

/// Something failed.
pub const XRMESH_LOG_ERROR: u32 = 1;
/// Something may fail, or was refused.
pub const XRMESH_LOG_WARN: u32 = 2;
/// Something worth a line happened.
pub const XRMESH_LOG_INFO: u32 = 3;

/// Records that are kept.
const MOST_RECORDS: usize = 1024;
/// Bytes of a text that are kept.
const MOST_BYTES: usize = 512;

/// One line of the log. 16 bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Pod, Zeroable)]
#[repr(C)]
pub struct xrmesh_log_record {
    /// Its number in the process, from 1. A gap says how many were lost.
    pub number: u64,
    /// XRMESH_LOG_*.
    pub level: u32,
    /// Bytes of its text.
    pub text_len: u32,
}

#[derive(Debug)]
struct Ring {
    records: VecDeque<(u64, u32, Box<str>)>,
    last: u64,
}

static RING: Mutex<Ring> = Mutex::new(Ring { records: VecDeque::new(), last: 0 });
static LEVEL: AtomicU32 = AtomicU32::new(XRMESH_LOG_INFO);

/// Says something; not for what happens often.
#[cold]
pub(crate) fn say(level: u32, text: impl fmt::Display) {
    if level > LEVEL.load(Ordering::Relaxed) {
        return;
    }
    let mut text = text.to_string();
    text.truncate(text.floor_char_boundary(MOST_BYTES));
    let mut ring = RING.lock().unwrap_or_else(PoisonError::into_inner);
    if ring.records.len() >= MOST_RECORDS {
        ring.records.pop_front();
    }
    ring.last += 1;
    let number = ring.last;
    ring.records.push_back((number, level, text.into()));
}

pub(crate) fn warn(text: impl fmt::Display) {
    say(XRMESH_LOG_WARN, text);
}

/// Forgets all records and their memory.
pub(crate) fn clear() {
    let mut ring = RING.lock().unwrap_or_else(PoisonError::into_inner);
    ring.records = VecDeque::new();
}

/// Says nothing less severe than `level` from now on: XRMESH_LOG_*, 0 for nothing at all. The process
/// begins with XRMESH_LOG_INFO.
///
/// Any thread, also in callbacks.
///
/// Errors: XRMESH_ERROR_UNKNOWN_VALUE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_log_set_level(level: u32) -> xrmesh_status {
    fence_anywhere!(|_caller| {
        if level > XRMESH_LOG_INFO {
            fail!(XRMESH_ERROR_UNKNOWN_VALUE, "a log level of {level}, known are 0 to 3");
        }
        LEVEL.store(level, Ordering::Relaxed);
        Ok(XRMESH_OK)
    })
}

/// Takes the oldest record: its text, UTF-8 without a zero at its end, goes to `text`. The last 1,024
/// records are kept, 512 bytes of each.
///
/// Any thread, also in callbacks.
///
/// Returns XRMESH_NONE if there is no record.
/// Errors: XRMESH_ERROR_NULL_POINTER; XRMESH_ERROR_BUFFER_TOO_SMALL and XRMESH_ERROR_ZERO_CAPACITY,
/// with the record in `record` and kept in the log.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_log_take(
    record: *mut xrmesh_log_record,
    text: *mut c_char,
    capacity: u32,
) -> xrmesh_status {
    fence_anywhere!(|caller| {
        let record = caller.out(record, "record")?;
        let mut room = caller.room(text.cast::<u8>(), capacity, "text")?;
        let mut ring = RING.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((number, level, said)) = ring.records.front() else { return Ok(XRMESH_NONE) };
        let needed = said.len();
        record.set(xrmesh_log_record { number: *number, level: *level, text_len: needed as u32 });
        if capacity == 0 {
            fail!(
                XRMESH_ERROR_ZERO_CAPACITY,
                "text has a capacity of 0, the record {needed} bytes"
            );
        }
        if needed > capacity as usize {
            fail!(XRMESH_ERROR_BUFFER_TOO_SMALL, "a record of {needed} bytes, room for {capacity}");
        }
        room.push_all(said.as_bytes());
        ring.records.pop_front();
        Ok(XRMESH_OK)
    })
}
