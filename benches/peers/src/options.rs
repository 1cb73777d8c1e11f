//! The command line.

use std::fmt::Write as _;
use std::time::Duration;

use crate::case::CASES;
use crate::harness::{Limits, Plan, cases_named};
use crate::peers::PEERS;

/// What the command line asks for.
#[derive(Debug)]
pub enum Command {
    /// Run and report.
    Run(Options),
    /// Print a text and end.
    Print(String),
}

/// A run and how it is reported.
#[derive(Debug)]
pub struct Options {
    /// What to run.
    pub plan: Plan,
    /// One line of JSON instead of lines.
    pub json: bool,
    /// CPU time as a fifth column.
    pub cpu: bool,
}

/// Most turns of a peer.
const REPEAT_LIMIT: usize = 1_000;
/// Longest measured time of a run, in seconds.
const SECONDS_LIMIT: f64 = 60.0;

/// Reads the arguments after the program's name.
///
/// # Errors
///
/// A line that names the argument and what was expected.
pub fn parse(arguments: impl Iterator<Item = String>) -> Result<Command, String> {
    let mut arguments = arguments;
    let (mut cases, mut peers) = (Vec::new(), Vec::new());
    let (mut repeat, mut seconds, mut against) = (5, 0.5, "xrmesh");
    let (mut json, mut cpu) = (false, false);
    while let Some(argument) = arguments.next() {
        let mut value = |what: &str| {
            arguments.next().ok_or_else(|| format!("{argument} needs a value: {what}"))
        };
        match argument.as_str() {
            "--case" => {
                let name = value("a case's name")?;
                let named = cases_named(&name);
                if named.is_empty() {
                    let known: Vec<&str> = CASES.iter().map(|case| case.name).collect();
                    return Err(format!("unknown case {name:?}; known: {}", known.join(", ")));
                }
                cases.extend(named);
            }
            "--peer" => peers.push(peer_named(&value("a peer's name")?)?),
            "--against" => {
                let name = value("a peer's name")?;
                against = if name == "xrmesh" { "xrmesh" } else { peer_named(&name)?.name };
            }
            "--repeat" => {
                let given = value("a number of runs")?;
                repeat = given
                    .parse()
                    .ok()
                    .filter(|runs| (1..=REPEAT_LIMIT).contains(runs))
                    .ok_or_else(|| format!("--repeat {given:?}: expected 1 to {REPEAT_LIMIT}"))?;
            }
            "--seconds" => {
                let given = value("a time in seconds")?;
                seconds = given
                    .parse()
                    .ok()
                    .filter(|time| (0.01..=SECONDS_LIMIT).contains(time))
                    .ok_or_else(|| {
                        format!("--seconds {given:?}: expected 0.01 to {SECONDS_LIMIT}")
                    })?;
            }
            "--json" => json = true,
            "--cpu" => cpu = true,
            "--list" => return Ok(Command::Print(list())),
            "--help" | "-h" => return Ok(Command::Print(help())),
            _ => return Err(format!("unknown argument {argument:?}; see --help")),
        }
    }
    if cases.is_empty() {
        cases.extend(CASES);
    }
    cases.dedup_by_key(|case| case.name);
    if peers.is_empty() {
        peers.extend(PEERS);
    }
    peers.dedup_by_key(|peer| peer.name);
    let measured = Duration::from_secs_f64(seconds);
    let limits = Limits { warm_up: (measured / 3).min(Duration::from_millis(300)), measured };
    Ok(Command::Run(Options { plan: Plan { cases, peers, repeat, limits, against }, json, cpu }))
}

fn peer_named(name: &str) -> Result<&'static crate::harness::Peer, String> {
    PEERS.iter().find(|peer| peer.name == name).copied().ok_or_else(|| {
        let known: Vec<&str> = PEERS.iter().map(|peer| peer.name).collect();
        format!("unknown peer {name:?}; known: {}", known.join(", "))
    })
}

fn help() -> String {
    format!(
        "Runs the message cases of xrmesh against other crates.

xrmesh-peers [--case NAME]... [--peer NAME]... [--repeat N] [--seconds S] [--against NAME] [--cpu] [--json]
xrmesh-peers --list | --help

  --case NAME     only this case, or all cases whose name begins with NAME and a dash; may be repeated
  --peer NAME     only this peer; may be repeated
  --repeat N      runs of each peer, which take turns; the median counts (default 5, at most {REPEAT_LIMIT})
  --seconds S     measured time of a run (default 0.5, at most {SECONDS_LIMIT}); a third of it, 0.3 s at most, warms up
  --against NAME  the peer that ratios are taken for (default xrmesh)
  --cpu           a fifth column: CPU nanoseconds a message, all threads of the process
  --json          one line of JSON instead

Prints a line for each case and peer: case, peer, median, ratio, with tabs between. The ratio says how many times
better the reference is (above 1: it has the higher throughput or the lower latency); - where it did not run.
Exit code 2 for a bad argument, 1 where a run failed.

{}",
        list()
    )
}

fn list() -> String {
    let mut text = String::from("Cases (unit of the median):\n");
    for case in CASES {
        let rows: Vec<String> =
            case.rows.iter().map(|row| format!("{}{row}", case.name)).collect();
        let _ = writeln!(text, "  {} ({}): {}", rows.join(", "), case.unit, case.about);
    }
    text.push_str("Peers (their cases):\n");
    for peer in PEERS {
        let carried: Vec<&str> = CASES
            .iter()
            .filter(|case| peer.carries(&case.load))
            .map(|case| case.name)
            .collect();
        let _ = writeln!(text, "  {}: {}", peer.name, carried.join(", "));
    }
    text
}
