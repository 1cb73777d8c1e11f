//! A full memory, and a frame's work in a memory that has warmed up.
#![expect(clippy::unwrap_used, reason = "a test's helpers may fail it")]

#[path = "support/counting.rs"]
mod counting;

use std::cell::Cell;
use std::time::Duration;

use counting::Counting;
use proptest::prelude::*;
use xrmesh::memory::{
    MemoryConfig, NewObject, Observation, Observer, Removal, SpatialMemory, SubscriptionOptions,
    WhenFull, WriteError,
};
use xrmesh::space::Sphere;
use xrmesh::{Pose, Time, Vec3};

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

/// Counts what its thread allocates.
fn count() {
    let _ending = ALLOCATIONS.try_with(|count| count.set(count.get() + 1));
}

#[global_allocator]
static ALLOCATOR: Counting = Counting(count);

fn at(x: f32, z: f32) -> Pose {
    Pose::at(Vec3::new(x, 0.0, z)).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(50))]

    #[test]
    fn they_leave_as_sorted_and_are_reported(
        objects in proptest::collection::vec((0u8..5, 0i64..4), 9..40),
    ) {
        let config = MemoryConfig { max_objects: 8, ..MemoryConfig::default() };
        let mut memory = SpatialMemory::new(config).unwrap();
        let class = memory.class("thing").unwrap();
        // As a list that is sorted whenever somebody has to leave.
        let mut living = Vec::new();
        for (persistence, seen) in objects {
            let persistence = f32::from(persistence) / 4.0;
            let object = NewObject { persistence, ..NewObject::new(class, at(0.0, 0.0)) };
            let seen = Time::from_nanos(seen);
            let departed = memory.departures().len();
            let id = memory.insert(&object.seen(seen)).unwrap();
            if living.len() == 8 {
                living.sort_by(|a: &(f32, _, _), b| a.partial_cmp(b).unwrap());
                let (.., least) = living.remove(0);
                prop_assert_eq!(&memory.departures()[departed..], &[(least, Removal::Evicted)]);
                prop_assert!(memory.view().object(least).is_none());
            } else {
                prop_assert_eq!(memory.departures().len(), departed);
            }
            living.push((persistence, seen, id));
            prop_assert_eq!(memory.len(), living.len());
        }
    }
}

#[test]
fn more_than_there_is_room_for_is_refused() {
    for (when_full, fits) in [(WhenFull::Evict, 4), (WhenFull::Refuse, 1)] {
        let config = MemoryConfig { max_objects: 4, when_full, ..MemoryConfig::default() };
        let mut memory = SpatialMemory::new(config).unwrap();
        let class = memory.class("thing").unwrap();
        let object = |x: u8| NewObject::new(class, at(f32::from(x), 0.0));
        let mut ids = Vec::new();
        memory.insert_all(&[object(0), object(1), object(2)], &mut ids).unwrap();
        let many: Vec<_> = (0..=fits).map(object).collect();
        let refused = memory.insert_all(&many, &mut ids);
        assert!(matches!(refused, Err(WriteError::ObjectsFull { limit: 4, .. })), "{refused:?}");
        let seen: Vec<_> =
            (0..=fits).map(|x| Observation::new(class, at(9.0, f32::from(x)))).collect();
        assert!(memory.observe(&seen, Time::ZERO).is_err());
        assert_eq!((memory.len(), memory.departures()), (3, &[][..]));
        memory.insert_all(&many[1..], &mut ids).unwrap();
        assert_eq!(memory.len(), 4);
        assert_eq!(memory.departures().len(), usize::from(fits) - 1);
        let one = memory.insert(&object(9));
        assert_eq!(one.is_ok(), when_full == WhenFull::Evict);
    }
}

#[test]
fn a_frame_of_known_objects_allocates_nothing() {
    let mut memory = SpatialMemory::new(MemoryConfig::default()).unwrap();
    let chair = memory.class("chair").unwrap();
    let region = Sphere::new(Vec3::ZERO, 5.0).unwrap().into();
    let options = SubscriptionOptions {
        region: Some(region),
        capacity: 255,
        ..SubscriptionOptions::default()
    };
    let mut subscription = memory.subscribe(options).unwrap();
    let eye = Observer {
        eye: Vec3::ZERO,
        sight: Sphere::new(Vec3::ZERO, 50.0).unwrap().into(),
        occlusion: true,
    };
    let mut told = 0;
    let mut allocated = 0;
    for frame in 0..400u16 {
        let now = Time::ZERO + Duration::from_millis(33) * u32::from(frame);
        // They sway; every tenth frame some are not seen, for longer than patience allows.
        let sway = f32::from(frame % 8) * 0.01;
        let seen: Vec<_> = (0..200u16)
            .filter(|k| frame == 0 || k % 10 != frame / 40)
            .map(|k| {
                let pose = at(f32::from(k % 20) + sway, f32::from(k / 20));
                Observation { half_extents: Vec3::splat(0.2), ..Observation::new(chair, pose) }
            })
            .collect();
        let before = ALLOCATIONS.get();
        memory.observe(&seen, now).unwrap();
        memory.age(std::slice::from_ref(&eye), now).unwrap();
        memory.publish(now).unwrap();
        subscription.drain(usize::MAX, |_| told += 1);
        if frame >= 200 {
            allocated += ALLOCATIONS.get() - before;
        }
    }
    assert_eq!(memory.len(), 200);
    assert!(told > 1_000, "{told}");
    assert_eq!(allocated, 0);
}
