//! In which order messages come, and that all of them come.
#![expect(clippy::unwrap_used, reason = "a test's helpers may fail it")]

mod support;

use proptest::prelude::*;
use support::{config, tick};
use xrmesh::{
    Agent, AgentId, Budget, Context, Envelope, Fault, Kind, Mesh, Message, Priority, Target,
};

/// Remembers what it heard: number, priority and tick.
#[derive(Default)]
struct Log {
    heard: Vec<(u32, u8, u64)>,
}

impl Agent for Log {
    fn on_message(
        &mut self,
        context: &mut Context<'_>,
        envelope: &Envelope<'_>,
    ) -> Result<(), Fault> {
        let number = envelope.plain::<u32>()?;
        self.heard.push((number, envelope.priority().number(), context.tick()));
        Ok(())
    }
}

fn priority(number: u8) -> Priority {
    Priority::new(number).unwrap()
}

fn send(mesh: &mut Mesh, to: impl Into<Target>, number: u32, urgency: u8) {
    let message = Message::new(Kind::user(0)).plain(&number).priority(priority(urgency));
    mesh.send(to, message).unwrap();
}

fn heard(mesh: &Mesh, id: AgentId) -> Vec<(u32, u8, u64)> {
    mesh.with_agent(id, |log: &Log| log.heard.clone()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// In a round: by priority, and within one in the order of sending, broadcasts included.
    #[test]
    fn a_receiver_sees_the_most_urgent_first_and_each_priority_in_order(
        sends in prop::collection::vec((1_u8..11, prop::option::of(0_usize..5)), 0..200),
        shards in any::<bool>(),
    ) {
        let mut mesh = Mesh::new(config(if shards { 1000 } else { 100 }, 1)).unwrap();
        let ids: Vec<AgentId> = (0..5).map(|_| mesh.spawn(Log::default()).unwrap()).collect();
        let mut expected = vec![Vec::new(); 5];
        for (number, &(urgency, to)) in sends.iter().enumerate() {
            let sent = (number as u32, urgency, 1);
            match to {
                Some(to) => {
                    send(&mut mesh, ids[to], number as u32, urgency);
                    expected[to].push(sent);
                }
                None => {
                    send(&mut mesh, Target::Everyone, number as u32, urgency);
                    expected.iter_mut().for_each(|list| list.push(sent));
                }
            }
        }
        tick(&mut mesh, 0, Budget::unlimited());
        for (id, mut expected) in ids.into_iter().zip(expected) {
            expected.sort_by_key(|&(_, urgency, _)| urgency);
            prop_assert_eq!(heard(&mesh, id), expected);
        }
    }

    /// However small the budget and however fast mail ages, each priority stays in order and a
    /// broadcast that is cut reaches everyone once.
    #[test]
    fn cuts_and_ageing_keep_each_priority_in_order(
        sends in prop::collection::vec((1_u8..11, prop::option::of(0_usize..5), 0_u64..4), 1..150),
        budget in 1_u64..12, ageing in 1_u32..4,
    ) {
        let mut config = config(100, 1);
        config.processing.ageing_ticks = ageing;
        let mut mesh = Mesh::new(config).unwrap();
        let ids: Vec<AgentId> = (0..5).map(|_| mesh.spawn(Log::default()).unwrap()).collect();
        let (mut count, mut now) = ([0; 5], 0);
        for (number, &(urgency, to, ticks)) in sends.iter().enumerate() {
            match to {
                Some(to) => {
                    send(&mut mesh, ids[to], number as u32, urgency);
                    count[to] += 1;
                }
                None => {
                    send(&mut mesh, Target::Everyone, number as u32, urgency);
                    count.iter_mut().for_each(|count| *count += 1);
                }
            }
            for _ in 0..ticks {
                now += 1;
                let report = tick(&mut mesh, now, Budget::messages(budget));
                prop_assert!(report.delivered <= budget);
                prop_assert!(report.pending == 0 || report.delivered == budget);
            }
        }
        tick(&mut mesh, now, Budget::unlimited());
        for (id, count) in ids.into_iter().zip(count) {
            let heard = heard(&mesh, id);
            prop_assert_eq!(heard.len(), count);
            for urgency in 1..=10 {
                let numbers = heard.iter().filter(|heard| heard.1 == urgency).map(|heard| heard.0);
                prop_assert!(numbers.is_sorted(), "priority {} of {}: {:?}", urgency, id, heard);
            }
        }
    }
}

/// A mesh of 8 shards with 512 agents, 64 in each.
fn eight_shards(rounds: u32, ageing: u32) -> (Mesh, Vec<AgentId>) {
    let mut config = config(1000, 1);
    config.processing.rounds_per_tick = rounds;
    config.processing.ageing_ticks = ageing;
    let mut mesh = Mesh::new(config).unwrap();
    let ids: Vec<AgentId> = (0..512).map(|_| mesh.spawn(Log::default()).unwrap()).collect();
    let shards = |id: &AgentId| id.slot() / 64 % 8;
    for shard in 0..8 {
        assert_eq!(ids.iter().filter(|id| shards(id) == shard).count(), 64);
    }
    (mesh, ids)
}

#[test]
fn a_budget_goes_to_the_most_urgent_of_all_shards() {
    let (mut mesh, ids) = eight_shards(1, 1000);
    for number in 0..10_u32 {
        for (at, &id) in ids.iter().enumerate().filter(|(at, _)| at % 64 == 0) {
            // Not in the order of priorities.
            for urgency in [5, 10, 1] {
                send(&mut mesh, id, number + at as u32, urgency);
            }
        }
    }
    let waiting = |mesh: &mut Mesh, budget| {
        let report = tick(mesh, 0, Budget::messages(budget));
        [report.waiting[0], report.waiting[4], report.waiting[9]]
    };
    assert_eq!(waiting(&mut mesh, 0), [80, 80, 80]);
    assert_eq!(waiting(&mut mesh, 79), [1, 80, 80]);
    assert_eq!(waiting(&mut mesh, 6), [0, 75, 80]);
    assert_eq!(waiting(&mut mesh, 75), [0, 0, 80]);
    assert_eq!(waiting(&mut mesh, 100), [0, 0, 0]);
}

/// The bound. A message climbs one priority every `ageing_ticks`, so after 9 × `ageing_ticks` at most
/// it counts as most urgent. Then nothing that comes to its shard later goes before it, and its shard
/// is served first once in as many ticks as there are shards, as much as the budget allows. With b
/// messages of its shard before it then, it is delivered after at most
/// 9 × `ageing_ticks` + shards × ⌈(b + 1) / budget⌉ ticks.
#[test]
fn under_permanent_overload_the_least_urgent_come_within_the_bound() {
    const BUDGET: u64 = 100;
    const SHARDS: u64 = 8;
    // 3 rounds and one between ticks are 4 steps: a turn by steps would never begin at most shards.
    for (rounds, ageing) in [(1, 4), (3, 4), (4, 1), (7, 2)] {
        let (mut mesh, ids) = eight_shards(rounds, ageing);
        let mut sent = Vec::new();
        let climb = 9 * u64::from(ageing);
        let mut before = [0_u64; SHARDS as usize];
        let mut arrived = 0;
        for step in 1..=climb + SHARDS * climb * 2 {
            // Twice what the budget allows, as much in each shard.
            for number in 0..BUDGET * 2 {
                let id = ids[(number * 64 + step) as usize % ids.len()];
                send(&mut mesh, id, 0, 1);
                if step <= climb + 1 {
                    before[id.slot() as usize / 64 % 8] += 1;
                }
            }
            if step == 1 {
                for at in (0..ids.len()).step_by(32) {
                    send(&mut mesh, ids[at], 1, 10);
                    sent.push(ids[at]);
                }
            }
            let report = tick(&mut mesh, step as i64, Budget::messages(BUDGET));
            assert_eq!(report.delivered, BUDGET);
        }
        for id in sent {
            let found = heard(&mesh, id).into_iter().find(|heard| heard.0 == 1);
            let shard = id.slot() as usize / 64 % 8;
            // The others of the least urgent may be before it too.
            let bound = climb + 1 + SHARDS * (before[shard] + 16).div_ceil(BUDGET);
            let (_, _, tick) = found.unwrap_or_else(|| panic!("{id} starves, {rounds} rounds"));
            assert!(tick <= bound, "{id} at tick {tick}, the bound is {bound}");
            arrived += 1;
        }
        assert_eq!(arrived, 16);
    }
}

/// Without ageing it would starve: so the test above can fail.
#[test]
fn what_does_not_age_waits_behind_all_that_is_more_urgent() {
    let (mut mesh, ids) = eight_shards(1, 60_000);
    send(&mut mesh, ids[0], 1, 10);
    for step in 0..200 {
        (0..20).for_each(|at| send(&mut mesh, ids[at * 25], 0, 1));
        tick(&mut mesh, step, Budget::messages(10));
    }
    assert!(heard(&mesh, ids[0]).iter().all(|heard| heard.0 == 0));
}

#[test]
fn the_oldest_message_that_waits_is_reported() {
    let (mut mesh, ids) = eight_shards(1, 8);
    send(&mut mesh, ids[0], 0, 3);
    for step in 0..5 {
        let report = tick(&mut mesh, step * 10, Budget::messages(0));
        assert_eq!(report.oldest.unwrap().as_millis(), step as u128 * 10);
    }
    assert_eq!(tick(&mut mesh, 50, Budget::unlimited()).oldest, None);
}
