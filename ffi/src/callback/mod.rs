//! Agents whose handlers are the host's functions.
//!
//! 1. Their functions run inside a tick, on the thread that ticks; with a flag of the mesh also on
//!    workers' and drivers' threads. No lock of this crate but the mesh's own is held meanwhile.
//! 2. Meanwhile the thread is in a callback (`fence.rs`): it may only call `xrmesh_context_*` and
//!    what is marked so.
//! 3. A context is lent for one call and expires with it (`current.rs`).
//! 4. Whoever hands `user_data` over has it dropped exactly once (`user_data.rs`): with the agent or
//!    the type, or at once where the call fails.

pub mod agent;
pub mod change;
pub(crate) mod current;
pub mod remember;
pub mod say;
pub mod see;
pub mod types;
pub(crate) mod user_data;
