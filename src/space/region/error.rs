//! Why numbers make no region.

use thiserror::Error;

use super::super::vector::Vec3;

/// Why a region's constructor refused its input: what was given, and what was expected.
#[derive(Clone, Copy, PartialEq, Debug, Error)]
#[non_exhaustive]
pub enum RegionError {
    /// A position is infinite or not a number.
    #[error("point {point:?} is not finite")]
    PointNotFinite {
        /// The point as given.
        point: Vec3,
    },
    /// A length, an angle or another number is infinite or not a number.
    #[error("{name} is {value}, expected a finite number")]
    NotFinite {
        /// Which number.
        name: &'static str,
        /// The number as given.
        value: f32,
    },
    /// A length is negative.
    #[error("{name} is {value}, expected at least 0")]
    Negative {
        /// Which length.
        name: &'static str,
        /// The length as given, in metres.
        value: f32,
    },
    /// A lower end lies above its upper end.
    #[error("{name} is inverted: from {low} to {high}")]
    Inverted {
        /// Which range.
        name: &'static str,
        /// The lower end as given.
        low: f32,
        /// The upper end as given.
        high: f32,
    },
    /// A view angle is not strictly between −90° and 90°.
    #[error("{name} is {value_rad} rad, expected more than -pi/2 and less than pi/2")]
    AngleOutOfRange {
        /// Which angle.
        name: &'static str,
        /// The angle as given, in radians.
        value_rad: f32,
    },
    /// The pose of the region is no pose.
    #[error("the region's pose: {0}")]
    Pose(#[from] super::super::pose::PoseError),
    /// A plane's normal is zero.
    #[error("plane {index} has a normal of length zero")]
    ZeroNormal {
        /// Which plane, from 0.
        index: usize,
    },
    /// Three planes that should meet in a corner do not, so the planes bound no volume.
    #[error("planes {planes:?} meet in no single finite corner")]
    Unbounded {
        /// The indices of the planes, from 0.
        planes: [usize; 3],
    },
    /// A plane cuts off a corner of the volume that the other planes bound, so the planes are out
    /// of order, face outward, or leave no point inside.
    #[error("plane {plane} cuts off the corner at {corner:?}")]
    CornerOutside {
        /// The plane, from 0.
        plane: usize,
        /// The corner where three others meet.
        corner: Vec3,
    },
    /// A polygon has too few or too many corners.
    #[error("a footprint of {given} corners, expected {min} to {max}")]
    CornerCount {
        /// How many corners were given.
        given: usize,
        /// The fewest that make a polygon.
        min: usize,
        /// The most that are taken.
        max: usize,
    },
}

/// `value` where it is a finite number.
pub(super) fn finite(name: &'static str, value: f32) -> Result<f32, RegionError> {
    if value.is_finite() { Ok(value) } else { Err(RegionError::NotFinite { name, value }) }
}

/// `value` where it is finite and not negative.
pub(super) fn length(name: &'static str, value: f32) -> Result<f32, RegionError> {
    let value = finite(name, value)?;
    if value < 0.0 { Err(RegionError::Negative { name, value }) } else { Ok(value) }
}

/// `point` where all its coordinates are finite.
pub(super) fn finite_point(point: Vec3) -> Result<Vec3, RegionError> {
    if point.is_finite() { Ok(point) } else { Err(RegionError::PointNotFinite { point }) }
}

/// Both ends where they are finite and in order.
pub(super) fn range(name: &'static str, low: f32, high: f32) -> Result<(), RegionError> {
    let (low, high) = (finite(name, low)?, finite(name, high)?);
    if low > high { Err(RegionError::Inverted { name, low, high }) } else { Ok(()) }
}
