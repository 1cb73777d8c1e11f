//! How hardware differs from the drawing: what is fixed at fabrication, and what changes at every shot.
//!
//! 1. [`Fabrication`] is drawn once for a device: coupler angles, phase offsets. The losses are given.
//! 2. [`Drive`] turns wanted phases into set ones: quantisation and crosstalk. It draws nothing.
//! 3. [`Shot`] is drawn for every pass of light: phase noise.
//! 4. Every draw is a function of (seed, device, shot, stream, index), so devices and shots can be made
//!    in any order, on any number of workers, and are the same.
//!
//! Predicted errors, ε = ‖U − V‖_F/√N over random unitaries, to first order: couplers of σ rad each,
//! √(2(N − 1))·σ (Bandyopadhyay et al., Optica 8, 1247, 2021); all N² phases of σ rad, √N·σ.

use super::drive::{Drive, DriveError};
use super::interferometer::{Couplers, ElementLoss};
use super::lattice::{EdgeModes, Lattice, LatticeError};
use crate::random::Counter;

/// The streams of one device's draws.
const COUPLERS: u32 = 0;
const OFFSETS: u32 = 1;
const SHOTS: u32 = 2;

/// All imperfections of one kind of device.
///
/// ```
/// use xrmesh::photonic::{DeviceKey, Fabrication, Imperfection, Lattice, Layout};
/// let ideal = Lattice::new(Layout::Rectangular, 8)?;
/// let imperfection = Imperfection {
///     fabrication: Fabrication { coupler_sigma_rad: 0.02, ..Fabrication::default() },
///     ..Imperfection::default()
/// };
/// let key = DeviceKey { seed: 42, device: 3 };
/// let one = imperfection.realise(&ideal, key, 0)?;
/// assert_eq!(one, imperfection.realise(&ideal, key, 0)?);
/// # Ok::<(), xrmesh::photonic::ImperfectionError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Imperfection {
    /// What is fixed at fabrication.
    pub fabrication: Fabrication,
    /// What the drive makes of the wanted phases.
    pub drive: Drive,
    /// What changes at every shot.
    pub shot: Shot,
}

/// Names one device among all of a seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DeviceKey {
    /// The experiment's seed.
    pub seed: u64,
    /// Which device; two lattices of one processor are two devices.
    pub device: u32,
}

/// What is fixed when a device is made.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub struct Fabrication {
    /// Standard deviation of each coupler's angle from 50:50 (rad).
    pub coupler_sigma_rad: f64,
    /// Standard deviation of each shifter's phase at zero drive (rad).
    pub offset_sigma_rad: f64,
    /// What each part loses.
    pub loss: ElementLoss,
    /// What modes meet beside a column.
    pub edge_modes: EdgeModes,
}

/// What is new at every shot.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub struct Shot {
    /// Standard deviation of every phase around its setting (rad).
    pub phase_sigma_rad: f64,
}

/// Why an imperfection could not be applied.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ImperfectionError {
    /// A standard deviation that is negative or not finite.
    #[error("{what} must be finite and at least 0, given {given}")]
    BadSpread {
        /// Which one.
        what: &'static str,
        /// The value.
        given: f64,
    },
    /// The lattice refused a value.
    #[error(transparent)]
    Lattice(#[from] LatticeError),
    /// The drive refused.
    #[error(transparent)]
    Drive(#[from] DriveError),
}

impl Imperfection {
    /// The device `key` driven for the phases of `wanted`, as light sees it in shot `shot`.
    ///
    /// O(N²), or O(N⁴) with a whole crosstalk matrix.
    ///
    /// # Errors
    /// [`ImperfectionError`].
    pub fn realise(
        &self,
        wanted: &Lattice,
        key: DeviceKey,
        shot: u64,
    ) -> Result<Lattice, ImperfectionError> {
        let mut lattice = wanted.clone();
        self.fabrication.make(&mut lattice, key)?;
        self.drive.set(&mut lattice)?;
        self.fabrication.offset(&mut lattice, key)?;
        self.shot.disturb(&mut lattice, key, shot)?;
        Ok(lattice)
    }
}

impl Fabrication {
    /// Gives `lattice` the couplers and losses of the device `key`; phases stay.
    ///
    /// # Errors
    /// [`ImperfectionError::BadSpread`]; a bad loss.
    pub fn make(&self, lattice: &mut Lattice, key: DeviceKey) -> Result<(), ImperfectionError> {
        let sigma = spread("coupler_sigma_rad", self.coupler_sigma_rad)?;
        if sigma > 0.0 {
            let draws = Counter::new(key.seed, [key.device, COUPLERS]);
            let couplers: Vec<_> = (0..lattice.plan().elements() as u64)
                .map(|element| {
                    let [alpha, beta] = draws.normals(element);
                    Couplers { alpha_rad: sigma * alpha, beta_rad: sigma * beta }
                })
                .collect();
            lattice.set_couplers(&couplers)?;
        }
        lattice.set_loss(self.loss, self.edge_modes)?;
        Ok(())
    }

    /// Adds the phase offsets of the device `key`.
    ///
    /// # Errors
    /// [`ImperfectionError::BadSpread`].
    pub fn offset(&self, lattice: &mut Lattice, key: DeviceKey) -> Result<(), ImperfectionError> {
        let sigma = spread("offset_sigma_rad", self.offset_sigma_rad)?;
        add_noise(lattice, sigma, Counter::new(key.seed, [key.device, OFFSETS]))
    }
}

impl Shot {
    /// Adds the noise of shot `shot` of the device `key` to every phase.
    ///
    /// # Errors
    /// [`ImperfectionError::BadSpread`].
    pub fn disturb(
        &self,
        lattice: &mut Lattice,
        key: DeviceKey,
        shot: u64,
    ) -> Result<(), ImperfectionError> {
        let sigma = spread("phase_sigma_rad", self.phase_sigma_rad)?;
        add_noise(lattice, sigma, Counter::new(key.seed, [key.device, SHOTS]).derive(shot))
    }
}

fn add_noise(lattice: &mut Lattice, sigma: f64, draws: Counter) -> Result<(), ImperfectionError> {
    if sigma > 0.0 {
        let mut pair = [0.0; 2];
        lattice.map_phases(|index, phase| {
            if index.is_multiple_of(2) {
                pair = draws.normals(index as u64 / 2);
            }
            phase + sigma * pair[index % 2]
        })?;
    }
    Ok(())
}

fn spread(what: &'static str, given: f64) -> Result<f64, ImperfectionError> {
    if given.is_finite() && given >= 0.0 {
        Ok(given)
    } else {
        Err(ImperfectionError::BadSpread { what, given })
    }
}

#[cfg(test)]
mod tests {
    use super::super::drive::Quantisation;
    use super::*;
    use crate::photonic::{Layout, decompose, random_unitary};
    use core::f64::consts::TAU;

    /// The mean of ε = ‖U − V‖_F/√N over `trials` devices, and its standard error.
    fn error(modes: usize, trials: u32, imperfection: &Imperfection) -> (f64, f64) {
        let errors: Vec<f64> = (0..trials)
            .map(|trial| {
                let u = random_unitary(modes, u64::from(trial) + 100);
                let lattice = decompose(u.view(), Layout::Rectangular).unwrap();
                let key = DeviceKey { seed: 5, device: trial };
                let v = imperfection.realise(&lattice, key, u64::from(trial)).unwrap();
                let v = v.transfer_matrix();
                let sum: f64 = u.iter().zip(&v).map(|(a, b)| (a - b).norm_sqr()).sum();
                (sum / modes as f64).sqrt()
            })
            .collect();
        let count = f64::from(trials);
        let mean = errors.iter().sum::<f64>() / count;
        let variance = errors.iter().map(|e| (e - mean) * (e - mean)).sum::<f64>() / (count - 1.0);
        (mean, (variance / count).sqrt())
    }

    fn check(modes: usize, imperfection: &Imperfection, predicted: f64) {
        assert!(predicted <= 0.1, "the law is of first order");
        let trials = (200_u32.div_ceil(modes as u32)).max(4);
        let (mean, standard) = error(modes, trials, imperfection);
        let allowed = (0.03 * predicted).max(3.0 * standard);
        assert!(
            (mean - predicted).abs() <= allowed,
            "N = {modes}: {mean} ± {standard}, {predicted}"
        );
    }

    #[test]
    fn couplers_phases_and_quantisation_follow_their_laws() {
        for modes in [4_usize, 16, 64] {
            let n = modes as f64;
            for sigma in [0.001, 0.005] {
                let fabrication =
                    Fabrication { coupler_sigma_rad: sigma, ..Fabrication::default() };
                let couplers = Imperfection { fabrication, ..Imperfection::default() };
                check(modes, &couplers, (2.0 * (n - 1.0)).sqrt() * sigma);
                let shot = Shot { phase_sigma_rad: sigma };
                let noise = Imperfection { shot, ..Imperfection::default() };
                check(modes, &noise, n.sqrt() * sigma);
            }
            for bits in [9, 12] {
                let quantisation = Quantisation::Phase { bits };
                let drive = Drive { quantisation, ..Drive::default() };
                let rounded = Imperfection { drive, ..Imperfection::default() };
                let step = TAU / f64::from(1 << bits);
                check(modes, &rounded, n.sqrt() * step / 12_f64.sqrt());
            }
        }
    }

    #[test]
    fn devices_and_shots_differ_and_repeat() {
        let ideal = Lattice::new(Layout::Rectangular, 6).unwrap();
        let imperfection = Imperfection {
            fabrication: Fabrication {
                coupler_sigma_rad: 0.1,
                offset_sigma_rad: 0.1,
                ..Fabrication::default()
            },
            shot: Shot { phase_sigma_rad: 0.01 },
            ..Imperfection::default()
        };
        let make = |seed, device, shot| {
            imperfection.realise(&ideal, DeviceKey { seed, device }, shot).unwrap()
        };
        let first = make(1, 0, 0);
        assert_eq!(first, make(1, 0, 0));
        assert_ne!(first.couplers(), make(1, 1, 0).couplers());
        assert_ne!(first.couplers(), make(2, 0, 0).couplers());
        assert_eq!(first.couplers(), make(1, 0, 1).couplers());
        assert_ne!(first.theta_rad(), make(1, 0, 1).theta_rad());
    }

    #[test]
    fn bad_spreads_are_refused() {
        let ideal = Lattice::new(Layout::Rectangular, 2).unwrap();
        for given in [-0.1, f64::INFINITY] {
            let shot = Shot { phase_sigma_rad: given };
            let imperfection = Imperfection { shot, ..Imperfection::default() };
            let key = DeviceKey { seed: 0, device: 0 };
            let expected = ImperfectionError::BadSpread { what: "phase_sigma_rad", given };
            assert_eq!(imperfection.realise(&ideal, key, 0), Err(expected));
        }
    }
}
