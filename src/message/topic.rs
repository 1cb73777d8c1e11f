//! Topics: interned names.

use core::fmt;

/// A topic, known by the 64-bit hash of its name, so that any thread can name one without a table.
///
/// The mesh interns the name when it is first subscribed to; two names with one hash (likely only
/// beyond billions of topics) are refused there as [`TopicError::Collision`].
///
/// ```
/// use xrmesh::Topic;
/// const POSES: Topic = Topic::named("poses");
/// assert_ne!(POSES, Topic::named("gestures"));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct Topic(u64);

/// Why a topic was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TopicError {
    /// The name has no bytes.
    #[error("a topic needs a name of at least one byte")]
    Empty,
    /// The name is too long.
    #[error("a topic's name has {given} bytes; at most {limit} are allowed")]
    TooLong {
        /// Bytes in the name.
        given: usize,
        /// The most that `limits.max_topic_bytes` allows.
        limit: usize,
    },
    /// Every place for a topic is taken.
    #[error("the mesh holds {limit} topics, as many as limits.max_topics allows")]
    TooMany {
        /// The most that `limits.max_topics` allows.
        limit: usize,
    },
    /// Another name has the same hash.
    #[error("the topic {given:?} has the hash of the topic {held:?}: rename one")]
    Collision {
        /// The name given.
        given: Box<str>,
        /// The name interned before.
        held: Box<str>,
    },
}

impl Topic {
    /// The topic of that name: 64-bit FNV-1a of its bytes
    /// (Fowler, Noll, Vo: offset basis `0xcbf29ce484222325`, prime `0x100000001b3`).
    #[must_use]
    pub const fn named(name: &str) -> Self {
        let (bytes, mut hash, mut at) = (name.as_bytes(), 0xcbf2_9ce4_8422_2325_u64, 0);
        while at < bytes.len() {
            hash = (hash ^ bytes[at] as u64).wrapping_mul(0x0000_0100_0000_01b3);
            at += 1;
        }
        Self(hash)
    }

    /// The topic as one integer.
    #[inline]
    #[must_use]
    pub const fn to_bits(self) -> u64 {
        self.0
    }

    /// The topic that [`to_bits`](Self::to_bits) gave.
    #[inline]
    #[must_use]
    pub const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }
}

impl fmt::Debug for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Topic({:016x})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_the_published_ones() {
        // Test vectors of the FNV reference: fnv1a_64("") and fnv1a_64("foobar").
        assert_eq!(Topic::named("").to_bits(), 0xcbf2_9ce4_8422_2325);
        assert_eq!(Topic::named("foobar").to_bits(), 0x8594_4171_f739_67e8);
    }
}
