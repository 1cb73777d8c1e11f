//! The records that every peer stores: one object each, the same numbers for all.

use xrmesh::random::Counter;

/// The bytes of a record as the peers keep it, beside its key of 8 bytes.
pub const RECORD_BYTES: usize = 94;
/// The bytes of attributes in it.
pub const ATTRIBUTE_BYTES: usize = 12;

/// How many classes there are.
pub const CLASSES: u16 = 200;

/// One object, in fields.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Record {
    /// Its key.
    pub slot: u32,
    /// What it is.
    pub class: u16,
    /// Position, orientation, half extents and velocity.
    pub numbers: [f32; 13],
    /// Confidence and persistence.
    pub shares: [f32; 2],
    /// First and last seen, nanoseconds.
    pub seen_ns: [i64; 2],
    /// The frame that it hangs on.
    pub frame: u32,
    /// What else is known.
    pub attributes: [u8; ATTRIBUTE_BYTES],
}

impl Record {
    /// The record of `slot` in its `version`-th state.
    pub fn new(slot: u32, version: u32) -> Self {
        let draw = Counter::new(42, [version, 0]).u32x4(u64::from(slot));
        let unit = |bits: u32| (bits >> 8) as f32 / (1 << 24) as f32;
        let [a, b, c, d] = draw.map(unit);
        let (x, w) = (0.6 * a, (1.0 - 0.36 * a * a).sqrt());
        let seen = i64::from(slot) * 1_000_000 + i64::from(version);
        Self {
            slot,
            class: (draw[0] % u32::from(CLASSES)) as u16,
            numbers: [
                a * 100.0,
                b * 100.0,
                c * 100.0, // position
                x,
                0.0,
                0.0,
                w, // orientation
                0.1 + 0.4 * d,
                0.1 + 0.4 * b,
                0.1 + 0.4 * c, // half extents
                a - 0.5,
                b - 0.5,
                c - 0.5, // velocity
            ],
            shares: [0.5 + 0.5 * d, 1.0],
            seen_ns: [seen, seen + 5_000_000_000],
            frame: 0,
            attributes: std::array::from_fn(|i| (draw[i % 4] >> (i / 4 * 8)) as u8),
        }
    }

    /// As the peers keep it.
    pub fn to_bytes(self) -> [u8; RECORD_BYTES] {
        let mut bytes = [0; RECORD_BYTES];
        let mut at = 0;
        let mut put = |part: &[u8]| {
            bytes[at..at + part.len()].copy_from_slice(part);
            at += part.len();
        };
        put(&self.class.to_le_bytes());
        self.numbers.iter().chain(&self.shares).for_each(|number| put(&number.to_le_bytes()));
        self.seen_ns.iter().for_each(|time| put(&time.to_le_bytes()));
        put(&self.frame.to_le_bytes());
        put(&self.attributes[..RECORD_BYTES - 82]);
        bytes
    }

    /// Reads what [`to_bytes`](Self::to_bytes) gave; `None` where the length differs.
    pub fn parse(slot: u32, bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; RECORD_BYTES] = bytes.try_into().ok()?;
        let float = |at: usize| f32::from_le_bytes(std::array::from_fn(|i| bytes[at + i]));
        let long = |at: usize| i64::from_le_bytes(std::array::from_fn(|i| bytes[at + i]));
        Some(Self {
            slot,
            class: u16::from_le_bytes([bytes[0], bytes[1]]),
            numbers: std::array::from_fn(|i| float(2 + 4 * i)),
            shares: [float(54), float(58)],
            seen_ns: [long(62), long(70)],
            frame: u32::from_le_bytes(std::array::from_fn(|i| bytes[78 + i])),
            attributes: std::array::from_fn(|i| bytes[82 + i]),
        })
    }
}

/// The key of a record: in the order of slots.
pub fn key(slot: u32) -> [u8; 8] {
    u64::from(slot).to_be_bytes()
}

/// How many records there are, and the sum of their x in the order of slots.
pub fn summed(records: &[Record]) -> (usize, f64) {
    (records.len(), records.iter().map(|record| f64::from(record.numbers[0])).sum())
}
