//! Frames at 90 Hz: the mesh rests between its ticks, as it does beside an engine.

use std::time::{Duration, Instant};

use super::forward::{Setup, frames};
use crate::case::Agents;
use crate::harness::{Failure, Limits, Sample};

/// A frame at 90 Hz.
const FRAME: Duration = Duration::from_nanos(11_111_111);

/// On two threads.
pub fn paced(load: &Agents, limits: &Limits) -> Result<Sample, Failure> {
    paced_with(load, limits, &Setup::default())
}

/// On one.
pub fn paced_alone(load: &Agents, limits: &Limits) -> Result<Sample, Failure> {
    paced_with(load, limits, &Setup::one_worker())
}

/// The same with options.
pub fn paced_with(load: &Agents, limits: &Limits, setup: &Setup) -> Result<Sample, Failure> {
    let mut tick = frames(load, setup)?;
    let mut ticks_ns = Vec::new();
    let begin = Instant::now();
    let end = begin + limits.warm_up + limits.measured;
    let mut next = begin;
    while next < end {
        std::thread::sleep(next.saturating_duration_since(Instant::now()));
        let began = Instant::now();
        tick()?;
        if began - begin > limits.warm_up {
            ticks_ns.push(began.elapsed().as_nanos() as u64);
        }
        next += FRAME;
    }
    Sample::latencies(ticks_ns, 1e-6)
}
