//! Hand-rolled inboxes, as a game would write them: a vector of messages per agent, double-buffered, in rounds; on
//! one thread, and on two that own half of the agents each and swap what crosses at a spin barrier.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::case::{Agents, Forward};
use crate::clock::{count_heap, live_bytes};
use crate::harness::{Failure, Limits, Peer, Sample};
use crate::message::{Kind, Message, State};
use crate::watch::{Step, Watch};

/// On one thread.
pub const PEER: Peer = Peer {
    forward: Some(forward),
    forward_by_priority: Some(forward),
    broadcast: Some(broadcast),
    idle: Some(idle),
    frame: Some(frame),
    ..Peer::named("inboxes")
};

/// On two threads.
pub const PEER_ON_TWO_THREADS: Peer =
    Peer { forward: Some(forward_on_two), ..Peer::named("inboxes-2t") };

/// Agents with two inboxes each: one that is read, one that is written.
struct Room {
    states: Vec<State>,
    read: Vec<Vec<Message>>,
    write: Vec<Vec<Message>>,
    priorities: bool,
}

impl Room {
    fn new(agents: std::ops::Range<usize>, priorities: bool) -> Self {
        Self {
            read: agents.clone().map(|_| Vec::new()).collect(),
            write: agents.clone().map(|_| Vec::new()).collect(),
            states: agents.map(State::new).collect(),
            priorities,
        }
    }

    /// Hands every message out and swaps the inboxes. `send` puts a message into an inbox of the next round.
    fn round(&mut self, agents: usize, mut send: impl FnMut(&mut [Vec<Message>], Message)) -> u64 {
        let mut handled = 0;
        for (state, inbox) in self.states.iter_mut().zip(&mut self.read) {
            if self.priorities && inbox.len() > 1 {
                inbox.sort_by_key(|message| message.priority);
            }
            handled += inbox.len() as u64;
            for message in inbox.drain(..) {
                state.take(&message.body);
                if message.kind == Kind::Forward {
                    let target = state.pick(agents) as u64;
                    let priority = if self.priorities { state.priority() } else { 0 };
                    let (stamp, body) = (message.stamp + 1, state.body());
                    send(&mut self.write, Message { target, priority, stamp, body, ..message });
                }
            }
        }
        std::mem::swap(&mut self.read, &mut self.write);
        handled
    }

    /// A round whose messages all stay in this room.
    fn round_alone(&mut self) -> u64 {
        self.round(self.states.len(), |inboxes, message| {
            inboxes[message.target as usize].push(message);
        })
    }

    fn put(&mut self, index: usize, message: Message) {
        self.read[index].push(message);
    }
}

fn seeded(load: &Forward) -> Room {
    let mut room = Room::new(0..load.agents, load.priorities);
    for stamp in 0..load.in_flight {
        room.put(stamp % load.agents, Message::new(Kind::Forward, stamp as u64));
    }
    room
}

fn forward(load: &Forward, limits: &Limits) -> Result<Sample, Failure> {
    let mut room = seeded(load);
    let sent = load.in_flight as u64;
    let (count, interval, _) = Watch::run(limits, || match room.round_alone() {
        handled if handled == sent => Ok(handled),
        handled => Err(Failure::Lost { sent, handled }),
    })?;
    Ok(Sample::throughput(count, interval))
}

fn frame(load: &Agents, limits: &Limits) -> Result<Sample, Failure> {
    let mut room = seeded(&Forward { agents: load.0, in_flight: load.0, priorities: false });
    let (_, _, ticks) = Watch::run(limits, || Ok(room.round_alone()))?;
    Sample::latencies(ticks, 1e-6)
}

fn broadcast(load: &Agents, limits: &Limits) -> Result<Sample, Failure> {
    let mut room = Room::new(0..load.0, false);
    let mut stamp = 0;
    let (count, interval, _) = Watch::run(limits, || {
        for _ in 0..load.broadcasts_per_round() {
            stamp += 1;
            let message = Message::new(Kind::Deliver, stamp);
            room.read.iter_mut().for_each(|inbox| inbox.push(message));
        }
        let handled = room.round_alone();
        std::mem::swap(&mut room.read, &mut room.write);
        Ok(handled)
    })?;
    Ok(Sample::throughput(count, interval))
}

fn idle(load: &Agents, _: &Limits) -> Result<Sample, Failure> {
    count_heap(true);
    let mut room = Room::new(0..load.0, false);
    let per_agent = || live_bytes() as f64 / load.0 as f64 - size_of::<State>() as f64;
    let fresh = per_agent();
    for index in 0..load.0 {
        room.put(index, Message::new(Kind::Deliver, 0));
    }
    room.round_alone();
    let used = per_agent();
    count_heap(false);
    Ok(Sample { figures: vec![fresh, used], cpu_ns: None })
}

/// A barrier for two threads that spins, then yields.
#[derive(Default)]
struct SpinBarrier {
    arrived: AtomicUsize,
}

impl SpinBarrier {
    /// `generation` counts a thread's own waits, from 1.
    fn wait(&self, generation: usize) {
        self.arrived.fetch_add(1, Ordering::AcqRel);
        let backoff = crossbeam::utils::Backoff::new();
        while self.arrived.load(Ordering::Acquire) < 2 * generation {
            backoff.snooze();
        }
    }
}

/// What two threads share.
#[derive(Default)]
struct Crossing {
    barrier: SpinBarrier,
    /// Messages for the other thread's agents: written in a round, taken after the barrier.
    mail: [Mutex<Vec<Message>>; 2],
    ended: AtomicBool,
    measuring: AtomicBool,
}

fn forward_on_two(load: &Forward, limits: &Limits) -> Result<Sample, Failure> {
    let crossing = Crossing::default();
    let (count, interval) = std::thread::scope(|scope| {
        let other = scope.spawn(|| half(1, load, &crossing, None));
        let (own, watch) = half(0, load, &crossing, Some(Watch::start(*limits)));
        let (others, _) = other.join().map_err(|_| Failure::broken("a thread panicked"))?;
        let (interval, _) = watch.and_then(Watch::end).ok_or(Failure::Empty)?;
        Ok((own + others, interval))
    })?;
    Ok(Sample::throughput(count, interval))
}

/// One thread's rounds; the one with the watch says when they end.
fn half(
    side: usize,
    load: &Forward,
    crossing: &Crossing,
    mut watch: Option<Watch>,
) -> (u64, Option<Watch>) {
    let middle = load.agents / 2;
    let (begin, end) = if side == 0 { (0, middle) } else { (middle, load.agents) };
    let mut room = Room::new(begin..end, load.priorities);
    for stamp in 0..load.in_flight {
        let target = stamp % load.agents;
        if (begin..end).contains(&target) {
            room.put(target - begin, Message::new(Kind::Forward, stamp as u64));
        }
    }
    let (mut handled, mut generation) = (0, 0);
    let mut away = Vec::new();
    let mut barrier = || {
        generation += 1;
        crossing.barrier.wait(generation);
    };
    loop {
        match watch.as_mut().map(Watch::round) {
            Some(Step::First) => crossing.measuring.store(true, Ordering::Relaxed),
            Some(Step::Last) => crossing.ended.store(true, Ordering::Relaxed),
            _ => {}
        }
        barrier();
        if crossing.ended.load(Ordering::Relaxed) {
            return (handled, watch);
        }
        let count = room.round(load.agents, |inboxes, message| {
            match inboxes.get_mut((message.target as usize).wrapping_sub(begin)) {
                Some(inbox) => inbox.push(message),
                None => away.push(message),
            }
        });
        if crossing.measuring.load(Ordering::Relaxed) {
            handled += count;
        }
        swap(&crossing.mail[side], &mut away);
        barrier();
        swap(&crossing.mail[1 - side], &mut away);
        for message in away.drain(..) {
            room.put(message.target as usize - begin, message);
        }
    }
}

fn swap(slot: &Mutex<Vec<Message>>, with: &mut Vec<Message>) {
    std::mem::swap(&mut *slot.lock().unwrap_or_else(PoisonError::into_inner), with);
}
