//! Agents of one type in one shard, and the loops that run them.
//!
//! 1. A cell is a header of 16 bytes and the agent. One compare of the header's `open` word with the
//!    generation in the envelope says that the agent lives and is not watched by the ward; all else
//!    is the slow path.
//! 2. The loops are compiled for the type. A shard calls them once for a run of envelopes whose
//!    receivers are of one type, once a page for a broadcast, once a tick.
//! 3. One `catch_unwind` guards a run; where a handler panics, its agent is ended, and the run goes
//!    on behind it. What has been run is known from the cursors, which are written before each call.

use core::fmt;
use core::num::NonZeroU32;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::agent::command::Command;
use crate::agent::context::Context;
use crate::agent::slots::{Layout, PAGE};
use crate::agent::trace::Outcome;
use crate::agent::{Agent, FailureKind, Fault, StateHasher};
use crate::id::AgentId;
use crate::mail::chunk::Chunk;
use crate::message::packet::{ANSWER, EVERYONE, Packet};
use crate::message::{AskId, DropReason, Envelope, Kind, Stamp};

/// Why a run of envelopes ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// It came to its end.
    End,
    /// The next envelope's receiver is of another type, or was never there.
    OtherType,
    /// The next envelope is for everyone.
    Everyone,
}

/// How far a broadcast came in a page.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Progress {
    /// Receivers that were served or dropped.
    pub(crate) pairs: u32,
    /// Of them, dropped.
    pub(crate) dropped: u32,
    /// Where to go on; [`PAGE`] if the page is finished.
    pub(crate) next: usize,
}

/// Which handler to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    Start,
    Tick,
    Stop,
}

/// A slab of any type.
pub(crate) trait AnySlab: Send {
    /// Delivers the chunk's envelopes before index `end`, from its cursor on.
    fn run(&mut self, context: &mut Context<'_>, chunk: &mut Chunk, end: u8) -> Stop;
    /// Delivers a packet for everyone to a page's agents from `offset` on, at most `limit`.
    fn broadcast(
        &mut self,
        context: &mut Context<'_>,
        page: usize,
        offset: usize,
        packet: &Packet,
        stamp: Stamp,
        limit: u32,
    ) -> Progress;
    /// Runs `on_tick` of all agents, if the type wants it.
    fn tick(&mut self, context: &mut Context<'_>);
    /// Runs one handler of one agent.
    fn run_one(&mut self, context: &mut Context<'_>, slot: u32, event: Event);
    /// Takes an agent out of its cell and drops it.
    fn remove(&mut self, layout: Layout, slot: u32);
    /// Lets mail to the agent take the fast path, or not.
    fn set_open(&mut self, layout: Layout, id: AgentId, open: bool);
    /// When the agent was born: no broadcast of an earlier round is for it.
    fn born(&self, layout: Layout, slot: u32) -> u64;
    /// Brings the receivers of a chunk's envelopes closer.
    fn prefetch(&self, layout: Layout, chunk: &Chunk);
    fn hash(&self, layout: Layout, slot: u32, hasher: &mut StateHasher);
    /// The cell, as `Cell<A>`, its page made if needed.
    fn cell(&mut self, page: usize, offset: usize) -> &mut dyn core::any::Any;
    fn heap_bytes(&self) -> usize;
    /// The agent in a slot.
    fn agent(&self, layout: Layout, slot: u32) -> Option<&dyn core::any::Any>;
    /// Whether its type wants `on_tick` in each tick.
    fn ticks(&self) -> bool;
    fn name(&self) -> &'static str;
}

impl fmt::Debug for dyn AnySlab {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Slab<{}>", self.name())
    }
}

pub(super) struct Slab<A> {
    pages: Vec<Option<Page<A>>>,
    /// The slot whose handler runs outside of a chunk.
    cursor: usize,
}

impl<A> Default for Slab<A> {
    fn default() -> Self {
        Self { pages: Vec::new(), cursor: 0 }
    }
}

type Page<A> = Box<[Cell<A>; PAGE]>;

pub(super) struct Cell<A> {
    /// The generation that may be served without a closer look; 0 for none.
    pub(super) open: u32,
    pub(super) born: u64,
    pub(super) agent: Option<A>,
}

impl<A: Agent> Slab<A> {
    #[inline(always)]
    fn at(&mut self, layout: Layout, slot: u32) -> Option<&mut Cell<A>> {
        let page = self.pages.get_mut(layout.page(slot))?.as_mut()?;
        Some(&mut page[Layout::offset(slot)])
    }

    #[inline(always)]
    fn run_packets<const SLOWLY: bool>(
        &mut self,
        context: &mut Context<'_>,
        chunk: &mut Chunk,
        end: u8,
        missed: &mut u64,
    ) -> Stop {
        let (layout, stamp) = (context.round.view.layout, chunk.stamp);
        while chunk.begin < end {
            let packet = &chunk.packets[chunk.begin as usize % crate::mail::chunk::CHUNK];
            // One for everyone has flags, so it is not plain.
            if !SLOWLY
                && packet.is_plain()
                && let Some(cell) = self.at(layout, packet.target_slot)
                && cell.open == packet.target_generation
                && let Some(generation) = NonZeroU32::new(cell.open)
                && let Some(agent) = &mut cell.agent
            {
                chunk.begin += 1;
                context.me = AgentId::new(packet.target_slot, generation);
                let envelope = Envelope { packet, stamp, beside: &chunk.beside };
                if let Err(fault) = agent.on_message(context, &envelope) {
                    cell.open = 0;
                    context.fail(fault);
                }
                continue;
            }
            if packet.flags() & EVERYONE != 0 {
                return Stop::Everyone;
            }
            if self.at(layout, packet.target_slot).is_none() {
                return Stop::OtherType;
            }
            chunk.begin += 1;
            *missed += u64::from(!self.deliver_slowly(context, chunk));
        }
        Stop::End
    }

    /// Delivers the envelope before the chunk's cursor, or drops it; says whether it was delivered.
    #[cold]
    #[inline(never)]
    fn deliver_slowly(&mut self, context: &mut Context<'_>, chunk: &mut Chunk) -> bool {
        let (layout, stamp) = (context.round.view.layout, chunk.stamp);
        let beside = &chunk.beside[..];
        let Some(packet) = chunk.packets.get_mut(chunk.begin as usize - 1) else { return false };
        context.outbox.consumed_bytes += packet.outside_bytes();
        let Some(id) = packet.target().filter(|_| !packet.is_buried()) else {
            context.outbox.passed_buried += 1;
            return false;
        };
        context.me = id;
        let Some(cell) = self.at(layout, id.slot()) else { return false };
        let watched = cell.open != id.generation().get();
        let agent = match (&mut cell.agent, context.refuse(packet, watched)) {
            (Some(agent), None) => agent,
            (None, None) => {
                context.discard(packet, stamp, DropReason::Panicked);
                return false;
            }
            (_, Some(reason)) => {
                if reason == DropReason::ExpiredDeadline {
                    cell.open = 0;
                }
                context.discard(packet, stamp, reason);
                return false;
            }
        };
        let (late, envelope) = (context.is_late(stamp), Envelope { packet, stamp, beside });
        match agent.on_message(context, &envelope) {
            Ok(()) if watched || late => {
                cell.open = 0;
                context.succeed(late);
            }
            Ok(()) => {}
            Err(fault) => {
                cell.open = 0;
                context.fail(fault);
            }
        }
        if context.is_traced() {
            context.trace(&envelope, Outcome::Delivered);
        }
        if let Some(annex) = packet.annex.take() {
            context.round.pool.keep(annex);
        }
        true
    }

    /// Serves one receiver of a broadcast whose cell is closed; says whether it was served, or `None`
    /// if there is nobody.
    #[cold]
    fn broadcast_slowly(
        &mut self,
        context: &mut Context<'_>,
        slot: u32,
        packet: &Packet,
        stamp: Stamp,
    ) -> Option<bool> {
        let (view, layout) = (context.round.view, context.round.view.layout);
        let id = view.roster.at(slot)?;
        context.me = id;
        let cell = self.at(layout, slot)?;
        if cell.born > stamp.round {
            return None;
        }
        let watched = cell.open != id.generation().get();
        let refused = context.refuse(packet, watched);
        let agent = match (&mut cell.agent, refused) {
            (Some(agent), None) => agent,
            (_, reason) => {
                if reason == Some(DropReason::ExpiredDeadline) {
                    cell.open = 0;
                }
                context.drop_pair(packet, stamp, reason.unwrap_or(DropReason::Panicked));
                return Some(false);
            }
        };
        let late = context.is_late(stamp);
        match agent.on_message(context, &Envelope { packet, stamp, beside: &[] }) {
            Ok(()) if watched || late => {
                cell.open = 0;
                context.succeed(late);
            }
            Ok(()) => {}
            Err(fault) => {
                cell.open = 0;
                context.fail(fault);
            }
        }
        Some(true)
    }

    #[inline(always)]
    fn broadcast_page(
        &mut self,
        context: &mut Context<'_>,
        page: usize,
        packet: &Packet,
        stamp: Stamp,
        limit: u32,
        progress: &mut Progress,
    ) {
        let first = context.round.view.layout.first_slot(context.outbox.source as usize, page);
        // A slot that no agent of the page has, if the sender is elsewhere.
        let sender = packet.from.map_or(u32::MAX, |from| from.slot().wrapping_sub(first));
        let careful = packet.annex.is_some() || context.is_traced() || context.is_late(stamp);
        while progress.next < PAGE && progress.pairs < limit {
            let offset = progress.next;
            progress.next += 1;
            if offset as u32 == sender
                && packet.from == context.round.view.roster.at(first + sender)
            {
                continue;
            }
            let Some(Some(cells)) = self.pages.get_mut(page) else { return };
            if !careful {
                let end = if (offset as u32) < sender { (sender as usize).min(PAGE) } else { PAGE };
                progress.next = offset;
                Self::broadcast_cells(cells, end, context, packet, stamp, first, limit, progress);
                if progress.next > offset || progress.pairs >= limit {
                    continue;
                }
                progress.next += 1;
            }
            // Counted before the call: what panics is dropped, not forgotten.
            progress.pairs += 1;
            match self.broadcast_slowly(context, first + offset as u32, packet, stamp) {
                None => progress.pairs -= 1,
                Some(false) => progress.dropped += 1,
                Some(true) if context.is_traced() => {
                    context.trace(&Envelope { packet, stamp, beside: &[] }, Outcome::Delivered);
                }
                Some(true) => {}
            }
        }
    }

    /// Delivers to the cells from the cursor on that are open, up to `end` or to one that is not.
    #[inline(always)]
    #[expect(clippy::too_many_arguments, reason = "the inside of a loop, compiled into it")]
    fn broadcast_cells(
        cells: &mut [Cell<A>; PAGE],
        end: usize,
        context: &mut Context<'_>,
        packet: &Packet,
        stamp: Stamp,
        first: u32,
        limit: u32,
        progress: &mut Progress,
    ) {
        let begin = progress.next;
        let most = (limit - progress.pairs) as usize;
        let envelope = Envelope { packet, stamp, beside: &[] };
        for (cell, offset) in cells[begin..end].iter_mut().zip(begin..).take(most) {
            let Some(generation) = NonZeroU32::new(cell.open) else { return };
            let Some(agent) = &mut cell.agent else { return };
            if cell.born > stamp.round {
                return;
            }
            context.me = AgentId::new(first + offset as u32, generation);
            // Counted before the call: what panics is dropped, not forgotten.
            progress.next = offset + 1;
            progress.pairs += 1;
            if let Err(fault) = agent.on_message(context, &envelope) {
                cell.open = 0;
                context.fail(fault);
            }
        }
    }

    /// Ends the agent that panicked: it is dropped, and restarted at the round's end if it can be.
    #[cold]
    fn end(&mut self, context: &mut Context<'_>, payload: Box<dyn core::any::Any + Send>) {
        forget_if_it_panics(payload);
        let (id, now) = (context.me, context.round.stamp.sent_at);
        if let Some(cell) = self.at(context.round.view.layout, id.slot()) {
            cell.open = 0;
            forget_if_it_panics(cell.agent.take());
        }
        context.outbox.ward.lose(id, now, &context.round.view.care);
        context.outbox.commands.push(Command::Restart(id));
    }

    fn handle(agent: &mut A, context: &mut Context<'_>, event: Event) -> Result<(), Fault> {
        match event {
            Event::Start => agent.on_start(context),
            Event::Tick => agent.on_tick(context),
            Event::Stop => {
                agent.on_stop(context);
                Ok(())
            }
        }
    }

    fn tick_page(&mut self, context: &mut Context<'_>, page: usize) {
        let first = context.round.view.layout.first_slot(context.outbox.source as usize, page);
        while self.cursor < PAGE {
            let offset = self.cursor;
            self.cursor += 1;
            let Some(Some(cells)) = self.pages.get_mut(page) else { return };
            let cell = &mut cells[offset % PAGE];
            let Some(agent) = &mut cell.agent else { continue };
            let slot = first + offset as u32;
            let Some(id) = context.round.view.roster.at(slot) else { continue };
            context.me = id;
            if cell.open == 0 && context.outbox.ward.is_suspended(slot, context.round.stamp.sent_at)
            {
                continue;
            }
            if let Err(fault) = agent.on_tick(context) {
                cell.open = 0;
                context.fail(fault);
            }
        }
    }
}

impl<A: Agent> AnySlab for Slab<A> {
    fn run(&mut self, context: &mut Context<'_>, chunk: &mut Chunk, end: u8) -> Stop {
        let (first, mut missed) = (chunk.begin, 0);
        let slowly = context.is_traced() || context.is_late(chunk.stamp);
        loop {
            let run = catch_unwind(AssertUnwindSafe(|| {
                if slowly {
                    self.run_packets::<true>(context, chunk, end, &mut missed)
                } else {
                    self.run_packets::<false>(context, chunk, end, &mut missed)
                }
            }));
            match run {
                Ok(stop) => {
                    let delivered = u64::from(chunk.begin - first) - missed;
                    context.outbox.counters.record_delivered(delivered);
                    return stop;
                }
                Err(payload) => {
                    self.end(context, payload);
                    missed += 1;
                    let stamp = chunk.stamp;
                    if let Some(packet) = chunk.packets.get_mut(chunk.begin as usize - 1) {
                        context.discard(packet, stamp, DropReason::Panicked);
                    }
                }
            }
        }
    }

    fn broadcast(
        &mut self,
        context: &mut Context<'_>,
        page: usize,
        offset: usize,
        packet: &Packet,
        stamp: Stamp,
        limit: u32,
    ) -> Progress {
        let mut progress = Progress { next: offset, ..Progress::default() };
        loop {
            let run = catch_unwind(AssertUnwindSafe(|| {
                self.broadcast_page(context, page, packet, stamp, limit, &mut progress);
            }));
            let Err(payload) = run else { break };
            self.end(context, payload);
            progress.dropped += 1;
            context.drop_pair(packet, stamp, DropReason::Panicked);
        }
        progress
    }

    fn tick(&mut self, context: &mut Context<'_>) {
        if !A::ticks() {
            return;
        }
        for page in 0..self.pages.len() {
            self.cursor = 0;
            while let Err(payload) =
                catch_unwind(AssertUnwindSafe(|| self.tick_page(context, page)))
            {
                self.end(context, payload);
            }
        }
    }

    fn run_one(&mut self, context: &mut Context<'_>, slot: u32, event: Event) {
        let Some(id) = context.round.view.roster.at(slot) else { return };
        context.me = id;
        let now = context.round.stamp.sent_at;
        let Some(cell) = self.at(context.round.view.layout, slot) else { return };
        let Some(agent) = &mut cell.agent else { return };
        if event == Event::Tick && cell.open == 0 && context.outbox.ward.is_suspended(slot, now) {
            return;
        }
        match catch_unwind(AssertUnwindSafe(|| Self::handle(agent, context, event))) {
            Ok(Ok(())) => {}
            Ok(Err(fault)) => {
                cell.open = 0;
                context.fail(fault);
            }
            Err(payload) => self.end(context, payload),
        }
    }

    fn remove(&mut self, layout: Layout, slot: u32) {
        if let Some(cell) = self.at(layout, slot) {
            cell.open = 0;
            forget_if_it_panics(cell.agent.take());
        }
    }

    fn set_open(&mut self, layout: Layout, id: AgentId, open: bool) {
        if let Some(cell) = self.at(layout, id.slot()) {
            cell.open = if open { id.generation().get() } else { 0 };
        }
    }

    fn born(&self, layout: Layout, slot: u32) -> u64 {
        let page = self.pages.get(layout.page(slot)).and_then(Option::as_ref);
        page.map_or(0, |page| page[Layout::offset(slot)].born)
    }

    #[inline]
    fn prefetch(&self, layout: Layout, chunk: &Chunk) {
        for packet in chunk.waiting() {
            if let Some(Some(page)) = self.pages.get(layout.page(packet.target_slot)) {
                crate::prefetch::prefetch(&page[Layout::offset(packet.target_slot)]);
            }
        }
    }

    fn hash(&self, layout: Layout, slot: u32, hasher: &mut StateHasher) {
        let page = self.pages.get(layout.page(slot)).and_then(Option::as_ref);
        if let Some(agent) = page.and_then(|page| page[Layout::offset(slot)].agent.as_ref()) {
            agent.hash_state(hasher);
        }
    }

    fn cell(&mut self, page: usize, offset: usize) -> &mut dyn core::any::Any {
        if page >= self.pages.len() {
            self.pages.resize_with(page + 1, || None);
        }
        let cells = self.pages[page].get_or_insert_with(|| {
            // Made on the heap: a page of large agents does not fit on a stack.
            let cells: Vec<_> = (0..PAGE).map(|_| Cell { open: 0, born: 0, agent: None }).collect();
            match cells.into_boxed_slice().try_into() {
                Ok(page) => page,
                Err(_) => Box::new([const { Cell { open: 0, born: 0, agent: None } }; PAGE]),
            }
        });
        &mut cells[offset % PAGE]
    }

    fn heap_bytes(&self) -> usize {
        self.pages.capacity() * size_of::<Option<Page<A>>>()
            + self.pages.iter().flatten().count() * size_of::<[Cell<A>; PAGE]>()
    }

    fn agent(&self, layout: Layout, slot: u32) -> Option<&dyn core::any::Any> {
        let page = self.pages.get(layout.page(slot))?.as_ref()?;
        page[Layout::offset(slot)].agent.as_ref().map(|agent| agent as &dyn core::any::Any)
    }

    fn ticks(&self) -> bool {
        A::ticks()
    }

    fn name(&self) -> &'static str {
        core::any::type_name::<A>()
    }
}

/// Drops a value; if that panics too, what is left of it is leaked.
fn forget_if_it_panics<T>(value: T) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(value))) {
        core::mem::forget(payload);
    }
}

impl Context<'_> {
    /// Why the envelope before the agent at hand must not be delivered, if so.
    fn refuse(&mut self, packet: &Packet, watched: bool) -> Option<DropReason> {
        let now = self.round.stamp.sent_at;
        if !self.round.view.roster.lives(self.me) {
            return Some(match self.round.view.roster.at(self.me.slot()) {
                Some(id) if id.generation() < self.me.generation() => DropReason::UnknownTarget,
                _ => DropReason::Despawned,
            });
        }
        if packet.annex.as_ref().is_some_and(|annex| annex.deadline < now) {
            let (me, kind) = (self.me, FailureKind::LatencyViolation);
            self.outbox.ward.trouble(me, kind, 1);
            return Some(DropReason::ExpiredDeadline);
        }
        if watched && let Err(reason) = self.outbox.ward.admit(self.me.slot(), now) {
            return Some(reason);
        }
        // A notice that time ran out carries the question's number, too, and closed it already.
        let timed_out = packet.from.is_none() && packet.kind == Kind::TIMED_OUT;
        let answers = packet.flags() & ANSWER != 0 && !timed_out;
        if answers && !self.outbox.asks.close(AskId(packet.correlation), self.me) {
            return Some(DropReason::LateAnswer);
        }
        None
    }
}
