//! The 64 bytes that travel: one cache line an envelope.
//!
//! | bytes | what |
//! |---|---|
//! | 0–7 | receiver: slot, generation |
//! | 8–15 | sender: slot, generation (0: the host) |
//! | 16–23 | annex, or null |
//! | 24–27 | sequence: source shard and position in its round |
//! | 28–31 | correlation of a question and its answer |
//! | 32–35 | kind, priority, flags and inline length |
//! | 36–63 | payload |

use std::sync::Arc;

use crate::id::AgentId;
use crate::message::annex::Annex;
use crate::message::{Kind, Priority};

/// Payloads up to this many bytes travel inside the envelope: a [`Pose`](crate::Pose) fits.
pub const INLINE_BYTES: usize = 28;

/// The longest payload that travels beside its envelope, in memory that moves with it, when it is sent
/// to one agent and nothing but its priority is said of it: costs a copy. Longer ones, and those of
/// groups, lie in blocks that receivers share.
pub const BESIDE_BYTES: usize = 256;

/// Bits of a sequence that number the messages of one shard in one round.
pub(crate) const POSITION_BITS: u32 = 20;

#[derive(Clone, Debug)]
#[repr(C, align(64))]
pub(crate) struct Packet {
    pub(crate) target_slot: u32,
    pub(crate) target_generation: u32,
    pub(crate) from: Option<AgentId>,
    pub(crate) annex: Option<Arc<Annex>>,
    pub(crate) sequence: u32,
    pub(crate) correlation: u32,
    pub(crate) kind: Kind,
    pub(crate) priority: Priority,
    tag: u8,
    inline: [u8; INLINE_BYTES],
}

/// What a message says of itself, beside its payload.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Head {
    pub(crate) from: Option<AgentId>,
    pub(crate) kind: Kind,
    pub(crate) priority: Priority,
    pub(crate) correlation: u32,
    pub(crate) flags: u8,
}

const LENGTH: u8 = 0b0001_1111;
/// The length that says: the payload lies beside the packet, in its chunk; see [`Beside`].
const IN_CHUNK: u8 = LENGTH;
/// For everyone: one packet a shard; target_slot holds how many receivers the shard had.
pub(crate) const EVERYONE: u8 = 0b0010_0000;
/// Wants an answer under its correlation.
pub(crate) const QUESTION: u8 = 0b0100_0000;
/// Answers the question of its correlation.
pub(crate) const ANSWER: u8 = 0b1000_0000;

/// Where in its chunk's block of bytes a packet's payload lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Beside {
    pub(crate) offset: u32,
    pub(crate) length: u32,
}

impl Head {
    /// The same, made anew from its parts.
    #[inline(always)]
    pub(crate) const fn rebuilt(&self) -> Self {
        Self {
            from: self.from,
            kind: self.kind,
            priority: self.priority,
            correlation: self.correlation,
            flags: self.flags,
        }
    }
}

impl Packet {
    /// An empty packet, for chunks to hold before they are written.
    pub(crate) const EMPTY: Self = Self {
        target_slot: 0,
        target_generation: 0,
        from: None,
        annex: None,
        sequence: 0,
        correlation: 0,
        kind: Kind::SPATIAL_COORDINATES,
        priority: Priority::DEFAULT,
        tag: 0,
        inline: [0; INLINE_BYTES],
    };

    /// A packet without receiver or sequence. `bytes` beyond [`INLINE_BYTES`] must be in the annex.
    pub(crate) fn new(head: Head, bytes: &[u8], annex: Option<Arc<Annex>>) -> Self {
        let Head { from, kind, priority, correlation, flags } = head;
        let mut packet =
            Self { from, annex, kind, priority, correlation, tag: flags, ..Self::EMPTY };
        if let Some(place) = packet.inline.get_mut(..bytes.len()) {
            place.copy_from_slice(bytes);
            packet.tag |= bytes.len() as u8;
        }
        packet
    }

    /// Writes a packet over one without an annex, field by field where it lies: one that is put
    /// together elsewhere and then copied costs twice as much. `bytes` must fit inline.
    #[inline(always)]
    pub(crate) fn write(&mut self, to: AgentId, head: Head, sequence: u32, bytes: &[u8]) {
        debug_assert!(self.annex.is_none() && bytes.len() <= INLINE_BYTES);
        self.address(to);
        self.from = head.from;
        core::mem::forget(self.annex.take());
        self.sequence = sequence;
        self.correlation = head.correlation;
        self.kind = head.kind;
        self.priority = head.priority;
        self.tag = head.flags | bytes.len() as u8;
        // In words, as handlers write them: a wider load would have to wait until their stores have
        // reached the cache.
        if let Some(place) = self.inline.get_mut(..bytes.len()) {
            let (words, rest) = bytes.as_chunks::<8>();
            let (to_words, to_rest) = place.as_chunks_mut::<8>();
            for (to, word) in to_words.iter_mut().zip(words) {
                *to = *word;
            }
            to_rest.copy_from_slice(rest);
        }
    }

    /// A packet to one agent that is complete but for its number. `bytes` fit into it.
    #[inline(always)]
    pub(crate) fn addressed(to: AgentId, head: Head, bytes: &[u8]) -> Self {
        let mut packet = Self::EMPTY;
        packet.write(to, head, 0, bytes);
        packet
    }

    /// Writes what another packet says, with a number of its own. Neither holds an annex.
    #[inline(always)]
    pub(crate) fn copy_from(&mut self, other: &Self, sequence: u32) {
        debug_assert!(self.annex.is_none() && other.annex.is_none());
        (self.target_slot, self.target_generation) = (other.target_slot, other.target_generation);
        self.from = other.from;
        core::mem::forget(self.annex.take());
        self.sequence = sequence;
        self.correlation = other.correlation;
        self.kind = other.kind;
        self.priority = other.priority;
        self.tag = other.tag;
        self.inline = other.inline;
    }

    /// Says to whom it goes.
    #[inline(always)]
    pub(crate) fn address(&mut self, to: AgentId) {
        (self.target_slot, self.target_generation) = (to.slot(), to.generation().get());
    }

    #[inline]
    pub(crate) fn flag(&mut self, flags: u8) {
        self.tag |= flags;
    }

    /// Makes a packet for everyone one for a single receiver.
    pub(crate) fn unflag_everyone(&mut self, to: AgentId) {
        self.tag &= !EVERYONE;
        self.address(to);
    }

    /// Makes a packet of a receiver that is gone: its slot is kept for the way there, its generation
    /// is one that nobody has.
    pub(crate) fn orphan(&mut self) {
        self.tag &= !EVERYONE;
        (self.target_slot, self.target_generation) = (u32::MAX, 1);
    }

    /// Makes a packet one that was accounted for already and only holds its place.
    pub(crate) fn bury(&mut self) {
        self.annex = None;
        self.target_generation = 0;
        self.tag &= !LENGTH;
        // Not plain, so that it takes the slow path, where nobody is found.
        self.tag |= ANSWER;
    }

    /// Whether it was buried.
    #[inline]
    pub(crate) fn is_buried(&self) -> bool {
        self.target_generation == 0 && self.flags() & EVERYONE == 0
    }

    #[inline]
    pub(crate) fn flags(&self) -> u8 {
        self.tag & !LENGTH
    }

    /// True for the plain case: one receiver, nothing beside the packet, no question or answer.
    #[inline]
    pub(crate) fn is_plain(&self) -> bool {
        self.annex.is_none() && self.flags() == 0
    }

    #[inline]
    pub(crate) fn target(&self) -> Option<AgentId> {
        let generation = core::num::NonZeroU32::new(self.target_generation)?;
        (self.flags() & EVERYONE == 0).then(|| AgentId::new(self.target_slot, generation))
    }

    /// How many (envelope, receiver) pairs it stands for: none if it was buried.
    #[inline]
    pub(crate) fn pairs(&self) -> u32 {
        if self.flags() & EVERYONE == 0 {
            u32::from(self.target_generation != 0)
        } else {
            self.target_slot
        }
    }

    /// The payload; `beside` is the block of the packet's chunk.
    #[inline]
    pub(crate) fn bytes<'a>(&'a self, beside: &'a [u8]) -> &'a [u8] {
        match self.inline.get(..(self.tag & LENGTH) as usize) {
            Some(inline) if self.annex.is_none() => inline,
            _ => self.outer_bytes(beside),
        }
    }

    #[inline(never)]
    fn outer_bytes<'a>(&'a self, beside: &'a [u8]) -> &'a [u8] {
        let payload = self.annex.as_ref().and_then(|annex| annex.payload.as_deref());
        let inline = || self.inline.get(..(self.tag & LENGTH) as usize);
        payload.or_else(|| self.beside_in(beside)).or_else(inline).unwrap_or(&[])
    }

    /// Where the payload lies in the chunk's block, if it lies there.
    #[inline]
    pub(crate) fn beside(&self) -> Option<Beside> {
        if self.tag & LENGTH != IN_CHUNK {
            return None;
        }
        let [a, b, c, d, e, f, g, h, ..] = self.inline;
        let (offset, length) = ([a, b, c, d], [e, f, g, h]);
        Some(Beside { offset: u32::from_le_bytes(offset), length: u32::from_le_bytes(length) })
    }

    /// The payload in the chunk's block, if it lies there.
    #[inline]
    pub(crate) fn beside_in<'a>(&self, block: &'a [u8]) -> Option<&'a [u8]> {
        let Beside { offset, length } = self.beside()?;
        block.get(offset as usize..)?.get(..length as usize)
    }

    /// Says that the payload lies in the chunk's block.
    #[inline]
    pub(crate) fn lay_beside(&mut self, at: Beside) {
        self.tag = self.tag & !LENGTH | IN_CHUNK;
        let place = at.offset.to_le_bytes().into_iter().chain(at.length.to_le_bytes());
        self.inline.iter_mut().zip(place).for_each(|(to, byte)| *to = byte);
    }

    /// Bytes held outside the packet and its chunk.
    #[inline]
    pub(crate) fn outside_bytes(&self) -> u64 {
        self.annex.as_ref().and_then(|annex| annex.payload.as_ref()).map_or(0, |p| p.len() as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_cache_line() {
        assert_eq!((size_of::<Packet>(), align_of::<Packet>()), (64, 64));
        // The priority's niche lets a queue entry be a packet or a pointer in the same line.
        enum Either {
            #[expect(dead_code, reason = "only its size matters")]
            Packet(Packet),
            #[expect(dead_code, reason = "only its size matters")]
            Boxed(Box<u64>),
        }
        assert_eq!(size_of::<Either>(), 64);
    }
}
