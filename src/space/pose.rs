//! Position and orientation.

use bytemuck::{Pod, Zeroable};
use thiserror::Error;

use super::quaternion::Quat;
use super::vector::Vec3;

/// Where something is and how it is turned: a rigid transform from its own frame to the frame it is
/// given in. 28 bytes without padding; positions in metres, the orientation a unit quaternion.
///
/// [`Pose::new`] parses: a pose that it gave is finite and its quaternion has length one. Bytes from
/// outside that are cast to a pose have not been parsed: pass them through
/// [`parsed`](Self::parsed).
///
/// ```
/// use xrmesh::space::{Pose, PoseError, Quat, Vec3};
/// let head = Pose::new(Vec3::new(0.0, 1.6, 0.0), Quat::new(0.0, 2.0, 0.0, 0.0))?;
/// // Turned about by 180°, one metre ahead lies at +Z.
/// assert_eq!(head.transform_point(Vec3::FORWARD), Vec3::new(0.0, 1.6, 1.0));
/// assert!(Pose::new(Vec3::new(f32::NAN, 0.0, 0.0), Quat::IDENTITY).is_err());
/// # Ok::<(), PoseError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Debug, Default, Pod, Zeroable)]
#[repr(C)]
pub struct Pose {
    position: Vec3,
    orientation: Quat,
}

/// Why a position and a quaternion are no pose.
#[derive(Clone, Copy, PartialEq, Debug, Error)]
#[non_exhaustive]
pub enum PoseError {
    /// A coordinate is infinite or not a number.
    #[error("position {position:?} is not finite")]
    PositionNotFinite {
        /// The position as given.
        position: Vec3,
    },
    /// A component of the quaternion is infinite or not a number.
    #[error("orientation {orientation:?} is not finite")]
    OrientationNotFinite {
        /// The quaternion as given.
        orientation: Quat,
    },
    /// The quaternion has length zero, so it names no rotation.
    #[error("orientation {orientation:?} has length zero, expected a quaternion of length one")]
    OrientationZero {
        /// The quaternion as given.
        orientation: Quat,
    },
}

impl Pose {
    /// At the origin, not turned.
    pub const IDENTITY: Self = Self { position: Vec3::ZERO, orientation: Quat::IDENTITY };

    /// The pose at `position` (metres) turned by `orientation`, which is normalised.
    ///
    /// # Errors
    /// [`PoseError`] where anything is not finite, or where the quaternion is zero.
    pub fn new(position: Vec3, orientation: Quat) -> Result<Self, PoseError> {
        if !position.is_finite() {
            return Err(PoseError::PositionNotFinite { position });
        }
        if !orientation.is_finite() {
            return Err(PoseError::OrientationNotFinite { orientation });
        }
        match orientation.normalised() {
            Some(orientation) => Ok(Self { position, orientation }),
            None => Err(PoseError::OrientationZero { orientation }),
        }
    }

    /// The pose at `position` (metres), not turned.
    ///
    /// # Errors
    /// [`PoseError::PositionNotFinite`].
    pub fn at(position: Vec3) -> Result<Self, PoseError> {
        Self::new(position, Quat::IDENTITY)
    }

    /// This pose parsed, for one that was cast from bytes; a parsed one comes back bit for bit.
    ///
    /// # Errors
    /// As [`Pose::new`].
    pub fn parsed(self) -> Result<Self, PoseError> {
        Self::new(self.position, self.orientation)
    }

    /// Where it is, in metres.
    #[inline]
    #[must_use]
    pub const fn position(&self) -> Vec3 {
        self.position
    }

    /// How it is turned: a unit quaternion.
    #[inline]
    #[must_use]
    pub const fn orientation(&self) -> Quat {
        self.orientation
    }

    /// The pose, in this pose's outer frame, of what has pose `inner` in this pose's own frame.
    ///
    /// # Errors
    /// [`PoseError::PositionNotFinite`] where the sum of the positions overflows `f32`.
    pub fn compose(&self, inner: &Self) -> Result<Self, PoseError> {
        Self::new(self.transform_point(inner.position), self.orientation * inner.orientation)
    }

    /// The transform back: `a.inverse()?.compose(&a)?` is the identity up to rounding.
    ///
    /// # Errors
    /// [`PoseError::PositionNotFinite`] where rotating the position overflows `f32`.
    pub fn inverse(&self) -> Result<Self, PoseError> {
        let back = self.orientation.conjugate();
        Self::new(-back.rotate(self.position), back)
    }

    /// `point`, given in this pose's own frame, in its outer frame. Metres.
    #[inline]
    #[must_use]
    pub fn transform_point(&self, point: Vec3) -> Vec3 {
        self.orientation.rotate(point) + self.position
    }

    /// `direction`, given in this pose's own frame, in its outer frame: turned, not shifted.
    #[inline]
    #[must_use]
    pub fn transform_direction(&self, direction: Vec3) -> Vec3 {
        self.orientation.rotate(direction)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pose() -> impl Strategy<Value = Pose> {
        let part = -1.0f32..1.0;
        let place = -100.0f32..100.0;
        ((place.clone(), place.clone(), place), (part.clone(), part.clone(), part.clone(), part))
            .prop_filter_map("a zero quaternion", |((px, py, pz), (x, y, z, w))| {
                Pose::new(Vec3::new(px, py, pz), Quat::new(x, y, z, w)).ok()
            })
    }

    #[test]
    fn a_pose_is_seven_floats() {
        assert_eq!(size_of::<Pose>(), 28);
        let floats: &[f32] = bytemuck::cast_slice(bytemuck::bytes_of(&Pose::IDENTITY));
        assert_eq!(floats, [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0]);
    }

    #[test]
    fn bad_parts_are_named() {
        let nan = Vec3::new(0.0, f32::NAN, 0.0);
        assert!(matches!(Pose::at(nan), Err(PoseError::PositionNotFinite { .. })));
        let infinite = Quat::new(0.0, 0.0, f32::INFINITY, 1.0);
        assert_eq!(
            Pose::new(Vec3::ZERO, infinite),
            Err(PoseError::OrientationNotFinite { orientation: infinite })
        );
        let zero: Pose = Zeroable::zeroed();
        assert!(matches!(zero.parsed(), Err(PoseError::OrientationZero { .. })));
        let far = Pose::at(Vec3::splat(f32::MAX)).unwrap();
        assert!(matches!(far.compose(&far), Err(PoseError::PositionNotFinite { .. })));
    }

    proptest! {
        #[test]
        fn the_inverse_leads_back(a in pose(), b in pose()) {
            let back = a.inverse().unwrap().compose(&a.compose(&b).unwrap()).unwrap();
            prop_assert!((back.position() - b.position()).length() < 1e-3);
            let [p, q] = [back, b].map(|pose| pose.transform_direction(Vec3::new(1.0, 2.0, 3.0)));
            prop_assert!((p - q).length() < 1e-4);
        }

        #[test]
        fn composing_is_transforming_twice(a in pose(), b in pose()) {
            let point = Vec3::new(0.3, -2.0, 5.0);
            let once = a.compose(&b).unwrap().transform_point(point);
            let twice = a.transform_point(b.transform_point(point));
            prop_assert!((once - twice).length() < 1e-3);
        }

        #[test]
        fn parsing_again_changes_nothing(a in pose(), b in pose()) {
            let both = a.compose(&b).unwrap();
            prop_assert_eq!(both.parsed(), Ok(both));
        }
    }
}
