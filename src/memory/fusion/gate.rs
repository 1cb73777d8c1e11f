//! How well an observation fits an object.

use super::assign::UNASSIGNED;
use super::options::ClassOptions;
use crate::space::{Aabb, Vec3};

/// Boxes are compared as if they reached this much further to every side, so that what is flat
/// shares something with what lies just before it.
const PAD_M: f32 = 0.01;

/// How much of what is left to the gate a pair costs more where either is certainly not there.
const DOUBT: f32 = 0.5;

/// The cost of taking an observation for an object, both in the world, where `existence` is the
/// object's persistence times the observation's confidence:
/// [`UNASSIGNED`] at the edge of the gate, `None` beyond.
///
/// `c = (1 − w) d²/g² + w (1 − o)`, with the distance d of the centres, the gate g and the shared part
/// o of the two boxes (intersection over union), w being `overlap_weight`; between two points only
/// the distance counts. A square of the distance is what the logarithm of a normal distribution costs,
/// and where the cost reaches that of a new object lies the gate: the assignment is then the most
/// likely one (Blackman & Popoli, "Design and Analysis of Modern Tracking Systems", 1999, chapter 6).
///
/// To that comes `½ (1 − c)(1 − p s)`, the doubt whether both are there at all, p being the
/// persistence and s the observation's confidence: so neither what clutter left beside an object nor
/// what clutter shows there takes the place of the real one (existence as a part of the association's
/// probability: Mušicki, Evans & Stanković, "Integrated probabilistic data association", IEEE Trans.
/// AC-39, 1994).
pub(super) fn cost(
    observed: Vec3,
    observed_box: &Aabb,
    predicted: Vec3,
    predicted_box: &Aabb,
    existence: f32,
    options: &ClassOptions,
) -> Option<u32> {
    let part = observed.distance_squared(predicted) / (options.gate_m * options.gate_m);
    if part.is_nan() || part >= 1.0 {
        return None;
    }
    let points =
        observed_box.low() == observed_box.high() && predicted_box.low() == predicted_box.high();
    let cost = if points {
        part
    } else {
        let shared = overlap(observed_box, predicted_box);
        (1.0 - options.overlap_weight) * part + options.overlap_weight * (1.0 - shared)
    };
    let cost = cost + (1.0 - cost) * (1.0 - existence) * DOUBT;
    let cost = (cost * UNASSIGNED as f32) as u32;
    (cost < UNASSIGNED).then_some(cost)
}

/// The volume that two boxes share over the volume that either fills, 0 to 1.
pub(super) fn overlap(a: &Aabb, b: &Aabb) -> f32 {
    let volume = |low: Vec3, high: Vec3| {
        let side = |low: f32, high: f32| f64::from(((high - low) + 2.0 * PAD_M).max(0.0));
        side(low.x, high.x) * side(low.y, high.y) * side(low.z, high.z)
    };
    let shared = volume(a.low().max(b.low()), a.high().min(b.high()));
    let either = volume(a.low(), a.high()) + volume(b.low(), b.high()) - shared;
    (shared / either) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cube(x: f32, half: f32) -> (Vec3, Aabb) {
        let at = Vec3::new(x, 0.0, 0.0);
        (at, Aabb::new(at - Vec3::splat(half), at + Vec3::splat(half)).unwrap())
    }

    fn between(a: (Vec3, Aabb), b: (Vec3, Aabb)) -> Option<u32> {
        cost(a.0, &a.1, b.0, &b.1, 1.0, &ClassOptions::default())
    }

    #[test]
    fn nearer_and_more_alike_is_cheaper() {
        let there = cube(0.0, 0.3);
        assert_eq!(between(there, there), Some(0));
        let near = between(cube(0.1, 0.3), there).unwrap();
        let far = between(cube(0.3, 0.3), there).unwrap();
        assert!(0 < near && near < far && far < UNASSIGNED);
        assert!(between(cube(0.1, 0.1), there).unwrap() > near);
    }

    #[test]
    fn a_doubtful_object_is_taken_last() {
        let (seen, sure, doubtful) = (cube(0.13, 0.0), cube(0.0, 0.0), cube(0.2, 0.0));
        let options = ClassOptions::default();
        let to = |it: (Vec3, Aabb), existence| {
            cost(seen.0, &seen.1, it.0, &it.1, existence, &options).unwrap()
        };
        assert!(to(doubtful, 1.0) < to(sure, 1.0) && to(sure, 1.0) < to(doubtful, 0.4));
        let edge = cube(0.629, 0.0);
        assert!(to(edge, 0.0) < UNASSIGNED, "the gate stays where it is");
    }

    #[test]
    fn the_gate_closes() {
        assert!(between(cube(0.499, 0.0), cube(0.0, 0.0)).is_some());
        assert_eq!(between(cube(0.5, 0.0), cube(0.0, 0.0)), None);
        let nowhere = Vec3::splat(f32::NAN);
        let (at, bounds) = cube(0.0, 0.0);
        assert_eq!(cost(nowhere, &bounds, at, &bounds, 1.0, &ClassOptions::default()), None);
    }

    #[test]
    fn flat_boxes_share_what_they_face() {
        let plate = |z: f32| Aabb::new(Vec3::new(0.0, 0.0, z), Vec3::new(1.0, 1.0, z)).unwrap();
        assert_eq!(overlap(&plate(0.0), &plate(0.0)), 1.0);
        assert!(overlap(&plate(0.0), &plate(0.005)) > 0.5);
        assert_eq!(overlap(&plate(0.0), &plate(1.0)), 0.0);
    }
}
