//! What agents say to each other.
//!
//! 1. A sender describes a [`Message`]: a kind, a priority, bytes and options. It borrows its bytes,
//!    so a refused send has lost nothing.
//! 2. Sending stamps it into a 64-byte packet (`packet.rs`): receiver, sender, sequence, correlation,
//!    kind, priority and up to [`INLINE_BYTES`] bytes of payload stay inline. Up to [`BESIDE_BYTES`] to
//!    one agent travel beside the packet, in its chunk. Larger payloads and everything rare (pose,
//!    deadline, hops other than the default, retry, notice) go to an annex (`annex.rs`), a pooled side
//!    record that all receivers of one envelope share.
//! 3. A receiver sees an [`Envelope`]: a view of the packet with the stamp of its chunk.
//! 4. Nothing here knows how mail travels; that is `mail` and `dispatch`.

pub(crate) mod annex;
mod content;
mod contents;
mod envelope;
mod kind;
mod notice;
mod outgoing;
pub(crate) mod packet;
mod payload;
mod priority;
pub(crate) mod reason;
#[cfg(feature = "serde-content")]
mod serde_content;
mod target;
mod topic;

pub use content::{Content, ContentError, Plain, read_plain};
pub use contents::Contents;
pub(crate) use envelope::Stamp;
pub use envelope::{AskId, Envelope, EnvelopeId};
pub use kind::Kind;
pub use notice::{Refused, RefusedCommand, Undelivered};
pub(crate) use outgoing::Body;
pub use outgoing::Message;
pub use packet::{BESIDE_BYTES, INLINE_BYTES};
pub use payload::Payload;
pub use priority::{InvalidPriority, Priority};
pub use reason::DropReason;
#[cfg(feature = "serde-content")]
pub use serde_content::{decode_serde, encode_serde};
pub use target::Target;
pub use topic::{Topic, TopicError};
