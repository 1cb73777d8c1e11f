//! Meshes, by groups of functions; `object.rs` is what their handles stand for.

pub mod agents;
pub mod create;
pub mod driver;
pub mod explain;
pub mod health;
pub mod lease;
pub mod links;
pub(crate) mod object;
pub mod poll;
pub mod record;
pub mod sender;
pub mod state;
pub mod submit;
pub mod tick;
pub mod topics;
