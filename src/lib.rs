//! An embeddable agent mesh for XR engines.

#[cfg_attr(any(not(test), loom), expect(dead_code, reason = "wired in by the mesh"))]
mod dispatch;
mod id;
#[cfg_attr(any(not(test), loom), expect(dead_code, reason = "wired in by the mesh"))]
mod lane;
mod sync;
mod time;

pub use id::AgentId;
pub use time::{Clock, Time};
