//! What can go wrong with a store.

use thiserror::Error;

use super::super::change::Sequence;
use super::wire::DecodeError;
use crate::storage::StorageError;

/// Why a change was not taken, or is not certain.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[non_exhaustive]
pub enum JournalError {
    /// The storage refused. The store takes no more changes; see [`Poisoned`](Self::Poisoned).
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// A write or a sync failed before, so what stands in the file is not known. Reopening finds what
    /// is certain.
    #[error("the store failed earlier and has to be reopened: {cause}")]
    Poisoned {
        /// What failed.
        cause: String,
    },
    /// Too much waits to be written.
    #[error("{pending} bytes of changes wait to be written, the limit is {limit}; flush first")]
    Backlog {
        /// The bytes that wait.
        pending: usize,
        /// The most that may.
        limit: usize,
    },
    /// One change is larger than a block may be.
    #[error("a change of {bytes} bytes is larger than the limit of {limit}")]
    TooLarge {
        /// The bytes of its record.
        bytes: usize,
        /// The most that it may have.
        limit: usize,
    },
    /// An image is being written already.
    #[error("an image is being written already")]
    ImageRunning,
}

/// Why a store could not be recovered. It was left as it was.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[non_exhaustive]
pub enum RecoverError {
    /// The storage refused.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// A file was written by a newer version of this library.
    #[error("{file:?} has format version {version}, this library reads up to {known}")]
    NewerFormat {
        /// The file.
        file: String,
        /// Its version.
        version: u16,
        /// The newest version that is known here.
        known: u16,
    },
    /// What was acknowledged, or stands before it, is damaged.
    #[error("{file:?} is damaged at byte {offset}: {damage}; changes up to {} are intact", .intact.0)]
    Damaged {
        /// The file.
        file: String,
        /// Where in it.
        offset: u64,
        /// What is wrong there.
        damage: Damage,
        /// The last change before the damage.
        intact: Sequence,
    },
    /// A change was read that the memory does not take.
    #[error("{file:?}: the change in the block at byte {offset} does not fit: {reason}")]
    Refused {
        /// The file.
        file: String,
        /// Where its block begins.
        offset: u64,
        /// What the memory said.
        reason: String,
    },
}

/// What is wrong at some place of a file.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[non_exhaustive]
pub enum Damage {
    /// The file does not begin as a file of a store does.
    #[error("this is not a file of a store")]
    NotAStore,
    /// The file was written by a newer version of this library.
    #[error("format version {version}, this library reads up to {known}")]
    Newer {
        /// Its version.
        version: u16,
        /// The newest version that is known here.
        known: u16,
    },
    /// The file's header was changed.
    #[error("the file's header was changed or is cut off")]
    Header,
    /// No block begins where one has to.
    #[error("no block begins here")]
    NoBlock,
    /// The file ends inside a block, or the block's length was changed.
    #[error("a block claims {claimed} bytes, {left} are left")]
    CutOff {
        /// The bytes that the block claims.
        claimed: u64,
        /// The bytes that are left in the file.
        left: u64,
    },
    /// A block's checksum does not hold.
    #[error("the checksum of the block of {bytes} bytes does not hold")]
    Checksum {
        /// The bytes of the block.
        bytes: u64,
    },
    /// A block is intact and is not the one that has to stand here.
    #[error("change {expected} has to follow, the block begins with {found}")]
    OutOfOrder {
        /// The sequence that has to follow.
        expected: u64,
        /// The sequence that does.
        found: u64,
    },
    /// A record in an intact block cannot be read.
    #[error("a record cannot be read: {0}")]
    Record(#[from] DecodeError),
    /// An image has no end, or another number of records than its end says.
    #[error("the image holds {found} records, its end says {expected}")]
    Count {
        /// What the end says.
        expected: u64,
        /// What is there.
        found: u64,
    },
}
