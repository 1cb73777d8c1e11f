//! A square complex matrix in panels of eight rows, and the sweeps of rotations that null it.
//!
//! A sweep is a chain of rotations of neighbouring columns (or rows), each sharing one with the next;
//! the shared one stays in registers. The rotations of a sweep are found on the way: the panel (or
//! group of columns) that holds the entry to null computes the rotation, the others only apply it.
//! Multiply and add are never fused, so all levels give the same bits.
#![expect(unsafe_code, reason = "the levels' entry points")]

use ndarray::ArrayView2;

use super::super::complex::Complex64;
use super::level::{Level, leveled};

const LANES: usize = 8;

/// One rotation R(θ, φ): s = sin θ/2, c = cos θ/2, and e^{iφ}.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Rotation {
    pub(crate) s: f64,
    pub(crate) c: f64,
    pub(crate) phase: Complex64,
}

impl Default for Rotation {
    fn default() -> Self {
        Self { s: 1.0, c: 0.0, phase: Complex64::new(1.0, 0.0) }
    }
}

impl Rotation {
    /// s = |v|/r, c = |u|/r, e^{iφ} = ±u v*/|uv|. Passes straight, φ = 0, where both are zero; φ = 0
    /// where one is.
    #[inline(always)]
    fn of(u: Complex64, v: Complex64, sign: f64) -> Self {
        let (u2, v2) = (u.re * u.re + u.im * u.im, v.re * v.re + v.im * v.im);
        // Squares below this have lost bits; such an entry is zero beside a unit column.
        const TINY: f64 = 1e-290;
        if u2 < TINY {
            return Self::default();
        }
        if v2 < TINY {
            return Self { s: 0.0, c: 1.0, phase: Complex64::new(1.0, 0.0) };
        }
        let (u1, v1) = (u2.sqrt(), v2.sqrt());
        let r = (u2 + v2).sqrt();
        let scale = sign / (u1 * v1);
        let re = (u.re * v.re + u.im * v.im) * scale;
        let im = (u.im * v.re - u.re * v.im) * scale;
        Self { s: v1 / r, c: u1 / r, phase: Complex64::new(re, im) }
    }
}

#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Cell {
    re: [f64; LANES],
    im: [f64; LANES],
}

const ZERO: Cell = Cell { re: [0.0; LANES], im: [0.0; LANES] };

/// An N × N matrix; entry (r, c) is lane r mod 8 of cell (r / 8, c).
pub(crate) struct Panels {
    modes: usize,
    /// Columns with padding to whole groups of eight.
    width: usize,
    cells: Vec<Cell>,
    /// One group of eight columns by rows, for the row sweeps.
    group: Vec<Cell>,
    level: Level,
}

impl Panels {
    pub(crate) fn from_view(view: ArrayView2<'_, Complex64>) -> Self {
        Self::at_level(view, Level::best())
    }

    fn at_level(view: ArrayView2<'_, Complex64>, level: Level) -> Self {
        let modes = view.nrows();
        let width = modes.next_multiple_of(LANES);
        let mut cells = vec![ZERO; width * (width / LANES)];
        for (row, entries) in view.outer_iter().enumerate() {
            let panel = &mut cells[row / LANES * width..][..width];
            for (cell, z) in panel.iter_mut().zip(entries) {
                (cell.re[row % LANES], cell.im[row % LANES]) = (z.re, z.im);
            }
        }
        Self { modes, width, cells, group: vec![ZERO; width], level }
    }

    pub(crate) const fn modes(&self) -> usize {
        self.modes
    }

    pub(crate) fn entry(&self, row: usize, column: usize) -> Complex64 {
        let cell = &self.cells[row / LANES * self.width + column];
        Complex64::new(cell.re[row % LANES], cell.im[row % LANES])
    }

    /// The largest modulus beside the diagonal or deviation of a diagonal modulus from 1;
    /// not-a-number or infinite where an entry is.
    pub(crate) fn deviation_from_phases(&self) -> f64 {
        let mut worst = 0.0;
        for row in 0..self.modes {
            for column in 0..self.modes {
                let modulus = self.entry(row, column).norm_sqr().sqrt();
                let off = if row == column { (modulus - 1.0).abs() } else { modulus };
                if off.is_nan() {
                    return off;
                }
                if off > worst {
                    worst = off;
                }
            }
        }
        worst
    }

    /// Nulls (N − 1 − j, k − 1 − j) for j = 0…k − 1 by rotating the columns (k − 1 − j, k − j) from
    /// the right with R†; k is the length of `rotations`, which are written.
    pub(crate) fn sweep_columns_down(&mut self, rotations: &mut [Rotation]) {
        let k = rotations.len();
        let last = self.modes - 1;
        for panel in (0..self.width / LANES).rev() {
            let low = panel * LANES;
            if low > last {
                continue;
            }
            // Rotation j nulls in row N − 1 − j and has nothing to do below it.
            let known = last.saturating_sub(low + LANES - 1).min(k);
            let end = (last - low + 1).min(k);
            let cells = &mut self.cells[panel * self.width..][..=k];
            columns_down(self.level, cells, rotations, known, end, last - low);
        }
    }

    /// Nulls (`row`, j) for j = 0…`row` − 1 by rotating the columns (j, j + 1) from the right with R†.
    pub(crate) fn sweep_row_right(&mut self, row: usize, rotations: &mut [Rotation]) {
        for panel in (0..=row / LANES).rev() {
            let cells = &mut self.cells[panel * self.width..][..=row];
            let lane = if panel == row / LANES { row % LANES } else { LANES };
            row_right(self.level, cells, rotations, lane);
        }
    }

    /// Nulls (N − k + j, j) for j = 0…k − 1 by rotating the rows (N − k + j − 1, N − k + j) from the
    /// left with R.
    pub(crate) fn sweep_rows_down(&mut self, rotations: &mut [Rotation]) {
        let k = rotations.len();
        let first = self.modes - k - 1;
        for group in 0..self.width / LANES {
            let left = group * LANES;
            // Rotation j nulls in column j and has nothing to do left of it.
            let (known, end) = (left.min(k), (left + LANES).min(k));
            let (top, bottom) = (first, self.modes);
            rows_down(
                self.level,
                &mut self.cells,
                &mut self.group,
                rotations,
                Window { width: self.width, left, top, bottom, known, end },
            );
        }
    }
}

/// Where a row sweep works: rows `top`…`bottom`, eight columns from `left`; rotations before
/// `known` are known, those before `end` are to be found here.
#[derive(Clone, Copy)]
struct Window {
    width: usize,
    left: usize,
    top: usize,
    bottom: usize,
    known: usize,
    end: usize,
}

/// (u, v) ← (u, v)·R†, lane by lane: u' = u e^{−iφ} s + v c, v' = u e^{−iφ} c − v s.
#[inline(always)]
fn from_right(u: &Cell, v: &Cell, by: &Rotation) -> (Cell, Cell) {
    let (mut x, mut y) = (ZERO, ZERO);
    let (s, c, w) = (by.s, by.c, by.phase);
    for l in 0..LANES {
        let re = u.re[l] * w.re + u.im[l] * w.im;
        let im = u.im[l] * w.re - u.re[l] * w.im;
        x.re[l] = re * s + v.re[l] * c;
        x.im[l] = im * s + v.im[l] * c;
        y.re[l] = re * c - v.re[l] * s;
        y.im[l] = im * c - v.im[l] * s;
    }
    (x, y)
}

/// (a, b) ← R·(a, b), lane by lane: a' = e^{iφ} s a + c b, b' = e^{iφ} c a − s b.
#[inline(always)]
fn from_left(a: &Cell, b: &Cell, by: &Rotation) -> (Cell, Cell) {
    let (mut x, mut y) = (ZERO, ZERO);
    let (s, c, w) = (by.s, by.c, by.phase);
    for l in 0..LANES {
        let re = a.re[l] * w.re - a.im[l] * w.im;
        let im = a.im[l] * w.re + a.re[l] * w.im;
        x.re[l] = re * s + b.re[l] * c;
        x.im[l] = im * s + b.im[l] * c;
        y.re[l] = re * c - b.re[l] * s;
        y.im[l] = im * c - b.im[l] * s;
    }
    (x, y)
}

#[inline(always)]
fn lane(cell: &Cell, lane: usize) -> Complex64 {
    Complex64::new(cell.re[lane], cell.im[lane])
}

leveled! {
    fn columns_down(
        cells: &mut [Cell], rotations: &mut [Rotation], known: usize, end: usize, last_lane: usize,
    ) {
        let k = rotations.len();
        let mut shared = cells[k];
        for (j, rotation) in rotations[..end].iter_mut().enumerate() {
            let u = cells[k - 1 - j];
            if j >= known {
                let pivot = last_lane - j;
                *rotation = Rotation::of(lane(&u, pivot), lane(&shared, pivot), -1.0);
            }
            let (x, y) = from_right(&u, &shared, rotation);
            cells[k - j] = y;
            shared = x;
        }
        cells[k - end] = shared;
    }
}

leveled! {
    fn row_right(cells: &mut [Cell], rotations: &mut [Rotation], pivot: usize) {
        let mut shared = cells[0];
        for (j, rotation) in rotations.iter_mut().enumerate() {
            let v = cells[j + 1];
            if pivot < LANES {
                *rotation = Rotation::of(lane(&shared, pivot), lane(&v, pivot), -1.0);
            }
            let (x, y) = from_right(&shared, &v, rotation);
            cells[j] = x;
            shared = y;
        }
        cells[rotations.len()] = shared;
    }
}

leveled! {
    fn rows_down(
        cells: &mut [Cell], group: &mut [Cell], rotations: &mut [Rotation], at: Window,
    ) {
        let rows = at.bottom - at.top;
        gather(cells, &mut group[..rows], at);
        let mut shared = group[0];
        for (j, rotation) in rotations[..at.end].iter_mut().enumerate() {
            let b = group[j + 1];
            if j >= at.known {
                let pivot = j - at.left;
                // R nulls b where e^{iφ} c a = s b: s = |a|/r, c = |b|/r, φ = arg b − arg a.
                *rotation = Rotation::of(lane(&b, pivot), lane(&shared, pivot), 1.0);
            }
            let (x, y) = from_left(&shared, &b, rotation);
            group[j] = x;
            shared = y;
        }
        group[at.end] = shared;
        scatter(cells, &group[..rows], at);
    }
}

/// Transposes a window of cells into one cell for each row.
#[inline(always)]
fn gather(cells: &[Cell], group: &mut [Cell], at: Window) {
    for (row, cell) in (at.top..at.bottom).zip(group) {
        let from = &cells[row / LANES * at.width + at.left..][..LANES];
        for (l, source) in from.iter().enumerate() {
            cell.re[l] = source.re[row % LANES];
            cell.im[l] = source.im[row % LANES];
        }
    }
}

#[inline(always)]
fn scatter(cells: &mut [Cell], group: &[Cell], at: Window) {
    for (row, cell) in (at.top..at.bottom).zip(group) {
        let to = &mut cells[row / LANES * at.width + at.left..][..LANES];
        for (l, target) in to.iter_mut().enumerate() {
            target.re[row % LANES] = cell.re[l];
            target.im[row % LANES] = cell.im[l];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::photonic::random_unitary;

    #[test]
    fn all_levels_give_the_same_bits() {
        for modes in [2, 7, 16, 33] {
            let u = random_unitary(modes, 3);
            let mut results = Level::available().into_iter().map(|level| {
                let mut panels = Panels::at_level(u.view(), level);
                let mut bits = Vec::new();
                for k in 1..modes {
                    let mut rotations = vec![Rotation::default(); k];
                    if k % 2 == 1 {
                        panels.sweep_columns_down(&mut rotations);
                    } else {
                        panels.sweep_rows_down(&mut rotations);
                    }
                    bits.extend(rotations.iter().map(|r| (r.s.to_bits(), r.phase.im.to_bits())));
                }
                bits
            });
            let first = results.next();
            assert!(results.all(|bits| Some(bits) == first));
        }
    }
}
