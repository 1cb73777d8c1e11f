//! Areas: named parts of the map, such as rooms.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::space::{UpAxis, Vec3};
use crate::state_hasher::StateHasher;

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

impl Area {
    /// Takes in all of it.
    pub(super) fn hash_content(&self, hasher: &mut StateHasher) {
        hasher.u32(self.id.index());
        for text in [&self.name, &self.kind, &self.properties] {
            hasher.u64(text.len() as u64);
            hasher.bytes(text.as_bytes());
        }
        hasher.u64(self.boundary.len() as u64);
        for part in self.boundary.iter().flat_map(|corner| corner.to_array()) {
            hasher.f32(part);
        }
        hasher.u32(match self.up {
            UpAxis::X => 0,
            UpAxis::Y => 1,
            UpAxis::Z => 2,
        });
    }
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

/// The areas of a memory.
#[derive(Clone, Debug, Default)]
pub(super) struct Areas {
    areas: BTreeMap<AreaId, Arc<Area>>,
    /// No area of this number or above was ever there.
    next: u32,
}

impl Areas {
    pub(super) fn len(&self) -> usize {
        self.areas.len()
    }

    /// The id of the next new area.
    pub(super) const fn next(&self) -> AreaId {
        AreaId::new(self.next)
    }

    pub(super) fn find(&self, id: AreaId) -> Option<&Arc<Area>> {
        self.areas.get(&id)
    }

    /// In the order of their ids.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Arc<Area>> {
        self.areas.values()
    }

    pub(super) fn put(&mut self, area: Area) {
        self.next = self.next.max(area.id.index().saturating_add(1));
        self.areas.insert(area.id, Arc::new(area));
    }

    pub(super) fn remove(&mut self, id: AreaId) {
        self.areas.remove(&id);
    }

    /// Lets the next new area have the id `next`, or a later one.
    pub(super) fn skip_to(&mut self, next: AreaId) {
        self.next = self.next.max(next.index());
    }
}
