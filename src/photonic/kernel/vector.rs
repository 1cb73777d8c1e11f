//! One vector through one column of elements, straight from the phases.
//!
//! The modes lie split by parity: an even column pairs even[k] with odd[k], an odd one odd[k] with
//! even[k + 1]. So sixteen elements of a column are sixteen lanes, with no shuffling. The element is
//! applied step by step (shifter, coupler, shifter, coupler), which needs fewer operations than
//! forming its matrix for a single use.
#![expect(unsafe_code, reason = "the levels' entry points")]

use core::f64::consts::FRAC_PI_4;

use super::super::complex::{Complex32, Complex64};
use super::chain::Wave;
use super::coefficients::{Common, Elements};
use super::lanes::{LANES, Lanes, laned};
use super::sincos::turned_by;

/// The modes of one parity, split; padded so that every column may work on whole blocks.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Half {
    pub(crate) re: Vec<f32>,
    pub(crate) im: Vec<f32>,
}

/// A complex number for each mode.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Halves {
    even: Half,
    odd: Half,
}

impl Halves {
    /// A one on each of `modes` modes.
    pub(crate) fn begin(&mut self, modes: usize) {
        for half in [&mut self.even, &mut self.odd] {
            half.make_room(modes.div_ceil(2));
            half.re.fill(1.0);
            half.im.fill(0.0);
        }
    }

    pub(crate) fn get(&self, mode: usize) -> Complex32 {
        let half = if mode.is_multiple_of(2) { &self.even } else { &self.odd };
        Complex32::new(half.re[mode / 2], half.im[mode / 2])
    }

    pub(crate) fn set(&mut self, mode: usize, to: Complex32) {
        let half = if mode.is_multiple_of(2) { &mut self.even } else { &mut self.odd };
        (half.re[mode / 2], half.im[mode / 2]) = (to.re, to.im);
    }

    pub(crate) fn scale(&mut self, mode: usize, by: Complex64) {
        self.set(mode, self.get(mode) * Complex32::new(by.re as f32, by.im as f32));
    }

    /// The halves of a column that begins at `first_mode`, that of its upper modes first: those of an odd
    /// column begin at odd[0], its lower ones at even[1].
    pub(crate) fn of_column(&mut self, first_mode: usize) -> (&mut Half, &mut Half) {
        let Self { even, odd } = self;
        if first_mode == 0 { (even, odd) } else { (odd, even) }
    }
}

impl Half {
    /// Makes room for `modes` modes; what they hold stays as it was.
    pub(crate) fn make_room(&mut self, modes: usize) {
        let padded = modes.next_multiple_of(LANES) + LANES;
        self.re.resize(padded, 0.0);
        self.im.resize(padded, 0.0);
    }
}

/// Which elements a column has, and where its lower modes begin in their half.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) first: usize,
    pub(crate) count: usize,
    pub(crate) shift: usize,
}

/// What every block of a lattice needs beside its light.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting {
    common: Common,
    /// The lower arm's factor where it has no shifter.
    still: Complex32,
}

impl Setting {
    /// `ideal` elements leave the couplers' 1/√2 to the arms.
    pub(crate) fn new(mut common: Common, ideal: bool) -> Self {
        let (sin, cos) = libm::sincos(common.arm_rad);
        if ideal {
            (common.upper, common.lower) = (0.5 * common.upper, 0.5 * common.lower);
        }
        let still = Complex32::new(common.lower * cos as f32, common.lower * sin as f32);
        Self { common, still }
    }

    /// The outputs of sixteen elements from their phases on: those at `at` of all.
    #[inline(always)]
    fn apply<L: Lanes, const COMPACT: bool, const IDEAL: bool>(
        &self,
        of: &Elements<'_>,
        at: usize,
        (mut a, b): (Wave<L>, Wave<L>),
    ) -> (Wave<L>, Wave<L>) {
        let Common { arm_rad, upper, lower, input, .. } = self.common;
        if !COMPACT {
            a = a.times(factors(of.phi_rad, at, 0.0, input));
        }
        let (a, b) = couple::<L, IDEAL>(coupler::<L, IDEAL>(of.alpha_rad, at), a, b);
        let a = a.times(factors(of.theta_rad, at, arm_rad, upper));
        let b = if COMPACT {
            b.times(factors(of.phi_rad, at, arm_rad, lower))
        } else {
            b.times(Wave::splat(self.still))
        };
        couple::<L, IDEAL>(coupler::<L, IDEAL>(of.beta_rad, at), a, b)
    }
}

// Functions, not closures: what is not inlined has no vector registers.

/// `factor` times e^{i(x + `more`)}, of the phases x at `at`.
#[inline(always)]
fn factors<L: Lanes>(phases: &[f64], at: usize, more: f64, factor: f32) -> Wave<L> {
    let (cos, sin) = turned_by::<L>(&phases[at..], more);
    Wave { re: cos.mul(L::splat(factor)), im: sin.mul(L::splat(factor)) }
}

/// Cosine and sine of couplers with the errors at `at`; ideal ones need none.
#[inline(always)]
fn coupler<L: Lanes, const IDEAL: bool>(errors: &[f64], at: usize) -> (L, L) {
    if IDEAL {
        return (L::splat(0.0), L::splat(0.0));
    }
    turned_by::<L>(&errors[at..], FRAC_PI_4)
}

impl<L: Lanes> Wave<L> {
    #[inline(always)]
    fn or_beyond(self, live: usize, other: Self) -> Self {
        Self { re: self.re.or_beyond(live, other.re), im: self.im.or_beyond(live, other.im) }
    }
}

/// C(x): (c a + i s b, i s a + c b). An ideal one leaves its 1/√2 to the arms.
#[inline(always)]
fn couple<L: Lanes, const IDEAL: bool>(
    (c, s): (L, L),
    a: Wave<L>,
    b: Wave<L>,
) -> (Wave<L>, Wave<L>) {
    if IDEAL {
        return (
            Wave { re: a.re.sub(b.im), im: a.im.add(b.re) },
            Wave { re: b.re.sub(a.im), im: b.im.add(a.re) },
        );
    }
    (
        Wave { re: s.fnma(b.im, c.mul(a.re)), im: s.fma(b.re, c.mul(a.im)) },
        Wave { re: s.fnma(a.im, c.mul(b.re)), im: s.fma(a.re, c.mul(b.im)) },
    )
}

/// `blocks` whole blocks of numbers from `from` on.
#[inline(always)]
pub(super) fn blocks(part: &mut [f32], from: usize, blocks: usize) -> &mut [[f32; LANES]] {
    part[from..from + blocks * LANES].as_chunks_mut().0
}

#[inline(always)]
fn run<L: Lanes, const COMPACT: bool, const IDEAL: bool>(
    of: Elements<'_>,
    at: Place,
    setting: Setting,
    upper: &mut Half,
    lower: &mut Half,
) {
    let count = at.count.div_ceil(LANES);
    let (ar, ai) = (blocks(&mut upper.re, 0, count), blocks(&mut upper.im, 0, count));
    let (br, bi) = (blocks(&mut lower.re, at.shift, count), blocks(&mut lower.im, at.shift, count));
    for (k, (((ar, ai), br), bi)) in ar.iter_mut().zip(ai).zip(br).zip(bi).enumerate() {
        let a = Wave { re: L::load(ar), im: L::load(ai) };
        let b = Wave { re: L::load(br), im: L::load(bi) };
        let first = at.first + k * LANES;
        let (mut c, mut d) = setting.apply::<L, COMPACT, IDEAL>(&of, first, (a, b));
        let live = at.count - k * LANES;
        if live < LANES {
            // The block read phases of the next column too; what they gave is not kept.
            (c, d) = (c.or_beyond(live, a), d.or_beyond(live, b));
        }
        c.re.store(ar);
        c.im.store(ai);
        d.re.store(br);
        d.im.store(bi);
    }
}

laned! {
    /// Applies a column's elements to (upper[k], lower[shift + k]); the setting is ideal where they
    /// have no coupler errors.
    pub(crate) fn column<L>(
        of: Elements<'_>, at: Place, setting: Setting, upper: &mut Half, lower: &mut Half,
    ) {
        match (setting.common.phi_on_lower_arm, of.alpha_rad.is_empty()) {
            (false, true) => run::<L, false, true>(of, at, setting, upper, lower),
            (false, false) => run::<L, false, false>(of, at, setting, upper, lower),
            (true, true) => run::<L, true, true>(of, at, setting, upper, lower),
            (true, false) => run::<L, true, false>(of, at, setting, upper, lower),
        }
    }
}
