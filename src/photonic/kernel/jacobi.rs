//! The two loops of a one-sided Jacobi sweep: inner products and a rotation of two columns.
//!
//! Multiply and add are never fused. Sums run in eight lanes, element k in lane k mod 8, and the lanes
//! are added in order 0…7: one order on every level.
#![expect(unsafe_code, reason = "the levels' entry points")]

use super::level::leveled;

const LANES: usize = 8;

/// A complex column, split.
#[derive(Clone, Debug, Default)]
pub(crate) struct Column {
    pub(crate) re: Vec<f64>,
    pub(crate) im: Vec<f64>,
}

/// [‖p‖², ‖q‖², Re p†q, Im p†q] over the first entries of two columns.
#[derive(Clone, Copy, Default, Debug, PartialEq)]
pub(crate) struct Products(pub(crate) [f64; 4]);

leveled! {
    pub(crate) fn products(p: &Column, q: &Column, len: usize, out: &mut Products) {
        let mut lanes = [[0.0; LANES]; 4];
        let (pr, pi, qr, qi) = (&p.re[..len], &p.im[..len], &q.re[..len], &q.im[..len]);
        let whole = len / LANES * LANES;
        for at in (0..whole).step_by(LANES) {
            let (pr, pi) = (&pr[at..at + LANES], &pi[at..at + LANES]);
            let (qr, qi) = (&qr[at..at + LANES], &qi[at..at + LANES]);
            for l in 0..LANES {
                lanes[0][l] += pr[l] * pr[l] + pi[l] * pi[l];
                lanes[1][l] += qr[l] * qr[l] + qi[l] * qi[l];
                lanes[2][l] += pr[l] * qr[l] + pi[l] * qi[l];
                lanes[3][l] += pr[l] * qi[l] - pi[l] * qr[l];
            }
        }
        for k in whole..len {
            let l = k - whole;
            lanes[0][l] += pr[k] * pr[k] + pi[k] * pi[k];
            lanes[1][l] += qr[k] * qr[k] + qi[k] * qi[k];
            lanes[2][l] += pr[k] * qr[k] + pi[k] * qi[k];
            lanes[3][l] += pr[k] * qi[k] - pi[k] * qr[k];
        }
        for (sum, lanes) in out.0.iter_mut().zip(&lanes) {
            *sum = lanes.iter().fold(0.0, |sum, lane| sum + lane);
        }
    }
}

/// The unitary rotation [[c, s e], [−s e*, c]] of a pair of columns, e = `re` + i `im`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Turn {
    pub(crate) c: f64,
    pub(crate) s: f64,
    pub(crate) re: f64,
    pub(crate) im: f64,
}

leveled! {
    /// p ← c p − s e* q, q ← s e p + c q.
    pub(crate) fn turn(p: &mut Column, q: &mut Column, by: Turn) {
        let (c, sr, si) = (by.c, by.s * by.re, by.s * by.im);
        let p = p.re.iter_mut().zip(&mut p.im);
        let q = q.re.iter_mut().zip(&mut q.im);
        for ((pr, pi), (qr, qi)) in p.zip(q) {
            let (a, b, x, y) = (*pr, *pi, *qr, *qi);
            *pr = c * a - (sr * x + si * y);
            *pi = c * b - (sr * y - si * x);
            *qr = c * x + (sr * a - si * b);
            *qi = c * y + (sr * b + si * a);
        }
    }
}
