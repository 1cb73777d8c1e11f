//! What can go wrong with a storage.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// Why a storage did not do what was asked.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[non_exhaustive]
pub enum StorageError {
    /// There is no room left, on the disk or in the quota.
    #[error("no room left to {operation} {file:?} ({bytes} bytes asked for)")]
    Full {
        /// What was tried.
        operation: &'static str,
        /// The file.
        file: String,
        /// The bytes that it was to take.
        bytes: u64,
    },
    /// Another opener has the store, in this process or in another.
    #[error("{path:?} is open elsewhere; a store has one opener at a time")]
    Locked {
        /// The store's folder.
        path: PathBuf,
    },
    /// The path names something else than a folder.
    #[error("{path:?} is not a folder")]
    NotAFolder {
        /// The path.
        path: PathBuf,
    },
    /// There is no file or folder of that name.
    #[error("{file:?} does not exist")]
    Missing {
        /// The name.
        file: String,
    },
    /// A file of that name is there already.
    #[error("{file:?} exists already")]
    Exists {
        /// The name.
        file: String,
    },
    /// The name leads out of the folder, or is none.
    #[error("{file:?} is not a plain file name")]
    BadName {
        /// The name as given.
        file: String,
    },
    /// The system refused.
    #[error("could not {operation} {file:?}: {message}")]
    System {
        /// What was tried.
        operation: &'static str,
        /// The file or folder.
        file: String,
        /// The kind of the system's error.
        kind: io::ErrorKind,
        /// What the system said.
        message: String,
    },
    /// The simulated disk failed or crashed, as it was told to.
    #[error("simulated failure of operation {index}: {operation} {file:?}")]
    Simulated {
        /// What was tried.
        operation: &'static str,
        /// The file.
        file: String,
        /// Which of the disk's changing operations it was, from 0.
        index: u64,
    },
}

impl StorageError {
    /// What `source` says, `operation` having been tried on `file` with `bytes` bytes.
    pub(super) fn system(
        operation: &'static str,
        file: &str,
        bytes: u64,
        source: io::Error,
    ) -> Self {
        let file = file.to_owned();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                Self::Full { operation, file, bytes }
            }
            io::ErrorKind::NotFound => Self::Missing { file },
            io::ErrorKind::AlreadyExists => Self::Exists { file },
            kind => Self::System { operation, file, kind, message: source.to_string() },
        }
    }
}
