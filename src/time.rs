//! Time as an argument: the library reads no clock, its host says what time it is.

use core::fmt;
use core::ops::{Add, Sub};
use core::time::Duration;

/// A point on the host's time line, in nanoseconds from an origin of the host's choice.
///
/// ```
/// use std::time::Duration;
/// use xrmesh::Time;
/// let frame = Time::ZERO + Duration::from_micros(11_111);
/// assert_eq!(frame.as_nanos(), 11_111_000);
/// assert_eq!(frame.since(Time::ZERO), Duration::from_micros(11_111));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[repr(transparent)]
pub struct Time(i64);

impl Time {
    /// The origin.
    pub const ZERO: Self = Self(0);
    /// Later than any time that a host can give; where a deadline is absent.
    pub const MAX: Self = Self(i64::MAX);

    /// The time `nanos` nanoseconds after the origin.
    #[inline]
    #[must_use]
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// Nanoseconds since the origin.
    #[inline]
    #[must_use]
    pub const fn as_nanos(self) -> i64 {
        self.0
    }

    /// Seconds since the origin, rounded to the nearest `f64`.
    #[inline]
    #[must_use]
    pub fn as_seconds(self) -> f64 {
        self.0 as f64 * 1e-9
    }

    /// How long after `earlier` this is; zero if it is not after.
    #[inline]
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        let nanos = self.0.saturating_sub(earlier.0);
        Duration::from_nanos(if nanos > 0 { nanos as u64 } else { 0 })
    }
}

/// A duration's nanoseconds, at most `i64::MAX` (292 years).
#[inline]
pub(crate) fn saturating_nanos(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)
}

/// Saturates at [`Time::MAX`].
impl Add<Duration> for Time {
    type Output = Self;
    #[inline]
    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(saturating_nanos(duration)))
    }
}

/// Saturates at the earliest time.
impl Sub<Duration> for Time {
    type Output = Self;
    #[inline]
    fn sub(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(saturating_nanos(duration)))
    }
}

impl fmt::Debug for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Time({self})")
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, nanos) = (if self.0 < 0 { "-" } else { "" }, self.0.unsigned_abs());
        write!(f, "{sign}{}.{:09} s", nanos / 1_000_000_000, nanos % 1_000_000_000)
    }
}

/// Where a timed budget and the measurements of a tick read the time. The library itself never
/// reads a clock; a host that wants either hands one in.
pub trait Clock: Sync {
    /// The present time. Must not go back.
    fn now(&self) -> Time;
}
