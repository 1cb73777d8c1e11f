//! What handlers see: the mesh as it was when the round began.
//!
//! The view changes only between rounds. Handlers on any number of threads read it without
//! synchronisation, and what they see does not depend on which of them ran first.

mod interests;
mod links;
mod nearby;
mod roster;

pub(crate) use interests::{Interests, Match};
pub(crate) use links::{Links, Search};
pub(crate) use nearby::{Nearby, Workspace};
pub(crate) use roster::Roster;

use crate::agent::slots::Layout;
use crate::time::Time;

/// The frozen view.
#[derive(Debug)]
pub(crate) struct View {
    pub(crate) tick: u64,
    pub(crate) round: u64,
    pub(crate) now: Time,
    pub(crate) layout: Layout,
    pub(crate) seed: u64,
    pub(crate) limits: Limits,
    pub(crate) care: crate::agent::ward::Care,
    pub(crate) roster: Roster,
    pub(crate) interests: Interests,
    pub(crate) links: Links,
    pub(crate) nearby: Nearby,
}

/// The numbers that sends and commands are held against.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) max_agents: u32,
    /// Messages that one shard's outbox holds in a round.
    pub(crate) outbox: u32,
    /// Bytes of one payload.
    pub(crate) payload: usize,
    /// Bytes of all payloads that wait outside their envelopes.
    pub(crate) arena: u64,
    pub(crate) topics: usize,
    pub(crate) topic_bytes: usize,
    pub(crate) interests: usize,
    pub(crate) links: usize,
    /// Free annexes and blocks that a shard keeps.
    pub(crate) pool: usize,
    pub(crate) retry: crate::agent::RetryPolicy,
}
