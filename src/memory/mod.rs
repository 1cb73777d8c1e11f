//! Spatial memory: the objects of the world around the agents, found by where they are.
//!
//! 1. A memory becomes another by [`Change`](change::Change)s only, applied in one order by one writer.
//!    What a change needs stands in it, so applying the same changes again gives the same memory.
//! 2. Poses are given in frames (`frame`); the index holds boxes in the world's frame.

mod age;
mod area;
mod change;
mod class;
mod evict;
mod feed;
mod filter;
mod frame;
mod frames;
mod fusion;
mod journal;
mod object;

pub use age::{Aged, Observer};
pub use area::{Area, AreaId};
pub use change::{Removal, Sequence};
pub use class::ClassId;
pub use feed::{Event, Notice, SubscribeError, Subscription, SubscriptionOptions};
pub use filter::Filter;
pub use frame::{Frame, FrameId};
pub use frames::FrameError;
pub use fusion::{ClassOptions, ClassOptionsError, Fused, How, Observation, ObserveError};
pub use journal::{
    Damage, DecodeError, Durability, Flusher, ImageProgress, JournalConfig, JournalConfigError,
    JournalError, RecoverError, RecoveryReport, Torn,
};
pub use object::{Attributes, Object, ObjectId};
