//! The model: who was to receive what.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};

use xrmesh::{AgentId, Envelope, Message, Vec3};

use crate::program::{Act, How, Note, REACH, WORK, position};

/// What the model knows of a send.
pub(crate) struct Sent {
    pub(crate) sender: u64,
    pub(crate) priority: u8,
    /// Whether it keeps its place among its sender's messages.
    pub(crate) ordered: bool,
    pub(crate) hops: u8,
    /// Resolved at an unknown time.
    pub(crate) anyone: bool,
    pub(crate) receivers: BTreeSet<u64>,
    /// Who may or may not be among them.
    pub(crate) perhaps: BTreeSet<u64>,
}

#[derive(Default)]
pub(crate) struct Model {
    pub(crate) sent: Vec<Sent>,
    pub(crate) delivered: BTreeSet<(u64, u32)>,
    /// The last ordered number by (sender, receiver, priority).
    pub(crate) last: BTreeMap<(u64, u64, u8), u32>,
    /// The last priority that an agent saw, and the tick.
    pub(crate) urgency: BTreeMap<u64, (u64, u8)>,
    /// All agents that ever were, in the order in which the program learnt of them.
    pub(crate) agents: Vec<AgentId>,
    pub(crate) subscribed: [BTreeMap<u64, Option<(i8, i8)>>; 3],
    /// Whose subscriptions handlers changed.
    pub(crate) unsure: BTreeSet<u64>,
    pub(crate) returned: u64,
    pub(crate) behaviours: Vec<Vec<Act>>,
    /// Whether each tick is one round without ageing.
    pub(crate) by_priority: bool,
    pub(crate) wrong: Option<String>,
}

#[derive(Clone)]
pub(crate) struct Shared(pub(crate) Arc<Mutex<Model>>);

impl Shared {
    pub(crate) fn lock(&self) -> MutexGuard<'_, Model> {
        self.0.lock().unwrap()
    }
}

impl Model {
    pub(crate) fn pick(&self, who: u8) -> Option<AgentId> {
        (!self.agents.is_empty()).then(|| self.agents[usize::from(who) % self.agents.len()])
    }

    pub(crate) fn blame(&mut self, what: String) {
        self.wrong.get_or_insert(what);
    }

    pub(crate) fn note(&mut self, sender: u64, how: How, ordered: bool, depth: u8) -> Note {
        let number = self.sent.len() as u32;
        let (receivers, perhaps) = (BTreeSet::new(), BTreeSet::new());
        self.sent.push(Sent {
            sender,
            priority: how.priority,
            ordered,
            hops: how.hops.unwrap_or(Message::DEFAULT_HOPS),
            anyone: false,
            receivers,
            perhaps,
        });
        let (behaviour, depth) = (u16::from(how.behaviour), u16::from(depth));
        Note { sender, target: 0, number, behaviour, depth }
    }

    /// Sets down who is to receive the send last noted.
    pub(crate) fn expect(&mut self, receivers: impl IntoIterator<Item = u64>) {
        let sent = self.sent.last_mut().unwrap();
        sent.receivers = receivers.into_iter().collect();
    }

    /// Forgets the send last noted, which was refused.
    pub(crate) fn refused(&mut self) {
        let _ = self.sent.pop();
    }

    pub(crate) fn expect_topic(&mut self, topic: usize, place: Option<Vec3>, own: u64) {
        let at = |place: Option<Vec3>, near: &Option<(i8, i8)>| match (near, place) {
            (None, _) => true,
            (Some(near), Some(place)) => place.distance_squared(position(*near)) <= REACH * REACH,
            (Some(_), None) => false,
        };
        let interested =
            self.subscribed[topic].iter().filter(|(id, near)| **id != own && at(place, near));
        let receivers: BTreeSet<u64> = interested.map(|(id, _)| *id).collect();
        let perhaps = self.unsure.clone();
        let sent = self.sent.last_mut().unwrap();
        (sent.receivers, sent.perhaps) = (receivers, perhaps);
    }

    /// An agent's handler runs on a message.
    pub(crate) fn saw(&mut self, me: AgentId, tick: u64, envelope: &Envelope<'_>) {
        let me = me.to_bits();
        let priority = envelope.priority().number();
        let (seen, before) = self.urgency.insert(me, (tick, priority)).unwrap_or((0, 0));
        if self.by_priority && seen == tick && before > priority {
            self.blame(format!("{me:x} saw priority {before} before {priority} in tick {tick}"));
        }
        if envelope.kind() != WORK {
            return;
        }
        let note: Note = bytemuck::pod_read_unaligned(&envelope.bytes()[..size_of::<Note>()]);
        let number = note.number;
        let Some(sent) = self.sent.get(number as usize) else {
            return self.blame(format!("{me:x} saw number {number}, which nobody sent"));
        };
        let (sender, ordered) = (sent.sender, sent.ordered);
        let forwarded = envelope.hops() < sent.hops;
        if !forwarded && priority != sent.priority {
            let sent = sent.priority;
            return self
                .blame(format!("{number} was sent with priority {sent}, came with {priority}"));
        }
        if note.sender != sender || (note.target != 0 && note.target != me && !forwarded) {
            return self
                .blame(format!("{me:x} saw {number} for {:x} of {:x}", note.target, note.sender));
        }
        if forwarded {
            return;
        }
        if !sent.anyone && !sent.receivers.contains(&me) && !sent.perhaps.contains(&me) {
            let receivers = &sent.receivers;
            let what = format!("{me:x} saw {number} of {sender:x} to {receivers:x?}");
            return self.blame(what);
        }
        if !self.delivered.insert((me, number)) {
            self.blame(format!("{me:x} saw {number} twice"));
        }
        if ordered {
            let last = self.last.insert((sender, me, priority), number);
            if last.is_some_and(|last| last > number) {
                self.blame(format!(
                    "{me:x} saw {number} of {sender:x} after {last:?}, priority {priority}"
                ));
            }
        }
    }
}
