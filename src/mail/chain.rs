//! What one shard sends to another in one round.

use crate::mail::chunk::{Chunk, ChunkPool};
use crate::message::Stamp;
use crate::message::packet::Packet;

/// A list of chunks, newest first, all of one stamp.
#[derive(Debug, Default)]
pub(crate) struct Chain {
    newest: Option<Box<Chunk>>,
    /// (envelope, receiver) pairs.
    pub(crate) pairs: u64,
    /// Payload bytes outside the packets.
    pub(crate) bytes: u64,
    chunks: u32,
    /// Bit n is set if an envelope of level n is inside.
    pub(crate) levels: u16,
}

impl Chain {
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.newest.is_none()
    }

    #[inline]
    pub(crate) fn push(&mut self, packet: Packet, stamp: Stamp, pool: &mut ChunkPool) {
        self.levels |= 1 << packet.priority.level();
        self.pairs += 1;
        match &mut self.newest {
            Some(chunk) if !chunk.is_full() => chunk.push(packet),
            _ => self.extend(packet, stamp, pool),
        }
    }

    #[inline]
    fn extend(&mut self, packet: Packet, stamp: Stamp, pool: &mut ChunkPool) {
        let mut chunk = pool.take(stamp);
        chunk.previous = self.newest.take();
        chunk.push(packet);
        self.newest = Some(chunk);
        self.chunks += 1;
    }

    /// Counts a packet that stands for many pairs, or holds bytes outside.
    #[inline]
    pub(crate) fn weigh(&mut self, pairs: u64, bytes: u64) {
        self.pairs += pairs - 1;
        self.bytes += bytes;
    }

    /// Moves the chunks, oldest first, to the end of `chunks`.
    pub(crate) fn drain_into(&mut self, chunks: &mut Vec<Box<Chunk>>) {
        let start = chunks.len();
        let mut next = self.newest.take();
        while let Some(mut chunk) = next {
            next = chunk.previous.take();
            chunks.push(chunk);
        }
        if let Some(added) = chunks.get_mut(start..) {
            added.reverse();
        }
        *self = Self::default();
    }

    /// The packets, for inspection, in no promised order.
    pub(crate) fn packets(&self) -> impl Iterator<Item = (&Packet, Stamp)> {
        core::iter::successors(self.newest.as_deref(), |chunk| chunk.previous.as_deref())
            .flat_map(|chunk| chunk.waiting().iter().map(|packet| (packet, chunk.stamp)))
    }
}

/// A long list must not be dropped recursively.
impl Drop for Chain {
    fn drop(&mut self) {
        let mut next = self.newest.take();
        while let Some(mut chunk) = next {
            next = chunk.previous.take();
        }
    }
}
