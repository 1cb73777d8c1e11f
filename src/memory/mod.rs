//! Spatial memory: the objects of the world around the agents, found by where they are.
//!
//! 1. A memory becomes another by [`Change`](change::Change)s only, applied in one order by one writer.
//!    What a change needs stands in it, so applying the same changes again gives the same memory.
//! 2. Poses are given in frames (`frame`); the index holds boxes in the world's frame.

mod age;
mod alias;
mod apply;
mod area;
mod batch;
mod change;
mod class;
mod command;
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
mod oracle;

pub use crate::space::bvh::QueryError;
pub use age::{AgeError, Aged, Observer};
pub use apply::ApplyError;
pub use area::{Area, AreaId};
pub use change::{Removal, Sequence};
pub use class::ClassId;
pub use command::{MemoryAnswer, MemoryCommand, MemoryRefused};
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
