//! The limits of a memory.

use core::time::Duration;

use thiserror::Error;

use super::journal::{Durability, JournalConfig};
use crate::space::Aabb;
use crate::space::bvh::Bvh;

/// The limits of a memory. [`MemoryConfig::default`] suits a headset: 100,000 objects.
///
/// Memory is taken as it is used: about 175 bytes an object, its attributes' content and name apart.
///
/// ```
/// use xrmesh::memory::{MemoryConfig, SpatialMemory};
/// let config = MemoryConfig { max_objects: 1_000_000, ..MemoryConfig::default() };
/// let memory = SpatialMemory::new(config)?;
/// assert!(SpatialMemory::new(MemoryConfig { max_objects: 0, ..memory.config().clone() }).is_err());
/// # Ok::<(), xrmesh::memory::MemoryConfigError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MemoryConfig {
    /// The most objects at one time: 1 to 2²⁸, default 100,000. About 175 bytes for each that is there.
    pub max_objects: u32,
    /// What becomes of a new object where so many are there: default [`WhenFull::Evict`], which keeps
    /// the order in which they would leave in eight of those bytes.
    pub when_full: WhenFull,
    /// The most class labels: 1 to 65,536, default 1,024. About 100 bytes each.
    pub max_classes: u32,
    /// The most frames beside the world's: 0 to 2²⁴, default 4,096. About 150 bytes each, twice
    /// while readers hold an older state of them.
    pub max_frames: u32,
    /// The most areas: 0 to 2²⁴, default 4,096. Their corners and texts are on top.
    pub max_areas: u32,
    /// The most ids of merged objects that still resolve; the oldest are forgotten beyond it. 0 to
    /// 2²⁰, default 4,096. About 100 bytes each.
    pub max_aliases: u32,
    /// The longest content of one object's attributes, in bytes: 0 to 15 MiB, default 65,536. So a
    /// record of a store, which takes 16 MiB, has room for it and for an object's name beside it.
    pub max_attribute_bytes: u32,
    /// The longest label or name, in bytes: 1 to 65,535, default 256.
    pub max_name_bytes: u32,
    /// The most corners of an area: 3 to 65,536, default 1,024. 12 bytes each.
    pub max_area_corners: u32,
    /// The most states, beside the current one, that snapshots hold when another is published: 1 to
    /// 4,096, default 64. A table of
    /// pointers for each that was ever held: about 0.5 bytes for each object.
    pub max_snapshots: u32,
    /// How many bytes held snapshots may keep that the memory itself no longer needs: default 256
    /// MiB. Beyond it a new snapshot is refused, and those held stay valid. Any number.
    pub max_snapshot_bytes: u64,
    /// How far the past can be asked for.
    pub history: HistoryConfig,
    /// How many objects one [`publish`](super::SpatialMemory::publish) places anew at most after a
    /// frame was corrected: 1 to 2²⁸, default 8,192, about 4 ms at most. What hangs on a corrected
    /// frame shows at its new place in all snapshots from the moment on in which all of it is placed.
    pub correction_budget: u32,
    /// How soon the moves, observations and ageing of objects are written to the store, for classes
    /// of which [`set_durability`](super::SpatialMemory::set_durability) says nothing else: default
    /// once in 90 published states.
    pub durability: Durability,
    /// The numbers of the store, where there is one.
    pub journal: JournalConfig,
}

/// What becomes of a new object that comes to a full memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub enum WhenFull {
    /// It takes the place of the least persistent one; of equals the one not seen for the longest
    /// time, then the one of the lowest id.
    #[default]
    Evict,
    /// It is refused.
    Refuse,
}

/// How far the past can be asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HistoryConfig {
    /// The most bytes that the past takes: default 0, no past; at most 2⁴⁰. About 100 bytes for each
    /// change of an object in each published state, removed objects' attributes on top.
    pub max_bytes: u64,
    /// How far it reaches back, at most: default one minute. Any duration.
    pub max_age: Duration,
}

/// A number of a configuration is out of its range.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("{name} is {given}, expected {least} to {most}")]
#[non_exhaustive]
pub struct MemoryConfigError {
    /// The field.
    pub name: &'static str,
    /// The number as given.
    pub given: u64,
    /// The least that is allowed.
    pub least: u64,
    /// The most that is allowed.
    pub most: u64,
}

impl Default for MemoryConfig {
    fn default() -> Self {
        Self {
            max_objects: 100_000,
            when_full: WhenFull::Evict,
            max_classes: 1_024,
            max_frames: 4_096,
            max_areas: 4_096,
            max_aliases: 4_096,
            max_attribute_bytes: 65_536,
            max_name_bytes: 256,
            max_area_corners: 1_024,
            max_snapshots: 64,
            max_snapshot_bytes: 256 << 20,
            history: HistoryConfig::default(),
            correction_budget: 8_192,
            durability: Durability::Interval(90),
            journal: JournalConfig::default(),
        }
    }
}

impl Default for HistoryConfig {
    fn default() -> Self {
        Self { max_bytes: 0, max_age: Duration::from_secs(60) }
    }
}

impl HistoryConfig {
    /// A past of at most `max_bytes` bytes that reaches back at most `max_age`.
    #[must_use]
    pub const fn new(max_bytes: u64, max_age: Duration) -> Self {
        Self { max_bytes, max_age }
    }
}

impl MemoryConfig {
    /// Checks every number against its range.
    ///
    /// # Errors
    /// [`MemoryConfigError`] for the first that is out of its range.
    pub fn validate(&self) -> Result<(), MemoryConfigError> {
        let ranges = [
            ("max_objects", self.max_objects, 1, Bvh::<Aabb>::MAX_SLOTS),
            ("max_classes", self.max_classes, 1, 1 << 16),
            ("max_frames", self.max_frames, 0, 1 << 24),
            ("max_areas", self.max_areas, 0, 1 << 24),
            ("max_aliases", self.max_aliases, 0, 1 << 20),
            ("max_attribute_bytes", self.max_attribute_bytes, 0, 15 << 20),
            ("max_name_bytes", self.max_name_bytes, 1, 65_535),
            ("max_area_corners", self.max_area_corners, 3, 65_536),
            ("max_snapshots", self.max_snapshots, 1, 4_096),
            ("correction_budget", self.correction_budget, 1, Bvh::<Aabb>::MAX_SLOTS),
        ];
        for (name, given, least, most) in ranges {
            if !(least..=most).contains(&given) {
                let (given, least, most) = (given.into(), least.into(), most.into());
                return Err(MemoryConfigError { name, given, least, most });
            }
        }
        let (given, most) = (self.history.max_bytes, 1 << 40);
        if given > most {
            return Err(MemoryConfigError { name: "history.max_bytes", given, least: 0, most });
        }
        Ok(())
    }
}
