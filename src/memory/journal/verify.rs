//! Looks a store over without opening it.

use core::fmt;

use super::super::change::Sequence;
use super::codec;
use super::error::{Damage, RecoverError};
use super::header::{FileKind, HeaderProblem, Named, VERSION, parse_name};
use super::recover::{Files, RecoveryReport, read};
use super::scan::{Next, Scan};
use super::wire::Bytes;
use crate::storage::{Storage, StorageError, StoredFile};

/// What a store consists of, and whether it can be opened.
///
/// Displayed it is a table of the files and a line with the verdict.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub struct VerifyReport {
    /// Every file of the folder, in the order of their names.
    pub files: Vec<FileFound>,
    /// What opening the store would find.
    pub recovery: RecoveryReport,
    /// Why it could not be opened.
    pub fault: Option<RecoverError>,
}

/// One file of a store's folder.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub struct FileFound {
    /// Its name.
    pub name: String,
    /// Its bytes, reserved room included.
    pub bytes: u64,
    /// What it is by its name.
    pub role: FileRole,
    /// The bytes up to behind its last intact block.
    pub intact_bytes: u64,
    /// Its intact blocks.
    pub blocks: u64,
    /// The records in them.
    pub records: u64,
    /// The last sequence that its blocks cover.
    pub through: Sequence,
    /// What stands behind the last intact block, where that is neither the file's end nor room that
    /// was never used.
    pub damage: Option<Damage>,
}

/// What a file is by its name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum FileRole {
    /// A part of the log, from this change on.
    Log(Sequence),
    /// An image of the memory through this change.
    Image(Sequence),
    /// The order of the index after this change: what opening the store goes faster with. Damage to it
    /// does no harm.
    Order(Sequence),
    /// An image that was never finished; opening removes it.
    Unfinished,
    /// None of the store's; opening leaves it alone.
    Foreign,
}

/// Reads every file of a store whole, checks every block and every record, and changes nothing.
///
/// ```
/// use xrmesh::memory::verify;
/// use xrmesh::storage::RamDisk;
/// let report = verify(&RamDisk::new().open()?)?;
/// assert!(report.is_sound() && report.files.is_empty());
/// # Ok::<(), xrmesh::storage::StorageError>(())
/// ```
///
/// # Errors
/// [`StorageError`] where a file cannot be read. Damage is no error: it stands in the report.
pub fn verify(storage: &dyn Storage) -> Result<VerifyReport, StorageError> {
    let mut files = Vec::new();
    for file in storage.list()? {
        files.push(look_over(storage, &file)?);
    }
    let mut recovery = RecoveryReport::default();
    let fault = match read(storage, &Files::of(storage)?, &mut recovery, &mut |_| Ok(())) {
        Ok(tail) => {
            recovery.torn = tail.torn(&Files::of(storage)?);
            None
        }
        Err(RecoverError::Storage(error)) => return Err(error),
        Err(error) => Some(error),
    };
    Ok(VerifyReport { files, recovery, fault })
}

fn look_over(storage: &dyn Storage, file: &StoredFile) -> Result<FileFound, StorageError> {
    let (role, kind) = match parse_name(&file.name) {
        Some(Named::Log(first)) => (FileRole::Log(Sequence(first)), Some((FileKind::Log, first))),
        Some(Named::Image(through)) => {
            (FileRole::Image(Sequence(through)), Some((FileKind::Image, through)))
        }
        Some(Named::Order(through)) => {
            (FileRole::Order(Sequence(through)), Some((FileKind::Order, through)))
        }
        Some(Named::Unfinished) => (FileRole::Unfinished, None),
        None => (FileRole::Foreign, None),
    };
    let mut found = FileFound {
        name: file.name.clone(),
        bytes: file.bytes,
        role,
        intact_bytes: 0,
        blocks: 0,
        records: 0,
        through: Sequence(0),
        damage: None,
    };
    let Some((kind, sequence)) = kind else { return Ok(found) };
    let mut scan = match Scan::open(storage, file, kind, sequence)? {
        Ok(scan) => scan,
        Err(problem) => {
            found.damage = Some(match problem {
                HeaderProblem::Newer(version) => Damage::Newer { version, known: VERSION },
                HeaderProblem::NotOurs => Damage::NotAStore,
                HeaderProblem::Torn | HeaderProblem::Damaged => Damage::Header,
            });
            return Ok(found);
        }
    };
    loop {
        match scan.next()? {
            Next::Block { header, records, .. } => {
                let mut bytes = Bytes::new(records);
                let mut slots = Vec::new();
                for _ in 0..header.records {
                    let decoded = match kind {
                        FileKind::Order => codec::decode_page(&mut bytes, &mut slots).map(|_| ()),
                        _ => codec::decode(&mut bytes, header.time).map(|_| ()),
                    };
                    if let Err(error) = decoded {
                        found.damage = Some(Damage::Record(error));
                        return Ok(found);
                    }
                }
                found.blocks += 1;
                found.records += u64::from(header.records);
                found.through = Sequence(match kind {
                    FileKind::Log => header.last(),
                    FileKind::Image | FileKind::Order => sequence,
                });
            }
            Next::End { offset, damage } => {
                found.intact_bytes = offset;
                found.damage = damage;
                return Ok(found);
            }
        }
    }
}

impl VerifyReport {
    /// Whether the store can be opened and holds all that it acknowledged. A torn end is sound: it was
    /// never acknowledged.
    #[must_use]
    pub const fn is_sound(&self) -> bool {
        self.fault.is_none()
    }

    /// The bytes of the store's own files.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let own = |file: &&FileFound| file.role != FileRole::Foreign;
        self.files.iter().filter(own).map(|file| file.bytes).sum()
    }
}

impl fmt::Display for VerifyReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for file in &self.files {
            writeln!(f, "{file}")?;
        }
        match &self.fault {
            None => write!(f, "sound: {}", self.recovery),
            Some(fault) => write!(f, "damaged: {fault}"),
        }
    }
}

impl fmt::Display for FileFound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, bytes, .. } = self;
        write!(f, "{name}: {bytes} bytes, ")?;
        match self.role {
            FileRole::Log(Sequence(first)) => {
                write!(f, "log of changes {first} to {}", self.through.0)?
            }
            FileRole::Image(through) => write!(f, "image of changes up to {}", through.0)?,
            FileRole::Order(through) => write!(f, "order of the index after change {}", through.0)?,
            FileRole::Unfinished => return write!(f, "image that was never finished"),
            FileRole::Foreign => return write!(f, "not a file of the store"),
        }
        write!(f, ", {} records in {} blocks", self.records, self.blocks)?;
        match &self.damage {
            Some(damage) => write!(f, ", then at byte {}: {damage}", self.intact_bytes),
            None => Ok(()),
        }
    }
}
