//! Recording a session.
#![expect(unsafe_code, reason = "exports have C names")]

use core::ffi::c_char;
use std::fs::File;

use bytemuck::{Pod, Zeroable};
use xrmesh::RecordOptions;

use crate::failure::{Failure, fail};
use crate::fence::fence;
use crate::handle::xrmesh_mesh;
use crate::mesh::object;
use crate::status::*;

/// A recording in progress. 24 bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Pod, Zeroable)]
#[repr(C)]
pub struct xrmesh_recording {
    /// Bytes recorded, those included that wait to be written.
    pub bytes: u64,
    /// Ticks recorded.
    pub ticks: u64,
    /// XRMESH_OK, or what ended the recording early; the session goes on without it.
    pub status: i32,
    /// Zero.
    pub reserved: u32,
}

/// Records the session into a file from here on: the mesh must be as it was made. While it is recorded
/// agents with callbacks can be spawned by `xrmesh_mesh_spawn_as` only. A state hash is written every
/// `hash_every` ticks, 0 for none, 1 to find the very tick in which a replay differs. A file of that
/// name is replaced.
///
/// One at a time.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_UTF8, XRMESH_ERROR_IO,
/// XRMESH_ERROR_RECORDED if it is recorded already or the mesh has a past, XRMESH_ERROR_CONFIG,
/// XRMESH_ERROR_BUSY, XRMESH_ERROR_DRIVEN, XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_mesh_record(
    mesh: xrmesh_mesh,
    path: *const c_char,
    path_len: u32,
    hash_every: u32,
) -> xrmesh_status {
    fence!(|caller| {
        let path = caller.text(path, path_len, "path")?;
        object::with(mesh, |mesh| {
            if let Some(recording) = mesh.recording() {
                let bytes = recording.bytes;
                fail!(
                    XRMESH_ERROR_RECORDED,
                    "the session is recorded already, {bytes} bytes so far"
                );
            }
            let file = File::create(path).map_err(|error| {
                Failure::new(XRMESH_ERROR_IO, format_args!("creating {path:?}: {error}"))
            })?;
            mesh.record_to(Box::new(file), RecordOptions { hash_every, ..Default::default() })?;
            Ok(XRMESH_OK)
        })
    })
}

/// Ends the recording: all of it is in the file. `bytes` is optional and gets its length.
///
/// One at a time.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NOT_RECORDING, XRMESH_ERROR_IO,
/// XRMESH_ERROR_LIMIT, XRMESH_ERROR_BUSY, XRMESH_ERROR_DRIVEN, XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_mesh_finish_recording(
    mesh: xrmesh_mesh,
    bytes: *mut u64,
) -> xrmesh_status {
    fence!(|caller| {
        let bytes = caller.optional_out(bytes);
        object::with(mesh, |mesh| {
            let written = mesh.finish_recording()?;
            if let Some(bytes) = bytes {
                bytes.set(written);
            }
            Ok(XRMESH_OK)
        })
    })
}

/// How far the recording is, and whether it failed.
///
/// One at a time.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_NOT_RECORDING,
/// XRMESH_ERROR_BUSY, XRMESH_ERROR_DRIVEN, XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_mesh_recording(
    mesh: xrmesh_mesh,
    recording: *mut xrmesh_recording,
) -> xrmesh_status {
    fence!(|caller| {
        let out = caller.out(recording, "recording")?;
        object::with(mesh, |mesh| {
            let Some(recording) = mesh.recording() else {
                fail!(XRMESH_ERROR_NOT_RECORDING, "the session is not recorded");
            };
            let status = match recording.error {
                None => XRMESH_OK,
                Some(xrmesh::RecordError::Write { .. }) => XRMESH_ERROR_IO,
                Some(_) => XRMESH_ERROR_LIMIT,
            };
            let (bytes, ticks) = (recording.bytes, recording.ticks);
            out.set(xrmesh_recording { bytes, ticks, status, reserved: 0 });
            Ok(XRMESH_OK)
        })
    })
}
