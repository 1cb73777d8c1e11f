//! The sections that say how a mesh runs: `mesh`, `processing` and `performance`.

use core::time::Duration;

use serde::{Deserialize, Serialize};

use super::error::ConfigError;
use super::level::OptimizationLevel;
use super::{range, seconds};

/// The section `mesh`: which mesh this is, and how large it may grow.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MeshConfig {
    /// The mesh's name. 1 to 64 bytes, default `xrmesh`. With [`seed`](Self::seed) it makes the salt
    /// of agent ids, so that meshes of different names refuse each other's ids: see
    /// [`Config::generation_salt`](super::Config::generation_salt).
    pub id: String,
    /// Processor time against tick length. Default `enhanced`. Never changes a result.
    pub optimization_level: OptimizationLevel,
    /// The most agents that live at once. 1 to 4,194,304, default 16,384. Fixes the shards for the
    /// life of the mesh; memory for agents is committed in pages as they are spawned.
    pub max_agents: u32,
    /// Mesh time between two checks of each agent's health, in seconds. 0.001 to 86,400, default 1.
    #[serde(with = "seconds")]
    pub health_check_interval: Duration,
    /// Whether the node reports more about itself. Default `false`. No effect in the library; kept
    /// for the node.
    pub debug_mode: bool,
    /// The key of all chance in the mesh, such as the jitter of retries. Any number, default 0.
    pub seed: u64,
}

impl Default for MeshConfig {
    fn default() -> Self {
        Self {
            id: "xrmesh".to_owned(),
            optimization_level: OptimizationLevel::default(),
            max_agents: 16_384,
            health_check_interval: Duration::from_secs(1),
            debug_mode: false,
            seed: 0,
        }
    }
}

impl MeshConfig {
    pub(super) fn validate(&self) -> Result<(), ConfigError> {
        range::size("mesh.id", self.id.len(), 1..=64, "bytes")?;
        range::whole("mesh.max_agents", self.max_agents, 1..=1 << 22, "agents")?;
        let path = "mesh.health_check_interval";
        range::seconds(path, self.health_check_interval, 0.001..=86_400.0)
    }
}

/// The section `processing`: how a tick works.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ProcessingConfig {
    /// The most vectors that one batch of photonic inference takes. 1 to 65,536, default 32: vectors
    /// of all agents share batches. No effect without the feature `photonic`.
    pub batch_size: u32,
    /// The longest that a vector waits for its batch to fill, in seconds of mesh time. 0 to 60,
    /// default 0.005. No effect without the feature `photonic`.
    #[serde(with = "seconds")]
    pub timeout: Duration,
    /// Threads that work on a tick, the calling one included: n starts n − 1 threads, 0 and 1 start
    /// none. 0 to 64, default 1. Never changes a result. Each costs its stack and a pool of chunks.
    pub max_workers: u32,
    /// The most delivery waves in a tick. 1 to 64, default 4: a question and its answer meet in one
    /// frame.
    pub rounds_per_tick: u32,
    /// Ticks after which a waiting message counts as one priority more urgent. 1 to 65,536, default
    /// 8: the least urgent counts as the most urgent after 72 ticks, less than a second at 90 Hz.
    pub ageing_ticks: u32,
}

impl Default for ProcessingConfig {
    fn default() -> Self {
        Self {
            batch_size: 32,
            timeout: Duration::from_millis(5),
            max_workers: 1,
            rounds_per_tick: 4,
            ageing_ticks: 8,
        }
    }
}

impl ProcessingConfig {
    pub(super) fn validate(&self) -> Result<(), ConfigError> {
        range::whole("processing.batch_size", self.batch_size, 1..=65_536, "vectors")?;
        range::seconds("processing.timeout", self.timeout, 0.0..=60.0)?;
        range::whole("processing.max_workers", self.max_workers, 0..=64, "workers")?;
        range::whole("processing.rounds_per_tick", self.rounds_per_tick, 1..=64, "rounds")?;
        range::whole("processing.ageing_ticks", self.ageing_ticks, 1..=65_536, "ticks")
    }
}

/// The section `performance`: memory, and what is measured.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PerformanceConfig {
    /// The most memory for payloads that do not fit into their envelope, in MiB. 1 to 65,536,
    /// default 200. Committed as used. A send that finds it full is refused.
    pub memory_pool_size: u32,
    /// Entries of the node's caches. 0 to 16,777,216, default 1,000. No effect in the library; kept
    /// for the node.
    pub cache_size: u32,
    /// Whether the node profiles. Default `false`. No effect in the library; kept for the node.
    pub enable_profiling: bool,
    /// The time between two exports of the node's metrics, in seconds. 0.001 to 86,400, default 1. No
    /// effect in the library, which is asked for its counters; kept for the node.
    #[serde(with = "seconds")]
    pub metrics_interval: Duration,
}

impl Default for PerformanceConfig {
    fn default() -> Self {
        Self {
            memory_pool_size: 200,
            cache_size: 1_000,
            enable_profiling: false,
            metrics_interval: Duration::from_secs(1),
        }
    }
}

impl PerformanceConfig {
    /// The most bytes of payloads outside their envelopes:
    /// [`memory_pool_size`](Self::memory_pool_size) in bytes.
    #[must_use]
    pub const fn payload_bytes(&self) -> u64 {
        (self.memory_pool_size as u64) << 20
    }

    pub(super) fn validate(&self) -> Result<(), ConfigError> {
        range::whole("performance.memory_pool_size", self.memory_pool_size, 1..=65_536, "MiB")?;
        range::whole("performance.cache_size", self.cache_size, 0..=1 << 24, "entries")?;
        let path = "performance.metrics_interval";
        range::seconds(path, self.metrics_interval, 0.001..=86_400.0)
    }
}
