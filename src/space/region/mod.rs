//! Volumes: sphere, box, oriented box, frustum and prism, and one type for any of them.
//!
//! 1. A constructor parses: a region that exists is finite and not inverted. Extents of zero are
//!    fine, so a point, a segment and a rectangle are regions too.
//! 2. `contains` is inclusive of the boundary. `overlaps` against a box is exact for spheres, boxes
//!    and prisms (prisms up to the rounding of `f64`) and conservative for oriented boxes and
//!    frusta: they test the planes of the faces, and may claim a box that passes an edge closely.
//!    None ever denies a box that it overlaps.
//! 3. `contains(p)` is the same as `overlaps` of the box that is only `p`, and `overlaps` is
//!    monotone (rule 4 of `space`).
//! 4. `bounds` is a box around every point that `contains` accepts, rounded outward.

mod aabb;
mod error;
mod frustum;
mod oriented_box;
mod prism;
mod span;
mod sphere;

pub use aabb::Aabb;
pub use error::RegionError;
pub use frustum::{FieldOfView, Frustum, Plane};
pub use oriented_box::OrientedBox;
pub use prism::{Prism, UpAxis};
pub use sphere::Sphere;

pub(super) use span::REACH;

use super::vector::Vec3;

/// Any volume. Cloning never copies a polygon: a prism shares it.
///
/// ```
/// use xrmesh::space::{Region, RegionError, Sphere, Vec3};
/// let reach: Region = Sphere::new(Vec3::ZERO, 0.8)?.into();
/// assert!(reach.contains(Vec3::new(0.0, 0.0, -0.8))); // the boundary belongs to it
/// assert!(Sphere::new(Vec3::ZERO, -1.0).is_err());
/// # Ok::<(), RegionError>(())
/// ```
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub enum Region {
    /// All within a distance of a point.
    Sphere(Sphere),
    /// A box along the axes.
    Box(Aabb),
    /// A box turned in any direction.
    OrientedBox(OrientedBox),
    /// What a view sees.
    Frustum(Frustum),
    /// What stands on a polygon.
    Prism(Prism),
}

impl Region {
    /// Whether `point` lies in the region or on its boundary. A point that is not a number lies in
    /// no region. Constant time, except for a prism: linear in its corners.
    #[must_use]
    pub fn contains(&self, point: Vec3) -> bool {
        match self {
            Self::Sphere(sphere) => sphere.contains(point),
            Self::Box(aabb) => aabb.contains(point),
            Self::OrientedBox(oriented) => oriented.contains(point),
            Self::Frustum(frustum) => frustum.contains(point),
            Self::Prism(prism) => prism.contains(point),
        }
    }

    /// Whether the region and `aabb` have a point in common; where that is costly (oriented boxes,
    /// frusta), true may also mean that they nearly do. False is always certain.
    #[must_use]
    pub fn overlaps(&self, aabb: &Aabb) -> bool {
        match self {
            Self::Sphere(sphere) => sphere.overlaps(aabb),
            Self::Box(own) => own.overlaps(aabb),
            Self::OrientedBox(oriented) => oriented.overlaps(aabb),
            Self::Frustum(frustum) => frustum.overlaps(aabb),
            Self::Prism(prism) => prism.overlaps(aabb),
        }
    }

    /// A box along the axes around the region.
    #[must_use]
    pub fn bounds(&self) -> Aabb {
        match self {
            Self::Sphere(sphere) => sphere.bounds(),
            Self::Box(aabb) => *aabb,
            Self::OrientedBox(oriented) => oriented.bounds(),
            Self::Frustum(frustum) => frustum.bounds(),
            Self::Prism(prism) => prism.bounds(),
        }
    }
}

impl From<Sphere> for Region {
    fn from(sphere: Sphere) -> Self {
        Self::Sphere(sphere)
    }
}

impl From<Aabb> for Region {
    fn from(aabb: Aabb) -> Self {
        Self::Box(aabb)
    }
}

impl From<OrientedBox> for Region {
    fn from(oriented: OrientedBox) -> Self {
        Self::OrientedBox(oriented)
    }
}

impl From<Frustum> for Region {
    fn from(frustum: Frustum) -> Self {
        Self::Frustum(frustum)
    }
}

impl From<Prism> for Region {
    fn from(prism: Prism) -> Self {
        Self::Prism(prism)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{Pose, Quat};
    use super::*;

    /// Coordinates that often coincide, so that boundaries are met.
    fn coordinate() -> impl Strategy<Value = f32> {
        prop_oneof![
            (-8i8..=8).prop_map(|steps| f32::from(steps) * 0.5),
            -4.0f32..4.0,
            Just(1e12f32),
            Just(-0.0f32)
        ]
    }

    fn point() -> impl Strategy<Value = Vec3> {
        (coordinate(), coordinate(), coordinate()).prop_map(|(x, y, z)| Vec3::new(x, y, z))
    }

    fn near_point() -> impl Strategy<Value = Vec3> {
        (-4.0f32..4.0, -4.0f32..4.0, -4.0f32..4.0).prop_map(|(x, y, z)| Vec3::new(x, y, z))
    }

    fn pose() -> impl Strategy<Value = Pose> {
        (near_point(), near_point(), -4.0f32..4.0).prop_filter_map("zero", |(at, turn, w)| {
            Pose::new(at, Quat::new(turn.x, turn.y, turn.z, w)).ok()
        })
    }

    fn region() -> impl Strategy<Value = Region> {
        prop_oneof![
            (near_point(), 0.0f32..5.0)
                .prop_map(|(at, radius)| Sphere::new(at, radius).unwrap().into()),
            (point(), point()).prop_map(|(a, b)| Aabb::new(a.min(b), a.max(b)).unwrap().into()),
            (pose(), near_point()).prop_map(|(pose, half)| {
                let half = half.max(Vec3::ZERO);
                OrientedBox::new(&pose, half).unwrap().into()
            }),
            (pose(), 0.1f32..1.5, 0.0f32..2.0, 0.0f32..6.0).prop_map(
                |(pose, half, near, depth)| {
                    let view = FieldOfView::symmetric(half * 2.0, half);
                    Frustum::new(&pose, view, near, near + depth).unwrap().into()
                }
            ),
            (
                proptest::collection::vec((coordinate(), coordinate()), 3..9),
                coordinate(),
                0.0f32..4.0,
                prop_oneof![Just(UpAxis::X), Just(UpAxis::Y), Just(UpAxis::Z)]
            )
                .prop_map(|(corners, low, height, up)| {
                    let corners: Vec<_> = corners.iter().map(|&(u, v)| [u, v]).collect();
                    Prism::new(&corners, up, low, low + height).unwrap().into()
                }),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]

        #[test]
        fn bounds_hold_what_is_contained(region in region(), at in prop_oneof![point(), near_point()]) {
            if region.contains(at) {
                prop_assert!(region.bounds().contains(at));
            }
            prop_assert!(region.overlaps(&region.bounds()));
        }

        #[test]
        fn a_point_is_a_box_of_no_extent(region in region(), at in prop_oneof![point(), near_point()]) {
            prop_assert_eq!(region.contains(at), region.overlaps(&Aabb::point(at).unwrap()));
        }

        #[test]
        fn overlap_is_monotone(region in region(), at in near_point(), a in point(), b in near_point()) {
            let inner = Aabb::new(at.min(b), at.max(b)).unwrap();
            let outer = inner.union(&Aabb::point(a).unwrap());
            if region.contains(at) {
                prop_assert!(region.overlaps(&inner));
            }
            if region.overlaps(&inner) {
                prop_assert!(region.overlaps(&outer), "{:?} in {:?}", inner, outer);
            }
        }

        #[test]
        fn nothing_contains_what_is_not_a_number(region in region(), axis in 0usize..3) {
            let mut at = [0.0; 3];
            at[axis] = f32::NAN;
            prop_assert!(!region.contains(Vec3::from_array(at)));
        }
    }
}
