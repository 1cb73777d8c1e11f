//! Measurements: what became of the messages, and how long things took.
//!
//! 1. Recording never allocates, locks or reads a clock: a count is one addition, a time is handed in.
//! 2. One thread owns what it records into; totals come from merging, which is commutative and
//!    associative, so they do not depend on the number of workers.
//! 3. Every message is accounted for: see [`Counters::balanced`].

mod counters;
mod histogram;

pub use counters::Counters;
pub use histogram::Histogram;
