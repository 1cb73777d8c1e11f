//! An embeddable agent mesh for XR engines.

mod agent;
mod dispatch;
mod id;
mod lane;
mod mail;
mod mesh;
mod message;
mod prefetch;
pub mod random;
pub mod space;
mod sync;
mod time;

pub use agent::{
    Agent, CommandError, Context, FailureKind, Fault, HealingAction, Health, HealthCause,
    HealthChange, Mailbox, Overflow, RetryError, RetryPolicy, SendError, SpawnOptions, StateHasher,
};
pub use dispatch::probe::{Counters, Histogram};
pub use id::AgentId;
pub use mesh::config::{self, Config, ConfigError};
pub use mesh::{
    Batch, Budget, Explanation, HandleError, HealthEvent, Lane, Mesh, MeshError, MeshHandle,
    Refusal, RegisterError, SpawnError, TickError, TickReport,
};
pub use message::{
    AskId, Content, ContentError, DropReason, Envelope, EnvelopeId, INLINE_BYTES, InvalidPriority,
    Kind, Message, Payload, Plain, Priority, Refused, RefusedCommand, Target, Topic, TopicError,
    Undelivered, read_plain,
};
pub use space::{Pose, Quat, Region, Vec3};
pub use time::{Clock, Time};
