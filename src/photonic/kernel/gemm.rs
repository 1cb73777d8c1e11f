//! Complex matrix products in `f32`, in one promised order.
//!
//! W·X with three real products instead of four (Gauss; N. J. Higham, "Stability of a method for
//! multiplying complex matrices with three real matrix multiplications", SIAM J. Matrix Anal. Appl. 13,
//! 681, 1992: as stable normwise): a = Σ Wr Xr, b = Σ Wi Xi, c = Σ (Wr + Wi)(Xr + Xi); the result is
//! (a − b) + i((c − a) − b). Each sum runs over k = 0, 1, 2, … with one fused multiply-add a step, so
//! an entry's bits depend on its row and column alone, not on tiles, batch size or level.
#![expect(unsafe_code, reason = "the levels' entry points")]

use super::lanes::{Block, LANES, Lanes, Pair, laned};

/// Rows of W that go together: with two panels, 24 sums fill the vector registers.
pub(crate) const ROWS: usize = 4;

/// One column of [`ROWS`] rows of W: real parts, imaginary parts, their sums.
pub(crate) type Weights = [[f32; ROWS]; 3];

/// Sixteen inputs at one mode: real parts, imaginary parts, their sums.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub(crate) struct Triple(pub(crate) [Block; 3]);

impl Triple {
    #[inline]
    pub(crate) fn of(pair: &Pair) -> Self {
        let mut sum = Block::ZERO;
        for l in 0..LANES {
            sum.0[l] = pair.re.0[l] + pair.im.0[l];
        }
        Self([pair.re, pair.im, sum])
    }
}

/// One block of rows against `P` panels: `x[k * P + panel]`, `to[row * P + panel]`.
#[inline(always)]
fn tile<L: Lanes, const P: usize>(weights: &[Weights], x: &[Triple], to: &mut [Pair]) {
    let (x, _) = x.as_chunks::<P>();
    let mut sums = [[[L::splat(0.0); 3]; P]; ROWS];
    for (w, x) in weights.iter().zip(x) {
        let mut lanes = [[L::splat(0.0); 3]; P];
        for p in 0..P {
            for (lanes, part) in lanes[p].iter_mut().zip(&x[p].0) {
                *lanes = L::load(&part.0);
            }
        }
        for r in 0..ROWS {
            for part in 0..3 {
                let weight = L::splat(w[part][r]);
                for p in 0..P {
                    sums[r][p][part] = weight.fma(lanes[p][part], sums[r][p][part]);
                }
            }
        }
    }
    for (to, sums) in to.chunks_exact_mut(P).zip(&sums) {
        for (to, [a, b, c]) in to.iter_mut().zip(sums) {
            a.sub(*b).store(&mut to.re.0);
            c.sub(*a).sub(*b).store(&mut to.im.0);
        }
    }
}

laned! {
    /// One block of up to [`ROWS`] rows (those of `to`) against one panel.
    pub(crate) fn product_1<L>(weights: &[Weights], x: &[Triple], to: &mut [Pair]) {
        tile::<L, 1>(weights, x, to);
    }
}

laned! {
    /// The same against two panels, side by side.
    pub(crate) fn product_2<L>(weights: &[Weights], x: &[Triple], to: &mut [Pair]) {
        tile::<L, 2>(weights, x, to);
    }
}
