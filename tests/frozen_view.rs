//! Handlers see the mesh as it was when their round began; what they do shows in the next.
#![expect(clippy::unwrap_used, reason = "a test's helpers may fail it")]

mod support;

use support::{config, tick};
use xrmesh::{
    Agent, AgentId, Budget, Context, DropReason, Envelope, Fault, Kind, Mesh, Message, Pose,
    SpawnOptions, Target, Topic, Vec3,
};

const GO: Kind = Kind::user(0);
const LOOK: Kind = Kind::user(1);

fn place(x: f32) -> Pose {
    Pose::at(Vec3::new(x, 0.0, 0.0)).unwrap()
}

/// What an agent saw of the mesh.
#[derive(Clone, Debug, PartialEq)]
struct Sight {
    agents: u32,
    at: Option<Pose>,
    near: usize,
    neighbours: usize,
    other_alive: bool,
}

/// On `GO` it changes everything; on `LOOK` it looks.
struct Changer {
    other: Option<AgentId>,
    child: Option<AgentId>,
    sights: Vec<Sight>,
    heard: Vec<Kind>,
}

impl Changer {
    fn new(other: Option<AgentId>) -> Self {
        Self { other, child: None, sights: Vec::new(), heard: Vec::new() }
    }

    fn look(&mut self, context: &mut Context<'_>) {
        let mut near = 0;
        context.near(Vec3::ZERO, 1.0, |_, _| near += 1);
        self.sights.push(Sight {
            agents: context.agents(),
            at: context.pose(),
            near,
            neighbours: context.neighbours().count(),
            other_alive: self.other.is_some_and(|other| context.is_alive(other)),
        });
    }
}

impl Agent for Changer {
    fn on_message(
        &mut self,
        context: &mut Context<'_>,
        envelope: &Envelope<'_>,
    ) -> Result<(), Fault> {
        self.heard.push(envelope.kind());
        if envelope.kind() == GO {
            self.look(context);
            let me = context.id();
            context.move_to(place(0.5))?;
            context.subscribe("news", None)?;
            // A broadcast of the same round is not for the child; a message to it by its id is.
            context.send(Target::Everyone, Message::new(Kind::user(5)))?;
            let child = context.spawn(Changer::new(None), SpawnOptions::new().pose(place(0.1)))?;
            context.send(child, Message::new(Kind::user(6)))?;
            self.child = Some(child);
            if let Some(other) = self.other {
                context.connect(other)?;
                context.despawn(other)?;
                context.send(other, Message::new(Kind::user(7)))?;
            }
            assert!(!context.is_alive(child));
            self.look(context);
            context.send(me, Message::new(LOOK))?;
        } else if envelope.kind() == LOOK {
            self.look(context);
            context.send(Topic::named("news"), Message::new(Kind::user(8)))?;
        }
        Ok(())
    }
}

#[test]
fn commands_show_in_the_next_round_and_not_before() {
    let mut mesh = Mesh::new(config(1000, 1)).unwrap();
    let other = mesh.spawn_with(Changer::new(None), SpawnOptions::new().pose(place(0.2))).unwrap();
    let changer =
        mesh.spawn_with(Changer::new(Some(other)), SpawnOptions::new().pose(place(9.0))).unwrap();
    let third = mesh.spawn(Changer::new(None)).unwrap();
    mesh.send(changer, Message::new(GO)).unwrap();
    tick(&mut mesh, 0, Budget::unlimited());
    let (sights, child) =
        mesh.with_agent(changer, |c: &Changer| (c.sights.clone(), c.child.unwrap())).unwrap();
    let before =
        Sight { agents: 3, at: Some(place(9.0)), near: 1, neighbours: 0, other_alive: true };
    assert_eq!(sights[..2], [before.clone(), before], "the view is frozen for the round");
    let after =
        Sight { agents: 3, at: Some(place(0.5)), near: 2, neighbours: 0, other_alive: false };
    assert_eq!(sights[2..], [after], "the next round sees what was done");
    let heard = |id| mesh.with_agent(id, |c: &Changer| c.heard.clone());
    assert_eq!(heard(child), Some(vec![Kind::user(6)]), "its id could be used at once");
    assert_eq!(heard(third), Some(vec![Kind::user(5)]));
    // The one that was despawned in that round counts as dropped: the broadcast and the message.
    assert_eq!(heard(other), None);
    assert_eq!(mesh.counters().dropped(DropReason::Despawned), 2);
    // It alone had subscribed, and a group never holds its sender.
    assert_eq!(mesh.counters().dropped(DropReason::NoReceiver), 1);
    assert_eq!(mesh.counters().pending(), 0);
}

#[test]
fn who_comes_later_gets_nothing_of_an_earlier_broadcast() {
    for budget in [Budget::unlimited(), Budget::messages(3)] {
        let mut mesh = Mesh::new(config(1000, 1)).unwrap();
        let early: Vec<AgentId> =
            (0..10).map(|_| mesh.spawn(Changer::new(None)).unwrap()).collect();
        mesh.send(Target::Everyone, Message::new(Kind::user(21))).unwrap();
        let mut late = vec![mesh.spawn(Changer::new(None)).unwrap()];
        mesh.send(Target::Everyone, Message::new(Kind::user(22))).unwrap();
        // In the place of one that goes, too.
        mesh.despawn(early[4]).unwrap();
        late.push(mesh.spawn(Changer::new(None)).unwrap());
        assert_eq!(late[1].slot(), early[4].slot());
        let mut now = 0;
        while now == 0 || mesh.counters().pending() > 0 {
            tick(&mut mesh, now, budget);
            now += 1;
            late.push(mesh.spawn(Changer::new(None)).unwrap());
        }
        let heard = |id: AgentId| mesh.with_agent(id, |c: &Changer| c.heard.clone()).unwrap();
        for &id in early.iter().filter(|&&id| mesh.is_alive(id)) {
            assert_eq!(heard(id).len(), 2, "{id}");
        }
        assert_eq!(heard(late[0]), [Kind::user(22)]);
        for &id in &late[1..] {
            assert_eq!(heard(id), []);
        }
        let counters = mesh.counters();
        assert_eq!((counters.sent(), counters.delivered()), (10 + 11, 19));
        assert_eq!(counters.dropped(DropReason::Despawned), 2);
    }
}

/// Says goodbye to everyone.
struct Leaver;

impl Agent for Leaver {
    fn on_message(&mut self, context: &mut Context<'_>, _: &Envelope<'_>) -> Result<(), Fault> {
        context.spawn(Changer::new(None), SpawnOptions::new())?;
        context.despawn(context.id())?;
        context.spawn(Changer::new(None), SpawnOptions::new())?;
        Ok(())
    }

    fn on_stop(&mut self, context: &mut Context<'_>) {
        context.send(Target::Everyone, Message::new(Kind::user(9))).unwrap();
    }
}

#[test]
fn last_words_reach_those_who_live_then() {
    let mut mesh = Mesh::new(config(1000, 1)).unwrap();
    let leaver = mesh.spawn(Leaver).unwrap();
    let old = mesh.spawn(Changer::new(None)).unwrap();
    mesh.send(leaver, Message::new(GO)).unwrap();
    tick(&mut mesh, 0, Budget::unlimited());
    let heard: Vec<usize> = mesh
        .agent_ids()
        .map(|id| mesh.with_agent(id, |c: &Changer| c.heard.len()).unwrap())
        .collect();
    // The old one and the one spawned before; not the one spawned after.
    assert_eq!(heard, [1, 1, 0], "{old}");
    assert_eq!(mesh.counters().dropped_total(), 0);
    // The host's despawn: the next spawn hears nothing of it either.
    let leaver = mesh.spawn(Leaver).unwrap();
    tick(&mut mesh, 1, Budget::unlimited());
    mesh.despawn(leaver).unwrap();
    let new = mesh.spawn(Changer::new(None)).unwrap();
    tick(&mut mesh, 2, Budget::unlimited());
    assert_eq!(mesh.with_agent(new, |c: &Changer| c.heard.len()), Some(0));
    assert_eq!(mesh.with_agent(old, |c: &Changer| c.heard.len()), Some(2));
    assert_eq!(mesh.counters().dropped_total(), 0);
}

#[test]
fn what_the_host_sends_keeps_the_time_at_which_it_was_sent() {
    struct Times(Vec<(xrmesh::EnvelopeId, xrmesh::Time)>);
    impl Agent for Times {
        fn on_message(
            &mut self,
            _: &mut Context<'_>,
            envelope: &Envelope<'_>,
        ) -> Result<(), Fault> {
            self.0.push((envelope.id(), envelope.sent_at()));
            Ok(())
        }
    }
    let mut mesh = Mesh::new(config(100, 1)).unwrap();
    let handle = mesh.handle();
    let id = mesh.spawn(Times(Vec::new())).unwrap();
    tick(&mut mesh, 10, Budget::unlimited());
    let sent = [
        mesh.send(id, Message::new(GO)).unwrap(),
        mesh.send(Target::Everyone, Message::new(GO)).unwrap(),
        mesh.send(id, Message::new(GO)).unwrap(),
    ];
    handle.send(id, Message::new(GO)).unwrap();
    tick(&mut mesh, 20, Budget::unlimited());
    let got = mesh.with_agent(id, |times: &Times| times.0.clone()).unwrap();
    let ids: Vec<_> = got.iter().map(|(id, _)| *id).collect();
    assert_eq!(ids[..3], sent);
    let times: Vec<_> = got.iter().map(|(_, time)| time.as_nanos() / 1_000_000).collect();
    assert_eq!(times, [10, 10, 10, 20], "another thread's is sent when it is taken in");
}

/// Moves away and ends; its last words go to whom they find where it was.
struct Walker;

impl Agent for Walker {
    fn on_message(&mut self, context: &mut Context<'_>, _: &Envelope<'_>) -> Result<(), Fault> {
        context.move_to(place(50.0))?;
        context.despawn(context.id())?;
        Ok(())
    }

    fn on_stop(&mut self, context: &mut Context<'_>) {
        // Its place as the roster has it, and who is near as the tree has it.
        assert_eq!(context.pose(), Some(place(50.0)));
        let (mut here, mut there) = (0, 0);
        context.near(Vec3::ZERO, 1.0, |_, _| there += 1);
        context.near(place(50.0).position(), 1.0, |_, _| here += 1);
        assert_eq!((here, there), (1, 0));
        context.send(Target::Everyone, Message::new(Kind::user(9))).unwrap();
    }
}

#[test]
fn last_words_find_agents_where_they_have_moved() {
    let mut mesh = Mesh::new(config(1000, 1)).unwrap();
    let listener = mesh.spawn(Changer::new(None)).unwrap();
    let walker = mesh.spawn_with(Walker, SpawnOptions::new().pose(place(0.0))).unwrap();
    mesh.send(walker, Message::new(GO)).unwrap();
    tick(&mut mesh, 0, Budget::unlimited());
    assert!(!mesh.is_alive(walker));
    // Said to the end: no assertion above failed.
    assert_eq!(mesh.with_agent(listener, |c: &Changer| c.heard.len()), Some(1));
}
