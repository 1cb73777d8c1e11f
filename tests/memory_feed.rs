//! Subscriptions, against the snapshots that they are told with.
#![expect(clippy::unwrap_used, reason = "a test's helpers may fail it")]

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use proptest::prelude::*;
use xrmesh::memory::{
    Event, Filter, FrameId, MemoryConfig, MemorySnapshot, NewObject, Notice, ObjectId, Observation,
    Removal, SpatialMemory, SubscriptionOptions, Workspace,
};
use xrmesh::space::Sphere;
use xrmesh::{Pose, Time, Vec3};

fn at(x: f32) -> Pose {
    Pose::at(Vec3::new(x, 0.0, 0.0)).unwrap()
}

fn near_origin(radius: f32) -> SubscriptionOptions {
    let region = Sphere::new(Vec3::ZERO, radius).unwrap().into();
    SubscriptionOptions { region: Some(region), ..SubscriptionOptions::default() }
}

/// What lies in the subscribed region in a snapshot.
fn inside(snapshot: &MemorySnapshot, options: &SubscriptionOptions) -> BTreeSet<ObjectId> {
    let mut work = Workspace::new();
    let region = options.region.clone().unwrap();
    let found = snapshot.view().in_region(&region, usize::MAX, &options.filter, &mut work);
    found.iter().copied().collect()
}

#[derive(Clone, Debug)]
enum Step {
    Insert { class: u8, x: f32, frame: u8 },
    Move { which: usize, x: f32 },
    Remove { which: usize },
    Correct { frame: u8, x: f32 },
    Observe { class: u8, x: f32 },
    Publish,
    Drain { limit: usize },
}

fn step() -> impl Strategy<Value = Step> {
    let x = -4.0f32..4.0;
    prop_oneof![
        4 => (0u8..2, x.clone(), 0u8..3).prop_map(|(class, x, frame)| Step::Insert { class, x, frame }),
        4 => (0usize..40, x.clone()).prop_map(|(which, x)| Step::Move { which, x }),
        2 => (0usize..40).prop_map(|which| Step::Remove { which }),
        2 => (1u8..3, x.clone()).prop_map(|(frame, x)| Step::Correct { frame, x }),
        2 => (0u8..2, x).prop_map(|(class, x)| Step::Observe { class, x }),
        5 => Just(Step::Publish),
        3 => (0usize..20).prop_map(|limit| Step::Drain { limit }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// A subscriber that follows its events, and reads anew where it missed some, always knows what a
    /// snapshot holds; also with a queue that is too small, and with corrections large and small.
    #[test]
    fn who_follows_the_events_knows_the_state(
        steps in proptest::collection::vec(step(), 1..80),
        capacity in prop_oneof![Just(2usize), Just(5), Just(1_000)],
        correction_budget in prop_oneof![Just(1u32), Just(3), Just(1_000)],
    ) {
        let config = MemoryConfig { correction_budget, ..MemoryConfig::default() };
        let mut memory = SpatialMemory::new(config).unwrap();
        let classes = [memory.class("chair").unwrap(), memory.class("table").unwrap()];
        let mut frames = vec![FrameId::WORLD];
        frames.push(memory.add_frame("a", FrameId::WORLD, at(0.0)).unwrap());
        frames.push(memory.add_frame("b", frames[1], at(0.0)).unwrap());
        let filter = Filter::only([classes[0]]);
        let options = SubscriptionOptions { filter, capacity, ..near_origin(1.5) };
        let mut subscription = memory.subscribe(options.clone()).unwrap();
        let mut ids = Vec::new();
        let mut known = BTreeSet::new();
        let mut tick = 0u32;
        let end = [Step::Publish, Step::Drain { limit: 10_000 }, Step::Publish, Step::Drain { limit: 10_000 }];
        for step in steps.into_iter().chain(end) {
            match step {
                Step::Insert { class, x, frame } => {
                    let object = NewObject::new(classes[usize::from(class)], at(x));
                    ids.push(memory.insert(&object.on(frames[usize::from(frame)])).unwrap());
                }
                Step::Move { which, x } => {
                    let Some(&id) = ids.get(which) else { continue };
                    let _gone = memory.update_poses(&[(id, at(x))]);
                }
                Step::Remove { which } => {
                    let Some(&id) = ids.get(which) else { continue };
                    let _gone = memory.remove(id);
                }
                Step::Correct { frame, x } => {
                    memory.correct_frame(frames[usize::from(frame)], at(x)).unwrap();
                }
                Step::Observe { class, x } => {
                    let seen = Observation::new(classes[usize::from(class)], at(x));
                    let now = Time::ZERO + Duration::from_millis(10) * tick;
                    ids.push(memory.observe(&[seen], now).unwrap()[0].id);
                }
                Step::Publish => {
                    tick += 1;
                    memory.publish(Time::ZERO + Duration::from_millis(10) * tick).unwrap();
                }
                Step::Drain { limit } => {
                    let mut missed = false;
                    subscription.drain(limit, |notice| match notice {
                        Notice::Object { id, event, .. } => {
                            match event {
                                Event::Added | Event::Entered => assert!(missed || known.insert(id)),
                                Event::Left | Event::Removed(_) => assert!(missed || known.remove(&id)),
                                _ => assert!(missed || known.contains(&id)),
                            };
                        }
                        Notice::Missed { .. } => missed = true,
                        _ => panic!("{notice:?}"),
                    });
                    let snapshot = memory.snapshot().unwrap();
                    if missed {
                        known = inside(&snapshot, &options);
                    }
                    if subscription.waiting() == 0 {
                        prop_assert_eq!(&known, &inside(&snapshot, &options));
                    }
                }
            }
        }
    }
}

#[test]
fn every_cause_of_leaving_is_told() {
    let config = MemoryConfig { max_objects: 3, ..MemoryConfig::default() };
    let mut memory = SpatialMemory::new(config).unwrap();
    let chair = memory.class("chair").unwrap();
    let mut subscription = memory.subscribe(near_origin(9.0)).unwrap();
    let insert = |memory: &mut SpatialMemory, x: f32, persistence: f32| {
        memory.insert(&NewObject { persistence, ..NewObject::new(chair, at(x)) }).unwrap()
    };
    let [a, b, c] = [(0.0, 0.9), (1.0, 0.8), (2.0, 0.7)].map(|(x, p)| insert(&mut memory, x, p));
    memory.publish(Time::ZERO).unwrap();
    let d = insert(&mut memory, 3.0, 0.1);
    assert_eq!(memory.departures(), [(c, Removal::Evicted)]);
    memory.merge(b, a).unwrap();
    memory.remove(a).unwrap();
    memory.publish(Time::ZERO).unwrap();
    assert_eq!(memory.departures(), []);
    let mut told = BTreeMap::new();
    subscription.drain(100, |notice| {
        if let Notice::Object { id, event, .. } = notice {
            told.insert(id, event);
        }
    });
    assert_eq!(told[&a], Event::Removed(Removal::Removed));
    assert_eq!(told[&b], Event::Removed(Removal::Merged { into: a }));
    assert_eq!(told[&c], Event::Removed(Removal::Evicted));
    assert_eq!(told[&d], Event::Added);
}

#[test]
fn a_subscription_is_drained_on_another_thread() {
    let mut memory = SpatialMemory::new(MemoryConfig::default()).unwrap();
    let chair = memory.class("chair").unwrap();
    let mut subscription = memory.subscribe(SubscriptionOptions::default()).unwrap();
    let reader = std::thread::spawn(move || {
        let mut told = Vec::new();
        while !subscription.is_closed() || subscription.waiting() > 0 {
            subscription.drain(16, |notice| told.push(notice));
            std::thread::yield_now();
        }
        told
    });
    let id = memory.insert(&NewObject::new(chair, at(0.0))).unwrap();
    for frame in 0..200u32 {
        memory.update_poses(&[(id, at(frame as f32))]).unwrap();
        memory.publish(Time::ZERO + Duration::from_millis(11) * frame).unwrap();
    }
    drop(memory);
    let told = reader.join().unwrap();
    assert_eq!(told.len(), 200);
    assert!(matches!(told[0], Notice::Object { event: Event::Added, .. }));
    assert!(
        told[1..].iter().all(|notice| matches!(notice, Notice::Object { event: Event::Moved, .. }))
    );
}
