//! Vectors of three `f32`.

use core::ops::{Add, Mul, Neg, Sub};

use bytemuck::{Pod, Zeroable};

/// A position (metres) or a direction: three `f32`, 12 bytes, the layout of OpenXR's `XrVector3f`.
///
/// It holds any bits, also not-a-number: what takes a vector from outside parses it.
#[derive(Clone, Copy, PartialEq, Debug, Default, Pod, Zeroable)]
#[repr(C)]
pub struct Vec3 {
    /// To the right.
    pub x: f32,
    /// Up.
    pub y: f32,
    /// Backward: forward is −Z.
    pub z: f32,
}

impl Vec3 {
    /// The origin.
    pub const ZERO: Self = Self::new(0.0, 0.0, 0.0);
    /// One metre to the right.
    pub const RIGHT: Self = Self::new(1.0, 0.0, 0.0);
    /// One metre up.
    pub const UP: Self = Self::new(0.0, 1.0, 0.0);
    /// One metre forward, along −Z.
    pub const FORWARD: Self = Self::new(0.0, 0.0, -1.0);

    /// The vector of three components.
    #[inline]
    #[must_use]
    pub const fn new(x: f32, y: f32, z: f32) -> Self {
        Self { x, y, z }
    }

    /// The vector whose components all are `value`.
    #[inline]
    #[must_use]
    pub const fn splat(value: f32) -> Self {
        Self::new(value, value, value)
    }

    /// Whether no component is infinite or not a number.
    #[inline]
    #[must_use]
    pub const fn is_finite(self) -> bool {
        self.x.is_finite() && self.y.is_finite() && self.z.is_finite()
    }

    /// The components in the order x, y, z.
    #[inline]
    #[must_use]
    pub const fn to_array(self) -> [f32; 3] {
        [self.x, self.y, self.z]
    }

    /// The vector of the components x, y, z.
    #[inline]
    #[must_use]
    pub const fn from_array([x, y, z]: [f32; 3]) -> Self {
        Self::new(x, y, z)
    }

    /// The scalar product, added up as `(x·x' + y·y') + z·z'`.
    #[inline]
    #[must_use]
    pub fn dot(self, other: Self) -> f32 {
        (self.x * other.x + self.y * other.y) + self.z * other.z
    }

    /// The vector product: perpendicular to both by the right-hand rule.
    #[inline]
    #[must_use]
    pub fn cross(self, other: Self) -> Self {
        Self::new(
            self.y * other.z - self.z * other.y,
            self.z * other.x - self.x * other.z,
            self.x * other.y - self.y * other.x,
        )
    }

    /// The squared length, by the fixed expression of the module's rule 5.
    #[inline]
    #[must_use]
    pub fn length_squared(self) -> f32 {
        self.dot(self)
    }

    /// The length. Components beyond 1.8e19 overflow to infinity, below 1e-23 vanish.
    #[inline]
    #[must_use]
    pub fn length(self) -> f32 {
        self.length_squared().sqrt()
    }

    /// The squared distance to `other`, by the fixed expression of the module's rule 5.
    #[inline]
    #[must_use]
    pub fn distance_squared(self, other: Self) -> f32 {
        (self - other).length_squared()
    }

    /// The smaller of each pair of components.
    #[inline]
    #[must_use]
    pub const fn min(self, other: Self) -> Self {
        Self::new(self.x.min(other.x), self.y.min(other.y), self.z.min(other.z))
    }

    /// The larger of each pair of components.
    #[inline]
    #[must_use]
    pub const fn max(self, other: Self) -> Self {
        Self::new(self.x.max(other.x), self.y.max(other.y), self.z.max(other.z))
    }
}

impl Add for Vec3 {
    type Output = Self;
    #[inline]
    fn add(self, other: Self) -> Self {
        Self::new(self.x + other.x, self.y + other.y, self.z + other.z)
    }
}

impl Sub for Vec3 {
    type Output = Self;
    #[inline]
    fn sub(self, other: Self) -> Self {
        Self::new(self.x - other.x, self.y - other.y, self.z - other.z)
    }
}

impl Mul<f32> for Vec3 {
    type Output = Self;
    #[inline]
    fn mul(self, factor: f32) -> Self {
        Self::new(self.x * factor, self.y * factor, self.z * factor)
    }
}

impl Neg for Vec3 {
    type Output = Self;
    #[inline]
    fn neg(self) -> Self {
        Self::new(-self.x, -self.y, -self.z)
    }
}

impl From<[f32; 3]> for Vec3 {
    #[inline]
    fn from(components: [f32; 3]) -> Self {
        Self::from_array(components)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cross_follows_the_right_hand() {
        assert_eq!(Vec3::RIGHT.cross(Vec3::UP), -Vec3::FORWARD);
        assert_eq!(Vec3::UP.cross(-Vec3::FORWARD), Vec3::RIGHT);
    }

    #[test]
    fn lengths() {
        let v = Vec3::new(2.0, -3.0, 6.0);
        assert_eq!(v.length(), 7.0);
        assert_eq!((v * 2.0).length_squared(), 196.0);
        assert_eq!(v.distance_squared(v), 0.0);
        assert!(!Vec3::new(0.0, f32::NAN, 0.0).is_finite());
    }

    #[test]
    fn the_layout_is_three_floats() {
        assert_eq!(
            bytemuck::bytes_of(&Vec3::RIGHT),
            bytemuck::cast_slice::<f32, u8>(&[1.0, 0.0, 0.0])
        );
    }
}
