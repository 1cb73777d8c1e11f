//! Positions and orientations in the session's space: right-handed, Y up, −Z forward, metres.

use core::ops::{Add, Mul, Sub};

/// A point or a displacement in metres.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub(crate) struct Vec3 {
    pub(crate) x: f32,
    pub(crate) y: f32,
    pub(crate) z: f32,
}

impl Vec3 {
    pub(crate) const fn new(x: f32, y: f32, z: f32) -> Self {
        Self { x, y, z }
    }

    pub(crate) fn dot(self, other: Self) -> f32 {
        self.x * other.x + self.y * other.y + self.z * other.z
    }

    pub(crate) fn cross(self, other: Self) -> Self {
        Self::new(
            self.y * other.z - self.z * other.y,
            self.z * other.x - self.x * other.z,
            self.x * other.y - self.y * other.x,
        )
    }

    pub(crate) fn length(self) -> f32 {
        self.dot(self).sqrt()
    }

    /// The point at `fraction` of the way to `other`.
    pub(crate) fn lerp(self, other: Self, fraction: f32) -> Self {
        self + (other - self) * fraction
    }
}

impl Add for Vec3 {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self::new(self.x + other.x, self.y + other.y, self.z + other.z)
    }
}

impl Sub for Vec3 {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self::new(self.x - other.x, self.y - other.y, self.z - other.z)
    }
}

impl Mul<f32> for Vec3 {
    type Output = Self;
    fn mul(self, factor: f32) -> Self {
        Self::new(self.x * factor, self.y * factor, self.z * factor)
    }
}

/// A unit quaternion.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Quat {
    pub(crate) x: f32,
    pub(crate) y: f32,
    pub(crate) z: f32,
    pub(crate) w: f32,
}

impl Quat {
    pub(crate) const IDENTITY: Self = Self { x: 0.0, y: 0.0, z: 0.0, w: 1.0 };

    /// The rotation by `angle_rad` about the unit vector `axis`.
    pub(crate) fn about(axis: Vec3, angle_rad: f32) -> Self {
        let (sin, cos) = libm::sincosf(0.5 * angle_rad);
        Self { x: axis.x * sin, y: axis.y * sin, z: axis.z * sin, w: cos }
    }

    /// Euler angles in degrees, order YXZ: the roll about Z is applied first, then the pitch about
    /// X, then the yaw about Y (what three.js calls `YXZ`).
    pub(crate) fn from_euler_yxz_deg(x_deg: f32, y_deg: f32, z_deg: f32) -> Self {
        let pitch = Self::about(Vec3::new(1.0, 0.0, 0.0), x_deg.to_radians());
        let yaw = Self::about(Vec3::new(0.0, 1.0, 0.0), y_deg.to_radians());
        let roll = Self::about(Vec3::new(0.0, 0.0, 1.0), z_deg.to_radians());
        (yaw * pitch * roll).normalized()
    }

    /// Four components scaled to unit length; `None` unless they are finite and their length lies
    /// between ½ and 2: a file that far from a unit quaternion holds something else.
    pub(crate) fn from_components(x: f64, y: f64, z: f64, w: f64) -> Option<Self> {
        let length = (x * x + y * y + z * z + w * w).sqrt();
        (0.5..=2.0).contains(&length).then(|| Self {
            x: (x / length) as f32,
            y: (y / length) as f32,
            z: (z / length) as f32,
            w: (w / length) as f32,
        })
    }

    /// `vector` turned by this rotation.
    pub(crate) fn rotate(self, vector: Vec3) -> Vec3 {
        let axis = Vec3::new(self.x, self.y, self.z);
        let twice = axis.cross(vector) * 2.0;
        vector + twice * self.w + axis.cross(twice)
    }

    /// The rotation at `fraction` of the shorter way to `other`, at constant angular speed.
    pub(crate) fn slerp(self, other: Self, fraction: f32) -> Self {
        let dot = self.x * other.x + self.y * other.y + self.z * other.z + self.w * other.w;
        let (dot, sign) = if dot < 0.0 { (-dot, -1.0) } else { (dot, 1.0) };
        // Below about 1.8° the chord and the arc agree to f32, and the sine would be divided by
        // something near zero.
        let (from, to) = if dot > 0.9995 {
            (1.0 - fraction, fraction)
        } else {
            let angle = libm::acosf(dot);
            let scale = 1.0 / libm::sinf(angle);
            (libm::sinf((1.0 - fraction) * angle) * scale, libm::sinf(fraction * angle) * scale)
        };
        let to = to * sign;
        Self {
            x: self.x * from + other.x * to,
            y: self.y * from + other.y * to,
            z: self.z * from + other.z * to,
            w: self.w * from + other.w * to,
        }
        .normalized()
    }

    fn normalized(self) -> Self {
        let length = (self.x * self.x + self.y * self.y + self.z * self.z + self.w * self.w).sqrt();
        let scale = 1.0 / length;
        Self { x: self.x * scale, y: self.y * scale, z: self.z * scale, w: self.w * scale }
    }
}

/// `a * b` turns by `b` first, then by `a`.
impl Mul for Quat {
    type Output = Self;
    fn mul(self, b: Self) -> Self {
        let a = self;
        Self {
            x: a.w * b.x + a.x * b.w + a.y * b.z - a.z * b.y,
            y: a.w * b.y - a.x * b.z + a.y * b.w + a.z * b.x,
            z: a.w * b.z + a.x * b.y - a.y * b.x + a.z * b.w,
            w: a.w * b.w - a.x * b.x - a.y * b.y - a.z * b.z,
        }
    }
}

/// Where something is and which way it faces.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Pose {
    pub(crate) position: Vec3,
    pub(crate) orientation: Quat,
}

impl Pose {
    /// A point of this pose's own frame, in the session's space.
    pub(crate) fn transform(&self, point: Vec3) -> Vec3 {
        self.orientation.rotate(point) + self.position
    }

    /// The pose at `fraction` of the way to `other`.
    pub(crate) fn interpolate(&self, other: &Self, fraction: f32) -> Self {
        Self {
            position: self.position.lerp(other.position, fraction),
            orientation: self.orientation.slerp(other.orientation, fraction),
        }
    }

    /// The unit vector that the pose faces along.
    pub(crate) fn forward(&self) -> Vec3 {
        self.orientation.rotate(Vec3::new(0.0, 0.0, -1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: Vec3, b: Vec3) -> bool {
        (a - b).length() < 1e-5
    }

    #[test]
    fn euler_angles_apply_roll_then_pitch_then_yaw() {
        let yaw = Quat::from_euler_yxz_deg(0.0, 90.0, 0.0);
        assert!(close(yaw.rotate(Vec3::new(0.0, 0.0, -1.0)), Vec3::new(-1.0, 0.0, 0.0)));
        let pitch = Quat::from_euler_yxz_deg(90.0, 0.0, 0.0);
        assert!(close(pitch.rotate(Vec3::new(0.0, 0.0, -1.0)), Vec3::new(0.0, 1.0, 0.0)));
        // Yaw and pitch together: the pitch turns about the device's own X axis.
        let both = Quat::from_euler_yxz_deg(90.0, 90.0, 0.0);
        assert!(close(both.rotate(Vec3::new(0.0, 1.0, 0.0)), Vec3::new(1.0, 0.0, 0.0)));
        // Roll comes first.
        let roll = Quat::from_euler_yxz_deg(0.0, 90.0, 90.0);
        assert!(close(roll.rotate(Vec3::new(1.0, 0.0, 0.0)), Vec3::new(0.0, 1.0, 0.0)));
    }

    #[test]
    fn slerp_halves_the_angle_the_short_way() {
        let half = Quat::from_euler_yxz_deg(0.0, 170.0, 0.0)
            .slerp(Quat::from_euler_yxz_deg(0.0, -170.0, 0.0), 0.5);
        let back = half.rotate(Vec3::new(0.0, 0.0, -1.0));
        assert!(close(back, Vec3::new(0.0, 0.0, 1.0)), "{back:?}");
    }

    #[test]
    fn components_far_from_unit_length_are_refused() {
        assert!(Quat::from_components(0.0, 0.0, 0.0, 0.0).is_none());
        assert!(Quat::from_components(f64::NAN, 0.0, 0.0, 1.0).is_none());
        assert!(Quat::from_components(0.0, 0.0, 0.0, 3.0).is_none());
        assert_eq!(Quat::from_components(0.0, 0.0, 0.0, 1.01), Some(Quat::IDENTITY));
    }
}
