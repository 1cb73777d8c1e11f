//! What an item of a tree is: a point or a box.

use super::super::region::Aabb;
use super::super::vector::Vec3;
use super::node::Node;
use super::page::PointPage;
use super::workspace::Workspace;

/// The extent of an item: [`Vec3`] or [`Aabb`], no other.
pub trait Extent: sealed::Paged {}

impl Extent for Vec3 {}
impl Extent for Aabb {}

mod sealed {
    use super::super::page::Page;
    use super::{Aabb, Workspace};

    pub trait Paged: Copy + PartialEq + core::fmt::Debug + 'static {
        /// The leaf page that holds sixteen of them.
        #[expect(private_bounds, reason = "sealed: no other crate names a page")]
        type Page: Page;

        fn to_box(self) -> Aabb;

        /// The extent that [`to_box`](Self::to_box) gave.
        fn from_box(bounds: &Aabb) -> Self;

        /// Whether it is finite and not inverted.
        fn is_valid(self) -> bool;

        /// The workspace's list of items of this extent.
        fn list(work: &mut Workspace) -> &mut Vec<(Self, u32)>;
    }
}

impl sealed::Paged for Vec3 {
    type Page = PointPage;

    #[inline]
    fn to_box(self) -> Aabb {
        Aabb::from_corners(self, self)
    }

    #[inline]
    fn from_box(bounds: &Aabb) -> Self {
        bounds.low()
    }

    #[inline]
    fn is_valid(self) -> bool {
        self.is_finite()
    }

    fn list(work: &mut Workspace) -> &mut Vec<(Self, u32)> {
        &mut work.points
    }
}

impl sealed::Paged for Aabb {
    type Page = Node;

    #[inline]
    fn to_box(self) -> Aabb {
        self
    }

    #[inline]
    fn from_box(bounds: &Aabb) -> Self {
        *bounds
    }

    #[inline]
    fn is_valid(self) -> bool {
        self.parsed().is_ok()
    }

    fn list(work: &mut Workspace) -> &mut Vec<(Self, u32)> {
        &mut work.boxes
    }
}
