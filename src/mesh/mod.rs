//! The mesh: agents, their mail and the host's side of both.
//!
//! 1. [`Mesh`] belongs to one thread at a time, which ticks it. What other threads want goes through
//!    a [`MeshHandle`] or a [`Lane`] and is applied at the start of the next tick (`handle.rs`, `inbox.rs`).
//! 2. Whatever the host does, directly or through a queue, is one command. Commands are applied by
//!    the same functions that apply the agents' own (`apply.rs`), and each is noted if the session
//!    is recorded (`record/`).
//! 3. Types that can be restarted, recorded or spawned from data are registered by name
//!    (`registry.rs`).
//! 4. `driver.rs` is the one file that reads a clock.

mod apply;
mod budget;
pub mod config;
mod driver;
mod due;
mod error;
mod explain;
mod handle;
mod hash;
mod host;
mod inbox;
#[cfg(feature = "photonic")]
mod infer;
mod memory;
mod record;
mod registry;
mod report;

pub use budget::Budget;
pub use driver::{Driver, DriverError, DriverOptions, DriverReport, StartError, SystemClock};
pub use error::{MeshError, SpawnError, TickError};
pub use explain::Explanation;
pub use handle::{Batch, HandleError, Lane, MeshHandle};
pub use inbox::Refusal;
pub use memory::MemoryChangeError;
pub use record::{RecordError, RecordOptions, Recording, Replay, ReplayError, ReplayTick};
pub use registry::RegisterError;
pub use report::{HealthEvent, TickReport};

use crate::agent::view::{Interests, Limits, Links, Nearby, Roster, View};
use crate::agent::ward::Care;
use crate::agent::{Mailbox, Overflow};
use crate::dispatch::engine::{Allowance, Engine, Setup};
use crate::dispatch::probe::Counters;
use crate::mesh::apply::Births;
use crate::mesh::config::Config;
use crate::mesh::inbox::Inbox;
use crate::mesh::record::Recorder;
use crate::mesh::registry::Registry;
use crate::mesh::report::Events;
use crate::time::Time;

/// Agents that exchange prioritised messages, tick by tick.
///
/// ```
/// use std::time::Duration;
/// use xrmesh::{Agent, Budget, Config, Context, Envelope, Fault, Kind, Mesh, Message, Time};
///
/// struct Echo;
///
/// impl Agent for Echo {
///     fn on_message(&mut self, context: &mut Context<'_>, envelope: &Envelope<'_>) -> Result<(), Fault> {
///         if let Some(sender) = envelope.from() {
///             context.send(sender, Message::new(envelope.kind()).bytes(envelope.bytes()))?;
///         }
///         Ok(())
///     }
/// }
///
/// let mut mesh = Mesh::new(Config::default())?;
/// let echo = mesh.spawn(Echo)?;
/// mesh.send(echo, Message::new(Kind::user(0)).bytes(b"hello"))?;
/// let report = mesh.tick(Time::ZERO, Budget::unlimited())?;
/// assert_eq!(report.delivered, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Mesh {
    engine: Engine,
    config: Config,
    registry: Registry,
    births: Births,
    events: Events,
    inbox: Inbox,
    /// Where the session is recorded, if it is.
    recorder: Option<Box<Recorder>>,
    /// The account after the last tick.
    account: Counters,
    /// The time of the last tick.
    last: Option<Time>,
    /// When health is judged next, and when its window fades.
    next_check: Time,
    next_fade: Time,
}

impl Mesh {
    /// A mesh without agents. Starts `processing.max_workers − 1` threads, named `xrmesh-1` and so
    /// on; none for 0 or 1.
    ///
    /// # Errors
    /// [`MeshError::Config`] if a value is out of its range, [`MeshError::Workers`] if the system
    /// gives no thread.
    pub fn new(config: Config) -> Result<Self, MeshError> {
        config.validate()?;
        let view = view(&config)?;
        let numbers = config.mesh.optimization_level.numbers();
        let mailbox =
            Mailbox { capacity: config.limits.mailbox_capacity, overflow: Overflow::RejectNew };
        let setup = Setup {
            workers: config.processing.max_workers as usize,
            looks: numbers.spin_before_park,
            inline_below: u64::from(numbers.inline_below_messages),
            mailbox,
            first_generation: config.generation_salt(),
            explain: config.limits.explain_capacity as usize,
        };
        #[cfg_attr(
            not(feature = "photonic"),
            expect(unused_mut, reason = "the processors' numbers")
        )]
        let mut engine = Engine::new(view, setup)
            .map_err(|error| MeshError::Workers(error.to_string().into()))?;
        #[cfg(feature = "photonic")]
        {
            let crate::config::ProcessingConfig { batch_size, timeout, .. } = config.processing;
            engine.processors = crate::dispatch::infer::Processors::new(batch_size, timeout);
        }
        let inbox = Inbox::new(&config.limits)?;
        Ok(Self {
            engine,
            registry: Registry::default(),
            births: Births::default(),
            events: Events::default(),
            inbox,
            recorder: None,
            account: Counters::default(),
            last: None,
            next_check: Time::MAX,
            next_fade: Time::MAX,
            config,
        })
    }

    /// The configuration that it was made with.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// One step: takes in what other threads sent, releases what is due, then runs rounds until
    /// nothing waits, `processing.rounds_per_tick` are done or the budget is used up. What does not
    /// fit stays and is served first, by priority, in the next tick.
    ///
    /// # Errors
    /// [`TickError::TimeWentBack`] if `now` is before the last tick's; nothing was done then.
    pub fn tick(&mut self, now: Time, budget: Budget<'_>) -> Result<TickReport, TickError> {
        self.check_time(now)?;
        let allowance = budget.begin();
        self.note_unrecorded();
        if let Some(recorder) = &mut self.recorder {
            recorder.begin_tick(now, budget.allowed());
        }
        self.begin_tick(now);
        self.drain_inbox();
        Ok(self.finish_tick(now, allowance))
    }

    fn check_time(&self, now: Time) -> Result<(), TickError> {
        match self.last.filter(|&last| now < last) {
            Some(last) => Err(TickError::TimeWentBack { last, given: now }),
            None => Ok(()),
        }
    }

    /// What comes before the queues are drained: what is taken in belongs to the tick.
    fn begin_tick(&mut self, now: Time) {
        self.last = Some(now);
        self.engine.set_time(now);
    }

    /// What comes after the queues are drained.
    fn finish_tick(&mut self, now: Time, allowance: Allowance<'_>) -> TickReport {
        self.engine.begin_tick(u64::from(self.config.processing.ageing_ticks));
        self.check_health(now);
        let done = self.run_rounds(allowance);
        self.engine.publish_memory(now);
        let account = self.engine.counters();
        let before = core::mem::replace(&mut self.account, account);
        let Self { engine, recorder, account, .. } = self;
        if let Some(recorder) = recorder {
            recorder.end_tick(|| hash::state_hash(engine));
        }
        TickReport::new(engine, &before, account, done, now)
    }

    fn run_rounds(&mut self, allowance: Allowance<'_>) -> crate::dispatch::engine::Done {
        let rounds = self.config.processing.rounds_per_tick;
        let Self { engine, births, events, recorder, .. } = self;
        // Where a clock cut is known only now.
        let timed = matches!(allowance, Allowance::Until(..));
        let cuts = recorder.as_mut().filter(|_| timed).map(|recorder| &mut recorder.cuts);
        engine.run_rounds(
            rounds,
            allowance,
            &mut |engine, command| apply::apply(engine, births, events, command),
            cuts,
        )
    }

    /// Judges the health of agents that failed lately, when it is time.
    fn check_health(&mut self, now: Time) {
        let care = self.engine.view.care;
        if self.next_check == Time::MAX {
            (self.next_check, self.next_fade) = (now + care.check, now + care.fade);
        }
        if now < self.next_check {
            return;
        }
        let fade = now >= self.next_fade;
        self.next_check = now + care.check;
        if fade {
            self.next_fade = now + care.fade;
        }
        apply::check_health(&mut self.engine, &self.births, &mut self.events, fade);
    }

    /// Runs `on_stop` of all agents, in slot order, and drops them. Messages that wait are dropped.
    pub fn shutdown(mut self) {
        let ids: Vec<_> = self.engine.view.roster.iter().collect();
        for id in ids {
            apply::despawn(&mut self.engine, &mut self.births, id);
        }
    }
}

fn view(config: &Config) -> Result<View, MeshError> {
    let layout = crate::agent::slots::Layout::for_agents(config.mesh.max_agents);
    let reliability = &config.reliability;
    Ok(View {
        tick: 0,
        round: 1,
        now: Time::ZERO,
        layout,
        seed: config.mesh.seed,
        limits: Limits {
            max_agents: config.mesh.max_agents,
            outbox: config.limits.outbox_capacity,
            payload: config.limits.max_payload_bytes as usize,
            arena: config.performance.payload_bytes(),
            topics: config.limits.max_topics as usize,
            topic_bytes: config.limits.max_topic_bytes as usize,
            interests: config.limits.max_interests_per_agent as usize,
            links: config.limits.max_links as usize,
            retry: reliability
                .retry_policy()
                .map_err(|error| MeshError::Retry(error.to_string().into()))?,
        },
        care: Care {
            breaker: reliability.breaker_policy(),
            health: reliability.health_policy(),
            check: config.mesh.health_check_interval,
            fade: reliability.health_monitor_interval,
            late: reliability.health.late_after,
        },
        roster: Roster::new(layout),
        interests: Interests::default(),
        links: Links::default(),
        nearby: Nearby::new(),
        processors: Vec::new(),
        memory: None,
        reach: None,
    })
}
