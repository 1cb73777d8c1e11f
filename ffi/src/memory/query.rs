//! Queries of a snapshot, one question a call.
#![expect(unsafe_code, reason = "exports have C names")]

use bytemuck::{Pod, Zeroable};
use xrmesh::memory::{Filter, Found, MemoryView, ObjectId, RayFound, Workspace};

use super::content::{xrmesh_object_id, xrmesh_point};
use super::filter::xrmesh_filter;
use super::shapes::{xrmesh_box, xrmesh_frustum, xrmesh_oriented_box, xrmesh_ray};
use super::snapshot::SnapshotObject;
use super::workspace::{Work, WorkspaceObject};
use crate::failure::{Failure, Outcome, fail};
use crate::fence::fence_anywhere;
use crate::handle::{self, xrmesh_snapshot, xrmesh_workspace};
use crate::pointer::{Caller, Out, Room};
use crate::region::{self, xrmesh_region};
use crate::status::*;

/// An object that a query found, and how far it is. 16 bytes.
#[derive(Clone, Copy, PartialEq, Debug, Default, Pod, Zeroable)]
#[repr(C)]
pub struct xrmesh_found {
    /// The object.
    pub object: xrmesh_object_id,
    /// The squared distance to its box in the world, in m²: zero inside.
    pub distance_squared: f32,
    /// Zero.
    pub reserved: u32,
}

/// An object whose box a ray enters, and where. 16 bytes.
#[derive(Clone, Copy, PartialEq, Debug, Default, Pod, Zeroable)]
#[repr(C)]
pub struct xrmesh_ray_hit {
    /// The object.
    pub object: xrmesh_object_id,
    /// The distance from the ray's origin, in metres.
    pub distance_m: f32,
    /// Zero.
    pub reserved: u32,
}

impl From<&Found> for xrmesh_found {
    fn from(found: &Found) -> Self {
        Self { object: found.id.to_bits(), distance_squared: found.distance_squared, reserved: 0 }
    }
}

impl From<&RayFound> for xrmesh_ray_hit {
    fn from(found: &RayFound) -> Self {
        Self { object: found.id.to_bits(), distance_m: found.distance_m, reserved: 0 }
    }
}

/// Whom a question goes to.
pub(crate) type To = (xrmesh_snapshot, xrmesh_workspace, *const xrmesh_filter);

/// The host's array for the answers of one question.
pub(crate) struct Told<'a, U> {
    room: Room<'a, U>,
    capacity: u32,
    count: Out<'a, u32>,
}

impl<'a, U: Copy> Told<'a, U> {
    pub(crate) fn new(
        caller: &'a Caller,
        (to, capacity, count): (*mut U, u32, *mut u32),
    ) -> Result<Self, Failure> {
        let count = caller.out(count, "count")?;
        let room = caller.room(to, capacity, "the array of answers")?;
        if capacity == 0 {
            fail!(XRMESH_ERROR_ZERO_CAPACITY, "the array of answers has a capacity of 0");
        }
        Ok(Self { room, capacity, count })
    }
}

/// Asks one question of a snapshot: see [`ask_view`].
fn ask<T, U: Copy + for<'t> From<&'t T>>(
    caller: &Caller,
    (snapshot, workspace, filter): To,
    answers: (*mut U, u32, *mut u32),
    one_more: usize,
    query: impl for<'w> FnOnce(
        MemoryView<'_>,
        usize,
        &Filter,
        &'w mut Workspace,
    ) -> Result<&'w [T], Failure>,
) -> Outcome {
    let answers = Told::new(caller, answers)?;
    let snapshot = handle::pin::<SnapshotObject>(snapshot.bits)?;
    ask_view(caller, snapshot.view()?, (workspace, filter), answers, one_more, query)
}

/// Asks one question for at most as many answers as fit, one more where there being more shall be told,
/// and writes them.
pub(crate) fn ask_view<T, U: Copy + for<'t> From<&'t T>>(
    caller: &Caller,
    view: MemoryView<'_>,
    (workspace, filter): (xrmesh_workspace, *const xrmesh_filter),
    answers: Told<'_, U>,
    one_more: usize,
    query: impl for<'w> FnOnce(
        MemoryView<'_>,
        usize,
        &Filter,
        &'w mut Workspace,
    ) -> Result<&'w [T], Failure>,
) -> Outcome {
    let Told { mut room, capacity, count } = answers;
    let workspace = handle::pin::<WorkspaceObject>(workspace.bits)?;
    let Work { tree, filters, .. } = &mut *workspace.enter()?;
    let filter = filters.find(caller, filter)?;
    let found = query(view, capacity as usize + one_more, filter, tree)?;
    let told = found.iter().take_while(|one| room.push(U::from(one))).count();
    count.set(told as u32);
    Ok(if told < found.len() { XRMESH_MORE } else { XRMESH_OK })
}

/// An object's id as C has it.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub(crate) struct Named(xrmesh_object_id);

impl From<&ObjectId> for Named {
    fn from(id: &ObjectId) -> Self {
        Self(id.to_bits())
    }
}

/// The objects nearest to a point, at most `capacity`, by distance and then by id.
///
/// Any thread, also in callbacks; a workspace one at a time.
///
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_ZERO_CAPACITY,
/// XRMESH_ERROR_STRUCT_SIZE, XRMESH_ERROR_UNKNOWN_VALUE, XRMESH_ERROR_UNKNOWN_CLASS,
/// XRMESH_ERROR_OUT_OF_RANGE for a point that is not finite, XRMESH_ERROR_BUSY for the workspace,
/// XRMESH_ERROR_PANIC. `filter` is optional.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_snapshot_nearest(
    snapshot: xrmesh_snapshot,
    workspace: xrmesh_workspace,
    point: *const xrmesh_point,
    filter: *const xrmesh_filter,
    found: *mut xrmesh_found,
    capacity: u32,
    count: *mut u32,
) -> xrmesh_status {
    fence_anywhere!(|caller| {
        let point = caller.plain(point, "point")?;
        let to = (snapshot, workspace, filter);
        ask(caller, to, (found, capacity, count), 0, |view, limit, filter, work| {
            Ok(view.nearest(point.into(), limit, filter, work)?)
        })
    })
}

/// The objects within `radius` metres of a point, those at most that far included, by distance and then
/// by id: the first `capacity` of them.
///
/// Any thread, also in callbacks; a workspace one at a time.
///
/// Returns XRMESH_MORE if there are more.
/// Errors: as for `xrmesh_snapshot_nearest`. `filter` is optional.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_snapshot_within(
    snapshot: xrmesh_snapshot,
    workspace: xrmesh_workspace,
    point: *const xrmesh_point,
    radius: f32,
    filter: *const xrmesh_filter,
    found: *mut xrmesh_found,
    capacity: u32,
    count: *mut u32,
) -> xrmesh_status {
    fence_anywhere!(|caller| {
        let point = caller.plain(point, "point")?;
        let to = (snapshot, workspace, filter);
        ask(caller, to, (found, capacity, count), 1, |view, limit, filter, work| {
            Ok(view.within(point.into(), radius, limit, filter, work)?)
        })
    })
}

/// The objects whose boxes in the world have a point in common with a box along its axes, boundaries
/// included, by id: the first `capacity` of them.
///
/// Any thread, also in callbacks; a workspace one at a time.
///
/// Returns XRMESH_MORE if there are more.
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_ZERO_CAPACITY,
/// XRMESH_ERROR_STRUCT_SIZE, XRMESH_ERROR_UNKNOWN_VALUE, XRMESH_ERROR_UNKNOWN_CLASS,
/// XRMESH_ERROR_GEOMETRY, XRMESH_ERROR_BUSY for the workspace, XRMESH_ERROR_PANIC. `filter` is
/// optional.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_snapshot_in_box(
    snapshot: xrmesh_snapshot,
    workspace: xrmesh_workspace,
    bounds: *const xrmesh_box,
    filter: *const xrmesh_filter,
    objects: *mut xrmesh_object_id,
    capacity: u32,
    count: *mut u32,
) -> xrmesh_status {
    fence_anywhere!(|caller| {
        let bounds = caller.plain(bounds, "bounds")?;
        let to = (snapshot, workspace, filter);
        ask(
            caller,
            to,
            (objects.cast::<Named>(), capacity, count),
            1,
            |view, limit, filter, work| Ok(view.in_box(&bounds.parsed()?, limit, filter, work)),
        )
    })
}

/// The objects whose boxes in the world overlap a box that is turned, by id: the first `capacity` of
/// them. One that passes an edge closely may be among them.
///
/// Any thread, also in callbacks; a workspace one at a time.
///
/// Returns XRMESH_MORE if there are more.
/// Errors: as for `xrmesh_snapshot_in_box`. `filter` is optional.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_snapshot_in_oriented_box(
    snapshot: xrmesh_snapshot,
    workspace: xrmesh_workspace,
    bounds: *const xrmesh_oriented_box,
    filter: *const xrmesh_filter,
    objects: *mut xrmesh_object_id,
    capacity: u32,
    count: *mut u32,
) -> xrmesh_status {
    fence_anywhere!(|caller| {
        let bounds = caller.plain(bounds, "bounds")?;
        let to = (snapshot, workspace, filter);
        ask(
            caller,
            to,
            (objects.cast::<Named>(), capacity, count),
            1,
            |view, limit, filter, work| {
                Ok(view.in_oriented_box(&bounds.parsed()?, limit, filter, work))
            },
        )
    })
}

/// The objects whose boxes in the world overlap what a view sees, by id: the first `capacity` of them.
/// One that passes an edge closely may be among them, as a renderer expects.
///
/// Any thread, also in callbacks; a workspace one at a time.
///
/// Returns XRMESH_MORE if there are more.
/// Errors: as for `xrmesh_snapshot_in_box`. `filter` is optional.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_snapshot_in_frustum(
    snapshot: xrmesh_snapshot,
    workspace: xrmesh_workspace,
    frustum: *const xrmesh_frustum,
    filter: *const xrmesh_filter,
    objects: *mut xrmesh_object_id,
    capacity: u32,
    count: *mut u32,
) -> xrmesh_status {
    fence_anywhere!(|caller| {
        let frustum = caller.plain(frustum, "frustum")?;
        let to = (snapshot, workspace, filter);
        ask(
            caller,
            to,
            (objects.cast::<Named>(), capacity, count),
            1,
            |view, limit, filter, work| {
                Ok(view.in_frustum(&frustum.parsed()?, limit, filter, work))
            },
        )
    })
}

/// The objects whose boxes in the world overlap any kind of region, by id: the first `capacity` of them.
/// One that passes an edge closely may be among them.
///
/// Any thread, also in callbacks; a workspace one at a time.
///
/// Returns XRMESH_MORE if there are more.
/// Errors: as for `xrmesh_snapshot_in_box`. `filter` is optional.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_snapshot_in_region(
    snapshot: xrmesh_snapshot,
    workspace: xrmesh_workspace,
    region: *const xrmesh_region,
    filter: *const xrmesh_filter,
    objects: *mut xrmesh_object_id,
    capacity: u32,
    count: *mut u32,
) -> xrmesh_status {
    fence_anywhere!(|caller| {
        let region = region::read(caller, region)?;
        let to = (snapshot, workspace, filter);
        ask(
            caller,
            to,
            (objects.cast::<Named>(), capacity, count),
            1,
            |view, limit, filter, work| Ok(view.in_region(&region, limit, filter, work)),
        )
    })
}

/// The first object whose box in the world a ray enters within `reach_m` metres, which may be infinite; of
/// those at one distance the one of the least id.
///
/// Any thread, also in callbacks; a workspace one at a time.
///
/// Returns XRMESH_NONE if there is none.
/// Errors: XRMESH_ERROR_INVALID_HANDLE, XRMESH_ERROR_NULL_POINTER, XRMESH_ERROR_STRUCT_SIZE,
/// XRMESH_ERROR_UNKNOWN_VALUE, XRMESH_ERROR_UNKNOWN_CLASS, XRMESH_ERROR_GEOMETRY for a ray,
/// XRMESH_ERROR_OUT_OF_RANGE for a reach, XRMESH_ERROR_BUSY for the workspace, XRMESH_ERROR_PANIC.
/// `filter` is optional.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_snapshot_ray(
    snapshot: xrmesh_snapshot,
    workspace: xrmesh_workspace,
    ray: *const xrmesh_ray,
    reach_m: f32,
    filter: *const xrmesh_filter,
    hit: *mut xrmesh_ray_hit,
) -> xrmesh_status {
    fence_anywhere!(|caller| {
        let ray = caller.plain(ray, "ray")?;
        let out = caller.out(hit, "hit")?;
        let snapshot = handle::pin::<SnapshotObject>(snapshot.bits)?;
        let workspace = handle::pin::<WorkspaceObject>(workspace.bits)?;
        let Work { tree, filters, .. } = &mut *workspace.enter()?;
        let filter = filters.find(caller, filter)?;
        Ok(match snapshot.view()?.ray(&ray.parsed()?, reach_m, filter, tree)? {
            Some(found) => {
                out.set((&found).into());
                XRMESH_OK
            }
            None => XRMESH_NONE,
        })
    })
}

/// The objects whose boxes in the world a ray enters within `reach_m` metres, which may be infinite, by
/// distance and then by id: the first `capacity` of them.
///
/// Any thread, also in callbacks; a workspace one at a time.
///
/// Returns XRMESH_MORE if there are more.
/// Errors: as for `xrmesh_snapshot_ray`, and XRMESH_ERROR_ZERO_CAPACITY. `filter` is optional.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_snapshot_ray_all(
    snapshot: xrmesh_snapshot,
    workspace: xrmesh_workspace,
    ray: *const xrmesh_ray,
    reach_m: f32,
    filter: *const xrmesh_filter,
    hits: *mut xrmesh_ray_hit,
    capacity: u32,
    count: *mut u32,
) -> xrmesh_status {
    fence_anywhere!(|caller| {
        let ray = caller.plain(ray, "ray")?;
        let to = (snapshot, workspace, filter);
        ask(caller, to, (hits, capacity, count), 1, |view, limit, filter, work| {
            Ok(view.ray_all(&ray.parsed()?, reach_m, limit, filter, work)?)
        })
    })
}

/// The objects that the filter takes, wherever they are, in the order of their slots, the lower half of
/// their ids: the first `capacity` of them. A pass over all slots.
///
/// Any thread, also in callbacks; a workspace one at a time.
///
/// Returns XRMESH_MORE if there are more.
/// Errors: as for `xrmesh_snapshot_in_box`. `filter` is optional: all objects.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_snapshot_by_class(
    snapshot: xrmesh_snapshot,
    workspace: xrmesh_workspace,
    filter: *const xrmesh_filter,
    objects: *mut xrmesh_object_id,
    capacity: u32,
    count: *mut u32,
) -> xrmesh_status {
    fence_anywhere!(|caller| {
        let to = (snapshot, workspace, filter);
        ask(
            caller,
            to,
            (objects.cast::<Named>(), capacity, count),
            1,
            |view, limit, filter, work| Ok(view.by_class(limit, filter, work)),
        )
    })
}
