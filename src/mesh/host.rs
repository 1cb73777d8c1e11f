//! What the host does to the mesh between ticks.

use core::fmt;

use crate::agent::command::Command;
use crate::agent::slabs::{New, Newborn};
use crate::agent::view::Reach;
use crate::agent::{Agent, CommandError, Health, SendError, SpawnOptions};
use crate::dispatch::probe::Counters;
use crate::id::AgentId;
use crate::mesh::apply;
use crate::mesh::record::Event;
use crate::mesh::report::HealthEvent;
use crate::mesh::{Explanation, Mesh, MeshHandle, RegisterError, SpawnError};
use crate::message::{Content, EnvelopeId, Message, Target, Topic};
use crate::space::{Pose, Region, Vec3};
use crate::time::Time;

/// Agents.
impl Mesh {
    /// Spawns an agent. It lives at once; its `on_start` runs in the next tick.
    ///
    /// # Errors
    /// [`CommandError::TooManyAgents`], as [`SpawnError::Command`]; [`SpawnError::NotRegistered`] while
    /// the session is recorded.
    pub fn spawn<A: Agent>(&mut self, agent: A) -> Result<AgentId, SpawnError> {
        self.spawn_with(agent, SpawnOptions::new())
    }

    /// Spawns an agent with a pose or a mailbox of its own.
    ///
    /// # Errors
    /// As for [`spawn`](Self::spawn), and [`CommandError::Pose`], [`CommandError::MailboxCapacity`].
    pub fn spawn_with<A: Agent>(
        &mut self,
        agent: A,
        options: SpawnOptions,
    ) -> Result<AgentId, SpawnError> {
        self.spawn_value(Box::new(New(agent)), core::any::type_name::<A>(), options)
    }

    /// Registers an agent type under a name: what makes an agent from bytes. Agents spawned by that
    /// name are restarted from the same bytes after a panic.
    ///
    /// ```
    /// # use xrmesh::{Agent, Config, Context, Envelope, Fault, Mesh, SpawnOptions};
    /// struct Greeter(String);
    /// impl Agent for Greeter {
    ///     fn on_message(&mut self, _: &mut Context<'_>, _: &Envelope<'_>) -> Result<(), Fault> { Ok(()) }
    /// }
    ///
    /// let mut mesh = Mesh::new(Config::default())?;
    /// mesh.register("greeter", |bytes| String::from_utf8(bytes.to_vec()).map(Greeter))?;
    /// let greeter = mesh.spawn_as("greeter", b"hello", SpawnOptions::new())?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`RegisterError`] if the name is taken, empty or too long.
    pub fn register<A: Agent, E: fmt::Display>(
        &mut self,
        name: &str,
        factory: impl Fn(&[u8]) -> Result<A, E> + Send + Sync + 'static,
    ) -> Result<(), RegisterError> {
        self.registry.register(name, factory)
    }

    /// Spawns an agent of a registered type.
    ///
    /// # Errors
    /// [`SpawnError::UnknownType`], [`SpawnError::Factory`], and as for
    /// [`spawn_with`](Self::spawn_with).
    pub fn spawn_as(
        &mut self,
        name: &str,
        bytes: &[u8],
        options: SpawnOptions,
    ) -> Result<AgentId, SpawnError> {
        let (agent, birth) = self.registry.make(name, bytes)?;
        let id = self.spawn_newborn(agent, options)?;
        self.births.insert(id.slot(), birth);
        self.note(Event::Spawn { id, name, bytes, options });
        Ok(id)
    }

    /// Spawns a Rust value of that type.
    pub(super) fn spawn_value(
        &mut self,
        agent: Box<dyn Newborn>,
        given: &'static str,
        options: SpawnOptions,
    ) -> Result<AgentId, SpawnError> {
        if self.recorder.is_some() {
            return Err(SpawnError::NotRegistered { given });
        }
        self.spawn_newborn(agent, options)
    }

    fn spawn_newborn(
        &mut self,
        agent: Box<dyn Newborn>,
        mut options: SpawnOptions,
    ) -> Result<AgentId, SpawnError> {
        options.check()?;
        let (live, limit) = (self.agents(), self.config.mesh.max_agents);
        if live >= limit {
            return Err(CommandError::TooManyAgents { live, limit }.into());
        }
        // Page after page, so that agents that belong together share a shard, and shards fill evenly.
        const PAGE: u32 = crate::agent::slots::PAGE as u32;
        let per_shard = self.engine.view.roster.per_shard().iter();
        let shard =
            per_shard.enumerate().min_by_key(|&(_, live)| live / PAGE).map_or(0, |(s, _)| s);
        let id = self.engine.shard(shard).outbox.slots.reserve(agent.agents());
        self.apply(Command::Spawn { id, agent, options });
        Ok(id)
    }

    fn apply(&mut self, command: Command) {
        let Self { engine, births, events, .. } = self;
        apply::apply(engine, births, events, command);
        engine.view.settle_moves();
    }

    fn check_alive(&self, id: AgentId) -> Result<(), CommandError> {
        if self.is_alive(id) { Ok(()) } else { Err(CommandError::UnknownAgent { id }) }
    }

    /// Despawns an agent after its `on_stop`. Mail that waits for it is dropped as `despawned` when
    /// its turn comes.
    ///
    /// # Errors
    /// [`CommandError::UnknownAgent`].
    pub fn despawn(&mut self, id: AgentId) -> Result<(), CommandError> {
        self.check_alive(id)?;
        self.apply(Command::Despawn(id));
        self.note(Event::Despawn(id));
        Ok(())
    }

    /// Gives an agent no mail until it is released, or releases it.
    ///
    /// # Errors
    /// [`CommandError::UnknownAgent`].
    pub fn quarantine(&mut self, id: AgentId, quarantined: bool) -> Result<(), CommandError> {
        self.check_alive(id)?;
        let Self { engine, events, .. } = self;
        apply::quarantine(engine, events, id, quarantined);
        self.note(Event::Quarantine(id, quarantined));
        Ok(())
    }

    /// Says where an agent is.
    ///
    /// # Errors
    /// [`CommandError::UnknownAgent`]; [`CommandError::Pose`] if the pose came from bytes and is none.
    pub fn move_to(&mut self, id: AgentId, pose: Pose) -> Result<(), CommandError> {
        self.check_alive(id)?;
        let pose = pose.parsed()?;
        self.apply(Command::Move(id, pose));
        self.note(Event::Move(id, pose));
        Ok(())
    }

    /// Agents alive.
    #[must_use]
    pub fn agents(&self) -> u32 {
        self.engine.view.roster.live()
    }

    /// Whether that agent lives.
    #[must_use]
    pub fn is_alive(&self, id: AgentId) -> bool {
        self.engine.view.roster.lives(id)
    }

    /// All agents, in slot order.
    pub fn agent_ids(&self) -> impl Iterator<Item = AgentId> + '_ {
        self.engine.view.roster.iter()
    }

    /// Where an agent is; `None` if it does not live or has no pose.
    #[must_use]
    pub fn pose_of(&self, id: AgentId) -> Option<Pose> {
        if self.is_alive(id) { self.engine.view.roster.pose(id.slot()) } else { None }
    }

    /// Looks at an agent's state; `None` if it does not live or is of another type.
    pub fn with_agent<A: Agent, R>(&self, id: AgentId, look: impl FnOnce(&A) -> R) -> Option<R> {
        if !self.is_alive(id) {
            return None;
        }
        let layout = self.engine.view.layout;
        self.engine.read(layout.shard(id.slot())).with_agent(layout, id.slot(), look)
    }
}

/// Messages.
impl Mesh {
    /// Sends a message from the host. It is delivered in the next tick's first round.
    ///
    /// # Errors
    /// [`SendError`]; nothing was sent then. To an agent that does not live:
    /// [`SendError::UnknownTarget`].
    pub fn send(
        &mut self,
        to: impl Into<Target>,
        message: Message<'_>,
    ) -> Result<EnvelopeId, SendError> {
        let target = to.into();
        if let Target::Agent(id) = target
            && !self.is_alive(id)
        {
            return Err(SendError::UnknownTarget { id });
        }
        let id = match target {
            Target::Agent(to) => self.engine.send_one(to, message)?,
            group => {
                let (view, host, _) = self.engine.host_parts();
                let packet = host.packet(view, message.head(None), message)?;
                let bytes = packet.outside_bytes();
                let sent = self.engine.accept_group(group, packet);
                if sent.is_err() {
                    // A refused message has taken nothing.
                    self.engine.host.arena_left += bytes;
                }
                sent?
            }
        };
        self.note(Event::Send { id, target, said: (&message).into() });
        Ok(id)
    }

    /// Sends a value of the application's own type from the host.
    ///
    /// # Errors
    /// As for [`send`](Self::send), and [`SendError::Content`].
    pub fn send_content<C: Content>(
        &mut self,
        to: impl Into<Target>,
        content: &C,
    ) -> Result<EnvelopeId, SendError> {
        content.with_message(|message| self.send(to, message))?
    }

    /// A handle for other threads.
    #[must_use]
    pub fn handle(&self) -> MeshHandle {
        self.inbox.handle()
    }

    /// The account of all messages so far.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.engine.counters()
    }

    /// Why an agent did or did not get a message, if `limits.explain_capacity` is not 0.
    /// O(what is remembered).
    #[must_use]
    pub fn explain(&self, id: EnvelopeId, agent: AgentId) -> Explanation {
        super::explain::explain(&self.engine, id, agent)
    }
}

/// Interests and links.
impl Mesh {
    /// Subscribes an agent to a topic: everywhere, or for what happens in a region. A second
    /// subscription to a topic replaces the first.
    ///
    /// # Errors
    /// [`CommandError::UnknownAgent`], [`CommandError::Topic`], [`CommandError::TooManyInterests`].
    pub fn subscribe(
        &mut self,
        id: AgentId,
        name: &str,
        region: Option<Region>,
    ) -> Result<Topic, CommandError> {
        self.check_alive(id)?;
        let view = &mut self.engine.view;
        view.interests.subscribe(id, name, region.clone().map(Box::new), &view.limits)?;
        self.note(Event::Subscribe(id, name, region));
        Ok(Topic::named(name))
    }

    /// Ends a subscription; false if there was none.
    ///
    /// # Errors
    /// [`CommandError::UnknownAgent`].
    pub fn unsubscribe(&mut self, id: AgentId, topic: Topic) -> Result<bool, CommandError> {
        self.check_alive(id)?;
        let ended = self.engine.view.interests.unsubscribe(id, topic);
        self.note(Event::Unsubscribe(id, topic));
        Ok(ended)
    }

    /// The name of a topic that has subscribers.
    #[must_use]
    pub fn topic_name(&self, topic: Topic) -> Option<&str> {
        self.engine.view.interests.name(topic)
    }

    /// Links two agents; false if they were linked.
    ///
    /// # Errors
    /// [`CommandError::UnknownAgent`], [`CommandError::SelfLink`], [`CommandError::TooManyLinks`].
    pub fn connect(&mut self, a: AgentId, b: AgentId) -> Result<bool, CommandError> {
        self.check_alive(a)?;
        self.check_alive(b)?;
        if a == b {
            return Err(CommandError::SelfLink { id: a });
        }
        let view = &mut self.engine.view;
        let linked = view.links.connect(a.slot(), b.slot(), true, view.limits.links)?;
        self.note(Event::Connect(a, b));
        Ok(linked)
    }

    /// Cuts a link; false if there was none.
    ///
    /// # Errors
    /// [`CommandError::UnknownAgent`].
    pub fn disconnect(&mut self, a: AgentId, b: AgentId) -> Result<bool, CommandError> {
        self.check_alive(a)?;
        self.check_alive(b)?;
        let cut = self.engine.view.links.disconnect(a.slot(), b.slot());
        self.note(Event::Disconnect(a, b));
        Ok(cut)
    }

    /// From now on links agents that come within `radius` metres of each other, and cuts such links
    /// when they are more than `radius + hysteresis` apart. Links made by [`connect`](Self::connect)
    /// stay. O(agents × log agents) now, then for those that move.
    ///
    /// # Errors
    /// [`CommandError::Reach`] if either is not finite or negative.
    pub fn auto_connect(&mut self, radius: f32, hysteresis: f32) -> Result<(), CommandError> {
        let valid = |metres: f32| metres.is_finite() && metres >= 0.0;
        if !valid(radius) || !valid(hysteresis) {
            return Err(CommandError::Reach { radius, hysteresis });
        }
        let view = &mut self.engine.view;
        view.reach = Some(Reach { radius, hysteresis });
        view.nearby.follow_all(&view.roster);
        view.settle_moves();
        self.note(Event::AutoConnect { radius, hysteresis });
        Ok(())
    }

    /// Links no longer follow where agents are. The links that exist stay.
    pub fn stop_auto_connect(&mut self) {
        self.engine.view.reach = None;
        self.note(Event::StopAutoConnect);
    }

    /// The agents linked to one, by slot.
    pub fn neighbours(&self, id: AgentId) -> impl Iterator<Item = AgentId> + '_ {
        let view = &self.engine.view;
        let links = if view.roster.lives(id) { view.links.of(id.slot()) } else { &[] };
        links.iter().filter_map(|link| view.roster.at(link.slot))
    }

    /// A shortest way over links from one agent to another, both included; `None` if there is none.
    /// O(links).
    #[must_use]
    pub fn path(&self, from: AgentId, to: AgentId) -> Option<Vec<AgentId>> {
        let view = &self.engine.view;
        if !view.roster.lives(from) || !view.roster.lives(to) {
            return None;
        }
        let (mut search, mut path) = (crate::agent::view::Search::default(), Vec::new());
        let found = view.links.path(from.slot(), to.slot(), &mut search, &mut path);
        found.then(|| path.iter().filter_map(|&slot| view.roster.at(slot)).collect())
    }

    /// The agents within `radius` metres of `point`, nearest first. Nothing for a point or radius
    /// that is not finite.
    #[must_use]
    pub fn near(&self, point: Vec3, radius: f32) -> Vec<AgentId> {
        let (view, mut found) = (&self.engine.view, Vec::new());
        let mut space = crate::agent::view::Workspace::new();
        view.nearby.within(point, radius, &view.roster, &mut space, |slot, _| {
            found.extend(view.roster.at(slot));
        });
        found
    }
}

/// State.
impl Mesh {
    /// The hash of everything that decides what the mesh does next: equal inputs give equal hashes
    /// after every tick, on any number of workers. O(agents + mail).
    #[must_use]
    pub fn state_hash(&self) -> u64 {
        super::hash::state_hash(&self.engine)
    }

    /// The time of the last tick; `None` before the first.
    #[must_use]
    pub fn last_tick(&self) -> Option<Time> {
        self.last
    }

    /// An agent's health; `None` if it does not live.
    #[must_use]
    pub fn health(&self, id: AgentId) -> Option<Health> {
        self.engine.health(id)
    }

    /// Takes what happened to agents' health since the last call, oldest first. The last 4,096 events
    /// are kept.
    pub fn health_events(&mut self) -> impl Iterator<Item = HealthEvent> + '_ {
        self.events.drain()
    }

    /// Takes the errors of commands that came through handles and lanes, oldest first. The last
    /// 1,024 are kept.
    pub fn refusals(&mut self) -> impl Iterator<Item = super::Refusal> + '_ {
        self.inbox.refusals.drain(..)
    }

    /// Bytes that all agents take with everything that the mesh keeps for each, without mail.
    #[must_use]
    pub fn agent_bytes(&self) -> usize {
        self.engine.agent_bytes()
    }

    /// Bytes of mail: what waits, and what is kept to be used again.
    #[must_use]
    pub fn mail_bytes(&self) -> usize {
        self.engine.mail_bytes()
    }

    /// Threads that run agents, the caller of [`tick`](Self::tick) among them.
    #[must_use]
    pub fn workers(&self) -> usize {
        self.engine.workers()
    }
}
