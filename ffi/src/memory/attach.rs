//! Memories in meshes.
#![expect(unsafe_code, reason = "exports have C names")]

use std::sync::Arc;

use super::owner::{self, Home, MemoryObject};
use crate::failure::fail;
use crate::fence::fence;
use crate::handle::{self, xrmesh_memory, xrmesh_mesh};
use crate::mesh::object;
use crate::status::*;

/// Attaches a memory to a mesh: its agents see it, each tick ends by publishing it at the tick's time, and
/// the mesh's state hash covers it. The handle stays the memory's: changes by it are the mesh's commands
/// from now on, which a recording holds, and what the mesh does itself is refused
/// (XRMESH_ERROR_ATTACHED). A replay needs an equal memory: see `memory` in `xrmesh_replay_options`.
///
/// One at a time, the mesh and the memory.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_ATTACHED if the memory is attached, or the mesh has
/// one: detach it first, XRMESH_ERROR_RECORDED, XRMESH_ERROR_BUSY, XRMESH_ERROR_DRIVEN,
/// XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_mesh_attach_memory(
    mesh: xrmesh_mesh,
    memory: xrmesh_memory,
) -> xrmesh_status {
    fence!(|_caller| {
        let held = owner::pin(memory)?;
        let mut writer = held.enter()?;
        writer.own()?;
        let object = object::pin(mesh)?;
        let mut state = object.enter()?;
        let memories = state.memories + 1;
        let attached = state.mesh()?;
        if attached.memory().is_some() {
            fail!(XRMESH_ERROR_ATTACHED, "the mesh has a memory: detach it first");
        }
        if attached.recording().is_some() {
            fail!(XRMESH_ERROR_RECORDED, "no memory can be attached while the session is recorded");
        }
        let home = Home::Mesh(mesh, memories);
        if let Home::Here(memory) = core::mem::replace(&mut writer.home, home) {
            attached.attach_memory(*memory)?;
        }
        state.memories = memories;
        Ok(XRMESH_OK)
    })
}

/// A handle to the memory of a mesh, for where there is none any more: it was destroyed, or the mesh was a
/// replay.
///
/// One at a time.
///
/// Returns XRMESH_NONE if the mesh has no memory.
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_LIMIT,
/// XRMESH_ERROR_BUSY, XRMESH_ERROR_DRIVEN, XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_mesh_memory(
    mesh: xrmesh_mesh,
    memory: *mut xrmesh_memory,
) -> xrmesh_status {
    fence!(|caller| {
        let out = caller.out(memory, "memory")?;
        let object = object::pin(mesh)?;
        let mut state = object.enter()?;
        let memories = state.memories;
        let Some(there) = state.mesh()?.memory() else { return Ok(XRMESH_NONE) };
        let object = MemoryObject::attached(there, mesh, memories);
        out.set(xrmesh_memory { bits: handle::insert(Arc::new(object))? });
        Ok(XRMESH_OK)
    })
}

/// Takes a memory out of the mesh that it is attached to: it is the host's alone again, such as to close
/// its store.
///
/// One at a time, the mesh and the memory.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NOT_ATTACHED if the mesh has no memory or another,
/// XRMESH_ERROR_RECORDED, XRMESH_ERROR_BUSY, XRMESH_ERROR_DRIVEN, XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_mesh_detach_memory(
    mesh: xrmesh_mesh,
    memory: xrmesh_memory,
) -> xrmesh_status {
    fence!(|_caller| {
        let held = owner::pin(memory)?;
        let mut writer = held.enter()?;
        let object = object::pin(mesh)?;
        let mut state = object.enter()?;
        let memories = state.memories;
        if !matches!(writer.home, Home::Mesh(home, number) if home == mesh && number == memories) {
            fail!(XRMESH_ERROR_NOT_ATTACHED, "the memory is not attached to this mesh");
        }
        match state.mesh()?.detach_memory()? {
            Some(memory) => writer.home = Home::Here(Box::new(memory)),
            None => fail!(XRMESH_ERROR_NOT_ATTACHED, "the mesh has no memory"),
        }
        state.memories += 1;
        Ok(XRMESH_OK)
    })
}
