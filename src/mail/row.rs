//! What one shard sends to all others in one round.

use crate::agent::slots::{Layout, PAGE_BITS};
use crate::mail::chain::Chain;
use crate::mail::pool::ChunkPool;
use crate::message::Stamp;
use crate::message::packet::Packet;

/// A chain for each receiving shard.
#[derive(Debug, Default)]
pub(crate) struct Row {
    /// As many as there are shards, which is a power of two.
    chains: Box<[Chain]>,
    /// Bit n: the chain for shard n holds something.
    occupied: u64,
}

impl Row {
    pub(crate) fn new(layout: Layout) -> Self {
        Self { chains: (0..layout.shards()).map(|_| Chain::default()).collect(), occupied: 0 }
    }

    /// The shard of a slot, as [`Layout::shard`] says: a function of what is at hand here.
    #[inline(always)]
    fn shard(&self, slot: u32) -> usize {
        (slot >> PAGE_BITS) as usize & (self.chains.len().wrapping_sub(1))
    }

    /// Adds a packet for a slot's shard.
    #[inline]
    pub(crate) fn push(&mut self, slot: u32, packet: Packet, stamp: Stamp, pool: &mut ChunkPool) {
        let place = self.make_place(slot, packet.priority.level(), stamp, pool);
        core::mem::forget(core::mem::replace(place, packet));
    }

    /// Adds a packet for a slot's shard, its payload `bytes` beside it.
    pub(crate) fn push_beside(
        &mut self,
        slot: u32,
        packet: Packet,
        bytes: &[u8],
        stamp: Stamp,
        pool: &mut ChunkPool,
    ) {
        let shard = self.shard(slot);
        self.occupied |= 1 << shard;
        self.chains[shard].push_beside(packet, bytes, stamp, pool);
    }

    /// The place for one more packet for a slot's shard, of a level, if the open chunk has one; it
    /// holds no annex.
    #[inline(always)]
    pub(crate) fn place(&mut self, slot: u32, level: usize) -> Option<&mut Packet> {
        let shard = self.shard(slot);
        self.chains.get_mut(shard)?.place(level)
    }

    /// The same, in a new chunk if need be: out of the way of those who mostly need none.
    #[inline(never)]
    pub(crate) fn make_place(
        &mut self,
        slot: u32,
        level: usize,
        stamp: Stamp,
        pool: &mut ChunkPool,
    ) -> &mut Packet {
        let shard = self.shard(slot);
        self.occupied |= 1 << shard;
        self.chains[shard].make_place(level, stamp, pool)
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

    /// A shard for which there is something; its chain is to be emptied now, and does not count any more.
    #[inline]
    pub(crate) fn next(&mut self) -> Option<usize> {
        if self.occupied == 0 {
            return None;
        }
        let to = self.occupied.trailing_zeros() as usize;
        self.occupied &= self.occupied - 1;
        Some(to)
    }

    /// The chain for a shard, which must be one of the layout's.
    #[inline]
    pub(crate) fn chain(&mut self, to: usize) -> &mut Chain {
        &mut self.chains[to]
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
        self.chains.len() * size_of::<Chain>()
    }
}
