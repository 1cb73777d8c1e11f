//! What a message costs in a running mesh: forwarded, broadcast, asked, sent from outside; and a tick without any.
//!
//! Agents change their state on each message, as in `benches/peers`, where the same is run against other crates.
#![expect(clippy::expect_used, reason = "a bench")]

use std::hint::black_box;
use std::num::NonZeroU32;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use xrmesh::{
    Agent, AgentId, Batch, Budget, Config, Context, Envelope, Fault, INLINE_BYTES, Kind, Mesh,
    Message, Priority, Target, Time,
};

const KIND: Kind = Kind::user(1);

/// Messages that a host sends before it ticks.
const SENT: usize = 1_024;

/// Sends each message on to a random agent.
struct Forwarder {
    random: u64,
    sum: u64,
    agents: u32,
    generation: NonZeroU32,
    priorities: bool,
}

impl Agent for Forwarder {
    #[inline]
    fn on_message(
        &mut self,
        context: &mut Context<'_>,
        envelope: &Envelope<'_>,
    ) -> Result<(), Fault> {
        self.sum = mixed(self.sum, envelope.bytes());
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        let slot = ((self.random >> 32) * u64::from(self.agents)) >> 32;
        let mut bytes = [0; INLINE_BYTES];
        bytes[..8].copy_from_slice(&self.sum.to_le_bytes());
        let mut message = Message::new(KIND).bytes(&bytes);
        if self.priorities
            && let Ok(priority) = Priority::new(1 + self.random as u8 % 10)
        {
            message = message.priority(priority);
        }
        context.send(AgentId::new(slot as u32, self.generation), message)?;
        Ok(())
    }
}

fn mixed(sum: u64, bytes: &[u8]) -> u64 {
    let words = bytes.chunks_exact(8).filter_map(|word| word.try_into().ok());
    words.map(u64::from_le_bytes).fold(sum, |sum, word| sum.rotate_left(5) ^ word)
}

/// Takes each message in.
struct Receiver(u64);

impl Agent for Receiver {
    #[inline]
    fn on_message(&mut self, _: &mut Context<'_>, envelope: &Envelope<'_>) -> Result<(), Fault> {
        self.0 = mixed(self.0, envelope.bytes());
        Ok(())
    }
}

/// Asks again as soon as it has its answer.
struct Asker(AgentId);

impl Asker {
    fn ask(&self, context: &mut Context<'_>) -> Result<(), Fault> {
        context.ask(self.0, Message::new(KIND).bytes(&[1; 8]), Duration::from_secs(3_600))?;
        Ok(())
    }
}

impl Agent for Asker {
    fn on_start(&mut self, context: &mut Context<'_>) -> Result<(), Fault> {
        self.ask(context)
    }

    fn on_message(&mut self, context: &mut Context<'_>, _: &Envelope<'_>) -> Result<(), Fault> {
        self.ask(context)
    }
}

struct Answerer;

impl Agent for Answerer {
    fn on_message(
        &mut self,
        context: &mut Context<'_>,
        envelope: &Envelope<'_>,
    ) -> Result<(), Fault> {
        context.reply(envelope, Message::new(KIND).bytes(&[2; 8]))?;
        Ok(())
    }
}

/// A mesh and its time.
struct Session {
    mesh: Mesh,
    now_ns: i64,
}

impl Session {
    fn new(agents: u32, workers: u32, change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config::default();
        config.mesh.max_agents = agents;
        config.processing.max_workers = workers;
        config.limits.outbox_capacity = 1 << 20;
        change(&mut config);
        Self { mesh: Mesh::new(config).expect("a valid configuration"), now_ns: 0 }
    }

    fn tick(&mut self) -> u64 {
        self.now_ns += 1;
        let now = Time::from_nanos(self.now_ns);
        self.mesh.tick(now, Budget::unlimited()).expect("time goes on").delivered
    }

    /// Forwarders with `in_flight` messages among them.
    fn forwarding(mut self, agents: u32, in_flight: u32, priorities: bool) -> Self {
        let generation = self.mesh.config().generation_salt();
        let ids: Vec<_> = (0..agents)
            .map(|index| {
                let random = u64::from(index + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
                let agent = Forwarder { random, sum: 0, agents, generation, priorities };
                self.mesh.spawn(agent).expect("room for an agent")
            })
            .collect();
        // Agents of one type, spawned one after the other, have the slots from 0 on.
        assert!(ids.iter().zip(0..).all(|(&id, slot)| id == AgentId::new(slot, generation)));
        for turn in 0..in_flight {
            let to = ids[turn as usize % ids.len()];
            let message = Message::new(KIND).bytes(&[1; INLINE_BYTES]);
            self.mesh.send(to, message).expect("room for a message");
        }
        self
    }
}

fn forward(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("forward");
    for (agents, in_flight) in [(1_000, 1_000), (1_000, 64_000), (100_000, 100_000)] {
        group.throughput(Throughput::Elements(u64::from(4 * in_flight)));
        for workers in [1, 2] {
            let mut session =
                Session::new(agents, workers, |_| {}).forwarding(agents, in_flight, false);
            let id = BenchmarkId::new(format!("{agents}_agents_{workers}_workers"), in_flight);
            group.bench_function(id, |bencher| bencher.iter(|| black_box(session.tick())));
        }
    }
    group.finish();
}

fn options(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("options");
    group.throughput(Throughput::Elements(4 * 64_000));
    for (name, priorities, explain) in
        [("none", false, 0), ("ten_priorities", true, 0), ("explain", false, 10_000)]
    {
        let mut session = Session::new(1_000, 2, |config| config.limits.explain_capacity = explain)
            .forwarding(1_000, 64_000, priorities);
        group.bench_function(name, |bencher| bencher.iter(|| black_box(session.tick())));
    }
    group.finish();
}

fn broadcast(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("broadcast");
    for agents in [1_000, 100_000] {
        group.throughput(Throughput::Elements(10 * u64::from(agents)));
        let mut session = Session::new(agents, 2, |_| {});
        for _ in 0..agents {
            session.mesh.spawn(Receiver(0)).expect("room for an agent");
        }
        session.tick();
        group.bench_function(BenchmarkId::from_parameter(agents), |bencher| {
            bencher.iter(|| {
                for _ in 0..10 {
                    let message = Message::new(KIND).bytes(&[1; INLINE_BYTES]);
                    session.mesh.send(Target::Everyone, message).expect("room for a message");
                }
                black_box(session.tick())
            });
        });
    }
    group.finish();
}

fn ask(criterion: &mut Criterion) {
    let mut session = Session::new(2, 1, |config| config.processing.rounds_per_tick = 64);
    let answerer = session.mesh.spawn(Answerer).expect("room for an agent");
    session.mesh.spawn(Asker(answerer)).expect("room for an agent");
    session.tick();
    let mut group = criterion.benchmark_group("ask");
    group.throughput(Throughput::Elements(32));
    group.bench_function("32_in_a_tick", |bencher| bencher.iter(|| black_box(session.tick())));
    group.finish();
}

/// Sends and the tick that takes them in, on one thread: the work of both sides without their contention.
fn host(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("host");
    group.throughput(Throughput::Elements(SENT as u64));
    let mut session = Session::new(1, 1, |_| {});
    let sink = session.mesh.spawn(Receiver(0)).expect("room for an agent");
    let handle = session.mesh.handle();
    let mut lane = handle.lane().expect("a lane");
    let message = Message::new(KIND).bytes(&[1; INLINE_BYTES]);
    group.bench_function("direct", |bencher| {
        bencher.iter(|| {
            for _ in 0..SENT {
                session.mesh.send(sink, message).expect("room for a message");
            }
            black_box(session.tick())
        });
    });
    group.bench_function("lane", |bencher| {
        bencher.iter(|| {
            for _ in 0..SENT {
                lane.send(sink, message).expect("room in the lane");
            }
            black_box(session.tick())
        });
    });
    group.bench_function("shared", |bencher| {
        bencher.iter(|| {
            for _ in 0..SENT {
                handle.send(sink, message).expect("room in the queue");
            }
            black_box(session.tick())
        });
    });
    let mut batch = Batch::new();
    group.bench_function("lane_batched", |bencher| {
        bencher.iter(|| {
            for _ in 0..SENT {
                lane.add(&mut batch, sink, message).expect("a small payload");
            }
            lane.send_batch(&mut batch).expect("the mesh is there");
            black_box(session.tick())
        });
    });
    group.finish();
}

fn idle(criterion: &mut Criterion) {
    let mut session = Session::new(100_000, 2, |_| {});
    for _ in 0..100_000 {
        session.mesh.spawn(Receiver(0)).expect("room for an agent");
    }
    session.tick();
    criterion.bench_function("idle_tick_of_100000_agents", |bencher| {
        bencher.iter(|| black_box(session.tick()));
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(1));
    targets = forward, options, broadcast, ask, host, idle
}
criterion_main!(benches);
