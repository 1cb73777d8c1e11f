//! Sixteen envelopes and a header, and the pool they return to.

use crate::message::Stamp;
use crate::message::packet::Packet;
use crate::time::Time;

/// Envelopes in a chunk.
pub(crate) const CHUNK: usize = 16;

/// Envelopes of one round, in the order they were sent. All of one level once queued.
#[derive(Debug)]
#[repr(C, align(64))]
pub(crate) struct Chunk {
    pub(crate) stamp: Stamp,
    /// Envelopes before this index are delivered.
    pub(crate) begin: u8,
    pub(crate) end: u8,
    pub(crate) packets: [Packet; CHUNK],
}

impl Chunk {
    fn new() -> Box<Self> {
        Box::new(Self {
            stamp: Stamp { round: 0, sent_at: Time::ZERO },
            begin: 0,
            end: 0,
            packets: [const { Packet::EMPTY }; CHUNK],
        })
    }

    #[inline]
    pub(crate) fn is_full(&self) -> bool {
        self.end as usize == CHUNK
    }

    /// Writes a packet where none with an annex is.
    #[inline(always)]
    pub(crate) fn put(&mut self, at: usize, packet: Packet) {
        let place = &mut self.packets[at % CHUNK];
        debug_assert!(place.annex.is_none(), "an annex would leak");
        // Dropping the old packet would read it, and wait for its cache line.
        core::mem::forget(core::mem::replace(place, packet));
    }

    /// Adds a packet; the chunk must not be full.
    #[inline]
    pub(crate) fn push(&mut self, packet: Packet) {
        self.put(self.end as usize, packet);
        self.end += 1;
    }

    /// Brings it closer: the header and all packets.
    #[inline]
    pub(crate) fn prefetch(&self) {
        crate::prefetch::prefetch(&self.stamp);
        self.packets.iter().for_each(crate::prefetch::prefetch);
    }

    /// What is not delivered yet, with the stamp of each.
    pub(crate) fn stamped(&self) -> impl Iterator<Item = (&Packet, Stamp)> {
        self.waiting().iter().map(|packet| (packet, self.stamp))
    }

    /// What is not delivered yet.
    #[inline]
    pub(crate) fn waiting(&self) -> &[Packet] {
        self.packets.get(self.begin as usize..self.end as usize).unwrap_or(&[])
    }

    #[inline]
    pub(crate) fn waiting_mut(&mut self) -> &mut [Packet] {
        self.packets.get_mut(self.begin as usize..self.end as usize).unwrap_or(&mut [])
    }
}

/// Free chunks of one worker.
#[derive(Debug, Default)]
pub(crate) struct ChunkPool {
    #[expect(clippy::vec_box, reason = "chunks keep their place; only pointers move")]
    free: Vec<Box<Chunk>>,
    made: usize,
}

/// Chunks made at once when the pool is empty, so that warming up takes few steps.
const BATCH: usize = 32;

impl ChunkPool {
    /// An empty chunk with that stamp.
    #[inline]
    pub(crate) fn take(&mut self, stamp: Stamp) -> Box<Chunk> {
        let mut chunk = match self.free.pop() {
            Some(chunk) => chunk,
            None => self.grow(),
        };
        chunk.stamp = stamp;
        chunk
    }

    #[cold]
    fn grow(&mut self) -> Box<Chunk> {
        let batch = BATCH.max(self.made / 4);
        self.made += batch;
        self.free.reserve(self.made);
        self.free.extend((1..batch).map(|_| Chunk::new()));
        Chunk::new()
    }

    /// Takes back a chunk whose packets hold no annexes any more.
    #[inline]
    pub(crate) fn give(&mut self, mut chunk: Box<Chunk>) {
        (chunk.begin, chunk.end) = (0, 0);
        self.free.push(chunk);
    }

    pub(crate) fn len(&self) -> usize {
        self.free.len()
    }

    /// Moves half of the difference from the fuller pool to the other: chunks wander with the mail.
    pub(crate) fn balance(&mut self, other: &mut Self) {
        let (full, empty) = if self.len() > other.len() { (self, other) } else { (other, self) };
        let surplus = full.len() - empty.len();
        if surplus > BATCH / 2 {
            let keep = full.len() - surplus / 2;
            empty.free.extend(full.free.drain(keep..));
        }
    }

    /// Bytes held by free chunks.
    pub(crate) fn bytes(&self) -> usize {
        self.free.len() * size_of::<Chunk>() + self.free.capacity() * size_of::<Box<Chunk>>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seventeen_cache_lines() {
        assert_eq!(size_of::<Chunk>(), 17 * 64);
    }
}
