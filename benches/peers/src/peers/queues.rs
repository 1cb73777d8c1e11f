//! Raw queues that hold 4,096 messages of 64 bytes each: two producer threads, one consumer thread.
//!
//! Batches are what each queue offers: chunks for rtrb; for the channels, which have none, a vector of messages as one
//! item. `ArrayQueue` has neither and is left out of the batched case.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};

use crossbeam::queue::ArrayQueue;
use crossbeam::utils::Backoff;

use crate::case::{BATCH, Host};
use crate::clock::Clock;
use crate::harness::{Failure, Limits, Peer, Sample};
use crate::message::{Kind, Message, State};

/// crossbeam's bounded queue.
pub const ARRAY_QUEUE: Peer =
    Peer { host_single: Some(host::<Array>), ..Peer::named("crossbeam-array-queue") };
/// crossbeam's bounded channel.
pub const CROSSBEAM_CHANNEL: Peer = Peer {
    host_single: Some(host::<Crossbeam<Message>>),
    host_batched: Some(host::<Crossbeam<Vec<Message>>>),
    ..Peer::named("crossbeam-channel")
};
/// The same with batches copied into the channel, as a queue of messages without allocation has to.
pub const CROSSBEAM_CHANNEL_INLINE: Peer = Peer {
    host_batched: Some(host::<Crossbeam<[Message; BATCH]>>),
    ..Peer::named("crossbeam-channel-inline")
};
/// kanal's bounded channel.
pub const KANAL: Peer = Peer {
    host_single: Some(host::<Kanal<Message>>),
    host_batched: Some(host::<Kanal<Vec<Message>>>),
    ..Peer::named("kanal")
};
/// flume's bounded channel.
pub const FLUME: Peer = Peer {
    host_single: Some(host::<Flume<Message>>),
    host_batched: Some(host::<Flume<Vec<Message>>>),
    ..Peer::named("flume")
};
/// A ring for each producer.
pub const RTRB: Peer = Peer {
    host_single: Some(host::<Rings>),
    host_batched: Some(host::<Rings>),
    ..Peer::named("rtrb-x2")
};

/// Messages that a queue holds.
pub const CAPACITY: usize = 4_096;

/// A queue with two producers and one consumer.
pub trait Queue {
    type Producer: Send;
    type Consumer: Send;

    /// `None` where there is no memory for it.
    fn open(batch: usize) -> Option<([Self::Producer; 2], Self::Consumer)>;
    /// Sends `batch` messages, made one by one; waits while the queue is full. False where the consumer is gone.
    fn send(producer: &mut Self::Producer, batch: usize, make: impl FnMut() -> Message) -> bool;
    /// Takes messages until both producers are gone.
    fn consume(consumer: Self::Consumer, take: impl FnMut(&Message));
}

const WARM_UP: u8 = 0;
const MEASURE: u8 = 1;
const FINISH: u8 = 2;

pub fn host<Q: Queue>(load: &Host, limits: &Limits) -> Result<Sample, Failure> {
    let phase = &AtomicU8::new(WARM_UP);
    let (producers, consumer) = Q::open(load.batch).ok_or(Failure::Empty)?;
    let panicked = |_| Failure::broken("a thread panicked");
    std::thread::scope(|scope| {
        let consuming = scope.spawn(move || {
            let (mut state, mut measured) = (State::new(0), 0);
            Q::consume(consumer, |message| {
                state.take(&message.body);
                measured += u64::from(phase.load(Ordering::Relaxed) != WARM_UP);
            });
            std::hint::black_box(state.checksum);
            (state.count, measured)
        });
        let producing = producers.map(|mut producer| {
            scope.spawn(move || {
                let mut sent = 0;
                let mut make = || {
                    sent += 1;
                    Message::new(Kind::Deliver, sent)
                };
                while phase.load(Ordering::Relaxed) != FINISH
                    && Q::send(&mut producer, load.batch, &mut make)
                {}
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
            sent += producer.join().map_err(panicked)?;
        }
        let (handled, measured) = consuming.join().map_err(panicked)?;
        let interval = clock.stop();
        if handled != sent {
            return Err(Failure::Lost { sent, handled });
        }
        Ok(Sample::throughput(measured, interval))
    })
}

/// A queue that cannot be closed, with the number of producers beside it.
struct Counted {
    queue: ArrayQueue<Message>,
    producers: AtomicUsize,
}

/// One producer's hold on it.
struct Held(Arc<Counted>);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.producers.fetch_sub(1, Ordering::Release);
    }
}

struct Array;

impl Queue for Array {
    type Producer = Held;
    type Consumer = Arc<Counted>;

    fn open(_: usize) -> Option<([Held; 2], Arc<Counted>)> {
        let queue =
            Arc::new(Counted { queue: ArrayQueue::new(CAPACITY), producers: AtomicUsize::new(2) });
        Some(([Held(Arc::clone(&queue)), Held(Arc::clone(&queue))], queue))
    }

    fn send(producer: &mut Held, _: usize, mut make: impl FnMut() -> Message) -> bool {
        let mut message = make();
        let backoff = Backoff::new();
        while let Err(back) = producer.0.queue.push(message) {
            message = back;
            backoff.snooze();
        }
        true
    }

    fn consume(consumer: Arc<Counted>, mut take: impl FnMut(&Message)) {
        let backoff = Backoff::new();
        loop {
            let last = consumer.producers.load(Ordering::Acquire) == 0;
            while let Some(message) = consumer.queue.pop() {
                take(&message);
                backoff.reset();
            }
            if last {
                return;
            }
            backoff.snooze();
        }
    }
}

/// What a channel carries at once.
trait Item: Send {
    fn of(batch: usize, make: impl FnMut() -> Message) -> Self;
    fn take(&self, take: impl FnMut(&Message));
    /// Items that together hold [`CAPACITY`] messages.
    fn capacity(batch: usize) -> usize {
        CAPACITY / batch
    }
}

impl Item for Message {
    fn of(_: usize, mut make: impl FnMut() -> Message) -> Self {
        make()
    }

    fn take(&self, mut take: impl FnMut(&Message)) {
        take(self);
    }
}

impl Item for Vec<Message> {
    fn of(batch: usize, mut make: impl FnMut() -> Message) -> Self {
        (0..batch).map(|_| make()).collect()
    }

    fn take(&self, take: impl FnMut(&Message)) {
        self.iter().for_each(take);
    }
}

impl Item for [Message; BATCH] {
    fn of(_: usize, mut make: impl FnMut() -> Message) -> Self {
        std::array::from_fn(|_| make())
    }

    fn take(&self, take: impl FnMut(&Message)) {
        self.iter().for_each(take);
    }
}

struct Crossbeam<T>(std::marker::PhantomData<T>);

impl<T: Item> Queue for Crossbeam<T> {
    type Producer = crossbeam::channel::Sender<T>;
    type Consumer = crossbeam::channel::Receiver<T>;

    fn open(batch: usize) -> Option<([Self::Producer; 2], Self::Consumer)> {
        let (sender, receiver) = crossbeam::channel::bounded(T::capacity(batch));
        Some(([sender.clone(), sender], receiver))
    }

    fn send(producer: &mut Self::Producer, batch: usize, make: impl FnMut() -> Message) -> bool {
        producer.send(T::of(batch, make)).is_ok()
    }

    fn consume(consumer: Self::Consumer, mut take: impl FnMut(&Message)) {
        consumer.iter().for_each(|item| item.take(&mut take));
    }
}

struct Kanal<T>(std::marker::PhantomData<T>);

impl<T: Item> Queue for Kanal<T> {
    type Producer = kanal::Sender<T>;
    type Consumer = kanal::Receiver<T>;

    fn open(batch: usize) -> Option<([Self::Producer; 2], Self::Consumer)> {
        let (sender, receiver) = kanal::bounded(T::capacity(batch));
        Some(([sender.clone(), sender], receiver))
    }

    fn send(producer: &mut Self::Producer, batch: usize, make: impl FnMut() -> Message) -> bool {
        producer.send(T::of(batch, make)).is_ok()
    }

    fn consume(consumer: Self::Consumer, mut take: impl FnMut(&Message)) {
        let mut drained = Vec::with_capacity(CAPACITY);
        while let Ok(item) = consumer.recv() {
            item.take(&mut take);
            let _ = consumer.drain_into(&mut drained);
            drained.drain(..).for_each(|item| item.take(&mut take));
        }
    }
}

struct Flume<T>(std::marker::PhantomData<T>);

impl<T: Item> Queue for Flume<T> {
    type Producer = flume::Sender<T>;
    type Consumer = flume::Receiver<T>;

    fn open(batch: usize) -> Option<([Self::Producer; 2], Self::Consumer)> {
        let (sender, receiver) = flume::bounded(T::capacity(batch));
        Some(([sender.clone(), sender], receiver))
    }

    fn send(producer: &mut Self::Producer, batch: usize, make: impl FnMut() -> Message) -> bool {
        producer.send(T::of(batch, make)).is_ok()
    }

    fn consume(consumer: Self::Consumer, mut take: impl FnMut(&Message)) {
        while let Ok(item) = consumer.recv() {
            item.take(&mut take);
            consumer.drain().for_each(|item| item.take(&mut take));
        }
    }
}

struct Rings;

impl Queue for Rings {
    type Producer = rtrb::Producer<Message>;
    type Consumer = [rtrb::Consumer<Message>; 2];

    fn open(_: usize) -> Option<([Self::Producer; 2], Self::Consumer)> {
        let (first, from_first) = rtrb::RingBuffer::new(CAPACITY / 2);
        let (second, from_second) = rtrb::RingBuffer::new(CAPACITY / 2);
        Some(([first, second], [from_first, from_second]))
    }

    fn send(
        producer: &mut Self::Producer,
        batch: usize,
        mut make: impl FnMut() -> Message,
    ) -> bool {
        let backoff = Backoff::new();
        if batch == 1 {
            let mut message = make();
            while let Err(rtrb::PushError::Full(back)) = producer.push(message) {
                message = back;
                backoff.snooze();
            }
            return true;
        }
        loop {
            if let Ok(chunk) = producer.write_chunk_uninit(batch) {
                chunk.fill_from_iter(std::iter::repeat_with(&mut make));
                return true;
            }
            backoff.snooze();
        }
    }

    fn consume(mut consumer: Self::Consumer, mut take: impl FnMut(&Message)) {
        let backoff = Backoff::new();
        loop {
            let last = consumer.iter().all(rtrb::Consumer::is_abandoned);
            for ring in &mut consumer {
                let Ok(chunk) = ring.read_chunk(ring.slots()) else { continue };
                if !chunk.is_empty() {
                    backoff.reset();
                }
                let (front, back) = chunk.as_slices();
                front.iter().chain(back).for_each(&mut take);
                chunk.commit_all();
            }
            if last {
                return;
            }
            backoff.snooze();
        }
    }
}
