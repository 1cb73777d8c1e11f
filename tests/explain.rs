//! Why an agent did or did not get a message.
#![expect(clippy::unwrap_used, reason = "a test's helpers may fail it")]

mod support;

use support::{at, config, tick};
use xrmesh::{
    Agent, AgentId, Budget, Config, Context, DropReason, Envelope, EnvelopeId, Explanation, Fault,
    Kind, Mailbox, Mesh, Message, Overflow, Pose, Region, SpawnOptions, Target, Topic, Vec3,
    space::Sphere,
};

/// Sends on to whom it is told, and remembers under which id.
#[derive(Default)]
struct Relay {
    sent: Option<EnvelopeId>,
}

impl Agent for Relay {
    fn on_message(
        &mut self,
        context: &mut Context<'_>,
        envelope: &Envelope<'_>,
    ) -> Result<(), Fault> {
        if let Ok(bits) = envelope.plain::<u64>()
            && let Some(to) = AgentId::from_bits(bits)
        {
            self.sent = Some(context.send(to, Message::new(Kind::user(1)))?);
        }
        Ok(())
    }
}

fn mesh(explain: u32, change: impl FnOnce(&mut Config)) -> Mesh {
    let mut config = config(1000, 1);
    config.limits.explain_capacity = explain;
    change(&mut config);
    Mesh::new(config).unwrap()
}

fn place(x: f32) -> Pose {
    Pose::at(Vec3::new(x, 0.0, 0.0)).unwrap()
}

const MESSAGE: Message<'static> = Message::new(Kind::user(0));

#[test]
fn each_fate_has_its_explanation() {
    let mut mesh = mesh(100, |_| {});
    let spawn = |mesh: &mut Mesh| mesh.spawn(Relay::default()).unwrap();
    let [a, b, c] = [spawn(&mut mesh), spawn(&mut mesh), spawn(&mut mesh)];
    mesh.subscribe(a, "news", None).unwrap();
    let near = Region::Sphere(Sphere::new(Vec3::ZERO, 1.0).unwrap());
    mesh.subscribe(b, "news", Some(near)).unwrap();
    let news = mesh.send(Topic::named("news"), MESSAGE.pose(place(5.0))).unwrap();
    let one = mesh.send(a, MESSAGE).unwrap();
    let all = mesh.send(Target::Everyone, MESSAGE).unwrap();
    let stale = mesh.send(c, MESSAGE.deadline(at(-1))).unwrap();
    assert_eq!(mesh.explain(one, a), Explanation::Pending);
    assert_eq!(mesh.explain(all, b), Explanation::Pending);
    let later = spawn(&mut mesh);
    assert_eq!(mesh.explain(all, later), Explanation::NotAddressed);
    tick(&mut mesh, 0, Budget::unlimited());
    let cases = [
        (news, a, Explanation::Delivered),
        (news, b, Explanation::OutOfRegion),
        (news, c, Explanation::NotInterested),
        (one, a, Explanation::Delivered),
        (one, b, Explanation::NotAddressed),
        (all, a, Explanation::Delivered),
        (all, c, Explanation::Delivered),
        (all, later, Explanation::NotAddressed),
        (stale, c, Explanation::Dropped(DropReason::ExpiredDeadline)),
        (EnvelopeId::from_bits(12345), a, Explanation::Forgotten),
    ];
    for (id, agent, expected) in cases {
        assert_eq!(mesh.explain(id, agent), expected, "{id} for {agent}");
    }
}

#[test]
fn suspension_overflow_and_despawns_are_told() {
    let mut mesh = mesh(100, |_| {});
    let small = Mailbox { capacity: 1, overflow: Overflow::RejectNew };
    let full = mesh.spawn_with(Relay::default(), SpawnOptions::new().mailbox(small)).unwrap();
    let apart = mesh.spawn(Relay::default()).unwrap();
    let gone = mesh.spawn(Relay::default()).unwrap();
    let sender = mesh.spawn(Relay::default()).unwrap();
    mesh.quarantine(apart, true).unwrap();
    let first = mesh.send(full, MESSAGE).unwrap();
    let second = mesh.send(full, MESSAGE).unwrap();
    let suspended = mesh.send(apart, MESSAGE).unwrap();
    let lost = mesh.send(gone, MESSAGE).unwrap();
    mesh.send(sender, MESSAGE.plain(&full.to_bits())).unwrap();
    mesh.despawn(gone).unwrap();
    tick(&mut mesh, 0, Budget::unlimited());
    let relayed = mesh.with_agent(sender, |relay: &Relay| relay.sent.unwrap()).unwrap();
    assert_eq!(mesh.explain(first, full), Explanation::Delivered);
    assert_eq!(mesh.explain(second, full), Explanation::Dropped(DropReason::MailboxFull));
    assert_eq!(mesh.explain(suspended, apart), Explanation::Dropped(DropReason::Quarantined));
    assert_eq!(mesh.explain(lost, gone), Explanation::Dropped(DropReason::Despawned));
    assert_eq!(mesh.explain(relayed, full), Explanation::Delivered);
    assert_eq!(mesh.explain(relayed, sender), Explanation::NotAddressed);
}

#[test]
fn only_the_last_sends_are_remembered_and_without_it_nothing_is() {
    let mut mesh = mesh(4, |_| {});
    let a = mesh.spawn(Relay::default()).unwrap();
    let b = mesh.spawn(Relay::default()).unwrap();
    let ids: Vec<EnvelopeId> = (0..10).map(|_| mesh.send(a, MESSAGE).unwrap()).collect();
    tick(&mut mesh, 0, Budget::unlimited());
    for (at, &id) in ids.iter().enumerate() {
        let expected = if at < 6 { Explanation::Forgotten } else { Explanation::NotAddressed };
        assert_eq!(mesh.explain(id, b), expected, "send {at}");
    }
    let mut mesh = self::mesh(0, |_| {});
    let a = mesh.spawn(Relay::default()).unwrap();
    let id = mesh.send(a, MESSAGE).unwrap();
    tick(&mut mesh, 0, Budget::unlimited());
    assert_eq!(mesh.explain(id, a), Explanation::Forgotten);
}

#[test]
fn what_waits_for_its_time_is_pending() {
    struct Later(Option<(AgentId, EnvelopeId)>);
    impl Agent for Later {
        fn on_message(
            &mut self,
            context: &mut Context<'_>,
            envelope: &Envelope<'_>,
        ) -> Result<(), Fault> {
            if let Ok(bits) = envelope.plain::<u64>() {
                let to = AgentId::from_bits(bits).unwrap();
                self.0 = Some((to, context.send_at(at(50), to, Message::new(Kind::user(1)))?));
            }
            Ok(())
        }
    }
    let mut mesh = mesh(10, |_| {});
    let (a, b) = (mesh.spawn(Later(None)).unwrap(), mesh.spawn(Later(None)).unwrap());
    mesh.send(a, MESSAGE.plain(&b.to_bits())).unwrap();
    tick(&mut mesh, 0, Budget::unlimited());
    let (to, id) = mesh.with_agent(a, |later: &Later| later.0.unwrap()).unwrap();
    assert_eq!(mesh.explain(id, to), Explanation::Pending);
    tick(&mut mesh, 49, Budget::unlimited());
    assert_eq!(mesh.explain(id, to), Explanation::Pending);
    tick(&mut mesh, 50, Budget::unlimited());
    assert_eq!(mesh.explain(id, to), Explanation::Delivered);
}
