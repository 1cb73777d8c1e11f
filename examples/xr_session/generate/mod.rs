//! A room and a walk for a session without files, of the same types that the loaders give.
//!
//! 1. Both follow from a seed alone, bit for bit: no clock, no entropy, sines from `libm`.
//! 2. A walk fits any room, scanned ones too: it keeps to floor that a person can stand on.

mod room;
mod walk;

pub(crate) use room::room;
pub(crate) use walk::walk;
