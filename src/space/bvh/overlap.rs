//! All items in a box or another region.

use super::super::region::Aabb;
use super::extent::Extent;
use super::lanes::{Lanes, Operation, set_lanes};
use super::page::{Bucket, Page};
use super::select::Select;
use super::tree::Tree;
use super::walk::walk;
use super::workspace::{Visit, Workspace};

/// All items in two trees that overlap `bounds` and pass `test`, which is monotone and false
/// outside of it; leaves them in the workspace's `slots`, in the order of their keys.
pub(super) struct Overlap<'a, 'w, E: Extent, T, S> {
    pub(super) trees: [Tree<'a, E>; 2],
    pub(super) bounds: &'a Aabb,
    pub(super) test: T,
    pub(super) select: &'a S,
    pub(super) work: &'w mut Workspace,
}

impl<E: Extent, T: Fn(&Aabb) -> bool, S: Select> Operation for Overlap<'_, '_, E, T, S> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self) {
        let Self { trees, bounds, test, select, work } = self;
        let Workspace { stack, keyed, slots, .. } = work;
        slots.clear();
        for tree in trees {
            collect::<L, E, T, S>(tree, bounds, &test, select, stack, slots);
        }
        if S::BY_SLOT {
            slots.sort_unstable();
        } else {
            keyed.clear();
            keyed.extend(slots.iter().map(|&slot| (select.key(slot), slot)));
            keyed.sort_unstable();
            slots.clear();
            slots.extend(keyed.iter().map(|&(_, slot)| slot));
        }
    }
}

#[inline(always)]
fn collect<L: Lanes, E: Extent, T: Fn(&Aabb) -> bool, S: Select>(
    tree: Tree<'_, E>,
    bounds: &Aabb,
    test: &T,
    select: &S,
    stack: &mut Vec<Visit>,
    slots: &mut Vec<u32>,
) {
    walk(
        tree,
        stack,
        |node| passing(node, node.overlaps::<L>(bounds), test),
        |page| {
            for lane in set_lanes(passing(page, page.overlaps::<L>(bounds), test)) {
                let slot = page.id(lane);
                if select.accepts(slot) {
                    slots.push(slot);
                }
            }
        },
    );
}

/// The bits of lanes that pass `test`.
#[inline(always)]
fn passing<B: Bucket>(bucket: &B, bits: u16, test: &impl Fn(&Aabb) -> bool) -> u16 {
    let mut passed = bits;
    for lane in set_lanes(bits) {
        if !test(&bucket.entry(lane)) {
            passed &= !(1 << lane);
        }
    }
    passed
}
