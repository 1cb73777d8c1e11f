//! Forwarding, broadcasts and frames: agents of one type, their mail from round to round.

use std::num::NonZeroU32;

use xrmesh::config::OptimizationLevel;
use xrmesh::{
    Agent, AgentId, Config, Context, Envelope, Fault, Message, Priority, RecordOptions,
    SpawnOptions, StateHasher, Target,
};

use super::session::{INLINE, INSTANT_NS, KIND, Session, config, cut, widen};
use crate::case::{Agents, Forward};
use crate::harness::{Failure, Limits, Sample};
use crate::message::{Kind, Message as Numbered, State};
use crate::watch::Watch;

/// What a forwarding run has switched on.
pub struct Setup {
    /// Threads that run agents.
    pub workers: u32,
    /// Sends that the mesh can explain.
    pub explain: u32,
    /// Whether a frame's time passes in each tick, with messages late after a millisecond.
    pub late: bool,
    /// Ticks from one state hash to the next, if the session is recorded.
    pub record: Option<u32>,
    /// What the mesh spends for a shorter tick.
    pub level: OptimizationLevel,
}

impl Default for Setup {
    fn default() -> Self {
        let level = OptimizationLevel::default();
        Self { workers: 2, explain: 0, late: false, record: None, level }
    }
}

impl Setup {
    pub fn one_worker() -> Self {
        Self { workers: 1, ..Self::default() }
    }

    fn config(&self, agents: usize) -> Config {
        let mut config = config(agents, self.workers);
        config.limits.explain_capacity = self.explain;
        config.mesh.optimization_level = self.level;
        if self.late {
            config.reliability.health.late_after = std::time::Duration::from_millis(1);
        }
        config
    }

    fn step_ns(&self) -> i64 {
        if self.late { 11_111_111 } else { INSTANT_NS }
    }
}

/// Sends each message on to a random agent. Agents of one type that are spawned one after the other have the slots
/// from 0 on, so an index is an id.
struct Forwarder<const PRIORITIES: bool, const BYTES: usize> {
    state: State,
    agents: u32,
    generation: NonZeroU32,
}

impl<const PRIORITIES: bool, const BYTES: usize> Agent for Forwarder<PRIORITIES, BYTES> {
    #[inline]
    fn on_message(
        &mut self,
        context: &mut Context<'_>,
        envelope: &Envelope<'_>,
    ) -> Result<(), Fault> {
        self.state.take(&widen::<BYTES>(envelope.bytes()));
        let target = AgentId::new(self.state.pick(self.agents as usize) as u32, self.generation);
        let bytes = cut::<BYTES>(&self.state.body());
        let mut message = Message::new(KIND).bytes(&bytes);
        if PRIORITIES && let Ok(priority) = Priority::new(self.state.priority() as u8) {
            message = message.priority(priority);
        }
        context.send(target, message)?;
        Ok(())
    }

    fn hash_state(&self, hasher: &mut StateHasher) {
        hasher.u64(self.state.count);
        hasher.u64(self.state.checksum);
    }
}

/// Takes each message in.
pub struct Receiver(pub State);

impl Agent for Receiver {
    #[inline]
    fn on_message(&mut self, _: &mut Context<'_>, envelope: &Envelope<'_>) -> Result<(), Fault> {
        self.0.take(&widen::<INLINE>(envelope.bytes()));
        Ok(())
    }
}

/// Spawns `agents` agents; their ids must be those of the slots from 0 on.
pub fn spawn<A: Agent>(
    session: &mut Session,
    agents: usize,
    agent: impl Fn(usize, NonZeroU32) -> A,
) -> Result<Vec<AgentId>, Failure> {
    let generation = session.mesh.config().generation_salt();
    let mut ids = Vec::with_capacity(agents);
    for index in 0..agents {
        let id = session.mesh.spawn(agent(index, generation)).map_err(Failure::broken)?;
        if id != AgentId::new(index as u32, generation) {
            return Err(Failure::broken(format!("agent {index} is called {id:?}")));
        }
        ids.push(id);
    }
    Ok(ids)
}

/// The same in a session that is recorded from its beginning on: agents are spawned by their type's name. What is
/// written goes nowhere, so that no disk is timed.
fn spawn_recorded<A: Agent>(
    session: &mut Session,
    agents: usize,
    hash_every: u32,
    agent: impl Fn(usize, NonZeroU32) -> A + Send + Sync + 'static,
) -> Result<Vec<AgentId>, Failure> {
    let mesh = &mut session.mesh;
    let generation = mesh.config().generation_salt();
    let parse = move |bytes: &[u8]| {
        <[u8; 8]>::try_from(bytes)
            .map(|index| agent(u64::from_le_bytes(index) as usize, generation))
    };
    mesh.register("agent", parse).map_err(Failure::broken)?;
    let options = RecordOptions { hash_every, ..RecordOptions::default() };
    mesh.record_to(Box::new(std::io::sink()), options).map_err(Failure::broken)?;
    let spawn = |index: usize| {
        let bytes = (index as u64).to_le_bytes();
        let id = mesh.spawn_as("agent", &bytes, SpawnOptions::new()).map_err(Failure::broken)?;
        if id == AgentId::new(index as u32, generation) {
            Ok(id)
        } else {
            Err(Failure::broken(format!("agent {index} is called {id:?}")))
        }
    };
    (0..agents).map(spawn).collect()
}

/// A mesh of forwarders with the load's messages on their way.
fn seeded<const PRIORITIES: bool, const BYTES: usize>(
    load: &Forward,
    config: Config,
    setup: &Setup,
) -> Result<(Session, Vec<AgentId>), Failure> {
    let mut session = Session::start(config, setup.step_ns())?;
    let agents = load.agents as u32;
    let forwarder = move |index, generation| Forwarder::<PRIORITIES, BYTES> {
        state: State::new(index),
        agents,
        generation,
    };
    let ids = match setup.record {
        Some(hash_every) => spawn_recorded(&mut session, load.agents, hash_every, forwarder)?,
        None => spawn(&mut session, load.agents, forwarder)?,
    };
    for stamp in 0..load.in_flight {
        let bytes = cut::<BYTES>(&Numbered::new(Kind::Forward, stamp as u64).body);
        let message = Message::new(KIND).bytes(&bytes);
        session.mesh.send(ids[stamp % load.agents], message).map_err(Failure::broken)?;
    }
    Ok((session, ids))
}

/// Messages that the agents took in, by their own count.
fn taken<A: Agent>(session: &Session, ids: &[AgentId], state: impl Fn(&A) -> &State) -> u64 {
    let count = |agent: &A| {
        std::hint::black_box(state(agent).checksum);
        state(agent).count
    };
    ids.iter().filter_map(|&id| session.mesh.with_agent(id, count)).sum()
}

/// Rounds of forwarding, four a tick; each handles what is in flight.
pub fn forward<const PRIORITIES: bool, const BYTES: usize>(
    load: &Forward,
    limits: &Limits,
    setup: &Setup,
) -> Result<Sample, Failure> {
    let config = setup.config(load.agents);
    let per_tick = load.in_flight as u64 * u64::from(config.processing.rounds_per_tick);
    let (mut session, ids) = seeded::<PRIORITIES, BYTES>(load, config, setup)?;
    let (count, interval, _) = Watch::run(limits, || session.tick_of(per_tick))?;
    session.check(taken(&session, &ids, |agent: &Forwarder<PRIORITIES, BYTES>| &agent.state))?;
    Ok(Sample::throughput(count, interval))
}

/// On two threads, without options.
pub fn plain(load: &Forward, limits: &Limits) -> Result<Sample, Failure> {
    forward::<false, INLINE>(load, limits, &Setup::default())
}

/// With ten priorities mixed.
pub fn by_priority(load: &Forward, limits: &Limits) -> Result<Sample, Failure> {
    forward::<true, INLINE>(load, limits, &Setup::default())
}

/// Each message to every agent.
pub fn broadcast(load: &Agents, limits: &Limits) -> Result<Sample, Failure> {
    broadcast_on(load, limits, 2)
}

/// The same on one thread.
pub fn broadcast_alone(load: &Agents, limits: &Limits) -> Result<Sample, Failure> {
    broadcast_on(load, limits, 1)
}

fn broadcast_on(load: &Agents, limits: &Limits, workers: u32) -> Result<Sample, Failure> {
    let mut session = Session::start(config(load.0, workers), INSTANT_NS)?;
    let ids = spawn(&mut session, load.0, |index, _| Receiver(State::new(index)))?;
    // Agents spawned by the host get broadcasts from their first tick on.
    session.tick_of(0)?;
    let per_tick = load.broadcasts_per_round();
    let mut stamp = 0;
    let (count, interval, _) = Watch::run(limits, || {
        for _ in 0..per_tick {
            stamp += 1;
            let bytes = cut::<INLINE>(&Numbered::new(Kind::Deliver, stamp).body);
            let message = Message::new(KIND).bytes(&bytes);
            session.mesh.send(Target::Everyone, message).map_err(Failure::broken)?;
        }
        session.tick_of((per_tick * load.0) as u64)
    })?;
    session.check(taken(&session, &ids, |agent: &Receiver| &agent.0))?;
    Ok(Sample::throughput(count, interval))
}

/// A mesh whose ticks are one round in which every agent's message goes on to a random agent.
pub fn frames(
    load: &Agents,
    setup: &Setup,
) -> Result<impl FnMut() -> Result<u64, Failure> + use<>, Failure> {
    let mut config = setup.config(load.0);
    config.processing.rounds_per_tick = 1;
    let load = Forward { agents: load.0, in_flight: load.0, priorities: false };
    let (mut session, _) = seeded::<false, INLINE>(&load, config, setup)?;
    Ok(move || session.tick_of(load.in_flight as u64))
}

/// Ticks without a pause between them.
pub fn frame(load: &Agents, limits: &Limits) -> Result<Sample, Failure> {
    frame_with(load, limits, &Setup::default())
}

/// The same on one thread.
pub fn frame_alone(load: &Agents, limits: &Limits) -> Result<Sample, Failure> {
    frame_with(load, limits, &Setup::one_worker())
}

/// The same with options.
pub fn frame_with(load: &Agents, limits: &Limits, setup: &Setup) -> Result<Sample, Failure> {
    let (_, _, ticks) = Watch::run(limits, frames(load, setup)?)?;
    Sample::latencies(ticks, 1e-6)
}
