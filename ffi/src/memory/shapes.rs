//! What is asked with: boxes, views, rays, as elements of arrays.

use bytemuck::{Pod, Zeroable};
use xrmesh::Vec3;
use xrmesh::space::{Aabb, FieldOfView, Frustum, OrientedBox, Ray};

use crate::failure::Failure;
use crate::pose::xrmesh_pose;
use crate::status::XRMESH_ERROR_GEOMETRY;

/// A box along the world's axes, in metres. 24 bytes.
#[derive(Clone, Copy, PartialEq, Debug, Default, Pod, Zeroable)]
#[repr(C)]
pub struct xrmesh_box {
    /// The least of each axis.
    pub low: [f32; 3],
    /// The greatest of each axis.
    pub high: [f32; 3],
}

/// A half line. 24 bytes.
#[derive(Clone, Copy, PartialEq, Debug, Default, Pod, Zeroable)]
#[repr(C)]
pub struct xrmesh_ray {
    /// Where it begins, in metres.
    pub origin: [f32; 3],
    /// Where it goes, of any length but zero.
    pub direction: [f32; 3],
}

/// A box that is turned. 40 bytes.
#[derive(Clone, Copy, PartialEq, Debug, Default, Pod, Zeroable)]
#[repr(C)]
pub struct xrmesh_oriented_box {
    /// Its middle, and how it is turned.
    pub pose: xrmesh_pose,
    /// Half its size along its own axes, in metres.
    pub half_extents: [f32; 3],
}

/// What a view sees: OpenXR's XrFovf from a pose. 52 bytes.
#[derive(Clone, Copy, PartialEq, Debug, Default, Pod, Zeroable)]
#[repr(C)]
pub struct xrmesh_frustum {
    /// The eye; it looks along its −Z.
    pub pose: xrmesh_pose,
    /// Negative where the edge lies to the left of straight ahead.
    pub left_rad: f32,
    /// The right edge.
    pub right_rad: f32,
    /// The upper edge.
    pub up_rad: f32,
    /// Negative where the edge lies below straight ahead.
    pub down_rad: f32,
    /// Above 0.
    pub near_m: f32,
    /// Beyond `near_m`.
    pub far_m: f32,
}

impl xrmesh_box {
    pub(crate) fn parsed(&self) -> Result<Aabb, Failure> {
        Aabb::new(Vec3::from_array(self.low), Vec3::from_array(self.high))
            .map_err(|error| Failure::new(XRMESH_ERROR_GEOMETRY, error))
    }
}

impl xrmesh_oriented_box {
    pub(crate) fn parsed(&self) -> Result<OrientedBox, Failure> {
        OrientedBox::new(&self.pose.parsed()?, Vec3::from_array(self.half_extents))
            .map_err(|error| Failure::new(XRMESH_ERROR_GEOMETRY, error))
    }
}

impl xrmesh_frustum {
    pub(crate) fn parsed(&self) -> Result<Frustum, Failure> {
        let Self { left_rad, right_rad, up_rad, down_rad, near_m, far_m, .. } = *self;
        let view = FieldOfView { left_rad, right_rad, up_rad, down_rad };
        Frustum::new(&self.pose.parsed()?, view, near_m, far_m)
            .map_err(|error| Failure::new(XRMESH_ERROR_GEOMETRY, error))
    }
}

impl xrmesh_ray {
    pub(crate) fn parsed(&self) -> Result<Ray, Failure> {
        Ray::new(Vec3::from_array(self.origin), Vec3::from_array(self.direction))
            .map_err(|error| Failure::new(XRMESH_ERROR_GEOMETRY, error))
    }
}
