//! The mail of one shard, by priority, first in first out.

use std::collections::VecDeque;

use crate::mail::chain::{Chain, Sum};
use crate::mail::chunk::Chunk;
use crate::mail::pool::ChunkPool;
use crate::message::packet::Packet;
use crate::message::{Envelope, Priority, Stamp};

/// Levels, one a priority; index 0 is served first.
pub(crate) const LEVELS: usize = 10;
const _: () = assert!(LEVELS == Priority::COUNT);

/// (envelope, receiver) pairs waiting at each level.
pub(crate) type Pairs = [u64; LEVELS];

/// Pairs by level and in all: a sum that is read at once need not wait for what was written to each.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) levels: Pairs,
    pub(crate) in_all: u64,
}

impl Counts {
    #[inline]
    pub(crate) fn add(&mut self, level: usize, pairs: u64) {
        self.levels[level] += pairs;
        self.in_all += pairs;
    }

    #[inline]
    fn remove(&mut self, level: usize, pairs: u64) {
        self.levels[level] -= pairs;
        self.in_all -= pairs;
    }
}

#[derive(Debug, Default)]
pub(crate) struct Queue {
    levels: [VecDeque<Waiting>; LEVELS],
    waiting: Counts,
    /// Payload bytes outside the packets, and beside them: those until their chunk is drained.
    pub(crate) bytes: u64,
    /// What is being gathered envelope by envelope, by level, all of one stamp.
    sorted: [Chain; LEVELS],
    stamp: Option<Stamp>,
    /// For moving chunks from there to the levels.
    #[expect(clippy::vec_box, reason = "chunks keep their place; only pointers move")]
    scratch: Vec<Box<Chunk>>,
}

/// A chunk and the tick in which it came to its level. The tick is not in the chunk, so that queueing
/// it does not touch it.
#[derive(Debug)]
struct Waiting {
    since: u64,
    chunk: Box<Chunk>,
}

impl Queue {
    /// All pairs waiting. What was buried still holds its place, but does not count.
    #[inline]
    pub(crate) fn pairs(&self) -> u64 {
        self.waiting.in_all
    }

    /// The same, by level.
    #[inline]
    pub(crate) fn pairs_by_level(&self) -> &Pairs {
        &self.waiting.levels
    }

    /// Counts pairs that were gone through.
    #[inline]
    pub(crate) fn went(&mut self, level: usize, pairs: u64) {
        self.waiting.remove(level, pairs);
    }

    /// Takes in chains, whose chunks lie one behind the other in `chunks`: whole if each chain has one
    /// level, else envelope by envelope.
    #[expect(clippy::vec_box, reason = "chunks keep their place; only pointers move")]
    pub(crate) fn gather(
        &mut self,
        sums: &mut Vec<Sum>,
        chunks: &mut Vec<Box<Chunk>>,
        tick: u64,
        pool: &mut ChunkPool,
    ) {
        if sums.iter().all(|sum| sum.levels.is_power_of_two()) {
            let mut chunks = chunks.drain(..);
            for sum in sums.drain(..) {
                self.bytes += sum.bytes;
                let level = sum.levels.trailing_zeros() as usize % LEVELS;
                self.waiting.add(level, sum.pairs);
                let chunks = chunks.by_ref().take(sum.chunks as usize);
                self.levels[level].extend(chunks.map(|chunk| Waiting { since: tick, chunk }));
            }
            return;
        }
        self.bytes += sums.drain(..).map(|sum| sum.bytes).sum::<u64>();
        for at in 0..chunks.len() {
            if let Some(ahead) = chunks.get(at + 2) {
                ahead.prefetch();
            }
            let chunk = &mut *chunks[at];
            let stamp = chunk.stamp;
            self.align(stamp, tick);
            let beside = core::mem::take(&mut chunk.beside);
            for packet in chunk.waiting_mut() {
                let packet = core::mem::replace(packet, Packet::EMPTY);
                Self::sort(&mut self.sorted, packet, &beside, stamp, pool);
            }
            chunk.beside = beside;
        }
        chunks.drain(..).for_each(|chunk| pool.give(chunk));
        self.flush(tick);
    }

    /// Adds one packet behind all others of its level; `beside` is the block of the chunk that it was
    /// in. [`flush`](Self::flush) makes it part of the queue.
    pub(crate) fn push(
        &mut self,
        packet: Packet,
        beside: &[u8],
        stamp: Stamp,
        tick: u64,
        pool: &mut ChunkPool,
    ) {
        self.align(stamp, tick);
        self.bytes += packet.outside_bytes() + packet.beside().map_or(0, |at| at.length.into());
        Self::sort(&mut self.sorted, packet, beside, stamp, pool);
    }

    #[inline(always)]
    fn sort(
        sorted: &mut [Chain; LEVELS],
        packet: Packet,
        beside: &[u8],
        stamp: Stamp,
        pool: &mut ChunkPool,
    ) {
        let level = packet.priority.level() % LEVELS;
        let pairs = packet.pairs();
        let chain = &mut sorted[level];
        if let Some(bytes) = packet.beside_in(beside) {
            chain.push_beside(packet, bytes, stamp, pool);
            return;
        }
        let place = chain.make_place(level, stamp, pool);
        core::mem::forget(core::mem::replace(place, packet));
        if pairs != 1 {
            chain.weigh(u64::from(pairs), 0);
        }
    }

    /// A chunk holds envelopes of one stamp: what was sorted with another is flushed.
    #[inline]
    fn align(&mut self, stamp: Stamp, tick: u64) {
        if self.stamp != Some(stamp) {
            self.flush(tick);
            self.stamp = Some(stamp);
        }
    }

    /// Puts what was sorted behind what waits.
    pub(crate) fn flush(&mut self, tick: u64) {
        if self.stamp.take().is_none() {
            return;
        }
        for (level, chain) in self.sorted.iter_mut().enumerate() {
            let sum = chain.drain_into(&mut self.scratch);
            self.waiting.add(level, sum.pairs);
            let chunks = self.scratch.drain(..);
            self.levels[level].extend(chunks.map(|chunk| Waiting { since: tick, chunk }));
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
                self.waiting.remove(level, pairs);
                self.waiting.add(level - 1, pairs);
                self.levels[level - 1].push_back(Waiting { since: tick, chunk });
            }
        }
    }

    /// When the oldest of those that are next in line at their level was sent. What was buried is not
    /// in line: a recorded cut may leave it where a replay has passed it.
    pub(crate) fn oldest(&self) -> Option<crate::time::Time> {
        let next = |level: &VecDeque<Waiting>| {
            let chunks = level.iter().map(|waiting| &waiting.chunk);
            let mut alive = chunks.filter(|chunk| chunk.waiting().iter().any(|p| !p.is_buried()));
            alive.next().map(|chunk| chunk.stamp.sent_at)
        };
        self.levels.iter().filter_map(next).min()
    }

    /// Calls `each` with every chunk, its level and since when it is there, in order.
    pub(crate) fn for_each_chunk(&self, mut each: impl FnMut(usize, u64, &Chunk)) {
        for (level, chunks) in self.levels.iter().enumerate() {
            chunks.iter().for_each(|waiting| each(level, waiting.since, &waiting.chunk));
        }
    }

    /// All envelopes, in the order in which they would be delivered.
    pub(crate) fn envelopes(&self) -> impl Iterator<Item = Envelope<'_>> {
        self.levels.iter().flatten().flat_map(|waiting| waiting.chunk.envelopes())
    }

    /// Buries the packets, for one receiver each, of which `each` says so; they must be accounted for.
    pub(crate) fn bury(&mut self, mut each: impl FnMut(usize, &mut Packet, Stamp) -> bool) {
        let mut at = 0;
        for (level, chunks) in self.levels.iter_mut().enumerate() {
            for Waiting { chunk, .. } in chunks {
                let stamp = chunk.stamp;
                let mut buried_bytes = 0;
                for packet in chunk.waiting_mut() {
                    let (outside, beside) = (packet.outside_bytes(), packet.beside());
                    let beside = beside.map_or(0, |beside| beside.length);
                    if each(at, packet, stamp) {
                        packet.bury();
                        self.waiting.remove(level, 1);
                        self.bytes -= outside + u64::from(beside);
                        buried_bytes += beside;
                    }
                    at += 1;
                }
                chunk.buried_bytes += buried_bytes;
            }
        }
    }

    /// Rebuilds the queue from its packets, `each` of which may become none, itself or many.
    pub(crate) fn rebuild(
        &mut self,
        pool: &mut ChunkPool,
        mut each: impl FnMut(Packet, Stamp, &mut dyn FnMut(Packet)),
    ) {
        self.bytes = 0;
        for level in 0..LEVELS {
            let old = core::mem::take(&mut self.levels[level]);
            self.waiting.remove(level, self.waiting.levels[level]);
            for Waiting { since, mut chunk } in old {
                let stamp = chunk.stamp;
                let beside = core::mem::take(&mut chunk.beside);
                let mut pending: Option<Box<Chunk>> = None;
                for packet in chunk.waiting_mut() {
                    let packet = core::mem::replace(packet, Packet::EMPTY);
                    each(packet, stamp, &mut |mut packet| {
                        let bytes = packet.beside_in(&beside);
                        let length = bytes.map_or(0, <[u8]>::len);
                        self.waiting.add(level, u64::from(packet.pairs()));
                        self.bytes += packet.outside_bytes() + length as u64;
                        let full =
                            pending.take_if(|chunk| chunk.is_full() || !chunk.has_room(length));
                        self.levels[level].extend(full.map(|chunk| Waiting { since, chunk }));
                        let chunk = pending.get_or_insert_with(|| pool.take(stamp));
                        if let Some(bytes) = bytes {
                            packet.lay_beside(chunk.put_beside(bytes, pool));
                        }
                        chunk.push(packet);
                    });
                }
                self.levels[level].extend(pending.map(|chunk| Waiting { since, chunk }));
                chunk.beside = beside;
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
