//! Boxes turned in any direction.

use super::super::pose::Pose;
use super::super::vector::Vec3;
use super::aabb::Aabb;
use super::error::{RegionError, length};
use super::span::{offset, span};

/// A box with a pose, boundary included.
///
/// A point belongs to it where its offset from the centre, projected on each of the box's axes,
/// is at most the half extent there.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct OrientedBox {
    pose: Pose,
    axes: [Vec3; 3],
    half_extents: Vec3,
    bounds: Aabb,
}

impl OrientedBox {
    /// The box about the position of `pose`, turned by its orientation, that reaches
    /// `half_extents` metres to either side along its own axes.
    ///
    /// # Errors
    /// [`RegionError::Pose`]; [`RegionError::NotFinite`] or [`RegionError::Negative`] for a half
    /// extent.
    pub fn new(pose: &Pose, half_extents: Vec3) -> Result<Self, RegionError> {
        let pose = pose.parsed()?;
        let half = Vec3::new(
            length("half extent x", half_extents.x)?,
            length("half extent y", half_extents.y)?,
            length("half extent z", half_extents.z)?,
        );
        let axes =
            [Vec3::RIGHT, Vec3::UP, -Vec3::FORWARD].map(|axis| pose.transform_direction(axis));
        let bounds = bounds(pose.position(), &axes, half);
        Ok(Self { pose, axes, half_extents: half, bounds })
    }

    /// Where the middle is and how the box is turned.
    #[inline]
    #[must_use]
    pub const fn pose(&self) -> &Pose {
        &self.pose
    }

    /// How far the box reaches from its middle along its own axes, in metres.
    #[inline]
    #[must_use]
    pub const fn half_extents(&self) -> Vec3 {
        self.half_extents
    }

    /// Its own axes: unit vectors.
    #[inline]
    pub(in super::super) const fn axes(&self) -> [Vec3; 3] {
        self.axes
    }

    /// Whether `point` lies in the box or on its boundary.
    #[inline]
    #[must_use]
    pub fn contains(&self, point: Vec3) -> bool {
        self.overlaps(&Aabb::from_corners(point, point))
    }

    /// Whether the box and `aabb` have a point in common. Conservative: it tests the three axes of
    /// each box, not the nine cross axes, so it may claim two boxes whose edges pass closely.
    #[must_use]
    pub fn overlaps(&self, aabb: &Aabb) -> bool {
        let centre = self.pose.position();
        let (low, high) = (offset(aabb.low(), centre), offset(aabb.high(), centre));
        let half = self.half_extents.to_array();
        self.bounds.overlaps(aabb)
            && self.axes.iter().zip(half).all(|(&axis, half)| {
                let (least, most) = span(axis, low, high);
                least <= half && most >= -half
            })
    }

    /// A box along the axes around this one, wider by what rounding can add.
    #[inline]
    #[must_use]
    pub const fn bounds(&self) -> Aabb {
        self.bounds
    }
}

/// Bounds with a slack of 2⁻¹⁸ of the extents, since the axes and projections are rounded by 2⁻²²:
/// no point that the projections accept is cut off.
fn bounds(centre: Vec3, axes: &[Vec3; 3], half: Vec3) -> Aabb {
    let half = half.to_array().map(f64::from);
    let columns = axes.map(|axis| axis.to_array().map(f64::from));
    let slack = half.iter().sum::<f64>() / f64::from(1 << 18);
    let mut low = centre.to_array().map(f64::from);
    let mut high = low;
    for axis in 0..3 {
        let reach: f64 =
            columns.iter().zip(half).map(|(column, half)| column[axis].abs() * half).sum();
        // Offsets below f32's smallest normal number are rounded coarsely.
        low[axis] -= reach + slack + 1e-36;
        high[axis] += reach + slack + 1e-36;
    }
    Aabb::around(low, high)
}

#[cfg(test)]
mod tests {
    use super::super::super::quaternion::Quat;
    use super::*;

    #[test]
    fn a_turned_box_is_not_its_bounds() {
        let turn = Quat::from_axis_angle(Vec3::UP, core::f32::consts::FRAC_PI_4).unwrap();
        let pose = Pose::new(Vec3::new(10.0, 0.0, 0.0), turn).unwrap();
        let plank = OrientedBox::new(&pose, Vec3::new(4.0, 0.5, 0.5)).unwrap();
        // Its long axis points to +X −Z.
        assert!(plank.contains(Vec3::new(12.0, 0.5, -2.0)));
        assert!(!plank.contains(Vec3::new(12.0, 0.5, 2.0)));
        assert!(plank.bounds().contains(Vec3::new(12.0, 0.5, 2.0)));
        let corner = Aabb::new(Vec3::new(12.0, -1.0, 1.5), Vec3::new(13.0, 1.0, 2.5)).unwrap();
        assert!(plank.bounds().overlaps(&corner) && !plank.overlaps(&corner));
    }

    #[test]
    fn an_unturned_box_is_exact() {
        let pose = Pose::at(Vec3::new(1.0, 2.0, 3.0)).unwrap();
        let cube = OrientedBox::new(&pose, Vec3::splat(1.0)).unwrap();
        assert!(cube.contains(Vec3::new(2.0, 3.0, 4.0)));
        assert!(!cube.contains(Vec3::new(2.0f32.next_up(), 3.0, 4.0)));
        let flat = OrientedBox::new(&pose, Vec3::ZERO).unwrap();
        assert!(flat.contains(pose.position()));
    }

    #[test]
    fn input_is_parsed() {
        let bad = OrientedBox::new(&Pose::IDENTITY, Vec3::new(1.0, -2.0, 1.0));
        assert!(matches!(bad, Err(RegionError::Negative { name: "half extent y", value: -2.0 })));
        let bad = OrientedBox::new(&bytemuck::Zeroable::zeroed(), Vec3::ZERO);
        assert!(matches!(bad, Err(RegionError::Pose(_))));
    }
}
