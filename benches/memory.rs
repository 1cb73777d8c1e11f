//! The spatial memory: a frame's moves, publishing, and readers meanwhile.
//!
//! One million objects in a cube of 100 m, boxes of up to 1 m. `-- --test` runs each case once on
//! fewer of them.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::print_stdout,
    reason = "a bench reads the clock, runs threads and prints"
)]

use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use xrmesh::memory::{
    Filter, FrameId, HistoryConfig, MemoryConfig, NewObject, ObjectId, Observation, SpatialMemory,
    Workspace,
};
use xrmesh::{Pose, Time, Vec3};

struct Random(u64);

impl Random {
    fn unit(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963);
        (self.0 >> 40) as f32 / (1 << 24) as f32
    }

    fn point(&mut self) -> Vec3 {
        Vec3::new(self.unit() * 100.0, self.unit() * 100.0, self.unit() * 100.0)
    }
}

fn is_test() -> bool {
    std::env::args().any(|argument| argument == "--test")
}

struct World {
    memory: SpatialMemory,
    ids: Vec<ObjectId>,
    random: Random,
    now: i64,
}

impl World {
    /// `hung` of the objects hang on a frame on a frame.
    fn new(config: MemoryConfig, objects: usize, hung: usize) -> Self {
        let mut memory =
            SpatialMemory::new(MemoryConfig { max_objects: objects as u32, ..config }).unwrap();
        let class = memory.class("thing").unwrap();
        let hall = memory.add_frame("hall", FrameId::WORLD, Pose::IDENTITY).unwrap();
        let desk = memory.add_frame("desk", hall, Pose::IDENTITY).unwrap();
        let mut random = Random(1);
        let new: Vec<_> = (0..objects)
            .map(|at| {
                let pose = Pose::at(random.point()).unwrap();
                let half = Vec3::new(random.unit(), random.unit(), random.unit()) * 0.5;
                let object = NewObject::new(class, pose).half_extents(half);
                if at < hung { object.on(desk) } else { object }
            })
            .collect();
        let mut ids = Vec::new();
        memory.insert_all(&new, &mut ids).unwrap();
        memory.publish(Time::ZERO).unwrap();
        Self { memory, ids, random, now: 0 }
    }

    /// A tenth of the objects, the same ones each time, move up to 1 cm.
    fn moves(&mut self) -> Vec<(ObjectId, Pose)> {
        let view = self.memory.view();
        let mut moves = Vec::new();
        for &id in self.ids.iter().skip(3).step_by(10) {
            let at = view.world_pose(id).unwrap().position();
            let by = (self.random.point() * 0.02 - Vec3::splat(1.0)) * 0.01;
            moves.push((id, Pose::at(at + by).unwrap()));
        }
        moves
    }

    fn publish(&mut self) {
        self.now += 1;
        self.memory.publish(Time::from_nanos(self.now)).unwrap();
    }
}

fn memory(criterion: &mut Criterion) {
    let objects = if is_test() { 20_000 } else { 1_000_000 };
    let mut group = criterion.benchmark_group("memory");
    group.sample_size(20).measurement_time(Duration::from_secs(4));

    let mut world = World::new(MemoryConfig::default(), objects, 0);
    let each = world.memory.memory_bytes() as f64 / objects as f64;
    println!("memory/bytes per object at rest: {each:.1}");
    for _ in 0..4 {
        let moves = world.moves();
        world.memory.update_poses(&moves).unwrap();
        world.publish();
    }
    let moves = world.moves();
    group.bench_function("frame: move a tenth, publish", |bencher| {
        bencher.iter(|| {
            world.memory.update_poses(&moves).unwrap();
            world.publish();
        });
    });
    group.bench_function("publish alone", |bencher| bencher.iter(|| world.publish()));
    group.bench_function("snapshot taken and dropped", |bencher| {
        let reader = world.memory.reader();
        bencher.iter(|| black_box(reader.snapshot().unwrap()));
    });

    let snapshot = world.memory.snapshot().unwrap();
    let (view, mut work) = (snapshot.view(), Workspace::new());
    let mut random = Random(7);
    for (name, filter) in
        [("8 nearest", Filter::all()), ("8 nearest of a class", Filter::only(view.class("thing")))]
    {
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let found = view.nearest(random.point(), 8, &filter, &mut work).unwrap();
                black_box(found.len())
            });
        });
    }
    let all = Filter::all();
    group.bench_function("within 2 m", |bencher| {
        bencher.iter(|| {
            let found = view.within(random.point(), 2.0, usize::MAX, &all, &mut work).unwrap();
            black_box(found.len())
        });
    });
    let ids = &world.ids;
    group.bench_function("look-up by id, random", |bencher| {
        bencher.iter(|| {
            let id = ids[(random.unit() * ids.len() as f32) as usize % ids.len()];
            black_box(view.world_box(id))
        });
    });
    drop(snapshot);

    // Readers ask on a thread of their own while the writer moves a tenth and publishes.
    let reader = world.memory.reader();
    let stop = AtomicBool::new(false);
    let seconds = if is_test() { 0.05 } else { 3.0 };
    let (latencies, frames) = std::thread::scope(|scope| {
        let asking = scope.spawn(|| {
            let (mut work, mut random) = (Workspace::new(), Random(5));
            let mut latencies = Vec::new();
            while !stop.load(Ordering::Relaxed) {
                let begun = std::time::Instant::now();
                let snapshot = reader.snapshot().unwrap();
                let view = snapshot.view();
                black_box(view.nearest(random.point(), 8, &all, &mut work).unwrap().len());
                drop(snapshot);
                latencies.push(begun.elapsed());
            }
            latencies
        });
        let (begun, mut frames) = (std::time::Instant::now(), Vec::new());
        while begun.elapsed().as_secs_f64() < seconds {
            let frame = std::time::Instant::now();
            world.memory.update_poses(&moves).unwrap();
            world.publish();
            frames.push(frame.elapsed());
            std::thread::sleep(Duration::from_millis(11).saturating_sub(frame.elapsed()));
        }
        stop.store(true, Ordering::Relaxed);
        (asking.join().unwrap(), frames)
    });
    let part = |times: &[Duration], part: f64| {
        let mut times = times.to_vec();
        times.sort_unstable();
        times[((times.len() - 1) as f64 * part) as usize]
    };
    println!(
        "memory/reader while the writer moves a tenth at 90 Hz: 8 nearest p50 {:?}, p99 {:?} \
         ({} queries); writer's frame p50 {:?}, p99 {:?}",
        part(&latencies, 0.5),
        part(&latencies, 0.99),
        latencies.len(),
        part(&frames, 0.5),
        part(&frames, 0.99),
    );
    drop(world);

    // A correction of a frame below which many objects hang.
    let (objects, hung) = if is_test() { (20_000, 10_000) } else { (200_000, 100_000) };
    let budget = if is_test() { 1_000 } else { 8_192 };
    let config = MemoryConfig { correction_budget: budget, ..MemoryConfig::default() };
    let mut world = World::new(config, objects, hung);
    let hall = world.memory.find_frame("hall").unwrap();
    let mut longest = Duration::ZERO;
    let (mut total, mut states) = (Duration::ZERO, 0);
    let rounds = if is_test() { 1 } else { 8 };
    for round in 1..=rounds {
        let pose = Pose::at(Vec3::new(0.01 * round as f32, 0.0, 0.0)).unwrap();
        let begun = std::time::Instant::now();
        world.memory.correct_frame(hall, pose).unwrap();
        longest = longest.max(begun.elapsed());
        loop {
            let begun = std::time::Instant::now();
            world.now += 1;
            let published = world.memory.publish(Time::from_nanos(world.now)).unwrap();
            let took = begun.elapsed();
            (longest, total, states) = (longest.max(took), total + took, states + 1);
            if published.is_corrected {
                break;
            }
        }
    }
    println!(
        "memory/correction of {hung} hanging objects: {:?} in {} published states of at most \
         {budget}, the longest {longest:?}",
        total / rounds,
        states / rounds,
    );
    drop(world);

    // A past state of a world of which a tenth moved in each of 30 states since.
    let objects = if is_test() { 10_000 } else { 100_000 };
    let history = HistoryConfig::new(1 << 30, Duration::from_secs(60));
    let mut world = World::new(MemoryConfig { history, ..MemoryConfig::default() }, objects, 0);
    for _ in 0..30 {
        let moves = world.moves();
        world.memory.update_poses(&moves).unwrap();
        world.publish();
    }
    println!("memory/past of 30 states: {} bytes", world.memory.past_bytes());
    // Two in turn, as the one that was built last is kept.
    let mut turn = 0;
    group.bench_function("back by 30 states", |bencher| {
        bencher.iter_batched(
            || {
                turn += 1;
                turn % 2
            },
            |turn| black_box(world.memory.as_of(Time::from_nanos(turn)).unwrap()),
            BatchSize::PerIteration,
        );
    });
    group.bench_function("back by 30 states, again", |bencher| {
        bencher.iter(|| black_box(world.memory.as_of(Time::ZERO).unwrap()));
    });
    drop(world);

    // A full memory: each new object takes the place of the least persistent one.
    let objects = if is_test() { 2_000 } else { 100_000 };
    let mut world = World::new(MemoryConfig::default(), objects, 0);
    let class = world.memory.class("thing").unwrap();
    let mut seen = 0;
    group.bench_function("insert into a full memory", |bencher| {
        bencher.iter(|| {
            seen += 1;
            let mut object = NewObject::new(class, Pose::at(world.random.point()).unwrap());
            object.persistence = world.random.unit();
            let evicting = object.seen(Time::from_nanos(seen));
            black_box(world.memory.insert(&evicting).unwrap());
            if seen % 1_000 == 0 {
                world.publish();
            }
        });
    });
    assert_eq!(world.memory.len(), objects);
    drop(world);

    // Fusion: one detector's image of 100 things out of a world of many, a centimetre off.
    let objects = if is_test() { 2_000 } else { 100_000 };
    let mut world = World::new(MemoryConfig::default(), objects, 0);
    let places: Vec<Vec3> = {
        let view = world.memory.view();
        let near = world.ids.iter().take(100);
        near.map(|&id| view.world_pose(id).unwrap().position()).collect()
    };
    let mut now = 0;
    group.bench_function("observe 100 things", |bencher| {
        bencher.iter(|| {
            now += 11_111_111;
            let image: Vec<_> = places
                .iter()
                .map(|&at| {
                    let off = (world.random.point() * 0.02 - Vec3::splat(1.0)) * 0.01;
                    let seen = Observation::new(class, Pose::at(at + off).unwrap());
                    Observation { half_extents: Vec3::splat(0.25), ..seen }
                })
                .collect();
            black_box(world.memory.observe(&image, Time::from_nanos(now)).unwrap().len())
        });
    });
    group.finish();
}

criterion_group!(benches, memory);
criterion_main!(benches);
