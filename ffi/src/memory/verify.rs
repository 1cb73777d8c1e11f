//! Stores that are not in use: whether they are sound, and shrinking them.
#![expect(unsafe_code, reason = "exports have C names")]

use core::ffi::c_char;

use bytemuck::{Pod, Zeroable};
use xrmesh::memory::{compact, verify};
use xrmesh::storage::FileStorage;

use super::options::{self, xrmesh_memory_options};
use crate::fence::{fence, fence_anywhere};
use crate::pointer::extensible;
use crate::status::*;

/// What a store consists of, and whether it can be opened. Fill it by `xrmesh_store_report_default`.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct xrmesh_store_report {
    /// The size of this struct.
    pub struct_size: u32,
    /// 1 if it can be opened and holds all that it acknowledged. A torn end is sound: it was never
    /// acknowledged.
    pub is_sound: u32,
    /// Why it could not be opened: XRMESH_OK if it can.
    pub fault: i32,
    /// Files of its folder.
    pub files: u32,
    /// Bytes of the store's own files.
    pub bytes: u64,
    /// The last change that opening it would find.
    pub through: u64,
    /// Records that opening it would read from its image and its log.
    pub records: u64,
    /// 1 if its end is torn, as a crash leaves it.
    pub is_torn: u32,
    /// Files with something in them that no store writes.
    pub damaged_files: u32,
}

extensible!(xrmesh_store_report);

impl xrmesh_store_report {
    const EMPTY: Self = Self {
        struct_size: size_of::<Self>() as u32,
        is_sound: 0,
        fault: XRMESH_OK,
        files: 0,
        bytes: 0,
        through: 0,
        records: 0,
        is_torn: 0,
        damaged_files: 0,
    };
}

/// What compacting a store did. 24 bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Pod, Zeroable)]
#[repr(C)]
pub struct xrmesh_compacted {
    /// The bytes of all files of its folder before.
    pub bytes_before: u64,
    /// And after.
    pub bytes_after: u64,
    /// How many objects it holds.
    pub objects: u32,
    /// Zero.
    pub reserved: u32,
}

/// Fills the report with zeros and its size. NULL is let be.
///
/// Any thread, also in callbacks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_store_report_default(report: *mut xrmesh_store_report) {
    fence_anywhere!(
        quiet | caller | {
            caller.out(report, "report")?.set(xrmesh_store_report::EMPTY);
            Ok(XRMESH_OK)
        }
    );
}

/// Reads every file of a store whole, checks every block and every record, and changes nothing. Damage
/// is no error: it stands in the report, and in words in `text`, which is optional: a line for each file
/// and one with the verdict, at most `capacity` bytes, cut at a character. `text_len` gets the bytes of
/// the whole.
///
/// Any thread.
///
/// Errors: XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_STRUCT_SIZE, XRMESH_ERROR_UTF8,
/// XRMESH_ERROR_STORE_LOCKED, XRMESH_ERROR_IO, XRMESH_ERROR_BUFFER_TOO_SMALL if the text was cut.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_store_verify(
    folder: *const c_char,
    folder_len: u32,
    report: *mut xrmesh_store_report,
    text: *mut c_char,
    capacity: u32,
    text_len: *mut u32,
) -> xrmesh_status {
    fence!(|caller| {
        let folder = caller.text(folder, folder_len, "folder")?;
        let out = caller.out_extensible(report)?;
        let len = caller.out(text_len, "text_len")?;
        let found = verify(&FileStorage::existing(folder)?)?;
        let fault = found.fault.clone().map(crate::failure::Failure::from);
        let is_damaged = |file: &&xrmesh::memory::FileFound| file.damage.is_some();
        out.set(xrmesh_store_report {
            is_sound: u32::from(found.is_sound()),
            fault: fault.map_or(XRMESH_OK, |fault| fault.status),
            files: found.files.len() as u32,
            bytes: found.bytes(),
            through: found.recovery.through.0,
            records: found.recovery.image_records + found.recovery.log_records,
            is_torn: u32::from(found.recovery.torn.is_some()),
            damaged_files: found.files.iter().filter(is_damaged).count() as u32,
            ..xrmesh_store_report::EMPTY
        });
        let said = found.to_string();
        len.set(said.len() as u32);
        caller.write_optional_text(text, capacity, &said)
    })
}

/// Opens a store that is not in use, writes what it holds now as one image, and removes everything else.
/// A memory that is in use does the same by `xrmesh_memory_checkpoint`. `compacted` is optional.
///
/// Any thread.
///
/// Errors: as for `xrmesh_memory_open`, and XRMESH_ERROR_STORE_FAILED. The store holds what it held.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_store_compact(
    folder: *const c_char,
    folder_len: u32,
    options: *const xrmesh_memory_options,
    compacted: *mut xrmesh_compacted,
) -> xrmesh_status {
    fence!(|caller| {
        let folder = caller.text(folder, folder_len, "folder")?;
        let config = options::read(caller, options)?;
        let out = caller.optional_out(compacted);
        config.validate()?;
        let done = compact(FileStorage::existing(folder)?, config)?;
        if let Some(out) = out {
            out.set(xrmesh_compacted {
                bytes_before: done.bytes_before,
                bytes_after: done.bytes_after,
                objects: done.objects as u32,
                reserved: 0,
            });
        }
        Ok(XRMESH_OK)
    })
}
