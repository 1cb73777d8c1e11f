//! Rotations as three angles: what `rotation_x`, `rotation_y` and `rotation_z` of a map mean.
//!
//! Degrees, intrinsic, in the order Y, X, Z: first about Y (yaw), then about the turned X (pitch),
//! then about the twice turned Z (roll), each by the right-hand rule, so that the quaternion is
//! `q_y · q_x · q_z`. Computed in `f64` with `libm`, so the same bits everywhere.

use crate::space::Quat;

/// The rotation by degrees about X, Y and Z. `None` where an angle is not finite.
///
/// ```
/// use xrmesh::memory::map::rotation::{from_degrees, to_degrees};
/// use xrmesh::Vec3;
/// let turn = from_degrees([0.0, 90.0, 0.0]).unwrap();
/// assert!((turn.rotate(Vec3::FORWARD) + Vec3::RIGHT).length() < 1e-6); // yaw turns to the left
/// assert_eq!(to_degrees(turn)[1], 90.0);
/// ```
#[must_use]
pub fn from_degrees(degrees: [f32; 3]) -> Option<Quat> {
    let [(sx, cx), (sy, cy), (sz, cz)] =
        degrees.map(|angle| libm::sincos(f64::from(angle).to_radians() * 0.5));
    Quat::new(
        (cy * sx * cz + sy * cx * sz) as f32,
        (sy * cx * cz - cy * sx * sz) as f32,
        (cy * cx * sz - sy * sx * cz) as f32,
        (cy * cx * cz + sy * sx * sz) as f32,
    )
    .normalised()
}

/// The degrees about X, Y and Z of a unit quaternion: X from −90 to 90, the others from −180 to
/// 180. Straight up and down, where Y and Z turn about one axis, Z is zero.
#[must_use]
pub fn to_degrees(rotation: Quat) -> [f32; 3] {
    let parts = [rotation.x, rotation.y, rotation.z, rotation.w].map(f64::from);
    // Of length one also in f64: else, near straight up, the rest would be an angle.
    let length = parts.iter().map(|part| part * part).sum::<f64>().sqrt();
    let [x, y, z, w] = parts.map(|part| part / length);
    // Elements (row, column) of the rotation's matrix R = R_y R_x R_z.
    let (m00, m20) = (1.0 - 2.0 * (y * y + z * z), 2.0 * (x * z - w * y));
    let (m02, m12, m22) =
        (2.0 * (x * z + w * y), 2.0 * (y * z - w * x), 1.0 - 2.0 * (x * x + y * y));
    let (m10, m11) = (2.0 * (x * y + w * z), 1.0 - 2.0 * (x * x + z * z));
    let level = (m10 * m10 + m11 * m11).sqrt();
    let pitch = libm::atan2(-m12, level);
    // Below this the quotients are rounding alone.
    let (yaw, roll) = if level > 1e-9 {
        (libm::atan2(m02, m22), libm::atan2(m10, m11))
    } else {
        (libm::atan2(-m20, m00), 0.0)
    };
    // No negative zero, which is only a sign.
    [pitch, yaw, roll].map(|angle| angle.to_degrees() as f32 + 0.0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::space::Vec3;

    fn about(axis: Vec3, degrees: f32) -> Quat {
        Quat::from_axis_angle(axis, degrees.to_radians()).unwrap()
    }

    proptest! {
        #[test]
        fn it_is_yaw_then_pitch_then_roll(x in -180.0f32..180.0, y in -180.0f32..180.0, z in -180.0f32..180.0) {
            let once = from_degrees([x, y, z]).unwrap();
            let thrice = about(Vec3::UP, y) * about(Vec3::RIGHT, x) * about(-Vec3::FORWARD, z);
            for axis in [Vec3::RIGHT, Vec3::UP, Vec3::FORWARD] {
                prop_assert!((once.rotate(axis) - thrice.rotate(axis)).length() < 1e-5);
            }
        }

        #[test]
        fn degrees_give_the_rotation_back(x in -1.0f32..1.0, y in -1.0f32..1.0, z in -1.0f32..1.0, w in -1.0f32..1.0) {
            let Some(rotation) = Quat::new(x, y, z, w).normalised() else { return Ok(()) };
            let again = from_degrees(to_degrees(rotation)).unwrap();
            for axis in [Vec3::RIGHT, Vec3::UP, Vec3::FORWARD] {
                prop_assert!((rotation.rotate(axis) - again.rotate(axis)).length() < 1e-5);
            }
        }
    }

    #[test]
    fn straight_up_and_down_keep_their_direction() {
        for pitch in [90.0, -90.0] {
            for yaw in [-135.0, 0.0, 30.0, 180.0] {
                for roll in [0.0, 45.0, -100.0] {
                    let rotation = from_degrees([pitch, yaw, roll]).unwrap();
                    let again = from_degrees(to_degrees(rotation)).unwrap();
                    for axis in [Vec3::RIGHT, Vec3::UP, Vec3::FORWARD] {
                        let apart = (rotation.rotate(axis) - again.rotate(axis)).length();
                        assert!(apart < 2e-3, "{pitch} {yaw} {roll}: {apart}");
                    }
                }
            }
        }
    }

    #[test]
    fn what_is_not_finite_is_refused() {
        assert_eq!(from_degrees([f32::NAN, 0.0, 0.0]), None);
        assert_eq!(from_degrees([0.0, f32::INFINITY, 0.0]), None);
    }
}
