//! The nearest items.

use super::super::vector::Vec3;
use super::error::{QueryError, query_point, radius_squared};
use super::extent::Extent;
use super::lanes::{Lanes, Portable, set_lanes};
use super::page::{Bucket, Page};
use super::select::Select;
use super::workspace::{Hit, Visit, Workspace};
use super::{Bvh, NOWHERE};

impl<E: Extent> Bvh<E> {
    /// The `k` items nearest to `point` that `select` accepts, in the order (d², key); fewer where
    /// there are fewer. A box is as far as its nearest point, zero inside.
    ///
    /// O(log n + k) for items that are spread out; linear in the items at one and the same distance
    /// as the last hit, since their keys decide.
    ///
    /// # Errors
    /// [`QueryError::PointNotFinite`].
    pub fn nearest<'w, S: Select>(
        &self,
        point: Vec3,
        k: usize,
        select: &S,
        work: &'w mut Workspace,
    ) -> Result<&'w [Hit], QueryError> {
        let point = query_point(point)?;
        Ok(self.search::<Portable, S>(point, k, f32::INFINITY, select, work))
    }

    /// As [`nearest`](Self::nearest), of the items within `radius` metres: those of at most
    /// `radius · radius` squared distance. So also a [`within`](Self::within) with a limit.
    ///
    /// # Errors
    /// [`QueryError::PointNotFinite`], [`QueryError::BadRadius`].
    pub fn nearest_within<'w, S: Select>(
        &self,
        point: Vec3,
        k: usize,
        radius: f32,
        select: &S,
        work: &'w mut Workspace,
    ) -> Result<&'w [Hit], QueryError> {
        let (point, limit) = (query_point(point)?, radius_squared(radius)?);
        Ok(self.search::<Portable, S>(point, k, limit, select, work))
    }

    /// Depth first, the nearer child before the farther one.
    #[inline]
    fn search<'w, L: Lanes, S: Select>(
        &self,
        point: Vec3,
        k: usize,
        limit: f32,
        select: &S,
        work: &'w mut Workspace,
    ) -> &'w [Hit] {
        let Workspace { stack, best, .. } = work;
        best.start(k, limit);
        stack.clear();
        if self.root != NOWHERE && k > 0 {
            stack.push(Visit { distance_squared: 0.0, index: self.root, height: self.height });
        }
        while let Some(visit) = stack.pop() {
            if visit.distance_squared > best.bound() {
                continue;
            }
            if visit.height == 0 {
                let page = self.pages.bucket(visit.index);
                let distances = page.distances_squared::<L>(point);
                let near = distances.at_most(L::splat(best.bound()));
                let distances = distances.to_array();
                for lane in set_lanes(near) {
                    let hit = Hit { slot: page.id(lane), distance_squared: distances[lane] };
                    if hit.distance_squared <= best.bound() && select.accepts(hit.slot) {
                        best.offer(hit, select);
                    }
                }
            } else {
                let node = self.nodes.bucket(visit.index);
                let distances = node.distances_squared::<L>(point);
                let near = distances.at_most(L::splat(best.bound()));
                let distances = distances.to_array();
                let base = stack.len();
                for lane in set_lanes(near) {
                    let child = Visit {
                        distance_squared: distances[lane],
                        index: node.id(lane),
                        height: visit.height - 1,
                    };
                    // The nearest goes on top.
                    let mut at = stack.len();
                    stack.push(child);
                    while at > base && stack[at - 1].distance_squared < child.distance_squared {
                        stack[at] = stack[at - 1];
                        at -= 1;
                    }
                    stack[at] = child;
                }
            }
        }
        best.finish(select)
    }
}
