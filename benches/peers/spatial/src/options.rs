//! The command line.

use std::fmt::Write as _;
use std::time::Duration;

use crate::case::{CASES, Case, Load};
use crate::data::Layout;
use crate::harness::Plan;
use crate::peers::{Peer, all};

/// What the command line asks for.
pub enum Command {
    /// Run and report.
    Run(Plan),
    /// Print a text and end.
    Print(String),
}

/// Most turns of a peer.
const REPEAT_LIMIT: usize = 100;
/// Longest measured time of a turn, in seconds.
const SECONDS_LIMIT: f64 = 10.0;
/// Farthest that an object of a drift goes in a tick, in metres.
const STEP_LIMIT_M: f32 = 10.0;
/// Objects of a world.
const OBJECTS_LIMIT: usize = 10_000_000;

/// Reads the arguments after the program's name.
///
/// # Errors
///
/// A line that names the argument and what was expected.
pub fn parse(arguments: impl Iterator<Item = String>) -> Result<Command, String> {
    let mut arguments = arguments;
    let (mut cases, mut peers): (Vec<&'static Case>, Vec<&'static str>) = (Vec::new(), Vec::new());
    let (mut layouts, mut objects) = (Vec::new(), Vec::new());
    let (mut repeat, mut seconds, mut ticks, mut json) = (5, 0.05, 100_000, false);
    let mut step_m = 0.05;
    while let Some(argument) = arguments.next() {
        let mut value = |what: &str| {
            arguments.next().ok_or_else(|| format!("{argument} needs a value: {what}"))
        };
        match argument.as_str() {
            "--case" => {
                let name = value("a case's name")?;
                cases.push(CASES.iter().find(|case| case.name == name).ok_or_else(|| {
                    let known: Vec<&str> = CASES.iter().map(|case| case.name).collect();
                    format!("unknown case {name:?}; known: {}", known.join(", "))
                })?);
            }
            "--peer" => {
                let name = value("a peer's name")?;
                let known: Vec<_> = all().iter().map(|peer| peer.name()).collect();
                peers.push(known.iter().find(|&&known| known == name).copied().ok_or_else(
                    || format!("unknown peer {name:?}; known: {}", known.join(", ")),
                )?);
            }
            "--layout" => {
                let name = value("uniform or indoor")?;
                layouts.push(
                    Layout::ALL.into_iter().find(|known| known.name() == name).ok_or_else(
                        || format!("unknown layout {name:?}; known: uniform, indoor"),
                    )?,
                );
            }
            "--objects" => objects.push(number(&value("a count")?, 100, OBJECTS_LIMIT)?),
            "--repeat" => repeat = number(&value("a number of turns")?, 1, REPEAT_LIMIT)?,
            "--ticks" => ticks = number(&value("a number of ticks")?, 1, 10_000_000)?,
            "--seconds" => {
                let given = value("a time in seconds")?;
                seconds = given
                    .parse()
                    .ok()
                    .filter(|time| (0.001..=SECONDS_LIMIT).contains(time))
                    .ok_or_else(|| {
                        format!("--seconds {given:?}: expected 0.001 to {SECONDS_LIMIT}")
                    })?;
            }
            "--step" => {
                let given = value("a way in metres")?;
                step_m = given
                    .parse()
                    .ok()
                    .filter(|step| (0.0..=STEP_LIMIT_M).contains(step))
                    .ok_or_else(|| format!("--step {given:?}: expected 0 to {STEP_LIMIT_M}"))?;
            }
            "--json" => json = true,
            "--list" => return Ok(Command::Print(list())),
            "--help" | "-h" => return Ok(Command::Print(help())),
            _ => return Err(format!("unknown argument {argument:?}; see --help")),
        }
    }
    if cases.is_empty() {
        cases.extend(CASES.iter().filter(|case| case.load != Load::Drift));
    }
    if layouts.is_empty() {
        layouts.extend(Layout::ALL);
    }
    if objects.is_empty() {
        objects.extend([100_000, 1_000_000]);
    }
    let seconds = Duration::from_secs_f64(seconds);
    Ok(Command::Run(Plan { cases, peers, layouts, objects, repeat, seconds, ticks, step_m, json }))
}

fn number(given: &str, least: usize, most: usize) -> Result<usize, String> {
    given
        .parse()
        .ok()
        .filter(|value| (least..=most).contains(value))
        .ok_or_else(|| format!("{given:?}: expected {least} to {most}"))
}

fn help() -> String {
    format!(
        "Runs the spatial cases of xrmesh against other libraries.

xrmesh-spatial-peers [--case NAME]... [--peer NAME]... [--layout NAME]... [--objects N]... [--repeat N] [--seconds S] [--ticks N] [--step M] [--json]
xrmesh-spatial-peers --list | --help

  --case NAME    only this case; may be repeated
  --peer NAME    only this peer; may be repeated. Ratios are to xrmesh
  --layout NAME  uniform or indoor (default both)
  --objects N    objects in the world; may be repeated (default 100000 and 1000000, at most {OBJECTS_LIMIT})
  --repeat N     turns of each peer; the median counts (default 5, at most {REPEAT_LIMIT})
  --seconds S    least CPU time of a turn of queries (default 0.05, at most {SECONDS_LIMIT}); all 10,000 are asked at least once
  --ticks N      ticks of the case drift (default 100000)
  --step M       metres that an object goes in a tick of the case drift (default 0.05)
  --json         one line of JSON instead

Prints a line for each case and peer: case, peer, median, ratio, with tabs between. The ratio is the median over that of
xrmesh (above 1: xrmesh is better); - where it did not run. Exit code 2 for a bad argument, 1 where a run failed or an
answer differed.

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
    for peer in all() {
        let carried: Vec<&str> =
            CASES.iter().filter(|case| carries(&*peer, case)).map(|case| case.name).collect();
        let _ = writeln!(text, "  {}: {}", peer.name(), carried.join(", "));
    }
    text
}

fn carries(peer: &dyn Peer, case: &Case) -> bool {
    peer.carries(case.load)
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
            ("--layout nope", "unknown layout \"nope\""),
            ("--objects 3", "\"3\": expected 100"),
            ("--repeat 0", "\"0\": expected 1"),
            ("--seconds nan", "--seconds \"nan\""),
            ("--seconds", "needs a value"),
            ("--step 11", "--step \"11\""),
            ("--fast", "unknown argument \"--fast\""),
        ] {
            match given(line) {
                Err(error) => assert!(error.contains(word), "{line}: {error}"),
                Ok(_) => panic!("{line}"),
            }
        }
    }

    #[test]
    fn drift_runs_only_where_it_is_named() {
        let Ok(Command::Run(plan)) = given("--objects 1000") else { panic!() };
        assert!(plan.cases.iter().all(|case| case.load != Load::Drift));
        let Ok(Command::Run(plan)) = given("--case drift") else { panic!() };
        assert_eq!(plan.cases.len(), 1);
    }
}
