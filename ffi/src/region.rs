//! Volumes.
#![expect(unsafe_code, reason = "exports have C names")]

use xrmesh::space::{Aabb, FieldOfView, Frustum, OrientedBox, Prism, RegionError, Sphere, UpAxis};
use xrmesh::{Region, Vec3};

use crate::failure::{Failure, fail};
use crate::fence::fence_anywhere;
use crate::pointer::{Caller, extensible};
use crate::pose::xrmesh_pose;
use crate::status::*;

/// All within `radius` of `pose.position`.
pub const XRMESH_REGION_SPHERE: u32 = 1;
/// The box along the axes from `low` to `high`.
pub const XRMESH_REGION_BOX: u32 = 2;
/// The box of `half_extents` about `pose`, turned with it.
pub const XRMESH_REGION_ORIENTED_BOX: u32 = 3;
/// What a view from `pose` sees between `near_m` and `far_m`: `left_rad`, `right_rad`, `up_rad`,
/// `down_rad` as OpenXR's XrFovf.
pub const XRMESH_REGION_FRUSTUM: u32 = 4;
/// What stands on the polygon `corners` from `floor_m` to `ceiling_m` along `up_axis`.
pub const XRMESH_REGION_PRISM: u32 = 5;

/// A volume; which fields count depends on its kind. Fill it by `xrmesh_region_default`.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct xrmesh_region {
    /// The size of this struct.
    pub struct_size: u32,
    /// XRMESH_REGION_*.
    pub kind: u32,
    /// Sphere (its position), oriented box, frustum.
    pub pose: xrmesh_pose,
    /// Sphere, in metres.
    pub radius: f32,
    /// Box, in metres.
    pub low: [f32; 3],
    /// Box, in metres.
    pub high: [f32; 3],
    /// Oriented box, in metres.
    pub half_extents: [f32; 3],
    /// Frustum: negative where the edge lies to the left of straight ahead.
    pub left_rad: f32,
    /// Frustum.
    pub right_rad: f32,
    /// Frustum.
    pub up_rad: f32,
    /// Frustum: negative where the edge lies below straight ahead.
    pub down_rad: f32,
    /// Frustum.
    pub near_m: f32,
    /// Frustum.
    pub far_m: f32,
    /// Prism.
    pub floor_m: f32,
    /// Prism.
    pub ceiling_m: f32,
    /// Prism: 0 for X, 1 for Y, 2 for Z. The corners are given in the two other axes, in their order.
    pub up_axis: u32,
    /// Prism: how many corners, 3 to 65,536.
    pub corner_count: u32,
    /// Zero.
    pub reserved: u32,
    /// Prism: two numbers a corner, in metres.
    pub corners: *const f32,
}

extensible!(xrmesh_region);

/// Fills the region with a sphere of radius 0 at the origin. NULL is let be.
///
/// Any thread, also in callbacks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_region_default(region: *mut xrmesh_region) {
    fence_anywhere!(
        quiet | caller | {
            caller.out(region, "region")?.set(xrmesh_region {
                struct_size: size_of::<xrmesh_region>() as u32,
                kind: XRMESH_REGION_SPHERE,
                pose: xrmesh_pose { position: [0.0; 3], orientation: [0.0, 0.0, 0.0, 1.0] },
                radius: 0.0,
                low: [0.0; 3],
                high: [0.0; 3],
                half_extents: [0.0; 3],
                left_rad: 0.0,
                right_rad: 0.0,
                up_rad: 0.0,
                down_rad: 0.0,
                near_m: 0.0,
                far_m: 0.0,
                floor_m: 0.0,
                ceiling_m: 0.0,
                up_axis: 1,
                corner_count: 0,
                reserved: 0,
                corners: core::ptr::null(),
            });
            Ok(XRMESH_OK)
        }
    );
}

/// The region that the host gave.
pub(crate) fn read(caller: &Caller, region: *const xrmesh_region) -> Result<Region, Failure> {
    let region = caller.extensible(region)?;
    let refused = |error: RegionError| Failure::new(XRMESH_ERROR_GEOMETRY, error);
    let (low, high) = (Vec3::from_array(region.low), Vec3::from_array(region.high));
    if region.reserved != 0 {
        fail!(XRMESH_ERROR_RESERVED, "the region's reserved field is not zero");
    }
    Ok(match region.kind {
        XRMESH_REGION_SPHERE => {
            let centre = Vec3::from_array(region.pose.position);
            Sphere::new(centre, region.radius).map_err(refused)?.into()
        }
        XRMESH_REGION_BOX => Aabb::new(low, high).map_err(refused)?.into(),
        XRMESH_REGION_ORIENTED_BOX => {
            let half = Vec3::from_array(region.half_extents);
            OrientedBox::new(&region.pose.parsed()?, half).map_err(refused)?.into()
        }
        XRMESH_REGION_FRUSTUM => {
            let xrmesh_region { left_rad, right_rad, up_rad, down_rad, .. } = region;
            let view = FieldOfView { left_rad, right_rad, up_rad, down_rad };
            let pose = region.pose.parsed()?;
            Region::Frustum(
                Frustum::new(&pose, view, region.near_m, region.far_m).map_err(refused)?,
            )
        }
        XRMESH_REGION_PRISM => {
            let up = match region.up_axis {
                0 => UpAxis::X,
                1 => UpAxis::Y,
                2 => UpAxis::Z,
                given => fail!(XRMESH_ERROR_UNKNOWN_VALUE, "up_axis is {given}, known are 0 to 2"),
            };
            let count = region.corner_count;
            let corners = caller.slice(region.corners.cast::<[f32; 2]>(), count, "corners")?;
            let (floor, ceiling) = (region.floor_m, region.ceiling_m);
            Region::Prism(Prism::new(corners, up, floor, ceiling).map_err(refused)?)
        }
        given => fail!(XRMESH_ERROR_UNKNOWN_VALUE, "a region of kind {given}, known are 1 to 5"),
    })
}

/// The same where there may be none.
pub(crate) fn read_optional(
    caller: &Caller,
    region: *const xrmesh_region,
) -> Result<Option<Region>, Failure> {
    if region.is_null() { Ok(None) } else { read(caller, region).map(Some) }
}
