//! A fault stays where it is: panics, breakers, retries, health and healing, all on mesh time.
#![expect(clippy::unwrap_used, reason = "a test's helpers may fail it")]
#![expect(clippy::panic, reason = "agents that panic are what is tested")]

#[path = "support/quiet.rs"]
mod quiet;
mod support;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use support::{at, config, tick};
use xrmesh::{
    Agent, AgentId, Budget, Config, Context, DropReason, Envelope, FailureKind, Fault,
    HealingAction, Health, HealthCause, Kind, Mailbox, Mesh, Message, Overflow, SpawnOptions,
    Target, Undelivered,
};

const ORDER: Kind = Kind::user(0);
/// What an order's first byte says.
const WORK: u8 = 0;
const FAIL: u8 = 1;
const PANIC: u8 = 2;
/// Sends to the agent that the order names, then panics.
const SEND_AND_PANIC: u8 = 3;
const CURSE: u8 = 4;
/// Sends to the agent that the order names and wants to know what becomes of it.
const REPORT: u8 = 5;

/// Does what it is told, and remembers what it heard: kind, first byte, tick, id.
#[derive(Default)]
struct Puppet {
    heard: Vec<(Kind, u8, u64)>,
    words: Vec<(Undelivered, u64)>,
    sent: Option<xrmesh::EnvelopeId>,
    started: u32,
    cursed: bool,
    /// Counts all that were made.
    made: Option<Arc<Mutex<u32>>>,
}

impl Drop for Puppet {
    fn drop(&mut self) {
        if self.cursed {
            panic!("wanted: a drop panics");
        }
    }
}

impl Agent for Puppet {
    fn on_start(&mut self, _: &mut Context<'_>) -> Result<(), Fault> {
        self.started += 1;
        Ok(())
    }

    fn on_message(
        &mut self,
        context: &mut Context<'_>,
        envelope: &Envelope<'_>,
    ) -> Result<(), Fault> {
        if envelope.kind() == Kind::UNDELIVERED {
            self.words.push((envelope.plain()?, context.tick()));
            return Ok(());
        }
        let bytes = envelope.bytes();
        let order = bytes.first().copied().unwrap_or(WORK);
        let to =
            bytes.get(1..9).and_then(|id| AgentId::from_bits(bytemuck::pod_read_unaligned(id)));
        if order != PANIC {
            self.heard.push((envelope.kind(), order, context.tick()));
        }
        match (order, to) {
            (FAIL, _) => return Err(Fault::new(FailureKind::ProcessingError, "as told")),
            (PANIC, _) => panic!("wanted: as told"),
            (SEND_AND_PANIC, Some(to)) => {
                context.send(to, Message::new(ORDER).bytes(&[WORK]))?;
                panic!("wanted: as told");
            }
            (CURSE, _) => self.cursed = true,
            (REPORT, Some(to)) => {
                self.sent = Some(context.send(to, Message::new(ORDER).report())?);
            }
            _ => {}
        }
        Ok(())
    }
}

fn order(what: u8) -> Vec<u8> {
    vec![what]
}

fn order_about(what: u8, whom: AgentId) -> Vec<u8> {
    let mut bytes = vec![what];
    bytes.extend(whom.to_bits().to_le_bytes());
    bytes
}

fn tell(mesh: &mut Mesh, id: AgentId, bytes: &[u8]) {
    mesh.send(id, Message::new(ORDER).bytes(bytes)).unwrap();
}

fn heard(mesh: &Mesh, id: AgentId) -> usize {
    mesh.with_agent(id, |puppet: &Puppet| puppet.heard.len()).unwrap_or(usize::MAX)
}

fn dropped(mesh: &Mesh, reason: DropReason) -> u64 {
    mesh.counters().dropped(reason)
}

fn mesh(change: impl FnOnce(&mut Config)) -> Mesh {
    quiet::quiet();
    let mut config = config(1000, 1);
    change(&mut config);
    let mut mesh = Mesh::new(config).unwrap();
    mesh.register("puppet", |_| Ok::<_, &str>(Puppet::default())).unwrap();
    mesh
}

/// What 1,000 agents heard, where agent 500 takes part in broadcasts and panics on one if told so.
fn thousand(panics: bool, workers: u32) -> Vec<Vec<(Kind, u8, u64)>> {
    let mut mesh = mesh(|config| config.processing.max_workers = workers);
    let ids: Vec<AgentId> = (0..1000).map(|_| mesh.spawn(Puppet::default()).unwrap()).collect();
    for round in 0..5_i64 {
        for (at, &id) in ids.iter().enumerate() {
            let what = match at {
                500 if round == 2 && panics => SEND_AND_PANIC,
                _ => 9,
            };
            tell(&mut mesh, id, &order_about(what, ids[0]));
        }
        mesh.send(Target::Everyone, Message::new(Kind::user(round as u16))).unwrap();
        tick(&mut mesh, round, Budget::unlimited());
    }
    if !panics {
        // What it sent before it panicked stays sent: the same word from another.
        assert_eq!(mesh.counters().dropped_total(), 0);
    } else {
        // The order, the broadcast behind it, and two of each later.
        assert_eq!(dropped(&mesh, DropReason::Panicked), 2 + 2 * 2);
        assert_eq!(mesh.health(ids[500]), Some(Health::Failed));
    }
    let logs = ids.iter().map(|&id| mesh.with_agent(id, |p: &Puppet| p.heard.clone()));
    logs.map(Option::unwrap_or_default).collect()
}

#[test]
fn a_panic_in_one_of_a_thousand_leaves_the_others_as_without_it() {
    let without = thousand(false, 1);
    for workers in [1, 2] {
        let with = thousand(true, workers);
        for at in (1..1000).filter(|&at| at != 500) {
            assert_eq!(with[at], without[at], "agent {at}");
        }
        // It heard what the one that panicked had sent before, and else the same.
        let mut more = with[0].clone();
        let extra = more.iter().position(|&heard| heard == (ORDER, WORK, 3)).unwrap();
        more.remove(extra);
        let extra = without[0].iter().position(|&heard| heard == (ORDER, WORK, 3));
        assert_eq!((more, extra), (without[0].clone(), None));
    }
}

/// Panics on any broadcast.
struct Mine;

impl Agent for Mine {
    fn on_message(&mut self, _: &mut Context<'_>, _: &Envelope<'_>) -> Result<(), Fault> {
        panic!("wanted: on anything");
    }
}

#[test]
fn a_panic_amid_a_broadcast_drops_that_receiver_alone() {
    for budget in [None, Some(7)] {
        let mut mesh = mesh(|config| config.processing.rounds_per_tick = 1);
        let mines: Vec<AgentId> = (0..20).map(|_| mesh.spawn(Mine).unwrap()).collect();
        let ids: Vec<AgentId> = (0..180).map(|_| mesh.spawn(Puppet::default()).unwrap()).collect();
        mesh.send(Target::Everyone, Message::new(ORDER).bytes(&[WORK])).unwrap();
        let mut now = 0;
        while mesh.counters().pending() > 0 {
            tick(&mut mesh, now, budget.map_or(Budget::unlimited(), Budget::messages));
            now += 1;
        }
        assert!(budget.is_none_or(|budget| now == 200_i64.div_euclid(budget as i64) + 1));
        assert!(ids.iter().all(|&id| heard(&mesh, id) == 1));
        assert_eq!((mesh.counters().delivered(), dropped(&mesh, DropReason::Panicked)), (180, 20));
        assert!(mines.iter().all(|&id| mesh.health(id) == Some(Health::Failed)));
    }
}

#[test]
fn a_registered_agent_is_restarted_at_the_rounds_end_under_its_id() {
    let mut mesh = mesh(|_| {});
    let made = Arc::new(Mutex::new(0));
    let count = Arc::clone(&made);
    mesh.register("counted", move |_| {
        *count.lock().unwrap() += 1;
        let mut puppet = Puppet::default();
        puppet.made = Some(Arc::clone(&count));
        Ok::<_, &str>(puppet)
    })
    .unwrap();
    let id = mesh.spawn_as("counted", &[], SpawnOptions::new()).unwrap();
    let other = mesh.spawn(Puppet::default()).unwrap();
    tell(&mut mesh, id, &order(WORK));
    tick(&mut mesh, 0, Budget::unlimited());
    // Two more in the round of the panic find nobody.
    tell(&mut mesh, id, &order_about(SEND_AND_PANIC, other));
    tell(&mut mesh, id, &order(WORK));
    tell(&mut mesh, id, &order(WORK));
    tick(&mut mesh, 1, Budget::unlimited());
    assert_eq!((dropped(&mesh, DropReason::Panicked), heard(&mesh, other)), (3, 1));
    assert_eq!(
        (*made.lock().unwrap(), mesh.is_alive(id), mesh.health(id)),
        (2, true, Some(Health::Recovering))
    );
    let state = |mesh: &Mesh| {
        mesh.with_agent(id, |p: &Puppet| (p.started, p.heard.len(), p.made.is_some()))
    };
    assert_eq!(state(&mesh), Some((1, 0, true)), "a new one, started once");
    tell(&mut mesh, id, &order(WORK));
    tick(&mut mesh, 2, Budget::unlimited());
    assert_eq!(state(&mesh), Some((1, 1, true)));
    let events: Vec<_> =
        mesh.health_events().map(|e| (e.change.to, e.change.cause, e.action)).collect();
    assert_eq!(
        events,
        [(Health::Recovering, HealthCause::Restarted, Some(HealingAction::Restart))]
    );
}

#[test]
fn without_a_factory_it_has_failed_for_good() {
    let mut mesh = mesh(|_| {});
    let id = mesh.spawn(Puppet::default()).unwrap();
    tell(&mut mesh, id, &order(PANIC));
    for second in 0..100 {
        tick(&mut mesh, second * 1000, Budget::unlimited());
        assert_eq!(mesh.health(id), Some(Health::Failed), "after {second} s");
        assert!(mesh.with_agent(id, |_: &Puppet| ()).is_none());
    }
    tell(&mut mesh, id, &order(WORK));
    mesh.send(Target::Everyone, Message::new(ORDER)).unwrap();
    tick(&mut mesh, 100_000, Budget::unlimited());
    assert_eq!(dropped(&mesh, DropReason::Panicked), 3);
    let causes: Vec<_> = mesh.health_events().map(|e| (e.agent, e.change.cause)).collect();
    assert_eq!(causes, [(id, HealthCause::Lost)]);
    mesh.despawn(id).unwrap();
    let next = mesh.spawn(Puppet::default()).unwrap();
    assert_eq!((next.slot(), mesh.health(next)), (id.slot(), Some(Health::Healthy)));
    tell(&mut mesh, next, &order(WORK));
    tick(&mut mesh, 101_000, Budget::unlimited());
    assert_eq!(heard(&mesh, next), 1);
}

#[test]
fn a_drop_that_panics_is_contained_wherever_it_happens() {
    let mut mesh = mesh(|_| {});
    let ids: Vec<AgentId> = (0..4).map(|_| mesh.spawn(Puppet::default()).unwrap()).collect();
    ids.iter().for_each(|&id| tell(&mut mesh, id, &order(CURSE)));
    tick(&mut mesh, 0, Budget::unlimited());
    tell(&mut mesh, ids[0], &order(PANIC)); // drops it after the panic
    tell(&mut mesh, ids[1], &order(WORK));
    tick(&mut mesh, 1, Budget::unlimited());
    assert_eq!(heard(&mesh, ids[1]), 2);
    mesh.despawn(ids[1]).unwrap();
    mesh.despawn(ids[0]).unwrap();
    tick(&mut mesh, 2, Budget::unlimited());
    mesh.shutdown(); // the other two
}

/// Panics in all handlers but `on_message`, as told when it is made.
struct Elsewhere {
    on_start: bool,
    on_tick: bool,
    on_stop: bool,
}

impl Agent for Elsewhere {
    fn on_message(&mut self, _: &mut Context<'_>, _: &Envelope<'_>) -> Result<(), Fault> {
        Ok(())
    }

    fn on_start(&mut self, _: &mut Context<'_>) -> Result<(), Fault> {
        if self.on_start { panic!("wanted: on start") } else { Ok(()) }
    }

    fn on_tick(&mut self, _: &mut Context<'_>) -> Result<(), Fault> {
        if self.on_tick { panic!("wanted: on tick") } else { Ok(()) }
    }

    fn on_stop(&mut self, _: &mut Context<'_>) {
        if self.on_stop {
            panic!("wanted: on stop");
        }
    }

    fn ticks() -> bool {
        true
    }
}

#[test]
fn panics_in_the_other_handlers_end_that_agent_alone() {
    let mut mesh = mesh(|_| {});
    let some = |on_start, on_tick, on_stop| Elsewhere { on_start, on_tick, on_stop };
    let start = mesh.spawn(some(true, false, false)).unwrap();
    let ticked = mesh.spawn(some(false, true, false)).unwrap();
    let stop = mesh.spawn(some(false, false, true)).unwrap();
    let well = mesh.spawn(some(false, false, false)).unwrap();
    tick(&mut mesh, 0, Budget::unlimited());
    let health = |id| mesh.health(id);
    assert_eq!(
        [start, ticked, stop, well].map(health),
        [Some(Health::Failed), Some(Health::Failed), Some(Health::Healthy), Some(Health::Healthy),]
    );
    mesh.despawn(stop).unwrap();
    mesh.send(Target::Everyone, Message::new(ORDER)).unwrap();
    let report = tick(&mut mesh, 1, Budget::unlimited());
    assert_eq!((report.delivered, report.dropped, mesh.agents()), (1, 2, 3));
}

#[test]
fn five_failures_open_the_breaker_and_three_probes_close_it_thirty_seconds_later() {
    let mut mesh = mesh(|_| {});
    let id = mesh.spawn(Puppet::default()).unwrap();
    let mut now = 1_000;
    let mut told = |mesh: &mut Mesh, what: u8, after_ms: i64| {
        now += after_ms;
        tell(mesh, id, &order(what));
        let report = tick(mesh, now, Budget::unlimited());
        report.delivered == 1
    };
    for _ in 0..4 {
        assert!(told(&mut mesh, FAIL, 1));
    }
    assert!(told(&mut mesh, WORK, 1), "four failures do not open it");
    assert!(told(&mut mesh, FAIL, 1));
    // Open.
    assert!(!told(&mut mesh, WORK, 1));
    assert_eq!(dropped(&mesh, DropReason::Tripped), 1);
    assert!(!told(&mut mesh, WORK, 29_998));
    assert!(told(&mut mesh, WORK, 1), "thirty seconds after the fifth failure");
    assert!(told(&mut mesh, WORK, 0));
    assert!(told(&mut mesh, FAIL, 0), "the third probe fails: open again");
    assert!(!told(&mut mesh, WORK, 29_999));
    for _ in 0..3 {
        assert!(told(&mut mesh, WORK, 1));
    }
    // Closed, and the past forgotten: four failures more do not open it.
    for _ in 0..4 {
        assert!(told(&mut mesh, FAIL, 1));
    }
    assert!(told(&mut mesh, WORK, 1));
    assert_eq!(dropped(&mesh, DropReason::Tripped), 3);
}

/// Opens the breaker of a puppet.
fn trip(mesh: &mut Mesh, id: AgentId, now: i64) {
    (0..5).for_each(|_| tell(mesh, id, &order(FAIL)));
    tick(mesh, now, Budget::unlimited());
}

#[test]
fn a_retry_is_tried_three_times_with_growing_pauses() {
    let mut mesh = mesh(|config| config.processing.rounds_per_tick = 1);
    let id = mesh.spawn(Puppet::default()).unwrap();
    trip(&mut mesh, id, 0);
    mesh.send(id, Message::new(ORDER).retry()).unwrap();
    let mut ended = None;
    for step in 1..300 {
        let report = tick(&mut mesh, step, Budget::unlimited());
        if report.pending == 0 {
            ended = Some(step);
            break;
        }
    }
    // 50 ms and 100 ms, each less up to a quarter by chance; each due in the tick at or after it.
    let ended = ended.unwrap();
    assert!((113..=153).contains(&ended), "after {ended} ms");
    assert_eq!(dropped(&mesh, DropReason::RetriesExhausted), 1);
    assert_eq!(dropped(&mesh, DropReason::Tripped), 0);
}

/// Remembers the ids and times of what it hears, and fails until it is told not to.
#[derive(Default)]
struct Stamps(Vec<(xrmesh::EnvelopeId, xrmesh::Time)>, u32);

impl Agent for Stamps {
    fn on_message(&mut self, _: &mut Context<'_>, envelope: &Envelope<'_>) -> Result<(), Fault> {
        self.1 += 1;
        if self.1 <= 5 {
            return Err(Fault::new(FailureKind::ProcessingError, "at first"));
        }
        self.0.push((envelope.id(), envelope.sent_at()));
        Ok(())
    }
}

#[test]
fn a_retry_that_succeeds_keeps_its_id_and_its_time() {
    let mut mesh = mesh(|config| config.reliability.breaker.open = Duration::from_millis(60));
    let id = mesh.spawn(Stamps::default()).unwrap();
    (0..5).for_each(|_| _ = mesh.send(id, Message::new(ORDER)).unwrap());
    tick(&mut mesh, 5, Budget::unlimited());
    let sent = mesh.send(id, Message::new(ORDER).retry()).unwrap();
    for step in 6..400 {
        tick(&mut mesh, step, Budget::unlimited());
    }
    let stamps = mesh.with_agent(id, |stamps: &Stamps| stamps.0.clone()).unwrap();
    assert_eq!(stamps, [(sent, at(5))]);
    assert_eq!((mesh.counters().pending(), mesh.counters().dropped_total()), (0, 0));
}

#[test]
fn who_asked_gets_word_of_a_drop_in_the_next_round() {
    let mut mesh = mesh(|config| config.processing.rounds_per_tick = 1);
    let sender = mesh.spawn(Puppet::default()).unwrap();
    let gone = mesh.spawn(Puppet::default()).unwrap();
    mesh.despawn(gone).unwrap();
    tell(&mut mesh, sender, &order_about(REPORT, gone));
    // It sends in tick 1, the message is dropped in tick 2, word comes in tick 3.
    (0..3).for_each(|now| _ = tick(&mut mesh, now, Budget::unlimited()));
    let (sent, words) = mesh.with_agent(sender, |p: &Puppet| (p.sent, p.words.clone())).unwrap();
    let (word, when) = words[0];
    assert_eq!((Some(word.id()), word.reason(), when), (sent, Some(DropReason::Despawned), 3));
    assert_eq!(words.len(), 1);
}

/// Sends to a group that is empty, and to a broadcast's receivers that go meanwhile.
struct Caller(Vec<Option<DropReason>>);

impl Agent for Caller {
    fn on_message(
        &mut self,
        context: &mut Context<'_>,
        envelope: &Envelope<'_>,
    ) -> Result<(), Fault> {
        if envelope.kind() == Kind::UNDELIVERED {
            self.0.push(envelope.plain::<Undelivered>()?.reason());
        } else {
            let message = Message::new(ORDER).report();
            context.send(xrmesh::Topic::named("nobody"), message)?;
            let all: Vec<AgentId> = (0..64)
                .filter_map(|slot| {
                    let bits = context.id().to_bits() & !0xffff_ffff | slot;
                    AgentId::from_bits(bits)
                        .filter(|&id| context.is_alive(id) && id != context.id())
                })
                .collect();
            context.send(Target::Everyone, message)?;
            for id in all {
                context.despawn(id)?;
            }
        }
        Ok(())
    }
}

#[test]
fn word_comes_also_of_messages_to_nobody_and_of_a_broadcasts_lost_receivers() {
    let mut mesh = mesh(|_| {});
    let caller = mesh.spawn(Caller(Vec::new())).unwrap();
    for _ in 0..3 {
        mesh.spawn(Caller(Vec::new())).unwrap();
    }
    mesh.send(caller, Message::new(ORDER)).unwrap();
    tick(&mut mesh, 0, Budget::unlimited());
    let mut reasons = mesh.with_agent(caller, |caller: &Caller| caller.0.clone()).unwrap();
    reasons.sort_unstable();
    let gone = Some(DropReason::Despawned);
    assert_eq!(reasons, [Some(DropReason::NoReceiver), gone, gone, gone]);
}

/// One tick in which a puppet works `works` times and fails `fails` times, the failures first.
fn workload(mesh: &mut Mesh, id: AgentId, fails: usize, works: usize, now: i64) {
    (0..fails).for_each(|_| tell(mesh, id, &order(FAIL)));
    (0..works).for_each(|_| tell(mesh, id, &order(WORK)));
    tick(mesh, now, Budget::unlimited());
}

/// The states that an agent goes through until `seconds`, and what was done.
fn course(mesh: &mut Mesh, from_ms: i64, seconds: i64) -> Vec<(Health, Option<HealingAction>)> {
    for second in 0..seconds {
        tick(mesh, from_ms + second * 1000, Budget::unlimited());
    }
    mesh.health_events().map(|event| (event.change.to, event.action)).collect()
}

#[test]
fn health_follows_the_share_of_failures_and_heals_by_its_table() {
    let tolerant = |config: &mut Config| config.reliability.circuit_breaker_threshold = 255;
    let restart = Some(HealingAction::Restart);
    let quarantine = Some(HealingAction::Quarantine);
    // 4 % are no trouble; 5 % degrade; 25 % are critical; 75 % have failed.
    let healthy = [(Health::Recovering, None), (Health::Healthy, None)];
    let cases = [
        (4, 96, true, vec![]),
        (5, 95, true, vec![(Health::Degraded, None), (Health::Healthy, None)]),
        (24, 76, true, vec![(Health::Degraded, None), (Health::Healthy, None)]),
        (25, 75, true, [&[(Health::Critical, restart)][..], &healthy].concat()),
        (74, 26, true, [&[(Health::Critical, restart)][..], &healthy].concat()),
        (75, 25, true, [&[(Health::Failed, restart)][..], &healthy].concat()),
        // Without a factory it is set apart instead, and comes back when it is calm.
        (25, 75, false, [&[(Health::Critical, quarantine)][..], &healthy].concat()),
        (75, 25, false, [&[(Health::Failed, quarantine)][..], &healthy].concat()),
        // Fifteen messages are no evidence.
        (15, 0, true, vec![]),
        (16, 0, true, [&[(Health::Failed, restart)][..], &healthy].concat()),
    ];
    for (fails, works, factory, expected) in cases {
        let mut mesh = mesh(tolerant);
        let id = match factory {
            true => mesh.spawn_as("puppet", &[], SpawnOptions::new()).unwrap(),
            false => mesh.spawn(Puppet::default()).unwrap(),
        };
        workload(&mut mesh, id, fails, works, 0);
        let course = course(&mut mesh, 1000, 60);
        assert_eq!(course, expected, "{fails} of {} failed", fails + works);
    }
}

#[test]
fn the_quarantined_get_nothing_until_they_are_released() {
    let mut mesh = mesh(|_| {});
    let id = mesh.spawn(Puppet::default()).unwrap();
    mesh.quarantine(id, true).unwrap();
    workload(&mut mesh, id, 0, 3, 0);
    assert_eq!((heard(&mesh, id), dropped(&mesh, DropReason::Quarantined)), (0, 3));
    mesh.send(Target::Everyone, Message::new(ORDER)).unwrap();
    tick(&mut mesh, 60_000, Budget::unlimited());
    assert_eq!(dropped(&mesh, DropReason::Quarantined), 4);
    mesh.quarantine(id, false).unwrap();
    assert_eq!(mesh.health(id), Some(Health::Recovering));
    workload(&mut mesh, id, 0, 3, 60_001);
    assert_eq!((heard(&mesh, id), dropped(&mesh, DropReason::Quarantined)), (3, 4));
}

#[test]
fn an_overflowing_mailbox_is_reset_when_it_is_critical() {
    let mut mesh = mesh(|_| {});
    let small = Mailbox { capacity: 8, overflow: Overflow::RejectNew };
    let id = mesh.spawn_with(Puppet::default(), SpawnOptions::new().mailbox(small)).unwrap();
    (0..30).for_each(|_| tell(&mut mesh, id, &order(WORK)));
    tick(&mut mesh, 0, Budget::messages(0));
    assert_eq!((mesh.counters().pending(), dropped(&mesh, DropReason::MailboxFull)), (8, 22));
    tick(&mut mesh, 1000, Budget::messages(0));
    assert_eq!((mesh.counters().pending(), dropped(&mesh, DropReason::MailboxReset)), (0, 8));
    let event = mesh.health_events().next().unwrap();
    assert_eq!(
        (event.change.to, event.action),
        (Health::Critical, Some(HealingAction::ResetMailbox))
    );
}

#[test]
fn messages_that_come_late_count_once_each_also_of_broadcasts() {
    for everyone in [false, true] {
        for (late, expected) in
            [(9, None), (10, Some(Health::Degraded)), (50, Some(Health::Critical))]
        {
            let mut mesh = mesh(|_| {});
            let id = mesh.spawn(Puppet::default()).unwrap();
            for _ in 0..late {
                match everyone {
                    true => _ = mesh.send(Target::Everyone, Message::new(ORDER)).unwrap(),
                    false => tell(&mut mesh, id, &order(WORK)),
                }
            }
            tick(&mut mesh, 0, Budget::messages(0));
            tick(&mut mesh, 101, Budget::unlimited()); // later than late_after, 0.1 s
            workload(&mut mesh, id, 0, 100 - late, 102);
            tick(&mut mesh, 1500, Budget::unlimited());
            let found = mesh.health_events().next().map(|event| event.change.to);
            assert_eq!(found, expected, "{late} of 100 late, to everyone: {everyone}");
        }
    }
}

#[test]
fn questions_time_out_and_late_answers_are_dropped() {
    /// Asks when told, answers after a delay.
    #[derive(Default)]
    struct Asker {
        asked: Option<xrmesh::AskId>,
        got: Vec<(Kind, Option<xrmesh::AskId>)>,
    }
    impl Agent for Asker {
        fn on_message(
            &mut self,
            context: &mut Context<'_>,
            envelope: &Envelope<'_>,
        ) -> Result<(), Fault> {
            if envelope.answer_to().is_some() {
                self.got.push((envelope.kind(), envelope.answer_to()));
            } else if envelope.is_question() {
                if envelope.bytes().is_empty() {
                    context.reply(envelope, Message::new(Kind::user(7)))?;
                }
            } else if let Ok(bits) = envelope.plain::<u64>() {
                let to = AgentId::from_bits(bits).unwrap();
                self.asked =
                    Some(context.ask(to, Message::new(ORDER), Duration::from_millis(20))?);
            }
            Ok(())
        }
    }
    let mut mesh = mesh(|_| {});
    let (asker, other) =
        (mesh.spawn(Asker::default()).unwrap(), mesh.spawn(Asker::default()).unwrap());
    let ask = |mesh: &mut Mesh, whom: AgentId| {
        mesh.send(asker, Message::new(ORDER).plain(&whom.to_bits())).unwrap();
    };
    let state = |mesh: &Mesh| mesh.with_agent(asker, |a: &Asker| (a.asked, a.got.clone())).unwrap();
    ask(&mut mesh, other);
    tick(&mut mesh, 0, Budget::unlimited());
    let (first, got) = state(&mesh);
    assert_eq!(got, [(Kind::user(7), first)], "question and answer meet in one tick");
    // The question waits beyond its time; then its answer is late.
    mesh.quarantine(other, true).unwrap();
    ask(&mut mesh, other);
    tick(&mut mesh, 10, Budget::unlimited());
    tick(&mut mesh, 29, Budget::unlimited());
    assert_eq!(state(&mesh).1.len(), 1);
    tick(&mut mesh, 30, Budget::unlimited());
    let (second, got) = state(&mesh);
    assert_eq!(got[1..], [(Kind::TIMED_OUT, second)]);
    mesh.quarantine(other, false).unwrap();
    ask(&mut mesh, other);
    mesh.tick(at(40), Budget::messages(1)).unwrap(); // asks
    mesh.tick(at(50), Budget::messages(1)).unwrap(); // is asked and answers
    tick(&mut mesh, 60, Budget::messages(0)); // too late
    tick(&mut mesh, 61, Budget::unlimited());
    let (third, got) = state(&mesh);
    assert_eq!(got[2..], [(Kind::TIMED_OUT, third)]);
    assert_eq!(dropped(&mesh, DropReason::LateAnswer), 1);
}
