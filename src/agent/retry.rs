//! When a failed delivery is tried again.

use core::ops::RangeInclusive;
use core::time::Duration;

use crate::random::Counter;
use crate::time::saturating_nanos;

/// The first stream word of all retry jitter, so that no other use of a mesh's seed meets it.
const STREAM: u32 = u32::from_be_bytes(*b"rtry");

/// How often a delivery is attempted, and the pause before each attempt after the first.
///
/// The pause before attempt n (from 2) is
/// min(`max_delay`, `base` · `factor`ⁿ⁻²) · (1 − `jitter` · u), with u in [0, 1) drawn from
/// (seed, envelope, n): envelopes that failed together do not return together, and a replay
/// waits exactly as long. All arithmetic is on integers: nanoseconds, the factor and the jitter in
/// steps of 2⁻¹⁶, products rounded down.
///
/// ```
/// use std::time::Duration;
/// use xrmesh::RetryPolicy;
/// let (base, longest) = (Duration::from_millis(10), Duration::from_secs(1));
/// let policy = RetryPolicy::new(3, base, 2.0, 0.0, longest)?;
/// assert_eq!(policy.delay(42, 7, 1), Some(Duration::ZERO)); // the first attempt is at once
/// assert_eq!(policy.delay(42, 7, 2), Some(base));
/// assert_eq!(policy.delay(42, 7, 3), Some(2 * base));
/// assert_eq!(policy.delay(42, 7, 4), None); // given up
/// # Ok::<(), xrmesh::RetryError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct RetryPolicy {
    attempts: u32,
    base_nanos: u64,
    max_nanos: u64,
    /// 16 bits after the point.
    factor: u32,
    /// 16 bits after the point, at most 1.
    jitter: u32,
}

impl RetryPolicy {
    /// Attempts in all, the first delivery included.
    pub const ATTEMPTS: RangeInclusive<u32> = 1..=32;
    /// Growth of the pause from one attempt to the next.
    pub const FACTOR: RangeInclusive<f64> = 1.0..=16.0;
    /// The part of a pause that chance may take off.
    pub const JITTER: RangeInclusive<f64> = 0.0..=1.0;
    /// The longest `max_delay`: a day.
    pub const LONGEST: Duration = Duration::from_secs(86_400);

    /// A policy of `attempts` in all, the first delivery included, that pauses `base` before the
    /// second and `factor` times as long before each further one, at most `max_delay`, less up to
    /// `jitter` of the pause by chance.
    ///
    /// # Errors
    ///
    /// [`RetryError`] where a number is outside [`ATTEMPTS`](Self::ATTEMPTS),
    /// [`FACTOR`](Self::FACTOR), [`JITTER`](Self::JITTER) or above [`LONGEST`](Self::LONGEST), is not
    /// a number, or `base` exceeds `max_delay`.
    pub fn new(
        attempts: u32,
        base: Duration,
        factor: f64,
        jitter: f64,
        max_delay: Duration,
    ) -> Result<Self, RetryError> {
        if !Self::ATTEMPTS.contains(&attempts) {
            return Err(RetryError::Attempts(attempts));
        }
        if !Self::FACTOR.contains(&factor) {
            return Err(RetryError::Factor(factor));
        }
        if !Self::JITTER.contains(&jitter) {
            return Err(RetryError::Jitter(jitter));
        }
        if max_delay > Self::LONGEST {
            return Err(RetryError::MaxDelay(max_delay));
        }
        if base > max_delay {
            return Err(RetryError::Base { base, max_delay });
        }
        let fixed = |number: f64| (number * 65_536.0).round() as u32;
        Ok(Self {
            attempts,
            base_nanos: saturating_nanos(base).unsigned_abs(),
            max_nanos: saturating_nanos(max_delay).unsigned_abs(),
            factor: fixed(factor),
            jitter: fixed(jitter),
        })
    }

    /// Attempts in all, the first delivery included.
    #[must_use]
    pub const fn attempts(&self) -> u32 {
        self.attempts
    }

    /// The pause before `attempt` (1 is the first delivery, which does not wait) of the envelope
    /// numbered `envelope`, in a mesh of `seed`. `None` where the policy has no such attempt.
    ///
    /// The same arguments always give the same pause. O(`attempt`), at most 32 steps.
    #[must_use]
    pub fn delay(&self, seed: u64, envelope: u64, attempt: u32) -> Option<Duration> {
        if attempt == 0 || attempt > self.attempts {
            return None;
        }
        if attempt == 1 {
            return Some(Duration::ZERO);
        }
        // At most 2⁴⁷ ns times 2²⁰, so no product leaves 128 bits.
        let mut nanos = self.base_nanos.min(self.max_nanos);
        for _ in 2..attempt {
            let grown = (u128::from(nanos) * u128::from(self.factor)) >> 16;
            nanos = u64::try_from(grown).unwrap_or(u64::MAX).min(self.max_nanos);
        }
        let [chance, ..] = Counter::new(seed, [STREAM, attempt]).u32x4(envelope);
        let taken = (u128::from(nanos) * u128::from(self.jitter) * u128::from(chance)) >> (16 + 32);
        Some(Duration::from_nanos(nanos - (taken as u64).min(nanos)))
    }
}

/// A number that makes no retry policy.
#[derive(Clone, Copy, PartialEq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RetryError {
    /// The number of attempts.
    #[error("{0} attempts: must be 1 to 32, the first delivery included")]
    Attempts(u32),
    /// The growth of the pause.
    #[error("a factor of {0}: must be 1 to 16")]
    Factor(f64),
    /// The part of the pause left to chance.
    #[error("a jitter of {0}: must be 0 to 1")]
    Jitter(f64),
    /// The longest pause.
    #[error("a longest delay of {0:?}: must be at most a day")]
    MaxDelay(Duration),
    /// The first pause.
    #[error("a base delay of {base:?}: must not be above the longest delay, {max_delay:?}")]
    #[non_exhaustive]
    Base {
        /// The first pause given.
        base: Duration,
        /// The longest pause given.
        max_delay: Duration,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn bad_numbers_are_refused_with_the_number() {
        let new = |attempts, base, factor, jitter, max| {
            RetryPolicy::new(attempts, base, factor, jitter, max).map_err(|error| error.to_string())
        };
        let cases = [
            (new(0, MS, 2.0, 0.1, MS), "0 attempts"),
            (new(33, MS, 2.0, 0.1, MS), "33 attempts"),
            (new(3, MS, f64::NAN, 0.1, MS), "a factor of NaN"),
            (new(3, MS, 0.5, 0.1, MS), "a factor of 0.5"),
            (new(3, MS, f64::INFINITY, 0.1, MS), "a factor of inf"),
            (new(3, MS, 2.0, -0.1, MS), "a jitter of -0.1"),
            (new(3, MS, 2.0, f64::NAN, MS), "a jitter of NaN"),
            (new(3, MS, 2.0, 0.1, Duration::MAX), "a longest delay of"),
            (new(3, 2 * MS, 2.0, 0.1, MS), "a base delay of 2ms"),
        ];
        for (result, expected) in cases {
            assert!(result.as_ref().is_err_and(|text| text.starts_with(expected)), "{result:?}");
        }
    }

    #[test]
    fn pauses_differ_between_envelopes_attempts_and_seeds() {
        let policy = RetryPolicy::new(4, 1000 * MS, 1.0, 0.5, 1000 * MS).unwrap();
        let base = policy.delay(1, 1, 2);
        for (seed, envelope, attempt) in [(2, 1, 2), (1, 2, 2), (1, 1, 3)] {
            assert_ne!(policy.delay(seed, envelope, attempt), base);
        }
    }

    /// Recordings replay these.
    #[test]
    fn pauses_keep_their_nanoseconds() {
        let policy = RetryPolicy::new(5, 10 * MS, 1.5, 0.2, 1000 * MS).unwrap();
        let nanos: Vec<u128> =
            (2..=5).filter_map(|n| policy.delay(42, 7, n)).map(|pause| pause.as_nanos()).collect();
        assert_eq!(nanos, [8_659_454, 14_468_618, 20_377_396, 28_447_337]);
    }

    proptest! {
        #[test]
        fn pauses_follow_the_formula(
            attempts in RetryPolicy::ATTEMPTS,
            attempt in 0_u32..34,
            base_ms in 0_u32..10_000,
            factor in RetryPolicy::FACTOR,
            jitter in RetryPolicy::JITTER,
            more_ms in 0_u32..1_000_000,
            seed: u64,
            envelope: u64,
        ) {
            let (base, max) = (base_ms * MS, (base_ms + more_ms) * MS);
            let policy = RetryPolicy::new(attempts, base, factor, jitter, max).unwrap();
            let given = policy.delay(seed, envelope, attempt);
            if attempt == 0 || attempt > attempts {
                prop_assert_eq!(given, None);
            } else if attempt == 1 {
                prop_assert_eq!(given, Some(Duration::ZERO));
            } else {
                let given = given.unwrap().as_secs_f64();
                let whole = (base.as_secs_f64() * factor.powi(attempt as i32 - 2))
                    .min(max.as_secs_f64());
                // 30 factors off by 2⁻¹⁷ each, and a nanosecond rounded off each time and grown.
                let (low, high) = (whole * (1.0 - jitter), whole);
                prop_assert!(given <= high * 1.001 + 1e-6 && given >= low * 0.999 - 1e-6,
                    "{} not within {}..{}", given, low, high);
                prop_assert!(given <= max.as_secs_f64());
            }
        }
    }
}
