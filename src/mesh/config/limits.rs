//! The section `limits`: how much of everything a mesh holds at most.

use serde::{Deserialize, Serialize};

use super::error::ConfigError;
use super::range;

/// The section `limits`. What reaches a limit is refused with the number and the limit, or dropped
/// with a reason that is counted; nothing grows without bound and nothing is lost silently.
///
/// An envelope takes 64 bytes, which is what the memory figures are counted in.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LimitsConfig {
    /// Messages that wait for one agent. 1 to 16,777,216, default 16,384. Memory is taken as messages
    /// wait: 64 bytes each.
    pub mailbox_capacity: u32,
    /// Messages that the agents of one shard send in one round, and commands (moves, spawns…) that they
    /// give: one for each receiver, for everyone one a shard. 1 to 1,048,576 (an envelope's id has 20
    /// bits for its position), default 65,536. Memory is taken as used and kept: 64 bytes each.
    pub outbox_capacity: u32,
    /// The longest payload, in bytes. 1 to 16,777,216 and not above the payload pool, default 65,536.
    pub max_payload_bytes: u32,
    /// Envelopes that one lane holds between two ticks. 2 to 1,048,576, default 4,096. Memory is taken
    /// when the lane is made: 64 bytes each.
    pub lane_capacity: u32,
    /// Envelopes that the queue shared by all handles holds between two ticks. 2 to 4,194,304,
    /// default 16,384. Memory is taken when the mesh is made: 64 bytes each and a sequence number.
    pub shared_queue_capacity: u32,
    /// Lanes that exist at once. 1 to 1,024, default 16.
    pub max_lanes: u32,
    /// Envelopes that a tick takes from one lane, and from the shared queue, at most. 1 to 4,194,304,
    /// default 16,384.
    pub lane_quota: u32,
    /// Topics that have a name. 1 to 1,048,576, default 4,096. Memory is taken as topics are named.
    pub max_topics: u32,
    /// The longest name of a topic, in bytes of UTF-8. 1 to 1,024, default 128.
    pub max_topic_bytes: u32,
    /// Interests of one agent. 1 to 4,096, default 64. Memory is taken as agents subscribe.
    pub max_interests_per_agent: u32,
    /// Links between agents in the whole mesh. 1 to 67,108,864, default 262,144. Memory is taken as
    /// agents are linked.
    pub max_links: u32,
    /// The last sends that the mesh can explain. 0 to 16,777,216, default 0: off, at no cost. Memory is
    /// taken when the mesh is made, for each send that is remembered.
    pub explain_capacity: u32,
}

impl Default for LimitsConfig {
    fn default() -> Self {
        Self {
            mailbox_capacity: 16_384,
            outbox_capacity: 65_536,
            max_payload_bytes: 65_536,
            lane_capacity: 4_096,
            shared_queue_capacity: 16_384,
            max_lanes: 16,
            lane_quota: 16_384,
            max_topics: 4_096,
            max_topic_bytes: 128,
            max_interests_per_agent: 64,
            max_links: 262_144,
            explain_capacity: 0,
        }
    }
}

impl LimitsConfig {
    /// Checks the section; `payload_bytes` is the size of the payload pool.
    pub(super) fn validate(&self, payload_bytes: u64) -> Result<(), ConfigError> {
        let limits = [
            ("limits.mailbox_capacity", self.mailbox_capacity, 1..=1 << 24, "messages"),
            ("limits.outbox_capacity", self.outbox_capacity, 1..=1 << 20, "commands"),
            ("limits.max_payload_bytes", self.max_payload_bytes, 1..=1 << 24, "bytes"),
            ("limits.lane_capacity", self.lane_capacity, 2..=1 << 20, "envelopes"),
            ("limits.shared_queue_capacity", self.shared_queue_capacity, 2..=1 << 22, "envelopes"),
            ("limits.max_lanes", self.max_lanes, 1..=1_024, "lanes"),
            ("limits.lane_quota", self.lane_quota, 1..=1 << 22, "envelopes"),
            ("limits.max_topics", self.max_topics, 1..=1 << 20, "topics"),
            ("limits.max_topic_bytes", self.max_topic_bytes, 1..=1_024, "bytes"),
            (
                "limits.max_interests_per_agent",
                self.max_interests_per_agent,
                1..=4_096,
                "interests",
            ),
            ("limits.max_links", self.max_links, 1..=1 << 26, "links"),
            ("limits.explain_capacity", self.explain_capacity, 0..=1 << 24, "sends"),
        ];
        for (path, given, range, unit) in limits {
            range::whole(path, given, range, unit)?;
        }
        range::not_above(
            "limits.max_payload_bytes",
            self.max_payload_bytes.into(),
            "performance.memory_pool_size",
            payload_bytes as f64,
            "bytes",
        )
    }
}
