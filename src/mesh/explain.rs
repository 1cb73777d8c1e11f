//! Why an agent did or did not get a message.

use crate::agent::trace::Outcome;
use crate::dispatch::engine::Engine;
use crate::id::AgentId;
use crate::message::{DropReason, Envelope, EnvelopeId, Target};

/// What became of a message for one agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Explanation {
    /// The agent's handler ran on it.
    Delivered,
    /// It waits, for budget or for its time.
    Pending,
    /// It was dropped.
    Dropped(DropReason),
    /// It went to a topic that the agent did not subscribe to.
    NotInterested,
    /// It went to a topic of the agent, but happened outside of the agent's region.
    OutOfRegion,
    /// It went to others: another agent, those near a place, linked neighbours, or to everyone who
    /// lived when it was sent.
    NotAddressed,
    /// It is not among the last `limits.explain_capacity` messages of its sender's shard, nor is its
    /// outcome.
    Forgotten,
}

/// Looks a pair up. O(what is remembered).
pub(crate) fn explain(engine: &Engine, id: EnvelopeId, agent: AgentId) -> Explanation {
    let traces = |find: &mut dyn FnMut(&crate::agent::trace::Trace) -> bool| {
        engine.host.trace.as_deref().is_some_and(&mut *find)
            || (0..engine.shard_count())
                .any(|shard| engine.read(shard).outbox.trace.as_deref().is_some_and(&mut *find))
    };
    let (mut outcome, mut target) = (None, None);
    traces(&mut |trace| {
        outcome = trace.find_outcome(id, agent);
        outcome.is_some()
    });
    if let Some(outcome) = outcome {
        return match outcome {
            Outcome::Delivered => Explanation::Delivered,
            Outcome::OutOfRegion => Explanation::OutOfRegion,
            Outcome::Dropped(reason) => Explanation::Dropped(reason),
        };
    }
    if is_pending(engine, id, agent) {
        return Explanation::Pending;
    }
    traces(&mut |trace| {
        target = trace.find_target(id);
        target.is_some()
    });
    match target {
        None => Explanation::Forgotten,
        Some(Target::Topic(_)) => Explanation::NotInterested,
        // It was for this agent, and what became of it is not remembered any more.
        Some(Target::Agent(to)) if to == agent => Explanation::Forgotten,
        Some(_) => Explanation::NotAddressed,
    }
}

fn is_pending(engine: &Engine, id: EnvelopeId, agent: AgentId) -> bool {
    let shard = engine.view.layout.shard(agent.slot());
    let held = engine.read(shard);
    let born = held.born(engine.view.layout, agent.slot());
    let matches = |envelope: Envelope<'_>| {
        let to = envelope.packet.target();
        let everyone = envelope.packet.flags() & crate::message::packet::EVERYONE != 0;
        let group = everyone && envelope.from() != Some(agent) && born <= envelope.stamp.round;
        envelope.id() == id && (to == Some(agent) || group)
    };
    let queued = held.queue.envelopes();
    let coming = held.incoming();
    let here = engine.host.row.chain_of(shard).into_iter().flat_map(|chain| chain.envelopes());
    if queued.chain(coming).chain(here).any(&matches) {
        return true;
    }
    drop(held);
    (0..engine.shard_count()).any(|shard| {
        let mut delayed = false;
        let stamp = engine.stamp();
        engine.read(shard).outbox.timer.for_each(|_, due| {
            delayed |= due.is_ok_and(|packet| matches(Envelope { packet, stamp, beside: &[] }));
        });
        delayed
    })
}
