//! What detectors report, and what became of it.

use thiserror::Error;

use crate::memory::class::ClassId;
use crate::memory::frame::FrameId;
use crate::memory::object::{Attributes, ObjectId};
use crate::memory::write_error::WriteError;
use crate::space::{Pose, PoseError, Vec3};

/// What a detector saw of one thing.
#[derive(Clone, PartialEq, Debug)]
pub struct Observation {
    /// The object that it is known to be, where a tracker keeps it. One that has left is taken for
    /// unknown.
    pub id: Option<ObjectId>,
    /// What it is.
    pub class: ClassId,
    /// The frame that the pose is given in, which a new object then hangs on.
    pub frame: FrameId,
    /// Where it was seen.
    pub pose: Pose,
    /// Half its size along its own axes, in metres; zero where that is not known.
    pub half_extents: Vec3,
    /// How sure the detector is, 0 to 1.
    pub confidence: f32,
    /// What a new object is given; an object that is known keeps its own.
    pub attributes: Attributes,
}

/// What became of an observation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fused {
    /// The object that it is of.
    pub id: ObjectId,
    /// How.
    pub how: How,
}

/// How an observation came to its object.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum How {
    /// The object was known, and is updated.
    Updated,
    /// The object is new.
    Created,
    /// The object was known, is updated, and was found to be one with another.
    Merged {
        /// The one that left; its id is an alias from now on.
        gone: ObjectId,
    },
}

/// Why a batch of observations was refused. Nothing has changed then, but for
/// [`ObserveError::Write`].
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ObserveError {
    /// The pose of an observation is none, or not one in the world.
    #[error("observation {index} has no pose")]
    Pose {
        /// Its place in the batch.
        index: usize,
        /// What is wrong.
        source: PoseError,
    },
    /// A half extent is negative, infinite or not a number, or reaches beyond `f32`.
    #[error(
        "observation {index} has half extents {half_extents:?}, expected finite ones of at least 0"
    )]
    HalfExtents {
        /// Its place in the batch.
        index: usize,
        /// As given.
        half_extents: Vec3,
    },
    /// The confidence is not a number from 0 to 1.
    #[error("observation {index} has confidence {confidence}, expected 0 to 1")]
    Confidence {
        /// Its place in the batch.
        index: usize,
        /// As given.
        confidence: f32,
    },
    /// The class was never interned.
    #[error("observation {index} is of {class:?}, which has no label")]
    Class {
        /// Its place in the batch.
        index: usize,
        /// As given.
        class: ClassId,
    },
    /// The frame is not there.
    #[error("observation {index} is given in {frame:?}, which is not there")]
    Frame {
        /// Its place in the batch.
        index: usize,
        /// As given.
        frame: FrameId,
    },
    /// The batch is larger than a memory takes at once.
    #[error("{count} observations at once, at most {limit} are taken")]
    TooMany {
        /// How many there are.
        count: usize,
        /// The most.
        limit: usize,
    },
    /// There is no room for what is new; then nothing has changed. Or a change could not be made, as
    /// when a store failed; then those before it were.
    #[error(transparent)]
    Write(#[from] WriteError),
}

impl Observation {
    /// An observation in the world's frame, of unknown size and identity, about which its detector is
    /// sure.
    #[must_use]
    pub const fn new(class: ClassId, pose: Pose) -> Self {
        Self {
            id: None,
            class,
            frame: FrameId::WORLD,
            pose,
            half_extents: Vec3::ZERO,
            confidence: 1.0,
            attributes: Attributes::None,
        }
    }
}
