//! Readers on other threads, and the limits of what they hold.

use super::*;
use crate::space::{Pose, Vec3};
use crate::time::Time;

const OBJECTS: u32 = 600;

fn memory(config: MemoryConfig) -> (SpatialMemory, Vec<ObjectId>) {
    let mut memory = SpatialMemory::new(config).unwrap();
    let class = memory.class("ball").unwrap();
    let new: Vec<_> = (0..OBJECTS).map(|at| NewObject::new(class, pose(at, 0))).collect();
    let mut ids = Vec::new();
    memory.insert_all(&new, &mut ids).unwrap();
    (memory, ids)
}

/// Where object `at` is in state `frame`: they go up together, in exact steps.
fn pose(at: u32, frame: u32) -> Pose {
    Pose::at(Vec3::new(at as f32, frame as f32, 0.0)).unwrap()
}

/// Every object of a snapshot is where its version says, by its record and by the index.
fn check(snapshot: &MemorySnapshot, ids: &[ObjectId], work: &mut Workspace) {
    let view = snapshot.view();
    let y = (snapshot.version() - 1) as f32;
    let gone = snapshot.version() as usize % 7;
    assert_eq!(view.len(), ids.len() - gone);
    let all = usize::MAX;
    let found = view.nearest(Vec3::new(0.0, y, 0.0), all, &Filter::all(), work).unwrap();
    assert_eq!(found.len(), ids.len() - gone);
    for (at, found) in found.iter().enumerate() {
        assert_eq!(found.distance_squared, (at * at) as f32, "state {}", snapshot.version());
        assert_eq!(view.world_pose(found.id).unwrap().position().y, y);
    }
}

/// The last few objects leave and come back: as many are gone as the version says.
fn rehearse(memory: &mut SpatialMemory, ids: &mut [ObjectId], version: u64) {
    let class = memory.view().class("ball").unwrap();
    let (was, gone) = ((version - 1) as usize % 7, version as usize % 7);
    let frame = (version - 1) as u32;
    if version > 1 {
        for at in ids.len() - was..ids.len() {
            ids[at] = memory.insert(&NewObject::new(class, pose(at as u32, frame))).unwrap();
        }
    }
    let moves: Vec<_> = ids.iter().zip(0..).map(|(&id, at)| (id, pose(at, frame))).collect();
    memory.update_poses(&moves).unwrap();
    for &id in &ids[ids.len() - gone..] {
        memory.remove(id).unwrap();
    }
}

#[test]
fn every_snapshot_is_one_published_state_and_versions_never_go_back() {
    let (mut memory, mut ids) = memory(MemoryConfig::default());
    rehearse(&mut memory, &mut ids, 1);
    memory.publish(Time::ZERO).unwrap();
    let last = 300;
    std::thread::scope(|scope| {
        for _ in 0..3 {
            let (reader, ids) = (memory.reader(), ids.clone());
            scope.spawn(move || {
                let mut work = Workspace::new();
                let (mut seen, mut held) = (0, Vec::new());
                while seen < last {
                    let snapshot = reader.snapshot().unwrap();
                    assert!(snapshot.version() >= seen);
                    seen = snapshot.version();
                    check(&snapshot, &ids, &mut work);
                    if held.len() < 5 || seen % 50 == 0 {
                        held.push(snapshot);
                    }
                    if held.len() > 8 {
                        held.swap_remove(seen as usize % 8);
                    }
                }
                for snapshot in &held {
                    check(snapshot, &ids, &mut work);
                }
            });
        }
        for version in 2..=last {
            rehearse(&mut memory, &mut ids, version);
            let published = memory.publish(Time::from_nanos(version as i64)).unwrap();
            assert_eq!(published.version, version);
        }
    });
    assert_eq!(memory.publish(Time::from_nanos(1_000)).unwrap().retained_bytes, 0);
}

#[test]
fn no_reader_sees_half_of_a_correction() {
    let config = MemoryConfig { correction_budget: 40, ..MemoryConfig::default() };
    let mut memory = SpatialMemory::new(config).unwrap();
    let class = memory.class("ball").unwrap();
    let hall = memory.add_frame("hall", FrameId::WORLD, Pose::IDENTITY).unwrap();
    let desk = memory.add_frame("desk", hall, pose(0, 0)).unwrap();
    let new: Vec<_> = (0..OBJECTS)
        .map(|at| NewObject::new(class, pose(at, 0)).on(if at % 2 == 0 { desk } else { hall }))
        .collect();
    let mut ids = Vec::new();
    memory.insert_all(&new, &mut ids).unwrap();
    memory.publish(Time::ZERO).unwrap();
    let (mut time, mut states) = (0, 0);
    std::thread::scope(|scope| {
        let end = 30.0;
        for _ in 0..2 {
            let reader = memory.reader();
            scope.spawn(move || {
                let mut work = Workspace::new();
                let mut last = -1.0;
                while last < end {
                    let snapshot = reader.snapshot().unwrap();
                    let view = snapshot.view();
                    let height = view.frame_pose(desk).unwrap().position().y;
                    assert!(height >= last, "corrections are seen in their order");
                    last = height;
                    let from = Vec3::new(0.0, height, 0.0);
                    let found = view.nearest(from, 1_000, &Filter::all(), &mut work).unwrap();
                    let places: Vec<_> = found.iter().map(|hit| hit.distance_squared).collect();
                    let expected: Vec<_> = (0..OBJECTS).map(|at| (at * at) as f32).collect();
                    assert_eq!(places, expected, "all or none is where the frame is");
                }
            });
        }
        for step in 1..=30 {
            memory.correct_frame(hall, pose(0, step)).unwrap();
            // Others move meanwhile, in place: also those that the correction moves.
            loop {
                let moves: Vec<_> = ids
                    .iter()
                    .zip(0..)
                    .skip(7)
                    .step_by(9)
                    .map(|(&id, at)| (id, pose(at, 0)))
                    .collect();
                memory.update_poses(&moves).unwrap();
                time += 1;
                states += 1;
                if memory.publish(Time::from_nanos(time)).unwrap().is_corrected {
                    break;
                }
            }
        }
    });
    assert_eq!(states, 30 * i64::from(OBJECTS.div_ceil(40)), "spread over published states");
}

#[test]
fn snapshots_beyond_the_cap_are_refused_with_the_numbers() {
    let config = MemoryConfig { max_snapshot_bytes: 300_000, ..MemoryConfig::default() };
    let (mut memory, ids) = memory(config);
    memory.publish(Time::ZERO).unwrap();
    let mut held = Vec::new();
    let mut frame = 0;
    let refused = loop {
        match memory.snapshot() {
            Ok(snapshot) => held.push(snapshot),
            Err(refused) => break refused,
        }
        frame += 1;
        let moves: Vec<_> = ids.iter().zip(0..).map(|(&id, at)| (id, pose(at, frame))).collect();
        memory.update_poses(&moves).unwrap();
        memory.publish(Time::from_nanos(frame.into())).unwrap();
    };
    let SnapshotError::Retained { retained_bytes, max_snapshot_bytes } = refused;
    assert!(retained_bytes > 300_000 && max_snapshot_bytes == 300_000);
    assert!(retained_bytes < 600_000, "one state more than fits: {retained_bytes}");
    assert!(held.len() > 1);
    let mut work = Workspace::new();
    for (frame, snapshot) in held.iter().enumerate() {
        let from = Vec3::new(0.0, frame as f32, 0.0);
        let found = snapshot.view().nearest(from, 1, &Filter::all(), &mut work).unwrap();
        assert_eq!((found[0].id, found[0].distance_squared), (ids[0], 0.0), "it stays valid");
    }
    held.clear();
    let published = memory.publish(Time::from_nanos(1_000)).unwrap();
    assert_eq!(published.retained_bytes, 0);
    assert!(memory.snapshot().is_ok(), "what was held is free again");
}

#[test]
fn held_states_are_bounded_and_a_refused_state_comes_with_the_next() {
    let config = MemoryConfig { max_snapshots: 2, ..MemoryConfig::default() };
    let (mut memory, ids) = memory(config);
    let mut held = Vec::new();
    for frame in 0..3 {
        memory.update_poses(&[(ids[0], pose(0, frame))]).unwrap();
        memory.publish(Time::from_nanos(frame.into())).unwrap();
        held.push(memory.snapshot().unwrap());
    }
    memory.update_poses(&[(ids[0], pose(0, 9))]).unwrap();
    let refused = memory.publish(Time::from_nanos(9));
    assert!(matches!(refused, Err(PublishError::SnapshotsHeld { held: 2, limit: 2 })));
    assert_eq!(memory.snapshot().unwrap().version(), 3);
    assert!(matches!(memory.publish(Time::from_nanos(1)), Err(PublishError::TimeBack { .. })));
    drop(held.swap_remove(0));
    assert_eq!(memory.publish(Time::from_nanos(10)).unwrap().version, 4);
    let view_of = memory.snapshot().unwrap();
    assert_eq!(view_of.view().world_pose(ids[0]).unwrap().position().y, 9.0);
}

#[test]
fn an_object_takes_at_most_200_bytes() {
    let config = MemoryConfig { max_objects: 100_000, ..MemoryConfig::default() };
    let mut memory = SpatialMemory::new(config).unwrap();
    let class = memory.class("ball").unwrap();
    let hall = memory.add_frame("hall", FrameId::WORLD, Pose::IDENTITY).unwrap();
    let new: Vec<_> = (0..100_000)
        .map(|at| {
            let object = NewObject::new(class, pose(at % 300, at / 300));
            if at % 2 == 0 { object.on(hall) } else { object }
        })
        .collect();
    let mut ids = Vec::new();
    memory.insert_all(&new, &mut ids).unwrap();
    for frame in 0..10 {
        let moves: Vec<_> = ids.iter().step_by(100).map(|&id| (id, pose(7, frame))).collect();
        memory.update_poses(&moves).unwrap();
        memory.publish(Time::from_nanos(frame.into())).unwrap();
    }
    // At rest: what moved lately, and the copies for snapshots, come on top while it moves.
    for frame in 10..400 {
        memory.publish(Time::from_nanos(frame)).unwrap();
    }
    let each = memory.memory_bytes() as f64 / 100_000.0;
    let parts = [
        memory.state.table.memory_bytes(),
        memory.state.index.memory_bytes(),
        memory.state.free.memory_bytes(),
    ];
    assert!(each <= 200.0, "{each} bytes, of these {parts:?} table, index, free slots");
    println!("{each} bytes an object at rest");
}
