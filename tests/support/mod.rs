//! What all whole-library tests share.

use xrmesh::{Budget, Config, Mesh, TickReport, Time};

/// A configuration for that many agents and workers; all else as by default.
pub(crate) fn config(max_agents: u32, workers: u32) -> Config {
    let mut config = Config::default();
    config.mesh.max_agents = max_agents;
    config.processing.max_workers = workers;
    config
}

/// The time `milliseconds` after the origin.
pub(crate) fn at(milliseconds: i64) -> Time {
    Time::from_nanos(milliseconds * 1_000_000)
}

/// Ticks, and holds that every message is accounted for.
pub(crate) fn tick(mesh: &mut Mesh, milliseconds: i64, budget: Budget<'_>) -> TickReport {
    let report = mesh.tick(at(milliseconds), budget).unwrap();
    let counters = mesh.counters();
    assert_eq!(counters.unaccounted(), 0, "{counters:?}");
    assert_eq!(report.pending, counters.pending());
    assert!(report.waiting.iter().sum::<u64>() <= report.pending, "{report:?}");
    report
}
