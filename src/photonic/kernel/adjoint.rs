//! Light and its adjoint, backwards through chains of elements.
//!
//! The backward pass needs the light at every element again. It is not stored: T⁻¹ takes the outputs
//! back, which costs as much as a product and no memory traffic. Without loss T⁻¹ = T† and rounding
//! does not grow; with loss it grows by the ratio of the largest to the smallest path's loss.
#![expect(unsafe_code, reason = "the levels' entry points")]

use super::super::complex::Complex32;
use super::chain::{Chain, Coefficients, Wave};
use super::lanes::{Lanes, Pair, laned};

/// T† and T⁻¹ of an element.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Backward {
    pub(crate) adjoint: Coefficients,
    pub(crate) inverse: Coefficients,
}

/// Sums over the batch at one element, with e the light and λ the adjoint: Im λ₁*e₁ − Im λ₂*e₂ on its
/// inputs, Re(λ₂*e₁ − λ₁*e₂) on its outputs. Panels' sums are added in `f64`.
pub(crate) type Sums = [f64; 2];

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

/// Light and adjoint at one mode of one panel.
#[derive(Clone, Copy)]
struct Both<L> {
    light: Wave<L>,
    adjoint: Wave<L>,
}

impl<L: Lanes> Both<L> {
    #[inline(always)]
    fn load(light: &Pair, adjoint: &Pair) -> Self {
        Self { light: Wave::load(light), adjoint: Wave::load(adjoint) }
    }

    #[inline(always)]
    fn store(self, light: &mut Pair, adjoint: &mut Pair) {
        self.light.store(light);
        self.adjoint.store(adjoint);
    }
}

/// What an element's two outputs were at its inputs, with the sums of one panel added.
#[inline(always)]
fn step<L: Lanes>(
    by: &Backward,
    y1: Both<L>,
    y2: Both<L>,
    sums: &mut [L; 4],
) -> (Both<L>, Both<L>) {
    let Backward { adjoint: t, inverse: v } = by;
    let [upper, lower, across, back] = sums;
    *across = real(y2.adjoint, y1.light, *across);
    *back = real(y1.adjoint, y2.light, *back);
    let x1 = Both {
        light: Wave::combine([v[2], v[3]], y2.light, [v[0], v[1]], y1.light),
        adjoint: Wave::combine([t[2], t[3]], y2.adjoint, [t[0], t[1]], y1.adjoint),
    };
    let x2 = Both {
        light: Wave::combine([v[6], v[7]], y2.light, [v[4], v[5]], y1.light),
        adjoint: Wave::combine([t[6], t[7]], y2.adjoint, [t[4], t[5]], y1.adjoint),
    };
    *upper = imaginary(x1.adjoint, x1.light, *upper);
    *lower = imaginary(x2.adjoint, x2.light, *lower);
    (x1, x2)
}

/// One element in one panel: stores its lower input, gives its upper one.
#[inline(always)]
fn next<L: Lanes>(
    by: &Backward,
    light: &mut [[Pair; P]],
    adjoint: &mut [[Pair; P]],
    p: usize,
    shared: Both<L>,
    sums: &mut [L; 4],
) -> Both<L> {
    let y1 = Both::load(&light[0][p], &adjoint[0][p]);
    let (upper, lower) = step(by, y1, shared, sums);
    lower.store(&mut light[1][p], &mut adjoint[1][p]);
    upper
}

/// Panels that go together.
pub(crate) const P: usize = 2;

#[inline(always)]
fn run<L: Lanes>(
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
        // The panels are written out: as a loop, their state would live in memory.
        let (e, l) = (&light[len], &adjoint[len]);
        let mut s0 = Both::<L>::load(&e[0], &l[0]);
        let mut s1 = Both::<L>::load(&e[1], &l[1]);
        for k in (0..len).rev() {
            let by = &backward[first + k];
            let mut lanes = [L::splat(0.0); 4];
            let (e, l) = (&mut light[k..k + 2], &mut adjoint[k..k + 2]);
            s0 = next(by, e, l, 0, s0, &mut lanes);
            s1 = next(by, e, l, 1, s1, &mut lanes);
            let [upper, lower, across, back] = lanes;
            let totals = L::totals(upper.sub(lower), across.sub(back));
            for (sum, total) in sums[first + k].iter_mut().zip(totals) {
                *sum += f64::from(total);
            }
        }
        for (p, shared) in [s0, s1].into_iter().enumerate() {
            shared.store(&mut light[0][p], &mut adjoint[0][p]);
        }
    }
}

laned! {
    /// Takes outputs and their adjoints to the inputs, and adds each element's sums, in [`P`] panels.
    pub(crate) fn backward<L>(
        chains: &[Chain],
        elements: &[Backward],
        light: &mut [Pair],
        adjoint: &mut [Pair],
        sums: &mut [Sums],
    ) {
        run::<L>(chains, elements, light, adjoint, sums);
    }
}

laned! {
    /// Takes outputs and their adjoints back through the output shifters' `factors`, in [`P`] panels, and
    /// adds each mode's Im λ*e to `sums`.
    pub(crate) fn leave_outputs<L>(
        factors: &[Complex32],
        light: &mut [Pair],
        adjoint: &mut [Pair],
        sums: &mut [f64],
    ) {
        let (light, _) = light.as_chunks_mut::<P>();
        let (adjoint, _) = adjoint.as_chunks_mut::<P>();
        for ((sum, f), (light, adjoint)) in
            sums.iter_mut().zip(factors).zip(light.iter_mut().zip(adjoint))
        {
            let back = f.conj();
            let inverse = back / f.norm_sqr();
            let mut lanes = L::splat(0.0);
            for (light, adjoint) in light.iter_mut().zip(adjoint) {
                let (e, l) = (Wave::<L>::load(light), Wave::<L>::load(adjoint));
                lanes = imaginary(l, e, lanes);
                e.times(Wave::splat(inverse)).store(light);
                l.times(Wave::splat(back)).store(adjoint);
            }
            let [total, _] = L::totals(lanes, lanes);
            *sum += f64::from(total);
        }
    }
}
