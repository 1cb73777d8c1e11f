//! Between the caller's matrices and panels of sixteen columns.

use ndarray::{ArrayView2, ArrayViewMut2};

use super::super::complex::Complex32;
use super::super::kernel::finite::find_not_finite;
use super::super::kernel::lanes::{LANES, Pair};
use super::super::kernel::level::Level;
use super::super::kernel::split::{join, split};
use super::LatticeError;

/// Copies the columns `at`…`at + width` of `x` into `rows[mode * panels + panel]`; absent ones are zero.
pub(in super::super) fn pack(
    level: Level,
    x: &ArrayView2<'_, Complex32>,
    at: usize,
    width: usize,
    panels: usize,
    rows: &mut [Pair],
) {
    if x.strides()[1] == 1 {
        for (row, pairs) in x.outer_iter().zip(rows.chunks_exact_mut(panels)) {
            if let Some(row) = row.as_slice() {
                split(level, &row[at..at + width], pairs);
            }
        }
        return;
    }
    rows.fill(Pair::ZERO);
    for k in 0..width {
        let (panel, lane) = (k / LANES, k % LANES);
        let pairs = rows.chunks_exact_mut(panels);
        for (pairs, z) in pairs.zip(x.column(at + k)) {
            (pairs[panel].re.0[lane], pairs[panel].im.0[lane]) = (z.re, z.im);
        }
    }
}

/// The way back.
pub(in super::super) fn unpack(
    level: Level,
    rows: &[Pair],
    panels: usize,
    y: &mut ArrayViewMut2<'_, Complex32>,
    at: usize,
    width: usize,
) {
    if y.strides()[1] == 1 {
        for (mut row, pairs) in y.outer_iter_mut().zip(rows.chunks_exact(panels)) {
            if let Some(row) = row.as_slice_mut() {
                join(level, pairs, &mut row[at..at + width]);
            }
        }
        return;
    }
    for k in 0..width {
        let (panel, lane) = (k / LANES, k % LANES);
        for (z, pairs) in y.column_mut(at + k).iter_mut().zip(rows.chunks_exact(panels)) {
            *z = Complex32::new(pairs[panel].re.0[lane], pairs[panel].im.0[lane]);
        }
    }
}

/// Every amplitude of `x` is finite; the first that is not, row by row, is the error.
pub(in super::super) fn check_finite(
    what: &'static str,
    x: &ArrayView2<'_, Complex32>,
) -> Result<(), LatticeError> {
    let finite = |z: &Complex32| z.re.is_finite() && z.im.is_finite();
    let mut found = false;
    if let Some(all) = x.as_slice_memory_order() {
        find_not_finite(Level::best(), all, &mut found);
    } else {
        for row in x.outer_iter() {
            match row.as_slice() {
                Some(row) => find_not_finite(Level::best(), row, &mut found),
                None => found |= !row.iter().all(finite),
            }
        }
    }
    if !found {
        return Ok(());
    }
    let bad = x.iter().enumerate().find(|(_, z)| !finite(z));
    bad.map_or(Ok(()), |(index, z)| {
        let given = if z.re.is_finite() { z.im } else { z.re }.into();
        Err(LatticeError::NotFinite { what, index, given })
    })
}
