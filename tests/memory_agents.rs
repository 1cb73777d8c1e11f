//! Agents that share a spatial memory: what they see, when their changes show, and that all of it
//! is the same on any number of workers and in replay.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test's helpers may fail it")]

use xrmesh::config::{MeshConfig, ProcessingConfig};
use xrmesh::memory::{
    ClassOptions, Filter, FrameId, MemoryCommand, MemoryConfig, NewObject, ObjectId, Observation,
    Observer, SpatialMemory, Workspace,
};
use xrmesh::{
    Agent, Budget, CommandError, Config, Context, Envelope, Fault, Kind, MemoryChangeError, Mesh,
    Message, Pose, RecordOptions, Refused, RefusedCommand, RegisterError, Replay, ReplayError,
    SpawnOptions, StateHasher, Time, Vec3,
};

fn at(x: f32, z: f32) -> Pose {
    Pose::at(Vec3::new(x, 0.0, z)).unwrap()
}

fn memory() -> SpatialMemory {
    let mut memory = SpatialMemory::new(MemoryConfig::default()).unwrap();
    memory.class("thing").unwrap();
    memory.class("seen").unwrap();
    memory
}

fn mesh(workers: u32) -> Mesh {
    let config = Config {
        mesh: MeshConfig { max_agents: 1_024, ..MeshConfig::default() },
        processing: ProcessingConfig { max_workers: workers, ..ProcessingConfig::default() },
        ..Config::default()
    };
    Mesh::new(config).unwrap()
}

fn now(tick: i64) -> Time {
    Time::from_nanos(tick * 11_111_111)
}

/// Looks around each tick, and puts, moves, observes and removes what it finds, by its number.
struct Gardener {
    number: u32,
    work: Workspace,
    found: Vec<(u64, u32)>,
    refused: u64,
}

impl Gardener {
    fn new(bytes: &[u8]) -> Self {
        let number = bytes.iter().fold(0, |number, byte| number << 8 | u32::from(*byte));
        Self { number, work: Workspace::new(), found: Vec::new(), refused: 0 }
    }
}

impl Agent for Gardener {
    fn on_message(&mut self, _: &mut Context<'_>, envelope: &Envelope<'_>) -> Result<(), Fault> {
        if envelope.kind() == Kind::REFUSED {
            let refused: Refused = envelope.plain()?;
            assert_eq!(refused.command(), Some(RefusedCommand::Memory));
            self.refused += 1;
        }
        Ok(())
    }

    fn on_tick(&mut self, context: &mut Context<'_>) -> Result<(), Fault> {
        let memory = context.memory().expect("a memory is attached");
        let [thing, seen] = ["thing", "seen"].map(|label| memory.class(label).unwrap());
        let here = Vec3::new(self.number as f32, 0.0, 0.0);
        let near = memory.nearest(here, 4, &Filter::all(), &mut self.work).unwrap();
        self.found.clear();
        self.found
            .extend(near.iter().map(|hit| (hit.id.to_bits(), hit.distance_squared.to_bits())));
        let first = near.first().map(|hit| hit.id);
        let tick = context.tick();
        match (u64::from(self.number) + tick) % 5 {
            0 => {
                let object = NewObject::new(thing, at(self.number as f32, tick as f32 * 0.1));
                context.change_memory(MemoryCommand::Insert(Box::new(object)))?;
            }
            1 => context
                .update_poses(first.map(|id| (id, at(self.number as f32, 1.0))).as_slice())?,
            2 => {
                let sight =
                    Observation::new(seen, at(self.number as f32 * 3.0, tick as f32 * 0.01));
                context.observe(&[sight])?;
            }
            // Several may want the same one gone: the later ones are refused.
            3 => {
                if let Some(id) = first {
                    context.change_memory(MemoryCommand::Remove(id))?;
                }
            }
            _ => {
                let name = format!("frame {} {tick}", self.number).into();
                let (parent, pose) = (FrameId::WORLD, at(0.0, 1.0));
                context.change_memory(MemoryCommand::AddFrame { name, parent, pose })?;
            }
        }
        Ok(())
    }

    fn hash_state(&self, hasher: &mut StateHasher) {
        for (id, distance) in &self.found {
            hasher.u64(*id);
            hasher.u32(*distance);
        }
        hasher.u64(self.refused);
    }

    fn ticks() -> bool {
        true
    }
}

fn register(mesh: &mut Mesh) -> Result<(), RegisterError> {
    mesh.attach_memory(memory())?;
    mesh.register("gardener", |bytes| Ok::<_, Fault>(Gardener::new(bytes)))
}

/// Plays a session; the hash after each tick.
fn play(workers: u32, record: Option<&std::path::Path>) -> Vec<u64> {
    let mut mesh = mesh(workers);
    register(&mut mesh).unwrap();
    if let Some(path) = record {
        let file = std::fs::File::create(path).unwrap();
        mesh.record_to(Box::new(file), RecordOptions::default()).unwrap();
    }
    let gardeners: Vec<_> = (0..300_u32)
        .map(|number| {
            mesh.spawn_as("gardener", &number.to_be_bytes(), SpawnOptions::new()).unwrap()
        })
        .collect();
    let mut hashes = Vec::new();
    for tick in 1..60 {
        // The host changes it too.
        let lamp = mesh.change_memory(&MemoryCommand::Class(format!("lamp {}", tick % 3).into()));
        assert!(lamp.is_ok());
        let sight = Observation::new(xrmesh::memory::ClassId::new(2), at(tick as f32, -5.0));
        mesh.change_memory(&MemoryCommand::Observe(vec![sight])).unwrap();
        mesh.tick(now(tick), Budget::unlimited()).unwrap();
        hashes.push(mesh.state_hash());
    }
    assert_eq!(mesh.counters().unaccounted(), 0);
    let refused = |id: &xrmesh::AgentId| mesh.with_agent(*id, |agent: &Gardener| agent.refused);
    let refused: u64 = gardeners.iter().filter_map(refused).sum();
    assert!(refused > 0, "some removed the same object");
    assert!(mesh.memory().unwrap().len() > 20);
    if record.is_some() {
        mesh.finish_recording().unwrap();
    }
    hashes
}

#[test]
fn the_memory_is_the_same_on_any_number_of_workers() {
    let alone = play(1, None);
    for workers in [2, 4, 8] {
        assert_eq!(play(workers, None), alone, "{workers} workers");
    }
}

#[test]
fn a_replay_remembers_the_same() {
    let path = std::env::temp_dir().join(format!("xrmesh-{}-memory.xrmrec", std::process::id()));
    let hashes = play(2, Some(&path));
    for workers in [1, 4] {
        let file = std::fs::File::open(&path).unwrap();
        let mut replay = Replay::open(file, register, Some(workers)).unwrap();
        let mut replayed = Vec::new();
        while let Some(tick) = replay.step().unwrap() {
            replayed.push(tick.hash);
        }
        assert_eq!(replayed, hashes);
    }
    // With another memory it is another session, which is seen at once.
    let file = std::fs::File::open(&path).unwrap();
    let other = |mesh: &mut Mesh| {
        let mut memory = memory();
        memory.class("another").unwrap();
        mesh.attach_memory(memory)?;
        mesh.register("gardener", |bytes| Ok::<_, Fault>(Gardener::new(bytes)))
    };
    let opened = Replay::open(file, other, None);
    assert!(matches!(opened, Err(ReplayError::Diverged { tick: 0, .. })));
    std::fs::remove_file(&path).unwrap();
}

/// Inserts in one round and looks in the same round and the next.
#[derive(Default)]
struct Watcher {
    counts: Vec<usize>,
}

impl Agent for Watcher {
    fn on_message(&mut self, context: &mut Context<'_>, _: &Envelope<'_>) -> Result<(), Fault> {
        let count = |context: &Context<'_>| context.memory().map_or(0, |memory| memory.len());
        self.counts.push(count(context));
        let class = context.memory().and_then(|memory| memory.class("thing")).unwrap();
        let object = NewObject::new(class, at(self.counts.len() as f32, 0.0));
        context.change_memory(MemoryCommand::Insert(Box::new(object)))?;
        self.counts.push(count(context));
        if self.counts.len() < 6 {
            context.send(context.id(), Message::new(Kind::user(0)))?;
        }
        Ok(())
    }
}

#[test]
fn a_change_shows_from_the_next_round_on_and_to_readers_after_the_tick() {
    let mut mesh = mesh(1);
    mesh.attach_memory(memory()).unwrap();
    let watcher = mesh.spawn(Watcher::default()).unwrap();
    let reader = mesh.memory().unwrap().reader();
    mesh.send(watcher, Message::new(Kind::user(0))).unwrap();
    mesh.tick(now(1), Budget::unlimited()).unwrap();
    let counts = mesh.with_agent(watcher, |watcher: &Watcher| watcher.counts.clone()).unwrap();
    assert_eq!(counts, [0, 0, 1, 1, 2, 2]);
    assert_eq!(reader.snapshot().unwrap().len(), 3);
    assert!(mesh.memory_published().is_some_and(|published| published.is_ok()));
}

/// Says what a command without a memory gives.
#[derive(Default)]
struct Forgetful {
    answer: Option<CommandError>,
}

impl Agent for Forgetful {
    fn on_message(&mut self, context: &mut Context<'_>, _: &Envelope<'_>) -> Result<(), Fault> {
        assert!(context.memory().is_none());
        self.answer = context.observe(&[]).err();
        Ok(())
    }
}

#[test]
fn without_a_memory_all_is_refused_with_a_word() {
    let mut mesh = mesh(1);
    let agent = mesh.spawn(Forgetful::default()).unwrap();
    mesh.send(agent, Message::new(Kind::user(0))).unwrap();
    mesh.tick(now(1), Budget::unlimited()).unwrap();
    let answer = mesh.with_agent(agent, |agent: &Forgetful| agent.answer.clone()).unwrap();
    assert_eq!(answer, Some(CommandError::NoMemory));
    let command = MemoryCommand::Remove(ObjectId::from_bits(1 << 32).unwrap());
    assert!(matches!(mesh.change_memory(&command), Err(MemoryChangeError::NoMemory)));
    mesh.attach_memory(memory()).unwrap();
    assert!(matches!(mesh.change_memory(&command), Err(MemoryChangeError::Refused(_))));
    let hash = mesh.state_hash();
    mesh.memory_mut().unwrap().class("more").unwrap();
    assert_ne!(mesh.state_hash(), hash, "the state hash covers the memory");
    assert!(mesh.detach_memory().unwrap().is_some() && mesh.memory().is_none());
}

/// A recording of a few ticks, in some of which the host changes the memory by hand.
fn recorded(touch: fn(&mut SpatialMemory, i64)) -> Vec<u8> {
    let path = std::env::temp_dir().join(format!(
        "xrmesh-{}-{:?}.xrmrec",
        std::process::id(),
        std::thread::current().id()
    ));
    let mut mesh = mesh(1);
    register(&mut mesh).unwrap();
    // What is done before the recording begins belongs to what the session is made of.
    let file = std::fs::File::create(&path).unwrap();
    mesh.record_to(Box::new(file), RecordOptions::default()).unwrap();
    for tick in 1..6 {
        mesh.change_memory(&MemoryCommand::Class(format!("lamp {tick}").into())).unwrap();
        let eye = Observer { eye: Vec3::ZERO, sight: sphere().into(), occlusion: false };
        mesh.change_memory(&MemoryCommand::Age(vec![eye])).unwrap();
        mesh.tick(now(tick), Budget::unlimited()).unwrap();
        touch(mesh.memory_mut().unwrap(), tick);
    }
    mesh.finish_recording().unwrap();
    let bytes = std::fs::read(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    bytes
}

fn sphere() -> xrmesh::space::Sphere {
    xrmesh::space::Sphere::new(Vec3::ZERO, 5.0).unwrap()
}

#[test]
fn what_the_host_changes_by_hand_ends_a_replay_with_a_word() {
    // Looking, flushing, publishing and subscribing change nothing.
    let harmless = recorded(|memory, _| {
        memory.view();
        memory.flush().unwrap();
    });
    assert_eq!(Replay::open(&harmless[..], register, None).unwrap().run().unwrap(), 5);
    type Touch = fn(&mut SpatialMemory, i64);
    let touches: [(Touch, u64, u64); 4] = [
        (
            |memory, tick| {
                if tick == 3 {
                    memory.class("by hand").unwrap();
                }
            },
            3,
            1,
        ),
        // Also what only later answers depend on, and behind the last tick.
        (
            |memory, tick| {
                if tick == 5 {
                    memory.age(&[], now(6)).unwrap();
                }
            },
            5,
            1,
        ),
        (
            |memory, tick| {
                let class = memory.class("lamp 1").unwrap();
                if tick == 2 {
                    memory.set_class_options(class, ClassOptions::default()).unwrap();
                }
            },
            2,
            1,
        ),
        (
            |memory, tick| {
                let class = memory.class("lamp 1").unwrap();
                if tick == 1 {
                    let seen = [Observation::new(class, at(0.0, 0.0))];
                    memory.observe(&seen, now(1)).unwrap();
                }
            },
            1,
            2,
        ),
    ];
    for (touch, after, count) in touches {
        let bytes = recorded(touch);
        let mut replay = Replay::open(&bytes[..], register, None).unwrap();
        let ended = replay.run().unwrap_err();
        let ReplayError::Unrecorded { tick, changes, .. } = ended else { panic!("{ended}") };
        assert_eq!((tick, changes), (after, count));
    }
}

#[test]
fn while_a_session_is_recorded_its_memory_stays() {
    let mut mesh = mesh(1);
    register(&mut mesh).unwrap();
    mesh.record_to(Box::new(Vec::new()), RecordOptions::default()).unwrap();
    assert!(matches!(mesh.attach_memory(memory()), Err(RegisterError::Recorded { .. })));
    assert!(matches!(mesh.detach_memory(), Err(RegisterError::Recorded { .. })));
}
