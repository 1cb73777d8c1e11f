//! A unitary matrix to the phases of a lattice.
//!
//! 1. Rotations null the entries below the diagonal one by one, as Givens rotations do, with the 2×2
//!    matrix R(θ, φ) = [[e^{iφ}s, c], [e^{iφ}c, −s]], s = sin θ/2, c = cos θ/2: the ideal element without
//!    its common factor i e^{iθ/2}. What remains is a diagonal of unit phases.
//! 2. `rectangular` nulls diagonals from the right and from the left in turn (W. R. Clements et al.,
//!    Optica 3, 1460, 2016), then moves the diagonal through the left rotations to the output:
//!    R†(θ, φ)·diag(d₁, d₂) = diag(d₂e^{−iφ}, d₂)·R(θ, d₁ − d₂).
//! 3. `triangular` nulls rows from the right (M. Reck et al., Phys. Rev. Lett. 73, 58, 1994).
//! 4. `compact` turns a rectangular result into symmetric elements (B. A. Bell, I. A. Walmsley, APL
//!    Photonics 6, 070804, 2021).
//! 5. The common factors come back at the end, pushed forward through the elements in light order.
//! 6. The matrix is checked by its own decomposition: it is unitary if and only if the rotations leave
//!    a diagonal of modulus 1. That costs O(N²) beside the O(N³) of a product U†U.
//! 7. θ ∈ [0, π], φ and the output phases ∈ [0, 2π); φ = 0 where either entry of a pair is zero, and
//!    so is undetermined.

pub(super) mod compact;
mod null;
mod rectangular;
mod triangular;

use ndarray::ArrayView2;

use super::complex::{Complex64, is_finite};
use super::kernel::panels::Panels;
use super::lattice::{Lattice, LatticeError, Layout};
use null::Bare;

/// How far from unitary a matrix may be: the largest modulus left beside the diagonal, and the
/// largest deviation of the diagonal's moduli from 1.
pub const UNITARY_TOLERANCE: f64 = 1e-8;

/// The lattice of `layout` whose [transfer matrix](Lattice::transfer_matrix) is `unitary`.
///
/// O(N³); the rebuilt matrix differs by some 10⁻¹⁶·√N of rounding for each entry's share.
///
/// # Errors
/// [`DecomposeError`]: not square, no modes, not finite, or not unitary to [`UNITARY_TOLERANCE`].
///
/// ```
/// use ndarray::array;
/// use xrmesh::photonic::{Layout, complex::Complex64, decompose};
/// let (s, i) = (0.5_f64.sqrt(), Complex64::i());
/// let u = array![[s.into(), i * s], [i * s, s.into()]];
/// let lattice = decompose(u.view(), Layout::Rectangular)?;
/// let difference = &lattice.transfer_matrix() - &u;
/// assert!(difference.iter().all(|z| z.norm_sqr() < 1e-30));
/// # Ok::<(), xrmesh::photonic::DecomposeError>(())
/// ```
pub fn decompose(
    unitary: ArrayView2<'_, Complex64>,
    layout: Layout,
) -> Result<Lattice, DecomposeError> {
    let (rows, columns) = unitary.dim();
    if rows != columns {
        return Err(DecomposeError::NotSquare { given: (rows, columns) });
    }
    let mut lattice = Lattice::new(layout, rows).map_err(DecomposeError::Lattice)?;
    if let Some(((row, column), _)) = unitary.indexed_iter().find(|(_, z)| !is_finite(**z)) {
        return Err(DecomposeError::NotFinite { row, column });
    }
    let mut panels = Panels::from_view(unitary);
    let rotations = match layout {
        Layout::Rectangular | Layout::Compact => rectangular::null(&mut panels),
        Layout::Triangular => triangular::null(&mut panels),
    };
    let deviation = panels.deviation_from_phases();
    if deviation.is_nan() || deviation > UNITARY_TOLERANCE {
        return Err(DecomposeError::NotUnitary { deviation, limit: UNITARY_TOLERANCE });
    }
    let diagonal: Vec<f64> = (0..rows).map(|k| super::complex::angle(panels.entry(k, k))).collect();
    let bare = match layout {
        Layout::Rectangular | Layout::Compact => {
            rectangular::place(&rotations, diagonal, lattice.plan)
        }
        Layout::Triangular => triangular::place(&rotations, diagonal, lattice.plan),
    };
    match layout {
        Layout::Compact => {
            let Bare { theta_rad, phi_rad, output_phase_rad, .. } = &bare;
            let own = compact::Own::Rotations;
            compact::set(
                &mut lattice,
                &compact::Rectangle { theta_rad, phi_rad, output_phase_rad, own },
            );
        }
        _ => bare.set(&mut lattice),
    }
    Ok(lattice)
}

/// Why a matrix has no lattice.
#[derive(Clone, Copy, PartialEq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DecomposeError {
    /// Not as many rows as columns.
    #[error("a square matrix was expected, given {} × {}", given.0, given.1)]
    NotSquare {
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
    /// The rotations did not leave a diagonal of modulus 1.
    #[error("the matrix is not unitary: off by {deviation:e}, at most {limit:e} is allowed")]
    NotUnitary {
        /// The largest deviation found.
        deviation: f64,
        /// [`UNITARY_TOLERANCE`].
        limit: f64,
    },
    /// No modes, or too many.
    #[error(transparent)]
    Lattice(LatticeError),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::photonic::random_unitary;
    use core::f64::consts::{PI, TAU};
    use ndarray::{Array2, array};

    const LAYOUTS: [Layout; 3] = [Layout::Rectangular, Layout::Triangular, Layout::Compact];

    fn distance(a: &Array2<Complex64>, b: &Array2<Complex64>) -> f64 {
        let sum: f64 = a.iter().zip(b).map(|(x, y)| (x - y).norm_sqr()).sum();
        (sum / a.nrows() as f64).sqrt()
    }

    #[test]
    fn random_unitaries_are_rebuilt() {
        for layout in LAYOUTS {
            for modes in (1..=20).chain([31, 32, 33, 64, 100, 127, 128, 200, 255, 256]) {
                let u = random_unitary(modes, 7 + modes as u64);
                let lattice = decompose(u.view(), layout).unwrap();
                let error = distance(&lattice.transfer_matrix(), &u);
                let limit = 1e-14 * (modes as f64).sqrt();
                assert!(error <= limit, "{layout:?} {modes}: {error:e}");
                if layout != Layout::Compact {
                    assert!(lattice.theta_rad().iter().all(|t| (0.0..=PI).contains(t)));
                }
                assert!(lattice.phi_rad().iter().all(|t| (0.0..TAU).contains(t)));
                assert!(lattice.output_phase_rad().iter().all(|t| (0.0..TAU).contains(t)));
            }
        }
    }

    #[test]
    fn sparse_unitaries_are_rebuilt() {
        for layout in LAYOUTS {
            for modes in 1..12 {
                let mut identity = Array2::from_diag_elem(modes, Complex64::new(1.0, 0.0));
                let lattice = decompose(identity.view(), layout).unwrap();
                assert!(distance(&lattice.transfer_matrix(), &identity) < 1e-14);
                identity.invert_axis(ndarray::Axis(0));
                let lattice = decompose(identity.view(), layout).unwrap();
                assert!(
                    distance(&lattice.transfer_matrix(), &identity) < 1e-14,
                    "{layout:?} {modes}"
                );
            }
        }
        // Undetermined φ is zero, and the identity passes straight.
        let identity = Array2::from_diag_elem(6, Complex64::new(1.0, 0.0));
        let lattice = decompose(identity.view(), Layout::Triangular).unwrap();
        assert!(lattice.theta_rad().iter().all(|&t| t == PI));
    }

    #[test]
    fn bad_matrices_are_refused() {
        let one = Complex64::new(1.0, 0.0);
        let rectangle = Array2::from_elem((2, 3), one);
        let given = decompose(rectangle.view(), Layout::Rectangular);
        assert_eq!(given, Err(DecomposeError::NotSquare { given: (2, 3) }));
        let empty = Array2::from_elem((0, 0), one);
        assert!(matches!(
            decompose(empty.view(), Layout::Compact),
            Err(DecomposeError::Lattice(LatticeError::NoModes { given: 0 }))
        ));
        let skewed = array![[one, one * 1e-6], [Complex64::ZERO, one]];
        for layout in LAYOUTS {
            assert!(matches!(
                decompose(skewed.view(), layout),
                Err(DecomposeError::NotUnitary { deviation, .. }) if deviation > 1e-7
            ));
        }
        let nan = array![[one, one * f64::NAN], [Complex64::ZERO, one]];
        let given = decompose(nan.view(), Layout::Rectangular);
        assert_eq!(given, Err(DecomposeError::NotFinite { row: 0, column: 1 }));
        let huge = Array2::from_elem((40, 40), one * 1e200);
        assert!(decompose(huge.view(), Layout::Rectangular).is_err());
    }
}
