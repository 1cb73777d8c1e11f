//! What a slot holds.

use super::class::ClassId;
use core::num::NonZeroU32;

use super::frame::FrameId;
use super::object::ObjectId;
use crate::space::{Pose, Vec3};
use crate::time::Time;

/// What queries ask of a slot: 16 bytes, apart from the rest, so that filters and ids cost one
/// short read.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub(super) struct Head {
    /// The generation that lives in the slot, or that did; zero where none ever did.
    pub(super) generation: u32,
    /// [`VACANT`], [`RESTING`], or the object's place among those that move.
    pub(super) place: u32,
    pub(super) frame: FrameId,
    pub(super) class: ClassId,
}

/// The slot holds no object.
pub(super) const VACANT: u32 = u32::MAX;

/// The object's record lies at its slot.
pub(super) const RESTING: u32 = u32::MAX - 1;

/// The rest of an object: 80 bytes.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Record {
    pub(super) first_seen: Time,
    pub(super) last_seen: Time,
    pub(super) pose: Pose,
    pub(super) half_extents: Vec3,
    pub(super) velocity: Option<Vec3>,
    pub(super) confidence: f32,
    pub(super) persistence: f32,
}

impl Head {
    /// The id of what lives, or lived last, in `slot`, whose head this is.
    #[inline(always)]
    pub(super) fn id(&self, slot: u32) -> ObjectId {
        ObjectId::new(slot, NonZeroU32::new(self.generation).unwrap_or(NonZeroU32::MIN))
    }

    /// Whether an object lives here.
    #[inline(always)]
    pub(super) const fn is_live(&self) -> bool {
        self.place != VACANT
    }
}

impl Default for Head {
    fn default() -> Self {
        Self { generation: 0, place: VACANT, frame: FrameId::WORLD, class: ClassId::new(0) }
    }
}

impl Default for Record {
    fn default() -> Self {
        Self {
            first_seen: Time::ZERO,
            last_seen: Time::ZERO,
            pose: Pose::IDENTITY,
            half_extents: Vec3::ZERO,
            velocity: None,
            confidence: 0.0,
            persistence: 0.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_as_documented() {
        assert_eq!((size_of::<Head>(), size_of::<Record>()), (16, 80));
    }
}
