//! The command line.

use std::fmt::Write as _;
use std::time::Duration;

use crate::case::{CASES, Case};
use crate::harness::{Limits, Peer, Plan, cases_named};
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
                for case in named {
                    if !cases.iter().any(|known: &&Case| known.name == case.name) {
                        cases.push(case);
                    }
                }
            }
            "--peer" => {
                let peer = peer_named(&value("a peer's name")?)?;
                if !peers.iter().any(|known: &&Peer| known.name == peer.name) {
                    peers.push(peer);
                }
            }
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
    if peers.is_empty() {
        peers.extend(PEERS);
    }
    let measured = Duration::from_secs_f64(seconds);
    let limits = Limits { warm_up: (measured / 3).min(Duration::from_millis(300)), measured };
    Ok(Command::Run(Options { plan: Plan { cases, peers, repeat, limits, against }, json, cpu }))
}

fn peer_named(name: &str) -> Result<&'static Peer, String> {
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
        let rows: Vec<String> = case.rows.iter().map(|row| format!("{}{row}", case.name)).collect();
        let _ = writeln!(text, "  {} ({}): {}", rows.join(", "), case.unit, case.about);
    }
    text.push_str("Peers (their cases):\n");
    for peer in PEERS {
        let carried: Vec<&str> =
            CASES.iter().filter(|case| peer.carries(&case.load)).map(|case| case.name).collect();
        let _ = writeln!(text, "  {}: {}", peer.name, carried.join(", "));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(line: &str) -> Result<Command, String> {
        parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn bad_arguments_are_named() {
        for (line, word) in [
            ("--case nope", "unknown case \"nope\""),
            ("--peer nope", "unknown peer \"nope\""),
            ("--against nope", "unknown peer"),
            ("--repeat 0", "--repeat \"0\""),
            ("--seconds nan", "--seconds \"nan\""),
            ("--seconds", "needs a value"),
            ("--fast", "unknown argument \"--fast\""),
        ] {
            let error = given(line).unwrap_err();
            assert!(error.contains(word), "{line}: {error}");
        }
    }

    #[test]
    fn a_case_given_twice_runs_once() {
        let line = "--case forward-1k-1k --case forward --peer tokio --peer kameo --peer tokio";
        let Ok(Command::Run(options)) = given(line) else { panic!("{line}") };
        assert_eq!(options.plan.cases.len(), 4);
        assert_eq!(options.plan.peers.len(), 2);
    }
}
