//! Prisms: what stands on a polygon.

use std::sync::Arc;

use super::super::vector::Vec3;
use super::aabb::Aabb;
use super::error::{RegionError, finite, range};

/// A polygon along an axis from one height to another, boundary included; such as a room.
///
/// The polygon may be concave and may cross itself (then the even-odd rule says what is inside).
#[derive(Clone, PartialEq, Debug)]
pub struct Prism {
    footprint: Arc<[[f32; 2]]>,
    up: UpAxis,
    bounds: Aabb,
}

/// The axis along which a prism stands.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum UpAxis {
    /// Along X; the footprint is given in (y, z).
    X,
    /// Along Y, as OpenXR has it; the footprint is given in (x, z).
    #[default]
    Y,
    /// Along Z, as many scans have it; the footprint is given in (x, y).
    Z,
}

impl Prism {
    /// The most corners that a footprint may have: a test takes time linear in them.
    pub const MAX_CORNERS: usize = 65_536;

    /// The prism over `footprint`, its corners in order around it in the two axes that `up` names,
    /// from height `low` to `high`; all in metres. Keeps a copy of the corners.
    ///
    /// # Errors
    /// [`RegionError::CornerCount`] for fewer than 3 or more than [`Self::MAX_CORNERS`] corners;
    /// [`RegionError::NotFinite`]; [`RegionError::Inverted`] where `low` exceeds `high`.
    pub fn new(
        footprint: &[[f32; 2]],
        up: UpAxis,
        low: f32,
        high: f32,
    ) -> Result<Self, RegionError> {
        let given = footprint.len();
        if !(3..=Self::MAX_CORNERS).contains(&given) {
            return Err(RegionError::CornerCount { given, min: 3, max: Self::MAX_CORNERS });
        }
        range("height", low, high)?;
        let mut least = [f32::MAX; 2];
        let mut most = [f32::MIN; 2];
        for corner in footprint {
            for axis in 0..2 {
                let value = finite("footprint corner", corner[axis])?;
                least[axis] = least[axis].min(value);
                most[axis] = most[axis].max(value);
            }
        }
        let bounds = Aabb::from_corners(up.join(least, low), up.join(most, high));
        Ok(Self { footprint: footprint.into(), up, bounds })
    }

    /// The corners in order, in the two axes that [`up`](Self::up) names.
    #[must_use]
    pub fn footprint(&self) -> &[[f32; 2]] {
        &self.footprint
    }

    /// The axis along which it stands.
    #[must_use]
    pub const fn up(&self) -> UpAxis {
        self.up
    }

    /// Whether `point` lies in the prism or on its boundary. Linear in the corners.
    #[must_use]
    pub fn contains(&self, point: Vec3) -> bool {
        self.overlaps(&Aabb::from_corners(point, point))
    }

    /// Whether the prism and `aabb` have a point in common: exact up to the rounding of `f64`,
    /// which counts as touching. Linear in the corners.
    #[must_use]
    pub fn overlaps(&self, aabb: &Aabb) -> bool {
        if !self.bounds.overlaps(aabb) {
            return false;
        }
        let (low, high) = (self.up.plane(aabb.low()), self.up.plane(aabb.high()));
        let mut inside = false;
        for (a, b) in self.edges() {
            if touches(a, b, low, high) {
                return true;
            }
            inside ^= passes(a, b, low);
        }
        // No edge touches the rectangle, so all of it lies where its corner lies.
        inside
    }

    /// The smallest box along the axes around the prism.
    #[must_use]
    pub const fn bounds(&self) -> Aabb {
        self.bounds
    }

    fn edges(&self) -> impl Iterator<Item = ([f64; 2], [f64; 2])> {
        let wide = |corner: &[f32; 2]| corner.map(f64::from);
        let ends = self.footprint.iter().cycle().skip(1);
        self.footprint.iter().zip(ends).map(move |(a, b)| (wide(a), wide(b)))
    }
}

impl UpAxis {
    /// The two coordinates across the axis.
    fn plane(self, point: Vec3) -> [f64; 2] {
        let [u, v] = match self {
            Self::X => [point.y, point.z],
            Self::Y => [point.x, point.z],
            Self::Z => [point.x, point.y],
        };
        [f64::from(u), f64::from(v)]
    }

    /// The point at `across` in the plane and at `height` along the axis.
    const fn join(self, across: [f32; 2], height: f32) -> Vec3 {
        let [u, v] = across;
        match self {
            Self::X => Vec3::new(height, u, v),
            Self::Y => Vec3::new(u, height, v),
            Self::Z => Vec3::new(u, v, height),
        }
    }
}

/// Whether the segment from `a` to `b` touches the rectangle: their extents overlap, and the
/// rectangle does not lie wholly to one side of the segment's line. What rounding leaves open counts
/// as touching.
fn touches(a: [f64; 2], b: [f64; 2], low: [f64; 2], high: [f64; 2]) -> bool {
    for axis in 0..2 {
        if a[axis].max(b[axis]) < low[axis] || a[axis].min(b[axis]) > high[axis] {
            return false;
        }
    }
    let (du, dv) = (b[0] - a[0], b[1] - a[1]);
    let us = [low[0] - a[0], high[0] - a[0]];
    let vs = [low[1] - a[1], high[1] - a[1]];
    let mut least = f64::INFINITY;
    let mut most = f64::NEG_INFINITY;
    for u in us {
        for v in vs {
            let side = du * v - dv * u;
            least = least.min(side);
            most = most.max(side);
        }
    }
    let far = |ends: [f64; 2]| ends[0].abs().max(ends[1].abs());
    let doubt = (du.abs() * far(vs) + dv.abs() * far(us)) * (8.0 * f64::EPSILON);
    least <= doubt && most >= -doubt
}

/// Whether the ray from `from` towards larger first coordinates passes the segment; its lower end
/// belongs to the segment, its upper end does not. `from` is not on the segment.
fn passes(a: [f64; 2], b: [f64; 2], from: [f64; 2]) -> bool {
    if (a[1] > from[1]) == (b[1] > from[1]) {
        return false;
    }
    let side = (b[0] - a[0]) * (from[1] - a[1]) - (b[1] - a[1]) * (from[0] - a[0]);
    (side > 0.0) == (b[1] > a[1])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An L: the unit square's upper right quarter is missing.
    const L: [[f32; 2]; 6] =
        [[0.0, 0.0], [2.0, 0.0], [2.0, 1.0], [1.0, 1.0], [1.0, 2.0], [0.0, 2.0]];

    #[test]
    fn a_concave_room() {
        let room = Prism::new(&L, UpAxis::Y, 0.0, 2.5).unwrap();
        assert!(room.contains(Vec3::new(0.5, 1.0, 1.5)));
        assert!(!room.contains(Vec3::new(1.5, 1.0, 1.5)));
        assert!(room.contains(Vec3::new(1.0, 2.5, 1.0)), "the inner corner");
        assert!(room.contains(Vec3::new(0.0, 0.0, 0.0)), "an outer corner");
        assert!(!room.contains(Vec3::new(0.5, 2.6, 0.5)));
        assert!(!room.contains(Vec3::new(0.5, -0.1, 0.5)));
    }

    #[test]
    fn axes_take_their_planes() {
        let tall = Prism::new(&L, UpAxis::Z, 5.0, 6.0).unwrap();
        assert!(
            tall.contains(Vec3::new(1.5, 0.5, 5.5)) && !tall.contains(Vec3::new(1.5, 1.5, 5.5))
        );
        let lying = Prism::new(&L, UpAxis::X, 5.0, 6.0).unwrap();
        assert!(lying.contains(Vec3::new(5.5, 1.5, 0.5)));
        assert!(!lying.contains(Vec3::new(5.5, 1.5, 1.5)));
    }

    #[test]
    fn overlap_is_exact() {
        let room = Prism::new(&L, UpAxis::Y, 0.0, 1.0).unwrap();
        let at = |u: f32, v: f32, size: f32| {
            Aabb::new(Vec3::new(u, 0.0, v), Vec3::new(u + size, 1.0, v + size)).unwrap()
        };
        assert!(!room.overlaps(&at(1.1, 1.1, 0.5)), "in the notch");
        assert!(room.overlaps(&at(1.0, 1.0, 0.5)), "touching the notch");
        assert!(room.overlaps(&at(0.2, 0.2, 0.1)), "wholly inside");
        assert!(room.overlaps(&at(-1.0, -1.0, 5.0)), "all around");
    }

    #[test]
    fn a_crossed_polygon_is_even_odd() {
        let bow = [[0.0, 0.0], [2.0, 2.0], [2.0, 0.0], [0.0, 2.0]];
        let bow = Prism::new(&bow, UpAxis::Y, 0.0, 1.0).unwrap();
        assert!(bow.contains(Vec3::new(0.2, 0.5, 1.0)) && !bow.contains(Vec3::new(1.0, 0.5, 0.2)));
    }

    #[test]
    fn input_is_parsed() {
        let few = Prism::new(&L[..2], UpAxis::Y, 0.0, 1.0);
        assert!(matches!(few, Err(RegionError::CornerCount { given: 2, min: 3, .. })));
        assert!(matches!(Prism::new(&L, UpAxis::Y, 1.0, 0.0), Err(RegionError::Inverted { .. })));
        let nan = [[0.0, 0.0], [f32::NAN, 0.0], [1.0, 1.0]];
        assert!(matches!(
            Prism::new(&nan, UpAxis::Y, 0.0, 1.0),
            Err(RegionError::NotFinite { .. })
        ));
    }
}
