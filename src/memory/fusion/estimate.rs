//! How an observation changes its object.

use core::time::Duration;

use super::options::ClassOptions;
use crate::space::{Pose, Quat, Vec3};

/// What is estimated of an object, in its frame.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Track {
    pub(super) pose: Pose,
    pub(super) half_extents: Vec3,
    pub(super) velocity: Option<Vec3>,
    pub(super) confidence: f32,
    pub(super) persistence: f32,
}

/// What was observed of it, in the same frame.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Sighting {
    pub(super) pose: Pose,
    pub(super) half_extents: Vec3,
    pub(super) confidence: f32,
}

/// Below this two observations tell no velocity.
const LEAST_INTERVAL_S: f32 = 1e-4;

impl Track {
    /// What a first observation tells.
    pub(super) fn first(seen: &Sighting, options: &ClassOptions) -> Self {
        Self {
            pose: seen.pose,
            half_extents: seen.half_extents,
            velocity: None,
            confidence: seen.confidence,
            persistence: options.restore * seen.confidence,
        }
    }

    /// Where it is `after` its last observation, should it go on as it moved: at constant velocity,
    /// for at most `prediction`.
    pub(super) fn predicted(&self, after: Duration, options: &ClassOptions) -> Vec3 {
        predicted(self.pose.position(), self.velocity, after, options)
    }

    /// What is known once it was seen again, `after` its last observation.
    ///
    /// Position and velocity follow an α–β filter about the prediction, which is the Kalman filter of
    /// constant velocity in its steady state; with β = 2(2 − α) − 4√(1 − α) the two gains belong
    /// together (Kalata, "The tracking index", IEEE Trans. AES-20, 1984). α is `gain` where the
    /// observation is as sure as the object, up to twice as much where it is surer, and less where
    /// it is not: `gain · 2c/(c + C)`. Orientation goes the part α of the shorter way on the great arc
    /// by normalised interpolation (Blow, "Understanding Slerp, Then Not Using It", 2004); extents
    /// and confidence by the part α as well. Persistence is restored by `restore · c` of what it
    /// lacks.
    pub(super) fn seen(&self, seen: &Sighting, after: Duration, options: &ClassOptions) -> Self {
        let both = seen.confidence + self.confidence;
        let weight = if both > 0.0 { 2.0 * seen.confidence / both } else { 1.0 };
        let alpha = (options.gain * weight).min(1.0);
        let expected = self.predicted(after, options);
        let residual = seen.pose.position() - expected;
        let after_s = after.as_secs_f32();
        let velocity = if options.max_speed_m_s == 0.0 {
            None
        } else if after_s < LEAST_INTERVAL_S {
            self.velocity
        } else {
            let beta = 2.0 * (2.0 - alpha) - 4.0 * (1.0 - alpha).sqrt();
            let known = self.velocity.unwrap_or(Vec3::ZERO);
            Some(slowed(known + residual * (beta / after_s), options.max_speed_m_s))
        };
        let position = expected + residual * alpha;
        let orientation = turned(self.pose.orientation(), seen.pose.orientation(), alpha);
        Self {
            // Only where it overflows `f32` there is no pose between two.
            pose: Pose::new(position, orientation).unwrap_or(seen.pose),
            half_extents: self.half_extents + (seen.half_extents - self.half_extents) * alpha,
            velocity,
            confidence: unit(self.confidence + (seen.confidence - self.confidence) * alpha),
            persistence: unit(
                self.persistence + (1.0 - self.persistence) * (options.restore * seen.confidence),
            ),
        }
    }
}

/// Where what was at `position` is `after` that, should it go on as it moved.
pub(super) fn predicted(
    position: Vec3,
    velocity: Option<Vec3>,
    after: Duration,
    options: &ClassOptions,
) -> Vec3 {
    match velocity {
        Some(velocity) => position + velocity * after.min(options.prediction).as_secs_f32(),
        None => position,
    }
}

/// The part `alpha` of the shorter way from `from` to `to`.
fn turned(from: Quat, to: Quat, alpha: f32) -> Quat {
    let cosine = (from.x * to.x + from.y * to.y) + (from.z * to.z + from.w * to.w);
    let (keep, take) = (1.0 - alpha, if cosine < 0.0 { -alpha } else { alpha });
    let between = Quat::new(
        keep * from.x + take * to.x,
        keep * from.y + take * to.y,
        keep * from.z + take * to.z,
        keep * from.w + take * to.w,
    );
    // On the shorter way no two unit quaternions cancel out.
    between.normalised().unwrap_or(to)
}

fn slowed(velocity: Vec3, limit_m_s: f32) -> Vec3 {
    let speed = velocity.length();
    if speed > limit_m_s {
        let slowed = velocity * (limit_m_s / speed);
        // Not a number where the speed overflowed.
        if slowed.is_finite() { slowed } else { Vec3::ZERO }
    } else if velocity.is_finite() {
        velocity
    } else {
        Vec3::ZERO
    }
}

fn unit(value: f32) -> f32 {
    value.clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FRAME: Duration = Duration::from_nanos(33_333_333);

    fn at(x: f32, confidence: f32) -> Sighting {
        let pose = Pose::at(Vec3::new(x, 0.0, 0.0)).unwrap();
        Sighting { pose, half_extents: Vec3::splat(0.2), confidence }
    }

    #[test]
    fn velocity_is_found_and_the_lag_goes() {
        let options = ClassOptions::default();
        let mut track = Track::first(&at(0.0, 0.9), &options);
        for frame in 1..=90 {
            track = track.seen(&at(frame as f32 / 30.0, 0.9), FRAME, &options);
        }
        assert!((track.velocity.unwrap().x - 1.0).abs() < 0.01, "{track:?}");
        assert!((track.pose.position().x - 3.0).abs() < 0.005);
        let ahead = track.predicted(Duration::from_secs(9), &options);
        assert!((ahead.x - 3.5).abs() < 0.01, "predicted for half a second at most");
    }

    #[test]
    fn what_is_surer_moves_more() {
        let options = ClassOptions { max_speed_m_s: 0.0, ..ClassOptions::default() };
        let track = Track::first(&at(0.0, 0.5), &options);
        let moved = |confidence: f32| track.seen(&at(1.0, confidence), FRAME, &options);
        assert_eq!(moved(0.5).pose.position().x, 0.3);
        assert!(moved(1.0).pose.position().x > 0.35 && moved(0.1).pose.position().x < 0.15);
        assert_eq!(moved(0.0).pose.position().x, 0.0);
        assert_eq!(moved(1.0).velocity, None);
        assert_eq!(moved(1.0).persistence, 0.25 + 0.75 * 0.5);
    }

    #[test]
    fn a_quaternion_and_its_opposite_turn_nothing() {
        let q = Quat::from_axis_angle(Vec3::UP, 2.0).unwrap();
        let back = turned(q, Quat::new(-q.x, -q.y, -q.z, -q.w), 0.3);
        assert!((back.y - q.y).abs() < 1e-6 && (back.w - q.w).abs() < 1e-6);
        let half = turned(Quat::IDENTITY, q, 0.5);
        let expected = Quat::from_axis_angle(Vec3::UP, 1.0).unwrap();
        assert!((half.y - expected.y).abs() < 1e-6 && (half.w - expected.w).abs() < 1e-6);
    }

    proptest! {
        #[test]
        fn estimates_stay_estimates(
            xs in proptest::collection::vec((-1e30f32..1e30, 0.0f32..=1.0, 0u64..10_000_000_000), 1..20),
        ) {
            let options = ClassOptions::default();
            let mut track = Track::first(&at(xs[0].0, xs[0].1), &options);
            for &(x, confidence, nanos) in &xs {
                track = track.seen(&at(x, confidence), Duration::from_nanos(nanos), &options);
                prop_assert!(track.pose.parsed().is_ok());
                prop_assert!(track.half_extents.x >= 0.0 && track.half_extents.is_finite());
                prop_assert!((0.0..=1.0).contains(&track.confidence));
                prop_assert!((0.0..=1.0).contains(&track.persistence));
                if let Some(velocity) = track.velocity {
                    prop_assert!(velocity.length() <= 3.001);
                }
            }
        }
    }
}
