//! Every query, on one tree or on two that share their slots; many at once are in `batch`.

use super::super::ray::Ray;
use super::super::region::{Aabb, Frustum, OrientedBox, Region};
use super::super::vector::Vec3;
use super::all::All;
use super::error::{QueryError, query_point, radius_squared, reach};
use super::extent::Extent;
use super::first::{First, Measure};
use super::lanes::{Lanes, Path};
use super::overlap::Overlap;
use super::page::Page;
use super::select::Select;
use super::tree::Tree;
use super::volume::Volume;
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
pub(super) struct Near(pub(super) Vec3);

impl Measure for Near {
    #[inline(always)]
    fn measure<P: Page, L: Lanes>(&self, page: &P) -> L {
        page.distances_squared(self.0)
    }
}

/// Distances along a ray.
#[derive(Clone, Copy)]
pub(super) struct Along(pub(super) Ray);

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
        self.all(Near(point), limit, select, work);
        Ok(&work.hits)
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
        self.in_box_first(bounds, usize::MAX, select, work)
    }

    /// As [`in_box`](Self::in_box), of those the `limit` first.
    ///
    /// O(log n + m) for m hits and O(limit log limit): all are found, since keys tell nothing of
    /// where an item lies.
    pub fn in_box_first<'w, S: Select>(
        &self,
        bounds: &Aabb,
        limit: usize,
        select: &S,
        work: &'w mut Workspace,
    ) -> &'w [u32] {
        self.inside(bounds, limit, select, work)
    }

    /// All points that the oriented box contains, or all boxes that it overlaps by
    /// [`OrientedBox::overlaps`]: the `limit` first, as slots in the order of their keys.
    ///
    /// As costly as [`in_box_first`](Self::in_box_first) of its bounds.
    pub fn in_oriented_box<'w, S: Select>(
        &self,
        oriented: &OrientedBox,
        limit: usize,
        select: &S,
        work: &'w mut Workspace,
    ) -> &'w [u32] {
        self.inside(oriented, limit, select, work)
    }

    /// All points that the frustum contains, or all boxes that it overlaps by [`Frustum::overlaps`]:
    /// the `limit` first, as slots in the order of their keys.
    ///
    /// O(log n + m log m) for m hits.
    pub fn in_frustum<'w, S: Select>(
        &self,
        frustum: &Frustum,
        limit: usize,
        select: &S,
        work: &'w mut Workspace,
    ) -> &'w [u32] {
        self.inside(frustum, limit, select, work)
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
        self.in_region_first(region, usize::MAX, select, work)
    }

    /// As [`in_region`](Self::in_region), of those the `limit` first.
    pub fn in_region_first<'w, S: Select>(
        &self,
        region: &Region,
        limit: usize,
        select: &S,
        work: &'w mut Workspace,
    ) -> &'w [u32] {
        match region {
            Region::Sphere(sphere) => self.inside(sphere, limit, select, work),
            Region::Box(bounds) => self.inside(bounds, limit, select, work),
            Region::OrientedBox(oriented) => self.inside(oriented, limit, select, work),
            Region::Frustum(frustum) => self.inside(frustum, limit, select, work),
            Region::Prism(prism) => self.inside(prism, limit, select, work),
        }
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
        Ok(self.along(ray, reach(reach_m)?, limit, select, work))
    }

    pub(super) fn along<'w, S: Select>(
        &self,
        ray: &Ray,
        reach_m: f32,
        limit: usize,
        select: &S,
        work: &'w mut Workspace,
    ) -> &'w [RayHit] {
        if limit <= FEW_RAY_HITS {
            self.first(Along(*ray), limit, reach_m, select, work);
            return RayHit::cast(work.best.hits());
        }
        self.all(Along(*ray), reach_m, select, work);
        RayHit::cast(&work.hits[..limit.min(work.hits.len())])
    }

    #[inline]
    pub(super) fn first<M: Measure, S: Select>(
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
    pub(super) fn all<M: Measure, S: Select>(
        &self,
        measure: M,
        limit: f32,
        select: &S,
        work: &mut Workspace,
    ) {
        self.path.run(All { trees: self.trees, measure, limit, select, work });
    }

    #[inline]
    fn inside<'w, V: Volume, S: Select>(
        &self,
        volume: &V,
        limit: usize,
        select: &S,
        work: &'w mut Workspace,
    ) -> &'w [u32] {
        let trees = self.trees;
        self.path.run(Overlap { trees, volume, limit, select, work: &mut *work });
        &work.slots
    }
}

/// Up to here, a search for the first hits costs less than all hits sorted.
const FEW_RAY_HITS: usize = 48;
