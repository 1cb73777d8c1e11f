//! Envelopes and a header, the block that holds their longer payloads, and the pool they return to.

use std::sync::Arc;

use crate::message::annex::Annex;
use crate::message::packet::{Beside, Packet};
use crate::message::{Envelope, Stamp};
use crate::time::Time;

/// Envelopes in a chunk: as many as make a chunk's own cost small beside theirs, and no more, because
/// each pair of shards that talk has a chunk that is partly filled.
pub(crate) const CHUNK: usize = 32;

/// Bytes in a block: 64 for each envelope. A chunk whose block is full is closed.
const BLOCK: usize = 64 * CHUNK;

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
    fn new() -> Box<Self> {
        Box::new(Self {
            stamp: Stamp { round: 0, sent_at: Time::ZERO },
            begin: 0,
            end: 0,
            beside: Vec::new(),
            buried_bytes: 0,
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

/// Free chunks of one worker.
#[derive(Debug, Default)]
pub(crate) struct ChunkPool {
    #[expect(clippy::vec_box, reason = "chunks keep their place; only pointers move")]
    free: Vec<Box<Chunk>>,
    made: usize,
    blocks: Vec<Vec<u8>>,
    blocks_made: usize,
    /// Side records that nobody else holds.
    annexes: Vec<Arc<Annex>>,
    annexes_made: usize,
}

/// Chunks made at once when the pool is empty, so that warming up takes few steps.
const BATCH: usize = 32;

/// Side records kept at most: other threads bring some that no sender in here takes out again.
const MOST_ANNEXES: usize = 1 << 16;

/// How many more to make when so many were not enough: a quarter while that is little memory, since any
/// worker may come to do the work of all; then an eighth.
fn more(made: usize) -> usize {
    BATCH.max(if made < 1_024 { made / 4 } else { made / 8 })
}

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
        let batch = more(self.made);
        self.made += batch;
        self.free.reserve(self.made);
        self.free.extend((1..batch).map(|_| Chunk::new()));
        Chunk::new()
    }

    /// An empty block.
    #[inline]
    fn take_block(&mut self) -> Vec<u8> {
        match self.blocks.pop() {
            Some(block) => block,
            None => self.grow_blocks(),
        }
    }

    #[cold]
    fn grow_blocks(&mut self) -> Vec<u8> {
        let batch = more(self.blocks_made);
        self.blocks_made += batch;
        self.blocks.reserve(self.blocks_made);
        self.blocks.extend((1..batch).map(|_| Vec::with_capacity(BLOCK)));
        Vec::with_capacity(BLOCK)
    }

    /// A side record for one packet. It comes back by [`keep`](Self::keep).
    #[inline]
    pub(crate) fn annex(&mut self, annex: Annex) -> Arc<Annex> {
        let mut kept = self.annexes.pop().unwrap_or_else(|| self.grow_annexes());
        match Arc::get_mut(&mut kept) {
            Some(place) => {
                *place = annex;
                kept
            }
            None => Arc::new(annex),
        }
    }

    #[cold]
    fn grow_annexes(&mut self) -> Arc<Annex> {
        let batch = more(self.annexes_made);
        self.annexes_made += batch;
        self.annexes.reserve(self.annexes_made);
        self.annexes.extend((1..batch).map(|_| Arc::default()));
        Arc::default()
    }

    /// Takes back a side record, unless others hold it too: those that a group shares belong to the
    /// sender's shard.
    #[inline]
    pub(crate) fn keep(&mut self, mut annex: Arc<Annex>) {
        if self.annexes.len() < MOST_ANNEXES
            && let Some(own) = Arc::get_mut(&mut annex)
        {
            own.payload = None;
            self.annexes.push(annex);
        }
    }

    /// Takes back a chunk whose packets hold no annexes any more.
    #[inline]
    pub(crate) fn give(&mut self, mut chunk: Box<Chunk>) {
        (chunk.begin, chunk.end, chunk.buried_bytes) = (0, 0, 0);
        if chunk.beside.capacity() > 0 {
            let mut block = core::mem::take(&mut chunk.beside);
            block.clear();
            self.blocks.push(block);
        }
        self.free.push(chunk);
    }

    /// Moves half of the difference from the fuller pool to the other: chunks wander with the mail.
    pub(crate) fn balance(&mut self, other: &mut Self) {
        even_out(&mut self.free, &mut other.free);
        even_out(&mut self.blocks, &mut other.blocks);
        even_out(&mut self.annexes, &mut other.annexes);
    }

    /// Bytes held by free chunks.
    pub(crate) fn bytes(&self) -> usize {
        self.free.len() * size_of::<Chunk>()
            + self.free.capacity() * size_of::<Box<Chunk>>()
            + self.blocks.len() * BLOCK
            + self.blocks.capacity() * size_of::<Vec<u8>>()
            + self.annexes.len() * (size_of::<Annex>() + 2 * size_of::<usize>())
            + self.annexes.capacity() * size_of::<Arc<Annex>>()
    }
}

fn even_out<T>(one: &mut Vec<T>, other: &mut Vec<T>) {
    let (full, empty) = if one.len() > other.len() { (one, other) } else { (other, one) };
    let surplus = full.len() - empty.len();
    if surplus > BATCH / 2 {
        let keep = full.len() - surplus / 2;
        empty.extend(full.drain(keep..));
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
