//! Random programs: whatever agents, hosts and other threads do, every message is accounted for, and
//! what handlers see agrees with a model that knows who was to receive what.
#![expect(clippy::unwrap_used, reason = "a test's helpers may fail it")]
#![expect(clippy::panic, reason = "agents that panic are what is tested")]

#[path = "support/quiet.rs"]
mod quiet;
mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use bytemuck::{Pod, Zeroable};
use proptest::prelude::*;
use support::{at, config};
use xrmesh::{
    Agent, AgentId, Budget, Context, Envelope, FailureKind, Fault, Kind, Lane, Mailbox, Mesh,
    MeshHandle, Message, Overflow, Pose, Priority, Region, SpawnOptions, StateHasher, Target,
    Topic, Vec3, space::Sphere,
};

const WORK: Kind = Kind::user(0);
const TOPICS: [&str; 3] = ["red", "green", "blue"];

/// What every message of the program carries.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct Note {
    /// 0 for the host.
    sender: u64,
    /// 0 for a group.
    target: u64,
    /// Counts all sends of the program; so it grows with each sender's.
    number: u32,
    behaviour: u16,
    depth: u16,
}

/// One thing that a handler or the host does.
#[derive(Clone, Copy, Debug)]
enum Act {
    Send {
        to: To,
        how: How,
    },
    Ask {
        who: u8,
        how: How,
        timeout_ms: u16,
    },
    Reply,
    Forward {
        who: u8,
    },
    Panic,
    Fail,
    /// The agent's `Drop` will panic.
    Curse,
    Spawn {
        kind: u8,
        mailbox: Option<(u8, u8)>,
        place: Option<(i8, i8)>,
    },
    Despawn {
        who: u8,
    },
    DespawnSelf,
    Move {
        place: (i8, i8),
    },
    Subscribe {
        topic: u8,
        near: Option<(i8, i8)>,
    },
    Unsubscribe {
        topic: u8,
    },
    Connect {
        who: u8,
    },
    Disconnect {
        who: u8,
    },
    Wake {
        after_ms: u16,
    },
    Quarantine {
        who: u8,
        on: bool,
    },
}

#[derive(Clone, Copy, Debug)]
enum To {
    One(u8),
    /// The sender itself; a stale id for the host.
    Own,
    Everyone,
    Topic(u8),
    Near((i8, i8), u8),
    Nearest((i8, i8), u8),
    Linked,
}

/// How a message is sent.
#[derive(Clone, Copy, Debug)]
struct How {
    priority: u8,
    behaviour: u8,
    depth: u8,
    /// Bytes of payload beside the note.
    more: u16,
    deadline_ms: Option<u8>,
    delay_ms: Option<u8>,
    hops: Option<u8>,
    retry: bool,
    report: bool,
    /// From the host: 0 directly, 1 through a handle, 2 through a lane.
    way: u8,
}

/// What the model knows of a send.
struct Sent {
    sender: u64,
    priority: u8,
    /// Whether it keeps its place among its sender's messages.
    ordered: bool,
    hops: u8,
    /// Resolved at an unknown time.
    anyone: bool,
    receivers: BTreeSet<u64>,
    /// Who may or may not be among them.
    perhaps: BTreeSet<u64>,
}

#[derive(Default)]
struct Model {
    sent: Vec<Sent>,
    delivered: BTreeSet<(u64, u32)>,
    /// The last ordered number by (sender, receiver, priority).
    last: BTreeMap<(u64, u64, u8), u32>,
    /// The last priority that an agent saw, and the tick.
    urgency: BTreeMap<u64, (u64, u8)>,
    /// All agents that ever were, in the order in which the program learnt of them.
    agents: Vec<AgentId>,
    subscribed: [BTreeMap<u64, Option<(i8, i8)>>; 3],
    /// Whose subscriptions handlers changed.
    unsure: BTreeSet<u64>,
    returned: u64,
    behaviours: Vec<Vec<Act>>,
    /// Whether each tick is one round without ageing.
    by_priority: bool,
    wrong: Option<String>,
}

#[derive(Clone)]
struct Shared(Arc<Mutex<Model>>);

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Model> {
        self.0.lock().unwrap()
    }
}

impl Model {
    fn pick(&self, who: u8) -> Option<AgentId> {
        (!self.agents.is_empty()).then(|| self.agents[usize::from(who) % self.agents.len()])
    }

    fn blame(&mut self, what: String) {
        self.wrong.get_or_insert(what);
    }

    fn note(&mut self, sender: u64, how: How, ordered: bool, depth: u8) -> Note {
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
    fn expect(&mut self, receivers: impl IntoIterator<Item = u64>) {
        let sent = self.sent.last_mut().unwrap();
        sent.receivers = receivers.into_iter().collect();
    }

    /// Forgets the send last noted, which was refused.
    fn refused(&mut self) {
        let _ = self.sent.pop();
    }

    fn expect_topic(&mut self, topic: usize, place: Option<Vec3>, own: u64) {
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
    fn saw(&mut self, me: AgentId, tick: u64, envelope: &Envelope<'_>) {
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

/// Metres around an interest's place.
const REACH: f32 = 2.0;

fn position((x, z): (i8, i8)) -> Vec3 {
    Vec3::new(f32::from(x), 0.0, f32::from(z))
}

fn pose(place: (i8, i8)) -> Pose {
    Pose::at(position(place)).unwrap()
}

fn target(to: To, own: Option<AgentId>, model: &Model) -> Option<Target> {
    Some(match to {
        To::One(who) => Target::Agent(model.pick(who)?),
        To::Own => Target::Agent(own?),
        To::Everyone => Target::Everyone,
        To::Topic(topic) => Topic::named(TOPICS[usize::from(topic) % 3]).into(),
        To::Near(place, radius) => {
            Target::Near { point: position(place), radius: f32::from(radius) }
        }
        To::Nearest(place, count) => {
            Target::Nearest { point: position(place), count: u32::from(count) }
        }
        To::Linked => Target::Linked { hops: 1 },
    })
}

fn payload(note: &Note, more: u16) -> Vec<u8> {
    let mut bytes = bytemuck::bytes_of(note).to_vec();
    bytes.extend((0..more).map(|at| at as u8));
    bytes
}

fn message<'a>(bytes: &'a [u8], how: How, now_ms: i64) -> Message<'a> {
    let priority = Priority::new(how.priority).unwrap();
    let mut message = Message::new(WORK).bytes(bytes).priority(priority);
    if let Some(deadline) = how.deadline_ms {
        message = message.deadline(at(now_ms + i64::from(deadline)));
    }
    if let Some(hops) = how.hops {
        message = message.hops(hops);
    }
    if how.retry {
        message = message.retry();
    }
    if how.report {
        message = message.report();
    }
    message
}

/// An agent; types of several sizes.
struct Worker<const SIZE: usize> {
    shared: Shared,
    cursed: bool,
    heard: u64,
    _state: [u8; SIZE],
}

impl<const SIZE: usize> Worker<SIZE> {
    fn new(shared: &Shared) -> Self {
        Self { shared: shared.clone(), cursed: false, heard: 0, _state: [0; SIZE] }
    }

    fn send(&self, context: &mut Context<'_>, to: To, how: How, depth: u8) -> Result<(), Fault> {
        let (me, now_ms) = (context.id(), context.now().as_nanos() / 1_000_000);
        let mut model = self.shared.lock();
        let Some(target) = target(to, Some(me), &model) else { return Ok(()) };
        let unicast = matches!(target, Target::Agent(_));
        let delayed = unicast && how.delay_ms.is_some();
        let depth = if unicast { depth.saturating_sub(1) } else { 0 };
        let mut note = model.note(me.to_bits(), how, !how.retry && !delayed, depth);
        let others = |model: &Model, context: &Context<'_>| -> Vec<AgentId> {
            let live = model.agents.iter().copied().filter(|&id| id != me && context.is_alive(id));
            live.collect()
        };
        match target {
            Target::Agent(to) => {
                note.target = to.to_bits();
                model.expect([to.to_bits()]);
            }
            Target::Everyone => {
                let receivers = others(&model, context);
                model.expect(receivers.into_iter().map(AgentId::to_bits));
            }
            Target::Near { point, radius } => {
                let near = others(&model, context).into_iter().filter(|&id| {
                    context.pose_of(id).is_some_and(|pose| {
                        pose.position().distance_squared(point) <= radius * radius
                    })
                });
                model.expect(near.map(AgentId::to_bits));
            }
            Target::Nearest { point, count } => {
                let mut near: Vec<_> = others(&model, context)
                    .into_iter()
                    .filter_map(|id| {
                        let place = context.pose_of(id)?.position();
                        Some((place.distance_squared(point).to_bits(), id.to_bits()))
                    })
                    .collect();
                near.sort_unstable();
                near.truncate(count as usize);
                model.expect(near.into_iter().map(|(_, id)| id));
            }
            Target::Linked { .. } => {
                let linked: Vec<_> = context.neighbours().map(AgentId::to_bits).collect();
                model.expect(linked);
            }
            _ => {
                if let To::Topic(topic) = to {
                    let place = context.pose().map(|pose| pose.position());
                    model.expect_topic(usize::from(topic) % 3, place, me.to_bits());
                }
            }
        }
        let bytes = payload(&note, how.more);
        let message = message(&bytes, how, now_ms);
        let sent = match (how.delay_ms, target) {
            (Some(delay), Target::Agent(to)) => {
                context.send_at(at(now_ms + i64::from(delay)), to, message).map(drop)
            }
            _ => context.send(target, message).map(drop),
        };
        if sent.is_err() {
            model.refused();
        }
        drop(model);
        sent?;
        Ok(())
    }

    fn act(
        &mut self,
        context: &mut Context<'_>,
        act: Act,
        envelope: Option<&Envelope<'_>>,
        depth: u8,
    ) -> Result<(), Fault> {
        let me = context.id();
        match act {
            Act::Send { to, how } => self.send(context, to, how, depth)?,
            Act::Ask { who, how, timeout_ms } => {
                let mut model = self.shared.lock();
                let Some(to) = model.pick(who) else { return Ok(()) };
                let note = model.note(me.to_bits(), how, !how.retry, depth.saturating_sub(1));
                model.expect([to.to_bits()]);
                let bytes = payload(&note, how.more);
                let now_ms = context.now().as_nanos() / 1_000_000;
                let timeout = Duration::from_millis(u64::from(timeout_ms));
                let asked = context.ask(to, message(&bytes, how, now_ms), timeout);
                if asked.is_err() {
                    model.refused();
                }
                drop(model);
                asked?;
            }
            Act::Reply => {
                if let Some(envelope) = envelope.filter(|envelope| envelope.is_question()) {
                    context.reply(envelope, Message::new(Kind::user(1)).bytes(b"answer"))?;
                }
            }
            Act::Forward { who } => {
                let to = self.shared.lock().pick(who);
                if let (Some(envelope), Some(to)) = (envelope, to)
                    && depth > 0
                {
                    context.forward(envelope, to)?;
                }
            }
            Act::Panic => panic!("wanted: a handler panics"),
            Act::Fail => return Err(Fault::new(FailureKind::ProcessingError, "as told")),
            Act::Curse => self.cursed = true,
            Act::Spawn { kind, mailbox, place } => {
                let (options, shared) = (options(mailbox, place), self.shared.clone());
                let spawned = match kind % 4 {
                    0 => context.spawn(Worker::<0>::new(&shared), options),
                    1 => context.spawn(Worker::<100>::new(&shared), options),
                    2 => context.spawn(Ticker(Worker::new(&shared)), options),
                    _ => context
                        .spawn::<Box<dyn Agent>>(Box::new(Worker::<8>::new(&shared)), options),
                };
                if let Ok(id) = spawned {
                    self.shared.lock().agents.push(id);
                }
            }
            Act::Despawn { who } => {
                let id = self.shared.lock().pick(who);
                if let Some(id) = id {
                    let _ = context.despawn(id);
                }
            }
            Act::DespawnSelf => context.despawn(me)?,
            Act::Move { place } => context.move_to(pose(place))?,
            Act::Subscribe { topic, near } => {
                self.shared.lock().unsure.insert(me.to_bits());
                context.subscribe(TOPICS[usize::from(topic) % 3], near.map(region))?;
            }
            Act::Unsubscribe { topic } => {
                self.shared.lock().unsure.insert(me.to_bits());
                context.unsubscribe(Topic::named(TOPICS[usize::from(topic) % 3]))?;
            }
            Act::Connect { who } => {
                let id = self.shared.lock().pick(who);
                if let Some(id) = id {
                    let _ = context.connect(id);
                }
            }
            Act::Disconnect { who } => {
                let id = self.shared.lock().pick(who);
                if let Some(id) = id {
                    let _ = context.disconnect(id);
                }
            }
            Act::Wake { after_ms } => {
                context.wake_at(context.now() + Duration::from_millis(u64::from(after_ms)));
            }
            Act::Quarantine { .. } => {}
        }
        Ok(())
    }
}

fn region(near: (i8, i8)) -> Region {
    Region::Sphere(Sphere::new(position(near), REACH).unwrap())
}

fn options(mailbox: Option<(u8, u8)>, place: Option<(i8, i8)>) -> SpawnOptions {
    let mut options = SpawnOptions::new();
    if let Some((capacity, overflow)) = mailbox {
        let overflow = match overflow % 3 {
            0 => Overflow::RejectNew,
            1 => Overflow::DropOldest,
            _ => Overflow::DropLeastUrgent,
        };
        options = options.mailbox(Mailbox { capacity: u32::from(capacity), overflow });
    }
    if let Some(place) = place {
        options = options.pose(pose(place));
    }
    options
}

impl<const SIZE: usize> Agent for Worker<SIZE> {
    fn on_message(
        &mut self,
        context: &mut Context<'_>,
        envelope: &Envelope<'_>,
    ) -> Result<(), Fault> {
        self.heard += 1;
        let (me, tick) = (context.id(), context.tick());
        self.shared.lock().saw(me, tick, envelope);
        let mut outcome = Ok(());
        if envelope.kind() == WORK {
            let note: Note = bytemuck::pod_read_unaligned(&envelope.bytes()[..size_of::<Note>()]);
            let acts = {
                let model = self.shared.lock();
                let behaviours = &model.behaviours;
                behaviours[usize::from(note.behaviour) % behaviours.len()].clone()
            };
            if note.depth > 0 {
                for act in acts {
                    outcome = outcome.and(self.act(context, act, Some(envelope), note.depth as u8));
                }
            }
        }
        self.shared.lock().returned += 1;
        outcome
    }

    fn on_tick(&mut self, context: &mut Context<'_>) -> Result<(), Fault> {
        let act = self.shared.lock().behaviours.first().and_then(|acts| acts.first().copied());
        match act {
            Some(act) if self.heard % 3 == 1 => self.act(context, act, None, 1),
            _ => Ok(()),
        }
    }

    fn on_start(&mut self, context: &mut Context<'_>) -> Result<(), Fault> {
        let act = self.shared.lock().behaviours.last().and_then(|acts| acts.last().copied());
        match act {
            Some(act @ (Act::Send { .. } | Act::Panic | Act::Fail | Act::Wake { .. })) => {
                self.act(context, act, None, 1)
            }
            _ => Ok(()),
        }
    }

    fn on_stop(&mut self, context: &mut Context<'_>) {
        let act = self.shared.lock().behaviours.last().and_then(|acts| acts.first().copied());
        if let Some(act) = act {
            let _ = self.act(context, act, None, 1);
        }
    }

    fn hash_state(&self, hasher: &mut StateHasher) {
        hasher.u64(self.heard);
    }
}

impl<const SIZE: usize> Drop for Worker<SIZE> {
    fn drop(&mut self) {
        if self.cursed {
            panic!("wanted: a drop panics");
        }
    }
}

/// One that is ticked.
struct Ticker(Worker<16>);

impl Agent for Ticker {
    fn on_message(
        &mut self,
        context: &mut Context<'_>,
        envelope: &Envelope<'_>,
    ) -> Result<(), Fault> {
        self.0.on_message(context, envelope)
    }

    fn on_tick(&mut self, context: &mut Context<'_>) -> Result<(), Fault> {
        self.0.on_tick(context)
    }

    fn ticks() -> bool {
        true
    }
}

/// A mesh, the ways into it, and the model.
struct Session {
    mesh: Mesh,
    handle: MeshHandle,
    lane: Lane,
    shared: Shared,
    now_ms: i64,
}

impl Session {
    fn spawn(&mut self, kind: u8, options: SpawnOptions) -> Option<AgentId> {
        let shared = self.shared.clone();
        let spawned = match kind % 5 {
            0 => self.mesh.spawn_with(Worker::<0>::new(&shared), options),
            1 => self.mesh.spawn_with(Worker::<100>::new(&shared), options),
            2 => self.mesh.spawn_with(Ticker(Worker::new(&shared)), options),
            3 => {
                self.mesh.spawn_with::<Box<dyn Agent>>(Box::new(Worker::<8>::new(&shared)), options)
            }
            // The one kind that can be restarted.
            _ => self.mesh.spawn_as("worker", &[], options),
        };
        spawned.ok()
    }

    fn act(&mut self, act: Act) {
        match act {
            Act::Send { to, how } => self.send(to, how),
            Act::Spawn { kind, mailbox, place } => {
                if let Some(id) = self.spawn(kind, options(mailbox, place)) {
                    self.shared.lock().agents.push(id);
                }
            }
            Act::Despawn { who } => {
                let id = self.shared.lock().pick(who);
                if let Some(id) = id
                    && self.mesh.despawn(id).is_ok()
                {
                    let mut model = self.shared.lock();
                    for topic in &mut model.subscribed {
                        topic.remove(&id.to_bits());
                    }
                }
            }
            Act::Move { place } => {
                let id = self.shared.lock().pick(place.0 as u8);
                id.map(|id| self.mesh.move_to(id, pose(place)));
            }
            Act::Subscribe { topic, near } => {
                let topic = usize::from(topic) % 3;
                let id = self.shared.lock().pick(near.map_or(0, |(x, _)| x as u8));
                if let Some(id) = id
                    && self.mesh.subscribe(id, TOPICS[topic], near.map(region)).is_ok()
                {
                    self.shared.lock().subscribed[topic].insert(id.to_bits(), near);
                }
            }
            Act::Unsubscribe { topic } => {
                let id = self.shared.lock().pick(topic);
                let topic = usize::from(topic) % 3;
                if let Some(id) = id
                    && self.mesh.unsubscribe(id, Topic::named(TOPICS[topic])).is_ok()
                {
                    self.shared.lock().subscribed[topic].remove(&id.to_bits());
                }
            }
            Act::Connect { who } => {
                let model = self.shared.lock();
                let pair = model.pick(who).zip(model.pick(who.wrapping_mul(7).wrapping_add(3)));
                drop(model);
                pair.map(|(a, b)| self.mesh.connect(a, b));
            }
            Act::Quarantine { who, on } => {
                let id = self.shared.lock().pick(who);
                id.map(|id| self.mesh.quarantine(id, on));
            }
            _ => {}
        }
    }

    fn send(&mut self, to: To, how: How) {
        let mut model = self.shared.lock();
        let Some(target) = target(to, None, &model) else { return };
        // Each way in is first in, first out; only one of them is held to it.
        let ordered = !how.retry && how.way % 3 == 0;
        let depth = if matches!(target, Target::Agent(_)) { how.depth } else { how.depth.min(1) };
        let mut note = model.note(0, how, ordered, depth);
        let everyone: Vec<u64> = self.mesh.agent_ids().map(AgentId::to_bits).collect();
        match target {
            Target::Agent(to) => {
                note.target = to.to_bits();
                model.expect([to.to_bits()]);
            }
            Target::Near { point, radius } => {
                let near = self.mesh.agent_ids().filter(|&id| {
                    self.mesh.pose_of(id).is_some_and(|pose| {
                        pose.position().distance_squared(point) <= radius * radius
                    })
                });
                model.expect(near.map(AgentId::to_bits));
            }
            Target::Nearest { point, count } => {
                let mut near: Vec<_> = self
                    .mesh
                    .agent_ids()
                    .filter_map(|id| {
                        let place = self.mesh.pose_of(id)?.position();
                        Some((place.distance_squared(point).to_bits(), id.to_bits()))
                    })
                    .collect();
                near.sort_unstable();
                near.truncate(count as usize);
                model.expect(near.into_iter().map(|(_, id)| id));
            }
            Target::Linked { .. } => {}
            Target::Everyone => model.expect(everyone.iter().copied()),
            _ => {
                if let To::Topic(topic) = to {
                    model.expect_topic(usize::from(topic) % 3, None, 0);
                }
            }
        }
        let bytes = payload(&note, how.more);
        let message = message(&bytes, how, self.now_ms);
        drop(model);
        let sent = match how.way % 3 {
            0 => self.mesh.send(target, message).is_ok(),
            1 => self.handle.send(target, message).is_ok(),
            _ => self.lane.send(target, message).is_ok(),
        };
        let mut model = self.shared.lock();
        if !sent {
            model.refused();
        } else if how.way % 3 != 0 {
            // Groups are resolved when they are taken in, which may be ticks later.
            model.sent.last_mut().unwrap().anyone = !matches!(target, Target::Agent(_));
        }
    }

    fn tick(&mut self, after_ms: i64, budget: Option<u16>) {
        self.now_ms += after_ms;
        let budget = budget.map_or(Budget::unlimited(), |n| Budget::messages(u64::from(n)));
        support::tick(&mut self.mesh, self.now_ms, budget);
        let model = self.shared.lock();
        if let Some(wrong) = &model.wrong {
            panic!("{wrong}");
        }
        assert_eq!(model.returned, self.mesh.counters().delivered(), "handlers that returned");
        drop(model);
        self.mesh.refusals().for_each(drop);
    }
}

fn place() -> impl Strategy<Value = (i8, i8)> {
    (0_i8..8, 0_i8..8)
}

fn to() -> impl Strategy<Value = To> {
    prop_oneof![
        5 => any::<u8>().prop_map(To::One),
        1 => Just(To::Own),
        2 => Just(To::Everyone),
        2 => (0_u8..3).prop_map(To::Topic),
        1 => (place(), 0_u8..4).prop_map(|(place, radius)| To::Near(place, radius)),
        1 => (place(), 0_u8..6).prop_map(|(place, count)| To::Nearest(place, count)),
        1 => Just(To::Linked),
    ]
}

fn how() -> impl Strategy<Value = How> {
    let bytes = prop_oneof![3 => Just(0_u16), 1 => 1_u16..4, 2 => 40_u16..2000];
    let some = |most: u8| prop::option::weighted(0.2, 0..most);
    (
        (1_u8..11, any::<u8>(), 0_u8..4, bytes, 0_u8..3),
        (some(60), some(60), some(3), prop::bool::weighted(0.2), prop::bool::weighted(0.2)),
    )
        .prop_map(
            |(
                (priority, behaviour, depth, more, way),
                (deadline_ms, delay_ms, hops, retry, report),
            )| {
                How {
                    priority,
                    behaviour,
                    depth,
                    more,
                    deadline_ms,
                    delay_ms,
                    hops,
                    retry,
                    report,
                    way,
                }
            },
        )
}

fn mailbox() -> impl Strategy<Value = Option<(u8, u8)>> {
    prop::option::of((1_u8..9, 0_u8..3))
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        12 => (to(), how()).prop_map(|(to, how)| Act::Send { to, how }),
        2 => (any::<u8>(), how(), 0_u16..80)
            .prop_map(|(who, how, timeout_ms)| Act::Ask { who, how, timeout_ms }),
        2 => Just(Act::Reply),
        1 => any::<u8>().prop_map(|who| Act::Forward { who }),
        1 => Just(Act::Panic),
        2 => Just(Act::Fail),
        1 => Just(Act::Curse),
        3 => (any::<u8>(), mailbox(), prop::option::of(place()))
            .prop_map(|(kind, mailbox, place)| Act::Spawn { kind, mailbox, place }),
        1 => any::<u8>().prop_map(|who| Act::Despawn { who }),
        1 => Just(Act::DespawnSelf),
        1 => place().prop_map(|place| Act::Move { place }),
        1 => (0_u8..3, prop::option::of(place())).prop_map(|(topic, near)| Act::Subscribe { topic, near }),
        1 => any::<u8>().prop_map(|topic| Act::Unsubscribe { topic }),
        1 => any::<u8>().prop_map(|who| Act::Connect { who }),
        1 => any::<u8>().prop_map(|who| Act::Disconnect { who }),
        1 => (0_u16..100).prop_map(|after_ms| Act::Wake { after_ms }),
        1 => (any::<u8>(), any::<bool>()).prop_map(|(who, on)| Act::Quarantine { who, on }),
    ]
}

/// What the host does before a tick, how much time passes, and the tick's budget.
type Step = (Vec<Act>, i64, Option<u16>);

fn step() -> impl Strategy<Value = Step> {
    let budget = prop_oneof![4 => Just(None), 1 => Just(Some(0)), 3 => (1_u16..40).prop_map(Some)];
    let pause = prop_oneof![8 => 0_i64..30, 1 => 900_i64..40_000];
    (prop::collection::vec(act(), 0..12), pause, budget)
}

#[derive(Clone, Debug)]
struct Setting {
    shards: bool,
    workers: u32,
    rounds: u32,
    ageing: u32,
    outbox: u32,
    mailbox: u32,
    explain: u32,
    links: bool,
}

fn setting() -> impl Strategy<Value = Setting> {
    (
        (any::<bool>(), 1_u32..3, 1_u32..5, prop::sample::select(vec![1_u32, 3, 60_000])),
        (prop::sample::select(vec![8_u32, 64, 65_536]), prop::sample::select(vec![4_u32, 16_384])),
        (prop::sample::select(vec![0_u32, 40]), any::<bool>()),
    )
        .prop_map(
            |((shards, workers, rounds, ageing), (outbox, mailbox), (explain, links))| Setting {
                shards,
                workers,
                rounds,
                ageing,
                outbox,
                mailbox,
                explain,
                links,
            },
        )
}

fn run(
    setting: &Setting,
    behaviours: Vec<Vec<Act>>,
    agents: &[(u8, Option<(u8, u8)>, Option<(i8, i8)>)],
    steps: &[Step],
) {
    quiet::quiet();
    let mut config = config(if setting.shards { 1000 } else { 100 }, setting.workers);
    config.processing.rounds_per_tick = setting.rounds;
    config.processing.ageing_ticks = setting.ageing;
    config.limits.outbox_capacity = setting.outbox;
    config.limits.mailbox_capacity = setting.mailbox;
    config.limits.explain_capacity = setting.explain;
    config.performance.memory_pool_size = 1;
    let mut mesh = Mesh::new(config).unwrap();
    let (handle, shared) = (mesh.handle(), Shared(Arc::default()));
    let lane = handle.lane().unwrap();
    let again = shared.clone();
    mesh.register("worker", move |_| Ok::<_, &str>(Worker::<3>::new(&again))).unwrap();
    if setting.links {
        mesh.auto_connect(1.5, 0.5).unwrap();
    }
    {
        let mut model = shared.lock();
        model.behaviours = behaviours;
        model.by_priority = setting.rounds == 1 && setting.ageing > 1000;
    }
    let mut session = Session { mesh, handle, lane, shared, now_ms: 0 };
    for &(kind, mailbox, place) in agents {
        session.act(Act::Spawn { kind, mailbox, place });
    }
    for (acts, after_ms, budget) in steps {
        acts.iter().for_each(|&act| session.act(act));
        session.tick(*after_ms, *budget);
    }
    // Whatever waits is delivered or dropped in the end: nobody acts any more.
    session.shared.lock().behaviours = vec![Vec::new()];
    for _ in 0..120 {
        session.tick(2_000, None);
        if session.mesh.counters().pending() == 0 {
            break;
        }
    }
    assert_eq!(session.mesh.counters().pending(), 0, "{:?}", session.mesh.counters());
    session.mesh.shutdown();
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// `sent = delivered + pending + Σ dropped` after every tick; what handlers saw is what was sent
    /// to them, once, and in order.
    #[test]
    fn every_message_is_accounted_for_and_seen_by_its_receivers_in_order(
        setting in setting(),
        behaviours in prop::collection::vec(prop::collection::vec(act(), 0..4), 1..8),
        agents in prop::collection::vec((any::<u8>(), mailbox(), prop::option::of(place())), 1..80),
        steps in prop::collection::vec(step(), 1..25),
    ) {
        run(&setting, behaviours, &agents, &steps);
    }
}
