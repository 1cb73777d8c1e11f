//! Objects: what the memory keeps.

use core::fmt;
use core::num::NonZeroU32;
use std::sync::Arc;

use super::class::ClassId;
use super::frame::FrameId;
use crate::space::{Pose, Vec3};
use crate::state_hasher::StateHasher;
use crate::time::Time;

/// Names one object of one memory, for as long as the store lives: a slot and the generation that
/// lives in it. A slot is reused after its object has left, but never with the same generation.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[repr(C)]
pub struct ObjectId {
    slot: u32,
    generation: NonZeroU32,
}

/// An object as the memory keeps it and gives it back.
#[derive(Clone, PartialEq, Debug)]
pub struct Object {
    /// Its name.
    pub id: ObjectId,
    /// What it is.
    pub class: ClassId,
    /// Where it is in its frame.
    pub pose: Pose,
    /// Half its size along its own axes, in metres; zero for a point.
    pub half_extents: Vec3,
    /// How it moves in its frame, in metres a second, where that is known.
    pub velocity: Option<Vec3>,
    /// How sure its observers are, 0 to 1.
    pub confidence: f32,
    /// How long it is worth keeping, 0 to 1: what ageing lowers and observation restores.
    pub persistence: f32,
    /// When it was first observed.
    pub first_seen: Time,
    /// When it was last observed.
    pub last_seen: Time,
    /// The frame that its pose is given in.
    pub frame: FrameId,
    /// What else is known of it.
    pub attributes: Attributes,
}

/// What else is known of an object. Cloning shares the content.
#[derive(Clone, PartialEq, Debug, Default)]
pub enum Attributes {
    /// Nothing.
    #[default]
    None,
    /// Bytes that the memory does not read.
    Bytes(Arc<[u8]>),
    /// A JSON value as text.
    Json(Arc<str>),
    /// A feature vector.
    Features(Arc<[f32]>),
}

impl Object {
    /// Takes in all of it but its id.
    pub(super) fn hash_content(&self, hasher: &mut StateHasher) {
        hasher.u32(u32::from(self.class.index()));
        hasher.pose(&self.pose);
        let mut vector = |vector: Vec3| vector.to_array().map(|part| hasher.f32(part));
        vector(self.half_extents);
        vector(self.velocity.unwrap_or(Vec3::splat(f32::NAN)));
        hasher.f32(self.confidence);
        hasher.f32(self.persistence);
        hasher.u64(self.first_seen.as_nanos() as u64);
        hasher.u64(self.last_seen.as_nanos() as u64);
        hasher.u32(self.frame.index());
        let (kind, len) = match &self.attributes {
            Attributes::None => (0, 0),
            Attributes::Bytes(bytes) => (1, bytes.len()),
            Attributes::Json(text) => (2, text.len()),
            Attributes::Features(features) => (3, features.len()),
        };
        hasher.u32(kind);
        hasher.u64(len as u64);
        match &self.attributes {
            Attributes::None => {}
            Attributes::Bytes(bytes) => hasher.bytes(bytes),
            Attributes::Json(text) => hasher.bytes(text.as_bytes()),
            Attributes::Features(features) => features.iter().for_each(|&part| hasher.f32(part)),
        }
    }
}

impl Attributes {
    /// The bytes of the content.
    #[must_use]
    pub fn byte_len(&self) -> usize {
        match self {
            Self::None => 0,
            Self::Bytes(bytes) => bytes.len(),
            Self::Json(text) => text.len(),
            Self::Features(features) => size_of_val(&**features),
        }
    }
}

impl ObjectId {
    /// The id of `generation` in `slot`.
    #[inline]
    #[must_use]
    pub const fn new(slot: u32, generation: NonZeroU32) -> Self {
        Self { slot, generation }
    }

    /// The slot: dense, reused after the object has left.
    #[inline]
    #[must_use]
    pub const fn slot(self) -> u32 {
        self.slot
    }

    /// Which of the objects that have lived in the slot.
    #[inline]
    #[must_use]
    pub const fn generation(self) -> NonZeroU32 {
        self.generation
    }

    /// The id as one integer: the generation in the high half, the slot in the low half. Never zero.
    /// Results of equal distance are in the order of this value.
    #[inline]
    #[must_use]
    pub const fn to_bits(self) -> u64 {
        (self.generation.get() as u64) << 32 | self.slot as u64
    }

    /// The id that [`to_bits`](Self::to_bits) gave; `None` where the generation is zero.
    #[inline]
    #[must_use]
    pub const fn from_bits(bits: u64) -> Option<Self> {
        match NonZeroU32::new((bits >> 32) as u32) {
            Some(generation) => Some(Self { slot: bits as u32, generation }),
            None => None,
        }
    }
}

impl PartialOrd for ObjectId {
    fn partial_cmp(&self, other: &Self) -> Option<core::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// By [`ObjectId::to_bits`].
impl Ord for ObjectId {
    fn cmp(&self, other: &Self) -> core::cmp::Ordering {
        self.to_bits().cmp(&other.to_bits())
    }
}

impl fmt::Debug for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ObjectId({self})")
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}v{}", self.slot, self.generation)
    }
}
