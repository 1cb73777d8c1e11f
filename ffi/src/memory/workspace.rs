//! What queries work in.
//!
//! A workspace is one thread's at a time. It keeps the scratch memory of the tree, the host's questions
//! as the library takes them, and the last few filters made ready, so that once warmed up no query
//! allocates.
#![expect(unsafe_code, reason = "exports have C names")]

use std::sync::{Arc, Mutex, MutexGuard};

use xrmesh::memory::Workspace;
use xrmesh::space::{Aabb, Frustum, OrientedBox, Ray};
use xrmesh::{Region, Vec3};

use super::filter::Filters;
use crate::failure::{Failure, fail};
use crate::fence::{fence, fence_anywhere};
use crate::handle::{self, Kind, Object, xrmesh_workspace};
use crate::mesh::create::destroy;
use crate::mesh::sender::enter;
use crate::status::*;

/// What a workspace's handle stands for.
pub(crate) struct WorkspaceObject(Mutex<Work>);

impl Object for WorkspaceObject {
    const KIND: Kind = Kind::Workspace;
}

/// What one thread at a time may use.
#[derive(Default)]
pub(crate) struct Work {
    pub(crate) tree: Workspace,
    pub(crate) filters: Filters,
    pub(crate) asked: Asked,
}

/// The questions of a batch.
#[derive(Default)]
pub(crate) struct Asked {
    pub(crate) points: Vec<Vec3>,
    pub(crate) boxes: Vec<Aabb>,
    pub(crate) oriented: Vec<OrientedBox>,
    pub(crate) frusta: Vec<Frustum>,
    pub(crate) regions: Vec<Region>,
    pub(crate) rays: Vec<Ray>,
}

impl WorkspaceObject {
    pub(crate) fn enter(&self) -> Result<MutexGuard<'_, Work>, Failure> {
        enter(&self.0, "workspace")
    }
}

/// The most answers that room is made for ahead.
const MOST_HITS: u32 = 1 << 20;

/// Makes a workspace for one thread's queries, to be kept from frame to frame: it grows to what the
/// largest query so far needed. `hits` makes room for so many answers ahead, about 80 bytes each, at most
/// 1,048,576; 0 is fine.
///
/// Any thread.
///
/// Errors: XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_OUT_OF_RANGE, XRMESH_ERROR_LIMIT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_workspace_create(
    hits: u32,
    workspace: *mut xrmesh_workspace,
) -> xrmesh_status {
    fence!(|caller| {
        let out = caller.out(workspace, "workspace")?;
        if hits > MOST_HITS {
            fail!(XRMESH_ERROR_OUT_OF_RANGE, "{hits} hits, at most {MOST_HITS}");
        }
        let mut work = Work::default();
        work.tree.reserve_hits(hits as usize);
        let object = WorkspaceObject(Mutex::new(work));
        out.set(xrmesh_workspace { bits: handle::insert(Arc::new(object))? });
        Ok(XRMESH_OK)
    })
}

/// Destroys a workspace.
///
/// Any thread.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, also for the second of two.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_workspace_destroy(workspace: xrmesh_workspace) -> xrmesh_status {
    fence!(|_caller| destroy::<WorkspaceObject>(workspace.bits))
}

/// Gives back what a workspace has grown to, for after a query that was larger than usual.
///
/// One at a time, also in callbacks.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_BUSY, XRMESH_ERROR_PANIC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_workspace_clear(workspace: xrmesh_workspace) -> xrmesh_status {
    fence_anywhere!(|_caller| {
        *handle::pin::<WorkspaceObject>(workspace.bits)?.enter()? = Work::default();
        Ok(XRMESH_OK)
    })
}
