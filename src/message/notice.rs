//! What the mesh itself tells an agent.

use bytemuck::{Pod, Zeroable};

use crate::message::{DropReason, EnvelopeId, Kind, Plain};

/// The payload of a [`Kind::UNDELIVERED`](crate::Kind::UNDELIVERED) notice.
///
/// ```no_run
/// # use xrmesh::{Envelope, Kind, Undelivered};
/// # fn on_message(envelope: &Envelope<'_>) {
/// if envelope.kind() == Kind::UNDELIVERED {
///     let word: Undelivered = envelope.content().unwrap();
///     eprintln!("{} was dropped: {:?}", word.id(), word.reason());
/// }
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct Undelivered {
    id: u64,
    reason: u64,
}

impl Plain for Undelivered {
    const KIND: Kind = Kind::UNDELIVERED;
}

impl Undelivered {
    pub(crate) fn new(id: EnvelopeId, reason: DropReason) -> Self {
        Self { id: id.to_bits(), reason: u64::from(reason.code()) }
    }

    /// The envelope that was dropped.
    #[must_use]
    pub fn id(&self) -> EnvelopeId {
        EnvelopeId::from_bits(self.id)
    }

    /// Why; `None` for a reason that this version does not know.
    #[must_use]
    pub fn reason(&self) -> Option<DropReason> {
        u8::try_from(self.reason).ok().and_then(DropReason::from_code)
    }
}

/// The payload of a [`Kind::REFUSED`](crate::Kind::REFUSED) notice: a command that a handler gave was
/// in order then, but not any more when it was applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct Refused {
    command: u64,
    about: u64,
}

/// What a [`Refused`] command was to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
#[non_exhaustive]
pub enum RefusedCommand {
    /// Subscribe to one topic, or hold one interest, more than is allowed.
    Subscribe = 1,
    /// Link to an agent that no longer lives, or make one link more than is allowed.
    Connect = 2,
    /// Have a processor take a vector; it failed at the whole batch.
    Infer = 3,
    /// Change the memory; what was asked for did not fit it any more.
    Memory = 4,
}

impl Plain for Refused {
    const KIND: Kind = Kind::REFUSED;
}

impl Refused {
    pub(crate) fn new(command: RefusedCommand, about: u64) -> Self {
        Self { command: command as u64, about }
    }

    /// What was refused; `None` for a command that this version does not know.
    #[must_use]
    pub fn command(&self) -> Option<RefusedCommand> {
        match self.command {
            1 => Some(RefusedCommand::Subscribe),
            2 => Some(RefusedCommand::Connect),
            3 => Some(RefusedCommand::Infer),
            4 => Some(RefusedCommand::Memory),
            _ => None,
        }
    }

    /// The agent's, the topic's, the processor's, or the object's, frame's or area's bits; zero for a
    /// change of the memory that is about none or many.
    #[must_use]
    pub fn about(&self) -> u64 {
        self.about
    }
}
