//! View frusta.

use super::super::pose::Pose;
use super::super::vector::Vec3;
use super::aabb::Aabb;
use super::error::{RegionError, finite, finite_point, length, range};
use super::span::{offset, span};

/// What a view sees between a near and a far plane, boundary included: six half spaces.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Frustum {
    /// Offsets of the planes are relative to it, so a view far from the origin loses no precision.
    origin: Vec3,
    planes: [Plane; 6],
    bounds: Aabb,
}

/// The half space where `normal · p + offset_m ≥ 0`.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Plane {
    /// Points into the half space; any length but zero.
    pub normal: Vec3,
    /// The distance of the origin from the plane times the normal's length, positive inside.
    pub offset_m: f32,
}

/// The four angles of a view from straight ahead, in radians, as OpenXR's `XrFovf`: a symmetric view
/// has a negative left and down. Each lies strictly between −π/2 and π/2.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct FieldOfView {
    /// To the left edge; negative where the edge lies to the left of straight ahead.
    pub left_rad: f32,
    /// To the right edge.
    pub right_rad: f32,
    /// To the upper edge.
    pub up_rad: f32,
    /// To the lower edge; negative where the edge lies below straight ahead.
    pub down_rad: f32,
}

impl FieldOfView {
    /// The view that spans `width_rad` by `height_rad` about straight ahead.
    #[must_use]
    pub fn symmetric(width_rad: f32, height_rad: f32) -> Self {
        let (right_rad, up_rad) = (width_rad * 0.5, height_rad * 0.5);
        Self { left_rad: -right_rad, right_rad, up_rad, down_rad: -up_rad }
    }
}

impl Frustum {
    /// What an eye at `pose`, looking along its −Z with +Y up, sees within `view` from `near` to
    /// `far` metres ahead.
    ///
    /// # Errors
    /// [`RegionError::Pose`]; [`RegionError::AngleOutOfRange`]; [`RegionError::Negative`] for
    /// `near`; [`RegionError::Inverted`] where left exceeds right, down exceeds up, or near exceeds
    /// far; [`RegionError::NotFinite`].
    pub fn new(pose: &Pose, view: FieldOfView, near: f32, far: f32) -> Result<Self, RegionError> {
        let pose = pose.parsed()?;
        let FieldOfView { left_rad, right_rad, up_rad, down_rad } = view;
        angle("left angle", left_rad)?;
        angle("right angle", right_rad)?;
        angle("up angle", up_rad)?;
        angle("down angle", down_rad)?;
        range("view from left to right", left_rad, right_rad)?;
        range("view from down to up", down_rad, up_rad)?;
        length("near", near)?;
        range("depth from near to far", near, far)?;

        let side = |angle_rad: f32, right: f64, up: f64| {
            let (sin, cos) = libm::sincos(f64::from(angle_rad));
            // Perpendicular to the edge's direction (sin, −cos), towards larger angles.
            let across = cos as f32;
            let normal = Vec3::new(across * right as f32, across * up as f32, sin as f32);
            Plane { normal: pose.transform_direction(normal), offset_m: 0.0 }
        };
        let flip = |plane: Plane| Plane { normal: -plane.normal, ..plane };
        let forward = pose.transform_direction(Vec3::FORWARD);
        let planes = [
            side(left_rad, 1.0, 0.0),
            flip(side(right_rad, 1.0, 0.0)),
            side(down_rad, 0.0, 1.0),
            flip(side(up_rad, 0.0, 1.0)),
            Plane { normal: forward, offset_m: -near },
            Plane { normal: -forward, offset_m: far },
        ];
        let axes = [Vec3::RIGHT, Vec3::UP, Vec3::FORWARD]
            .map(|axis| pose.transform_direction(axis).to_array().map(f64::from));
        let eye = pose.position().to_array().map(f64::from);
        let tan = |angle_rad: f32| libm::tan(f64::from(angle_rad));
        let sides = [tan(left_rad), tan(right_rad)];
        let heights = [tan(down_rad), tan(up_rad)];
        let corners = core::array::from_fn(|index| {
            let depth = f64::from(if index & 4 == 0 { near } else { far });
            let (side, height) = (sides[index & 1], heights[index >> 1 & 1]);
            core::array::from_fn(|axis| {
                let [right, up, forward] = axes.map(|direction| direction[axis]);
                eye[axis] + depth * (right * side + up * height + forward)
            })
        });
        Ok(Self { origin: pose.position(), planes, bounds: bounds(&corners) })
    }

    /// The volume between six planes that face inward, in the order left, right, down, up, near,
    /// far; for projections of other kinds, such as an orthographic one.
    ///
    /// # Errors
    /// [`RegionError::PointNotFinite`] or [`RegionError::NotFinite`] for a plane;
    /// [`RegionError::ZeroNormal`]; [`RegionError::Unbounded`] where three that should meet in a
    /// corner do not; [`RegionError::CornerOutside`] where the six do not bound a volume with these
    /// eight corners.
    pub fn from_planes(planes: [Plane; 6]) -> Result<Self, RegionError> {
        let mut unit = planes;
        for (index, plane) in unit.iter_mut().enumerate() {
            finite_point(plane.normal)?;
            finite("plane offset", plane.offset_m)?;
            let parts = plane.normal.to_array().map(f64::from);
            let length = parts.iter().map(|part| part * part).sum::<f64>().sqrt();
            if length == 0.0 {
                return Err(RegionError::ZeroNormal { index });
            }
            plane.normal = Vec3::from_array(parts.map(|part| (part / length) as f32));
            plane.offset_m = finite("plane offset", (f64::from(plane.offset_m) / length) as f32)?;
        }
        let mut corners = [[0.0; 3]; 8];
        for (index, corner) in corners.iter_mut().enumerate() {
            let planes = [index & 1, 2 + (index >> 1 & 1), 4 + (index >> 2 & 1)];
            *corner =
                meet(planes.map(|plane| &unit[plane])).ok_or(RegionError::Unbounded { planes })?;
        }
        let reach = corners.iter().flatten().fold(0.0, |reach: f64, part| reach.max(part.abs()));
        for corner in &corners {
            for (index, plane) in unit.iter().enumerate() {
                if distance(plane, corner) < -1e-5 * reach {
                    let corner = Vec3::from_array(corner.map(|part| part as f32));
                    return Err(RegionError::CornerOutside { plane: index, corner });
                }
            }
        }
        Ok(Self { origin: Vec3::ZERO, planes: unit, bounds: bounds(&corners) })
    }

    /// Whether `point` lies in the frustum or on its boundary.
    #[inline]
    #[must_use]
    pub fn contains(&self, point: Vec3) -> bool {
        self.overlaps(&Aabb::from_corners(point, point))
    }

    /// Whether the frustum and `aabb` have a point in common. Conservative: it tests the planes and
    /// the bounds, so it may claim a box that passes an edge of the frustum closely.
    #[must_use]
    pub fn overlaps(&self, aabb: &Aabb) -> bool {
        let (low, high) = (offset(aabb.low(), self.origin), offset(aabb.high(), self.origin));
        self.bounds.overlaps(aabb)
            && self.planes.iter().all(|plane| {
                let (_, most) = span(plane.normal, low, high);
                most + plane.offset_m >= 0.0
            })
    }

    /// A box along the axes around the frustum.
    #[inline]
    #[must_use]
    pub const fn bounds(&self) -> Aabb {
        self.bounds
    }

    /// What it is made of, to be written down: the point that the planes' offsets are relative to,
    /// the planes and the bounds.
    pub(crate) const fn parts(&self) -> (Vec3, &[Plane; 6], Aabb) {
        (self.origin, &self.planes, self.bounds)
    }

    /// The frustum of the [`parts`](Self::parts) of another, bit for bit: no constructor that
    /// computes them again would give the same.
    pub(crate) fn from_parts(
        origin: Vec3,
        planes: [Plane; 6],
        bounds: Aabb,
    ) -> Result<Self, RegionError> {
        finite_point(origin)?;
        for plane in &planes {
            finite_point(plane.normal)?;
            finite("plane offset", plane.offset_m)?;
        }
        Ok(Self { origin, planes, bounds: bounds.parsed()? })
    }
}

/// Refuses a view angle beyond a right angle.
fn angle(name: &'static str, value_rad: f32) -> Result<(), RegionError> {
    let value_rad = finite(name, value_rad)?;
    if value_rad.abs() < core::f32::consts::FRAC_PI_2 {
        Ok(())
    } else {
        Err(RegionError::AngleOutOfRange { name, value_rad })
    }
}

/// The bounds of eight corners with a slack of 2⁻¹⁸ of the size, since the planes are rounded by
/// about 2⁻²²: no point that they accept near a corner is cut off.
fn bounds(corners: &[[f64; 3]; 8]) -> Aabb {
    let mut low = corners[0];
    let mut high = corners[0];
    for corner in corners {
        for axis in 0..3 {
            low[axis] = low[axis].min(corner[axis]);
            high[axis] = high[axis].max(corner[axis]);
        }
    }
    let size = (0..3).fold(0.0, |size: f64, axis| size.max(high[axis] - low[axis]));
    let slack = size / f64::from(1 << 18);
    Aabb::around(low.map(|part| part - slack), high.map(|part| part + slack))
}

/// Where three planes with unit normals meet, by Cramer's rule; `None` where two are parallel or
/// all three share a direction.
fn meet(planes: [&Plane; 3]) -> Option<[f64; 3]> {
    let [a, b, c] = planes.map(|plane| plane.normal.to_array().map(f64::from));
    let [p, q, r] = planes.map(|plane| -f64::from(plane.offset_m));
    let (bc, ca, ab) = (cross(b, c), cross(c, a), cross(a, b));
    let volume = a[0] * bc[0] + a[1] * bc[1] + a[2] * bc[2];
    if volume.abs() < 1e-9 {
        return None;
    }
    Some(core::array::from_fn(|axis| (p * bc[axis] + q * ca[axis] + r * ab[axis]) / volume))
}

fn cross(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

/// How far `point` lies inside the half space of `plane`.
fn distance(plane: &Plane, point: &[f64; 3]) -> f64 {
    let normal = plane.normal.to_array().map(f64::from);
    let along: f64 = normal.iter().zip(point).map(|(normal, point)| normal * point).sum();
    along + f64::from(plane.offset_m)
}

#[cfg(test)]
mod tests {
    use super::super::super::quaternion::Quat;
    use super::*;

    fn ninety() -> FieldOfView {
        FieldOfView::symmetric(core::f32::consts::FRAC_PI_2, core::f32::consts::FRAC_PI_2)
    }

    #[test]
    fn an_eye_sees_ahead() {
        let eye = Pose::at(Vec3::new(0.0, 1.5, 0.0)).unwrap();
        let view = Frustum::new(&eye, ninety(), 0.1, 10.0).unwrap();
        assert!(view.contains(Vec3::new(0.0, 1.5, -5.0)));
        assert!(view.contains(Vec3::new(4.9, 1.5, -5.0)));
        assert!(!view.contains(Vec3::new(5.1, 1.5, -5.0)));
        assert!(!view.contains(Vec3::new(0.0, 6.7, -5.0)));
        assert!(!view.contains(Vec3::new(0.0, 1.5, 5.0)));
        assert!(!view.contains(Vec3::new(0.0, 1.5, -0.05)));
        assert!(view.contains(Vec3::new(0.0, 1.5, -10.0)));
        assert!(!view.contains(Vec3::new(0.0, 1.5, -10.1)));
    }

    #[test]
    fn a_turned_lopsided_eye() {
        let turn = Quat::from_axis_angle(Vec3::UP, core::f32::consts::FRAC_PI_2).unwrap();
        let eye = Pose::new(Vec3::ZERO, turn).unwrap(); // looks along −X, its right is −Z
        let view = FieldOfView { left_rad: 0.1, right_rad: 0.8, up_rad: 0.5, down_rad: -0.1 };
        let seen = Frustum::new(&eye, view, 0.0, 4.0).unwrap();
        assert!(seen.contains(Vec3::new(-2.0, 0.5, -1.0)));
        assert!(!seen.contains(Vec3::new(-2.0, 0.5, 1.0)));
        assert!(!seen.contains(Vec3::new(-2.0, 0.5, 0.0)));
        assert!(!seen.contains(Vec3::new(-2.0, -0.5, -1.0)));
    }

    #[test]
    fn planes_make_the_same_volume() {
        let eye = Pose::IDENTITY;
        let view = Frustum::new(&eye, ninety(), 1.0, 10.0).unwrap();
        let tripled = view
            .planes
            .map(|plane| Plane { normal: plane.normal * 3.0, offset_m: plane.offset_m * 3.0 });
        let same = Frustum::from_planes(tripled).unwrap();
        let (a, b) = (view.bounds(), same.bounds());
        assert!((a.low() - b.low()).length() < 1e-4 && (a.high() - b.high()).length() < 1e-4);
        assert!(same.contains(Vec3::new(1.9, 0.0, -2.0)));
        assert!(!same.contains(Vec3::new(2.1, 0.0, -2.0)));
    }

    #[test]
    fn planes_are_parsed() {
        let good = Frustum::new(&Pose::IDENTITY, ninety(), 1.0, 10.0).unwrap().planes;
        let mut zero = good;
        zero[3].normal = Vec3::ZERO;
        assert_eq!(Frustum::from_planes(zero), Err(RegionError::ZeroNormal { index: 3 }));
        let mut swapped = good;
        swapped.swap(4, 5);
        assert!(Frustum::from_planes(swapped).is_ok(), "near and far only change names");
        let mut outward = good;
        outward[0].normal = -outward[0].normal;
        assert!(matches!(Frustum::from_planes(outward), Err(RegionError::CornerOutside { .. })));
        let mut open = good;
        open[5] = open[0];
        assert!(matches!(Frustum::from_planes(open), Err(RegionError::Unbounded { .. })));
        let mut none = good;
        none[5].offset_m = -20.0;
        assert!(Frustum::from_planes(none).is_err());
    }

    #[test]
    fn views_are_parsed() {
        let new = |view, near, far| Frustum::new(&Pose::IDENTITY, view, near, far);
        assert!(matches!(new(ninety(), 2.0, 1.0), Err(RegionError::Inverted { .. })));
        assert!(matches!(new(ninety(), -1.0, 1.0), Err(RegionError::Negative { .. })));
        assert!(new(ninety(), 1.0, f32::INFINITY).is_err());
        let wide = FieldOfView::symmetric(core::f32::consts::PI, 1.0);
        assert!(matches!(new(wide, 0.0, 1.0), Err(RegionError::AngleOutOfRange { .. })));
        let inverted = FieldOfView { left_rad: 0.5, right_rad: -0.5, ..ninety() };
        assert!(matches!(new(inverted, 0.0, 1.0), Err(RegionError::Inverted { .. })));
        assert!(new(FieldOfView::symmetric(0.0, 0.0), 3.0, 3.0).is_ok());
    }

    #[test]
    fn far_from_the_origin_it_still_sees() {
        let eye = Pose::at(Vec3::new(1e6, 0.0, 0.0)).unwrap();
        let view = Frustum::new(&eye, ninety(), 0.5, 4.0).unwrap();
        assert!(view.contains(Vec3::new(1e6 + 1.0, 0.0, -2.0)));
        assert!(!view.contains(Vec3::new(1e6 + 2.5, 0.0, -2.0)));
        let everything = Aabb::new(Vec3::splat(f32::MIN), Vec3::splat(f32::MAX)).unwrap();
        assert!(view.overlaps(&everything));
    }
}
