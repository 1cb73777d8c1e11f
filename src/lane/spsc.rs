//! A bounded queue from one thread to one other: a lane's inside.
//!
//! A ring of slots and two positions. `tail`, written by the producer only, counts what was pushed;
//! `head`, written by the consumer only, counts what was taken. Each side keeps its own position in
//! a plain field and the other's last seen value beside it, so that it reads the other's cache line
//! only when the ring looks full or empty.
//!
//! 1. A value is published by a Release store of `tail`, and seen by an Acquire load of it; a slot
//!    is given back by a Release store of `head`, and reused after an Acquire load of it.
//! 2. Both sides are wait-free: no loop, no compare-and-swap. A batch costs one publication.
//! 3. `head..tail` is what the ring owns. It is dropped, once, when the second side goes.
#![expect(unsafe_code, reason = "moves values in and out of shared slots")]

use std::fmt;

use super::refusal::{CapacityError, PushError};
use super::slots::{Front, Slots};
use crate::sync::{Arc, AtomicBool, AtomicUsize, CachePadded, Ordering};

/// How many values a drain takes before it gives their slots back to the producer.
const RELEASE_STEP: usize = 64;

/// A ring for at most `capacity` values, 1 to [`MAX_CAPACITY`](super::refusal::MAX_CAPACITY).
///
/// Allocates the next power of two of slots, once.
pub(crate) fn ring<T>(capacity: usize) -> Result<(Producer<T>, Consumer<T>), CapacityError> {
    Ok(split(Ring::new(capacity)?))
}

fn split<T>(ring: Ring<T>) -> (Producer<T>, Consumer<T>) {
    let ring = Arc::new(ring);
    (
        Producer { ring: Arc::clone(&ring), tail: 0, seen_head: 0 },
        Consumer { ring, head: 0, seen_tail: 0 },
    )
}

/// The side that pushes. Dropping it closes the ring: see [`Consumer::is_closed`].
pub(crate) struct Producer<T> {
    ring: Arc<Ring<T>>,
    tail: usize,
    seen_head: usize,
}

/// The side that takes. Dropping it closes the ring: pushes then hand back what they are given.
pub(crate) struct Consumer<T> {
    ring: Arc<Ring<T>>,
    head: usize,
    seen_tail: usize,
}

struct Ring<T> {
    // Read by both sides, written only when one goes.
    slots: Slots<T>,
    capacity: usize,
    producer_gone: AtomicBool,
    consumer_gone: AtomicBool,
    /// The ordering that publishes `tail`; a model plants a wrong one.
    #[cfg(loom)]
    publish: Ordering,
    /// Written by the consumer: everything before it is taken.
    head: CachePadded<AtomicUsize>,
    /// Written by the producer: everything before it is pushed.
    tail: CachePadded<AtomicUsize>,
}

impl<T> Producer<T> {
    /// Pushes `value`, or hands it back when the ring is full or the consumer gone. O(1), wait-free.
    #[inline]
    pub(crate) fn push(&mut self, value: T) -> Result<(), PushError<T>> {
        if self.is_closed() {
            return Err(PushError::Closed(value));
        }
        if self.free(1) == 0 {
            return Err(PushError::Full(value));
        }
        // SAFETY: the ring has room, so the slot at `tail` is empty, and only this side fills slots.
        unsafe { self.ring.slots.write(self.tail, value) };
        self.advance(1);
        Ok(())
    }

    /// The same for a value that is made where it is put, so that it is written once, and not at all if
    /// it cannot be pushed.
    #[inline(always)]
    pub(crate) fn push_with(&mut self, make: impl FnOnce() -> T) -> Result<(), PushError<()>> {
        if self.is_closed() {
            return Err(PushError::Closed(()));
        }
        if self.free(1) == 0 {
            return Err(PushError::Full(()));
        }
        // SAFETY: the ring has room, so the slot at `tail` is empty, and only this side fills slots. It
        // counts as filled from the advance on, which is not reached if `make` panics.
        unsafe { self.ring.slots.write(self.tail, make()) };
        self.advance(1);
        Ok(())
    }

    /// Moves as many values as there is room for from the front of `batch` into the ring, and
    /// returns how many; the rest stays in `batch`, in order. One publication. O(`batch.len()`).
    ///
    /// Moves nothing when the consumer is gone.
    pub(crate) fn push_batch(&mut self, batch: &mut Vec<T>) -> usize {
        let count = batch.len().min(self.free(batch.len()));
        if count == 0 || self.is_closed() {
            return 0;
        }
        // SAFETY: the ring has room for `count` values, so the slots from `tail` on are empty, and
        // only this side fills slots.
        unsafe { self.ring.slots.write_front(self.tail, batch, count) };
        self.advance(count);
        count
    }

    /// Whether the consumer is gone.
    #[inline]
    pub(crate) fn is_closed(&self) -> bool {
        self.ring.consumer_gone.load(Ordering::Relaxed)
    }

    /// The most values that the ring holds at once.
    pub(crate) fn capacity(&self) -> usize {
        self.ring.capacity
    }

    /// How many values fit, at least; exact if fewer than `wanted`, which is at most the capacity.
    #[inline]
    pub(crate) fn room(&mut self, wanted: usize) -> usize {
        self.free(wanted)
    }

    /// Whether everything that was pushed has been taken.
    pub(crate) fn is_drained(&mut self) -> bool {
        self.free(self.ring.capacity) == self.ring.capacity
    }

    /// How many values fit, at least; exact if fewer than `wanted`.
    #[inline]
    fn free(&mut self, wanted: usize) -> usize {
        let mut used = self.tail.wrapping_sub(self.seen_head);
        if self.ring.capacity - used < wanted {
            self.seen_head = self.ring.head.load(Ordering::Acquire);
            used = self.tail.wrapping_sub(self.seen_head);
        }
        self.ring.capacity - used
    }

    #[inline]
    fn advance(&mut self, count: usize) {
        self.tail = self.tail.wrapping_add(count);
        self.ring.tail.store(self.tail, self.ring.publish());
    }
}

impl<T> Consumer<T> {
    /// Takes the oldest value, if there is one. O(1), wait-free.
    #[cfg(test)]
    pub(crate) fn pop(&mut self) -> Option<T> {
        if self.ready() == 0 {
            return None;
        }
        // SAFETY: `head` is before `tail`, so the slot is full and its write visible by the Acquire
        // load of `tail`; only this side empties slots.
        let value = unsafe { self.ring.slots.take(self.head) };
        self.head = self.head.wrapping_add(1);
        self.ring.head.store(self.head, Ordering::Release);
        Some(value)
    }

    /// Takes at most `limit` of the values that wait as it begins, oldest first, gives each to
    /// `receive`, and returns how many. Slots are given back in steps while it runs. It does not look
    /// for what comes meanwhile: a look a value would fetch the producer's line a value.
    ///
    /// Each value is still in its slot when `receive` gets it, and forgotten unless it takes it out.
    /// When `receive` panics, the value it held is gone and all others stay in the ring.
    #[inline]
    pub(crate) fn drain_front(
        &mut self,
        limit: usize,
        mut receive: impl FnMut(Front<'_, T>),
    ) -> usize {
        self.seen_tail = self.ring.tail.load(Ordering::Acquire);
        let limit = limit.min(self.seen_tail.wrapping_sub(self.head));
        let mut taken = 0;
        while taken < limit {
            let step = self.ready().min(limit - taken).min(RELEASE_STEP);
            if step == 0 {
                break;
            }
            let given_back = GiveBack(self);
            for _ in 0..step {
                let at = given_back.0.head;
                // SAFETY: at most `ready` values are taken, so each slot is full and its write
                // visible by the Acquire load of `tail`; only this side empties slots, and `head`
                // moves on before anything else can happen. The slot is given back after the step.
                let front = unsafe { Front::new(&given_back.0.ring.slots, at) };
                given_back.0.head = at.wrapping_add(1);
                receive(front);
            }
            taken += step;
        }
        taken
    }

    /// The same with each value taken out.
    #[cfg(test)]
    pub(crate) fn drain(&mut self, limit: usize, mut receive: impl FnMut(T)) -> usize {
        self.drain_front(limit, |front| receive(front.take()))
    }

    /// How many values wait, at least: zero only if the ring was empty when it looked.
    #[inline]
    pub(crate) fn ready(&mut self) -> usize {
        let ready = self.seen_tail.wrapping_sub(self.head);
        if ready > 0 {
            return ready;
        }
        self.seen_tail = self.ring.tail.load(Ordering::Acquire);
        self.seen_tail.wrapping_sub(self.head)
    }

    /// Whether the producer is gone. What it pushed is then visible: a ring that is closed and
    /// afterwards empty stays empty.
    pub(crate) fn is_closed(&self) -> bool {
        self.ring.producer_gone.load(Ordering::Acquire)
    }
}

/// Publishes `head` when it goes, also while a panic unwinds.
struct GiveBack<'a, T>(&'a mut Consumer<T>);

impl<T> Drop for GiveBack<'_, T> {
    fn drop(&mut self) {
        self.0.ring.head.store(self.0.head, Ordering::Release);
    }
}

impl<T> Drop for Producer<T> {
    fn drop(&mut self) {
        // Release: whoever sees the flag also sees the last publication.
        self.ring.producer_gone.store(true, Ordering::Release);
    }
}

impl<T> Drop for Consumer<T> {
    fn drop(&mut self) {
        self.ring.consumer_gone.store(true, Ordering::Relaxed);
    }
}

impl<T> Ring<T> {
    fn new(capacity: usize) -> Result<Self, CapacityError> {
        Ok(Self {
            slots: Slots::new(capacity)?,
            capacity,
            producer_gone: AtomicBool::new(false),
            consumer_gone: AtomicBool::new(false),
            #[cfg(loom)]
            publish: Ordering::Release,
            head: CachePadded::new(AtomicUsize::new(0)),
            tail: CachePadded::new(AtomicUsize::new(0)),
        })
    }

    #[cfg(not(loom))]
    #[inline(always)]
    fn publish(&self) -> Ordering {
        Ordering::Release
    }

    #[cfg(loom)]
    fn publish(&self) -> Ordering {
        self.publish
    }
}

impl<T> Drop for Ring<T> {
    fn drop(&mut self) {
        if !std::mem::needs_drop::<T>() {
            return;
        }
        // Both sides are gone, and the reference count that told so has ordered their last stores
        // before this; Acquire says it again for the model checker's sake at no cost.
        let tail = self.tail.load(Ordering::Acquire);
        let mut head = self.head.load(Ordering::Acquire);
        while head != tail {
            // SAFETY: `head..tail` is full, and nobody else is left.
            drop(unsafe { self.slots.take(head) });
            head = head.wrapping_add(1);
        }
    }
}

impl<T> fmt::Debug for Producer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Producer").field("capacity", &self.ring.capacity).finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for Consumer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Consumer").field("capacity", &self.ring.capacity).finish_non_exhaustive()
    }
}

#[cfg(all(test, not(loom)))]
mod tests;

#[cfg(all(test, loom))]
mod models {
    use super::*;
    use loom::thread;

    /// Two values through a ring of `capacity` whose producer publishes with `publish`.
    fn transfer(capacity: usize, publish: Ordering) {
        loom::model(move || {
            let mut ring = Ring::new(capacity).unwrap();
            ring.publish = publish;
            let (mut producer, mut consumer) = split(ring);
            let sender = thread::spawn(move || {
                let first = producer.push(1).is_ok();
                let second = producer.push(2).is_ok();
                (first, second)
            });
            let mut seen = Vec::new();
            consumer.drain(1, |value| seen.push(value));
            seen.extend(consumer.pop());
            let (first, second) = sender.join().unwrap();
            consumer.drain(2, |value| seen.push(value));
            assert!(first && (second || capacity == 1));
            assert_eq!(seen, if second { vec![1, 2] } else { vec![1] });
            assert!(consumer.is_closed());
        });
    }

    #[test]
    fn loom_ring_of_one_hands_over() {
        transfer(1, Ordering::Release);
    }

    #[test]
    fn loom_ring_of_two_hands_over() {
        transfer(2, Ordering::Release);
    }

    #[test]
    #[should_panic(expected = "Causality violation")]
    fn loom_ring_that_publishes_relaxed_is_caught() {
        transfer(2, Ordering::Relaxed);
    }

    #[test]
    fn loom_batch_hands_over_and_the_rest_is_dropped_once() {
        loom::model(|| {
            let (mut producer, mut consumer) = ring(2).unwrap();
            let token = std::sync::Arc::new(());
            let mut batch = vec![std::sync::Arc::clone(&token); 3];
            let sender = thread::spawn(move || {
                let pushed = producer.push_batch(&mut batch);
                (pushed, pushed + batch.len())
            });
            consumer.drain(1, drop);
            drop(consumer);
            let (pushed, all) = sender.join().unwrap();
            assert!(all == 3 && (pushed == 2 || pushed == 0));
            assert_eq!(std::sync::Arc::strong_count(&token), 1);
        });
    }

    #[test]
    fn loom_closing_shows_what_was_pushed_before() {
        loom::model(|| {
            let (mut producer, mut consumer) = ring(1).unwrap();
            let sender = thread::spawn(move || producer.push(5).unwrap());
            if consumer.is_closed() {
                assert_eq!(consumer.pop(), Some(5));
            }
            sender.join().unwrap();
        });
    }
}
