//! Agents: what they are, what they may do, where they live.
//!
//! 1. An [`Agent`] is a value with handlers. The mesh owns it, runs one handler of it at a time and
//!    hands each a [`Context`].
//! 2. A handler sees the round's frozen view (`view.rs`) and its own state. All else that it does is
//!    written to its shard's outbox (`outbox.rs`): messages into chains, changes as commands
//!    (`command.rs`) that are applied at the round's end.
//! 3. Agents of one type lie in the pages of one slab a shard (`slab.rs`): the loop over a chunk of
//!    mail is compiled for the type, one indirect call a run of messages, none a message.
//! 4. A slot is reserved from its shard's own list (`slots.rs`), so a handler learns the id of what
//!    it spawns at once, and ids do not depend on the number of workers.
//! 5. A panic ends the agent that panicked and nothing else. `ward.rs` keeps the failing ones:
//!    breaker, health, restart. A healthy agent costs nothing there.

mod agent_trait;
pub(crate) mod asks;
pub(crate) mod breaker;
pub(crate) mod command;
pub(crate) mod context;
pub(crate) mod failure;
mod fault;
mod groups;
pub(crate) mod health;
#[cfg(feature = "photonic")]
pub(crate) mod infer;
pub(crate) mod outbox;
pub(crate) mod remember;
mod retry;
pub(crate) mod round;
pub(crate) mod slab;
pub(crate) mod slabs;
pub(crate) mod slots;
pub(crate) mod trace;
mod typed;
pub(crate) mod view;
pub(crate) mod ward;

pub use crate::state_hasher::StateHasher;
pub use agent_trait::Agent;
pub use command::{CommandError, Mailbox, Overflow, SpawnOptions};
pub use context::Context;
pub use failure::{FailureKind, HealingAction};
pub use fault::Fault;
pub use health::{Health, HealthCause, HealthChange};
#[cfg(feature = "photonic")]
pub use infer::{InferError, ProcessorId};
pub use outbox::SendError;
pub use retry::{RetryError, RetryPolicy};
pub use typed::{Typed, TypedAgent};
