//! Checks of single values against their ranges.

use core::ops::RangeInclusive;
use core::time::Duration;

use super::error::ConfigError;

/// A whole number within `range`.
pub(super) fn whole(
    path: &str,
    given: u32,
    range: RangeInclusive<u32>,
    unit: &'static str,
) -> Result<(), ConfigError> {
    number(path, given.into(), f64::from(*range.start())..=f64::from(*range.end()), unit)
}

/// A duration within `range`, in seconds.
pub(super) fn seconds(
    path: &str,
    given: Duration,
    range: RangeInclusive<f64>,
) -> Result<(), ConfigError> {
    number(path, given.as_secs_f64(), range, "s")
}

/// A number within `range`; not-a-number is in no range.
pub(super) fn number(
    path: &str,
    given: f64,
    range: RangeInclusive<f64>,
    unit: &'static str,
) -> Result<(), ConfigError> {
    if range.contains(&given) {
        return Ok(());
    }
    let (min, max) = range.into_inner();
    Err(ConfigError::OutOfRange { path: path.to_owned(), given, min, max, unit })
}

/// `given` not above `limit`, the value of the key `bound`.
pub(super) fn not_above(
    path: &str,
    given: f64,
    bound: &'static str,
    limit: f64,
    unit: &'static str,
) -> Result<(), ConfigError> {
    if given <= limit {
        return Ok(());
    }
    Err(ConfigError::Above { path: path.to_owned(), given, bound, limit, unit })
}

/// A count of bytes, entries or levels within `range`.
pub(super) fn size(
    path: &str,
    given: usize,
    range: RangeInclusive<usize>,
    unit: &'static str,
) -> Result<(), ConfigError> {
    if range.contains(&given) {
        return Ok(());
    }
    let (min, max) = range.into_inner();
    Err(ConfigError::Size { path: path.to_owned(), given, min, max, unit })
}
