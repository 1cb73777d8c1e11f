//! The side record of an envelope, and the pool it comes from.
//!
//! The pool keeps a reference to everything it ever made, in a ring: receivers only count down, and
//! whatever nobody else holds is free to be written again. So nothing is handed back across threads,
//! nothing is lost, and once the ring is as long as the traffic is wide, nothing allocates.
//!
//! A side record of a single packet has one holder at a time and needs none of this: it goes back to
//! the pool of the worker that delivered it, with the chunk.

use std::sync::Arc;

use crate::message::{EnvelopeId, Payload};
use crate::space::Pose;
use crate::time::Time;

/// What an envelope carries only when it is used.
#[derive(Clone, Debug)]
pub(crate) struct Annex {
    pub(crate) payload: Option<Payload>,
    pub(crate) pose: Option<Pose>,
    /// `Time::MAX` without one.
    pub(crate) deadline: Time,
    pub(crate) hops: u8,
    pub(crate) retry: bool,
    pub(crate) report: bool,
    /// How often delivery was tried before.
    pub(crate) attempts: u8,
    /// Of a message that waited for its time: the id and the time it was sent under.
    pub(crate) original: Option<(EnvelopeId, Time)>,
}

/// How many entries a search for a free one looks at before the ring grows.
const LOOK: usize = 8;
/// Blocks of payload come in sizes 64, 256, 1024, … of a power of four.
const CLASSES: usize = 12;
const SMALLEST_BLOCK: usize = 64;

/// A ring of shared values that are written again once nobody else holds them.
#[derive(Debug)]
struct Ring<T> {
    entries: Vec<Arc<T>>,
    next: usize,
    /// Taken in this round, and whether one had to be made.
    taken: usize,
    missed: bool,
    /// Rounds since it was last as long as it need be.
    rounds: u32,
}

impl<T> Ring<T> {
    const fn new() -> Self {
        Self { entries: Vec::new(), next: 0, taken: 0, missed: false, rounds: 0 }
    }

    /// A value nobody else holds, written by `write`; made by `make` if none is found and the ring is
    /// shorter than `most`; not kept beyond that.
    ///
    /// A ring grows by a quarter: how many values are held at once varies with the workers' timing, and
    /// one that grew by single values would go on growing for long. It then goes on with the new ones,
    /// since those behind the ones that were looked at are likely held too.
    fn take(&mut self, most: usize, make: impl Fn() -> T, write: impl FnOnce(&mut T)) -> Arc<T> {
        self.taken += 1;
        let length = self.entries.len();
        for _ in 0..LOOK.min(length) {
            let at = self.next;
            self.next = if at + 1 == length { 0 } else { at + 1 };
            let entry = &mut self.entries[at];
            if let Some(value) = Arc::get_mut(entry) {
                write(value);
                return Arc::clone(entry);
            }
        }
        self.missed = true;
        let mut value = make();
        write(&mut value);
        let entry = Arc::new(value);
        if length < most {
            self.entries.push(Arc::clone(&entry));
            let spare = (length / 4).min(most - length - 1);
            self.entries.extend((0..spare).map(|_| Arc::new(make())));
            self.next = if spare > 0 { length + 1 } else { 0 };
        }
        entry
    }

    /// Ends a round. What is held now may be let go in the next before as much is taken again, or only
    /// after: that depends on which worker comes first. The ring is made long enough for either.
    ///
    /// Counting what is held reads all entries, so it is done when one was missed, and else ever more
    /// rarely: after 1, 2, 4, 8 rounds and so on.
    fn end_round(&mut self, most: usize, make: impl Fn() -> T) {
        let taken = core::mem::take(&mut self.taken);
        if taken == 0 {
            return;
        }
        self.rounds = self.rounds.wrapping_add(1);
        if !core::mem::take(&mut self.missed) && !self.rounds.is_power_of_two() {
            return;
        }
        let held = self.entries.iter().filter(|entry| Arc::strong_count(entry) > 1).count();
        let (length, need) = (self.entries.len(), (held + taken).min(most));
        if length < need {
            let more = (need + need / 4).min(most) - length;
            self.entries.extend((0..more).map(|_| Arc::new(make())));
            (self.next, self.rounds) = (length, 0);
        }
    }
}

/// Annexes and payload blocks of one shard's senders.
#[derive(Debug)]
pub(crate) struct AnnexPool {
    annexes: Ring<Annex>,
    blocks: [Ring<Vec<u8>>; CLASSES],
    most: usize,
    /// Whether any were taken in this round.
    taken: bool,
}

impl AnnexPool {
    /// A pool that keeps at most `most` annexes, and as many payload blocks of each size.
    fn new(most: usize) -> Self {
        Self { annexes: Ring::new(), blocks: [const { Ring::new() }; CLASSES], most, taken: false }
    }

    pub(crate) fn annex(&mut self, annex: Annex) -> Arc<Annex> {
        // The old annex's payload is let go when it is overwritten.
        let mut annex = Some(annex);
        self.taken = true;
        let most = self.most;
        self.annexes.take(most, Annex::default, |entry| {
            if let Some(annex) = annex.take() {
                *entry = annex;
            }
        })
    }

    /// A block with a copy of `bytes`.
    pub(crate) fn payload(&mut self, bytes: &[u8]) -> Payload {
        let (mut class, mut size) = (0, SMALLEST_BLOCK);
        while size < bytes.len() && class + 1 < CLASSES {
            (class, size) = (class + 1, size * 4);
        }
        let capacity = size.max(bytes.len());
        self.taken = true;
        Payload(self.blocks[class].take(
            self.most,
            || Vec::with_capacity(capacity),
            |block| {
                block.clear();
                block.extend_from_slice(bytes);
            },
        ))
    }

    /// Ends a round: sees to it that the next need make none, if it needs as many.
    #[inline]
    pub(crate) fn end_round(&mut self) {
        if core::mem::take(&mut self.taken) {
            self.widen();
        }
    }

    #[cold]
    fn widen(&mut self) {
        let most = self.most;
        self.annexes.end_round(most, Annex::default);
        for (class, ring) in self.blocks.iter_mut().enumerate() {
            ring.end_round(most, || Vec::with_capacity(SMALLEST_BLOCK << (2 * class)));
        }
    }
}

/// Entries of a ring that are kept. What is in use beyond them is made and freed each time.
const MOST: usize = 1 << 16;

impl Default for AnnexPool {
    fn default() -> Self {
        Self::new(MOST)
    }
}

impl Default for Annex {
    fn default() -> Self {
        Self {
            payload: None,
            pose: None,
            deadline: Time::MAX,
            hops: crate::message::Message::DEFAULT_HOPS,
            retry: false,
            report: false,
            attempts: 0,
            original: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_written_again_only_when_free() {
        let mut pool = AnnexPool::new(16);
        let first = pool.payload(&[1; 100]);
        let second = pool.payload(&[2; 100]);
        assert_eq!((&first[..], &second[..]), (&[1; 100][..], &[2; 100][..]));
        let address = first.as_ptr();
        drop(first);
        let third = pool.payload(&[3; 90]);
        assert_eq!(third.as_ptr(), address);
        assert_eq!(&second[..], &[2; 100]);
    }

    /// Half of what a round took is let go before the next takes, or none, or all of it.
    #[test]
    fn after_a_round_the_next_makes_none() {
        let mut pool = AnnexPool::new(1 << 10);
        let mut held: Vec<Payload> = (0..100).map(|_| pool.payload(&[1; 300])).collect();
        pool.end_round();
        let made = pool.blocks[2].entries.len();
        for round in 0..9 {
            held.drain(..round % 3 * 50);
            let next: Vec<_> = (0..100).map(|_| pool.payload(&[1; 300])).collect();
            held = next;
            pool.end_round();
        }
        assert_eq!(pool.blocks[2].entries.len(), made);
    }

    #[test]
    fn a_full_ring_still_serves() {
        let mut pool = AnnexPool::new(2);
        let held: Vec<_> = (0..5).map(|byte| pool.payload(&[byte; 40])).collect();
        for (byte, payload) in held.iter().enumerate() {
            assert_eq!(&payload[..], &[byte as u8; 40]);
        }
    }
}
