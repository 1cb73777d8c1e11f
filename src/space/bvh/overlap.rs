//! All items in a box or another region.

use super::super::region::{Aabb, Region};
use super::extent::Extent;
use super::lanes::{Lanes, Portable, set_lanes};
use super::page::{Bucket, Page};
use super::select::Select;
use super::workspace::{Visit, Workspace};
use super::{Bvh, NOWHERE};

impl<E: Extent> Bvh<E> {
    /// All items that have a point in common with `bounds`, boundaries included, that `select`
    /// accepts, as slots in the order of their keys.
    ///
    /// O(log n + m log m) for m hits.
    pub fn in_box<'w, S: Select>(
        &self,
        bounds: &Aabb,
        select: &S,
        work: &'w mut Workspace,
    ) -> &'w [u32] {
        self.overlapping::<Portable, S>(bounds, |_| true, select, work)
    }

    /// All points that `region` contains, or all boxes that it overlaps by
    /// [`Region::overlaps`], that `select` accepts, as slots in the order of their keys.
    ///
    /// O(log n + m log m) for m hits, times the corners of a prism.
    pub fn in_region<'w, S: Select>(
        &self,
        region: &Region,
        select: &S,
        work: &'w mut Workspace,
    ) -> &'w [u32] {
        match region {
            Region::Box(bounds) => self.in_box(bounds, select, work),
            _ => self.overlapping::<Portable, S>(
                &region.bounds(),
                |entry| region.overlaps(entry),
                select,
                work,
            ),
        }
    }

    /// All items that overlap `bounds` and pass `test`, which is monotone and false outside.
    #[inline]
    fn overlapping<'w, L: Lanes, S: Select>(
        &self,
        bounds: &Aabb,
        test: impl Fn(&Aabb) -> bool,
        select: &S,
        work: &'w mut Workspace,
    ) -> &'w [u32] {
        let Workspace { stack, keyed, slots, .. } = work;
        keyed.clear();
        stack.clear();
        if self.root != NOWHERE {
            stack.push(Visit { distance_squared: 0.0, index: self.root, height: self.height });
        }
        while let Some(Visit { index, height, .. }) = stack.pop() {
            if height == 0 {
                let page = self.pages.bucket(index);
                for lane in set_lanes(page.overlaps::<L>(bounds)) {
                    let slot = page.id(lane);
                    if test(&page.entry(lane)) && select.accepts(slot) {
                        keyed.push((select.key(slot), slot));
                    }
                }
            } else {
                let node = self.nodes.bucket(index);
                for lane in set_lanes(node.overlaps::<L>(bounds)) {
                    if test(&node.entry(lane)) {
                        stack.push(Visit {
                            distance_squared: 0.0,
                            index: node.id(lane),
                            height: height - 1,
                        });
                    }
                }
            }
        }
        keyed.sort_unstable();
        slots.clear();
        slots.extend(keyed.iter().map(|&(_, slot)| slot));
        slots
    }
}
