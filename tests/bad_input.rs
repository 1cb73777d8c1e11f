//! Bad input is a typed error that carries the value and the limit, and the mesh is unharmed.
#![expect(clippy::unwrap_used, reason = "a test's helpers may fail it")]

mod support;

use std::time::Duration;

use support::{at, config, tick};
use xrmesh::{
    Agent, AgentId, Budget, CommandError, Config, Context, Envelope, Fault, HandleError, Kind,
    Mailbox, Mesh, MeshError, Message, Overflow, Payload, Pose, Refusal, RegisterError, SendError,
    SpawnError, SpawnOptions, Target, TickError, Topic, TopicError, Vec3,
};

const MESSAGE: Message<'static> = Message::new(Kind::user(0));

/// Counts messages; runs what it is given on the first.
#[derive(Default)]
struct Probe {
    heard: u32,
    on_first: Option<fn(&mut Context<'_>, &Envelope<'_>)>,
}

impl Agent for Probe {
    fn on_message(
        &mut self,
        context: &mut Context<'_>,
        envelope: &Envelope<'_>,
    ) -> Result<(), Fault> {
        self.heard += 1;
        if let Some(run) = self.on_first.take() {
            run(context, envelope);
        }
        Ok(())
    }
}

fn mesh(change: impl FnOnce(&mut Config)) -> Mesh {
    let mut config = config(1000, 1);
    change(&mut config);
    Mesh::new(config).unwrap()
}

/// A mesh that was misused still works: a message goes through.
fn unharmed(mesh: &mut Mesh) {
    let id = mesh.agent_ids().next().unwrap();
    let heard = |mesh: &Mesh| mesh.with_agent(id, |probe: &Probe| probe.heard).unwrap();
    let before = heard(mesh);
    mesh.send(id, MESSAGE).unwrap();
    tick(mesh, 1_000_000, Budget::unlimited());
    assert_eq!(heard(mesh), before + 1);
    assert_eq!(mesh.counters().pending(), 0);
}

/// Runs something in a handler.
fn in_handler(mesh: &mut Mesh, run: fn(&mut Context<'_>, &Envelope<'_>)) {
    let id = mesh.spawn(Probe { heard: 0, on_first: Some(run) }).unwrap();
    mesh.send(id, MESSAGE).unwrap();
    tick(mesh, 10, Budget::unlimited());
    assert_eq!(mesh.counters().dropped(xrmesh::DropReason::Panicked), 0, "an assertion failed");
    mesh.despawn(id).unwrap();
}

/// A pose with a NaN, as it comes from bytes.
fn no_pose() -> Pose {
    let mut numbers = bytemuck::cast::<Pose, [f32; 7]>(Pose::IDENTITY);
    numbers[1] = f32::NAN;
    bytemuck::cast(numbers)
}

#[test]
fn zero_capacities_and_contradictions_make_no_mesh() {
    type Change = fn(&mut Config);
    let changes: [(Change, &str); 10] = [
        (|c| c.mesh.max_agents = 0, "mesh.max_agents is 0 agents: must be 1 to 4194304"),
        (|c| c.limits.mailbox_capacity = 0, "limits.mailbox_capacity is 0 messages: must be 1 to"),
        (
            |c| c.limits.outbox_capacity = 0,
            "limits.outbox_capacity is 0 commands: must be 1 to 1048576",
        ),
        (|c| c.limits.lane_capacity = 0, "limits.lane_capacity is 0 envelopes: must be 2 to"),
        (|c| c.limits.shared_queue_capacity = 0, "limits.shared_queue_capacity is 0"),
        (|c| c.limits.lane_quota = 0, "limits.lane_quota is 0"),
        (
            |c| c.processing.rounds_per_tick = 0,
            "processing.rounds_per_tick is 0 rounds: must be 1 to 64",
        ),
        (|c| c.processing.ageing_ticks = 0, "processing.ageing_ticks is 0 ticks"),
        (
            |c| c.processing.max_workers = 65,
            "processing.max_workers is 65 workers: must be 0 to 64",
        ),
        (
            |c| c.reliability.retry.base_delay = Duration::from_secs(10),
            "reliability.retry.base_delay is 10 s: must not be above reliability.retry.max_delay, 5",
        ),
    ];
    for (change, expected) in changes {
        let mut config = Config::default();
        change(&mut config);
        let error = Mesh::new(config).unwrap_err();
        assert!(matches!(error, MeshError::Config(_)));
        assert!(error.to_string().starts_with(expected), "{error}");
    }
}

#[test]
fn ids_that_are_stale_or_of_another_mesh_are_refused_everywhere() {
    let mut mesh = mesh(|_| {});
    let live = mesh.spawn(Probe::default()).unwrap();
    let stale = mesh.spawn(Probe::default()).unwrap();
    mesh.despawn(stale).unwrap();
    let new = mesh.spawn(Probe::default()).unwrap();
    assert_eq!((new.slot(), new == stale), (stale.slot(), false));
    let mut other = self::mesh(|config| config.mesh.id = "another".to_owned());
    let foreign = other.spawn(Probe::default()).unwrap();
    assert_eq!(foreign.slot(), live.slot());
    let far = AgentId::new(u32::MAX, live.generation());
    for id in [stale, foreign, far] {
        let unknown = CommandError::UnknownAgent { id };
        assert!(!mesh.is_alive(id));
        assert_eq!(mesh.send(id, MESSAGE), Err(SendError::UnknownTarget { id }));
        assert_eq!(mesh.despawn(id), Err(unknown.clone()));
        assert_eq!(mesh.quarantine(id, true), Err(unknown.clone()));
        assert_eq!(mesh.move_to(id, Pose::IDENTITY), Err(unknown.clone()));
        assert_eq!(mesh.subscribe(id, "news", None), Err(unknown.clone()));
        assert_eq!(mesh.unsubscribe(id, Topic::named("news")), Err(unknown.clone()));
        assert_eq!(mesh.connect(live, id), Err(unknown.clone()));
        assert_eq!(mesh.connect(id, live), Err(unknown.clone()));
        assert_eq!(mesh.disconnect(id, live), Err(unknown.clone()));
        assert_eq!((mesh.pose_of(id), mesh.health(id), mesh.path(live, id)), (None, None, None));
        assert_eq!(mesh.neighbours(id).count(), 0);
        assert!(mesh.with_agent(id, |_: &Probe| ()).is_none());
        // Through a handle it is seen when it is taken in.
        let handle = mesh.handle();
        handle.send(id, MESSAGE).unwrap();
        handle.despawn(id).unwrap();
        handle.move_to(id, Pose::IDENTITY).unwrap();
        tick(&mut mesh, 0, Budget::unlimited());
        let refused: Vec<Refusal> = mesh.refusals().collect();
        assert_eq!(refused, [Refusal::Command(unknown.clone()), Refusal::Command(unknown)]);
    }
    let counters = mesh.counters();
    assert_eq!((counters.sent(), counters.delivered(), counters.dropped_total()), (3, 0, 3));
    unharmed(&mut mesh);
}

#[test]
fn handlers_get_the_same_errors() {
    let mut mesh = mesh(|config| {
        config.limits.max_payload_bytes = 100;
        config.limits.max_topic_bytes = 8;
        config.limits.outbox_capacity = 50;
    });
    let first = mesh.spawn(Probe::default()).unwrap();
    in_handler(&mut mesh, |context, envelope| {
        let me = context.id();
        let far = AgentId::new(1 << 30, me.generation());
        let gone = AgentId::new(me.slot(), me.generation().checked_add(1).unwrap());
        assert_eq!(context.send(far, MESSAGE), Err(SendError::UnknownTarget { id: far }));
        assert_eq!(
            context.ask(far, MESSAGE, Duration::ZERO),
            Err(SendError::UnknownTarget { id: far })
        );
        assert_eq!(context.send_at(at(9), far, MESSAGE), Err(SendError::UnknownTarget { id: far }));
        assert_eq!(context.despawn(gone), Err(CommandError::UnknownAgent { id: gone }));
        assert_eq!(context.connect(gone), Err(CommandError::UnknownAgent { id: gone }));
        assert_eq!(context.connect(me), Err(CommandError::SelfLink { id: me }));
        let large = SendError::PayloadTooLarge { given: 101, limit: 100 };
        assert_eq!(context.send(me, MESSAGE.bytes(&[0; 101])), Err(large.clone()));
        let payload = context.payload(&[0; 101]);
        assert_eq!(context.send(me, MESSAGE.shared(&payload)), Err(large));
        assert!(matches!(context.move_to(no_pose()), Err(CommandError::Pose(_))));
        assert!(matches!(
            context.spawn(Probe::default(), SpawnOptions::new().pose(no_pose())),
            Err(CommandError::Pose(_))
        ));
        let none = Mailbox { capacity: 0, overflow: Overflow::RejectNew };
        assert_eq!(
            context.spawn(Probe::default(), SpawnOptions::new().mailbox(none)),
            Err(CommandError::MailboxCapacity { given: 0 })
        );
        let long = TopicError::TooLong { given: 9, limit: 8 };
        assert_eq!(context.subscribe("123456789", None), Err(long.into()));
        assert_eq!(context.subscribe("", None), Err(TopicError::Empty.into()));
        let id = envelope.id();
        assert_eq!(context.reply(envelope, MESSAGE), Err(SendError::NotAQuestion { id }));
        for (point, radius) in [
            (Vec3::new(f32::NAN, 0.0, 0.0), 1.0),
            (Vec3::ZERO, f32::NAN),
            (Vec3::ZERO, f32::INFINITY),
            (Vec3::ZERO, -1.0),
        ] {
            let refused = context.send(Target::Near { point, radius }, MESSAGE);
            assert!(matches!(refused, Err(SendError::InvalidPlace { .. })));
            context.near(point, radius, |_, _| panic!("found someone"));
        }
        let point = Vec3::new(0.0, f32::INFINITY, 0.0);
        let refused = context.send(Target::Nearest { point, count: 1 }, MESSAGE);
        assert_eq!(refused, Err(SendError::InvalidPlace { point, radius: 0.0 }));
        // None of it was sent: the whole outbox is free.
        (0..50).for_each(|_| _ = context.send(me, MESSAGE).unwrap());
        let full = SendError::OutboxFull { given: 1, used: 50, limit: 50 };
        assert_eq!(context.send(me, MESSAGE), Err(full));
        (0..50).for_each(|_| context.move_to(Pose::IDENTITY).unwrap());
        assert_eq!(context.move_to(Pose::IDENTITY), Err(CommandError::OutboxFull { limit: 50 }));
    });
    assert!(mesh.is_alive(first));
    unharmed(&mut mesh);
}

#[test]
fn the_host_gets_them_too() {
    let mut mesh = mesh(|config| {
        config.limits.max_payload_bytes = 100;
        config.limits.max_topics = 2;
        config.limits.max_interests_per_agent = 1;
        config.limits.max_links = 1;
        config.limits.outbox_capacity = 10;
    });
    let [a, b, c] = [(); 3].map(|()| mesh.spawn(Probe::default()).unwrap());
    let large = SendError::PayloadTooLarge { given: 101, limit: 100 };
    assert_eq!(mesh.send(a, MESSAGE.bytes(&[0; 101])), Err(large.clone()));
    assert_eq!(
        mesh.send(Target::Everyone, MESSAGE.shared(&Payload::from(vec![0; 101]))),
        Err(large)
    );
    let handle = mesh.handle();
    let large = HandleError::PayloadTooLarge { given: 101, limit: 100 };
    assert_eq!(handle.send(a, MESSAGE.bytes(&[0; 101])), Err(large));
    assert!(matches!(mesh.move_to(a, no_pose()), Err(CommandError::Pose(_))));
    assert!(matches!(
        handle.move_to(a, no_pose()),
        Err(HandleError::Command(CommandError::Pose(_)))
    ));
    let options = SpawnOptions::new().pose(no_pose());
    let refused = mesh.spawn_with(Probe::default(), options);
    assert!(matches!(refused, Err(SpawnError::Command(CommandError::Pose(_)))));
    let none = SpawnOptions::new().mailbox(Mailbox { capacity: 0, overflow: Overflow::DropOldest });
    let zero = CommandError::MailboxCapacity { given: 0 };
    assert_eq!(mesh.spawn_with(Probe::default(), none), Err(zero.clone().into()));
    assert_eq!(handle.spawn(Probe::default(), none), Err(zero.into()));
    for (radius, hysteresis) in [(f32::NAN, 0.0), (1.0, f32::INFINITY), (-1.0, 0.0), (1.0, -0.5)] {
        let refused = mesh.auto_connect(radius, hysteresis).unwrap_err();
        assert!(matches!(refused, CommandError::Reach { .. }), "{refused}");
    }
    assert!(mesh.near(Vec3::new(f32::NAN, 0.0, 0.0), 1.0).is_empty());
    // Topics, interests and links are counted.
    mesh.subscribe(a, "one", None).unwrap();
    let more = CommandError::TooManyInterests { id: a, limit: 1 };
    assert_eq!(mesh.subscribe(a, "two", None), Err(more));
    mesh.subscribe(b, "two", None).unwrap();
    assert_eq!(mesh.subscribe(c, "three", None), Err(TopicError::TooMany { limit: 2 }.into()));
    let long = "x".repeat(129);
    let too_long = TopicError::TooLong { given: 129, limit: 128 };
    assert_eq!(mesh.subscribe(c, &long, None), Err(too_long.into()));
    assert_eq!(mesh.connect(a, b), Ok(true));
    assert_eq!(mesh.connect(b, c), Err(CommandError::TooManyLinks { limit: 1 }));
    assert_eq!(mesh.connect(a, b), Ok(false));
    assert_eq!(mesh.connect(c, c), Err(CommandError::SelfLink { id: c }));
    // A subscription given up makes room.
    mesh.unsubscribe(b, Topic::named("two")).unwrap();
    mesh.subscribe(c, "three", None).unwrap();
    // The host's outbox.
    (0..10).for_each(|_| _ = mesh.send(a, MESSAGE).unwrap());
    let full = SendError::OutboxFull { given: 1, used: 10, limit: 10 };
    assert_eq!(mesh.send(a, MESSAGE), Err(full));
    tick(&mut mesh, 0, Budget::unlimited());
    unharmed(&mut mesh);
}

#[test]
fn too_many_agents_of_the_host_of_handles_and_of_handlers() {
    let mut mesh = mesh(|config| config.mesh.max_agents = 3);
    for _ in 0..3 {
        mesh.spawn(Probe::default()).unwrap();
    }
    let full = CommandError::TooManyAgents { live: 3, limit: 3 };
    assert_eq!(mesh.spawn(Probe::default()), Err(full.clone().into()));
    mesh.handle().spawn(Probe::default(), SpawnOptions::new()).unwrap();
    tick(&mut mesh, 0, Budget::unlimited());
    let refused: Vec<Refusal> = mesh.refusals().collect();
    assert_eq!(refused, [Refusal::Spawn(full.into())]);
    let one = mesh.agent_ids().nth(1).unwrap();
    mesh.despawn(one).unwrap();
    in_handler(&mut mesh, |context, _| {
        let refused = context.spawn(Probe::default(), SpawnOptions::new());
        assert_eq!(refused, Err(CommandError::TooManyAgents { live: 3, limit: 3 }));
    });
    assert_eq!(mesh.agents(), 2);
    unharmed(&mut mesh);
}

#[test]
fn what_waits_outside_of_envelopes_is_bounded() {
    let mut mesh = mesh(|config| config.performance.memory_pool_size = 1);
    let id = mesh.spawn(Probe::default()).unwrap();
    let block = [7_u8; 65_536];
    // The host's own.
    (0..16).for_each(|_| _ = mesh.send(id, MESSAGE.bytes(&block)).unwrap());
    let full = SendError::ArenaFull { given: 65_536, left: 0 };
    assert_eq!(mesh.send(id, MESSAGE.bytes(&block)), Err(full.clone()));
    // What other threads hand in is held to the same.
    let handle = mesh.handle();
    handle.send(id, MESSAGE.bytes(&block)).unwrap();
    tick(&mut mesh, 0, Budget::messages(0));
    assert_eq!(mesh.refusals().collect::<Vec<_>>(), [Refusal::Send(full.clone())]);
    assert_eq!(mesh.send(id, MESSAGE.bytes(&block)), Err(full));
    tick(&mut mesh, 1, Budget::unlimited());
    // Delivered: there is room again, but what agents delay takes it.
    in_handler(&mut mesh, |context, _| {
        for round in 0..40 {
            let sent = context.send_at(at(500), context.id(), MESSAGE.bytes(&[7; 65_536]));
            assert_eq!(sent.is_ok(), round < 16, "{sent:?}");
        }
    });
    let refused = mesh.send(id, MESSAGE.bytes(&block));
    assert_eq!(refused, Err(SendError::ArenaFull { given: 65_536, left: 0 }));
    tick(&mut mesh, 600, Budget::unlimited());
    mesh.tick(at(601), Budget::unlimited()).unwrap();
    assert!(mesh.send(id, MESSAGE.bytes(&block)).is_ok());
    tick(&mut mesh, 602, Budget::unlimited());
    unharmed(&mut mesh);
}

#[test]
fn full_queues_too_many_lanes_and_a_mesh_that_is_gone() {
    let mut mesh = mesh(|config| {
        config.limits.lane_capacity = 4;
        config.limits.shared_queue_capacity = 4;
        config.limits.max_lanes = 1;
    });
    let id = mesh.spawn(Probe::default()).unwrap();
    let handle = mesh.handle();
    let mut lane = handle.lane().unwrap();
    assert_eq!(handle.lane().unwrap_err(), HandleError::TooManyLanes { limit: 1 });
    (0..4).for_each(|_| lane.send(id, MESSAGE).unwrap());
    assert_eq!(lane.send(id, MESSAGE), Err(HandleError::Full { limit: 4 }));
    while handle.send(id, MESSAGE).is_ok() {}
    assert_eq!(handle.send(id, MESSAGE), Err(HandleError::Full { limit: 4 }));
    assert_eq!(handle.despawn(id), Err(HandleError::Full { limit: 4 }));
    // Refused is not sent.
    tick(&mut mesh, 0, Budget::unlimited());
    tick(&mut mesh, 1, Budget::unlimited());
    assert_eq!(mesh.counters().delivered(), 3 + 4);
    unharmed(&mut mesh);
    drop(mesh);
    assert_eq!(handle.send(id, MESSAGE), Err(HandleError::Closed));
    assert_eq!(lane.send(id, MESSAGE), Err(HandleError::Closed));
    assert_eq!(handle.despawn(id), Err(HandleError::Closed));
    assert!(matches!(handle.lane(), Err(HandleError::Closed | HandleError::TooManyLanes { .. })));
}

#[test]
fn time_that_goes_back_and_a_budget_of_nothing() {
    let mut mesh = mesh(|_| {});
    let id = mesh.spawn(Probe::default()).unwrap();
    mesh.send(id, MESSAGE).unwrap();
    assert_eq!(tick(&mut mesh, -5, Budget::messages(0)).pending, 1);
    assert_eq!(tick(&mut mesh, -5, Budget::messages(0)).delivered, 0);
    let before = mesh.state_hash();
    let back = TickError::TimeWentBack { last: at(-5), given: at(-6) };
    assert_eq!(mesh.tick(at(-6), Budget::unlimited()), Err(back));
    assert_eq!(mesh.state_hash(), before, "nothing was done");
    assert_eq!(tick(&mut mesh, 0, Budget::unlimited()).delivered, 1);
    // The ends of time.
    let last = xrmesh::Time::from_nanos(i64::MAX);
    in_handler(&mut mesh, |context, _| {
        let me = context.id();
        context.wake_at(xrmesh::Time::from_nanos(i64::MIN)).unwrap();
        context.wake_at(xrmesh::Time::MAX).unwrap();
        context.send_at(xrmesh::Time::from_nanos(i64::MIN), me, MESSAGE).unwrap();
        context.ask(me, MESSAGE, Duration::MAX).unwrap();
    });
    mesh.send(id, MESSAGE).unwrap();
    mesh.tick(last, Budget::unlimited()).unwrap();
    mesh.tick(last, Budget::unlimited()).unwrap();
    assert!(mesh.counters().balanced());
    assert_eq!(mesh.counters().pending(), 0);
}

#[test]
fn names_of_types_and_what_factories_refuse() {
    let mut mesh = mesh(|_| {});
    mesh.spawn(Probe::default()).unwrap();
    let register = |mesh: &mut Mesh, name: &str| {
        mesh.register(name, |bytes| match bytes {
            [] => Ok(Probe::default()),
            _ => Err("no bytes are wanted"),
        })
    };
    register(&mut mesh, "probe").unwrap();
    let taken = RegisterError::Taken { name: "probe".into() };
    assert_eq!(register(&mut mesh, "probe"), Err(taken));
    assert_eq!(register(&mut mesh, ""), Err(RegisterError::Length { given: 0, limit: 255 }));
    let long = RegisterError::Length { given: 256, limit: 255 };
    assert_eq!(register(&mut mesh, &"x".repeat(256)), Err(long));
    let options = SpawnOptions::new;
    let unknown = SpawnError::UnknownType { name: "prober".into() };
    assert_eq!(mesh.spawn_as("prober", &[], options()), Err(unknown));
    let refused = SpawnError::Factory {
        name: "probe".into(),
        given: 3,
        reason: "no bytes are wanted".into(),
    };
    assert_eq!(mesh.spawn_as("probe", &[1, 2, 3], options()), Err(refused.clone()));
    mesh.handle().spawn_as("probe", &[1, 2, 3], options()).unwrap();
    tick(&mut mesh, 0, Budget::unlimited());
    assert_eq!(mesh.refusals().collect::<Vec<_>>(), [Refusal::Spawn(refused)]);
    assert_eq!(mesh.agents(), 1);
    unharmed(&mut mesh);
}

#[test]
fn a_message_behind_groups_that_finds_no_room_is_refused_with_a_word() {
    let mut mesh = mesh(|config| config.limits.outbox_capacity = 20);
    let ids: Vec<AgentId> = (0..100).map(|_| mesh.spawn(Probe::default()).unwrap()).collect();
    let handle = mesh.handle();
    for _ in 0..3 {
        handle.send(Target::Everyone, MESSAGE).unwrap();
        handle.send(ids[0], MESSAGE).unwrap();
    }
    tick(&mut mesh, 0, Budget::unlimited());
    // 8 places for each of two broadcasts, one for each message.
    assert_eq!(mesh.counters().sent(), 203);
    let refused: Vec<Refusal> = mesh.refusals().collect();
    let full = SendError::OutboxFull { given: 8, used: 18, limit: 20 };
    assert_eq!(refused, [Refusal::Send(full)]);
    unharmed(&mut mesh);
}
