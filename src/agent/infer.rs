//! Vectors that handlers submit to processors, and what comes back.

use core::fmt;
use core::time::Duration;
use std::sync::Arc;

use crate::agent::context::Context;
use crate::agent::outbox::{Outbox, SendError};
use crate::agent::round::Round;
use crate::id::AgentId;
use crate::message::annex::Annex;
use crate::message::packet::{ANSWER, Head, INLINE_BYTES, Packet};
use crate::message::{AskId, Kind, Priority, Refused, RefusedCommand};

/// Names one processor of a mesh: how many were added before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct ProcessorId(u32);

impl ProcessorId {
    /// The id as one integer, to hand to an agent in its bytes.
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

impl fmt::Display for ProcessorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Why a vector was refused. Nothing was submitted.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InferError {
    /// No such processor was added.
    #[error("processor {given} is unknown: the mesh has {processors}")]
    UnknownProcessor {
        /// The id given.
        given: ProcessorId,
        /// How many processors the mesh has.
        processors: usize,
    },
    /// A vector of another length.
    #[error("processor {processor} takes {expected} values, given {given}")]
    Length {
        /// The processor.
        processor: ProcessorId,
        /// The values that it takes.
        expected: usize,
        /// The values given.
        given: usize,
    },
    /// A value that is not a number, or infinite.
    #[error("value {index} must be finite, given {given}")]
    NotFinite {
        /// Which value.
        index: usize,
        /// The value.
        given: f32,
    },
    /// An agent that stops gets no answers.
    #[error("an agent that stops cannot infer")]
    Stopping,
    /// As many vectors or questions wait, or as many bytes, as may.
    #[error(transparent)]
    Send(#[from] SendError),
}

/// What one shard's agents submitted in this round, in their order.
#[derive(Debug, Default)]
pub(crate) struct Submissions {
    pub(crate) list: Vec<Submission>,
    /// Their values, one vector behind the other.
    pub(crate) values: Vec<f32>,
}

/// One vector.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Submission {
    pub(crate) asker: AgentId,
    pub(crate) ask: AskId,
    pub(crate) processor: ProcessorId,
    pub(crate) length: u32,
}

/// What the handler thinks with.
impl Context<'_> {
    /// The processor that was added under that name.
    #[must_use]
    pub fn processor(&self, name: &str) -> Option<ProcessorId> {
        let at = self.round.view.processors.iter().position(|known| *known.name == *name);
        at.map(|at| ProcessorId(at as u32))
    }

    /// Submits a vector to a processor. What it makes of it comes as a message of
    /// [`Kind::INFERENCE`] whose [`Envelope::answer_to`](crate::Envelope::answer_to) is the id given
    /// here, and whose [`Envelope::values`](crate::Envelope::values) are the outputs.
    ///
    /// The vectors of all agents share batches: one goes when `processing.batch_size` of them wait,
    /// at the end of the round, or when its first has waited `processing.timeout` of mesh time, at
    /// the start of the next tick. After `timeout` without an answer comes a
    /// [`Kind::TIMED_OUT`] notice instead, and a later answer is dropped; so a timeout
    /// should be longer than `processing.timeout` and a tick.
    ///
    /// # Errors
    /// [`InferError`]; nothing was submitted then. Vectors are bounded like messages: by
    /// `limits.outbox_capacity` in a round, and in bytes, answers included, by what is left of
    /// `performance.memory_pool_size`.
    pub fn infer(
        &mut self,
        processor: ProcessorId,
        values: &[f32],
        timeout: Duration,
    ) -> Result<AskId, InferError> {
        if self.stopping {
            return Err(InferError::Stopping);
        }
        let (view, known) = (self.round.view, &self.round.view.processors);
        let Some(shape) = known.get(processor.0 as usize) else {
            let processors = known.len();
            return Err(InferError::UnknownProcessor { given: processor, processors });
        };
        let (expected, given) = (shape.inputs as usize, values.len());
        if given != expected {
            return Err(InferError::Length { processor, expected, given });
        }
        if let Some((index, &given)) = values.iter().enumerate().find(|(_, x)| !x.is_finite()) {
            return Err(InferError::NotFinite { index, given });
        }
        let (used, limit) = (self.outbox.submissions.list.len() as u32, view.limits.outbox);
        if used >= limit {
            return Err(SendError::OutboxFull { given: 1, used, limit }.into());
        }
        let (given, left) = (shape.bytes(), self.outbox.arena_left);
        if given > left {
            return Err(SendError::ArenaFull { given, left }.into());
        }
        let ask = self.outbox.open(self.me, self.now() + timeout)?;
        self.outbox.arena_left = left - given;
        let Submissions { list, values: all } = &mut self.outbox.submissions;
        list.push(Submission { asker: self.me, ask, processor, length: values.len() as u32 });
        all.extend_from_slice(values);
        Ok(ask)
    }
}

impl Outbox {
    /// Sends a processor's answer to one of the shard's agents. Never refused: there is one for each
    /// vector that was accepted, which paid for its bytes.
    pub(crate) fn answer(&mut self, round: &mut Round<'_>, to: AgentId, ask: AskId, bytes: &[u8]) {
        let inline = bytes.len() <= INLINE_BYTES;
        let annex: Option<Arc<Annex>> = (!inline).then(|| {
            let payload = Some(self.annexes.payload(bytes));
            self.annexes.annex(Annex { payload, ..Annex::default() })
        });
        let head = Head {
            from: None,
            kind: Kind::INFERENCE,
            priority: Priority::DEFAULT,
            correlation: ask.to_bits(),
            flags: ANSWER,
        };
        let packet = Packet::new(head, if inline { bytes } else { &[] }, annex);
        self.post_freely(round, to, packet);
    }

    /// Says instead that the processor gave none.
    #[cold]
    pub(crate) fn refuse_answer(
        &mut self,
        round: &mut Round<'_>,
        to: AgentId,
        ask: AskId,
        processor: ProcessorId,
    ) {
        let refused = Refused::new(RefusedCommand::Infer, processor.0.into());
        let bytes = bytemuck::bytes_of(&refused);
        self.notice(round, to, Kind::REFUSED, bytes, Some(ask.to_bits()));
    }
}
