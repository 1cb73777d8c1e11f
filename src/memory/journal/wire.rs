//! Numbers as bytes, and bytes as numbers: what records are made of.

use thiserror::Error;

/// Why bytes are no record. Offsets count from the start of what was decoded.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// A part claims more bytes than there are.
    #[error("at {offset}: {part} claims {claimed} bytes, {left} are left")]
    TooShort {
        /// Where the part begins.
        offset: usize,
        /// What was being read.
        part: &'static str,
        /// The bytes that it claims.
        claimed: u64,
        /// The bytes that are there.
        left: usize,
    },
    /// A number has more digits than its type.
    #[error("at {offset}: {part} is longer than {bits} bits")]
    NumberTooLong {
        /// Where the number begins.
        offset: usize,
        /// What was being read.
        part: &'static str,
        /// The bits that it may have.
        bits: u32,
    },
    /// A value that no writer writes.
    #[error("at {offset}: {part} is {given}, which is not valid")]
    Invalid {
        /// Where the part begins.
        offset: usize,
        /// What was being read.
        part: &'static str,
        /// Its value.
        given: u64,
    },
    /// A number that is infinite or not a number, or a pose or text that is none.
    #[error("at {offset}: {part} is not {expected}")]
    NotA {
        /// Where the part begins.
        offset: usize,
        /// What was being read.
        part: &'static str,
        /// What it should be.
        expected: &'static str,
    },
}

/// Appends `value`, seven bits a byte, the least significant first; the high bit says that more
/// follow. 1 to 10 bytes.
pub(super) fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Appends a signed number: small ones of either sign are short.
pub(super) fn put_signed(out: &mut Vec<u8>, value: i64) {
    put_varint(out, ((value << 1) ^ (value >> 63)) as u64);
}

pub(super) fn put_f32s(out: &mut Vec<u8>, values: &[f32]) {
    for value in values {
        out.extend_from_slice(&value.to_le_bytes());
    }
}

pub(super) fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// Reads records from bytes. Every length is held against what is left before anything is taken.
#[derive(Clone, Debug)]
pub(super) struct Bytes<'a> {
    all: &'a [u8],
    at: usize,
}

impl<'a> Bytes<'a> {
    pub(super) const fn new(all: &'a [u8]) -> Self {
        Self { all, at: 0 }
    }

    pub(super) const fn offset(&self) -> usize {
        self.at
    }

    pub(super) const fn left(&self) -> usize {
        self.all.len() - self.at
    }

    #[inline]
    pub(super) fn take(&mut self, part: &'static str, count: u64) -> Result<&'a [u8], DecodeError> {
        let left = self.left();
        match usize::try_from(count) {
            Ok(count) if count <= left => {
                let taken = &self.all[self.at..self.at + count];
                self.at += count;
                Ok(taken)
            }
            _ => Err(DecodeError::TooShort { offset: self.at, part, claimed: count, left }),
        }
    }

    #[inline]
    pub(super) fn array<const N: usize>(
        &mut self,
        part: &'static str,
    ) -> Result<[u8; N], DecodeError> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(part, N as u64)?);
        Ok(array)
    }

    #[inline]
    pub(super) fn byte(&mut self, part: &'static str) -> Result<u8, DecodeError> {
        Ok(self.array::<1>(part)?[0])
    }

    #[inline]
    pub(super) fn varint(&mut self, part: &'static str) -> Result<u64, DecodeError> {
        // Most fit in three bytes: told without a loop whose errors would have to be carried.
        if let Some(&[a, b, c]) = self.all.get(self.at..).and_then(<[u8]>::first_chunk) {
            let digits = |byte: u8| u64::from(byte & 0x7F);
            let (len, value) = match (a >> 7, b >> 7, c >> 7) {
                (0, ..) => (1, digits(a)),
                (_, 0, _) => (2, digits(a) | digits(b) << 7),
                (_, _, 0) => (3, digits(a) | digits(b) << 7 | digits(c) << 14),
                _ => return self.long_varint(part),
            };
            self.at += len;
            return Ok(value);
        }
        self.long_varint(part)
    }

    /// As [`varint`](Self::varint), of any length.
    fn long_varint(&mut self, part: &'static str) -> Result<u64, DecodeError> {
        let offset = self.at;
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte(part)?;
            let digits = u64::from(byte & 0x7F);
            if shift == 63 && digits > 1 {
                break;
            }
            value |= digits << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(DecodeError::NumberTooLong { offset, part, bits: 64 })
    }

    #[inline]
    pub(super) fn varint_u32(&mut self, part: &'static str) -> Result<u32, DecodeError> {
        let offset = self.at;
        let value = self.varint(part)?;
        u32::try_from(value).map_err(|_| DecodeError::NumberTooLong { offset, part, bits: 32 })
    }

    #[inline]
    pub(super) fn varint_u16(&mut self, part: &'static str) -> Result<u16, DecodeError> {
        let offset = self.at;
        let value = self.varint(part)?;
        u16::try_from(value).map_err(|_| DecodeError::NumberTooLong { offset, part, bits: 16 })
    }

    #[inline]
    pub(super) fn signed(&mut self, part: &'static str) -> Result<i64, DecodeError> {
        let value = self.varint(part)?;
        Ok((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    /// Finite numbers.
    #[inline]
    pub(super) fn f32s<const N: usize>(
        &mut self,
        part: &'static str,
    ) -> Result<[f32; N], DecodeError> {
        let offset = self.at;
        let bytes = self.take(part, 4 * N as u64)?;
        let mut values = [0.0; N];
        for (value, bytes) in values.iter_mut().zip(bytes.chunks_exact(4)) {
            *value = f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        }
        if values.iter().all(|value| value.is_finite()) {
            Ok(values)
        } else {
            Err(DecodeError::NotA { offset, part, expected: "finite" })
        }
    }

    /// The next `count` finite numbers, the rest of `N` zeros.
    #[inline]
    pub(super) fn some_f32s<const N: usize>(
        &mut self,
        part: &'static str,
        count: usize,
    ) -> Result<[f32; N], DecodeError> {
        let offset = self.at;
        let bytes = self.take(part, 4 * count.min(N) as u64)?;
        let (mut values, mut are_finite) = ([0.0; N], true);
        for (value, &bytes) in values.iter_mut().zip(bytes.as_chunks::<4>().0) {
            *value = f32::from_le_bytes(bytes);
            are_finite &= value.is_finite();
        }
        if are_finite {
            Ok(values)
        } else {
            Err(DecodeError::NotA { offset, part, expected: "finite" })
        }
    }

    pub(super) fn bytes(&mut self, part: &'static str) -> Result<&'a [u8], DecodeError> {
        let count = self.varint(part)?;
        self.take(part, count)
    }

    pub(super) fn text(&mut self, part: &'static str) -> Result<&'a str, DecodeError> {
        let offset = self.at;
        core::str::from_utf8(self.bytes(part)?).map_err(|_| DecodeError::NotA {
            offset,
            part,
            expected: "UTF-8 text",
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_come_back(value: u64, signed: i64, shift in 0u32..64) {
            let (value, signed) = (value >> shift, signed >> shift);
            let mut out = Vec::new();
            put_varint(&mut out, value);
            put_signed(&mut out, signed);
            let mut bytes = Bytes::new(&out);
            prop_assert_eq!(bytes.varint("a"), Ok(value));
            prop_assert_eq!(bytes.signed("b"), Ok(signed));
            prop_assert_eq!(bytes.left(), 0);
        }
    }

    #[test]
    fn claims_are_held_against_what_is_there() {
        let mut out = Vec::new();
        put_varint(&mut out, 2 << 30);
        out.extend_from_slice(b"abc");
        let claimed = 2 << 30;
        assert_eq!(
            Bytes::new(&out).bytes("attributes"),
            Err(DecodeError::TooShort { offset: 5, part: "attributes", claimed, left: 3 })
        );
        let long = [0xFF; 10];
        assert!(matches!(
            Bytes::new(&long).varint("slot"),
            Err(DecodeError::NumberTooLong { offset: 0, part: "slot", bits: 64 })
        ));
        assert!(Bytes::new(&f32::NAN.to_le_bytes()).f32s::<1>("confidence").is_err());
    }
}
