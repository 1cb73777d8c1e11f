//! Sines and cosines of many phases.
//!
//! The phase is reduced to [−π/4, π/4] in `f64`, the polynomials run in `f32`: minimax ones of degree 7
//! and 8 after the odd and even parts (coefficients as in Cephes, S. L. Moshier, 1989), off by at most
//! 1.2·10⁻⁷. Multiply-adds are fused; all levels give the same bits.
#![expect(unsafe_code, reason = "the levels' entry points")]

use super::lanes::{LANES, Lanes, laned};

/// Phases beyond this are reduced first: the quick reduction would lose bits.
const QUICK: f64 = 1e5;

/// cos x and sin x of each phase x + `more` (rad), from up to sixteen phases; the rest are zero.
#[inline(always)]
pub(crate) fn turned_by<L: Lanes>(phases: &[f64], more: f64) -> (L, L) {
    match phases.first_chunk() {
        Some(whole) => sixteen(whole, more),
        None => sixteen(&padded(phases), more),
    }
}

#[inline(always)]
fn sixteen<L: Lanes>(phases: &[f64; LANES], more: f64) -> (L, L) {
    if L::any_beyond(phases, QUICK) {
        return quick(&reduced(phases), more);
    }
    quick(phases, more)
}

#[inline(always)]
fn quick<L: Lanes>(phases: &[f64; LANES], more: f64) -> (L, L) {
    let (r, turns) = L::quarter_turns(phases, more);
    let (z, k) = (r.mul(r), L::splat);
    let p = k(-1.951_529_6e-4).fma(z, k(8.332_161e-3)).fma(z, k(-0.166_666_55));
    let sin = p.mul(z).fma(r, r);
    let q = k(2.443_315_7e-5).fma(z, k(-1.388_731_6e-3)).fma(z, k(4.166_664_6e-2));
    let cos = q.mul(z).fma(z, z.fma(k(-0.5), k(1.0)));
    L::turned(cos, sin, turns)
}

#[cold]
#[inline(never)]
fn padded(phases: &[f64]) -> [f64; LANES] {
    core::array::from_fn(|l| phases.get(l).copied().unwrap_or(0.0))
}

#[cold]
#[inline(never)]
fn reduced(phases: &[f64; LANES]) -> [f64; LANES] {
    phases.map(|phase| libm::fmod(phase, core::f64::consts::TAU))
}

laned! {
    /// The cosines and sines of `phases`, into slices of the same length.
    pub(crate) fn sincos<L>(phases: &[f64], cos: &mut [f32], sin: &mut [f32]) {
        let outputs = cos.chunks_mut(LANES).zip(sin.chunks_mut(LANES));
        for (phases, (cos, sin)) in phases.chunks(LANES).zip(outputs) {
            let (c, s) = turned_by::<L>(phases, 0.0);
            let (mut all_cos, mut all_sin) = ([0.0; LANES], [0.0; LANES]);
            c.store(&mut all_cos);
            s.store(&mut all_sin);
            cos.copy_from_slice(&all_cos[..cos.len()]);
            sin.copy_from_slice(&all_sin[..sin.len()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::level::Level;
    use super::*;
    use core::f64::consts::FRAC_PI_2;

    #[test]
    fn close_to_libm_and_equal_on_all_levels() {
        let mut phases: Vec<f64> = (-40_000..40_000).map(|k| f64::from(k) * 1e-3).collect();
        phases.extend([1e5, -3e5, 1e9, FRAC_PI_2, -FRAC_PI_2, 0.0]);
        let run = |level| {
            let (mut cos, mut sin) = (vec![0.0; phases.len()], vec![0.0; phases.len()]);
            sincos(level, &phases, &mut cos, &mut sin);
            (cos, sin)
        };
        let (cos, sin) = run(Level::best());
        let mut worst = 0.0_f64;
        for (k, &phase) in phases.iter().enumerate() {
            let (s, c) = libm::sincos(phase);
            worst = worst.max((f64::from(cos[k]) - c).abs()).max((f64::from(sin[k]) - s).abs());
        }
        assert!(worst < 1.2e-7, "{worst:e}");
        for level in Level::available() {
            let (c, s) = run(level);
            assert!(c.iter().zip(&cos).all(|(a, b)| a.to_bits() == b.to_bits()), "{level:?}");
            assert!(s.iter().zip(&sin).all(|(a, b)| a.to_bits() == b.to_bits()), "{level:?}");
        }
    }
}
