//! Questions that are answered later than in the handler that got them, and what a host's agents gather.
#![expect(clippy::unwrap_used, reason = "a test's helpers may fail it")]

mod support;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use support::{config, tick};
use xrmesh::{
    Agent, AgentId, AskId, Budget, Context, Envelope, Fault, Kind, Mesh, Message, StateHasher,
};

const WHAT: Kind = Kind::user(1);

/// Asks at its start, and keeps what it hears.
struct Asker {
    of: AgentId,
    asked: Option<AskId>,
    heard: Arc<Mutex<Vec<(Kind, bool)>>>,
}

impl Agent for Asker {
    fn on_start(&mut self, context: &mut Context<'_>) -> Result<(), Fault> {
        self.asked = Some(context.ask(self.of, Message::new(WHAT), Duration::from_secs(1))?);
        Ok(())
    }

    fn on_message(&mut self, _: &mut Context<'_>, envelope: &Envelope<'_>) -> Result<(), Fault> {
        let answers = envelope.answer_to() == self.asked;
        if let Ok(mut heard) = self.heard.lock() {
            heard.push((envelope.kind(), answers));
        }
        Ok(())
    }

    fn hash_state(&self, _: &mut StateHasher) {}
}

/// Answers in a later tick, twice, from what it kept of the question.
#[derive(Default)]
struct Slow(Option<(AgentId, AskId)>);

impl Agent for Slow {
    fn on_message(
        &mut self,
        context: &mut Context<'_>,
        envelope: &Envelope<'_>,
    ) -> Result<(), Fault> {
        assert!(context.shard() < Context::MOST_SHARDS && context.round() > 0);
        self.0 = envelope.from().zip(envelope.asks());
        // As a host would keep it.
        self.0 = self.0.map(|(asker, ask)| (asker, AskId::from_bits(ask.to_bits())));
        context.wake_at(context.now() + Duration::from_millis(20))?;
        Ok(())
    }

    fn on_tick(&mut self, context: &mut Context<'_>) -> Result<(), Fault> {
        if let Some((asker, ask)) = self.0.take() {
            context.answer(asker, ask, Message::new(WHAT))?;
            context.answer(asker, ask, Message::new(WHAT))?;
        }
        Ok(())
    }
}

#[test]
fn a_question_can_be_answered_after_its_envelope_is_gone() {
    let mut mesh = Mesh::new(config(64, 0)).unwrap();
    let heard = Arc::new(Mutex::new(Vec::new()));
    let of = mesh.spawn(Slow::default()).unwrap();
    mesh.spawn(Asker { of, asked: None, heard: Arc::clone(&heard) }).unwrap();
    for milliseconds in [0, 10, 20, 30] {
        tick(&mut mesh, milliseconds, Budget::unlimited());
    }
    assert_eq!(*heard.lock().unwrap(), [(WHAT, true)]);
    let late = mesh.counters().dropped(xrmesh::DropReason::LateAnswer);
    assert_eq!(late, 1, "the second answer closes nothing");
}
