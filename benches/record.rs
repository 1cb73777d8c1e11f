//! What it costs to record a session, as time of a tick: ticks in which agents forward messages to
//! each other, and ticks in which the host sends as many through a lane.
//!
//! Cases of one group are the same session without a recording, with one whose state hashes are rare,
//! and with a hash in each tick, which is the default. The recording goes to nowhere: a disk is not
//! what is measured.
#![expect(clippy::expect_used, reason = "a bench may end where it fails")]

use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

use xrmesh::config::{Config, LimitsConfig, MeshConfig};
use xrmesh::{
    Agent, AgentId, Budget, Context, Envelope, Fault, Kind, Mesh, Message, RecordOptions,
    SpawnOptions, StateHasher, Time,
};

const AGENTS: u64 = 10_000;
const MESSAGES: u64 = 10_000;
const WORD: Kind = Kind::user(0);
/// Whom an agent knows.
const PEERS: Kind = Kind::user(1);

/// Passes what it gets on to an agent that follows from it.
struct Link {
    sum: u64,
    ids: Vec<u64>,
}

impl Agent for Link {
    fn on_message(
        &mut self,
        context: &mut Context<'_>,
        envelope: &Envelope<'_>,
    ) -> Result<(), Fault> {
        if envelope.kind() == PEERS {
            let ids = envelope.bytes().chunks_exact(8).filter_map(|id| id.try_into().ok());
            self.ids = ids.map(u64::from_le_bytes).collect();
            return Ok(());
        }
        let word: u64 = envelope.plain()?;
        self.sum = self.sum.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(word);
        if !self.ids.is_empty() {
            let to = self.ids[(self.sum >> 32) as usize % self.ids.len()];
            if let Some(to) = AgentId::from_bits(to) {
                context.send(to, Message::new(WORD).plain(&self.sum))?;
            }
        }
        Ok(())
    }

    fn hash_state(&self, hasher: &mut StateHasher) {
        hasher.u64(self.sum);
    }
}

/// A mesh of so many agents, each of which knows eight others if they are to talk.
fn mesh(options: Option<RecordOptions>, talk: bool) -> (Mesh, Vec<AgentId>) {
    let mut mesh = Mesh::new(Config {
        mesh: MeshConfig { max_agents: AGENTS as u32, ..MeshConfig::default() },
        limits: LimitsConfig { lane_capacity: 1 << 14, ..LimitsConfig::default() },
        ..Config::default()
    })
    .expect("a mesh");
    mesh.register("link", |_| Ok::<_, Fault>(Link { sum: 0, ids: Vec::new() }))
        .expect("a free name");
    if let Some(options) = options {
        mesh.record_to(Box::new(std::io::sink()), options).expect("an empty mesh");
    }
    let spawn = |_| mesh.spawn_as("link", b"", SpawnOptions::new()).expect("a place");
    let ids: Vec<AgentId> = (0..AGENTS).map(spawn).collect();
    for (number, &id) in ids.iter().enumerate().filter(|_| talk) {
        let peer = |other: usize| ids[(number * 7 + other * 1_237) % ids.len()];
        let peers: Vec<u8> = (1..9).flat_map(|other| peer(other).to_bits().to_le_bytes()).collect();
        mesh.send(id, Message::new(PEERS).bytes(&peers)).expect("room");
    }
    mesh.tick(Time::ZERO, Budget::unlimited()).expect("the first");
    (mesh, ids)
}

fn bench(criterion: &mut Criterion) {
    let rare = RecordOptions { hash_every: 90, ..RecordOptions::default() };
    let cases = [
        ("off", None),
        ("hash_every_90", Some(rare)),
        ("hash_every_1", Some(RecordOptions::default())),
    ];
    let mut group = criterion.benchmark_group("record/agents_talk");
    group.throughput(Throughput::Elements(4 * MESSAGES));
    for (name, options) in cases {
        let (mut mesh, ids) = mesh(options, true);
        for number in 0..MESSAGES {
            let to = ids[(number * 31) as usize % ids.len()];
            mesh.send(to, Message::new(WORD).plain(&number)).expect("room");
        }
        let mut now = 0;
        group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
            bencher.iter(|| {
                now += 11_111_111;
                mesh.tick(Time::from_nanos(now), Budget::unlimited()).expect("a later time")
            });
        });
    }
    group.finish();
    let mut group = criterion.benchmark_group("record/host_sends");
    group.throughput(Throughput::Elements(MESSAGES));
    for (name, options) in cases {
        let (mut mesh, ids) = mesh(options, false);
        let mut lane = mesh.handle().lane().expect("a lane");
        let mut now = 0;
        group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
            bencher.iter(|| {
                now += 11_111_111;
                for number in 0..MESSAGES {
                    let to = ids[(number * 31) as usize % ids.len()];
                    lane.send(to, Message::new(WORD).plain(&number)).expect("room");
                }
                mesh.tick(Time::from_nanos(now), Budget::unlimited()).expect("a later time")
            });
        });
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1));
    targets = bench
}
criterion_main!(benches);
