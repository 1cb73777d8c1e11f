//! Sixteen lanes in two AVX2 registers.
#![expect(unsafe_code, reason = "vector instructions outside a function compiled for them")]

use core::arch::x86_64::*;

use super::portable::PortableEight;
use super::{Keys, Lanes};

/// Sixteen `f32`.
#[derive(Clone, Copy)]
pub(in super::super) struct Avx2([__m256; 2]);

/// Sixteen keys.
#[derive(Clone, Copy)]
pub(in super::super) struct Avx2Keys([__m256i; 2]);

/// Calls instructions of AVX2.
macro_rules! avx2 {
    ($call:expr) => {
        // SAFETY: these types are named only in `path`, as the lanes of an operation that runs
        // where the features were found; the instructions have no other condition.
        unsafe { $call }
    };
}

impl Avx2 {
    #[inline(always)]
    fn zip(self, other: Self, each: impl Fn(__m256, __m256) -> __m256) -> Self {
        Self([each(self.0[0], other.0[0]), each(self.0[1], other.0[1])])
    }
}

/// All bits of each of eight lanes whose bit is set.
#[inline(always)]
fn spread(bits: u8) -> __m256i {
    avx2!({
        let each = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
        let bits = _mm256_and_si256(_mm256_set1_epi32(i32::from(bits)), each);
        _mm256_cmpeq_epi32(bits, each)
    })
}

impl Lanes for Avx2 {
    type Keys = Avx2Keys;
    /// Compiled for AVX2 where it is inlined, its loops become vectors.
    type Eight = PortableEight;

    #[inline(always)]
    fn load(column: &[f32; 16]) -> Self {
        let at = column.as_ptr();
        // SAFETY: the features as in `avx2!`; the reference covers both halves of 32 bytes.
        Self(unsafe { [_mm256_loadu_ps(at), _mm256_loadu_ps(at.add(8))] })
    }

    #[inline(always)]
    fn splat(value: f32) -> Self {
        Self([avx2!(_mm256_set1_ps(value)); 2])
    }

    #[inline(always)]
    fn to_array(self) -> [f32; 16] {
        bytemuck::cast(self.0)
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self.zip(other, |a, b| avx2!(_mm256_add_ps(a, b)))
    }

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        self.zip(other, |a, b| avx2!(_mm256_sub_ps(a, b)))
    }

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        self.zip(other, |a, b| avx2!(_mm256_mul_ps(a, b)))
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        self.zip(other, |a, b| avx2!(_mm256_max_ps(a, b)))
    }

    #[inline(always)]
    fn min(self, other: Self) -> Self {
        self.zip(other, |a, b| avx2!(_mm256_min_ps(a, b)))
    }

    #[inline(always)]
    fn at_most(self, other: Self) -> u16 {
        let [low, high] = self
            .zip(other, |a, b| avx2!(_mm256_cmp_ps::<_CMP_LE_OQ>(a, b)))
            .0
            .map(|half| avx2!(_mm256_movemask_ps(half)) as u16);
        low | high << 8
    }

    #[inline(always)]
    fn keep(self, bits: u16) -> Self {
        let [low, high] = bits.to_le_bytes().map(spread);
        let nan = avx2!(_mm256_set1_ps(f32::NAN));
        Self([
            avx2!(_mm256_blendv_ps(nan, self.0[0], _mm256_castsi256_ps(low))),
            avx2!(_mm256_blendv_ps(nan, self.0[1], _mm256_castsi256_ps(high))),
        ])
    }

    #[inline(always)]
    fn keys(self, bits: u16) -> Avx2Keys {
        let [low, high] = bits.to_le_bytes().map(spread);
        Avx2Keys(avx2!({
            let lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
            let rest = _mm256_set1_epi32(15);
            let key = |half: __m256, lane: __m256i, set: __m256i| {
                let key = _mm256_andnot_si256(rest, _mm256_castps_si256(half));
                let all = _mm256_set1_epi32(-1);
                _mm256_blendv_epi8(all, _mm256_or_si256(key, lane), set)
            };
            let upper = _mm256_add_epi32(lane, _mm256_set1_epi32(8));
            [key(self.0[0], lane, low), key(self.0[1], upper, high)]
        }))
    }
}

impl Keys for Avx2Keys {
    #[inline(always)]
    fn least(self) -> u32 {
        let [a, b] = self.0;
        avx2!({
            let eight = _mm256_min_epu32(a, b);
            let (low, high) = (_mm256_castsi256_si128(eight), _mm256_extracti128_si256::<1>(eight));
            let four = _mm_min_epu32(low, high);
            let two = _mm_min_epu32(four, _mm_shuffle_epi32::<0b01_00_11_10>(four));
            let one = _mm_min_epu32(two, _mm_shuffle_epi32::<0b10_11_00_01>(two));
            _mm_cvtsi128_si32(one) as u32
        })
    }

    #[inline(always)]
    fn at_most(self, bound: u32) -> u16 {
        let [low, high] = self.0.map(|half| {
            avx2!({
                let least = _mm256_min_epu32(half, _mm256_set1_epi32(bound as i32));
                let same = _mm256_castsi256_ps(_mm256_cmpeq_epi32(least, half));
                _mm256_movemask_ps(same) as u16
            })
        });
        low | high << 8
    }

    #[inline(always)]
    fn without(self, lane: usize) -> Self {
        let [low, high] = (1u16 << (lane & 15)).to_le_bytes().map(spread);
        let [a, b] = self.0;
        Self([avx2!(_mm256_or_si256(a, low)), avx2!(_mm256_or_si256(b, high))])
    }

    #[inline(always)]
    fn to_array(self) -> [u32; 16] {
        bytemuck::cast(self.0)
    }

    #[inline(always)]
    fn load(keys: &[u32; 16]) -> Self {
        Self(bytemuck::cast(*keys))
    }
}
