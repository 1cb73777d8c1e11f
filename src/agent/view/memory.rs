//! The memory that agents share.

use crate::memory::{PublishError, Published, SpatialMemory};

/// A memory that the host attached. It changes only between rounds.
#[derive(Debug)]
pub(crate) struct Attached {
    pub(crate) memory: SpatialMemory,
    /// What came of the last tick's publishing.
    pub(crate) published: Option<Result<Published, PublishError>>,
    /// How often it had been touched when the mesh last did.
    accounted: u64,
}

impl Attached {
    pub(crate) fn new(mut memory: SpatialMemory) -> Self {
        memory.settle();
        let accounted = memory.touches();
        Self { memory, published: None, accounted }
    }

    /// The mesh has changed the memory: what was touched up to now is known.
    pub(crate) const fn account(&mut self) {
        self.accounted = self.memory.touches();
    }

    /// How often somebody else has touched it since; known from now on.
    pub(crate) const fn unaccounted(&mut self) -> u64 {
        let touches = self.memory.touches();
        touches.wrapping_sub(core::mem::replace(&mut self.accounted, touches))
    }
}
