//! Twice the messages that a timed budget has room for: how far ticks overrun it, and how old the oldest message gets.

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

/// Takes a message in, then computes for a while.
struct Worker {
    state: State,
    steps: u32,
}

impl Agent for Worker {
    fn on_message(&mut self, _: &mut Context<'_>, envelope: &Envelope<'_>) -> Result<(), Fault> {
        self.state.take(&widen::<INLINE>(envelope.bytes()));
        compute(&mut self.state, self.steps);
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
    // A first guess of what a tick has room for; below, twice what the ticks handled lately is sent.
    let mut room = BUDGET.as_nanos() as f64 / f64::from(load.handler_ns) * f64::from(workers);
    let capacity = (WAITING_TICKS * room / AGENTS as f64).ceil().max(2.0) as u32;
    let options =
        SpawnOptions::new().mailbox(Mailbox { capacity, overflow: Overflow::DropOldest });
    let mut ids: Vec<AgentId> = Vec::new();
    for index in 0..AGENTS {
        let agent = Worker { state: State::new(index), steps };
        ids.push(session.mesh.spawn_with(agent, options).map_err(Failure::broken)?);
    }
    let clock = Since(Instant::now());
    let mut figures = Overruns::default();
    let mut sent = 0_u64;
    let begin = Instant::now();
    while begin.elapsed() < limits.warm_up + limits.measured {
        for _ in 0..(2.0 * room) as u64 {
            sent += 1;
            let bytes = cut::<INLINE>(&Numbered::new(Kind::Deliver, sent).body);
            let message = Message::new(KIND).bytes(&bytes);
            let to = ids[sent as usize % AGENTS];
            session.mesh.send(to, message).map_err(Failure::broken)?;
        }
        let began = clock.now();
        let report = session.mesh.tick(began, Budget::time(BUDGET, &clock)).map_err(Failure::broken)?;
        let took = clock.now().since(began);
        room += (report.delivered as f64 - room) / 16.0;
        let spun = spin(&clock);
        if begin.elapsed() > limits.warm_up {
            figures.mesh_ns.push(took.saturating_sub(BUDGET).as_nanos() as u64);
            figures.spin_ns.push(spun.saturating_sub(BUDGET).as_nanos() as u64);
            figures.oldest = figures.oldest.max(report.oldest.unwrap_or_default());
            figures.ticks += 1;
            figures.overloaded += u64::from(report.pending > 0);
        }
    }
    if figures.overloaded < figures.ticks {
        return Err(Failure::broken("there was no overload in some ticks"));
    }
    let handled = ids.iter().filter_map(|&id| session.mesh.with_agent(id, |w: &Worker| w.state.count));
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
