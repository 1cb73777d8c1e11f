//! Why the mesh refused.

use crate::agent::CommandError;
use crate::mesh::config::ConfigError;
use crate::time::Time;

/// Why a mesh could not be made.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum MeshError {
    /// A value of the configuration is out of its range.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The numbers of retries contradict each other.
    #[error("reliability: {0}")]
    Retry(Box<str>),
    /// The system gave no thread, or more were asked for than can be used.
    #[error("processing.max_workers: {0}")]
    Workers(Box<str>),
    /// There is no memory for the queues that other threads send to.
    #[error("limits: {0}")]
    Queues(Box<str>),
}

/// Why a tick was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TickError {
    /// The time given is before the last tick's.
    #[error("time went back: the last tick was at {last}, this one is at {given}")]
    TimeWentBack {
        /// The last tick's time.
        last: Time,
        /// The time given.
        given: Time,
    },
}

/// Why an agent could not be spawned.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SpawnError {
    /// What holds for any command.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// No type is registered under that name.
    #[error("no agent type is registered as {name:?}")]
    UnknownType {
        /// The name given.
        name: Box<str>,
    },
    /// The type's factory refused the bytes.
    #[error("the factory of {name:?} refused {given} bytes: {reason}")]
    Factory {
        /// The name given.
        name: Box<str>,
        /// How many bytes were given.
        given: usize,
        /// What the factory said.
        reason: Box<str>,
    },
    /// The session is recorded, and a recording can only spawn registered types.
    #[error(
        "the session is recorded: agents can only be spawned by a registered name, not as {given}"
    )]
    NotRegistered {
        /// The Rust type given.
        given: &'static str,
    },
}
