//! A bounded queue from any number of threads to one.
//!
//! A sender claims a run of positions with one compare-and-swap on `tail`, fills its slots, and
//! publishes the whole run with one store: the run's end, left in the entry of the run's first
//! slot. The receiver stands at a run's first position, reads there how far it reaches, and takes
//! all of it without a further look. It writes no slot and no entry; it only moves `head`.
//!
//! 1. `runs[p]` above `p` says: the positions from `p` up to it are filled. An entry left from an
//!    earlier lap is at most `p`, because a run never reaches beyond the slots that were free, so
//!    entries need no clearing. Positions are 64-bit and never wrap.
//! 2. A run is published by a Release store of its entry and seen by an Acquire load; slots are
//!    given back by a Release store of `head` and claimed after an Acquire load of it. The claim
//!    itself is relaxed: it hands out numbers, not values.
//! 3. Senders share the last seen `head` on the line of `tail`, which they write anyway; the
//!    receiver's line is read only when the queue looks full. An old value there only makes the
//!    queue look fuller than it is.
//! 4. Progress: senders are lock-free (a claim fails only because another succeeded), the receiver
//!    is wait-free. Between its claim and its publication a sender runs none of the value's code
//!    and cannot panic. One that is suspended there delays what was claimed behind it until it
//!    goes on; nothing is lost or doubled, and `drain` returns what is before it.
//! 5. First in, first out for each sender, and for the queue as a whole in the order of the claims.
#![expect(unsafe_code, reason = "moves values in and out of shared slots")]

use std::fmt;

use super::refusal::{CapacityError, PushError};
use super::slots::{Front, Slots};
use crate::sync::{Arc, AtomicBool, AtomicU64, AtomicUsize, CachePadded, Ordering};

/// How many values a drain takes before it gives their slots back to the senders.
const RELEASE_STEP: usize = 64;

/// A queue for at most `capacity` values, 1 to [`MAX_CAPACITY`](super::refusal::MAX_CAPACITY).
///
/// Allocates the next power of two of slots and as many 8-byte entries, once.
pub(crate) fn shared<T>(capacity: usize) -> Result<(Sender<T>, Receiver<T>), CapacityError> {
    Ok(split(Queue::new(capacity)?))
}

fn split<T>(queue: Queue<T>) -> (Sender<T>, Receiver<T>) {
    let queue = Arc::new(queue);
    (Sender(Arc::clone(&queue)), Receiver { queue, head: 0, run_end: 0 })
}

/// A side that pushes, from any thread and through a shared reference. When the last clone goes,
/// the queue is closed: see [`Receiver::is_closed`].
pub(crate) struct Sender<T>(Arc<Queue<T>>);

/// The side that takes. Dropping it closes the queue: pushes then hand back what they are given.
pub(crate) struct Receiver<T> {
    queue: Arc<Queue<T>>,
    head: u64,
    /// Up to here the receiver knows the slots to be filled.
    run_end: u64,
}

struct Queue<T> {
    // Read by all sides, written only when one comes or goes.
    slots: Slots<T>,
    runs: Box<[AtomicU64]>,
    capacity: u64,
    senders: AtomicUsize,
    receiver_gone: AtomicBool,
    /// The ordering that publishes a run; a model plants a wrong one.
    #[cfg(loom)]
    publish: Ordering,
    claims: CachePadded<Claims>,
    /// Written by the receiver: everything before it is taken.
    head: CachePadded<AtomicU64>,
}

struct Claims {
    /// Everything before it is claimed.
    tail: AtomicU64,
    /// A value that `head` once had.
    seen_head: AtomicU64,
}

impl<T> Sender<T> {
    /// Pushes `value`, or hands it back when the queue is full or the receiver gone. O(1), lock-free.
    #[inline]
    pub(crate) fn push(&self, value: T) -> Result<(), PushError<T>> {
        let queue = &*self.0;
        if self.is_closed() {
            return Err(PushError::Closed(value));
        }
        let Some((start, _)) = queue.claim(1) else {
            return Err(PushError::Full(value));
        };
        // SAFETY: the claim made the slot at `start` this call's own, and it is empty.
        unsafe { queue.slots.write(start as usize, value) };
        queue.publish(start, 1);
        Ok(())
    }

    /// The same for a value that is made where it is put, so that it is written once, and not at all if
    /// it cannot be pushed. `make` runs between the claim and the publication (rule 4): it must not
    /// panic, or the queue ends there for its receiver.
    #[inline(always)]
    pub(crate) fn push_with(&self, make: impl FnOnce() -> T) -> Result<(), PushError<()>> {
        let queue = &*self.0;
        if self.is_closed() {
            return Err(PushError::Closed(()));
        }
        let Some((start, _)) = queue.claim(1) else {
            return Err(PushError::Full(()));
        };
        // SAFETY: the claim made the slot at `start` this call's own, and it is empty.
        unsafe { queue.slots.write(start as usize, make()) };
        queue.publish(start, 1);
        Ok(())
    }

    /// Moves as many values as there is room for from the front of `batch` into the queue, and
    /// returns how many; the rest stays in `batch`, in order. The moved ones stay together: no
    /// other sender's value comes between them. One claim, one publication. O(`batch.len()`).
    ///
    /// Moves nothing when the receiver is gone.
    pub(crate) fn push_batch(&self, batch: &mut Vec<T>) -> usize {
        let queue = &*self.0;
        if batch.is_empty() || self.is_closed() {
            return 0;
        }
        let Some((start, count)) = queue.claim(batch.len()) else {
            return 0;
        };
        // SAFETY: the claim made the `count` slots from `start` on this call's own, and they are
        // empty; it never exceeds what was asked for.
        unsafe { queue.slots.write_front(start as usize, batch, count) };
        queue.publish(start, count);
        count
    }

    /// Whether the receiver is gone.
    #[inline]
    pub(crate) fn is_closed(&self) -> bool {
        self.0.receiver_gone.load(Ordering::Relaxed)
    }

    /// The most values that the queue holds at once.
    pub(crate) fn capacity(&self) -> usize {
        self.0.capacity as usize
    }
}

impl<T> Receiver<T> {
    /// Takes at most `limit` values, oldest first, gives each to `receive`, and returns how many.
    /// Slots are given back in steps while it runs. Ends when the queue is empty, or at a run that
    /// is claimed and not yet published.
    ///
    /// Each value is still in its slot when `receive` gets it, and forgotten unless it takes it out.
    /// When `receive` panics, the value it held is gone and all others stay in the queue.
    #[inline]
    pub(crate) fn drain_front(
        &mut self,
        limit: usize,
        mut receive: impl FnMut(Front<'_, T>),
    ) -> usize {
        let mut taken = 0;
        while taken < limit && self.ready() {
            let step_end = limit.min(taken + RELEASE_STEP);
            let given_back = GiveBack(self);
            while taken < step_end && given_back.0.ready() {
                let at = given_back.0.head as usize;
                taken += 1;
                // SAFETY: `head` is in a published run, so the slot is full and its write visible
                // by the Acquire load of the run's entry; only this side empties slots, and `head`
                // moves on before anything else can happen. The slot is given back after the step.
                let front = unsafe { Front::new(&given_back.0.queue.slots, at) };
                given_back.0.head += 1;
                receive(front);
            }
        }
        taken
    }

    /// The same with each value taken out.
    #[cfg(test)]
    pub(crate) fn drain(&mut self, limit: usize, mut receive: impl FnMut(T)) -> usize {
        self.drain_front(limit, |front| receive(front.take()))
    }

    /// Whether a value waits at the front.
    #[inline]
    pub(crate) fn ready(&mut self) -> bool {
        if self.head == self.run_end {
            self.run_end = self.run_end.max(self.queue.run_at(self.head));
        }
        self.head < self.run_end
    }

    /// Whether all senders are gone. What they pushed is then visible: a queue that is closed and
    /// afterwards empty stays empty.
    #[cfg(test)]
    pub(crate) fn is_closed(&self) -> bool {
        self.queue.senders.load(Ordering::Acquire) == 0
    }
}

impl<T> Queue<T> {
    fn new(capacity: usize) -> Result<Self, CapacityError> {
        let slots = Slots::new(capacity)?;
        let len = capacity.next_power_of_two();
        let mut runs = Vec::new();
        runs.try_reserve_exact(len).map_err(|_| CapacityError::OutOfMemory { given: capacity })?;
        runs.resize_with(len, || AtomicU64::new(0));
        Ok(Self {
            slots,
            runs: runs.into_boxed_slice(),
            capacity: capacity as u64,
            senders: AtomicUsize::new(1),
            receiver_gone: AtomicBool::new(false),
            #[cfg(loom)]
            publish: Ordering::Release,
            claims: CachePadded::new(Claims {
                tail: AtomicU64::new(0),
                seen_head: AtomicU64::new(0),
            }),
            head: CachePadded::new(AtomicU64::new(0)),
        })
    }

    /// Claims up to `wanted` positions: the first one and how many, or none when full.
    #[inline]
    fn claim(&self, wanted: usize) -> Option<(u64, usize)> {
        let wanted = wanted as u64;
        let mut tail = self.claims.tail.load(Ordering::Relaxed);
        loop {
            let mut free = self.free(tail, self.claims.seen_head.load(Ordering::Acquire));
            if free < wanted {
                let head = self.head.load(Ordering::Acquire);
                self.claims.seen_head.store(head, Ordering::Release);
                free = self.free(tail, head);
                if free == 0 {
                    return None;
                }
            }
            let count = wanted.min(free);
            match self.claims.tail.compare_exchange_weak(
                tail,
                tail + count,
                Ordering::Relaxed,
                Ordering::Relaxed,
            ) {
                Ok(_) => return Some((tail, count as usize)),
                Err(now) => tail = now,
            }
        }
    }

    /// The room between `tail` and the slots not yet given back. The two were not read at one
    /// moment: a `tail` before `head` is outdated, and its claim will fail; a `head` more than
    /// the capacity behind is outdated too, and nothing is free as far as it tells.
    #[inline]
    fn free(&self, tail: u64, head: u64) -> u64 {
        self.capacity.saturating_sub(tail.saturating_sub(head))
    }

    #[inline]
    fn publish(&self, start: u64, count: usize) {
        #[cfg(not(loom))]
        let order = Ordering::Release;
        #[cfg(loom)]
        let order = self.publish;
        self.entry(start).store(start + count as u64, order);
    }

    /// The end of the run that starts at `position`; at most `position` if there is none yet.
    #[inline]
    fn run_at(&self, position: u64) -> u64 {
        self.entry(position).load(Ordering::Acquire)
    }

    #[inline]
    fn entry(&self, position: u64) -> &AtomicU64 {
        let (index, mask) = (self.slots.index(position as usize), self.runs.len() - 1);
        // Neighbours lie on different cache lines, so that two senders that push single values in
        // turn do not write to one: the index, rotated by the three bits of a place in a line.
        let bits = self.runs.len().trailing_zeros();
        let spread = if bits < 6 { index } else { ((index << 3) | (index >> (bits - 3))) & mask };
        &self.runs[spread]
    }
}

/// Publishes `head` when it goes, also while a panic unwinds.
struct GiveBack<'a, T>(&'a mut Receiver<T>);

impl<T> Drop for GiveBack<'_, T> {
    fn drop(&mut self) {
        self.0.queue.head.store(self.0.head, Ordering::Release);
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        self.0.senders.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(&self.0))
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        // Release: whoever sees none left also sees what each had published.
        self.0.senders.fetch_sub(1, Ordering::Release);
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        if self.head < self.run_end {
            // The rest of a run becomes a run of its own, so that the queue's drop finds it; the
            // entry belongs to a slot that is in use, so no sender writes it.
            self.queue.entry(self.head).store(self.run_end, Ordering::Relaxed);
        }
        self.queue.receiver_gone.store(true, Ordering::Relaxed);
    }
}

impl<T> Drop for Queue<T> {
    fn drop(&mut self) {
        if !std::mem::needs_drop::<T>() {
            return;
        }
        // All sides are gone, so every claim is published: the runs reach up to `tail`.
        let mut head = self.head.load(Ordering::Acquire);
        loop {
            let run_end = self.run_at(head);
            if run_end <= head {
                return;
            }
            while head < run_end {
                // SAFETY: the slots of a published run that is not taken are full, and nobody else
                // is left.
                drop(unsafe { self.slots.take(head as usize) });
                head += 1;
            }
        }
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").field("capacity", &self.0.capacity).finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver").field("capacity", &self.queue.capacity).finish_non_exhaustive()
    }
}

#[cfg(all(test, not(loom)))]
mod tests;

#[cfg(all(test, loom))]
mod models {
    use super::*;
    use loom::thread;

    /// A batch of two from one thread, a single value from another; the receiver looks twice while
    /// they run and once when they are done.
    fn transfer(capacity: usize, publish: Ordering) {
        loom::model(move || {
            let mut queue = Queue::new(capacity).unwrap();
            queue.publish = publish;
            let (sender, mut receiver) = split(queue);
            let other = sender.clone();
            let thread = thread::spawn(move || other.push_batch(&mut vec![1, 2]));
            let single = sender.push(9).is_ok();
            let mut seen = Vec::new();
            receiver.drain(1, |value| seen.push(value));
            let batched = thread.join().unwrap();
            receiver.drain(3, |value| seen.push(value));
            assert_eq!(seen.len(), batched + usize::from(single));
            seen.retain(|&value| value != 9);
            assert_eq!(seen, [1, 2][..batched]);
        });
    }

    #[test]
    fn loom_shared_queue_of_two_hands_over() {
        transfer(2, Ordering::Release);
    }

    #[test]
    fn loom_shared_queue_of_one_hands_over() {
        transfer(1, Ordering::Release);
    }

    #[test]
    #[should_panic(expected = "Causality violation")]
    fn loom_shared_queue_that_publishes_relaxed_is_caught() {
        transfer(2, Ordering::Relaxed);
    }

    /// The slot of a queue of one is used three times, so that giving back and claiming meet.
    #[test]
    fn loom_a_slot_is_reused_only_when_given_back() {
        loom::model(|| {
            let (sender, mut receiver) = shared(1).unwrap();
            sender.push(Box::new(0)).unwrap();
            let thread = thread::spawn(move || {
                let second = sender.push(Box::new(1)).is_ok();
                let third = sender.push(Box::new(2)).is_ok();
                usize::from(second) + usize::from(third)
            });
            let mut taken = receiver.drain(1, drop);
            taken += receiver.drain(1, drop);
            let pushed = thread.join().unwrap();
            taken += receiver.drain(1, drop);
            assert_eq!(taken, 1 + pushed);
        });
    }
}
