//! An embeddable agent mesh for XR engines.

mod id;
#[cfg(feature = "photonic")]
pub mod photonic;
pub mod random;
mod time;

pub use id::AgentId;
pub use time::{Clock, Time};
