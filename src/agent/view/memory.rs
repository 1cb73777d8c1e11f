//! The memory that agents share.

use crate::memory::{PublishError, Published, SpatialMemory};

/// A memory that the host attached. It changes only between rounds.
#[derive(Debug)]
pub(crate) struct Attached {
    pub(crate) memory: SpatialMemory,
    /// What came of the last tick's publishing.
    pub(crate) published: Option<Result<Published, PublishError>>,
}

impl Attached {
    pub(crate) fn new(mut memory: SpatialMemory) -> Self {
        memory.settle();
        Self { memory, published: None }
    }
}
