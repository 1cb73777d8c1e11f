//! Spatial memory: the objects of the world around the agents, found by where they are.
//!
//! 1. A memory becomes another by [`Change`](change::Change)s only, applied in one order by one writer.
//!    What a change needs stands in it, so applying the same changes again gives the same memory.
//! 2. Poses are given in frames (`frame`); the index holds boxes in the world's frame.

mod area;
mod change;
mod class;
mod frame;
mod frames;
mod object;

pub use area::{Area, AreaId};
pub use change::{Removal, Sequence};
pub use class::ClassId;
pub use frame::{Frame, FrameId};
pub use frames::FrameError;
pub use object::{Attributes, Object, ObjectId};
