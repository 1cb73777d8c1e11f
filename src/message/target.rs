//! To whom a message goes.

use crate::id::AgentId;
use crate::message::Topic;
use crate::space::Vec3;

/// The receivers of a message.
///
/// All but [`Agent`](Self::Agent) are resolved when the message is sent, on the view that the round
/// froze at its start: an agent that is spawned or subscribes in the same round gets nothing, one that
/// is despawned meanwhile counts as dropped. A group never contains the sender itself. A group
/// without a receiver counts as one drop for `no_receiver`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Target {
    /// One agent.
    Agent(AgentId),
    /// All agents.
    Everyone,
    /// All that subscribed to a topic and whose region, if they gave one, contains the message's pose
    /// (the sender's pose, if the message has none).
    Topic(Topic),
    /// All that have a pose within `radius` metres of `point`, both ends included.
    Near {
        /// The centre, in metres.
        point: Vec3,
        /// Metres.
        radius: f32,
    },
    /// The `count` agents nearest to `point`; among equally near ones, lower ids first.
    Nearest {
        /// Where to look from, in metres.
        point: Vec3,
        /// How many.
        count: u32,
    },
    /// All that are reached over at most `hops` links from the sender.
    Linked {
        /// How many links far: 1 is the direct neighbours.
        hops: u8,
    },
}

impl From<AgentId> for Target {
    #[inline]
    fn from(id: AgentId) -> Self {
        Self::Agent(id)
    }
}

impl From<Topic> for Target {
    #[inline]
    fn from(topic: Topic) -> Self {
        Self::Topic(topic)
    }
}
