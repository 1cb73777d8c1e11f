//! Interleaved complex numbers to split lanes, and back.
#![expect(unsafe_code, reason = "the levels' entry points")]

use super::super::complex::Complex32;
use super::lanes::{LANES, Pair};
use super::level::leveled;

leveled! {
    /// Fills `pairs` from `row`; lanes beyond it become zero.
    pub(crate) fn split(row: &[Complex32], pairs: &mut [Pair]) {
        let (whole, rest) = row.as_chunks::<LANES>();
        for (chunk, pair) in whole.iter().zip(pairs.iter_mut()) {
            for (l, z) in chunk.iter().enumerate() {
                (pair.re.0[l], pair.im.0[l]) = (z.re, z.im);
            }
        }
        let full = whole.len().min(pairs.len());
        if let Some((partial, idle)) = pairs[full..].split_first_mut() {
            *partial = Pair::ZERO;
            for (l, z) in rest.iter().enumerate() {
                (partial.re.0[l], partial.im.0[l]) = (z.re, z.im);
            }
            idle.fill(Pair::ZERO);
        }
    }
}

leveled! {
    /// Fills `row` from `pairs`.
    pub(crate) fn join(pairs: &[Pair], row: &mut [Complex32]) {
        let (whole, rest) = row.as_chunks_mut::<LANES>();
        let count = whole.len();
        for (chunk, pair) in whole.iter_mut().zip(pairs) {
            for (l, z) in chunk.iter_mut().enumerate() {
                *z = Complex32::new(pair.re.0[l], pair.im.0[l]);
            }
        }
        if let Some(pair) = pairs.get(count) {
            for (l, z) in rest.iter_mut().enumerate() {
                *z = Complex32::new(pair.re.0[l], pair.im.0[l]);
            }
        }
    }
}
