//! Areas: named parts of the map, such as rooms.
#![expect(unsafe_code, reason = "exports have C names")]

use core::ffi::c_char;

use bytemuck::{Pod, Zeroable};
use xrmesh::Vec3;
use xrmesh::memory::{Area, AreaId, MemoryAnswer, MemoryCommand};
use xrmesh::space::UpAxis;

use super::content::{xrmesh_area_id, xrmesh_point};
use super::owner;
use super::snapshot::SnapshotObject;
use crate::failure::{Failure, fail};
use crate::fence::{fence, fence_anywhere};
use crate::handle::{self, xrmesh_memory, xrmesh_snapshot};
use crate::pointer::{Caller, extensible};
use crate::status::*;

/// An area that is to come. Fill it by `xrmesh_area_default`.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct xrmesh_area {
    /// The size of this struct.
    pub struct_size: u32,
    /// The axis along which it stands: 0 for X, 1 for Y, 2 for Z.
    pub up_axis: u32,
    /// Its name. Optional.
    pub name: *const c_char,
    /// What it is: `room`, `zone` and the like. Optional.
    pub kind: *const c_char,
    /// What else is known of it, as the text of a JSON object. Optional.
    pub properties: *const c_char,
    /// Its corners in order around it, in the world; the prism over them reaches from the lowest to the
    /// highest along `up_axis`.
    pub corners: *const xrmesh_point,
    /// Bytes of the name.
    pub name_len: u32,
    /// Bytes of the kind.
    pub kind_len: u32,
    /// Bytes of the properties.
    pub properties_len: u32,
    /// How many corners, at most `max_area_corners` of the options.
    pub corner_count: u32,
}

extensible!(xrmesh_area);

/// What there is to read of an area. 24 bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Pod, Zeroable)]
#[repr(C)]
pub struct xrmesh_area_shape {
    /// Its id.
    pub id: xrmesh_area_id,
    /// 0 for X, 1 for Y, 2 for Z.
    pub up_axis: u32,
    /// Bytes of the name.
    pub name_len: u32,
    /// Bytes of the kind.
    pub kind_len: u32,
    /// Bytes of the properties.
    pub properties_len: u32,
    /// How many corners.
    pub corner_count: u32,
}

/// Fills in an area without corners that stands along Y. NULL is let be.
///
/// Any thread, also in callbacks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_area_default(area: *mut xrmesh_area) {
    fence_anywhere!(
        quiet | caller | {
            caller.out(area, "area")?.set(xrmesh_area {
                struct_size: size_of::<xrmesh_area>() as u32,
                up_axis: 1,
                name: core::ptr::null(),
                kind: core::ptr::null(),
                properties: core::ptr::null(),
                corners: core::ptr::null(),
                name_len: 0,
                kind_len: 0,
                properties_len: 0,
                corner_count: 0,
            });
            Ok(XRMESH_OK)
        }
    );
}

fn read(caller: &Caller, area: *const xrmesh_area, id: u32) -> Result<Area, Failure> {
    let area = caller.extensible(area)?;
    let corners = caller.slice(area.corners, area.corner_count, "corners")?;
    Ok(Area {
        id: AreaId::new(id),
        name: caller.text(area.name, area.name_len, "name")?.into(),
        kind: caller.text(area.kind, area.kind_len, "kind")?.into(),
        boundary: corners.iter().map(|&corner| Vec3::from(corner)).collect(),
        up: match area.up_axis {
            0 => UpAxis::X,
            1 => UpAxis::Y,
            2 => UpAxis::Z,
            given => fail!(XRMESH_ERROR_UNKNOWN_VALUE, "up_axis is {given}, known are 0 to 2"),
        },
        properties: caller.text(area.properties, area.properties_len, "properties")?.into(),
    })
}

/// Adds a named part of the map. Objects are in it by where they are.
///
/// One at a time.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_STRUCT_SIZE,
/// XRMESH_ERROR_UTF8, XRMESH_ERROR_MISALIGNED, XRMESH_ERROR_UNKNOWN_VALUE,
/// XRMESH_ERROR_OUT_OF_RANGE for texts and corners, XRMESH_ERROR_LIMIT, XRMESH_ERROR_BACKLOG,
/// XRMESH_ERROR_IO, XRMESH_ERROR_STORE_FAILED, XRMESH_ERROR_CLOSED if its mesh is gone,
/// XRMESH_ERROR_BUSY, XRMESH_ERROR_DRIVEN, XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_memory_add_area(
    memory: xrmesh_memory,
    area: *const xrmesh_area,
    id: *mut xrmesh_area_id,
) -> xrmesh_status {
    fence!(|caller| {
        let out = caller.out(id, "id")?;
        let area = read(caller, area, 0)?;
        match owner::change(memory, &MemoryCommand::AddArea(Box::new(area)))? {
            MemoryAnswer::Area(area) => {
                out.set(area.index());
                Ok(XRMESH_OK)
            }
            _ => fail!(XRMESH_ERROR_UNKNOWN_AREA, "the area got no id"),
        }
    })
}

/// Replaces an area, which keeps its id.
///
/// One at a time.
///
/// Errors: as for `xrmesh_memory_add_area`, XRMESH_ERROR_UNKNOWN_AREA, and XRMESH_ERROR_RECORDED in a mesh
/// whose session is recorded.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_memory_replace_area(
    memory: xrmesh_memory,
    id: xrmesh_area_id,
    area: *const xrmesh_area,
) -> xrmesh_status {
    fence!(|caller| {
        let area = read(caller, area, id)?;
        owner::alter(memory, |memory| {
            memory.replace_area(area)?;
            Ok(XRMESH_OK)
        })
    })
}

/// Removes an area; its objects stay.
///
/// One at a time.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_UNKNOWN_AREA, XRMESH_ERROR_BACKLOG,
/// XRMESH_ERROR_IO, XRMESH_ERROR_STORE_FAILED, XRMESH_ERROR_CLOSED if its mesh is gone,
/// XRMESH_ERROR_BUSY, XRMESH_ERROR_DRIVEN, XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_memory_remove_area(
    memory: xrmesh_memory,
    id: xrmesh_area_id,
) -> xrmesh_status {
    fence!(|_caller| {
        owner::change(memory, &MemoryCommand::RemoveArea(AreaId::new(id)))?;
        Ok(XRMESH_OK)
    })
}

/// All areas of a snapshot, by id.
///
/// Any thread, also in callbacks.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_BUFFER_TOO_SMALL,
/// XRMESH_ERROR_ZERO_CAPACITY.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_snapshot_areas(
    snapshot: xrmesh_snapshot,
    areas: *mut xrmesh_area_id,
    capacity: u32,
    count: *mut u32,
) -> xrmesh_status {
    fence_anywhere!(|caller| {
        let held = handle::pin::<SnapshotObject>(snapshot.bits)?;
        let all: Vec<u32> = held.view()?.areas().map(|area| area.id.index()).collect();
        caller.write_all(areas, capacity, count, &all, "areas")
    })
}

/// An area of a snapshot: its name, its kind and its properties one behind the other go to `text`, its
/// corners to `corners`, each if there is room for any; `text` is optional. `corners` is optional. `shape`
/// says what they need.
///
/// Any thread, also in callbacks.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_MISALIGNED,
/// XRMESH_ERROR_UNKNOWN_AREA, XRMESH_ERROR_BUFFER_TOO_SMALL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_snapshot_area(
    snapshot: xrmesh_snapshot,
    id: xrmesh_area_id,
    shape: *mut xrmesh_area_shape,
    text: *mut c_char,
    text_capacity: u32,
    corners: *mut xrmesh_point,
    corner_capacity: u32,
) -> xrmesh_status {
    fence_anywhere!(|caller| {
        let out = caller.out(shape, "shape")?;
        let mut text = caller.optional_room(text.cast::<u8>(), text_capacity, "text")?;
        let mut corners = caller.optional_room(corners, corner_capacity, "corners")?;
        let held = handle::pin::<SnapshotObject>(snapshot.bits)?;
        let view = held.view()?;
        let Some(area) = view.area(AreaId::new(id)) else {
            fail!(XRMESH_ERROR_UNKNOWN_AREA, "area {id} is not there");
        };
        out.set(xrmesh_area_shape {
            id,
            up_axis: match area.up {
                UpAxis::X => 0,
                UpAxis::Y => 1,
                UpAxis::Z => 2,
            },
            name_len: area.name.len() as u32,
            kind_len: area.kind.len() as u32,
            properties_len: area.properties.len() as u32,
            corner_count: area.boundary.len() as u32,
        });
        let needed = area.name.len() + area.kind.len() + area.properties.len();
        if text.left() > 0 && needed > text.left() {
            fail!(
                XRMESH_ERROR_BUFFER_TOO_SMALL,
                "text has room for {text_capacity} bytes, needs {needed}"
            );
        }
        let needed = area.boundary.len();
        if corners.left() > 0 && needed > corners.left() {
            fail!(
                XRMESH_ERROR_BUFFER_TOO_SMALL,
                "corners has room for {corner_capacity}, needs {needed}"
            );
        }
        if text.left() > 0 {
            for part in [&area.name, &area.kind, &area.properties] {
                text.push_all(part.as_bytes());
            }
        }
        if corners.left() > 0 {
            for &corner in &area.boundary {
                corners.push(corner.into());
            }
        }
        Ok(XRMESH_OK)
    })
}
