//! Agents that do what the registry can do again, and sessions of them that are recorded.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use xrmesh::config::{Config, LimitsConfig, MeshConfig, ProcessingConfig};
use xrmesh::space::Sphere;
use xrmesh::{
    Agent, AgentId, Budget, Clock, Context, Envelope, FailureKind, Fault, Kind, Mesh, Message,
    Pose, Priority, RecordOptions, RegisterError, Replay, SpawnOptions, StateHasher, Target,
    TickReport, Time, Topic, Vec3,
};

/// A file that both sides hold.
#[derive(Clone, Default)]
pub(crate) struct File(pub(crate) Arc<Mutex<Vec<u8>>>);

impl File {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.0.lock().unwrap().clone()
    }
}

impl Write for File {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A clock that advances by 0 to 40 µs a look, in no order.
pub(crate) struct Irregular(pub(crate) Mutex<(u64, i64)>);

impl Irregular {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Mutex::new((seed, 0)))
    }
}

impl Clock for Irregular {
    fn now(&self) -> Time {
        let mut held = self.0.lock().unwrap();
        held.0 = mix(held.0);
        held.1 += (held.0 >> 40) as i64 % 40_000;
        Time::from_nanos(held.1)
    }
}

pub(crate) fn mix(x: u64) -> u64 {
    let x = (x ^ x >> 31).wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(1);
    x ^ x >> 29
}

pub(crate) const TALK: Kind = Kind::user(0);

/// Does a bit of everything, as its messages and its state say.
pub(crate) struct Busy {
    pub(crate) state: u64,
    pub(crate) ticks: bool,
}

impl Busy {
    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, String> {
        let state = bytes.iter().fold(1, |state, &byte| mix(state ^ u64::from(byte)));
        if bytes == b"bad" { Err("bad".to_owned()) } else { Ok(Self { state, ticks: false }) }
    }

    pub(crate) fn act(
        &mut self,
        context: &mut Context<'_>,
        envelope: &Envelope<'_>,
    ) -> Result<(), Fault> {
        let message = Message::new(TALK).bytes(envelope.bytes()).hops(envelope.hops() / 2);
        let (point, radius) = (Vec3::new((self.state % 8) as f32, 0.0, 0.0), 2.0);
        let from = envelope.from();
        // What is refused has no effect, and what is full is full in the replay too.
        match self.state >> 32 & 31 {
            0 => drop(context.send(Target::Near { point, radius }, message)),
            1 => drop(context.send(Target::Nearest { point, count: 2 }, message.report())),
            2 => drop(context.send(Topic::named("a"), message)),
            3 => drop(context.send(Target::Linked { hops: 2 }, message)),
            4 => drop(context.spawn(Wild(self.state), SpawnOptions::new())),
            5 => drop(context.despawn(from.unwrap_or(context.id()))),
            6 => drop(context.move_to(Pose::at(point).unwrap())),
            7 => drop(context.subscribe("a", Some(Sphere::new(point, 3.0).unwrap().into()))),
            8 => drop(context.connect(from.unwrap_or(context.id()))),
            9 => drop(context.ask(context.id(), message, Duration::from_millis(20))),
            10 => context.wake_at(context.now() + Duration::from_millis(self.state % 50))?,
            11 => drop(context.send_at(
                context.now() + Duration::from_millis(9),
                context.id(),
                message,
            )),
            12 => return Err(Fault::new(FailureKind::ProcessingError, "no")),
            13 => std::panic::resume_unwind(Box::new("end")),
            14 => drop(context.send(context.id(), message.retry().priority(Priority::MOST_URGENT))),
            15 => self.state ^= context.random().next_u64(),
            16..20 => drop(context.send(from.unwrap_or(context.id()), message)),
            _ if envelope.is_question() => drop(context.reply(envelope, message)),
            _ if envelope.hops() > 90 => drop(context.forward(envelope, Target::Everyone)),
            _ => drop(context.forward(envelope, context.id())),
        }
        Ok(())
    }
}

impl Agent for Busy {
    fn on_message(
        &mut self,
        context: &mut Context<'_>,
        envelope: &Envelope<'_>,
    ) -> Result<(), Fault> {
        let first = envelope.bytes().first().map_or(3, |&byte| u64::from(byte));
        let from = envelope.from().map_or(0, AgentId::to_bits);
        self.state = mix(self.state ^ first ^ from ^ envelope.id().to_bits());
        if envelope.hops() < 4 { Ok(()) } else { self.act(context, envelope) }
    }

    fn on_tick(&mut self, _: &mut Context<'_>) -> Result<(), Fault> {
        self.state = mix(self.state);
        self.ticks = true;
        Ok(())
    }

    fn hash_state(&self, hasher: &mut StateHasher) {
        hasher.u64(self.state);
        hasher.bool(self.ticks);
    }
}

/// Not registered: only agents spawn it. Ticks.
pub(crate) struct Wild(pub(crate) u64);

impl Agent for Wild {
    fn on_message(&mut self, _: &mut Context<'_>, envelope: &Envelope<'_>) -> Result<(), Fault> {
        self.0 = mix(self.0 ^ envelope.id().to_bits());
        Ok(())
    }

    fn on_tick(&mut self, _: &mut Context<'_>) -> Result<(), Fault> {
        self.0 = mix(self.0);
        Ok(())
    }

    fn hash_state(&self, hasher: &mut StateHasher) {
        hasher.u64(self.0);
    }

    fn ticks() -> bool {
        true
    }
}

pub(crate) fn register(mesh: &mut Mesh) -> Result<(), RegisterError> {
    mesh.register("busy", Busy::from_bytes)?;
    mesh.register("wild", |bytes| Ok::<_, String>(Wild(bytes.len() as u64)))
}

pub(crate) fn config(workers: u32) -> Config {
    Config {
        mesh: MeshConfig { max_agents: 600, seed: 7, ..MeshConfig::default() },
        processing: ProcessingConfig { max_workers: workers, ..ProcessingConfig::default() },
        limits: LimitsConfig {
            mailbox_capacity: 48,
            outbox_capacity: 300,
            max_payload_bytes: 256,
            shared_queue_capacity: 256,
            lane_capacity: 64,
            ..LimitsConfig::default()
        },
        ..Config::default()
    }
}

pub(crate) fn recorded(config: Config, options: RecordOptions) -> (Mesh, File) {
    let (mut mesh, file) = (Mesh::new(config).unwrap(), File::default());
    register(&mut mesh).unwrap();
    mesh.record_to(Box::new(file.clone()), options).unwrap();
    (mesh, file)
}

/// What came of each tick.
pub(crate) type Past = Vec<(TickReport, u64)>;

pub(crate) fn tick(mesh: &mut Mesh, past: &mut Past, now: Time, budget: Budget<'_>) {
    let report = mesh.tick(now, budget).unwrap();
    past.push((report, mesh.state_hash()));
}

pub(crate) fn assert_replays(bytes: &[u8], past: &Past) {
    for workers in [1, 2, 4] {
        let mut replay = Replay::open(bytes, register, Some(workers)).unwrap();
        for (report, hash) in past {
            let tick = replay.step().unwrap().unwrap();
            assert_eq!((&tick.report, tick.hash, tick.recorded_hash), (report, *hash, Some(*hash)));
        }
        assert_eq!(replay.step().unwrap(), None);
        assert_eq!(replay.step().unwrap(), None, "also when asked again");
    }
}
