//! A memory's beginning and end.
#![expect(unsafe_code, reason = "exports have C names")]

use core::ffi::c_char;
use std::sync::Arc;

use xrmesh::memory::{RecoveryReport, SpatialMemory};
use xrmesh::storage::FileStorage;

use super::options::{self, xrmesh_memory_options};
use super::owner::{self, Home, MemoryObject};
use crate::fence::{fence, fence_anywhere};
use crate::handle::{self, xrmesh_memory};
use crate::mesh::create::destroy;
use crate::pointer::extensible;
use crate::status::*;

/// What opening a store found. Fill it by `xrmesh_recovery_default`.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct xrmesh_recovery {
    /// The size of this struct.
    pub struct_size: u32,
    /// 1 if the end of the log was cut off: what a crash left, and what was never acknowledged.
    pub is_torn: u32,
    /// The last change that is there.
    pub through: u64,
    /// The last change of the image that was read; 0 where there was none.
    pub image_through: u64,
    /// Records read from the image.
    pub image_records: u64,
    /// Records read from the log behind it.
    pub log_records: u64,
    /// Where in its file the log was cut.
    pub torn_offset: u64,
    /// How many bytes followed, reserved room included.
    pub torn_bytes: u64,
    /// 1 if a damaged image was passed over and an older one served.
    pub skipped_image: u32,
    /// Files that were removed: replaced, unfinished or empty ones.
    pub removed_files: u32,
}

extensible!(xrmesh_recovery);

impl xrmesh_recovery {
    const EMPTY: Self = Self {
        struct_size: size_of::<Self>() as u32,
        is_torn: 0,
        through: 0,
        image_through: 0,
        image_records: 0,
        log_records: 0,
        torn_offset: 0,
        torn_bytes: 0,
        skipped_image: 0,
        removed_files: 0,
    };

    pub(crate) fn new(report: &RecoveryReport) -> Self {
        let torn = report.torn.as_ref();
        Self {
            is_torn: u32::from(torn.is_some()),
            through: report.through.0,
            image_through: report.image_through.0,
            image_records: report.image_records,
            log_records: report.log_records,
            torn_offset: torn.map_or(0, |torn| torn.offset),
            torn_bytes: torn.map_or(0, |torn| torn.bytes),
            skipped_image: u32::from(report.skipped_image.is_some()),
            removed_files: report.removed.len() as u32,
            ..Self::EMPTY
        }
    }
}

/// Fills the report with zeros and its size. NULL is let be.
///
/// Any thread, also in callbacks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_recovery_default(recovery: *mut xrmesh_recovery) {
    fence_anywhere!(
        quiet | caller | {
            caller.out(recovery, "recovery")?.set(xrmesh_recovery::EMPTY);
            Ok(XRMESH_OK)
        }
    );
}

/// Makes an empty memory in RAM.
///
/// Any thread.
///
/// Errors: XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_STRUCT_SIZE, XRMESH_ERROR_ABI_VERSION,
/// XRMESH_ERROR_CONFIG with the option in the text, XRMESH_ERROR_OUT_OF_RANGE,
/// XRMESH_ERROR_UNKNOWN_VALUE, XRMESH_ERROR_LIMIT if 65,536 handles exist.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_memory_create(
    options: *const xrmesh_memory_options,
    memory: *mut xrmesh_memory,
) -> xrmesh_status {
    fence!(|caller| {
        let out = caller.out(memory, "memory")?;
        let made = SpatialMemory::new(options::read(caller, options)?)?;
        let object = MemoryObject::new(made, Box::default());
        out.set(xrmesh_memory { bits: handle::insert(Arc::new(object))? });
        Ok(XRMESH_OK)
    })
}

/// Opens the memory that a folder holds, an empty one where it holds none; the folder is made if it
/// is missing. Everything that was acknowledged is there, and nothing by half. Readers see it at once, as
/// state 1. `recovery` is optional and says what was found, as `xrmesh_memory_recovery` does in a text.
///
/// Any thread.
///
/// Errors: as for `xrmesh_memory_create`, and XRMESH_ERROR_UTF8, XRMESH_ERROR_IO,
/// XRMESH_ERROR_STORE_LOCKED, XRMESH_ERROR_CORRUPT with the file and the byte in the text,
/// XRMESH_ERROR_FILE_VERSION.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_memory_open(
    folder: *const c_char,
    folder_len: u32,
    options: *const xrmesh_memory_options,
    memory: *mut xrmesh_memory,
    recovery: *mut xrmesh_recovery,
) -> xrmesh_status {
    fence!(|caller| {
        let folder = caller.text(folder, folder_len, "folder")?;
        let config = options::read(caller, options)?;
        let out = caller.out(memory, "memory")?;
        let recovery = caller.optional_out_extensible(recovery)?;
        config.validate()?;
        let (opened, report) = SpatialMemory::open(FileStorage::open(folder)?, config)?;
        let object = MemoryObject::new(opened, report.to_string().into());
        out.set(xrmesh_memory { bits: handle::insert(Arc::new(object))? });
        if let Some(recovery) = recovery {
            recovery.set(xrmesh_recovery::new(&report));
        }
        Ok(XRMESH_OK)
    })
}

/// What opening the memory's store found, in words; empty for a memory in RAM. `text` is optional and gets
/// at most `capacity` bytes, cut at a character. `text_len` gets the bytes of the whole.
///
/// Any thread.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_BUFFER_TOO_SMALL if
/// the text was cut.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_memory_recovery(
    memory: xrmesh_memory,
    text: *mut c_char,
    capacity: u32,
    text_len: *mut u32,
) -> xrmesh_status {
    fence!(|caller| {
        let len = caller.out(text_len, "text_len")?;
        let held = owner::pin(memory)?;
        len.set(held.recovery.len() as u32);
        caller.write_optional_text(text, capacity, &held.recovery)
    })
}

/// Destroys a memory. Calls of other threads that are in it end first. What waits to be written to its
/// store is written as far as that goes, and nobody is told how far: see `xrmesh_memory_close`. Snapshots
/// and subscriptions stay; a memory that is attached to a mesh stays there.
///
/// Any thread.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, also for the second of two.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_memory_destroy(memory: xrmesh_memory) -> xrmesh_status {
    fence!(|_caller| destroy::<MemoryObject>(memory.bits))
}

/// Writes and syncs everything, ends the store and destroys the memory. `sequence` is optional and gets
/// the last change that is certain; 0 for a memory in RAM. Blocks for the disk.
///
/// One at a time.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_BUSY, XRMESH_ERROR_ATTACHED, XRMESH_ERROR_PANIC:
/// the memory is still there then. XRMESH_ERROR_IO, XRMESH_ERROR_STORE_FAILED: it is gone.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_memory_close(
    memory: xrmesh_memory,
    sequence: *mut u64,
) -> xrmesh_status {
    fence!(|caller| {
        let sequence = caller.optional_out(sequence);
        let taken = {
            let held = owner::pin(memory)?;
            let mut writer = held.enter()?;
            writer.own()?;
            core::mem::replace(&mut writer.home, Home::Gone)
        };
        let ended = destroy::<MemoryObject>(memory.bits)?;
        if let Home::Here(memory) = taken {
            let certain = memory.close()?;
            if let Some(sequence) = sequence {
                sequence.set(certain.0);
            }
        }
        Ok(ended)
    })
}
