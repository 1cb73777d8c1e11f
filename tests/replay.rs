//! A recorded session, done again, is the same session; and a file that is not as it was written is
//! an error that says where.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests may end where they fail")]

use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use proptest::prelude::*;
use xrmesh::config::{Config, LimitsConfig, MeshConfig, PerformanceConfig, ProcessingConfig};
use xrmesh::space::{Aabb, Region, Sphere};
use xrmesh::{
    Agent, AgentId, Budget, Clock, Context, Envelope, FailureKind, Fault, Kind, Mailbox, Mesh,
    Message, Overflow, Payload, Pose, Priority, RecordError, RecordOptions, Refusal, RegisterError,
    Replay, ReplayError, SpawnError, SpawnOptions, StateHasher, Target, TickReport, Time, Topic,
    Vec3,
};

/// A file that both sides hold.
#[derive(Clone, Default)]
struct File(Arc<Mutex<Vec<u8>>>);

impl File {
    fn bytes(&self) -> Vec<u8> {
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
struct Irregular(Mutex<(u64, i64)>);

impl Irregular {
    fn new(seed: u64) -> Self {
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

fn mix(x: u64) -> u64 {
    let x = (x ^ x >> 31).wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(1);
    x ^ x >> 29
}

const TALK: Kind = Kind::user(0);

/// Does a bit of everything, as its messages and its state say.
struct Busy {
    state: u64,
    ticks: bool,
}

impl Busy {
    fn from_bytes(bytes: &[u8]) -> Result<Self, String> {
        let state = bytes.iter().fold(1, |state, &byte| mix(state ^ u64::from(byte)));
        if bytes == b"bad" { Err("bad".to_owned()) } else { Ok(Self { state, ticks: false }) }
    }

    fn act(&mut self, context: &mut Context<'_>, envelope: &Envelope<'_>) -> Result<(), Fault> {
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
struct Wild(u64);

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

fn register(mesh: &mut Mesh) -> Result<(), RegisterError> {
    mesh.register("busy", Busy::from_bytes)?;
    mesh.register("wild", |bytes| Ok::<_, String>(Wild(bytes.len() as u64)))
}

fn config(workers: u32) -> Config {
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

fn recorded(config: Config, options: RecordOptions) -> (Mesh, File) {
    let (mut mesh, file) = (Mesh::new(config).unwrap(), File::default());
    register(&mut mesh).unwrap();
    mesh.record_to(Box::new(file.clone()), options).unwrap();
    (mesh, file)
}

/// What came of each tick.
type Past = Vec<(TickReport, u64)>;

fn tick(mesh: &mut Mesh, past: &mut Past, now: Time, budget: Budget<'_>) {
    let report = mesh.tick(now, budget).unwrap();
    past.push((report, mesh.state_hash()));
}

fn assert_replays(bytes: &[u8], past: &Past) {
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

/// What a message is made of.
#[derive(Clone, Debug)]
struct Say {
    to: u8,
    who: u8,
    priority: u8,
    bytes: Vec<u8>,
    options: u8,
}

impl Say {
    fn target(&self, ids: &[AgentId]) -> Target {
        let point = Vec3::new(f32::from(self.who % 8), 0.0, 0.0);
        match self.to {
            0 => Target::Everyone,
            1 => Target::Topic(Topic::named("a")),
            2 => Target::Near { point, radius: 2.5 },
            3 => Target::Nearest { point, count: 3 },
            4 => Target::Linked { hops: 2 },
            _ => ids
                .get(self.who as usize % ids.len().max(1))
                .map_or(Target::Everyone, |&id| id.into()),
        }
    }

    fn with<R>(&self, send: impl FnOnce(Message<'_>) -> R) -> R {
        let priority = Priority::new(self.priority).unwrap();
        let mut message = Message::new(TALK).priority(priority);
        if self.options & 1 != 0 {
            message = message.deadline(Time::from_nanos(i64::from(self.who) * 1_000_000));
        }
        if self.options & 2 != 0 {
            message = message.pose(Pose::at(Vec3::new(f32::from(self.who % 8), 0.0, 0.0)).unwrap());
        }
        if self.options & 4 != 0 {
            message = message.retry().hops(self.who);
        }
        if self.options & 8 != 0 {
            return send(message.shared(&Payload::from(&self.bytes[..])));
        }
        send(message.bytes(&self.bytes))
    }
}

#[derive(Clone, Debug)]
enum Op {
    Spawn { wild: bool, bytes: Vec<u8>, at: Option<u8>, room: Option<u32> },
    Despawn(u8),
    Move(u8, u8),
    Quarantine(u8, bool),
    Subscribe(u8, bool, Option<u8>),
    Unsubscribe(u8),
    Connect(u8, u8),
    Disconnect(u8, u8),
    AutoConnect(u8),
    StopAutoConnect,
    Send(Say),
    Hand(Say),
    Lane(Say),
    Tick { after_ms: u8, budget: Option<u16>, timed: bool },
}

fn say() -> impl Strategy<Value = Say> {
    let bytes = prop_oneof![
        8 => prop::collection::vec(any::<u8>(), 0..29),
        1 => prop::collection::vec(any::<u8>(), 29..260)
    ];
    (0_u8..16, any::<u8>(), 1_u8..=10, bytes, 0_u8..16)
        .prop_map(|(to, who, priority, bytes, options)| Say { to, who, priority, bytes, options })
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        6 => (any::<bool>(), prop::collection::vec(any::<u8>(), 0..4), any::<Option<u8>>(), prop::option::of(0_u32..4))
            .prop_map(|(wild, bytes, at, room)| Op::Spawn { wild, bytes, at, room }),
        1 => any::<u8>().prop_map(Op::Despawn),
        2 => any::<(u8, u8)>().prop_map(|(who, at)| Op::Move(who, at)),
        1 => any::<(u8, bool)>().prop_map(|(who, held)| Op::Quarantine(who, held)),
        2 => any::<(u8, bool, Option<u8>)>().prop_map(|(who, a, at)| Op::Subscribe(who, a, at)),
        1 => any::<u8>().prop_map(Op::Unsubscribe),
        2 => any::<(u8, u8)>().prop_map(|(a, b)| Op::Connect(a, b)),
        1 => any::<(u8, u8)>().prop_map(|(a, b)| Op::Disconnect(a, b)),
        1 => any::<u8>().prop_map(Op::AutoConnect),
        1 => Just(Op::StopAutoConnect),
        6 => say().prop_map(Op::Send),
        6 => say().prop_map(Op::Hand),
        4 => say().prop_map(Op::Lane),
        8 => (0_u8..60, prop::option::of(0_u16..200), any::<bool>())
            .prop_map(|(after_ms, budget, timed)| Op::Tick { after_ms, budget, timed }),
    ]
}

/// Does a program directly where `direct` says so, else through handles; whatever is refused is
/// refused.
fn run(mesh: &mut Mesh, program: &[(Op, bool)]) -> Past {
    let (handle, clock) = (mesh.handle(), Irregular::new(11));
    let mut lane = handle.lane().unwrap();
    let (mut ids, mut past, mut now) = (Vec::new(), Past::new(), Time::ZERO);
    let place = |at: u8| Vec3::new(f32::from(at % 8), f32::from(at / 128), 0.0);
    for (op, direct) in program {
        let id = |who: u8| match ids.len() {
            0 => AgentId::from_bits(1 << 32).unwrap(),
            count => ids[who as usize % count],
        };
        match op {
            Op::Spawn { wild, bytes, at, room } => {
                let mut options = SpawnOptions::new();
                if let Some(at) = *at {
                    options = options.pose(Pose::at(place(at)).unwrap());
                }
                if let Some(capacity) = *room {
                    options = options.mailbox(Mailbox { capacity, overflow: Overflow::DropOldest });
                }
                let name = if *wild { "wild" } else { "busy" };
                if *direct {
                    ids.extend(mesh.spawn_as(name, bytes, options));
                } else {
                    drop(handle.spawn_as(name, bytes, options));
                }
            }
            Op::Despawn(who) if *direct => drop(mesh.despawn(id(*who))),
            Op::Despawn(who) => drop(handle.despawn(id(*who))),
            Op::Move(who, at) => {
                let pose = Pose::at(place(*at)).unwrap();
                if *direct {
                    drop(mesh.move_to(id(*who), pose));
                } else {
                    drop(handle.move_to(id(*who), pose));
                }
            }
            Op::Quarantine(who, held) => drop(mesh.quarantine(id(*who), *held)),
            Op::Subscribe(who, a, at) => {
                let name = if *a { "a" } else { "b" };
                let region = at.map(|at| match at % 2 {
                    0 => Region::from(Sphere::new(place(at), 2.0).unwrap()),
                    _ => Aabb::new(place(at) - Vec3::splat(1.0), place(at)).unwrap().into(),
                });
                if *direct {
                    drop(mesh.subscribe(id(*who), name, region));
                } else {
                    drop(handle.subscribe(id(*who), name, region));
                }
            }
            Op::Unsubscribe(who) if *direct => {
                drop(mesh.unsubscribe(id(*who), Topic::named("a")));
            }
            Op::Unsubscribe(who) => drop(handle.unsubscribe(id(*who), Topic::named("a"))),
            Op::Connect(a, b) if *direct => drop(mesh.connect(id(*a), id(*b))),
            Op::Connect(a, b) => drop(handle.connect(id(*a), id(*b))),
            Op::Disconnect(a, b) if *direct => drop(mesh.disconnect(id(*a), id(*b))),
            Op::Disconnect(a, b) => drop(handle.disconnect(id(*a), id(*b))),
            Op::AutoConnect(radius) => {
                drop(mesh.auto_connect(f32::from(radius % 4) - 0.5, 0.5));
            }
            Op::StopAutoConnect => mesh.stop_auto_connect(),
            Op::Send(say) => drop(say.with(|message| mesh.send(say.target(&ids), message))),
            Op::Hand(say) => drop(say.with(|message| handle.send(say.target(&ids), message))),
            Op::Lane(say) => drop(say.with(|message| lane.send(say.target(&ids), message))),
            Op::Tick { after_ms, budget, timed } => {
                now = now + Duration::from_millis((*after_ms).into());
                let budget = match budget {
                    Some(micros) if *timed => {
                        Budget::time(Duration::from_micros((*micros).into()), &clock)
                    }
                    Some(messages) => Budget::messages((*messages).into()),
                    None => Budget::unlimited(),
                };
                tick(mesh, &mut past, now, budget);
            }
        }
    }
    past
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn random_programs_replay_on_any_number_of_workers(
        mut program in prop::collection::vec((op(), any::<bool>()), 1..120),
        workers in 0_u32..4,
    ) {
        // Someone to talk to.
        for byte in 0..6 {
            let (bytes, at, room) = (vec![byte], Some(byte), None);
            program.insert(0, (Op::Spawn { wild: false, bytes, at, room }, true));
        }
        let (mut mesh, file) = recorded(config(workers), RecordOptions::default());
        let past = run(&mut mesh, &program);
        prop_assert_eq!(mesh.finish_recording().unwrap(), file.bytes().len() as u64);
        assert_replays(&file.bytes(), &past);
    }
}

/// Enough agents and messages that rounds run on several threads.
fn crowd(budget: impl Fn(u64) -> Budget<'static>) -> (Vec<u8>, Past) {
    let config = Config {
        limits: LimitsConfig { outbox_capacity: 1 << 16, ..config(2).limits },
        ..config(2)
    };
    let (mut mesh, file) = recorded(config, RecordOptions::default());
    let mut past = Past::new();
    for number in 0..400_u32 {
        let pose = Pose::at(Vec3::new(number as f32 % 20.0, 0.0, 0.0)).unwrap();
        let options = SpawnOptions::new().pose(pose);
        mesh.spawn_as("busy", &number.to_le_bytes(), options).unwrap();
    }
    for number in 0..40_u64 {
        for priority in 1..=5 {
            let bytes = [number as u8, priority];
            let message = Message::new(TALK).priority(Priority::new(priority).unwrap());
            mesh.send(Target::Everyone, message.hops(8).bytes(&bytes)).unwrap();
        }
        let now = Time::from_nanos(number as i64 * 11_111_111);
        tick(&mut mesh, &mut past, now, budget(number));
    }
    mesh.finish_recording().unwrap();
    (file.bytes(), past)
}

#[test]
fn a_crowd_replays() {
    let (bytes, past) = crowd(|_| Budget::messages(1500));
    assert!(past.iter().any(|(report, _)| report.pending > 0));
    assert_replays(&bytes, &past);
}

#[test]
fn a_session_timed_by_an_irregular_clock_replays_exactly() {
    let clock: &'static Irregular = Box::leak(Box::new(Irregular::new(3)));
    let (bytes, past) =
        crowd(|tick| Budget::time(Duration::from_micros(500 + 100 * (tick % 7)), clock));
    let cut = past.iter().filter(|(report, _)| report.pending > 0).count();
    assert!(cut > 5, "only {cut} ticks were cut");
    assert_replays(&bytes, &past);
}

#[test]
fn a_session_timed_by_a_real_clock_replays_exactly() {
    struct Wall(std::time::Instant);
    impl Clock for Wall {
        fn now(&self) -> Time {
            Time::ZERO + self.0.elapsed()
        }
    }
    #[expect(clippy::disallowed_methods, reason = "a host reads its clock")]
    let clock: &'static Wall = Box::leak(Box::new(Wall(std::time::Instant::now())));
    let (bytes, past) = crowd(|tick| Budget::time(Duration::from_micros(20 + tick % 50), clock));
    assert!(past.iter().any(|(report, _)| report.pending > 0));
    assert_replays(&bytes, &past);
}

/// Room for payloads that the last round freed is free in the replay too, also where the clock did
/// not end the tick.
#[test]
fn room_for_payloads_after_a_timed_tick_is_the_same() {
    let config = Config {
        performance: PerformanceConfig { memory_pool_size: 1, ..PerformanceConfig::default() },
        limits: LimitsConfig { max_payload_bytes: 700_000, ..LimitsConfig::default() },
        ..Config::default()
    };
    let (mut mesh, file) = recorded(config, RecordOptions::default());
    let (bytes, clock, mut past) = (vec![5; 700_000], Irregular::new(1), Past::new());
    let wild = mesh.spawn_as("wild", b"", SpawnOptions::new()).unwrap();
    for number in 0..3 {
        mesh.send(wild, Message::new(TALK).bytes(&bytes)).unwrap();
        let budget = Budget::time(Duration::from_secs(9), &clock);
        tick(&mut mesh, &mut past, Time::from_nanos(number), budget);
    }
    mesh.finish_recording().unwrap();
    assert_replays(&file.bytes(), &past);
}

#[test]
fn what_other_threads_send_meanwhile_replays() {
    let (mut mesh, file) = recorded(config(2), RecordOptions::default());
    let ids: Vec<_> = (0..20_u8)
        .map(|byte| mesh.spawn_as("busy", &[byte], SpawnOptions::new()).unwrap())
        .collect();
    let mut past = Past::new();
    // Before anyone fills the queue that lanes are asked for through.
    let lanes = [(); 3].map(|()| mesh.handle().lane().unwrap());
    std::thread::scope(|scope| {
        let senders: Vec<_> = lanes
            .into_iter()
            .enumerate()
            .map(|(thread, mut lane)| {
                let (handle, ids) = (mesh.handle(), &ids);
                scope.spawn(move || {
                    for number in 0..400 {
                        let (to, bytes) = (ids[(thread + number) % 20], [number as u8]);
                        let message = Message::new(TALK).hops(5).bytes(&bytes);
                        drop(lane.send(to, message));
                        drop(handle.send(to, message));
                    }
                })
            })
            .collect();
        for number in 0.. {
            let over = senders.iter().all(|sender| sender.is_finished());
            tick(&mut mesh, &mut past, Time::from_nanos(number), Budget::unlimited());
            if over {
                break;
            }
        }
    });
    mesh.finish_recording().unwrap();
    assert_replays(&file.bytes(), &past);
}

/// A little of everything.
fn small() -> (Vec<u8>, Past) {
    let (mut mesh, file) = recorded(config(0), RecordOptions::default());
    let (clock, mut past) = (Irregular::new(5), Past::new());
    let options = SpawnOptions::new().pose(Pose::IDENTITY);
    let a = mesh.spawn_as("busy", b"a", options).unwrap();
    let b = mesh.spawn_as("wild", b"b", SpawnOptions::new()).unwrap();
    mesh.subscribe(a, "a", Some(Sphere::new(Vec3::ZERO, 2.0).unwrap().into())).unwrap();
    mesh.connect(a, b).unwrap();
    mesh.send(Target::Everyone, Message::new(TALK).bytes(&[7; 40])).unwrap();
    mesh.handle().send(b, Message::new(TALK).bytes(b"hello")).unwrap();
    tick(&mut mesh, &mut past, Time::ZERO, Budget::time(Duration::from_millis(1), &clock));
    mesh.despawn(b).unwrap();
    tick(&mut mesh, &mut past, Time::from_nanos(5), Budget::messages(3));
    mesh.finish_recording().unwrap();
    (file.bytes(), past)
}

/// Opens and replays to the end, which must not be reached.
fn error_of(bytes: &[u8]) -> ReplayError {
    match Replay::open(bytes, register, None) {
        Err(error) => error,
        Ok(mut replay) => {
            let Err(error) = replay.run() else { panic!("a changed recording must be refused") };
            let offset = error.offset().unwrap();
            match replay.step() {
                Err(ReplayError::Ended { offset: ended }) => assert!(ended <= offset),
                other => panic!("{other:?}"),
            }
            error
        }
    }
}

#[test]
fn a_recording_that_is_cut_off_anywhere_says_where() {
    let (bytes, past) = small();
    assert_replays(&bytes, &past);
    for end in 0..bytes.len() {
        match error_of(&bytes[..end]) {
            ReplayError::Truncated { offset } => assert!(offset <= end as u64, "{end}: {offset}"),
            other => panic!("{end}: {other}"),
        }
    }
}

#[test]
fn a_byte_that_was_changed_anywhere_is_found() {
    let (bytes, _) = small();
    for at in 0..bytes.len() {
        for bits in [1 << (at % 8), 0xff] {
            let mut changed = bytes.clone();
            changed[at] ^= bits;
            let error = error_of(&changed);
            let offset = error.offset().unwrap_or_else(|| panic!("{at}: {error}"));
            assert!(offset <= at as u64, "{at}: {error}");
        }
    }
}

#[test]
fn what_follows_the_end_is_refused() {
    let (mut bytes, _) = small();
    let end = bytes.len() as u64;
    bytes.push(0);
    assert!(matches!(error_of(&bytes), ReplayError::Trailing { offset } if offset == end));
}

#[test]
fn records_in_another_order_are_found() {
    let (bytes, _) = small();
    let length = |at: usize| {
        let length: [u8; 4] = bytes[at..at + 4].try_into().unwrap();
        4 + u32::from_le_bytes(length) as usize + 8
    };
    // The third and the fourth: agents a and b, which have equal lengths.
    let second = 12 + length(12);
    let (first_spawn, second_spawn) = (length(second), length(second + length(second)));
    let mut swapped = bytes.clone();
    swapped[second..second + first_spawn + second_spawn].rotate_left(first_spawn);
    let error = error_of(&swapped);
    assert!(
        matches!(error, ReplayError::Checksum { offset, .. } if offset == second as u64),
        "{error}"
    );
}

/// Written by hand, as `docs/recording-format.md` says: the head that any version begins with.
const OF_VERSION_0: [u8; 16] =
    [0x89, b'X', b'R', b'M', b'E', b'S', b'H', 0x0a, 0, 0, 0, 0, 0xde, 0xad, 0xbe, 0xef];

#[test]
fn other_versions_are_named() {
    let error = error_of(&OF_VERSION_0);
    assert!(matches!(error, ReplayError::Version { found: 0, supported: 1 }), "{error}");
    assert_eq!(error.offset(), Some(8));
    let text = "a recording in format version 0: this library reads version 1";
    assert_eq!(error.to_string(), text);
    let mut newer = OF_VERSION_0;
    newer[8..12].copy_from_slice(&0x0102_0304_u32.to_le_bytes());
    assert!(matches!(error_of(&newer), ReplayError::Version { found: 0x0102_0304, .. }));
    let mut other = OF_VERSION_0;
    other[..8].copy_from_slice(b"\x89PNG\r\n\x1a\n");
    assert!(matches!(error_of(&other), ReplayError::NotARecording { .. }));
}

#[test]
fn types_that_are_not_registered_are_named() {
    let (bytes, _) = small();
    let only_busy = |mesh: &mut Mesh| mesh.register("busy", Busy::from_bytes);
    let mut replay = Replay::open(&bytes[..], only_busy, None).unwrap();
    match replay.run() {
        Err(ReplayError::UnknownType { name, tick: 0, .. }) => assert_eq!(&*name, "wild"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn other_agents_diverge_where_they_differ() {
    let (bytes, past) = small();
    let other = |mesh: &mut Mesh| {
        mesh.register("busy", |bytes| Busy::from_bytes(&bytes[..0]))?;
        mesh.register("wild", |bytes| Ok::<_, String>(Wild(bytes.len() as u64)))
    };
    let mut replay = Replay::open(&bytes[..], other, None).unwrap();
    match replay.step() {
        Err(ReplayError::Diverged { tick: 1, what, recorded, given, .. }) => {
            assert_eq!((what, recorded), ("the state hash", past[0].1));
            assert_eq!(given, replay.mesh().state_hash());
        }
        other => panic!("{other:?}"),
    }
    // One type less and one name for both: ids lie elsewhere.
    let one = |mesh: &mut Mesh| {
        mesh.register("busy", Busy::from_bytes)?;
        mesh.register("wild", Busy::from_bytes)
    };
    match Replay::open(&bytes[..], one, None).unwrap().step() {
        Err(ReplayError::Diverged { what, .. }) => assert!(!what.is_empty()),
        other => panic!("{other:?}"),
    }
    let early = |mesh: &mut Mesh| {
        register(mesh)?;
        mesh.spawn(Wild(0)).unwrap();
        Ok(())
    };
    assert!(matches!(
        Replay::open(&bytes[..], early, None),
        Err(ReplayError::Diverged { tick: 0, .. })
    ));
}

#[test]
fn a_recorded_session_spawns_registered_types_only() {
    let (mut mesh, file) = recorded(config(0), RecordOptions::default());
    let refused = |error| match error {
        SpawnError::NotRegistered { given } => assert!(given.ends_with("Wild"), "{given}"),
        other => panic!("{other}"),
    };
    refused(mesh.spawn(Wild(1)).unwrap_err());
    refused(mesh.spawn_with(Wild(1), SpawnOptions::new()).unwrap_err());
    mesh.handle().spawn(Wild(1), SpawnOptions::new()).unwrap();
    let unknown = mesh.spawn_as("nobody", b"", SpawnOptions::new());
    assert!(matches!(unknown, Err(SpawnError::UnknownType { .. })));
    assert!(matches!(
        mesh.spawn_as("busy", b"bad", SpawnOptions::new()),
        Err(SpawnError::Factory { .. })
    ));
    let mut past = Past::new();
    tick(&mut mesh, &mut past, Time::ZERO, Budget::unlimited());
    let refusals: Vec<_> = mesh.refusals().collect();
    assert!(matches!(refusals[..], [Refusal::Spawn(SpawnError::NotRegistered { .. })]));
    mesh.finish_recording().unwrap();
    // What was refused is not in the recording.
    assert_replays(&file.bytes(), &past);
    mesh.spawn(Wild(1)).unwrap();
}

#[test]
fn a_recording_begins_with_an_untouched_mesh() {
    let touched = |touch: &dyn Fn(&mut Mesh)| {
        let mut mesh = Mesh::new(config(0)).unwrap();
        register(&mut mesh).unwrap();
        touch(&mut mesh);
        mesh.record_to(Box::new(File::default()), RecordOptions::default())
    };
    for touch in [
        &|mesh: &mut Mesh| {
            mesh.spawn(Wild(1)).unwrap();
        },
        &|mesh: &mut Mesh| {
            let id = mesh.spawn(Wild(1)).unwrap();
            mesh.despawn(id).unwrap();
        },
        &|mesh: &mut Mesh| {
            mesh.tick(Time::ZERO, Budget::unlimited()).unwrap();
        },
        &|mesh: &mut Mesh| {
            mesh.send(Target::Everyone, Message::new(TALK)).unwrap();
        },
        &|mesh: &mut Mesh| mesh.auto_connect(1.0, 0.0).unwrap(),
    ] as [&dyn Fn(&mut Mesh); 5]
    {
        let begun = touched(touch);
        assert!(matches!(begun, Err(RecordError::Begun { .. })), "{begun:?}");
    }
    touched(&|_| ()).unwrap();
    let (mut mesh, _) = recorded(config(0), RecordOptions::default());
    let again = mesh.record_to(Box::new(File::default()), RecordOptions::default());
    assert!(matches!(again, Err(RecordError::AlreadyRecording { bytes: 1.. })));
    mesh.finish_recording().unwrap();
    assert!(matches!(mesh.finish_recording(), Err(RecordError::NotRecording)));
    assert!(mesh.recording().is_none());
}

/// Takes so many bytes.
struct Full(usize);

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(self.0);
        self.0 -= taken;
        if taken == 0 { Err(io::Error::other("the disk is full")) } else { Ok(taken) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_write_that_fails_ends_the_recording_and_not_the_session() {
    let session = |room: Option<usize>| {
        let mut mesh = Mesh::new(config(0)).unwrap();
        register(&mut mesh).unwrap();
        if let Some(room) = room {
            let options = RecordOptions { buffer_bytes: 64, ..RecordOptions::default() };
            mesh.record_to(Box::new(Full(room)), options).unwrap();
        }
        let mut past = Past::new();
        for number in 0..20 {
            mesh.spawn_as("busy", &[number], SpawnOptions::new()).unwrap();
            mesh.send(Target::Everyone, Message::new(TALK).hops(9)).unwrap();
            tick(&mut mesh, &mut past, Time::from_nanos(number.into()), Budget::unlimited());
        }
        (mesh, past)
    };
    let (_, plain) = session(None);
    let (mut mesh, past) = session(Some(3000));
    assert_eq!(past, plain);
    let recording = mesh.recording().unwrap();
    assert!(recording.ticks < 20 && recording.bytes <= 3000);
    assert!(matches!(recording.error, Some(RecordError::Write { .. })));
    match mesh.finish_recording() {
        Err(RecordError::Write { written, source }) => {
            assert!(written <= 3000);
            assert_eq!(source.to_string(), "the disk is full");
        }
        other => panic!("{other:?}"),
    }
    // It may be that only the last buffer does not fit.
    let (mut mesh, _) = recorded(config(0), RecordOptions::default());
    mesh.finish_recording().unwrap();
    let mut mesh = Mesh::new(config(0)).unwrap();
    mesh.record_to(Box::new(Full(20)), RecordOptions::default()).unwrap();
    assert!(mesh.recording().unwrap().error.is_none());
    assert!(matches!(mesh.finish_recording(), Err(RecordError::Write { written: 0, .. })));
}

#[test]
fn a_session_that_ends_without_finishing_replays_up_to_there() {
    let (mut mesh, file) = recorded(config(0), RecordOptions::default());
    let mut past = Past::new();
    mesh.spawn_as("busy", b"a", SpawnOptions::new()).unwrap();
    for number in 0..5 {
        mesh.send(Target::Everyone, Message::new(TALK).hops(9)).unwrap();
        tick(&mut mesh, &mut past, Time::from_nanos(number), Budget::unlimited());
    }
    assert!(file.bytes().is_empty(), "it is written a buffer at a time");
    drop(mesh);
    let bytes = file.bytes();
    let mut replay = Replay::open(&bytes[..], register, None).unwrap();
    for (report, hash) in &past {
        let tick = replay.step().unwrap().unwrap();
        assert_eq!((&tick.report, tick.hash), (report, *hash));
    }
    let end = bytes.len() as u64;
    assert!(matches!(replay.step(), Err(ReplayError::Truncated { offset }) if offset == end));
}

#[test]
fn hashes_are_as_rare_as_asked_for() {
    for (every, expected) in [(0, vec![]), (1, vec![1, 2, 3, 4, 5, 6, 7]), (3, vec![3, 6])] {
        let options = RecordOptions { hash_every: every, ..RecordOptions::default() };
        let (mut mesh, file) = recorded(config(0), options);
        mesh.spawn_as("wild", b"a", SpawnOptions::new()).unwrap();
        for number in 0..7 {
            mesh.tick(Time::from_nanos(number), Budget::unlimited()).unwrap();
        }
        let hash = mesh.state_hash();
        mesh.finish_recording().unwrap();
        let bytes = file.bytes();
        let mut replay = Replay::open(&bytes[..], register, None).unwrap();
        let mut found = Vec::new();
        while let Some(tick) = replay.step().unwrap() {
            found.extend(tick.recorded_hash.map(|_| tick.tick));
        }
        assert_eq!(found, expected);
        assert_eq!(replay.mesh().state_hash(), hash);
    }
}

#[test]
fn a_command_that_no_record_holds_ends_the_recording() {
    let (mut mesh, _) = recorded(config(0), RecordOptions::default());
    mesh.spawn_as("wild", &vec![0; 1 << 26], SpawnOptions::new()).unwrap();
    assert_eq!(mesh.agents(), 1);
    match mesh.finish_recording() {
        Err(RecordError::TooLong { given, limit, tick: 0 }) => {
            assert!(limit == 1 << 26 && given > limit);
        }
        other => panic!("{other:?}"),
    }
}
