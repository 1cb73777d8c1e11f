//! The frame loop: as fast as it goes, or by the clock.

use core::time::Duration;
use std::io::Read;

use xrmesh::{Budget, Clock, Histogram, Mesh, Replay, Time};

use crate::cast::Cast;
use crate::clock::WallClock;
use crate::picture::Film;
use crate::processor::Trained;
use crate::progress::Progress;
use crate::report::Report;
use crate::session::{FRAME_NS, Session};

/// What a tick may take of a frame in real time: the rest is the host's.
const REALTIME_BUDGET: Duration = Duration::from_millis(8);

/// How a session is run.
#[derive(Debug)]
pub(crate) struct Pace {
    pub(crate) seconds: f64,
    pub(crate) realtime: bool,
}

/// What is measured while a session runs.
#[derive(Debug)]
pub(crate) struct Measured {
    ticks: u64,
    tick_ns: Histogram,
    busy_ns: u64,
}

impl Measured {
    pub(crate) fn new() -> Self {
        Self { ticks: 0, tick_ns: Histogram::new(), busy_ns: 0 }
    }

    /// Ticks that were counted.
    pub(crate) fn ticks(&self) -> u64 {
        self.ticks
    }

    /// Counts a tick; gives its nanoseconds.
    pub(crate) fn count(&mut self, began: Time, ended: Time) -> u64 {
        let tick_ns = ended.since(began).as_nanos() as u64;
        self.ticks += 1;
        self.tick_ns.record(tick_ns);
        self.busy_ns += tick_ns;
        tick_ns
    }

    /// The report on a mesh after its last tick.
    pub(crate) fn report(self, mesh: &Mesh, cast: &Cast, trained: Option<&Trained>) -> Report {
        let counters = mesh.counters();
        let agents = u64::from(mesh.agents());
        Report {
            sent: counters.sent(),
            delivered: counters.delivered(),
            pending: counters.pending(),
            dropped: counters
                .dropped_by_reason()
                .map(|(reason, count)| (reason.name(), count))
                .collect(),
            ticks: self.ticks,
            tick_ns: self.tick_ns,
            busy_s: self.busy_ns as f64 * 1e-9,
            deeds: cast.deeds(mesh),
            agents,
            bytes_per_agent: mesh.agent_bytes() as f64 / agents.max(1) as f64,
            state_hash: mesh.state_hash(),
            memory: None,
            processor: trained.map(|trained| trained.report(mesh, cast.readers.iter())),
        }
    }
}

/// Plays a session to its end.
///
/// # Errors
/// One line that says what the mesh refused.
pub(crate) fn play(
    session: &mut Session,
    pace: &Pace,
    mut film: Option<&mut Film>,
) -> Result<Measured, String> {
    let frames = (pace.seconds * 1e9 / FRAME_NS as f64).ceil() as i64;
    let (mut measured, mut progress) = (Measured::new(), Progress::on_stderr());
    let clock = WallClock::start();
    let mut frame = 0;
    while frame < frames {
        session.feed(frame)?;
        let began = clock.now();
        let budget =
            if pace.realtime { Budget::time(REALTIME_BUDGET, &clock) } else { Session::budget() };
        let report = session.tick(frame, budget)?;
        let ended = clock.now();
        let tick_ns = measured.count(began, ended);
        if let Some(film) = &mut film {
            film.frame(&session.mesh, &session.cast, &report, tick_ns);
        }
        let done_s = frame as f64 * FRAME_NS as f64 * 1e-9;
        let rate = done_s / ended.as_seconds().max(1e-9);
        progress.update(ended.as_nanos(), done_s, pace.seconds, rate);
        frame += 1;
        if pace.realtime {
            // A frame that was missed is left out: the session stays with the clock.
            frame = frame.max(clock.now().as_nanos() / FRAME_NS);
            clock.sleep_until(Time::from_nanos(frame * FRAME_NS));
        }
    }
    progress.finish();
    Ok(measured)
}

/// Plays a recorded session again, as fast as it goes, and compares each tick's state hash.
///
/// # Errors
/// One line: what is wrong with the recording, or where the session went another way.
pub(crate) fn replay<R: Read>(
    replay: &mut Replay<R>,
    filmed: bool,
) -> Result<(Measured, Cast, Option<Film>), String> {
    let (mut measured, mut progress) = (Measured::new(), Progress::on_stderr());
    let (mut cast, mut film) = (Cast::default(), None);
    let clock = WallClock::start();
    loop {
        let began = clock.now();
        let Some(tick) = replay.step().map_err(|error| error.to_string())? else { break };
        let ended = clock.now();
        let tick_ns = measured.count(began, ended);
        if measured.ticks == 1 {
            // The session's agents are spawned before its first tick.
            cast = Cast::of(replay.mesh());
            film = filmed.then(|| Film::new(&cast, false));
        }
        if let Some(film) = &mut film {
            film.frame(replay.mesh(), &cast, &tick.report, tick_ns);
        }
        let done_s = tick.now.as_seconds();
        // How long the session is shows when it ends.
        progress.update(ended.as_nanos(), done_s, done_s, done_s / ended.as_seconds().max(1e-9));
    }
    progress.finish();
    Ok((measured, cast, film))
}
