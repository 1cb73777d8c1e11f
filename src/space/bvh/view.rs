//! Every query, on one tree or on two that share their slots.

use super::super::ray::Ray;
use super::super::region::{Aabb, Region};
use super::super::vector::Vec3;
use super::all::All;
use super::error::{QueryError, query_point, radius_squared, reach};
use super::extent::Extent;
use super::first::{First, Measure};
use super::lanes::{Lanes, Path};
use super::morton::Grid;
use super::overlap::Overlap;
use super::page::Page;
use super::select::Select;
use super::tree::Tree;
use super::workspace::{Hit, RayHit, Workspace};

/// What queries see: the items of a [`Bvh`](super::Bvh), of [`Tiers`](super::Tiers), or of a
/// snapshot of either. It borrows, copies freely, and may be used by any number of threads, each
/// with its own [`Workspace`].
///
/// Each query takes what [`Select`] accepts. Its hits lie in the workspace until the next query.
#[derive(Debug)]
pub struct View<'a, E: Extent> {
    /// The larger one first: its bound spares most of the other.
    pub(super) trees: [Tree<'a, E>; 2],
    pub(super) path: Path,
}

impl<E: Extent> Clone for View<'_, E> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<E: Extent> Copy for View<'_, E> {}

/// Squared distances from a point.
#[derive(Clone, Copy)]
struct Near(Vec3);

impl Measure for Near {
    #[inline(always)]
    fn measure<P: Page, L: Lanes>(&self, page: &P) -> L {
        page.distances_squared(self.0)
    }
}

/// Distances along a ray.
#[derive(Clone, Copy)]
struct Along(Ray);

impl Measure for Along {
    #[inline(always)]
    fn measure<P: Page, L: Lanes>(&self, page: &P) -> L {
        page.ray_distances(&self.0)
    }
}

impl<'a, E: Extent> View<'a, E> {
    /// The `k` items nearest to `point`, in the order (d², key); fewer where there are fewer. A box
    /// is as far as its nearest point, zero inside.
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
        self.first(Near(point), k, f32::INFINITY, select, work);
        Ok(work.best.hits())
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
        self.first(Near(point), k, limit, select, work);
        Ok(work.best.hits())
    }

    /// All items of at most `radius · radius` squared distance from `point`, in the order (d², key).
    /// A box is as far as its nearest point, zero inside.
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
        let (trees, measure) = (self.trees, Near(point));
        self.path.run(All { trees, measure, limit, select, work: &mut *work });
        Ok(&work.hits)
    }

    /// [`nearest`](Self::nearest) for each of `points`, in an order that visits near ones after each
    /// other and so finds the tree in the cache: each answer goes to `each` with the index of its
    /// point. The order follows from the points and the tree's bounds alone.
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
        self.in_order(points, work, |index, point, work| {
            self.first(Near(point), k, f32::INFINITY, select, work);
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
        self.in_order(points, work, |index, point, work| {
            let (trees, measure) = (self.trees, Near(point));
            self.path.run(All { trees, measure, limit, select, work: &mut *work });
            each(index, &work.hits);
        })
    }

    /// All items that have a point in common with `bounds`, boundaries included, as slots in the
    /// order of their keys.
    ///
    /// O(log n + m log m) for m hits.
    pub fn in_box<'w, S: Select>(
        &self,
        bounds: &Aabb,
        select: &S,
        work: &'w mut Workspace,
    ) -> &'w [u32] {
        self.overlap(bounds, |_| true, select, work);
        &work.slots
    }

    /// All points that `region` contains, or all boxes that it overlaps by [`Region::overlaps`], as
    /// slots in the order of their keys.
    ///
    /// O(log n + m log m) for m hits, times the corners of a prism.
    pub fn in_region<'w, S: Select>(
        &self,
        region: &Region,
        select: &S,
        work: &'w mut Workspace,
    ) -> &'w [u32] {
        match region {
            Region::Box(bounds) => self.overlap(bounds, |_| true, select, work),
            _ => self.overlap(&region.bounds(), |entry| region.overlaps(entry), select, work),
        }
        &work.slots
    }

    /// The first item that the ray enters within `reach_m` metres (which may be infinite), by
    /// [`Ray::enters`]; of those at one distance the one of the least key. O(log n) for items that
    /// are spread out.
    ///
    /// # Errors
    /// [`QueryError::BadReach`].
    pub fn ray<S: Select>(
        &self,
        ray: &Ray,
        reach_m: f32,
        select: &S,
        work: &mut Workspace,
    ) -> Result<Option<RayHit>, QueryError> {
        self.first(Along(*ray), 1, reach(reach_m)?, select, work);
        Ok(work.best.hits().first().map(|&hit| hit.into()))
    }

    /// The items that the ray enters within `reach_m` metres (which may be infinite), in the order
    /// (distance, key), at most `limit` of them.
    ///
    /// O(log n + m log m) for m hits.
    ///
    /// # Errors
    /// [`QueryError::BadReach`].
    pub fn ray_all<'w, S: Select>(
        &self,
        ray: &Ray,
        reach_m: f32,
        limit: usize,
        select: &S,
        work: &'w mut Workspace,
    ) -> Result<&'w [RayHit], QueryError> {
        let (trees, measure, reach_m) = (self.trees, Along(*ray), reach(reach_m)?);
        if limit <= FEW_RAY_HITS {
            self.first(measure, limit, reach_m, select, work);
            return Ok(RayHit::cast(work.best.hits()));
        }
        self.path.run(All { trees, measure, limit: reach_m, select, work: &mut *work });
        Ok(RayHit::cast(&work.hits[..limit.min(work.hits.len())]))
    }

    #[inline]
    fn first<M: Measure, S: Select>(
        &self,
        measure: M,
        k: usize,
        limit: f32,
        select: &S,
        work: &mut Workspace,
    ) {
        self.path.run(First { trees: self.trees, measure, k, limit, select, work });
    }

    #[inline]
    fn overlap<S: Select>(
        &self,
        bounds: &Aabb,
        test: impl Fn(&Aabb) -> bool,
        select: &S,
        work: &mut Workspace,
    ) {
        self.path.run(Overlap { trees: self.trees, bounds, test, select, work });
    }

    /// Calls `ask` with each point, near ones after each other.
    fn in_order(
        &self,
        points: &[Vec3],
        work: &mut Workspace,
        mut ask: impl FnMut(usize, Vec3, &mut Workspace),
    ) -> Result<(), QueryError> {
        for &point in points {
            query_point(point)?;
        }
        let mut order = core::mem::take(&mut work.order);
        order.clear();
        let grid = Grid::around(points.iter().copied());
        let ranked = (0u64..).zip(points);
        order.extend(ranked.map(|(index, &point)| u64::from(grid.code(point)) << 32 | index));
        order.sort_unstable();
        for &rank in &order {
            let index = rank as u32 as usize;
            ask(index, points[index], work);
        }
        work.order = order;
        Ok(())
    }
}

/// Up to here, a search for the first hits costs less than all hits sorted.
const FEW_RAY_HITS: usize = 48;
