//! The 2×2 matrices of many elements from their phases.
#![expect(unsafe_code, reason = "the levels' entry points")]

use core::f64::consts::FRAC_PI_4;

use super::chain::Coefficients;
use super::level::leveled;
use super::sincos::{block, read};

const LANES: usize = 16;

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

/// Phases and coupler errors of some elements, all of one length; no coupler errors if empty.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Elements<'a> {
    pub(crate) theta_rad: &'a [f64],
    pub(crate) phi_rad: &'a [f64],
    pub(crate) alpha_rad: &'a [f64],
    pub(crate) beta_rad: &'a [f64],
}

leveled! {
    /// T = C(β)·diag(upper, lower)·C(α)·diag(input, 1) of each element.
    pub(crate) fn coefficients(of: Elements<'_>, common: Common, to: &mut [Coefficients]) {
        const HALF: [f32; LANES] = [core::f32::consts::FRAC_1_SQRT_2; LANES];
        let arm = [common.arm_rad; LANES];
        let ideal = of.alpha_rad.is_empty();
        for (index, to) in to.chunks_mut(LANES).enumerate() {
            let at = index * LANES..index * LANES + to.len();
            let mut theta = read(&of.theta_rad[at.clone()]);
            theta.iter_mut().for_each(|phase| *phase += common.arm_rad);
            let (tc, ts) = block(&theta);
            let mut phi = read(&of.phi_rad[at.clone()]);
            if common.phi_on_lower_arm {
                phi.iter_mut().for_each(|phase| *phase += common.arm_rad);
            }
            let (pc, ps) = block(&phi);
            let (ac, asn, bc, bs) = if ideal {
                (HALF, HALF, HALF, HALF)
            } else {
                let (mut alpha, mut beta) =
                    (read(&of.alpha_rad[at.clone()]), read(&of.beta_rad[at]));
                alpha.iter_mut().chain(&mut beta).for_each(|angle| *angle += FRAC_PI_4);
                let ((ac, asn), (bc, bs)) = (block(&alpha), block(&beta));
                (ac, asn, bc, bs)
            };
            let (arm_cos, arm_sin) = block(&arm);
            let mut planes = [[0.0_f32; LANES]; 8];
            for l in 0..LANES {
                let (ur, ui) = (tc[l] * common.upper, ts[l] * common.upper);
                let (lr, li, ir, ii) = if common.phi_on_lower_arm {
                    (pc[l] * common.lower, ps[l] * common.lower, 1.0, 0.0)
                } else {
                    let (ir, ii) = (pc[l] * common.input, ps[l] * common.input);
                    (arm_cos[l] * common.lower, arm_sin[l] * common.lower, ir, ii)
                };
                let (cc, ss) = (bc[l] * ac[l], bs[l] * asn[l]);
                let (cs, sc) = (bc[l] * asn[l], bs[l] * ac[l]);
                let (xr, xi) = (cc * ur - ss * lr, cc * ui - ss * li);
                // i·z = (−z.im, z.re).
                let (yr, yi) = (-(sc * ui + cs * li), sc * ur + cs * lr);
                planes[0][l] = xr * ir - xi * ii;
                planes[1][l] = xr * ii + xi * ir;
                planes[2][l] = -(cs * ui + sc * li);
                planes[3][l] = cs * ur + sc * lr;
                planes[4][l] = yr * ir - yi * ii;
                planes[5][l] = yr * ii + yi * ir;
                planes[6][l] = cc * lr - ss * ur;
                planes[7][l] = cc * li - ss * ui;
            }
            for (l, to) in to.iter_mut().enumerate() {
                for k in 0..8 {
                    to[k] = planes[k][l];
                }
            }
        }
    }
}
