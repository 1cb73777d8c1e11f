//! Areas: named parts of the map, such as rooms.

use crate::space::{UpAxis, Vec3};

/// Names one area of one memory. Never reused while the store lives.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(transparent)]
pub struct AreaId(u32);

/// A named part of the map. Objects are in it by where they are: membership is never stored.
#[derive(Clone, PartialEq, Debug)]
pub struct Area {
    /// Its id.
    pub id: AreaId,
    /// Its name. May be empty.
    pub name: Box<str>,
    /// What it is: `room`, `zone` and the like.
    pub kind: Box<str>,
    /// Its corners in order around it, in metres in the world's frame; the prism over them reaches
    /// from the lowest to the highest along `up`.
    pub boundary: Box<[Vec3]>,
    /// The axis along which it stands.
    pub up: UpAxis,
    /// What else is known of it, as the text of a JSON object.
    pub properties: Box<str>,
}

impl AreaId {
    /// The area of the number `index`.
    #[inline]
    #[must_use]
    pub const fn new(index: u32) -> Self {
        Self(index)
    }

    /// Its number, in the order of creation.
    #[inline]
    #[must_use]
    pub const fn index(self) -> u32 {
        self.0
    }
}
