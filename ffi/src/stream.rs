//! The host's functions that the bytes of a recording or a map go to, and those of a recording come from.
//!
//! 1. They run within the function of the mesh or the replay that needs them, on its thread, as callbacks:
//!    nothing but what is marked for callbacks may be called in them.
//! 2. What they answer is not trusted: no count above what was asked is believed, and taking nothing
//!    is a failure, so that nothing loops for ever.
//! 3. A failure is an error of the stream that carries what the host said; it comes out as
//!    `XRMESH_ERROR_CALLBACK`.
#![expect(unsafe_code, reason = "the host's functions; exports have C names")]

use core::ffi::c_void;
use std::io::{self, Read, Write};

use crate::callback::user_data::UserData;
use crate::failure::{Failure, fail};
use crate::fence::{fence_anywhere, in_callback};
use crate::pointer::{Caller, extensible};
use crate::status::*;

/// The most bytes that gather before they are written.
const MOST_BUFFER_BYTES: u32 = 1 << 26;

/// Where the bytes of a recording or a map go: the host's functions. They run on the thread of the call that
/// writes, within it; they must not throw, and the tick waits for them. Fill it by `xrmesh_writer_default`.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct xrmesh_writer {
    /// The size of this struct.
    pub struct_size: u32,
    /// Bytes that gather before `write` gets them in one piece; 0 gives it each piece at once. Default
    /// 262,144, at most 67,108,864.
    pub buffer_bytes: u32,
    /// The host's own. Optional.
    pub user_data: *mut c_void,
    /// Takes bytes, which are valid until it returns. `taken` comes as `bytes_len`: who takes fewer
    /// writes how many, at least 1, and is called again with the rest. What it returns below 0 ends it
    /// all. Required.
    pub write: Option<
        unsafe extern "C" fn(
            user_data: *mut c_void,
            bytes: *const u8,
            bytes_len: u32,
            taken: *mut u32,
        ) -> xrmesh_status,
    >,
    /// Runs when all is written, after the last bytes. Below 0: it could not be finished.
    /// Optional.
    pub flush: Option<unsafe extern "C" fn(user_data: *mut c_void) -> xrmesh_status>,
    /// Runs exactly once, when nothing will be written any more; also if it could not begin.
    pub drop: Option<unsafe extern "C" fn(user_data: *mut c_void)>,
}

/// Where a recording's bytes come from: the host's functions. They run on the thread of the call that
/// replays, within it, and must not throw. Fill it by `xrmesh_reader_default`.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct xrmesh_reader {
    /// The size of this struct.
    pub struct_size: u32,
    /// Zero.
    pub reserved: u32,
    /// The host's own. Optional.
    pub user_data: *mut c_void,
    /// Writes at most `capacity` bytes to `bytes`, and to `given` how many, which comes as 0: none is the
    /// end. What it returns below 0 ends the replay. Required.
    pub read: Option<
        unsafe extern "C" fn(
            user_data: *mut c_void,
            bytes: *mut u8,
            capacity: u32,
            given: *mut u32,
        ) -> xrmesh_status,
    >,
    /// Runs exactly once, when nothing will be read any more; also if the replay could not be opened.
    pub drop: Option<unsafe extern "C" fn(user_data: *mut c_void)>,
}

extensible!(xrmesh_writer, xrmesh_reader);

/// Fills the writer with no functions, its size and the default buffer. NULL is let be.
///
/// Any thread, also in callbacks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_writer_default(writer: *mut xrmesh_writer) {
    fence_anywhere!(
        quiet | caller | {
            caller.out(writer, "writer")?.set(xrmesh_writer {
                struct_size: size_of::<xrmesh_writer>() as u32,
                buffer_bytes: 1 << 18,
                user_data: core::ptr::null_mut(),
                write: None,
                flush: None,
                drop: None,
            });
            Ok(XRMESH_OK)
        }
    );
}

/// Fills the reader with no functions and its size. NULL is let be.
///
/// Any thread, also in callbacks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_reader_default(reader: *mut xrmesh_reader) {
    fence_anywhere!(
        quiet | caller | {
            caller.out(reader, "reader")?.set(xrmesh_reader {
                struct_size: size_of::<xrmesh_reader>() as u32,
                reserved: 0,
                user_data: core::ptr::null_mut(),
                read: None,
                drop: None,
            });
            Ok(XRMESH_OK)
        }
    );
}

/// A writer whose `user_data` is this crate's to drop.
pub(crate) struct HostWriter {
    given: xrmesh_writer,
    data: UserData,
}

// SAFETY: the header says that its functions run on whichever thread records, one at a time.
unsafe impl Send for HostWriter {}

impl HostWriter {
    /// Takes the writer over: from here on `drop` is due.
    pub(crate) fn own(caller: &Caller, writer: *const xrmesh_writer) -> Result<Self, Failure> {
        let given = caller.extensible(writer)?;
        Ok(Self { given, data: UserData::new(given.user_data, given.drop) })
    }

    /// Holds it against what it can be, and gives the bytes of its buffer.
    pub(crate) fn check(&self) -> Result<usize, Failure> {
        let bytes = self.given.buffer_bytes;
        if self.given.write.is_none() {
            fail!(XRMESH_ERROR_NULL_POINTER, "writer.write is NULL");
        }
        if bytes > MOST_BUFFER_BYTES {
            fail!(
                XRMESH_ERROR_OUT_OF_RANGE,
                "writer.buffer_bytes is {bytes}, at most {MOST_BUFFER_BYTES}"
            );
        }
        Ok(bytes as usize)
    }
}

impl Write for HostWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Some(write) = self.given.write else { return Err(HostError::Missing.into()) };
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        let mut taken = length;
        // SAFETY: the host's function with the host's pointer; the bytes and the count live for the call.
        let status = in_callback(|| unsafe {
            write(self.data.pointer(), bytes.as_ptr(), length, &raw mut taken)
        });
        counted("write", status, taken, length, length > 0)
    }

    fn flush(&mut self) -> io::Result<()> {
        let Some(flush) = self.given.flush else { return Ok(()) };
        // SAFETY: the host's function with the host's pointer.
        let status = in_callback(|| unsafe { flush(self.data.pointer()) });
        counted("flush", status, 0, 0, false).map(|_| ())
    }
}

/// A reader whose `user_data` is this crate's to drop.
pub(crate) struct HostReader {
    given: xrmesh_reader,
    data: UserData,
}

// SAFETY: the header says that its functions run on whichever thread replays, one at a time.
unsafe impl Send for HostReader {}

impl HostReader {
    /// Takes the reader over: from here on `drop` is due.
    pub(crate) fn own(caller: &Caller, reader: *const xrmesh_reader) -> Result<Self, Failure> {
        let given = caller.extensible(reader)?;
        Ok(Self { given, data: UserData::new(given.user_data, given.drop) })
    }

    /// Holds it against what it can be.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        if self.given.read.is_none() {
            fail!(XRMESH_ERROR_NULL_POINTER, "reader.read is NULL");
        }
        if self.given.reserved != 0 {
            fail!(XRMESH_ERROR_RESERVED, "reader.reserved is not zero");
        }
        Ok(())
    }
}

impl Read for HostReader {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let Some(read) = self.given.read else { return Err(HostError::Missing.into()) };
        let capacity = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        let mut given = 0;
        // SAFETY: the host's function with the host's pointer; the room and the count live for the call.
        let status = in_callback(|| unsafe {
            read(self.data.pointer(), bytes.as_mut_ptr(), capacity, &raw mut given)
        });
        counted("read", status, given, capacity, false)
    }
}

/// What a host's function answered, if it can be.
fn counted(
    name: &'static str,
    status: xrmesh_status,
    count: u32,
    most: u32,
    some: bool,
) -> io::Result<usize> {
    if status < 0 {
        return Err(HostError::Status { name, status }.into());
    }
    if count > most || some && count == 0 {
        return Err(HostError::Count { name, count, least: u32::from(some), most }.into());
    }
    Ok(count as usize)
}

/// Why a function of the host ended a stream.
#[derive(Debug)]
enum HostError {
    /// It said so.
    Status { name: &'static str, status: xrmesh_status },
    /// It said a count that cannot be.
    Count { name: &'static str, count: u32, least: u32, most: u32 },
    /// There is none.
    Missing,
}

impl From<HostError> for io::Error {
    #[cold]
    fn from(error: HostError) -> Self {
        Self::other(error)
    }
}

impl core::error::Error for HostError {}

impl core::fmt::Display for HostError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Status { name, status } => {
                write!(f, "the host's {name} returned {status}")?;
                match crate::status::name(*status).map(core::ffi::CStr::to_str) {
                    Some(Ok(known)) => write!(f, " ({known})"),
                    _ => Ok(()),
                }
            }
            Self::Count { name, count, least, most } => {
                write!(f, "the host's {name} says {count} bytes, expected {least} to {most}")
            }
            Self::Missing => f.write_str("the host gave no such function"),
        }
    }
}

/// The status of an error of a stream: the host's fault, or a file's.
pub(crate) fn status_of(error: &io::Error) -> xrmesh_status {
    if error.get_ref().is_some_and(|inner| inner.is::<HostError>()) {
        XRMESH_ERROR_CALLBACK
    } else {
        XRMESH_ERROR_IO
    }
}
