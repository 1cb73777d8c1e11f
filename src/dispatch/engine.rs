//! The rounds of a tick, and what is done between them.

use core::time::Duration;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::agent::command::Command;
use crate::agent::outbox::{HOST, Outbox};
use crate::agent::round::Round;
use crate::agent::slots::Slots;
use crate::agent::trace::Trace;
use crate::agent::view::View;
use crate::agent::{Health, Mailbox, SendError};
use crate::dispatch::crew::{Crew, CrewError};
use crate::dispatch::pacer::Pacer;
use crate::dispatch::probe::Counters;
use crate::dispatch::quota::share_out;
use crate::dispatch::shard::{Shard, Work};
use crate::id::AgentId;
use crate::mail::pool::{ChunkPool, Depots};
use crate::mail::queue::Pairs;
use crate::message::packet::Packet;
use crate::message::{EnvelopeId, Message, Stamp, Target};
use crate::sync::AtomicBool;
use crate::time::{Clock, Time};

/// Shards, workers and the view between them.
#[derive(Debug)]
pub(crate) struct Engine {
    pub(crate) view: View,
    /// A lock is never waited for: a phase gives each shard, and each worker's pool, to one worker.
    shards: Box<[Mutex<Shard>]>,
    pools: Box<[Mutex<ChunkPool>]>,
    depots: Depots,
    crew: Crew,
    /// What the host sends between ticks.
    pub(crate) host: Outbox,
    #[cfg(feature = "photonic")]
    pub(crate) processors: crate::dispatch::infer::Processors,
    inline_below: u64,
    active: Vec<usize>,
    waiting: Vec<Pairs>,
    quotas: Vec<Pairs>,
    cost: Cost,
}

/// What an engine is made with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setup {
    pub(crate) workers: usize,
    /// How often a worker looks for work before it parks.
    pub(crate) looks: u32,
    /// A round with less to do runs on the caller.
    pub(crate) inline_below: u64,
    /// The mailbox of agents that do not say otherwise.
    pub(crate) mailbox: Mailbox,
    pub(crate) first_generation: core::num::NonZeroU32,
    /// Sends that each shard remembers; 0 for none.
    pub(crate) explain: usize,
}

/// What a tick may do.
#[derive(Clone, Copy)]
pub(crate) enum Allowance<'a> {
    Unlimited,
    Messages(u64),
    /// Until that time on that clock.
    Until(&'a dyn Clock, Time),
    /// Exactly what was recorded: for each round, what each shard went through.
    Cuts(&'a [RoundCut]),
}

/// What each shard went through in one round of a timed tick.
pub(crate) type RoundCut = Vec<Pairs>;

/// What a tick did.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Done {
    pub(crate) rounds: u32,
    pub(crate) served: u64,
}

/// What handling took lately, in nanoseconds of wall time. Floats, because no promised result depends
/// on them: they only say where a timed budget cuts.
#[derive(Clone, Copy, Debug)]
struct Cost {
    per_pair: f64,
    /// From the end of delivering to the end of the round.
    per_round: f64,
}

impl Engine {
    pub(crate) fn new(view: View, setup: Setup) -> Result<Self, CrewError> {
        let Setup { workers, looks, inline_below, mailbox, first_generation, explain } = setup;
        let crew = Crew::new(workers, looks)?;
        let trace = || (explain > 0).then(|| Box::new(Trace::new(explain)));
        let layout = view.layout;
        let slots = |shard| Slots::new(layout, shard, first_generation);
        let shards = (0..layout.shards())
            .map(|shard| Mutex::new(Shard::new(shard, &view, slots(shard), mailbox, trace())))
            .collect();
        let depots = Depots::default();
        let pools = (0..crew.workers()).map(|_| Mutex::new(depots.pool())).collect();
        let host = Outbox::new(HOST, &view, slots(0), trace());
        let cost = Cost { per_pair: 50.0, per_round: 5_000.0 };
        Ok(Self {
            view,
            shards,
            pools,
            depots,
            crew,
            host,
            #[cfg(feature = "photonic")]
            processors: crate::dispatch::infer::Processors::default(),
            inline_below,
            active: Vec::new(),
            waiting: Vec::new(),
            quotas: Vec::new(),
            cost,
        })
    }

    /// A shard, between rounds.
    #[inline]
    pub(crate) fn shard(&mut self, shard: usize) -> &mut Shard {
        exclusive(&mut self.shards[shard])
    }

    /// A shard, to read between rounds.
    pub(crate) fn read(&self, shard: usize) -> MutexGuard<'_, Shard> {
        hold(&self.shards[shard])
    }

    #[inline]
    pub(crate) fn shard_count(&self) -> usize {
        self.shards.len()
    }

    /// The view, a shard and a pool, borrowed apart.
    pub(crate) fn parts(&mut self, shard: usize) -> (&mut View, &mut Shard, &mut ChunkPool) {
        let Self { view, shards, pools, .. } = self;
        (view, exclusive(&mut shards[shard]), exclusive(&mut pools[0]))
    }

    /// The view, the host's outbox and a pool, borrowed apart.
    pub(crate) fn host_parts(&mut self) -> (&View, &mut Outbox, &mut ChunkPool) {
        let Self { view, host, pools, .. } = self;
        (view, host, exclusive(&mut pools[0]))
    }

    /// The stamp of what is sent now.
    #[inline]
    pub(crate) fn stamp(&self) -> Stamp {
        Stamp { round: self.view.round, sent_at: self.view.now }
    }

    /// Messages that the host's outbox has room for.
    pub(crate) fn host_room(&self) -> usize {
        self.host.room() as usize
    }

    /// Takes the bytes of a payload that another thread made from what is left for payloads.
    pub(crate) fn charge(&mut self, packet: &Packet) -> Result<(), SendError> {
        let (given, left) = (packet.outside_bytes(), self.host.arena_left);
        if given > left {
            return Err(SendError::ArenaFull { given, left });
        }
        self.host.arena_left = left - given;
        Ok(())
    }

    /// Sends a message of the host to one agent.
    #[inline]
    pub(crate) fn send_one(
        &mut self,
        to: AgentId,
        message: Message<'_>,
    ) -> Result<EnvelopeId, SendError> {
        let stamp = self.stamp();
        let (view, host, pool) = self.host_parts();
        host.send_one(&mut Round { view, stamp, pool }, message.head(None), to, message)
    }

    /// The same for a message that is a packet already.
    #[inline]
    pub(crate) fn accept(&mut self, packet: Packet) -> Result<(), SendError> {
        let stamp = self.stamp();
        let (view, host, pool) = self.host_parts();
        match packet.target() {
            Some(to) => host.send_packet(&mut Round { view, stamp, pool }, to, packet).map(drop),
            None => Ok(()),
        }
    }

    /// Sends a message of the host to a group.
    pub(crate) fn accept_group(
        &mut self,
        target: Target,
        packet: Packet,
    ) -> Result<EnvelopeId, SendError> {
        let stamp = self.stamp();
        let (view, host, pool) = self.host_parts();
        let id = host.send_group_packet(&mut Round { view, stamp, pool }, target, packet)?;
        if target == Target::Everyone {
            // Whoever is spawned from now on is born into a later round than the message's.
            self.host.row.seal();
            self.view.round += 1;
        }
        Ok(id)
    }

    /// From now on it is `now`; what was sent before keeps its time.
    pub(crate) fn set_time(&mut self, now: Time) {
        self.host.row.seal();
        self.view.now = now;
    }

    /// Begins a tick: releases what is due, runs batches that waited long enough, and lets waiting
    /// mail age.
    pub(crate) fn begin_tick(&mut self, ageing_ticks: u64) {
        self.view.tick += 1;
        let now = self.view.now;
        let stamp = self.stamp();
        for shard in 0..self.shards.len() {
            let tick = self.view.tick;
            let (view, shard, pool) = self.parts(shard);
            if shard.has_due(now) {
                shard.fire_timers(&mut Round { view, stamp, pool });
            }
            shard.queue.age(tick, ageing_ticks);
        }
        #[cfg(feature = "photonic")]
        self.infer();
    }

    /// Runs the rounds of a tick. `apply` is called at the end of each with the commands of each
    /// shard, in order; `cuts` takes what each round went through, if it is wanted.
    pub(crate) fn run_rounds(
        &mut self,
        rounds: u32,
        mut allowance: Allowance<'_>,
        apply: &mut dyn FnMut(&mut Self, Command),
        mut cuts: Option<&mut Vec<RoundCut>>,
    ) -> Done {
        let mut done = Done::default();
        self.exchange();
        while done.rounds < rounds {
            let first = done.rounds == 0;
            if let Allowance::Cuts(left) = allowance
                && left.is_empty()
            {
                break;
            }
            if !first
                && let Allowance::Until(clock, end) = allowance
                && clock.now() >= end
            {
                break;
            }
            if !self.choose_active(first) {
                break;
            }
            let served = self.run_round(first, &mut allowance, cuts.as_deref_mut());
            if let Allowance::Until(clock, _) = allowance {
                let begun = clock.now();
                self.end_round(apply);
                let nanos = clock.now().since(begun).as_nanos() as f64;
                learn(&mut self.cost.per_round, nanos);
            } else {
                self.end_round(apply);
            }
            self.depots.settle(&mut self.pools);
            done.rounds += 1;
            done.served += served;
        }
        self.host.arena_left = self.arena_left();
        done
    }

    /// Bytes that payloads may still take.
    fn arena_left(&mut self) -> u64 {
        let used: u64 = self.shards.iter_mut().map(|shard| exclusive(shard).bytes()).sum();
        self.view.limits.arena.saturating_sub(used)
    }

    /// Which shards have something to do, and whether any has.
    fn choose_active(&mut self, first: bool) -> bool {
        self.active.clear();
        for (index, shard) in self.shards.iter_mut().enumerate() {
            let shard = exclusive(shard);
            if shard.pairs() > 0 || shard.events() > 0 || (first && shard.ticks) {
                self.active.push(index);
            }
        }
        self.share_limits();
        !self.active.is_empty()
    }

    /// Divides the free places for agents and the free bytes for payloads among the active shards.
    fn share_limits(&mut self) {
        let arena = self.arena_left();
        let Self { view, shards, active, .. } = self;
        let free = view.limits.max_agents.saturating_sub(view.roster.live());
        let count = active.len() as u32;
        for (turn, &index) in active.iter().enumerate() {
            let outbox = &mut exclusive(&mut shards[index]).outbox;
            outbox.spawns_left = free / count + u32::from((turn as u32) < free % count);
            outbox.arena_left = arena / u64::from(count);
        }
    }

    fn run_round(
        &mut self,
        first: bool,
        allowance: &mut Allowance<'_>,
        cuts: Option<&mut Vec<RoundCut>>,
    ) -> u64 {
        let (mut total, mut events) = (0, 0);
        for &index in &self.active {
            let shard = exclusive(&mut self.shards[index]);
            total += shard.pairs();
            events += shard.events() as u64;
            if first && shard.ticks {
                events += u64::from(self.view.roster.per_shard()[index]);
            }
        }
        let inline = total + events < self.inline_below || self.active.len() == 1;
        let quota_for = match *allowance {
            Allowance::Unlimited => None,
            Allowance::Messages(left) => (total > left).then_some(left),
            Allowance::Until(clock, end) => {
                let left = end.since(clock.now()).as_nanos() as f64 - self.cost.per_round;
                Some(((left / self.cost.per_pair) as u64).max(u64::from(first)))
            }
            Allowance::Cuts(_) => Some(0),
        };
        match quota_for {
            None => self.phase(inline, |_| Work::all(first)),
            Some(pairs) => {
                self.phase(inline, |_| Work::gather());
                self.set_quotas(pairs, *allowance);
                match *allowance {
                    Allowance::Until(clock, end) => {
                        let begun = clock.now();
                        let end = end - Duration::from_nanos(self.cost.per_round as u64);
                        // However short the budget, a tick delivers something.
                        let fresh = AtomicBool::new(first);
                        let pace = self.cost.per_pair as u64;
                        self.deliver(inline, first, Pacer::until(clock, end, &fresh, pace));
                        self.measure(clock, begun);
                    }
                    _ => self.deliver(inline, first, Pacer::UNTIMED),
                }
            }
        }
        let served = self.served();
        match allowance {
            Allowance::Messages(left) => *left = left.saturating_sub(served),
            Allowance::Cuts(left) => *left = left.get(1..).unwrap_or(&[]),
            Allowance::Unlimited | Allowance::Until(..) => {}
        }
        if let Some(cuts) = cuts {
            let mut cut = vec![Pairs::default(); self.shards.len()];
            for &index in &self.active {
                cut[index] = exclusive(&mut self.shards[index]).served.levels;
            }
            cuts.push(cut);
        }
        served
    }

    /// Delivers by the quotas.
    fn deliver(&mut self, inline: bool, first: bool, pacer: Pacer<'_>) {
        let quotas = core::mem::take(&mut self.quotas);
        self.phase(inline, |turn| Work::deliver(first, quotas.get(turn), pacer));
        self.quotas = quotas;
    }

    /// Pairs that the active shards went through in this round.
    fn served(&mut self) -> u64 {
        let Self { shards, active, .. } = self;
        active.iter().map(|&index| exclusive(&mut shards[index]).served.in_all).sum()
    }

    /// Quotas for the active shards, in their order.
    fn set_quotas(&mut self, pairs: u64, allowance: Allowance<'_>) {
        self.waiting.clear();
        for &index in &self.active {
            self.waiting.push(*exclusive(&mut self.shards[index]).queue.pairs_by_level());
        }
        if let Allowance::Cuts(cuts) = allowance {
            let cut = cuts.first();
            self.quotas.clear();
            self.quotas.extend(
                self.active
                    .iter()
                    .map(|&index| cut.and_then(|cut| cut.get(index)).copied().unwrap_or_default()),
            );
            return;
        }
        // By ticks, not by rounds: a tick has a fixed number of those, which may share a factor with the
        // number of shards, and then some would never be first.
        let first = (self.view.tick % self.shards.len().max(1) as u64) as usize;
        let start = self.active.partition_point(|&index| index < first);
        share_out(&self.waiting, pairs, start, &mut self.quotas);
    }

    /// Learns from a timed phase what a message takes.
    fn measure(&mut self, clock: &dyn Clock, begun: Time) {
        let nanos = clock.now().since(begun).as_nanos() as f64;
        let served = self.served();
        if served >= FEWEST_MEASURED {
            learn(&mut self.cost.per_pair, nanos / served as f64);
        }
    }

    /// Runs the active shards; `work` says what each, by its turn, is to do.
    fn phase<'w>(&mut self, inline: bool, work: impl Fn(usize) -> Work<'w> + Sync) {
        let stamp = self.stamp();
        let Self { view, shards, pools, crew, active, .. } = self;
        if inline {
            let pool = exclusive(&mut pools[0]);
            for (turn, &index) in active.iter().enumerate() {
                let round = Round { view, stamp, pool };
                exclusive(&mut shards[index]).run(round, work(turn));
            }
            return;
        }
        let (view, shards, pools, active) = (&*view, &*shards, &*pools, &*active);
        let run = |worker: usize, turn: usize| {
            let (mut shard, mut pool) = (hold(&shards[active[turn]]), hold(&pools[worker]));
            shard.run(Round { view, stamp, pool: &mut pool }, work(turn));
        };
        // Handlers are fenced one by one; what comes through is a fault of this library.
        if let Err(panic) = crew.run(active.len(), 1, &run) {
            panic.resume();
        }
    }

    /// Applies what the round's handlers commanded, lets the processors think, hands the mail over,
    /// begins the next round.
    fn end_round(&mut self, apply: &mut dyn FnMut(&mut Self, Command)) {
        // Whoever is spawned now is born into a later round than what the handlers sent.
        self.view.round += 1;
        for turn in 0..self.active.len() {
            let index = self.active[turn];
            let outbox = &mut self.shard(index).outbox;
            if outbox.commands.is_empty() {
                continue;
            }
            let mut commands = core::mem::take(&mut outbox.commands);
            for command in commands.drain(..) {
                apply(self, command);
            }
            self.shard(index).outbox.commands = commands;
        }
        self.view.settle_moves();
        self.change_memory();
        #[cfg(feature = "photonic")]
        self.infer();
        self.exchange();
    }

    /// Hands all mail over to the shards of its receivers: the host's first, then by shard.
    pub(crate) fn exchange(&mut self) {
        let Self { view, shards, host, .. } = self;
        let known_slots = view.roster.end();
        while let Some(to) = host.row.next() {
            exclusive(&mut shards[to]).receive(host.row.chain(to));
        }
        host.begin_round(known_slots);
        for from in 0..shards.len() {
            exclusive(&mut shards[from]).outbox.begin_round(known_slots);
            while let Some(to) = exclusive(&mut shards[from]).outbox.row.next() {
                if let Ok([sender, receiver]) = shards.get_disjoint_mut([from, to]) {
                    exclusive(receiver).receive(exclusive(sender).outbox.row.chain(to));
                } else {
                    exclusive(&mut shards[to]).receive_own(to);
                }
            }
        }
        self.view.round += 1;
    }

    /// The account of all shards and the host.
    pub(crate) fn counters(&self) -> Counters {
        let mut sum = self.host.counters.clone();
        let mut pending = self.host.row.pairs() + self.host.timer.delayed();
        for shard in &self.shards {
            let shard = hold(shard);
            sum.merge(&shard.outbox.counters);
            pending += shard.pending() + shard.outbox.row.pairs();
        }
        sum.set_pending(pending);
        sum
    }

    /// What waits, by level.
    pub(crate) fn waiting(&self) -> Pairs {
        let mut sum = Pairs::default();
        for shard in &self.shards {
            for (sum, level) in sum.iter_mut().zip(hold(shard).queue.pairs_by_level()) {
                *sum += level;
            }
        }
        sum
    }

    /// When the oldest message that is next in line was sent.
    pub(crate) fn oldest(&self) -> Option<Time> {
        self.shards.iter().filter_map(|shard| hold(shard).queue.oldest()).min()
    }

    /// An agent's health; `None` if it does not live.
    pub(crate) fn health(&self, id: AgentId) -> Option<Health> {
        let lives = self.view.roster.lives(id);
        let shard = self.view.layout.shard(id.slot());
        lives.then(|| self.read(shard).outbox.ward.health(id.slot()))
    }

    pub(crate) fn workers(&self) -> usize {
        self.crew.workers()
    }

    /// Heap bytes of agents and what the mesh keeps for each, without mail.
    pub(crate) fn agent_bytes(&self) -> usize {
        let shards: usize = self.shards.iter().map(|shard| hold(shard).agent_bytes()).sum();
        shards + self.view.heap_bytes()
    }

    /// Heap bytes of mail: queued and spare chunks.
    pub(crate) fn mail_bytes(&self) -> usize {
        let queued: usize = self.shards.iter().map(|shard| hold(shard).queue.heap_bytes()).sum();
        let here: usize = self.pools.iter().map(|pool| hold(pool).bytes()).sum();
        queued + here + self.depots.bytes()
    }
}

/// Messages below which a phase's time says little about one.
const FEWEST_MEASURED: u64 = 32;

/// Moves an estimate an eighth of the way to what was measured; a pause of the machine that makes one
/// measurement many times too large raises it by an eighth at most.
fn learn(estimate: &mut f64, measured: f64) {
    let measured = measured.min(*estimate * 2.0);
    *estimate = (*estimate + (measured - *estimate) / 8.0).max(1.0);
}

/// The value of a lock that nobody else can hold.
#[inline]
fn exclusive<T>(lock: &mut Mutex<T>) -> &mut T {
    lock.get_mut().unwrap_or_else(PoisonError::into_inner)
}

/// The value of a lock that nobody else holds.
#[inline]
fn hold<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}
