//! Sixteen `f32` lanes, the same on AVX-512, AVX2 and in plain code.
//!
//! Every operation is one IEEE 754 operation per lane, correctly rounded, or moves bits only, so the
//! bits do not depend on which implementation runs. The plain [`Lanes::fma`] uses the processor's fused
//! multiply-add where the build has it (aarch64, or x86-64 built for it) and the correctly rounded
//! software one where not.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;

use core::f64::consts::{FRAC_2_PI, FRAC_PI_2};

#[cfg(target_arch = "x86_64")]
pub(crate) use avx2::Avx2;
#[cfg(target_arch = "x86_64")]
pub(crate) use avx512::Avx512;

/// How many lanes a [`Block`] has.
pub(crate) const LANES: usize = 16;

/// Sixteen numbers in memory.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(C, align(64))]
pub(crate) struct Block(pub(crate) [f32; LANES]);

impl Block {
    pub(crate) const ZERO: Self = Self([0.0; LANES]);
}

/// Sixteen complex numbers in memory.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(C)]
pub(crate) struct Pair {
    pub(crate) re: Block,
    pub(crate) im: Block,
}

impl Pair {
    pub(crate) const ZERO: Self = Self { re: Block::ZERO, im: Block::ZERO };
}

/// Adding 1.5·2⁵² leaves the nearest integer in the low bits.
const ROUND: f64 = 6_755_399_441_055_744.0;

/// Sixteen numbers in registers.
pub(crate) trait Lanes: Copy {
    /// An integer beside each lane.
    type Turns: Copy;

    fn splat(x: f32) -> Self;
    /// From anywhere.
    fn load(from: &[f32; LANES]) -> Self;
    /// To anywhere.
    fn store(self, to: &mut [f32; LANES]);
    fn add(self, other: Self) -> Self;
    fn sub(self, other: Self) -> Self;
    fn mul(self, other: Self) -> Self;
    fn div(self, other: Self) -> Self;
    /// `self` · `by` + `to`, rounded once.
    fn fma(self, by: Self, to: Self) -> Self;
    /// `to` − `self` · `by`, rounded once.
    fn fnma(self, by: Self, to: Self) -> Self;
    /// The first `live` lanes of `self`, the others of `other`.
    fn or_beyond(self, live: usize, other: Self) -> Self;

    /// A bit for each lane that is not at least `limit`'s.
    fn below(self, limit: Self) -> u16;

    /// x + `more` of each phase x (rad), less the nearest multiple of π/2, and that multiple. In
    /// `f64` down to the result.
    fn quarter_turns(phases: &[f64; LANES], more: f64) -> (Self, Self::Turns);
    /// Cosine and sine after so many quarter turns: (c, s), (−s, c), (−c, −s), (s, −c).
    fn turned(cos: Self, sin: Self, turns: Self::Turns) -> (Self, Self);
    /// Whether any phase is larger than `limit`, with either sign.
    fn any_beyond(phases: &[f64; LANES], limit: f64) -> bool;

    /// The sums of all lanes of two, in one order: halves, quarters, eighths, pairs.
    fn totals(a: Self, b: Self) -> [f32; 2];
    /// Turns eight rows of sixteen into sixteen rows of eight: `to[l][k]` = `planes[k]` in lane l.
    fn interleave(planes: [Self; 8], to: &mut [[f32; 8]; LANES]);
    /// As [`interleave`](Self::interleave), of four.
    fn interleave_4(planes: [Self; 4], to: &mut [[f32; 4]; LANES]);
}

/// The plain implementation.
#[derive(Clone, Copy)]
pub(crate) struct Plain([f32; LANES]);

impl Plain {
    #[inline(always)]
    fn zip(self, other: Self, op: impl Fn(f32, f32) -> f32) -> Self {
        Self(core::array::from_fn(|l| op(self.0[l], other.0[l])))
    }
}

impl Lanes for Plain {
    type Turns = [u32; LANES];

    #[inline(always)]
    fn splat(x: f32) -> Self {
        Self([x; LANES])
    }
    #[inline(always)]
    fn load(from: &[f32; LANES]) -> Self {
        Self(*from)
    }
    #[inline(always)]
    fn store(self, to: &mut [f32; LANES]) {
        *to = self.0;
    }
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self.zip(other, |a, b| a + b)
    }
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        self.zip(other, |a, b| a - b)
    }
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        self.zip(other, |a, b| a * b)
    }
    #[inline(always)]
    fn div(self, other: Self) -> Self {
        self.zip(other, |a, b| a / b)
    }
    #[inline(always)]
    fn fma(self, by: Self, to: Self) -> Self {
        Self(core::array::from_fn(|l| self.0[l].mul_add(by.0[l], to.0[l])))
    }
    #[inline(always)]
    fn fnma(self, by: Self, to: Self) -> Self {
        Self(core::array::from_fn(|l| (-self.0[l]).mul_add(by.0[l], to.0[l])))
    }
    #[inline(always)]
    fn or_beyond(self, live: usize, other: Self) -> Self {
        Self(core::array::from_fn(|l| if l < live { self.0[l] } else { other.0[l] }))
    }
    #[inline(always)]
    fn below(self, limit: Self) -> u16 {
        let lanes = self.0.iter().zip(limit.0).enumerate();
        lanes.fold(0, |bits, (l, (x, limit))| bits | u16::from(*x < limit || x.is_nan()) << l)
    }
    #[inline(always)]
    fn quarter_turns(phases: &[f64; LANES], more: f64) -> (Self, Self::Turns) {
        let (mut rest, mut turns) = ([0.0_f32; LANES], [0_u32; LANES]);
        for l in 0..LANES {
            let x = phases[l] + more;
            let quarter = x.mul_add(FRAC_2_PI, ROUND);
            turns[l] = quarter.to_bits() as u32;
            rest[l] = (quarter - ROUND).mul_add(-FRAC_PI_2, x) as f32;
        }
        (Self(rest), turns)
    }
    #[inline(always)]
    fn turned(cos: Self, sin: Self, turns: Self::Turns) -> (Self, Self) {
        let (mut x, mut y) = (cos, sin);
        for (l, turns) in turns.into_iter().enumerate() {
            let (c, s, odd) = (cos.0[l], sin.0[l], turns & 1 != 0);
            let flip_cos = (turns.wrapping_add(1) & 2) << 30;
            let flip_sin = (turns & 2) << 30;
            x.0[l] = f32::from_bits(if odd { s } else { c }.to_bits() ^ flip_cos);
            y.0[l] = f32::from_bits(if odd { c } else { s }.to_bits() ^ flip_sin);
        }
        (x, y)
    }
    #[inline(always)]
    fn any_beyond(phases: &[f64; LANES], limit: f64) -> bool {
        phases.iter().any(|phase| phase.abs() > limit)
    }
    #[inline(always)]
    fn totals(a: Self, b: Self) -> [f32; 2] {
        [a, b].map(|lanes| {
            let b = &lanes.0;
            let eight: [f32; LANES / 2] = core::array::from_fn(|l| b[l] + b[l + 8]);
            let four: [f32; LANES / 4] = core::array::from_fn(|l| eight[l] + eight[l + 4]);
            (four[0] + four[2]) + (four[1] + four[3])
        })
    }
    #[inline(always)]
    fn interleave(planes: [Self; 8], to: &mut [[f32; 8]; LANES]) {
        for (l, to) in to.iter_mut().enumerate() {
            *to = core::array::from_fn(|k| planes[k].0[l]);
        }
    }
    #[inline(always)]
    fn interleave_4(planes: [Self; 4], to: &mut [[f32; 4]; LANES]) {
        for (l, to) in to.iter_mut().enumerate() {
            *to = core::array::from_fn(|k| planes[k].0[l]);
        }
    }
}

/// Defines `$name(level, …)` that runs a body generic over [`Lanes`] with the level's lanes.
macro_rules! laned {
    ($(#[$meta:meta])* $vis:vis fn $name:ident<$lanes:ident>($($arg:ident: $type:ty),* $(,)?) $body:block) => {
        $(#[$meta])*
        $vis fn $name(level: $crate::photonic::kernel::level::Level, $($arg: $type),*) {
            #[inline(always)]
            fn body<$lanes: $crate::photonic::kernel::lanes::Lanes>($($arg: $type),*) $body

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f,avx2,fma")]
            fn avx512($($arg: $type),*) {
                body::<$crate::photonic::kernel::lanes::Avx512>($($arg),*);
            }

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma")]
            fn avx2($($arg: $type),*) {
                body::<$crate::photonic::kernel::lanes::Avx2>($($arg),*);
            }

            match level {
                #[cfg(target_arch = "x86_64")]
                // SAFETY: `Level::best` gives this level only where the processor has AVX-512F, AVX2 and FMA.
                $crate::photonic::kernel::level::Level::Avx512 => unsafe { avx512($($arg),*) },
                #[cfg(target_arch = "x86_64")]
                // SAFETY: `Level::best` gives this level only where the processor has AVX2 and FMA.
                $crate::photonic::kernel::level::Level::Avx2 => unsafe { avx2($($arg),*) },
                $crate::photonic::kernel::level::Level::Portable => {
                    body::<$crate::photonic::kernel::lanes::Plain>($($arg),*);
                }
            }
        }
    };
}
pub(crate) use laned;

#[cfg(test)]
mod tests {
    use super::*;

    fn totals<L: Lanes>(a: &[f32; LANES], b: &[f32; LANES]) -> [f32; 2] {
        L::totals(L::load(a), L::load(b))
    }

    #[test]
    fn totals_have_one_order() {
        // Sums whose value depends on the order.
        let a: [f32; LANES] = core::array::from_fn(|l| [1e8, 1.0, -1e8, 3.0, 0.1][l % 5]);
        let b: [f32; LANES] = core::array::from_fn(|l| 0.1 + l as f32);
        let expected = totals::<Plain>(&a, &b);
        assert!((expected[1] - 121.6).abs() < 1e-4);
        #[cfg(target_arch = "x86_64")]
        for level in super::super::level::Level::available() {
            use super::super::level::Level;
            let given = match level {
                Level::Avx512 => totals::<Avx512>(&a, &b),
                Level::Avx2 => totals::<Avx2>(&a, &b),
                Level::Portable => totals::<Plain>(&a, &b),
            };
            assert_eq!(given, expected, "{level:?}");
        }
    }
}
