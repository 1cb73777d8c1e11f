//! A warmed-up frame of a spatial memory allocates nothing: moves, publishing, snapshots, queries.
#![expect(clippy::unwrap_used, reason = "a test's helpers may fail it")]
#![expect(clippy::disallowed_types, reason = "an allocator cannot use loom's atomics")]

#[path = "support/counting.rs"]
mod counting;

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use counting::Counting;
use xrmesh::memory::{
    Filter, FrameId, HistoryConfig, MemoryConfig, NewObject, ObjectId, SpatialMemory, Workspace,
};
use xrmesh::space::{Aabb, FieldOfView, Frustum, Ray, Region, Sphere};
use xrmesh::{Pose, Time, Vec3};

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

const OBJECTS: u32 = 4_000;

fn pose(at: u32, frame: u32) -> Pose {
    let (x, z) = (at % 64, at / 64);
    let sway = (frame % 8) as f32 * 0.01;
    Pose::at(Vec3::new(x as f32 + sway, 0.0, z as f32 - sway)).unwrap()
}

#[test]
fn a_warm_frame_allocates_nothing() {
    let history = HistoryConfig::new(2_000_000, Duration::from_secs(60));
    let config = MemoryConfig { history, max_objects: OBJECTS, ..MemoryConfig::default() };
    let mut memory = SpatialMemory::new(config).unwrap();
    let classes = ["chair", "table"].map(|label| memory.class(label).unwrap());
    let hall = memory.add_frame("hall", FrameId::WORLD, Pose::IDENTITY).unwrap();
    let new: Vec<_> = (0..OBJECTS)
        .map(|at| {
            let object = NewObject::new(classes[at as usize % 2], pose(at, 0));
            let object = object.half_extents(Vec3::splat(0.2));
            if at % 3 == 0 { object.on(hall) } else { object }
        })
        .collect();
    let mut ids: Vec<ObjectId> = Vec::new();
    memory.insert_all(&new, &mut ids).unwrap();
    let reader = memory.reader();
    let (mut work, filters) = (Workspace::new(), [Filter::all(), Filter::only([classes[0]])]);
    work.reserve_hits(OBJECTS as usize);
    let sphere: Region = Sphere::new(Vec3::new(30.0, 0.0, 30.0), 8.0).unwrap().into();
    let eye = Pose::at(Vec3::new(30.0, 1.0, 60.0)).unwrap();
    let view = Frustum::new(&eye, FieldOfView::symmetric(1.2, 1.0), 0.1, 30.0).unwrap();
    let area = Aabb::new(Vec3::ZERO, Vec3::splat(9.0)).unwrap();
    let ray = Ray::new(Vec3::new(-1.0, 0.1, 20.0), Vec3::RIGHT).unwrap();
    let points: Vec<_> = (0..50).map(|at| Vec3::new(at as f32, 0.0, 7.0)).collect();
    let mut moves = Vec::new();
    let mut before = 0;
    for frame in 0..600u32 {
        // The same tenth moves, then another one.
        let first = frame / 200 * 3;
        moves.clear();
        moves.extend((first..OBJECTS).step_by(10).map(|at| (ids[at as usize], pose(at, frame))));
        if frame == 450 {
            before = ALLOCATIONS.load(Ordering::Relaxed);
            COUNTS.set(true);
        }
        memory.update_poses(&moves).unwrap();
        memory.publish(Time::from_nanos(frame.into())).unwrap();
        let snapshot = reader.snapshot().unwrap();
        let seen = snapshot.view();
        for filter in &filters {
            seen.nearest(Vec3::ZERO, 8, filter, &mut work).unwrap();
            seen.nearest(Vec3::ZERO, 100, filter, &mut work).unwrap();
            seen.within(Vec3::ZERO, 20.0, usize::MAX, filter, &mut work).unwrap();
            seen.in_box(&area, usize::MAX, filter, &mut work);
            seen.in_frustum(&view, usize::MAX, filter, &mut work);
            seen.in_region(&sphere, 10, filter, &mut work);
            seen.ray(&ray, 99.0, filter, &mut work).unwrap();
            seen.ray_all(&ray, 99.0, usize::MAX, filter, &mut work).unwrap();
            seen.by_class(usize::MAX, filter, &mut work);
            seen.nearest_each(&points, 4, filter, &mut work, |_, _| {}).unwrap();
        }
        assert!(seen.object(ids[5]).is_some());
    }
    COUNTS.set(false);
    assert_eq!(ALLOCATIONS.load(Ordering::Relaxed) - before, 0);
}
