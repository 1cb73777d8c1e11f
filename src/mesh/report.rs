//! What a tick did, and what happened to agents.

use core::time::Duration;
use std::collections::VecDeque;

use crate::agent::{HealingAction, HealthChange};
use crate::dispatch::engine::{Done, Engine};
use crate::dispatch::probe::Counters;
use crate::id::AgentId;
use crate::message::Priority;
use crate::time::Time;

/// What one tick did. Messages are counted by receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TickReport {
    /// The number of the tick; the first is 1.
    pub tick: u64,
    /// Rounds that were run.
    pub rounds: u32,
    /// Messages sent since the last tick: by the host before this one, and by agents in it.
    pub sent: u64,
    /// Messages delivered.
    pub delivered: u64,
    /// Messages dropped, for whatever reason.
    pub dropped: u64,
    /// Messages that wait after the tick: in mailboxes, for their time or for their retry.
    pub pending: u64,
    /// Of them, those in mailboxes, by priority: the first is priority 1.
    pub waiting: [u64; Priority::COUNT],
    /// How long the oldest of those that are next in line has waited.
    pub oldest: Option<Duration>,
}

impl TickReport {
    pub(crate) fn new(
        engine: &Engine,
        before: &Counters,
        after: &Counters,
        done: Done,
        now: Time,
    ) -> Self {
        let pending = after.pending();
        Self {
            tick: engine.view.tick,
            rounds: done.rounds,
            sent: after.sent().wrapping_sub(before.sent()),
            delivered: after.delivered().wrapping_sub(before.delivered()),
            dropped: after.dropped_total().wrapping_sub(before.dropped_total()),
            pending,
            waiting: if pending > 0 { engine.waiting() } else { [0; Priority::COUNT] },
            oldest: if pending > 0 { engine.oldest().map(|sent| now.since(sent)) } else { None },
        }
    }
}

/// A change of an agent's health, and what the mesh did about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HealthEvent {
    /// Whose health changed.
    pub agent: AgentId,
    /// How.
    pub change: HealthChange,
    /// What was done, if anything was.
    pub action: Option<HealingAction>,
    /// When.
    pub at: Time,
}

/// Health events that the host has not taken yet.
#[derive(Debug, Default)]
pub(crate) struct Events {
    queue: VecDeque<HealthEvent>,
    pub(crate) lost: u64,
}

/// Health events that are kept for the host; the oldest give way.
const MOST_EVENTS: usize = 4096;

impl Events {
    pub(crate) fn push(&mut self, event: HealthEvent) {
        if self.queue.len() == MOST_EVENTS {
            self.queue.pop_front();
            self.lost += 1;
        }
        self.queue.push_back(event);
    }

    pub(crate) fn drain(&mut self) -> impl Iterator<Item = HealthEvent> + '_ {
        self.queue.drain(..)
    }
}
