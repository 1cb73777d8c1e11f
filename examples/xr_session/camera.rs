//! The headset's camera and its detector, which the session stands in for: what lies in view is
//! seen with noise, with more or less confidence, and a drift of the tracking origin.

use core::f32::consts::TAU;

use xrmesh::random::Counter;
use xrmesh::space::{FieldOfView, Frustum};
use xrmesh::{Pose, Vec3};

use crate::messages::Detection;
use crate::surroundings::Surroundings;

/// The stream of the seed that noise is drawn from.
const STREAM: u32 = 4;
/// 80° by 65°, to 6 m.
const VIEW_RAD: [f32; 2] = [1.396, 1.134];
const RANGE_M: f32 = 6.0;
/// Standard deviation of a detection's place along each axis.
const NOISE_M: f32 = 0.012;
/// The origin wanders by so much about where it should be, once in so many images.
const DRIFT_M: f32 = 0.03;
const DRIFT_IMAGES: f32 = 900.0;

/// What the camera would not overlook: the middle of its view, so that what lies there lies in the view
/// as a whole, and near enough to be certain. `None` for a pose that gives no view.
pub(crate) fn middle(pose: &Pose) -> Option<Frustum> {
    let view = FieldOfView::symmetric(VIEW_RAD[0] * 0.6, VIEW_RAD[1] * 0.6);
    Frustum::new(pose, view, 0.5, RANGE_M * 0.6).ok()
}

/// Calls `each` with what the camera detects from `pose` in image number `image`.
pub(crate) fn look(
    room: &Surroundings,
    seed: u64,
    image: u64,
    pose: &Pose,
    mut each: impl FnMut(&Detection),
) {
    let view = FieldOfView::symmetric(VIEW_RAD[0], VIEW_RAD[1]);
    let Ok(frustum) = Frustum::new(pose, view, 0.1, RANGE_M) else { return };
    let phase = TAU * (image as f32 / DRIFT_IMAGES);
    let drift =
        Vec3::new(libm::sinf(phase), 0.3 * libm::sinf(2.0 * phase), libm::cosf(phase) - 1.0);
    for (number, thing) in room.things.iter().enumerate().filter(|(_, thing)| !thing.shell) {
        let centre = thing.bounds.centre();
        if !frustum.contains(centre) {
            continue;
        }
        let draw = Counter::new(seed, [STREAM, number as u32]);
        let ([x, y], [z, doubt]) = (draw.normals(2 * image), draw.normals(2 * image + 1));
        let noise = Vec3::new(x as f32, y as f32, z as f32) * NOISE_M;
        let distance = (centre - pose.position()).length();
        // Certain up close, less so across the room.
        let confidence = 0.92 - 0.04 * distance + 0.1 * doubt as f32;
        let half = thing.bounds.half_extents().to_array();
        each(&Detection {
            class: u32::from(thing.class),
            position: centre + noise + drift * DRIFT_M,
            half_mm: half.map(|metres| (metres * 1e3) as u16),
            confidence_permille: (confidence.clamp(0.0, 1.0) * 1e3) as u16,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate;
    use crate::pose::euler_yxz_deg;
    use crate::pose::posed;

    #[test]
    fn only_what_lies_ahead_is_seen_some_of_it_uncertain() {
        let room = Surroundings::of(&generate::room(1));
        let count = |yaw: f32| {
            let pose = posed(Vec3::new(0.0, 1.6, 0.0), euler_yxz_deg(-15.0, yaw, 0.0));
            let (mut certain, mut all) = (0, 0);
            (0..100).for_each(|image| {
                look(&room, 1, image, &pose, |detection| {
                    all += 1;
                    certain += u32::from(detection.confidence_permille >= 700);
                });
            });
            (certain, all)
        };
        let sights = [0.0, 90.0, 180.0, 270.0].map(count);
        let (certain, all) =
            sights.iter().fold((0, 0), |sum, sight| (sum.0 + sight.0, sum.1 + sight.1));
        assert!(sights.iter().any(|sight| sight.1 != sights[0].1), "{sights:?}");
        assert!(certain > all / 2 && certain < all, "{certain} of {all}");
    }
}
