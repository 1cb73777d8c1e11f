//! A warmed-up frame of a spatial memory allocates nothing through the C interface either: moves, publishing,
//! a snapshot's handle, every query alone and in batches, notices.
#![expect(unsafe_code, reason = "C functions")]
#![expect(clippy::disallowed_types, reason = "an allocator cannot use loom's atomics")]

#[path = "../../tests/support/counting.rs"]
mod counting;

use std::cell::Cell;
use std::ptr::null;
use std::sync::atomic::{AtomicU64, Ordering};

use counting::Counting;
use xrmesh_ffi::handle::*;
use xrmesh_ffi::memory::batch::*;
use xrmesh_ffi::memory::classes::*;
use xrmesh_ffi::memory::content::*;
use xrmesh_ffi::memory::create::*;
use xrmesh_ffi::memory::feed::*;
use xrmesh_ffi::memory::filter::*;
use xrmesh_ffi::memory::fusion::*;
use xrmesh_ffi::memory::lookup::*;
use xrmesh_ffi::memory::options::*;
use xrmesh_ffi::memory::publish::*;
use xrmesh_ffi::memory::query::*;
use xrmesh_ffi::memory::shapes::*;
use xrmesh_ffi::memory::snapshot::*;
use xrmesh_ffi::memory::workspace::*;
use xrmesh_ffi::memory::write::*;
use xrmesh_ffi::pose::xrmesh_pose;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

thread_local! {
    /// Whether what this thread allocates is counted: the harness allocates too, on its own.
    static COUNTS: Cell<bool> = const { Cell::new(false) };
}

fn count() {
    if COUNTS.try_with(Cell::get).unwrap_or(false) {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting(count);

const OBJECTS: usize = 1_000;
const QUESTIONS: usize = 16;

/// Calls a function of the interface, which must succeed.
macro_rules! ok {
    ($call:expr) => {{
        // SAFETY: the pointers lead to what the parameters say.
        let status = unsafe { $call };
        assert!(status >= 0, "{status}");
    }};
}

fn at(x: f32, y: f32, z: f32) -> xrmesh_pose {
    xrmesh_pose { position: [x, y, z], orientation: [0.0, 0.0, 0.0, 1.0] }
}

struct World {
    memory: xrmesh_memory,
    workspace: xrmesh_workspace,
    subscription: xrmesh_subscription,
    ids: Vec<u64>,
    poses: Vec<xrmesh_pose>,
    classes: [u32; 1],
    found: Vec<xrmesh_found>,
    objects: Vec<u64>,
    hits: Vec<xrmesh_ray_hit>,
    ranges: Vec<xrmesh_range>,
    notices: Vec<xrmesh_notice>,
}

fn world() -> World {
    let mut world = World {
        memory: xrmesh_memory::default(),
        workspace: xrmesh_workspace::default(),
        subscription: xrmesh_subscription::default(),
        ids: vec![0; OBJECTS],
        poses: (0..OBJECTS).map(|i| at((i % 32) as f32, 0.0, (i / 32) as f32)).collect(),
        classes: [1],
        found: vec![xrmesh_found::default(); 256],
        objects: vec![0; 4096],
        hits: vec![xrmesh_ray_hit::default(); 1024],
        ranges: vec![xrmesh_range::default(); QUESTIONS],
        notices: vec![xrmesh_notice::default(); 512],
    };
    let mut options = core::mem::MaybeUninit::uninit();
    // SAFETY: it fills the options.
    let options = unsafe {
        xrmesh_memory_options_default(options.as_mut_ptr());
        options.assume_init()
    };
    let mut class = 0;
    ok!(xrmesh_memory_create(&options, &mut world.memory));
    for label in ["chair", "table"] {
        let (text, len) = (label.as_ptr().cast(), label.len() as u32);
        ok!(xrmesh_memory_class(world.memory, text, len, &mut class));
    }
    let objects: Vec<_> = (0..OBJECTS)
        .map(|i| xrmesh_object {
            pose: world.poses[i],
            class_id: (i % 2) as u32,
            confidence: 1.0,
            persistence: 1.0,
            ..Default::default()
        })
        .collect();
    let (first, ids) = (objects.as_ptr(), world.ids.as_mut_ptr());
    let nothing = core::ptr::null_mut();
    ok!(xrmesh_memory_insert(world.memory, first, ids, OBJECTS as u32, null(), 0, nothing));
    ok!(xrmesh_workspace_create(64, &mut world.workspace));
    ok!(xrmesh_memory_subscribe(world.memory, null(), null(), 255, &mut world.subscription));
    world
}

fn frame(world: &mut World, frame: i64) -> u64 {
    let World { memory, workspace, classes, .. } = *world;
    for pose in &mut world.poses {
        pose.position[1] = (frame % 7) as f32 * 0.01;
    }
    let (ids, poses) = (world.ids.as_ptr(), world.poses.as_ptr());
    let mut published = xrmesh_published::default();
    let mut fused = [xrmesh_fused::default(); 1];
    let seen = [xrmesh_observation {
        object: world.ids[3],
        pose: world.poses[3],
        class_id: 1,
        confidence: 1.0,
        ..Default::default()
    }];
    ok!(xrmesh_memory_update_poses(memory, ids, poses, OBJECTS as u32));
    ok!(xrmesh_memory_observe(memory, seen.as_ptr(), fused.as_mut_ptr(), 1, null(), 0, frame));
    ok!(xrmesh_memory_publish(memory, frame, &mut published));
    let mut snapshot = xrmesh_snapshot::default();
    ok!(xrmesh_memory_snapshot(memory, &mut snapshot));
    let filter = xrmesh_filter {
        struct_size: size_of::<xrmesh_filter>() as u32,
        mode: XRMESH_FILTER_ONLY,
        classes: classes.as_ptr(),
        class_count: 1,
        reserved: 0,
    };
    let (mut count, mut sum) = (0, 0_u64);
    let questions = QUESTIONS as u32;
    let points: [_; QUESTIONS] =
        core::array::from_fn(|i| xrmesh_point { x: i as f32, y: 0.0, z: i as f32 });
    let boxes =
        points.map(|p| xrmesh_box { low: [p.x, -1.0, p.z], high: [p.x + 2.0, 1.0, p.z + 2.0] });
    let turned =
        points.map(|p| xrmesh_oriented_box { pose: at(p.x, 0.0, p.z), half_extents: [1.5; 3] });
    let views = points.map(|p| xrmesh_frustum {
        pose: at(p.x, 0.0, p.z + 4.0),
        left_rad: -0.3,
        right_rad: 0.3,
        up_rad: 0.3,
        down_rad: -0.3,
        near_m: 0.1,
        far_m: 6.0,
    });
    let rays = points.map(|p| xrmesh_ray { origin: [p.x, 0.0, -1.0], direction: [0.0, 0.0, 1.0] });
    let ranges = world.ranges.as_mut_ptr();
    let (found, found_room) = (world.found.as_mut_ptr(), world.found.len() as u32);
    let (objects, room) = (world.objects.as_mut_ptr(), world.objects.len() as u32);
    let (hits, hit_room) = (world.hits.as_mut_ptr(), world.hits.len() as u32);
    for filter in [null(), &raw const filter] {
        let (s, w, c) = (snapshot, workspace, &raw mut count);
        ok!(xrmesh_snapshot_nearest(s, w, &points[3], filter, found, 8, c));
        ok!(xrmesh_snapshot_within(s, w, &points[3], 3.0, filter, found, 64, c));
        ok!(xrmesh_snapshot_in_box(s, w, &boxes[3], filter, objects, room, c));
        ok!(xrmesh_snapshot_in_oriented_box(s, w, &turned[3], filter, objects, room, c));
        ok!(xrmesh_snapshot_in_frustum(s, w, &views[3], filter, objects, room, c));
        ok!(xrmesh_snapshot_ray(s, w, &rays[3], 100.0, filter, hits));
        ok!(xrmesh_snapshot_ray_all(s, w, &rays[3], 100.0, filter, hits, hit_room, c));
        ok!(xrmesh_snapshot_by_class(s, w, filter, objects, room, c));
        sum += u64::from(count);
        let p = points.as_ptr();
        ok!(xrmesh_snapshot_nearest_each(
            s, w, p, ranges, questions, 4, filter, found, found_room, c
        ));
        ok!(xrmesh_snapshot_within_each(
            s, w, p, ranges, questions, 1.5, 9, filter, found, found_room, c
        ));
        ok!(xrmesh_snapshot_in_box_each(
            s,
            w,
            boxes.as_ptr(),
            ranges,
            questions,
            99,
            filter,
            objects,
            room,
            c
        ));
        ok!(xrmesh_snapshot_in_oriented_box_each(
            s,
            w,
            turned.as_ptr(),
            ranges,
            questions,
            99,
            filter,
            objects,
            room,
            c
        ));
        ok!(xrmesh_snapshot_in_frustum_each(
            s,
            w,
            views.as_ptr(),
            ranges,
            questions,
            99,
            filter,
            objects,
            room,
            c
        ));
        ok!(xrmesh_snapshot_ray_each(s, w, rays.as_ptr(), hits, questions, 100.0, filter));
        ok!(xrmesh_snapshot_ray_all_each(
            s,
            w,
            rays.as_ptr(),
            ranges,
            questions,
            100.0,
            9,
            filter,
            hits,
            hit_room,
            c
        ));
        sum += u64::from(count);
    }
    let poses = world.poses.as_mut_ptr();
    ok!(xrmesh_snapshot_world_poses(snapshot, objects, poses, 1));
    ok!(xrmesh_snapshot_resolve(snapshot, ids, objects, 8));
    let mut object = xrmesh_object::default();
    ok!(xrmesh_snapshot_object(snapshot, world.ids[5], &mut object, core::ptr::null_mut(), 0));
    ok!(xrmesh_subscription_poll(world.subscription, world.notices.as_mut_ptr(), 512, &mut count));
    ok!(xrmesh_snapshot_destroy(snapshot));
    sum
}

#[test]
fn a_warm_frame_allocates_nothing() {
    let mut world = world();
    for number in 0..60 {
        frame(&mut world, number);
    }
    COUNTS.set(true);
    let mut sum = 0;
    for number in 60..160 {
        sum += frame(&mut world, number);
    }
    let allocations = ALLOCATIONS.swap(0, Ordering::Relaxed);
    // The measure itself notices one.
    drop(std::hint::black_box(Box::new(sum)));
    COUNTS.set(false);
    assert_eq!(ALLOCATIONS.load(Ordering::Relaxed), 1);
    assert!(sum > 50_000, "{sum}");
    assert_eq!(allocations, 0);
    ok!(xrmesh_memory_destroy(world.memory));
    ok!(xrmesh_workspace_destroy(world.workspace));
    ok!(xrmesh_subscription_destroy(world.subscription));
}
