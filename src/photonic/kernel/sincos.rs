//! Sines and cosines of many phases.
//!
//! The phase is reduced to [−π/4, π/4] in `f64`, the polynomials run in `f32`: minimax ones of degree 7
//! and 8 after the odd and even parts (coefficients as in Cephes, S. L. Moshier, 1989), off by at most
//! 1.2·10⁻⁷. Multiply-adds are fused; all levels give the same bits.
#![expect(unsafe_code, reason = "the levels' entry points")]

use core::f64::consts::{FRAC_2_PI, FRAC_PI_2};

use super::level::leveled;

const LANES: usize = 16;

/// Phases beyond this are reduced first: the quick reduction would lose bits.
const QUICK: f64 = 1e5;

/// Adding 1.5·2⁵² leaves the nearest integer in the low bits.
const ROUND: f64 = 6_755_399_441_055_744.0;

/// e^{i·phase} of one block of phases, as (cosines, sines).
#[inline(always)]
pub(crate) fn block(phases: &[f64; LANES]) -> ([f32; LANES], [f32; LANES]) {
    let (mut rest, mut turns) = ([0.0_f32; LANES], [0_u32; LANES]);
    for l in 0..LANES {
        let x = phases[l];
        let quarter = x.mul_add(FRAC_2_PI, ROUND);
        turns[l] = quarter.to_bits() as u32;
        rest[l] = (quarter - ROUND).mul_add(-FRAC_PI_2, x) as f32;
    }
    let (mut cos, mut sin) = ([0.0_f32; LANES], [0.0_f32; LANES]);
    for l in 0..LANES {
        let r = rest[l];
        let z = r * r;
        let p = (-1.951_529_6e-4_f32).mul_add(z, 8.332_161e-3).mul_add(z, -0.166_666_55);
        let s = (p * z).mul_add(r, r);
        let q = 2.443_315_7e-5_f32.mul_add(z, -1.388_731_6e-3).mul_add(z, 4.166_664_6e-2);
        let c = (q * z).mul_add(z, z.mul_add(-0.5, 1.0));
        // Quarter turns: (c, s), (−s, c), (−c, −s), (s, −c).
        let odd = turns[l] & 1 != 0;
        let (x, y) = (if odd { s } else { c }, if odd { c } else { s });
        let flip_cos = (turns[l].wrapping_add(1) & 2) << 30;
        let flip_sin = (turns[l] & 2) << 30;
        cos[l] = f32::from_bits(x.to_bits() ^ flip_cos);
        sin[l] = f32::from_bits(y.to_bits() ^ flip_sin);
    }
    (cos, sin)
}

/// Up to sixteen phases from a slice, the rest zero, reduced where they are large.
#[inline(always)]
pub(crate) fn read(from: &[f64]) -> [f64; LANES] {
    let mut phases = [0.0; LANES];
    if let Some(whole) = from.first_chunk::<LANES>() {
        phases = *whole;
    } else {
        phases[..from.len()].copy_from_slice(from);
    }
    let mut large = false;
    for phase in &phases {
        large |= phase.abs() > QUICK;
    }
    if large {
        reduce(&mut phases);
    }
    phases
}

#[cold]
fn reduce(phases: &mut [f64; LANES]) {
    for phase in phases {
        *phase = libm::fmod(*phase, core::f64::consts::TAU);
    }
}

leveled! {
    /// The cosines and sines of `phases`, into slices of the same length.
    pub(crate) fn sincos(phases: &[f64], cos: &mut [f32], sin: &mut [f32]) {
        let outputs = cos.chunks_mut(LANES).zip(sin.chunks_mut(LANES));
        for (phases, (cos, sin)) in phases.chunks(LANES).zip(outputs) {
            let (c, s) = block(&read(phases));
            cos.copy_from_slice(&c[..cos.len()]);
            sin.copy_from_slice(&s[..sin.len()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::level::Level;
    use super::*;

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
