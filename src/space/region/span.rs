//! Projections of boxes on a direction, monotone under rounding.

use super::super::vector::Vec3;

/// The largest offset that a projection takes: three products with factors of at most one (and a
/// little) add up below f32's largest, so no sum is infinite or not a number.
pub(in super::super) const REACH: f32 = 8e37;

/// `at − origin`, cut at ±8e37 m in each coordinate.
#[inline]
pub(super) fn offset(at: Vec3, origin: Vec3) -> Vec3 {
    let cut = |value: f32| value.clamp(-REACH, REACH);
    let Vec3 { x, y, z } = at - origin;
    Vec3::new(cut(x), cut(y), cut(z))
}

/// The smallest and the largest of `axis · p` over the box of offsets from `low` to `high`, each
/// added up as `(x + y) + z`. For `low = high` both are the same.
#[inline]
pub(super) fn span(axis: Vec3, low: Vec3, high: Vec3) -> (f32, f32) {
    let part = |axis: f32, low: f32, high: f32| {
        if axis < 0.0 { (axis * high, axis * low) } else { (axis * low, axis * high) }
    };
    let x = part(axis.x, low.x, high.x);
    let y = part(axis.y, low.y, high.y);
    let z = part(axis.z, low.z, high.z);
    ((x.0 + y.0) + z.0, (x.1 + y.1) + z.1)
}
