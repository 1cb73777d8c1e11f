//! Random programs: whatever agents, hosts and other threads do, every message is accounted for, and
//! what handlers see agrees with a model that knows who was to receive what.
#![expect(clippy::unwrap_used, reason = "a test's helpers may fail it")]
#![expect(clippy::panic, reason = "agents that panic are what is tested")]

mod model;
mod program;
#[path = "../support/quiet.rs"]
mod quiet;
mod session;
mod strategy;
#[path = "../support/mod.rs"]
mod support;
mod worker;

use std::sync::Arc;

use proptest::prelude::*;
use xrmesh::Mesh;

use model::Shared;
use program::Act;
use session::Session;
use strategy::{Setting, Step, act, mailbox, place, setting, step};
use support::config;
use worker::Worker;

/// An agent of a program: its type, its mailbox and where it is.
type Spawned = (u8, Option<(u8, u8)>, Option<(i8, i8)>);

fn run(setting: &Setting, behaviours: Vec<Vec<Act>>, agents: &[Spawned], steps: &[Step]) {
    quiet::quiet();
    let mut config = config(if setting.shards { 1000 } else { 100 }, setting.workers);
    config.processing.rounds_per_tick = setting.rounds;
    config.processing.ageing_ticks = setting.ageing;
    config.limits.outbox_capacity = setting.outbox;
    config.limits.mailbox_capacity = setting.mailbox;
    config.limits.explain_capacity = setting.explain;
    config.performance.memory_pool_size = 1;
    let mut mesh = Mesh::new(config).unwrap();
    let (handle, shared) = (mesh.handle(), Shared(Arc::default()));
    let lane = handle.lane().unwrap();
    let again = shared.clone();
    mesh.register("worker", move |_| Ok::<_, &str>(Worker::<3>::new(&again))).unwrap();
    if setting.links {
        mesh.auto_connect(1.5, 0.5).unwrap();
    }
    {
        let mut model = shared.lock();
        model.behaviours = behaviours;
        model.by_priority = setting.rounds == 1 && setting.ageing > 1000;
    }
    let mut session = Session { mesh, handle, lane, shared, now_ms: 0 };
    for &(kind, mailbox, place) in agents {
        session.act(Act::Spawn { kind, mailbox, place });
    }
    for (acts, after_ms, budget) in steps {
        acts.iter().for_each(|&act| session.act(act));
        session.tick(*after_ms, *budget);
    }
    // Whatever waits is delivered or dropped in the end: nobody acts any more.
    session.shared.lock().behaviours = vec![Vec::new()];
    for _ in 0..120 {
        session.tick(2_000, None);
        if session.mesh.counters().pending() == 0 {
            break;
        }
    }
    assert_eq!(session.mesh.counters().pending(), 0, "{:?}", session.mesh.counters());
    session.mesh.shutdown();
}

proptest! {
    #![proptest_config(ProptestConfig {
        // A program takes a millisecond.
        cases: ProptestConfig::default().cases * 8,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    /// `sent = delivered + pending + Σ dropped` after every tick; what handlers saw is what was sent
    /// to them, once, and in order.
    #[test]
    fn every_message_is_accounted_for_and_seen_by_its_receivers_in_order(
        setting in setting(),
        behaviours in prop::collection::vec(prop::collection::vec(act(), 0..4), 1..8),
        agents in prop::collection::vec((any::<u8>(), mailbox(), prop::option::of(place())), 1..80),
        steps in prop::collection::vec(step(), 1..25),
    ) {
        run(&setting, behaviours, &agents, &steps);
    }
}
