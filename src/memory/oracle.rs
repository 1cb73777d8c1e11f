//! Every answer of a memory against a plain list of objects, through random changes.

use core::time::Duration;
use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::space::{
    Aabb, FieldOfView, Frustum, OrientedBox, Pose, Prism, Quat, Ray, Region, Sphere, UpAxis, Vec3,
};
use crate::state_hasher::StateHasher;
use crate::storage::RamDisk;
use crate::time::Time;

/// The plain truth: objects, and the frames by id.
#[derive(Clone, Debug, Default)]
struct Plain {
    objects: BTreeMap<u64, NewObject>,
    frames: Vec<(FrameId, Pose)>,
}

impl Plain {
    fn world(&self, mut frame: FrameId) -> Pose {
        let mut chain = Vec::new();
        while frame != FrameId::WORLD {
            let (parent, pose) = self.frames[frame.index() as usize - 1];
            chain.push(pose);
            frame = parent;
        }
        chain.iter().rev().fold(Pose::IDENTITY, |world, pose| world.compose(pose).unwrap())
    }

    fn boxes(&self) -> Vec<(u64, ClassId, Aabb)> {
        let of = |(&id, object): (&u64, &NewObject)| {
            let frame = self.world(object.frame);
            let bounds = extent::world_box(&frame, &object.pose, object.half_extents);
            (id, object.class, bounds)
        };
        self.objects.iter().map(of).collect()
    }
}

/// What a test asks.
#[derive(Clone, Debug)]
struct Question {
    point: Vec3,
    radius: f32,
    limit: usize,
    filter: Filter,
    regions: Vec<Region>,
    ray: Ray,
    reach_m: f32,
}

/// Every query of `view` equals brute force over `plain`.
fn check(view: MemoryView<'_>, plain: &Plain, question: &Question, work: &mut Workspace) {
    let Question { point, radius, limit, ref filter, ref regions, ray, reach_m } = *question;
    let bits = |found: &[Found]| -> Vec<(u32, u64)> {
        found.iter().map(|hit| (hit.distance_squared.to_bits(), hit.id.to_bits())).collect()
    };
    let ids = |ids: &[ObjectId]| -> Vec<u64> { ids.iter().map(|id| id.to_bits()).collect() };
    assert_eq!(view.len(), plain.objects.len());
    let mut boxes = plain.boxes();
    boxes.retain(|&(_, class, _)| filter.accepts(class));
    let mut near: Vec<(u32, u64)> = boxes
        .iter()
        .map(|(id, _, bounds)| (bounds.distance_squared(point).to_bits(), *id))
        .collect();
    near.sort_unstable();
    let first: Vec<_> = near.iter().copied().take(limit).collect();
    assert_eq!(bits(view.nearest(point, limit, filter, work).unwrap()), first);
    check_batches(view, question, work);
    near.retain(|&(squared, _)| f32::from_bits(squared) <= radius * radius);
    let all = near.clone();
    near.truncate(limit);
    assert_eq!(bits(view.within(point, radius, limit, filter, work).unwrap()), near);
    assert_eq!(bits(view.within(point, radius, usize::MAX, filter, work).unwrap()), all);
    for region in regions {
        let overlaps = boxes.iter().filter(|(_, _, bounds)| region.overlaps(bounds));
        let inside: Vec<u64> = overlaps.map(|&(id, ..)| id).collect();
        assert_eq!(ids(view.in_region(region, usize::MAX, filter, work)), inside);
        let some: Vec<u64> = inside.iter().copied().take(limit).collect();
        assert_eq!(ids(view.in_region(region, limit, filter, work)), some);
        let same = match region {
            Region::Box(bounds) => view.in_box(bounds, limit, filter, work),
            Region::OrientedBox(oriented) => view.in_oriented_box(oriented, limit, filter, work),
            Region::Frustum(frustum) => view.in_frustum(frustum, limit, filter, work),
            _ => continue,
        };
        assert_eq!(ids(same), some);
    }
    let mut hits: Vec<(u32, u64)> = boxes
        .iter()
        .filter_map(|(id, _, bounds)| Some((ray.enters(bounds)?, *id)))
        .filter(|&(distance, _)| distance <= reach_m)
        .map(|(distance, id)| (distance.to_bits(), id))
        .collect();
    hits.sort_unstable();
    let rays = |found: &[RayFound]| -> Vec<(u32, u64)> {
        found.iter().map(|hit| (hit.distance_m.to_bits(), hit.id.to_bits())).collect()
    };
    let first: Vec<_> = view.ray(&ray, reach_m, filter, work).unwrap().into_iter().collect();
    assert_eq!(rays(&first), hits.iter().copied().take(1).collect::<Vec<_>>());
    hits.truncate(limit);
    assert_eq!(rays(view.ray_all(&ray, reach_m, limit, filter, work).unwrap()), hits);
    let mut by_slot: Vec<u64> = boxes.iter().map(|&(id, ..)| id).collect();
    by_slot.sort_unstable_by_key(|&id| id as u32);
    by_slot.truncate(limit);
    assert_eq!(ids(view.by_class(limit, filter, work)), by_slot);
    for (&id, object) in &plain.objects {
        let id = ObjectId::from_bits(id).unwrap();
        let stored = view.object(id).unwrap();
        assert_eq!((stored.id, stored.pose, stored.frame), (id, object.pose, object.frame));
        assert_eq!((stored.class, &stored.attributes), (object.class, &object.attributes));
        let frame = plain.world(object.frame);
        let bounds = extent::world_box(&frame, &object.pose, object.half_extents);
        assert_eq!(view.world_box(id), Some(bounds));
    }
}

/// Every query of many answers as that of one does.
fn check_batches(view: MemoryView<'_>, question: &Question, work: &mut Workspace) {
    let Question { point, radius, limit, ref filter, ref regions, ray, reach_m } = *question;
    let mut one = Workspace::new();
    let points = [point, -point, Vec3::ZERO, point];
    let mut asked = 0;
    view.nearest_each(&points, limit, filter, work, |at, found| {
        asked += 1;
        assert_eq!(found, view.nearest(points[at], limit, filter, &mut one).unwrap());
    })
    .unwrap();
    view.within_each(&points, radius, limit, filter, work, |at, found| {
        asked += 1;
        assert_eq!(found, view.within(points[at], radius, limit, filter, &mut one).unwrap());
    })
    .unwrap();
    view.in_region_each(regions, limit, filter, work, |at, ids| {
        asked += 1;
        assert_eq!(ids, view.in_region(&regions[at], limit, filter, &mut one));
    });
    for region in regions {
        let same = |_: usize, ids: &[ObjectId]| {
            assert_eq!(ids, view.in_region(region, limit, filter, &mut one));
        };
        match region {
            Region::Box(bounds) => view.in_box_each(&[*bounds], limit, filter, work, same),
            Region::OrientedBox(oriented) => {
                view.in_oriented_box_each(&[*oriented], limit, filter, work, same);
            }
            Region::Frustum(frustum) => {
                view.in_frustum_each(&[*frustum], limit, filter, work, same);
            }
            _ => {}
        }
    }
    let back = Ray::new(point, -ray.direction()).unwrap();
    let rays = [ray, back, ray];
    view.ray_each(&rays, reach_m, filter, work, |at, found| {
        asked += 1;
        assert_eq!(found, view.ray(&rays[at], reach_m, filter, &mut one).unwrap());
    })
    .unwrap();
    view.ray_all_each(&rays, reach_m, limit, filter, work, |at, found| {
        asked += 1;
        assert_eq!(found, view.ray_all(&rays[at], reach_m, limit, filter, &mut one).unwrap());
    })
    .unwrap();
    assert_eq!(asked, 2 * points.len() + regions.len() + 2 * rays.len());
}

/// Coordinates that often coincide, and some that are huge.
fn coordinate() -> impl Strategy<Value = f32> {
    prop_oneof![
        8 => (-8i8..=8).prop_map(|steps| f32::from(steps) * 0.5),
        8 => -4.0f32..4.0,
        1 => Just(1e12f32),
        1 => Just(-3e38f32),
    ]
}

fn point() -> impl Strategy<Value = Vec3> {
    (coordinate(), coordinate(), coordinate()).prop_map(|(x, y, z)| Vec3::new(x, y, z))
}

fn near() -> impl Strategy<Value = Vec3> {
    (-4.0f32..4.0, -4.0f32..4.0, -4.0f32..4.0).prop_map(|(x, y, z)| Vec3::new(x, y, z))
}

fn turn() -> impl Strategy<Value = Quat> {
    let turned = (near(), 0.1f32..4.0)
        .prop_map(|(axis, w)| Quat::new(axis.x, axis.y, axis.z, w).normalised().unwrap());
    prop_oneof![Just(Quat::IDENTITY), turned]
}

fn pose() -> impl Strategy<Value = Pose> {
    (point(), turn()).prop_map(|(at, turn)| Pose::new(at, turn).unwrap())
}

fn frame_pose() -> impl Strategy<Value = Pose> {
    (near(), turn()).prop_map(|(at, turn)| Pose::new(at, turn).unwrap())
}

fn half() -> impl Strategy<Value = Vec3> {
    prop_oneof![
        Just(Vec3::ZERO),
        near().prop_map(|half| half.max(-half)),
        near().prop_map(|half| Vec3::new(half.x.abs(), 0.0, 0.0)),
    ]
}

#[derive(Clone, Debug)]
enum Step {
    Insert(Vec<(u16, Pose, Vec3, u32)>),
    Move(Vec<(usize, Pose)>),
    Replace(usize, u16, Pose, Vec3, u32),
    Remove(usize),
    Merge(usize, usize),
    Hang(usize, u32, Pose),
    AddFrame(u32, Pose),
    Correct(u32, Pose),
    Attributes(usize, u8),
    Publish,
    Hold,
}

fn step() -> impl Strategy<Value = Step> {
    let object = || (0u16..3, pose(), half(), 0u32..6);
    prop_oneof![
        3 => proptest::collection::vec(object(), 1..30).prop_map(Step::Insert),
        3 => proptest::collection::vec((any::<usize>(), pose()), 1..20).prop_map(Step::Move),
        1 => (any::<usize>(), object())
            .prop_map(|(at, (class, pose, half, frame))| Step::Replace(at, class, pose, half, frame)),
        2 => any::<usize>().prop_map(Step::Remove),
        1 => (any::<usize>(), any::<usize>()).prop_map(|(a, b)| Step::Merge(a, b)),
        1 => (any::<usize>(), 0u32..6, pose()).prop_map(|(at, frame, pose)| Step::Hang(at, frame, pose)),
        1 => (0u32..6, frame_pose()).prop_map(|(parent, pose)| Step::AddFrame(parent, pose)),
        2 => (1u32..6, frame_pose()).prop_map(|(frame, pose)| Step::Correct(frame, pose)),
        1 => (any::<usize>(), any::<u8>()).prop_map(|(at, byte)| Step::Attributes(at, byte)),
        3 => Just(Step::Publish),
        1 => Just(Step::Hold),
    ]
}

fn question() -> impl Strategy<Value = Question> {
    let filter = prop_oneof![
        2 => Just(Filter::all()),
        1 => (0u16..4).prop_map(|class| Filter::only([ClassId::new(class)])),
        1 => (0u16..4).prop_map(|class| Filter::except([ClassId::new(class)])),
    ];
    let regions = (near(), 0.0f32..5.0, near(), turn(), 0.1f32..1.5).prop_map(
        |(at, radius, corner, turn, angle)| {
            let pose = Pose::new(at, turn).unwrap();
            let view = FieldOfView::symmetric(angle * 1.5, angle);
            let footprint = [[at.x, at.z], [corner.x, at.z], [corner.x, corner.z]];
            vec![
                Sphere::new(at, radius).unwrap().into(),
                Aabb::new(at.min(corner), at.max(corner)).unwrap().into(),
                OrientedBox::new(&pose, corner.max(-corner)).unwrap().into(),
                Frustum::new(&pose, view, 0.1, 0.1 + radius).unwrap().into(),
                Prism::new(&footprint, UpAxis::Y, at.y, at.y + radius).unwrap().into(),
            ]
        },
    );
    let ray = (near(), near()).prop_filter_map("zero", |(at, to)| Ray::new(at, to - at).ok());
    let reach = prop_oneof![Just(f32::INFINITY), 0.0f32..10.0];
    (point(), 0.0f32..6.0, 0usize..70, filter, regions, ray, reach).prop_map(
        |(point, radius, limit, filter, regions, ray, reach_m)| Question {
            point,
            radius,
            limit,
            filter,
            regions,
            ray,
            reach_m,
        },
    )
}

fn small() -> MemoryConfig {
    MemoryConfig { max_objects: 300, when_full: WhenFull::Refuse, ..MemoryConfig::default() }
}

fn hash(memory: &SpatialMemory) -> u64 {
    let mut hasher = StateHasher::new();
    memory.hash_state(&mut hasher);
    hasher.finish()
}

/// A memory and its truth, through any steps.
struct Pair {
    memory: SpatialMemory,
    plain: Plain,
    /// As readers see it.
    published: Plain,
    now: i64,
}

impl Pair {
    fn new(config: MemoryConfig) -> Self {
        Self::on(SpatialMemory::new(config).unwrap())
    }

    fn on(mut memory: SpatialMemory) -> Self {
        for label in ["chair", "table", "lamp"] {
            memory.class(label).unwrap();
        }
        Self { memory, plain: Plain::default(), published: Plain::default(), now: 0 }
    }

    fn hash(&self) -> u64 {
        hash(&self.memory)
    }

    fn pick(&self, at: usize) -> Option<ObjectId> {
        let len = self.plain.objects.len().max(1);
        self.plain.objects.keys().nth(at % len).and_then(|&bits| ObjectId::from_bits(bits))
    }

    fn frame(&self, frame: u32) -> FrameId {
        FrameId::new(frame.min(self.plain.frames.len() as u32))
    }

    /// Does it in both; whether a state was published.
    fn run(&mut self, step: Step) -> bool {
        let object = |class: u16, pose, half, frame| {
            NewObject::new(ClassId::new(class), pose).half_extents(half).on(frame)
        };
        match step {
            Step::Insert(new) => {
                let new: Vec<_> = new
                    .into_iter()
                    .map(|(class, pose, half, frame)| object(class, pose, half, self.frame(frame)))
                    .collect();
                let mut ids = Vec::new();
                let inserted = self.memory.insert_all(&new, &mut ids);
                let fits = self.plain.objects.len() + new.len() <= 300;
                assert_eq!(inserted.is_ok(), fits, "{inserted:?}");
                if fits {
                    let pairs = ids.iter().zip(new);
                    self.plain.objects.extend(pairs.map(|(id, object)| (id.to_bits(), object)));
                }
            }
            Step::Move(moves) => {
                let moves: Vec<_> = moves
                    .into_iter()
                    .filter_map(|(at, pose)| Some((self.pick(at)?, pose)))
                    .collect();
                self.memory.update_poses(&moves).unwrap();
                for (id, pose) in moves {
                    self.plain.objects.get_mut(&id.to_bits()).unwrap().pose = pose;
                }
            }
            Step::Replace(at, class, pose, half, frame) => {
                let Some(id) = self.pick(at) else { return false };
                let new = object(class, pose, half, self.frame(frame));
                self.memory.replace(id, &new).unwrap();
                self.plain.objects.insert(id.to_bits(), new);
            }
            Step::Remove(at) => {
                let Some(id) = self.pick(at) else { return false };
                self.memory.remove(id).unwrap();
                let again = self.memory.remove(id);
                assert!(matches!(again, Err(WriteError::ObjectAbsent { .. })));
                self.plain.objects.remove(&id.to_bits());
            }
            Step::Merge(a, b) => {
                let (Some(a), Some(b)) = (self.pick(a), self.pick(b)) else { return false };
                let merged = self.memory.merge(a, b);
                assert_eq!(merged.is_ok(), a != b);
                if a != b {
                    self.plain.objects.remove(&a.to_bits());
                    assert_eq!(self.memory.view().object(a).map(|object| object.id), Some(b));
                }
            }
            Step::Hang(at, frame, pose) => {
                let Some(id) = self.pick(at) else { return false };
                let frame = self.frame(frame);
                self.memory.hang(id, frame, pose).unwrap();
                let object = self.plain.objects.get_mut(&id.to_bits()).unwrap();
                (object.frame, object.pose) = (frame, pose);
            }
            Step::AddFrame(parent, pose) => {
                let parent = self.frame(parent);
                let id = self.memory.add_frame("", parent, pose).unwrap();
                self.plain.frames.push((parent, pose));
                assert_eq!(id.index() as usize, self.plain.frames.len());
            }
            Step::Correct(frame, pose) => {
                let frame = self.frame(frame);
                if frame == FrameId::WORLD {
                    return false;
                }
                self.memory.correct_frame(frame, pose).unwrap();
                self.plain.frames[frame.index() as usize - 1].1 = pose;
            }
            Step::Attributes(at, byte) => {
                let Some(id) = self.pick(at) else { return false };
                let attributes = Attributes::Bytes([byte].as_slice().into());
                self.memory.set_attributes(id, attributes.clone()).unwrap();
                self.plain.objects.get_mut(&id.to_bits()).unwrap().attributes = attributes;
            }
            Step::Publish => {
                self.now += 1;
                self.memory.publish(Time::from_nanos(self.now)).unwrap();
                self.published = self.plain.clone();
                return true;
            }
            Step::Hold => {}
        }
        false
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    /// Writer and snapshots, the held ones too, answer as brute force over what they saw.
    #[test]
    fn every_query_is_as_brute_force(
        steps in proptest::collection::vec(step(), 1..40),
        questions in proptest::collection::vec(question(), 3),
    ) {
        let mut pair = Pair::new(small());
        let mut work = Workspace::new();
        let mut held = Vec::new();
        for step in steps {
            let hold = matches!(step, Step::Hold);
            let published = pair.run(step);
            if published {
                let snapshot = pair.memory.snapshot().unwrap();
                check(snapshot.view(), &pair.published, &questions[0], &mut work);
                check(pair.memory.view(), &pair.plain, &questions[1], &mut work);
            }
            if hold {
                held.push((pair.memory.snapshot().unwrap(), pair.published.clone()));
            }
        }
        for (snapshot, plain) in &held {
            for question in &questions {
                check(snapshot.view(), plain, question, &mut work);
            }
        }
    }

    /// Every published state can be come back to, and answers as it did.
    #[test]
    fn the_past_is_as_an_oracle_that_keeps_all(
        steps in proptest::collection::vec(step(), 1..60),
        question in question(),
        back in proptest::collection::vec(any::<usize>(), 4),
    ) {
        let history = HistoryConfig::new(1 << 20, Duration::from_secs(1));
        let mut pair = Pair::new(MemoryConfig { history, ..small() });
        let mut work = Workspace::new();
        let mut states = Vec::new();
        let nothing = pair.memory.as_of(Time::ZERO);
        prop_assert_eq!(nothing.err(), Some(HistoryError::Nothing { given: Time::ZERO }));
        for step in steps {
            if pair.run(step) {
                states.push((Time::from_nanos(pair.now), pair.published.clone()));
            }
        }
        for back in back {
            if states.is_empty() {
                continue;
            }
            let (time, plain) = &states[back % states.len()];
            let past = pair.memory.as_of(*time).unwrap();
            prop_assert_eq!(past.time(), *time);
            check(past.view(), plain, &question, &mut work);
        }
        if let Some((first, _)) = states.first() {
            let before = pair.memory.as_of(*first - Duration::from_nanos(1));
            let given = *first - Duration::from_nanos(1);
            let forgotten = HistoryError::Forgotten { given, oldest: *first };
            prop_assert_eq!(before.err(), Some(forgotten));
        }
        pair.run(Step::Publish);
        check(pair.memory.view(), &pair.plain, &question, &mut work);
    }

    /// A past of few bytes forgets the oldest, and what it still gives is right.
    #[test]
    fn a_bounded_past_is_right_as_far_as_it_reaches(
        steps in proptest::collection::vec(step(), 1..60),
        question in question(),
    ) {
        let history = HistoryConfig::new(6_000, Duration::from_nanos(8));
        let mut pair = Pair::new(MemoryConfig { history, ..small() });
        let mut work = Workspace::new();
        let mut states = Vec::new();
        for step in steps {
            if pair.run(step) {
                states.push((Time::from_nanos(pair.now), pair.published.clone()));
            }
            prop_assert!(pair.memory.past_bytes() <= 6_000);
        }
        for (time, plain) in &states {
            match pair.memory.as_of(*time) {
                Ok(past) => check(past.view(), plain, &question, &mut work),
                Err(HistoryError::Nothing { .. } | HistoryError::Forgotten { .. }) => {
                    prop_assert!(pair.memory.oldest_past().is_none_or(|oldest| oldest > *time));
                }
                Err(HistoryError::Off) => prop_assert!(false),
            }
        }
    }

    /// A store that was closed, or written as an image first, opens as the same memory.
    #[test]
    fn a_reopened_store_is_the_same_memory(
        steps in proptest::collection::vec((step(), 0u8..8), 1..40),
        question in question(),
    ) {
        let disk = RamDisk::new();
        let config = MemoryConfig { correction_budget: 3, ..small() };
        let open = || SpatialMemory::open(disk.open().unwrap(), config.clone()).unwrap().0;
        let mut pair = Pair::on(open());
        let mut work = Workspace::new();
        for (step, store) in steps {
            pair.run(step);
            match store {
                0 => {
                    let before = pair.hash();
                    // The RAM's lock goes with the memory.
                    let memory = core::mem::replace(&mut pair.memory, SpatialMemory::new(small()).unwrap());
                    memory.close().unwrap();
                    pair.memory = open();
                    pair.now += 1;
                    prop_assert_eq!(pair.hash(), before);
                    check(pair.memory.view(), &pair.plain, &question, &mut work);
                    let snapshot = pair.memory.snapshot().unwrap();
                    check(snapshot.view(), &pair.plain, &question, &mut work);
                    pair.published = pair.plain.clone();
                }
                1 => {
                    let mut checkpoint = pair.memory.checkpoint().unwrap().unwrap();
                    prop_assert!(checkpoint.through() >= pair.memory.durable_through());
                    let mut progress = checkpoint.step(1_000).unwrap();
                    while let ImageProgress::Writing { .. } = progress {
                        progress = checkpoint.step(1_000).unwrap();
                    }
                }
                _ => {}
            }
        }
        pair.memory.flush().unwrap();
        prop_assert!(pair.memory.durable_through() >= pair.memory.sequence());
    }

    /// Corrections that take several published states show all or nothing of each, whatever else
    /// changes meanwhile, and end.
    #[test]
    fn corrections_show_whole(steps in proptest::collection::vec(step(), 1..60)) {
        let mut pair = Pair::new(MemoryConfig { correction_budget: 2, ..small() });
        let mut work = Workspace::new();
        let all = Aabb::new(Vec3::splat(f32::MIN), Vec3::splat(f32::MAX)).unwrap();
        for step in steps {
            pair.run(step);
            let snapshot = pair.memory.snapshot().unwrap();
            let view = snapshot.view();
            // The index has every object where the frames of the same snapshot have it.
            for &id in view.in_box(&all, usize::MAX, &Filter::all(), &mut Workspace::new()) {
                let bounds = view.world_box(id).unwrap();
                prop_assert!(view.in_box(&bounds, usize::MAX, &Filter::all(), &mut work).contains(&id));
                let found = view.nearest(bounds.low(), usize::MAX, &Filter::all(), &mut work).unwrap();
                let found = found.iter().find(|found| found.id == id).unwrap();
                prop_assert_eq!(found.distance_squared, bounds.distance_squared(bounds.low()));
            }
            prop_assert_eq!(view.in_box(&all, usize::MAX, &Filter::all(), &mut work).len(), view.len());
        }
        // Each takes at most as many states as there are objects, and waits for one other.
        for _ in 0..700 {
            pair.run(Step::Publish);
        }
        pair.now += 1;
        prop_assert!(pair.memory.publish(Time::from_nanos(pair.now)).unwrap().is_corrected);
        let snapshot = pair.memory.snapshot().unwrap();
        for (id, _, bounds) in pair.plain.boxes() {
            let id = ObjectId::from_bits(id).unwrap();
            prop_assert_eq!(snapshot.view().world_box(id), Some(bounds));
            let inside = snapshot.view().in_box(&bounds, usize::MAX, &Filter::all(), &mut work);
            prop_assert!(inside.contains(&id));
        }
    }
}
