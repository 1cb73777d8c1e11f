//! Durations that a configuration writes as seconds, such as `0.005`.

use core::time::Duration;

use serde::de::{Deserialize, Deserializer, Error as _, Unexpected};
use serde::ser::Serializer;

/// The longest duration that is read: some 31 years. What a key allows is much less.
const LONGEST_S: f64 = 1e9;

pub(super) fn serialize<S: Serializer>(given: &Duration, format: S) -> Result<S::Ok, S::Error> {
    format.serialize_f64(given.as_secs_f64())
}

/// Rounds to the nearest nanosecond.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(document: D) -> Result<Duration, D::Error> {
    let given = f64::deserialize(document)?;
    let duration = if given <= LONGEST_S { Duration::try_from_secs_f64(given).ok() } else { None };
    duration.ok_or_else(|| {
        D::Error::invalid_value(Unexpected::Float(given), &"seconds, from 0 to 1000000000")
    })
}
