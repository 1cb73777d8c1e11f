//! Random programs of changes, every query against brute force.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::super::{
    FieldOfView, Frustum, OrientedBox, Pose, Prism, Quat, Ray, Region, Sphere, UpAxis,
};
use super::best::precedes;
use super::lanes::Path;
use super::{Aabb, Accepting, Bvh, BySlot, Extent, Hit, RayHit, Select, Vec3, Workspace};

const SLOTS: u32 = 400;

/// One step of a program.
#[derive(Clone, Debug)]
enum Step<E> {
    Build(Vec<(u32, E)>),
    Insert(u32, E),
    InsertAll(Vec<(u32, E)>),
    Remove(u32),
    RemoveAll(Vec<u32>),
    Move(Vec<(u32, E)>),
    Rebuild,
}

/// Distances and tests of an item without any tree.
trait Brute: Extent {
    fn bounds(self) -> Aabb;
}

impl Brute for Vec3 {
    fn bounds(self) -> Aabb {
        Aabb::point(self).unwrap()
    }
}

impl Brute for Aabb {
    fn bounds(self) -> Aabb {
        self
    }
}

/// Worlds: spread out, coarse (so that distances tie), flat, all equal, and huge.
fn point() -> impl Strategy<Value = Vec3> {
    let wide = || -50.0f32..50.0;
    let coarse = || (-3i8..=3).prop_map(f32::from);
    prop_oneof![
        4 => (wide(), wide(), wide()).prop_map(|(x, y, z)| Vec3::new(x, y, z)),
        2 => (coarse(), coarse(), coarse()).prop_map(|(x, y, z)| Vec3::new(x, y, z)),
        1 => wide().prop_map(|x| Vec3::new(x, 1.0, 1.0)),
        1 => Just(Vec3::splat(1.0)),
        1 => (any::<i8>(), any::<i8>(), wide())
            .prop_map(|(x, y, z)| Vec3::new(f32::from(x) * 2.5e36, f32::from(y) * 1e18, z)),
    ]
}

fn boxed() -> impl Strategy<Value = Aabb> {
    prop_oneof![
        1 => point().prop_map(|at| Aabb::point(at).unwrap()),
        3 => (point(), 0.0f32..4.0, 0.0f32..4.0).prop_map(|(at, wide, deep)| {
            Aabb::new(at, at + Vec3::new(wide, 0.5, deep)).unwrap()
        }),
        1 => (point(), point()).prop_map(|(a, b)| Aabb::new(a.min(b), a.max(b)).unwrap()),
    ]
}

fn program<E: Brute>(item: BoxedStrategy<E>) -> impl Strategy<Value = Vec<Step<E>>> {
    let many = || proptest::collection::vec((0..SLOTS, item.clone()), 0..300);
    let step = prop_oneof![
        1 => many().prop_map(Step::Build),
        20 => (0..SLOTS, item.clone()).prop_map(|(slot, item)| Step::Insert(slot, item)),
        2 => proptest::collection::vec((0..SLOTS, item.clone()), 0..60).prop_map(Step::InsertAll),
        20 => (0..SLOTS).prop_map(Step::Remove),
        2 => proptest::collection::vec(0..SLOTS, 0..90).prop_map(Step::RemoveAll),
        6 => many().prop_map(Step::Move),
        4 => proptest::collection::vec((0..SLOTS, item.clone()), 0..20).prop_map(Step::Move),
        1 => Just(Step::Rebuild),
    ];
    (many(), proptest::collection::vec(step, 1..60)).prop_map(|(first, mut rest)| {
        rest.insert(0, Step::Build(first));
        rest
    })
}

/// Keys unlike the slots' order, with equals among them.
fn key(slot: u32) -> u64 {
    u64::from(slot.wrapping_mul(2_654_435_761) >> 27)
}

struct World<E: Extent> {
    tree: Bvh<E>,
    truth: BTreeMap<u32, E>,
    work: Workspace,
}

impl<E: Brute> World<E> {
    fn run(program: &[Step<E>]) -> Self {
        let mut world =
            Self { tree: Bvh::new(SLOTS), truth: BTreeMap::new(), work: Workspace::new() };
        for step in program {
            world.step(step);
            world.tree.check();
            assert_eq!(world.tree.len(), world.truth.len());
        }
        for slot in 0..SLOTS {
            assert_eq!(world.tree.item(slot), world.truth.get(&slot).copied());
        }
        world
    }

    fn step(&mut self, step: &Step<E>) {
        match step {
            Step::Build(items) => {
                let distinct: BTreeMap<u32, E> = items.iter().copied().collect();
                let result = self.tree.build(items, &mut self.work);
                if result.is_ok() {
                    self.truth = distinct;
                } else {
                    assert!(distinct.len() < items.len(), "{result:?}");
                    let items: Vec<_> =
                        distinct.iter().map(|(&slot, &item)| (slot, item)).collect();
                    self.tree.build(&items, &mut self.work).unwrap();
                    self.truth = distinct;
                }
            }
            Step::Insert(slot, item) => {
                let was_free = !self.truth.contains_key(slot);
                assert_eq!(self.tree.insert(*slot, *item).is_ok(), was_free);
                self.truth.entry(*slot).or_insert(*item);
            }
            Step::InsertAll(items) => {
                let new: BTreeMap<u32, E> = items
                    .iter()
                    .copied()
                    .filter(|(slot, _)| !self.truth.contains_key(slot))
                    .collect();
                if new.len() < items.len() {
                    assert!(self.tree.insert_all(items, &mut self.work).is_err());
                }
                let items: Vec<_> = new.into_iter().collect();
                self.tree.insert_all(&items, &mut self.work).unwrap();
                self.truth.extend(items);
            }
            Step::RemoveAll(slots) => {
                let held: std::collections::BTreeSet<_> =
                    slots.iter().filter(|&slot| self.truth.remove(slot).is_some()).collect();
                assert_eq!(self.tree.remove_all(slots, &mut self.work), held.len());
            }
            Step::Remove(slot) => {
                assert_eq!(self.tree.remove(*slot, &mut self.work), self.truth.remove(slot));
            }
            Step::Move(moves) => {
                let known: Vec<_> = moves
                    .iter()
                    .copied()
                    .filter(|(slot, _)| self.truth.contains_key(slot))
                    .collect();
                if known.len() < moves.len() {
                    assert!(self.tree.update(moves, &mut self.work).is_err());
                }
                self.tree.update(&known, &mut self.work).unwrap();
                self.truth.extend(known);
            }
            Step::Rebuild => self.tree.rebuild(&mut self.work),
        }
    }

    /// Asks everything on every path, of the tree and of a snapshot of it.
    fn ask<S: Select>(&mut self, question: &Question, select: &S) {
        for path in Path::all() {
            self.tree.path = path;
            self.ask_once(question, select);
        }
    }

    fn ask_once<S: Select>(&mut self, question: &Question, select: &S) {
        let Question { from, radius, k, region, ray } = question;
        let (from, k, work) = (*from, *k, &mut self.work);
        let ranked = ranked(&self.truth, select, |item| Some(item.distance_squared(from)));
        let first = &ranked[..k.min(ranked.len())];
        assert_eq!(self.tree.nearest(from, k, select, work).unwrap(), first);

        let near: Vec<_> =
            ranked.iter().copied().filter(|hit| hit.distance_squared <= radius * radius).collect();
        assert_eq!(self.tree.within(from, *radius, select, work).unwrap(), near);
        let some = &near[..k.min(near.len())];
        let found = self.tree.nearest_within(from, k, *radius, select, work).unwrap();
        assert_eq!(found, some);

        let mut inside: Vec<_> = self
            .truth
            .iter()
            .filter(|&(&slot, item)| region.overlaps(&item.bounds()) && select.accepts(slot))
            .map(|(&slot, _)| (select.key(slot), slot))
            .collect();
        inside.sort_unstable();
        let inside: Vec<_> = inside.into_iter().map(|(_, slot)| slot).collect();
        assert_eq!(self.tree.in_region(region, select, work), inside);
        let some = &inside[..k.min(inside.len())];
        let view = self.tree.view();
        assert_eq!(view.in_region_first(region, k, select, work), some);
        match region {
            Region::Box(bounds) => {
                assert_eq!(view.in_box(bounds, select, work), inside);
                assert_eq!(view.in_box_first(bounds, k, select, work), some);
            }
            Region::OrientedBox(oriented) => {
                assert_eq!(view.in_oriented_box(oriented, usize::MAX, select, work), inside);
                assert_eq!(view.in_oriented_box(oriented, k, select, work), some);
            }
            Region::Frustum(frustum) => {
                assert_eq!(view.in_frustum(frustum, usize::MAX, select, work), inside);
                assert_eq!(view.in_frustum(frustum, k, select, work), some);
            }
            _ => {}
        }

        for reach in [f32::INFINITY, *radius] {
            let entered = ranked_by_ray(&self.truth, select, ray, reach);
            let first = self.tree.ray(ray, reach, select, work).unwrap();
            assert_eq!(first, entered.first().copied());
            let some = &entered[..k.min(entered.len())];
            assert_eq!(self.tree.ray_all(ray, reach, k, select, work).unwrap(), some);
            let all = self.tree.ray_all(ray, reach, usize::MAX, select, work).unwrap();
            assert_eq!(all, entered);
        }
    }
}

/// All accepted items with what `measure` says of them, in the promised order.
fn ranked<E: Brute, S: Select>(
    truth: &BTreeMap<u32, E>,
    select: &S,
    measure: impl Fn(&Aabb) -> Option<f32>,
) -> Vec<Hit> {
    let accepted = truth.iter().filter(|&(&slot, _)| select.accepts(slot));
    let mut all: Vec<_> = accepted
        .filter_map(|(&slot, item)| Some(Hit { slot, distance_squared: measure(&item.bounds())? }))
        .collect();
    all.sort_by(|&a, &b| precedes(b, a, select).cmp(&precedes(a, b, select)));
    all
}

fn ranked_by_ray<E: Brute, S: Select>(
    truth: &BTreeMap<u32, E>,
    select: &S,
    ray: &Ray,
    reach: f32,
) -> Vec<RayHit> {
    let within = |item: &Aabb| ray.enters(item).filter(|&distance| distance <= reach);
    ranked(truth, select, within).into_iter().map(RayHit::from).collect()
}

fn region() -> impl Strategy<Value = Region> {
    let pose = || {
        (point(), -1.0f32..1.0, -1.0f32..1.0, 0.1f32..1.0)
            .prop_map(|(at, x, y, w)| Pose::new(at, Quat::new(x, y, 0.0, w)).unwrap())
    };
    prop_oneof![
        boxed().prop_map(Region::from),
        (point(), 0.0f32..60.0).prop_map(|(at, radius)| Sphere::new(at, radius).unwrap().into()),
        (pose(), 0.0f32..40.0, 0.0f32..9.0).prop_map(|(pose, wide, flat)| {
            OrientedBox::new(&pose, Vec3::new(wide, flat, wide)).unwrap().into()
        }),
        (pose(), 0.0f32..2.8, 0.0f32..70.0).prop_map(|(pose, angle, far)| {
            let view = FieldOfView::symmetric(angle, angle * 0.5);
            Frustum::new(&pose, view, 0.0, far).unwrap().into()
        }),
        (proptest::collection::vec((-50.0f32..50.0, -50.0f32..50.0), 3..7), -20.0f32..20.0)
            .prop_map(|(corners, low)| {
                let corners: Vec<_> = corners.into_iter().map(|(u, v)| [u, v]).collect();
                Prism::new(&corners, UpAxis::Y, low, low + 15.0).unwrap().into()
            }),
    ]
}

/// Rays in any direction, along axes, nearly along them, and from one point of the world to another.
fn ray() -> impl Strategy<Value = Ray> {
    let part = || {
        prop_oneof![
            3 => -1.0f32..1.0,
            2 => Just(0.0f32),
            1 => Just(-0.0f32),
            1 => Just(1e-39f32),
            1 => Just(-1e-30f32),
            1 => Just(1.0f32),
        ]
    };
    let any = (point(), part(), part(), part()).prop_map(|(at, x, y, z)| (at, Vec3::new(x, y, z)));
    let between = (point(), point()).prop_map(|(from, to)| (from, to * 0.5 - from * 0.5));
    prop_oneof![any, between]
        .prop_filter_map("no direction", |(at, direction)| Ray::new(at, direction).ok())
}

#[derive(Clone, Debug)]
struct Question {
    from: Vec3,
    radius: f32,
    k: usize,
    region: Region,
    ray: Ray,
}

fn questions() -> impl Strategy<Value = Vec<Question>> {
    let k = prop_oneof![0usize..20, 40usize..120, Just(1000)];
    let radius = prop_oneof![Just(0.0f32), 0.0f32..80.0, Just(3e38)];
    let one = (point(), radius, k, region(), ray())
        .prop_map(|(from, radius, k, region, ray)| Question { from, radius, k, region, ray });
    proptest::collection::vec(one, 1..8)
}

fn hold<E: Brute>(program: &[Step<E>], questions: &[Question]) {
    let mut world = World::run(program);
    for question in questions {
        world.ask(question, &BySlot);
        world.ask(question, &Accepting(|slot| slot % 5 != 2));
        world.ask(question, &(key, |slot| slot % 3 != 1));
    }
    // Once more from the place of an item.
    if let (Some(item), Some(first)) = (world.truth.values().next(), questions.first()) {
        let question = Question { from: item.bounds().low(), ..first.clone() };
        world.ask(&question, &(key, |slot| slot % 3 != 1));
    }
    batches(&mut world, questions);
}

/// Every batch gives each query's own answer, and each once.
fn batches<E: Brute>(world: &mut World<E>, questions: &[Question]) {
    let select = &(key, |slot: u32| slot % 3 != 1);
    let (view, work) = (world.tree.view(), &mut world.work);
    let mut alone = Workspace::new();
    let Some(&Question { k, radius, .. }) = questions.first() else { return };
    let mut asked = 0;
    let points: Vec<_> = questions.iter().map(|question| question.from).collect();
    view.nearest_each(&points, k, select, work, |index, hits| {
        assert_eq!(hits, view.nearest(points[index], k, select, &mut alone).unwrap());
        asked += 1;
    })
    .unwrap();
    view.nearest_within_each(&points, k, radius, select, work, |index, hits| {
        let one = view.nearest_within(points[index], k, radius, select, &mut alone);
        assert_eq!(hits, one.unwrap());
        asked += 1;
    })
    .unwrap();
    view.within_each(&points, radius, select, work, |index, hits| {
        assert_eq!(hits, view.within(points[index], radius, select, &mut alone).unwrap());
        asked += 1;
    })
    .unwrap();
    let regions: Vec<_> = questions.iter().map(|question| question.region.clone()).collect();
    view.in_region_each(&regions, k, select, work, |index, slots| {
        assert_eq!(slots, view.in_region_first(&regions[index], k, select, &mut alone));
        asked += 1;
    });
    let rays: Vec<_> = questions.iter().map(|question| question.ray).collect();
    view.ray_each(&rays, radius, select, work, |index, hit| {
        assert_eq!(hit, view.ray(&rays[index], radius, select, &mut alone).unwrap());
        asked += 1;
    })
    .unwrap();
    view.ray_all_each(&rays, radius, k, select, work, |index, hits| {
        assert_eq!(hits, view.ray_all(&rays[index], radius, k, select, &mut alone).unwrap());
        asked += 1;
    })
    .unwrap();
    assert_eq!(asked, 6 * questions.len());
    let (mut boxes, mut oriented, mut frusta) = (Vec::new(), Vec::new(), Vec::new());
    for region in regions {
        match region {
            Region::Box(bounds) => boxes.push(bounds),
            Region::OrientedBox(one) => oriented.push(one),
            Region::Frustum(one) => frusta.push(one),
            _ => {}
        }
    }
    let mut asked = 0;
    view.in_box_each(&boxes, k, select, work, |index, slots| {
        assert_eq!(slots, view.in_box_first(&boxes[index], k, select, &mut alone));
        asked += 1;
    });
    view.in_oriented_box_each(&oriented, k, select, work, |index, slots| {
        assert_eq!(slots, view.in_oriented_box(&oriented[index], k, select, &mut alone));
        asked += 1;
    });
    view.in_frustum_each(&frusta, k, select, work, |index, slots| {
        assert_eq!(slots, view.in_frustum(&frusta[index], k, select, &mut alone));
        asked += 1;
    });
    assert_eq!(asked, boxes.len() + oriented.len() + frusta.len());
}

/// Worlds of one kind throughout: all items equal, on a line, without extent on some axes, far out,
/// or one item only.
fn degenerate<E: Brute>(item: fn(Vec3, Vec3) -> E) -> impl Strategy<Value = Vec<Step<E>>> {
    let small = || (-3i8..=3, -3i8..=3, -3i8..=3).prop_map(|(x, y, z)| coarse(x, y, z));
    let equal = (point(), small())
        .prop_flat_map(move |(at, size)| program(Just(item(at, size.max(-size))).boxed()));
    let line = (small(), small()).prop_flat_map(move |(from, along)| {
        let on = move |step: i8| item(from + along * (f32::from(step) * 0.37), Vec3::ZERO);
        program((-40i8..40).prop_map(on).boxed())
    });
    let flat = program(
        (small(), small())
            .prop_map(move |(at, size)| {
                item(Vec3::new(at.x, 2.0, at.z), Vec3::new(size.x.abs(), 0.0, 0.0))
            })
            .boxed(),
    );
    let far = program(
        (any::<i8>(), any::<i8>(), any::<i8>(), small())
            .prop_map(move |(x, y, z, size)| item(coarse(x, y, z) * 2.5e36, size.max(-size) * 1e30))
            .boxed(),
    );
    let one = (0..SLOTS, point(), small()).prop_map(move |(slot, at, size)| {
        vec![Step::Build(vec![(slot, item(at, size.max(-size)))])]
    });
    prop_oneof![equal, line, flat, far, one]
}

fn coarse(x: i8, y: i8, z: i8) -> Vec3 {
    Vec3::new(f32::from(x), f32::from(y), f32::from(z))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn points_are_found_as_by_brute_force(program in program(point().boxed()), questions in questions()) {
        hold(&program, &questions);
    }

    #[test]
    fn boxes_are_found_as_by_brute_force(program in program(boxed().boxed()), questions in questions()) {
        hold(&program, &questions);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn points_of_degenerate_worlds_are_found(
        program in degenerate(|at, _| at),
        questions in questions(),
    ) {
        hold(&program, &questions);
    }

    #[test]
    fn boxes_of_degenerate_worlds_are_found(
        program in degenerate(|at, size| Aabb::new(at, at + size).unwrap()),
        questions in questions(),
    ) {
        hold(&program, &questions);
    }
}

#[test]
fn bad_input_is_refused_and_changes_nothing() {
    use super::{ItemError, QueryError};
    let mut work = Workspace::new();
    let mut tree = Bvh::<Vec3>::new(10);
    tree.build(&[(1, Vec3::ZERO), (2, Vec3::UP)], &mut work).unwrap();
    let nan = Vec3::new(0.0, f32::NAN, 0.0);
    let out = ItemError::SlotOutOfRange { slot: 10, limit: 10 };
    assert_eq!(tree.insert(10, Vec3::ZERO), Err(out));
    assert_eq!(tree.insert(3, nan), Err(ItemError::BadExtent { slot: 3 }));
    assert_eq!(tree.insert(2, Vec3::ZERO), Err(ItemError::Occupied { slot: 2 }));
    assert_eq!(tree.build(&[(10, Vec3::ZERO)], &mut work), Err(out));
    let twice = [(4, Vec3::ZERO), (4, Vec3::UP)];
    assert_eq!(tree.build(&twice, &mut work), Err(ItemError::Occupied { slot: 4 }));
    let moved = tree.update(&[(1, Vec3::UP), (3, Vec3::UP)], &mut work);
    assert_eq!(moved, Err(ItemError::Vacant { slot: 3 }));
    let moved = tree.update(&[(1, Vec3::UP), (2, nan)], &mut work);
    assert_eq!(moved, Err(ItemError::BadExtent { slot: 2 }));
    assert_eq!((tree.len(), tree.item(1), tree.item(2)), (2, Some(Vec3::ZERO), Some(Vec3::UP)));
    assert_eq!(tree.remove(3, &mut work), None);
    assert!(matches!(
        tree.nearest(nan, 1, &BySlot, &mut work),
        Err(QueryError::PointNotFinite { .. })
    ));
    for radius in [-1.0, f32::NAN, f32::INFINITY] {
        assert!(matches!(
            tree.within(Vec3::ZERO, radius, &BySlot, &mut work),
            Err(QueryError::BadRadius { .. })
        ));
    }
    let ray = Ray::new(Vec3::ZERO, Vec3::UP).unwrap();
    for reach in [-1.0, f32::NAN] {
        assert!(matches!(
            tree.ray(&ray, reach, &BySlot, &mut work),
            Err(QueryError::BadReach { .. })
        ));
    }
    tree.check();
}

#[test]
fn a_batch_asks_each_point_once() {
    let mut work = Workspace::new();
    let mut tree = Bvh::<Vec3>::new(1_000);
    let at = |i: u32| Vec3::new((i * 37 % 101) as f32, (i * 53 % 97) as f32, (i % 7) as f32);
    let items: Vec<_> = (0..1_000).map(|slot| (slot, at(slot))).collect();
    tree.build(&items, &mut work).unwrap();
    let points: Vec<_> = (0..200).map(|i| at(i * 7) * 1.01).collect();
    let mut other = Workspace::new();
    let mut asked = [false; 200];
    let answer = |index: usize, hits: &[Hit]| {
        assert!(!core::mem::replace(&mut asked[index], true));
        assert_eq!(hits, tree.nearest(points[index], 5, &BySlot, &mut other).unwrap());
    };
    tree.view().nearest_each(&points, 5, &BySlot, &mut work, answer).unwrap();
    assert!(asked.iter().all(|&asked| asked));
    let mut hits = 0;
    tree.view()
        .within_each(&points, 6.0, &BySlot, &mut work, |_, near| hits += near.len())
        .unwrap();
    let alone = |&point: &Vec3| tree.within(point, 6.0, &BySlot, &mut other).unwrap().len();
    assert_eq!(hits, points.iter().map(alone).sum::<usize>());
    let bad = [Vec3::ZERO, Vec3::splat(f32::NAN)];
    assert!(tree.view().nearest_each(&bad, 5, &BySlot, &mut work, |_, _| panic!()).is_err());
}

#[test]
fn a_tree_may_empty_and_fill_again() {
    let mut work = Workspace::new();
    let mut tree = Bvh::<Vec3>::new(5_000);
    tree.reserve(5_000, &mut work);
    let reserved = tree.memory_bytes();
    let at = |slot: u32| Vec3::new((slot % 17) as f32, (slot % 5) as f32, slot as f32 * 0.01);
    for round in 0..3u32 {
        for slot in 0..5_000 {
            tree.insert(slot, at(slot * (round + 1))).unwrap();
        }
        tree.check();
        for slot in (0..5_000).rev() {
            tree.remove(slot, &mut work).unwrap();
            if slot % 500 == 0 {
                tree.check();
            }
        }
        assert_eq!(tree.memory_bytes(), reserved);
        assert!(tree.is_empty() && tree.bounds().is_none());
        assert!(tree.nearest(Vec3::ZERO, 3, &BySlot, &mut work).unwrap().is_empty());
    }
}

/// Three groups that cross each other, shrink and scatter, and some that jump: pages and nodes are
/// outgrown, dissolve and split at every height.
#[test]
fn a_crowd_that_wanders_is_found() {
    let slots = 6_000;
    let mut state = 7u64;
    let mut random = move || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1 << 24) as f32 - 0.5
    };
    let first = (0..slots).map(|slot| (slot, Vec3::new(random(), random(), random()) * 100.0));
    let mut world =
        World { truth: first.collect(), tree: Bvh::<Vec3>::new(slots), work: Workspace::new() };
    world.tree.reserve(slots, &mut world.work);
    let reserved = world.tree.memory_bytes();
    let items: Vec<_> = world.truth.iter().map(|(&slot, &at)| (slot, at)).collect();
    world.tree.build(&items, &mut world.work).unwrap();
    for round in 0..60u32 {
        let mut moves = Vec::new();
        for (&slot, &at) in &world.truth {
            if slot % 10 == round % 10 && round % 20 > 3 {
                let jump = if slot % 100 == 0 { 80.0 } else { 4.0 };
                moves.push((slot, at + Vec3::new(random(), random(), random()) * jump));
            } else if slot % 3 == 0 {
                moves.push((slot, at + Vec3::new((slot % 9) as f32 - 3.0, 0.0, 0.5)));
            } else if round % 20 == 0 {
                moves.push((slot, at * 0.2));
            }
        }
        world.step(&Step::Move(moves));
        if round % 7 == 3 {
            for slot in (0..slots).filter(|slot| slot % 13 == round % 13) {
                world.step(&Step::Remove(slot));
            }
            for slot in (0..slots).filter(|slot| slot % 13 == (round + 6) % 13) {
                world.step(&Step::Insert(slot, Vec3::new(random(), random(), random()) * 90.0));
            }
        }
        world.tree.check();
        let from = Vec3::new(random(), random(), random()) * 60.0;
        let region = Sphere::new(from, 12.0).unwrap().into();
        let ray = Ray::new(from, Vec3::new(random(), random(), random())).unwrap();
        world.ask(&Question { from, radius: 9.0, k: 8, region, ray }, &BySlot);
        assert_eq!(world.tree.memory_bytes(), reserved, "what was reserved is enough");
    }
}
