//! What a peer is, what a run yields, and the order of the runs: peers take turns, then medians are taken.

use std::io::IsTerminal;
use std::time::Duration;

use crate::case::{Agents, CASES, Case, Forward, Host, Load, Overload};
use crate::clock::Interval;

/// One peer: a name and a function for each kind of load that it can carry.
#[derive(Debug, Clone, Copy)]
pub struct Peer {
    /// As given to `--peer`.
    pub name: &'static str,
    /// Forwarding without priorities.
    pub forward: Option<Run<Forward>>,
    /// Forwarding with ten priorities.
    pub forward_by_priority: Option<Run<Forward>>,
    /// Messages to everyone.
    pub broadcast: Option<Run<Agents>>,
    /// Question and answer.
    pub ask: Option<Ask>,
    /// Heap bytes of idle agents.
    pub idle: Option<Run<Agents>>,
    /// A send a message, from two threads.
    pub host_single: Option<Run<Host>>,
    /// Several messages a send, from two threads.
    pub host_batched: Option<Run<Host>>,
    /// One message an agent and tick.
    pub frame: Option<Run<Agents>>,
    /// The same at 90 Hz.
    pub paced: Option<Run<Agents>>,
    /// More than a timed budget has room for.
    pub overload: Option<Run<Overload>>,
}

/// A function that carries one kind of load.
pub type Run<T> = fn(&T, &Limits) -> Result<Sample, Failure>;

/// A function that asks and answers.
pub type Ask = fn(&Limits) -> Result<Sample, Failure>;

impl Peer {
    /// A peer that carries nothing yet.
    pub const fn named(name: &'static str) -> Self {
        Self {
            name,
            forward: None,
            forward_by_priority: None,
            broadcast: None,
            ask: None,
            idle: None,
            host_single: None,
            host_batched: None,
            frame: None,
            paced: None,
            overload: None,
        }
    }

    /// Runs a load, or answers `None` where this peer has nothing for it.
    fn run(&self, load: &Load, limits: &Limits) -> Option<Result<Sample, Failure>> {
        match load {
            Load::Forward(load) if load.priorities => Some(self.forward_by_priority?(load, limits)),
            Load::Forward(load) => Some(self.forward?(load, limits)),
            Load::Broadcast(load) => Some(self.broadcast?(load, limits)),
            Load::Ask => Some(self.ask?(limits)),
            Load::Idle(load) => Some(self.idle?(load, limits)),
            Load::Host(load) if load.batch == 1 => Some(self.host_single?(load, limits)),
            Load::Host(load) => Some(self.host_batched?(load, limits)),
            Load::Frame(load) => Some(self.frame?(load, limits)),
            Load::Paced(load) => Some(self.paced?(load, limits)),
            Load::Overload(load) => Some(self.overload?(load, limits)),
        }
    }

    /// Whether this peer carries a load.
    pub fn carries(&self, load: &Load) -> bool {
        match load {
            Load::Forward(load) if load.priorities => self.forward_by_priority.is_some(),
            Load::Forward(_) => self.forward.is_some(),
            Load::Broadcast(_) => self.broadcast.is_some(),
            Load::Ask => self.ask.is_some(),
            Load::Idle(_) => self.idle.is_some(),
            Load::Host(load) if load.batch == 1 => self.host_single.is_some(),
            Load::Host(_) => self.host_batched.is_some(),
            Load::Frame(_) => self.frame.is_some(),
            Load::Paced(_) => self.paced.is_some(),
            Load::Overload(_) => self.overload.is_some(),
        }
    }
}

/// The bounds of one run.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Time before measuring begins.
    pub warm_up: Duration,
    /// Time measured.
    pub measured: Duration,
}

impl Limits {
    /// Most latencies that one run keeps; a run ends when it has this many.
    pub const SAMPLES: usize = 1 << 20;
}

/// What one run yields.
#[derive(Debug, Clone)]
pub struct Sample {
    /// A figure for each row of the case.
    pub figures: Vec<f64>,
    /// CPU time of the process for each message, in nanoseconds, where it was measured.
    pub cpu_ns: Option<f64>,
}

impl Sample {
    /// Million messages a second, from a count and its interval.
    pub fn throughput(messages: u64, interval: Interval) -> Self {
        let messages = messages as f64;
        Self {
            figures: vec![messages / interval.wall.as_secs_f64() / 1e6],
            cpu_ns: Some(interval.cpu.as_secs_f64() * 1e9 / messages.max(1.0)),
        }
    }

    /// The median and the 99th percentile of latencies, each times `scale`.
    ///
    /// # Errors
    ///
    /// [`Failure::Empty`] without latencies.
    pub fn latencies(mut nanoseconds: Vec<u64>, scale: f64) -> Result<Self, Failure> {
        nanoseconds.sort_unstable();
        let at = |share: f64| {
            let index = ((nanoseconds.len() as f64 * share).ceil() as usize).saturating_sub(1);
            nanoseconds.get(index).map(|&value| value as f64 * scale).ok_or(Failure::Empty)
        };
        Ok(Self { figures: vec![at(0.50)?, at(0.99)?], cpu_ns: None })
    }
}

/// Why a run yields nothing.
#[derive(Debug)]
#[non_exhaustive]
pub enum Failure {
    /// It did not come to its end within [`Limits::PATIENCE`]; what it waited for.
    Stuck(&'static str),
    /// A thread or a runtime of the peer refused or ended; what it said.
    Broken(String),
    /// It handled another number of messages than were sent.
    Lost {
        /// Messages sent.
        sent: u64,
        /// Messages handled.
        handled: u64,
    },
    /// Nothing was measured in the time given.
    Empty,
}

impl Failure {
    /// From an error of a peer.
    pub fn broken(error: impl std::fmt::Display) -> Self {
        Self::Broken(error.to_string())
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Stuck(what) => write!(to, "stuck: waited {:?} for {what}", Limits::PATIENCE),
            Self::Broken(error) => write!(to, "broken: {error}"),
            Self::Lost { sent, handled } => write!(to, "{sent} messages sent, {handled} handled"),
            Self::Empty => write!(to, "nothing was measured in the time given"),
        }
    }
}

/// One line of the result.
#[derive(Debug)]
pub struct Row {
    /// The case's name with the figure's suffix.
    pub case: String,
    /// The peer.
    pub peer: &'static str,
    /// Unit of the median.
    pub unit: &'static str,
    /// Median of the runs.
    pub median: f64,
    /// How many times better the reference is than this peer, where the reference ran.
    pub ratio: Option<f64>,
    /// Median CPU time for each message, in nanoseconds, of the whole process.
    pub cpu_ns: Option<f64>,
    /// The figure of each run, in order.
    pub figures: Vec<f64>,
}

/// What to run.
#[derive(Debug)]
pub struct Plan {
    /// Cases in order.
    pub cases: Vec<&'static Case>,
    /// Peers in the order of their turns.
    pub peers: Vec<&'static Peer>,
    /// Turns.
    pub repeat: usize,
    /// Bounds of each run.
    pub limits: Limits,
    /// The peer that ratios are taken for.
    pub against: &'static str,
}

impl Plan {
    /// Runs one case: A B C, A B C, … and takes medians.
    ///
    /// # Errors
    ///
    /// The first failure with the name of its peer. The case's other runs are not begun.
    pub fn run(&self, case: &Case) -> Result<Vec<Row>, (&'static str, Failure)> {
        let mut turns: Vec<(&'static Peer, Vec<Sample>)> = self
            .peers
            .iter()
            .filter(|peer| peer.carries(&case.load))
            .map(|&peer| (peer, Vec::with_capacity(self.repeat)))
            .collect();
        for turn in 1..=self.repeat {
            for (peer, samples) in &mut turns {
                if std::io::stderr().is_terminal() {
                    eprintln!("# {} {} {turn}/{}", case.name, peer.name, self.repeat);
                }
                match peer.run(&case.load, &self.limits) {
                    Some(Ok(sample)) => samples.push(sample),
                    Some(Err(failure)) => return Err((peer.name, failure)),
                    None => {}
                }
            }
        }
        Ok(self.rows(case, &turns))
    }

    fn rows(&self, case: &Case, turns: &[(&'static Peer, Vec<Sample>)]) -> Vec<Row> {
        let mut rows = Vec::new();
        for (index, suffix) in case.rows.iter().enumerate() {
            let figures = |samples: &[Sample]| -> Vec<f64> {
                samples.iter().filter_map(|sample| sample.figures.get(index).copied()).collect()
            };
            let reference = turns
                .iter()
                .find(|(peer, _)| peer.name == self.against)
                .and_then(|(_, samples)| median(figures(samples)));
            for (peer, samples) in turns {
                let figures = figures(samples);
                let Some(middle) = median(figures.clone()) else { continue };
                let ratio = reference.map(|reference| {
                    if case.higher_is_better { reference / middle } else { middle / reference }
                });
                rows.push(Row {
                    case: format!("{}{suffix}", case.name),
                    peer: peer.name,
                    unit: case.unit,
                    median: middle,
                    ratio: ratio.filter(|ratio| ratio.is_finite()),
                    cpu_ns: median(samples.iter().filter_map(|sample| sample.cpu_ns).collect()),
                    figures,
                });
            }
        }
        rows
    }
}

/// The middle value, or the mean of the two in the middle; `None` of nothing.
pub fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_unstable_by(f64::total_cmp);
    let upper = *values.get(values.len() / 2)?;
    if values.len() % 2 == 1 {
        return Some(upper);
    }
    Some((values.get(values.len() / 2 - 1)? + upper) / 2.0)
}

/// The cases that a name given to `--case` means: the one so called, else all that begin with it and a dash.
pub fn cases_named(name: &str) -> Vec<&'static Case> {
    if let Some(case) = CASES.iter().find(|case| case.name == name) {
        return vec![case];
    }
    let group = format!("{name}-");
    CASES.iter().filter(|case| case.name.starts_with(&group)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_or_the_mean_of_two() {
        assert_eq!(median(vec![]), None);
        assert_eq!(median(vec![3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), Some(2.5));
    }

    #[test]
    fn percentiles_are_nearest_ranks() {
        let sample = Sample::latencies((1..=200).rev().collect(), 0.5).unwrap();
        assert_eq!(sample.figures, [50.0, 99.0]);
        assert!(matches!(Sample::latencies(vec![], 1.0), Err(Failure::Empty)));
    }

    #[test]
    fn a_case_is_named_exactly_or_with_its_group() {
        let names = |name| cases_named(name).iter().map(|case| case.name).collect::<Vec<_>>();
        assert_eq!(names("forward-100k"), ["forward-100k"]);
        assert_eq!(names("host-2p"), ["host-2p-single", "host-2p-batched"]);
        assert!(names("forw").is_empty());
    }

    #[test]
    fn a_ratio_above_one_means_the_reference_is_better() {
        fn slow(_: &Limits) -> Result<Sample, Failure> {
            Ok(Sample { figures: vec![200.0, 400.0], cpu_ns: None })
        }
        fn fast(_: &Limits) -> Result<Sample, Failure> {
            Ok(Sample { figures: vec![100.0, 100.0], cpu_ns: None })
        }
        static SLOW: Peer = Peer { ask: Some(slow), ..Peer::named("slow") };
        static FAST: Peer = Peer { ask: Some(fast), ..Peer::named("fast") };
        let limits = Limits { warm_up: Duration::ZERO, measured: Duration::ZERO };
        let cases = cases_named("ask");
        let plan = Plan { cases, peers: vec![&SLOW, &FAST], repeat: 2, limits, against: "fast" };
        let rows = plan.run(plan.cases[0]).unwrap();
        let ratios: Vec<_> = rows.iter().map(|row| (row.case.as_str(), row.ratio)).collect();
        let expected = [
            ("ask-p50", Some(2.0)),
            ("ask-p50", Some(1.0)),
            ("ask-p99", Some(4.0)),
            ("ask-p99", Some(1.0)),
        ];
        assert_eq!(ratios, expected);
    }
}
