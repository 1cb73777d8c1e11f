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
    use super::{Aabb, Vec3, Workspace};

    pub trait Paged: Copy + PartialEq + core::fmt::Debug + 'static {
        /// The leaf page that holds sixteen of them.
        #[expect(private_bounds, reason = "sealed: no other crate names a page")]
        type Page: Page;

        fn to_box(self) -> Aabb;

        /// The extent that [`to_box`](Self::to_box) gave.
        fn from_box(bounds: &Aabb) -> Self;

        /// Whether it is finite and not inverted.
        fn is_valid(self) -> bool;

        /// Whether its middle does not tell it: a build then looks it up.
        const IN_LIST: bool;

        /// Its middle, finite.
        fn middle(self) -> Vec3;

        /// What has this middle and no size.
        fn from_middle(middle: Vec3) -> Self;

        /// The workspace's list of items of this extent.
        fn list(work: &mut Workspace) -> &mut Vec<(u32, Self)>;
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

    const IN_LIST: bool = false;

    #[inline]
    fn middle(self) -> Vec3 {
        self
    }

    #[inline]
    fn from_middle(middle: Vec3) -> Self {
        middle
    }

    fn list(work: &mut Workspace) -> &mut Vec<(u32, Self)> {
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

    const IN_LIST: bool = true;

    #[inline]
    fn middle(self) -> Vec3 {
        self.centre()
    }

    #[inline]
    fn from_middle(middle: Vec3) -> Self {
        Self::from_corners(middle, middle)
    }

    fn list(work: &mut Workspace) -> &mut Vec<(u32, Self)> {
        &mut work.boxes
    }
}
