//! An embeddable agent mesh for XR engines.

mod id;
pub mod random;
pub mod space;
mod time;

pub use id::AgentId;
pub use time::{Clock, Time};
