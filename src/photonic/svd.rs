//! Singular values by one-sided Jacobi rotations.
//!
//! A dense-algebra crate would be faster for large matrices, but neither promises its bits from one
//! machine to the next (they reassociate sums and fuse by instruction set), and a weight bank's phases
//! must. Jacobi needs no more than products and square roots, and finds small singular values to full
//! relative accuracy (J. Demmel, K. Veselić, SIAM J. Matrix Anal. Appl. 13, 1204, 1992).

use ndarray::{Array2, ArrayView2};

use super::complex::{Complex64, is_finite};
use super::kernel::jacobi::{Column, Products, Turn, products, turn};
use super::kernel::level::Level;

/// A = U·diag(σ)·V†, with square unitary U (M × M) and V (N × N) and min(M, N) singular values.
#[derive(Clone, PartialEq, Debug)]
pub struct Svd {
    /// The left singular vectors, in columns.
    pub u: Array2<Complex64>,
    /// The singular values, largest first.
    pub sigma: Vec<f64>,
    /// The right singular vectors, in columns.
    pub v: Array2<Complex64>,
}

/// Why a matrix has no singular value decomposition here.
#[derive(Clone, Copy, PartialEq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SvdError {
    /// A matrix without rows or columns.
    #[error("a matrix with rows and columns was expected, given {} × {}", given.0, given.1)]
    Empty {
        /// Rows and columns given.
        given: (usize, usize),
    },
    /// An infinite or not-a-number entry.
    #[error("the matrix is not finite at row {row}, column {column}")]
    NotFinite {
        /// The entry's row.
        row: usize,
        /// The entry's column.
        column: usize,
    },
    /// The columns were not orthogonal after the last sweep.
    #[error("no convergence in {sweeps} sweeps")]
    NoConvergence {
        /// The number of sweeps made.
        sweeps: u32,
    },
}

/// More than any matrix is known to need: 6 to 10 are usual.
const MAX_SWEEPS: u32 = 60;

impl Svd {
    /// Decomposes `matrix`.
    ///
    /// O(sweeps · M · N · min(M, N)) with some eight sweeps; bits are the same on every machine.
    ///
    /// # Errors
    /// [`SvdError`].
    ///
    /// ```
    /// use ndarray::array;
    /// use xrmesh::photonic::{Svd, complex::Complex64};
    /// let a = array![[3.0, 0.0], [0.0, -4.0], [0.0, 0.0]].mapv(|re: f64| Complex64::new(re, 0.0));
    /// let svd = Svd::new(a.view())?;
    /// assert_eq!(svd.sigma, [4.0, 3.0]);
    /// assert_eq!((svd.u.dim(), svd.v.dim()), ((3, 3), (2, 2)));
    /// # Ok::<(), xrmesh::photonic::SvdError>(())
    /// ```
    pub fn new(matrix: ArrayView2<'_, Complex64>) -> Result<Self, SvdError> {
        let (rows, columns) = matrix.dim();
        if rows == 0 || columns == 0 {
            return Err(SvdError::Empty { given: (rows, columns) });
        }
        if let Some(((row, column), _)) = matrix.indexed_iter().find(|(_, z)| !is_finite(**z)) {
            return Err(SvdError::NotFinite { row, column });
        }
        if rows >= columns {
            return tall(matrix, |z| z);
        }
        // A† = V·diag(σ)·U†.
        let Self { u, sigma, v } = tall(matrix.reversed_axes(), |z| z.conj())?;
        Ok(Self { u: v, sigma, v: u })
    }
}

/// One-sided Jacobi on M ≥ N: rotates the columns of A until they are orthogonal; their lengths are
/// the singular values, the same rotations of the identity are V.
fn tall(
    matrix: ArrayView2<'_, Complex64>,
    read: impl Fn(Complex64) -> Complex64,
) -> Result<Svd, SvdError> {
    let (rows, n) = matrix.dim();
    let largest = matrix.iter().fold(0.0_f64, |m, z| m.max(z.re.abs()).max(z.im.abs()));
    // A power of two, so that scaling is exact; squares then neither overflow nor underflow.
    let scale = if largest > 0.0 { libm::exp2(f64::from(libm::ilogb(largest))) } else { 1.0 };
    // Each column of A with its column of V below it: one rotation serves both.
    let mut work: Vec<Column> = (0..n)
        .map(|c| {
            let mut column = Column { re: vec![0.0; rows + n], im: vec![0.0; rows + n] };
            for (r, &z) in matrix.column(c).iter().enumerate() {
                let z = read(z) / scale;
                (column.re[r], column.im[r]) = (z.re, z.im);
            }
            column.re[rows + c] = 1.0;
            column
        })
        .collect();
    orthogonalise(&mut work, rows)?;

    let length = |column: &Column| {
        let mut of = Products::default();
        products(Level::best(), column, column, rows, &mut of);
        of.0[0].sqrt()
    };
    let mut order: Vec<(f64, usize)> = work.iter().map(length).zip(0..).collect();
    order.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let at = |column: &Column, k: usize| Complex64::new(column.re[k], column.im[k]);
    let v = Array2::from_shape_fn((n, n), |(r, c)| at(&work[order[c].1], rows + r));
    let mut u = Array2::zeros((rows, rows));
    let mut known = 0;
    // Below this the direction of a column is rounding.
    let floor = order[0].0 * f64::EPSILON * rows as f64;
    for &(sigma, from) in &order {
        if sigma <= floor {
            break;
        }
        (0..rows).for_each(|r| u[(r, known)] = at(&work[from], r) / sigma);
        known += 1;
    }
    complete(&mut u, known);
    Ok(Svd { u, sigma: order.iter().map(|&(sigma, _)| sigma * scale).collect(), v })
}

fn orthogonalise(work: &mut [Column], rows: usize) -> Result<(), SvdError> {
    let level = Level::best();
    // Columns whose cosine is below this are orthogonal: rounding of a sum of `rows` products.
    let limit = f64::EPSILON * (rows as f64).sqrt();
    for _ in 0..MAX_SWEEPS {
        let mut turned = false;
        for p in 0..work.len() {
            let (left, right) = work.split_at_mut(p + 1);
            let a = &mut left[p];
            for b in right {
                let mut found = Products::default();
                products(level, a, b, rows, &mut found);
                let [aa, bb, re, im] = found.0;
                let dot = (re * re + im * im).sqrt();
                let bound = limit * (aa * bb).sqrt();
                if dot <= bound || dot < f64::MIN_POSITIVE {
                    continue;
                }
                turned = true;
                let zeta = (bb - aa) / (2.0 * dot);
                let t = zeta.signum() / (zeta.abs() + (1.0 + zeta * zeta).sqrt());
                let c = 1.0 / (1.0 + t * t).sqrt();
                turn(level, a, b, Turn { c, s: c * t, re: re / dot, im: im / dot });
            }
        }
        if !turned {
            return Ok(());
        }
    }
    Err(SvdError::NoConvergence { sweeps: MAX_SWEEPS })
}

/// Fills the columns from `known` on with an orthonormal complement: unit vectors, Gram and Schmidt
/// twice ("twice is enough", W. Kahan), those that vanish skipped.
fn complete(u: &mut Array2<Complex64>, known: usize) {
    let rows = u.nrows();
    let mut done = known;
    for unit in 0..rows {
        if done == rows {
            return;
        }
        let mut candidate = vec![Complex64::ZERO; rows];
        candidate[unit] = Complex64::new(1.0, 0.0);
        for _ in 0..2 {
            for c in 0..done {
                let column = u.column(c);
                let dot: Complex64 = column.iter().zip(&candidate).map(|(a, b)| a.conj() * b).sum();
                candidate.iter_mut().zip(column).for_each(|(z, a)| *z -= a * dot);
            }
        }
        let norm = candidate.iter().map(Complex64::norm_sqr).sum::<f64>().sqrt();
        // Of the unit vectors left, at least one keeps this share: their squared shares sum to the
        // dimension of the complement.
        if norm * norm * (rows as f64) < 0.5 {
            continue;
        }
        u.column_mut(done).iter_mut().zip(&candidate).for_each(|(z, a)| *z = a / norm);
        done += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Stream;

    fn rebuilt(svd: &Svd) -> Array2<Complex64> {
        let (m, n) = (svd.u.nrows(), svd.v.nrows());
        Array2::from_shape_fn((m, n), |(r, c)| {
            svd.sigma
                .iter()
                .enumerate()
                .map(|(k, &s)| svd.u[(r, k)] * svd.v[(c, k)].conj() * s)
                .sum()
        })
    }

    fn worst(a: &Array2<Complex64>, b: &Array2<Complex64>) -> f64 {
        a.iter().zip(b).map(|(x, y)| (x - y).norm_sqr().sqrt()).fold(0.0, f64::max)
    }

    fn off_unitary(u: &Array2<Complex64>) -> f64 {
        let n = u.nrows();
        let square = u.t().mapv(|z| z.conj()).dot(u);
        worst(&square, &Array2::from_diag_elem(n, Complex64::new(1.0, 0.0)))
    }

    #[test]
    fn products_give_the_matrix_back() {
        for (m, n) in [(1, 1), (3, 3), (8, 5), (5, 8), (20, 20), (33, 10), (1, 7), (64, 64)] {
            for rank in [m.min(n), 1.max(m.min(n) / 2)] {
                let mut draws = Stream::new(5, [m as u32, n as u32]);
                let mut draw = || {
                    let [re, im] = draws.normals();
                    Complex64::new(re, im)
                };
                let a = Array2::from_shape_simple_fn((m, rank), &mut draw);
                let b = Array2::from_shape_simple_fn((rank, n), &mut draw);
                let a = a.dot(&b);
                let svd = Svd::new(a.view()).unwrap();
                let scale = svd.sigma[0];
                assert!(worst(&rebuilt(&svd), &a) < 1e-13 * scale, "{m} × {n} rank {rank}");
                assert!(off_unitary(&svd.u) < 1e-12, "{m} × {n}: {:e}", off_unitary(&svd.u));
                assert!(off_unitary(&svd.v) < 1e-12, "{m} × {n}: {:e}", off_unitary(&svd.v));
                assert!(svd.sigma.is_sorted_by(|a, b| a >= b));
                assert!(svd.sigma.iter().skip(rank).all(|&s| s < 1e-12 * scale));
            }
        }
    }

    #[test]
    fn zero_and_extreme_matrices_work() {
        let zero = Array2::<Complex64>::zeros((4, 3));
        let svd = Svd::new(zero.view()).unwrap();
        assert_eq!(svd.sigma, [0.0; 3]);
        assert!(off_unitary(&svd.u) < 1e-15 && off_unitary(&svd.v) < 1e-15);
        for scale in [1e-300, 1e300] {
            let a = Array2::from_diag_elem(3, Complex64::new(scale, 0.0));
            let svd = Svd::new(a.view()).unwrap();
            assert!(svd.sigma.iter().all(|s| (s / scale - 1.0).abs() < 1e-15));
        }
    }

    #[test]
    fn bad_matrices_are_refused() {
        let empty = Array2::<Complex64>::zeros((0, 3));
        assert_eq!(Svd::new(empty.view()), Err(SvdError::Empty { given: (0, 3) }));
        let mut nan = Array2::<Complex64>::zeros((2, 2));
        nan[(1, 0)].im = f64::NAN;
        assert_eq!(Svd::new(nan.view()), Err(SvdError::NotFinite { row: 1, column: 0 }));
    }
}
