//! Recovery: the newest intact image, and the log behind it.
//!
//! 1. An image counts only whole; it got its name when it was. Where the newest is damaged an older one
//!    serves if the log behind it reaches as far.
//! 2. The log is followed block by block; each begins with the sequence after the last one's. It ends
//!    where no intact block follows. A block says which sequences were certain when it was written:
//!    where one behind the end shows that more was certain than is intact, that is damage, an error
//!    with its place. Otherwise it is the torn end of what was never acknowledged, and is cut off.
//! 3. What a process that died had written and not synced is read as well, so it is synced before
//!    anything is built on it, and names are before a file is removed.
//! 4. Nothing is changed before all has been read and taken, and then only what rule 2 cuts off, files
//!    that an image has replaced, and images that were never finished.

use core::fmt;
use std::sync::Arc;

use super::super::change::{Sequence, Stored};
use super::block::BlockHeader;
use super::codec;
use super::config::JournalConfig;
use super::error::{Damage, RecoverError};
use super::header::{FileKind, HeaderProblem, Named, VERSION, parse_name};
use super::pipeline::pipelined;
use super::scan::{Next, Scan};
use super::wire::Bytes;
use super::writer::Journal;
use crate::storage::{Storage, StorageError, StoredFile};

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
                // It is none that recovery needs.
                Some(Named::Order(_)) => {}
                None => files.foreign.push(file),
            }
        }
        files.images.sort_unstable_by_key(|&(through, _)| through);
        files.logs.sort_unstable_by_key(|&(first, _)| first);
        Ok(files)
    }
}

/// Takes each record; an error says why it does not fit.
pub(super) type Take<'a> = &'a mut (dyn FnMut(Stored) -> Result<(), String> + Send);

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
    let tail = read(&*storage, &files, &mut report, take)?;
    repair(&*storage, &files, &tail, &mut report)?;
    let journal = Journal::new(storage, config, report.through);
    Ok((journal, report))
}

/// Gives the changes of a store to `take`, in order, and changes nothing.
pub(super) fn read(
    storage: &dyn Storage,
    files: &Files,
    report: &mut RecoveryReport,
    take: Take<'_>,
) -> Result<Tail, RecoverError> {
    let image = choose_image(storage, files, report)?;
    if let Some(image) = image {
        report.image_records = read_image(storage, image, take)?;
        report.image_through = Sequence(image.0);
    }
    let tail = follow(storage, &files.logs, report.image_through.0, take)?;
    report.log_records = tail.records;
    report.through = Sequence(tail.through);
    if let (Some(_), Some(newest)) = (&report.skipped_image, files.images.last())
        && tail.through < newest.0
    {
        // What the image held was certain, and the log does not reach it: the image's own error.
        read_image(storage, newest, &mut |_| Ok(()))?;
    }
    Ok(tail)
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
        match read_image(storage, image, &mut |_| Ok(())) {
            Ok(_) => return Ok(Some(image)),
            Err(RecoverError::Damaged { .. }) => {
                report.skipped_image.get_or_insert_with(|| newest.1.name.clone());
            }
            Err(error) => return Err(error),
        }
    }
    // Every image is damaged: the log from its start, or the error of the newest one.
    Ok(if from_start { None } else { Some(newest) })
}

/// Gives the records of an image to `take`, and their number.
fn read_image(
    storage: &dyn Storage,
    (through, file): &(u64, StoredFile),
    take: Take<'_>,
) -> Result<u64, RecoverError> {
    let damaged = |offset, damage| lost(file, offset, damage, 0);
    let mut scan = match Scan::open(storage, file, FileKind::Image, *through)? {
        Ok(scan) => scan,
        Err(problem) => return Err(header_error(file, problem, 0)),
    };
    let (mut records, mut has_ended) = (0, false);
    let make = |batch: &mut Batch| {
        batch.clear();
        while !has_ended && !batch.is_full() {
            match scan.next()? {
                Next::Block { header, offset, .. } if header.first != records => {
                    let (expected, found) = (records, header.first);
                    return Err(damaged(offset, Damage::Count { expected, found }));
                }
                Next::Block { header, .. } if header.records == 0 => has_ended = true,
                Next::Block { header, offset, records: bytes } => {
                    batch.add(file, offset, &header, bytes, 0)?;
                    records += u64::from(header.records);
                }
                Next::End { offset, damage } => {
                    return Err(damaged(offset, damage.unwrap_or(Damage::NoBlock)));
                }
            }
        }
        Ok(!batch.is_empty())
    };
    pipelined(make, |batch| batch.hand_over(file, &mut *take))?;
    Ok(records)
}

/// How far the log leads.
#[derive(Debug, Default)]
pub(super) struct Tail {
    pub(super) through: u64,
    pub(super) records: u64,
    /// Where the last log that holds anything ends: its place among the logs, the offset behind its
    /// last intact block, and what stands there instead of a next one.
    pub(super) end: Option<(usize, u64, Option<Damage>)>,
    /// The last sequence that is known to outlive a crash.
    certain: u64,
    /// The logs that were followed: their places, ends and last sequences.
    followed: Vec<(usize, u64, u64)>,
}

impl Tail {
    /// What stands behind the end and is to be cut off, where that is more than unused room.
    pub(super) fn torn(&self, files: &Files) -> Option<Torn> {
        let (index, offset, damage) = self.end.as_ref()?;
        let file = &files.logs.get(*index)?.1;
        let (file, offset, bytes) =
            (file.name.clone(), *offset, file.bytes.saturating_sub(*offset));
        damage.clone().filter(|_| bytes > 0).map(|damage| Torn { file, offset, bytes, damage })
    }
}

/// Gives the records of the log behind `through` to `take`.
fn follow(
    storage: &dyn Storage,
    logs: &[(u64, StoredFile)],
    through: u64,
    take: Take<'_>,
) -> Result<Tail, RecoverError> {
    let mut tail = Tail { through, certain: through, ..Tail::default() };
    // The last log that begins no later than the change that has to follow.
    let start = logs.iter().rposition(|&(first, _)| first <= through + 1).unwrap_or(0);
    let mut rest = start;
    for (index, (first, file)) in logs.iter().enumerate().skip(start) {
        if *first > tail.through + 1 {
            break;
        }
        let (offset, damage) = match Scan::open(storage, file, FileKind::Log, *first)? {
            Ok(mut scan) => follow_file(&mut scan, file, &mut tail, take)?,
            Err(HeaderProblem::Torn) => (0, Some(Damage::Header)),
            Err(problem) => return Err(header_error(file, problem, tail.through)),
        };
        tail.followed.push((index, offset, tail.through));
        tail.end = Some((index, offset, damage));
        rest = index;
    }
    // What is behind the end, in its log and in later ones, must not show that more was certain.
    for (index, (first, file)) in logs.iter().enumerate().skip(rest) {
        if index > rest
            && let Err(problem) = Scan::open(storage, file, FileKind::Log, *first)?
            && problem != HeaderProblem::Torn
        {
            return Err(header_error(file, problem, tail.through));
        }
        let end = tail.end.as_ref().filter(|&&(end, ..)| end == index);
        let offset = end.map_or(0, |&(_, offset, _)| offset);
        if Scan::behind(storage, file, *first, offset).evidence(tail.through + 1)?.is_some() {
            let missing = Damage::OutOfOrder { expected: tail.through + 1, found: *first };
            return Err(match tail.end {
                Some((index, offset, damage)) => {
                    lost(&logs[index].1, offset, damage.unwrap_or(Damage::NoBlock), tail.through)
                }
                None => lost(file, 0, missing, tail.through),
            });
        }
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
    let mut end = None;
    let make = |batch: &mut Batch| {
        batch.clear();
        while end.is_none() && !batch.is_full() {
            let next = scan.next()?;
            if let Next::Block { header, .. } = &next {
                tail.certain = tail.certain.max(header.durable);
            }
            match next {
                Next::Block { header, .. } if header.last() <= tail.through => {}
                Next::Block { header, offset, records } if header.first == tail.through + 1 => {
                    batch.add(file, offset, &header, records, tail.through)?;
                    tail.records += u64::from(header.records);
                    tail.through = header.last();
                }
                Next::Block { header, offset, .. } => {
                    let (expected, found) = (tail.through + 1, header.first);
                    let damage = Damage::OutOfOrder { expected, found };
                    return Err(lost(file, offset, damage, tail.through));
                }
                Next::End { offset, damage } => end = Some((offset, damage)),
            }
        }
        Ok(!batch.is_empty())
    };
    pipelined(make, |batch| batch.hand_over(file, &mut *take))?;
    // It is not full for ever, so it has met the end.
    Ok(end.unwrap_or_default())
}

/// Records of a few blocks, decoded.
#[derive(Default)]
struct Batch {
    records: Vec<Stored>,
    /// Where each block begins in the file, and its first record here.
    blocks: Vec<(u64, usize)>,
}

/// A batch of so many records is full, at the end of a block: enough that handing it over costs
/// little, and few enough to stay in a cache.
const BATCH_RECORDS: usize = 1_024;

impl Batch {
    fn clear(&mut self) {
        self.records.clear();
        self.blocks.clear();
    }

    const fn is_full(&self) -> bool {
        self.records.len() >= BATCH_RECORDS
    }

    const fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Decodes a block. What is certain before it is `intact`.
    fn add(
        &mut self,
        file: &StoredFile,
        offset: u64,
        header: &BlockHeader,
        bytes: &[u8],
        intact: u64,
    ) -> Result<(), RecoverError> {
        let damaged = |damage| lost(file, offset, damage, intact);
        let mut bytes = Bytes::new(bytes);
        self.blocks.push((offset, self.records.len()));
        for _ in 0..header.records {
            let record = codec::decode(&mut bytes, header.time);
            self.records.push(record.map_err(|error| damaged(Damage::Record(error)))?);
        }
        if bytes.left() > 0 {
            let expected = u64::from(header.records);
            return Err(damaged(Damage::Count { expected, found: expected + 1 }));
        }
        Ok(())
    }

    fn hand_over(&mut self, file: &StoredFile, take: Take<'_>) -> Result<(), RecoverError> {
        for (at, record) in self.records.drain(..).enumerate() {
            take(record).map_err(|reason| {
                let block = self.blocks.partition_point(|&(_, first)| first <= at);
                let offset =
                    self.blocks.get(block.wrapping_sub(1)).map_or(0, |&(offset, _)| offset);
                RecoverError::Refused { file: file.name.clone(), offset, reason }
            })?;
        }
        Ok(())
    }
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
    // Images other than the one that served: older ones, and newer ones that are damaged.
    let others = files.images.iter().filter(|&&(image, _)| image != through);
    report.removed.extend(others.map(|(_, file)| file.name.clone()));
    report.removed.extend(files.unfinished.iter().map(|file| file.name.clone()));
    report.torn = tail.torn(files);
    let mut is_changed = !report.removed.is_empty();
    for &(index, offset, last) in &tail.followed {
        let file = &files.logs[index].1;
        let is_end = tail.end.as_ref().is_some_and(|&(end, ..)| end == index);
        let is_cut = is_end && offset < file.bytes;
        if (last > tail.certain || is_cut) && !report.removed.contains(&file.name) {
            storage.truncate(&file.name, offset)?;
            is_changed = true;
        }
    }
    if is_changed {
        storage.sync_directory()?;
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
