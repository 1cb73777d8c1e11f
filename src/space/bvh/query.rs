//! The queries of a tree: those of its view.

use super::super::ray::Ray;
use super::super::region::{Aabb, Region};
use super::super::vector::Vec3;
use super::Bvh;
use super::error::QueryError;
use super::extent::Extent;
use super::select::Select;
use super::tree::Tree;
use super::view::View;
use super::workspace::{Hit, RayHit, Workspace};

impl<E: Extent> Bvh<E> {
    /// What the tree holds, for any query. Constant time.
    #[inline]
    #[must_use]
    pub fn view(&self) -> View<'_, E> {
        View { trees: [self.tree(), Tree::EMPTY], path: self.path }
    }

    /// [`View::nearest`].
    ///
    /// # Errors
    /// As there.
    #[inline]
    pub fn nearest<'w, S: Select>(
        &self,
        point: Vec3,
        k: usize,
        select: &S,
        work: &'w mut Workspace,
    ) -> Result<&'w [Hit], QueryError> {
        self.view().nearest(point, k, select, work)
    }

    /// [`View::nearest_within`].
    ///
    /// # Errors
    /// As there.
    #[inline]
    pub fn nearest_within<'w, S: Select>(
        &self,
        point: Vec3,
        k: usize,
        radius: f32,
        select: &S,
        work: &'w mut Workspace,
    ) -> Result<&'w [Hit], QueryError> {
        self.view().nearest_within(point, k, radius, select, work)
    }

    /// [`View::within`].
    ///
    /// # Errors
    /// As there.
    #[inline]
    pub fn within<'w, S: Select>(
        &self,
        point: Vec3,
        radius: f32,
        select: &S,
        work: &'w mut Workspace,
    ) -> Result<&'w [Hit], QueryError> {
        self.view().within(point, radius, select, work)
    }

    /// [`View::in_box`].
    #[inline]
    pub fn in_box<'w, S: Select>(
        &self,
        bounds: &Aabb,
        select: &S,
        work: &'w mut Workspace,
    ) -> &'w [u32] {
        self.view().in_box(bounds, select, work)
    }

    /// [`View::in_region`].
    #[inline]
    pub fn in_region<'w, S: Select>(
        &self,
        region: &Region,
        select: &S,
        work: &'w mut Workspace,
    ) -> &'w [u32] {
        self.view().in_region(region, select, work)
    }

    /// [`View::ray`].
    ///
    /// # Errors
    /// As there.
    #[inline]
    pub fn ray<S: Select>(
        &self,
        ray: &Ray,
        reach_m: f32,
        select: &S,
        work: &mut Workspace,
    ) -> Result<Option<RayHit>, QueryError> {
        self.view().ray(ray, reach_m, select, work)
    }

    /// [`View::ray_all`].
    ///
    /// # Errors
    /// As there.
    #[inline]
    pub fn ray_all<'w, S: Select>(
        &self,
        ray: &Ray,
        reach_m: f32,
        limit: usize,
        select: &S,
        work: &'w mut Workspace,
    ) -> Result<&'w [RayHit], QueryError> {
        self.view().ray_all(ray, reach_m, limit, select, work)
    }

    #[inline]
    pub(super) fn tree(&self) -> Tree<'_, E> {
        Tree {
            pages: self.pages.table(),
            nodes: self.nodes.table(),
            root: self.root,
            height: self.height,
        }
    }
}
