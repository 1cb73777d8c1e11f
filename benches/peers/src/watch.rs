//! Times rounds: first a warm-up, then the measured ones.

use std::time::{Duration, Instant};

use crate::clock::{Clock, Interval};
use crate::harness::{Failure, Limits};

/// Says at each round's start whether it is measured, and when it is over.
#[derive(Debug)]
pub struct Watch {
    limits: Limits,
    began: Instant,
    round_began: Instant,
    clock: Option<Clock>,
    interval: Option<Interval>,
    rounds_ns: Vec<u64>,
}

/// What the round that begins now is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Not measured.
    WarmUp,
    /// The first that is measured.
    First,
    /// Measured.
    Next,
    /// None: the time is over and no round begins.
    Last,
}

impl Watch {
    /// Starts the warm-up.
    pub fn start(limits: Limits) -> Self {
        let now = Instant::now();
        let rounds_ns = Vec::with_capacity(Limits::SAMPLES);
        Self { limits, began: now, round_began: now, clock: None, interval: None, rounds_ns }
    }

    /// Called as a round begins.
    pub fn round(&mut self) -> Step {
        let now = Instant::now();
        let Some(clock) = &self.clock else {
            if now - self.began < self.limits.warm_up {
                return Step::WarmUp;
            }
            self.clock = Some(Clock::start());
            self.began = Instant::now();
            self.round_began = self.began;
            return Step::First;
        };
        self.rounds_ns.push((now - self.round_began).as_nanos() as u64);
        self.round_began = now;
        if now - self.began < self.limits.measured && self.rounds_ns.len() < Limits::SAMPLES {
            return Step::Next;
        }
        self.interval = Some(clock.stop());
        Step::Last
    }

    /// The measured interval and the nanoseconds of each round in it; `None` before [`Step::Last`].
    pub fn end(self) -> Option<(Interval, Vec<u64>)> {
        Some((self.interval?, self.rounds_ns))
    }

    /// Runs rounds on this thread. `round` answers the messages it handled.
    ///
    /// # Errors
    ///
    /// What `round` fails with.
    pub fn run(
        limits: &Limits,
        mut round: impl FnMut() -> Result<u64, Failure>,
    ) -> Result<(u64, Interval, Vec<u64>), Failure> {
        let mut watch = Self::start(*limits);
        let mut handled = 0;
        loop {
            let step = watch.round();
            if step == Step::Last {
                break;
            }
            let count = round()?;
            if step != Step::WarmUp {
                handled += count;
            }
        }
        let (interval, rounds_ns) = watch.end().ok_or(Failure::Empty)?;
        Ok((handled, interval, rounds_ns))
    }
}

/// Latencies of single questions, taken one after the other by a task or a thread.
#[derive(Debug, Clone)]
pub struct Stopwatch {
    warm: Instant,
    end: Duration,
    latencies_ns: Vec<u64>,
}

impl Stopwatch {
    /// Starts the warm-up.
    pub fn start(limits: &Limits) -> Self {
        Self {
            warm: Instant::now() + limits.warm_up,
            end: limits.measured,
            latencies_ns: Vec::with_capacity(Limits::SAMPLES),
        }
    }

    /// Takes the latency of a question asked at `asked` and answered now. False when the time is over.
    #[inline]
    pub fn answered(&mut self, asked: Instant) -> bool {
        let now = Instant::now();
        if now < self.warm {
            return true;
        }
        self.latencies_ns.push((now - asked).as_nanos() as u64);
        now - self.warm < self.end && self.latencies_ns.len() < Limits::SAMPLES
    }

    /// Median and 99th percentile.
    ///
    /// # Errors
    ///
    /// [`Failure::Empty`] where nothing was answered.
    pub fn sample(self) -> Result<crate::harness::Sample, Failure> {
        crate::harness::Sample::latencies(self.latencies_ns, 1.0)
    }
}
