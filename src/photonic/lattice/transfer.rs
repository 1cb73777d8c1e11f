//! Light through a lattice in `f64`: the reference path.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2};

use super::super::complex::{Complex64, amplitude_of_db, cis, is_finite};
use super::super::interferometer::{ElementLoss, Transfer};
use super::{EdgeModes, Lattice, LatticeError, Layout};

impl Lattice {
    /// The amplitudes at the output for amplitudes `x` at the input, N each.
    ///
    /// O(N²), with one sine and cosine for each phase.
    ///
    /// # Errors
    /// [`LatticeError::Shape`] and [`LatticeError::NotFinite`].
    pub fn forward(&self, x: ArrayView1<'_, Complex64>) -> Result<Array1<Complex64>, LatticeError> {
        self.check_rows(x.len(), 1)?;
        check_finite(x.iter())?;
        let mut rows = x.to_vec();
        self.apply(&mut rows, 1);
        Ok(Array1::from_vec(rows))
    }

    /// `x` holds one input in each column: N × batch in, N × batch out.
    ///
    /// # Errors
    /// As [`forward`](Self::forward).
    pub fn forward_batch(
        &self,
        x: ArrayView2<'_, Complex64>,
    ) -> Result<Array2<Complex64>, LatticeError> {
        self.check_rows(x.nrows(), x.ncols())?;
        check_finite(x.iter())?;
        let mut y = Array2::zeros(x.dim());
        y.assign(&x);
        if let Some(rows) = y.as_slice_mut() {
            self.apply(rows, x.ncols());
        }
        Ok(y)
    }

    /// The N × N scattering matrix: `out = M in`.
    ///
    /// O(N³).
    #[must_use]
    pub fn transfer_matrix(&self) -> Array2<Complex64> {
        let modes = self.modes();
        let mut matrix = Array2::from_diag_elem(modes, Complex64::new(1.0, 0.0));
        if let Some(rows) = matrix.as_slice_mut() {
            self.apply(rows, modes);
        }
        matrix
    }

    /// The 2×2 matrix of every element, in order, with the arms' phase and, in the compact layout,
    /// the element's common phase.
    #[must_use]
    pub fn element_transfers(&self) -> Vec<Transfer> {
        let compact = self.plan.layout() == Layout::Compact;
        let common = cis(self.arm_phase_rad);
        let bare = self.arm_phase_rad == 0.0;
        (0..self.plan.elements())
            .map_while(|index| {
                let element = self.element(index)?;
                let transfer = if compact {
                    // A shifter on both arms and none before the first coupler.
                    let ElementLoss { coupler_db, shifter_db, arm_db } = self.loss;
                    let path = amplitude_of_db(2.0 * coupler_db + arm_db + shifter_db);
                    let arm = |phase: f64| cis(phase) * path;
                    let (top, bottom) = (arm(self.theta_rad[index]), arm(self.phi_rad[index]));
                    element.couplers.around(top, bottom)
                } else {
                    element.transfer()
                };
                Some(if bare { transfer } else { transfer.map(|row| row.map(|z| z * common)) })
            })
            .collect()
    }

    /// The factor of a mode that a column leaves alone.
    pub(crate) fn edge_factor(&self) -> Complex64 {
        match self.edge_modes {
            EdgeModes::Bare => Complex64::new(1.0, 0.0),
            EdgeModes::Dummy => {
                let loss_db = 2.0 * self.loss.coupler_db + self.loss.arm_db;
                cis(self.arm_phase_rad) * amplitude_of_db(loss_db)
            }
        }
    }

    /// Applies the lattice to `width` columns stored row by row.
    fn apply(&self, rows: &mut [Complex64], width: usize) {
        let shifter = amplitude_of_db(self.loss.shifter_db);
        for (row, &phase) in rows.chunks_exact_mut(width.max(1)).zip(&self.input_phase_rad) {
            scale(row, cis(phase) * shifter);
        }
        let edge = self.edge_factor();
        let transfers = self.element_transfers();
        for index in 0..self.plan.columns() {
            let column = self.plan.column(index);
            for k in 0..column.count {
                let at = (column.first_mode + 2 * k) * width;
                let (upper, lower) = rows[at..at + 2 * width].split_at_mut(width);
                let t = &transfers[column.first_element + k];
                for (a, b) in upper.iter_mut().zip(lower) {
                    (*a, *b) = (t[0][0] * *a + t[0][1] * *b, t[1][0] * *a + t[1][1] * *b);
                }
            }
            if edge != Complex64::new(1.0, 0.0) {
                scale(&mut rows[..column.first_mode * width], edge);
                scale(&mut rows[column.end_mode() * width..], edge);
            }
            if let Some(mode) = self.edge_shifter(index) {
                let at = mode * width;
                scale(&mut rows[at..at + width], cis(self.edge_phase_rad[index / 2]) * shifter);
            }
        }
        for (row, &phase) in rows.chunks_exact_mut(width.max(1)).zip(&self.output_phase_rad) {
            scale(row, cis(phase) * shifter);
        }
    }

    /// The mode of a compact column's edge shifter: where a column leaves two modes alone, the lower.
    pub(crate) fn edge_shifter(&self, column: usize) -> Option<usize> {
        let needed = column % 2 == 1 && column / 2 < self.edge_phase_rad.len();
        needed.then(|| self.modes() - 1)
    }

    fn check_rows(&self, rows: usize, columns: usize) -> Result<(), LatticeError> {
        if rows == self.modes() && columns > 0 {
            return Ok(());
        }
        let expected = (self.modes(), columns.max(1));
        Err(LatticeError::Shape { what: "input", expected, given: (rows, columns) })
    }
}

fn scale(row: &mut [Complex64], by: Complex64) {
    row.iter_mut().for_each(|z| *z *= by);
}

fn check_finite<'a>(values: impl Iterator<Item = &'a Complex64>) -> Result<(), LatticeError> {
    for (index, &z) in values.enumerate() {
        if !is_finite(z) {
            let given = if z.re.is_finite() { z.im } else { z.re };
            return Err(LatticeError::NotFinite { what: "input", index, given });
        }
    }
    Ok(())
}
