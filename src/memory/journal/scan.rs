//! Reads the blocks of one file, in order, as far as they are intact.

use super::block::{
    BLOCK_ALIGNMENT, BLOCK_HEADER_BYTES, BlockHeader, Claim, MAX_BLOCK_BYTES, Place,
};
use super::error::Damage;
use super::header::{FILE_HEADER_BYTES, FileHeader, FileKind, HeaderProblem};
use crate::storage::{Storage, StorageError, StoredFile};

/// How much is read at once where blocks are smaller.
const WINDOW_BYTES: usize = 4 << 20;

/// The blocks of one file. Holds one window of it, or one block where that is larger.
#[derive(Debug)]
pub(super) struct Scan<'a> {
    storage: &'a dyn Storage,
    file: &'a StoredFile,
    header: FileHeader,
    /// Where the next block begins.
    offset: u64,
    window: Vec<u8>,
    window_offset: u64,
}

/// What stands where a block may.
#[derive(Debug)]
pub(super) enum Next<'a> {
    /// An intact block, its place and its records.
    Block { header: BlockHeader, offset: u64, records: &'a [u8] },
    /// No intact block: `None` where there is nothing but zeros or the file's end, as behind the last
    /// block that was written.
    End { offset: u64, damage: Option<Damage> },
}

impl<'a> Scan<'a> {
    /// The blocks of `file`, whose name says `kind` and `sequence`.
    pub(super) fn open(
        storage: &'a dyn Storage,
        file: &'a StoredFile,
        kind: FileKind,
        sequence: u64,
    ) -> Result<Result<Self, HeaderProblem>, StorageError> {
        let mut bytes = [0; FILE_HEADER_BYTES];
        let read = storage.read(&file.name, 0, &mut bytes)?;
        Ok(FileHeader::parse(&bytes[..read], kind, sequence).map(|header| Self {
            storage,
            file,
            header,
            offset: FILE_HEADER_BYTES as u64,
            window: Vec::new(),
            window_offset: 0,
        }))
    }

    /// What is behind `offset` in a log, whose own header need not be intact, to look for evidence.
    pub(super) fn behind(
        storage: &'a dyn Storage,
        file: &'a StoredFile,
        first: u64,
        offset: u64,
    ) -> Self {
        let header = FileHeader::log(first);
        let offset = offset.max(FILE_HEADER_BYTES as u64);
        Self { storage, file, header, offset, window: Vec::new(), window_offset: 0 }
    }

    /// The next block. At an end it stays there.
    pub(super) fn next(&mut self) -> Result<Next<'_>, StorageError> {
        let offset = self.offset;
        match self.intact(offset)? {
            Ok(claim) => {
                self.offset = offset + claim.block_bytes() as u64;
                let at = (offset - self.window_offset) as usize + BLOCK_HEADER_BYTES;
                let records = &self.window[at..at + claim.length];
                Ok(Next::Block { header: claim.header, offset, records })
            }
            Err(Damage::NoBlock) if self.zeros_from(offset, BLOCK_HEADER_BYTES)? => {
                Ok(Next::End { offset, damage: None })
            }
            Err(damage) => Ok(Next::End { offset, damage: Some(damage) }),
        }
    }

    /// Looks behind the end for an intact block that says that the change `sequence` was certain, and
    /// gives its place. Takes time linear in what is left.
    pub(super) fn evidence(&mut self, sequence: u64) -> Result<Option<u64>, StorageError> {
        let mut offset = self.offset;
        while offset + BLOCK_HEADER_BYTES as u64 <= self.file.bytes {
            if let Ok(claim) = self.intact(offset)?
                && claim.header.durable >= sequence
            {
                return Ok(Some(offset));
            }
            offset += BLOCK_ALIGNMENT as u64;
        }
        Ok(None)
    }

    /// The claim of the block at `offset`, where it is intact; it then stands in the window.
    fn intact(&mut self, offset: u64) -> Result<Result<Claim, Damage>, StorageError> {
        let left = self.file.bytes.saturating_sub(offset);
        let Some(&bytes) = self.fill(offset, BLOCK_HEADER_BYTES)?.first_chunk() else {
            return Ok(Err(Damage::NoBlock));
        };
        let Some(claim) = Claim::parse(&bytes) else {
            return Ok(Err(Damage::NoBlock));
        };
        let claimed = claim.block_bytes() as u64;
        if claimed > left || claim.length > MAX_BLOCK_BYTES {
            return Ok(Err(Damage::CutOff { claimed, left }));
        }
        let place = Place { file: self.header, offset };
        let block = self.fill(offset, claim.block_bytes())?;
        if claim.holds(block, place) {
            Ok(Ok(claim))
        } else {
            Ok(Err(Damage::Checksum { bytes: claimed }))
        }
    }

    /// Whether what the file has of `bytes` bytes from `offset` on is zero.
    fn zeros_from(&mut self, offset: u64, bytes: usize) -> Result<bool, StorageError> {
        Ok(self.fill(offset, bytes)?.iter().all(|&byte| byte == 0))
    }

    /// What the file has of `bytes` bytes from `offset` on.
    fn fill(&mut self, offset: u64, bytes: usize) -> Result<&[u8], StorageError> {
        let inside = |window: &[u8], start: u64| {
            offset >= start && offset + bytes as u64 <= start + window.len() as u64
        };
        if !inside(&self.window, self.window_offset) {
            let left = self.file.bytes.saturating_sub(offset);
            let wanted = bytes.max(WINDOW_BYTES);
            let wanted = usize::try_from(left).unwrap_or(usize::MAX).min(wanted);
            self.window.resize(wanted, 0);
            let read = self.storage.read(&self.file.name, offset, &mut self.window)?;
            self.window.truncate(read);
            self.window_offset = offset;
        }
        let at = (offset - self.window_offset) as usize;
        let window = self.window.get(at..).unwrap_or_default();
        Ok(&window[..bytes.min(window.len())])
    }
}
