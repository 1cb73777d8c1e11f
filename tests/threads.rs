//! Agents come and go, subscribe and move while other threads send.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test's helpers may fail it")]

mod support;

use std::thread;

use support::{config, tick};
use xrmesh::{
    Agent, AgentId, Batch, Budget, Context, Envelope, Fault, HandleError, Kind, Mesh, MeshHandle,
    Message, Pose, Priority, Region, SpawnOptions, StateHasher, Target, Topic, Vec3, space::Sphere,
};

/// Holds that each thread's messages come in the order of their numbers, once each.
#[derive(Default)]
struct Sink {
    last: [Option<u32>; 8],
    heard: u64,
}

/// What a thread sends: who it is, and its number.
fn note(thread: u32, number: u32) -> [u32; 2] {
    [thread, number]
}

impl Agent for Sink {
    fn on_message(
        &mut self,
        context: &mut Context<'_>,
        envelope: &Envelope<'_>,
    ) -> Result<(), Fault> {
        self.heard += 1;
        if envelope.kind() == Kind::user(0) {
            let [thread, number] = envelope.plain()?;
            let last = self.last[thread as usize].replace(number);
            assert!(last.is_none_or(|last| last < number), "{number} of {thread} after {last:?}");
            if number % 1000 == 7 {
                context.send(Topic::named("echo"), Message::new(Kind::user(1)))?;
            }
        }
        Ok(())
    }

    fn hash_state(&self, hasher: &mut StateHasher) {
        hasher.u64(self.heard);
    }
}

fn place(number: u32) -> Pose {
    Pose::at(Vec3::new((number % 97) as f32, 0.0, (number % 31) as f32)).unwrap()
}

/// Tries until the mesh takes it in.
fn insist(mut send: impl FnMut() -> Result<(), HandleError>) {
    loop {
        match send() {
            Ok(()) => return,
            Err(HandleError::Full { limit }) => {
                assert!(limit > 0);
                thread::yield_now();
            }
            Err(error) => panic!("{error}"),
        }
    }
}

const SENDS: u32 = 4_000;

/// Sends through a lane, singly and in batches, unicasts and groups; returns what went.
fn through_a_lane(handle: &MeshHandle, thread: u32, ids: &[AgentId]) -> u64 {
    // A new lane is announced on the shared queue, which the other threads may have filled.
    let mut lane = None;
    insist(|| handle.lane().map(|new| lane = Some(new)));
    let mut lane = lane.unwrap();
    let (mut batch, mut sent) = (Batch::new(), 0);
    for number in 0..SENDS {
        let (to, body) = (ids[number as usize % ids.len()], note(thread, number));
        let large = [number as u8; 300];
        let message = Message::new(Kind::user(0)).priority(Priority::MOST_URGENT);
        if number % 3 == 0 {
            lane.add(&mut batch, to, message.plain(&body)).unwrap();
            while !batch.is_empty() {
                if lane.send_batch(&mut batch).unwrap() == 0 {
                    thread::yield_now();
                }
            }
        } else {
            insist(|| lane.send(to, message.plain(&body)));
        }
        sent += 1;
        if number % 64 == 0 {
            let message = Message::new(Kind::user(2)).bytes(&large);
            insist(|| {
                lane.send(Target::Near { point: place(number).position(), radius: 3.0 }, message)
            });
        }
    }
    sent
}

/// Changes the mesh through a handle, and sends too.
fn through_a_handle(handle: &MeshHandle, thread: u32, ids: &[AgentId]) -> u64 {
    let (mut batch, mut sent) = (Batch::new(), 0);
    for number in 0..SENDS {
        let id = ids[(number * 13) as usize % ids.len()];
        let body = note(thread, number);
        handle.add(&mut batch, id, Message::new(Kind::user(0)).plain(&body)).unwrap();
        sent += 1;
        if batch.len() == 16 {
            while !batch.is_empty() {
                if handle.send_batch(&mut batch).unwrap() == 0 {
                    thread::yield_now();
                }
            }
        }
        match number % 40 {
            0 => insist(|| handle.spawn(Sink::default(), SpawnOptions::new().pose(place(number)))),
            1 => insist(|| handle.move_to(id, place(number))),
            2 => insist(|| handle.subscribe(id, "echo", None)),
            3 => insist(|| {
                let sphere = Sphere::new(place(number).position(), 4.0).unwrap();
                handle.subscribe(id, "echo", Some(Region::Sphere(sphere)))
            }),
            4 => insist(|| handle.unsubscribe(id, Topic::named("echo"))),
            5 => insist(|| handle.connect(id, ids[0])),
            6 => insist(|| handle.disconnect(id, ids[0])),
            7 if number % 400 == 7 => insist(|| handle.despawn(id)),
            8 if number % 400 == 8 => {
                insist(|| handle.send(Target::Everyone, Message::new(Kind::user(3))));
            }
            _ => {}
        }
    }
    while !batch.is_empty() {
        if handle.send_batch(&mut batch).unwrap() == 0 {
            thread::yield_now();
        }
    }
    sent
}

#[test]
fn others_send_and_change_while_the_mesh_ticks() {
    for workers in [1, 2] {
        let mut config = config(4_096, workers);
        config.limits.lane_capacity = 256;
        config.limits.shared_queue_capacity = 256;
        let mut mesh = Mesh::new(config).unwrap();
        mesh.auto_connect(2.0, 1.0).unwrap();
        let ids: Vec<AgentId> = (0..300)
            .map(|at| {
                mesh.spawn_with(Sink::default(), SpawnOptions::new().pose(place(at))).unwrap()
            })
            .collect();
        let handle = mesh.handle();
        let sent: u64 = thread::scope(|scope| {
            let threads: Vec<_> = (0..4)
                .map(|thread| {
                    let (handle, ids) = (handle.clone(), &ids);
                    scope.spawn(move || match thread {
                        0 | 1 => through_a_lane(&handle, thread, ids),
                        _ => through_a_handle(&handle, thread, ids),
                    })
                })
                .collect();
            let mut now = 0;
            while threads.iter().any(|thread| !thread.is_finished()) {
                let budget = if now % 3 == 0 { Budget::messages(500) } else { Budget::unlimited() };
                tick(&mut mesh, now, budget);
                now += 1;
                assert!(now < 10_000_000, "the threads never end");
            }
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        let mut now = 20_000_000;
        loop {
            let report = tick(&mut mesh, now, Budget::unlimited());
            now += 1;
            if report.pending == 0 && report.delivered == 0 {
                break;
            }
        }
        let counters = mesh.counters();
        assert_eq!(counters.pending(), 0);
        // Each unicast was taken in; groups come on top.
        assert!(counters.sent() >= sent, "{counters:?}, {sent} unicasts");
        assert!(counters.delivered() > sent / 2, "{counters:?}");
        // No handler failed: an assertion in one would have ended its agent.
        assert_eq!(counters.dropped(xrmesh::DropReason::Panicked), 0);
        // Only what named an agent that was gone was refused.
        for refusal in mesh.refusals() {
            assert!(refusal.to_string().contains("does not live"), "{refusal}");
        }
    }
}

#[test]
fn a_lanes_place_comes_back_when_its_thread_is_done() {
    let mut config = config(100, 1);
    config.limits.max_lanes = 2;
    let mut mesh = Mesh::new(config).unwrap();
    let id = mesh.spawn(Sink::default()).unwrap();
    let handle = mesh.handle();
    for step in 0..10 {
        let (mut one, two) = (handle.lane().unwrap(), handle.lane().unwrap());
        let third = handle.lane();
        assert_eq!(third.unwrap_err(), HandleError::TooManyLanes { limit: 2 });
        one.send(id, Message::new(Kind::user(5))).unwrap();
        tick(&mut mesh, step * 4, Budget::unlimited());
        tick(&mut mesh, step * 4 + 1, Budget::unlimited());
        drop((one, two));
        tick(&mut mesh, step * 4 + 2, Budget::unlimited());
    }
    assert_eq!(mesh.counters().delivered(), 10);
}

#[test]
fn no_lane_waits_behind_a_full_one() {
    let mut config = config(100, 1);
    config.limits.lane_capacity = 64;
    config.limits.lane_quota = 16;
    let mut mesh = Mesh::new(config).unwrap();
    let id = mesh.spawn(Sink::default()).unwrap();
    let handle = mesh.handle();
    let mut lanes: Vec<_> = (0..3).map(|_| handle.lane().unwrap()).collect();
    tick(&mut mesh, 0, Budget::unlimited());
    let send = |lane: &mut xrmesh::Lane, thread, number| {
        lane.send(id, Message::new(Kind::user(0)).plain(&note(thread, number)))
    };
    (0..64).for_each(|number| send(&mut lanes[0], 0, number).unwrap());
    assert_eq!(send(&mut lanes[0], 0, 64), Err(HandleError::Full { limit: 64 }));
    send(&mut lanes[2], 2, 0).unwrap();
    let report = tick(&mut mesh, 1, Budget::unlimited());
    assert_eq!(report.delivered, 16 + 1, "a quota from each");
}
