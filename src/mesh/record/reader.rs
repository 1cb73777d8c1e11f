//! The side that reads: records out of a stream, each checked before it is believed.

use std::io::{self, BufReader, Read};

use super::error::ReplayError;
use super::event::Event;
use super::format::{
    CHECKSUM_BYTES, HEAD_BYTES, LENGTH_BYTES, MAGIC, MAX_RECORD_BYTES, VERSION, checksum,
};

/// Records, one after the other.
pub(super) struct Records<R> {
    reader: BufReader<R>,
    /// Where the next record begins.
    next: u64,
    /// Where the last record began.
    pub(super) offset: u64,
    /// The last record: length, body, checksum.
    record: Vec<u8>,
}

impl<R: Read> Records<R> {
    /// Reads the head.
    pub(super) fn open(reader: R) -> Result<Self, ReplayError> {
        let mut reader = BufReader::new(reader);
        let mut head = Vec::with_capacity(HEAD_BYTES);
        fill(&mut reader, &mut head, HEAD_BYTES)
            .map_err(|source| ReplayError::Read { offset: 0, source })?;
        let Some((magic, rest)) = head.split_first_chunk::<{ MAGIC.len() }>() else {
            return Err(ReplayError::Truncated { offset: 0 });
        };
        if *magic != MAGIC {
            return Err(ReplayError::NotARecording { given: *magic });
        }
        let Some(version) = rest.first_chunk() else {
            return Err(ReplayError::Truncated { offset: super::format::VERSION_OFFSET });
        };
        let found = u32::from_le_bytes(*version);
        if found != VERSION {
            return Err(ReplayError::Version { found, supported: VERSION });
        }
        let begin = HEAD_BYTES as u64;
        Ok(Self { reader, next: begin, offset: begin, record: Vec::new() })
    }

    /// Where the next record begins.
    pub(super) fn position(&self) -> u64 {
        self.next
    }

    /// The next record. Its memory is used again, and grows only with what the file holds.
    pub(super) fn next(&mut self) -> Result<Event<'_>, ReplayError> {
        let offset = self.next;
        self.offset = offset;
        self.record.clear();
        self.fill(LENGTH_BYTES)?;
        let length = self.record.first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes));
        if length as usize > MAX_RECORD_BYTES {
            return Err(ReplayError::TooLong { offset, given: length, limit: MAX_RECORD_BYTES });
        }
        let body_end = LENGTH_BYTES + length as usize;
        self.fill(body_end + CHECKSUM_BYTES)?;
        self.next = offset + self.record.len() as u64;
        let (hashed, behind) = self.record.split_at(body_end);
        let given = behind.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
        let expected = checksum(offset, hashed);
        if given != expected {
            return Err(ReplayError::Checksum { offset, expected, given });
        }
        Event::take(&hashed[LENGTH_BYTES..])
            .map_err(|wrong| ReplayError::Malformed { offset, expected: wrong.0 })
    }

    /// Nothing may follow.
    pub(super) fn end(&mut self) -> Result<(), ReplayError> {
        let offset = self.next;
        self.record.clear();
        fill(&mut self.reader, &mut self.record, 1)
            .map_err(|source| ReplayError::Read { offset, source })?;
        if self.record.is_empty() { Ok(()) } else { Err(ReplayError::Trailing { offset }) }
    }

    /// Reads until the record has `length` bytes.
    fn fill(&mut self, length: usize) -> Result<(), ReplayError> {
        let offset = self.offset;
        fill(&mut self.reader, &mut self.record, length)
            .map_err(|source| ReplayError::Read { offset, source })?;
        if self.record.len() < length { Err(ReplayError::Truncated { offset }) } else { Ok(()) }
    }
}

/// Reads until `bytes` holds `length`, or less at the end of the file.
fn fill(reader: impl Read, bytes: &mut Vec<u8>, length: usize) -> io::Result<()> {
    let missing = length.saturating_sub(bytes.len()) as u64;
    reader.take(missing).read_to_end(bytes).map(|_| ())
}
