//! A memory as JSON, out and in, and room scans in.
#![expect(unsafe_code, reason = "exports have C names")]

use core::ffi::c_char;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::sync::Arc;

use bytemuck::{Pod, Zeroable};
use xrmesh::Time;
use xrmesh::memory::SpatialMemory;
use xrmesh::memory::map::{ExportReport, ImportError, Imported};

use super::owner;
use super::snapshot::SnapshotObject;
use crate::failure::{Failure, Outcome, fail};
use crate::fence::{fence, in_callback};
use crate::handle::{self, xrmesh_memory, xrmesh_snapshot};
use crate::pointer::Caller;
use crate::status::*;
use crate::stream::{HostReader, HostWriter, status_of, xrmesh_reader, xrmesh_writer};

/// What was written. 24 bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Pod, Zeroable)]
#[repr(C)]
pub struct xrmesh_exported {
    /// How many objects.
    pub objects: u64,
    /// How many areas.
    pub areas: u64,
    /// How many bytes of JSON.
    pub bytes: u64,
}

/// What was taken in. 32 bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Pod, Zeroable)]
#[repr(C)]
pub struct xrmesh_imported {
    /// How many objects.
    pub objects: u64,
    /// How many anchors, those that were there by their names not counted.
    pub anchors: u64,
    /// How many areas.
    pub areas: u64,
    /// 1 if objects kept their ids.
    pub kept_ids: u32,
    /// Zero.
    pub reserved: u32,
}

impl From<ExportReport> for xrmesh_exported {
    fn from(report: ExportReport) -> Self {
        Self { objects: report.objects, areas: report.regions, bytes: report.bytes }
    }
}

impl From<Imported> for xrmesh_imported {
    fn from(imported: Imported) -> Self {
        Self {
            objects: imported.objects,
            anchors: imported.frames,
            areas: imported.regions,
            kept_ids: u32::from(imported.kept_ids),
            reserved: 0,
        }
    }
}

fn written(path: &str, error: impl core::fmt::Display) -> Failure {
    Failure::new(XRMESH_ERROR_IO, format_args!("writing {path:?}: {error}"))
}

/// Writes a file, all of it.
fn to_file(
    path: &str,
    export: impl FnOnce(&mut BufWriter<File>) -> io::Result<ExportReport>,
) -> Result<ExportReport, Failure> {
    let file = File::create(path).map_err(|error| written(path, error))?;
    let mut out = BufWriter::new(file);
    let done = export(&mut out).and_then(|report| out.flush().map(|()| report));
    done.map_err(|error| written(path, error))
}

/// Writes the present state, published or not, as a map of JSON to a file; one of that name is replaced.
/// `exported_at_ns` goes into its metadata. To write while changes go on: `xrmesh_snapshot_export`.
/// `exported` is optional.
///
/// One at a time.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_UTF8, XRMESH_ERROR_IO,
/// XRMESH_ERROR_CLOSED if its mesh is gone, XRMESH_ERROR_BUSY, XRMESH_ERROR_DRIVEN,
/// XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_memory_export(
    memory: xrmesh_memory,
    path: *const c_char,
    path_len: u32,
    exported_at_ns: i64,
    exported: *mut xrmesh_exported,
) -> xrmesh_status {
    fence!(|caller| {
        let path = caller.text(path, path_len, "path")?;
        let out = caller.optional_out(exported);
        let at = Time::from_nanos(exported_at_ns);
        let done = owner::with(memory, |memory| to_file(path, |file| memory.export_map(file, at)))?;
        if let Some(out) = out {
            out.set(done.into());
        }
        Ok(XRMESH_OK)
    })
}

/// Writes what a snapshot shows as a map of JSON to a file; as `xrmesh_memory_export`. `exported` is
/// optional.
///
/// Any thread.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_UTF8, XRMESH_ERROR_IO.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_snapshot_export(
    snapshot: xrmesh_snapshot,
    path: *const c_char,
    path_len: u32,
    exported_at_ns: i64,
    exported: *mut xrmesh_exported,
) -> xrmesh_status {
    fence!(|caller| {
        let path = caller.text(path, path_len, "path")?;
        let out = caller.optional_out(exported);
        let at = Time::from_nanos(exported_at_ns);
        let held = handle::pin::<SnapshotObject>(snapshot.bits)?;
        let (shown, origin) = held.shown()?;
        let done = to_file(path, |file| shown.view().export_map(&origin.config, file, at))?;
        if let Some(out) = out {
            out.set(done.into());
        }
        Ok(XRMESH_OK)
    })
}

/// Gives what a snapshot shows as a map of JSON to the host's functions, on this thread, then `flush`.
/// Whatever this returns, the writer's `drop` runs exactly once, unless `writer` is NULL or of another size.
/// `exported` is optional.
///
/// Any thread. The writer's functions run in here.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_STRUCT_SIZE,
/// XRMESH_ERROR_OUT_OF_RANGE, XRMESH_ERROR_CALLBACK if a function of the writer fails.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_snapshot_export_to(
    snapshot: xrmesh_snapshot,
    writer: *const xrmesh_writer,
    exported_at_ns: i64,
    exported: *mut xrmesh_exported,
) -> xrmesh_status {
    // SAFETY: the caller of an export keeps the rules on pointers that the header states. Taken over
    // before the fence, so that whatever ends the call drops it.
    let writer = HostWriter::own(&unsafe { Caller::trusted() }, writer);
    fence!(|caller| {
        let out = caller.optional_out(exported);
        let writer = writer?;
        let buffer = writer.check()?;
        let held = handle::pin::<SnapshotObject>(snapshot.bits)?;
        let (shown, origin) = held.shown()?;
        let (shown, origin) = (shown.clone(), Arc::clone(origin));
        // The host's functions may destroy the snapshot's handle.
        drop(held);
        let at = Time::from_nanos(exported_at_ns);
        let mut host = BufWriter::with_capacity(buffer, writer);
        let done = shown
            .view()
            .export_map(&origin.config, &mut host, at)
            .and_then(|report| host.flush().map(|()| report));
        // What is left in it after a failure is not written once more.
        let (writer, _rest) = host.into_parts();
        in_callback(|| drop(writer));
        let done = done
            .map_err(|error| Failure::new(status_of(&error), format_args!("the map: {error}")))?;
        if let Some(out) = out {
            out.set(done.into());
        }
        Ok(XRMESH_OK)
    })
}

/// Takes in a map of JSON that the host's functions give; as `xrmesh_memory_import`. Whatever this returns,
/// the reader's `drop` runs exactly once, unless `reader` is NULL or of another size. `imported` is
/// optional.
///
/// One at a time. The reader's functions run in here.
///
/// Errors: as for `xrmesh_memory_import`, and XRMESH_ERROR_STRUCT_SIZE, XRMESH_ERROR_RESERVED;
/// XRMESH_ERROR_IO if `read` fails.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_memory_import_from(
    memory: xrmesh_memory,
    reader: *const xrmesh_reader,
    seen_at_ns: i64,
    imported: *mut xrmesh_imported,
) -> xrmesh_status {
    // SAFETY: as in `xrmesh_snapshot_export_to`.
    let reader = HostReader::own(&unsafe { Caller::trusted() }, reader);
    fence!(|caller| {
        let reader = reader?;
        reader.check()?;
        let mut from = BufReader::with_capacity(64 << 10, reader);
        let at = Time::from_nanos(seen_at_ns);
        import(caller, memory, imported, |memory| memory.import_map(&mut from, at))
    })
}

/// The shape of all imports.
fn import(
    caller: &Caller,
    memory: xrmesh_memory,
    imported: *mut xrmesh_imported,
    take: impl FnOnce(&mut SpatialMemory) -> Result<Imported, ImportError>,
) -> Outcome {
    let out = caller.optional_out(imported);
    let done = owner::alter(memory, |memory| Ok(take(memory)?))?;
    if let Some(out) = out {
        out.set(done.into());
    }
    Ok(XRMESH_OK)
}

fn opened(path: &str) -> Result<impl Read + use<>, Failure> {
    match File::open(path) {
        Ok(file) => Ok(BufReader::with_capacity(64 << 10, file)),
        Err(error) => fail!(XRMESH_ERROR_IO, "opening {path:?}: {error}"),
    }
}

/// Takes in a map of JSON from a file, all of it or nothing; objects without times were seen at `seen_at_ns`.
/// A memory to which nothing ever came takes the ids that the map keeps, any other gives new ones.
/// `imported` is optional.
///
/// One at a time.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_UTF8, XRMESH_ERROR_IO,
/// XRMESH_ERROR_MAP with the line, the column and the key in the text; what the memory cannot take:
/// XRMESH_ERROR_LIMIT, XRMESH_ERROR_OUT_OF_RANGE, XRMESH_ERROR_GEOMETRY. Nothing has changed then.
/// XRMESH_ERROR_BACKLOG, XRMESH_ERROR_STORE_FAILED, XRMESH_ERROR_RECORDED in a mesh whose session is
/// recorded, XRMESH_ERROR_CLOSED if its mesh is gone, XRMESH_ERROR_BUSY, XRMESH_ERROR_DRIVEN,
/// XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_memory_import(
    memory: xrmesh_memory,
    path: *const c_char,
    path_len: u32,
    seen_at_ns: i64,
    imported: *mut xrmesh_imported,
) -> xrmesh_status {
    fence!(|caller| {
        let path = caller.text(path, path_len, "path")?;
        let (file, at) = (opened(path)?, Time::from_nanos(seen_at_ns));
        import(caller, memory, imported, |memory| memory.import_map(file, at))
    })
}

/// Takes in a map of JSON from memory; as `xrmesh_memory_import`. `imported` is optional.
///
/// One at a time.
///
/// Errors: as for `xrmesh_memory_import`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_memory_import_bytes(
    memory: xrmesh_memory,
    bytes: *const u8,
    bytes_len: u32,
    seen_at_ns: i64,
    imported: *mut xrmesh_imported,
) -> xrmesh_status {
    fence!(|caller| {
        let bytes = caller.slice(bytes, bytes_len, "bytes")?;
        let at = Time::from_nanos(seen_at_ns);
        import(caller, memory, imported, |memory| memory.import_map(bytes, at))
    })
}

/// Takes in a scanned room from a file of JSON, all of it or nothing; its things were seen at `seen_at_ns`.
/// `imported` is optional.
///
/// One at a time.
///
/// Errors: as for `xrmesh_memory_import`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_memory_import_room(
    memory: xrmesh_memory,
    path: *const c_char,
    path_len: u32,
    seen_at_ns: i64,
    imported: *mut xrmesh_imported,
) -> xrmesh_status {
    fence!(|caller| {
        let path = caller.text(path, path_len, "path")?;
        let (file, at) = (opened(path)?, Time::from_nanos(seen_at_ns));
        import(caller, memory, imported, |memory| memory.import_room(file, at))
    })
}

/// Takes in a scanned room from memory; as `xrmesh_memory_import_room`. `imported` is optional.
///
/// One at a time.
///
/// Errors: as for `xrmesh_memory_import`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_memory_import_room_bytes(
    memory: xrmesh_memory,
    bytes: *const u8,
    bytes_len: u32,
    seen_at_ns: i64,
    imported: *mut xrmesh_imported,
) -> xrmesh_status {
    fence!(|caller| {
        let bytes = caller.slice(bytes, bytes_len, "bytes")?;
        let at = Time::from_nanos(seen_at_ns);
        import(caller, memory, imported, |memory| memory.import_room(bytes, at))
    })
}
