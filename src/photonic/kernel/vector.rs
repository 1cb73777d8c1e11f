//! One vector through one column of elements, straight from the phases.
//!
//! The modes lie split by parity: an even column pairs even[k] with odd[k], an odd one odd[k] with
//! even[k + 1]. So sixteen elements of a column are sixteen lanes, with no shuffling. The element is
//! applied step by step (shifter, coupler, shifter, coupler), which needs fewer operations than
//! forming its matrix for a single use.
#![expect(unsafe_code, reason = "the levels' entry points")]

use core::f64::consts::FRAC_PI_4;

use super::coefficients::{Common, Elements};
use super::level::leveled;
use super::sincos::{block, read};

const LANES: usize = 16;

/// The modes of one parity, split; padded to whole blocks.
#[derive(Clone, Debug, Default)]
pub(crate) struct Half {
    pub(crate) re: Vec<f32>,
    pub(crate) im: Vec<f32>,
}

impl Half {
    pub(crate) fn clear(&mut self, len: usize) {
        for part in [&mut self.re, &mut self.im] {
            part.clear();
            part.resize(len, 0.0);
        }
    }
}

/// Sixteen elements: phases, coupler cosines and sines, and their two modes.
#[derive(Clone, Copy)]
struct Sixteen {
    ar: [f32; LANES],
    ai: [f32; LANES],
    br: [f32; LANES],
    bi: [f32; LANES],
}

/// What every block of a lattice needs beside its light.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting {
    common: Common,
    /// The lower arm's factor where it has no shifter.
    still: (f32, f32),
}

impl Setting {
    /// `ideal` elements leave the couplers' 1/√2 to the arms.
    pub(crate) fn new(mut common: Common, ideal: bool) -> Self {
        let (sin, cos) = libm::sincos(common.arm_rad);
        if ideal {
            (common.upper, common.lower) = (0.5 * common.upper, 0.5 * common.lower);
        }
        Self { common, still: (common.lower * cos as f32, common.lower * sin as f32) }
    }

    #[inline(always)]
    fn apply<const COMPACT: bool, const IDEAL: bool>(
        &self,
        mut theta: [f64; LANES],
        mut phi: [f64; LANES],
        couplers: [[f32; LANES]; 4],
        x: Sixteen,
    ) -> Sixteen {
        let Common { arm_rad, upper, lower, input, .. } = self.common;
        theta.iter_mut().for_each(|phase| *phase += arm_rad);
        if COMPACT {
            phi.iter_mut().for_each(|phase| *phase += arm_rad);
        }
        let ((tc, ts), (pc, ps)) = (block(&theta), block(&phi));
        let [ac, asn, bc, bs] = couplers;
        let mut y = x;
        for l in 0..LANES {
            let (mut ar, mut ai, br, bi) = (x.ar[l], x.ai[l], x.br[l], x.bi[l]);
            if !COMPACT {
                let (c, s) = (pc[l] * input, ps[l] * input);
                (ar, ai) = (ar.mul_add(c, -(ai * s)), ar.mul_add(s, ai * c));
            }
            let (ur, ui, vr, vi) = couple::<IDEAL>(ac[l], asn[l], ar, ai, br, bi);
            let (c, s) = (tc[l] * upper, ts[l] * upper);
            let (ar, ai) = (ur.mul_add(c, -(ui * s)), ur.mul_add(s, ui * c));
            let (c, s) = if COMPACT { (pc[l] * lower, ps[l] * lower) } else { self.still };
            let (br, bi) = (vr.mul_add(c, -(vi * s)), vr.mul_add(s, vi * c));
            (y.ar[l], y.ai[l], y.br[l], y.bi[l]) = couple::<IDEAL>(bc[l], bs[l], ar, ai, br, bi);
        }
        y
    }
}

/// C(x): (c a + i s b, i s a + c b). An ideal one leaves its 1/√2 to the arms.
#[inline(always)]
fn couple<const IDEAL: bool>(
    c: f32,
    s: f32,
    ar: f32,
    ai: f32,
    br: f32,
    bi: f32,
) -> (f32, f32, f32, f32) {
    if IDEAL {
        return (ar - bi, ai + br, br - ai, bi + ar);
    }
    (
        c.mul_add(ar, -(s * bi)),
        c.mul_add(ai, s * br),
        c.mul_add(br, -(s * ai)),
        c.mul_add(bi, s * ar),
    )
}

#[inline(always)]
fn run<const COMPACT: bool, const IDEAL: bool>(
    of: Elements<'_>,
    setting: Setting,
    upper: (&mut [f32], &mut [f32]),
    lower: (&mut [f32], &mut [f32]),
) {
    let count = of.theta_rad.len();
    let couplers = |at: usize, end: usize| {
        if IDEAL {
            return [[0.0; LANES]; 4];
        }
        let (mut alpha, mut beta) = (read(&of.alpha_rad[at..end]), read(&of.beta_rad[at..end]));
        alpha.iter_mut().chain(&mut beta).for_each(|angle| *angle += FRAC_PI_4);
        let ((ac, asn), (bc, bs)) = (block(&alpha), block(&beta));
        [ac, asn, bc, bs]
    };
    let (ar, ar_rest) = upper.0[..count].as_chunks_mut::<LANES>();
    let (ai, ai_rest) = upper.1[..count].as_chunks_mut::<LANES>();
    let (br, br_rest) = lower.0[..count].as_chunks_mut::<LANES>();
    let (bi, bi_rest) = lower.1[..count].as_chunks_mut::<LANES>();
    let whole = ar.len();
    for k in 0..whole {
        let (at, end) = (k * LANES, (k + 1) * LANES);
        let x = Sixteen { ar: ar[k], ai: ai[k], br: br[k], bi: bi[k] };
        let (theta, phi) = (read(&of.theta_rad[at..end]), read(&of.phi_rad[at..end]));
        let y = setting.apply::<COMPACT, IDEAL>(theta, phi, couplers(at, end), x);
        (ar[k], ai[k], br[k], bi[k]) = (y.ar, y.ai, y.br, y.bi);
    }
    let len = ar_rest.len();
    if len > 0 {
        let at = whole * LANES;
        let x =
            Sixteen { ar: take(ar_rest), ai: take(ai_rest), br: take(br_rest), bi: take(bi_rest) };
        let (theta, phi) = (read(&of.theta_rad[at..]), read(&of.phi_rad[at..]));
        let y = setting.apply::<COMPACT, IDEAL>(theta, phi, couplers(at, count), x);
        ar_rest.copy_from_slice(&y.ar[..len]);
        ai_rest.copy_from_slice(&y.ai[..len]);
        br_rest.copy_from_slice(&y.br[..len]);
        bi_rest.copy_from_slice(&y.bi[..len]);
    }
}

leveled! {
    /// Applies a column's elements to (upper[k], lower[`shift` + k]); the setting is ideal where they
    /// have no coupler errors.
    pub(crate) fn column(
        of: Elements<'_>, setting: Setting, upper: &mut Half, lower: &mut Half, shift: usize,
    ) {
        let upper = (&mut upper.re[..], &mut upper.im[..]);
        let lower = (&mut lower.re[shift..], &mut lower.im[shift..]);
        match (setting.common.phi_on_lower_arm, of.alpha_rad.is_empty()) {
            (false, true) => run::<false, true>(of, setting, upper, lower),
            (false, false) => run::<false, false>(of, setting, upper, lower),
            (true, true) => run::<true, true>(of, setting, upper, lower),
            (true, false) => run::<true, false>(of, setting, upper, lower),
        }
    }
}

#[inline(always)]
fn take(from: &[f32]) -> [f32; LANES] {
    let mut lanes = [0.0; LANES];
    lanes[..from.len()].copy_from_slice(from);
    lanes
}
