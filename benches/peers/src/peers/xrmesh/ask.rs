//! A question and its answer between two agents of one mesh, on one thread.

use std::time::{Duration, Instant};

use xrmesh::{Agent, AgentId, Context, Envelope, Fault, Message};

use super::session::{INLINE, INSTANT_NS, KIND, Session, config, cut, widen};
use crate::harness::{Failure, Limits, Sample};
use crate::message::State;
use crate::watch::Stopwatch;

/// Rounds of a tick, the most there may be: 32 questions and answers share what a tick itself costs.
const ROUNDS: u32 = 64;

/// Mesh time after which an answer would be given up; none is.
const TIMEOUT: Duration = Duration::from_secs(3_600);

/// Asks, waits, and asks again until its time is over.
struct Asker {
    state: State,
    answerer: AgentId,
    asked_at: Instant,
    stopwatch: Stopwatch,
}

impl Asker {
    #[inline]
    fn ask(&mut self, context: &mut Context<'_>) -> Result<(), Fault> {
        self.asked_at = Instant::now();
        let bytes = cut::<INLINE>(&self.state.body());
        context.ask(self.answerer, Message::new(KIND).bytes(&bytes), TIMEOUT)?;
        Ok(())
    }
}

impl Agent for Asker {
    fn on_start(&mut self, context: &mut Context<'_>) -> Result<(), Fault> {
        self.ask(context)
    }

    #[inline]
    fn on_message(
        &mut self,
        context: &mut Context<'_>,
        envelope: &Envelope<'_>,
    ) -> Result<(), Fault> {
        if envelope.answer_to().is_none() {
            return Ok(());
        }
        self.state.take(&widen::<INLINE>(envelope.bytes()));
        if self.stopwatch.answered(self.asked_at) { self.ask(context) } else { Ok(()) }
    }
}

struct Answerer(State);

impl Agent for Answerer {
    #[inline]
    fn on_message(
        &mut self,
        context: &mut Context<'_>,
        envelope: &Envelope<'_>,
    ) -> Result<(), Fault> {
        self.0.take(&widen::<INLINE>(envelope.bytes()));
        let bytes = cut::<INLINE>(&self.0.body());
        context.reply(envelope, Message::new(KIND).bytes(&bytes))?;
        Ok(())
    }
}

/// Latencies from before the question is written to after its answer is read.
pub fn ask(limits: &Limits) -> Result<Sample, Failure> {
    let mut config = config(2, 1);
    config.processing.rounds_per_tick = ROUNDS;
    let mut session = Session::start(config, INSTANT_NS)?;
    let answerer = session.mesh.spawn(Answerer(State::new(1))).map_err(Failure::broken)?;
    let asker = Asker {
        state: State::new(0),
        answerer,
        asked_at: Instant::now(),
        stopwatch: Stopwatch::start(limits),
    };
    let asker = session.mesh.spawn(asker).map_err(Failure::broken)?;
    // The last answer, or one that did not come, leaves a tick without work.
    while session.tick()?.delivered > 0 {}
    let mesh = &session.mesh;
    let counts = (
        mesh.with_agent(asker, |agent: &Asker| agent.state.count),
        mesh.with_agent(answerer, |agent: &Answerer| agent.0.count),
    );
    let (Some(answers), Some(questions)) = counts else { return Err(Failure::Empty) };
    session.check(answers + questions)?;
    let stopwatch = mesh.with_agent(asker, |agent: &Asker| agent.stopwatch.clone());
    stopwatch.ok_or(Failure::Empty)?.sample()
}
