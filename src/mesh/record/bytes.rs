//! Values as bytes: little endian, lengths first.

use crate::agent::{Mailbox, Overflow, SpawnOptions};
use crate::id::AgentId;
use crate::message::{EnvelopeId, Kind, Priority, Topic};
use crate::time::Time;

/// Bytes that are no value of the type that was expected. Names the type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wrong(pub(super) &'static str);

/// What is left of a record to be read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'a>(pub(super) &'a [u8]);

impl<'a> Cursor<'a> {
    pub(super) fn take(&mut self, bytes: usize) -> Result<&'a [u8], Wrong> {
        let (taken, left) = self.0.split_at_checked(bytes).ok_or(Wrong("a record that goes on"))?;
        self.0 = left;
        Ok(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Wrong> {
        let (taken, left) = self.0.split_first_chunk().ok_or(Wrong("a record that goes on"))?;
        self.0 = left;
        Ok(*taken)
    }

    /// Reads a value.
    pub(super) fn read<F: Field<'a>>(&mut self) -> Result<F, Wrong> {
        F::take(self)
    }

    /// Nothing may be left.
    pub(super) fn end(self) -> Result<(), Wrong> {
        if self.0.is_empty() { Ok(()) } else { Err(Wrong("the end of the record")) }
    }
}

/// A value in a record.
pub(super) trait Field<'a>: Sized {
    fn put(&self, out: &mut Vec<u8>);
    fn take(from: &mut Cursor<'a>) -> Result<Self, Wrong>;
}

macro_rules! numbers {
    ($($number:ty),*) => {$(
        impl Field<'_> for $number {
            fn put(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_le_bytes());
            }

            fn take(from: &mut Cursor<'_>) -> Result<Self, Wrong> {
                Ok(Self::from_le_bytes(from.array()?))
            }
        }
    )*};
}

numbers!(u8, u16, u32, u64, i64, f32);

impl Field<'_> for bool {
    fn put(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }

    fn take(from: &mut Cursor<'_>) -> Result<Self, Wrong> {
        match from.read::<u8>()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Wrong("a truth value")),
        }
    }
}

impl<'a, F: Field<'a>> Field<'a> for Option<F> {
    fn put(&self, out: &mut Vec<u8>) {
        self.is_some().put(out);
        if let Some(value) = self {
            value.put(out);
        }
    }

    fn take(from: &mut Cursor<'a>) -> Result<Self, Wrong> {
        Ok(if from.read()? { Some(from.read()?) } else { None })
    }
}

/// Longer bytes than fit into a record make it too long, which is seen when it is closed.
impl<'a> Field<'a> for &'a [u8] {
    fn put(&self, out: &mut Vec<u8>) {
        u32::try_from(self.len()).unwrap_or(u32::MAX).put(out);
        out.extend_from_slice(self);
    }

    fn take(from: &mut Cursor<'a>) -> Result<Self, Wrong> {
        let length: u32 = from.read()?;
        from.take(length as usize)
    }
}

impl<'a> Field<'a> for &'a str {
    fn put(&self, out: &mut Vec<u8>) {
        self.as_bytes().put(out);
    }

    fn take(from: &mut Cursor<'a>) -> Result<Self, Wrong> {
        core::str::from_utf8(from.read()?).map_err(|_| Wrong("text in UTF-8"))
    }
}

impl Field<'_> for AgentId {
    fn put(&self, out: &mut Vec<u8>) {
        self.to_bits().put(out);
    }

    fn take(from: &mut Cursor<'_>) -> Result<Self, Wrong> {
        Self::from_bits(from.read()?).ok_or(Wrong("an agent's id"))
    }
}

impl Field<'_> for EnvelopeId {
    fn put(&self, out: &mut Vec<u8>) {
        self.to_bits().put(out);
    }

    fn take(from: &mut Cursor<'_>) -> Result<Self, Wrong> {
        Ok(Self::from_bits(from.read()?))
    }
}

impl Field<'_> for Topic {
    fn put(&self, out: &mut Vec<u8>) {
        self.to_bits().put(out);
    }

    fn take(from: &mut Cursor<'_>) -> Result<Self, Wrong> {
        Ok(Self::from_bits(from.read()?))
    }
}

impl Field<'_> for Time {
    fn put(&self, out: &mut Vec<u8>) {
        self.as_nanos().put(out);
    }

    fn take(from: &mut Cursor<'_>) -> Result<Self, Wrong> {
        Ok(Self::from_nanos(from.read()?))
    }
}

impl Field<'_> for Kind {
    fn put(&self, out: &mut Vec<u8>) {
        self.to_bits().put(out);
    }

    fn take(from: &mut Cursor<'_>) -> Result<Self, Wrong> {
        Self::from_bits(from.read()?).ok_or(Wrong("a message's kind"))
    }
}

impl Field<'_> for Priority {
    fn put(&self, out: &mut Vec<u8>) {
        self.number().put(out);
    }

    fn take(from: &mut Cursor<'_>) -> Result<Self, Wrong> {
        Self::new(from.read()?).map_err(|_| Wrong("a priority"))
    }
}

impl Field<'_> for Mailbox {
    fn put(&self, out: &mut Vec<u8>) {
        self.capacity.put(out);
        out.push(match self.overflow {
            Overflow::RejectNew => 0,
            Overflow::DropOldest => 1,
            Overflow::DropLeastUrgent => 2,
        });
    }

    fn take(from: &mut Cursor<'_>) -> Result<Self, Wrong> {
        let capacity = from.read()?;
        let overflow = match from.read::<u8>()? {
            0 => Overflow::RejectNew,
            1 => Overflow::DropOldest,
            2 => Overflow::DropLeastUrgent,
            _ => return Err(Wrong("what a full mailbox drops")),
        };
        Ok(Self { capacity, overflow })
    }
}

impl Field<'_> for SpawnOptions {
    fn put(&self, out: &mut Vec<u8>) {
        self.pose.put(out);
        self.mailbox.put(out);
    }

    fn take(from: &mut Cursor<'_>) -> Result<Self, Wrong> {
        Ok(Self { pose: from.read()?, mailbox: from.read()? })
    }
}
