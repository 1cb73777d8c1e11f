//! Envelopes and a header, and the block that holds their longer payloads.

use crate::mail::pool::ChunkPool;
use crate::message::packet::{Beside, Packet};
use crate::message::{Envelope, Stamp};
use crate::time::Time;

/// Envelopes in a chunk: as many as make a chunk's own cost small beside theirs, and no more, because
/// each pair of shards that talk has a chunk that is partly filled.
pub(crate) const CHUNK: usize = 32;

/// Bytes in a block: 64 for each envelope. A chunk whose block is full is closed.
pub(crate) const BLOCK: usize = 64 * CHUNK;

/// Envelopes of one round, in the order they were sent. All of one level once queued.
#[derive(Debug)]
#[repr(C, align(64))]
pub(crate) struct Chunk {
    pub(crate) stamp: Stamp,
    /// Envelopes before this index are delivered.
    pub(crate) begin: u8,
    pub(crate) end: u8,
    /// Payloads that are too long for their packets. Empty and without memory until there is one.
    pub(crate) beside: Vec<u8>,
    /// Of its bytes those whose packets were buried: they wait no more.
    pub(crate) buried_bytes: u32,
    pub(crate) packets: [Packet; CHUNK],
}

impl Chunk {
    pub(crate) const fn new() -> Self {
        Self {
            stamp: Stamp { round: 0, sent_at: Time::ZERO },
            begin: 0,
            end: 0,
            beside: Vec::new(),
            buried_bytes: 0,
            packets: [const { Packet::EMPTY }; CHUNK],
        }
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

    /// Brings it closer, the header and all packets, to be read now and written again soon: a chunk that
    /// was drained is the next to be filled.
    #[inline]
    pub(crate) fn prefetch(&self) {
        crate::prefetch::prefetch_to_write(&self.stamp);
        self.packets.iter().for_each(crate::prefetch::prefetch_to_write);
    }

    /// What is not delivered yet.
    pub(crate) fn envelopes(&self) -> impl Iterator<Item = Envelope<'_>> {
        self.waiting().iter().map(|packet| self.envelope(packet))
    }

    /// One of its packets as an envelope.
    #[inline]
    pub(crate) fn envelope<'a>(&'a self, packet: &'a Packet) -> Envelope<'a> {
        Envelope { packet, stamp: self.stamp, beside: &self.beside }
    }

    /// Bytes in its block that wait, or did when the chunk was begun to be drained.
    #[inline]
    pub(crate) fn block_bytes(&self) -> u64 {
        self.beside.len() as u64 - u64::from(self.buried_bytes)
    }

    /// Whether its block has room for a payload.
    #[inline]
    pub(crate) fn has_room(&self, length: usize) -> bool {
        self.beside.len() + length <= BLOCK
    }

    /// Puts a payload into its block, for which there is room.
    #[inline]
    pub(crate) fn put_beside(&mut self, bytes: &[u8], pool: &mut ChunkPool) -> Beside {
        if self.beside.capacity() == 0 {
            self.beside = pool.take_block();
        }
        let offset = self.beside.len() as u32;
        self.beside.extend_from_slice(bytes);
        Beside { offset, length: bytes.len() as u32 }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_of_one_cache_line() {
        assert_eq!(size_of::<Chunk>(), (1 + CHUNK) * 64);
    }
}
