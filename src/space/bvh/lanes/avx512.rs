//! Sixteen lanes in one AVX-512 register.
#![expect(unsafe_code, reason = "vector instructions outside a function compiled for them")]

use core::arch::x86_64::*;

use super::{Eight, Keys, Lanes};

/// Sixteen `f32`.
#[derive(Clone, Copy)]
pub(in super::super) struct Avx512(__m512);

/// Sixteen keys.
#[derive(Clone, Copy)]
pub(in super::super) struct Avx512Keys(__m512i);

/// Eight sorted integers.
#[derive(Clone, Copy)]
pub(in super::super) struct Avx512Eight(__m512i);

/// Calls instructions of AVX-512 F and DQ.
macro_rules! avx512 {
    ($call:expr) => {
        // SAFETY: these types are named only in `path`, as the lanes of an operation that runs
        // where the features were found; the instructions have no other condition.
        unsafe { $call }
    };
}

impl Lanes for Avx512 {
    type Keys = Avx512Keys;
    type Eight = Avx512Eight;

    #[inline(always)]
    fn load(column: &[f32; 16]) -> Self {
        // SAFETY: the features as in `avx512!`; the reference covers the 64 bytes that are read.
        Self(unsafe { _mm512_loadu_ps(column.as_ptr()) })
    }

    #[inline(always)]
    fn splat(value: f32) -> Self {
        Self(avx512!(_mm512_set1_ps(value)))
    }

    #[inline(always)]
    fn to_array(self) -> [f32; 16] {
        bytemuck::cast(self.0)
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self(avx512!(_mm512_add_ps(self.0, other.0)))
    }

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        Self(avx512!(_mm512_sub_ps(self.0, other.0)))
    }

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        Self(avx512!(_mm512_mul_ps(self.0, other.0)))
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        Self(avx512!(_mm512_max_ps(self.0, other.0)))
    }

    #[inline(always)]
    fn min(self, other: Self) -> Self {
        Self(avx512!(_mm512_min_ps(self.0, other.0)))
    }

    #[inline(always)]
    fn at_most(self, other: Self) -> u16 {
        avx512!(_mm512_cmp_ps_mask::<_CMP_LE_OQ>(self.0, other.0))
    }

    #[inline(always)]
    fn keep(self, bits: u16) -> Self {
        Self(avx512!(_mm512_mask_mov_ps(_mm512_set1_ps(f32::NAN), bits, self.0)))
    }

    #[inline(always)]
    fn keys(self, bits: u16) -> Avx512Keys {
        Avx512Keys(avx512!({
            let lane = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
            let distance = _mm512_castps_si512(self.0);
            // (distance & !15) | lane
            let key = _mm512_ternarylogic_epi32::<0xf4>(lane, distance, _mm512_set1_epi32(15));
            _mm512_mask_mov_epi32(_mm512_set1_epi32(-1), bits, key)
        }))
    }

    #[inline(always)]
    fn pack(numbers: &[u32; 16], bits: u16, out: &mut [u32; 16]) {
        let numbers: __m512i = bytemuck::cast(*numbers);
        *out = bytemuck::cast(avx512!(_mm512_maskz_compress_epi32(bits, numbers)));
    }

    #[inline(always)]
    fn pack_ranks(self, numbers: &[u32; 16], bits: u16, out: &mut [u64; 16]) {
        let halves: [__m256i; 2] = bytemuck::cast(*numbers);
        let lanes: [__m256i; 2] = bytemuck::cast(self.0);
        let first = bits as u8;
        for (half, (at, bits)) in
            [(0, first), (first.count_ones() as usize, (bits >> 8) as u8)].into_iter().enumerate()
        {
            let ranks = avx512!({
                let upper = _mm512_slli_epi64::<32>(_mm512_cvtepu32_epi64(lanes[half]));
                let rank = _mm512_or_si512(upper, _mm512_cvtepu32_epi64(halves[half]));
                _mm512_maskz_compress_epi64(bits, rank)
            });
            if let Some(out) = out[at..].first_chunk_mut::<8>() {
                *out = bytemuck::cast(ranks);
            }
        }
    }
}

impl Keys for Avx512Keys {
    #[inline(always)]
    fn least(self) -> u32 {
        avx512!(_mm512_reduce_min_epu32(self.0))
    }

    #[inline(always)]
    fn at_most(self, bound: u32) -> u16 {
        avx512!(_mm512_cmple_epu32_mask(self.0, _mm512_set1_epi32(bound as i32)))
    }

    #[inline(always)]
    fn without(self, lane: usize) -> Self {
        Self(avx512!(_mm512_mask_mov_epi32(self.0, 1 << (lane & 15), _mm512_set1_epi32(-1))))
    }

    #[inline(always)]
    fn to_array(self) -> [u32; 16] {
        bytemuck::cast(self.0)
    }

    #[inline(always)]
    fn load(keys: &[u32; 16]) -> Self {
        // SAFETY: the features as in `avx512!`; the reference covers the 64 bytes that are read.
        Self(unsafe { _mm512_loadu_si512(keys.as_ptr().cast()) })
    }

    #[inline(always)]
    fn count_below(values: &[[u32; 16]], value: u32) -> usize {
        let value = avx512!(_mm512_set1_epi32(value as i32));
        let mut count = 0;
        for sixteen in values {
            let sixteen: __m512i = bytemuck::cast(*sixteen);
            count += avx512!(_mm512_cmplt_epu32_mask(sixteen, value)).count_ones();
        }
        count as usize
    }
}

impl Eight for Avx512Eight {
    #[inline(always)]
    fn splat(value: u64) -> Self {
        Self(avx512!(_mm512_set1_epi64(value as i64)))
    }

    #[inline(always)]
    fn insert(self, value: u64) -> Self {
        Self(avx512!({
            // What is greater moves up by one, and the value lands below it.
            let moved = _mm512_alignr_epi64::<7>(self.0, _mm512_setzero_si512());
            let value = _mm512_set1_epi64(value as i64);
            _mm512_min_epu64(self.0, _mm512_max_epu64(moved, value))
        }))
    }

    #[inline(always)]
    fn has_upper(self, bits: u32) -> bool {
        let bits = avx512!(_mm512_set1_epi32(bits as i32));
        avx512!(_mm512_mask_cmpeq_epi32_mask(0xaaaa, self.0, bits)) != 0
    }

    #[inline(always)]
    fn at(self, place: usize) -> u64 {
        avx512!({
            let place = _mm512_set1_epi64((place & 7) as i64);
            let first = _mm512_permutexvar_epi64(place, self.0);
            _mm_cvtsi128_si64(_mm512_castsi512_si128(first)) as u64
        })
    }

    #[inline(always)]
    fn to_array(self) -> [u64; 8] {
        bytemuck::cast(self.0)
    }

    #[inline(always)]
    fn count_below(values: &[[u64; 8]], value: u64) -> usize {
        let value = avx512!(_mm512_set1_epi64(value as i64));
        let mut count = 0;
        for eight in values {
            let eight: __m512i = bytemuck::cast(*eight);
            count += avx512!(_mm512_cmplt_epu64_mask(eight, value)).count_ones();
        }
        count as usize
    }
}
