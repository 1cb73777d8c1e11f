//! A histogram of times whose buckets grow with the value: a fixed 15 KiB, at most 1.6 % of error.

/// Buckets to each power of two.
const STEPS: u64 = 1 << STEP_BITS;
const STEP_BITS: u32 = 5;

/// Counts of values from 0 to `u64::MAX`, exact below 64 and by 1/32 of a power of two above.
#[derive(Clone, Debug)]
pub(crate) struct Histogram {
    buckets: Vec<u64>,
    count: u64,
    max: u64,
}

impl Histogram {
    pub(crate) fn new() -> Self {
        Self { buckets: vec![0; bucket_of(u64::MAX) + 1], count: 0, max: 0 }
    }

    /// Counts `value`. O(1).
    pub(crate) fn record(&mut self, value: u64) {
        self.buckets[bucket_of(value)] += 1;
        self.count += 1;
        self.max = self.max.max(value);
    }

    /// The smallest recorded value that at least the share `quantile` of all values do not exceed,
    /// to the middle of its bucket; zero where nothing was recorded.
    pub(crate) fn quantile(&self, quantile: f64) -> u64 {
        let rank = ((quantile * self.count as f64).ceil() as u64).clamp(1, self.count.max(1));
        let mut below = 0;
        for (bucket, count) in self.buckets.iter().enumerate() {
            below += count;
            if below >= rank {
                return middle_of(bucket).min(self.max);
            }
        }
        0
    }

    /// The largest value, exactly.
    pub(crate) fn max(&self) -> u64 {
        self.max
    }
}

fn bucket_of(value: u64) -> usize {
    if value < 2 * STEPS {
        return value as usize;
    }
    let shift = value.ilog2() - STEP_BITS;
    (u64::from(shift) * STEPS + (value >> shift)) as usize
}

fn middle_of(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    if bucket < 2 * STEPS {
        return bucket;
    }
    let shift = bucket / STEPS - 1;
    let low = (bucket - shift * STEPS) << shift;
    low + ((1 << shift) >> 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_in_order_and_near_their_values() {
        let mut last = 0;
        for value in (0..10_000).chain((10..64).flat_map(|bit| {
            let power = 1_u64 << bit;
            [power - 1, power, power + power / 3, power + (power - 1)]
        })) {
            let bucket = bucket_of(value);
            assert!(value < 10_000 && bucket >= last || value >= 512, "{value}");
            last = bucket;
            let error = middle_of(bucket).abs_diff(value) as f64;
            assert!(error <= value as f64 / 63.0, "{value}: {}", middle_of(bucket));
        }
        assert_eq!(bucket_of(u64::MAX), Histogram::new().buckets.len() - 1);
    }

    #[test]
    fn quantiles_match_the_sorted_values() {
        let mut histogram = Histogram::new();
        assert_eq!((histogram.quantile(0.5), histogram.max()), (0, 0));
        let mut values: Vec<u64> = (0_u64..5_000).map(|i| i * i % 99_991 * 17 + 3).collect();
        values.iter().for_each(|value| histogram.record(*value));
        values.sort_unstable();
        for quantile in [0.0, 0.01, 0.5, 0.9, 0.99, 0.999, 1.0] {
            let rank = ((quantile * 5_000.0_f64).ceil() as usize).max(1) - 1;
            let (exact, given) = (values[rank], histogram.quantile(quantile));
            assert!(
                given.abs_diff(exact) as f64 <= exact as f64 / 60.0 + 1.0,
                "{quantile}: {given}, not {exact}"
            );
        }
        assert_eq!(histogram.max(), *values.last().unwrap());
    }
}
