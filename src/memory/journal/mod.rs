//! The journal: every change of a memory in a log, and whole images that let the log's past go.
//!
//! 1. A store is a folder of logs (`log-…`) and one image (`image-…`), of the format that
//!    `docs/format.md` gives byte by byte. The image holds every change through its sequence, the logs
//!    all that follow. The journal knows changes, and nothing of how a memory keeps them.
//! 2. Changes gather into blocks. A block is checked as a whole, so it is there or it is not. Its
//!    checksum is XXH64 and covers its place: 64 bits leave a torn block no chance to pass, it needs no
//!    instructions that some machine lacks, and the library has it already for its state hash.
//! 3. A change is acknowledged when [`Journal::durable_through`] has reached its sequence: its block was
//!    written and a sync has returned after that. No other thread than the caller's does it; a
//!    [`Flusher`] lets the host give one.
//! 4. After a write or a sync that failed nothing is acknowledged and nothing more is taken: what stands
//!    in the file is not known. Opening the store again finds it out ([`recover()`]).
//! 5. Everything that waits is bounded: blocks by bytes, held-back moves by the objects.
//!
//! 6. What follows from the memory and takes time to find out, the order of its index, is kept beside it
//!    where that costs nothing, and never relied on ([`order`]).
//!
//! Layers: `wire` and `codec` (records), `block` and `header` (what is around them), `log` (writing and
//! syncing), `coalesce` (moves held back), `writer`, `image`, `order`; `scan`, `pipeline`, `recover` and `verify` read.

mod block;
mod coalesce;
mod codec;
mod config;
mod error;
mod header;
mod image;
mod log;
mod order;
mod pipeline;
mod recover;
mod scan;
#[cfg(test)]
mod tests;
mod verify;
mod wire;
mod writer;

pub use config::{Durability, JournalConfig, JournalConfigError};
pub use error::{Damage, JournalError, RecoverError};
pub use image::ImageProgress;
pub(crate) use image::ImageWriter;
pub(crate) use order::{read_order, write_order};
pub(crate) use recover::recover;
pub use recover::{RecoveryReport, Torn};
pub use verify::{FileFound, FileRole, VerifyReport, verify};
pub use wire::DecodeError;
pub use writer::Flusher;
pub(crate) use writer::Journal;
