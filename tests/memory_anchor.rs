//! Correcting an anchor moves all that hangs on it, at once for every reader: on a recorded
//! trajectory whose estimate drifts from the truth.
#![expect(clippy::unwrap_used, reason = "a test's helpers may fail it")]
#![expect(clippy::print_stdout, reason = "a test says that it was skipped")]
#![expect(clippy::disallowed_types, reason = "tests run on the standard library's atomics")]

use std::path::Path;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use xrmesh::memory::{
    Filter, FrameId, MemoryConfig, MemorySnapshot, NewObject, ObjectId, SpatialMemory, Workspace,
};
use xrmesh::{Pose, Quat, Time, Vec3};

/// The TUM RGB-D benchmark's `freiburg1_xyz`: what motion capture measured, and what RGB-D SLAM
/// estimated.
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data/tum-trajectory");

/// How many estimated poses share an anchor.
const POSES: usize = 50;

/// A pose at a time in seconds, from a line `timestamp tx ty tz qx qy qz qw`.
fn trajectory(file: &str) -> Vec<(f64, Pose)> {
    let text = std::fs::read_to_string(Path::new(FOLDER).join(file)).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty());
    let line = |line: &str| {
        let parts: Vec<f64> = line.split_whitespace().map(|part| part.parse().unwrap()).collect();
        let [time, x, y, z, qx, qy, qz, qw] = parts.try_into().unwrap();
        let turn = Quat::new(qx as f32, qy as f32, qz as f32, qw as f32);
        (time, Pose::new(Vec3::new(x as f32, y as f32, z as f32), turn).unwrap())
    };
    lines.map(line).collect()
}

/// The estimated poses, each with the true one nearest in time. `None` where the recording is not at
/// hand.
fn poses() -> Option<Vec<(Pose, Pose)>> {
    if !Path::new(FOLDER).is_dir() {
        assert!(std::env::var_os("CI").is_none(), "{FOLDER} is missing");
        println!("skipped: {FOLDER} is not there");
        return None;
    }
    let truth = trajectory("freiburg1_xyz-groundtruth.txt");
    let estimate = trajectory("freiburg1_xyz-rgbdslam_drift.txt");
    let nearest = |time: f64| {
        let after = truth.partition_point(|&(at, _)| at < time);
        let around = [after.saturating_sub(1), after.min(truth.len() - 1)];
        let off = |&k: &usize| (truth[k].0 - time).abs();
        truth[around.into_iter().min_by(|a, b| off(a).total_cmp(&off(b))).unwrap()].1
    };
    Some(estimate.into_iter().map(|(time, pose)| (pose, nearest(time))).collect())
}

/// An object that was seen from one of the poses.
struct Seen {
    id: ObjectId,
    anchor: usize,
    /// Where it is in truth.
    truth: Vec3,
}

struct Scene {
    memory: SpatialMemory,
    anchors: Vec<FrameId>,
    /// Where the anchors are in truth.
    corrected: Vec<Pose>,
    seen: Vec<Seen>,
}

/// Six objects two metres before each pose, hung on the anchor that was set at most 50 poses before.
/// The anchors hang on a frame for the map, and the odd ones on the even one before.
fn scene(poses: &[(Pose, Pose)], config: MemoryConfig) -> Scene {
    let mut memory = SpatialMemory::new(config).unwrap();
    let class = memory.class("thing").unwrap();
    let map = memory.add_frame("map", FrameId::WORLD, Pose::IDENTITY).unwrap();
    let (mut anchors, mut corrected, mut seen): (Vec<FrameId>, Vec<Pose>, Vec<Seen>) =
        (Vec::new(), Vec::new(), Vec::new());
    for (k, (estimate, truth)) in poses.iter().enumerate() {
        let anchor = k / POSES;
        if k % POSES == 0 {
            let name = format!("anchor {anchor}");
            // The anchor's pose in its parent, as estimated and in truth.
            let (parent, above) = match anchor % 2 {
                0 => (map, (Pose::IDENTITY, Pose::IDENTITY)),
                _ => (anchors[anchor - 1], poses[(anchor - 1) * POSES]),
            };
            let within = |above: Pose, pose: &Pose| above.inverse().unwrap().compose(pose).unwrap();
            anchors.push(memory.add_frame(&name, parent, within(above.0, estimate)).unwrap());
            corrected.push(within(above.1, truth));
        }
        let set_at = poses[anchor * POSES].0.inverse().unwrap();
        for (x, y) in [(-0.8, -0.5), (0.0, -0.5), (0.8, -0.5), (-0.8, 0.5), (0.0, 0.5), (0.8, 0.5)]
        {
            let ahead = Pose::at(Vec3::new(x, y, 2.0)).unwrap();
            let relative = set_at.compose(&estimate.compose(&ahead).unwrap()).unwrap();
            let object = NewObject::new(class, relative).on(anchors[anchor]);
            let id = memory.insert(&object).unwrap();
            seen.push(Seen { id, anchor, truth: truth.compose(&ahead).unwrap().position() });
        }
    }
    memory.publish(Time::ZERO).unwrap();
    Scene { memory, anchors, corrected, seen }
}

/// Where an object is by its record and its frames.
fn place(snapshot: &MemorySnapshot, id: ObjectId) -> Vec3 {
    snapshot.view().world_box(id).unwrap().centre()
}

/// Whether the index has the object there, too.
fn is_found_at(snapshot: &MemorySnapshot, id: ObjectId, place: Vec3, work: &mut Workspace) -> bool {
    let found = snapshot.view().within(place, 0.0, usize::MAX, &Filter::all(), work).unwrap();
    found.iter().any(|found| found.id == id)
}

#[test]
fn correcting_anchors_lowers_the_error_of_every_hanging_object() {
    let Some(poses) = poses() else { return };
    // So few at a time that each anchor takes several published states.
    let config = MemoryConfig { correction_budget: 100, ..MemoryConfig::default() };
    let Scene { mut memory, anchors, corrected, seen } = scene(&poses, config);
    let before = memory.snapshot().unwrap();
    let reader = memory.reader();
    let done = AtomicBool::new(false);
    let (states, mixed) = std::thread::scope(|scope| {
        let reading = scope.spawn(|| {
            let mut states = Vec::new();
            while !done.load(Ordering::Acquire) {
                let snapshot = reader.snapshot().unwrap();
                if states
                    .last()
                    .is_none_or(|last: &MemorySnapshot| last.version() != snapshot.version())
                    && states.len() < 60
                {
                    states.push(snapshot);
                }
            }
            states
        });
        let mut tick = 1;
        for (&anchor, &pose) in anchors.iter().zip(&corrected) {
            memory.correct_frame(anchor, pose).unwrap();
            loop {
                let published =
                    memory.publish(Time::ZERO + Duration::from_millis(11) * tick).unwrap();
                tick += 1;
                if published.is_corrected {
                    break;
                }
            }
        }
        assert!(tick > 3 * anchors.len() as u32, "spread over {tick} states");
        done.store(true, Ordering::Release);
        let states = reading.join().unwrap();
        let after = memory.snapshot().unwrap();
        // In each state each object stands where the frames of that state place it, so the half of a
        // correction would show.
        let (mut mixed, mut work) = (0, Workspace::new());
        for snapshot in &states {
            let view = snapshot.view();
            for one in &seen {
                let object = view.object(one.id).unwrap();
                let world = view.frame_pose(object.frame).unwrap();
                let expected = world.transform_point(object.pose.position());
                let place = place(snapshot, one.id);
                let agrees = (place - expected).length() < 1e-4
                    && is_found_at(snapshot, one.id, place, &mut work);
                mixed += usize::from(!agrees);
            }
        }
        let mut sums = (0.0, 0.0);
        for one in &seen {
            let error = |snapshot: &MemorySnapshot| (place(snapshot, one.id) - one.truth).length();
            let (was, is) = (error(&before), error(&after));
            assert!(is < was, "on anchor {}: {was} m, then {is} m", one.anchor);
            sums = (sums.0 + was, sums.1 + is);
        }
        let mean = |sum: f32| sum / seen.len() as f32;
        println!("{} objects: mean error {} m, then {} m", seen.len(), mean(sums.0), mean(sums.1));
        assert!(mean(sums.1) < mean(sums.0) / 20.0);
        (states.len(), mixed)
    });
    assert_eq!(mixed, 0, "in {states} states");
}

#[test]
fn a_reader_sees_all_of_a_correction_or_none() {
    let config = MemoryConfig { correction_budget: 64, ..MemoryConfig::default() };
    let mut memory = SpatialMemory::new(config).unwrap();
    let class = memory.class("thing").unwrap();
    let map = memory.add_frame("map", FrameId::WORLD, Pose::IDENTITY).unwrap();
    let room = memory.add_frame("room", map, Pose::IDENTITY).unwrap();
    let at = |x: f32| Pose::at(Vec3::new(x, 0.0, 0.0)).unwrap();
    let ids: Vec<_> = (0..1_000u16)
        .map(|k| {
            let frame = if k % 3 == 0 { map } else { room };
            memory.insert(&NewObject::new(class, at(f32::from(k))).on(frame)).unwrap()
        })
        .collect();
    let stays = memory.insert(&NewObject::new(class, at(-1.0))).unwrap();
    memory.publish(Time::ZERO).unwrap();
    let reader = memory.reader();
    let done = AtomicBool::new(false);
    // On a machine of few cores the corrections could be over before a reader has begun.
    let begin = Barrier::new(3);
    std::thread::scope(|scope| {
        let readers: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    let (mut reads, mut moves) = (0, 0);
                    let (mut last, mut work) = (0.0, Workspace::new());
                    begin.wait();
                    loop {
                        let snapshot = reader.snapshot().unwrap();
                        let shift = place(&snapshot, ids[0]).x;
                        // Where a correction begins and where it ends, and all between.
                        for (k, &id) in ids.iter().enumerate() {
                            let place = place(&snapshot, id);
                            assert_eq!(place.x, k as f32 + shift);
                            assert!(is_found_at(&snapshot, id, place, &mut work));
                        }
                        assert_eq!(place(&snapshot, stays).x, -1.0);
                        moves += usize::from(shift != last);
                        last = shift;
                        reads += 1;
                        if done.load(Ordering::Acquire) {
                            return (reads, moves);
                        }
                    }
                })
            })
            .collect();
        begin.wait();
        let mut tick = 1;
        for correction in 1..=30u16 {
            memory.correct_frame(map, at(f32::from(correction) * 1024.0)).unwrap();
            let mut states = 0;
            loop {
                // Others change meanwhile, and come and go.
                let moved = [(stays, at(-1.0)), (ids[7], at(7.0))];
                memory.update_poses(&moved).unwrap();
                let comes = memory.insert(&NewObject::new(class, at(5.0)).on(room)).unwrap();
                let published =
                    memory.publish(Time::ZERO + Duration::from_millis(1) * tick).unwrap();
                memory.remove(comes).unwrap();
                tick += 1;
                states += 1;
                if published.is_corrected {
                    break;
                }
            }
            assert!(states >= 1_000 / 64, "{states}");
        }
        done.store(true, Ordering::Release);
        for reader in readers {
            let (reads, moves) = reader.join().unwrap();
            assert!(reads > 0, "{reads} reads, {moves} moves");
        }
    });
}

/// `cargo test --test memory_anchor -- --ignored --nocapture`
#[test]
#[ignore = "takes seconds and prints figures for docs/benchmarks.md"]
fn what_a_correction_of_100_000_objects_costs() {
    use cpu_time::ThreadTime;

    for budget in [2_048, 8_192, 32_768, 100_000] {
        let config = MemoryConfig { correction_budget: budget, ..MemoryConfig::default() };
        let mut memory = SpatialMemory::new(config).unwrap();
        let class = memory.class("thing").unwrap();
        let map = memory.add_frame("map", FrameId::WORLD, Pose::IDENTITY).unwrap();
        let room = memory.add_frame("room", map, Pose::IDENTITY).unwrap();
        // A storey of 50 m by 50 m.
        let mut random = xrmesh::random::Stream::new(3, [0, 0]);
        let objects: Vec<_> = (0..100_000)
            .map(|k| {
                let [x, y, z] = [50.0, 3.0, 50.0].map(|side| random.uniform_f32() * side);
                let half = Vec3::splat(0.05 + random.uniform_f32() * 0.4);
                let pose = Pose::at(Vec3::new(x, y, z)).unwrap();
                let frame = if k % 2 == 0 { map } else { room };
                NewObject::new(class, pose).half_extents(half).on(frame)
            })
            .collect();
        let mut ids = Vec::new();
        memory.insert_all(&objects, &mut ids).unwrap();
        let mut tick = 0u32;
        let mut publish = |memory: &mut SpatialMemory| {
            tick += 1;
            let start = ThreadTime::now();
            let now = Time::ZERO + Duration::from_millis(11) * tick;
            let published = memory.publish(now).unwrap();
            (start.elapsed().as_secs_f64() * 1e3, published.is_corrected)
        };
        let idle: Vec<_> = (0..40).map(|_| publish(&mut memory).0).collect();
        let turn = Quat::from_axis_angle(Vec3::UP, 0.02).unwrap();
        for round in 1..=3u8 {
            let pose = Pose::new(Vec3::new(f32::from(round) * 0.3, 0.0, 0.0), turn).unwrap();
            let start = ThreadTime::now();
            memory.correct_frame(map, pose).unwrap();
            let correct_ms = start.elapsed().as_secs_f64() * 1e3;
            let mut costs = Vec::new();
            loop {
                let (ms, is_corrected) = publish(&mut memory);
                costs.push(ms);
                if is_corrected {
                    break;
                }
            }
            let most = costs.iter().copied().fold(0.0, f64::max);
            let sum: f64 = costs.iter().sum();
            println!(
                "budget {budget:6}: correct {correct_ms:.3} ms, {} states, {sum:.1} ms in all, at \
                 most {most:.2} ms a state (idle {:.3} ms)",
                costs.len(),
                idle[idle.len() - 1]
            );
        }
    }
}
