//! Sixteen `f32` at once, on whatever vectors the machine has.
//!
//! 1. [`Lanes`] is the one interface: portable Rust, AVX2, AVX-512 and NEON implement it, each in
//!    its own file. A query is an [`Operation`], written once over any `Lanes`.
//! 2. Every implementation gives the same bits: an operation is one rounded IEEE operation per lane,
//!    never fused, in the order written. So the choice of one, at run time, changes no answer.
//! 3. [`Path::run`] is the only way to a vector implementation: it enters a function that is compiled
//!    for the instructions, and a [`Path`] other than the portable one exists only where the machine
//!    was found to have them. All else is inlined into that function.

mod portable;

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "aarch64")]
mod neon;
mod path;

pub(super) use path::Path;
#[cfg(test)]
pub(super) use portable::Portable;

/// Sixteen lanes of `f32`.
pub(super) trait Lanes: Copy {
    /// Sixteen integers that stand for lanes in order.
    type Keys: Keys;
    /// Eight sorted integers.
    type Eight: Eight;

    /// The lanes of a column.
    fn load(column: &[f32; 16]) -> Self;
    /// One value in every lane.
    fn splat(value: f32) -> Self;
    /// The values by lane.
    fn to_array(self) -> [f32; 16];
    fn add(self, other: Self) -> Self;
    fn sub(self, other: Self) -> Self;
    fn mul(self, other: Self) -> Self;
    /// `self` where it is greater than `other`, else `other`; so `other` where either is not a
    /// number.
    fn max(self, other: Self) -> Self;
    /// `self` where it is less than `other`, else `other`; so `other` where either is not a number.
    fn min(self, other: Self) -> Self;
    /// A bit for each lane where `self` is at most `other`; none where either is not a number.
    fn at_most(self, other: Self) -> u16;
    /// `self` in the lanes of the bits, not a number elsewhere.
    fn keep(self, bits: u16) -> Self;
    /// For lanes that are not negative: a key for each lane of the bits, [`u32::MAX`] elsewhere. A
    /// key is the lane's float bits, the last four replaced by the lane's number: so keys order as
    /// the lanes do but for their last four bits, and none exceeds its lane.
    fn keys(self, bits: u16) -> Self::Keys;

    /// Puts the numbers whose lanes are in `bits` to the front of `out`, in order; what follows them
    /// there means nothing.
    #[inline(always)]
    fn pack(numbers: &[u32; 16], bits: u16, out: &mut [u32; 16]) {
        for (out, lane) in out.iter_mut().zip(set_lanes(bits)) {
            *out = numbers[lane];
        }
    }

    /// As [`pack`](Self::pack): each number below its lane's bits.
    #[inline(always)]
    fn pack_ranks(self, numbers: &[u32; 16], bits: u16, out: &mut [u64; 16]) {
        let lanes = self.to_array();
        for (out, lane) in out.iter_mut().zip(set_lanes(bits)) {
            *out = u64::from(lanes[lane].to_bits()) << 32 | u64::from(numbers[lane]);
        }
    }
}

/// Sixteen `u32`.
pub(super) trait Keys: Copy {
    /// The least of them.
    fn least(self) -> u32;
    /// A bit for each that is at most `bound`.
    fn at_most(self, bound: u32) -> u16;
    /// [`u32::MAX`] in one lane more.
    fn without(self, lane: usize) -> Self;
    fn to_array(self) -> [u32; 16];
    fn load(keys: &[u32; 16]) -> Self;

    /// How many of `values` are less than `value`.
    #[inline(always)]
    fn count_below(values: &[[u32; 16]], value: u32) -> usize {
        let mut counts = [0u32; 16];
        for sixteen in values {
            for lane in 0..16 {
                counts[lane] += u32::from(sixteen[lane] < value);
            }
        }
        counts.iter().sum::<u32>() as usize
    }
}

/// Eight `u64` in ascending order, each below 2⁶³.
pub(super) trait Eight: Copy {
    /// Eight times one value.
    fn splat(value: u64) -> Self;
    /// Takes in a value; the last one falls out.
    fn insert(self, value: u64) -> Self;
    /// Whether any has these upper 32 bits.
    fn has_upper(self, bits: u32) -> bool;
    /// The value in a place below eight.
    fn at(self, place: usize) -> u64;
    fn to_array(self) -> [u64; 8];
    /// How many of `values`, each below 2⁶³, are less than `value`.
    fn count_below(values: &[[u64; 8]], value: u64) -> usize;
}

/// What may run on any lanes.
pub(super) trait Operation {
    type Output;

    /// To be inlined always: only so it is compiled for the lanes' instructions.
    fn run<L: Lanes>(self) -> Self::Output;
}

/// The lanes of the set bits, lowest first.
#[inline(always)]
pub(super) fn set_lanes(mut bits: u16) -> impl Iterator<Item = usize> {
    core::iter::from_fn(move || {
        if bits == 0 {
            return None;
        }
        let lane = bits.trailing_zeros() as usize;
        bits &= bits - 1;
        Some(lane)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every operation on values of all kinds, as bits.
    struct All([f32; 16], [f32; 16], u16);

    impl Operation for All {
        type Output = (Vec<u32>, Vec<u64>);

        #[inline(always)]
        fn run<L: Lanes>(self) -> Self::Output {
            let Self(a, b, bits) = self;
            let (a, b) = (L::load(&a), L::load(&b));
            let mut found = Vec::new();
            for lanes in [a.add(b), a.sub(b), a.mul(b), a.max(b), a.min(b), a.keep(bits)] {
                // The payload of what is not a number is free.
                found.extend(
                    lanes.to_array().map(|v| if v.is_nan() { u32::MAX } else { v.to_bits() }),
                );
            }
            found.push(u32::from(a.at_most(b)));
            let sizes = a.mul(a);
            let bits = sizes.at_most(L::splat(f32::INFINITY)) & bits;
            let mut keys = sizes.keys(bits);
            let mut eight = L::Eight::splat(u64::MAX >> 1);
            found.extend(keys.to_array());
            for lane in [5, 0, 15] {
                let least = keys.least();
                found.push(least);
                found.push(u32::from(keys.at_most(least)) << 16);
                found.push(u32::from(keys.at_most(1.0f32.to_bits())));
                found.push(u32::from(keys.at_most(u32::MAX)));
                eight = eight.insert(u64::from(least) << 20 | 3);
                keys = L::Keys::load(&keys.to_array()).without(lane);
            }
            let mut sorted = eight.to_array().to_vec();
            sorted.extend((0..8).map(|place| eight.at(place)));
            let many = [eight.to_array(), [7; 8], [u64::MAX >> 1; 8]];
            let counts = [0, 7, 8, 1 << 50, u64::MAX >> 1].map(|v| L::Eight::count_below(&many, v));
            sorted.extend(counts.map(|count| count as u64));
            sorted.extend([0, 7, 0x3f80_0000].map(|bits| u64::from(eight.has_upper(bits))));
            let numbers = core::array::from_fn(|lane| (lane as u32).wrapping_mul(0x9e37_79b9));
            let (mut packed, mut ranks) = ([0; 16], [0; 16]);
            L::pack(&numbers, bits, &mut packed);
            sizes.pack_ranks(&numbers, bits, &mut ranks);
            let count = bits.count_ones() as usize;
            found.extend(&packed[..count]);
            sorted.extend(&ranks[..count]);
            let many = [numbers, [u32::MAX; 16]];
            let counts = [0, 1, 1 << 31, u32::MAX].map(|v| L::Keys::count_below(&many, v));
            sorted.extend(counts.map(|count| count as u64));
            (found, sorted)
        }
    }

    #[test]
    fn all_paths_give_the_same_bits() {
        let odd = [
            0.0,
            -0.0,
            1.0,
            -1.5,
            f32::NAN,
            f32::INFINITY,
            f32::NEG_INFINITY,
            f32::MAX,
            f32::MIN,
            1e-45,
            f32::MIN_POSITIVE,
            1e20,
            0.1,
            3.0,
            -7.25,
            1e-20,
        ];
        for turn in 0..16 {
            for bits in [0, 1, 0x8000, 0x5a5a, 0xffff] {
                let mut other = odd;
                other.rotate_left(turn);
                let truth = Path::PORTABLE.run(All(odd, other, bits));
                for path in Path::all() {
                    assert_eq!(path.run(All(odd, other, bits)), truth, "{path:?} {turn} {bits}");
                }
            }
        }
    }

    #[test]
    fn lanes_of_bits() {
        assert_eq!(set_lanes(0b1000_0000_0001_0010).collect::<Vec<_>>(), [1, 4, 15]);
        assert_eq!(set_lanes(0).count(), 0);
    }
}
