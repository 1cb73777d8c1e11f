//! The names of a store's files and the 64 bytes with which each begins.

use twox_hash::XxHash64;

use crate::time::Time;

/// The format that this library writes, and the newest that it reads.
pub(super) const VERSION: u16 = 1;
/// What every file of a store begins with.
const MAGIC: [u8; 8] = *b"xrmstore";
/// The length of a file's header.
pub(super) const FILE_HEADER_BYTES: usize = 64;

/// What a file of a store holds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) enum FileKind {
    /// A part of the log.
    Log,
    /// A whole image of the memory.
    Image,
    /// The order of the index, which follows from the memory.
    Order,
}

/// What a file's name says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Named {
    /// A log from the change of this sequence on.
    Log(u64),
    /// An image that holds all changes through this sequence.
    Image(u64),
    /// The order of the index after this sequence.
    Order(u64),
    /// An image that was being written.
    Unfinished,
}

/// A file's header.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct FileHeader {
    pub(super) kind: FileKind,
    /// The first sequence of a log; the last one that an image holds.
    pub(super) sequence: u64,
    /// When the image was taken; zero in a log, so that its header follows from its name.
    pub(super) time: Time,
}

/// What is wrong with a file's header.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum HeaderProblem {
    /// It is a header of which parts were never written.
    Torn,
    /// It was written by a newer version of this library.
    Newer(u16),
    /// It is not what stands at the start of such a file.
    NotOurs,
    /// It is ours, and was changed since.
    Damaged,
}

pub(super) fn log_name(first: u64) -> String {
    format!("log-{first:016x}.xrm")
}

pub(super) fn image_name(through: u64) -> String {
    format!("image-{through:016x}.xrm")
}

pub(super) fn unfinished_name(through: u64) -> String {
    format!("image-{through:016x}.tmp")
}

pub(super) fn order_name(through: u64) -> String {
    format!("order-{through:016x}.xrm")
}

/// What `name` says; `None` where it is not one of a store's names.
pub(super) fn parse_name(name: &str) -> Option<Named> {
    let (stem, ending) = name.rsplit_once('.')?;
    let (kind, digits) = stem.split_once('-')?;
    let ours = digits.len() == 16 && digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    let sequence = u64::from_str_radix(digits, 16).ok().filter(|_| ours)?;
    match (kind, ending) {
        ("log", "xrm") => Some(Named::Log(sequence)),
        ("image", "xrm") => Some(Named::Image(sequence)),
        ("order", "xrm") => Some(Named::Order(sequence)),
        ("image", "tmp") => Some(Named::Unfinished),
        _ => None,
    }
}

impl FileHeader {
    pub(super) const fn log(first: u64) -> Self {
        Self { kind: FileKind::Log, sequence: first, time: Time::ZERO }
    }

    pub(super) const fn order(through: u64) -> Self {
        Self { kind: FileKind::Order, sequence: through, time: Time::ZERO }
    }

    pub(super) fn to_bytes(self) -> [u8; FILE_HEADER_BYTES] {
        let mut bytes = [0; FILE_HEADER_BYTES];
        bytes[0..8].copy_from_slice(&MAGIC);
        bytes[8..10].copy_from_slice(&VERSION.to_le_bytes());
        let kind: u16 = match self.kind {
            FileKind::Log => 1,
            FileKind::Image => 2,
            FileKind::Order => 3,
        };
        bytes[10..12].copy_from_slice(&kind.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.sequence.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.time.as_nanos().to_le_bytes());
        let check = XxHash64::oneshot(0, &bytes[..56]);
        bytes[56..64].copy_from_slice(&check.to_le_bytes());
        bytes
    }

    /// Reads the header of a file whose name says `kind` and `sequence`.
    pub(super) fn parse(
        bytes: &[u8],
        kind: FileKind,
        sequence: u64,
    ) -> Result<Self, HeaderProblem> {
        let fixed: &[u8; FILE_HEADER_BYTES] = match bytes.first_chunk() {
            Some(fixed) => fixed,
            None if is_part(bytes, kind, sequence) => return Err(HeaderProblem::Torn),
            None => return Err(HeaderProblem::NotOurs),
        };
        let number = |at: usize| u64::from_le_bytes(std::array::from_fn(|i| fixed[at + i]));
        let version = u16::from_le_bytes([fixed[8], fixed[9]]);
        let ours = fixed[..8] == MAGIC;
        if ours && version > VERSION {
            return Err(HeaderProblem::Newer(version));
        }
        let time = Time::from_nanos(number(24) as i64);
        let header = Self { kind, sequence, time };
        if header.to_bytes() == *fixed {
            return Ok(header);
        }
        Err(if is_part(fixed, kind, sequence) {
            HeaderProblem::Torn
        } else if ours {
            HeaderProblem::Damaged
        } else {
            HeaderProblem::NotOurs
        })
    }
}

/// Whether `bytes` are what a torn write of the header leaves: what was to be written, or zeros. An
/// image is never torn: it gets its name when it is whole.
fn is_part(bytes: &[u8], kind: FileKind, sequence: u64) -> bool {
    let whole = FileHeader::log(sequence).to_bytes();
    kind == FileKind::Log
        && bytes.iter().zip(whole).all(|(&given, written)| given == 0 || given == written)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_and_names_come_back() {
        let header = FileHeader { kind: FileKind::Image, sequence: 77, time: Time::from_nanos(-5) };
        let bytes = header.to_bytes();
        assert_eq!(FileHeader::parse(&bytes, FileKind::Image, 77), Ok(header));
        assert_eq!(FileHeader::parse(&bytes, FileKind::Image, 78), Err(HeaderProblem::Damaged));
        assert_eq!(FileHeader::parse(&bytes, FileKind::Log, 77), Err(HeaderProblem::Damaged));
        assert_eq!(parse_name(&log_name(0xAB)), Some(Named::Log(0xAB)));
        assert_eq!(parse_name(&image_name(u64::MAX)), Some(Named::Image(u64::MAX)));
        assert_eq!(parse_name(&order_name(3)), Some(Named::Order(3)));
        assert_eq!(parse_name(&unfinished_name(1)), Some(Named::Unfinished));
        for name in ["log-1.xrm", "log-00000000000000AB.xrm", "notes", "log-+000000000000001.xrm"] {
            assert_eq!(parse_name(name), None, "{name}");
        }
    }

    #[test]
    fn a_torn_header_is_told_from_a_foreign_file_and_a_newer_one() {
        let whole = FileHeader::log(9).to_bytes();
        for torn in 0..whole.len() {
            assert_eq!(
                FileHeader::parse(&whole[..torn], FileKind::Log, 9),
                Err(HeaderProblem::Torn),
                "{torn} bytes"
            );
        }
        let text = [b'#'; 64];
        assert_eq!(FileHeader::parse(&text, FileKind::Log, 9), Err(HeaderProblem::NotOurs));
        let mut newer = whole;
        newer[8] = 2;
        assert_eq!(FileHeader::parse(&newer, FileKind::Log, 9), Err(HeaderProblem::Newer(2)));
        let mut damaged = whole;
        damaged[20] ^= 0x10;
        assert_eq!(FileHeader::parse(&damaged, FileKind::Log, 9), Err(HeaderProblem::Damaged));
    }
}
