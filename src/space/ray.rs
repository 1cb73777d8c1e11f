//! Half lines that queries follow.

use thiserror::Error;

use super::region::Aabb;
use super::vector::Vec3;

/// A half line from an origin in a direction, boundary included.
///
/// ```
/// use xrmesh::space::{Aabb, Ray, Vec3};
/// let gaze = Ray::new(Vec3::ZERO, Vec3::FORWARD * 3.0)?;
/// let wall = Aabb::new(Vec3::new(-1.0, -1.0, -6.0), Vec3::new(1.0, 1.0, -5.0))?;
/// assert_eq!(gaze.enters(&wall), Some(5.0));
/// assert!(Ray::new(Vec3::ZERO, Vec3::ZERO).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Ray {
    origin: Vec3,
    direction: Vec3,
    /// The inverse of each component of the direction; zero where the ray is parallel to the planes
    /// across that axis, also where the inverse overflows: so it is never infinite.
    inverse: [f32; 3],
}

/// Why numbers make no ray.
#[derive(Clone, Copy, PartialEq, Debug, Error)]
#[non_exhaustive]
pub enum RayError {
    /// The origin is infinite or not a number.
    #[error("ray origin {origin:?} is not finite")]
    OriginNotFinite {
        /// The origin as given.
        origin: Vec3,
    },
    /// The direction is infinite or not a number.
    #[error("ray direction {direction:?} is not finite")]
    DirectionNotFinite {
        /// The direction as given.
        direction: Vec3,
    },
    /// The direction has no length.
    #[error("ray direction is zero, expected any length but that")]
    ZeroDirection,
}

impl Ray {
    /// The ray from `origin` (metres) along `direction` of any length but zero, made a unit vector
    /// in `f64` and rounded.
    ///
    /// # Errors
    /// [`RayError`] for an origin or a direction that is not finite, and for a direction of zero.
    pub fn new(origin: Vec3, direction: Vec3) -> Result<Self, RayError> {
        if !origin.is_finite() {
            return Err(RayError::OriginNotFinite { origin });
        }
        if !direction.is_finite() {
            return Err(RayError::DirectionNotFinite { direction });
        }
        let parts = direction.to_array().map(f64::from);
        let length = (parts[0] * parts[0] + parts[1] * parts[1] + parts[2] * parts[2]).sqrt();
        if length == 0.0 {
            return Err(RayError::ZeroDirection);
        }
        let unit = parts.map(|part| (part / length) as f32);
        let inverse = unit.map(|part| {
            let inverse = 1.0 / part;
            if inverse.is_finite() { inverse } else { 0.0 }
        });
        Ok(Self { origin, direction: Vec3::from_array(unit), inverse })
    }

    /// Where it starts.
    #[inline]
    #[must_use]
    pub const fn origin(&self) -> Vec3 {
        self.origin
    }

    /// Where it goes: a unit vector.
    #[inline]
    #[must_use]
    pub const fn direction(&self) -> Vec3 {
        self.direction
    }

    /// The inverse of each component of the direction, zero for an axis that it is parallel to the
    /// planes across.
    #[inline]
    pub(super) const fn inverse(&self) -> [f32; 3] {
        self.inverse
    }

    /// The distance in metres at which the ray enters `aabb`, zero where it starts inside; `None`
    /// where it misses.
    ///
    /// The fixed expression, for boxes as for the nodes of a tree: on each axis the planes are met
    /// at `(plane − origin) · (1 / direction)`, each operation rounded to `f32`; the ray is inside
    /// from the largest of the nearer ones and of zero to the least of the farther ones. An axis
    /// whose planes it is parallel to asks that the origin lie between them. It is monotone: a box
    /// around another is entered no later and left no earlier. Infinite where it overflows. A box
    /// without volume is hit only where the rounded distances agree.
    #[must_use]
    pub fn enters(&self, aabb: &Aabb) -> Option<f32> {
        let origin = self.origin.to_array();
        let (low, high) = (aabb.low().to_array(), aabb.high().to_array());
        let (mut from, mut to) = (0.0f32, f32::INFINITY);
        for axis in 0..3 {
            let inverse = self.inverse[axis];
            if inverse == 0.0 {
                if !(low[axis] <= origin[axis] && origin[axis] <= high[axis]) {
                    return None;
                }
                continue;
            }
            let (near, far) =
                if inverse > 0.0 { (low[axis], high[axis]) } else { (high[axis], low[axis]) };
            let (near, far) = ((near - origin[axis]) * inverse, (far - origin[axis]) * inverse);
            from = if near > from { near } else { from };
            to = if to < far { to } else { far };
        }
        (from <= to).then_some(from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit() -> Aabb {
        Aabb::new(Vec3::ZERO, Vec3::splat(1.0)).unwrap()
    }

    #[test]
    fn input_is_parsed() {
        let nan = Vec3::new(0.0, f32::NAN, 0.0);
        assert!(matches!(Ray::new(nan, Vec3::UP), Err(RayError::OriginNotFinite { .. })));
        assert!(matches!(Ray::new(Vec3::UP, nan), Err(RayError::DirectionNotFinite { .. })));
        assert_eq!(Ray::new(Vec3::UP, -Vec3::ZERO), Err(RayError::ZeroDirection));
        let tiny = Ray::new(Vec3::UP, Vec3::UP * 1e-45).unwrap();
        assert_eq!(tiny.direction(), Vec3::UP);
        let huge = Ray::new(Vec3::UP, Vec3::UP * 3e38).unwrap();
        assert_eq!(huge.direction(), Vec3::UP);
    }

    #[test]
    fn parallel_rays_touch_faces() {
        let along = |x: f32| Ray::new(Vec3::new(x, 0.0, -2.0), -Vec3::FORWARD).unwrap();
        assert_eq!(along(0.0).enters(&unit()), Some(2.0));
        assert_eq!(along(1.0).enters(&unit()), Some(2.0));
        assert_eq!(along(1.0f32.next_up()).enters(&unit()), None);
        assert_eq!(along(-0.1).enters(&unit()), None);
    }

    #[test]
    fn inside_behind_and_flat() {
        let up = |y: f32| Ray::new(Vec3::new(0.5, y, 0.5), Vec3::UP).unwrap();
        assert_eq!(up(0.5).enters(&unit()), Some(0.0));
        assert_eq!(up(1.0).enters(&unit()), Some(0.0));
        assert_eq!(up(1.5).enters(&unit()), None);
        let plate = Aabb::new(Vec3::ZERO, Vec3::new(1.0, 0.0, 1.0)).unwrap();
        assert_eq!(up(-3.0).enters(&plate), Some(3.0));
        let nearly = Ray::new(Vec3::new(0.5, -3.0, 0.5), Vec3::new(1e-42, 1.0, -1e-42)).unwrap();
        assert_eq!(nearly.enters(&unit()), Some(3.0));
    }
}
