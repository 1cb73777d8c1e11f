//! Handles: what the host holds instead of pointers.
//!
//! 1. A handle is 8 bits of kind, 24 bits of generation and 32 bits of index + 1. Null is zero. In C
//!    each kind is a type of its own (`kinds.rs`).
//! 2. All of them come from one table of the process (`table.rs`, its slots `slot.rs`). A look-up takes no lock: it reads
//!    one word of the slot, compares kind and generation, and counts a pin in the same word.
//! 3. What is pinned stays: closing a handle refuses new pins at once and then waits until those that
//!    are there are gone, so destroying races with no call on another thread.
//! 4. A closed handle's generation is never given out again: a slot retires when its generations
//!    are used up.

mod kinds;
mod slot;
mod table;

pub(crate) use kinds::Kind;
pub use kinds::*;
pub(crate) use table::{Object, Pinned, close, insert, live, pin};
