//! Recovery: the newest intact image, and the log behind it.
//!
//! 1. An image counts only whole; it got its name when it was. Where the newest is damaged an older one
//!    serves if the log behind it reaches as far.
//! 2. The log is followed block by block; each begins with the sequence after the last one's. It ends
//!    where no intact block follows. A next file begins only once the one before it was synced, and a
//!    block says which sequences were certain when it was written: where either shows that more was
//!    certain than is intact, that is damage, an error with its place. Otherwise it is the torn end of
//!    what was never acknowledged, and is cut off.
//! 3. Nothing is changed before all has been read and taken, and then only what rule 2 cuts off, files
//!    that an image has replaced, and images that were never finished.

use core::fmt;
use std::sync::Arc;

use super::super::change::{Change, Sequence};
use super::codec;
use super::config::JournalConfig;
use super::error::{Damage, RecoverError};
use super::header::{FileKind, HeaderProblem, Named, VERSION, parse_name};
use super::scan::{Next, Scan};
use super::wire::Bytes;
use super::writer::Journal;
use crate::storage::{Storage, StorageError, StoredFile};
use crate::time::Time;

/// What opening a store found.
#[derive(Clone, PartialEq, Debug, Default)]
#[non_exhaustive]
pub struct RecoveryReport {
    /// The last change that is there.
    pub through: Sequence,
    /// The last change of the image that was read; zero where there was none.
    pub image_through: Sequence,
    /// Records read from the image.
    pub image_records: u64,
    /// Records read from the log behind it.
    pub log_records: u64,
    /// What was cut off: never acknowledged.
    pub torn: Option<Torn>,
    /// A damaged image in whose place an older one served.
    pub skipped_image: Option<String>,
    /// Files that were removed: replaced, unfinished or empty ones.
    pub removed: Vec<String>,
}

/// The end of a log that a crash left.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub struct Torn {
    /// The log.
    pub file: String,
    /// Where it was cut.
    pub offset: u64,
    /// How many bytes followed, reserved room included.
    pub bytes: u64,
    /// Why the block there is not intact.
    pub damage: Damage,
}

impl fmt::Display for RecoveryReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "changes up to {} ({} records of the image through {}, {} of the log)",
            self.through.0, self.image_records, self.image_through.0, self.log_records
        )?;
        if let Some(Torn { file, offset, bytes, damage }) = &self.torn {
            write!(
                f,
                "; cut {bytes} bytes that were never acknowledged from {file} at {offset}: {damage}"
            )?;
        }
        if let Some(image) = &self.skipped_image {
            write!(f, "; {image} is damaged, an older image served")?;
        }
        Ok(())
    }
}

/// The files of a store, by what their names say, in order.
#[derive(Debug, Default)]
pub(super) struct Files {
    pub(super) images: Vec<(u64, StoredFile)>,
    pub(super) logs: Vec<(u64, StoredFile)>,
    pub(super) unfinished: Vec<StoredFile>,
    /// Files that are none of the store's. They are left alone.
    pub(super) foreign: Vec<StoredFile>,
}

impl Files {
    pub(super) fn of(storage: &dyn Storage) -> Result<Self, StorageError> {
        let mut files = Self::default();
        for file in storage.list()? {
            match parse_name(&file.name) {
                Some(Named::Image(through)) => files.images.push((through, file)),
                Some(Named::Log(first)) => files.logs.push((first, file)),
                Some(Named::Unfinished) => files.unfinished.push(file),
                None => files.foreign.push(file),
            }
        }
        files.images.sort_unstable_by_key(|&(through, _)| through);
        files.logs.sort_unstable_by_key(|&(first, _)| first);
        Ok(files)
    }
}

/// Takes each record; an error says why it does not fit.
pub(super) type Take<'a> = &'a mut dyn FnMut(Change) -> Result<(), String>;

/// Gives the changes of the store of `storage` to `take`, in order, and then its journal, ready for
/// more. `take` builds a memory from an empty one; where this fails that memory is to be dropped.
///
/// # Errors
/// [`RecoverError`]; the store is then as it was.
pub(crate) fn recover(
    storage: Arc<dyn Storage>,
    config: JournalConfig,
    take: Take<'_>,
) -> Result<(Journal, RecoveryReport), RecoverError> {
    let files = Files::of(&*storage)?;
    let mut report = RecoveryReport::default();
    let image = choose_image(&*storage, &files, &mut report)?;
    if let Some((_, file)) = image {
        report.image_records = read_image(&*storage, image, take)?.records;
        if report.skipped_image.is_some() {
            report.removed.extend(files.images.iter().map(|(_, file)| file.name.clone()));
            report.removed.retain(|name| *name != file.name);
        }
    }
    report.image_through = Sequence(image.map_or(0, |&(through, _)| through));
    let tail = follow(&*storage, &files.logs, report.image_through.0, take)?;
    report.log_records = tail.records;
    report.through = Sequence(tail.through);
    if let (Some(skipped), Some(&(through, _))) = (&report.skipped_image, files.images.last())
        && tail.through < through
    {
        // What the image held was certain, and the log does not reach it.
        let damage = check_image(&*storage, files.images.last())?.err();
        let (offset, damage) = damage.unwrap_or((0, Damage::Header));
        let intact = report.through;
        return Err(RecoverError::Damaged { file: skipped.clone(), offset, damage, intact });
    }
    repair(&*storage, &files, &tail, &mut report)?;
    let journal = Journal::new(storage, config, report.through);
    Ok((journal, report))
}

/// What an image holds.
struct ImageFound {
    records: u64,
}

/// The newest image that can serve. One that stands alone is not read twice: where it is damaged,
/// reading it says so.
fn choose_image<'a>(
    storage: &dyn Storage,
    files: &'a Files,
    report: &mut RecoveryReport,
) -> Result<Option<&'a (u64, StoredFile)>, RecoverError> {
    let Some(newest) = files.images.last() else { return Ok(None) };
    let from_start = files.logs.first().is_some_and(|&(first, _)| first == 1);
    if files.images.len() == 1 && !from_start {
        return Ok(Some(newest));
    }
    for image in files.images.iter().rev() {
        match check_image(storage, Some(image))? {
            Ok(()) => return Ok(Some(image)),
            Err(_) => report.skipped_image.get_or_insert_with(|| newest.1.name.clone()),
        };
    }
    // Every image is damaged: the log from its start, or the error of the newest one.
    Ok(if from_start { None } else { Some(newest) })
}

/// Whether the image is whole, or where it is not.
fn check_image(
    storage: &dyn Storage,
    image: Option<&(u64, StoredFile)>,
) -> Result<Result<(), (u64, Damage)>, RecoverError> {
    match read_image(storage, image, &mut |_| Ok(())) {
        Ok(_) => Ok(Ok(())),
        Err(RecoverError::Damaged { offset, damage, .. }) => Ok(Err((offset, damage))),
        Err(error) => Err(error),
    }
}

fn read_image(
    storage: &dyn Storage,
    image: Option<&(u64, StoredFile)>,
    take: Take<'_>,
) -> Result<ImageFound, RecoverError> {
    let Some((through, file)) = image else { return Ok(ImageFound { records: 0 }) };
    let damaged = |offset, damage| {
        let (file, intact) = (file.name.clone(), Sequence(0));
        RecoverError::Damaged { file, offset, damage, intact }
    };
    let mut scan = match Scan::open(storage, file, FileKind::Image, *through)? {
        Ok(scan) => scan,
        Err(problem) => return Err(header_error(file, problem, 0)),
    };
    let mut records = 0;
    loop {
        match scan.next()? {
            Next::Block { header, offset, .. } if header.first != records => {
                let (expected, found) = (records, header.first);
                return Err(damaged(offset, Damage::Count { expected, found }));
            }
            Next::Block { header, .. } if header.records == 0 => return Ok(ImageFound { records }),
            Next::Block { header, offset, records: bytes } => {
                take_block(file, offset, header.time, header.records, bytes, 0, take)?;
                records += u64::from(header.records);
            }
            Next::End { offset, damage } => {
                return Err(damaged(offset, damage.unwrap_or(Damage::NoBlock)));
            }
        }
    }
}

/// How far the log leads.
#[derive(Debug, Default)]
pub(super) struct Tail {
    pub(super) through: u64,
    pub(super) records: u64,
    /// Where the last log that holds anything ends: its place among the logs, the offset behind its
    /// last intact block, and what stands there instead of a next one.
    pub(super) end: Option<(usize, u64, Option<Damage>)>,
}

/// Gives the records of the log behind `through` to `take`.
pub(super) fn follow(
    storage: &dyn Storage,
    logs: &[(u64, StoredFile)],
    through: u64,
    take: Take<'_>,
) -> Result<Tail, RecoverError> {
    let mut tail = Tail { through, ..Tail::default() };
    // The last log that begins no later than the change that has to follow.
    let start = logs.iter().rposition(|&(first, _)| first <= through + 1);
    if let (None, Some((first, file))) = (start, logs.first()) {
        let damage = Damage::OutOfOrder { expected: through + 1, found: *first };
        let (file, intact) = (file.name.clone(), Sequence(through));
        return Err(RecoverError::Damaged { file, offset: 0, damage, intact });
    }
    for index in start.unwrap_or(0)..logs.len() {
        let (first, file) = &logs[index];
        let next = logs.get(index + 1).map(|&(first, _)| first);
        let (offset, damage) = match Scan::open(storage, file, FileKind::Log, *first)? {
            Ok(mut scan) => {
                let (offset, damage) = follow_file(&mut scan, file, &mut tail, take)?;
                if next.is_none() && scan.evidence(tail.through + 1)?.is_some() {
                    let damage = damage.unwrap_or(Damage::NoBlock);
                    return Err(lost(file, offset, damage, tail.through));
                }
                (offset, damage)
            }
            Err(HeaderProblem::Torn) => {
                let mut scan = Scan::headless(storage, file, *first);
                if scan.evidence(tail.through + 1)?.is_some() {
                    return Err(lost(file, 0, Damage::Header, tail.through));
                }
                (0, Some(Damage::Header))
            }
            Err(problem) => return Err(header_error(file, problem, tail.through)),
        };
        if next.is_some_and(|next| next > tail.through + 1) {
            let damage = damage.unwrap_or(Damage::NoBlock);
            return Err(lost(file, offset, damage, tail.through));
        }
        tail.end = Some((index, offset, damage));
    }
    Ok(tail)
}

/// Follows one log to its end, and gives where that is and why.
fn follow_file(
    scan: &mut Scan<'_>,
    file: &StoredFile,
    tail: &mut Tail,
    take: Take<'_>,
) -> Result<(u64, Option<Damage>), RecoverError> {
    loop {
        match scan.next()? {
            Next::Block { header, .. } if header.last() <= tail.through => {}
            Next::Block { header, offset, records } if header.first == tail.through + 1 => {
                let intact = tail.through;
                take_block(file, offset, header.time, header.records, records, intact, take)?;
                tail.records += u64::from(header.records);
                tail.through = header.last();
            }
            Next::Block { header, offset, .. } => {
                let damage = Damage::OutOfOrder { expected: tail.through + 1, found: header.first };
                return Err(lost(file, offset, damage, tail.through));
            }
            Next::End { offset, damage } => return Ok((offset, damage)),
        }
    }
}

fn take_block(
    file: &StoredFile,
    offset: u64,
    time: Time,
    records: u32,
    bytes: &[u8],
    intact: u64,
    take: Take<'_>,
) -> Result<(), RecoverError> {
    let mut bytes = Bytes::new(bytes);
    let damaged = |damage| lost(file, offset, damage, intact);
    for _ in 0..records {
        let change =
            codec::decode(&mut bytes, time).map_err(|error| damaged(Damage::Record(error)))?;
        take(change).map_err(|reason| RecoverError::Refused {
            file: file.name.clone(),
            offset,
            reason,
        })?;
    }
    if bytes.left() > 0 {
        return Err(damaged(Damage::Count {
            expected: records.into(),
            found: u64::from(records) + 1,
        }));
    }
    Ok(())
}

/// Cuts off the torn end and removes what is not needed.
fn repair(
    storage: &dyn Storage,
    files: &Files,
    tail: &Tail,
    report: &mut RecoveryReport,
) -> Result<(), RecoverError> {
    let through = report.image_through.0;
    for (index, (first, file)) in files.logs.iter().enumerate() {
        let end = files.logs.get(index + 1).map_or(tail.through, |&(next, _)| next - 1);
        if end <= through || *first > tail.through {
            report.removed.push(file.name.clone());
        }
    }
    if report.skipped_image.is_none() {
        let older = files.images.iter().filter(|&&(older, _)| older < through);
        report.removed.extend(older.map(|(_, file)| file.name.clone()));
    }
    report.removed.extend(files.unfinished.iter().map(|file| file.name.clone()));
    if let Some((index, offset, damage)) = &tail.end {
        let file = &files.logs[*index].1;
        if *offset < file.bytes {
            let (name, offset, bytes) = (file.name.clone(), *offset, file.bytes - offset);
            if !report.removed.contains(&name) {
                storage.truncate(&name, offset)?;
            }
            let torn = |damage: &Damage| Torn { file: name, offset, bytes, damage: damage.clone() };
            report.torn = damage.as_ref().map(torn);
        }
    }
    for name in &report.removed {
        storage.remove(name)?;
    }
    if !report.removed.is_empty() {
        storage.sync_directory()?;
    }
    Ok(())
}

fn lost(file: &StoredFile, offset: u64, damage: Damage, intact: u64) -> RecoverError {
    RecoverError::Damaged { file: file.name.clone(), offset, damage, intact: Sequence(intact) }
}

fn header_error(file: &StoredFile, problem: HeaderProblem, intact: u64) -> RecoverError {
    let damage = match problem {
        HeaderProblem::Newer(version) => {
            let (file, known) = (file.name.clone(), VERSION);
            return RecoverError::NewerFormat { file, version, known };
        }
        HeaderProblem::NotOurs => Damage::NotAStore,
        HeaderProblem::Torn | HeaderProblem::Damaged => Damage::Header,
    };
    lost(file, 0, damage, intact)
}
