//! Changes: the one way in which a memory becomes another.

use super::area::{Area, AreaId};
use super::class::ClassId;
use super::frame::{Frame, FrameId};
use super::object::{Object, ObjectId};
use crate::space::{Pose, Vec3};
use crate::time::Time;

/// The place of a change in the order of all changes of a store, from 1.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
#[repr(transparent)]
pub struct Sequence(pub u64);

/// One change. What the journal holds, and what recovery applies again: everything that a change
/// needs stands in it, and applying it reads no clock and draws no number.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Change {
    /// A label gets the next class number.
    Class { class: ClassId, label: Box<str> },
    /// An object comes, or is replaced whole. `name` is the text by which an imported map knew it.
    Put { object: Box<Object>, name: Option<Box<str>> },
    /// An object moves in its frame.
    Move { id: ObjectId, pose: Pose, velocity: Option<Vec3> },
    /// An object was observed: what fusion concluded.
    Observe {
        id: ObjectId,
        pose: Pose,
        half_extents: Vec3,
        velocity: Option<Vec3>,
        confidence: f32,
        persistence: f32,
        last_seen: Time,
    },
    /// Ageing set its persistence.
    Age { id: ObjectId, persistence: f32 },
    /// An object leaves.
    Remove { id: ObjectId, cause: Removal },
    /// A frame comes, or is replaced: corrected, renamed or hung elsewhere.
    PutFrame(Box<Frame>),
    /// A frame on which nothing hangs leaves.
    RemoveFrame(FrameId),
    /// An area comes, or is replaced.
    PutArea(Box<Area>),
    /// An area leaves.
    RemoveArea(AreaId),
    /// Of a slot in which no object lives, the last one that did. In images only, as all below: what
    /// an image's objects, frames and areas do not tell.
    Vacant(ObjectId),
    /// The id `old` leads to the object `into`, in the order in which aliases are forgotten.
    Alias { old: ObjectId, into: ObjectId },
    /// The ids that the next frame and the next area get.
    Next { frame: FrameId, area: AreaId },
}

/// A change as a store gives it back: an object by value, so that reading a million of them allocates
/// none.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Stored {
    /// As [`Change::Put`].
    Put(Object, Option<Box<str>>),
    /// Any other.
    Other(Change),
}

impl From<Stored> for Change {
    fn from(stored: Stored) -> Self {
        match stored {
            Stored::Put(object, name) => Self::Put { object: Box::new(object), name },
            Stored::Other(change) => change,
        }
    }
}

/// Why an object left.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Removal {
    /// The host removed it.
    Removed,
    /// It was found to be the same as another, whose alias its id now is.
    Merged {
        /// The object that it was merged into.
        into: ObjectId,
    },
    /// Its persistence fell below the configured least.
    Faded,
    /// It gave its place to another when the memory was full.
    Evicted,
}
