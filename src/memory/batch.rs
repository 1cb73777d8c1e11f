//! Many queries at once.
//!
//! They are asked in an order that visits near ones after each other and so finds the pages in the
//! cache; that order follows from the queries alone. Each answer goes to a closure with the index of
//! its question, and lies in the workspace until the next.

use super::filter::Filter;
use super::object::ObjectId;
use super::query::{FEW, MemoryView};
use super::select::{Any, OfClass, select};
use super::workspace::{Found, RayFound, Workspace};
use crate::space::bvh::QueryError;
use crate::space::{Aabb, Frustum, OrientedBox, Ray, Region, Vec3};

impl MemoryView<'_> {
    /// [`nearest`](Self::nearest) for each of `points`.
    ///
    /// # Errors
    /// [`QueryError::PointNotFinite`] for the first point that is not; then none was asked.
    pub fn nearest_each(
        &self,
        points: &[Vec3],
        limit: usize,
        filter: &Filter,
        work: &mut Workspace,
        mut each: impl FnMut(usize, &[Found]),
    ) -> Result<(), QueryError> {
        let Workspace { tree, found, .. } = work;
        select!(self, filter, |select| self.index.nearest_each(
            points,
            limit,
            select,
            tree,
            |at, hits| {
                self.name_hits(hits, found);
                each(at, found);
            }
        ))
    }

    /// [`within`](Self::within) for each of `points`.
    ///
    /// # Errors
    /// [`QueryError::PointNotFinite`] for the first point that is not, [`QueryError::BadRadius`];
    /// then none was asked.
    pub fn within_each(
        &self,
        points: &[Vec3],
        radius: f32,
        limit: usize,
        filter: &Filter,
        work: &mut Workspace,
        mut each: impl FnMut(usize, &[Found]),
    ) -> Result<(), QueryError> {
        let Workspace { tree, found, .. } = work;
        if limit <= FEW {
            return select!(self, filter, |select| self.index.nearest_within_each(
                points,
                limit,
                radius,
                select,
                tree,
                |at, hits| {
                    self.name_hits(hits, found);
                    each(at, found);
                }
            ));
        }
        select!(self, filter, |select| self.index.within_each(
            points,
            radius,
            select,
            tree,
            |at, hits| {
                self.name_hits(&hits[..limit.min(hits.len())], found);
                each(at, found);
            }
        ))
    }

    /// [`in_box`](Self::in_box) for each of `boxes`.
    pub fn in_box_each(
        &self,
        boxes: &[Aabb],
        limit: usize,
        filter: &Filter,
        work: &mut Workspace,
        mut each: impl FnMut(usize, &[ObjectId]),
    ) {
        let Workspace { tree, ids, .. } = work;
        let mut named = |at: usize, slots: &[u32]| {
            self.identify(slots, ids);
            each(at, ids);
        };
        select!(self, filter, |select| self
            .index
            .in_box_each(boxes, limit, select, tree, &mut named));
    }

    /// [`in_oriented_box`](Self::in_oriented_box) for each of `boxes`.
    pub fn in_oriented_box_each(
        &self,
        boxes: &[OrientedBox],
        limit: usize,
        filter: &Filter,
        work: &mut Workspace,
        mut each: impl FnMut(usize, &[ObjectId]),
    ) {
        let Workspace { tree, ids, .. } = work;
        let mut named = |at: usize, slots: &[u32]| {
            self.identify(slots, ids);
            each(at, ids);
        };
        select!(self, filter, |select| self
            .index
            .in_oriented_box_each(boxes, limit, select, tree, &mut named));
    }

    /// [`in_frustum`](Self::in_frustum) for each of `frusta`.
    pub fn in_frustum_each(
        &self,
        frusta: &[Frustum],
        limit: usize,
        filter: &Filter,
        work: &mut Workspace,
        mut each: impl FnMut(usize, &[ObjectId]),
    ) {
        let Workspace { tree, ids, .. } = work;
        let mut named = |at: usize, slots: &[u32]| {
            self.identify(slots, ids);
            each(at, ids);
        };
        select!(self, filter, |select| self
            .index
            .in_frustum_each(frusta, limit, select, tree, &mut named));
    }

    /// [`in_region`](Self::in_region) for each of `regions`.
    pub fn in_region_each(
        &self,
        regions: &[Region],
        limit: usize,
        filter: &Filter,
        work: &mut Workspace,
        mut each: impl FnMut(usize, &[ObjectId]),
    ) {
        let Workspace { tree, ids, .. } = work;
        let mut named = |at: usize, slots: &[u32]| {
            self.identify(slots, ids);
            each(at, ids);
        };
        select!(self, filter, |select| self
            .index
            .in_region_each(regions, limit, select, tree, &mut named));
    }

    /// [`ray`](Self::ray) for each of `rays`.
    ///
    /// # Errors
    /// [`QueryError::BadReach`]; then none was asked.
    pub fn ray_each(
        &self,
        rays: &[Ray],
        reach_m: f32,
        filter: &Filter,
        work: &mut Workspace,
        mut each: impl FnMut(usize, Option<RayFound>),
    ) -> Result<(), QueryError> {
        self.ray_all_each(rays, reach_m, 1, filter, work, |at, found| {
            each(at, found.first().copied());
        })
    }

    /// [`ray_all`](Self::ray_all) for each of `rays`.
    ///
    /// # Errors
    /// [`QueryError::BadReach`]; then none was asked.
    pub fn ray_all_each(
        &self,
        rays: &[Ray],
        reach_m: f32,
        limit: usize,
        filter: &Filter,
        work: &mut Workspace,
        mut each: impl FnMut(usize, &[RayFound]),
    ) -> Result<(), QueryError> {
        let Workspace { tree, rays: found, .. } = work;
        select!(self, filter, |select| self.index.ray_all_each(
            rays,
            reach_m,
            limit,
            select,
            tree,
            |at, hits| {
                self.name_rays(hits, found);
                each(at, found);
            }
        ))
    }
}
