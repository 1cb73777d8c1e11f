//! Unit quaternions as rotations.

use core::ops::Mul;

use bytemuck::{Pod, Zeroable};

use super::vector::Vec3;

/// A rotation as a quaternion `(x, y, z, w)`: 16 bytes, the layout of OpenXR's `XrQuaternionf`.
///
/// It rotates only where its length is one: [`normalised`](Self::normalised) brings any finite,
/// non-zero quaternion there. `q` and `−q` are the same rotation and differ under `==`.
#[derive(Clone, Copy, PartialEq, Debug, Pod, Zeroable)]
#[repr(C)]
pub struct Quat {
    /// The axis' x times the sine of half the angle.
    pub x: f32,
    /// The axis' y times the sine of half the angle.
    pub y: f32,
    /// The axis' z times the sine of half the angle.
    pub z: f32,
    /// The cosine of half the angle.
    pub w: f32,
}

/// How far from one the squared length of a unit quaternion may be: the rounding of its four
/// components moves it by at most 2⁻²³, so what is normalised once stays as it is for ever.
const UNIT_TOLERANCE: f64 = 1.0 / (1 << 22) as f64;

impl Quat {
    /// No rotation.
    pub const IDENTITY: Self = Self::new(0.0, 0.0, 0.0, 1.0);

    /// The quaternion of four components, as given.
    #[inline]
    #[must_use]
    pub const fn new(x: f32, y: f32, z: f32, w: f32) -> Self {
        Self { x, y, z, w }
    }

    /// The rotation by `angle_rad` about `axis` by the right-hand rule; `None` where the axis is
    /// zero or anything is not finite. The axis need not have length one.
    #[must_use]
    pub fn from_axis_angle(axis: Vec3, angle_rad: f32) -> Option<Self> {
        let [x, y, z] = axis.to_array().map(f64::from);
        let length = (x * x + y * y + z * z).sqrt();
        if !axis.is_finite() || !angle_rad.is_finite() || length == 0.0 {
            return None;
        }
        let half = f64::from(angle_rad) * 0.5;
        let scale = libm::sin(half) / length;
        let [x, y, z] = [x, y, z].map(|part| (part * scale) as f32);
        Self::new(x, y, z, libm::cos(half) as f32).normalised()
    }

    /// Whether no component is infinite or not a number.
    #[inline]
    #[must_use]
    pub const fn is_finite(self) -> bool {
        self.x.is_finite() && self.y.is_finite() && self.z.is_finite() && self.w.is_finite()
    }

    /// The quaternion of length one in the same direction; `None` where it is zero or not finite.
    ///
    /// One that already has length one to `f32`'s precision comes back bit for bit.
    #[must_use]
    pub fn normalised(self) -> Option<Self> {
        if !self.is_finite() {
            return None;
        }
        // In f64 no f32 overflows or vanishes when it is squared.
        let parts = [self.x, self.y, self.z, self.w].map(f64::from);
        let squared = parts.iter().map(|part| part * part).sum::<f64>();
        if squared == 0.0 {
            return None;
        }
        if (squared - 1.0).abs() <= UNIT_TOLERANCE {
            return Some(self);
        }
        let length = squared.sqrt();
        let [x, y, z, w] = parts.map(|part| (part / length) as f32);
        Some(Self { x, y, z, w })
    }

    /// The opposite rotation, for a unit quaternion.
    #[inline]
    #[must_use]
    pub const fn conjugate(self) -> Self {
        Self::new(-self.x, -self.y, -self.z, self.w)
    }

    /// `vector` rotated, for a unit quaternion: `v + 2w(u × v) + 2u × (u × v)`.
    #[inline]
    #[must_use]
    pub fn rotate(self, vector: Vec3) -> Vec3 {
        let axis = Vec3::new(self.x, self.y, self.z);
        let twice = axis.cross(vector) * 2.0;
        (vector + twice * self.w) + axis.cross(twice)
    }
}

impl Default for Quat {
    fn default() -> Self {
        Self::IDENTITY
    }
}

/// The rotation by the right one, then by the left one.
impl Mul for Quat {
    type Output = Self;
    #[inline]
    fn mul(self, other: Self) -> Self {
        let (a, b) = (self, other);
        Self::new(
            (a.w * b.x + a.x * b.w) + (a.y * b.z - a.z * b.y),
            (a.w * b.y + a.y * b.w) + (a.z * b.x - a.x * b.z),
            (a.w * b.z + a.z * b.w) + (a.x * b.y - a.y * b.x),
            (a.w * b.w - a.x * b.x) - (a.y * b.y + a.z * b.z),
        )
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn close(a: Vec3, b: Vec3) -> bool {
        (a - b).length() < 1e-5
    }

    #[test]
    fn a_quarter_turn_about_up_takes_forward_to_the_left() {
        let turn = Quat::from_axis_angle(Vec3::UP * 3.0, core::f32::consts::FRAC_PI_2).unwrap();
        assert!(close(turn.rotate(Vec3::FORWARD), -Vec3::RIGHT));
        assert!(close((turn * turn).rotate(Vec3::FORWARD), -Vec3::FORWARD));
        assert!(close((turn.conjugate() * turn).rotate(Vec3::UP), Vec3::UP));
    }

    #[test]
    fn what_has_no_direction_is_refused() {
        assert_eq!(Quat::new(0.0, 0.0, 0.0, 0.0).normalised(), None);
        assert_eq!(Quat::new(0.0, f32::INFINITY, 0.0, 1.0).normalised(), None);
        assert_eq!(Quat::from_axis_angle(Vec3::ZERO, 1.0), None);
        assert_eq!(Quat::from_axis_angle(Vec3::UP, f32::NAN), None);
    }

    #[test]
    fn the_largest_and_the_smallest_normalise() {
        for size in [f32::MAX, f32::MIN_POSITIVE, 1e-45] {
            let unit = Quat::new(0.0, size, 0.0, -size).normalised().unwrap();
            let half = core::f32::consts::FRAC_1_SQRT_2;
            assert_eq!(unit, Quat::new(0.0, half, 0.0, -half));
        }
    }

    proptest! {
        #[test]
        fn normalising_twice_changes_nothing(x: f32, y: f32, z: f32, w: f32) {
            if let Some(unit) = Quat::new(x, y, z, w).normalised() {
                prop_assert_eq!(unit.normalised(), Some(unit));
            }
        }
    }
}
