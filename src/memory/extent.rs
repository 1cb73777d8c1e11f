//! The box in the world that the index holds for an object.

use super::record::Record;
use crate::space::{Aabb, Pose, Quat, Vec3};

/// The box along the world's axes around an object of half extents `half_extents` (metres) at `pose`
/// in a frame that is at `frame` in the world.
///
/// One fixed expression in `f64`: the centre is rounded to the nearest `f32`, the faces outward; an
/// object without extent is the point of its centre. Coordinates beyond `f32` are cut at its largest
/// numbers, so there is a box for every object.
#[must_use]
pub(super) fn world_box(frame: &Pose, pose: &Pose, half_extents: Vec3) -> Aabb {
    let (position, orientation) = if *frame == Pose::IDENTITY {
        (pose.position(), pose.orientation())
    } else {
        place(frame, pose)
    };
    if half_extents == Vec3::ZERO {
        return Aabb::from_corners(position, position);
    }
    let reach = reach(orientation, half_extents);
    let centre = position.to_array();
    let corner =
        |sign: f64| core::array::from_fn(|axis| f64::from(centre[axis]) + sign * reach[axis]);
    Aabb::around(corner(-1.0), corner(1.0))
}

/// As [`world_box`], of a record.
#[inline]
pub(super) fn record_box(frame: &Pose, record: &Record) -> Aabb {
    world_box(frame, &record.pose, record.half_extents)
}

/// Where `pose`, given in a frame that is at `frame` in the world, is in the world.
pub(super) fn place(frame: &Pose, pose: &Pose) -> (Vec3, Quat) {
    let turned = rotate(frame.orientation(), pose.position().to_array().map(f64::from));
    let offset = frame.position().to_array();
    let position = core::array::from_fn(|axis| {
        ((turned[axis] + f64::from(offset[axis])) as f32).clamp(f32::MIN, f32::MAX)
    });
    (Vec3::from_array(position), frame.orientation() * pose.orientation())
}

/// How far a turned box reaches along the world's axes: the sizes of the rotation's matrix times the half
/// extents. Few steps, so that a processor looks several boxes up at once.
#[inline]
fn reach(orientation: Quat, half_extents: Vec3) -> [f64; 3] {
    let [a, b, c] = half_extents.to_array().map(f64::from);
    if [orientation.x, orientation.y, orientation.z] == [0.0; 3] {
        return [a, b, c];
    }
    let [x, y, z, w] = [orientation.x, orientation.y, orientation.z, orientation.w].map(f64::from);
    let [twice_x, twice_y, twice_z] = [x + x, y + y, z + z];
    let [xx, yy, zz] = [x * twice_x, y * twice_y, z * twice_z];
    let [xy, xz, yz] = [x * twice_y, x * twice_z, y * twice_z];
    let [wx, wy, wz] = [w * twice_x, w * twice_y, w * twice_z];
    let rows = [
        [1.0 - (yy + zz), xy - wz, xz + wy],
        [xy + wz, 1.0 - (xx + zz), yz - wx],
        [xz - wy, yz + wx, 1.0 - (xx + yy)],
    ];
    rows.map(|[p, q, r]| (p.abs() * a + q.abs() * b) + r.abs() * c)
}

/// [`Quat::rotate`] in `f64`, in which no `f32` overflows.
fn rotate(by: Quat, vector: [f64; 3]) -> [f64; 3] {
    let (axis, w) = ([by.x, by.y, by.z].map(f64::from), f64::from(by.w));
    let twice = cross(axis, vector).map(|part| part * 2.0);
    let across = cross(axis, twice);
    core::array::from_fn(|i| (vector[i] + twice[i] * w) + across[i])
}

fn cross(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn vector(reach: f32) -> impl Strategy<Value = Vec3> {
        let part = -reach..reach;
        (part.clone(), part.clone(), part).prop_map(|(x, y, z)| Vec3::new(x, y, z))
    }

    fn pose() -> impl Strategy<Value = Pose> {
        (vector(50.0), vector(1.0), -1.0f32..1.0).prop_filter_map("zero", |(at, turn, w)| {
            Pose::new(at, Quat::new(turn.x, turn.y, turn.z, w)).ok()
        })
    }

    proptest! {
        #[test]
        fn it_holds_the_corners_closely(frame in pose(), pose in pose(), half in vector(3.0)) {
            let half = half.max(-half);
            let bounds = world_box(&frame, &pose, half);
            let mut around: Option<Aabb> = None;
            for corner in 0..8u8 {
                let side = |bit: u8, half: f32| if corner >> bit & 1 == 1 { half } else { -half };
                let corner = Vec3::new(side(0, half.x), side(1, half.y), side(2, half.z));
                let corner = frame.transform_point(pose.transform_point(corner));
                let point = Aabb::point(corner).unwrap();
                around = Some(around.map_or(point, |around| around.union(&point)));
            }
            let around = around.unwrap();
            prop_assert!((around.low() - bounds.low()).length() < 1e-4);
            prop_assert!((around.high() - bounds.high()).length() < 1e-4);
        }

        #[test]
        fn a_point_stays_a_point(frame in pose(), pose in pose()) {
            let bounds = world_box(&frame, &pose, Vec3::ZERO);
            prop_assert_eq!(bounds.low(), bounds.high());
            let own = world_box(&Pose::IDENTITY, &pose, Vec3::ZERO);
            prop_assert_eq!(own.low(), pose.position());
        }
    }

    #[test]
    fn the_largest_have_a_box() {
        let far = Pose::at(Vec3::splat(f32::MAX)).unwrap();
        let turn = Quat::new(0.3, -0.5, 0.1, 0.8).normalised().unwrap();
        let turned = Pose::new(Vec3::splat(-f32::MAX), turn).unwrap();
        for frame in [&far, &turned] {
            for pose in [&far, &turned] {
                let bounds = world_box(frame, pose, Vec3::splat(f32::MAX));
                assert!(Aabb::new(bounds.low(), bounds.high()).is_ok());
            }
        }
    }
}
