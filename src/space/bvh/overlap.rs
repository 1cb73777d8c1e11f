//! All items in a volume.

use super::super::region::Aabb;
use super::all::{COUNTED, accepted, room};
use super::extent::Extent;
use super::lanes::{Keys, Lanes, Operation};
use super::page::{Bucket, Page};
use super::select::Select;
use super::tree::Tree;
use super::volume::Volume;
use super::walk::walk;
use super::workspace::Workspace;

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
        let Workspace { waiting, keyed, slots, .. } = work;
        let mut found = 0;
        if limit > 0 {
            let bounds = volume.bounds();
            for tree in trees {
                walk::<L, E>(
                    tree,
                    waiting,
                    |node| passing::<L, V, _>(node, &bounds, volume),
                    |page| {
                        let bits = passing::<L, V, _>(page, &bounds, volume);
                        let out = room(slots, found);
                        L::pack(page.ids(), bits, out);
                        let count = bits.count_ones() as usize;
                        found += accepted(&mut out[..count], select, |&slot| slot);
                    },
                );
            }
        }
        slots.truncate(found);
        if S::BY_SLOT {
            cut(slots, limit);
            sort::<L>(slots);
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

/// Sorts distinct slots.
#[inline(always)]
fn sort<L: Lanes>(slots: &mut [u32]) {
    if slots.len() > COUNTED {
        slots.sort_unstable();
        return;
    }
    // Each slot's place is the number of those before it, and no branch to guess.
    let mut all = [[u32::MAX; 16]; COUNTED / 16];
    all.as_flattened_mut()[..slots.len()].copy_from_slice(slots);
    let used = &all[..slots.len().div_ceil(16)];
    for &slot in &all.as_flattened()[..slots.len()] {
        slots[L::Keys::count_below(used, slot)] = slot;
    }
}

/// The bits of lanes that overlap both.
#[inline(always)]
fn passing<L: Lanes, V: Volume, P: Page>(page: &P, bounds: &Aabb, volume: &V) -> u16 {
    let bits = page.overlaps::<L>(bounds);
    if V::IS_BOX || bits == 0 { bits } else { volume.passing::<L, P>(page, bits) }
}
