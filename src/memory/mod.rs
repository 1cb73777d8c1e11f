//! Spatial memory: the objects of the world around the agents, found by where they are.
//!
//! One [`SpatialMemory`] is written by one owner; any number of [`MemoryReader`]s on any threads take
//! [`MemorySnapshot`]s and ask them ([`MemoryView`]), without ever waiting for the writer or making
//! it wait.
//!
//! ```
//! use xrmesh::memory::{Filter, MemoryConfig, NewObject, SpatialMemory, Workspace};
//! use xrmesh::{Pose, Time, Vec3};
//!
//! let mut memory = SpatialMemory::new(MemoryConfig::default())?;
//! let chair = memory.class("chair")?;
//! let at = |x: f32| Pose::at(Vec3::new(x, 0.0, -1.0));
//! let id = memory.insert(&NewObject::new(chair, at(0.0)?).half_extents(Vec3::splat(0.3)))?;
//! memory.publish(Time::ZERO)?; // the end of a frame: readers see it from now on
//!
//! let reader = memory.reader(); // for any thread
//! let (before, mut work) = (reader.snapshot()?, Workspace::new());
//! memory.update_poses(&[(id, at(4.0)?)])?;
//! memory.publish(Time::from_nanos(11_111_111))?;
//! let near = |seen: &xrmesh::memory::MemorySnapshot, work: &mut Workspace| {
//!     Ok::<_, Box<dyn std::error::Error>>(seen.view().within(Vec3::ZERO, 2.0, 8, &Filter::all(), work)?.len())
//! };
//! assert_eq!(near(&before, &mut work)?, 1); // what is held never changes
//! assert_eq!(near(&reader.snapshot()?, &mut work)?, 0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Rules:
//!
//! 1. A memory becomes another by `Change`s only, applied in one order by one
//!    writer (`apply`). What a change needs stands in it, so applying the same changes again gives
//!    the same memory: that is how a store is recovered (`store`, `journal`).
//! 2. An object has a slot and a generation; both are its id for ever. The lowest free slot is always
//!    the next, so future ids too follow from the state alone (`slots`).
//! 3. What readers see lies in pages that the writer copies before it writes where a snapshot holds
//!    them (`pages`, `table`, the tree's own). Records and boxes that move lie together, so a frame's
//!    moves copy few pages.
//! 4. [`SpatialMemory::publish`] ends a frame: it is the only moment at which readers see anything
//!    new, and then all of it. A reader takes the published state by one addition, and dropping it is
//!    another (`publish`); memory is freed and used again by the writer alone.
//! 5. What held snapshots retain is bounded by [`MemoryConfig::max_snapshot_bytes`] and
//!    [`MemoryConfig::max_snapshots`]; beyond either the new is refused with the numbers, and what is
//!    held stays valid.
//! 6. Poses are given in frames (`frames`); the index holds boxes in the world's frame (`extent`,
//!    `index`). A correction of a frame moves all that hangs on it, at once for readers, over several
//!    frames of work where it is much (`correction`).
//! 7. Every query is ordered and exact as [`MemoryView`] says: no answer depends on the index's
//!    shape, on the vectors of the machine or on what was published when.
//! 8. The past is what was undone (`history`): [`SpatialMemory::as_of`] gives any published state
//!    that the configured bytes and age still cover, for every query.
//! 9. A warmed-up frame of moves, queries and publishing allocates nothing. What may: objects that
//!    come beyond the most that were there or where none of their class was, changed attributes, frames and labels, corrections of
//!    frames on which much hangs, and coming back to the past.
//! 10. [`SpatialMemory::hash_state`] covers everything that later answers depend on, in slot order.
//! 11. What detectors see is fused into objects that keep their identity (`fusion`); what should be
//!     seen and is not fades (`age`); a full memory lets the least persistent go (`evict`).
//! 12. Who subscribed is told the difference of two published states (`feed`).

mod age;
mod alias;
mod apply;
mod area;
mod batch;
mod bulk;
mod change;
mod class;
mod class_blocks;
mod command;
mod compact;
mod config;
mod contents;
mod correction;
mod evict;
mod extent;
mod feed;
mod filter;
mod frame;
mod frame_image;
mod frames;
mod fusion;
mod history;
mod index;
mod journal;
mod lookup;
pub mod map;
mod new_object;
mod object;
mod pages;
mod past;
mod publish;
mod query;
mod record;
mod select;
mod slots;
mod snapshot;
mod spatial_memory;
mod state;
mod store;
mod table;
mod workspace;
mod write;
mod write_error;
mod write_frame;

#[cfg(test)]
mod isolation;
#[cfg(test)]
mod linearizable;
#[cfg(test)]
mod oracle;

pub use crate::space::bvh::QueryError;
pub use age::{AgeError, Aged, Observer};
pub use apply::ApplyError;
pub use area::{Area, AreaId};
pub use change::{Removal, Sequence};
pub use class::ClassId;
pub use command::{MemoryAnswer, MemoryCommand, MemoryRefused};
pub use compact::{CompactError, CompactReport, compact};
pub use config::{HistoryConfig, MemoryConfig, MemoryConfigError, WhenFull};
pub use feed::{Event, Notice, SubscribeError, Subscription, SubscriptionOptions};
pub use filter::Filter;
pub use frame::{Frame, FrameId};
pub use frames::FrameError;
pub use fusion::{ClassOptions, ClassOptionsError, Fused, How, Observation, ObserveError};
pub use history::HistoryError;
pub use journal::{
    Damage, DecodeError, Durability, FileFound, FileRole, Flusher, ImageProgress, JournalConfig,
    JournalConfigError, JournalError, RecoverError, RecoveryReport, Torn, VerifyReport, verify,
};
pub use new_object::NewObject;
pub use object::{Attributes, Object, ObjectId};
pub use query::MemoryView;
pub use snapshot::{MemoryReader, MemorySnapshot, SnapshotError};
pub use spatial_memory::{PublishError, Published, SpatialMemory};
pub use store::{Checkpoint, OpenError};
pub use workspace::{Found, RayFound, Workspace};
pub use write_error::WriteError;
