//! A tick of a mesh that has warmed up allocates nothing.
#![expect(clippy::unwrap_used, reason = "a test's helpers may fail it")]
#![expect(clippy::disallowed_types, reason = "an allocator cannot use loom's atomics")]

#[path = "support/counting.rs"]
mod counting;

use std::cell::Cell;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use counting::Counting;
use xrmesh::config::OptimizationLevel;
use xrmesh::{
    Agent, AgentId, Budget, Config, Context, Envelope, Fault, Kind, Mesh, Message, Pose, Priority,
    SpawnOptions, Target, Time, Topic, Vec3,
};

static COUNTS: AtomicBool = AtomicBool::new(false);
static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

thread_local! {
    /// Whether this thread runs agents: the harness allocates too, on its own.
    static MINE: Cell<bool> = const { Cell::new(false) };
}

/// Counts what is allocated while it is told to, on all threads that run agents.
fn count() {
    if COUNTS.load(Ordering::Relaxed) && MINE.try_with(Cell::get).unwrap_or(false) {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting(count);

/// One case at a time: the allocator counts for the whole process.
static TURN: Mutex<()> = Mutex::new(());

/// Ticks before and while it is counted.
const WARM: i64 = 600;
const COUNTED: i64 = 50;

/// What an agent does for each message, or in each tick.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Work {
    Forward,
    Priorities,
    Broadcast,
    Topics,
    Near,
    Nearest,
    Linked,
    Pooled,
    Ask,
    Delayed,
    Move,
    Wake,
    /// In every tick one message more than fits, by each of the policies.
    Overflow,
    Expire,
}

struct Worker {
    work: Work,
    next: AgentId,
    turn: u32,
}

impl Worker {
    fn place(&self, context: &Context<'_>) -> Pose {
        let turn = (self.turn + context.id().slot() * 7) % 64;
        Pose::at(Vec3::new((turn % 8) as f32, 0.0, (turn / 8) as f32)).unwrap()
    }
}

impl Agent for Worker {
    fn on_message(
        &mut self,
        context: &mut Context<'_>,
        envelope: &Envelope<'_>,
    ) -> Result<(), Fault> {
        if envelope.is_question() {
            context.reply(envelope, Message::new(Kind::user(3)).bytes(b"an answer"))?;
        } else if self.work == Work::Forward && envelope.kind() == Kind::user(0) {
            context.send(self.next, Message::new(Kind::user(0)).bytes(envelope.bytes()))?;
        }
        Ok(())
    }

    fn on_tick(&mut self, context: &mut Context<'_>) -> Result<(), Fault> {
        MINE.set(true);
        self.turn += 1;
        let (message, now) = (Message::new(Kind::user(1)), context.now());
        let first = context.id().slot() % 64 == self.turn % 64;
        let place = self.place(context).position();
        match self.work {
            Work::Forward => {}
            Work::Priorities => {
                let priority = Priority::new(1 + (self.turn % 10) as u8).unwrap();
                context.send(self.next, message.priority(priority))?;
            }
            Work::Broadcast if first => _ = context.send(Target::Everyone, message)?,
            Work::Topics if first => _ = context.send(Topic::named("news"), message)?,
            Work::Near => _ = context.send(Target::Near { point: place, radius: 0.5 }, message)?,
            Work::Nearest => {
                _ = context.send(Target::Nearest { point: place, count: 3 }, message)?
            }
            Work::Linked => _ = context.send(Target::Linked { hops: 2 }, message)?,
            Work::Pooled => _ = context.send(self.next, message.bytes(&[7; 1024]))?,
            Work::Ask => _ = context.ask(self.next, message, Duration::from_secs(1))?,
            Work::Delayed => {
                let later = now + Duration::from_millis(15);
                context.send_at(later, self.next, message.bytes(&[7; 100]))?;
            }
            Work::Move => context.move_to(self.place(context))?,
            Work::Wake => context.wake_at(now + Duration::from_millis(3))?,
            Work::Overflow => {
                (0..3).try_for_each(|_| context.send(self.next, message).map(|_| ()))?
            }
            Work::Expire => {
                context.send(self.next, message.deadline(now).bytes(&[7; 40]).report())?;
                context.ask(self.next, message, Duration::ZERO)?;
            }
            Work::Broadcast | Work::Topics => {}
        }
        Ok(())
    }

    fn ticks() -> bool {
        true
    }
}

/// Allocations in the last ticks of a mesh whose agents all do that work, and messages delivered.
fn allocations(work: Work, workers: u32) -> (u64, u64) {
    let _turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let mut config = Config::default();
    config.mesh.max_agents = 1024;
    config.processing.max_workers = workers;
    config.mesh.optimization_level = OptimizationLevel::Maximum;
    if work == Work::Overflow {
        config.limits.mailbox_capacity = 2;
    }
    let mut mesh = Mesh::new(config).unwrap();
    let nobody = AgentId::from_bits(1 << 32).unwrap();
    let ids: Vec<AgentId> = (0..512)
        .map(|at| {
            let place = Pose::at(Vec3::new((at % 8) as f32, 0.0, (at / 8 % 8) as f32)).unwrap();
            let options = SpawnOptions::new().pose(place);
            mesh.spawn_with(Worker { work, next: nobody, turn: 0 }, options).unwrap()
        })
        .collect();
    // Each knows another; nobody can be told but by being made again.
    for &id in &ids {
        mesh.despawn(id).unwrap();
    }
    let ids: Vec<AgentId> = ids
        .iter()
        .enumerate()
        .map(|(at, _)| {
            let place = Pose::at(Vec3::new((at % 8) as f32, 0.0, (at / 8 % 8) as f32)).unwrap();
            let old = ids[(at * 37 + 11) % ids.len()];
            let generation = old.generation().checked_add(1).unwrap();
            let next = AgentId::new(old.slot(), generation);
            let options = SpawnOptions::new().pose(place);
            mesh.spawn_with(Worker { work, next, turn: 0 }, options).unwrap()
        })
        .collect();
    for (at, &id) in ids.iter().enumerate() {
        if at % 8 == 0 {
            mesh.subscribe(id, "news", None).unwrap();
        }
        if work == Work::Linked {
            mesh.connect(id, ids[(at + 1) % ids.len()]).unwrap();
        }
        if work == Work::Forward {
            (0..4).for_each(|_| {
                _ = mesh.send(id, Message::new(Kind::user(0)).bytes(b"on and on")).unwrap()
            });
        }
    }
    if work == Work::Move {
        mesh.auto_connect(0.5, 0.25).unwrap();
    }
    let (mut delivered, mut made) = (0, 0);
    for tick in 0..WARM + COUNTED {
        let now = Time::from_nanos(tick * 11_000_000);
        let counted = tick >= WARM;
        COUNTS.store(counted, Ordering::Relaxed);
        let report = mesh.tick(now, Budget::unlimited()).unwrap();
        COUNTS.store(false, Ordering::Relaxed);
        assert!(mesh.counters().balanced());
        if counted {
            delivered += report.delivered;
        }
        made += ALLOCATIONS.swap(0, Ordering::Relaxed);
    }
    // What the harness does on this thread is not counted while other cases run.
    MINE.set(false);
    (made, delivered)
}

fn hold(work: Work, at_least: u64) {
    for workers in [1, 2] {
        let (made, delivered) = allocations(work, workers);
        assert!(delivered >= at_least, "{work:?} delivered {delivered} in {COUNTED} ticks");
        assert_eq!(made, 0, "allocations of {work:?} with {workers} workers in {COUNTED} ticks");
    }
}

#[test]
fn forwarding_allocates_nothing() {
    hold(Work::Forward, 400_000);
}

#[test]
fn ten_priorities_allocate_nothing() {
    hold(Work::Priorities, 25_000);
}

#[test]
fn broadcasts_allocate_nothing() {
    hold(Work::Broadcast, 25_000);
}

#[test]
fn topics_allocate_nothing() {
    hold(Work::Topics, 3_000);
}

#[test]
fn proximity_allocates_nothing() {
    hold(Work::Near, 25_000);
    hold(Work::Nearest, 50_000);
}

#[test]
fn floods_allocate_nothing() {
    hold(Work::Linked, 50_000);
}

#[test]
fn pooled_payloads_allocate_nothing() {
    hold(Work::Pooled, 25_000);
}

#[test]
fn asking_allocates_nothing() {
    hold(Work::Ask, 50_000);
}

#[test]
fn delayed_messages_allocate_nothing() {
    hold(Work::Delayed, 25_000);
}

#[test]
fn moving_all_agents_allocates_nothing() {
    hold(Work::Move, 0);
}

#[test]
fn wakes_allocate_nothing() {
    hold(Work::Wake, 0);
}

#[test]
fn overflow_allocates_nothing() {
    hold(Work::Overflow, 25_000);
}

#[test]
fn deadlines_timeouts_and_notices_allocate_nothing() {
    hold(Work::Expire, 25_000);
}

/// The counter counts: an agent that is spawned is allocated.
#[test]
fn a_spawn_is_seen_to_allocate() {
    let _turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    ALLOCATIONS.store(0, Ordering::Relaxed);
    MINE.set(true);
    COUNTS.store(true, Ordering::Relaxed);
    let boxed = std::hint::black_box(Box::new(7_u64));
    COUNTS.store(false, Ordering::Relaxed);
    MINE.set(false);
    assert!(ALLOCATIONS.swap(0, Ordering::Relaxed) >= 1, "{boxed}");
}
