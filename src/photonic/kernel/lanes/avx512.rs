//! The lanes of AVX-512: one register.
#![expect(unsafe_code, reason = "vector intrinsics")]

use core::arch::x86_64::*;
use core::f64::consts::{FRAC_2_PI, FRAC_PI_2};

use super::{LANES, Lanes, ROUND};

#[derive(Clone, Copy)]
pub(crate) struct Avx512(__m512);

// SAFETY of every block below: a kernel is instantiated with this type only in an entry point that
// `Level::Avx512` guards, so AVX-512F is there; loads and stores are inside whole arrays and need no
// alignment.
impl Lanes for Avx512 {
    type Turns = __m512i;

    #[inline(always)]
    fn splat(x: f32) -> Self {
        // SAFETY: as above.
        Self(unsafe { _mm512_set1_ps(x) })
    }
    #[inline(always)]
    fn load(from: &[f32; LANES]) -> Self {
        // SAFETY: as above.
        Self(unsafe { _mm512_loadu_ps(from.as_ptr()) })
    }
    #[inline(always)]
    fn store(self, to: &mut [f32; LANES]) {
        // SAFETY: as above.
        unsafe { _mm512_storeu_ps(to.as_mut_ptr(), self.0) }
    }
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        // SAFETY: as above.
        Self(unsafe { _mm512_add_ps(self.0, other.0) })
    }
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        // SAFETY: as above.
        Self(unsafe { _mm512_sub_ps(self.0, other.0) })
    }
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        // SAFETY: as above.
        Self(unsafe { _mm512_mul_ps(self.0, other.0) })
    }
    #[inline(always)]
    fn div(self, other: Self) -> Self {
        // SAFETY: as above.
        Self(unsafe { _mm512_div_ps(self.0, other.0) })
    }
    #[inline(always)]
    fn fma(self, by: Self, to: Self) -> Self {
        // SAFETY: as above.
        Self(unsafe { _mm512_fmadd_ps(self.0, by.0, to.0) })
    }
    #[inline(always)]
    fn fnma(self, by: Self, to: Self) -> Self {
        // SAFETY: as above.
        Self(unsafe { _mm512_fnmadd_ps(self.0, by.0, to.0) })
    }
    #[inline(always)]
    fn or_beyond(self, live: usize, other: Self) -> Self {
        let kept = if live < LANES { (1_u16 << live) - 1 } else { u16::MAX };
        // SAFETY: as above.
        Self(unsafe { _mm512_mask_blend_ps(kept, other.0, self.0) })
    }
    #[inline(always)]
    fn below(self, limit: Self) -> u16 {
        // SAFETY: as above.
        unsafe { _mm512_cmp_ps_mask::<_CMP_NGE_UQ>(self.0, limit.0) }
    }
    #[inline(always)]
    fn quarter_turns(phases: &[f64; LANES], more: f64) -> (Self, __m512i) {
        let (low, high) = phases.split_at(LANES / 2);
        let ((rest, turns), (more_rest, more_turns)) = (eight(low, more), eight(high, more));
        // SAFETY: as above.
        unsafe {
            let low = _mm512_castps_pd(_mm512_castps256_ps512(rest));
            let rest = _mm512_insertf64x4::<1>(low, _mm256_castps_pd(more_rest));
            let turns = _mm512_castsi256_si512(turns);
            (Self(_mm512_castpd_ps(rest)), _mm512_inserti64x4::<1>(turns, more_turns))
        }
    }
    #[inline(always)]
    fn turned(cos: Self, sin: Self, turns: __m512i) -> (Self, Self) {
        // SAFETY: as above.
        unsafe {
            let (one, two) = (_mm512_set1_epi32(1), _mm512_set1_epi32(2));
            let odd = _mm512_test_epi32_mask(turns, one);
            let x = _mm512_castps_si512(_mm512_mask_blend_ps(odd, cos.0, sin.0));
            let y = _mm512_castps_si512(_mm512_mask_blend_ps(odd, sin.0, cos.0));
            let flip_x = _mm512_and_si512(_mm512_add_epi32(turns, one), two);
            let flip_y = _mm512_and_si512(turns, two);
            let x = _mm512_xor_si512(x, _mm512_slli_epi32::<30>(flip_x));
            let y = _mm512_xor_si512(y, _mm512_slli_epi32::<30>(flip_y));
            (Self(_mm512_castsi512_ps(x)), Self(_mm512_castsi512_ps(y)))
        }
    }
    #[inline(always)]
    fn any_beyond(phases: &[f64; LANES], limit: f64) -> bool {
        let (low, high) = phases.split_at(LANES / 2);
        beyond(low, limit) | beyond(high, limit) != 0
    }
    #[inline(always)]
    fn totals(a: Self, b: Self) -> [f32; 2] {
        // SAFETY: as above.
        unsafe {
            // Halves: those of a below, those of b above.
            let low = _mm512_shuffle_f32x4::<0b0100_0100>(a.0, b.0);
            let high = _mm512_shuffle_f32x4::<0b1110_1110>(a.0, b.0);
            let eight = _mm512_add_ps(low, high);
            let four = _mm512_shuffle_f32x4::<0b1011_0001>(eight, eight);
            let four = _mm512_add_ps(eight, four);
            let two = _mm512_add_ps(four, _mm512_permute_ps::<0b0100_1110>(four));
            let one = _mm512_add_ps(two, _mm512_permute_ps::<0b1011_0001>(two));
            let b = _mm512_extractf32x4_ps::<2>(one);
            [_mm_cvtss_f32(_mm512_castps512_ps128(one)), _mm_cvtss_f32(b)]
        }
    }
    #[inline(always)]
    fn interleave(planes: [Self; 8], to: &mut [[f32; 8]; LANES]) {
        let to = to.as_flattened_mut().as_mut_ptr();
        let [a, b, c, d, e, f, g, h] = planes;
        for (at, planes) in [(0, [a, b, c, d]), (4, [e, f, g, h])] {
            for (e, four) in fours(planes).into_iter().enumerate() {
                // SAFETY: as above; the stores are of 4 numbers at 32·j + 8·e + `at` ≤ 124.
                unsafe { store_quarters(four, to.add(8 * e + at), 32) }
            }
        }
    }
    #[inline(always)]
    fn interleave_4(planes: [Self; 4], to: &mut [[f32; 4]; LANES]) {
        let to = to.as_flattened_mut().as_mut_ptr();
        for (e, four) in fours(planes).into_iter().enumerate() {
            // SAFETY: as above; the stores are of 4 numbers at 16·j + 4·e ≤ 60.
            unsafe { store_quarters(four, to.add(4 * e), 16) }
        }
    }
}

/// Quarter j of the e-th is the four planes' numbers of lane 4·j + e.
#[inline(always)]
fn fours([a, b, c, d]: [Avx512; 4]) -> [__m512; 4] {
    // SAFETY: as above.
    unsafe {
        let (ab, cd) = (_mm512_unpacklo_ps(a.0, b.0), _mm512_unpacklo_ps(c.0, d.0));
        let (ef, gh) = (_mm512_unpackhi_ps(a.0, b.0), _mm512_unpackhi_ps(c.0, d.0));
        let (ab, cd) = (_mm512_castps_pd(ab), _mm512_castps_pd(cd));
        let (ef, gh) = (_mm512_castps_pd(ef), _mm512_castps_pd(gh));
        [
            _mm512_castpd_ps(_mm512_unpacklo_pd(ab, cd)),
            _mm512_castpd_ps(_mm512_unpackhi_pd(ab, cd)),
            _mm512_castpd_ps(_mm512_unpacklo_pd(ef, gh)),
            _mm512_castpd_ps(_mm512_unpackhi_pd(ef, gh)),
        ]
    }
}

/// Stores the four quarters `stride` numbers apart.
///
/// # Safety
/// The processor has AVX-512F, and four numbers at each place are the caller's to write.
#[inline(always)]
unsafe fn store_quarters(four: __m512, to: *mut f32, stride: usize) {
    // SAFETY: the caller's.
    unsafe {
        _mm_storeu_ps(to, _mm512_castps512_ps128(four));
        _mm_storeu_ps(to.add(stride), _mm512_extractf32x4_ps::<1>(four));
        _mm_storeu_ps(to.add(2 * stride), _mm512_extractf32x4_ps::<2>(four));
        _mm_storeu_ps(to.add(3 * stride), _mm512_extractf32x4_ps::<3>(four));
    }
}

/// Half of [`Lanes::quarter_turns`].
#[inline(always)]
fn eight(phases: &[f64], more: f64) -> (__m256, __m256i) {
    debug_assert_eq!(phases.len(), LANES / 2);
    // SAFETY: as above; `phases` is half of a block's.
    unsafe {
        let x = _mm512_add_pd(_mm512_loadu_pd(phases.as_ptr()), _mm512_set1_pd(more));
        let round = _mm512_set1_pd(ROUND);
        let quarter = _mm512_fmadd_pd(x, _mm512_set1_pd(FRAC_2_PI), round);
        let whole = _mm512_sub_pd(quarter, round);
        let rest = _mm512_fmadd_pd(whole, _mm512_set1_pd(-FRAC_PI_2), x);
        (_mm512_cvtpd_ps(rest), _mm512_cvtepi64_epi32(_mm512_castpd_si512(quarter)))
    }
}

/// Half of [`Lanes::any_beyond`].
#[inline(always)]
fn beyond(phases: &[f64], limit: f64) -> u8 {
    debug_assert_eq!(phases.len(), LANES / 2);
    // SAFETY: as above; `phases` is half of a block's.
    unsafe {
        let size = _mm512_abs_pd(_mm512_loadu_pd(phases.as_ptr()));
        _mm512_cmp_pd_mask::<_CMP_GT_OQ>(size, _mm512_set1_pd(limit))
    }
}
