//! A classifier: reads handwritten digits with the session's photonic processor, one every few frames.

use core::time::Duration;
use std::sync::Arc;

use bytemuck::{Pod, Zeroable};
use xrmesh::{Agent, Context, Envelope, FailureKind, Fault, Kind, ProcessorId, StateHasher};

use crate::processor::{CLASSES, Digits, PROCESSOR};

/// Frames from one digit to the next.
const FRAMES_A_DIGIT: u64 = 3;
/// What an answer may take.
const TIMEOUT: Duration = Duration::from_millis(100);

/// Which of the classifiers it is, as it is spawned.
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct ClassifierSetup {
    pub(crate) number: u32,
    /// How many there are: each reads every so manieth digit.
    pub(crate) count: u32,
}

/// See the [module](self) docs.
#[derive(Debug)]
pub(crate) struct DigitReader {
    setup: ClassifierSetup,
    digits: Arc<Digits>,
    processor: Option<ProcessorId>,
    /// The next digit to read.
    next: usize,
    /// The label of the digit whose answer is awaited.
    awaited: Option<usize>,
    right: u64,
    wrong: u64,
    unanswered: u64,
}

impl DigitReader {
    pub(crate) fn new(setup: ClassifierSetup, digits: Arc<Digits>) -> Self {
        let next = setup.number as usize;
        let (processor, awaited) = (None, None);
        Self { setup, digits, processor, next, awaited, right: 0, wrong: 0, unanswered: 0 }
    }

    /// Digits read right, read wrong, and never answered.
    pub(crate) fn tally(&self) -> [u64; 3] {
        [self.right, self.wrong, self.unanswered]
    }
}

impl Agent for DigitReader {
    fn on_start(&mut self, context: &mut Context<'_>) -> Result<(), Fault> {
        self.processor = context.processor(PROCESSOR);
        Ok(())
    }

    fn on_tick(&mut self, context: &mut Context<'_>) -> Result<(), Fault> {
        if self.awaited.is_some() || !context.tick().is_multiple_of(FRAMES_A_DIGIT) {
            return Ok(());
        }
        let missing = || Fault::new(FailureKind::ProcessingError, "there is no such processor");
        let processor = self.processor.ok_or_else(missing)?;
        let (pixels, label) = self.digits.test(self.next);
        self.next += self.setup.count as usize;
        context.infer(processor, pixels, TIMEOUT)?;
        self.awaited = Some(label);
        Ok(())
    }

    fn on_message(&mut self, _: &mut Context<'_>, envelope: &Envelope<'_>) -> Result<(), Fault> {
        if envelope.answer_to().is_none() {
            return Ok(());
        }
        let Some(label) = self.awaited.take() else { return Ok(()) };
        if envelope.kind() != Kind::INFERENCE {
            self.unanswered += 1;
            return Ok(());
        }
        // Output m belongs to class m mod 10; what is left over belongs to none.
        let powers = envelope.values()?;
        let used = powers.len() / CLASSES * CLASSES;
        let mut scores = [0.0; CLASSES];
        for (m, power) in powers.take(used).enumerate() {
            scores[m % CLASSES] += power;
        }
        let best = (0..CLASSES).max_by(|&a, &b| scores[a].total_cmp(&scores[b]));
        *(if best == Some(label) { &mut self.right } else { &mut self.wrong }) += 1;
        Ok(())
    }

    fn ticks() -> bool {
        true
    }

    fn hash_state(&self, hasher: &mut StateHasher) {
        hasher.u32(self.setup.number);
        hasher.u64(self.next as u64);
        hasher.u32(self.awaited.map_or(u32::MAX, |label| label as u32));
        self.tally().into_iter().for_each(|count| hasher.u64(count));
    }
}
