//! Light and its adjoint, backwards through chains of elements.
//!
//! The backward pass needs the light at every element again. It is not stored: T⁻¹ takes the outputs
//! back, which costs as much as a product and no memory traffic. Without loss T⁻¹ = T† and rounding
//! does not grow; with loss it grows by the ratio of the largest to the smallest path's loss.
#![expect(unsafe_code, reason = "the levels' entry points")]

use super::chain::{Chain, Coefficients, Wave};
use super::lanes::{Block, LANES, Lanes, Pair, laned};

/// T† and T⁻¹ of an element.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Backward {
    pub(crate) adjoint: Coefficients,
    pub(crate) inverse: Coefficients,
}

/// Sums over the batch at one element, with e the light and λ the adjoint: Im λ₁*e₁ and Im λ₂*e₂ on its
/// inputs, Re(λ₂*e₁ − λ₁*e₂) on its outputs.
pub(crate) type Sums = [f32; 3];

/// Adds the lanes in one order: halves, quarters, eighths, pairs.
#[inline(always)]
fn total<L: Lanes>(lanes: L) -> f32 {
    let mut block = Block::ZERO;
    lanes.store(&mut block);
    let b = &mut block.0;
    let mut half = LANES / 2;
    while half > 0 {
        for l in 0..half {
            b[l] += b[l + half];
        }
        half /= 2;
    }
    b[0]
}

/// Im λ*e, lane by lane, added to `to`.
#[inline(always)]
fn imaginary<L: Lanes>(lambda: Wave<L>, e: Wave<L>, to: L) -> L {
    lambda.im.fnma(e.re, lambda.re.fma(e.im, to))
}

/// Re λ*e, lane by lane, added to `to`.
#[inline(always)]
fn real<L: Lanes>(lambda: Wave<L>, e: Wave<L>, to: L) -> L {
    lambda.im.fma(e.im, lambda.re.fma(e.re, to))
}

#[inline(always)]
fn run<L: Lanes, const P: usize>(
    chains: &[Chain],
    backward: &[Backward],
    light: &mut [Pair],
    adjoint: &mut [Pair],
    sums: &mut [Sums],
) {
    for chain in chains.iter().rev() {
        let (mode, first, len) = (chain.mode as usize, chain.first as usize, chain.len as usize);
        let (light, _) = light[mode * P..][..(len + 1) * P].as_chunks_mut::<P>();
        let (adjoint, _) = adjoint[mode * P..][..(len + 1) * P].as_chunks_mut::<P>();
        let mut e_shared: [Wave<L>; P] = core::array::from_fn(|p| Wave::load(&light[len][p]));
        let mut l_shared: [Wave<L>; P] = core::array::from_fn(|p| Wave::load(&adjoint[len][p]));
        for k in (0..len).rev() {
            let Backward { adjoint: t, inverse: v } = &backward[first + k];
            let zero = L::splat(0.0);
            let (mut upper, mut lower, mut across, mut back) = (zero, zero, zero, zero);
            for p in 0..P {
                let (y2, l2) = (e_shared[p], l_shared[p]);
                let (y1, l1) = (Wave::load(&light[k][p]), Wave::load(&adjoint[k][p]));
                across = real(l2, y1, across);
                back = real(l1, y2, back);
                let x1 = Wave::combine([v[2], v[3]], y2, [v[0], v[1]], y1);
                let x2 = Wave::combine([v[6], v[7]], y2, [v[4], v[5]], y1);
                let m1 = Wave::combine([t[2], t[3]], l2, [t[0], t[1]], l1);
                let m2 = Wave::combine([t[6], t[7]], l2, [t[4], t[5]], l1);
                upper = imaginary(m1, x1, upper);
                lower = imaginary(m2, x2, lower);
                x2.store(&mut light[k + 1][p]);
                m2.store(&mut adjoint[k + 1][p]);
                (e_shared[p], l_shared[p]) = (x1, m1);
            }
            let sum = &mut sums[first + k];
            sum[0] += total(upper);
            sum[1] += total(lower);
            sum[2] += total(across.sub(back));
        }
        for p in 0..P {
            e_shared[p].store(&mut light[0][p]);
            l_shared[p].store(&mut adjoint[0][p]);
        }
    }
}

laned! {
    /// Takes outputs and their adjoints to the inputs, and adds each element's sums, in two panels.
    pub(crate) fn backward_2<L>(
        chains: &[Chain],
        backward: &[Backward],
        light: &mut [Pair],
        adjoint: &mut [Pair],
        sums: &mut [Sums],
    ) {
        run::<L, 2>(chains, backward, light, adjoint, sums);
    }
}

#[cfg(test)]
mod tests {
    use super::super::lanes::Plain;
    use super::*;

    #[test]
    fn the_total_has_one_order() {
        let block = Block(core::array::from_fn(|l| 0.1 + l as f32));
        assert!((total(Plain::load(&block)) - 121.6).abs() < 1e-4);
    }
}
