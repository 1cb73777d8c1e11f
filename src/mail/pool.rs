//! What the senders of one worker write mail into, and take from what was read.

use std::sync::{Arc, Mutex, PoisonError};

use crate::mail::chunk::{BLOCK, Chunk};
use crate::mail::spares::{Depot, Fresh, Spares};
use crate::message::Stamp;
use crate::message::annex::Annex;

/// Spare chunks, blocks and side records of one worker.
#[derive(Debug)]
pub(crate) struct ChunkPool {
    chunks: Spares<Box<Chunk>>,
    blocks: Spares<Vec<u8>>,
    /// Side records that nobody else holds.
    annexes: Spares<Arc<Annex>>,
}

/// So much is taken before the depots are looked at: rounds of a few messages cost nothing for it.
const FEW: usize = 16;

/// Those that no worker has.
#[derive(Debug, Default)]
pub(crate) struct Depots {
    chunks: Arc<Depot<Box<Chunk>>>,
    blocks: Arc<Depot<Vec<u8>>>,
    annexes: Arc<Depot<Arc<Annex>>>,
}

impl Fresh for Box<Chunk> {
    fn fresh() -> Self {
        Self::new(Chunk::new())
    }
}

impl Fresh for Vec<u8> {
    fn fresh() -> Self {
        Self::with_capacity(BLOCK)
    }
}

impl Fresh for Arc<Annex> {
    /// Some go where they do not come back from.
    const MOST: usize = 1 << 16;

    fn fresh() -> Self {
        Self::default()
    }
}

impl ChunkPool {
    /// An empty chunk with that stamp.
    #[inline]
    pub(crate) fn take(&mut self, stamp: Stamp) -> Box<Chunk> {
        let mut chunk = self.chunks.take();
        chunk.stamp = stamp;
        chunk
    }

    /// An empty block.
    #[inline]
    pub(crate) fn take_block(&mut self) -> Vec<u8> {
        self.blocks.take()
    }

    /// A side record for one packet. It comes back by [`keep`](Self::keep).
    #[inline]
    pub(crate) fn annex(&mut self, annex: Annex) -> Arc<Annex> {
        let mut kept = self.annexes.take();
        match Arc::get_mut(&mut kept) {
            Some(place) => {
                *place = annex;
                kept
            }
            None => Arc::new(annex),
        }
    }

    /// Takes back a side record, unless others hold it too: those that a group shares belong to the
    /// sender's shard.
    #[inline]
    pub(crate) fn keep(&mut self, mut annex: Arc<Annex>) {
        if let Some(own) = Arc::get_mut(&mut annex) {
            own.payload = None;
            self.annexes.give(annex);
        }
    }

    /// Takes back a chunk whose packets hold no annexes any more.
    #[inline]
    pub(crate) fn give(&mut self, mut chunk: Box<Chunk>) {
        (chunk.begin, chunk.end, chunk.buried_bytes) = (0, 0, 0);
        if chunk.beside.capacity() > 0 {
            let mut block = core::mem::take(&mut chunk.beside);
            block.clear();
            self.blocks.give(block);
        }
        self.chunks.give(chunk);
    }

    /// How much was taken since the depots were last settled.
    #[inline]
    fn taken(&self) -> usize {
        self.chunks.taken() + self.blocks.taken() + self.annexes.taken()
    }

    /// Bytes of what is spare here.
    pub(crate) fn bytes(&self) -> usize {
        let Self { chunks, blocks, annexes } = self;
        bytes(
            (chunks.len(), chunks.capacity()),
            (blocks.len(), blocks.capacity()),
            (annexes.len(), annexes.capacity()),
        )
    }
}

impl Depots {
    /// The pool of one more worker.
    pub(crate) fn pool(&self) -> ChunkPool {
        ChunkPool {
            chunks: Spares::new(&self.chunks),
            blocks: Spares::new(&self.blocks),
            annexes: Spares::new(&self.annexes),
        }
    }

    /// Fills the depots ([`Depot::settle`]) once enough was taken that it may matter: to be called between
    /// rounds.
    #[inline]
    pub(crate) fn settle(&self, pools: &mut [Mutex<ChunkPool>]) {
        let taken: usize = pools.iter_mut().map(|pool| exclusive(pool).taken()).sum();
        if taken >= FEW {
            self.fill(pools);
        }
    }

    fn fill(&self, pools: &mut [Mutex<ChunkPool>]) {
        self.chunks.settle(pools.iter_mut().map(|pool| &mut exclusive(pool).chunks));
        self.blocks.settle(pools.iter_mut().map(|pool| &mut exclusive(pool).blocks));
        self.annexes.settle(pools.iter_mut().map(|pool| &mut exclusive(pool).annexes));
    }

    /// Bytes of what is spare here.
    pub(crate) fn bytes(&self) -> usize {
        bytes(self.chunks.size(), self.blocks.size(), self.annexes.size())
    }
}

fn exclusive(pool: &mut Mutex<ChunkPool>) -> &mut ChunkPool {
    pool.get_mut().unwrap_or_else(PoisonError::into_inner)
}

/// Bytes of so many chunks, blocks and side records, and of the room for pointers to them.
fn bytes(chunks: (usize, usize), blocks: (usize, usize), annexes: (usize, usize)) -> usize {
    chunks.0 * size_of::<Chunk>()
        + chunks.1 * size_of::<Box<Chunk>>()
        + blocks.0 * BLOCK
        + blocks.1 * size_of::<Vec<u8>>()
        + annexes.0 * (size_of::<Annex>() + 2 * size_of::<usize>())
        + annexes.1 * size_of::<Arc<Annex>>()
}
