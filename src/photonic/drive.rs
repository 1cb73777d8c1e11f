//! From wanted phases to set ones: heaters, converters, crosstalk and lag.
//!
//! A heater's phase follows its power, φ = π P/P_π, so a voltage gives φ = π V²/V_π². Heat spreads:
//! φ = G·P with G = (π/P_π)(I + X). A heater follows its drive with a time constant τ.

use core::f64::consts::{PI, SQRT_2};

use ndarray::{Array2, ArrayView2};

use super::complex::wrap_phase;
use super::lattice::{Lattice, LatticeError, Plan};

/// How the drive sets phases.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Drive {
    /// The converter's steps.
    pub quantisation: Quantisation,
    /// What neighbours' heat adds.
    pub crosstalk: Crosstalk,
}

/// The steps of the drive's converter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Quantisation {
    /// Any phase.
    #[default]
    None,
    /// 2^`bits` equal steps of phase over 0…2π.
    Phase {
        /// 1…24.
        bits: u32,
    },
    /// 2^`bits` equal steps of voltage over 0…√2·V_π, which is 0…2π in phase by φ = π V²/V_π². For
    /// phases spread evenly the error is √2 times that of equal phase steps.
    Voltage {
        /// 1…24.
        bits: u32,
    },
}

/// Thermal crosstalk X in φ = (π/P_π)(I + X)·P, P ≥ 0. Its order is that of [`Lattice::map_phases`].
#[derive(Clone, Debug, PartialEq, Default)]
#[non_exhaustive]
pub enum Crosstalk {
    /// None.
    #[default]
    None,
    /// Neighbouring rows of one column and kind (θ to θ, φ to φ) couple by χ; output shifters do not.
    Nearest {
        /// χ, the share of a neighbour's phase.
        share: f64,
    },
    /// X_ij = χ e^{−(d_ij − d₀)/ℓ}, d₀ the row pitch, over all shifters.
    Distance(Placement),
    /// The caller's own, with a zero diagonal; it must have as many rows and columns as there are
    /// shifters.
    Matrix(Array2<f64>),
}

/// Where the shifters stand and how heat falls off between them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Placement {
    /// χ: X between two shifters one row pitch apart.
    pub share: f64,
    /// ℓ: the length over which it falls by e (m).
    pub length_m: f64,
    /// d₀: between the shifters of neighbouring modes (m).
    pub row_pitch_m: f64,
    /// From one column of elements to the next (m); φ stands half of it before θ.
    pub column_pitch_m: f64,
    /// Beyond this there is no crosstalk (m).
    pub cutoff_m: Option<f64>,
}

/// Why a drive refused.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DriveError {
    /// A converter of no or too many bits.
    #[error("a converter has 1 to {limit} bits, given {given}")]
    Bits {
        /// The bits given.
        given: u32,
        /// The most.
        limit: u32,
    },
    /// A number that must be finite and not negative.
    #[error("{what} must be finite and at least 0, given {given}")]
    BadNumber {
        /// Which one.
        what: &'static str,
        /// The value.
        given: f64,
    },
    /// A crosstalk matrix of another size.
    #[error("crosstalk of {expected} × {expected} shifters expected, given {} × {}", given.0, given.1)]
    Shape {
        /// Shifters of the lattice.
        expected: usize,
        /// The matrix given.
        given: (usize, usize),
    },
    /// A phase is no longer finite.
    #[error(transparent)]
    Lattice(#[from] LatticeError),
}

const MAX_BITS: u32 = 24;

impl Drive {
    /// Replaces the wanted phases of `lattice` by those that the drive sets: reduced to [0, 2π), since
    /// a heater only heats; rounded to the converter's steps; with the neighbours' heat added.
    ///
    /// O(N²); O(N⁴) with [`Crosstalk::Distance`] or [`Crosstalk::Matrix`].
    ///
    /// # Errors
    /// [`DriveError`].
    pub fn set(&self, lattice: &mut Lattice) -> Result<(), DriveError> {
        match self.quantisation {
            Quantisation::None => {}
            Quantisation::Phase { bits } => lattice.quantise_phases(check_bits(bits)?),
            Quantisation::Voltage { bits } => {
                let codes = libm::exp2(f64::from(check_bits(bits)?));
                lattice.map_phases(|_, phase| voltage_step(phase, codes))?;
            }
        }
        self.crosstalk.add(lattice)
    }
}

/// φ as the nearest code sets it, V = √(φ/π)·V_π. The code past the last is 2π and so 0.
fn voltage_step(phase_rad: f64, codes: f64) -> f64 {
    let volts = (wrap_phase(phase_rad) / PI).sqrt();
    let step = SQRT_2 / codes;
    let code = (volts / step).round();
    if code >= codes { 0.0 } else { PI * (code * step) * (code * step) }
}

fn check_bits(given: u32) -> Result<u32, DriveError> {
    if (1..=MAX_BITS).contains(&given) {
        Ok(given)
    } else {
        Err(DriveError::Bits { given, limit: MAX_BITS })
    }
}

impl Crosstalk {
    /// Adds X·φ to the phases, each first reduced to [0, 2π).
    ///
    /// # Errors
    /// [`DriveError`].
    pub fn add(&self, lattice: &mut Lattice) -> Result<(), DriveError> {
        match self {
            Self::None => return Ok(()),
            Self::Nearest { share } => {
                let share = number("share", *share)?;
                lattice.wrap_phases();
                nearest(lattice, share);
                return Ok(());
            }
            Self::Distance(placement) => placement.check()?,
            Self::Matrix(matrix) => {
                let expected = lattice.shifters();
                if matrix.dim() != (expected, expected) {
                    return Err(DriveError::Shape { expected, given: matrix.dim() });
                }
            }
        }
        lattice.wrap_phases();
        let phases: Vec<f64> = lattice.phases().collect();
        let added: Vec<f64> = match self {
            Self::Distance(placement) => placement.heat(lattice, &phases),
            Self::Matrix(matrix) => heat(matrix.view(), &phases),
            Self::None | Self::Nearest { .. } => return Ok(()),
        };
        lattice.map_phases(|index, phase| phase + added[index])?;
        Ok(())
    }
}

fn heat(matrix: ArrayView2<'_, f64>, phases: &[f64]) -> Vec<f64> {
    let row = |row: ndarray::ArrayView1<'_, f64>| row.iter().zip(phases).map(|(x, p)| x * p).sum();
    matrix.outer_iter().map(row).collect()
}

fn nearest(lattice: &mut Lattice, share: f64) {
    let plan: Plan = lattice.plan();
    for list in [&mut lattice.theta_rad, &mut lattice.phi_rad] {
        for index in 0..plan.columns() {
            let column = plan.column(index);
            let rows = &mut list[column.first_element..column.first_element + column.count];
            let mut above = 0.0;
            for k in 0..rows.len() {
                let (own, below) = (rows[k], rows.get(k + 1).copied().unwrap_or(0.0));
                rows[k] = own + share * (above + below);
                above = own;
            }
        }
    }
}

impl Placement {
    fn check(&self) -> Result<(), DriveError> {
        number("share", self.share)?;
        number("row_pitch_m", self.row_pitch_m)?;
        number("column_pitch_m", self.column_pitch_m)?;
        if let Some(cutoff) = self.cutoff_m {
            number("cutoff_m", cutoff)?;
        }
        if !self.length_m.is_finite() || self.length_m <= 0.0 {
            return Err(DriveError::BadNumber { what: "length_m", given: self.length_m });
        }
        Ok(())
    }

    /// X between two shifters `distance_m` apart.
    #[must_use]
    pub fn share_at(&self, distance_m: f64) -> f64 {
        if self.cutoff_m.is_some_and(|cutoff| distance_m > cutoff) {
            return 0.0;
        }
        self.share * libm::exp(-(distance_m - self.row_pitch_m) / self.length_m)
    }

    fn heat(&self, lattice: &Lattice, phases: &[f64]) -> Vec<f64> {
        let places = self.places(lattice);
        places
            .iter()
            .enumerate()
            .map(|(i, a)| {
                let others = places.iter().zip(phases).enumerate().filter(|(j, _)| *j != i);
                others
                    .map(|(_, (b, phase))| {
                        let (x, y) = (a.0 - b.0, a.1 - b.1);
                        self.share_at((x * x + y * y).sqrt()) * phase
                    })
                    .sum()
            })
            .collect()
    }

    /// Where each shifter stands (m along the light, m across), in the order of the phases. Element
    /// shifters stand on the upper mode; θ₂ of the compact layout on the lower one, beside θ₁.
    fn places(&self, lattice: &Lattice) -> Vec<(f64, f64)> {
        let plan = lattice.plan();
        let at = |column: f64, mode: usize| {
            (column * self.column_pitch_m, mode as f64 * self.row_pitch_m)
        };
        let compact = plan.layout() == super::lattice::Layout::Compact;
        let theta = plan.places().map(|(column, mode)| at(column as f64, mode));
        let phi = plan.places().map(|(column, mode)| {
            if compact { at(column as f64, mode + 1) } else { at(column as f64 - 0.5, mode) }
        });
        let modes = plan.modes();
        let inputs = (0..lattice.input_phase_rad().len()).map(|mode| at(-1.0, mode));
        let edges =
            (0..lattice.edge_phase_rad().len()).map(|k| at(2.0 * k as f64 + 1.0, modes - 1));
        let outputs = (0..modes).map(|mode| at(plan.columns() as f64, mode));
        theta.chain(phi).chain(inputs).chain(edges).chain(outputs).collect()
    }
}

/// A heater's first-order lag: each phase nears its target by 1 − e^{−dt/τ} in the time dt.
#[derive(Clone, Debug, PartialEq)]
pub struct Lag {
    tau_s: f64,
    phases: Vec<f64>,
}

impl Lag {
    /// Heaters at rest at the phases of `lattice`, with the time constant `tau_s`.
    ///
    /// # Errors
    /// [`DriveError::BadNumber`] where `tau_s` is not positive and finite.
    pub fn new(lattice: &Lattice, tau_s: f64) -> Result<Self, DriveError> {
        if !tau_s.is_finite() || tau_s <= 0.0 {
            return Err(DriveError::BadNumber { what: "tau_s", given: tau_s });
        }
        Ok(Self { tau_s, phases: lattice.phases().collect() })
    }

    /// Lets `dt_s` pass with the drive set to the phases of `lattice`, and gives it the phases reached.
    ///
    /// # Errors
    /// [`DriveError::BadNumber`] where `dt_s` is negative or not finite, [`DriveError::Shape`] where
    /// the lattice has other shifters.
    pub fn step(&mut self, lattice: &mut Lattice, dt_s: f64) -> Result<(), DriveError> {
        let left = libm::exp(-number("dt_s", dt_s)? / self.tau_s);
        let (expected, given) = (self.phases.len(), lattice.shifters());
        if given != expected {
            return Err(DriveError::Shape { expected, given: (given, given) });
        }
        lattice.map_phases(|index, target| {
            let phase = &mut self.phases[index];
            *phase = target + (*phase - target) * left;
            *phase
        })?;
        Ok(())
    }
}

fn number(what: &'static str, given: f64) -> Result<f64, DriveError> {
    if given.is_finite() && given >= 0.0 {
        Ok(given)
    } else {
        Err(DriveError::BadNumber { what, given })
    }
}

/// The phase of a heater driven with `volts`: π V²/V_π².
#[must_use]
pub fn phase_of_voltage(volts: f64, v_pi: f64) -> f64 {
    PI * (volts / v_pi) * (volts / v_pi)
}

/// The voltage for a phase: V_π √(φ/π), φ reduced to [0, 2π).
#[must_use]
pub fn voltage_of_phase(phase_rad: f64, v_pi: f64) -> f64 {
    v_pi * (wrap_phase(phase_rad) / PI).sqrt()
}

/// The electrical power of all heaters of a lattice: Σ P_π φ/π, φ reduced to [0, 2π) (W).
#[must_use]
pub fn heater_power_w(lattice: &Lattice, p_pi_w: f64) -> f64 {
    lattice.phases().map(|phase| p_pi_w * wrap_phase(phase) / PI).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::photonic::Layout;
    use crate::random::Counter;
    use core::f64::consts::TAU;

    fn lattice(modes: usize) -> Lattice {
        let draws = Counter::new(1, [2, 3]);
        let mut lattice = Lattice::new(Layout::Rectangular, modes).unwrap();
        lattice.map_phases(|k, _| TAU * draws.uniform_f64(k as u64)).unwrap();
        lattice
    }

    /// Root mean square of the phase errors that a quantisation makes.
    fn rms(quantisation: Quantisation) -> f64 {
        let wanted = lattice(200);
        let mut set = wanted.clone();
        Drive { quantisation, ..Drive::default() }.set(&mut set).unwrap();
        let squares: f64 = wanted
            .phases()
            .zip(set.phases())
            .map(|(a, b)| {
                let off = wrap_phase(a - b + PI) - PI;
                off * off
            })
            .sum();
        (squares / wanted.shifters() as f64).sqrt()
    }

    #[test]
    fn voltage_steps_err_by_root_two_more() {
        let uniform = TAU / 256.0 / 12_f64.sqrt();
        let phase = rms(Quantisation::Phase { bits: 8 });
        assert!((phase / uniform - 1.0).abs() < 0.02, "{}", phase / uniform);
        let voltage = rms(Quantisation::Voltage { bits: 8 });
        assert!((voltage / uniform / SQRT_2 - 1.0).abs() < 0.02, "{}", voltage / uniform);
        assert!((phase_of_voltage(voltage_of_phase(2.0, 5.0), 5.0) - 2.0).abs() < 1e-15);
    }

    #[test]
    fn nearest_is_its_matrix() {
        let wanted = lattice(7);
        let plan = wanted.plan();
        let places: Vec<_> = plan.places().collect();
        let elements = plan.elements();
        let mut matrix = Array2::zeros((wanted.shifters(), wanted.shifters()));
        for (i, a) in places.iter().enumerate() {
            for (j, b) in places.iter().enumerate() {
                if a.0 == b.0 && a.1.abs_diff(b.1) == 2 {
                    matrix[(i, j)] = 0.1;
                    matrix[(elements + i, elements + j)] = 0.1;
                }
            }
        }
        let (mut a, mut b) = (wanted.clone(), wanted.clone());
        Crosstalk::Nearest { share: 0.1 }.add(&mut a).unwrap();
        Crosstalk::Matrix(matrix).add(&mut b).unwrap();
        assert!(a.phases().zip(b.phases()).all(|(x, y)| (x - y).abs() < 1e-12));
        assert_ne!(a, wanted);
    }

    #[test]
    fn heat_falls_off_with_distance() {
        let placement = Placement {
            share: 0.05,
            length_m: 50e-6,
            row_pitch_m: 100e-6,
            column_pitch_m: 300e-6,
            cutoff_m: Some(250e-6),
        };
        assert!((placement.share_at(100e-6) - 0.05).abs() < 1e-15);
        assert!((placement.share_at(150e-6) - 0.05 * libm::exp(-1.0)).abs() < 1e-4);
        assert_eq!(placement.share_at(251e-6), 0.0);
        let mut heated = Lattice::new(Layout::Rectangular, 4).unwrap();
        heated.set_element(0, 1.0, 0.0).unwrap();
        Crosstalk::Distance(placement).add(&mut heated).unwrap();
        // Element 1 is two rows from element 0, its φ half a column.
        assert_eq!(heated.theta_rad()[0], 1.0);
        assert!((heated.theta_rad()[1] - placement.share_at(200e-6)).abs() < 1e-15);
        assert!((heated.phi_rad()[0] - placement.share_at(150e-6)).abs() < 1e-15);
    }

    #[test]
    fn lag_is_exponential() {
        let mut rest = Lattice::new(Layout::Rectangular, 2).unwrap();
        let mut lag = Lag::new(&rest, 10e-6).unwrap();
        rest.set_element(0, 1.0, 2.0).unwrap();
        let mut now = rest.clone();
        lag.step(&mut now, 10e-6).unwrap();
        assert!((now.theta_rad()[0] - (1.0 - libm::exp(-1.0))).abs() < 1e-15);
        let mut two = rest.clone();
        lag.step(&mut two, 1.0).unwrap();
        assert!((two.phi_rad()[0] - 2.0).abs() < 1e-15);
        assert!(lag.step(&mut now, -1.0).is_err());
        assert!(Lag::new(&now, 0.0).is_err());
    }

    #[test]
    fn bad_drives_are_refused() {
        let mut any = lattice(3);
        let quantisation = Quantisation::Phase { bits: 0 };
        let given = Drive { quantisation, ..Drive::default() }.set(&mut any);
        assert_eq!(given, Err(DriveError::Bits { given: 0, limit: 24 }));
        let given = Crosstalk::Matrix(Array2::zeros((2, 2))).add(&mut any);
        assert_eq!(given, Err(DriveError::Shape { expected: 9, given: (2, 2) }));
        let given = Crosstalk::Nearest { share: -1.0 }.add(&mut any);
        assert_eq!(given, Err(DriveError::BadNumber { what: "share", given: -1.0 }));
    }
}
