//! The two inner loops of spiking layers, for tiles of 64 neurons: one step after another of the
//! leaky integrator, and the sum of the weights of whoever fired.
//!
//! 1. Every path does the same IEEE operations in the same order (subtract, multiply, add; nothing
//!    fused, nothing reassociated), so AVX-512, AVX2 and portable code give the same bits.
//! 2. A tile's potentials and refractory ends stay in registers over all steps of a block: 16 of
//!    AVX-512's 32.
//! 3. The instruction set is found once, when a layer is made; the loops have no dispatch inside.
//! 4. Not fusing costs AVX-512 one operation of eight a neuron and step. Fusing would cost the
//!    portable path a call a neuron and step. On one core of a Zen 5 a neuron and step takes 0.14 ns
//!    with AVX-512, 0.55 ns with AVX2 (no masks, half the width), 1.3 ns portable.
#![expect(
    unsafe_code,
    reason = "instructions that the target may lack, called after they were detected"
)]

use bytemuck::{Pod, Zeroable};

/// Neurons of one tile: one bit each in a word of the raster.
pub(super) const TILE: usize = 64;

/// One number for each neuron of a tile.
pub(super) type Lanes = [f64; TILE];

/// The same on cache lines of its own: a load across two costs two.
#[derive(Debug, Clone, Copy, Pod, Zeroable)]
#[repr(C, align(64))]
pub(super) struct Row(pub(super) Lanes);

impl Row {
    pub(super) const ZERO: Self = Self([0.0; TILE]);
}

/// What a tile of leaky integrators is and remembers.
#[derive(Debug, Clone)]
#[repr(align(64))]
pub(super) struct Tile {
    /// v, the membrane potentials.
    pub(super) potential: Lanes,
    /// The step at which each neuron integrates again.
    pub(super) free_at: [i64; TILE],
    /// e^{−dt/τ}.
    pub(super) decay: Lanes,
    pub(super) threshold: Lanes,
    pub(super) reset: Lanes,
    /// Refractory time in steps.
    pub(super) refractory: [i64; TILE],
}

impl Tile {
    /// Neurons that never fire, for the lanes beyond the last.
    pub(super) const ABSENT: Self = Self {
        potential: [0.0; TILE],
        free_at: [0; TILE],
        decay: [0.0; TILE],
        threshold: [f64::INFINITY; TILE],
        reset: [0.0; TILE],
        refractory: [0; TILE],
    };
}

/// What drives a tile over a block of steps. Row `k` of the drive is at `k·drive_stride` (0 where
/// the drive is constant), row `k` of the kicks at `k·kick_stride`, both counted in rows of a tile.
#[derive(Debug, Clone, Copy)]
pub(super) struct Block<'a> {
    pub(super) first_step: i64,
    pub(super) steps: usize,
    pub(super) drive: &'a [Row],
    pub(super) drive_stride: usize,
    pub(super) kicks: Option<&'a [Row]>,
    pub(super) kick_stride: usize,
    /// Whether kicks reach refractory neurons too.
    pub(super) kick_refractory: bool,
}

/// The instructions that the loops are compiled for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Instructions {
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    Portable,
}

impl Instructions {
    /// The widest that this machine has.
    pub(super) fn detect() -> Self {
        Self::available().first().copied().unwrap_or(Self::Portable)
    }

    /// All that this machine has, the widest first.
    pub(super) fn available() -> Vec<Self> {
        let mut all = Vec::with_capacity(3);
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512dq") {
                all.push(Self::Avx512);
            }
            if is_x86_feature_detected!("avx2") {
                all.push(Self::Avx2);
            }
        }
        all.push(Self::Portable);
        all
    }

    /// Runs one tile over one block; the spikes of step `k` go to `spikes[k·spike_stride]`.
    ///
    /// In each step: v ← I + (v − I)·decay unless refractory; who is not refractory and above
    /// threshold fires; kicks reach who is not refractory, or everyone; who fired is reset.
    pub(super) fn integrate(
        self,
        tile: &mut Tile,
        block: Block<'_>,
        spikes: &mut [u64],
        spike_stride: usize,
    ) {
        match self {
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `detect` and `available` give this only where avx512f and avx512dq were
            // detected.
            Self::Avx512 => unsafe { avx512::integrate(tile, block, spikes, spike_stride) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `detect` and `available` give this only where avx2 was detected.
            Self::Avx2 => unsafe { integrate_avx2(tile, block, spikes, spike_stride) },
            Self::Portable => integrate_body(tile, block, spikes, spike_stride),
        }
    }

    /// Adds to the sum of each step the weight rows of the neurons whose bits are set in the step's
    /// word, the lowest bit first. Step `k` has its word at `words[k·word_stride]` and its sum at
    /// `sums[k·sum_stride]`.
    pub(super) fn accumulate(
        self,
        weights: &[Row; TILE],
        words: &[u64],
        word_stride: usize,
        sums: &mut [Row],
        sum_stride: usize,
    ) {
        match self {
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `detect` and `available` give this only where avx512f and avx512dq were
            // detected.
            Self::Avx512 => unsafe {
                avx512::accumulate(weights, words, word_stride, sums, sum_stride);
            },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `detect` and `available` give this only where avx2 was detected.
            Self::Avx2 => unsafe {
                accumulate_avx2(weights, words, word_stride, sums, sum_stride);
            },
            Self::Portable => accumulate_body(weights, words, word_stride, sums, sum_stride),
        }
    }
}

#[inline(always)]
fn integrate_body(tile: &mut Tile, block: Block<'_>, spikes: &mut [u64], spike_stride: usize) {
    match block.kicks {
        Some(kicks) => integrate_rows::<true>(tile, block, kicks, spikes, spike_stride),
        None => integrate_rows::<false>(tile, block, &[], spikes, spike_stride),
    }
}

#[inline(always)]
fn integrate_rows<const KICKED: bool>(
    tile: &mut Tile,
    block: Block<'_>,
    kicks: &[Row],
    spikes: &mut [u64],
    spike_stride: usize,
) {
    for k in 0..block.steps {
        let step = block.first_step + k as i64;
        let drive = &block.drive[k * block.drive_stride].0;
        let kicks = if KICKED { &kicks[k * block.kick_stride].0 } else { &[0.0; TILE] };
        let mut fired = [0_u64; TILE];
        for (lane, bit) in fired.iter_mut().enumerate() {
            let v = tile.potential[lane];
            let free = step >= tile.free_at[lane];
            let moved = (v - drive[lane]) * tile.decay[lane] + drive[lane];
            let v = if free { moved } else { v };
            let fires = free & (v > tile.threshold[lane]);
            // Where there are no kicks not even a zero may be added: −0 would turn to +0.
            let kicked = if KICKED { v + kicks[lane] } else { v };
            let v = if free | block.kick_refractory { kicked } else { v };
            tile.potential[lane] = if fires { tile.reset[lane] } else { v };
            let again = step + tile.refractory[lane];
            tile.free_at[lane] = if fires { again } else { tile.free_at[lane] };
            *bit = u64::from(fires) << lane;
        }
        spikes[k * spike_stride] = fired.iter().fold(0, |word, bit| word | bit);
    }
}

#[inline(always)]
fn accumulate_body(
    weights: &[Row; TILE],
    words: &[u64],
    word_stride: usize,
    sums: &mut [Row],
    sum_stride: usize,
) {
    for (&word, sum) in words.iter().step_by(word_stride).zip(sums.iter_mut().step_by(sum_stride)) {
        let mut left = word;
        while left != 0 {
            let weights = &weights[left.trailing_zeros() as usize];
            for (sum, weight) in sum.0.iter_mut().zip(&weights.0) {
                *sum += weight;
            }
            left &= left - 1;
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn integrate_avx2(tile: &mut Tile, block: Block<'_>, spikes: &mut [u64], spike_stride: usize) {
    integrate_body(tile, block, spikes, spike_stride);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn accumulate_avx2(
    weights: &[Row; TILE],
    words: &[u64],
    word_stride: usize,
    sums: &mut [Row],
    sum_stride: usize,
) {
    accumulate_body(weights, words, word_stride, sums, sum_stride);
}

#[cfg(target_arch = "x86_64")]
mod avx512 {
    use core::arch::x86_64::{
        __m512d, __m512i, _CMP_GT_OQ, _mm512_add_pd, _mm512_cmple_epi64_mask, _mm512_loadu_pd,
        _mm512_loadu_si512, _mm512_mask_add_epi64, _mm512_mask_add_pd, _mm512_mask_blend_pd,
        _mm512_mask_cmp_pd_mask, _mm512_mul_pd, _mm512_set1_epi64, _mm512_setzero_pd,
        _mm512_storeu_pd, _mm512_storeu_si512, _mm512_sub_pd,
    };

    use super::{Block, Lanes, Row, TILE, Tile};

    const LANES: usize = 8;
    const PARTS: usize = TILE / LANES;

    #[target_feature(enable = "avx512f,avx512dq")]
    fn load(row: &Lanes, part: usize) -> __m512d {
        let lanes = &row[part * LANES..][..LANES];
        // SAFETY: `lanes` is 8 numbers, 64 bytes, and the load needs no alignment.
        unsafe { _mm512_loadu_pd(lanes.as_ptr()) }
    }

    #[target_feature(enable = "avx512f,avx512dq")]
    fn store(row: &mut Lanes, part: usize, value: __m512d) {
        let lanes = &mut row[part * LANES..][..LANES];
        // SAFETY: `lanes` is 8 numbers, 64 bytes, borrowed mutably, and the store needs no
        // alignment.
        unsafe { _mm512_storeu_pd(lanes.as_mut_ptr(), value) }
    }

    #[target_feature(enable = "avx512f,avx512dq")]
    fn load_steps(row: &[i64; TILE], part: usize) -> __m512i {
        let lanes = &row[part * LANES..][..LANES];
        // SAFETY: `lanes` is 8 integers, 64 bytes, and the load needs no alignment.
        unsafe { _mm512_loadu_si512(lanes.as_ptr().cast()) }
    }

    #[target_feature(enable = "avx512f,avx512dq")]
    fn store_steps(row: &mut [i64; TILE], part: usize, value: __m512i) {
        let lanes = &mut row[part * LANES..][..LANES];
        // SAFETY: `lanes` is 8 integers, 64 bytes, borrowed mutably, and the store needs no
        // alignment.
        unsafe { _mm512_storeu_si512(lanes.as_mut_ptr().cast(), value) }
    }

    #[target_feature(enable = "avx512f,avx512dq")]
    pub(super) fn integrate(
        tile: &mut Tile,
        block: Block<'_>,
        spikes: &mut [u64],
        spike_stride: usize,
    ) {
        match block.kicks {
            Some(kicks) => rows::<true>(tile, block, kicks, spikes, spike_stride),
            None => rows::<false>(tile, block, &[], spikes, spike_stride),
        }
    }

    #[target_feature(enable = "avx512f,avx512dq")]
    fn rows<const KICKED: bool>(
        tile: &mut Tile,
        block: Block<'_>,
        kicks: &[Row],
        spikes: &mut [u64],
        spike_stride: usize,
    ) {
        let mut potential = [_mm512_setzero_pd(); PARTS];
        let mut free_at = [_mm512_set1_epi64(0); PARTS];
        for part in 0..PARTS {
            potential[part] = load(&tile.potential, part);
            free_at[part] = load_steps(&tile.free_at, part);
        }
        let everyone = if block.kick_refractory { u8::MAX } else { 0 };
        for k in 0..block.steps {
            let step = _mm512_set1_epi64(block.first_step + k as i64);
            let drive = &block.drive[k * block.drive_stride].0;
            let kicks = if KICKED { &kicks[k * block.kick_stride].0 } else { drive };
            // Hides that the constants do not change: hoisted out of the loop they would not fit in
            // the registers, and would push the potentials out to the stack. A fifth faster.
            let tile: &Tile = core::hint::black_box(&*tile);
            let mut word = 0_u64;
            for part in 0..PARTS {
                let target = load(drive, part);
                let free = _mm512_cmple_epi64_mask(free_at[part], step);
                let v = potential[part];
                let off = _mm512_mul_pd(_mm512_sub_pd(v, target), load(&tile.decay, part));
                let v = _mm512_mask_add_pd(v, free, off, target);
                let fires =
                    _mm512_mask_cmp_pd_mask::<_CMP_GT_OQ>(free, v, load(&tile.threshold, part));
                let v = if KICKED {
                    _mm512_mask_add_pd(v, free | everyone, v, load(kicks, part))
                } else {
                    v
                };
                potential[part] = _mm512_mask_blend_pd(fires, v, load(&tile.reset, part));
                let refractory = load_steps(&tile.refractory, part);
                free_at[part] = _mm512_mask_add_epi64(free_at[part], fires, step, refractory);
                word |= u64::from(fires) << (part * LANES);
            }
            spikes[k * spike_stride] = word;
        }
        for part in 0..PARTS {
            store(&mut tile.potential, part, potential[part]);
            store_steps(&mut tile.free_at, part, free_at[part]);
        }
    }

    #[target_feature(enable = "avx512f,avx512dq")]
    pub(super) fn accumulate(
        weights: &[Row; TILE],
        words: &[u64],
        word_stride: usize,
        sums: &mut [Row],
        sum_stride: usize,
    ) {
        let words = words.iter().step_by(word_stride);
        for (&word, sum) in words.zip(sums.iter_mut().step_by(sum_stride)) {
            if word == 0 {
                continue;
            }
            let mut parts = [_mm512_setzero_pd(); PARTS];
            for (part, lanes) in parts.iter_mut().enumerate() {
                *lanes = load(&sum.0, part);
            }
            let mut left = word;
            while left != 0 {
                let weights = &weights[left.trailing_zeros() as usize];
                for (part, lanes) in parts.iter_mut().enumerate() {
                    *lanes = _mm512_add_pd(*lanes, load(&weights.0, part));
                }
                left &= left - 1;
            }
            for (part, lanes) in parts.iter().enumerate() {
                store(&mut sum.0, part, *lanes);
            }
        }
    }
}
