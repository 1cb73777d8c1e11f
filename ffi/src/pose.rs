//! Places.

use bytemuck::{Pod, Zeroable};
use xrmesh::{Pose, Quat, Vec3};

use crate::failure::Failure;
use crate::status::XRMESH_ERROR_GEOMETRY;

/// Where something is and how it is turned: OpenXR's space, right-handed, Y up, −Z forward.
#[derive(Clone, Copy, PartialEq, Debug, Default, Pod, Zeroable)]
#[repr(C)]
pub struct xrmesh_pose {
    /// x, y, z in metres.
    pub position: [f32; 3],
    /// A quaternion x, y, z, w; normalised where it is taken.
    pub orientation: [f32; 4],
}

impl From<Pose> for xrmesh_pose {
    fn from(pose: Pose) -> Self {
        let turn = pose.orientation();
        Self { position: pose.position().to_array(), orientation: [turn.x, turn.y, turn.z, turn.w] }
    }
}

impl xrmesh_pose {
    pub(crate) fn parsed(self) -> Result<Pose, Failure> {
        let [x, y, z, w] = self.orientation;
        Pose::new(Vec3::from_array(self.position), Quat::new(x, y, z, w))
            .map_err(|error| Failure::new(XRMESH_ERROR_GEOMETRY, error))
    }
}
