//! The frame of a recording: what is around each record.
//!
//! A file is [`MAGIC`], [`VERSION`] and records. A record is its length, a byte that says what it is,
//! its content, and a checksum: see `docs/recording-format.md`.

use std::hash::Hasher;

use twox_hash::XxHash64;

/// What a recording begins with. The bytes beyond ASCII show a file that was changed as if it were
/// text.
pub(super) const MAGIC: [u8; 8] = *b"\x89XRMESH\n";

/// The version of the format. A change of any byte's meaning is another version.
pub(super) const VERSION: u32 = 1;

/// Bytes of the magic and the version.
pub(super) const HEAD_BYTES: usize = MAGIC.len() + 4;

/// Where the version is.
pub(super) const VERSION_OFFSET: u64 = MAGIC.len() as u64;

/// The most bytes between a record's length and its checksum. More than any message takes, and what
/// a spawn's bytes are held against.
pub(super) const MAX_RECORD_BYTES: usize = 1 << 26;

/// Bytes of a record beside its body: its length before it, its checksum behind it.
pub(super) const LENGTH_BYTES: usize = 4;
pub(super) const CHECKSUM_BYTES: usize = 8;

/// What a record is; the first byte of its body.
pub(super) mod tag {
    pub(in super::super) const START: u8 = 0x01;
    pub(in super::super) const TICK_BEGIN: u8 = 0x02;
    pub(in super::super) const TICK_END: u8 = 0x03;
    pub(in super::super) const END: u8 = 0x04;
    pub(in super::super) const SPAWN: u8 = 0x10;
    pub(in super::super) const DESPAWN: u8 = 0x11;
    pub(in super::super) const MOVE: u8 = 0x12;
    pub(in super::super) const QUARANTINE: u8 = 0x13;
    pub(in super::super) const SUBSCRIBE: u8 = 0x14;
    pub(in super::super) const UNSUBSCRIBE: u8 = 0x15;
    pub(in super::super) const CONNECT: u8 = 0x16;
    pub(in super::super) const DISCONNECT: u8 = 0x17;
    pub(in super::super) const AUTO_CONNECT: u8 = 0x18;
    pub(in super::super) const STOP_AUTO_CONNECT: u8 = 0x19;
    pub(in super::super) const PROCESSOR: u8 = 0x1a;
    pub(in super::super) const MEMORY: u8 = 0x1b;
    pub(in super::super) const UNRECORDED: u8 = 0x1c;
    pub(in super::super) const SEND: u8 = 0x20;
    pub(in super::super) const TAKE: u8 = 0x21;
    pub(in super::super) const TAKE_GROUP: u8 = 0x22;
}

/// The checksum of a record that begins at `offset`: XXH64 of its length and body with the offset as
/// its seed, so that a record in another place does not pass either.
pub(super) fn checksum(offset: u64, length_and_body: &[u8]) -> u64 {
    let mut hasher = XxHash64::with_seed(offset);
    hasher.write(length_and_body);
    hasher.finish()
}
