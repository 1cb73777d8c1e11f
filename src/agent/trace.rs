//! What became of the last messages: the memory behind `Mesh::explain`.

use std::collections::VecDeque;

use crate::id::AgentId;
use crate::message::{DropReason, EnvelopeId, Target};

/// What became of one (envelope, receiver) pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Delivered,
    OutOfRegion,
    Dropped(DropReason),
}

/// The last sends of one source, and the last outcomes in its shard.
#[derive(Debug)]
pub(crate) struct Trace {
    capacity: usize,
    sends: VecDeque<(EnvelopeId, Target)>,
    outcomes: VecDeque<(EnvelopeId, AgentId, Outcome)>,
}

/// Outcomes kept for each send of the window: broadcasts have many.
const OUTCOMES_PER_SEND: usize = 64;

impl Trace {
    /// Remembers the last `capacity` sends.
    pub(crate) fn new(capacity: usize) -> Self {
        Self { capacity, sends: VecDeque::new(), outcomes: VecDeque::new() }
    }

    /// A message was sent.
    pub(crate) fn target(&mut self, id: EnvelopeId, target: Target) {
        if self.sends.len() == self.capacity {
            self.sends.pop_front();
        }
        self.sends.push_back((id, target));
    }

    /// A pair came to its end.
    pub(crate) fn outcome(&mut self, id: EnvelopeId, agent: AgentId, outcome: Outcome) {
        if self.outcomes.len() == self.capacity * OUTCOMES_PER_SEND {
            self.outcomes.pop_front();
        }
        self.outcomes.push_back((id, agent, outcome));
    }

    /// Where a message went, if it is among the last sends.
    pub(crate) fn find_target(&self, id: EnvelopeId) -> Option<Target> {
        // The latest first: questions are mostly about what just happened.
        self.sends.iter().rev().find(|(sent, _)| *sent == id).map(|(_, target)| *target)
    }

    /// What became of a pair, if it is remembered.
    pub(crate) fn find_outcome(&self, id: EnvelopeId, agent: AgentId) -> Option<Outcome> {
        let found = self.outcomes.iter().rev().find(|(of, to, _)| *of == id && *to == agent);
        found.map(|(_, _, outcome)| *outcome)
    }
}
