//! The 2×2 matrices of many elements from their phases.
#![expect(unsafe_code, reason = "the levels' entry points")]

use core::f64::consts::FRAC_PI_4;

use super::chain::Coefficients;
use super::lanes::{LANES, Lanes, laned};
use super::sincos::turned_by;

/// What all elements of a lattice share.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Common {
    /// Whether φ is the lower arm's phase, as in the compact layout, or the input's.
    pub(crate) phi_on_lower_arm: bool,
    /// The arms' own phase (rad).
    pub(crate) arm_rad: f64,
    /// The amplitude of the upper arm, with both couplers and its shifter.
    pub(crate) upper: f32,
    /// The amplitude of the lower arm, with both couplers and, in the compact layout, its shifter.
    pub(crate) lower: f32,
    /// The amplitude of the input shifter.
    pub(crate) input: f32,
}

/// Phases and coupler errors of elements, all of one length; no coupler errors if empty.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Elements<'a> {
    pub(crate) theta_rad: &'a [f64],
    pub(crate) phi_rad: &'a [f64],
    pub(crate) alpha_rad: &'a [f64],
    pub(crate) beta_rad: &'a [f64],
}

laned! {
    /// T = C(β)·diag(upper, lower)·C(α)·diag(input, 1) of each element.
    pub(crate) fn coefficients<L>(of: Elements<'_>, common: Common, to: &mut [Coefficients]) {
        match (common.phi_on_lower_arm, of.alpha_rad.is_empty()) {
            (false, true) => run::<L, false, true>(of, common, to),
            (false, false) => run::<L, false, false>(of, common, to),
            (true, true) => run::<L, true, true>(of, common, to),
            (true, false) => run::<L, true, false>(of, common, to),
        }
    }
}

#[inline(always)]
fn run<L: Lanes, const COMPACT: bool, const IDEAL: bool>(
    of: Elements<'_>,
    common: Common,
    to: &mut [Coefficients],
) {
    let still = still::<L>(common);
    for (index, to) in to.chunks_mut(LANES).enumerate() {
        let planes = matrices::<L, COMPACT, IDEAL>(of, index * LANES, common, still);
        if let Ok(to) = <&mut [Coefficients; LANES]>::try_from(&mut *to) {
            L::interleave(planes, to);
        } else {
            let mut all = [[0.0; 8]; LANES];
            L::interleave(planes, &mut all);
            to.copy_from_slice(&all[..to.len()]);
        }
    }
}

/// The lower arm's factor where it has no shifter.
#[inline(always)]
pub(super) fn still<L: Lanes>(common: Common) -> (L, L) {
    let (cos, sin) = turned_by::<L>(&[0.0; LANES], common.arm_rad);
    (cos.mul(L::splat(common.lower)), sin.mul(L::splat(common.lower)))
}

/// The matrices of sixteen elements, those at `at` of all: one plane for each of their numbers.
#[inline(always)]
pub(super) fn matrices<L: Lanes, const COMPACT: bool, const IDEAL: bool>(
    of: Elements<'_>,
    at: usize,
    common: Common,
    still: (L, L),
) -> [L; 8] {
    let k = L::splat;
    let (tc, ts) = turned_by::<L>(&of.theta_rad[at..], common.arm_rad);
    let phi_arm = if COMPACT { common.arm_rad } else { 0.0 };
    let (pc, ps) = turned_by::<L>(&of.phi_rad[at..], phi_arm);
    let (ur, ui) = (tc.mul(k(common.upper)), ts.mul(k(common.upper)));
    let (lr, li) = if COMPACT { (pc.mul(k(common.lower)), ps.mul(k(common.lower))) } else { still };
    let (cc, ss, cs, sc) = if IDEAL {
        // Not the square of 1/√2, which is less than a half in `f32`: the light would fade.
        (k(0.5), k(0.5), k(0.5), k(0.5))
    } else {
        let (ac, asn) = turned_by::<L>(&of.alpha_rad[at..], FRAC_PI_4);
        let (bc, bs) = turned_by::<L>(&of.beta_rad[at..], FRAC_PI_4);
        (bc.mul(ac), bs.mul(asn), bc.mul(asn), bs.mul(ac))
    };
    // i·z = (−z.im, z.re); `minus` is the negative of what stands at that place.
    let (xr, xi) = (ss.fnma(lr, cc.mul(ur)), ss.fnma(li, cc.mul(ui)));
    let (minus_yr, yi) = (cs.fma(li, sc.mul(ui)), cs.fma(lr, sc.mul(ur)));
    let zero = k(0.0);
    let (yr, across) = (zero.sub(minus_yr), zero.sub(sc.fma(li, cs.mul(ui))));
    let (a, c) = if COMPACT {
        ((xr, xi), (yr, yi))
    } else {
        let (ir, ii) = (pc.mul(k(common.input)), ps.mul(k(common.input)));
        (
            (xi.fnma(ii, xr.mul(ir)), xi.fma(ir, xr.mul(ii))),
            (yi.fnma(ii, yr.mul(ir)), yi.fma(ir, yr.mul(ii))),
        )
    };
    let b = (across, sc.fma(lr, cs.mul(ur)));
    let d = (ss.fnma(ur, cc.mul(lr)), ss.fnma(ui, cc.mul(li)));
    [a.0, a.1, b.0, b.1, c.0, c.1, d.0, d.1]
}
