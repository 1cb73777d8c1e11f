//! All items in a volume.

use super::super::region::Aabb;
use super::extent::Extent;
use super::lanes::{Lanes, Operation, set_lanes};
use super::page::{Bucket, Page};
use super::select::Select;
use super::tree::Tree;
use super::volume::Volume;
use super::walk::walk;
use super::workspace::{Visit, Workspace};

/// The first `limit`, by their keys, of all items in two trees that overlap `volume`; leaves them in
/// the workspace's `slots`, in that order.
pub(super) struct Overlap<'a, 'w, E: Extent, V, S> {
    pub(super) trees: [Tree<'a, E>; 2],
    pub(super) volume: &'a V,
    pub(super) limit: usize,
    pub(super) select: &'a S,
    pub(super) work: &'w mut Workspace,
}

impl<E: Extent, V: Volume, S: Select> Operation for Overlap<'_, '_, E, V, S> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self) {
        let Self { trees, volume, limit, select, work } = self;
        let Workspace { stack, keyed, slots, .. } = work;
        slots.clear();
        if limit == 0 {
            return;
        }
        let bounds = volume.bounds();
        for tree in trees {
            collect::<L, E, V, S>(tree, &bounds, volume, select, stack, slots);
        }
        if S::BY_SLOT {
            cut(slots, limit);
            slots.sort_unstable();
        } else {
            keyed.clear();
            keyed.extend(slots.iter().map(|&slot| (select.key(slot), slot)));
            cut(keyed, limit);
            keyed.sort_unstable();
            slots.clear();
            slots.extend(keyed.iter().map(|&(_, slot)| slot));
        }
    }
}

/// Keeps the `limit` least, at least one, in any order.
fn cut<T: Ord>(list: &mut Vec<T>, limit: usize) {
    if limit < list.len() {
        list.select_nth_unstable(limit - 1);
        list.truncate(limit);
    }
}

#[inline(always)]
fn collect<L: Lanes, E: Extent, V: Volume, S: Select>(
    tree: Tree<'_, E>,
    bounds: &Aabb,
    volume: &V,
    select: &S,
    stack: &mut Vec<Visit>,
    slots: &mut Vec<u32>,
) {
    walk(
        tree,
        stack,
        |node| passing::<L, V, _>(node, bounds, volume),
        |page| {
            for lane in set_lanes(passing::<L, V, _>(page, bounds, volume)) {
                let slot = page.id(lane);
                if select.accepts(slot) {
                    slots.push(slot);
                }
            }
        },
    );
}

/// The bits of lanes that overlap both.
#[inline(always)]
fn passing<L: Lanes, V: Volume, P: Page>(page: &P, bounds: &Aabb, volume: &V) -> u16 {
    let bits = page.overlaps::<L>(bounds);
    if bits == 0 { 0 } else { volume.passing::<L, P>(page, bits) }
}
