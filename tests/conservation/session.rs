//! The host's side of a program.

use xrmesh::{Agent, AgentId, Budget, Lane, Mesh, MeshHandle, SpawnOptions, Target, Topic};

use crate::model::Shared;
use crate::program::{Act, How, TOPICS, To, message, options, payload, pose, region, target};
use crate::support;
use crate::worker::{Ticker, Worker};

/// A mesh, the ways into it, and the model.
pub(crate) struct Session {
    pub(crate) mesh: Mesh,
    pub(crate) handle: MeshHandle,
    pub(crate) lane: Lane,
    pub(crate) shared: Shared,
    pub(crate) now_ms: i64,
}

impl Session {
    pub(crate) fn spawn(&mut self, kind: u8, options: SpawnOptions) -> Option<AgentId> {
        let shared = self.shared.clone();
        let spawned = match kind % 5 {
            0 => self.mesh.spawn_with(Worker::<0>::new(&shared), options),
            1 => self.mesh.spawn_with(Worker::<100>::new(&shared), options),
            2 => self.mesh.spawn_with(Ticker(Worker::new(&shared)), options),
            3 => {
                self.mesh.spawn_with::<Box<dyn Agent>>(Box::new(Worker::<8>::new(&shared)), options)
            }
            // The one kind that can be restarted.
            _ => self.mesh.spawn_as("worker", &[], options),
        };
        spawned.ok()
    }

    pub(crate) fn act(&mut self, act: Act) {
        match act {
            Act::Send { to, how } => self.send(to, how),
            Act::Spawn { kind, mailbox, place } => {
                if let Some(id) = self.spawn(kind, options(mailbox, place)) {
                    self.shared.lock().agents.push(id);
                }
            }
            Act::Despawn { who } => {
                let id = self.shared.lock().pick(who);
                if let Some(id) = id
                    && self.mesh.despawn(id).is_ok()
                {
                    let mut model = self.shared.lock();
                    for topic in &mut model.subscribed {
                        topic.remove(&id.to_bits());
                    }
                }
            }
            Act::Move { place } => {
                let id = self.shared.lock().pick(place.0 as u8);
                id.map(|id| self.mesh.move_to(id, pose(place)));
            }
            Act::Subscribe { topic, near } => {
                let topic = usize::from(topic) % 3;
                let id = self.shared.lock().pick(near.map_or(0, |(x, _)| x as u8));
                if let Some(id) = id
                    && self.mesh.subscribe(id, TOPICS[topic], near.map(region)).is_ok()
                {
                    self.shared.lock().subscribed[topic].insert(id.to_bits(), near);
                }
            }
            Act::Unsubscribe { topic } => {
                let id = self.shared.lock().pick(topic);
                let topic = usize::from(topic) % 3;
                if let Some(id) = id
                    && self.mesh.unsubscribe(id, Topic::named(TOPICS[topic])).is_ok()
                {
                    self.shared.lock().subscribed[topic].remove(&id.to_bits());
                }
            }
            Act::Connect { who } => {
                let model = self.shared.lock();
                let pair = model.pick(who).zip(model.pick(who.wrapping_mul(7).wrapping_add(3)));
                drop(model);
                pair.map(|(a, b)| self.mesh.connect(a, b));
            }
            Act::Quarantine { who, on } => {
                let id = self.shared.lock().pick(who);
                id.map(|id| self.mesh.quarantine(id, on));
            }
            _ => {}
        }
    }

    pub(crate) fn send(&mut self, to: To, how: How) {
        let mut model = self.shared.lock();
        let Some(target) = target(to, None, &model) else { return };
        // Each way in is first in, first out; only one of them is held to it.
        let ordered = !how.retry && how.way.is_multiple_of(3);
        let depth = if matches!(target, Target::Agent(_)) { how.depth } else { how.depth.min(1) };
        let mut note = model.note(0, how, ordered, depth);
        let everyone: Vec<u64> = self.mesh.agent_ids().map(AgentId::to_bits).collect();
        match target {
            Target::Agent(to) => {
                note.target = to.to_bits();
                model.expect([to.to_bits()]);
            }
            Target::Near { point, radius } => {
                let near = self.mesh.agent_ids().filter(|&id| {
                    self.mesh.pose_of(id).is_some_and(|pose| {
                        pose.position().distance_squared(point) <= radius * radius
                    })
                });
                model.expect(near.map(AgentId::to_bits));
            }
            Target::Nearest { point, count } => {
                let mut near: Vec<_> = self
                    .mesh
                    .agent_ids()
                    .filter_map(|id| {
                        let place = self.mesh.pose_of(id)?.position();
                        Some((place.distance_squared(point).to_bits(), id.to_bits()))
                    })
                    .collect();
                near.sort_unstable();
                near.truncate(count as usize);
                model.expect(near.into_iter().map(|(_, id)| id));
            }
            Target::Linked { .. } => {}
            Target::Everyone => model.expect(everyone.iter().copied()),
            _ => {
                if let To::Topic(topic) = to {
                    model.expect_topic(usize::from(topic) % 3, None, 0);
                }
            }
        }
        let bytes = payload(&note, how.more);
        let message = message(&bytes, how, self.now_ms);
        drop(model);
        let sent = match how.way % 3 {
            0 => self.mesh.send(target, message).is_ok(),
            1 => self.handle.send(target, message).is_ok(),
            _ => self.lane.send(target, message).is_ok(),
        };
        let mut model = self.shared.lock();
        if !sent {
            model.refused();
        } else if !how.way.is_multiple_of(3) {
            // Groups are resolved when they are taken in, which may be ticks later.
            model.sent.last_mut().unwrap().anyone = !matches!(target, Target::Agent(_));
        }
    }

    pub(crate) fn tick(&mut self, after_ms: i64, budget: Option<u16>) {
        self.now_ms += after_ms;
        let budget = budget.map_or(Budget::unlimited(), |n| Budget::messages(u64::from(n)));
        support::tick(&mut self.mesh, self.now_ms, budget);
        let model = self.shared.lock();
        if let Some(wrong) = &model.wrong {
            panic!("{wrong}");
        }
        assert_eq!(model.returned, self.mesh.counters().delivered(), "handlers that returned");
        drop(model);
        self.mesh.refusals().for_each(drop);
    }
}
