//! The cases of every peer whose agents each have a queue and run as tasks: written once, over [`Actors`].
//!
//! Mailboxes are unbounded everywhere: with bounded ones two agents that forward to each other's full queue would
//! wait for each other for ever. What is in flight is bounded by the case itself.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use crossbeam::utils::CachePadded;
use tokio::sync::{Barrier, Semaphore};

use crate::case::{Agents, Forward};
use crate::clock::{Clock, Interval, count_heap, live_bytes};
use crate::harness::{Failure, Limits, Sample};
use crate::message::{Kind, Message, State};
use crate::signal::Signal;
use crate::watch::{Step, Watch};

/// A framework on two worker threads.
pub trait Actors: Sized + 'static {
    /// How an agent is reached.
    type Address: Send + Sync + 'static;

    /// Starts the workers.
    fn start() -> Result<Self, Failure>;
    /// Starts the agents; answers their addresses in the same order.
    fn spawn(&self, agents: Vec<Agent<Self>>) -> Result<Vec<Self::Address>, Failure>;
    /// Queues a message, without waiting. A stopped agent's messages are dropped.
    fn send(address: &Self::Address, message: Message);
    /// Runs a task on worker `worker`, where the peer lets one choose.
    fn task(&self, worker: usize, task: impl Future<Output = ()> + Send + 'static);
    /// Stops and joins the workers.
    fn stop(self) -> Result<(), Failure>;
}

/// Tasks that send a broadcast, one a worker, each to its share of the agents: faster than one task for every peer.
const SENDERS: usize = 2;

/// Before measuring: handled messages do not count.
const WARM_UP: u8 = 0;
/// Handled messages count.
const MEASURE: u8 = 1;
/// Handled messages count, and are not forwarded.
const FINISH: u8 = 2;

/// What all agents of a run share.
struct Shared<P: Actors> {
    agents: usize,
    in_flight: u64,
    priorities: bool,
    phase: AtomicU8,
    addresses: OnceLock<Vec<P::Address>>,
    /// Forwarding: messages that reached their end.
    retired: CachePadded<AtomicU64>,
    all_retired: Signal,
    /// Rounds: deliveries to each agent in one.
    per_round: usize,
    /// Rounds: agents that are done with theirs, over all rounds.
    arrived: CachePadded<AtomicU64>,
    gates: Vec<Semaphore>,
    /// Sums that agents leave behind when they are dropped.
    handled: AtomicU64,
    dropped: AtomicU64,
    all_dropped: Signal,
}

/// An agent as every framework holds it.
pub struct Agent<P: Actors> {
    state: State,
    counted: u64,
    /// Deliveries until this agent is done with its round.
    left: usize,
    shared: Arc<Shared<P>>,
}

impl<P: Actors> Agent<P> {
    /// Handles a message. False tells the framework to stop this agent.
    #[inline]
    pub fn on_message(&mut self, message: &Message) -> bool {
        match message.kind {
            Kind::Stop => return false,
            Kind::Forward => self.forward(message),
            Kind::Deliver => self.deliver(message),
        }
        true
    }

    #[inline]
    fn take(&mut self, message: &Message, phase: u8) {
        self.state.take(&message.body);
        self.counted += u64::from(phase != WARM_UP);
    }

    #[inline]
    fn deliver(&mut self, message: &Message) {
        self.take(message, self.shared.phase.load(Ordering::Relaxed));
        self.left -= 1;
        if self.left == 0 {
            self.left = self.shared.per_round;
            self.shared.arrive();
        }
    }

    #[inline]
    fn forward(&mut self, message: &Message) {
        let phase = self.shared.phase.load(Ordering::Relaxed);
        self.take(message, phase);
        if phase == FINISH {
            return self.shared.retire();
        }
        let target = self.state.pick(self.shared.agents);
        let priority = if self.shared.priorities { self.state.priority() } else { 0 };
        let next = Message {
            target: target as u64,
            priority,
            stamp: message.stamp + 1,
            body: self.state.body(),
            ..*message
        };
        if let Some(address) = self.shared.addresses.get().and_then(|all| all.get(target)) {
            P::send(address, next);
        }
    }
}

impl<P: Actors> Drop for Agent<P> {
    fn drop(&mut self) {
        std::hint::black_box(self.state.checksum);
        self.shared.handled.fetch_add(self.counted, Ordering::AcqRel);
        if self.shared.dropped.fetch_add(1, Ordering::AcqRel) + 1 == self.shared.agents as u64 {
            self.shared.all_dropped.set();
        }
    }
}

impl<P: Actors> Shared<P> {
    #[cold]
    fn retire(&self) {
        if self.retired.fetch_add(1, Ordering::AcqRel) + 1 == self.in_flight {
            self.all_retired.set();
        }
    }

    fn arrive(&self) {
        let arrived = self.arrived.fetch_add(1, Ordering::AcqRel) + 1;
        if arrived.is_multiple_of(self.agents as u64) {
            self.gates.iter().for_each(|gate| gate.add_permits(1));
        }
    }
}

/// A started framework with its agents.
struct Session<P: Actors> {
    framework: P,
    shared: Arc<Shared<P>>,
}

impl<P: Actors> Session<P> {
    fn start(load: &Forward, per_round: usize) -> Result<Self, Failure> {
        let framework = P::start()?;
        let shared = Arc::new(Shared {
            agents: load.agents,
            in_flight: load.in_flight as u64,
            priorities: load.priorities,
            phase: AtomicU8::new(WARM_UP),
            addresses: OnceLock::new(),
            retired: CachePadded::new(AtomicU64::new(0)),
            all_retired: Signal::default(),
            per_round,
            arrived: CachePadded::new(AtomicU64::new(0)),
            gates: (0..SENDERS).map(|_| Semaphore::new(0)).collect(),
            handled: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            all_dropped: Signal::default(),
        });
        let agent = |index| Agent {
            state: State::new(index),
            counted: 0,
            left: per_round,
            shared: Arc::clone(&shared),
        };
        let addresses = framework.spawn((0..load.agents).map(agent).collect())?;
        if addresses.len() != load.agents || shared.addresses.set(addresses).is_err() {
            return Err(Failure::broken("not every agent started"));
        }
        Ok(Self { framework, shared })
    }

    fn addresses(&self) -> &[P::Address] {
        self.shared.addresses.get().map_or(&[], Vec::as_slice)
    }

    /// Stops every agent and the workers; answers the messages that counted.
    fn stop(self) -> Result<u64, Failure> {
        for address in self.addresses() {
            P::send(address, Message::new(Kind::Stop, 0));
        }
        self.shared.all_dropped.wait("the agents to stop")?;
        let handled = self.shared.handled.load(Ordering::Acquire);
        drop(self.shared);
        self.framework.stop()?;
        Ok(handled)
    }
}

/// Every message is forwarded to a random agent until the time is over, then each ends where it arrives.
///
/// # Errors
///
/// [`Failure`] where messages got lost or the peer did not stop.
pub fn forward<P: Actors>(load: &Forward, limits: &Limits) -> Result<Sample, Failure> {
    let session = Session::<P>::start(load, 1)?;
    for stamp in 0..load.in_flight {
        if let Some(address) = session.addresses().get(stamp % load.agents) {
            P::send(address, Message::new(Kind::Forward, stamp as u64));
        }
    }
    std::thread::sleep(limits.warm_up);
    let clock = Clock::start();
    session.shared.phase.store(MEASURE, Ordering::Relaxed);
    std::thread::sleep(limits.measured);
    session.shared.phase.store(FINISH, Ordering::Relaxed);
    session.shared.all_retired.wait("the messages in flight")?;
    let interval = clock.stop();
    Ok(Sample::throughput(session.stop()?, interval))
}

/// Every message goes to every agent, some broadcasts at a time.
///
/// # Errors
///
/// As [`forward`].
pub fn broadcast<P: Actors>(load: &Agents, limits: &Limits) -> Result<Sample, Failure> {
    let (handled, interval, _) = rounds::<P>(*load, load.broadcasts_per_round(), 1, limits)?;
    Ok(Sample::throughput(handled, interval))
}

/// Steps between the receivers of a tick's messages: prime to a share's length, so each gets one, out of order.
const SCATTER: usize = 61_803;

/// One message to each agent a tick, each of its own and in scattered order.
///
/// # Errors
///
/// As [`forward`].
pub fn frame<P: Actors>(load: &Agents, limits: &Limits) -> Result<Sample, Failure> {
    let (_, _, ticks) = rounds::<P>(*load, 1, SCATTER, limits)?;
    Sample::latencies(ticks, 1e-6)
}

/// Rounds of `per_round` messages to each agent. Answers the deliveries, their interval and each round's nanoseconds.
fn rounds<P: Actors>(
    load: Agents,
    per_round: usize,
    step: usize,
    limits: &Limits,
) -> Result<(u64, Interval, Vec<u64>), Failure> {
    let agents = load.0;
    let session =
        Session::<P>::start(&Forward { agents, in_flight: agents, priorities: false }, per_round)?;
    let ended = Arc::new(AtomicBool::new(false));
    let barrier = Arc::new(Barrier::new(SENDERS));
    let measured = Arc::new(Mutex::new(None));
    let finished = Arc::new(Signal::default());
    for sender in 0..SENDERS {
        let shared = Arc::clone(&session.shared);
        let (ended, barrier) = (Arc::clone(&ended), Arc::clone(&barrier));
        let (measured, finished) = (Arc::clone(&measured), Arc::clone(&finished));
        let limits = *limits;
        let share = sender * agents / SENDERS..(sender + 1) * agents / SENDERS;
        session.framework.task(sender, async move {
            let mut watch = (sender == 0).then(|| Watch::start(limits));
            let mut stamp = 0;
            loop {
                if let Some(watch) = &mut watch {
                    match watch.round() {
                        Step::WarmUp | Step::Next => {}
                        Step::First => shared.phase.store(MEASURE, Ordering::Relaxed),
                        Step::Last => ended.store(true, Ordering::Release),
                    }
                }
                barrier.wait().await;
                if ended.load(Ordering::Acquire) {
                    break;
                }
                for _ in 0..per_round {
                    stamp += 1;
                    let message = Message::new(Kind::Deliver, stamp);
                    let all = shared.addresses.get().map_or(&[][..], Vec::as_slice);
                    for index in 0..share.len() {
                        let target = share.start + index * step % share.len();
                        let message = Message { target: target as u64, ..message };
                        if let Some(address) = all.get(target) {
                            P::send(address, message);
                        }
                    }
                }
                match shared.gates[sender].acquire().await {
                    Ok(permit) => permit.forget(),
                    Err(_) => break,
                }
            }
            if let Some(watch) = watch {
                *measured.lock().unwrap_or_else(PoisonError::into_inner) = watch.end();
                finished.set();
            }
        });
    }
    finished.wait("the rounds to end")?;
    let result = measured.lock().unwrap_or_else(PoisonError::into_inner).take();
    let (interval, ticks) = result.ok_or(Failure::Empty)?;
    let handled = session.stop()?;
    let sent = (ticks.len() * per_round * agents) as u64;
    if handled == sent {
        Ok((handled, interval, ticks))
    } else {
        Err(Failure::Lost { sent, handled })
    }
}

/// Heap bytes of idle agents beyond [`Agent`] itself: as started, and after one message each.
///
/// The table of addresses is reserved before counting begins, so what an address itself takes inline does not count.
///
/// # Errors
///
/// As [`forward`].
pub fn idle<P: Actors>(load: &Agents, _: &Limits) -> Result<Sample, Failure> {
    // A first, small session lets the framework set up what it keeps for the whole process.
    let small = Forward { agents: 64, in_flight: 0, priorities: false };
    Session::<P>::start(&small, 1)?.stop()?;
    count_heap(true);
    let base = P::start().and_then(|idle| {
        settle();
        let bytes = live_bytes();
        idle.stop().map(|()| bytes)
    });
    count_heap(true);
    let session = Session::<P>::start(&Forward { agents: load.0, ..small }, 1);
    let result = base.and_then(|base| session.map(|session| (base, session)));
    let (base, session) = result.inspect_err(|_| count_heap(false))?;
    let table = (load.0 * size_of::<P::Address>()) as i64;
    let per_agent = || {
        settle();
        let bytes = (live_bytes() - base - table) as f64 / load.0 as f64;
        bytes - size_of::<Agent<P>>() as f64
    };
    let fresh = per_agent();
    for address in session.addresses() {
        P::send(address, Message::new(Kind::Deliver, 0));
    }
    let used = per_agent();
    count_heap(false);
    session.stop()?;
    Ok(Sample { figures: vec![fresh, used], cpu_ns: None })
}

/// Waits until the heap has not changed for a while, 10 s at most.
fn settle() {
    let (mut last, mut quiet) = (live_bytes(), 0);
    for _ in 0..400 {
        std::thread::sleep(Duration::from_millis(25));
        let now = live_bytes();
        quiet = if now == last { quiet + 1 } else { 0 };
        last = now;
        if quiet == 6 {
            break;
        }
    }
}
