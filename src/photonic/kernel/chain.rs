//! Light through chains of 2×2 elements, sixteen columns to a panel.
//!
//! A chain is a falling diagonal of the lattice: elements on the modes (m, m+1), (m+1, m+2), … of
//! successive columns. Each shares a row with the next, which stays in registers; several panels go
//! at once, so that the latency of one hides behind the others and each coefficient serves them all.
#![expect(unsafe_code, reason = "the levels' entry points")]

use super::super::complex::Complex32;
use super::lanes::{Lanes, Pair, laned};

/// A 2×2 matrix, row by row, each entry (re, im).
pub(crate) type Coefficients = [f32; 8];

/// A run of elements, the first on the modes (`mode`, `mode` + 1), each next one mode lower.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Chain {
    pub(crate) mode: u32,
    pub(crate) first: u32,
    pub(crate) len: u32,
}

/// A complex number in each lane.
#[derive(Clone, Copy)]
pub(super) struct Wave<L> {
    pub(super) re: L,
    pub(super) im: L,
}

impl<L: Lanes> Wave<L> {
    #[inline(always)]
    pub(super) fn load(from: &Pair) -> Self {
        Self { re: L::load(&from.re.0), im: L::load(&from.im.0) }
    }

    #[inline(always)]
    pub(super) fn store(self, to: &mut Pair) {
        self.re.store(&mut to.re.0);
        self.im.store(&mut to.im.0);
    }

    #[inline(always)]
    pub(super) fn times(self, by: Complex32) -> Self {
        let (re, im) = (L::splat(by.re), L::splat(by.im));
        Self { re: im.fnma(self.im, re.mul(self.re)), im: im.fma(self.re, re.mul(self.im)) }
    }

    /// t·a + u·b, with the products of `b` first: `a` is the one that is late in a chain.
    #[inline(always)]
    pub(super) fn combine(t: [f32; 2], a: Self, u: [f32; 2], b: Self) -> Self {
        let (tr, ti, ur, ui) = (L::splat(t[0]), L::splat(t[1]), L::splat(u[0]), L::splat(u[1]));
        let re = ui.fnma(b.im, ur.mul(b.re));
        let im = ui.fma(b.re, ur.mul(b.im));
        Self { re: ti.fnma(a.im, tr.fma(a.re, re)), im: ti.fma(a.re, tr.fma(a.im, im)) }
    }
}

/// The rows of `P` panels: `rows[mode * P + panel]`.
#[inline(always)]
fn run<L: Lanes, const P: usize>(
    chains: &[Chain],
    coefficients: &[Coefficients],
    rows: &mut [Pair],
) {
    for chain in chains {
        let (mode, first, len) = (chain.mode as usize, chain.first as usize, chain.len as usize);
        let rows = &mut rows[mode * P..][..(len + 1) * P];
        let (head, _) = rows.as_chunks::<P>();
        let Some(first_row) = head.first() else { continue };
        let mut shared: [Wave<L>; P] = core::array::from_fn(|p| Wave::load(&first_row[p]));
        let (rows, _) = rows.as_chunks_mut::<P>();
        for (k, t) in coefficients[first..first + len].iter().enumerate() {
            let mut upper = shared;
            for p in 0..P {
                let (a, b) = (shared[p], Wave::load(&rows[k + 1][p]));
                upper[p] = Wave::combine([t[0], t[1]], a, [t[2], t[3]], b);
                shared[p] = Wave::combine([t[4], t[5]], a, [t[6], t[7]], b);
            }
            for p in 0..P {
                upper[p].store(&mut rows[k][p]);
            }
        }
        for p in 0..P {
            shared[p].store(&mut rows[len][p]);
        }
    }
}

laned! {
    /// One panel.
    pub(crate) fn forward_1<L>(chains: &[Chain], coefficients: &[Coefficients], rows: &mut [Pair]) {
        run::<L, 1>(chains, coefficients, rows);
    }
}

laned! {
    /// Two panels, their rows side by side.
    pub(crate) fn forward_2<L>(chains: &[Chain], coefficients: &[Coefficients], rows: &mut [Pair]) {
        run::<L, 2>(chains, coefficients, rows);
    }
}

laned! {
    /// Four panels, their rows side by side.
    pub(crate) fn forward_4<L>(chains: &[Chain], coefficients: &[Coefficients], rows: &mut [Pair]) {
        run::<L, 4>(chains, coefficients, rows);
    }
}

laned! {
    /// Multiplies each row, in all its panels, by its factor.
    pub(crate) fn turn<L>(factors: &[Complex32], rows: &mut [Pair]) {
        let panels = rows.len() / factors.len().max(1);
        for (row, f) in rows.chunks_exact_mut(panels.max(1)).zip(factors) {
            for pair in row {
                Wave::<L>::load(pair).times(*f).store(pair);
            }
        }
    }
}
