//! Counter-based random numbers: every number is a pure function of a key and an index.
//!
//! An ordinary generator is a state that each draw changes, so what a thread draws depends on what
//! was drawn before it. A counter-based one is a keyed scrambling of an index, so any number can be
//! had in any order, on any thread, and is the same. That is what a replayable mesh needs: the
//! jitter of a retry is keyed by its envelope, the noise of a device by its device, shot and stream.
//!
//! 1. The scrambling is Philox4x32 with ten rounds: J. K. Salmon, M. A. Moraes, R. O. Dror, D. E.
//!    Shaw, "Parallel Random Numbers: As Easy as 1, 2, 3", SC '11, <https://doi.org/10.1145/2063384.2063405>.
//!    It passes the known-answer tests that its authors published.
//! 2. The seed is Philox's 64-bit key. Its 128-bit counter is the 64-bit index in the low half
//!    (words 0 and 1, least significant first) and the two words of the stream in the high half.
//!    So all (stream, index) of one seed are distinct inputs of one bijection: no two streams overlap.
//! 3. It is not a cipher: do not draw secrets from it.
//!
//! ```
//! use xrmesh::random::Counter;
//! let noise = Counter::new(42, [7, 0]); // seed 42, device 7, shot 0
//! assert_eq!(noise.u32x4(3), noise.u32x4(3)); // no state: asking twice changes nothing
//! assert_ne!(noise.u32x4(3), noise.u32x4(4));
//! assert!((0.0..1.0).contains(&noise.uniform_f32(3)));
//! ```

use core::num::NonZeroU64;

/// A family of random numbers, one block of four 32-bit words for each 64-bit index.
///
/// 16 bytes, `Copy`, no state. A block costs ten rounds of two widening multiplications, 10 to 20 ns
/// where nothing is vectorised.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Counter {
    key: [u32; 2],
    stream: [u32; 2],
}

impl Counter {
    /// The numbers of `stream` under `seed`. Different streams of one seed never overlap; give each
    /// use of a seed its own.
    #[inline]
    #[must_use]
    pub const fn new(seed: u64, stream: [u32; 2]) -> Self {
        Self { key: [seed as u32, (seed >> 32) as u32], stream }
    }

    /// The family named `id` inside this one, where two stream words are not enough: its seed is
    /// two words of this family's scrambled `id`, under a key that its draws do not use, and its
    /// stream is the other two. Different ids of one family always give different families.
    ///
    /// ```
    /// use xrmesh::random::Counter;
    /// let device = Counter::new(42, [7, 0]);
    /// assert_ne!(device.derive(0).u32x4(0), device.derive(1).u32x4(0));
    /// ```
    #[inline]
    #[must_use]
    pub const fn derive(self, id: u64) -> Self {
        // The key of draws with every bit of one word flipped.
        let key = [self.key[0], !self.key[1]];
        let [a, b, c, d] =
            philox4x32_10([id as u32, (id >> 32) as u32, self.stream[0], self.stream[1]], key);
        Self { key: [a, b], stream: [c, d] }
    }

    /// The block at `index`: four words, each uniform over all `u32`.
    #[inline]
    #[must_use]
    pub const fn u32x4(self, index: u64) -> [u32; 4] {
        philox4x32_10(
            [index as u32, (index >> 32) as u32, self.stream[0], self.stream[1]],
            self.key,
        )
    }

    /// Two integers uniform over all `u64`: words 0 and 1 of the block, and words 2 and 3, least
    /// significant first.
    #[inline]
    #[must_use]
    pub const fn u64x2(self, index: u64) -> [u64; 2] {
        let [a, b, c, d] = self.u32x4(index);
        [join(a, b), join(c, d)]
    }

    /// Uniform over the multiples of 2⁻²⁴ in [0, 1): the upper 24 bits of word 0.
    #[inline]
    #[must_use]
    pub const fn uniform_f32(self, index: u64) -> f32 {
        unit_f32(self.u32x4(index)[0])
    }

    /// Four of them from one block, uniform over the multiples of 2⁻²⁴ in [0, 1).
    #[inline]
    #[must_use]
    pub const fn uniform_f32x4(self, index: u64) -> [f32; 4] {
        let [a, b, c, d] = self.u32x4(index);
        [unit_f32(a), unit_f32(b), unit_f32(c), unit_f32(d)]
    }

    /// Uniform over the multiples of 2⁻⁵³ in [0, 1): the upper 53 bits of words 1 and 0.
    #[inline]
    #[must_use]
    pub const fn uniform_f64(self, index: u64) -> f64 {
        unit_f64(self.u64x2(index)[0])
    }

    /// Two independent draws of the standard normal distribution (mean 0, variance 1).
    ///
    /// Box and Muller (Ann. Math. Statist. 29, 610, 1958): with u in (0, 1] and v in [0, 1), both of
    /// 53 bits, √(−2 ln u) times cos 2πv and sin 2πv. The logarithm and the sines are `libm`'s, so
    /// the bits are the same on every system. No draw is farther than 8.58 from zero.
    ///
    /// ```
    /// use xrmesh::random::Counter;
    /// let counter = Counter::new(1, [0, 0]);
    /// let sum: f64 = (0..500).flat_map(|index| counter.normals(index)).sum();
    /// assert!((sum / 1000.0).abs() < 0.2);
    /// ```
    #[inline]
    #[must_use]
    pub fn normals(self, index: u64) -> [f64; 2] {
        let [a, b] = self.u64x2(index);
        box_muller(a, b)
    }

    /// Uniform over 0…`bound` − 1.
    ///
    /// The block read as a 128-bit fraction, times `bound`, rounded down: one block always, no
    /// rejection, so the cost is fixed and the next index is free. Each value's probability differs
    /// from 1/`bound` by less than 2⁻¹²⁸, a bias that no test can see.
    ///
    /// ```
    /// use core::num::NonZeroU64;
    /// use xrmesh::random::Counter;
    /// let die = NonZeroU64::new(6).unwrap();
    /// let throws: Vec<u64> = (0..8).map(|throw| 1 + Counter::new(9, [0, 0]).below(throw, die)).collect();
    /// assert!(throws.iter().all(|throw| (1..=6).contains(throw)));
    /// ```
    #[inline]
    #[must_use]
    pub const fn below(self, index: u64, bound: NonZeroU64) -> u64 {
        let [low, high] = self.u64x2(index);
        scale_down(low, high, bound)
    }

    /// The same numbers one after another, from the block at `index` on.
    #[inline]
    #[must_use]
    pub const fn stream_from(self, index: u64) -> Stream {
        Stream { counter: self, index, block: [0; 4], left: 0 }
    }
}

/// The words of a [`Counter`] one after another, for code that draws in a fixed order.
///
/// Each kind of draw takes a documented number of words, so what a stream gives follows from its
/// counter, its first index and the sequence of kinds drawn. After 2⁶⁴ blocks it begins again.
///
/// ```
/// use xrmesh::random::Counter;
/// let mut stream = Counter::new(3, [0, 0]).stream_from(0);
/// let (x, y) = (stream.uniform_f32(), stream.uniform_f32());
/// assert_eq!([x, y], Counter::new(3, [0, 0]).uniform_f32x4(0)[..2]);
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stream {
    counter: Counter,
    /// The next block to compute.
    index: u64,
    /// The present block; its last `left` words are still to be given.
    block: [u32; 4],
    left: u8,
}

impl Stream {
    /// The stream from block 0 of `Counter::new(seed, stream)`.
    #[inline]
    #[must_use]
    pub const fn new(seed: u64, stream: [u32; 2]) -> Self {
        Counter::new(seed, stream).stream_from(0)
    }

    /// The next word, uniform over all `u32`.
    #[inline]
    pub const fn next_u32(&mut self) -> u32 {
        if self.left == 0 {
            self.block = self.counter.u32x4(self.index);
            self.index = self.index.wrapping_add(1);
            self.left = 4;
        }
        let word = self.block[(4 - self.left) as usize];
        self.left -= 1;
        word
    }

    /// Uniform over all `u64`. Takes two words, the least significant first.
    #[inline]
    pub const fn next_u64(&mut self) -> u64 {
        let low = self.next_u32();
        join(low, self.next_u32())
    }

    /// Uniform over the multiples of 2⁻²⁴ in [0, 1). Takes one word.
    #[inline]
    pub const fn uniform_f32(&mut self) -> f32 {
        unit_f32(self.next_u32())
    }

    /// Uniform over the multiples of 2⁻⁵³ in [0, 1). Takes two words.
    #[inline]
    pub const fn uniform_f64(&mut self) -> f64 {
        unit_f64(self.next_u64())
    }

    /// Two draws of the standard normal distribution, as [`Counter::normals`]. Takes four words.
    #[inline]
    pub fn normals(&mut self) -> [f64; 2] {
        let first = self.next_u64();
        box_muller(first, self.next_u64())
    }

    /// Uniform over 0…`bound` − 1, as [`Counter::below`]. Takes four words.
    #[inline]
    pub const fn below(&mut self, bound: NonZeroU64) -> u64 {
        let low = self.next_u64();
        scale_down(low, self.next_u64(), bound)
    }
}

/// Section 3.3 of the paper: two widening multiplications and a swap a round, the key bumped by
/// Weyl constants (the golden ratio and √3 − 1) between rounds.
#[inline]
const fn philox4x32_10(counter: [u32; 4], key: [u32; 2]) -> [u32; 4] {
    const MULTIPLIERS: [u32; 2] = [0xD251_1F53, 0xCD9E_8D57];
    const WEYL: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];
    let ([mut a, mut b, mut c, mut d], [mut k0, mut k1]) = (counter, key);
    let mut round = 0;
    while round < 10 {
        let p = MULTIPLIERS[0] as u64 * a as u64;
        let q = MULTIPLIERS[1] as u64 * c as u64;
        (a, b, c, d) = ((q >> 32) as u32 ^ b ^ k0, q as u32, (p >> 32) as u32 ^ d ^ k1, p as u32);
        k0 = k0.wrapping_add(WEYL[0]);
        k1 = k1.wrapping_add(WEYL[1]);
        round += 1;
    }
    [a, b, c, d]
}

#[inline]
const fn join(low: u32, high: u32) -> u64 {
    (high as u64) << 32 | low as u64
}

#[inline]
const fn unit_f32(word: u32) -> f32 {
    (word >> 8) as f32 * (1.0 / (1 << 24) as f32)
}

#[inline]
const fn unit_f64(bits: u64) -> f64 {
    (bits >> 11) as f64 * (1.0 / (1_u64 << 53) as f64)
}

#[inline]
fn box_muller(for_radius: u64, for_angle: u64) -> [f64; 2] {
    // One more than the 53 bits: (0, 1], whose logarithm is finite.
    let u = ((for_radius >> 11) + 1) as f64 * (1.0 / (1_u64 << 53) as f64);
    let radius = (-2.0 * libm::log(u)).sqrt();
    let (sin, cos) = libm::sincos(core::f64::consts::TAU * unit_f64(for_angle));
    [radius * cos, radius * sin]
}

/// ⌊(high·2⁶⁴ + low) · bound / 2¹²⁸⌋.
#[inline]
const fn scale_down(low: u64, high: u64, bound: NonZeroU64) -> u64 {
    let bound = bound.get() as u128;
    let carry = (low as u128 * bound) >> 64;
    ((high as u128 * bound + carry) >> 64) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The known answers that the paper's authors publish with their implementation.
    #[test]
    fn philox_gives_the_published_answers() {
        let cases = [
            ([0; 4], [0; 2], [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]),
            ([u32::MAX; 4], [u32::MAX; 2], [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]),
            (
                [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344],
                [0xa409_3822, 0x299f_31d0],
                [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1],
            ),
        ];
        for (counter, key, answer) in cases {
            assert_eq!(philox4x32_10(counter, key), answer);
        }
    }

    #[test]
    fn the_counter_lays_out_seed_index_and_stream_as_documented() {
        let seed = 0x299f_31d0_a409_3822;
        let counter = Counter::new(seed, [0x1319_8a2e, 0x0370_7344]);
        assert_eq!(
            counter.u32x4(0x85a3_08d3_243f_6a88),
            [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
        );
    }

    #[test]
    fn uniforms_stay_below_one_and_reach_both_ends() {
        assert_eq!(unit_f32(u32::MAX), 1.0 - 1.0 / 16_777_216.0);
        assert_eq!(unit_f32(0xff), 0.0);
        assert_eq!(unit_f64(u64::MAX), 1.0 - f64::EPSILON / 2.0);
        assert_eq!(unit_f64(0x7ff), 0.0);
    }

    #[test]
    fn normals_are_finite_at_the_extremes() {
        assert_eq!(box_muller(u64::MAX, 0), [0.0, 0.0]); // ln 1
        let [far, _] = box_muller(0, 0);
        assert!((far - (106.0 * core::f64::consts::LN_2).sqrt()).abs() < 1e-12 && far < 8.58);
    }

    #[test]
    fn normals_have_the_moments_and_tails_of_the_normal_distribution() {
        let counter = Counter::new(2026, [1, 2]);
        let draws: Vec<f64> = (0..100_000).flat_map(|index| counter.normals(index)).collect();
        let n = draws.len() as f64;
        let moment = |power: i32| draws.iter().map(|x| x.powi(power)).sum::<f64>() / n;
        // Standard errors at n = 200,000: 0.0022, 0.0032, 0.0087, 0.022; five of them allowed.
        assert!(moment(1).abs() < 0.011, "{}", moment(1));
        assert!((moment(2) - 1.0).abs() < 0.016, "{}", moment(2));
        assert!(moment(3).abs() < 0.043, "{}", moment(3));
        assert!((moment(4) - 3.0).abs() < 0.11, "{}", moment(4));
        let beyond_two = draws.iter().filter(|x| x.abs() > 2.0).count() as f64 / n;
        assert!((beyond_two - 0.0455).abs() < 0.0024, "{beyond_two}");
        let pairs: f64 =
            draws.chunks_exact(2).map(|pair| pair[0] * pair[1]).sum::<f64>() / (n / 2.0);
        assert!(pairs.abs() < 0.016, "{pairs}");
    }

    /// The bits of a normal draw are part of what a recording promises.
    #[test]
    fn normals_keep_their_bits() {
        let bits = Counter::new(42, [7, 1]).normals(5).map(f64::to_bits);
        assert_eq!(bits, [13_832_866_931_858_844_817, 4_597_811_798_868_130_278]);
    }

    #[test]
    fn below_is_uniform() {
        let bound = NonZeroU64::new(7).unwrap();
        let mut counts = [0_u32; 7];
        for index in 0..70_000 {
            counts[Counter::new(5, [0, 0]).below(index, bound) as usize] += 1;
        }
        let chi2: f64 = counts.iter().map(|&count| (f64::from(count) - 1e4).powi(2) / 1e4).sum();
        assert!(chi2 < 22.5, "{chi2} with 6 degrees of freedom: p < 0.001");
    }

    #[test]
    fn derived_families_differ_from_each_other_and_from_their_parent() {
        let parent = Counter::new(8, [1, 2]);
        let mut seen: Vec<Counter> = (0..1000).map(|id| parent.derive(id)).collect();
        seen.push(parent);
        seen.extend((0..1000).map(|id| {
            let [a, b, c, d] = parent.u32x4(id);
            Counter { key: [a, b], stream: [c, d] } // what a draw would have revealed
        }));
        let all = seen.len();
        seen.sort_by_key(|counter| (counter.key, counter.stream));
        seen.dedup();
        assert_eq!(seen.len(), all);
    }

    proptest! {
        #[test]
        fn below_is_the_exact_product(low: u64, high: u64, bound in 1_u64..) {
            // The 192-bit product by 32-bit limbs.
            let fraction = [low as u32, (low >> 32) as u32, high as u32, (high >> 32) as u32];
            let factor = [bound as u32, (bound >> 32) as u32];
            let mut product = [0_u32; 6];
            for (i, &x) in fraction.iter().enumerate() {
                let mut carry = 0;
                for (j, &y) in factor.iter().enumerate() {
                    let sum = u64::from(x) * u64::from(y) + u64::from(product[i + j]) + carry;
                    product[i + j] = sum as u32;
                    carry = sum >> 32;
                }
                product[i + 2] = carry as u32;
            }
            let expected = join(product[4], product[5]);
            let drawn = scale_down(low, high, NonZeroU64::new(bound).unwrap());
            prop_assert_eq!(drawn, expected);
            prop_assert!(drawn < bound);
        }

        #[test]
        fn a_stream_gives_its_counters_words_in_order(seed: u64, stream: [u32; 2], from: u64) {
            let counter = Counter::new(seed, stream);
            let mut words = counter.stream_from(from);
            for block in 0..3 {
                let expected = counter.u32x4(from.wrapping_add(block));
                prop_assert_eq!([(); 4].map(|()| words.next_u32()), expected);
            }
            let mut mixed = counter.stream_from(from);
            prop_assert_eq!(mixed.normals(), counter.normals(from));
            let die = NonZeroU64::new(20).unwrap();
            prop_assert_eq!(mixed.below(die), counter.below(from.wrapping_add(1), die));
            prop_assert_eq!(mixed.uniform_f64(), counter.uniform_f64(from.wrapping_add(2)));
        }
    }
}
