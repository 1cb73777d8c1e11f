//! What one shard sends to all others in one round.

use crate::mail::chain::Chain;
use crate::mail::chunk::ChunkPool;
use crate::message::Stamp;
use crate::message::packet::Packet;

/// A chain for each receiving shard.
#[derive(Debug, Default)]
pub(crate) struct Row {
    chains: Vec<Chain>,
    /// Bit n: the chain for shard n holds something.
    occupied: u64,
}

impl Row {
    pub(crate) fn new(shards: usize) -> Self {
        Self { chains: (0..shards).map(|_| Chain::default()).collect(), occupied: 0 }
    }

    /// Adds a packet for a shard.
    #[inline(always)]
    pub(crate) fn push(
        &mut self,
        shard: usize,
        packet: Packet,
        stamp: Stamp,
        pool: &mut ChunkPool,
    ) {
        let place = self.place(shard, packet.priority.level(), stamp, pool);
        core::mem::forget(core::mem::replace(place, packet));
    }

    /// The place for one more packet for a shard, of a level; it holds no annex.
    #[inline(always)]
    pub(crate) fn place(
        &mut self,
        shard: usize,
        level: usize,
        stamp: Stamp,
        pool: &mut ChunkPool,
    ) -> &mut Packet {
        self.occupied |= 1 << shard;
        self.chains[shard].place(level, stamp, pool)
    }

    /// Counts a packet that stands for many pairs, or holds bytes outside; see [`Chain::weigh`].
    #[inline]
    pub(crate) fn weigh(&mut self, shard: usize, pairs: u64, bytes: u64) {
        self.chains[shard].weigh(pairs, bytes);
    }

    /// Has the next packets go to chunks of their own: they have another stamp.
    pub(crate) fn seal(&mut self) {
        self.chains.iter_mut().for_each(Chain::seal);
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.occupied == 0
    }

    /// Calls `receive` with each shard for which there is something and its chain, to be emptied.
    #[inline]
    pub(crate) fn hand_over(&mut self, mut receive: impl FnMut(usize, &mut Chain)) {
        while self.occupied != 0 {
            let to = self.occupied.trailing_zeros() as usize;
            self.occupied &= self.occupied - 1;
            receive(to, &mut self.chains[to]);
        }
    }

    /// (envelope, receiver) pairs inside.
    pub(crate) fn pairs(&self) -> u64 {
        if self.is_empty() { 0 } else { self.chains.iter().map(Chain::pairs).sum() }
    }

    /// The chain for a shard.
    pub(crate) fn chain_of(&self, shard: usize) -> Option<&Chain> {
        self.chains.get(shard)
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.chains.capacity() * size_of::<Chain>()
    }
}
