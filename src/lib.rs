//! An embeddable agent mesh for XR engines.
//!
//! Thousands of agents (spatial anchors, trackers, characters) exchange prioritised messages inside a
//! frame's budget. The host owns the loop: it gives each tick the time and an allowance, and gets back
//! what was done. The library reads no clock, no entropy and no environment, so a session replays
//! bit for bit, on one thread or sixteen.
//!
//! In order of importance:
//! 1. Nothing is lost: every message sent is delivered, pending or dropped for a reason, and the sums
//!    match after every tick. A fault stays with the agent that failed.
//! 2. Same inputs, same result, on any number of workers.
//! 3. No hitch: a warmed-up tick allocates nothing, locks nothing and ends in its budget.
//! 4. Speed.
//!
//! ```
//! use xrmesh::{Agent, Budget, Config, Context, Envelope, Fault, Kind, Mesh, Message, Time, Topic};
//!
//! /// Counts what it hears on a topic, and says so to everyone.
//! #[derive(Default)]
//! struct Listener { heard: u32 }
//!
//! const WAVES: Topic = Topic::named("waves");
//!
//! impl Agent for Listener {
//!     fn on_start(&mut self, context: &mut Context<'_>) -> Result<(), Fault> {
//!         Ok(context.subscribe("waves", None)?)
//!     }
//!
//!     fn on_message(&mut self, _: &mut Context<'_>, _: &Envelope<'_>) -> Result<(), Fault> {
//!         self.heard += 1;
//!         Ok(())
//!     }
//! }
//!
//! let mut mesh = Mesh::new(Config::default())?;
//! let ears = mesh.spawn(Listener::default())?;
//! mesh.tick(Time::ZERO, Budget::unlimited())?; // it starts, and subscribes
//! mesh.send(WAVES, Message::new(Kind::GESTURE_RECOGNITION).bytes(b"hello"))?;
//! let report = mesh.tick(Time::from_nanos(11_111_111), Budget::messages(10_000))?;
//! assert_eq!((report.delivered, report.pending), (1, 0));
//! assert_eq!(mesh.with_agent(ears, |ears: &Listener| ears.heard), Some(1));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Where to go on: [`Mesh`] for the host's side, [`Context`] for what a handler may do, [`Target`] for
//! whom a message reaches, [`Budget`] for a tick's allowance, [`MeshHandle`] and [`Lane`] for other
//! threads, [`config`] for every number that can be set.

mod agent;
mod dispatch;
mod id;
mod lane;
mod mail;
pub mod memory;
mod mesh;
mod message;
#[cfg(feature = "photonic")]
pub mod photonic;
mod prefetch;
pub mod random;
pub mod space;
mod state_hasher;
pub mod storage;
mod sync;
mod time;

pub use agent::{
    Agent, CommandError, Context, FailureKind, Fault, HealingAction, Health, HealthCause,
    HealthChange, Mailbox, Overflow, RetryError, RetryPolicy, SendError, SpawnOptions, StateHasher,
    Typed, TypedAgent,
};
#[cfg(feature = "photonic")]
pub use agent::{InferError, ProcessorId};
#[cfg(feature = "photonic")]
pub use dispatch::infer::Inferences;
pub use dispatch::probe::{Counters, Histogram};
pub use id::AgentId;
pub use mesh::config::{self, Config, ConfigError};
pub use mesh::{
    Batch, Budget, Driver, DriverError, DriverOptions, DriverReport, Explanation, HandleError,
    HealthEvent, Lane, MemoryChangeError, Mesh, MeshError, MeshHandle, RecordError, RecordOptions,
    Recording, Refusal, RegisterError, Replay, ReplayError, ReplayTick, SpawnError, StartError,
    SystemClock, TickError, TickReport,
};
pub use message::{
    AskId, BESIDE_BYTES, Content, ContentError, Contents, DropReason, Envelope, EnvelopeId,
    INLINE_BYTES, InvalidPriority, Kind, Message, Payload, Plain, Priority, Refused,
    RefusedCommand, Target, Topic, TopicError, Undelivered, read_plain,
};
#[cfg(feature = "serde-content")]
pub use message::{decode_serde, encode_serde};
pub use space::{Pose, Quat, Region, Vec3};
pub use time::{Clock, Time};
