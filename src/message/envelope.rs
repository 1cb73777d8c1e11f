//! A message as its receiver sees it.

use core::fmt;

use crate::id::AgentId;
use crate::message::packet::{ANSWER, POSITION_BITS, Packet, QUESTION};
use crate::message::{ContentError, Kind, Message, Payload, Priority};
use crate::space::Pose;
use crate::time::Time;

/// Names one envelope of a mesh: the round it was sent in, the shard of its sender and its position
/// there. All receivers of a group see the same id.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct EnvelopeId(u64);

/// Bits below the round in an id: 7 for the source (64 shards and the host), 20 for the position.
const SEQUENCE_BITS: u32 = 7 + POSITION_BITS;

impl EnvelopeId {
    #[inline]
    pub(crate) const fn new(round: u64, sequence: u32) -> Self {
        Self(round << SEQUENCE_BITS | sequence as u64)
    }

    /// The id as one integer.
    #[inline]
    #[must_use]
    pub const fn to_bits(self) -> u64 {
        self.0
    }

    /// The id that [`to_bits`](Self::to_bits) gave.
    #[inline]
    #[must_use]
    pub const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// The round it was sent in, counted from the start of the mesh (modulo 2³⁷).
    #[inline]
    #[must_use]
    pub const fn round(self) -> u64 {
        self.0 >> SEQUENCE_BITS
    }
}

impl fmt::Debug for EnvelopeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EnvelopeId({self})")
    }
}

impl fmt::Display for EnvelopeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sequence = self.0 as u32 & ((1 << SEQUENCE_BITS) - 1);
        let position = sequence & ((1 << POSITION_BITS) - 1);
        write!(f, "{}.{}.{position}", self.round(), sequence >> POSITION_BITS)
    }
}

/// Names one question until its answer came or it timed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(transparent)]
pub struct AskId(pub(crate) u32);

impl AskId {
    /// The id as one integer.
    #[inline]
    #[must_use]
    pub const fn to_bits(self) -> u32 {
        self.0
    }

    /// The id that [`to_bits`](Self::to_bits) gave.
    #[inline]
    #[must_use]
    pub const fn from_bits(bits: u32) -> Self {
        Self(bits)
    }
}

/// What all envelopes of a chunk share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub(crate) round: u64,
    pub(crate) sent_at: Time,
}

/// A stamped message, as a handler gets it.
#[derive(Clone, Copy)]
pub struct Envelope<'a> {
    pub(crate) packet: &'a Packet,
    pub(crate) stamp: Stamp,
    /// The bytes of its chunk, where a payload may lie.
    pub(crate) beside: &'a [u8],
}

impl fmt::Debug for Envelope<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Envelope")
            .field("id", &self.id())
            .field("from", &self.from())
            .field("kind", &self.kind())
            .field("priority", &self.priority())
            .field("bytes", &self.bytes())
            .finish_non_exhaustive()
    }
}

impl<'a> Envelope<'a> {
    /// Its id, the same for all receivers.
    #[must_use]
    pub fn id(&self) -> EnvelopeId {
        match &self.packet.annex {
            Some(annex) if let Some((id, _)) = annex.original => id,
            _ => EnvelopeId::new(self.stamp.round, self.packet.sequence),
        }
    }

    /// The mesh's time when it was sent.
    #[must_use]
    pub fn sent_at(&self) -> Time {
        match &self.packet.annex {
            Some(annex) if let Some((_, sent_at)) = annex.original => sent_at,
            _ => self.stamp.sent_at,
        }
    }

    /// The sender; `None` for the host and for notices of the mesh.
    #[inline]
    #[must_use]
    pub fn from(&self) -> Option<AgentId> {
        self.packet.from
    }

    /// What it is about.
    #[inline]
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.packet.kind
    }

    /// The priority it was sent with.
    #[inline]
    #[must_use]
    pub fn priority(&self) -> Priority {
        self.packet.priority
    }

    /// The payload.
    #[inline]
    #[must_use]
    pub fn bytes(&self) -> &'a [u8] {
        self.packet.bytes(self.beside)
    }

    /// The payload as a value of plain data, read from wherever it lies.
    ///
    /// # Errors
    /// [`ContentError::Size`] if the payload's length is not the type's.
    #[inline]
    pub fn plain<T: bytemuck::AnyBitPattern>(&self) -> Result<T, ContentError> {
        crate::message::read_plain(self.bytes())
    }

    /// The payload as numbers: `f32` after `f32`, little-endian, as answers of processors carry them.
    ///
    /// # Errors
    /// [`ContentError::Size`] if the payload is not a whole number of them.
    pub fn values(
        &self,
    ) -> Result<impl ExactSizeIterator<Item = f32> + Clone + use<'a>, ContentError> {
        let (numbers, rest) = self.bytes().as_chunks::<4>();
        if rest.is_empty() {
            Ok(numbers.iter().map(|bytes| f32::from_le_bytes(*bytes)))
        } else {
            let given = self.bytes().len();
            Err(ContentError::Size { expected: given.next_multiple_of(4), given })
        }
    }

    /// The payload's shared block, to keep or to send on without copying. `None` if it came in the
    /// envelope or beside it, as bytes sent to one agent do up to [`BESIDE_BYTES`](crate::BESIDE_BYTES).
    #[must_use]
    pub fn shared(&self) -> Option<&'a Payload> {
        self.packet.annex.as_ref().and_then(|annex| annex.payload.as_ref())
    }

    /// Where it happened, if the sender said so.
    #[must_use]
    pub fn pose(&self) -> Option<Pose> {
        self.packet.annex.as_ref().and_then(|annex| annex.pose)
    }

    /// When it would have expired, if the sender said so.
    #[must_use]
    pub fn deadline(&self) -> Option<Time> {
        self.packet.annex.as_ref().map(|annex| annex.deadline).filter(|&d| d != Time::MAX)
    }

    /// How often it may still be forwarded.
    #[must_use]
    pub fn hops(&self) -> u8 {
        self.packet.annex.as_ref().map_or(Message::DEFAULT_HOPS, |annex| annex.hops)
    }

    /// True if the sender waits for an answer: see [`Context::reply`](crate::Context::reply).
    #[inline]
    #[must_use]
    pub fn is_question(&self) -> bool {
        self.packet.flags() & QUESTION != 0
    }

    /// The question that this asks, as its sender knows it: with [`from`](Self::from) it is what
    /// [`Context::answer`](crate::Context::answer) needs to answer later.
    #[inline]
    #[must_use]
    pub fn asks(&self) -> Option<AskId> {
        self.is_question().then_some(AskId(self.packet.correlation))
    }

    /// The question that this answers, or whose time ran out.
    #[inline]
    #[must_use]
    pub fn answer_to(&self) -> Option<AskId> {
        (self.packet.flags() & ANSWER != 0).then_some(AskId(self.packet.correlation))
    }
}
