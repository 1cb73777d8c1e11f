//! Changes asked for as values: what agents, recordings and other languages hand over.

use thiserror::Error;

use super::age::{AgeError, Aged, Observer};
use super::area::{Area, AreaId};
use super::class::ClassId;
use super::frame::FrameId;
use super::fusion::{Observation, ObserveError};
use super::new_object::NewObject;
use super::object::{Attributes, ObjectId};
use super::spatial_memory::SpatialMemory;
use super::write_error::WriteError;
use crate::space::Pose;
use crate::time::Time;

/// A change asked for as a value. Each is the method of [`SpatialMemory`] of its name.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub enum MemoryCommand {
    /// A label gets a class, if it has none.
    Class(Box<str>),
    /// An object comes.
    Insert(Box<NewObject>),
    /// What is known of an object is replaced.
    Replace(ObjectId, Box<NewObject>),
    /// Objects move in their frames.
    UpdatePoses(Vec<(ObjectId, Pose)>),
    /// What detectors saw becomes objects, or updates them.
    Observe(Vec<Observation>),
    /// What lies where observers look and was not seen loses persistence: to come after what they saw.
    Age(Vec<Observer>),
    /// What else is known of an object is replaced.
    SetAttributes(ObjectId, Attributes),
    /// An object hangs on another frame, at a pose there.
    Hang(ObjectId, FrameId, Pose),
    /// An object leaves.
    Remove(ObjectId),
    /// An object was found to be the same as another.
    Merge {
        /// The one that leaves.
        id: ObjectId,
        /// The one that stays.
        into: ObjectId,
    },
    /// A frame comes.
    AddFrame {
        /// Its name; may be empty.
        name: Box<str>,
        /// What it hangs on.
        parent: FrameId,
        /// Where it is in its parent.
        pose: Pose,
    },
    /// A frame is elsewhere in its parent than was known.
    CorrectFrame(FrameId, Pose),
    /// A frame hangs on another, at a pose there.
    RehangFrame(FrameId, FrameId, Pose),
    /// A frame on which nothing hangs leaves.
    RemoveFrame(FrameId),
    /// An area comes; its id is the next, whatever it says.
    AddArea(Box<Area>),
    /// An area leaves.
    RemoveArea(AreaId),
}

/// What a command gave.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum MemoryAnswer {
    /// Nothing beside being done.
    Done,
    /// The label's class.
    Class(ClassId),
    /// The new object.
    Object(ObjectId),
    /// The new frame.
    Frame(FrameId),
    /// The new area.
    Area(AreaId),
    /// How many objects were updated, created or merged: one for each observation.
    Fused(u32),
    /// What ageing did.
    Aged(Aged),
}

/// Why a command was refused. Nothing has changed then.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum MemoryRefused {
    /// A change.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// Observations.
    #[error(transparent)]
    Observe(#[from] ObserveError),
    /// Ageing.
    #[error(transparent)]
    Age(#[from] AgeError),
}

impl SpatialMemory {
    /// Does what a command asks for; observations were made, and observers look, at `now`.
    ///
    /// # Errors
    /// As for the method of the command's name.
    pub fn obey(
        &mut self,
        command: &MemoryCommand,
        now: Time,
    ) -> Result<MemoryAnswer, MemoryRefused> {
        use MemoryCommand as C;
        match command {
            C::Class(label) => return Ok(MemoryAnswer::Class(self.class(label)?)),
            C::Insert(object) => return Ok(MemoryAnswer::Object(self.insert(object)?)),
            C::Replace(id, object) => self.replace(*id, object)?,
            C::UpdatePoses(moves) => self.update_poses(moves)?,
            C::Observe(observations) => {
                let fused = self.observe(observations, now)?.len();
                return Ok(MemoryAnswer::Fused(fused as u32));
            }
            C::Age(observers) => return Ok(MemoryAnswer::Aged(self.age(observers, now)?)),
            C::SetAttributes(id, attributes) => self.set_attributes(*id, attributes.clone())?,
            C::Hang(id, frame, pose) => self.hang(*id, *frame, *pose)?,
            C::Remove(id) => self.remove(*id)?,
            C::Merge { id, into } => self.merge(*id, *into)?,
            C::AddFrame { name, parent, pose } => {
                return Ok(MemoryAnswer::Frame(self.add_frame(name, *parent, *pose)?));
            }
            C::CorrectFrame(frame, pose) => self.correct_frame(*frame, *pose)?,
            C::RehangFrame(frame, parent, pose) => self.rehang_frame(*frame, *parent, *pose)?,
            C::RemoveFrame(frame) => self.remove_frame(*frame)?,
            C::AddArea(area) => {
                let Area { name, kind, boundary, up, properties, .. } = &**area;
                let id = self.add_area(name, kind, boundary, *up, properties)?;
                return Ok(MemoryAnswer::Area(id));
            }
            C::RemoveArea(area) => self.remove_area(*area)?,
        }
        Ok(MemoryAnswer::Done)
    }
}

impl MemoryCommand {
    /// The bits of the object, frame or area that it is about; 0 where that is none or many.
    pub(crate) fn about(&self) -> u64 {
        match self {
            Self::Replace(id, _)
            | Self::SetAttributes(id, _)
            | Self::Hang(id, ..)
            | Self::Remove(id)
            | Self::Merge { id, .. } => id.to_bits(),
            Self::CorrectFrame(frame, _)
            | Self::RehangFrame(frame, ..)
            | Self::RemoveFrame(frame) => frame.index().into(),
            Self::RemoveArea(area) => area.index().into(),
            Self::Class(_)
            | Self::Insert(_)
            | Self::UpdatePoses(_)
            | Self::Observe(_)
            | Self::Age(_)
            | Self::AddFrame { .. }
            | Self::AddArea(_) => 0,
        }
    }
}

impl MemoryAnswer {
    /// As one integer, for a recording to compare.
    pub(crate) const fn to_bits(self) -> u64 {
        match self {
            Self::Done => 0,
            Self::Class(class) => class.index() as u64,
            Self::Object(id) => id.to_bits(),
            Self::Frame(frame) => frame.index() as u64,
            Self::Area(area) => area.index() as u64,
            Self::Fused(count) => count as u64,
            Self::Aged(Aged { aged, faded }) => (aged as u64) << 32 | faded as u64,
        }
    }
}
