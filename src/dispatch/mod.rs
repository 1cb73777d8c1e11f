//! One tick: gather, share out, run, apply, measure.
//!
//! 1. A tick is a few rounds; a round runs each shard that has something to do once, on a crew of
//!    fixed threads (`crew.rs`) or, where little is to be done, on the caller.
//! 2. A shard (`shard.rs`) is run by one worker at a time. It gathers what was sent to it, delivers
//!    it by priority, and writes what its agents do to its outbox.
//! 3. Where the budget does not cover all mail, quotas (`quota.rs`) are set from counts between
//!    gathering and delivering, most urgent first over all shards.
//! 4. Between rounds one thread alone applies commands and hands chains over (`engine.rs`), in the
//!    order of shards and positions. So nothing depends on which worker ran what.
//! 5. Nothing here allocates once it is warm.

pub(crate) mod crew;
pub(crate) mod engine;
#[cfg(feature = "photonic")]
pub(crate) mod infer;
pub(crate) mod pacer;
pub(crate) mod probe;
pub(crate) mod quota;
mod remember;
pub(crate) mod shard;
