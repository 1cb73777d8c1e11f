//! Why a queue cannot be made, or does not take a value.

use thiserror::Error;

/// The most values that one queue may hold, 2²⁰: 64 MiB of 64-byte commands, committed as used.
pub(crate) const MAX_CAPACITY: usize = 1 << 20;

/// A queue's capacity that cannot be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub(crate) enum CapacityError {
    /// A queue without room could never carry anything.
    #[error("a queue's capacity must be at least 1, given 0")]
    Zero,
    /// More than [`MAX_CAPACITY`].
    #[error("a queue's capacity must be at most {limit}, given {given}")]
    TooLarge {
        /// The capacity asked for.
        given: usize,
        /// The most that is allowed.
        limit: usize,
    },
    /// The allocator refused the memory.
    #[error("no memory for a queue of {given} values")]
    OutOfMemory {
        /// The capacity asked for.
        given: usize,
    },
}

impl CapacityError {
    /// `given`, if a queue may have that capacity.
    pub(crate) fn check(given: usize) -> Result<usize, Self> {
        match given {
            0 => Err(Self::Zero),
            1..=MAX_CAPACITY => Ok(given),
            _ => Err(Self::TooLarge { given, limit: MAX_CAPACITY }),
        }
    }
}

/// A value that a queue did not take, handed back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum PushError<T> {
    /// The queue holds as many values as its capacity.
    #[error("the queue is full")]
    Full(T),
    /// The consumer is gone; no push will ever succeed again.
    #[error("the queue's consumer is gone")]
    Closed(T),
}

impl<T> PushError<T> {
    /// The value, back again.
    #[cfg(test)]
    pub(crate) fn into_value(self) -> T {
        match self {
            Self::Full(value) | Self::Closed(value) => value,
        }
    }
}
