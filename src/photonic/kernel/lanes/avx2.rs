//! The lanes of AVX2 with FMA: two registers.
#![expect(unsafe_code, reason = "vector intrinsics")]

use core::arch::x86_64::*;
use core::f64::consts::{FRAC_2_PI, FRAC_PI_2};

use super::{LANES, Lanes, ROUND};

#[derive(Clone, Copy)]
pub(crate) struct Avx2(__m256, __m256);

// SAFETY of every block below: a kernel is instantiated with this type only in an entry point that
// `Level::Avx2` guards, so AVX2 and FMA are there; both halves are inside whole arrays and
// need no alignment.
impl Lanes for Avx2 {
    type Turns = [__m256i; 2];

    #[inline(always)]
    fn splat(x: f32) -> Self {
        // SAFETY: as above.
        unsafe { Self(_mm256_set1_ps(x), _mm256_set1_ps(x)) }
    }
    #[inline(always)]
    fn load(from: &[f32; LANES]) -> Self {
        let at = from.as_ptr();
        // SAFETY: as above.
        unsafe { Self(_mm256_loadu_ps(at), _mm256_loadu_ps(at.add(8))) }
    }
    #[inline(always)]
    fn store(self, to: &mut [f32; LANES]) {
        let at = to.as_mut_ptr();
        // SAFETY: as above.
        unsafe {
            _mm256_storeu_ps(at, self.0);
            _mm256_storeu_ps(at.add(8), self.1);
        }
    }
    #[inline(always)]
    fn add(self, o: Self) -> Self {
        // SAFETY: as above.
        unsafe { Self(_mm256_add_ps(self.0, o.0), _mm256_add_ps(self.1, o.1)) }
    }
    #[inline(always)]
    fn sub(self, o: Self) -> Self {
        // SAFETY: as above.
        unsafe { Self(_mm256_sub_ps(self.0, o.0), _mm256_sub_ps(self.1, o.1)) }
    }
    #[inline(always)]
    fn mul(self, o: Self) -> Self {
        // SAFETY: as above.
        unsafe { Self(_mm256_mul_ps(self.0, o.0), _mm256_mul_ps(self.1, o.1)) }
    }
    #[inline(always)]
    fn div(self, o: Self) -> Self {
        // SAFETY: as above.
        unsafe { Self(_mm256_div_ps(self.0, o.0), _mm256_div_ps(self.1, o.1)) }
    }
    #[inline(always)]
    fn fma(self, by: Self, to: Self) -> Self {
        // SAFETY: as above.
        unsafe { Self(_mm256_fmadd_ps(self.0, by.0, to.0), _mm256_fmadd_ps(self.1, by.1, to.1)) }
    }
    #[inline(always)]
    fn fnma(self, by: Self, to: Self) -> Self {
        // SAFETY: as above.
        unsafe { Self(_mm256_fnmadd_ps(self.0, by.0, to.0), _mm256_fnmadd_ps(self.1, by.1, to.1)) }
    }
    #[inline(always)]
    fn or_beyond(self, live: usize, other: Self) -> Self {
        // SAFETY: as above.
        unsafe {
            let (lanes, live) = (_mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7), live as i32);
            let low = _mm256_cmpgt_epi32(_mm256_set1_epi32(live), lanes);
            let high = _mm256_cmpgt_epi32(_mm256_set1_epi32(live - 8), lanes);
            Self(
                _mm256_blendv_ps(other.0, self.0, _mm256_castsi256_ps(low)),
                _mm256_blendv_ps(other.1, self.1, _mm256_castsi256_ps(high)),
            )
        }
    }
    #[inline(always)]
    fn below(self, limit: Self) -> u16 {
        // SAFETY: as above.
        unsafe {
            let low = _mm256_movemask_ps(_mm256_cmp_ps::<_CMP_NGE_UQ>(self.0, limit.0));
            let high = _mm256_movemask_ps(_mm256_cmp_ps::<_CMP_NGE_UQ>(self.1, limit.1));
            (low | high << 8) as u16
        }
    }
    #[inline(always)]
    fn quarter_turns(phases: &[f64; LANES], more: f64) -> (Self, [__m256i; 2]) {
        let (low, high) = phases.split_at(LANES / 2);
        let ((rest, turns), (more_rest, more_turns)) = (eight(low, more), eight(high, more));
        (Self(rest, more_rest), [turns, more_turns])
    }
    #[inline(always)]
    fn turned(cos: Self, sin: Self, turns: [__m256i; 2]) -> (Self, Self) {
        let (a, b) = (turn(cos.0, sin.0, turns[0]), turn(cos.1, sin.1, turns[1]));
        (Self(a.0, b.0), Self(a.1, b.1))
    }
    #[inline(always)]
    fn any_beyond(phases: &[f64; LANES], limit: f64) -> bool {
        let mut beyond = 0;
        for four in phases.as_chunks::<4>().0 {
            // SAFETY: as above.
            unsafe {
                let size = _mm256_andnot_pd(_mm256_set1_pd(-0.0), _mm256_loadu_pd(four.as_ptr()));
                let larger = _mm256_cmp_pd::<_CMP_GT_OQ>(size, _mm256_set1_pd(limit));
                beyond |= _mm256_movemask_pd(larger);
            }
        }
        beyond != 0
    }
    #[inline(always)]
    fn totals(a: Self, b: Self) -> [f32; 2] {
        // SAFETY: as above.
        unsafe {
            let (a, b) = (_mm256_add_ps(a.0, a.1), _mm256_add_ps(b.0, b.1));
            // Quarters: those of a below, those of b above.
            let low = _mm256_permute2f128_ps::<0x20>(a, b);
            let four = _mm256_add_ps(low, _mm256_permute2f128_ps::<0x31>(a, b));
            let two = _mm256_add_ps(four, _mm256_permute_ps::<0b0100_1110>(four));
            let one = _mm256_add_ps(two, _mm256_permute_ps::<0b1011_0001>(two));
            let b = _mm256_extractf128_ps::<1>(one);
            [_mm_cvtss_f32(_mm256_castps256_ps128(one)), _mm_cvtss_f32(b)]
        }
    }
    #[inline(always)]
    fn interleave(planes: [Self; 8], to: &mut [[f32; 8]; LANES]) {
        let (first, last) = to.split_at_mut(LANES / 2);
        let [a, b, c, d, e, f, g, h] = planes;
        transpose([a.0, b.0, c.0, d.0], [e.0, f.0, g.0, h.0], first);
        transpose([a.1, b.1, c.1, d.1], [e.1, f.1, g.1, h.1], last);
    }
    #[inline(always)]
    fn interleave_4([a, b, c, d]: [Self; 4], to: &mut [[f32; 4]; LANES]) {
        let (first, last) = to.split_at_mut(LANES / 2);
        for (to, planes) in [(first, [a.0, b.0, c.0, d.0]), (last, [a.1, b.1, c.1, d.1])] {
            for (k, four) in fours(planes).into_iter().enumerate() {
                // SAFETY: as above; the stores are of whole rows.
                unsafe {
                    _mm_storeu_ps(to[k].as_mut_ptr(), _mm256_castps256_ps128(four));
                    _mm_storeu_ps(to[k + 4].as_mut_ptr(), _mm256_extractf128_ps::<1>(four));
                }
            }
        }
    }
}

/// Half of [`Lanes::quarter_turns`].
#[inline(always)]
fn eight(phases: &[f64], more: f64) -> (__m256, __m256i) {
    let (low, high) = phases.split_at(LANES / 4);
    let (a, b) = (four(low, more), four(high, more));
    // SAFETY: as above.
    unsafe {
        // The low half of each of eight 64-bit numbers, in their order.
        let low = _mm256_castps_si256(_mm256_shuffle_ps::<0b1000_1000>(a.1, b.1));
        (_mm256_set_m128(b.0, a.0), _mm256_permute4x64_epi64::<0b1101_1000>(low))
    }
}

/// A quarter of it: the rest, and the quarter turns in the low bits of each 64.
#[inline(always)]
fn four(phases: &[f64], more: f64) -> (__m128, __m256) {
    debug_assert_eq!(phases.len(), LANES / 4);
    // SAFETY: as above; `phases` is a quarter of a block's.
    unsafe {
        let x = _mm256_add_pd(_mm256_loadu_pd(phases.as_ptr()), _mm256_set1_pd(more));
        let round = _mm256_set1_pd(ROUND);
        let quarter = _mm256_fmadd_pd(x, _mm256_set1_pd(FRAC_2_PI), round);
        let whole = _mm256_sub_pd(quarter, round);
        let rest = _mm256_fmadd_pd(whole, _mm256_set1_pd(-FRAC_PI_2), x);
        (_mm256_cvtpd_ps(rest), _mm256_castpd_ps(quarter))
    }
}

/// Half of [`Lanes::turned`].
#[inline(always)]
fn turn(cos: __m256, sin: __m256, turns: __m256i) -> (__m256, __m256) {
    // SAFETY: as above.
    unsafe {
        let (one, two) = (_mm256_set1_epi32(1), _mm256_set1_epi32(2));
        // The lowest bit as the sign, which is what a blend looks at.
        let odd = _mm256_castsi256_ps(_mm256_slli_epi32::<31>(turns));
        let (x, y) = (_mm256_blendv_ps(cos, sin, odd), _mm256_blendv_ps(sin, cos, odd));
        let flip_x = _mm256_and_si256(_mm256_add_epi32(turns, one), two);
        let flip_y = _mm256_and_si256(turns, two);
        let flip_x = _mm256_castsi256_ps(_mm256_slli_epi32::<30>(flip_x));
        let flip_y = _mm256_castsi256_ps(_mm256_slli_epi32::<30>(flip_y));
        (_mm256_xor_ps(x, flip_x), _mm256_xor_ps(y, flip_y))
    }
}

/// Eight lanes of eight planes, as eight rows.
#[inline(always)]
fn transpose(first: [__m256; 4], last: [__m256; 4], to: &mut [[f32; 8]]) {
    let (abcd, efgh) = (fours(first), fours(last));
    for (k, (abcd, efgh)) in abcd.into_iter().zip(efgh).enumerate() {
        // SAFETY: as above; the stores are of whole rows.
        unsafe {
            let low = _mm256_permute2f128_ps::<0x20>(abcd, efgh);
            let high = _mm256_permute2f128_ps::<0x31>(abcd, efgh);
            _mm256_storeu_ps(to[k].as_mut_ptr(), low);
            _mm256_storeu_ps(to[k + 4].as_mut_ptr(), high);
        }
    }
}

/// Half j of the k-th is the four planes' numbers of lane 4·j + k.
#[inline(always)]
fn fours([a, b, c, d]: [__m256; 4]) -> [__m256; 4] {
    // SAFETY: as above.
    unsafe {
        let (al, ah) = (_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b));
        let (cl, ch) = (_mm256_unpacklo_ps(c, d), _mm256_unpackhi_ps(c, d));
        [
            _mm256_shuffle_ps::<0b0100_0100>(al, cl),
            _mm256_shuffle_ps::<0b1110_1110>(al, cl),
            _mm256_shuffle_ps::<0b0100_0100>(ah, ch),
            _mm256_shuffle_ps::<0b1110_1110>(ah, ch),
        ]
    }
}
