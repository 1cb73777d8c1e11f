//! Many queries at once.
//!
//! A batch visits near queries after each other, along a curve through their middles, so that each
//! finds most of the tree in the cache. The order follows from the queries alone, and each answer is
//! what the query alone would give.

use super::super::ray::Ray;
use super::super::region::{Aabb, Frustum, OrientedBox, Region};
use super::super::vector::Vec3;
use super::error::{QueryError, query_point, radius_squared, reach};
use super::extent::Extent;
use super::morton::Grid;
use super::select::Select;
use super::view::{Near, View};
use super::workspace::{Hit, RayHit, Workspace};

impl<E: Extent> View<'_, E> {
    /// [`nearest`](Self::nearest) for each of `points`: each answer goes to `each` with the index of
    /// its point, in an order that follows from the points alone.
    ///
    /// # Errors
    /// [`QueryError::PointNotFinite`] for the first point that is not; then none was asked.
    pub fn nearest_each<S: Select>(
        &self,
        points: &[Vec3],
        k: usize,
        select: &S,
        work: &mut Workspace,
        mut each: impl FnMut(usize, &[Hit]),
    ) -> Result<(), QueryError> {
        at_points(points, work, |index, point, work| {
            self.first(Near(point), k, f32::INFINITY, select, work);
            each(index, work.best.hits());
        })
    }

    /// [`nearest_within`](Self::nearest_within) for each of `points`, as
    /// [`nearest_each`](Self::nearest_each).
    ///
    /// # Errors
    /// [`QueryError::PointNotFinite`] for the first point that is not, [`QueryError::BadRadius`];
    /// then none was asked.
    pub fn nearest_within_each<S: Select>(
        &self,
        points: &[Vec3],
        k: usize,
        radius: f32,
        select: &S,
        work: &mut Workspace,
        mut each: impl FnMut(usize, &[Hit]),
    ) -> Result<(), QueryError> {
        let limit = radius_squared(radius)?;
        at_points(points, work, |index, point, work| {
            self.first(Near(point), k, limit, select, work);
            each(index, work.best.hits());
        })
    }

    /// [`within`](Self::within) for each of `points`, as [`nearest_each`](Self::nearest_each).
    ///
    /// # Errors
    /// [`QueryError::PointNotFinite`] for the first point that is not, [`QueryError::BadRadius`];
    /// then none was asked.
    pub fn within_each<S: Select>(
        &self,
        points: &[Vec3],
        radius: f32,
        select: &S,
        work: &mut Workspace,
        mut each: impl FnMut(usize, &[Hit]),
    ) -> Result<(), QueryError> {
        let limit = radius_squared(radius)?;
        at_points(points, work, |index, point, work| {
            self.all(Near(point), limit, select, work);
            each(index, &work.hits);
        })
    }

    /// [`in_box_first`](Self::in_box_first) for each of `boxes`: each answer goes to `each` with the
    /// index of its box, in an order that follows from the boxes alone.
    pub fn in_box_each<S: Select>(
        &self,
        boxes: &[Aabb],
        limit: usize,
        select: &S,
        work: &mut Workspace,
        mut each: impl FnMut(usize, &[u32]),
    ) {
        in_order(boxes, Aabb::centre, work, |index, bounds, work| {
            each(index, self.in_box_first(bounds, limit, select, work));
        });
    }

    /// [`in_oriented_box`](Self::in_oriented_box) for each of `boxes`, as
    /// [`in_box_each`](Self::in_box_each).
    pub fn in_oriented_box_each<S: Select>(
        &self,
        boxes: &[OrientedBox],
        limit: usize,
        select: &S,
        work: &mut Workspace,
        mut each: impl FnMut(usize, &[u32]),
    ) {
        let middle = |oriented: &OrientedBox| oriented.pose().position();
        in_order(boxes, middle, work, |index, oriented, work| {
            each(index, self.in_oriented_box(oriented, limit, select, work));
        });
    }

    /// [`in_frustum`](Self::in_frustum) for each of `frusta`, as [`in_box_each`](Self::in_box_each).
    pub fn in_frustum_each<S: Select>(
        &self,
        frusta: &[Frustum],
        limit: usize,
        select: &S,
        work: &mut Workspace,
        mut each: impl FnMut(usize, &[u32]),
    ) {
        let middle = |frustum: &Frustum| frustum.bounds().centre();
        in_order(frusta, middle, work, |index, frustum, work| {
            each(index, self.in_frustum(frustum, limit, select, work));
        });
    }

    /// [`in_region_first`](Self::in_region_first) for each of `regions`, as
    /// [`in_box_each`](Self::in_box_each).
    pub fn in_region_each<S: Select>(
        &self,
        regions: &[Region],
        limit: usize,
        select: &S,
        work: &mut Workspace,
        mut each: impl FnMut(usize, &[u32]),
    ) {
        let middle = |region: &Region| region.bounds().centre();
        in_order(regions, middle, work, |index, region, work| {
            each(index, self.in_region_first(region, limit, select, work));
        });
    }

    /// [`ray`](Self::ray) for each of `rays`: each answer goes to `each` with the index of its ray,
    /// in an order that follows from the rays' origins alone.
    ///
    /// # Errors
    /// [`QueryError::BadReach`]; then none was asked.
    pub fn ray_each<S: Select>(
        &self,
        rays: &[Ray],
        reach_m: f32,
        select: &S,
        work: &mut Workspace,
        mut each: impl FnMut(usize, Option<RayHit>),
    ) -> Result<(), QueryError> {
        self.ray_all_each(rays, reach_m, 1, select, work, |index, hits| {
            each(index, hits.first().copied());
        })
    }

    /// [`ray_all`](Self::ray_all) for each of `rays`, as [`ray_each`](Self::ray_each).
    ///
    /// # Errors
    /// [`QueryError::BadReach`]; then none was asked.
    pub fn ray_all_each<S: Select>(
        &self,
        rays: &[Ray],
        reach_m: f32,
        limit: usize,
        select: &S,
        work: &mut Workspace,
        mut each: impl FnMut(usize, &[RayHit]),
    ) -> Result<(), QueryError> {
        let reach_m = reach(reach_m)?;
        in_order(rays, Ray::origin, work, |index, ray, work| {
            each(index, self.along(ray, reach_m, limit, select, work));
        });
        Ok(())
    }
}

/// Calls `ask` with each point, near ones after each other; with none where one is not finite.
fn at_points(
    points: &[Vec3],
    work: &mut Workspace,
    mut ask: impl FnMut(usize, Vec3, &mut Workspace),
) -> Result<(), QueryError> {
    for &point in points {
        query_point(point)?;
    }
    in_order(points, |&point| point, work, |index, &point, work| ask(index, point, work));
    Ok(())
}

/// Calls `ask` with each query, those with near middles after each other.
fn in_order<Q>(
    queries: &[Q],
    middle: impl Fn(&Q) -> Vec3,
    work: &mut Workspace,
    mut ask: impl FnMut(usize, &Q, &mut Workspace),
) {
    let mut order = core::mem::take(&mut work.order);
    order.clear();
    let grid = Grid::around(queries.iter().map(&middle));
    let ranked = (0u64..).zip(queries);
    order.extend(ranked.map(|(index, query)| u64::from(grid.code(middle(query))) << 32 | index));
    order.sort_unstable();
    for &rank in &order {
        let index = rank as u32 as usize;
        ask(index, &queries[index], work);
    }
    work.order = order;
}
