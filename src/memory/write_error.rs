//! Why a change was refused.

use thiserror::Error;

use super::apply::ApplyError;
use super::area::AreaId;
use super::class::ClassId;
use super::frames::FrameError;
use super::fusion::ClassOptionsError;
use super::journal::JournalError;
use super::object::ObjectId;
use crate::space::{PoseError, Vec3};
use crate::time::Time;

/// Why a change was refused. Then nothing has changed; only where the journal refuses amid a batch,
/// the changes before are made.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum WriteError {
    /// The object is not there.
    #[error("object {id} is not there")]
    ObjectAbsent {
        /// The id as given.
        id: ObjectId,
    },
    /// The memory is full.
    #[error(
        "{count} objects more than the {len} that are there exceed the {limit} that the configuration allows"
    )]
    ObjectsFull {
        /// How many were to come.
        count: usize,
        /// How many are there.
        len: usize,
        /// The most that the configuration allows.
        limit: u32,
    },
    /// There are as many labels as the configuration allows.
    #[error("there are {limit} labels already, the most that the configuration allows")]
    ClassesFull {
        /// The most that the configuration allows.
        limit: u32,
    },
    /// There are as many areas as the configuration allows.
    #[error("there are {limit} areas already, the most that the configuration allows")]
    AreasFull {
        /// The most that the configuration allows.
        limit: u32,
    },
    /// The class is not there.
    #[error("class {class:?} is not there")]
    ClassAbsent {
        /// The class as given.
        class: ClassId,
    },
    /// The area is not there.
    #[error("area {area:?} is not there")]
    AreaAbsent {
        /// The area as given.
        area: AreaId,
    },
    /// An object cannot be merged into itself.
    #[error("object {id} cannot be merged into itself")]
    Itself {
        /// The object.
        id: ObjectId,
    },
    /// A pose is none.
    #[error(transparent)]
    Pose(#[from] PoseError),
    /// The frames refuse it.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// A half extent is negative, infinite or not a number.
    #[error("half extents {half_extents:?}, expected finite numbers of at least 0")]
    HalfExtents {
        /// As given.
        half_extents: Vec3,
    },
    /// A velocity or a corner is infinite or not a number.
    #[error("{name} {value:?} is not finite")]
    NotFinite {
        /// What it is.
        name: &'static str,
        /// As given.
        value: Vec3,
    },
    /// A share is not from 0 to 1.
    #[error("{name} is {value}, expected 0 to 1")]
    Share {
        /// Which.
        name: &'static str,
        /// As given.
        value: f32,
    },
    /// An object was last seen before it was first seen.
    #[error("last seen at {last_seen}, before it was first seen at {first_seen}")]
    SeenInverted {
        /// As given.
        first_seen: Time,
        /// As given.
        last_seen: Time,
    },
    /// A text, the attributes or a list of corners is too long or too short.
    #[error("{name} of {given}, expected {least} to {most}")]
    Length {
        /// What it is, and in what it is counted.
        name: &'static str,
        /// How long it is.
        given: usize,
        /// The least.
        least: usize,
        /// The most.
        most: usize,
    },
    /// A number of a class's options is out of its range.
    #[error(transparent)]
    ClassOptions(#[from] ClassOptionsError),
    /// The store takes no change.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The change does not follow from the state: an internal contradiction that no input should
    /// lead to.
    #[error(transparent)]
    Apply(#[from] ApplyError),
}

/// Refuses a length out of its range.
pub(super) fn within(
    name: &'static str,
    given: usize,
    least: usize,
    most: usize,
) -> Result<(), WriteError> {
    if (least..=most).contains(&given) {
        Ok(())
    } else {
        Err(WriteError::Length { name, given, least, most })
    }
}
