//! Agents that the host polls.
//!
//! 1. A host's agent keeps nothing: what it gets goes straight into the mesh's frame, elements in one
//!    array and payloads in one block (`frame.rs`), so polling copies two blocks and leasing none.
//! 2. Where a mesh has more than one worker there is a frame for each shard (`frames.rs`), because
//!    shards run at the same time; they are merged by round and shard, so that the host sees the same
//!    order with any number of workers.
//! 3. What the host sends in an agent's name reaches the agent as a message, and the agent sends it
//!    (`agent.rs`). So the mesh itself knows nothing of hosts, and a recording holds it all.

pub(crate) mod agent;
pub(crate) mod frame;
pub(crate) mod frames;
