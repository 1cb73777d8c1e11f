//! The queues of a lane and of a handle by themselves, without the mesh behind them: what compares with raw queues.
//! They are private to the library, so their files are compiled into this program, as into the library's own benches.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crossbeam::utils::Backoff;

use super::queues::{CAPACITY, Queue, host};
use crate::harness::Peer;
use crate::lane::refusal::PushError;
use crate::lane::{shared, spsc};
use crate::message::Message;

/// A lane's ring for each producer.
pub const LANES: Peer = Peer {
    host_single: Some(host::<Lanes>),
    host_batched: Some(host::<Lanes>),
    ..Peer::named("xrmesh-lanes-raw")
};

/// The queue that all handles share.
pub const SHARED: Peer = Peer {
    host_single: Some(host::<Shared>),
    host_batched: Some(host::<Shared>),
    ..Peer::named("xrmesh-shared-raw")
};

/// Pushes until there was room for all; false where the consumer is gone.
fn push_one(
    mut message: Message,
    mut push: impl FnMut(Message) -> Result<(), PushError<Message>>,
) -> bool {
    let backoff = Backoff::new();
    loop {
        match push(message) {
            Ok(()) => return true,
            Err(PushError::Full(back)) => message = back,
            Err(PushError::Closed(_)) => return false,
        }
        backoff.snooze();
    }
}

fn push_all(batch: &mut Vec<Message>, mut push: impl FnMut(&mut Vec<Message>) -> usize) -> bool {
    let backoff = Backoff::new();
    while !batch.is_empty() {
        if push(batch) == 0 {
            backoff.snooze();
        }
    }
    true
}

/// A queue's end and the batch that is filled for it again and again.
struct Filling<P>(P, Vec<Message>);

struct Lanes;

impl Queue for Lanes {
    type Producer = Filling<spsc::Producer<Message>>;
    type Consumer = [spsc::Consumer<Message>; 2];

    fn open(batch: usize) -> Option<([Self::Producer; 2], Self::Consumer)> {
        let (first, from_first) = spsc::ring(CAPACITY / 2).ok()?;
        let (second, from_second) = spsc::ring(CAPACITY / 2).ok()?;
        let filling = |producer| Filling(producer, Vec::with_capacity(batch));
        Some(([filling(first), filling(second)], [from_first, from_second]))
    }

    fn send(
        producer: &mut Self::Producer,
        batch: usize,
        mut make: impl FnMut() -> Message,
    ) -> bool {
        let Filling(queue, filled) = producer;
        if batch == 1 {
            return push_one(make(), |message| queue.push(message));
        }
        filled.extend(std::iter::repeat_with(make).take(batch));
        push_all(filled, |filled| queue.push_batch(filled))
    }

    fn consume(mut consumer: Self::Consumer, mut take: impl FnMut(&Message)) {
        let backoff = Backoff::new();
        loop {
            let last = consumer.iter().all(spsc::Consumer::is_closed);
            // What it sees at one look: a drain to the end would run after a producer that pushes one by one.
            let drain = |lane: &mut spsc::Consumer<Message>| {
                let seen = lane.ready();
                lane.drain_front(seen, |front| front.look(&mut take))
            };
            match consumer.iter_mut().map(drain).sum::<usize>() {
                0 if last => return,
                0 => backoff.snooze(),
                _ => backoff.reset(),
            }
        }
    }
}

/// A sender that counts itself out when it goes.
struct Held(shared::Sender<Message>, Arc<AtomicUsize>);

impl Drop for Held {
    fn drop(&mut self) {
        self.1.fetch_sub(1, Ordering::Release);
    }
}

struct Shared;

impl Queue for Shared {
    type Producer = Filling<Held>;
    type Consumer = (shared::Receiver<Message>, Arc<AtomicUsize>);

    fn open(batch: usize) -> Option<([Self::Producer; 2], Self::Consumer)> {
        let (sender, receiver) = shared::shared(CAPACITY).ok()?;
        let open = Arc::new(AtomicUsize::new(2));
        let filling = |sender| Filling(Held(sender, Arc::clone(&open)), Vec::with_capacity(batch));
        let producers = [filling(sender.clone()), filling(sender)];
        Some((producers, (receiver, open)))
    }

    fn send(
        producer: &mut Self::Producer,
        batch: usize,
        mut make: impl FnMut() -> Message,
    ) -> bool {
        let Filling(Held(queue, _), filled) = producer;
        if batch == 1 {
            return push_one(make(), |message| queue.push(message));
        }
        filled.extend(std::iter::repeat_with(make).take(batch));
        push_all(filled, |filled| queue.push_batch(filled))
    }

    fn consume((mut receiver, open): Self::Consumer, mut take: impl FnMut(&Message)) {
        let backoff = Backoff::new();
        loop {
            let last = open.load(Ordering::Acquire) == 0;
            match receiver.drain_front(CAPACITY, |front| front.look(&mut take)) {
                0 if last => return,
                0 => backoff.snooze(),
                _ => backoff.reset(),
            }
        }
    }
}
