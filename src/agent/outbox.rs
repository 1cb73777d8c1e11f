//! What the handlers of one shard write.

use crate::agent::asks::{Asks, MOST_ASKS};
use crate::agent::command::Command;
use crate::agent::round::Round;
use crate::agent::slots::Slots;
use crate::agent::trace::{Outcome, Trace};
use crate::agent::view::{Search, View, Workspace};
use crate::agent::ward::Ward;
use crate::dispatch::probe::Counters;
use crate::id::AgentId;
use crate::mail::row::Row;
use crate::mail::timer::Timer;
use crate::message::annex::{Annex, AnnexPool};
use crate::message::packet::{ANSWER, BESIDE_BYTES, Head, INLINE_BYTES, POSITION_BITS, Packet};
use crate::message::{
    Body, DropReason, Envelope, EnvelopeId, Kind, Message, Priority, Stamp, Target, Undelivered,
};
use crate::space::Vec3;
use crate::time::Time;

/// Why a message was refused. Nothing was sent, and its bytes are still the caller's.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// The id names no slot that this mesh has ever used, or, where the host sends, no living agent.
    #[error("agent {id} does not live in this mesh")]
    UnknownTarget {
        /// The id given.
        id: AgentId,
    },
    /// The outbox is full for this round.
    #[error(
        "the outbox holds {used} messages and cannot take {given} more: limits.outbox_capacity is {limit}"
    )]
    OutboxFull {
        /// Messages to be added: one for each receiver.
        given: u32,
        /// Messages inside.
        used: u32,
        /// The most that `limits.outbox_capacity` allows.
        limit: u32,
    },
    /// The payload is too large.
    #[error("a payload of {given} bytes is over limits.max_payload_bytes, {limit}")]
    PayloadTooLarge {
        /// Its bytes.
        given: usize,
        /// The most allowed.
        limit: usize,
    },
    /// Too many bytes of payload wait.
    #[error(
        "a payload of {given} bytes does not fit: {left} bytes of performance.memory_pool_size are left to its shard in this round"
    )]
    ArenaFull {
        /// Its bytes.
        given: u64,
        /// Bytes left.
        left: u64,
    },
    /// A point or radius that is not a number, infinite or negative.
    #[error(
        "a target near {point:?} within {radius} m: both must be finite, the radius not negative"
    )]
    InvalidPlace {
        /// The point given.
        point: Vec3,
        /// The radius given, in metres; 0 for the nearest.
        radius: f32,
    },
    /// A message whose pose came from bytes and is none.
    #[error(transparent)]
    Pose(#[from] crate::space::PoseError),
    /// Too many questions are open.
    #[error("{limit} questions are open in this shard, as many as can be")]
    TooManyAsks {
        /// The most that one shard's agents may have open.
        limit: usize,
    },
    /// A content that has no bytes.
    #[error(transparent)]
    Content(#[from] crate::message::ContentError),
    /// A reply to something that was no question, or whose sender is the host.
    #[error("envelope {id} is no question of an agent")]
    NotAQuestion {
        /// The envelope.
        id: EnvelopeId,
    },
}

/// Everything that the handlers of one shard write, and the scratch space they share.
#[derive(Debug)]
pub(crate) struct Outbox {
    /// The shard's number; [`HOST`] for the host's.
    pub(crate) source: u32,
    /// Messages so far in this round: the next one's position.
    position: u32,
    /// Messages that a round may send, and up to which position sends take the short way: none where
    /// they are traced.
    limit: u32,
    short_until: u32,
    /// Slots below this are known to have been used; some beyond it may have been, too.
    known_slots: u32,
    pub(crate) row: Row,
    pub(crate) commands: Vec<Command>,
    #[cfg(feature = "photonic")]
    pub(crate) submissions: crate::agent::infer::Submissions,
    pub(crate) wishes: crate::agent::remember::Wishes,
    pub(crate) timer: Timer,
    pub(crate) asks: Asks,
    pub(crate) annexes: AnnexPool,
    pub(crate) counters: Counters,
    pub(crate) slots: Slots,
    pub(crate) ward: Ward,
    pub(crate) trace: Option<Box<Trace>>,
    /// Payload bytes and spawns that are left to it in this round.
    pub(crate) arena_left: u64,
    pub(crate) spawns_left: u32,
    /// Payload bytes whose packets left the queue, and buried packets that did, since last asked.
    pub(crate) consumed_bytes: u64,
    pub(crate) passed_buried: u64,
    /// Streams of random numbers drawn in this round.
    pub(crate) draws: u32,
    pub(crate) receivers: Vec<AgentId>,
    pub(crate) search: Search,
    pub(crate) workspace: Workspace,
}

/// The source number of the host.
pub(crate) const HOST: u32 = crate::agent::slots::Layout::MOST_SHARDS;

impl Outbox {
    pub(crate) fn new(source: u32, view: &View, slots: Slots, trace: Option<Box<Trace>>) -> Self {
        Self {
            source,
            position: 0,
            limit: view.limits.outbox,
            short_until: if trace.is_some() { 0 } else { view.limits.outbox },
            known_slots: 0,
            row: Row::new(view.layout),
            commands: Vec::new(),
            #[cfg(feature = "photonic")]
            submissions: crate::agent::infer::Submissions::default(),
            wishes: crate::agent::remember::Wishes::default(),
            timer: Timer::default(),
            asks: Asks::new(),
            annexes: AnnexPool::default(),
            counters: Counters::default(),
            slots,
            ward: Ward::new(view.layout),
            trace,
            arena_left: view.limits.arena,
            spawns_left: 0,
            consumed_bytes: 0,
            passed_buried: 0,
            draws: 0,
            receivers: Vec::new(),
            search: Search::default(),
            workspace: Workspace::default(),
        }
    }

    /// Begins a round: positions start again, and it is known which slots have been used.
    #[inline]
    pub(crate) fn begin_round(&mut self, known_slots: u32) {
        (self.position, self.draws) = (0, 0);
        self.known_slots = known_slots;
        self.annexes.end_round();
    }

    /// Messages that it still has room for in this round.
    pub(crate) fn room(&self) -> u32 {
        self.limit.saturating_sub(self.position)
    }

    fn check_room(&self, messages: u32) -> Result<(), SendError> {
        let (used, limit) = (self.position, self.limit);
        if messages > limit.saturating_sub(used) {
            return Err(SendError::OutboxFull { given: messages, used, limit });
        }
        Ok(())
    }

    /// One id for `messages` messages, if there is room.
    #[inline]
    pub(crate) fn reserve(&mut self, messages: u32) -> Result<u32, SendError> {
        self.check_room(messages)?;
        let used = self.position;
        self.position = used + messages;
        Ok(self.source << POSITION_BITS | used)
    }

    /// Sends to one agent.
    ///
    /// The short way is compiled into the handler: there the message is no struct in memory, its
    /// length and options are constants, and a send is a few compares and the stores of 64 bytes.
    #[inline(always)]
    pub(crate) fn send_one(
        &mut self,
        round: &mut Round<'_>,
        head: Head,
        to: AgentId,
        message: Message<'_>,
    ) -> Result<EnvelopeId, SendError> {
        if let Some(bytes) = message.fitting_bytes()
            && self.position < self.short_until
            && to.slot() < self.known_slots
        {
            let (slot, level) = (to.slot(), head.priority.level());
            let place = match self.row.place(slot, level) {
                Some(place) => place,
                None => self.row.make_place(slot, level, round.stamp, round.pool),
            };
            let sequence = self.source << POSITION_BITS | self.position;
            self.position += 1;
            self.counters.record_sent(1);
            place.write(to, head, sequence, bytes);
            return Ok(EnvelopeId::new(round.stamp.round, sequence));
        }
        // Made anew from its parts: the handler's own need then never be in memory.
        self.send_one_slowly(round, head.rebuilt(), to, message.rebuilt())
    }

    /// The same for a message that needs an annex or whose way is traced, or that may be refused.
    #[inline(never)]
    fn send_one_slowly(
        &mut self,
        round: &mut Round<'_>,
        head: Head,
        to: AgentId,
        message: Message<'_>,
    ) -> Result<EnvelopeId, SendError> {
        self.check_target(round.view, to)?;
        // Before anything is taken from the limits.
        self.check_room(1)?;
        let bytes = match message.body {
            // A retry outlives its chunk.
            Body::Bytes(bytes) if bytes.len() <= BESIDE_BYTES && !message.retry => bytes,
            _ => {
                let packet = self.packet(round.view, head, message)?;
                return self.send_packet(round, to, packet);
            }
        };
        let pose = message.pose.map(|pose| pose.parsed()).transpose()?;
        let inside = bytes.len() <= INLINE_BYTES;
        if !inside {
            self.charge(round.view, bytes.len())?;
        }
        let sequence = self.reserve(1)?;
        let id = EnvelopeId::new(round.stamp.round, sequence);
        if let Some(trace) = &mut self.trace {
            trace.target(id, Target::Agent(to));
        }
        self.counters.record_sent(1);
        let (slot, stamp, pool) = (to.slot(), round.stamp, &mut *round.pool);
        let annex = (!message.is_simple()).then(|| pool.annex(message.annex(None, pose)));
        if inside {
            let place = self.row.make_place(slot, head.priority.level(), stamp, pool);
            place.write(to, head, sequence, bytes);
            place.annex = annex;
        } else {
            let mut packet = Packet::new(head, &[], annex);
            packet.sequence = sequence;
            packet.address(to);
            self.row.push_beside(slot, packet, bytes, stamp, pool);
        }
        Ok(id)
    }

    /// Whether an agent was ever in that slot.
    pub(crate) fn check_target(&self, view: &View, to: AgentId) -> Result<(), SendError> {
        // Slots reserved in this round lie beyond the roster's end.
        if view.layout.page(to.slot()) >= view.roster.pages() + self.slots.pages() {
            return Err(SendError::UnknownTarget { id: to });
        }
        Ok(())
    }

    /// Sends what another thread wrote to one agent, if that takes no more than a copy; says whether it
    /// was sent.
    #[inline(always)]
    pub(crate) fn take(&mut self, packet: &Packet) -> bool {
        if packet.annex.is_none()
            && self.position < self.short_until
            && let Some(place) = self.row.place(packet.target_slot, packet.priority.level())
        {
            let sequence = self.source << POSITION_BITS | self.position;
            self.position += 1;
            self.counters.record_sent(1);
            place.copy_from(packet, sequence);
            return true;
        }
        false
    }

    /// Stamps a packet and sends it to one agent.
    pub(crate) fn send_packet(
        &mut self,
        round: &mut Round<'_>,
        to: AgentId,
        mut packet: Packet,
    ) -> Result<EnvelopeId, SendError> {
        packet.sequence = self.reserve(1)?;
        let id = EnvelopeId::new(round.stamp.round, packet.sequence);
        if let Some(trace) = &mut self.trace {
            trace.target(id, Target::Agent(to));
        }
        self.post(round, to, packet);
        Ok(id)
    }

    /// Sends to one agent at a later time.
    pub(crate) fn send_later(
        &mut self,
        view: &View,
        stamp: Stamp,
        from: Option<AgentId>,
        at: Time,
        to: AgentId,
        message: Message<'_>,
    ) -> Result<EnvelopeId, SendError> {
        let (used, limit) = (self.timer.len() as u32, view.limits.outbox);
        if used >= limit {
            return Err(SendError::OutboxFull { given: 1, used, limit });
        }
        let mut packet = self.packet(view, message.head(from), message)?;
        packet.sequence = self.reserve(1)?;
        let id = EnvelopeId::new(stamp.round, packet.sequence);
        let annex = packet.annex.take().map(|annex| Annex::clone(&annex)).unwrap_or_default();
        packet.annex =
            Some(self.annexes.annex(Annex { original: Some((id, stamp.sent_at)), ..annex }));
        packet.address(to);
        if let Some(trace) = &mut self.trace {
            trace.target(id, Target::Agent(to));
        }
        self.counters.record_sent(1);
        self.timer.delay(at, packet);
        Ok(id)
    }

    /// Counts a message that may not be forwarded any more.
    pub(crate) fn expire_hops(&mut self, stamp: Stamp) -> Result<EnvelopeId, SendError> {
        let sequence = self.reserve(1)?;
        self.counters.record_sent(1);
        self.counters.record_dropped(DropReason::ExpiredHops, 1);
        Ok(EnvelopeId::new(stamp.round, sequence))
    }

    /// Puts a stamped packet into the chain for its receiver's shard and counts it as sent.
    pub(crate) fn post(&mut self, round: &mut Round<'_>, to: AgentId, packet: Packet) {
        self.counters.record_sent(1);
        self.enqueue(round, to, packet);
    }

    /// The same for a packet that was counted before.
    pub(crate) fn enqueue(&mut self, round: &mut Round<'_>, to: AgentId, mut packet: Packet) {
        packet.address(to);
        if packet.annex.is_some() {
            self.row.weigh(round.view.layout.shard(to.slot()), 1, packet.outside_bytes());
        }
        self.row.push(to.slot(), packet, round.stamp, round.pool);
    }

    /// The packet of a message; beside it, if needed, an annex.
    #[inline(never)]
    pub(crate) fn packet(
        &mut self,
        view: &View,
        head: Head,
        message: Message<'_>,
    ) -> Result<Packet, SendError> {
        let pose = message.pose.map(|pose| pose.parsed()).transpose()?;
        let (inline, payload) = match message.body {
            Body::Bytes(bytes) if bytes.len() <= INLINE_BYTES => (bytes, None),
            Body::Bytes(bytes) => {
                self.charge(view, bytes.len())?;
                (&[][..], Some(self.annexes.payload(bytes)))
            }
            Body::Shared(shared) => {
                self.charge(view, shared.len())?;
                (&[][..], Some(shared.clone()))
            }
        };
        let annex = if payload.is_none() && message.is_simple() {
            None
        } else {
            Some(self.annexes.annex(message.annex(payload, pose)))
        };
        Ok(Packet::new(head, inline, annex))
    }

    /// Holds a payload against the limits and takes its bytes from what is left in this round.
    fn charge(&mut self, view: &View, given: usize) -> Result<(), SendError> {
        let limit = view.limits.payload;
        if given > limit {
            return Err(SendError::PayloadTooLarge { given, limit });
        }
        let (given, left) = (given as u64, self.arena_left);
        if given > left {
            return Err(SendError::ArenaFull { given, left });
        }
        self.arena_left = left - given;
        Ok(())
    }

    /// Tells the sender of a packet that was dropped, if it wants to know.
    pub(crate) fn tell(
        &mut self,
        round: &mut Round<'_>,
        packet: &Packet,
        id: EnvelopeId,
        reason: DropReason,
    ) {
        if packet.annex.as_ref().is_some_and(|annex| annex.report)
            && let Some(from) = packet.from
        {
            let word = Undelivered::new(id, reason);
            self.notice(round, from, Kind::UNDELIVERED, bytemuck::bytes_of(&word), None);
        }
    }

    /// A notice of the mesh to one of the shard's agents, in the next round.
    pub(crate) fn notice(
        &mut self,
        round: &mut Round<'_>,
        to: AgentId,
        kind: Kind,
        bytes: &[u8],
        answers: Option<u32>,
    ) {
        let head = Head {
            from: None,
            kind,
            priority: Priority::MOST_URGENT,
            correlation: answers.unwrap_or(0),
            flags: if answers.is_some() { ANSWER } else { 0 },
        };
        self.post_freely(round, to, Packet::new(head, bytes, None));
    }

    /// Stamps and posts a packet of the mesh, which is never refused: there is at most one for each
    /// message or vector that was accepted.
    pub(crate) fn post_freely(&mut self, round: &mut Round<'_>, to: AgentId, mut packet: Packet) {
        packet.sequence =
            self.source << POSITION_BITS | self.position.min((1 << POSITION_BITS) - 1);
        self.position += u32::from(self.position + 1 < 1 << POSITION_BITS);
        self.post(round, to, packet);
    }

    /// Ends a packet that is not delivered: tries it again later if it asked for that and the
    /// `reason` may pass, else drops it and tells its sender if it wants to know.
    #[cold]
    pub(crate) fn discard(
        &mut self,
        round: &mut Round<'_>,
        packet: &mut Packet,
        stamp: Stamp,
        reason: DropReason,
    ) {
        let envelope = Envelope { packet, stamp, beside: &[] };
        let (id, sent_at, target) = (envelope.id(), envelope.sent_at(), packet.target());
        let mut reason = reason;
        if let (Some(annex), Some(_)) = (&packet.annex, target)
            && annex.retry
            && matches!(reason, DropReason::Tripped | DropReason::MailboxFull)
        {
            // The first attempt is number 1 and has failed now, if none was counted before.
            let attempts = annex.attempts + 1;
            let pause = round.view.limits.retry.delay(
                round.view.seed,
                id.to_bits(),
                u32::from(attempts) + 1,
            );
            if let Some(pause) = pause {
                let at = round.stamp.sent_at + pause;
                let mut later = packet.clone();
                later.annex = Some(self.annexes.annex(Annex {
                    attempts,
                    original: Some((id, sent_at)),
                    ..Annex::clone(annex)
                }));
                self.timer.delay(at, later);
                packet.annex.take().into_iter().for_each(|annex| round.pool.keep(annex));
                return;
            }
            reason = DropReason::RetriesExhausted;
        }
        let pairs = u64::from(packet.pairs());
        self.counters.record_dropped(reason, pairs);
        if let (Some(trace), Some(target)) = (&mut self.trace, target) {
            trace.outcome(id, target, Outcome::Dropped(reason));
        }
        self.tell(round, packet, id, reason);
        packet.annex.take().into_iter().for_each(|annex| round.pool.keep(annex));
    }

    /// Opens a question of `asker`.
    pub(crate) fn open(
        &mut self,
        asker: AgentId,
        until: Time,
    ) -> Result<crate::message::AskId, SendError> {
        self.asks.open(asker, until).ok_or(SendError::TooManyAsks { limit: MOST_ASKS })
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.row.heap_bytes()
            + self.commands.capacity() * size_of::<Command>()
            + self.timer.heap_bytes()
            + self.asks.heap_bytes()
            + self.slots.heap_bytes()
            + self.ward.heap_bytes()
            + self.receivers.capacity() * size_of::<AgentId>()
    }
}
