//! Light through chains of 2×2 elements, sixteen columns to a panel.
//!
//! A chain is a falling diagonal of the lattice: elements on the modes (m, m+1), (m+1, m+2), … of
//! successive columns. Each shares a row with the next, which stays in registers; several panels go
//! at once, so that the latency of one hides behind the others and each coefficient serves them all.
//! Two neighbouring chains go together, the lower one an element behind: what the upper one hands
//! down is never stored.
//!
//! Rows are scaled: what stands in a row, times the row's factor, is the light. So an element needs no
//! factors of its own outputs, and is two fused complex multiply-adds where its matrix takes four:
//! see [`Crossing`].
#![expect(unsafe_code, reason = "the levels' entry points")]

use super::super::complex::Complex32;
use super::lanes::{Lanes, Pair, laned};

/// A 2×2 matrix, row by row, each entry (re, im).
pub(crate) type Coefficients = [f32; 8];

/// An element between scaled rows, z₁ and z₂ as (re, im): (y₁, y₂) becomes (y₂ + z₁y₁, y₁ + z₂y₂).
///
/// Where z₁ is not a number the scale would have left its range there: the whole matrix is used instead.
pub(crate) type Crossing = [f32; 4];

/// The elements of a lattice in the order of its chains.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scaled<'a> {
    pub(crate) crossings: &'a [Crossing],
    /// What stands in for the crossings that are not numbers; elsewhere, anything.
    pub(crate) whole: &'a [Coefficients],
}

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
    pub(super) fn splat(z: Complex32) -> Self {
        Self { re: L::splat(z.re), im: L::splat(z.im) }
    }

    #[inline(always)]
    pub(super) fn times(self, by: Self) -> Self {
        Self {
            re: self.im.fnma(by.im, self.re.mul(by.re)),
            im: self.im.fma(by.re, self.re.mul(by.im)),
        }
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

impl<L: Lanes> Wave<L> {
    /// `self`·`by` + `to`.
    #[inline(always)]
    fn fma(self, by: Self, to: Self) -> Self {
        Self {
            re: by.im.fnma(self.im, by.re.fma(self.re, to.re)),
            im: by.im.fma(self.re, by.re.fma(self.im, to.im)),
        }
    }
}

/// What the element at `slot` makes of the rows `a` above `b` of `P` panels.
#[inline(always)]
fn element<L: Lanes, const P: usize>(
    by: Scaled<'_>,
    slot: usize,
    a: [Wave<L>; P],
    b: [Wave<L>; P],
) -> ([Wave<L>; P], [Wave<L>; P]) {
    let (mut upper, mut lower) = (a, b);
    let [first_re, first_im, second_re, second_im] = by.crossings[slot];
    if first_re.is_nan() {
        let t = &by.whole[slot];
        for p in 0..P {
            upper[p] = Wave::combine([t[0], t[1]], a[p], [t[2], t[3]], b[p]);
            lower[p] = Wave::combine([t[4], t[5]], a[p], [t[6], t[7]], b[p]);
        }
        return (upper, lower);
    }
    let first = Wave::splat(Complex32::new(first_re, first_im));
    let second = Wave::splat(Complex32::new(second_re, second_im));
    for p in 0..P {
        upper[p] = a[p].fma(first, b[p]);
        lower[p] = b[p].fma(second, a[p]);
    }
    (upper, lower)
}

#[inline(always)]
fn load<L: Lanes, const P: usize>(row: &[Pair; P]) -> [Wave<L>; P] {
    core::array::from_fn(|p| Wave::load(&row[p]))
}

#[inline(always)]
fn store<L: Lanes, const P: usize>(waves: [Wave<L>; P], row: &mut [Pair; P]) {
    for (wave, pair) in waves.into_iter().zip(row) {
        wave.store(pair);
    }
}

/// A part of one chain.
#[inline(always)]
fn alone<L: Lanes, const P: usize>(
    Chain { mode, first, len }: Chain,
    by: Scaled<'_>,
    rows: &mut [[Pair; P]],
) {
    if len == 0 {
        return;
    }
    let (mode, first, len) = (mode as usize, first as usize, len as usize);
    let rows = &mut rows[mode..=mode + len];
    let mut shared = load::<L, P>(&rows[0]);
    for k in 0..len {
        let (upper, lower) = element(by, first + k, shared, load(&rows[k + 1]));
        store(upper, &mut rows[k]);
        shared = lower;
    }
    store(shared, &mut rows[len]);
}

/// Parts of two chains: `len` elements of each, those of the second one mode above the first's and
/// taking what the first hands down.
#[inline(always)]
fn together<L: Lanes, const P: usize>(
    first: Chain,
    second: u32,
    by: Scaled<'_>,
    rows: &mut [[Pair; P]],
) {
    let (mode, len) = (first.mode as usize, first.len as usize);
    let (one, two) = (first.first as usize, second as usize);
    let rows = &mut rows[mode - 1..=mode + len];
    let mut handed = load::<L, P>(&rows[0]);
    let mut shared = load::<L, P>(&rows[1]);
    for k in 0..len {
        let (down, lower) = element(by, one + k, shared, load(&rows[k + 2]));
        let (upper, next) = element(by, two + k, handed, down);
        store(upper, &mut rows[k]);
        (shared, handed) = (lower, next);
    }
    store(handed, &mut rows[len]);
    store(shared, &mut rows[len + 1]);
}

impl Chain {
    /// The elements from the `from`-th on, at most `len`.
    fn part(self, from: u32, len: u32) -> Self {
        let from = from.min(self.len);
        let len = len.min(self.len - from);
        Self { mode: self.mode + from, first: self.first + from, len }
    }
}

/// The rows of `P` panels: `rows[mode * P + panel]`.
#[inline(always)]
fn run<L: Lanes, const P: usize>(chains: &[Chain], by: Scaled<'_>, rows: &mut [Pair]) {
    let (rows, _) = rows.as_chunks_mut::<P>();
    let (pairs, rest) = chains.as_chunks::<2>();
    for &[first, second] in pairs {
        // Ahead of the other: the second where it begins higher up, or else the first.
        let lead = first.mode.saturating_sub(second.mode + 1).min(second.len);
        let ahead = (second.mode + 1).saturating_sub(first.mode).min(first.len);
        alone::<L, P>(second.part(0, lead), by, rows);
        alone::<L, P>(first.part(0, ahead), by, rows);
        let both = (first.len - ahead).min(second.len - lead);
        if both > 0 {
            together::<L, P>(first.part(ahead, both), second.first + lead, by, rows);
        }
        alone::<L, P>(first.part(ahead + both, first.len), by, rows);
        alone::<L, P>(second.part(lead + both, second.len), by, rows);
    }
    for &chain in rest {
        alone::<L, P>(chain, by, rows);
    }
}

laned! {
    /// One panel.
    pub(crate) fn forward_1<L>(chains: &[Chain], by: Scaled<'_>, rows: &mut [Pair]) {
        run::<L, 1>(chains, by, rows);
    }
}

laned! {
    /// Two panels, their rows side by side.
    pub(crate) fn forward_2<L>(chains: &[Chain], by: Scaled<'_>, rows: &mut [Pair]) {
        run::<L, 2>(chains, by, rows);
    }
}

laned! {
    /// Four panels, their rows side by side.
    pub(crate) fn forward_4<L>(chains: &[Chain], by: Scaled<'_>, rows: &mut [Pair]) {
        run::<L, 4>(chains, by, rows);
    }
}

laned! {
    /// Multiplies each row, in all its panels, by its factor.
    pub(crate) fn turn<L>(factors: &[Complex32], rows: &mut [Pair]) {
        let panels = rows.len() / factors.len().max(1);
        for (row, f) in rows.chunks_exact_mut(panels.max(1)).zip(factors) {
            for pair in row {
                Wave::<L>::load(pair).times(Wave::splat(*f)).store(pair);
            }
        }
    }
}
