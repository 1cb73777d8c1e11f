//! Recording a session.
#![expect(unsafe_code, reason = "exports have C names")]

use core::ffi::c_char;
use std::fs::File;

use bytemuck::{Pod, Zeroable};
use xrmesh::{Mesh, RecordOptions, Recording};

use crate::errors;
use crate::failure::{Failure, fail};
use crate::fence::fence;
use crate::handle::xrmesh_mesh;
use crate::mesh::object;
use crate::pointer::Caller;
use crate::status::*;
use crate::stream::{HostWriter, xrmesh_writer};

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
            not_recorded(mesh)?;
            let file = File::create(path).map_err(|error| {
                Failure::new(XRMESH_ERROR_IO, format_args!("creating {path:?}: {error}"))
            })?;
            mesh.record_to(Box::new(file), RecordOptions { hash_every, ..Default::default() })?;
            Ok(XRMESH_OK)
        })
    })
}

/// A file of that name would be gone before the recording is refused.
fn not_recorded(mesh: &Mesh) -> Result<(), Failure> {
    match mesh.recording() {
        None => Ok(()),
        Some(Recording { bytes, .. }) => {
            fail!(XRMESH_ERROR_RECORDED, "the session is recorded already, {bytes} bytes so far")
        }
    }
}

/// Records the session from here on, as `xrmesh_mesh_record` does, to the host's functions instead of a
/// file. A function that fails ends the recording and not the session: `xrmesh_mesh_recording` says so,
/// and what was written until then is in order. If the mesh goes before the recording is finished, what
/// has gathered is written, without an end. Whatever this returns, `drop` will run exactly once, unless
/// `writer` is NULL or of another size.
///
/// One at a time. The functions run in whatever records: commands, ticks, the end.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NULL_POINTER for the writer or its `write`,
/// XRMESH_ERROR_STRUCT_SIZE, XRMESH_ERROR_OUT_OF_RANGE for its buffer, XRMESH_ERROR_RECORDED if it is
/// recorded already or the mesh has a past, XRMESH_ERROR_CONFIG, XRMESH_ERROR_BUSY,
/// XRMESH_ERROR_DRIVEN, XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_mesh_record_to(
    mesh: xrmesh_mesh,
    writer: *const xrmesh_writer,
    hash_every: u32,
) -> xrmesh_status {
    // SAFETY: the caller of an export keeps the rules on pointers that the header states. Taken over
    // before the fence, so that whatever ends the call drops it.
    let writer = HostWriter::own(&unsafe { Caller::trusted() }, writer);
    fence!(|_caller| {
        let writer = writer?;
        let buffer_bytes = writer.check()?;
        let object = object::pin(mesh)?;
        let mut state = object.enter()?;
        let mesh = state.mesh()?;
        not_recorded(mesh)?;
        mesh.record_to(Box::new(writer), RecordOptions { hash_every, buffer_bytes })?;
        state.writer_here = true;
        Ok(XRMESH_OK)
    })
}

/// Ends the recording: all of it is in the file, or with the host. `bytes` is optional and gets its length.
///
/// One at a time.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NOT_RECORDING, XRMESH_ERROR_IO,
/// XRMESH_ERROR_CALLBACK if a function of the host failed, XRMESH_ERROR_LIMIT, XRMESH_ERROR_BUSY, XRMESH_ERROR_DRIVEN, XRMESH_ERROR_PANIC.
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
            let status = recording.error.map_or(XRMESH_OK, errors::of_record);
            let (bytes, ticks) = (recording.bytes, recording.ticks);
            out.set(xrmesh_recording { bytes, ticks, status, reserved: 0 });
            Ok(XRMESH_OK)
        })
    })
}
