//! Heat: how heaters reach their neighbours, and how long they take.
//!
//! 1. A heater's power gives phase: φ = G·P with φ ≥ 0 and G = (π/P_π)(I + X). X has zeros on its
//!    diagonal; X_ij is the share of heater j's phase that reaches shifter i.
//! 2. The default decays with distance, X_ij = χ e^{−(d_ij − d₀)/ℓ}, d₀ being the pitch of rows, so
//!    that χ is the share at the nearest neighbour; beyond an optional cutoff it is zero.
//! 3. The preset [`Heaters::in_a_row`] couples each heater to the two beside it by χ and to nothing
//!    else: the rings of a weight bank, or one column of shifters.
//! 4. A heater follows its drive with a first-order lag: φ ← φ∞ + (φ − φ∞) e^{−Δt/τ}, exact for a
//!    drive that is held.
//!
//! Sources: crosstalk: M. Milanizadeh et al., "Canceling thermal cross-talk effects in photonic
//! integrated circuits", J. Lightwave Technol. 37, 1325 (2019),
//! <https://doi.org/10.1109/JLT.2019.2892512>; the lag: N. C. Harris et al., "Efficient, compact
//! and low loss thermo-optic phase shifter in silicon", Opt. Express 22, 10487 (2014),
//! <https://doi.org/10.1364/OE.22.010487>.

use core::f64::consts::PI;

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, ArrayViewMut1};

use super::parameter::{DeviceError, Expected, check_length};

/// Heaters that leak into each other: how electrical powers turn into phases.
///
/// ```
/// use ndarray::array;
/// use xrmesh::photonic::thermal::Heaters;
/// // Two heaters that leak 5 % into each other; 30 mW for π.
/// let heaters = Heaters::new(array![[0.0, 0.05], [0.05, 0.0]].view(), 30e-3)?;
/// let phases = heaters.phases_rad(array![30e-3, 0.0].view())?;
/// assert!((phases[0] - std::f64::consts::PI).abs() < 1e-15);
/// assert!((phases[1] - 0.05 * std::f64::consts::PI).abs() < 1e-15);
/// # Ok::<(), xrmesh::photonic::parameter::DeviceError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Heaters {
    /// G in radians a watt.
    phase_per_power: Array2<f64>,
    half_wave_power_w: f64,
}

impl Heaters {
    /// The caller's own shares X, square and with a zero diagonal; `half_wave_power_w` = P_π watts
    /// give π to a lone heater.
    ///
    /// # Errors
    /// X empty, not square, below 0 somewhere or not zero on its diagonal; a power not above 0;
    /// anything not finite.
    pub fn new(shares: ArrayView2<'_, f64>, half_wave_power_w: f64) -> Result<Self, DeviceError> {
        let half_wave_power_w = Expected::Positive.check("half_wave_power_w", half_wave_power_w)?;
        let (rows, columns) = shares.dim();
        if rows == 0 {
            return Err(DeviceError::Empty { array: "shares" });
        }
        if rows != columns {
            return Err(DeviceError::Shape {
                array: "shares",
                given: [rows, columns],
                expected: [rows, rows],
            });
        }
        Expected::NonNegative.check_all("share", shares)?;
        Expected::Within(0.0, 0.0).check_all("share of itself", shares.diag())?;
        let scale = PI / half_wave_power_w;
        let mut phase_per_power = shares.map(|share| scale * share);
        phase_per_power.diag_mut().fill(scale);
        Ok(Self { phase_per_power, half_wave_power_w })
    }

    /// Heaters at `positions_m` (x and y in metres) that leak X_ij = χ e^{−(d_ij − d₀)/ℓ} (rule 2).
    ///
    /// # Errors
    /// No position; a pitch or decay length not above 0; a share χ outside 0 to 1; a cutoff below
    /// 0; anything not finite. `f64::MAX` is no cutoff.
    pub fn decaying(
        positions_m: &[[f64; 2]],
        nearest_share: f64,
        pitch_m: f64,
        decay_length_m: f64,
        cutoff_m: f64,
        half_wave_power_w: f64,
    ) -> Result<Self, DeviceError> {
        let nearest_share = Expected::Within(0.0, 1.0).check("nearest_share", nearest_share)?;
        let pitch_m = Expected::Positive.check("pitch_m", pitch_m)?;
        let decay_length_m = Expected::Positive.check("decay_length_m", decay_length_m)?;
        let cutoff_m = Expected::NonNegative.check("cutoff_m", cutoff_m)?;
        Expected::Finite.check_all("position_m", positions_m.iter().flatten())?;
        let count = positions_m.len();
        let shares = Array2::from_shape_fn((count, count), |(i, j)| {
            let [dx, dy] = [0, 1].map(|axis| positions_m[i][axis] - positions_m[j][axis]);
            let distance_m = (dx * dx + dy * dy).sqrt();
            if i == j || distance_m > cutoff_m {
                0.0
            } else {
                nearest_share * libm::exp(-(distance_m - pitch_m) / decay_length_m)
            }
        });
        Self::new(shares.view(), half_wave_power_w)
    }

    /// `count` heaters in a row that leak the share χ to the ones beside them only (rule 3).
    ///
    /// # Errors
    /// No heater; a share outside 0 to 1; a power not above 0; anything not finite.
    pub fn in_a_row(count: usize, share: f64, half_wave_power_w: f64) -> Result<Self, DeviceError> {
        let share = Expected::Within(0.0, 1.0).check("share", share)?;
        let shares =
            Array2::from_shape_fn(
                (count, count),
                |(i, j)| if i.abs_diff(j) == 1 { share } else { 0.0 },
            );
        Self::new(shares.view(), half_wave_power_w)
    }

    /// How many heaters.
    #[must_use]
    pub fn len(&self) -> usize {
        self.phase_per_power.nrows()
    }

    /// Never: there is at least one heater.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.phase_per_power.is_empty()
    }

    /// The phases G·P in radians that heaters of `powers_w` give, j ascending in each sum. O(n²).
    ///
    /// # Errors
    /// As many powers as heaters are expected; none below 0 or not finite.
    pub fn phases_rad(&self, powers_w: ArrayView1<'_, f64>) -> Result<Array1<f64>, DeviceError> {
        check_length("powers_w", powers_w.len(), self.len())?;
        Expected::NonNegative.check_all("power_w", powers_w)?;
        let phase = |row: ArrayView1<'_, f64>| row.iter().zip(powers_w).map(|(g, p)| g * p).sum();
        Ok(self.phase_per_power.rows().into_iter().map(phase).collect())
    }

    /// The powers that a controller blind to crosstalk would set for `phases_rad`: P_π φ/π each.
    ///
    /// # Errors
    /// As many phases as heaters are expected; none below 0 or not finite.
    pub fn blind_powers_w(
        &self,
        phases_rad: ArrayView1<'_, f64>,
    ) -> Result<Array1<f64>, DeviceError> {
        check_length("phases_rad", phases_rad.len(), self.len())?;
        Expected::NonNegative.check_all("phase_rad", phases_rad)?;
        Ok(phases_rad.map(|phase_rad| self.half_wave_power_w * phase_rad / PI))
    }
}

/// A first-order lag of time constant τ (rule 4).
///
/// ```
/// use ndarray::array;
/// use xrmesh::photonic::thermal::Lag;
/// let lag = Lag::new(10e-6)?;
/// let mut phases = array![0.0];
/// lag.advance(phases.view_mut(), array![1.0].view(), 10e-6)?;
/// assert!((phases[0] - (1.0 - (-1.0_f64).exp())).abs() < 1e-15);
/// # Ok::<(), xrmesh::photonic::parameter::DeviceError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lag {
    time_constant_s: f64,
}

impl Lag {
    /// A lag of `time_constant_s` = τ.
    ///
    /// # Errors
    /// A time not above 0 or not finite.
    pub fn new(time_constant_s: f64) -> Result<Self, DeviceError> {
        Ok(Self { time_constant_s: Expected::Positive.check("time_constant_s", time_constant_s)? })
    }

    /// Moves `phases_rad` towards `targets_rad`, which were held for `elapsed_s` seconds.
    ///
    /// # Errors
    /// As many targets as phases are expected, all finite; a time below 0. The phases are then
    /// unchanged.
    pub fn advance(
        &self,
        mut phases_rad: ArrayViewMut1<'_, f64>,
        targets_rad: ArrayView1<'_, f64>,
        elapsed_s: f64,
    ) -> Result<(), DeviceError> {
        check_length("targets_rad", targets_rad.len(), phases_rad.len())?;
        Expected::Finite.check_all("target_rad", targets_rad)?;
        let elapsed_s = Expected::NonNegative.check("elapsed_s", elapsed_s)?;
        let left = libm::exp(-elapsed_s / self.time_constant_s);
        for (phase_rad, &target_rad) in phases_rad.iter_mut().zip(targets_rad) {
            *phase_rad = target_rad + (*phase_rad - target_rad) * left;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn the_nearest_neighbour_gets_the_share_and_the_next_less_by_a_pitch() {
        let positions: Vec<_> = (0..4).map(|row| [0.0, 100e-6 * f64::from(row)]).collect();
        let heaters = Heaters::decaying(&positions, 0.02, 100e-6, 50e-6, 250e-6, 30e-3).unwrap();
        let phases = heaters.phases_rad(array![30e-3, 0.0, 0.0, 0.0].view()).unwrap();
        let shares = phases / PI;
        assert!((shares[0] - 1.0).abs() < 1e-15);
        assert!((shares[1] - 0.02).abs() < 1e-15);
        assert!((shares[2] - 0.02 * libm::exp(-2.0)).abs() < 1e-15);
        assert_eq!(shares[3], 0.0, "beyond the cutoff");
    }

    #[test]
    fn in_a_row_only_the_two_beside_get_the_share() {
        let heaters = Heaters::in_a_row(4, 0.1, PI).unwrap();
        let phases = heaters.phases_rad(array![0.0, 1.0, 0.0, 0.0].view()).unwrap();
        assert_eq!(phases, array![0.1, 1.0, 0.1, 0.0]);
    }

    #[test]
    fn a_blind_controller_overshoots_by_what_leaks() {
        let heaters = Heaters::new(array![[0.0, 0.05], [0.03, 0.0]].view(), 30e-3).unwrap();
        let wanted = array![1.0, 2.0];
        let powers = heaters.blind_powers_w(wanted.view()).unwrap();
        let got = heaters.phases_rad(powers.view()).unwrap();
        let expected = array![1.0 + 0.05 * 2.0, 2.0 + 0.03 * 1.0];
        assert!((&got - &expected).iter().all(|error| error.abs() < 1e-14));
    }

    #[test]
    fn a_lag_is_the_same_in_one_step_or_many_and_solves_its_equation() {
        let lag = Lag::new(10e-6).unwrap();
        let targets = array![1.0, -2.0];
        let (mut once, mut often) = (array![0.0, 3.0], array![0.0, 3.0]);
        lag.advance(once.view_mut(), targets.view(), 7e-6).unwrap();
        for _ in 0..700 {
            lag.advance(often.view_mut(), targets.view(), 1e-8).unwrap();
        }
        assert!((&once - &often).iter().all(|error| error.abs() < 1e-12));
        // dφ/dt = (φ∞ − φ)/τ by a small explicit step.
        let mut euler = array![0.0, 3.0];
        for _ in 0..70_000 {
            euler = &euler + &((&targets - &euler) * (1e-10 / 10e-6));
        }
        assert!((&once - &euler).iter().all(|error| error.abs() < 1e-4));
    }

    #[test]
    fn wrong_shapes_and_numbers_are_errors() {
        assert!(Heaters::new(array![[0.0, 0.1]].view(), 30e-3).is_err());
        assert!(Heaters::new(array![[0.5]].view(), 30e-3).is_err());
        assert!(Heaters::new(array![[0.0, f64::NAN], [0.0, 0.0]].view(), 30e-3).is_err());
        assert!(Heaters::new(Array2::zeros((0, 0)).view(), 30e-3).is_err());
        assert!(Heaters::in_a_row(0, 0.1, 30e-3).is_err());
        let heaters = Heaters::new(array![[0.0]].view(), 30e-3).unwrap();
        assert!(heaters.phases_rad(array![-1.0].view()).is_err());
        assert!(heaters.phases_rad(array![1.0, 1.0].view()).is_err());
        assert!(Lag::new(0.0).is_err());
        let mut phases = array![1.0];
        assert!(
            Lag::new(1.0).unwrap().advance(phases.view_mut(), array![2.0].view(), -1.0).is_err()
        );
        assert_eq!(phases, array![1.0]);
    }
}
