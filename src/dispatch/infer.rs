//! Processors that agents think with, and the batches that wait for them.
//!
//! 1. Handlers leave vectors in their shards' outboxes. Between rounds one thread gathers them, in
//!    the order of shards and then of submission, so batches do not depend on the number of workers.
//! 2. A batch runs when it is full, or when its first vector has waited long enough, which is seen at
//!    the end of a round and at the beginning of a tick. So never more than one batch of each
//!    processor waits.
//! 3. A vector's noise follows from the processor's seed and the vector's number there.
//! 4. submitted = answered + refused + pending, always; an answer is a message from when it is sent.

use core::time::Duration;

use crate::agent::StateHasher;
use crate::agent::infer::{ProcessorId, Submission};
use crate::agent::round::Round;
use crate::dispatch::engine::Engine;
use crate::id::AgentId;
use crate::message::AskId;
use crate::photonic::Device;
use crate::time::Time;

/// The account of all vectors that agents submitted. `submitted = answered + refused + pending`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Inferences {
    /// Vectors that were accepted.
    pub submitted: u64,
    /// Of them, those whose answers were sent.
    pub answered: u64,
    /// Those that their processor could not take, whose agents were told so.
    pub refused: u64,
    /// Those that wait for their batch.
    pub pending: u64,
    /// Batches that ran.
    pub batches: u64,
}

/// All processors of a mesh.
#[derive(Debug, Default)]
pub(crate) struct Processors {
    list: Vec<Processor>,
    batch_size: usize,
    timeout: Duration,
    account: Inferences,
    /// Answers on their way into bytes.
    values: Vec<f32>,
    bytes: Vec<u8>,
    /// Shards whose rows were sealed since the time last changed: bit n for shard n.
    sealed: u64,
}

#[derive(Debug)]
struct Processor {
    device: Device,
    /// Vectors that it took: the next one's number.
    shots: u64,
    waiting: Vec<Waiting>,
    /// Their values, one vector behind the other.
    values: Vec<f32>,
}

#[derive(Clone, Copy, Debug)]
struct Waiting {
    asker: AgentId,
    ask: AskId,
    since: Time,
}

impl Processors {
    pub(crate) fn new(batch_size: u32, timeout: Duration) -> Self {
        Self { batch_size: batch_size.max(1) as usize, timeout, ..Self::default() }
    }

    pub(crate) fn add(&mut self, device: Device) {
        self.list.push(Processor { device, shots: 0, waiting: Vec::new(), values: Vec::new() });
    }

    pub(crate) fn account(&self) -> Inferences {
        self.account
    }

    /// No batch is due before; `Time::MAX` if nothing waits.
    pub(crate) fn next(&self) -> Time {
        let oldest = self.list.iter().filter_map(|processor| processor.waiting.first());
        oldest.map(|first| first.since + self.timeout).min().unwrap_or(Time::MAX)
    }

    /// Feeds what decides the next answers; nothing for a processor that nobody used, so that an empty
    /// mesh is the same with any.
    pub(crate) fn hash(&self, hasher: &mut StateHasher) {
        let used = |processor: &Processor| processor.shots > 0 || !processor.waiting.is_empty();
        for (index, processor) in self.list.iter().enumerate().filter(|(_, p)| used(p)) {
            hasher.u32(index as u32);
            hasher.u64(processor.shots);
            hasher.u32(processor.waiting.len() as u32);
            for waiting in &processor.waiting {
                hasher.u64(waiting.asker.to_bits());
                hasher.u32(waiting.ask.to_bits());
                hasher.u64(waiting.since.as_nanos() as u64);
            }
            processor.values.iter().for_each(|&value| hasher.f32(value));
        }
    }

    /// Puts a vector into its batch, and runs that if it is full.
    fn take(&mut self, engine: &mut Engine, submission: Submission, values: &[f32]) {
        let Submission { asker, ask, processor, .. } = submission;
        let Some(at) = self.list.get_mut(processor.to_bits() as usize) else { return };
        at.waiting.push(Waiting { asker, ask, since: engine.view.now });
        at.values.extend_from_slice(values);
        self.account.submitted += 1;
        self.account.pending += 1;
        if at.waiting.len() >= self.batch_size {
            self.run(engine, processor);
        }
    }

    /// Runs the batch of one processor, and sends the answers.
    fn run(&mut self, engine: &mut Engine, id: ProcessorId) {
        let Self { list, account, values, bytes, sealed, .. } = self;
        let Some(processor) = list.get_mut(id.to_bits() as usize) else { return };
        let done = processor.device.run(&processor.values, processor.shots, values).is_ok();
        let count = processor.waiting.len() as u64;
        processor.shots += count;
        account.batches += 1;
        account.pending -= count;
        *(if done { &mut account.answered } else { &mut account.refused }) += count;
        let (outputs, stamp) = (processor.device.outputs(), engine.stamp());
        for (index, Waiting { asker, ask, .. }) in processor.waiting.drain(..).enumerate() {
            let shard = engine.view.layout.shard(asker.slot());
            let (view, place, pool) = engine.parts(shard);
            if *sealed & 1 << shard == 0 {
                *sealed |= 1 << shard;
                place.outbox.row.seal();
            }
            let mut round = Round { view, stamp, pool };
            if done {
                bytes.clear();
                let answer = values.iter().skip(index * outputs).take(outputs);
                answer.for_each(|value| bytes.extend_from_slice(&value.to_le_bytes()));
                place.outbox.answer(&mut round, asker, ask, bytes);
            } else {
                place.outbox.refuse_answer(&mut round, asker, ask, id);
            }
        }
        processor.values.clear();
    }
}

impl Engine {
    /// Gathers what the last round's handlers submitted, and runs the batches that are full or due.
    #[inline]
    pub(crate) fn infer(&mut self) {
        if !self.processors.list.is_empty() {
            self.run_processors();
        }
    }

    fn run_processors(&mut self) {
        let mut processors = core::mem::take(&mut self.processors);
        processors.sealed = 0;
        for shard in 0..self.shard_count() {
            if self.shard(shard).outbox.submissions.list.is_empty() {
                continue;
            }
            let mut held = core::mem::take(&mut self.shard(shard).outbox.submissions);
            let mut values = &held.values[..];
            for submission in held.list.drain(..) {
                let (vector, rest) = values.split_at(submission.length as usize);
                processors.take(self, submission, vector);
                values = rest;
            }
            held.values.clear();
            self.shard(shard).outbox.submissions = held;
        }
        for id in 0..processors.list.len() {
            let first = processors.list[id].waiting.first();
            if first.is_some_and(|first| first.since + processors.timeout <= self.view.now) {
                processors.run(self, ProcessorId::from_bits(id as u32));
            }
        }
        self.processors = processors;
    }
}
