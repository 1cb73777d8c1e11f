//! What one shard sends to another in one round.

use crate::mail::chunk::{CHUNK, Chunk};
use crate::mail::pool::ChunkPool;
use crate::message::packet::Packet;
use crate::message::{Envelope, Stamp};

/// Chunks of one stamp, in the order in which they were filled.
///
/// Writing an envelope touches the chain and the envelope's own cache line, and reads neither the
/// line nor the chunk's header: both may be far from the cache, and a store need not wait for them.
#[derive(Debug, Default)]
#[repr(align(64))]
pub(crate) struct Chain {
    /// The chunk being filled; its header does not yet say how far.
    open: Option<Box<Chunk>>,
    filled: u8,
    /// Bit n is set if an envelope of level n is inside.
    levels: u16,
    /// (envelope, receiver) pairs in full chunks, and beyond one each in the open one.
    pairs: u64,
    /// Payload bytes outside the packets.
    bytes: u64,
    #[expect(clippy::vec_box, reason = "chunks keep their place; only pointers move")]
    full: Vec<Box<Chunk>>,
}

/// What a chain held, beside its chunks.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sum {
    pub(crate) levels: u16,
    pub(crate) pairs: u64,
    pub(crate) bytes: u64,
    pub(crate) chunks: u32,
}

impl Chain {
    /// The place for one more packet of a level, if the open chunk has one; it holds no annex, so what
    /// it holds need not be dropped.
    #[inline(always)]
    pub(crate) fn place(&mut self, level: usize) -> Option<&mut Packet> {
        let chunk = self.open.as_deref_mut()?;
        let place = chunk.packets.get_mut(self.filled as usize)?;
        self.filled += 1;
        self.levels |= 1 << level;
        Some(place)
    }

    /// The same, in a new chunk if need be.
    #[inline]
    pub(crate) fn make_place(
        &mut self,
        level: usize,
        stamp: Stamp,
        pool: &mut ChunkPool,
    ) -> &mut Packet {
        if self.filled as usize >= CHUNK {
            self.seal();
        }
        let at = self.filled as usize % CHUNK;
        self.filled += 1;
        self.levels |= 1 << level;
        &mut self.open.get_or_insert_with(|| pool.take(stamp)).packets[at]
    }

    /// Adds a packet whose payload is `bytes`, which go to the chunk's block.
    pub(crate) fn push_beside(
        &mut self,
        mut packet: Packet,
        bytes: &[u8],
        stamp: Stamp,
        pool: &mut ChunkPool,
    ) {
        let open = self.open.as_ref();
        if self.filled as usize >= CHUNK || open.is_some_and(|open| !open.has_room(bytes.len())) {
            self.seal();
        }
        let at = self.filled as usize % CHUNK;
        self.filled += 1;
        self.levels |= 1 << packet.priority.level();
        self.bytes += bytes.len() as u64;
        let chunk = self.open.get_or_insert_with(|| pool.take(stamp));
        packet.lay_beside(chunk.put_beside(bytes, pool));
        chunk.put(at, packet);
    }

    /// Has the next packet go to a new chunk.
    pub(crate) fn seal(&mut self) {
        if let Some(mut chunk) = self.open.take() {
            chunk.end = self.filled;
            self.pairs += u64::from(self.filled);
            self.full.push(chunk);
        }
        self.filled = 0;
    }

    /// Counts a packet that stands for many pairs, or holds bytes outside; to be called for such a
    /// packet beside [`place`](Self::place).
    #[inline]
    pub(crate) fn weigh(&mut self, pairs: u64, bytes: u64) {
        self.pairs += pairs - 1;
        self.bytes += bytes;
    }

    /// Moves the chunks to the end of `chunks`, oldest first, and says what they hold.
    #[expect(clippy::vec_box, reason = "chunks keep their place; only pointers move")]
    pub(crate) fn drain_into(&mut self, chunks: &mut Vec<Box<Chunk>>) -> Sum {
        // Read before sealing writes some of it: a wide load must wait for a narrower store.
        let (levels, pairs, bytes) = (self.levels, self.pairs(), self.bytes);
        self.seal();
        let sum = Sum { levels, pairs, bytes, chunks: self.full.len() as u32 };
        chunks.append(&mut self.full);
        (self.levels, self.pairs, self.bytes) = (0, 0, 0);
        sum
    }

    /// (envelope, receiver) pairs inside.
    #[inline]
    pub(crate) fn pairs(&self) -> u64 {
        self.pairs + u64::from(self.filled)
    }

    /// The envelopes, oldest first.
    pub(crate) fn envelopes(&self) -> impl Iterator<Item = Envelope<'_>> {
        let filled = self.filled as usize;
        let open = self.open.iter().flat_map(move |chunk| {
            chunk.packets[..filled].iter().map(|packet| chunk.envelope(packet))
        });
        self.full.iter().flat_map(|chunk| chunk.envelopes()).chain(open)
    }
}
