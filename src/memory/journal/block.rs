//! Blocks: records that are checked, and kept or lost, together.

use twox_hash::XxHash64;

use super::header::{FileHeader, FileKind};
use crate::time::Time;

/// The length of a block's header.
pub(super) const BLOCK_HEADER_BYTES: usize = 48;
/// Blocks begin at multiples of this.
pub(super) const BLOCK_ALIGNMENT: usize = 8;
/// The most bytes of records in a block. A claim of more is not believed.
pub(super) const MAX_BLOCK_BYTES: usize = 64 << 20;
const MAGIC: u32 = u32::from_le_bytes(*b"xrmb");

/// A block's header, without its checksum, magic number and length.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct BlockHeader {
    /// In a log the sequence of its first change, in an image the number of records before it.
    pub(super) first: u64,
    /// How many sequences it covers; zero in an image.
    pub(super) span: u32,
    /// How many records stand in it.
    pub(super) records: u32,
    /// The last sequence known to be certain when it was written.
    pub(super) durable: u64,
    /// What its records' times are relative to.
    pub(super) time: Time,
}

impl BlockHeader {
    /// The last sequence that it covers.
    pub(super) const fn last(&self) -> u64 {
        self.first.wrapping_add(self.span as u64).wrapping_sub(1)
    }
}

/// Where a block stands. Its checksum holds only there, so a stale block, one of another file or one
/// inside an attribute is not taken for it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Place {
    pub(super) file: FileHeader,
    pub(super) offset: u64,
}

impl Place {
    fn seed(self) -> u64 {
        let kind = match self.file.kind {
            FileKind::Log => 1,
            FileKind::Image => 2,
            FileKind::Order => 3,
        };
        self.file.sequence ^ self.offset.rotate_left(40) ^ kind << 62
    }
}

/// Room for a header, to begin a block with; records are appended behind it.
pub(super) fn begin(bytes: &mut Vec<u8>) {
    bytes.clear();
    bytes.resize(BLOCK_HEADER_BYTES, 0);
}

/// Ends the block that [`begin`] began: pads it and fills in its header for `place`.
pub(super) fn seal(bytes: &mut Vec<u8>, header: BlockHeader, place: Place) {
    let length = bytes.len() - BLOCK_HEADER_BYTES;
    bytes.resize(bytes.len().next_multiple_of(BLOCK_ALIGNMENT), 0);
    bytes[8..12].copy_from_slice(&MAGIC.to_le_bytes());
    bytes[12..16].copy_from_slice(&(length as u32).to_le_bytes());
    bytes[16..24].copy_from_slice(&header.first.to_le_bytes());
    bytes[24..28].copy_from_slice(&header.span.to_le_bytes());
    bytes[28..32].copy_from_slice(&header.records.to_le_bytes());
    bytes[32..40].copy_from_slice(&header.durable.to_le_bytes());
    bytes[40..48].copy_from_slice(&header.time.as_nanos().to_le_bytes());
    let check = XxHash64::oneshot(place.seed(), &bytes[8..]);
    bytes[0..8].copy_from_slice(&check.to_le_bytes());
}

/// What a header claims, before its checksum is known to hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Claim {
    pub(super) header: BlockHeader,
    /// The bytes of its records.
    pub(super) length: usize,
}

impl Claim {
    /// Reads a header; `None` where there is none. A length that no block has is none.
    pub(super) fn parse(bytes: &[u8; BLOCK_HEADER_BYTES]) -> Option<Self> {
        let long = |at: usize| u64::from_le_bytes(std::array::from_fn(|i| bytes[at + i]));
        let short = |at: usize| u32::from_le_bytes(std::array::from_fn(|i| bytes[at + i]));
        let length = usize::try_from(short(12)).ok()?;
        if short(8) != MAGIC {
            return None;
        }
        let header = BlockHeader {
            first: long(16),
            span: short(24),
            records: short(28),
            durable: long(32),
            time: Time::from_nanos(long(40) as i64),
        };
        Some(Self { header, length })
    }

    /// The bytes of the whole block: header, records and padding.
    pub(super) const fn block_bytes(&self) -> usize {
        BLOCK_HEADER_BYTES + self.length.next_multiple_of(BLOCK_ALIGNMENT)
    }

    /// Whether `block`, all of its bytes, is what was written at `place`.
    pub(super) fn holds(&self, block: &[u8], place: Place) -> bool {
        let Some((check, rest)) = block.split_first_chunk::<8>() else { return false };
        block.len() == self.block_bytes()
            && XxHash64::oneshot(place.seed(), rest) == u64::from_le_bytes(*check)
    }
}
