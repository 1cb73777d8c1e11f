//! Mail that waits: between the shard that sent it and the one that delivers it, and, when a budget
//! cuts a round short, until a later round.
//!
//! 1. Envelopes lie in chunks of 32 (`chunk.rs`), 33 cache lines each with their header. Payloads too
//!    long for an envelope, up to 256 bytes, lie in a block that their chunk holds and that moves with
//!    it: no count, no atomic. Drained chunks and blocks go back to the pool (`pool.rs`) of the worker that
//!    drained them, last in first out, so the next sends write lines that are still cached; what that
//!    worker has no use for goes to a depot for all (`spares.rs`).
//! 2. What one shard sends to another in one round is a chain (`chain.rs`): chunks in order, and
//!    which priorities they hold. A shard's chains, one for each receiving shard, are its row
//!    (`row.rs`).
//! 3. A receiving shard gathers chains in the order of their sources into its queue (`queue.rs`): ten
//!    levels of chunks, first in first out. A chain of one priority moves whole, without a look at
//!    its envelopes; a mixed one is partitioned, stably.
//! 4. What has waited at a level for `ageing_ticks` climbs to the next more urgent one, whole chunks
//!    at a time, oldest first: order within a sender's priority holds and nothing starves.
//! 5. Mailboxes are bounded at gathering (`overflow.rs`). Nothing is counted while a shard's whole
//!    mail is less than its smallest mailbox.
//! 6. What waits for a time rather than for budget lies in a heap (`timer.rs`).

pub(crate) mod chain;
pub(crate) mod chunk;
pub(crate) mod overflow;
pub(crate) mod pool;
pub(crate) mod queue;
pub(crate) mod row;
pub(crate) mod spares;
pub(crate) mod timer;
