//! One shard: its agents, their mail, and what they write.

use crate::agent::command::{Mailbox, SpawnOptions};
use crate::agent::context::Context;
use crate::agent::outbox::Outbox;
use crate::agent::round::Round;
use crate::agent::slab::Event;
use crate::agent::slabs::{Newborn, Slabs};
use crate::agent::slots::{Layout, PAGE, PAGE_BITS, Slots};
use crate::agent::trace::Trace;
use crate::agent::view::View;
use crate::dispatch::pacer::Pacer;
use crate::id::AgentId;
use crate::mail::chain::{Chain, Sum};
use crate::mail::chunk::Chunk;
use crate::mail::overflow::{Occupancy, lay_out};
use crate::mail::queue::{Counts, LEVELS, Pairs, Queue};
use crate::mail::timer::Due;
use crate::message::packet::{EVERYONE, Packet};
use crate::message::{DropReason, Envelope, Kind, Stamp};

/// Agents of a shard beyond which their memory is brought closer ahead of time.
const PREFETCH_FROM: u32 = 256;

/// Everything of one shard. One worker at a time has it.
#[derive(Debug)]
pub(crate) struct Shard {
    slabs: Slabs,
    pub(crate) outbox: Outbox,
    pub(crate) queue: Queue,
    occupancy: Occupancy,
    /// Chunks to gather, chain after chain in the order of their sources, and what the chains hold.
    #[expect(clippy::vec_box, reason = "chunks keep their place; only pointers move")]
    incoming: Vec<Box<Chunk>>,
    sums: Vec<Sum>,
    incoming_pairs: u64,
    incoming_bytes: u64,
    /// What gathering found no room for, while it gathers.
    rejected: Vec<(Packet, Stamp)>,
    /// Slots whose `on_start`, and whose `on_tick` by wake, is to be run.
    starting: Vec<u32>,
    woken: Vec<AgentId>,
    /// Whether a type of its agents wants ticks.
    pub(crate) ticks: bool,
    /// Pairs that it went through in this round.
    pub(crate) served: Counts,
}

/// What a shard does in a round.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Work<'a> {
    gather: bool,
    deliver: bool,
    /// Run `on_tick` of the types that want it.
    tick: bool,
    /// At most so much of each level; all if there are none.
    quota: Option<&'a Pairs>,
    pacer: Pacer<'a>,
}

impl<'a> Work<'a> {
    /// A whole round without a budget.
    pub(crate) fn all(tick: bool) -> Self {
        Self { gather: true, deliver: true, tick, quota: None, pacer: Pacer::UNTIMED }
    }

    /// The first half of a round with a budget.
    pub(crate) fn gather() -> Self {
        Self { gather: true, deliver: false, tick: false, quota: None, pacer: Pacer::UNTIMED }
    }

    /// The second half.
    pub(crate) fn deliver(tick: bool, quota: Option<&'a Pairs>, pacer: Pacer<'a>) -> Self {
        Self { gather: false, deliver: true, tick, quota, pacer }
    }
}

impl Shard {
    pub(crate) fn new(
        shard: usize,
        view: &View,
        slots: Slots,
        mailbox: Mailbox,
        trace: Option<Box<Trace>>,
    ) -> Self {
        Self {
            slabs: Slabs::default(),
            outbox: Outbox::new(shard as u32, view, slots, trace),
            queue: Queue::default(),
            occupancy: Occupancy::new(view.layout, mailbox),
            incoming: Vec::new(),
            sums: Vec::new(),
            incoming_pairs: 0,
            incoming_bytes: 0,
            rejected: Vec::new(),
            starting: Vec::new(),
            woken: Vec::new(),
            ticks: false,
            served: Counts::default(),
        }
    }

    /// Takes what a chain holds, to be gathered.
    #[inline]
    pub(crate) fn receive(&mut self, chain: &mut Chain) {
        let sum = chain.drain_into(&mut self.incoming);
        self.note(sum);
    }

    /// Takes what it sent to itself, its number being `own`.
    #[inline]
    pub(crate) fn receive_own(&mut self, own: usize) {
        let sum = self.outbox.row.chain(own).drain_into(&mut self.incoming);
        self.note(sum);
    }

    #[inline]
    fn note(&mut self, sum: Sum) {
        self.incoming_pairs += sum.pairs;
        self.incoming_bytes += sum.bytes;
        self.sums.push(sum);
    }

    /// Pairs to be gathered or delivered.
    #[inline]
    pub(crate) fn pairs(&self) -> u64 {
        self.incoming_pairs + self.queue.pairs()
    }

    /// Pairs that are accounted as pending: in the queue, on their way to it, or delayed.
    pub(crate) fn pending(&self) -> u64 {
        self.pairs() + self.outbox.timer.delayed()
    }

    /// Payload bytes that wait here.
    #[inline]
    pub(crate) fn bytes(&self) -> u64 {
        self.incoming_bytes + self.queue.bytes + self.outbox.timer.bytes()
    }

    /// Handlers other than `on_message` that wait to be run.
    #[inline]
    pub(crate) fn events(&self) -> usize {
        self.starting.len() + self.woken.len()
    }

    /// Does what a round asks for.
    pub(crate) fn run(&mut self, mut round: Round<'_>, work: Work<'_>) {
        if work.gather {
            self.gather(&mut round);
        }
        if work.deliver {
            self.served = Counts::default();
            self.run_events(round.again(), Event::Start);
            self.deliver(&mut round, work);
            self.run_events(round.again(), Event::Tick);
            if work.tick && self.ticks {
                let mut context = Self::context(&mut self.outbox, round);
                self.slabs.iter_mut().for_each(|slab| slab.tick(&mut context));
            }
        }
    }

    fn context<'a>(outbox: &'a mut Outbox, round: Round<'a>) -> Context<'a> {
        let nobody = AgentId::new(u32::MAX, core::num::NonZeroU32::MIN);
        Context { round, outbox, me: nobody, stopping: false }
    }

    fn run_events(&mut self, round: Round<'_>, event: Event) {
        let view = round.view;
        let mut context = Self::context(&mut self.outbox, round);
        if event == Event::Start {
            for slot in self.starting.drain(..) {
                if let Some(slab) = self.slabs.of_page(view.layout.page(slot)) {
                    slab.run_one(&mut context, slot, event);
                }
            }
        } else {
            for id in self.woken.drain(..).filter(|&id| view.roster.lives(id)) {
                if let Some(slab) = self.slabs.of_page(view.layout.page(id.slot())) {
                    slab.run_one(&mut context, id.slot(), event);
                }
            }
        }
    }

    /// Takes the incoming chains into the queue, and holds mailboxes to their bounds.
    fn gather(&mut self, round: &mut Round<'_>) {
        let pairs = self.pairs();
        (self.incoming_pairs, self.incoming_bytes) = (0, 0);
        if self.occupancy.must_count(pairs) {
            self.gather_counting(round);
            return;
        }
        self.queue.gather(&mut self.sums, &mut self.incoming, round.view.tick, round.pool);
    }

    #[cold]
    fn gather_counting(&mut self, round: &mut Round<'_>) {
        let view = round.view;
        let Self { slabs, queue, occupancy, outbox, incoming, sums, rejected, .. } = self;
        let (layout, roster, shard) = (view.layout, &view.roster, outbox.source as usize);
        let eligible = |stamp: Stamp, each: &mut dyn FnMut(u32)| {
            for page in 0..slabs.pages() {
                let Some(slab) = slabs.of_page_ref(page) else { continue };
                let first = layout.first_slot(shard, page);
                for slot in first..first + PAGE as u32 {
                    if roster.at(slot).is_some() && slab.born(layout, slot) <= stamp.round {
                        each(slot);
                    }
                }
            }
        };
        occupancy.begin(queue, roster, round.pool, eligible);
        // Laid out, a broadcast's bytes count for each receiver: they are counted one by one.
        sums.clear();
        for mut chunk in incoming.drain(..) {
            let stamp = chunk.stamp;
            let beside = core::mem::take(&mut chunk.beside);
            for packet in chunk.waiting_mut() {
                let packet = core::mem::replace(packet, Packet::EMPTY);
                lay_out(packet, stamp, roster, &eligible, &mut |packet| match occupancy
                    .admit(packet, roster)
                {
                    Ok(packet) => queue.push(packet, &beside, stamp, view.tick, round.pool),
                    Err(packet) => rejected.push((packet, stamp)),
                });
            }
            chunk.beside = beside;
            round.pool.give(chunk);
        }
        queue.flush(view.tick);
        for (mut packet, stamp) in rejected.drain(..) {
            let reason = DropReason::MailboxFull;
            Self::overflow(outbox, slabs, round, &mut packet, stamp, reason);
        }
        occupancy.trim(queue, roster, |packet, stamp, reason| {
            Self::overflow(outbox, slabs, round, packet, stamp, reason);
        });
    }

    /// Ends a packet for which there is no room, and notes that the receiver has trouble.
    fn overflow(
        outbox: &mut Outbox,
        slabs: &mut Slabs,
        round: &mut Round<'_>,
        packet: &mut Packet,
        stamp: Stamp,
        reason: DropReason,
    ) {
        if let Some(id) = packet.target() {
            outbox.ward.trouble(id, crate::agent::FailureKind::MemoryOverflow, 1);
            let layout = round.view.layout;
            if let Some(slab) = slabs.of_page(layout.page(id.slot())) {
                slab.set_open(layout, id, false);
            }
        }
        outbox.discard(round, packet, stamp, reason);
    }

    /// Delivers by priority, as much as the quotas and the time allow.
    fn deliver(&mut self, round: &mut Round<'_>, work: Work<'_>) {
        let view = round.view;
        let ahead = view.roster.per_shard()[self.outbox.source as usize] >= PREFETCH_FROM;
        for level in 0..LEVELS {
            let mut left = work.quota.map_or(u64::MAX, |quota| quota[level]);
            while left > 0 {
                if work.pacer.is_over() {
                    return;
                }
                let Some((since, mut chunk)) = self.queue.pop(level) else { break };
                self.look_ahead(view.layout, level, ahead);
                let most = left.min(u64::from(work.pacer.step()));
                let went = self.deliver_chunk(round.again(), &mut chunk, most);
                left = left.saturating_sub(went);
                self.served.add(level, went);
                self.queue.went(level, went);
                if chunk.begin < chunk.end {
                    self.queue.unpop(level, since, chunk);
                } else {
                    self.queue.bytes -= chunk.block_bytes();
                    round.pool.give(chunk);
                }
            }
        }
    }

    /// Brings the next chunk's receivers and the one after it closer.
    #[inline]
    fn look_ahead(&mut self, layout: Layout, level: usize, receivers: bool) {
        if let Some(chunk) = self.queue.ahead(level, 1) {
            chunk.prefetch();
        }
        if receivers
            && let Some(chunk) = self.queue.ahead(level, 0)
            && let Some(packet) = chunk.waiting().first()
            && let Some(slab) = self.slabs.of_page_ref(layout.page(packet.target_slot))
        {
            slab.prefetch(layout, chunk);
        }
    }

    /// Delivers at most `most` pairs of a chunk, and says how many it went through: more only where
    /// receivers of a broadcast are gone.
    #[inline]
    fn deliver_chunk(&mut self, round: Round<'_>, chunk: &mut Chunk, most: u64) -> u64 {
        let (mut went, view) = (0, round.view);
        let mut context = Self::context(&mut self.outbox, round);
        while went < most && chunk.begin < chunk.end {
            let (begin, left) = (chunk.begin, most - went);
            let packet = &chunk.packets[begin as usize % crate::mail::chunk::CHUNK];
            if packet.flags() & EVERYONE != 0 {
                went += Self::deliver_everyone(&mut self.slabs, &mut context, chunk, left);
                continue;
            }
            let end = chunk.end.min(begin.saturating_add(left.min(64) as u8));
            match self.slabs.of_page(view.layout.page(packet.target_slot)) {
                Some(slab) => {
                    slab.run(&mut context, chunk, end);
                }
                None => Self::deliver_nowhere(&mut context, chunk),
            }
            if chunk.begin == begin {
                // The slab of the page does not hold the page: nobody ever lived there.
                Self::deliver_nowhere(&mut context, chunk);
            }
            let buried = core::mem::take(&mut context.outbox.passed_buried);
            went += u64::from(chunk.begin - begin) - buried;
            if self.occupancy.is_counting() {
                for packet in &chunk.packets[begin as usize..chunk.begin as usize] {
                    self.occupancy.leave(packet, &view.roster);
                }
            }
        }
        self.queue.bytes -= core::mem::take(&mut context.outbox.consumed_bytes);
        went
    }

    /// Drops a packet for a slot that was never used.
    #[cold]
    fn deliver_nowhere(context: &mut Context<'_>, chunk: &mut Chunk) {
        let stamp = chunk.stamp;
        if let Some(packet) = chunk.waiting_mut().first_mut() {
            context.outbox.consumed_bytes += packet.outside_bytes();
            if packet.is_buried() {
                context.outbox.passed_buried += 1;
            } else if packet.target_slot == u32::MAX {
                context.discard(packet, stamp, DropReason::Despawned);
            } else {
                context.discard(packet, stamp, DropReason::UnknownTarget);
            }
        }
        chunk.begin += 1;
    }

    /// Delivers the chunk's next packet, which is for everyone, to at most `most` receivers; where it
    /// is cut, the packet keeps the place. Says how many pairs it went through.
    fn deliver_everyone(
        slabs: &mut Slabs,
        context: &mut Context<'_>,
        chunk: &mut Chunk,
        most: u64,
    ) -> u64 {
        let stamp = chunk.stamp;
        let Some(packet) = chunk.waiting_mut().first_mut() else { return 0 };
        let mut left = u64::from(packet.target_slot).min(most);
        let (mut went, mut at) = (0, packet.target_generation as usize);
        while left > 0 && at >> PAGE_BITS < slabs.pages() {
            let (page, offset) = (at >> PAGE_BITS, at % PAGE);
            at = (page + 1) << PAGE_BITS;
            let Some(slab) = slabs.of_page(page) else { continue };
            let limit = u32::try_from(left).unwrap_or(u32::MAX);
            let progress = slab.broadcast(context, page, offset, packet, stamp, limit);
            at = if progress.next < PAGE { page << PAGE_BITS | progress.next } else { at };
            context.outbox.counters.record_delivered(u64::from(progress.pairs - progress.dropped));
            left -= u64::from(progress.pairs);
            went += u64::from(progress.pairs);
        }
        packet.target_slot -= went as u32;
        packet.target_generation = at as u32;
        if left > 0 {
            // All pages are done: the receivers left over were despawned meanwhile.
            let gone = u64::from(core::mem::take(&mut packet.target_slot));
            context.outbox.counters.record_dropped(DropReason::Despawned, gone);
            let id = Envelope { packet, stamp, beside: &[] }.id();
            for _ in 0..gone {
                context.outbox.tell(&mut context.round, packet, id, DropReason::Despawned);
            }
            went += gone;
        }
        if packet.target_slot == 0 {
            context.outbox.consumed_bytes += packet.outside_bytes();
            packet.annex = None;
            chunk.begin += 1;
        }
        went
    }
}

/// What is done between rounds, by one thread.
impl Shard {
    /// Puts an agent in its cell.
    pub(crate) fn settle(
        &mut self,
        view: &View,
        id: AgentId,
        agent: Box<dyn Newborn>,
        options: &SpawnOptions,
        born: u64,
    ) {
        agent.settle(&mut self.slabs, view.layout, id, born);
        self.ticks = self.slabs.iter_mut().any(|slab| slab.ticks());
        self.occupancy.enter(id.slot(), options.mailbox);
        self.starting.push(id.slot());
    }

    /// Puts a new agent in the place of one that failed; the ward goes on watching it.
    pub(crate) fn resettle(&mut self, view: &View, id: AgentId, agent: Box<dyn Newborn>) {
        let Some(slab) = self.slabs.of_page(view.layout.page(id.slot())) else { return };
        let born = slab.born(view.layout, id.slot());
        slab.remove(view.layout, id.slot());
        agent.settle(&mut self.slabs, view.layout, id, born);
        self.set_open(view.layout, id, false);
        self.starting.push(id.slot());
    }

    pub(crate) fn set_open(&mut self, layout: Layout, id: AgentId, open: bool) {
        if let Some(slab) = self.slabs.of_page(layout.page(id.slot())) {
            slab.set_open(layout, id, open);
        }
    }

    /// Runs an agent's `on_stop`, unless it has not started, and takes it out.
    pub(crate) fn remove(&mut self, round: Round<'_>, id: AgentId) {
        let (slot, layout) = (id.slot(), round.view.layout);
        let started = !self.starting.contains(&slot);
        let Some(slab) = self.slabs.of_page(layout.page(slot)) else { return };
        if started {
            let mut context = Self::context(&mut self.outbox, round);
            context.stopping = true;
            slab.run_one(&mut context, slot, Event::Stop);
        }
        slab.remove(layout, slot);
        self.starting.retain(|&starting| starting != slot);
        self.outbox.ward.forget(slot);
        self.outbox.slots.release(slot);
    }

    /// Releases what is due at `now`: delayed mail, wakes, and questions that timed out.
    pub(crate) fn fire_timers(&mut self, round: &mut Round<'_>) {
        let stamp = round.stamp;
        while let Some(due) = self.outbox.timer.pop(stamp.sent_at) {
            match due {
                Due::Wake(id) => self.woken.push(id),
                Due::Deliver(packet) => {
                    if let Some(to) = packet.target() {
                        self.outbox.enqueue(round, to, packet);
                    }
                }
            }
        }
        if self.outbox.asks.may_expire(stamp.sent_at) {
            let mut expired = Vec::new();
            self.outbox.asks.expire(stamp.sent_at, |ask, asker| expired.push((ask, asker)));
            for (ask, asker) in expired {
                let (kind, correlation) = (Kind::TIMED_OUT, Some(ask.to_bits()));
                self.outbox.notice(round, asker, kind, &[], correlation);
            }
        }
    }

    /// Whether [`fire_timers`](Self::fire_timers) has anything to do.
    #[inline]
    pub(crate) fn has_due(&self, now: crate::time::Time) -> bool {
        self.outbox.timer.next() <= now || self.outbox.asks.may_expire(now)
    }

    /// Drops all mail that waits for an agent in the queue.
    pub(crate) fn reset_mailbox(&mut self, round: &mut Round<'_>, id: AgentId) {
        let view = round.view;
        let Self { queue, occupancy, outbox, .. } = self;
        queue.bury(|_, packet, stamp| {
            let his = packet.target() == Some(id) && !packet.is_buried();
            if his {
                if occupancy.is_counting() {
                    occupancy.leave(packet, &view.roster);
                }
                outbox.discard(round, packet, stamp, DropReason::MailboxReset);
            }
            his
        });
    }

    /// Looks at an agent's state, if it is of that type.
    pub(crate) fn with_agent<A: crate::agent::Agent, R>(
        &self,
        layout: Layout,
        slot: u32,
        look: impl FnOnce(&A) -> R,
    ) -> Option<R> {
        let slab = self.slabs.of_page_ref(layout.page(slot))?;
        slab.agent(layout, slot)?.downcast_ref::<A>().map(look)
    }

    /// The round from which on broadcasts are for the agent in a slot.
    pub(crate) fn born(&self, layout: Layout, slot: u32) -> u64 {
        self.slabs.of_page_ref(layout.page(slot)).map_or(0, |slab| slab.born(layout, slot))
    }

    /// Feeds an agent's state.
    pub(crate) fn hash_agent(
        &self,
        layout: Layout,
        slot: u32,
        hasher: &mut crate::agent::StateHasher,
    ) {
        if let Some(slab) = self.slabs.of_page_ref(layout.page(slot)) {
            slab.hash(layout, slot, hasher);
        }
    }

    /// The mail on its way to the queue, oldest source first.
    pub(crate) fn incoming(&self) -> impl Iterator<Item = Envelope<'_>> {
        self.incoming.iter().flat_map(|chunk| chunk.envelopes())
    }

    /// Heap bytes of its agents, without mail.
    pub(crate) fn agent_bytes(&self) -> usize {
        self.slabs.heap_bytes() + self.occupancy.heap_bytes() + self.outbox.heap_bytes()
    }
}
