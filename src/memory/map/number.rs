//! Numbers.

use core::fmt;

use serde::Deserializer;
use serde::de::{DeserializeSeed, Error, Unexpected, Visitor};

use super::cursor::Cursor;
use super::error::MapErrorKind;

/// An `f32` from `least` to `most`. What was written from an `f32` is the same again.
#[derive(Clone, Copy)]
pub(super) struct Number<'a> {
    pub(super) cursor: &'a Cursor,
    pub(super) least: f32,
    pub(super) most: f32,
}

impl<'a> Number<'a> {
    /// Any finite number.
    pub(super) const fn finite(cursor: &'a Cursor) -> Self {
        Self { cursor, least: f32::MIN, most: f32::MAX }
    }
}

impl<'de> DeserializeSeed<'de> for Number<'_> {
    type Value = f32;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<f32, D::Error> {
        // Read as an f32 by serde_json: rounded once, also where an f64 would be rounded twice.
        deserializer.deserialize_f32(self)
    }
}

impl Visitor<'_> for Number<'_> {
    type Value = f32;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number")
    }

    fn visit_f64<E: Error>(self, given: f64) -> Result<f32, E> {
        let (least, most) = (self.least.into(), self.most.into());
        // Inclusive, so that not-a-number is refused.
        if (least..=most).contains(&given) {
            return Ok(given as f32);
        }
        Err(self.cursor.fail(MapErrorKind::OutOfRange { given, least, most }))
    }

    fn visit_i64<E: Error>(self, given: i64) -> Result<f32, E> {
        self.visit_f64((given as f32).into())
    }

    fn visit_u64<E: Error>(self, given: u64) -> Result<f32, E> {
        self.visit_f64((given as f32).into())
    }
}

/// A whole number from `least` to `most`.
#[derive(Clone, Copy)]
pub(super) struct Whole<'a> {
    pub(super) cursor: &'a Cursor,
    pub(super) least: i64,
    pub(super) most: i64,
}

impl<'de> DeserializeSeed<'de> for Whole<'_> {
    type Value = i64;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<i64, D::Error> {
        deserializer.deserialize_i64(self)
    }
}

impl Visitor<'_> for Whole<'_> {
    type Value = i64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number")
    }

    fn visit_i64<E: Error>(self, given: i64) -> Result<i64, E> {
        if (self.least..=self.most).contains(&given) {
            return Ok(given);
        }
        let (given, least, most) = (given as f64, self.least as f64, self.most as f64);
        Err(self.cursor.fail(MapErrorKind::OutOfRange { given, least, most }))
    }

    fn visit_u64<E: Error>(self, given: u64) -> Result<i64, E> {
        self.visit_i64(i64::try_from(given).unwrap_or(i64::MAX))
    }

    fn visit_f64<E: Error>(self, given: f64) -> Result<i64, E> {
        // Other programs write counts as 12.0.
        if given as i64 as f64 == given {
            return self.visit_i64(given as i64);
        }
        Err(E::invalid_type(Unexpected::Float(given), &self))
    }
}
