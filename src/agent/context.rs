//! What a handler may see and do.

use core::any::TypeId;
use core::time::Duration;

use crate::agent::command::{Command, CommandError, SpawnOptions};
use crate::agent::outbox::{Outbox, SendError};
use crate::agent::round::Round;
use crate::agent::slabs::New;
use crate::agent::trace::Outcome;
use crate::agent::{Agent, Fault};
use crate::id::AgentId;
use crate::message::annex::Annex;
use crate::message::packet::{ANSWER, Head, Packet, QUESTION};
use crate::message::{
    AskId, Content, DropReason, Envelope, EnvelopeId, Message, Payload, Stamp, Target, Topic,
};
use crate::random::{Counter, Stream};
use crate::space::{Pose, Region, Vec3};
use crate::time::Time;

/// A handler's view of the mesh and its way to act on it.
///
/// What it shows is the mesh as it was when the round began. What it does takes effect later:
/// messages are delivered in the next round or after, commands are applied at the end of this one.
#[derive(Debug)]
pub struct Context<'a> {
    pub(crate) round: Round<'a>,
    pub(crate) outbox: &'a mut Outbox,
    /// Whose handler runs.
    pub(crate) me: AgentId,
    pub(crate) stopping: bool,
}

/// What the handler sees.
impl Context<'_> {
    /// Shards that a mesh has at most.
    pub const MOST_SHARDS: u32 = crate::agent::slots::Layout::MOST_SHARDS;

    /// The agent whose handler runs.
    #[inline]
    #[must_use]
    pub fn id(&self) -> AgentId {
        self.me
    }

    /// The time that the host gave this tick.
    #[inline]
    #[must_use]
    pub fn now(&self) -> Time {
        self.round.stamp.sent_at
    }

    /// The number of this tick; the first is 1.
    #[must_use]
    pub fn tick(&self) -> u64 {
        self.round.view.tick
    }

    /// The number of this round, counted from the start of the mesh. With [`shard`](Self::shard) it
    /// orders what handlers gather for their host as one worker would have gathered it.
    #[inline]
    #[must_use]
    pub fn round(&self) -> u64 {
        self.round.stamp.round
    }

    /// The shard that this agent lives in, below [`MOST_SHARDS`](Self::MOST_SHARDS). Handlers of one
    /// shard never run at the same time, on any number of workers, and its order is always the same:
    /// what agents gather for their host needs one place a shard and no lock.
    #[inline]
    #[must_use]
    pub fn shard(&self) -> u32 {
        self.outbox.source
    }

    /// Agents alive.
    #[must_use]
    pub fn agents(&self) -> u32 {
        self.round.view.roster.live()
    }

    /// Whether that agent lives.
    #[must_use]
    pub fn is_alive(&self, id: AgentId) -> bool {
        self.round.view.roster.lives(id)
    }

    /// Where this agent is.
    #[must_use]
    pub fn pose(&self) -> Option<Pose> {
        self.round.view.roster.pose(self.me.slot())
    }

    /// Where that agent is; `None` if it does not live or has no pose.
    #[must_use]
    pub fn pose_of(&self, id: AgentId) -> Option<Pose> {
        if self.round.view.roster.lives(id) { self.round.view.roster.pose(id.slot()) } else { None }
    }

    /// Calls `each` with the agents within `radius` metres of `point` and their squared distances in
    /// m², nearest first, equally near ones by slot; this agent too. Nothing for a point or radius
    /// that is not finite. O(log n + found).
    pub fn near(&mut self, point: Vec3, radius: f32, mut each: impl FnMut(AgentId, f32)) {
        if !point.is_finite() || !radius.is_finite() || radius < 0.0 {
            return;
        }
        let view = self.round.view;
        let space = &mut self.outbox.workspace;
        view.nearby.within(point, radius, &view.roster, space, |slot, distance| {
            if let Some(id) = view.roster.at(slot) {
                each(id, distance);
            }
        });
    }

    /// Calls `each` with the agents whose positions lie in `region`, by slot; this agent too.
    pub fn inside(&mut self, region: &Region, mut each: impl FnMut(AgentId)) {
        let view = self.round.view;
        view.nearby.inside(region, &mut self.outbox.workspace, |slot| {
            if let Some(id) = view.roster.at(slot) {
                each(id);
            }
        });
    }

    /// The agents linked to this one, by slot.
    pub fn neighbours(&self) -> impl Iterator<Item = AgentId> + '_ {
        let links = self.round.view.links.of(self.me.slot());
        links.iter().filter_map(|link| self.round.view.roster.at(link.slot))
    }

    /// A stream of random numbers that no other call gets: it follows from the mesh's seed, this
    /// agent, the round and how many streams the agent's shard drew in it before.
    pub fn random(&mut self) -> Stream {
        self.outbox.draws += 1;
        let stream = [self.me.slot(), self.me.generation().get()];
        let draw = self.round.view.round << 24 | u64::from(self.outbox.draws & 0xff_ffff);
        Counter::new(self.round.view.seed, stream).derive(draw).stream_from(0)
    }
}

/// What the handler says.
impl Context<'_> {
    /// Sends a message. A group is resolved now, on the frozen view; it never holds the sender.
    /// Whether an agent still lives is seen at delivery.
    ///
    /// # Errors
    /// [`SendError`]; nothing was sent then.
    #[inline(always)]
    pub fn send(
        &mut self,
        to: impl Into<Target>,
        message: Message<'_>,
    ) -> Result<EnvelopeId, SendError> {
        match to.into() {
            Target::Agent(to) => {
                let head = message.head(Some(self.me));
                self.outbox.send_one(&mut self.round, head, to, message)
            }
            group => self.outbox.send_group(&mut self.round, Some(self.me), group, message),
        }
    }

    /// Sends a value of the application's own type.
    ///
    /// # Errors
    /// [`SendError`]; nothing was sent then.
    #[inline]
    pub fn send_content<C: Content>(
        &mut self,
        to: impl Into<Target>,
        content: &C,
    ) -> Result<EnvelopeId, SendError> {
        content.with_message(|message| self.send(to, message))?
    }

    /// Sends a message to one agent not before `at`. Until then it is pending.
    ///
    /// # Errors
    /// [`SendError`]; nothing was sent then. [`SendError::OutboxFull`] also if as many wakes and delayed
    /// messages wait in this shard as an outbox may hold.
    pub fn send_at(
        &mut self,
        at: Time,
        to: AgentId,
        message: Message<'_>,
    ) -> Result<EnvelopeId, SendError> {
        self.outbox.check_target(self.round.view, to)?;
        self.outbox.send_later(self.round.view, self.round.stamp, Some(self.me), at, to, message)
    }

    /// Passes an envelope on, with its payload and one hop less. One that has no hop left is counted
    /// as sent and dropped.
    ///
    /// # Errors
    /// [`SendError`]; nothing was sent then.
    pub fn forward(
        &mut self,
        envelope: &Envelope<'_>,
        to: impl Into<Target>,
    ) -> Result<EnvelopeId, SendError> {
        let Some(hops) = envelope.hops().checked_sub(1) else {
            return self.outbox.expire_hops(self.round.stamp);
        };
        let mut message = Message::new(envelope.kind()).priority(envelope.priority()).hops(hops);
        message = match envelope.shared() {
            Some(payload) => message.shared(payload),
            None => message.bytes(envelope.bytes()),
        };
        message.deadline = envelope.deadline();
        message.pose = envelope.pose();
        self.send(to, message)
    }

    /// Asks an agent. Its answer comes as a message whose [`Envelope::answer_to`] is the id given
    /// here; after `timeout` without one comes a [`Kind::TIMED_OUT`](crate::Kind::TIMED_OUT) notice
    /// instead, and a later answer is dropped.
    ///
    /// # Errors
    /// [`SendError`]; nothing was sent then.
    #[inline]
    pub fn ask(
        &mut self,
        to: AgentId,
        message: Message<'_>,
        timeout: Duration,
    ) -> Result<AskId, SendError> {
        self.outbox.check_target(self.round.view, to)?;
        let ask = self.outbox.open(self.me, self.now() + timeout)?;
        let head = Head { correlation: ask.0, flags: QUESTION, ..message.head(Some(self.me)) };
        match self.outbox.send_one(&mut self.round, head, to, message) {
            Ok(_) => Ok(ask),
            Err(error) => {
                self.outbox.asks.close(ask, self.me);
                Err(error)
            }
        }
    }

    /// Asks with a value of the application's own type: see [`ask`](Self::ask).
    ///
    /// # Errors
    /// [`SendError`]; nothing was sent then.
    #[inline]
    pub fn ask_content<C: Content>(
        &mut self,
        to: AgentId,
        content: &C,
        timeout: Duration,
    ) -> Result<AskId, SendError> {
        content.with_message(|message| self.ask(to, message, timeout))?
    }

    /// Answers a question with a value of the application's own type: see [`reply`](Self::reply).
    ///
    /// # Errors
    /// As for [`reply`](Self::reply).
    #[inline]
    pub fn reply_content<C: Content>(
        &mut self,
        question: &Envelope<'_>,
        content: &C,
    ) -> Result<EnvelopeId, SendError> {
        content.with_message(|message| self.reply(question, message))?
    }

    /// Answers a question.
    ///
    /// # Errors
    /// [`SendError::NotAQuestion`] if the envelope is none, else as for [`send`](Self::send).
    #[inline]
    pub fn reply(
        &mut self,
        question: &Envelope<'_>,
        message: Message<'_>,
    ) -> Result<EnvelopeId, SendError> {
        let (true, Some(to)) = (question.is_question(), question.from()) else {
            return Err(SendError::NotAQuestion { id: question.id() });
        };
        self.answer(to, AskId(question.packet.correlation), message)
    }

    /// Answers a question after its envelope is gone: `asker` is who sent it, `ask` what
    /// [`Envelope::asks`] said. An answer to what was never asked, was answered or timed out is dropped
    /// as `late_answer`.
    ///
    /// # Errors
    /// As for [`send`](Self::send).
    pub fn answer(
        &mut self,
        asker: AgentId,
        ask: AskId,
        message: Message<'_>,
    ) -> Result<EnvelopeId, SendError> {
        self.outbox.check_target(self.round.view, asker)?;
        let head = Head { correlation: ask.0, flags: ANSWER, ..message.head(Some(self.me)) };
        self.outbox.send_one(&mut self.round, head, asker, message)
    }

    /// A pooled copy of `bytes`, to send to many without copying again.
    pub fn payload(&mut self, bytes: &[u8]) -> Payload {
        self.outbox.annexes.payload(bytes)
    }
}

/// What the handler changes.
impl Context<'_> {
    fn command(&mut self, command: Command) -> Result<(), CommandError> {
        let limit = self.round.view.limits.outbox;
        if self.stopping {
            return Err(CommandError::Stopping);
        }
        if self.outbox.commands.len() >= limit as usize {
            return Err(CommandError::OutboxFull { limit });
        }
        self.outbox.commands.push(command);
        Ok(())
    }

    fn check_alive(&self, id: AgentId) -> Result<(), CommandError> {
        if self.round.view.roster.lives(id) {
            Ok(())
        } else {
            Err(CommandError::UnknownAgent { id })
        }
    }

    /// Runs this agent's `on_tick` in the first tick at or after `at`.
    ///
    /// # Errors
    /// [`CommandError::OutboxFull`] if as many wakes and delayed messages wait in this shard as an
    /// outbox may hold messages.
    pub fn wake_at(&mut self, at: Time) -> Result<(), CommandError> {
        let limit = self.round.view.limits.outbox;
        if self.outbox.timer.len() >= limit as usize {
            return Err(CommandError::OutboxFull { limit });
        }
        self.outbox.timer.wake(at, self.me);
        Ok(())
    }

    /// Says where this agent is.
    ///
    /// # Errors
    /// [`CommandError::Pose`] if the pose came from bytes and is none;
    /// [`CommandError::OutboxFull`].
    pub fn move_to(&mut self, pose: Pose) -> Result<(), CommandError> {
        let pose = pose.parsed()?;
        self.command(Command::Move(self.me, pose))
    }

    /// Subscribes this agent to a topic: everywhere, or for what happens in a region. A second
    /// subscription to a topic replaces the first.
    ///
    /// # Errors
    /// [`CommandError::Topic`], [`CommandError::OutboxFull`]. Limits that other agents' subscriptions
    /// exhaust in the same round show as a [`Kind::REFUSED`](crate::Kind::REFUSED) notice.
    pub fn subscribe(&mut self, name: &str, region: Option<Region>) -> Result<(), CommandError> {
        let limits = &self.round.view.limits;
        let topic = self.round.view.interests.check(name, limits.topics, limits.topic_bytes)?;
        let name = (!self.round.view.interests.has(topic)).then(|| name.into());
        let region = region.map(Box::new);
        self.command(Command::Subscribe { id: self.me, topic, name, region })
    }

    /// Ends a subscription of this agent; nothing happens if there is none.
    ///
    /// # Errors
    /// [`CommandError::OutboxFull`].
    pub fn unsubscribe(&mut self, topic: Topic) -> Result<(), CommandError> {
        self.command(Command::Unsubscribe { id: self.me, topic })
    }

    /// Links this agent to another.
    ///
    /// # Errors
    /// [`CommandError::UnknownAgent`], [`CommandError::SelfLink`], [`CommandError::OutboxFull`].
    pub fn connect(&mut self, other: AgentId) -> Result<(), CommandError> {
        self.check_alive(other)?;
        if other == self.me {
            return Err(CommandError::SelfLink { id: other });
        }
        self.command(Command::Connect(self.me, other))
    }

    /// Cuts the link to another agent; nothing happens if there is none.
    ///
    /// # Errors
    /// [`CommandError::OutboxFull`].
    pub fn disconnect(&mut self, other: AgentId) -> Result<(), CommandError> {
        self.command(Command::Disconnect(self.me, other))
    }

    /// Spawns an agent. It lives from the next round on; its id can be used at once.
    ///
    /// # Errors
    /// [`CommandError::TooManyAgents`]: the places that are free when a round begins are divided
    /// among the shards. [`CommandError::Pose`], [`CommandError::MailboxCapacity`],
    /// [`CommandError::OutboxFull`].
    pub fn spawn<A: Agent>(
        &mut self,
        agent: A,
        mut options: SpawnOptions,
    ) -> Result<AgentId, CommandError> {
        options.check()?;
        if self.stopping {
            return Err(CommandError::Stopping);
        }
        let limit = self.round.view.limits.outbox;
        if self.outbox.commands.len() >= limit as usize {
            return Err(CommandError::OutboxFull { limit });
        }
        let Some(left) = self.outbox.spawns_left.checked_sub(1) else {
            let (live, limit) = (self.round.view.roster.live(), self.round.view.limits.max_agents);
            return Err(CommandError::TooManyAgents { live, limit });
        };
        self.outbox.spawns_left = left;
        let id = self.outbox.slots.reserve(TypeId::of::<A>());
        self.outbox.commands.push(Command::Spawn { id, agent: Box::new(New(agent)), options });
        Ok(id)
    }

    /// Despawns an agent, which may be this one. It runs to the end of the round.
    ///
    /// # Errors
    /// [`CommandError::UnknownAgent`], [`CommandError::OutboxFull`].
    pub fn despawn(&mut self, id: AgentId) -> Result<(), CommandError> {
        self.check_alive(id)?;
        self.command(Command::Despawn(id))
    }
}

/// For the loops that run handlers.
impl Context<'_> {
    #[inline]
    pub(crate) fn is_traced(&self) -> bool {
        self.outbox.trace.is_some()
    }

    /// Whether what was sent with that stamp comes late.
    #[inline]
    pub(crate) fn is_late(&self, stamp: Stamp) -> bool {
        self.round.stamp.sent_at.since(stamp.sent_at) > self.round.view.care.late
    }

    #[cold]
    pub(crate) fn fail(&mut self, fault: Fault) {
        let (me, now) = (self.me, self.round.stamp.sent_at);
        self.outbox.ward.fail(me, fault.kind(), now, &self.round.view.care);
    }

    #[cold]
    pub(crate) fn succeed(&mut self, late: bool) {
        self.outbox.ward.succeed(self.me, late, self.round.stamp.sent_at, &self.round.view.care);
    }

    #[cold]
    pub(crate) fn trace(&mut self, envelope: &Envelope<'_>, outcome: Outcome) {
        if let Some(trace) = &mut self.outbox.trace {
            trace.outcome(envelope.id(), self.me, outcome);
        }
    }

    pub(crate) fn discard(&mut self, packet: &mut Packet, stamp: Stamp, reason: DropReason) {
        self.outbox.discard(&mut self.round, packet, stamp, reason);
    }

    /// Drops one receiver of a broadcast: the agent at hand.
    #[cold]
    pub(crate) fn drop_pair(&mut self, packet: &Packet, stamp: Stamp, reason: DropReason) {
        let mut single = packet.clone();
        single.unflag_everyone(self.me);
        if let Some(annex) = &packet.annex
            && annex.retry
        {
            // A broadcast is not retried for one receiver.
            single.annex =
                Some(self.outbox.annexes.annex(Annex { retry: false, ..Annex::clone(annex) }));
        }
        self.discard(&mut single, stamp, reason);
    }
}
