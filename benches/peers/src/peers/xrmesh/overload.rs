//! Twice the messages that a timed budget has room for: how far ticks overrun it, and how old the oldest message gets.
//!
//! Either twice as much is on its way and each handled message is sent on, or the host sends twice as much in every
//! tick, and mailboxes drop what is oldest. Ticks, and the control between them, take turns with short rests: real-time
//! threads that never rest are stopped by the system for 50 ms in each second.

use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use xrmesh::{
    Agent, AgentId, Budget, Clock, Context, Envelope, Fault, Mailbox, Message, Overflow,
    SpawnOptions, Time,
};

use super::session::{INLINE, INSTANT_NS, KIND, Session, config, cut, widen};
use crate::case::Overload;
use crate::harness::{Failure, Limits, Sample};
use crate::message::{Kind, Message as Numbered, State};

/// What a tick may take.
const BUDGET: Duration = Duration::from_micros(800);

/// Agents that share the load.
const AGENTS: usize = 1_000;

/// Ticks' worth of messages that may wait. A mailbox holds an agent's share of them, 2 at least; a new one displaces
/// the oldest, which bounds the age of all.
const WAITING_TICKS: f64 = 4.0;

/// The machine's clock as the mesh's.
struct Since(Instant);

impl Clock for Since {
    #[inline]
    fn now(&self) -> Time {
        Time::from_nanos(self.0.elapsed().as_nanos() as i64)
    }
}

/// A rest after a tick and its control.
const REST: Duration = Duration::from_micros(200);

/// Takes a message in, computes for a while, and sends it on, unless a flood comes anyway.
struct Worker {
    state: State,
    steps: u32,
    generation: NonZeroU32,
    flood: bool,
}

impl Agent for Worker {
    fn on_message(
        &mut self,
        context: &mut Context<'_>,
        envelope: &Envelope<'_>,
    ) -> Result<(), Fault> {
        self.state.take(&widen::<INLINE>(envelope.bytes()));
        compute(&mut self.state, self.steps);
        if !self.flood {
            let target = AgentId::new(self.state.pick(AGENTS) as u32, self.generation);
            let bytes = cut::<INLINE>(&self.state.body());
            context.send(target, Message::new(KIND).bytes(&bytes))?;
        }
        Ok(())
    }
}

/// A chain of steps that each need the one before.
#[inline(never)]
fn compute(state: &mut State, steps: u32) {
    for _ in 0..steps {
        state.pick(AGENTS);
    }
}

/// Steps that take `nanoseconds` here, from the fastest of some trials.
fn steps_of(nanoseconds: u32) -> u32 {
    const TRIAL: u32 = 100_000;
    let mut state = State::new(0);
    let trials = (0..9).map(|_| {
        let began = Instant::now();
        compute(&mut state, TRIAL);
        began.elapsed().as_nanos() as f64 / f64::from(TRIAL)
    });
    let step = trials.fold(f64::INFINITY, f64::min).max(0.01);
    std::hint::black_box(state.checksum);
    (f64::from(nanoseconds) / step) as u32
}

/// On two threads.
pub fn overload(load: &Overload, limits: &Limits) -> Result<Sample, Failure> {
    overload_on(load, limits, 2)
}

/// On one.
pub fn overload_alone(load: &Overload, limits: &Limits) -> Result<Sample, Failure> {
    overload_on(load, limits, 1)
}

fn overload_on(load: &Overload, limits: &Limits, workers: u32) -> Result<Sample, Failure> {
    let mut session = Session::start(config(AGENTS, workers), INSTANT_NS)?;
    let steps = steps_of(load.handler_ns);
    // A first guess of what a tick has room for, with some work of the mesh; later what ticks handled lately.
    let per_message = f64::from(load.handler_ns) + 50.0;
    let mut room = BUDGET.as_nanos() as f64 / per_message * f64::from(workers);
    let mut options = SpawnOptions::new();
    if load.flood {
        let capacity = (WAITING_TICKS * room / AGENTS as f64).ceil().max(2.0) as u32;
        options = options.mailbox(Mailbox { capacity, overflow: Overflow::DropOldest });
    }
    let generation = session.mesh.config().generation_salt();
    let mut ids: Vec<AgentId> = Vec::new();
    for index in 0..AGENTS {
        let agent = Worker { state: State::new(index), steps, generation, flood: load.flood };
        let id = session.mesh.spawn_with(agent, options).map_err(Failure::broken)?;
        if id != AgentId::new(index as u32, generation) {
            return Err(Failure::broken(format!("agent {index} is called {id:?}")));
        }
        ids.push(id);
    }
    let clock = Since(Instant::now());
    let mut figures = Overruns::default();
    let (mut sent, mut pending) = (0_u64, 0);
    let begin = Instant::now();
    while begin.elapsed() < limits.warm_up + limits.measured {
        let on_its_way = if load.flood { 0 } else { pending };
        for _ in on_its_way..(2.0 * room) as u64 {
            sent += 1;
            let bytes = cut::<INLINE>(&Numbered::new(Kind::Deliver, sent).body);
            let message = Message::new(KIND).bytes(&bytes);
            let to = ids[sent as usize % AGENTS];
            session.mesh.send(to, message).map_err(Failure::broken)?;
        }
        let began = clock.now();
        let report =
            session.mesh.tick(began, Budget::time(BUDGET, &clock)).map_err(Failure::broken)?;
        let took = clock.now().since(began);
        pending = report.pending;
        room += (report.delivered as f64 - room) / 16.0;
        let spun = spin(&clock);
        if begin.elapsed() > limits.warm_up {
            figures.mesh_ns.push(took.saturating_sub(BUDGET).as_nanos() as u64);
            figures.spin_ns.push(spun.saturating_sub(BUDGET).as_nanos() as u64);
            figures.oldest = figures.oldest.max(report.oldest.unwrap_or_default());
            figures.ticks += 1;
            figures.overloaded += u64::from(report.pending > 0);
        }
        std::thread::sleep(REST);
    }
    if figures.overloaded < figures.ticks {
        return Err(Failure::broken("there was no overload in some ticks"));
    }
    let handled =
        ids.iter().filter_map(|&id| session.mesh.with_agent(id, |w: &Worker| w.state.count));
    session.check(handled.sum())?;
    figures.sample()
}

/// The control: looks at the same clock until the same time has passed, and does nothing else.
fn spin(clock: &Since) -> Duration {
    let began = clock.now();
    loop {
        let passed = clock.now().since(began);
        if passed >= BUDGET {
            return passed;
        }
    }
}

/// What ticks, and the control between them, took beyond the budget.
#[derive(Default)]
struct Overruns {
    mesh_ns: Vec<u64>,
    spin_ns: Vec<u64>,
    oldest: Duration,
    ticks: u64,
    overloaded: u64,
}

impl Overruns {
    /// Median and 99.9th percentile of the mesh, that of the control, the difference, the greatest age; in µs.
    fn sample(mut self) -> Result<Sample, Failure> {
        let at = |values: &mut Vec<u64>, share: f64| {
            values.sort_unstable();
            let index = ((values.len() as f64 * share).ceil() as usize).saturating_sub(1);
            values.get(index).map(|&ns| ns as f64 * 1e-3).ok_or(Failure::Empty)
        };
        let (median, high) = (at(&mut self.mesh_ns, 0.5)?, at(&mut self.mesh_ns, 0.999)?);
        let control = at(&mut self.spin_ns, 0.999)?;
        let oldest = self.oldest.as_nanos() as f64 * 1e-3;
        Ok(Sample { figures: vec![median, high, control, high - control, oldest], cpu_ns: None })
    }
}
