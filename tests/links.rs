//! The proximity topology against brute force.
#![expect(clippy::unwrap_used, reason = "a test's helpers may fail it")]

mod support;

use std::collections::BTreeSet;

use proptest::prelude::*;
use support::{config, tick};
use xrmesh::{
    Agent, AgentId, Budget, Context, Envelope, Fault, Kind, Mesh, Message, Pose, SpawnOptions,
    Target, Vec3,
};

/// Moves where it is told, floods when it is told, counts what it hears else.
#[derive(Default)]
struct Node {
    heard: u32,
}

const MOVE: Kind = Kind::user(0);
const FLOOD: Kind = Kind::user(1);

impl Agent for Node {
    fn on_message(
        &mut self,
        context: &mut Context<'_>,
        envelope: &Envelope<'_>,
    ) -> Result<(), Fault> {
        match envelope.kind() {
            MOVE => context.move_to(envelope.plain()?)?,
            FLOOD => {
                let hops = envelope.plain::<u8>()?;
                context.send(Target::Linked { hops }, Message::new(Kind::user(2)))?;
            }
            _ => self.heard += 1,
        }
        Ok(())
    }
}

fn place((x, z): (i8, i8)) -> Pose {
    Pose::at(Vec3::new(f32::from(x) * 0.5, 0.0, f32::from(z) * 0.5)).unwrap()
}

type Link = (usize, usize);

fn pair(a: usize, b: usize) -> Link {
    (a.min(b), a.max(b))
}

/// All links by the definition: made within `radius`, cut beyond `radius + hysteresis`, where an end
/// moved; those made by a command stay.
struct Model {
    places: Vec<(i8, i8)>,
    links: BTreeSet<Link>,
    pinned: BTreeSet<Link>,
    reach: Option<(f32, f32)>,
}

impl Model {
    fn distance(&self, a: usize, b: usize) -> f32 {
        place(self.places[a]).position().distance_squared(place(self.places[b]).position())
    }

    fn moved(&mut self, who: usize) {
        let Some((radius, hysteresis)) = self.reach else { return };
        let farthest = radius + hysteresis;
        for other in (0..self.places.len()).filter(|&other| other != who) {
            let distance = self.distance(who, other);
            if distance <= radius * radius {
                self.links.insert(pair(who, other));
            } else if distance > farthest * farthest && !self.pinned.contains(&pair(who, other)) {
                self.links.remove(&pair(who, other));
            }
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Move(usize, (i8, i8)),
    Connect(usize, usize),
    Disconnect(usize, usize),
}

fn step() -> impl Strategy<Value = Step> {
    let who = || 0_usize..12;
    prop_oneof![
        6 => (who(), (0_i8..12, 0_i8..12)).prop_map(|(who, to)| Step::Move(who, to)),
        1 => (who(), who()).prop_map(|(a, b)| Step::Connect(a, b)),
        1 => (who(), who()).prop_map(|(a, b)| Step::Disconnect(a, b)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn links_follow_poses_as_by_brute_force(
        places in prop::collection::vec((0_i8..12, 0_i8..12), 12),
        steps in prop::collection::vec((step(), any::<bool>()), 0..60),
        radius in 0.0_f32..3.0, hysteresis in 0.0_f32..2.0,
    ) {
        let mut mesh = Mesh::new(config(1000, 1)).unwrap();
        let ids: Vec<AgentId> = places
            .iter()
            .map(|&at| mesh.spawn_with(Node::default(), SpawnOptions::new().pose(place(at))).unwrap())
            .collect();
        mesh.auto_connect(radius, hysteresis).unwrap();
        let (links, pinned) = (BTreeSet::new(), BTreeSet::new());
        let mut model = Model { places, links, pinned, reach: Some((radius, hysteresis)) };
        (0..12).for_each(|who| model.moved(who));
        for (now, (step, by_agent)) in steps.into_iter().enumerate() {
            match step {
                Step::Move(who, to) => {
                    model.places[who] = to;
                    model.moved(who);
                    if by_agent {
                        mesh.send(ids[who], Message::new(MOVE).plain(&place(to))).unwrap();
                        tick(&mut mesh, now as i64, Budget::unlimited());
                    } else {
                        mesh.move_to(ids[who], place(to)).unwrap();
                    }
                }
                Step::Connect(a, b) if a != b => {
                    let new = mesh.connect(ids[a], ids[b]).unwrap();
                    prop_assert_eq!(new, model.links.insert(pair(a, b)));
                    model.pinned.insert(pair(a, b));
                }
                Step::Disconnect(a, b) if a != b => {
                    let was = mesh.disconnect(ids[a], ids[b]).unwrap();
                    prop_assert_eq!(was, model.links.remove(&pair(a, b)));
                    model.pinned.remove(&pair(a, b));
                }
                _ => {}
            }
            for (at, &id) in ids.iter().enumerate() {
                let found: Vec<AgentId> = mesh.neighbours(id).collect();
                let expected: Vec<AgentId> = (0..12)
                    .filter(|&other| other != at && model.links.contains(&pair(at, other)))
                    .map(|other| ids[other])
                    .collect();
                prop_assert_eq!(found, expected);
            }
        }
        // Paths and floods over what there is now.
        let far = distances(&model.links);
        for a in 0..12 {
            let path = mesh.path(ids[0], ids[a]);
            prop_assert_eq!(path.as_ref().map(|path| path.len() as u8 - 1), far[a]);
            if let Some(path) = path {
                prop_assert_eq!((path[0], path[path.len() - 1]), (ids[0], ids[a]));
                for step in path.windows(2) {
                    prop_assert!(mesh.neighbours(step[0]).any(|other| other == step[1]));
                }
            }
        }
        for hops in [0_u8, 1, 2, 255] {
            let heard = |mesh: &Mesh, id| mesh.with_agent(id, |node: &Node| node.heard).unwrap();
            let before: Vec<u32> = ids.iter().map(|&id| heard(&mesh, id)).collect();
            mesh.send(ids[0], Message::new(FLOOD).plain(&hops)).unwrap();
            tick(&mut mesh, 1000, Budget::unlimited());
            for (at, &id) in ids.iter().enumerate() {
                let reached = at != 0 && far[at].is_some_and(|far| far <= hops);
                prop_assert_eq!(heard(&mesh, id) - before[at], u32::from(reached));
            }
        }
    }
}

/// Links from node 0 to each, breadth first over a list.
fn distances(links: &BTreeSet<Link>) -> [Option<u8>; 12] {
    let mut far = [None; 12];
    far[0] = Some(0);
    for round in 0..12_u8 {
        for &(a, b) in links {
            for (from, to) in [(a, b), (b, a)] {
                if far[from] == Some(round) && far[to].is_none() {
                    far[to] = Some(round + 1);
                }
            }
        }
    }
    far
}

#[test]
fn hysteresis_keeps_a_link_that_wavers_and_pinned_ones_stay() {
    let mut mesh = Mesh::new(config(100, 1)).unwrap();
    let at = |x: f32| Pose::at(Vec3::new(x, 0.0, 0.0)).unwrap();
    let a = mesh.spawn_with(Node::default(), SpawnOptions::new().pose(at(0.0))).unwrap();
    let b = mesh.spawn_with(Node::default(), SpawnOptions::new().pose(at(5.0))).unwrap();
    mesh.auto_connect(1.0, 0.5).unwrap();
    let mut linked = |x: f32| {
        mesh.move_to(b, at(x)).unwrap();
        mesh.neighbours(a).count() == 1
    };
    assert!(!linked(1.25), "not linked before it came within the radius");
    assert!(linked(1.0));
    assert!(linked(1.5), "inside the hysteresis");
    assert!(!linked(1.51));
    assert!(!linked(1.25));
    mesh.connect(a, b).unwrap();
    mesh.move_to(b, at(1000.0)).unwrap();
    assert_eq!(mesh.neighbours(a).count(), 1, "pinned");
    mesh.despawn(b).unwrap();
    assert_eq!(mesh.neighbours(a).count(), 0);
    let c = mesh.spawn_with(Node::default(), SpawnOptions::new().pose(at(0.5))).unwrap();
    assert_eq!(mesh.neighbours(a).collect::<Vec<_>>(), [c]);
    mesh.stop_auto_connect();
    mesh.move_to(c, at(50.0)).unwrap();
    assert_eq!(mesh.neighbours(a).count(), 1, "what is linked stays");
}
