//! An embeddable agent mesh for XR engines.

mod agent;
mod dispatch;
mod id;
mod mesh;
mod message;
pub mod random;
mod time;

pub use agent::failure::{FailureKind, HealingAction};
pub use agent::health::{Health, HealthCause, HealthChange};
pub use agent::retry::{RetryError, RetryPolicy};
pub use dispatch::probe::{Counters, Histogram};
pub use id::AgentId;
pub use mesh::config::{self, Config, ConfigError};
pub use message::reason::DropReason;
pub use time::{Clock, Time};
