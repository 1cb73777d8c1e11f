//! Objects that are to come.

use super::class::ClassId;
use super::frame::FrameId;
use super::object::Attributes;
use crate::space::{Pose, Vec3};
use crate::time::Time;

/// An object that is to come. [`NewObject::new`] gives a point that is fully sure; set what differs.
#[derive(Clone, PartialEq, Debug)]
pub struct NewObject {
    /// What it is.
    pub class: ClassId,
    /// Where it is in its frame.
    pub pose: Pose,
    /// Half its size along its own axes, in metres.
    pub half_extents: Vec3,
    /// How it moves in its frame, in metres a second, where that is known.
    pub velocity: Option<Vec3>,
    /// How sure its observers are, 0 to 1.
    pub confidence: f32,
    /// How long it is worth keeping, 0 to 1.
    pub persistence: f32,
    /// When it was first observed.
    pub first_seen: Time,
    /// When it was last observed: not before it was first.
    pub last_seen: Time,
    /// The frame that its pose is given in.
    pub frame: FrameId,
    /// What else is known of it.
    pub attributes: Attributes,
    /// The text by which an imported map knows it.
    pub name: Option<Box<str>>,
}

impl NewObject {
    /// A point of `class` at `pose` in the world, of confidence and persistence 1, seen at time zero.
    #[must_use]
    pub const fn new(class: ClassId, pose: Pose) -> Self {
        Self {
            class,
            pose,
            half_extents: Vec3::ZERO,
            velocity: None,
            confidence: 1.0,
            persistence: 1.0,
            first_seen: Time::ZERO,
            last_seen: Time::ZERO,
            frame: FrameId::WORLD,
            attributes: Attributes::None,
            name: None,
        }
    }

    /// Of this size: half of it along each of its own axes, in metres.
    #[must_use]
    pub const fn half_extents(mut self, half_extents: Vec3) -> Self {
        self.half_extents = half_extents;
        self
    }

    /// Observed at `seen` for the first and the last time.
    #[must_use]
    pub const fn seen(mut self, seen: Time) -> Self {
        self.first_seen = seen;
        self.last_seen = seen;
        self
    }

    /// Its pose is given in `frame`.
    #[must_use]
    pub const fn on(mut self, frame: FrameId) -> Self {
        self.frame = frame;
        self
    }

    /// With these attributes.
    #[must_use]
    pub fn attributes(mut self, attributes: Attributes) -> Self {
        self.attributes = attributes;
        self
    }
}
