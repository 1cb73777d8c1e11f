//! The spatial tree on its own: builds, queries, frames of moves and published snapshots.
//!
//! 100,000 points and boxes in a cube of 46 m, so as dense as a million in 100 m; queries lie near
//! items, in no order. The peers' comparison, at a million and indoors, is `benches/peers`.
#![expect(clippy::unwrap_used, reason = "a bench")]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use xrmesh::space::bvh::{Bvh, BySlot, Snapshot, Tiers, Workspace};
use xrmesh::space::{Aabb, Ray, Vec3};

const ITEMS: u32 = 100_000;
const QUERIES: usize = 1_000;

/// Points that look random, the same on every run.
fn point(seed: u32) -> Vec3 {
    let part = |axis: u32| {
        let bits = (u64::from(seed) * 3 + u64::from(axis) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let bits = (bits ^ bits >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        (bits >> 40) as f32 / (1 << 24) as f32 * 46.0
    };
    Vec3::new(part(0), part(1), part(2))
}

fn points() -> Vec<(u32, Vec3)> {
    (0..ITEMS).map(|slot| (slot, point(slot))).collect()
}

fn queries(bench: &mut Criterion) {
    let mut work = Workspace::new();
    let mut tree = Bvh::new(ITEMS);
    tree.build(&points(), &mut work).unwrap();
    let mut boxes = Bvh::<Aabb>::new(ITEMS);
    let half = Vec3::splat(0.2);
    let items: Vec<_> = points()
        .into_iter()
        .map(|(slot, at)| (slot, Aabb::new(at - half, at + half).unwrap()))
        .collect();
    boxes.build(&items, &mut work).unwrap();
    let centres: Vec<_> = (0..QUERIES as u32).map(|i| point(i * 97) + half).collect();

    let mut group = bench.benchmark_group("query");
    group.throughput(Throughput::Elements(QUERIES as u64));
    group.bench_function("nearest_8", |bench| {
        bench.iter(|| {
            for &at in &centres {
                black_box(tree.nearest(at, 8, &BySlot, &mut work).unwrap());
            }
        });
    });
    group.bench_function("nearest_8_batch", |bench| {
        bench.iter(|| {
            let each = |_: usize, hits: &[_]| {
                black_box(hits.len());
            };
            tree.view().nearest_each(&centres, 8, &BySlot, &mut work, each).unwrap();
        });
    });
    group.bench_function("within", |bench| {
        bench.iter(|| {
            for &at in &centres {
                black_box(tree.within(at, 1.96, &BySlot, &mut work).unwrap());
            }
        });
    });
    group.bench_function("ray", |bench| {
        let rays: Vec<_> = centres
            .iter()
            .zip(&centres[1..])
            .map(|(&from, &to)| Ray::new(from, to - from).unwrap())
            .collect();
        bench.iter(|| {
            for ray in &rays {
                black_box(boxes.ray(ray, f32::INFINITY, &BySlot, &mut work).unwrap());
            }
        });
    });
    group.finish();
}

fn changes(bench: &mut Criterion) {
    let mut work = Workspace::new();
    let items = points();
    let mut tree = Bvh::new(ITEMS);
    bench.bench_function("build", |bench| {
        bench.iter(|| tree.build(black_box(&items), &mut work).unwrap());
    });
    let steps: Vec<Vec<_>> = (0..8)
        .map(|step| {
            let shift = Vec3::splat(0.002 * step as f32);
            items.iter().step_by(10).map(|&(slot, at)| (slot, at + shift)).collect()
        })
        .collect();
    let mut step = 0;
    bench.bench_function("move_tenth", |bench| {
        bench.iter(|| {
            step = (step + 1) % steps.len();
            tree.update(&steps[step], &mut work).unwrap();
        });
    });
    let mut world = Tiers::new(ITEMS);
    world.build(&items, &mut work).unwrap();
    let mut published = [Snapshot::empty(), Snapshot::empty()];
    bench.bench_function("move_tenth_and_publish", |bench| {
        bench.iter(|| {
            step = (step + 1) % steps.len();
            world.update(&steps[step], &mut work).unwrap();
            world.cool(30, 2_000, &mut work);
            published.swap(0, 1);
            world.snapshot_into(&mut published[0]);
        });
    });
}

criterion_group!(benches, queries, changes);
criterion_main!(benches);
