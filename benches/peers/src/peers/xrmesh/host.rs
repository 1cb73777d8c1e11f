//! Two threads of the host that send to one agent, and a third that ticks the mesh on itself alone.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use crossbeam::utils::Backoff;
use xrmesh::{AgentId, Batch, Config, HandleError, Lane, MeshHandle, Message};

use super::forward::Receiver;
use super::session::{INLINE, INSTANT_NS, KIND, Session, config, cut};
use crate::case::Host;
use crate::clock::Clock;
use crate::harness::{Failure, Limits, Sample};
use crate::message::{Kind, Message as Numbered, State};

/// Messages that all queues together hold, as for the raw queues.
const CAPACITY: u32 = 4_096;

const WARM_UP: u8 = 0;
const MEASURE: u8 = 1;
const FINISH: u8 = 2;

/// A way into the mesh.
trait Port: Send {
    fn send(&mut self, to: AgentId, message: Message<'_>) -> Result<(), HandleError>;
    fn add(&self, batch: &mut Batch, to: AgentId, message: Message<'_>) -> Result<(), HandleError>;
    fn send_batch(&mut self, batch: &mut Batch) -> Result<usize, HandleError>;
}

impl Port for Lane {
    #[inline]
    fn send(&mut self, to: AgentId, message: Message<'_>) -> Result<(), HandleError> {
        Lane::send(self, to, message)
    }

    #[inline]
    fn add(&self, batch: &mut Batch, to: AgentId, message: Message<'_>) -> Result<(), HandleError> {
        Lane::add(self, batch, to, message)
    }

    #[inline]
    fn send_batch(&mut self, batch: &mut Batch) -> Result<usize, HandleError> {
        Lane::send_batch(self, batch)
    }
}

impl Port for MeshHandle {
    #[inline]
    fn send(&mut self, to: AgentId, message: Message<'_>) -> Result<(), HandleError> {
        MeshHandle::send(self, to, message)
    }

    #[inline]
    fn add(&self, batch: &mut Batch, to: AgentId, message: Message<'_>) -> Result<(), HandleError> {
        MeshHandle::add(self, batch, to, message)
    }

    #[inline]
    fn send_batch(&mut self, batch: &mut Batch) -> Result<usize, HandleError> {
        MeshHandle::send_batch(self, batch)
    }
}

/// A lane for each producer.
pub fn lanes(load: &Host, limits: &Limits) -> Result<Sample, Failure> {
    host(load, limits, |handle| Ok([handle.lane()?, handle.lane()?]))
}

/// The queue that all handles share.
pub fn shared(load: &Host, limits: &Limits) -> Result<Sample, Failure> {
    host(load, limits, |handle| Ok([handle.clone(), handle.clone()]))
}

/// A mesh for one agent, on one thread.
pub fn host_config() -> Config {
    let mut config = config(1, 1);
    config.limits.lane_capacity = CAPACITY / 2;
    config.limits.shared_queue_capacity = CAPACITY;
    // A tick takes in no more than the one agent's mailbox has room for, however fast the producers refill.
    config.limits.lane_quota = config.limits.mailbox_capacity / 2;
    config
}

/// Sends numbered messages until told to finish; answers how many.
fn produce<P: Port>(
    port: &mut P,
    to: AgentId,
    batch_length: usize,
    phase: &AtomicU8,
) -> Result<u64, HandleError> {
    let mut sent = 0;
    let mut bytes = || {
        sent += 1;
        cut::<INLINE>(&Numbered::new(Kind::Deliver, sent).body)
    };
    let mut batch = Batch::new();
    while phase.load(Ordering::Relaxed) != FINISH {
        let backoff = Backoff::new();
        if batch_length == 1 {
            let bytes = bytes();
            loop {
                match port.send(to, Message::new(KIND).bytes(&bytes)) {
                    Ok(()) => break,
                    Err(HandleError::Full { .. }) => backoff.snooze(),
                    Err(error) => return Err(error),
                }
            }
            continue;
        }
        for _ in 0..batch_length {
            port.add(&mut batch, to, Message::new(KIND).bytes(&bytes()))?;
        }
        while !batch.is_empty() {
            if port.send_batch(&mut batch)? == 0 {
                backoff.snooze();
            }
        }
    }
    Ok(sent)
}

fn host<P: Port>(
    load: &Host,
    limits: &Limits,
    open: impl Fn(&MeshHandle) -> Result<[P; 2], HandleError>,
) -> Result<Sample, Failure> {
    let mut session = Session::start(host_config(), INSTANT_NS)?;
    let sink = session.mesh.spawn(Receiver(State::new(0))).map_err(Failure::broken)?;
    let ports = open(&session.mesh.handle()).map_err(Failure::broken)?;
    let (phase, ended) = (&AtomicU8::new(WARM_UP), &AtomicU64::new(0));
    let panicked = |_| Failure::broken("a thread panicked");
    let batch = load.batch;
    let (sent, measured, session, interval) = std::thread::scope(|scope| {
        let consuming = scope.spawn(move || {
            let (mut measured, backoff) = (0, Backoff::new());
            loop {
                // Looked at before the tick: whatever was sent until then is taken in by it.
                let last = ended.load(Ordering::Acquire) == 2;
                let counts = phase.load(Ordering::Relaxed) != WARM_UP;
                match session.tick()?.delivered {
                    0 if last => return Ok((measured, session)),
                    0 => backoff.snooze(),
                    handled => {
                        backoff.reset();
                        measured += if counts { handled } else { 0 };
                    }
                }
            }
        });
        let producing = ports.map(|mut port| {
            scope.spawn(move || {
                let sent = produce(&mut port, sink, batch, phase);
                ended.fetch_add(1, Ordering::Release);
                sent
            })
        });
        std::thread::sleep(limits.warm_up);
        let clock = Clock::start();
        phase.store(MEASURE, Ordering::Relaxed);
        std::thread::sleep(limits.measured);
        phase.store(FINISH, Ordering::Relaxed);
        let mut sent = 0;
        for producer in producing {
            sent += producer.join().map_err(panicked)?.map_err(Failure::broken)?;
        }
        let (measured, session): (u64, Session) = consuming.join().map_err(panicked)??;
        Ok::<_, Failure>((sent, measured, session, clock.stop()))
    })?;
    let handled = session.mesh.with_agent(sink, |agent: &Receiver| agent.0.count).unwrap_or(0);
    if handled != sent {
        return Err(Failure::Lost { sent, handled });
    }
    session.check(handled)?;
    Ok(Sample::throughput(measured, interval))
}
