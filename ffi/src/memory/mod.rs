//! The spatial memory, by groups of functions.
//!
//! 1. **One writer, any number of readers.** What changes a memory is "one at a time" (`owner.rs`);
//!    a snapshot is a handle of its own that any threads ask at once, and that outlives its memory.
//! 2. **A workspace is a handle of its own** (`workspace.rs`), one for each thread that asks. Were it
//!    the snapshot's, threads would stand in each other's way, and each frame's new snapshot would
//!    warm up anew; were it the thread's, unloading the library could not free it.
//! 3. **Arrays in, arrays out.** Objects are frozen structs; attributes and names lie in one block
//!    beside them, as payloads lie beside messages.
//! 4. **A memory that a mesh has is changed through the same handle** (`attach.rs`): each change is
//!    then the mesh's command, which a recording holds.

pub mod age;
pub mod anchors;
pub mod areas;
pub mod attach;
pub mod batch;
pub mod classes;
pub mod content;
pub mod create;
pub mod feed;
pub mod filter;
pub mod fusion;
pub mod lookup;
pub mod map;
pub mod options;
pub(crate) mod owner;
pub mod publish;
pub mod query;
pub mod shapes;
pub mod snapshot;
pub mod store;
pub mod verify;
pub mod workspace;
pub mod write;
