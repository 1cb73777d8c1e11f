//! An embeddable agent mesh for XR engines.

mod id;
#[cfg_attr(not(test), expect(dead_code, reason = "wired in by the mesh"))]
mod lane;
#[cfg_attr(not(test), expect(unused_imports, reason = "wired in by the mesh"))]
mod sync;
mod time;

pub use id::AgentId;
pub use time::{Clock, Time};
