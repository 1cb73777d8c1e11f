//! How far a tree that has followed changes for long is from one built afresh, for tests.

use super::{Aabb, Bvh, BySlot, Extent, NOWHERE, Vec3, Workspace};

impl<E: Extent> Bvh<E> {
    /// How many pages and nodes a query for `area` reads: what its time follows.
    fn read_by(&self, area: &Aabb) -> usize {
        if self.root == NOWHERE {
            return 0;
        }
        let mut read = 0;
        let mut open = vec![(self.height, self.root)];
        while let Some((height, index)) = open.pop() {
            read += 1;
            if height > 0 {
                for lane in 0..usize::from(self.link(height, index).len) {
                    let (bounds, child) = self.entry(height, index, lane);
                    if bounds.overlaps(area) {
                        open.push((height - 1, child));
                    }
                }
            }
        }
        read
    }
}

struct Random(u64);

impl Random {
    fn unit(&mut self) -> f32 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f32 / (1 << 24) as f32
    }

    fn point(&mut self) -> Vec3 {
        Vec3::new(self.unit(), self.unit(), self.unit())
    }
}

/// Objects on straight ways that walls throw back, one a cubic metre.
struct World<E: Extent> {
    at: Vec<Vec3>,
    way: Vec<Vec3>,
    side: f32,
    of: fn(Vec3) -> E,
    tree: Bvh<E>,
    work: Workspace,
    random: Random,
}

impl<E: Extent> World<E> {
    /// Each goes up to half of `step` metres along each axis when it moves.
    fn new(count: usize, step: f32, of: fn(Vec3) -> E) -> Self {
        let side = (count as f32).cbrt();
        let mut random = Random(11);
        let at = (0..count).map(|_| random.point() * side).collect();
        let way = (0..count).map(|_| (random.point() - Vec3::splat(0.5)) * step).collect();
        let (tree, work) = (Bvh::new(count as u32), Workspace::new());
        Self { at, way, side, of, tree, work, random }
    }

    fn items(&self) -> Vec<(u32, E)> {
        (0u32..).zip(self.at.iter().map(|&at| (self.of)(at))).collect()
    }

    fn build(&mut self) {
        self.tree.build(&self.items(), &mut self.work).unwrap();
    }

    /// A hundredth of all objects move in each tick.
    fn run(&mut self, ticks: usize) {
        let mut moves = Vec::new();
        for tick in 0..ticks {
            moves.clear();
            for slot in (tick % 100..self.at.len()).step_by(100) {
                let (mut to, mut turned) = (self.at[slot].to_array(), self.way[slot].to_array());
                for axis in 0..3 {
                    if !(0.0..=self.side).contains(&(to[axis] + turned[axis])) {
                        turned[axis] = -turned[axis];
                    }
                    to[axis] += turned[axis];
                }
                (self.at[slot], self.way[slot]) = (Vec3::from_array(to), Vec3::from_array(turned));
                moves.push((slot as u32, (self.of)(self.at[slot])));
            }
            self.tree.update(&moves, &mut self.work).unwrap();
        }
    }

    /// How many times what a tree reads that is built now, after a check that nothing was lost.
    fn drift(&mut self) -> f32 {
        self.tree.check();
        for (slot, item) in self.items() {
            assert_eq!(self.tree.item(slot), Some(item));
        }
        let areas: Vec<_> = (0..1_000)
            .map(|at| {
                let middle = self.at[at * 37 % self.at.len()] + self.random.point();
                Aabb::new(middle - Vec3::splat(1.5), middle + Vec3::splat(1.5)).unwrap()
            })
            .collect();
        let mut fresh = Bvh::new(self.tree.max_slots());
        fresh.build(&self.items(), &mut self.work).unwrap();
        for area in &areas {
            let found = self.tree.in_box(area, &BySlot, &mut self.work).to_vec();
            assert_eq!(found, fresh.in_box(area, &BySlot, &mut self.work));
        }
        let read = |tree: &Bvh<E>| areas.iter().map(|area| tree.read_by(area)).sum::<usize>();
        read(&self.tree) as f32 / read(&fresh) as f32
    }
}

fn ball(at: Vec3) -> Aabb {
    Aabb::new(at - Vec3::splat(0.2), at + Vec3::splat(0.2)).unwrap()
}

#[test]
fn what_crossed_the_world_many_times_is_read_as_if_built_afresh() {
    let mut world = World::<Vec3>::new(12_000, 0.1, |at| at);
    world.build();
    world.run(10_000);
    let drift = world.drift();
    assert!(drift < 1.12, "{drift} times the buckets of a fresh tree are read");
}

#[test]
fn boxes_that_crossed_the_world_are_read_as_if_built_afresh() {
    let mut world = World::new(6_000, 0.1, ball);
    world.build();
    world.run(8_000);
    let drift = world.drift();
    assert!(drift < 1.12, "{drift} times the buckets of a fresh tree are read");
}

#[test]
fn what_goes_far_in_a_move_is_read_within_bounds() {
    let mut world = World::<Vec3>::new(12_000, 0.8, |at| at);
    world.build();
    world.run(4_000);
    let drift = world.drift();
    assert!(drift < 1.4, "{drift} times the buckets of a fresh tree are read");
}

#[test]
fn what_came_one_by_one_is_soon_as_if_it_were_built() {
    let mut world = World::<Vec3>::new(12_000, 0.02, |at| at);
    for (slot, item) in world.items() {
        world.tree.insert(slot, item).unwrap();
    }
    let before = world.drift();
    world.run(1_500);
    let after = world.drift();
    assert!(after < 1.12 && before > after, "{before}, then {after} times a fresh tree is read");
}

#[test]
fn the_same_calls_make_the_same_tree_and_snapshots_keep_theirs() {
    let mut worlds = [(); 2].map(|()| World::<Vec3>::new(9_000, 0.3, |at| at));
    for world in &mut worlds {
        world.build();
        world.run(300);
    }
    let (then, before) = (worlds[0].items(), worlds[0].tree.snapshot());
    for world in &mut worlds {
        world.run(900);
    }
    let [one, two] = &mut worlds;
    assert_eq!(one.tree.places, two.tree.places);
    for index in 0..one.tree.pages.extent() as u32 {
        let of = |world: &World<Vec3>| {
            let link = world.tree.pages.link(index);
            (link.len, link.parent, link.made())
        };
        assert_eq!(of(one), of(two));
    }
    for (slot, item) in then {
        let near = before.view().nearest(item, 1, &BySlot, &mut one.work).unwrap();
        assert_eq!((near[0].slot, near[0].distance_squared), (slot, 0.0));
    }
}

#[test]
fn one_call_builds_no_more_than_its_share() {
    let mut world = World::<Vec3>::new(60_000, 0.0, |at| at);
    world.build();
    let built = |world: &World<Vec3>| world.tree.sweep.built_in_all();
    // All are somewhere else at once: so much is earned that it is spent over many calls.
    let to: Vec<_> = (0..60_000).map(|slot| (slot, world.random.point() * world.side)).collect();
    world.tree.update(&to, &mut world.work).unwrap();
    for (slot, at) in to {
        world.at[slot as usize] = at;
    }
    let first = built(&world);
    assert!((8_192..8_192 + 60_000 / 8 + 5_000).contains(&first), "{first}");
    for _ in 0..20 {
        let before = built(&world);
        world.tree.update(&[], &mut world.work).unwrap();
        assert!(built(&world) - before < 8_192 + 5_000);
    }
    assert!(built(&world) > 50_000);
    let drift = world.drift();
    assert!(drift < 1.15, "{drift} times the buckets of a fresh tree are read");
}
