//! Names of agents: a slot and the generation that lives in it.

use core::fmt;
use core::num::NonZeroU32;

/// Names one agent of one mesh, for as long as that agent lives.
///
/// An id is a 32-bit slot and a non-zero generation. A slot is reused after a despawn, but never
/// with the same generation, so a stale id is refused and never reaches the slot's next agent.
/// Generations start from a salt of the mesh, so an id of another mesh is refused too (unless both
/// meshes were made with the same salt).
///
/// ```
/// use xrmesh::AgentId;
/// let id = AgentId::from_bits(0x0000_0007_0000_0001).unwrap();
/// assert_eq!((id.slot(), id.generation().get()), (1, 7));
/// assert_eq!(AgentId::from_bits(id.to_bits()), Some(id));
/// assert_eq!(AgentId::from_bits(0), None); // zero is the null id in C
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(C)]
pub struct AgentId {
    slot: u32,
    generation: NonZeroU32,
}

impl AgentId {
    /// The id of `generation` in `slot`.
    #[inline]
    #[must_use]
    pub const fn new(slot: u32, generation: NonZeroU32) -> Self {
        Self { slot, generation }
    }

    /// The slot: dense, reused after a despawn.
    #[inline]
    #[must_use]
    pub const fn slot(self) -> u32 {
        self.slot
    }

    /// Which of the agents that have lived in the slot.
    #[inline]
    #[must_use]
    pub const fn generation(self) -> NonZeroU32 {
        self.generation
    }

    /// The id as one integer: the generation in the high half, the slot in the low half. Never zero.
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

impl fmt::Debug for AgentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AgentId({self})")
    }
}

impl fmt::Display for AgentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}v{}", self.slot, self.generation)
    }
}
