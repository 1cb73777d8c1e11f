//! All items within a radius.

use super::super::vector::Vec3;
use super::error::{QueryError, query_point, radius_squared};
use super::extent::Extent;
use super::lanes::{Lanes, Portable, set_lanes};
use super::page::{Bucket, Page};
use super::select::Select;
use super::workspace::{Hit, Visit, Workspace};
use super::{Bvh, NOWHERE};

impl<E: Extent> Bvh<E> {
    /// All items of at most `radius · radius` squared distance from `point` that `select` accepts,
    /// in the order (d², key). A box is as far as its nearest point, zero inside.
    ///
    /// O(log n + m log m) for m hits.
    ///
    /// # Errors
    /// [`QueryError::PointNotFinite`], [`QueryError::BadRadius`].
    pub fn within<'w, S: Select>(
        &self,
        point: Vec3,
        radius: f32,
        select: &S,
        work: &'w mut Workspace,
    ) -> Result<&'w [Hit], QueryError> {
        let (point, limit) = (query_point(point)?, radius_squared(radius)?);
        self.collect_within::<Portable, S>(point, limit, select, work);
        sort(&mut work.hits, select);
        Ok(&work.hits)
    }

    #[inline]
    fn collect_within<L: Lanes, S: Select>(
        &self,
        point: Vec3,
        limit: f32,
        select: &S,
        work: &mut Workspace,
    ) {
        let Workspace { stack, hits, .. } = work;
        hits.clear();
        stack.clear();
        if self.root != NOWHERE {
            stack.push(Visit { distance_squared: 0.0, index: self.root, height: self.height });
        }
        while let Some(Visit { index, height, .. }) = stack.pop() {
            if height == 0 {
                let page = self.pages.bucket(index);
                let distances = page.distances_squared::<L>(point);
                let near = distances.at_most(L::splat(limit));
                let distances = distances.to_array();
                for lane in set_lanes(near) {
                    let slot = page.id(lane);
                    if select.accepts(slot) {
                        hits.push(Hit { slot, distance_squared: distances[lane] });
                    }
                }
            } else {
                let node = self.nodes.bucket(index);
                let distances = node.distances_squared::<L>(point);
                for lane in set_lanes(distances.at_most(L::splat(limit))) {
                    stack.push(Visit {
                        distance_squared: 0.0,
                        index: node.id(lane),
                        height: height - 1,
                    });
                }
            }
        }
    }
}

/// Sorts by (d², key, slot): first by one integer of distance and slot, since distances are not
/// negative and order as their bits do; then each run of equal distances by key.
fn sort<S: Select>(hits: &mut [Hit], select: &S) {
    hits.sort_unstable_by_key(|hit| {
        u64::from(hit.distance_squared.to_bits()) << 32 | u64::from(hit.slot)
    });
    for run in hits.chunk_by_mut(|a, b| a.distance_squared == b.distance_squared) {
        if run.len() > 1 {
            run.sort_unstable_by_key(|hit| (select.key(hit.slot), hit.slot));
        }
    }
}
