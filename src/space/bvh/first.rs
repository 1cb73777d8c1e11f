//! The first hits by distance: the nearest items, and what a ray meets first.

use super::NOWHERE;
use super::best::{Best, Collect, Few, One};
use super::extent::Extent;
use super::fetch::fetch;
use super::lanes::{Keys, Lanes, Operation, set_lanes};
use super::node::Node;
use super::page::{Bucket, Page};
use super::select::Select;
use super::tree::Tree;
use super::workspace::{Hit, Open, Workspace};

/// How far an entry is from what a query starts at.
pub(super) trait Measure: Copy {
    /// The distances of sixteen entries, none negative; not a number where an entry is no hit at
    /// any distance. A box is never farther than what lies in it.
    fn measure<P: Page, L: Lanes>(&self, page: &P) -> L;
}

/// The first `k` items of at most `limit` by (distance, key) in two trees; leaves them in the
/// workspace's `best`.
///
/// Depth first, the nearer child before the farther one: a child's key is its distance with its
/// lane in the last four bits, so one minimum over sixteen keys tells both the nearest child and
/// whether any is left; cut bits make a key smaller, never larger, so nothing is missed.
/// The second tree starts with the bound that the first one left.
pub(super) struct First<'a, 'w, E: Extent, M, S> {
    pub(super) trees: [Tree<'a, E>; 2],
    pub(super) measure: M,
    pub(super) k: usize,
    pub(super) limit: f32,
    pub(super) select: &'a S,
    pub(super) work: &'w mut Workspace,
}

impl<E: Extent, M: Measure, S: Select> Operation for First<'_, '_, E, M, S> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self) {
        let Self { trees, measure, k, limit, select, work } = self;
        let Workspace { open, best, .. } = work;
        if k == 1 {
            let mut one = One::new(limit);
            for tree in trees {
                descend::<L, E, M, S, _>(tree, measure, select, &mut one, open);
            }
            best.take(one.hit());
            return;
        }
        if (2..=Few::<L::Eight>::MOST).contains(&k) {
            let mut few = Few::<L::Eight>::new(k, limit, !S::BY_SLOT);
            for tree in trees {
                descend::<L, E, M, S, _>(tree, measure, select, &mut few, open);
            }
            if !few.is_tied() {
                best.take(few.hits());
                return;
            }
        }
        best.start(k, limit);
        if k > 0 {
            for tree in trees {
                descend::<L, E, M, S, Best>(tree, measure, select, best, open);
            }
        }
        best.finish(select);
    }
}

#[inline(always)]
fn descend<L: Lanes, E: Extent, M: Measure, S: Select, C: Collect>(
    tree: Tree<'_, E>,
    measure: M,
    select: &S,
    collect: &mut C,
    open: &mut Vec<Open>,
) {
    if tree.root == NOWHERE {
        return;
    }
    if tree.height == 0 {
        visit_page::<L, E, M, S, C>(tree.page(tree.root), measure, select, collect);
        return;
    }
    open.clear();
    let (mut index, mut height) = (tree.root, tree.height);
    let mut node = tree.node(index);
    let mut keys = visit_node::<L, M>(node, measure, collect.bound());
    let mut least = keys.least();
    // Whether the node's children within the bound were asked for.
    let mut fetched = false;
    loop {
        let bound = collect.bound();
        if beyond(least, bound) {
            let Some(above) = open.pop() else {
                return;
            };
            least = above.least;
            if !beyond(least, bound) {
                (index, height, fetched) = (above.index, above.height, above.fetched);
                node = tree.node(index);
                keys = L::Keys::load(&above.keys);
            }
            continue;
        }
        let lane = (least & 15) as usize;
        let child = node.id(lane);
        if !fetched {
            fetched = bound < f32::INFINITY;
            // Without a bound yet, as many as a search in open space visits.
            let near = if fetched { keys.at_most(bound.to_bits() | 15) } else { few(keys) };
            for lane in set_lanes(near) {
                let child = node.id(lane);
                if height == 1 { fetch(tree.page(child)) } else { fetch(tree.node(child)) }
            }
        }
        keys = keys.without(lane);
        let next = keys.least();
        if height == 1 {
            least = next;
            visit_page::<L, E, M, S, C>(tree.page(child), measure, select, collect);
        } else {
            if !beyond(next, bound) {
                open.push(Open { keys: keys.to_array(), least: next, index, height, fetched });
            }
            (index, height, fetched) = (child, height - 1, false);
            node = tree.node(index);
            keys = visit_node::<L, M>(node, measure, collect.bound());
            least = keys.least();
        }
    }
}

/// Whether nothing of a key lies within the bound; so of the key of an empty lane.
#[inline(always)]
fn beyond(key: u32, bound: f32) -> bool {
    key & !15 > bound.to_bits()
}

/// The lanes of the four least keys; of a few more where those are all.
#[inline(always)]
fn few<K: Keys>(mut keys: K) -> u16 {
    let all = keys.at_most(u32::MAX - 1);
    if all.count_ones() <= 6 {
        return all;
    }
    let mut bits = 0;
    for _ in 0..4 {
        let lane = (keys.least() & 15) as usize;
        bits |= 1 << lane;
        keys = keys.without(lane);
    }
    bits
}

/// The keys of a node's children within the bound.
#[inline(always)]
fn visit_node<L: Lanes, M: Measure>(node: &Node, measure: M, bound: f32) -> L::Keys {
    let distances: L = measure.measure(node);
    distances.keys(distances.at_most(L::splat(bound)))
}

#[inline(always)]
fn visit_page<L: Lanes, E: Extent, M: Measure, S: Select, C: Collect>(
    page: &E::Page,
    measure: M,
    select: &S,
    collect: &mut C,
) {
    let distances: L = measure.measure(page);
    let near = distances.at_most(L::splat(collect.bound()));
    if near == 0 {
        return;
    }
    let distances = distances.to_array();
    for lane in set_lanes(near) {
        let hit = Hit { slot: page.id(lane), distance_squared: distances[lane] };
        if hit.distance_squared <= collect.bound() && select.accepts(hit.slot) {
            collect.offer(hit, select);
        }
    }
}
