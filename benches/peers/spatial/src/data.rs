//! The worlds and the queries, the same for every peer and on every run.

use xrmesh::space::bvh::{Bvh, BySlot, Workspace};
use xrmesh::space::{Aabb, Ray, Vec3};

/// How objects are spread.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Layout {
    /// A cube of 100 m.
    Uniform,
    /// Four floors of 80 m by 40 m: objects lie in heaps of about 60, flat, as on tables and shelves.
    Indoor,
}

impl Layout {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Uniform, Self::Indoor];

    /// As in a case's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Uniform => "uniform",
            Self::Indoor => "indoor",
        }
    }
}

/// A tenth of the objects, and where they go: from where each is, in the same order.
#[derive(Debug, Clone)]
pub struct Frame<E> {
    /// Slot and new extent.
    pub moves: Vec<(u32, E)>,
    /// The old extents.
    pub from: Vec<E>,
}

/// Objects, queries and moves.
#[derive(Debug)]
pub struct World {
    /// How the objects are spread.
    pub layout: Layout,
    /// By slot; they move with the frames.
    pub points: Vec<Vec3>,
    /// Around the first points.
    pub boxes: Vec<Aabb>,
    /// Where queries are asked.
    pub centres: Vec<Vec3>,
    /// About 32 objects lie within it of a centre.
    pub radius: f32,
    /// Cubes about the centres that hold about 32 objects.
    pub areas: Vec<Aabb>,
    /// From near objects, mostly level.
    pub rays: Vec<Ray>,
}

/// Queries of a world.
pub const QUERIES: usize = 10_000;

impl World {
    /// The world of so many objects.
    pub fn new(layout: Layout, objects: usize) -> Self {
        let points = points(layout, objects);
        let size = match layout {
            Layout::Uniform => 0.25 * (1e6 / objects as f32).cbrt(),
            Layout::Indoor => 0.06,
        };
        let boxes = boxes(&points, size);
        let centres = centres(&points, QUERIES, 5);
        let rays = rays(&points, QUERIES);
        let (radius, half) = sizes(&points, &centres[..centres.len().min(500)]);
        let areas = centres.iter().map(|&at| around(at, Vec3::splat(half))).collect();
        Self { layout, points, boxes, centres, radius, areas, rays }
    }

    /// The points with their slots.
    pub fn items(&self) -> Vec<(u32, Vec3)> {
        (0..).zip(self.points.iter().copied()).collect()
    }

    /// A frame in which a tenth of the points, drawn anew, moves by about a centimetre; the world's
    /// own points move with it.
    pub fn move_points(&mut self, frame: u64) -> Frame<Vec3> {
        let moves: Vec<_> = steps(self.points.len(), frame)
            .map(|(slot, step)| (slot, self.points[slot as usize] + step))
            .collect();
        let from = moves.iter().map(|&(slot, _)| self.points[slot as usize]).collect();
        for &(slot, to) in &moves {
            self.points[slot as usize] = to;
        }
        Frame { moves, from }
    }

    /// The same for the boxes.
    pub fn move_boxes(&mut self, frame: u64) -> Frame<Aabb> {
        let moves: Vec<_> = steps(self.boxes.len(), frame)
            .map(|(slot, step)| {
                let old = self.boxes[slot as usize];
                (slot, bounds(old.low() + step, old.high() + step))
            })
            .collect();
        let from = moves.iter().map(|&(slot, _)| self.boxes[slot as usize]).collect();
        for &(slot, to) in &moves {
            self.boxes[slot as usize] = to;
        }
        Frame { moves, from }
    }

    /// Some points to be taken out and put back, scattered over the slots.
    pub fn churn(&self) -> Vec<(u32, Vec3)> {
        let count = self.points.len();
        let stride = 19.min(count);
        (0..count)
            .step_by(stride)
            .take(20_000)
            .map(|slot| (slot as u32, self.points[slot]))
            .collect()
    }
}

/// A small generator (PCG's multiplier), so that a run repeats.
pub struct Random(u64);

impl Random {
    /// A stream for a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn bits(&mut self) -> u32 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as u32
    }

    /// In [0, 1).
    pub fn unit(&mut self) -> f32 {
        (self.bits() >> 7) as f32 / (1 << 24) as f32
    }

    /// A bell about zero with a standard deviation of one.
    pub fn bell(&mut self) -> f32 {
        (self.unit() + self.unit() + self.unit() - 1.5) * 2.0
    }

    /// Below `count`.
    pub fn below(&mut self, count: usize) -> usize {
        (f64::from(self.bits()) / f64::from(1u32 << 31) * count as f64) as usize % count
    }
}

fn points(layout: Layout, count: usize) -> Vec<Vec3> {
    let mut random = Random::new(7);
    match layout {
        Layout::Uniform => (0..count)
            .map(|_| Vec3::new(random.unit(), random.unit(), random.unit()) * 100.0)
            .collect(),
        Layout::Indoor => {
            let heaps: Vec<_> = (0..(count / 60).max(1))
                .map(|_| {
                    let floor = random.below(4) as f32 * 3.0;
                    let height = floor + random.unit() * 2.2;
                    Vec3::new(random.unit() * 80.0, height, random.unit() * 40.0)
                })
                .collect();
            (0..count)
                .map(|_| {
                    let heap = heaps[random.below(heaps.len())];
                    heap + Vec3::new(random.bell() * 0.5, random.bell() * 0.08, random.bell() * 0.5)
                })
                .collect()
        }
    }
}

fn boxes(points: &[Vec3], size: f32) -> Vec<Aabb> {
    let mut random = Random::new(9);
    let mut side = move || 0.1 + random.unit();
    points.iter().map(|&at| around(at, Vec3::new(side(), side(), side()) * size)).collect()
}

/// Near random points.
fn centres(points: &[Vec3], count: usize, seed: u64) -> Vec<Vec3> {
    let mut random = Random::new(seed);
    (0..count)
        .map(|_| {
            let near = points[random.below(points.len())];
            near + Vec3::new(random.bell(), random.bell(), random.bell()) * 0.3
        })
        .collect()
}

fn rays(points: &[Vec3], count: usize) -> Vec<Ray> {
    let mut random = Random::new(23);
    centres(points, count, 21)
        .into_iter()
        .filter_map(|from| {
            let along = Vec3::new(random.bell(), random.bell() * 0.3, random.bell());
            Ray::new(from, along).ok()
        })
        .collect()
}

/// The slots that a frame moves, each with its step.
fn steps(count: usize, frame: u64) -> impl Iterator<Item = (u32, Vec3)> {
    let mut random = Random::new(frame + 1_000);
    let first = random.below(10);
    (first..count).step_by(10).map(move |slot| {
        let step = Vec3::new(random.bell(), random.bell(), random.bell()) * 0.005_773;
        (slot as u32, step)
    })
}

fn around(at: Vec3, half: Vec3) -> Aabb {
    bounds(at - half, at + half)
}

/// The box between two corners, which are finite and in order here.
fn bounds(low: Vec3, high: Vec3) -> Aabb {
    Aabb::new(low, high).expect("corners in order")
}

/// The radius and the half side for about 32 hits, by bisection.
fn sizes(points: &[Vec3], centres: &[Vec3]) -> (f32, f32) {
    let mut work = Workspace::new();
    let mut tree = Bvh::new(points.len() as u32);
    let items: Vec<_> = (0..).zip(points.iter().copied()).collect();
    tree.build(&items, &mut work).expect("distinct slots");
    let wanted = 32.min(points.len() / 2).max(1) * centres.len();
    let solve = |count: &mut dyn FnMut(f32) -> usize| {
        let (mut low, mut high) = (0.0f32, 20.0f32);
        for _ in 0..30 {
            let middle = (low + high) * 0.5;
            if count(middle) < wanted { low = middle } else { high = middle }
        }
        high
    };
    let radius = solve(&mut |radius| {
        let near = |&at: &Vec3| tree.within(at, radius, &BySlot, &mut work).map_or(0, <[_]>::len);
        centres.iter().map(near).sum()
    });
    let half = solve(&mut |half| {
        let area = |&at: &Vec3| around(at, Vec3::splat(half));
        centres.iter().map(|at| tree.in_box(&area(at), &BySlot, &mut work).len()).sum()
    });
    (radius, half)
}
