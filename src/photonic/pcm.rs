//! Phase-change synapses: cells that hold a transmission without power.
//!
//! 1. A cell has `levels` transmissions, evenly spaced from `least` to `most`. Programming chooses
//!    the nearest one.
//! 2. Programming misses by a normal error of standard deviation `programming_noise` times the
//!    range. It is drawn once, at programming, and stays until the cell is programmed again.
//! 3. The transmission drifts as T(t) = T(t₀)·(t/t₀)^−ν, t counted from programming and t₀ being
//!    when it was first read; before t₀ it stands still. Optical transmission hardly drifts, so ν
//!    is 0 by default; electrical conductance has ν of about 0.05.
//! 4. Each reading misses by a normal error of `read_noise` times the range, independent from shot
//!    to shot.
//! 5. A transmission outside 0 to 1 is physically impossible and is clamped.
//!
//! Sources: J. Feldmann et al., "Parallel convolutional processing using an integrated photonic
//! tensor core", Nature 589, 52 (2021), <https://doi.org/10.1038/s41586-020-03070-1>; drift and
//! noise: M. Le Gallo, A. Sebastian, J. Phys. D 53, 213002 (2020),
//! <https://doi.org/10.1088/1361-6463/ab7794>, section 4.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2};

use super::parameter::{DeviceError, Expected, check_count, check_length};
use crate::random::Counter;

/// What a phase-change cell is.
///
/// | field | default |
/// |---|---|
/// | `levels` | 64 |
/// | `least_transmission` | 0.1 |
/// | `most_transmission` | 0.9 |
/// | `programming_noise` | 0.01 of the range |
/// | `read_noise` | 0.002 of the range |
/// | `drift_exponent` ν | 0 |
/// | `drift_reference_s` t₀ | 1 s |
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CellParameters {
    /// How many transmissions a cell can be set to, 2 to 65,536.
    pub levels: usize,
    /// The transmission of the absorbing (crystalline) state.
    pub least_transmission: f64,
    /// The transmission of the clear (amorphous) state.
    pub most_transmission: f64,
    /// The standard deviation of programming, as a share of the range.
    pub programming_noise: f64,
    /// The standard deviation of a reading, as a share of the range.
    pub read_noise: f64,
    /// ν: how fast a cell drifts.
    pub drift_exponent: f64,
    /// t₀: from when on it drifts, in seconds after programming.
    pub drift_reference_s: f64,
}

impl Default for CellParameters {
    fn default() -> Self {
        Self {
            levels: 64,
            least_transmission: 0.1,
            most_transmission: 0.9,
            programming_noise: 0.01,
            read_noise: 0.002,
            drift_exponent: 0.0,
            drift_reference_s: 1.0,
        }
    }
}

impl CellParameters {
    fn range(&self) -> f64 {
        self.most_transmission - self.least_transmission
    }

    fn check(&self) -> Result<(), DeviceError> {
        check_count("levels", self.levels, 2, 65_536)?;
        Expected::Within(0.0, 1.0).check("least_transmission", self.least_transmission)?;
        Expected::Within(0.0, 1.0).check("most_transmission", self.most_transmission)?;
        Expected::Above(self.least_transmission)
            .check("most_transmission", self.most_transmission)?;
        Expected::NonNegative.check("programming_noise", self.programming_noise)?;
        Expected::NonNegative.check("read_noise", self.read_noise)?;
        Expected::NonNegative.check("drift_exponent", self.drift_exponent)?;
        Expected::Positive.check("drift_reference_s", self.drift_reference_s)?;
        Ok(())
    }

    /// The level nearest to `weight` in 0 to 1 of the range.
    fn level(&self, weight: f64) -> f64 {
        let last = (self.levels - 1) as f64;
        self.least_transmission + self.range() * (weight * last).round_ties_even() / last
    }

    /// (t/t₀)^−ν, 1 before t₀.
    fn drift(&self, elapsed_s: f64) -> f64 {
        let ratio = elapsed_s / self.drift_reference_s;
        if self.drift_exponent == 0.0 || ratio <= 1.0 {
            1.0
        } else {
            libm::pow(ratio, -self.drift_exponent)
        }
    }
}

/// A matrix of phase-change cells, one for each weight: outputs are rows, inputs are columns.
///
/// ```
/// use ndarray::array;
/// use xrmesh::photonic::pcm::{CellArray, CellParameters};
/// use xrmesh::random::Counter;
///
/// let weights = array![[0.0, 1.0], [0.25, 0.5]];
/// let cells = CellArray::program(weights.view(), CellParameters::default(), Counter::new(7, [0, 0]))?;
/// let read = cells.weights(3600.0, Counter::new(7, [0, 1]))?; // an hour later, shot 1
/// assert!((&read - &weights).iter().all(|error| error.abs() < 0.1));
/// # Ok::<(), xrmesh::photonic::parameter::DeviceError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct CellArray {
    parameters: CellParameters,
    /// What each cell transmitted just after programming.
    programmed: Array2<f64>,
}

impl CellArray {
    /// Programs one cell for each of `weights`, all in 0 to 1: 0 is the least transmission, 1 the
    /// most. `fabrication` keys the programming noise (rule 2): the same key gives the same cells.
    ///
    /// # Errors
    /// Parameters out of range, no weight, a weight outside 0 to 1.
    pub fn program(
        weights: ArrayView2<'_, f64>,
        parameters: CellParameters,
        fabrication: Counter,
    ) -> Result<Self, DeviceError> {
        parameters.check()?;
        if weights.is_empty() {
            return Err(DeviceError::Empty { array: "weights" });
        }
        Expected::Within(0.0, 1.0).check_all("weight", weights)?;
        let deviation = parameters.programming_noise * parameters.range();
        let mut programmed = weights.map(|&weight| parameters.level(weight));
        disturb(&mut programmed, deviation, fabrication);
        Ok(Self { parameters, programmed })
    }

    /// Outputs and inputs.
    #[must_use]
    pub fn shape(&self) -> [usize; 2] {
        [self.programmed.nrows(), self.programmed.ncols()]
    }

    /// The transmission of every cell, read `elapsed_s` seconds after programming in the shot that
    /// `shot` keys.
    ///
    /// # Errors
    /// A time below 0 or not finite.
    pub fn transmissions(&self, elapsed_s: f64, shot: Counter) -> Result<Array2<f64>, DeviceError> {
        let elapsed_s = Expected::NonNegative.check("elapsed_s", elapsed_s)?;
        let mut read = &self.programmed * self.parameters.drift(elapsed_s);
        disturb(&mut read, self.parameters.read_noise * self.parameters.range(), shot);
        Ok(read)
    }

    /// The same as weights, (T − T_least)/(T_most − T_least): 0 to 1 but for noise and drift.
    ///
    /// # Errors
    /// A time below 0 or not finite.
    pub fn weights(&self, elapsed_s: f64, shot: Counter) -> Result<Array2<f64>, DeviceError> {
        let (least, range) = (self.parameters.least_transmission, self.parameters.range());
        Ok(self.transmissions(elapsed_s, shot)?.mapv_into(|t| (t - least) / range))
    }

    /// The powers that leave the rows in watts when `powers_w` enter the columns: Σ T_ij P_j, j
    /// ascending.
    ///
    /// # Errors
    /// As many powers as columns are expected; none below 0 or not finite; a time below 0.
    pub fn multiply_w(
        &self,
        powers_w: ArrayView1<'_, f64>,
        elapsed_s: f64,
        shot: Counter,
    ) -> Result<Array1<f64>, DeviceError> {
        check_length("powers_w", powers_w.len(), self.programmed.ncols())?;
        Expected::NonNegative.check_all("power_w", powers_w)?;
        let read = self.transmissions(elapsed_s, shot)?;
        let row_power =
            |row: ArrayView1<'_, f64>| row.iter().zip(powers_w).map(|(t, p)| t * p).sum();
        Ok(read.rows().into_iter().map(row_power).collect())
    }
}

/// Adds a normal error of this deviation to each cell, in row order, and clamps (rule 5).
fn disturb(cells: &mut Array2<f64>, deviation: f64, counter: Counter) {
    if deviation > 0.0 {
        for (index, cell) in (0_u64..).zip(cells.iter_mut()) {
            *cell += deviation * counter.normals(index / 2)[(index % 2) as usize];
        }
    }
    cells.mapv_inplace(|transmission| transmission.clamp(0.0, 1.0));
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    const KEY: Counter = Counter::new(3, [1, 0]);

    fn quiet() -> CellParameters {
        CellParameters { programming_noise: 0.0, read_noise: 0.0, ..CellParameters::default() }
    }

    #[test]
    fn a_quiet_cell_holds_the_nearest_level() {
        let parameters = CellParameters { levels: 5, ..quiet() };
        let weights = array![[0.0, 0.1, 0.13, 0.5, 0.9, 1.0]];
        let cells = CellArray::program(weights.view(), parameters, KEY).unwrap();
        let read = cells.weights(0.0, KEY).unwrap();
        let expected = array![[0.0, 0.0, 0.25, 0.5, 1.0, 1.0]];
        assert!((&read - &expected).iter().all(|error| error.abs() < 1e-15));
    }

    #[test]
    fn drift_is_a_straight_line_in_logarithms() {
        let parameters =
            CellParameters { drift_exponent: 0.05, drift_reference_s: 20.0, ..quiet() };
        let cells = CellArray::program(array![[1.0, 0.3]].view(), parameters, KEY).unwrap();
        let at = |seconds: f64| libm::log(cells.transmissions(seconds, KEY).unwrap()[[0, 0]]);
        assert_eq!(at(0.0), at(20.0), "nothing drifts before its reference");
        let slope = (at(2e5) - at(2e2)) / libm::log(1e3);
        assert!((slope + 0.05).abs() < 1e-12);
        let each_decade =
            cells.transmissions(200.0, KEY).unwrap() / cells.transmissions(20.0, KEY).unwrap();
        assert!(each_decade.iter().all(|ratio| (ratio - libm::pow(10.0, -0.05)).abs() < 1e-12));
    }

    #[test]
    fn noise_has_the_deviation_that_it_is_given() {
        let parameters = CellParameters {
            programming_noise: 0.02,
            read_noise: 0.005,
            levels: 3,
            ..CellParameters::default()
        };
        let side = 300;
        let cells =
            CellArray::program(Array2::from_elem((side, side), 0.5).view(), parameters, KEY)
                .unwrap();
        let count = (side * side) as f64;
        let deviation = |errors: Array2<f64>| {
            let mean = errors.sum() / count;
            (errors.mapv(|x| (x - mean) * (x - mean)).sum() / (count - 1.0)).sqrt()
        };
        let (first, second) = (
            cells.weights(0.0, Counter::new(3, [1, 1])).unwrap(),
            cells.weights(0.0, Counter::new(3, [1, 2])).unwrap(),
        );
        // The standard error of a deviation s from n draws is s/√(2n).
        let three_errors = 3.0 / (2.0 * count).sqrt();
        let whole = (0.02_f64 * 0.02 + 0.005 * 0.005).sqrt();
        assert!((deviation(&first - 0.5) / whole - 1.0).abs() < three_errors);
        // What differs between two shots is read noise alone, twice.
        let between = deviation(&first - &second);
        assert!((between / (0.005 * 2.0_f64.sqrt()) - 1.0).abs() < three_errors);
    }

    #[test]
    fn a_product_is_that_of_the_transmissions() {
        let weights = array![[0.0, 1.0, 0.2], [0.5, 0.7, 0.9]];
        let cells = CellArray::program(weights.view(), CellParameters::default(), KEY).unwrap();
        let powers = array![1e-3, 2e-3, 0.0];
        let out = cells.multiply_w(powers.view(), 5.0, KEY).unwrap();
        let expected = cells.transmissions(5.0, KEY).unwrap().dot(&powers);
        assert!((&out - &expected).iter().all(|error| error.abs() < 1e-18));
        assert!(out.sum() <= 2.0 * powers.sum(), "no cell amplifies");
    }

    #[test]
    fn what_no_cell_can_be_is_an_error() {
        let program = |parameters| CellArray::program(array![[0.5]].view(), parameters, KEY);
        assert!(program(CellParameters { levels: 1, ..quiet() }).is_err());
        assert!(program(CellParameters { most_transmission: 0.05, ..quiet() }).is_err());
        assert!(program(CellParameters { read_noise: f64::NAN, ..quiet() }).is_err());
        assert!(CellArray::program(array![[1.5]].view(), quiet(), KEY).is_err());
        assert!(CellArray::program(Array2::zeros((0, 3)).view(), quiet(), KEY).is_err());
        let cells = program(quiet()).unwrap();
        assert!(cells.weights(-1.0, KEY).is_err());
        assert_eq!(
            cells.multiply_w(array![1.0, 2.0].view(), 0.0, KEY),
            Err(DeviceError::Shape { array: "powers_w", given: [2, 1], expected: [1, 1] })
        );
    }
}
