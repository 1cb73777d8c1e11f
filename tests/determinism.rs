//! The same inputs give the same state hash after every tick, on any number of workers.
//!
//! 200 ticks a run; `XRMESH_LONG=1` runs the whole 10,000.
#![expect(clippy::unwrap_used, reason = "a test's helpers may fail it")]
#![expect(clippy::panic, reason = "agents that panic are part of the program")]

#[path = "support/quiet.rs"]
mod quiet;
mod support;

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::time::Duration;

use support::{at, config};
use xrmesh::config::OptimizationLevel;
use xrmesh::{
    Agent, AgentId, Budget, Context, Envelope, FailureKind, Fault, Health, Kind, Mailbox, Mesh,
    Message, Overflow, Pose, Priority, Region, SpawnOptions, StateHasher, Target, Topic, Vec3,
    space::Sphere,
};

const AGENTS: u32 = 2_000;
const TOPICS: [&str; 4] = ["north", "east", "south", "west"];

/// Names of the threads on which handlers ran.
static THREADS: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// An agent that does a bit of everything, as its random numbers say.
struct Walker {
    heard: u64,
    sum: u64,
    /// The agent that it heard of last.
    met: Option<AgentId>,
}

impl Walker {
    fn new() -> Self {
        Self { heard: 0, sum: 0, met: None }
    }
}

fn place(random: u32) -> Pose {
    let coordinate = |bits: u32| (bits & 0xff) as f32 * 0.5;
    Pose::at(Vec3::new(coordinate(random), coordinate(random >> 8), 0.0)).unwrap()
}

fn options(random: u32) -> SpawnOptions {
    let options = SpawnOptions::new();
    match random & 7 {
        0 => options,
        1 => options.mailbox(Mailbox { capacity: 2, overflow: Overflow::DropOldest }),
        2 => options
            .pose(place(random >> 3))
            .mailbox(Mailbox { capacity: 3, overflow: Overflow::DropLeastUrgent }),
        _ => options.pose(place(random >> 3)),
    }
}

impl Agent for Walker {
    fn on_message(
        &mut self,
        context: &mut Context<'_>,
        envelope: &Envelope<'_>,
    ) -> Result<(), Fault> {
        self.heard += 1;
        let id = envelope.id().to_bits();
        self.sum = self.sum.rotate_left(7) ^ id ^ envelope.bytes().len() as u64;
        self.met = envelope.from().or(self.met);
        if envelope.is_question() {
            context.reply(envelope, Message::new(Kind::user(2)).bytes(&self.sum.to_le_bytes()))?;
        }
        if self.heard % 4096 == 9 {
            panic!("wanted: a handler panics");
        }
        if self.heard.is_multiple_of(257) {
            return Err(Fault::new(FailureKind::ProcessingError, "now and then"));
        }
        if self.heard.is_multiple_of(3) && envelope.hops() > 97 && envelope.kind() == Kind::user(0)
        {
            let to = self.met.unwrap_or(context.id());
            context.forward(envelope, to)?;
        }
        Ok(())
    }

    fn on_tick(&mut self, context: &mut Context<'_>) -> Result<(), Fault> {
        if context.id().slot().is_multiple_of(64) {
            THREADS.lock().unwrap().insert(std::thread::current().name().unwrap_or("").to_owned());
        }
        let (me, now, mut random) = (context.id(), context.now(), context.random());
        let priority = Priority::new(1 + (random.next_u32() % 10) as u8).unwrap();
        let message = Message::new(Kind::user(0)).priority(priority);
        let bytes = [random.next_u32() as u8; 200];
        let to = self.met.unwrap_or(me);
        let topic = TOPICS[random.next_u32() as usize % 4];
        match random.next_u32() % 4096 {
            0 => _ = context.send(Target::Everyone, message)?,
            1..=20 => _ = context.send(Topic::named(topic), message.bytes(&bytes))?,
            21..=200 => {
                let point = place(random.next_u32()).position();
                context.send(Target::Near { point, radius: 4.0 }, message)?;
            }
            201..=400 => {
                let point = place(random.next_u32()).position();
                context.send(Target::Nearest { point, count: 3 }, message.bytes(&bytes))?;
            }
            401..=600 => _ = context.send(Target::Linked { hops: 2 }, message)?,
            601..=800 => _ = context.ask(to, message, Duration::from_millis(30))?,
            801..=1000 => _ = context.send_at(now + Duration::from_millis(50), to, message)?,
            1001..=1200 => _ = context.send(to, message.retry().report())?,
            1201..=1300 => context.subscribe(topic, region(random.next_u32()))?,
            1301..=1350 => context.unsubscribe(Topic::named(topic))?,
            1351..=1370 => drop(context.spawn(Walker::new(), options(random.next_u32()))),
            1371..=1390 => context.despawn(me)?,
            1391..=1450 if to != me && context.is_alive(to) => context.connect(to)?,
            1451..=1500 => context.wake_at(now + Duration::from_millis(25))?,
            1501..=2000 => context.move_to(place(random.next_u32()))?,
            _ => _ = context.send(to, message.bytes(&self.sum.to_le_bytes()))?,
        }
        Ok(())
    }

    fn hash_state(&self, hasher: &mut StateHasher) {
        hasher.u64(self.heard);
        hasher.u64(self.sum);
        hasher.u64(self.met.map_or(0, AgentId::to_bits));
    }

    fn ticks() -> bool {
        true
    }
}

fn region(random: u32) -> Option<Region> {
    let sphere = || Region::Sphere(Sphere::new(place(random).position(), 20.0).unwrap());
    (random & 1 == 0).then(sphere)
}

/// The state hash after each tick.
fn hashes(workers: u32, ticks: u64, budget: Option<u64>) -> Vec<u64> {
    quiet::quiet();
    let mut config = config(8_192, workers);
    config.mesh.optimization_level = OptimizationLevel::Maximum;
    config.mesh.seed = 7;
    // Bounds what is hashed in each tick.
    config.limits.mailbox_capacity = 8;
    // Those that panic too often come back soon, so that the program goes on.
    config.reliability.breaker.open = Duration::from_millis(20);
    config.mesh.health_check_interval = Duration::from_millis(20);
    let mut mesh = Mesh::new(config).unwrap();
    mesh.register("walker", |_| Ok::<_, &str>(Walker::new())).unwrap();
    for number in 0..AGENTS {
        mesh.spawn_as("walker", &[], options(number.wrapping_mul(0x9e37_79b9))).unwrap();
    }
    let ids: Vec<AgentId> = mesh.agent_ids().collect();
    for (at, &id) in ids.iter().enumerate() {
        mesh.send(ids[at * 7 % ids.len()], Message::new(Kind::user(1))).unwrap();
        if at % 10 == 0 {
            mesh.subscribe(id, TOPICS[at / 10 % 4], region(at as u32 * 977)).unwrap();
        }
    }
    mesh.auto_connect(1.0, 0.5).unwrap();
    let mut hashes = Vec::new();
    for tick in 0..ticks {
        let allowance = budget.map_or(Budget::unlimited(), Budget::messages);
        support::tick(&mut mesh, 11 * tick as i64, allowance);
        // Those that nothing brings back make room for others, or the program would die out.
        let dead: Vec<_> =
            mesh.agent_ids().filter(|&id| mesh.health(id) == Some(Health::Failed)).collect();
        dead.into_iter().for_each(|id| mesh.despawn(id).unwrap());
        for number in mesh.agents()..AGENTS {
            mesh.spawn_as("walker", &[], options(number ^ tick as u32)).unwrap();
        }
        if tick % 5 == 0 && mesh.agents() < 2_500 {
            mesh.spawn_as("walker", &[], options(tick as u32)).unwrap();
            mesh.send(Target::Everyone, Message::new(Kind::user(3))).unwrap();
        }
        hashes.push(mesh.state_hash());
    }
    let counters = mesh.counters();
    assert!(counters.balanced(), "{counters:?}");
    // Busy enough to mean something, though many of these agents panic.
    assert!(counters.delivered() > ticks * 500, "{counters:?}");
    hashes
}

fn ticks() -> u64 {
    if std::env::var_os("XRMESH_LONG").is_some() { 10_000 } else { 200 }
}

fn compare(budget: Option<u64>) {
    let one = hashes(1, ticks(), budget);
    assert!(one.windows(2).all(|pair| pair[0] != pair[1]), "every tick changes the state");
    for workers in [2, 4, 8] {
        let many = hashes(workers, ticks(), budget);
        let differs = one.iter().zip(&many).position(|(one, many)| one != many);
        assert_eq!(
            differs,
            None,
            "the first tick, of {}, that differs on {workers} workers",
            one.len()
        );
        assert!(THREADS.lock().unwrap().contains("xrmesh-1"), "nothing ran on a second thread");
    }
}

#[test]
fn one_two_four_and_eight_workers_give_the_same_state_at_every_tick() {
    compare(None);
}

#[test]
fn budgets_of_messages_cut_at_the_same_places_on_any_number_of_workers() {
    compare(Some(1_500));
}

/// The hash sees what it should: one more message, another priority, another pose.
#[test]
fn the_hash_tells_states_apart() {
    let hash = |change: &dyn Fn(&mut Mesh, AgentId)| {
        let mut mesh = Mesh::new(config(100, 1)).unwrap();
        let id = mesh.spawn_with(Walker::new(), options(3)).unwrap();
        change(&mut mesh, id);
        support::tick(&mut mesh, 0, Budget::messages(0));
        mesh.state_hash()
    };
    let message = Message::new(Kind::user(1));
    let sent = |message: Message<'_>| hash(&|mesh, id| _ = mesh.send(id, message).unwrap());
    let hashes = [
        hash(&|_, _| {}),
        sent(message),
        sent(message.priority(Priority::MOST_URGENT)),
        sent(message.bytes(&[1])),
        sent(message.deadline(at(900))),
        hash(&|mesh, id| mesh.move_to(id, place(77)).unwrap()),
        hash(&|mesh, id| _ = mesh.subscribe(id, "north", None).unwrap()),
        hash(&|mesh, id| _ = mesh.subscribe(id, "north", region(0)).unwrap()),
        hash(&|mesh, id| mesh.quarantine(id, true).unwrap()),
        hash(&|mesh, _| _ = mesh.spawn(Walker::new()).unwrap()),
    ];
    let distinct: BTreeSet<u64> = hashes.into_iter().collect();
    assert_eq!(distinct.len(), hashes.len(), "{hashes:x?}");
}
