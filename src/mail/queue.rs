//! The mail of one shard, by priority, first in first out.

use std::collections::VecDeque;

use crate::mail::chain::Sum;
use crate::mail::chunk::{Chunk, ChunkPool};
use crate::message::packet::Packet;
use crate::message::{Priority, Stamp};

/// Levels, one a priority; index 0 is served first.
pub(crate) const LEVELS: usize = 10;
const _: () = assert!(LEVELS == Priority::COUNT);

/// (envelope, receiver) pairs waiting at each level.
pub(crate) type Pairs = [u64; LEVELS];

#[derive(Debug, Default)]
pub(crate) struct Queue {
    levels: [VecDeque<Waiting>; LEVELS],
    pub(crate) waiting: Pairs,
    /// Payload bytes outside the packets.
    pub(crate) bytes: u64,
    /// Packets that only hold their place: counted as waiting, accounted for already.
    pub(crate) buried: u64,
}

/// A chunk and the tick in which it came to its level. The tick is not in the chunk, so that queueing
/// it does not touch it.
#[derive(Debug)]
struct Waiting {
    since: u64,
    chunk: Box<Chunk>,
}

impl Queue {
    /// All pairs waiting, the buried ones included: what a round has to go through.
    #[inline]
    pub(crate) fn pairs(&self) -> u64 {
        self.waiting.iter().sum()
    }

    /// All pairs that are still to be delivered or dropped.
    #[inline]
    pub(crate) fn pending(&self) -> u64 {
        self.pairs() - self.buried
    }

    /// Takes in the chunks of a chain at the end of their levels: whole where the chain has one level,
    /// else packet by packet.
    pub(crate) fn gather(
        &mut self,
        sum: Sum,
        chunks: impl Iterator<Item = Box<Chunk>>,
        tick: u64,
        pool: &mut ChunkPool,
    ) {
        if !sum.levels.is_power_of_two() {
            self.partition(sum, chunks, tick, pool, |packet, _, keep| keep(packet));
            return;
        }
        self.bytes += sum.bytes;
        let level = sum.levels.trailing_zeros() as usize % LEVELS;
        self.waiting[level] += sum.pairs;
        self.levels[level].extend(chunks.map(|chunk| Waiting { since: tick, chunk }));
    }

    /// Takes in the chunks of a chain packet by packet; `each` says what to keep of each: none,
    /// itself or many.
    pub(crate) fn partition(
        &mut self,
        sum: Sum,
        chunks: impl Iterator<Item = Box<Chunk>>,
        tick: u64,
        pool: &mut ChunkPool,
        mut each: impl FnMut(Packet, Stamp, &mut dyn FnMut(Packet)),
    ) {
        self.bytes += sum.bytes;
        let mut open = [false; LEVELS];
        for mut chunk in chunks {
            let stamp = chunk.stamp;
            for packet in chunk.waiting_mut() {
                let packet = core::mem::replace(packet, Packet::EMPTY);
                each(packet, stamp, &mut |packet| {
                    self.push(packet, stamp, tick, &mut open, pool);
                });
            }
            pool.give(chunk);
        }
    }

    /// Adds one packet behind all others of its level. `open` says which levels' last chunks were
    /// begun by the same caller, with the same stamp.
    pub(crate) fn push(
        &mut self,
        packet: Packet,
        stamp: Stamp,
        tick: u64,
        open: &mut [bool; LEVELS],
        pool: &mut ChunkPool,
    ) {
        let level = packet.priority.level();
        self.waiting[level] += u64::from(packet.pairs());
        match self.levels[level].back_mut() {
            Some(Waiting { chunk: last, .. }) if open[level] && !last.is_full() => {
                last.push(packet);
            }
            _ => {
                let mut chunk = pool.take(stamp);
                chunk.push(packet);
                self.levels[level].push_back(Waiting { since: tick, chunk });
                open[level] = true;
            }
        }
    }

    /// The oldest chunk of a level, to deliver from.
    #[inline]
    pub(crate) fn pop(&mut self, level: usize) -> Option<(u64, Box<Chunk>)> {
        self.levels[level].pop_front().map(|waiting| (waiting.since, waiting.chunk))
    }

    /// The chunks after the one that was popped, for prefetching.
    #[inline]
    pub(crate) fn ahead(&self, level: usize, distance: usize) -> Option<&Chunk> {
        self.levels[level].get(distance).map(|waiting| &*waiting.chunk)
    }

    /// Puts a chunk back that was not finished.
    #[inline]
    pub(crate) fn unpop(&mut self, level: usize, since: u64, chunk: Box<Chunk>) {
        self.levels[level].push_front(Waiting { since, chunk });
    }

    /// Lets what has waited `ageing_ticks` at its level climb to the next.
    pub(crate) fn age(&mut self, tick: u64, ageing_ticks: u64) {
        for level in 1..LEVELS {
            while let Some(waiting) =
                self.levels[level].pop_front_if(|w| tick.saturating_sub(w.since) >= ageing_ticks)
            {
                let chunk = waiting.chunk;
                let pairs: u64 = chunk.waiting().iter().map(|p| u64::from(p.pairs())).sum();
                self.waiting[level] -= pairs;
                self.waiting[level - 1] += pairs;
                self.levels[level - 1].push_back(Waiting { since: tick, chunk });
            }
        }
    }

    /// When the oldest of those that are next in line at their level was sent.
    pub(crate) fn oldest(&self) -> Option<crate::time::Time> {
        self.levels.iter().filter_map(|level| Some(level.front()?.chunk.stamp.sent_at)).min()
    }

    /// All packets with their stamps and levels: the order in which they would be delivered.
    pub(crate) fn packets(&self) -> impl Iterator<Item = (&Packet, Stamp)> {
        self.levels.iter().flatten().flat_map(|waiting| waiting.chunk.stamped())
    }

    /// Buries the packets, for one receiver each, of which `each` says so; they must be accounted for.
    pub(crate) fn bury(&mut self, mut each: impl FnMut(usize, &mut Packet, Stamp) -> bool) {
        let mut at = 0;
        for Waiting { chunk, .. } in self.levels.iter_mut().flatten() {
            let stamp = chunk.stamp;
            for packet in chunk.waiting_mut() {
                let bytes = packet.outside_bytes();
                if each(at, packet, stamp) {
                    packet.bury();
                    self.buried += 1;
                    self.bytes -= bytes;
                }
                at += 1;
            }
        }
    }

    /// Rebuilds the queue from its packets, `each` of which may become none, itself or many.
    pub(crate) fn rebuild(
        &mut self,
        pool: &mut ChunkPool,
        mut each: impl FnMut(Packet, Stamp, &mut dyn FnMut(Packet)),
    ) {
        for level in 0..LEVELS {
            let old = core::mem::take(&mut self.levels[level]);
            self.waiting[level] = 0;
            for Waiting { since, mut chunk } in old {
                let stamp = chunk.stamp;
                let mut pending: Option<Box<Chunk>> = None;
                for packet in chunk.waiting_mut() {
                    let packet = core::mem::replace(packet, Packet::EMPTY);
                    each(packet, stamp, &mut |packet| {
                        self.waiting[level] += u64::from(packet.pairs());
                        let full = pending.take_if(|chunk| chunk.is_full());
                        self.levels[level].extend(full.map(|chunk| Waiting { since, chunk }));
                        pending.get_or_insert_with(|| pool.take(stamp)).push(packet);
                    });
                }
                self.levels[level].extend(pending.map(|chunk| Waiting { since, chunk }));
                pool.give(chunk);
            }
        }
    }

    /// Bytes held by the queue's chunks.
    pub(crate) fn heap_bytes(&self) -> usize {
        self.levels
            .iter()
            .map(|level| level.len() * size_of::<Chunk>() + level.capacity() * size_of::<Waiting>())
            .sum()
    }
}
