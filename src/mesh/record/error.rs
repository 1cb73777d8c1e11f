//! Why a session could not be recorded, or a recording not be replayed.

use std::io;

use crate::mesh::config::ConfigError;
use crate::mesh::{MeshError, RegisterError};

/// Why a session could not be recorded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// The mesh has a past: a recording begins before the first agent, message and tick.
    #[error(
        "a recording begins with an empty mesh: this one is at tick {tick} with {agents} agents and {sent} messages sent"
    )]
    Begun {
        /// Ticks done.
        tick: u64,
        /// Agents alive.
        agents: u32,
        /// Messages sent.
        sent: u64,
    },
    /// The session is recorded already.
    #[error("the session is recorded already, {bytes} bytes so far")]
    AlreadyRecording {
        /// Bytes recorded so far.
        bytes: u64,
    },
    /// The session is not recorded.
    #[error("the session is not recorded")]
    NotRecording,
    /// The configuration cannot be written.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A command is longer than a record can be.
    #[error("a command of {given} bytes at tick {tick}: a record holds at most {limit}")]
    TooLong {
        /// Its bytes.
        given: usize,
        /// The most allowed.
        limit: usize,
        /// Ticks recorded before it.
        tick: u64,
    },
    /// A write failed. What was written before it is still there.
    #[error("writing failed behind {written} bytes: {source}")]
    Write {
        /// Bytes written before.
        written: u64,
        /// What the writer said.
        source: io::Error,
    },
}

/// Why a recording could not be replayed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// Reading failed.
    #[error("reading failed at byte {offset}: {source}")]
    Read {
        /// Where in the recording.
        offset: u64,
        /// What the reader said.
        source: io::Error,
    },
    /// No recording at all.
    #[error("no recording: it begins with {given:02x?}")]
    NotARecording {
        /// The first bytes.
        given: [u8; 8],
    },
    /// A recording in a format that this version of the library does not read.
    #[error("a recording in format version {found}: this library reads version {supported}")]
    Version {
        /// The recording's.
        found: u32,
        /// The one that is read.
        supported: u32,
    },
    /// The recording ends too early: in the record at `offset`, or where one more should be. It was
    /// cut off, or never finished; what came before was in order.
    #[error("the recording is cut off: it ends in or before the record at byte {offset}")]
    Truncated {
        /// Where the record begins.
        offset: u64,
    },
    /// A record's checksum is wrong: bytes were changed.
    #[error(
        "the record at byte {offset} was changed: its checksum is {given:016x}, expected {expected:016x}"
    )]
    Checksum {
        /// Where the record begins.
        offset: u64,
        /// What its bytes give.
        expected: u64,
        /// What stands behind them.
        given: u64,
    },
    /// A record claims to be longer than any is.
    #[error("the record at byte {offset} claims {given} bytes: at most {limit} are allowed")]
    TooLong {
        /// Where the record begins.
        offset: u64,
        /// The bytes that it claims.
        given: u32,
        /// The most allowed.
        limit: usize,
    },
    /// A record with a right checksum that makes no sense: whoever wrote it was wrong.
    #[error("the record at byte {offset} holds nonsense: expected {expected}")]
    Malformed {
        /// Where the record begins.
        offset: u64,
        /// What should have been there.
        expected: &'static str,
    },
    /// Bytes behind the end of the recording.
    #[error("the recording ends at byte {offset}, but bytes follow")]
    Trailing {
        /// Where it ends.
        offset: u64,
    },
    /// The configuration in it is none.
    #[error("its configuration: {0}")]
    Config(#[from] ConfigError),
    /// The mesh could not be made.
    #[error(transparent)]
    Mesh(#[from] MeshError),
    /// A type could not be registered.
    #[error(transparent)]
    Register(#[from] RegisterError),
    /// An agent type of the recording is not registered.
    #[error("the recording spawns {name:?} at tick {tick}, and no agent type is registered so")]
    UnknownType {
        /// The type's name.
        name: Box<str>,
        /// Ticks done before.
        tick: u64,
        /// Where the record begins.
        offset: u64,
    },
    /// A processor of the recording was not added, or another in its place.
    #[error(
        "the recording's processor {index} is {name:?}, {inputs} values to {outputs}, and none such was added as that"
    )]
    NoProcessor {
        /// The processor's name.
        name: Box<str>,
        /// How many were added before it.
        index: u32,
        /// The values that it takes.
        inputs: u32,
        /// The values that it gives.
        outputs: u32,
        /// Where the record begins.
        offset: u64,
    },
    /// A command that succeeded when it was recorded was refused now: the agents are not the same.
    #[error("a command after tick {tick} (byte {offset}) succeeded once, but not now: {reason}")]
    Refused {
        /// Ticks done before.
        tick: u64,
        /// Where the record begins.
        offset: u64,
        /// What the mesh said.
        reason: Box<str>,
    },
    /// The host changed the memory by hand while the session was recorded, through
    /// [`Mesh::memory_mut`](crate::Mesh::memory_mut): the recording does not hold what it did.
    #[error(
        "after tick {tick} (byte {offset}) the host made {changes} changes of the memory by hand, which no recording holds"
    )]
    Unrecorded {
        /// Ticks done before.
        tick: u64,
        /// Where the record begins.
        offset: u64,
        /// How many.
        changes: u64,
    },
    /// Something else came of the same commands than was recorded: the agents are not the same, or
    /// depend on more than their messages.
    #[error(
        "diverged at tick {tick} (byte {offset}): {what} was {recorded:#018x}, is {given:#018x}"
    )]
    Diverged {
        /// Ticks done, the one included that ended differently.
        tick: u64,
        /// Where the record begins.
        offset: u64,
        /// What differs: a state hash, or the id that a command gave.
        what: &'static str,
        /// What was recorded.
        recorded: u64,
        /// What came of it now.
        given: u64,
    },
    /// An error ended this replay before.
    #[error("this replay ended with an error at byte {offset}")]
    Ended {
        /// Where the record at fault begins.
        offset: u64,
    },
}

impl ReplayError {
    /// Where in the recording the error is, in bytes from its beginning: the record at fault, if it
    /// is in one. `None` for a mesh or a type that could not be made, which is not the recording's
    /// fault.
    #[must_use]
    pub fn offset(&self) -> Option<u64> {
        match *self {
            Self::Read { offset, .. }
            | Self::Truncated { offset }
            | Self::Checksum { offset, .. }
            | Self::TooLong { offset, .. }
            | Self::Malformed { offset, .. }
            | Self::Trailing { offset }
            | Self::UnknownType { offset, .. }
            | Self::NoProcessor { offset, .. }
            | Self::Refused { offset, .. }
            | Self::Unrecorded { offset, .. }
            | Self::Diverged { offset, .. }
            | Self::Ended { offset } => Some(offset),
            Self::NotARecording { .. } => Some(0),
            Self::Version { .. } => Some(super::format::VERSION_OFFSET),
            Self::Config(_) => Some(super::format::HEAD_BYTES as u64),
            Self::Mesh(_) | Self::Register(_) => None,
        }
    }
}
