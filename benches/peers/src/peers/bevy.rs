//! bevy_ecs messages: an agent is an entity with its state as a component, a message names its receiver.
//!
//! A system drains one message buffer and writes another, next tick the other way round: faster than a reader and
//! `message_update_system`, which copy every message's address twice. One thread: receivers are random, so messages
//! cannot be split among threads that write components.

use bevy_ecs::message::{Message as EcsMessage, Messages};
use bevy_ecs::prelude::*;
use bevy_ecs::schedule::SingleThreadedExecutor;

use crate::case::{Agents, Forward};
use crate::clock::{count_heap, live_bytes};
use crate::harness::{Failure, Limits, Peer, Sample};
use crate::message::{Kind, Message, State};
use crate::watch::Watch;

/// The peer.
pub const PEER: Peer = Peer {
    forward: Some(forward),
    broadcast: Some(broadcast),
    idle: Some(idle),
    frame: Some(frame),
    ..Peer::named("bevy_ecs")
};

#[derive(Component)]
struct Agent(State);

/// What one of the two buffers holds; its target is an entity.
#[derive(EcsMessage)]
struct Mail<const SIDE: u8>(Message);

/// All agents, from index to entity.
#[derive(Resource)]
struct Roster(Vec<Entity>);

/// Messages handled.
#[derive(Resource, Default)]
struct Handled(u64);

fn world(agents: usize) -> World {
    let mut world = World::new();
    let states = (0..agents).map(|index| Agent(State::new(index)));
    let roster = world.spawn_batch(states.collect::<Vec<_>>()).collect();
    world.insert_resource(Roster(roster));
    world.init_resource::<Handled>();
    world.init_resource::<Messages<Mail<0>>>();
    world.init_resource::<Messages<Mail<1>>>();
    world
}

fn schedule<M>(system: impl IntoScheduleConfigs<bevy_ecs::system::ScheduleSystem, M>) -> Schedule {
    let mut schedule = Schedule::default();
    schedule.set_executor(SingleThreadedExecutor::new());
    schedule.add_systems(system);
    schedule
}

fn handled(world: &mut World) -> u64 {
    std::mem::take(&mut world.resource_mut::<Handled>().0)
}

fn forward_system<const FROM: u8, const TO: u8>(
    mut inbox: ResMut<Messages<Mail<FROM>>>,
    mut outbox: ResMut<Messages<Mail<TO>>>,
    mut agents: Query<&mut Agent>,
    roster: Res<Roster>,
    mut handled: ResMut<Handled>,
) {
    let roster = &roster.0;
    let mut count = 0;
    for Mail(message) in inbox.drain() {
        let Ok(mut agent) = agents.get_mut(Entity::from_bits(message.target)) else { continue };
        let state = &mut agent.bypass_change_detection().0;
        count += 1;
        state.take(&message.body);
        let target = roster[state.pick(roster.len())].to_bits();
        let (stamp, body) = (message.stamp + 1, state.body());
        outbox.write(Mail(Message { target, stamp, body, ..message }));
    }
    handled.0 += count;
}

fn forward(load: &Forward, limits: &Limits) -> Result<Sample, Failure> {
    let mut world = world(load.agents);
    let roster = world.resource::<Roster>().0.clone();
    let mut first = world.resource_mut::<Messages<Mail<0>>>();
    for stamp in 0..load.in_flight {
        let target = roster[stamp % load.agents].to_bits();
        first.write(Mail(Message { target, ..Message::new(Kind::Forward, stamp as u64) }));
    }
    let mut forth = schedule(forward_system::<0, 1>);
    let mut back = schedule(forward_system::<1, 0>);
    let in_flight = load.in_flight as u64;
    let (count, interval, _) = Watch::run(limits, || {
        forth.run(&mut world);
        back.run(&mut world);
        match handled(&mut world) {
            count if count == 2 * in_flight => Ok(count),
            count => Err(Failure::Lost { sent: 2 * in_flight, handled: count }),
        }
    })?;
    Ok(Sample::throughput(count, interval))
}

/// Every agent reads every message: the usual way of an ECS, a loop over the table for each message.
fn broadcast_system(
    mut inbox: ResMut<Messages<Mail<0>>>,
    mut agents: Query<&mut Agent>,
    mut handled: ResMut<Handled>,
) {
    let mut count = 0;
    for Mail(message) in inbox.drain() {
        for mut agent in &mut agents {
            agent.bypass_change_detection().0.take(&message.body);
            count += 1;
        }
    }
    handled.0 += count;
}

fn broadcast(load: &Agents, limits: &Limits) -> Result<Sample, Failure> {
    let mut world = world(load.0);
    let mut deliver = schedule(broadcast_system);
    let mut stamp = 0;
    let (count, interval, _) = Watch::run(limits, || {
        let mut inbox = world.resource_mut::<Messages<Mail<0>>>();
        for _ in 0..load.broadcasts_per_round() {
            stamp += 1;
            inbox.write(Mail(Message::new(Kind::Deliver, stamp)));
        }
        deliver.run(&mut world);
        Ok(handled(&mut world))
    })?;
    Ok(Sample::throughput(count, interval))
}

/// Every tick each agent handles its message and sends one to a random agent.
fn frame(load: &Agents, limits: &Limits) -> Result<Sample, Failure> {
    let mut world = world(load.0);
    let roster = world.resource::<Roster>().0.clone();
    let mut first = world.resource_mut::<Messages<Mail<0>>>();
    for (stamp, entity) in roster.iter().enumerate() {
        let target = entity.to_bits();
        first.write(Mail(Message { target, ..Message::new(Kind::Forward, stamp as u64) }));
    }
    let mut sides = [schedule(forward_system::<0, 1>), schedule(forward_system::<1, 0>)];
    let (_, _, ticks) = Watch::run(limits, || {
        sides[0].run(&mut world);
        sides.swap(0, 1);
        Ok(handled(&mut world))
    })?;
    Sample::latencies(ticks, 1e-6)
}

fn idle(load: &Agents, _: &Limits) -> Result<Sample, Failure> {
    count_heap(true);
    let mut world = world(load.0);
    let table = (load.0 * size_of::<Entity>()) as i64;
    let per_agent = || (live_bytes() - table) as f64 / load.0 as f64 - size_of::<Agent>() as f64;
    let fresh = per_agent();
    let roster = world.resource::<Roster>().0.clone();
    for entity in roster {
        let target = entity.to_bits();
        let mail = Mail(Message { target, ..Message::new(Kind::Forward, 0) });
        world.resource_mut::<Messages<Mail<0>>>().write(mail);
    }
    schedule(forward_system::<0, 1>).run(&mut world);
    world.resource_mut::<Messages<Mail<1>>>().clear();
    let used = per_agent();
    count_heap(false);
    Ok(Sample { figures: vec![fresh, used], cpu_ns: None })
}
