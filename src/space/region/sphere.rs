//! Spheres.

use super::super::vector::Vec3;
use super::aabb::Aabb;
use super::error::{RegionError, finite_point, length};

/// All points within a radius of a centre, boundary included.
///
/// A point belongs to it where its squared distance, by the fixed expression of rule 5 of `space`,
/// is at most `radius · radius` in `f32`. So radii beyond 1.8e19 m hold everything, and radii below
/// 1e-23 m hold what lies within 1e-23 m.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Sphere {
    centre: Vec3,
    radius: f32,
}

impl Sphere {
    /// The sphere about `centre` with `radius`, both in metres.
    ///
    /// # Errors
    /// [`RegionError::PointNotFinite`], [`RegionError::NotFinite`], [`RegionError::Negative`].
    pub fn new(centre: Vec3, radius: f32) -> Result<Self, RegionError> {
        Ok(Self { centre: finite_point(centre)?, radius: length("radius", radius)? })
    }

    /// The middle.
    #[inline]
    #[must_use]
    pub const fn centre(&self) -> Vec3 {
        self.centre
    }

    /// The radius in metres.
    #[inline]
    #[must_use]
    pub const fn radius(&self) -> f32 {
        self.radius
    }

    /// Whether `point` lies in the sphere or on it.
    #[inline]
    #[must_use]
    pub fn contains(&self, point: Vec3) -> bool {
        point.distance_squared(self.centre) <= self.radius * self.radius
    }

    /// Whether the sphere and `aabb` have a point in common. Exact up to the rounding of the fixed
    /// expression.
    #[inline]
    #[must_use]
    pub fn overlaps(&self, aabb: &Aabb) -> bool {
        aabb.distance_squared(self.centre) <= self.radius * self.radius
    }

    /// A box around the sphere, wider than it by what rounding can add to it.
    #[must_use]
    pub fn bounds(&self) -> Aabb {
        // A coordinate's square is rounded by 2⁻²⁴, or to zero where it is below f32's smallest
        // (the square of 3.8e-23); where the radius' square overflows, every distance is within.
        let reach = if (self.radius * self.radius).is_finite() {
            f64::from(self.radius) * (1.0 + 1.0 / f64::from(1 << 20)) + 4e-23
        } else {
            f64::INFINITY
        };
        let centre = self.centre.to_array().map(f64::from);
        Aabb::around(centre.map(|at| at - reach), centre.map(|at| at + reach))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn input_is_parsed() {
        assert!(matches!(
            Sphere::new(Vec3::ZERO, -0.5),
            Err(RegionError::Negative { name: "radius", value: -0.5 })
        ));
        assert!(Sphere::new(Vec3::ZERO, f32::NAN).is_err());
        assert!(Sphere::new(Vec3::ZERO, f32::INFINITY).is_err());
        assert!(Sphere::new(Vec3::splat(f32::NAN), 1.0).is_err());
    }

    #[test]
    fn the_boundary_and_zero_belong() {
        let ball = Sphere::new(Vec3::new(1.0, 0.0, 0.0), 5.0).unwrap();
        assert!(ball.contains(Vec3::new(4.0, 4.0, 0.0)));
        assert!(!ball.contains(Vec3::new(4.0, 4.0f32.next_up(), 0.0)));
        assert!(Sphere::new(Vec3::UP, 0.0).unwrap().contains(Vec3::UP));
    }

    #[test]
    fn bounds_hold_what_rounding_lets_in() {
        let tiny = Sphere::new(Vec3::ZERO, 1e-30).unwrap();
        let beside = Vec3::new(1e-24, 0.0, 0.0);
        assert!(tiny.contains(beside) && tiny.bounds().contains(beside));
        let huge = Sphere::new(Vec3::ZERO, 1e20).unwrap();
        let far = Vec3::splat(f32::MAX);
        assert!(huge.contains(far) && huge.bounds().contains(far));
    }
}
