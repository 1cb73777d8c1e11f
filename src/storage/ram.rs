//! Files in memory, on a disk that fails and crashes when it is told to.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Appender, Storage, StorageError, StoredFile};
use crate::random::Counter;

/// What a write is torn into by a crash that scatters: the unit that disks write whole.
const SECTOR_BYTES: usize = 512;

/// A disk in memory. It keeps what was synced when it crashes, and of the rest what the crash says:
/// the place where a journal's promises are tested. Cloning gives the same disk.
///
/// Operations that change something (create, reserve, append, sync, trim, truncate, rename, remove,
/// sync the directory) are counted from 0, so a test can fail or crash at each of them in turn.
///
/// ```
/// use xrmesh::storage::{Crash, RamDisk, Storage, StorageError};
/// let disk = RamDisk::new();
/// let storage = disk.open()?;
/// let file = storage.create("notes")?;
/// storage.sync_directory()?;
/// file.append(b"kept, ")?;
/// file.sync()?;
/// file.append(b"lost")?;
/// disk.crash(Crash::LoseUnsynced);
/// let mut bytes = [0; 16];
/// let read = disk.open()?.read("notes", 0, &mut bytes)?;
/// assert_eq!(&bytes[..read], b"kept, ");
/// # Ok::<(), StorageError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct RamDisk {
    state: Arc<Mutex<State>>,
}

/// The files of a [`RamDisk`], which this has open for as long as it lives.
#[derive(Debug)]
pub struct RamStorage {
    disk: RamDisk,
    life: u64,
}

/// What becomes of unsynced writes and names in a crash. What was synced always stays.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Crash {
    /// All of them are lost.
    LoseUnsynced,
    /// All of them stay, as after the death of the process alone.
    KeepUnsynced,
    /// Of the unsynced bytes, in the order in which they were written, the first so many stay, so
    /// that the last write is torn anywhere; names stay.
    TearAfter {
        /// How many bytes stay.
        bytes: u64,
    },
    /// Each sector of 512 bytes of each write and each change of a name stays or not, by the seed, as
    /// on a disk that writes in an order of its own.
    Scatter {
        /// What is drawn from.
        seed: u64,
    },
}

#[derive(Debug, Default)]
struct State {
    files: Vec<Inode>,
    names: BTreeMap<String, usize>,
    durable_names: BTreeMap<String, usize>,
    /// What happened to names since the last sync of the directory, each step whole or not at all;
    /// `None` unlinks.
    renamings: Vec<Vec<(String, Option<usize>)>>,
    operations: u64,
    failure: Option<(u64, Failure)>,
    down: bool,
    open: bool,
    /// Counts crashes; what was opened before one leads nowhere.
    life: u64,
    capacity: Option<u64>,
}

#[derive(Clone, Copy, Debug)]
enum Failure {
    Refuse,
    PowerCut,
}

#[derive(Debug, Default)]
struct Inode {
    content: Vec<u8>,
    durable: Vec<u8>,
    /// Writes since the last sync, in order.
    unsynced: Vec<(usize, Vec<u8>)>,
    /// Where the next append goes.
    end: usize,
}

impl RamDisk {
    /// An empty disk of any size.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Opens the disk's files.
    ///
    /// # Errors
    /// [`StorageError::Locked`] while another has them open.
    pub fn open(&self) -> Result<RamStorage, StorageError> {
        let mut state = self.state();
        if state.open {
            return Err(StorageError::Locked { path: "ram".into() });
        }
        state.open = true;
        Ok(RamStorage { disk: self.clone(), life: state.life })
    }

    /// How many operations that change something were tried.
    #[must_use]
    pub fn operations(&self) -> u64 {
        self.state().operations
    }

    /// Lets operation `index` fail once. Of an append half of the bytes are written; after a failed
    /// sync what it was to sync is lost in the next crash, whatever is synced later: as systems do it.
    pub fn fail_at(&self, index: u64) {
        self.state().failure = Some((index, Failure::Refuse));
    }

    /// Lets the power fail in operation `index`: it and all later ones fail, until
    /// [`crash`](Self::crash) says what is left.
    pub fn cut_power_at(&self, index: u64) {
        self.state().failure = Some((index, Failure::PowerCut));
    }

    /// Limits the bytes of all files together; `None` for no limit.
    pub fn set_capacity(&self, bytes: Option<u64>) {
        self.state().capacity = bytes;
    }

    /// Crashes the machine and starts it again: what was open is gone, of what was not synced stays
    /// what `crash` says.
    pub fn crash(&self, crash: Crash) {
        let mut state = self.state();
        let state = &mut *state;
        let mut draw = Draw::new(crash);
        for file in &mut state.files {
            let mut kept = std::mem::take(&mut file.durable);
            for (offset, bytes) in file.unsynced.drain(..) {
                draw.keep(&mut kept, offset, &bytes);
            }
            file.end = kept.len();
            file.content.clone_from(&kept);
            file.durable = kept;
        }
        let mut names = std::mem::take(&mut state.durable_names);
        for step in state.renamings.drain(..) {
            if draw.keeps_name() {
                step.into_iter().for_each(|(name, file)| set(&mut names, name, file));
            }
        }
        state.names.clone_from(&names);
        state.durable_names = names;
        (state.failure, state.down, state.open) = (None, false, false);
        state.life += 1;
    }

    /// Changes one byte of a file, as a fault of the medium would. Gives whether there is such a byte.
    pub fn corrupt(&self, name: &str, offset: u64, flip: u8) -> bool {
        let mut state = self.state();
        let Some(&file) = state.names.get(name) else { return false };
        let at = usize::try_from(offset).unwrap_or(usize::MAX);
        let file = &mut state.files[file];
        let (Some(now), Some(kept)) = (file.content.get_mut(at), file.durable.get_mut(at)) else {
            return false;
        };
        *now ^= flip;
        *kept ^= flip;
        true
    }

    /// Puts a synced file of `bytes` there, in place of one that has its name.
    pub fn put(&self, name: &str, bytes: &[u8]) {
        let mut state = self.state();
        let index = state.files.len();
        state.files.push(Inode {
            content: bytes.to_vec(),
            durable: bytes.to_vec(),
            unsynced: Vec::new(),
            end: bytes.len(),
        });
        state.names.insert(name.to_owned(), index);
        state.durable_names.insert(name.to_owned(), index);
    }

    /// The bytes of a file as they are now, synced or not; also while the disk is open.
    #[must_use]
    pub fn content(&self, name: &str) -> Option<Vec<u8>> {
        let state = self.state();
        state.names.get(name).map(|&file| state.files[file].content.clone())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn set(names: &mut BTreeMap<String, usize>, name: String, file: Option<usize>) {
    match file {
        Some(file) => names.insert(name, file),
        None => names.remove(&name),
    };
}

/// Decides in a crash what stays.
struct Draw {
    crash: Crash,
    left: u64,
    drawn: u64,
}

impl Draw {
    fn new(crash: Crash) -> Self {
        let left = match crash {
            Crash::TearAfter { bytes } => bytes,
            _ => u64::MAX,
        };
        Self { crash, left, drawn: 0 }
    }

    fn coin(&mut self, seed: u64) -> bool {
        self.drawn += 1;
        Counter::new(seed, [0, 0]).u32x4(self.drawn)[0] & 1 == 0
    }

    fn keep(&mut self, file: &mut Vec<u8>, offset: usize, bytes: &[u8]) {
        match self.crash {
            Crash::LoseUnsynced => {}
            Crash::KeepUnsynced | Crash::TearAfter { .. } => {
                let kept = usize::try_from(self.left).unwrap_or(usize::MAX).min(bytes.len());
                self.left -= kept as u64;
                write_at(file, offset, &bytes[..kept]);
            }
            Crash::Scatter { seed } => {
                // Sectors lie on the disk, not in the write.
                let mut at = 0;
                while at < bytes.len() {
                    let end = bytes.len().min(at + SECTOR_BYTES - (offset + at) % SECTOR_BYTES);
                    if self.coin(seed) {
                        write_at(file, offset + at, &bytes[at..end]);
                    }
                    at = end;
                }
            }
        }
    }

    fn keeps_name(&mut self) -> bool {
        match self.crash {
            Crash::LoseUnsynced => false,
            Crash::KeepUnsynced | Crash::TearAfter { .. } => true,
            Crash::Scatter { seed } => self.coin(seed),
        }
    }
}

/// Writes as files do: a gap before the write reads as zeros.
fn write_at(file: &mut Vec<u8>, offset: usize, bytes: &[u8]) {
    if bytes.is_empty() {
        return;
    }
    let end = offset + bytes.len();
    if file.len() < end {
        file.resize(end, 0);
    }
    file[offset..end].copy_from_slice(bytes);
}

/// What an operation may do.
enum Verdict {
    Go,
    Refused(StorageError),
    PowerCut(StorageError),
}

impl State {
    fn begin(&mut self, life: u64, operation: &'static str, file: &str) -> Verdict {
        let index = self.operations;
        self.operations += 1;
        let error = || StorageError::Simulated { operation, file: file.to_owned(), index };
        if self.down || self.life != life {
            return Verdict::Refused(error());
        }
        match self.failure {
            Some((at, Failure::Refuse)) if at == index => {
                self.failure = None;
                Verdict::Refused(error())
            }
            Some((at, Failure::PowerCut)) if at == index => {
                self.down = true;
                Verdict::PowerCut(error())
            }
            _ => Verdict::Go,
        }
    }

    /// For operations that happen or do not.
    fn whole(
        &mut self,
        life: u64,
        operation: &'static str,
        file: &str,
    ) -> Result<(), StorageError> {
        match self.begin(life, operation, file) {
            Verdict::Go => Ok(()),
            Verdict::Refused(error) | Verdict::PowerCut(error) => Err(error),
        }
    }

    fn find(&self, name: &str) -> Result<usize, StorageError> {
        let missing = || StorageError::Missing { file: name.to_owned() };
        self.names.get(name).copied().ok_or_else(missing)
    }

    fn alive(&self, life: u64, file: &str) -> Result<(), StorageError> {
        if self.down || self.life != life {
            let file = file.to_owned();
            return Err(StorageError::Simulated {
                operation: "read",
                file,
                index: self.operations,
            });
        }
        Ok(())
    }

    fn has_room(&self, file: usize, end: usize) -> bool {
        let used = |(index, inode): (usize, &Inode)| {
            if index == file { inode.content.len().max(end) } else { inode.content.len() }
        };
        let held = |&(index, _): &(usize, &Inode)| {
            index == file || self.names.values().any(|&named| named == index)
        };
        let bytes: usize = self.files.iter().enumerate().filter(held).map(used).sum();
        self.capacity.is_none_or(|capacity| bytes as u64 <= capacity)
    }
}

impl Drop for RamStorage {
    fn drop(&mut self) {
        let mut state = self.disk.state();
        if state.life == self.life {
            state.open = false;
        }
    }
}

impl Storage for RamStorage {
    fn list(&self) -> Result<Vec<StoredFile>, StorageError> {
        let state = self.disk.state();
        state.alive(self.life, "")?;
        let file = |(name, &file): (&String, &usize)| StoredFile {
            name: name.clone(),
            bytes: state.files[file].content.len() as u64,
        };
        Ok(state.names.iter().map(file).collect())
    }

    fn create(&self, name: &str) -> Result<Box<dyn Appender>, StorageError> {
        let mut state = self.disk.state();
        state.whole(self.life, "create", name)?;
        if state.names.contains_key(name) {
            return Err(StorageError::Exists { file: name.to_owned() });
        }
        let file = state.files.len();
        state.files.push(Inode::default());
        state.names.insert(name.to_owned(), file);
        state.renamings.push(vec![(name.to_owned(), Some(file))]);
        let (disk, life) = (self.disk.clone(), self.life);
        Ok(Box::new(RamAppender { disk, life, name: name.to_owned(), file }))
    }

    fn read(&self, name: &str, offset: u64, into: &mut [u8]) -> Result<usize, StorageError> {
        let state = self.disk.state();
        state.alive(self.life, name)?;
        let content = &state.files[state.find(name)?].content;
        let at = usize::try_from(offset).unwrap_or(usize::MAX).min(content.len());
        let count = into.len().min(content.len() - at);
        into[..count].copy_from_slice(&content[at..at + count]);
        Ok(count)
    }

    fn truncate(&self, name: &str, len: u64) -> Result<(), StorageError> {
        let mut state = self.disk.state();
        state.whole(self.life, "truncate", name)?;
        let file = state.find(name)?;
        let file = &mut state.files[file];
        file.content.truncate(usize::try_from(len).unwrap_or(usize::MAX));
        file.end = file.end.min(file.content.len());
        file.unsynced.clear();
        file.durable.clone_from(&file.content);
        Ok(())
    }

    fn rename(&self, from: &str, to: &str) -> Result<(), StorageError> {
        let mut state = self.disk.state();
        state.whole(self.life, "rename", from)?;
        let file = state.find(from)?;
        state.names.remove(from);
        state.names.insert(to.to_owned(), file);
        state.renamings.push(vec![(to.to_owned(), Some(file)), (from.to_owned(), None)]);
        Ok(())
    }

    fn remove(&self, name: &str) -> Result<(), StorageError> {
        let mut state = self.disk.state();
        state.whole(self.life, "remove", name)?;
        state.find(name)?;
        state.names.remove(name);
        state.renamings.push(vec![(name.to_owned(), None)]);
        Ok(())
    }

    fn sync_directory(&self) -> Result<(), StorageError> {
        let mut state = self.disk.state();
        state.whole(self.life, "sync the directory of", "")?;
        let state = &mut *state;
        state.durable_names.clone_from(&state.names);
        state.renamings.clear();
        Ok(())
    }
}

#[derive(Debug)]
struct RamAppender {
    disk: RamDisk,
    life: u64,
    name: String,
    file: usize,
}

impl RamAppender {
    fn write(
        &self,
        operation: &'static str,
        bytes: &[u8],
        moves: bool,
    ) -> Result<(), StorageError> {
        let mut state = self.disk.state();
        let verdict = state.begin(self.life, operation, &self.name);
        let (kept, result) = match verdict {
            Verdict::Go => {
                let end = state.files[self.file].end + bytes.len();
                if state.has_room(self.file, end) {
                    (bytes.len(), Ok(()))
                } else {
                    let (file, bytes) = (self.name.clone(), bytes.len() as u64);
                    (0, Err(StorageError::Full { operation, file, bytes }))
                }
            }
            Verdict::PowerCut(error) => (bytes.len(), Err(error)),
            Verdict::Refused(error) if state.down || state.life != self.life => (0, Err(error)),
            Verdict::Refused(error) => (bytes.len() / 2, Err(error)),
        };
        let file = &mut state.files[self.file];
        if kept > 0 {
            let (offset, bytes) = (file.end, &bytes[..kept]);
            write_at(&mut file.content, offset, bytes);
            file.unsynced.push((offset, bytes.to_vec()));
            if moves {
                file.end += kept;
            }
        }
        result
    }
}

impl Appender for RamAppender {
    fn reserve(&self, bytes: u64) -> Result<(), StorageError> {
        let zeros = vec![0; usize::try_from(bytes).unwrap_or(0)];
        self.write("reserve room in", &zeros, false)
    }

    fn append(&self, bytes: &[u8]) -> Result<(), StorageError> {
        self.write("append to", bytes, true)
    }

    fn sync(&self) -> Result<(), StorageError> {
        let mut state = self.disk.state();
        let done = state.whole(self.life, "sync", &self.name);
        let (down, alive) = (state.down, state.life == self.life);
        let file = &mut state.files[self.file];
        match done {
            Ok(()) => {
                for (offset, bytes) in file.unsynced.drain(..) {
                    write_at(&mut file.durable, offset, &bytes);
                }
                Ok(())
            }
            Err(error) => {
                if alive && !down {
                    file.unsynced.clear();
                }
                Err(error)
            }
        }
    }

    fn trim(&self) -> Result<(), StorageError> {
        let mut state = self.disk.state();
        state.whole(self.life, "trim", &self.name)?;
        let file = &mut state.files[self.file];
        let end = file.end;
        file.content.truncate(end);
        file.durable.truncate(end);
        for (offset, bytes) in &mut file.unsynced {
            bytes.truncate(end.saturating_sub(*offset));
        }
        Ok(())
    }
}
