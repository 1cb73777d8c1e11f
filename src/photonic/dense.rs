//! A matrix that stays as it is between shots, as one product.
//!
//! A lattice whose phases do not change is one matrix; a product with it costs less than sending light
//! through every element. The order of every sum is promised (see the kernel), so results can be
//! replayed.

use ndarray::{ArrayView2, ArrayViewMut2, Axis};
use rayon::prelude::*;

use super::complex::{Complex32, Complex64};
use super::kernel::gemm::{ROWS, Triple, Weights, product_1, product_2};
use super::kernel::lanes::{LANES, Pair};
use super::kernel::level::Level;
use super::lattice::LatticeError;
use super::lattice::panel::{check_finite, pack, unpack};

/// An M × N matrix, packed for fast products in `f32`.
///
/// Results are bit-equal on every machine, for every batch size and number of workers.
///
/// ```
/// use ndarray::{Array2, array};
/// use xrmesh::photonic::{Dense, DenseWorkspace, complex::{Complex32, Complex64}};
/// let i = Complex64::i();
/// let dense = Dense::new(array![[i, i * 2.0]].view())?;
/// let x = Array2::from_elem((2, 3), Complex32::new(1.0, 0.0));
/// let mut y = Array2::zeros((1, 3));
/// dense.forward(x.view(), y.view_mut(), &mut DenseWorkspace::default())?;
/// assert_eq!(y[(0, 2)], Complex32::new(0.0, 3.0));
/// # Ok::<(), xrmesh::photonic::LatticeError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Dense {
    rows: usize,
    columns: usize,
    /// Block of rows by column.
    weights: Vec<Weights>,
}

/// Memory that a [`Dense`] works in; reuse it, and nothing allocates once it is warm.
#[derive(Clone, Debug, Default)]
pub struct DenseWorkspace {
    pairs: Vec<Pair>,
    inputs: Vec<Triple>,
    outputs: Vec<Pair>,
}

/// Panels that go together.
const PANELS: usize = 2;

impl Dense {
    /// Packs a matrix, M × N.
    ///
    /// # Errors
    /// [`LatticeError::NoModes`] where it has no rows or columns, [`LatticeError::NotFinite`] where an
    /// entry is not finite in `f32`.
    pub fn new(matrix: ArrayView2<'_, Complex64>) -> Result<Self, LatticeError> {
        let (rows, columns) = matrix.dim();
        if rows == 0 || columns == 0 {
            return Err(LatticeError::NoModes { given: 0 });
        }
        let mut weights = vec![[[0.0; ROWS]; 3]; rows.div_ceil(ROWS) * columns];
        for ((row, column), z) in matrix.indexed_iter() {
            let (re, im) = (z.re as f32, z.im as f32);
            if !(re.is_finite() && im.is_finite()) {
                let given = if re.is_finite() { z.im } else { z.re };
                let index = row * columns + column;
                return Err(LatticeError::NotFinite { what: "matrix", index, given });
            }
            let at = &mut weights[row / ROWS * columns + column];
            let lane = row % ROWS;
            (at[0][lane], at[1][lane], at[2][lane]) = (re, im, re + im);
        }
        Ok(Self { rows, columns, weights })
    }

    /// Rows and columns, M and N.
    #[must_use]
    pub const fn dim(&self) -> (usize, usize) {
        (self.rows, self.columns)
    }

    /// `x` holds one input in each column, N × batch; `y` gets the outputs, M × batch. Any strides.
    ///
    /// # Errors
    /// [`LatticeError::Shape`] and [`LatticeError::NotFinite`].
    pub fn forward(
        &self,
        x: ArrayView2<'_, Complex32>,
        y: ArrayViewMut2<'_, Complex32>,
        workspace: &mut DenseWorkspace,
    ) -> Result<(), LatticeError> {
        check_finite("input", &x)?;
        self.forward_any(x, y, workspace)
    }

    /// As [`forward`](Self::forward), whatever the values are: what overflowed in one vector stays in its
    /// own column.
    pub(super) fn forward_any(
        &self,
        x: ArrayView2<'_, Complex32>,
        y: ArrayViewMut2<'_, Complex32>,
        workspace: &mut DenseWorkspace,
    ) -> Result<(), LatticeError> {
        self.check(&x, &y)?;
        self.run(x, y, workspace, Level::best());
        Ok(())
    }

    /// As [`forward`](Self::forward), the columns shared among rayon's workers; the same bits.
    ///
    /// # Errors
    /// As [`forward`](Self::forward).
    pub fn par_forward(
        &self,
        x: ArrayView2<'_, Complex32>,
        mut y: ArrayViewMut2<'_, Complex32>,
    ) -> Result<(), LatticeError> {
        check_finite("input", &x)?;
        self.check(&x, &y)?;
        let width = 4 * PANELS * LANES;
        let parts: Vec<_> = x
            .axis_chunks_iter(Axis(1), width)
            .zip(y.axis_chunks_iter_mut(Axis(1), width))
            .collect();
        parts.into_par_iter().for_each_init(DenseWorkspace::default, |workspace, (x, y)| {
            self.run(x, y, workspace, Level::best());
        });
        Ok(())
    }

    fn check(
        &self,
        x: &ArrayView2<'_, Complex32>,
        y: &ArrayViewMut2<'_, Complex32>,
    ) -> Result<(), LatticeError> {
        let batch = x.ncols().max(1);
        for (what, expected, given) in
            [("input", (self.columns, batch), x.dim()), ("output", (self.rows, batch), y.dim())]
        {
            if given != expected {
                return Err(LatticeError::Shape { what, expected, given });
            }
        }
        Ok(())
    }

    fn run(
        &self,
        x: ArrayView2<'_, Complex32>,
        mut y: ArrayViewMut2<'_, Complex32>,
        workspace: &mut DenseWorkspace,
        level: Level,
    ) {
        let batch = x.ncols();
        let DenseWorkspace { pairs, inputs, outputs } = workspace;
        let mut at = 0;
        while at < batch {
            let panels = (batch - at).div_ceil(LANES).min(PANELS);
            let width = (batch - at).min(panels * LANES);
            pairs.resize(self.columns * panels, Pair::ZERO);
            pack(level, &x, at, width, panels, pairs);
            inputs.clear();
            inputs.extend(pairs.iter().map(Triple::of));
            outputs.resize(self.rows * panels, Pair::ZERO);
            let blocks = self.weights.chunks_exact(self.columns);
            for (weights, to) in blocks.zip(outputs.chunks_mut(ROWS * panels)) {
                match panels {
                    1 => product_1(level, weights, inputs, to),
                    _ => product_2(level, weights, inputs, to),
                }
            }
            unpack(level, outputs, panels, &mut y, at, width);
            at += width;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Counter;
    use ndarray::Array2;

    #[test]
    fn products_are_right_and_bit_equal_everywhere() {
        let draws = Counter::new(2, [0, 0]);
        let draw = |index: usize| {
            let [re, im] = draws.normals(index as u64);
            Complex32::new(re as f32, im as f32)
        };
        for (m, n, batch) in [(1, 1, 1), (3, 5, 20), (16, 16, 64), (33, 7, 50), (10, 64, 33)] {
            let w = Array2::from_shape_fn((m, n), |(r, c)| draw(r * 100 + c));
            let x = Array2::from_shape_fn((n, batch), |(r, c)| draw(10_000 + r * 100 + c));
            let wide = |a: &Array2<Complex32>| a.mapv(|z| Complex64::new(z.re.into(), z.im.into()));
            let expected = wide(&w).dot(&wide(&x));
            let dense = Dense::new(wide(&w).view()).unwrap();
            let mut first = Array2::zeros((m, batch));
            let mut workspace = DenseWorkspace::default();
            dense.run(x.view(), first.view_mut(), &mut workspace, Level::Portable);
            let errors = (wide(&first) - &expected).mapv(|z| z.norm_sqr());
            assert!(
                errors.iter().copied().fold(0.0, f64::max).sqrt() < 2e-6 * n as f64,
                "{m} × {n} × {batch}"
            );
            for level in Level::available() {
                let mut y = Array2::zeros((m, batch));
                dense.run(x.view(), y.view_mut(), &mut workspace, level);
                assert_eq!(y, first, "{level:?}");
            }
            let mut y = Array2::zeros((m, batch));
            dense.par_forward(x.view(), y.view_mut()).unwrap();
            assert_eq!(y, first);
            let mut y = Array2::zeros((m, 1));
            dense
                .forward(x.column(batch - 1).insert_axis(Axis(1)), y.view_mut(), &mut workspace)
                .unwrap();
            assert_eq!(y.column(0), first.column(batch - 1));
        }
    }

    #[test]
    fn bad_input_is_refused() {
        assert!(Dense::new(Array2::zeros((0, 4)).view()).is_err());
        let huge = Array2::from_elem((1, 2), Complex64::new(0.0, 1e300));
        let given = Dense::new(huge.view());
        assert_eq!(given, Err(LatticeError::NotFinite { what: "matrix", index: 0, given: 1e300 }));
        let dense = Dense::new(Array2::zeros((2, 3)).view()).unwrap();
        let (x, mut y) = (Array2::zeros((3, 4)), Array2::zeros((3, 4)));
        let given = dense.forward(x.view(), y.view_mut(), &mut DenseWorkspace::default());
        let expected = LatticeError::Shape { what: "output", expected: (2, 4), given: (3, 4) };
        assert_eq!(given, Err(expected));
        let (mut x, mut y) = (Array2::zeros((3, 4)), Array2::zeros((2, 4)));
        x[(2, 3)] = Complex32::new(f32::NAN, 0.0);
        let given = dense.forward(x.view(), y.view_mut(), &mut DenseWorkspace::default());
        assert!(matches!(given, Err(LatticeError::NotFinite { what: "input", index: 11, .. })));
    }
}
