//! What the session needs of poses beyond the library: Euler angles, and poses between two poses.

use xrmesh::{Pose, Quat, Vec3};

/// The pose of finite parts, as the loaders and the generator make them.
pub(crate) fn posed(position: Vec3, orientation: Quat) -> Pose {
    // Coordinates are bounded and quaternions of length one where they come from, so the parse
    // succeeds; the origin would be a visible wrong, not a hidden one.
    Pose::new(position, orientation).unwrap_or(Pose::IDENTITY)
}

/// The rotation by `angle_rad` about `axis`, which is not zero.
pub(crate) fn about(axis: Vec3, angle_rad: f32) -> Quat {
    Quat::from_axis_angle(axis, angle_rad).unwrap_or(Quat::IDENTITY)
}

/// Euler angles in degrees, order YXZ: the roll about Z is applied first, then the pitch about X,
/// then the yaw about Y (what three.js calls `YXZ`).
pub(crate) fn euler_yxz_deg(x_deg: f32, y_deg: f32, z_deg: f32) -> Quat {
    let pitch = about(Vec3::RIGHT, x_deg.to_radians());
    let yaw = about(Vec3::UP, y_deg.to_radians());
    let roll = about(Vec3::new(0.0, 0.0, 1.0), z_deg.to_radians());
    let turned = yaw * pitch * roll;
    turned.normalised().unwrap_or(turned)
}

/// Four components scaled to unit length; `None` unless they are finite and their length lies
/// between ½ and 2: a file that far from a unit quaternion holds something else.
pub(crate) fn unit_quaternion([x, y, z, w]: [f64; 4]) -> Option<Quat> {
    let length = (x * x + y * y + z * z + w * w).sqrt();
    let part = |component: f64| (component / length) as f32;
    (0.5..=2.0).contains(&length).then(|| Quat::new(part(x), part(y), part(z), part(w)))
}

/// The unit vector that `pose` faces along.
pub(crate) fn forward(pose: &Pose) -> Vec3 {
    pose.transform_direction(Vec3::FORWARD)
}

/// The point at `fraction` of the way from `a` to `b`.
pub(crate) fn lerp(a: Vec3, b: Vec3, fraction: f32) -> Vec3 {
    a + (b - a) * fraction
}

/// The pose at `fraction` of the way from `a` to `b`: straight, and turning the shorter way at
/// constant speed.
pub(crate) fn between(a: &Pose, b: &Pose, fraction: f32) -> Pose {
    posed(
        lerp(a.position(), b.position(), fraction),
        slerp(a.orientation(), b.orientation(), fraction),
    )
}

/// Spherical linear interpolation: K. Shoemake, "Animating rotation with quaternion curves",
/// SIGGRAPH 1985.
fn slerp(a: Quat, b: Quat, fraction: f32) -> Quat {
    let dot = a.x * b.x + a.y * b.y + a.z * b.z + a.w * b.w;
    let (dot, sign) = if dot < 0.0 { (-dot, -1.0) } else { (dot, 1.0) };
    // Below about 3.6° of rotation the chord and the arc agree to f32, and the sine would divide by
    // something near zero.
    let (from, to) = if dot > 0.9995 {
        (1.0 - fraction, fraction)
    } else {
        let angle = libm::acosf(dot);
        let scale = 1.0 / libm::sinf(angle);
        (libm::sinf((1.0 - fraction) * angle) * scale, libm::sinf(fraction * angle) * scale)
    };
    let to = to * sign;
    let mixed = Quat::new(
        a.x * from + b.x * to,
        a.y * from + b.y * to,
        a.z * from + b.z * to,
        a.w * from + b.w * to,
    );
    mixed.normalised().unwrap_or(a)
}

#[cfg(test)]
mod tests {
    use super::*;

    const AHEAD: Vec3 = Vec3::FORWARD;

    fn close(a: Vec3, b: Vec3) -> bool {
        (a - b).length() < 1e-5
    }

    #[test]
    fn euler_angles_apply_roll_then_pitch_then_yaw() {
        let yaw = euler_yxz_deg(0.0, 90.0, 0.0);
        assert!(close(yaw.rotate(AHEAD), Vec3::new(-1.0, 0.0, 0.0)));
        let pitch = euler_yxz_deg(90.0, 0.0, 0.0);
        assert!(close(pitch.rotate(AHEAD), Vec3::UP));
        // Yaw and pitch together: the pitch turns about the device's own X axis.
        let both = euler_yxz_deg(90.0, 90.0, 0.0);
        assert!(close(both.rotate(Vec3::UP), Vec3::RIGHT));
        // Roll comes first.
        let roll = euler_yxz_deg(0.0, 90.0, 90.0);
        assert!(close(roll.rotate(Vec3::RIGHT), Vec3::UP));
    }

    #[test]
    fn slerp_halves_the_angle_the_short_way() {
        let half = slerp(euler_yxz_deg(0.0, 170.0, 0.0), euler_yxz_deg(0.0, -170.0, 0.0), 0.5);
        assert!(close(half.rotate(AHEAD), Vec3::new(0.0, 0.0, 1.0)), "{half:?}");
    }

    #[test]
    fn components_far_from_unit_length_are_refused() {
        assert!(unit_quaternion([0.0; 4]).is_none());
        assert!(unit_quaternion([f64::NAN, 0.0, 0.0, 1.0]).is_none());
        assert!(unit_quaternion([0.0, 0.0, 0.0, 3.0]).is_none());
        assert_eq!(unit_quaternion([0.0, 0.0, 0.0, 1.01]), Some(Quat::IDENTITY));
    }
}
