//! Frames: what poses are given in. An anchor is a frame with a name.

use crate::space::Pose;

/// Names one frame of one memory. Never reused while the store lives.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(transparent)]
pub struct FrameId(u32);

/// A frame as the memory keeps it.
#[derive(Clone, PartialEq, Debug)]
pub struct Frame {
    /// Its id.
    pub id: FrameId,
    /// Its name, by which a host finds it again: the anchor's uuid or label. May be empty.
    pub name: Box<str>,
    /// The frame that its pose is given in.
    pub parent: FrameId,
    /// Where it is in its parent.
    pub pose: Pose,
}

impl FrameId {
    /// The world's own frame, which all others hang on. It is always there and never moves.
    pub const WORLD: Self = Self(0);

    /// The frame of the number `index`.
    #[inline]
    #[must_use]
    pub const fn new(index: u32) -> Self {
        Self(index)
    }

    /// Its number: dense, from one in the order of creation; zero is the world.
    #[inline]
    #[must_use]
    pub const fn index(self) -> u32 {
        self.0
    }
}
