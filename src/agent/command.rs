//! What changes the mesh: noted in a round, applied at its end.

use crate::agent::slabs::Newborn;
use crate::id::AgentId;
use crate::message::Topic;
use crate::space::{Pose, Region};

/// How much mail may wait for an agent, and what gives way when it is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mailbox {
    /// Messages that may wait, at least 1.
    pub capacity: u32,
    /// What is dropped when one more comes.
    pub overflow: Overflow,
}

/// What is dropped when a mailbox is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Overflow {
    /// The new message, as `mailbox_full`.
    #[default]
    RejectNew,
    /// The message that was sent first, as `displaced`.
    DropOldest,
    /// The least urgent, as `displaced`: among equals the one sent last, which may be the new one.
    DropLeastUrgent,
}

/// What a spawn may say beside the agent itself.
///
/// ```
/// use xrmesh::{Mailbox, Overflow, SpawnOptions};
/// // Keeps only the newest message.
/// let options = SpawnOptions::new()
///     .mailbox(Mailbox { capacity: 1, overflow: Overflow::DropOldest });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub struct SpawnOptions {
    pub(crate) pose: Option<Pose>,
    pub(crate) mailbox: Option<Mailbox>,
}

impl SpawnOptions {
    /// No pose, the configured mailbox.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Where the agent is: it can be found by proximity, and its interests' regions apply.
    #[must_use]
    pub fn pose(mut self, pose: Pose) -> Self {
        self.pose = Some(pose);
        self
    }

    /// A mailbox other than the configured one.
    #[must_use]
    pub fn mailbox(mut self, mailbox: Mailbox) -> Self {
        self.mailbox = Some(mailbox);
        self
    }
}

impl SpawnOptions {
    /// Holds the options against what they mean; the pose may have come from bytes.
    pub(crate) fn check(&mut self) -> Result<(), CommandError> {
        if let Some(pose) = &mut self.pose {
            *pose = pose.parsed()?;
        }
        match self.mailbox {
            Some(Mailbox { capacity: 0, .. }) => Err(CommandError::MailboxCapacity { given: 0 }),
            _ => Ok(()),
        }
    }
}

/// Why a handler's or a host's command was refused.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CommandError {
    /// No such agent lives: the id is stale, or of another mesh.
    #[error("agent {id} does not live in this mesh")]
    UnknownAgent {
        /// The id given.
        id: AgentId,
    },
    /// No place for another agent.
    #[error("no place for another agent: {live} live, {limit} allowed by mesh.max_agents")]
    TooManyAgents {
        /// Agents alive, and reserved by this shard in this round.
        live: u32,
        /// The most that `mesh.max_agents` allows.
        limit: u32,
    },
    /// A pose with a component that is not finite, or whose orientation has no length.
    #[error(transparent)]
    Pose(#[from] crate::space::PoseError),
    /// A mailbox without room.
    #[error("a mailbox needs a capacity of at least 1, given {given}")]
    MailboxCapacity {
        /// The capacity given.
        given: u32,
    },
    /// A topic that cannot be had.
    #[error(transparent)]
    Topic(#[from] crate::message::TopicError),
    /// The agent has as many interests as are allowed.
    #[error("agent {id} has {limit} interests, as many as limits.max_interests_per_agent allows")]
    TooManyInterests {
        /// The agent.
        id: AgentId,
        /// The most allowed.
        limit: usize,
    },
    /// A link from an agent to itself.
    #[error("agent {id} cannot be linked to itself")]
    SelfLink {
        /// The agent.
        id: AgentId,
    },
    /// The mesh has as many links as are allowed.
    #[error("the mesh has {limit} links, as many as limits.max_links allows")]
    TooManyLinks {
        /// The most allowed.
        limit: usize,
    },
    /// A distance that is not finite, or negative.
    #[error(
        "links within {radius} m and {hysteresis} m more: both must be finite and not negative"
    )]
    Reach {
        /// The radius given, in metres.
        radius: f32,
        /// The hysteresis given, in metres.
        hysteresis: f32,
    },
    /// Commands are not taken in `on_stop`.
    #[error("an agent that stops may send, but not command")]
    Stopping,
    /// The host attached no memory.
    #[error("the mesh has no memory")]
    NoMemory,
    /// The shard gave as many commands in this round as an outbox may hold messages.
    #[error("the outbox holds {limit} commands, as many as limits.outbox_capacity allows")]
    OutboxFull {
        /// The most allowed.
        limit: u32,
    },
}

/// A change, applied at the round's end in the order of shards and positions.
#[derive(Debug)]
pub(crate) enum Command {
    Spawn {
        id: AgentId,
        agent: Box<dyn Newborn>,
        options: SpawnOptions,
    },
    Despawn(AgentId),
    Move(AgentId, Pose),
    Subscribe {
        id: AgentId,
        topic: Topic,
        name: Option<Box<str>>,
        region: Option<Box<Region>>,
    },
    Unsubscribe {
        id: AgentId,
        topic: Topic,
    },
    Connect(AgentId, AgentId),
    Disconnect(AgentId, AgentId),
    /// An agent panicked: put a new one in its place, if there is a factory.
    Restart(AgentId),
}
