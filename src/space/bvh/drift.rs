//! How far a tree that has followed moves for long is from one built afresh, for tests.

use super::{Aabb, Bvh, NOWHERE, Vec3, Workspace};

impl Bvh<Vec3> {
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

#[test]
fn what_crossed_the_world_many_times_is_read_within_bounds() {
    const COUNT: usize = 3_000;
    const TICKS: usize = 20_000;
    let side = (COUNT as f32).cbrt();
    let mut state = 11u64;
    let mut random = move || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1 << 24) as f32
    };
    let mut point = move || Vec3::new(random(), random(), random());
    let mut at: Vec<_> = (0..COUNT).map(|_| point() * side).collect();
    let mut way: Vec<_> = (0..COUNT).map(|_| (point() - Vec3::splat(0.5)) * 0.1).collect();
    let areas: Vec<_> = (0..500)
        .map(|_| {
            let middle = point() * side;
            Aabb::new(middle - Vec3::splat(1.5), middle + Vec3::splat(1.5)).unwrap()
        })
        .collect();
    let mut work = Workspace::new();
    let mut tree = Bvh::new(COUNT as u32);
    let items = |at: &[Vec3]| (0u32..).zip(at.iter().copied()).collect::<Vec<_>>();
    tree.build(&items(&at), &mut work).unwrap();
    let mut moves = Vec::new();
    for tick in 0..TICKS {
        moves.clear();
        for slot in (tick % 100..COUNT).step_by(100) {
            let (mut to, mut turned) = (at[slot].to_array(), way[slot].to_array());
            for axis in 0..3 {
                if !(0.0..=side).contains(&(to[axis] + turned[axis])) {
                    turned[axis] = -turned[axis];
                }
                to[axis] += turned[axis];
            }
            (at[slot], way[slot]) = (Vec3::from_array(to), Vec3::from_array(turned));
            moves.push((slot as u32, at[slot]));
        }
        tree.update(&moves, &mut work).unwrap();
    }
    tree.check();
    let read = |tree: &Bvh<Vec3>| areas.iter().map(|area| tree.read_by(area)).sum::<usize>();
    let after = read(&tree);
    tree.build(&items(&at), &mut work).unwrap();
    let fresh = read(&tree);
    // Half-full pages alone are twice as many.
    assert!(after <= fresh * 3, "{after} buckets read, {fresh} of a fresh tree");
}
