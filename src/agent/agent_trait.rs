//! The handlers of an agent.

use crate::agent::{Context, Fault, StateHasher};
use crate::message::Envelope;

/// Something that lives in a mesh: state and the handlers that change it.
///
/// Handlers of one agent never run at the same time. They must not block, read clocks or entropy, or
/// share mutable state with other agents: what happens must follow from messages alone, or replay
/// and the state hash lose their meaning. A handler that returns `Err` counts against the agent's
/// breaker and the agent lives on. A handler that panics ends the agent; see
/// [`Mesh::register`](crate::Mesh::register) for restarts.
///
/// ```
/// use xrmesh::{Agent, Context, Envelope, Fault};
///
/// #[derive(Default)]
/// struct Counter { heard: u64 }
///
/// impl Agent for Counter {
///     fn on_message(&mut self, _: &mut Context<'_>, _: &Envelope<'_>) -> Result<(), Fault> {
///         self.heard += 1;
///         Ok(())
///     }
/// }
/// ```
pub trait Agent: Send + 'static {
    /// Runs once, in the first round after the spawn, before any message.
    ///
    /// # Errors
    /// A [`Fault`], which counts against the agent's breaker.
    #[expect(unused_variables, reason = "names for the documentation")]
    fn on_start(&mut self, context: &mut Context<'_>) -> Result<(), Fault> {
        Ok(())
    }

    /// Runs for each message.
    ///
    /// # Errors
    /// A [`Fault`], which counts against the agent's breaker.
    fn on_message(
        &mut self,
        context: &mut Context<'_>,
        envelope: &Envelope<'_>,
    ) -> Result<(), Fault>;

    /// Runs once a tick, after the first round's messages, if [`ticks`](Self::ticks) says so; and
    /// when a [`wake_at`](Context::wake_at) is due.
    ///
    /// # Errors
    /// A [`Fault`], which counts against the agent's breaker.
    #[expect(unused_variables, reason = "names for the documentation")]
    fn on_tick(&mut self, context: &mut Context<'_>) -> Result<(), Fault> {
        Ok(())
    }

    /// Runs once when the agent is despawned or the mesh shuts down. It may send; commands are
    /// refused.
    #[expect(unused_variables, reason = "names for the documentation")]
    fn on_stop(&mut self, context: &mut Context<'_>) {}

    /// Feeds all state that decides what the agent does next, for the mesh's state hash.
    #[expect(unused_variables, reason = "names for the documentation")]
    fn hash_state(&self, hasher: &mut StateHasher) {}

    /// Whether agents of this type run [`on_tick`](Self::on_tick) in every tick. Constant for a type.
    fn ticks() -> bool
    where
        Self: Sized,
    {
        false
    }
}

/// Agents of many types under one: each call is virtual, and each tick runs `on_tick`.
impl Agent for Box<dyn Agent> {
    fn on_start(&mut self, context: &mut Context<'_>) -> Result<(), Fault> {
        (**self).on_start(context)
    }

    fn on_message(
        &mut self,
        context: &mut Context<'_>,
        envelope: &Envelope<'_>,
    ) -> Result<(), Fault> {
        (**self).on_message(context, envelope)
    }

    fn on_tick(&mut self, context: &mut Context<'_>) -> Result<(), Fault> {
        (**self).on_tick(context)
    }

    fn on_stop(&mut self, context: &mut Context<'_>) {
        (**self).on_stop(context);
    }

    fn hash_state(&self, hasher: &mut StateHasher) {
        (**self).hash_state(hasher);
    }

    fn ticks() -> bool {
        true
    }
}
