//! Simulated photonic processors.

pub mod create;
pub mod energy;
pub mod forward;
