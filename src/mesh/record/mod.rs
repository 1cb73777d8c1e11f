//! Recording a session, and replaying it.
//!
//! A session follows from its configuration, the registered types and what its host did: every
//! agent's handler is a function of messages. So a recording holds what the host did, in order, and
//! hashes of what came of it, and a replay does the same again and compares. The bytes are described
//! in `docs/recording-format.md`.
//!
//! 1. A recording begins before the first agent, message and tick. The checkpoint that it begins
//!    with is then the empty mesh, which its configuration alone gives: tick 0, the hash of that
//!    state, and the generation that its first ids get. A mesh cannot write its agents down, since
//!    their states are Rust values that only hash themselves.
//! 2. A command is noted where it is applied, after it was: by the host's methods (`mesh/host.rs`)
//!    and where a tick takes in what came through handles and lanes (`mesh/inbox.rs`). A refused
//!    command changes nothing and is not noted. What was given out for a command (an agent's id, an
//!    envelope's) is noted beside it, and a replay must be given the same.
//! 3. A tick is noted when it begins, with its time and budget, and when it ends, with its state hash
//!    and, if its budget was a time, with what each shard went through in each round. A timed tick is
//!    replayed by these cuts, not by any clock.
//! 4. Agents are noted by the name and the bytes that they were spawned from. A Rust value cannot be,
//!    so a recorded session refuses to spawn one.
//! 5. A record has a checksum that also covers its place in the file. Whatever is cut off or changed
//!    is an error that names where; nothing is believed before its checksum is right, and nothing is
//!    allocated that the file does not hold.
//! 6. Records gather in memory and are written a buffer at a time. A failed write ends the recording
//!    and not the session; it shows in [`Mesh::recording`](crate::Mesh::recording) and comes out of
//!    [`Mesh::finish_recording`](crate::Mesh::finish_recording).
//! 7. Without a recording the cost is one branch a command of the host, and none for agents.

mod bytes;
mod error;
mod event;
mod format;
mod memory;
mod message;
mod reader;
mod replay;
mod session;
mod space;
mod writer;

pub use error::{RecordError, ReplayError};
pub(super) use event::{Allowed, Event};
pub use replay::{Replay, ReplayTick};
pub(super) use writer::Recorder;
pub use writer::{RecordOptions, Recording};
