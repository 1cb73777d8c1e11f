//! Why a change or a query was refused.

use thiserror::Error;

use super::super::vector::Vec3;

/// Why the tree refused an item. A refused batch changes nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[non_exhaustive]
pub enum ItemError {
    /// The item's point or box is infinite, not a number or inverted.
    #[error("the extent of slot {slot} is not finite or is inverted")]
    BadExtent {
        /// The item's slot.
        slot: u32,
    },
    /// The slot is beyond the tree's limit.
    #[error("slot {slot} is out of range, expected less than {limit}")]
    SlotOutOfRange {
        /// The slot as given.
        slot: u32,
        /// Slots lie below this.
        limit: u32,
    },
    /// The slot already holds an item, or the batch names it twice.
    #[error("slot {slot} already holds an item")]
    Occupied {
        /// The slot as given.
        slot: u32,
    },
    /// The slot holds no item.
    #[error("slot {slot} holds no item")]
    Vacant {
        /// The slot as given.
        slot: u32,
    },
}

/// Why the tree refused a query.
#[derive(Clone, Copy, PartialEq, Debug, Error)]
#[non_exhaustive]
pub enum QueryError {
    /// The query's point is infinite or not a number.
    #[error("query point {point:?} is not finite")]
    PointNotFinite {
        /// The point as given.
        point: Vec3,
    },
    /// The radius is negative, infinite or not a number.
    #[error("radius is {radius} m, expected a finite number of at least 0")]
    BadRadius {
        /// The radius as given, in metres.
        radius: f32,
    },
    /// A ray's reach is negative or not a number.
    #[error("a ray's reach is {reach_m} m, expected at least 0")]
    BadReach {
        /// The reach as given, in metres.
        reach_m: f32,
    },
}

/// `point` where it is finite.
pub(super) fn query_point(point: Vec3) -> Result<Vec3, QueryError> {
    if point.is_finite() { Ok(point) } else { Err(QueryError::PointNotFinite { point }) }
}

/// `radius · radius`, where the radius is finite and not negative; infinite where it overflows.
pub(super) fn radius_squared(radius: f32) -> Result<f32, QueryError> {
    if radius.is_finite() && radius >= 0.0 {
        Ok(radius * radius)
    } else {
        Err(QueryError::BadRadius { radius })
    }
}

/// How far a ray reaches, where that is not negative; it may be infinite.
pub(super) fn reach(reach_m: f32) -> Result<f32, QueryError> {
    // Zero of either sign becomes +0, whose bits compare as its value does.
    if reach_m >= 0.0 { Ok(reach_m.abs()) } else { Err(QueryError::BadReach { reach_m }) }
}
