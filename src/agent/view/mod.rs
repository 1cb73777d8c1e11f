//! What handlers see: the mesh as it was when the round began.
//!
//! The view changes only between rounds. Handlers on any number of threads read it without
//! synchronisation, and what they see does not depend on which of them ran first.

mod interests;
mod links;
mod memory;
mod nearby;
mod roster;

pub(crate) use interests::{Interests, Match};
pub(crate) use links::{Links, Search};
pub(crate) use memory::Attached;
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
    /// What agents can think with, in the order in which it was added.
    pub(crate) processors: Vec<ProcessorShape>,
    /// What agents remember, if the host attached a memory.
    pub(crate) memory: Option<Box<Attached>>,
    /// How links follow poses, if they do.
    pub(crate) reach: Option<Reach>,
}

/// A processor as its users see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ProcessorShape {
    pub(crate) name: Box<str>,
    /// Values in, and out.
    pub(crate) inputs: u32,
    pub(crate) outputs: u32,
}

#[cfg(feature = "photonic")]
impl ProcessorShape {
    /// Bytes that a vector and its answer take.
    pub(crate) fn bytes(&self) -> u64 {
        (u64::from(self.inputs) + u64::from(self.outputs)) * size_of::<f32>() as u64
    }
}

/// Agents within `radius` of each other are linked; those farther apart than `radius + hysteresis`
/// are not, unless a command linked them. Metres.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Reach {
    pub(crate) radius: f32,
    pub(crate) hysteresis: f32,
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
    pub(crate) retry: crate::agent::RetryPolicy,
}

impl View {
    /// Makes the round's moves visible, and lets links follow them.
    pub(crate) fn settle_moves(&mut self) {
        self.nearby.settle();
        if let Some(reach) = self.reach {
            let (links, nearby, roster) = (&mut self.links, &mut self.nearby, &self.roster);
            nearby.follow(links, roster, reach, self.limits.links);
        } else {
            self.nearby.forget_moved();
        }
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.roster.heap_bytes() + self.links.heap_bytes() + self.nearby.heap_bytes()
    }
}
