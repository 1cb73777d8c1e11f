//! A histogram of fixed memory: exact small values, less than 1 % off for all others.

/// Values below 2^`LINEAR_BITS` have a bucket each; above, each octave is cut into as many.
const LINEAR_BITS: u32 = 6;
const PER_OCTAVE: usize = 1 << LINEAR_BITS;
const BUCKETS: usize = PER_OCTAVE * (u64::BITS - LINEAR_BITS + 1) as usize;
/// Resolution of a quantile's argument.
const QUANTILE_STEPS: u64 = 1_000_000_000;

/// Counts of `u64` values, such as nanoseconds, from which quantiles can be had.
///
/// The buckets are log-linear, as in HdrHistogram (G. Tene): values below 128 have a bucket each,
/// and above, each power of two is cut into 64 buckets of equal width. A quantile is reported as
/// the middle of its bucket, so it is off by at most 1/128 of its value (0.8 %). The count, the
/// least and the greatest value are exact.
///
/// Memory: 30,208 bytes, allocated once by [`new`](Self::new), whatever is recorded.
///
/// ```
/// use xrmesh::Histogram;
/// let mut tick_us = Histogram::new();
/// for value in 1..=10_000 {
///     tick_us.record(value);
/// }
/// let p99 = tick_us.quantile(0.99).unwrap();
/// assert!(p99.abs_diff(9_900) <= 99);
/// assert_eq!((tick_us.count(), tick_us.max()), (10_000, Some(10_000)));
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Histogram {
    counts: Box<[u64]>,
    count: u64,
    min: u64,
    max: u64,
}

impl Histogram {
    /// A histogram with nothing in it. The only call that allocates, besides cloning.
    #[must_use]
    pub fn new() -> Self {
        Self { counts: vec![0; BUCKETS].into_boxed_slice(), count: 0, min: u64::MAX, max: 0 }
    }

    /// Counts `value` once. O(1), no allocation.
    #[inline]
    pub fn record(&mut self, value: u64) {
        self.record_many(value, 1);
    }

    /// Counts `value` `times` times. O(1), no allocation.
    #[inline]
    pub fn record_many(&mut self, value: u64, times: u64) {
        if times == 0 {
            return;
        }
        if let Some(count) = self.counts.get_mut(bucket(value)) {
            *count = count.saturating_add(times);
        }
        self.count = self.count.saturating_add(times);
        self.min = self.min.min(value);
        self.max = self.max.max(value);
    }

    /// How many values were recorded. Saturates at `u64::MAX`.
    #[inline]
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// The least value recorded, exactly; `None` while there is none.
    #[inline]
    #[must_use]
    pub const fn min(&self) -> Option<u64> {
        if self.count == 0 { None } else { Some(self.min) }
    }

    /// The greatest value recorded, exactly; `None` while there is none.
    #[inline]
    #[must_use]
    pub const fn max(&self) -> Option<u64> {
        if self.count == 0 { None } else { Some(self.max) }
    }

    /// The value at `fraction` (0.5 is the median, 0.999 the 99.9th percentile): of the n values in
    /// ascending order the one at position ⌈`fraction` · n⌉, at least the first, off by at most
    /// 1/128 of itself and never outside [`min`](Self::min)…[`max`](Self::max). `fraction` counts
    /// to the nearest 10⁻⁹. O(buckets).
    ///
    /// `None` where nothing was recorded, or `fraction` is not within 0…1.
    #[must_use]
    pub fn quantile(&self, fraction: f64) -> Option<u64> {
        if !(0.0..=1.0).contains(&fraction) || self.count == 0 {
            return None;
        }
        let steps = (fraction * QUANTILE_STEPS as f64).round() as u128;
        let rank = (steps * u128::from(self.count)).div_ceil(u128::from(QUANTILE_STEPS)).max(1);
        let mut seen = 0_u128;
        for (index, &count) in self.counts.iter().enumerate() {
            seen += u128::from(count);
            if seen >= rank {
                return Some(middle(index).clamp(self.min, self.max));
            }
        }
        Some(self.max)
    }

    /// Adds what another histogram counted. The order of merging does not matter. No allocation.
    pub fn merge(&mut self, other: &Self) {
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count = count.saturating_add(*more);
        }
        self.count = self.count.saturating_add(other.count);
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
    }

    /// Forgets all values and keeps the memory.
    pub fn clear(&mut self) {
        self.counts.fill(0);
        (self.count, self.min, self.max) = (0, u64::MAX, 0);
    }
}

impl Default for Histogram {
    fn default() -> Self {
        Self::new()
    }
}

/// The bucket of `value`; below [`BUCKETS`] for every value.
#[inline]
const fn bucket(value: u64) -> usize {
    // The octave of the leading bit; the linear part counts as the octave below the first.
    let octave = (u64::BITS - (value >> LINEAR_BITS).leading_zeros()) as usize;
    let shift = octave.saturating_sub(1);
    // In an octave the leading bit is set, so the shifted value is 64…127: it adds an octave's
    // worth of buckets itself.
    shift * PER_OCTAVE + (value >> shift) as usize
}

/// The middle of the values in a bucket, rounded down.
const fn middle(index: usize) -> u64 {
    let shift = (index / PER_OCTAVE).saturating_sub(1);
    let least = ((index - shift * PER_OCTAVE) as u64) << shift;
    least + (((1_u64 << shift) - 1) >> 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn buckets_ascend_without_gaps_and_end_at_the_last() {
        assert_eq!((bucket(0), bucket(u64::MAX)), (0, BUCKETS - 1));
        for index in 0..BUCKETS {
            assert_eq!(bucket(middle(index)), index);
        }
        for shift in LINEAR_BITS..u64::BITS {
            let edge = 1_u64 << shift;
            assert_eq!(bucket(edge), bucket(edge - 1) + 1, "at 2^{shift}");
        }
    }

    #[test]
    fn nothing_and_nonsense_have_no_quantile() {
        let mut histogram = Histogram::new();
        assert_eq!((histogram.quantile(0.5), histogram.min(), histogram.max()), (None, None, None));
        histogram.record(7);
        for fraction in [f64::NAN, -0.1, 1.1, f64::INFINITY] {
            assert_eq!(histogram.quantile(fraction), None);
        }
        assert_eq!(histogram.quantile(0.0), Some(7));
        histogram.clear();
        assert_eq!(histogram, Histogram::new());
    }

    #[test]
    fn decimal_fractions_hit_their_rank() {
        let mut histogram = Histogram::new();
        (1..=100).for_each(|value| histogram.record(value));
        // 0.07 · 100 is a little above 7 in binary.
        for percent in 1..=100_u64 {
            assert_eq!(histogram.quantile(percent as f64 / 100.0), Some(percent));
        }
    }

    /// Wide, so that every octave is drawn as often.
    fn value() -> impl Strategy<Value = u64> {
        (any::<u64>(), 0_u32..64).prop_map(|(bits, shift)| bits >> shift)
    }

    proptest! {
        #[test]
        fn quantiles_are_within_a_128th_of_the_sorted_value(
            mut values in prop::collection::vec(value(), 1..200),
            fraction in 0.0..=1.0_f64,
        ) {
            let mut histogram = Histogram::new();
            values.iter().for_each(|value| histogram.record(*value));
            values.sort_unstable();
            let steps = (fraction * 1e9).round() as usize;
            let rank = (steps * values.len()).div_ceil(1_000_000_000).max(1);
            let exact = values[rank - 1];
            let given = histogram.quantile(fraction).unwrap();
            prop_assert!(given.abs_diff(exact) <= exact / 128, "{} for {}", given, exact);
            prop_assert_eq!(histogram.quantile(1.0).unwrap().max(given), histogram.quantile(1.0).unwrap());
            prop_assert_eq!((histogram.min(), histogram.max()), (values.first().copied(), values.last().copied()));
        }

        #[test]
        fn merging_is_recording_in_one(
            first in prop::collection::vec(value(), 0..50),
            second in prop::collection::vec(value(), 0..50),
        ) {
            let (mut a, mut b, mut whole) = (Histogram::new(), Histogram::new(), Histogram::new());
            first.iter().for_each(|value| { a.record(*value); whole.record(*value); });
            second.iter().for_each(|value| { b.record(*value); whole.record_many(*value, 1); });
            let mut other_way = b.clone();
            other_way.merge(&a);
            a.merge(&b);
            prop_assert_eq!(&a, &whole);
            prop_assert_eq!(&other_way, &whole);
        }
    }
}
