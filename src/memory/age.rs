//! Ageing: what should be seen and is not is forgotten by and by.
//!
//! 1. An object loses persistence only while it lies where an observer looks and is not seen: half of
//!    it in each half-life of its class. What nobody looks at is remembered as it is.
//! 2. Behind another object it cannot be seen: an observer may ask for a ray to be cast from its eye
//!    to the middle of each object that it misses. A box that holds the eye, or the middle of the object
//!    itself (a shelf and the book in it), hides nothing.
//! 3. What falls below the configured least leaves as faded.

use core::time::Duration;

use crate::space::{Region, Vec3};

/// Where somebody looks, and would have seen what is there.
#[derive(Clone, Debug)]
pub struct Observer {
    /// Where the eye is, in the world.
    pub eye: Vec3,
    /// What it would see: a camera's frustum up to its range, a scanner's sphere.
    pub sight: Region,
    /// Whether objects hide each other from it.
    pub occlusion: bool,
}

/// What ageing did.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Aged {
    /// How many objects lost persistence and stayed.
    pub aged: usize,
    /// How many left, faded.
    pub faded: usize,
    /// How many were looked for in vain but stood behind others.
    pub hidden: usize,
}

/// What is left of a persistence after `unseen`: `p · 2^(−unseen / half_life)`, never more than `p`.
pub(crate) fn aged(persistence: f32, unseen: Duration, half_life: Duration) -> f32 {
    let half_lives = unseen.as_secs_f64() / half_life.as_secs_f64();
    let left = (f64::from(persistence) * libm::exp2(-half_lives)) as f32;
    // A half-life of zero is refused by the options; should one come here, nothing is lost.
    if left <= persistence { left } else { persistence }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_is_left_after_each_half_life() {
        let half_life = Duration::from_secs(60);
        assert_eq!(aged(0.8, Duration::ZERO, half_life), 0.8);
        assert_eq!(aged(0.8, half_life, half_life), 0.4);
        assert_eq!(aged(0.8, half_life * 3, half_life), 0.1);
        assert_eq!(aged(0.8, Duration::MAX, Duration::from_nanos(1)), 0.0);
        assert_eq!(aged(0.8, Duration::ZERO, Duration::ZERO), 0.8);
    }

    #[test]
    fn many_small_steps_are_one_large() {
        let half_life = Duration::from_secs(10);
        let mut left = 1.0;
        for _ in 0..900 {
            left = aged(left, Duration::from_nanos(11_111_111), half_life);
        }
        assert!((left - 0.5).abs() < 1e-4, "{left}");
    }
}
