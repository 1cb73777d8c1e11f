//! Ageing: what should be seen and is not is forgotten by and by.
//!
//! 1. An object loses persistence only while it lies where an observer looks and is not seen: half of
//!    it in each half-life of its class. What nobody looks at is remembered as it is.
//! 2. Behind another object it cannot be seen: an observer may ask for a ray to be cast from its eye
//!    to the middle of each object that it misses. A box that holds the eye, or the middle of the object
//!    itself (a shelf and the book in it), hides nothing.
//! 3. What falls below the configured least leaves as faded.

use core::time::Duration;

use thiserror::Error;

use super::change::{Change, Removal};
use super::spatial_memory::SpatialMemory;
use super::write_error::WriteError;
use crate::space::bvh::{Accepting, Tiers, Workspace};
use crate::space::{Aabb, Ray, Region, Vec3};
use crate::time::Time;

/// Where somebody looks, and would have seen what is there.
#[derive(Clone, PartialEq, Debug)]
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
}

/// Why nothing was aged.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AgeError {
    /// An observer's eye is nowhere.
    #[error("the eye of observer {index} is at {eye:?}, which is not finite")]
    Eye {
        /// Its place among the observers.
        index: usize,
        /// As given.
        eye: Vec3,
    },
    /// A change could not be made, as when a store failed; those before it were.
    #[error(transparent)]
    Write(#[from] WriteError),
}

/// A look vouches for at most this long before it: while nobody looked, nothing was missed.
const LONGEST_LOOK: Duration = Duration::from_secs(1);

/// What ageing keeps from one look to the next.
#[derive(Debug, Default)]
pub(super) struct Ageing {
    looked: Option<Time>,
    missed: Vec<u32>,
    changes: Vec<Change>,
    work: Workspace,
    rays: Workspace,
}

impl SpatialMemory {
    /// Lowers the persistence of what lies where `observers` look at `now`, and was not seen since the
    /// last call for longer than the `patience` of its class. To be called after
    /// [`observe`](Self::observe), in each frame or a few times a second: a call counts for the time
    /// since the one before, at most for a second.
    ///
    /// O(log n + m) for m objects in sight, and a ray of O(log n) for each that was missed where
    /// objects hide each other. Allocates nothing once warmed up.
    ///
    /// ```
    /// use std::time::Duration;
    /// use xrmesh::memory::{MemoryConfig, Observation, Observer, SpatialMemory};
    /// use xrmesh::space::Sphere;
    /// use xrmesh::{Pose, Time, Vec3};
    ///
    /// let mut memory = SpatialMemory::new(MemoryConfig::default())?;
    /// let cat = memory.class("cat")?;
    /// let ahead = Pose::at(Vec3::new(0.0, 0.0, -2.0))?;
    /// memory.observe(&[Observation::new(cat, ahead)], Time::ZERO)?;
    /// let scanner = Observer {
    ///     eye: Vec3::ZERO,
    ///     sight: Sphere::new(Vec3::ZERO, 5.0)?.into(),
    ///     occlusion: true,
    /// };
    /// let mut faded = 0;
    /// for second in 0..600 {
    ///     let now = Time::ZERO + Duration::from_secs(second);
    ///     faded += memory.age(std::slice::from_ref(&scanner), now)?.faded;
    /// }
    /// assert_eq!((faded, memory.len()), (1, 0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`AgeError`]; then nothing has changed, but for [`AgeError::Write`].
    pub fn age(&mut self, observers: &[Observer], now: Time) -> Result<Aged, AgeError> {
        for (index, &Observer { eye, .. }) in observers.iter().enumerate() {
            if !eye.is_finite() {
                return Err(AgeError::Eye { index, eye });
            }
        }
        self.touches += 1;
        let looked = self.ageing.looked.replace(now);
        let Some(looked) = looked.filter(|&looked| looked < now) else {
            return Ok(Aged::default());
        };
        self.state.settle();
        let mut ageing = core::mem::take(&mut self.ageing);
        ageing.look(self, observers, looked.max(now - LONGEST_LOOK), now);
        let mut aged = Aged::default();
        let mut failed = None;
        for change in &ageing.changes {
            match change {
                Change::Remove { .. } => aged.faded += 1,
                _ => aged.aged += 1,
            }
            failed = self.commit(change).err();
            if failed.is_some() {
                break;
            }
        }
        self.ageing = ageing;
        failed.map_or(Ok(aged), |error| Err(error.into()))
    }
}

impl Ageing {
    /// Finds what was missed between `from` and `now`, and what becomes of it.
    fn look(&mut self, memory: &SpatialMemory, observers: &[Observer], from: Time, now: Time) {
        let (table, index) = (memory.state.table.view(), memory.state.index.tiers());
        // For how long the object in a slot was missed.
        let unseen = |slot: u32| {
            let head = table.head(slot);
            let record = table.record(slot, head)?;
            let options = memory.fusion.options(head.class);
            let unseen = now.since(from.max(record.last_seen + options.patience));
            (unseen > Duration::ZERO).then_some((unseen, record.persistence, options))
        };
        self.missed.clear();
        for observer in observers {
            let missed = Accepting(|slot| unseen(slot).is_some());
            for &slot in index.view().in_region(&observer.sight, &missed, &mut self.work) {
                if !(observer.occlusion && hidden(index, observer.eye, slot, &mut self.rays)) {
                    self.missed.push(slot);
                }
            }
        }
        // Two observers who miss the same miss it once.
        self.missed.sort_unstable();
        self.missed.dedup();
        self.changes.clear();
        self.changes.extend(self.missed.iter().filter_map(|&slot| {
            let (unseen, persistence, options) = unseen(slot)?;
            let (id, left) = (table.id(slot), aged(persistence, unseen, options.half_life));
            Some(if left < options.least_persistence {
                Change::Remove { id, cause: Removal::Faded }
            } else {
                Change::Age { id, persistence: left }
            })
        }));
    }
}

/// Whether the middle of the box in `slot` lies behind another box, seen from `eye` (rule 2).
fn hidden(index: &Tiers<Aabb>, eye: Vec3, slot: u32, work: &mut Workspace) -> bool {
    let Some(bounds) = index.item(slot) else { return false };
    let middle = bounds.centre();
    let way = middle - eye;
    // Where the eye is in the middle, nothing hides it.
    let Ok(ray) = Ray::new(eye, way) else { return false };
    let hides = Accepting(|other| {
        other != slot
            && index.item(other).is_some_and(|it| !it.contains(eye) && !it.contains(middle))
    });
    matches!(index.view().ray(&ray, way.length(), &hides, work), Ok(Some(_)))
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
