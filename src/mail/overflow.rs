//! Bounded mailboxes.
//!
//! A shard counts what waits for each of its agents only while its whole mail could fill one of its
//! mailboxes; until then no mailbox can be full and nothing is counted. While it counts, broadcasts
//! are laid out as one packet a receiver, so that each takes a place in each mailbox.

use crate::agent::Mailbox;
use crate::agent::Overflow;
use crate::agent::slots::Layout;
use crate::agent::view::Roster;
use crate::mail::pool::ChunkPool;
use crate::mail::queue::Queue;
use crate::message::packet::{EVERYONE, Packet};
use crate::message::{DropReason, Envelope, Stamp};

/// What waits for each agent of one shard, and how much may.
#[derive(Debug)]
pub(crate) struct Occupancy {
    layout: Layout,
    standard: Mailbox,
    /// By index in the shard; the standard mailbox where nothing else was said.
    mailboxes: Vec<Mailbox>,
    /// No mailbox is smaller.
    smallest: u32,
    counting: bool,
    counts: Vec<u32>,
    /// Indices of mailboxes that hold too much.
    over: Vec<usize>,
    trimming: Trimming,
}

/// What trimming needs for a while, kept for the next time.
#[derive(Debug, Default)]
struct Trimming {
    /// By index in the shard: which of the full mailboxes it is, or [`NONE`].
    group_of: Vec<u32>,
    /// Where each full mailbox's candidates end so far, and where they must.
    ends: Vec<(usize, usize)>,
    /// Each full mailbox's mail, one mailbox behind the other.
    candidates: Vec<Candidate>,
    /// A bit for each packet of the queue, in order: whether it goes.
    doomed: Vec<u64>,
}

const NONE: u32 = u32::MAX;

/// A packet that may be dropped: how late it would go, and where it lies.
type Candidate = ((u8, u64, u32), usize);

impl Occupancy {
    pub(crate) fn new(layout: Layout, standard: Mailbox) -> Self {
        Self {
            layout,
            standard,
            mailboxes: Vec::new(),
            smallest: standard.capacity,
            counting: false,
            counts: Vec::new(),
            over: Vec::new(),
            trimming: Trimming::default(),
        }
    }

    /// A new agent moved in.
    pub(crate) fn enter(&mut self, slot: u32, mailbox: Option<Mailbox>) {
        let index = self.layout.index(slot);
        if index >= self.mailboxes.len() && mailbox.is_some_and(|other| other != self.standard) {
            self.mailboxes.resize(index + 1, self.standard);
        }
        let mailbox = mailbox.unwrap_or(self.standard);
        if let Some(place) = self.mailboxes.get_mut(index) {
            *place = mailbox;
        }
        self.smallest = self.smallest.min(mailbox.capacity);
        if let Some(count) = self.counts.get_mut(index) {
            *count = 0;
        }
    }

    fn mailbox(&self, index: usize) -> Mailbox {
        self.mailboxes.get(index).copied().unwrap_or(self.standard)
    }

    #[inline]
    pub(crate) fn is_counting(&self) -> bool {
        self.counting
    }

    /// Whether a shard with so much mail must count; ends the counting when there is far less.
    #[inline]
    pub(crate) fn must_count(&mut self, pairs: u64) -> bool {
        if self.counting && pairs <= u64::from(self.smallest) / 2 {
            self.counting = false;
        }
        self.counting || pairs > u64::from(self.smallest)
    }

    /// Begins to count, with what waits already.
    pub(crate) fn begin(
        &mut self,
        queue: &mut Queue,
        roster: &Roster,
        pool: &mut ChunkPool,
        eligible: impl Fn(Stamp, &mut dyn FnMut(u32)),
    ) {
        if core::mem::replace(&mut self.counting, true) {
            return;
        }
        self.counts.clear();
        if queue.envelopes().any(|envelope| envelope.packet.flags() & EVERYONE != 0) {
            queue.rebuild(pool, |packet, stamp, keep| {
                lay_out(packet, stamp, roster, &eligible, keep);
            });
        }
        for envelope in queue.envelopes() {
            self.count(envelope.packet, roster);
        }
    }

    fn count(&mut self, packet: &Packet, roster: &Roster) -> Option<usize> {
        let id = packet.target().filter(|&id| roster.lives(id))?;
        let index = self.layout.index(id.slot());
        if index >= self.counts.len() {
            self.counts.resize(index + 1, 0);
        }
        self.counts[index] += 1;
        Some(index)
    }

    /// Counts a new packet; gives it back if its mailbox is full and rejects it.
    pub(crate) fn admit(&mut self, packet: Packet, roster: &Roster) -> Result<Packet, Packet> {
        let Some(index) = self.count(&packet, roster) else { return Ok(packet) };
        let mailbox = self.mailbox(index);
        if self.counts[index] <= mailbox.capacity {
            return Ok(packet);
        }
        if mailbox.overflow == Overflow::RejectNew {
            self.counts[index] -= 1;
            return Err(packet);
        }
        if self.counts[index] == mailbox.capacity + 1 {
            self.over.push(index);
        }
        Ok(packet)
    }

    /// A packet left the queue.
    pub(crate) fn leave(&mut self, packet: &Packet, roster: &Roster) {
        if let Some(id) = packet.target().filter(|&id| roster.lives(id))
            && let Some(count) = self.counts.get_mut(self.layout.index(id.slot()))
        {
            *count = count.saturating_sub(1);
        }
    }

    /// Drops what is too much, by each mailbox's rule: `bury` is called with each packet, its stamp
    /// and the reason. O(mail of the shard), if any mailbox is over: nothing is sorted.
    pub(crate) fn trim(
        &mut self,
        queue: &mut Queue,
        roster: &Roster,
        mut bury: impl FnMut(&mut Packet, Stamp, DropReason),
    ) {
        if self.over.is_empty() {
            return;
        }
        let Trimming { group_of, ends, candidates, doomed } = &mut self.trimming;
        group_of.resize(self.counts.len().max(group_of.len()), NONE);
        ends.clear();
        let mut places = 0;
        for (group, &index) in self.over.iter().enumerate() {
            group_of[index] = group as u32;
            let begin = places;
            places += self.counts[index] as usize;
            ends.push((begin, places));
        }
        candidates.clear();
        candidates.resize(places, Candidate::default());
        doomed.clear();
        let mailbox = |index: usize| self.mailboxes.get(index).copied().unwrap_or(self.standard);
        let mut packets = 0;
        for Envelope { packet, stamp, .. } in queue.envelopes() {
            let at = packets;
            packets += 1;
            let Some(id) = packet.target().filter(|&id| roster.lives(id)) else { continue };
            let index = self.layout.index(id.slot());
            let Some((end, limit)) = ends.get_mut(group_of[index] as usize) else { continue };
            let age = (stamp.round, packet.sequence);
            let lateness = match mailbox(index).overflow {
                Overflow::RejectNew | Overflow::DropOldest => (0, age.0, age.1),
                // The least urgent first, of equals the one sent last.
                Overflow::DropLeastUrgent => (u8::MAX - packet.priority.number(), !age.0, !age.1),
            };
            debug_assert!(end < limit, "more mail than was counted");
            if end < limit {
                candidates[*end] = (lateness, at);
                *end += 1;
            }
        }
        doomed.resize(packets.div_ceil(64), 0);
        let mut begin = 0;
        for (&index, &(end, limit)) in self.over.iter().zip(&*ends) {
            group_of[index] = NONE;
            let (mail, capacity) = (&mut candidates[begin..end], mailbox(index).capacity);
            let goes = mail.len().saturating_sub(capacity as usize);
            if 0 < goes && goes < mail.len() {
                mail.select_nth_unstable(goes);
            }
            mail[..goes].iter().for_each(|&(_, at)| doomed[at / 64] |= 1 << (at % 64));
            self.counts[index] -= goes as u32;
            begin = limit;
        }
        self.over.clear();
        queue.bury(|at, packet, stamp| {
            let goes = doomed[at / 64] & 1 << (at % 64) != 0;
            if goes {
                bury(packet, stamp, DropReason::Displaced);
            }
            goes
        });
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.mailboxes.capacity() * size_of::<Mailbox>() + self.counts.capacity() * 4
    }
}

/// Makes one packet a receiver of a packet for everyone; `eligible` says who they are.
pub(crate) fn lay_out(
    packet: Packet,
    stamp: Stamp,
    roster: &Roster,
    eligible: &impl Fn(Stamp, &mut dyn FnMut(u32)),
    keep: &mut dyn FnMut(Packet),
) {
    if packet.flags() & EVERYONE == 0 {
        keep(packet);
        return;
    }
    let mut left = packet.pairs();
    let done = packet.target_generation;
    eligible(stamp, &mut |slot| {
        let Some(id) = roster.at(slot) else { return };
        if left > 0 && packet.from != Some(id) && roster.index(slot) >= done as usize {
            left -= 1;
            let mut single = packet.clone();
            single.unflag_everyone(id);
            keep(single);
        }
    });
    // Receivers that were despawned meanwhile: packets for nobody, which delivery will count.
    for _ in 0..left {
        let mut single = packet.clone();
        single.orphan();
        keep(single);
    }
}
