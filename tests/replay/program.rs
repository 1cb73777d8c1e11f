//! Random programs replay.

use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;
use xrmesh::space::{Aabb, Region, Sphere};
use xrmesh::{
    AgentId, Budget, Mailbox, Mesh, Message, Overflow, Payload, Pose, Priority, RecordOptions,
    SpawnOptions, Target, Time, Topic, Vec3,
};

use crate::recorded::{Irregular, Past, TALK, assert_replays, config, recorded, tick};

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
    #![proptest_config(ProptestConfig {
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(
            "tests/replay/regressions.txt",
        ))),
        cases: ProptestConfig::default().cases * 2,
        ..ProptestConfig::default()
    })]

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
