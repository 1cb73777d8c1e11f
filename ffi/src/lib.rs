//! The C interface of [`xrmesh`]: what `xrmesh.h` declares.
//!
//! 1. **Handles, not pointers.** Whatever the host holds is a number of 64 bits from one table of the
//!    process (`handle/`). Stale, foreign and garbage ones are errors.
//! 2. **A fence around each body** (`fence.rs`): no panic and no failure leaves it other than as a
//!    status, with a text for the thread (`last_error.rs`). In a callback only `xrmesh_context_*` and
//!    what is marked so may be called.
//! 3. **The host's pointers in one place** (`pointer.rs`): bodies see slices, texts and places to
//!    write to, and are safe code.
//! 4. **Nothing that crosses is freed by the other side.** In: pointer and length. Out: the host's
//!    buffers, capacity in, count out. A leased frame is a handle.
//! 5. **One call a frame.** What the host's agents get is written where polling copies it from in two
//!    blocks (`host/`), and where leasing shows it (`mesh/lease.rs`).
//! 6. **Frozen numbers.** Statuses, kinds and elements of arrays never change; structs that may grow
//!    begin with their size. `include/xrmesh.h` is generated from here by cbindgen and committed; a test
//!    generates it again and compares.
//!
//! The header's text is the documentation of each function, so it is written for C.
//!
//! # Files
//!
//! One file for each group of functions: `mesh/` (a mesh from the outside), `callback/` (its agents'
//! functions), `memory/` (the spatial memory), `replay.rs`, `stream.rs` (bytes that go to the host and come
//! from it), `photonic/`, `histogram.rs`, `log.rs`, `shutdown.rs`, `version.rs`.
#![expect(non_camel_case_types, reason = "the names in C")]
#![expect(clippy::missing_safety_doc, reason = "the rules on pointers are the header's, for all")]

pub mod callback;
mod errors;
mod failure;
mod fence;
pub mod handle;
pub mod histogram;
mod host;
pub mod inject;
pub mod last_error;
pub mod log;
pub mod memory;
pub mod mesh;
pub mod message;
pub mod photonic;
mod pointer;
pub mod pose;
pub mod region;
pub mod replay;
pub mod shutdown;
pub mod status;
pub mod stream;
mod sync;
pub mod version;
