//! Queries of a snapshot, many questions a call.
//!
//! They are asked in an order that visits near ones after each other, and their answers are written in
//! that order, each at the end of the last: `ranges` says where those of each question lie. The order
//! follows from the questions alone. So the answers are written once, whatever each question has of
//! them.
#![expect(unsafe_code, reason = "exports have C names")]

use bytemuck::{Pod, Zeroable};

use super::content::{xrmesh_object_id, xrmesh_point};
use super::filter::xrmesh_filter;
use super::query::{Named, To, xrmesh_found, xrmesh_ray_hit};
use super::shapes::{xrmesh_box, xrmesh_frustum, xrmesh_oriented_box, xrmesh_ray};
use super::snapshot::SnapshotObject;
use super::workspace::{Asked, Work, WorkspaceObject};
use super::write::reserve;
use crate::failure::{Failure, Outcome, fail};
use crate::fence::fence_anywhere;
use crate::handle::{self, xrmesh_snapshot, xrmesh_workspace};
use crate::pointer::{Caller, Out, Room};
use crate::region::{self, xrmesh_region};
use crate::status::*;
use xrmesh::memory::{Filter, MemoryView, Workspace};

/// Where the answers of one question of a batch lie. 8 bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Pod, Zeroable)]
#[repr(C)]
pub struct xrmesh_range {
    /// The first.
    pub first: u32,
    /// How many.
    pub count: u32,
}

/// The host's arrays for the answers of a batch.
struct Answers<'a, U> {
    ranges: Room<'a, xrmesh_range>,
    room: Room<'a, U>,
    capacity: u32,
    count: Out<'a, u32>,
    /// Answers so far, whether they fit or not.
    total: usize,
}

impl<'a, U: Copy> Answers<'a, U> {
    fn new(
        caller: &'a Caller,
        (ranges, questions): (*mut xrmesh_range, u32),
        (to, capacity, count): (*mut U, u32, *mut u32),
    ) -> Result<Self, Failure> {
        let count = caller.out(count, "count")?;
        let ranges = caller.room(ranges, questions, "ranges")?;
        let room = caller.room(to, capacity, "the array of answers")?;
        Ok(Self { ranges, room, capacity, count, total: 0 })
    }

    /// The answers of the question at that place.
    fn add<'t, T: 't>(&mut self, at: usize, found: &'t [T])
    where
        U: From<&'t T>,
    {
        let short = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let range = xrmesh_range { first: short(self.total), count: short(found.len()) };
        self.ranges.put(at, range);
        self.total += found.len();
        for one in found {
            if !self.room.push(U::from(one)) {
                break;
            }
        }
    }

    fn end(self) -> Outcome {
        let (needed, capacity) = (self.total, self.capacity);
        self.count.set(u32::try_from(needed).unwrap_or(u32::MAX));
        if capacity == 0 {
            fail!(
                XRMESH_ERROR_ZERO_CAPACITY,
                "the answers have a capacity of 0; {needed} are there"
            );
        }
        if needed > capacity as usize {
            fail!(
                XRMESH_ERROR_BUFFER_TOO_SMALL,
                "there is room for {capacity} answers, {needed} are needed"
            );
        }
        Ok(XRMESH_OK)
    }
}

/// Pins what a batch needs, has its questions read, and asks them.
fn ask<U: Copy>(
    caller: &Caller,
    (snapshot, workspace, filter): To,
    mut answers: Answers<'_, U>,
    read: impl FnOnce(&mut Asked) -> Result<(), Failure>,
    query: impl FnOnce(
        MemoryView<'_>,
        &Asked,
        &Filter,
        &mut Workspace,
        &mut Answers<'_, U>,
    ) -> Result<(), Failure>,
) -> Outcome {
    let snapshot = handle::pin::<SnapshotObject>(snapshot.bits)?;
    let workspace = handle::pin::<WorkspaceObject>(workspace.bits)?;
    let Work { tree, filters, asked } = &mut *workspace.enter()?;
    let filter = filters.find(caller, filter)?;
    read(asked)?;
    query(snapshot.view()?, asked, filter, tree, &mut answers)?;
    answers.end()
}

/// Takes questions over, each of which may be none.
fn take<T, Q>(
    given: &[T],
    asked: &mut Vec<Q>,
    what: &str,
    parse: impl Fn(&T) -> Result<Q, Failure>,
) -> Result<(), Failure> {
    reserve(asked, given.len())?;
    for (index, one) in given.iter().enumerate() {
        match parse(one) {
            Ok(question) => asked.push(question),
            Err(Failure { status, text }) => fail!(status, "{what} {index}: {text}"),
        }
    }
    Ok(())
}

/// `xrmesh_snapshot_nearest` for each of `points`, at most `limit` objects each. The answers lie in
/// `found`, those of each point together: `ranges` gets where. `answer_count` gets how many there are.
///
/// Any thread, also in callbacks; a workspace one at a time.
///
/// Errors: as for `xrmesh_snapshot_nearest`, and XRMESH_ERROR_MISALIGNED, XRMESH_ERROR_OUT_OF_MEMORY;
/// XRMESH_ERROR_BUFFER_TOO_SMALL if not all of the answers fit, XRMESH_ERROR_ZERO_CAPACITY:
/// `answer_count` says what is needed then. `filter` is optional.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_snapshot_nearest_each(
    snapshot: xrmesh_snapshot,
    workspace: xrmesh_workspace,
    points: *const xrmesh_point,
    ranges: *mut xrmesh_range,
    count: u32,
    limit: u32,
    filter: *const xrmesh_filter,
    found: *mut xrmesh_found,
    capacity: u32,
    answer_count: *mut u32,
) -> xrmesh_status {
    fence_anywhere!(|caller| {
        let points = caller.slice(points, count, "points")?;
        let answers = Answers::new(caller, (ranges, count), (found, capacity, answer_count))?;
        ask(
            caller,
            (snapshot, workspace, filter),
            answers,
            |asked| take(points, &mut asked.points, "point", |&point| Ok(point.into())),
            |view, asked, filter, work, answers| {
                let limit = limit as usize;
                let each = |at, found: &[_]| answers.add(at, found);
                Ok(view.nearest_each(&asked.points, limit, filter, work, each)?)
            },
        )
    })
}

/// `xrmesh_snapshot_within` for each of `points`; as `xrmesh_snapshot_nearest_each`.
///
/// Any thread, also in callbacks; a workspace one at a time.
///
/// Errors: as for `xrmesh_snapshot_nearest_each`. `filter` is optional.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_snapshot_within_each(
    snapshot: xrmesh_snapshot,
    workspace: xrmesh_workspace,
    points: *const xrmesh_point,
    ranges: *mut xrmesh_range,
    count: u32,
    radius: f32,
    limit: u32,
    filter: *const xrmesh_filter,
    found: *mut xrmesh_found,
    capacity: u32,
    answer_count: *mut u32,
) -> xrmesh_status {
    fence_anywhere!(|caller| {
        let points = caller.slice(points, count, "points")?;
        let answers = Answers::new(caller, (ranges, count), (found, capacity, answer_count))?;
        ask(
            caller,
            (snapshot, workspace, filter),
            answers,
            |asked| take(points, &mut asked.points, "point", |&point| Ok(point.into())),
            |view, asked, filter, work, answers| {
                let limit = limit as usize;
                let each = |at, found: &[_]| answers.add(at, found);
                Ok(view.within_each(&asked.points, radius, limit, filter, work, each)?)
            },
        )
    })
}

/// `xrmesh_snapshot_in_box` for each of `boxes`; as `xrmesh_snapshot_nearest_each`.
///
/// Any thread, also in callbacks; a workspace one at a time.
///
/// Errors: as for `xrmesh_snapshot_nearest_each`, and XRMESH_ERROR_GEOMETRY. `filter` is optional.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_snapshot_in_box_each(
    snapshot: xrmesh_snapshot,
    workspace: xrmesh_workspace,
    boxes: *const xrmesh_box,
    ranges: *mut xrmesh_range,
    count: u32,
    limit: u32,
    filter: *const xrmesh_filter,
    objects: *mut xrmesh_object_id,
    capacity: u32,
    answer_count: *mut u32,
) -> xrmesh_status {
    fence_anywhere!(|caller| {
        let boxes = caller.slice(boxes, count, "boxes")?;
        let to = (objects.cast::<Named>(), capacity, answer_count);
        let answers = Answers::new(caller, (ranges, count), to)?;
        ask(
            caller,
            (snapshot, workspace, filter),
            answers,
            |asked| take(boxes, &mut asked.boxes, "box", xrmesh_box::parsed),
            |view, asked, filter, work, answers| {
                let each = |at, found: &[_]| answers.add(at, found);
                view.in_box_each(&asked.boxes, limit as usize, filter, work, each);
                Ok(())
            },
        )
    })
}

/// `xrmesh_snapshot_in_oriented_box` for each of `boxes`; as `xrmesh_snapshot_nearest_each`.
///
/// Any thread, also in callbacks; a workspace one at a time.
///
/// Errors: as for `xrmesh_snapshot_in_box_each`. `filter` is optional.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_snapshot_in_oriented_box_each(
    snapshot: xrmesh_snapshot,
    workspace: xrmesh_workspace,
    boxes: *const xrmesh_oriented_box,
    ranges: *mut xrmesh_range,
    count: u32,
    limit: u32,
    filter: *const xrmesh_filter,
    objects: *mut xrmesh_object_id,
    capacity: u32,
    answer_count: *mut u32,
) -> xrmesh_status {
    fence_anywhere!(|caller| {
        let boxes = caller.slice(boxes, count, "boxes")?;
        let to = (objects.cast::<Named>(), capacity, answer_count);
        let answers = Answers::new(caller, (ranges, count), to)?;
        ask(
            caller,
            (snapshot, workspace, filter),
            answers,
            |asked| take(boxes, &mut asked.oriented, "box", xrmesh_oriented_box::parsed),
            |view, asked, filter, work, answers| {
                let each = |at, found: &[_]| answers.add(at, found);
                view.in_oriented_box_each(&asked.oriented, limit as usize, filter, work, each);
                Ok(())
            },
        )
    })
}

/// `xrmesh_snapshot_in_frustum` for each of `frusta`; as `xrmesh_snapshot_nearest_each`.
///
/// Any thread, also in callbacks; a workspace one at a time.
///
/// Errors: as for `xrmesh_snapshot_in_box_each`. `filter` is optional.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_snapshot_in_frustum_each(
    snapshot: xrmesh_snapshot,
    workspace: xrmesh_workspace,
    frusta: *const xrmesh_frustum,
    ranges: *mut xrmesh_range,
    count: u32,
    limit: u32,
    filter: *const xrmesh_filter,
    objects: *mut xrmesh_object_id,
    capacity: u32,
    answer_count: *mut u32,
) -> xrmesh_status {
    fence_anywhere!(|caller| {
        let frusta = caller.slice(frusta, count, "frusta")?;
        let to = (objects.cast::<Named>(), capacity, answer_count);
        let answers = Answers::new(caller, (ranges, count), to)?;
        ask(
            caller,
            (snapshot, workspace, filter),
            answers,
            |asked| take(frusta, &mut asked.frusta, "frustum", xrmesh_frustum::parsed),
            |view, asked, filter, work, answers| {
                let each = |at, found: &[_]| answers.add(at, found);
                view.in_frustum_each(&asked.frusta, limit as usize, filter, work, each);
                Ok(())
            },
        )
    })
}

/// `xrmesh_snapshot_in_region` for each of `regions`; as `xrmesh_snapshot_nearest_each`. A prism
/// takes memory of its own.
///
/// Any thread, also in callbacks; a workspace one at a time.
///
/// Errors: as for `xrmesh_snapshot_in_box_each`. `filter` is optional.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_snapshot_in_region_each(
    snapshot: xrmesh_snapshot,
    workspace: xrmesh_workspace,
    regions: *const xrmesh_region,
    ranges: *mut xrmesh_range,
    count: u32,
    limit: u32,
    filter: *const xrmesh_filter,
    objects: *mut xrmesh_object_id,
    capacity: u32,
    answer_count: *mut u32,
) -> xrmesh_status {
    fence_anywhere!(|caller| {
        if regions.is_null() && count > 0 {
            fail!(XRMESH_ERROR_NULL_POINTER, "regions is NULL, but its count is {count}");
        }
        let to = (objects.cast::<Named>(), capacity, answer_count);
        let answers = Answers::new(caller, (ranges, count), to)?;
        ask(
            caller,
            (snapshot, workspace, filter),
            answers,
            |asked| {
                reserve(&mut asked.regions, count as usize)?;
                for index in 0..count {
                    match region::read(caller, regions.wrapping_add(index as usize)) {
                        Ok(region) => asked.regions.push(region),
                        Err(Failure { status, text }) => fail!(status, "region {index}: {text}"),
                    }
                }
                Ok(())
            },
            |view, asked, filter, work, answers| {
                let each = |at, found: &[_]| answers.add(at, found);
                view.in_region_each(&asked.regions, limit as usize, filter, work, each);
                Ok(())
            },
        )
    })
}

/// `xrmesh_snapshot_ray` for each of `rays`: `hits` gets `count` of them, an object of 0 where there is
/// none.
///
/// Any thread, also in callbacks; a workspace one at a time.
///
/// Errors: as for `xrmesh_snapshot_ray`, and XRMESH_ERROR_MISALIGNED, XRMESH_ERROR_OUT_OF_MEMORY.
/// `filter` is optional.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_snapshot_ray_each(
    snapshot: xrmesh_snapshot,
    workspace: xrmesh_workspace,
    rays: *const xrmesh_ray,
    hits: *mut xrmesh_ray_hit,
    count: u32,
    reach_m: f32,
    filter: *const xrmesh_filter,
) -> xrmesh_status {
    fence_anywhere!(|caller| {
        let rays = caller.slice(rays, count, "rays")?;
        let mut room = caller.room(hits, count, "hits")?;
        let snapshot = handle::pin::<SnapshotObject>(snapshot.bits)?;
        let workspace = handle::pin::<WorkspaceObject>(workspace.bits)?;
        let Work { tree, filters, asked } = &mut *workspace.enter()?;
        let filter = filters.find(caller, filter)?;
        take(rays, &mut asked.rays, "ray", xrmesh_ray::parsed)?;
        snapshot.view()?.ray_each(&asked.rays, reach_m, filter, tree, |at, found| {
            let hit = found.as_ref().map_or(xrmesh_ray_hit::default(), Into::into);
            room.put(at, hit);
        })?;
        Ok(XRMESH_OK)
    })
}

/// `xrmesh_snapshot_ray_all` for each of `rays`; as `xrmesh_snapshot_nearest_each`.
///
/// Any thread, also in callbacks; a workspace one at a time.
///
/// Errors: as for `xrmesh_snapshot_ray_each`, and XRMESH_ERROR_BUFFER_TOO_SMALL,
/// XRMESH_ERROR_ZERO_CAPACITY. `filter` is optional.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_snapshot_ray_all_each(
    snapshot: xrmesh_snapshot,
    workspace: xrmesh_workspace,
    rays: *const xrmesh_ray,
    ranges: *mut xrmesh_range,
    count: u32,
    reach_m: f32,
    limit: u32,
    filter: *const xrmesh_filter,
    hits: *mut xrmesh_ray_hit,
    capacity: u32,
    answer_count: *mut u32,
) -> xrmesh_status {
    fence_anywhere!(|caller| {
        let rays = caller.slice(rays, count, "rays")?;
        let answers = Answers::new(caller, (ranges, count), (hits, capacity, answer_count))?;
        ask(
            caller,
            (snapshot, workspace, filter),
            answers,
            |asked| take(rays, &mut asked.rays, "ray", xrmesh_ray::parsed),
            |view, asked, filter, work, answers| {
                let limit = limit as usize;
                let each = |at, found: &[_]| answers.add(at, found);
                Ok(view.ray_all_each(&asked.rays, reach_m, limit, filter, work, each)?)
            },
        )
    })
}
