//! Storage: named files that only grow. What a journal stands on, and nothing more.
//!
//! 1. A file is created once under a new name, appended to, synced, and later read, cut short, renamed
//!    or removed. Nothing is ever written in its middle.
//! 2. What was appended is certain to outlive a crash of the machine only once [`Appender::sync`] has
//!    returned after it; that a name exists, is gone or was changed only once
//!    [`Storage::sync_directory`] has returned after it. Until then a crash keeps any part of it, in any
//!    order.
//! 3. Only [`FileStorage`] touches a disk. [`RamDisk`] keeps files in memory and can fail or crash at
//!    any operation, which is how the journal's promises are tested.
//! 4. One store has one opener: a second one gets [`StorageError::Locked`].
//! 5. Storage knows nothing of what its files hold.

mod error;
mod file;
mod ram;
#[cfg(test)]
mod tests;

use core::fmt;
use std::sync::Arc;

pub use error::StorageError;
pub use file::FileStorage;
pub use ram::{Crash, RamDisk, RamStorage};

/// One folder of named files. Shared by threads: each call stands for itself.
pub trait Storage: Send + Sync + fmt::Debug {
    /// The files that are there, in the order of their names.
    ///
    /// # Errors
    /// [`StorageError`] where the folder cannot be read.
    fn list(&self) -> Result<Vec<StoredFile>, StorageError>;

    /// A new, empty file.
    ///
    /// # Errors
    /// [`StorageError::Exists`] where the name is taken; [`StorageError`] where it cannot be made.
    fn create(&self, name: &str) -> Result<Box<dyn Appender>, StorageError>;

    /// Reads from `offset` on until `into` is full or the file ends; gives the bytes read.
    ///
    /// # Errors
    /// [`StorageError::Missing`] where there is no such file; [`StorageError`] where it cannot be read.
    fn read(&self, name: &str, offset: u64, into: &mut [u8]) -> Result<usize, StorageError>;

    /// Cuts a file to its first `len` bytes, or leaves it at fewer. They are certain to outlive a crash
    /// when this returns, also those that nobody synced.
    ///
    /// # Errors
    /// [`StorageError::Missing`] where there is no such file; [`StorageError`] where it cannot be cut.
    fn truncate(&self, name: &str, len: u64) -> Result<(), StorageError>;

    /// Gives a file another name, in place of the file that had it, if one had.
    ///
    /// # Errors
    /// [`StorageError::Missing`] where there is no such file; [`StorageError`] where it cannot be done.
    fn rename(&self, from: &str, to: &str) -> Result<(), StorageError>;

    /// Removes a file. An open [`Appender`] of it stays usable and leads nowhere.
    ///
    /// # Errors
    /// [`StorageError::Missing`] where there is no such file; [`StorageError`] where it cannot be done.
    fn remove(&self, name: &str) -> Result<(), StorageError>;

    /// Makes certain that the names as they are now outlive a crash.
    ///
    /// # Errors
    /// [`StorageError`] where the system says that it could not.
    fn sync_directory(&self) -> Result<(), StorageError>;
}

/// Sharing a storage shares its files.
impl<S: Storage + ?Sized> Storage for Arc<S> {
    fn list(&self) -> Result<Vec<StoredFile>, StorageError> {
        (**self).list()
    }

    fn create(&self, name: &str) -> Result<Box<dyn Appender>, StorageError> {
        (**self).create(name)
    }

    fn read(&self, name: &str, offset: u64, into: &mut [u8]) -> Result<usize, StorageError> {
        (**self).read(name, offset, into)
    }

    fn truncate(&self, name: &str, len: u64) -> Result<(), StorageError> {
        (**self).truncate(name, len)
    }

    fn rename(&self, from: &str, to: &str) -> Result<(), StorageError> {
        (**self).rename(from, to)
    }

    fn remove(&self, name: &str) -> Result<(), StorageError> {
        (**self).remove(name)
    }

    fn sync_directory(&self) -> Result<(), StorageError> {
        (**self).sync_directory()
    }
}

/// A file that grows. One thread appends at a time; several may sync at once.
pub trait Appender: Send + Sync + fmt::Debug {
    /// Makes sure of room for `bytes` more bytes, which read as zeros until they are appended to. A
    /// hint for speed: a sync then has no size to write.
    ///
    /// # Errors
    /// [`StorageError::Full`] where there is no room; [`StorageError`] where it fails otherwise.
    fn reserve(&self, bytes: u64) -> Result<(), StorageError>;

    /// Writes `bytes` behind what was appended before.
    ///
    /// # Errors
    /// [`StorageError::Full`] where there is no room; [`StorageError`] where it fails otherwise. What
    /// then stands behind the last good append is not known.
    fn append(&self, bytes: &[u8]) -> Result<(), StorageError>;

    /// Makes certain that all that was appended before the call outlives a crash.
    ///
    /// # Errors
    /// [`StorageError`] where the system says that it could not. What was appended since the last good
    /// sync may then be lost even where a later sync succeeds.
    fn sync(&self) -> Result<(), StorageError>;

    /// Gives back what was reserved and not used; not certain to outlive a crash.
    ///
    /// # Errors
    /// [`StorageError`] where it cannot be done.
    fn trim(&self) -> Result<(), StorageError>;
}

/// A file of a storage.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoredFile {
    /// Its name.
    pub name: String,
    /// Its length in bytes, what is reserved included.
    pub bytes: u64,
}
