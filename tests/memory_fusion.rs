//! Fusion keeps identity: under noise, missed detections and clutter.
#![expect(clippy::unwrap_used, reason = "a test's helpers may fail it")]

use std::collections::BTreeSet;
use std::time::Duration;

use xrmesh::memory::{
    ClassId, ClassOptions, FrameId, Fused, How, MemoryConfig, ObjectId, Observation, ObserveError,
    Observer, Removal, SpatialMemory,
};
use xrmesh::random::Stream;
use xrmesh::space::{FieldOfView, Frustum, Sphere};
use xrmesh::{Pose, Quat, Time, Vec3};

const FRAME: Duration = Duration::from_nanos(33_333_333);

fn at(frame: u32) -> Time {
    Time::ZERO + FRAME * frame
}

fn memory(label: &str) -> (SpatialMemory, ClassId) {
    let mut memory = SpatialMemory::new(MemoryConfig::default()).unwrap();
    let class = memory.class(label).unwrap();
    (memory, class)
}

/// A detector: it sees things a little off, in any order, misses some and sees some that are not.
struct Detector {
    random: Stream,
    noise_m: f64,
    missed: f32,
    clutter: f32,
}

impl Detector {
    fn new(seed: u64) -> Self {
        Self { random: Stream::new(seed, [0, 0]), noise_m: 0.05, missed: 0.0, clutter: 0.0 }
    }

    fn noise(&mut self) -> f32 {
        (self.random.normals()[0] * self.noise_m) as f32
    }

    /// Observations, and of which thing each is.
    fn look(
        &mut self,
        class: ClassId,
        things: &[Vec3],
        half_extents: Vec3,
    ) -> (Vec<Observation>, Vec<Option<usize>>) {
        let mut seen = Vec::new();
        for (thing, &place) in things.iter().enumerate() {
            if self.random.uniform_f32() < self.missed {
                continue;
            }
            let off = Vec3::new(self.noise(), self.noise(), self.noise());
            let pose = Pose::at(place + off).unwrap();
            let observation =
                Observation { half_extents, confidence: 0.9, ..Observation::new(class, pose) };
            seen.push((self.random.next_u32(), observation, Some(thing)));
        }
        if self.random.uniform_f32() < self.clutter {
            let [x, z] = [(); 2].map(|()| self.random.uniform_f32() * 6.0 - 3.0);
            let pose = Pose::at(Vec3::new(x, 0.5, z)).unwrap();
            let observation =
                Observation { half_extents, confidence: 0.3, ..Observation::new(class, pose) };
            seen.push((self.random.next_u32(), observation, None));
        }
        seen.sort_by_key(|&(order, ..)| order);
        seen.into_iter().map(|(_, observation, thing)| (observation, thing)).unzip()
    }
}

/// Who each thing is, and how often that changed.
struct Identities {
    of: Vec<Option<ObjectId>>,
    switches: usize,
}

impl Identities {
    fn new(things: usize) -> Self {
        Self { of: vec![None; things], switches: 0 }
    }

    fn note(&mut self, fused: &[Fused], things: &[Option<usize>]) {
        for (fused, &thing) in fused.iter().zip(things) {
            let Some(thing) = thing else { continue };
            let before = self.of[thing].replace(fused.id);
            self.switches += usize::from(before.is_some_and(|before| before != fused.id));
        }
    }
}

#[test]
fn five_chairs_stay_five_over_a_thousand_noisy_frames() {
    let (mut memory, chair) = memory("chair");
    let chairs: Vec<_> = (0..5).map(|k| Vec3::new(k as f32 * 0.6, 0.5, 0.0)).collect();
    let mut detector = Detector::new(1);
    let mut identities = Identities::new(5);
    for frame in 0..1_000 {
        let (seen, things) = detector.look(chair, &chairs, Vec3::new(0.25, 0.5, 0.25));
        let fused = memory.observe(&seen, at(frame)).unwrap();
        let how = if frame == 0 { How::Created } else { How::Updated };
        assert!(fused.iter().all(|fused| fused.how == how), "frame {frame}: {fused:?}");
        identities.note(fused, &things);
        assert_eq!(memory.len(), 5, "frame {frame}");
        memory.publish(at(frame)).unwrap();
    }
    assert_eq!(identities.switches, 0);
    for (chair, id) in chairs.iter().zip(identities.of) {
        let object = memory.view().object(id.unwrap()).unwrap();
        assert!((object.pose.position() - *chair).length() < 0.1, "{object:?}");
        assert!(object.persistence > 0.99 && object.velocity.unwrap().length() < 0.3);
    }
}

#[test]
fn chairs_keep_who_they_are_when_some_are_missed_and_some_are_not_there() {
    let (mut memory, chair) = memory("chair");
    let options = ClassOptions {
        max_speed_m_s: 0.0,
        half_life: Duration::from_secs(1),
        ..ClassOptions::default()
    };
    memory.set_class_options(chair, options).unwrap();
    let chairs: Vec<_> = (0..5).map(|k| Vec3::new(k as f32 * 0.6 - 1.2, 0.5, 0.0)).collect();
    let mut detector = Detector { missed: 0.2, clutter: 0.3, ..Detector::new(2) };
    let mut identities = Identities::new(5);
    let room = Observer {
        eye: Vec3::UP,
        sight: Sphere::new(Vec3::ZERO, 9.0).unwrap().into(),
        occlusion: false,
    };
    let mut faded = 0;
    for frame in 0..1_000 {
        let (seen, things) = detector.look(chair, &chairs, Vec3::new(0.25, 0.5, 0.25));
        identities.note(memory.observe(&seen, at(frame)).unwrap(), &things);
        faded += memory.age(std::slice::from_ref(&room), at(frame)).unwrap().faded;
    }
    assert_eq!(identities.switches, 0);
    assert!(faded > 100, "what clutter leaves fades: {faded}");
    assert!(memory.len() < 40, "{}", memory.len());
    let distinct: BTreeSet<_> = identities.of.iter().flatten().collect();
    assert_eq!(distinct.len(), 5);
}

#[test]
fn people_who_cross_stay_who_they_are() {
    let mut switches = 0;
    for seed in 0..20 {
        let (mut memory, person) = memory("person");
        let mut detector =
            Detector { noise_m: 0.03, missed: 0.1, clutter: 0.1, ..Detector::new(100 + seed) };
        let mut identities = Identities::new(4);
        for frame in 0..180 {
            let s = frame as f32 / 30.0;
            // Two meet head on and pass 0.4 m from each other; two cross their way at a right angle,
            // the one 0.45 m behind the one, the other a step behind the other.
            let people = [
                Vec3::new(-3.0 + s, 1.0, 0.2),
                Vec3::new(3.0 - s, 1.0, -0.2),
                Vec3::new(0.5, 1.0, -4.7 + 1.2 * s),
                Vec3::new(-0.5, 1.0, 5.4 - 1.2 * s),
            ];
            let (seen, things) = detector.look(person, &people, Vec3::new(0.25, 0.9, 0.25));
            identities.note(memory.observe(&seen, at(frame)).unwrap(), &things);
        }
        switches += identities.switches;
    }
    assert_eq!(switches, 0);
}

#[test]
fn fusion_is_the_same_whenever_it_runs() {
    let run = || {
        let (mut memory, chair) = memory("chair");
        let chairs: Vec<_> =
            (0..12).map(|k| Vec3::new((k % 4) as f32 * 0.5, 0.5, (k / 4) as f32)).collect();
        let mut detector = Detector { missed: 0.3, clutter: 0.9, noise_m: 0.1, ..Detector::new(5) };
        let mut all = Vec::new();
        for frame in 0..200 {
            let (seen, _) = detector.look(chair, &chairs, Vec3::splat(0.2));
            all.extend_from_slice(memory.observe(&seen, at(frame)).unwrap());
            memory.publish(at(frame)).unwrap();
        }
        all
    };
    assert_eq!(run(), run());
}

#[test]
fn a_known_id_is_believed_also_after_it_became_an_alias() {
    let (mut memory, chair) = memory("chair");
    let here = Observation::new(chair, Pose::at(Vec3::ZERO).unwrap());
    let far = Observation::new(chair, Pose::at(Vec3::new(2.0, 0.0, 0.0)).unwrap());
    let fused = memory.observe(&[here.clone(), far.clone()], at(0)).unwrap();
    let (first, second) = (fused[0].id, fused[1].id);
    // Far outside of its gate.
    let known = Observation { id: Some(first), ..far.clone() };
    let fused = memory.observe(&[far.clone(), known], at(1)).unwrap();
    assert_eq!((fused[0].id, fused[1].id), (second, first));
    memory.merge(second, first).unwrap();
    let known = Observation { id: Some(second), ..far };
    assert_eq!(memory.observe(&[known], at(2)).unwrap(), [Fused { id: first, how: How::Updated }]);
    // One that has left is unknown, and found by where it is.
    memory.remove(first).unwrap();
    let known = Observation { id: Some(first), ..here };
    let fused = memory.observe(&[known], at(3)).unwrap();
    assert!(fused[0].how == How::Created && fused[0].id != first);
}

#[test]
fn what_is_remembered_twice_becomes_one() {
    let (mut memory, chair) = memory("chair");
    let see = |x: f32| Observation {
        half_extents: Vec3::splat(0.3),
        ..Observation::new(chair, Pose::at(Vec3::new(x, 0.0, 0.0)).unwrap())
    };
    // Seen twice at once, so they are two.
    let fused = memory.observe(&[see(0.0), see(0.3)], at(0)).unwrap();
    let (old, new) = (fused[0].id, fused[1].id);
    assert_ne!(old, new);
    // One of them moves to the other, as when a drift is corrected.
    memory.update_poses(&[(new, Pose::at(Vec3::new(0.02, 0.0, 0.0)).unwrap())]).unwrap();
    let mut merged = Vec::new();
    for frame in 1..40 {
        let fused = memory.observe(&[see(0.03)], at(frame)).unwrap()[0];
        if let How::Merged { gone } = fused.how {
            merged.push((fused.id, gone));
        }
    }
    // The elder stays, whichever was seen; nothing happens twice.
    assert_eq!(merged, [(old, new)]);
    assert_eq!(memory.len(), 1);
    assert_eq!(memory.view().object(new).unwrap().id, old, "an alias");
    assert!(memory.departures().contains(&(new, Removal::Merged { into: old })));
}

#[test]
fn two_that_are_seen_together_are_never_merged() {
    let (mut memory, chair) = memory("cup");
    let see = |x: f32| Observation::new(chair, Pose::at(Vec3::new(x, 0.0, 0.0)).unwrap());
    for frame in 0..100 {
        memory.observe(&[see(0.0), see(0.08)], at(frame)).unwrap();
    }
    assert_eq!(memory.len(), 2);
}

#[test]
fn classes_do_not_mix() {
    let (mut memory, chair) = memory("chair");
    let table = memory.class("table").unwrap();
    let here = Pose::at(Vec3::ZERO).unwrap();
    let fused = memory.observe(&[Observation::new(chair, here)], at(0)).unwrap();
    let chair_id = fused[0].id;
    let fused = memory.observe(&[Observation::new(table, here)], at(1)).unwrap();
    assert!(fused[0].how == How::Created && fused[0].id != chair_id);
}

#[test]
fn observations_meet_their_objects_across_frames() {
    let (mut memory, chair) = memory("chair");
    let turn = Quat::from_axis_angle(Vec3::UP, 1.0).unwrap();
    let desk = Pose::new(Vec3::new(3.0, 0.0, -1.0), turn).unwrap();
    let frame = memory.add_frame("desk", FrameId::WORLD, desk).unwrap();
    let on_desk = Pose::at(Vec3::new(0.2, 0.7, 0.1)).unwrap();
    let seen = Observation { frame, ..Observation::new(chair, on_desk) };
    let id = memory.observe(&[seen], at(0)).unwrap()[0].id;
    // The same, in the world.
    let seen = Observation::new(chair, desk.compose(&on_desk).unwrap());
    assert_eq!(memory.observe(&[seen], at(1)).unwrap(), [Fused { id, how: How::Updated }]);
    let object = memory.view().object(id).unwrap();
    assert_eq!(object.frame, frame);
    assert!((object.pose.position() - on_desk.position()).length() < 1e-5);
}

#[test]
fn what_is_wrong_is_named_and_changes_nothing() {
    let (mut memory, chair) = memory("chair");
    let good = Observation::new(chair, Pose::IDENTITY);
    let refuse = |memory: &mut SpatialMemory, bad: Observation| {
        let refused = memory.observe(&[good.clone(), bad], at(0)).unwrap_err();
        assert_eq!(memory.len(), 0);
        refused
    };
    let bad = Observation { confidence: 1.5, ..good.clone() };
    let refused = refuse(&mut memory, bad);
    assert!(matches!(refused, ObserveError::Confidence { index: 1, confidence: 1.5 }));
    let bad = Observation { half_extents: Vec3::new(1.0, -1.0, 1.0), ..good.clone() };
    assert!(matches!(refuse(&mut memory, bad), ObserveError::HalfExtents { index: 1, .. }));
    let bad = Observation { class: ClassId::new(7), ..good.clone() };
    let refused = refuse(&mut memory, bad);
    assert!(matches!(refused, ObserveError::Class { index: 1, class } if class.index() == 7));
    let bad = Observation { frame: FrameId::new(7), ..good.clone() };
    let refused = refuse(&mut memory, bad);
    assert!(matches!(refused, ObserveError::Frame { index: 1, frame } if frame.index() == 7));
    let many = vec![good.clone(); 65_537];
    assert!(matches!(memory.observe(&many, at(0)), Err(ObserveError::TooMany { .. })));
    assert_eq!(memory.observe(&[], at(0)).unwrap(), []);
}

#[test]
fn only_what_should_be_seen_fades() {
    let (mut memory, chair) = memory("chair");
    let see = |x: f32, z: f32| Observation {
        half_extents: Vec3::splat(0.2),
        ..Observation::new(chair, Pose::at(Vec3::new(x, 0.0, z)).unwrap())
    };
    // In sight, in sight and seen again, behind the first, behind the eye, beyond the range.
    let scene = [see(0.0, -2.0), see(2.0, -4.0), see(0.0, -4.0), see(0.0, 3.0), see(0.0, -20.0)];
    let ids: Vec<_> = memory.observe(&scene, at(0)).unwrap().iter().map(|fused| fused.id).collect();
    let view = FieldOfView::symmetric(1.6, 1.2);
    let sight = Frustum::new(&Pose::IDENTITY, view, 0.1, 10.0).unwrap();
    let eye = Observer { eye: Vec3::ZERO, sight: sight.into(), occlusion: true };
    let persistence =
        |memory: &mut SpatialMemory, k: usize| memory.view().object(ids[k]).unwrap().persistence;
    let before: Vec<_> = (0..5).map(|k| persistence(&mut memory, k)).collect();
    let second = |s: u64| Time::ZERO + Duration::from_secs(s);
    for s in 0..=60 {
        memory.observe(&scene[1..2], second(s)).unwrap();
        memory.age(std::slice::from_ref(&eye), second(s)).unwrap();
    }
    // A half-life of a minute, and half a second of patience.
    let left = persistence(&mut memory, 0) / before[0];
    assert!((0.5..0.51).contains(&left), "{left}");
    assert!(persistence(&mut memory, 1) > 0.9);
    for (k, &before) in before.iter().enumerate().skip(2) {
        assert_eq!(persistence(&mut memory, k), before, "object {k}");
    }
    // Without occlusion it is missed as well.
    let through = Observer { occlusion: false, ..eye.clone() };
    memory.age(&[through], second(61)).unwrap();
    assert!(persistence(&mut memory, 2) < before[2]);
    // A host that slept for a year has missed nothing but the last second.
    let old = persistence(&mut memory, 0);
    memory.age(std::slice::from_ref(&eye), second(31_536_000)).unwrap();
    assert!(persistence(&mut memory, 0) > old * 0.98);
    assert!(
        memory.age(&[Observer { eye: Vec3::splat(f32::NAN), ..eye.clone() }], second(9)).is_err()
    );
    // In the end it leaves, and the memory says so.
    let mut faded = Vec::new();
    for s in 31_536_001..31_536_400 {
        memory.age(std::slice::from_ref(&eye), second(s)).unwrap();
        faded.extend_from_slice(memory.departures());
        memory.publish(second(s)).unwrap();
    }
    assert_eq!(
        faded,
        [(ids[0], Removal::Faded), (ids[1], Removal::Faded), (ids[2], Removal::Faded)]
    );
}
