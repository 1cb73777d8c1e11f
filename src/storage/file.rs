//! Files of a disk: the only place of the crate that touches one.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Appender, Storage, StorageError, StoredFile};

/// The name of the file whose lock says that the store is open. It holds nothing and stays.
const LOCK: &str = "lock";
/// Reserved room is written as zeros in pieces of this size.
const ZEROS: &[u8] = &[0; 64 << 10];

/// The files of one folder, which this holds a lock on for as long as it lives.
///
/// ```
/// use xrmesh::storage::{FileStorage, Storage, StorageError};
/// let folder = std::env::temp_dir().join("xrmesh-doc-file-storage");
/// let storage = FileStorage::open(&folder)?;
/// assert!(matches!(FileStorage::open(&folder), Err(StorageError::Locked { .. })));
/// storage.create("notes")?.append(b"hello")?;
/// assert_eq!(storage.list()?[0].bytes, 5);
/// # storage.remove("notes")?;
/// # Ok::<(), StorageError>(())
/// ```
#[derive(Debug)]
pub struct FileStorage {
    folder: PathBuf,
    /// Held, not used: closing it gives the lock back, also when the process is killed.
    _lock: File,
}

impl FileStorage {
    /// The files of `folder`, which is made if it is missing.
    ///
    /// # Errors
    /// [`StorageError::Locked`] where another has it open, in this process or another;
    /// [`StorageError::NotAFolder`]; [`StorageError`] where the system refuses.
    pub fn open(folder: impl AsRef<Path>) -> Result<Self, StorageError> {
        let folder = folder.as_ref();
        if !folder.is_dir() {
            if folder.exists() {
                return Err(StorageError::NotAFolder { path: folder.to_owned() });
            }
            std::fs::create_dir_all(folder).map_err(failed("make the folder", folder))?;
            if let Some(parent) = folder.parent().filter(|parent| !parent.as_os_str().is_empty()) {
                sync_folder(parent)?;
            }
        }
        Self::existing(folder)
    }

    /// The files of `folder`, which must be there.
    ///
    /// # Errors
    /// As [`open`](Self::open), and [`StorageError::Missing`].
    pub fn existing(folder: impl AsRef<Path>) -> Result<Self, StorageError> {
        let folder = folder.as_ref();
        if !folder.is_dir() {
            return Err(if folder.exists() {
                StorageError::NotAFolder { path: folder.to_owned() }
            } else {
                StorageError::Missing { file: folder.display().to_string() }
            });
        }
        let path = folder.join(LOCK);
        let lock = OpenOptions::new()
            .create(true)
            .write(true)
            .truncate(false)
            .open(&path)
            .map_err(failed("open", &path))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { folder: folder.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(StorageError::Locked { path: folder.to_owned() }),
            Err(TryLockError::Error(source)) => Err(failed("lock", &path)(source)),
        }
    }

    /// Where the files are.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn path(&self, name: &str) -> Result<PathBuf, StorageError> {
        let plain = !name.is_empty() && name != LOCK && !name.contains(['/', '\\', ':', '\0']);
        if !plain || name.starts_with('.') {
            return Err(StorageError::BadName { file: name.to_owned() });
        }
        Ok(self.folder.join(name))
    }
}

impl Storage for FileStorage {
    fn list(&self) -> Result<Vec<StoredFile>, StorageError> {
        let failed = |source| failed("list", &self.folder)(source);
        let mut files = Vec::new();
        for entry in std::fs::read_dir(&self.folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let about = match entry.metadata() {
                Ok(about) => about,
                // It left between being listed and being looked at.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(failed(error)),
            };
            // A name that is not Unicode is not one of ours.
            if let (true, Ok(name)) = (about.is_file(), entry.file_name().into_string())
                && name != LOCK
            {
                files.push(StoredFile { name, bytes: about.len() });
            }
        }
        files.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        Ok(files)
    }

    fn create(&self, name: &str) -> Result<Box<dyn Appender>, StorageError> {
        let path = self.path(name)?;
        let failed = |source| StorageError::system("create", name, 0, source);
        let write = OpenOptions::new().write(true).create_new(true).open(&path).map_err(failed)?;
        let lanes = [(); SYNC_LANES].map(|()| OpenOptions::new().write(true).open(&path));
        let mut syncs = Vec::with_capacity(SYNC_LANES);
        for lane in lanes {
            syncs.push(Mutex::new(lane.map_err(failed)?));
        }
        Ok(Box::new(FileAppender {
            name: name.to_owned(),
            write: Mutex::new(Tail { file: write, end: 0, reserved: 0 }),
            syncs,
        }))
    }

    fn read(&self, name: &str, offset: u64, into: &mut [u8]) -> Result<usize, StorageError> {
        let failed = |source| StorageError::system("read", name, into_len(into), source);
        let mut file = File::open(self.path(name)?).map_err(failed)?;
        file.seek(SeekFrom::Start(offset)).map_err(failed)?;
        let mut read = 0;
        while read < into.len() {
            match file.read(&mut into[read..]) {
                Ok(0) => break,
                Ok(count) => read += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    return Err(StorageError::system("read", name, into_len(into), error));
                }
            }
        }
        Ok(read)
    }

    fn truncate(&self, name: &str, len: u64) -> Result<(), StorageError> {
        let failed = |source| StorageError::system("truncate", name, len, source);
        let file = OpenOptions::new().write(true).open(self.path(name)?).map_err(failed)?;
        let cut = |bytes: u64| if bytes > len { file.set_len(len) } else { Ok(()) };
        let about = file.metadata().map_err(failed)?;
        cut(about.len()).and_then(|()| file.sync_all()).map_err(failed)
    }

    fn rename(&self, from: &str, to: &str) -> Result<(), StorageError> {
        std::fs::rename(self.path(from)?, self.path(to)?)
            .map_err(|source| StorageError::system("rename", from, 0, source))
    }

    fn remove(&self, name: &str) -> Result<(), StorageError> {
        std::fs::remove_file(self.path(name)?)
            .map_err(|source| StorageError::system("remove", name, 0, source))
    }

    fn sync_directory(&self) -> Result<(), StorageError> {
        sync_folder(&self.folder)
    }
}

/// How many syncs of one file run at once; a further one waits.
const SYNC_LANES: usize = 2;

/// A growing file.
///
/// Each sync lane is a descriptor of its own, opened before the first write: Linux reports a failed
/// write-back once to each open file description, so two syncs on a shared one could divide a failure
/// between them, and the one that was told nothing would acknowledge what is lost.
#[derive(Debug)]
struct FileAppender {
    name: String,
    write: Mutex<Tail>,
    syncs: Vec<Mutex<File>>,
}

#[derive(Debug)]
struct Tail {
    file: File,
    /// Where the next append goes.
    end: u64,
    /// Up to where the file has been filled with zeros; no meaning below `end`.
    reserved: u64,
}

impl Tail {
    fn reserve(&mut self, bytes: u64) -> io::Result<()> {
        let wanted = self.end.saturating_add(bytes);
        let mut at = self.reserved.max(self.end);
        if at >= wanted {
            return Ok(());
        }
        self.file.seek(SeekFrom::Start(at))?;
        while at < wanted {
            let piece = usize::try_from(wanted - at).unwrap_or(usize::MAX).min(ZEROS.len());
            self.file.write_all(&ZEROS[..piece])?;
            at += piece as u64;
        }
        self.reserved = at;
        self.file.seek(SeekFrom::Start(self.end))?;
        Ok(())
    }
}

impl Appender for FileAppender {
    fn reserve(&self, bytes: u64) -> Result<(), StorageError> {
        let done = held(&self.write).reserve(bytes);
        done.map_err(|source| StorageError::system("reserve room in", &self.name, bytes, source))
    }

    fn append(&self, bytes: &[u8]) -> Result<(), StorageError> {
        let mut tail = held(&self.write);
        tail.file.write_all(bytes).map_err(|source| {
            StorageError::system("append to", &self.name, bytes.len() as u64, source)
        })?;
        tail.end += bytes.len() as u64;
        Ok(())
    }

    fn sync(&self) -> Result<(), StorageError> {
        let failed = |source| StorageError::system("sync", &self.name, 0, source);
        let free = self.syncs.iter().find_map(|lane| lane.try_lock().ok());
        match free.or_else(|| self.syncs.first().map(held)) {
            Some(lane) => lane.sync_data().map_err(failed),
            None => held(&self.write).file.sync_data().map_err(failed),
        }
    }

    fn trim(&self) -> Result<(), StorageError> {
        let mut tail = held(&self.write);
        if tail.reserved > tail.end {
            let end = tail.end;
            tail.file
                .set_len(end)
                .map_err(|source| StorageError::system("trim", &self.name, end, source))?;
            tail.reserved = end;
        }
        Ok(())
    }
}

/// A panic while one of these is held leaves nothing half done that matters: the file is what it is.
fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn into_len(into: &[u8]) -> u64 {
    into.len() as u64
}

fn failed(operation: &'static str, path: &Path) -> impl Fn(io::Error) -> StorageError {
    let file = path.display().to_string();
    move |source| StorageError::system(operation, &file, 0, source)
}

#[cfg(unix)]
fn sync_folder(folder: &Path) -> Result<(), StorageError> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed("sync", folder))
}

/// Elsewhere a folder cannot be opened as a file, and the file system journals its names itself.
#[cfg(not(unix))]
fn sync_folder(_: &Path) -> Result<(), StorageError> {
    Ok(())
}
