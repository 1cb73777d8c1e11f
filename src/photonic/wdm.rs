//! A weight bank of rings on wavelength channels: each ring tunes how much of its channel it drops.
//!
//! 1. The rings stand in index order on one bus with no bus length between, so ring k sees what the
//!    rings before it let through, at every wavelength: crosstalk between channels emerges.
//! 2. A channel of wavelength λ weighs w(λ) = dropped power − through power, in [−1, 1], taken by a
//!    balanced pair of detectors.
//! 3. By default each ring drops onto its own detector and the powers add ([`DropBus::Separate`]).
//!    With [`DropBus::Shared`] the rings share one drop bus, on which the light runs against the
//!    input and can be coupled back by the rings that it passes; fields add, and the whole bank is
//!    solved as a cascade of scattering matrices (Redheffer's star product).
//!
//! Sources: A. N. Tait et al., "Neuromorphic photonic networks using silicon photonic weight
//! banks", Scientific Reports 7, 7430 (2017), <https://doi.org/10.1038/s41598-017-07754-z>; the
//! shared bus: A. N. Tait et al., "Microring weight banks", IEEE JSTQE 22, 312 (2016),
//! <https://doi.org/10.1109/JSTQE.2016.2573583>; the star product: R. Redheffer, J. Math. Phys. 41,
//! 1 (1962).

use ndarray::{Array1, Array2, ArrayView1};
use num_complex::Complex64;

use super::parameter::{DeviceError, Expected, check_length};
use super::ring::{AddDropPorts, AddDropRing};

/// Rounds of tuning; each round leaves a small share of the last one's crosstalk.
const MOST_ROUNDS: usize = 32;
/// Halvings of a detuning: to the last bit of a phase.
const BISECTIONS: usize = 60;

/// Where the rings of a bank drop their light.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DropBus {
    /// Each ring on its own detector: powers add.
    #[default]
    Separate,
    /// All rings on one bus that runs against the input: fields add.
    Shared,
}

/// A row of add-drop rings that weighs wavelength channels.
///
/// ```
/// use ndarray::array;
/// use xrmesh::photonic::ring::{AddDropRing, Waveguide};
/// use xrmesh::photonic::wdm::{DropBus, RingBank};
///
/// let waveguide = Waveguide::new(2.34, 3.4, 1.55e-6, 1500.0)?;
/// let channels_m = [1.546e-6, 1.5476e-6];
/// let rings = channels_m.iter().map(|&channel_m| {
///     let ring = AddDropRing::new(waveguide, 50.27e-6, [0.03, 0.03])?;
///     ring.with_phase(ring.resonant_phase_rad(channel_m))
/// });
/// let bank = RingBank::new(rings.collect::<Result<_, _>>()?, DropBus::Separate)?;
/// let weights = bank.weights(ndarray::aview1(&channels_m));
/// assert!(weights.iter().all(|weight| *weight > 0.5)); // both rings drop their channel
/// # Ok::<(), xrmesh::photonic::parameter::DeviceError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct RingBank {
    rings: Vec<AddDropRing>,
    drop_bus: DropBus,
}

/// The powers that leave a bank at one wavelength for power 1 at its input.
#[derive(Debug, Clone, PartialEq)]
pub struct BankPowers {
    /// What passes all rings.
    pub through: f64,
    /// What each detector gets: one number a ring, or a single one for a shared bus.
    pub dropped: Vec<f64>,
}

impl RingBank {
    /// A bank of `rings` in the order that light meets them.
    ///
    /// # Errors
    /// No ring.
    pub fn new(rings: Vec<AddDropRing>, drop_bus: DropBus) -> Result<Self, DeviceError> {
        if rings.is_empty() {
            return Err(DeviceError::Empty { array: "rings" });
        }
        Ok(Self { rings, drop_bus })
    }

    /// The rings in the order that light meets them.
    #[must_use]
    pub fn rings(&self) -> &[AddDropRing] {
        &self.rings
    }

    /// Sets every ring's tuner, in radians a round trip.
    ///
    /// # Errors
    /// A count other than that of the rings, a phase that is not finite; the bank is then
    /// unchanged.
    pub fn set_phases(&mut self, phases_rad: ArrayView1<'_, f64>) -> Result<(), DeviceError> {
        check_length("phases_rad", phases_rad.len(), self.rings.len())?;
        Expected::Finite.check_all("phase_rad", phases_rad)?;
        for (ring, &phase_rad) in self.rings.iter_mut().zip(phases_rad) {
            *ring = ring.with_phase(phase_rad)?;
        }
        Ok(())
    }

    /// Tunes ring c so that channel c weighs `targets[c]`, for all channels, and returns by how
    /// much the worst is missed.
    ///
    /// Each ring starts on its channel and is detuned, towards longer waves, by 0 to
    /// `most_detuning_rad` a round trip; the weight falls with the detuning as long as the ring
    /// stays clear of the other channels. Rings are bisected in turn, and again while their
    /// crosstalk still moves the others, at most 32 times. A weight outside what the rings can
    /// reach is missed, not an error. O(rounds · rings²).
    ///
    /// # Errors
    /// As many channels and targets as rings are expected; a target outside −1 to 1, a channel or a
    /// detuning not above 0; the bank is then unchanged.
    pub fn tune(
        &mut self,
        channels_m: ArrayView1<'_, f64>,
        targets: ArrayView1<'_, f64>,
        most_detuning_rad: f64,
    ) -> Result<f64, DeviceError> {
        check_length("channels_m", channels_m.len(), self.rings.len())?;
        check_length("targets", targets.len(), self.rings.len())?;
        Expected::Positive.check_all("channel_m", channels_m)?;
        Expected::Within(-1.0, 1.0).check_all("target", targets)?;
        Expected::Positive.check("most_detuning_rad", most_detuning_rad)?;
        let resonant: Vec<f64> = self
            .rings
            .iter()
            .zip(channels_m)
            .map(|(ring, &channel_m)| ring.resonant_phase_rad(channel_m))
            .collect();
        for (ring, &phase_rad) in self.rings.iter_mut().zip(&resonant) {
            *ring = ring.with_phase(phase_rad)?;
        }
        let mut missed = f64::INFINITY;
        for _ in 0..MOST_ROUNDS {
            for (index, (&channel_m, &target)) in channels_m.iter().zip(targets).enumerate() {
                let (mut near, mut far) = (0.0, most_detuning_rad);
                for _ in 0..BISECTIONS {
                    let middle = 0.5 * (near + far);
                    self.rings[index] = self.rings[index].with_phase(resonant[index] + middle)?;
                    if self.weight(channel_m) > target {
                        near = middle;
                    } else {
                        far = middle;
                    }
                }
            }
            let error =
                |(&channel_m, &target): (&f64, &f64)| (self.weight(channel_m) - target).abs();
            let worst = channels_m.iter().zip(targets).map(error).fold(0.0, f64::max);
            // A miss that no longer shrinks is one that the rings cannot mend.
            if worst > 0.5 * missed || worst < 1e-14 {
                return Ok(worst);
            }
            missed = worst;
        }
        Ok(missed)
    }

    /// The powers that leave the bank at one wavelength. Time and memory: O(rings).
    #[must_use]
    pub fn powers(&self, wavelength_m: f64) -> BankPowers {
        match self.drop_bus {
            DropBus::Separate => {
                let mut bus = Complex64::new(1.0, 0.0);
                let mut dropped = Vec::with_capacity(self.rings.len());
                for ring in &self.rings {
                    let ports = ring.ports(wavelength_m);
                    dropped.push((bus * ports.drop).norm_sqr());
                    bus *= ports.through;
                }
                BankPowers { through: bus.norm_sqr(), dropped }
            }
            DropBus::Shared => {
                let bank = self.rings.iter().map(|ring| Section::of(ring.ports(wavelength_m)));
                let bank = bank.fold(Section::EMPTY, Section::then);
                BankPowers {
                    through: bank.through.norm_sqr(),
                    dropped: vec![bank.drop_from_left.norm_sqr()],
                }
            }
        }
    }

    /// w = dropped − through power at one wavelength, in [−1, 1].
    #[must_use]
    pub fn weight(&self, wavelength_m: f64) -> f64 {
        let BankPowers { through, dropped } = self.powers(wavelength_m);
        dropped.iter().sum::<f64>() - through
    }

    /// The weight of each channel, in the order of `channels_m`. Also the way to sweep a bank.
    #[must_use]
    pub fn weights(&self, channels_m: ArrayView1<'_, f64>) -> Array1<f64> {
        channels_m.map(|&wavelength_m| self.weight(wavelength_m))
    }

    /// The powers at each of `wavelengths_m`: one row a wavelength; the through power first, then
    /// what each detector of the drop side gets.
    #[must_use]
    pub fn sweep(&self, wavelengths_m: ArrayView1<'_, f64>) -> Array2<f64> {
        let detectors = match self.drop_bus {
            DropBus::Separate => self.rings.len(),
            DropBus::Shared => 1,
        };
        let mut table = Array2::zeros((wavelengths_m.len(), 1 + detectors));
        for (mut row, &wavelength_m) in table.rows_mut().into_iter().zip(wavelengths_m) {
            let BankPowers { through, dropped } = self.powers(wavelength_m);
            row[0] = through;
            for (cell, power) in row.iter_mut().skip(1).zip(dropped) {
                *cell = power;
            }
        }
        table
    }

    /// What the balanced detectors see of `powers_w` carried on `channels_m`: Σ w(λ_c) P_c in
    /// watts, negative where more passes than drops.
    ///
    /// # Errors
    /// As many powers as channels are expected; none below 0 or not finite.
    pub fn weigh(
        &self,
        channels_m: ArrayView1<'_, f64>,
        powers_w: ArrayView1<'_, f64>,
    ) -> Result<f64, DeviceError> {
        check_length("powers_w", powers_w.len(), channels_m.len())?;
        Expected::NonNegative.check_all("power_w", powers_w)?;
        let pairs = channels_m.iter().zip(powers_w);
        Ok(pairs.map(|(&channel_m, &power_w)| self.weight(channel_m) * power_w).sum())
    }
}

/// A stretch of both buses as a scattering matrix. Light enters the input bus on the left and the
/// drop bus on the right.
#[derive(Clone, Copy)]
struct Section {
    /// Input bus, left to right.
    through: Complex64,
    /// From the left end of the input bus to the left end of the drop bus.
    drop_from_left: Complex64,
    /// Drop bus, right to left.
    add_through: Complex64,
    /// From the right end of the drop bus to the right end of the input bus.
    drop_from_right: Complex64,
}

impl Section {
    const EMPTY: Self = Self {
        through: Complex64::new(1.0, 0.0),
        drop_from_left: Complex64::new(0.0, 0.0),
        add_through: Complex64::new(1.0, 0.0),
        drop_from_right: Complex64::new(0.0, 0.0),
    };

    fn of(ports: AddDropPorts) -> Self {
        Self {
            through: ports.through,
            drop_from_left: ports.drop,
            add_through: ports.add_through,
            drop_from_right: ports.drop,
        }
    }

    /// This stretch with `right` on its right: Redheffer's star product. The denominator is the sum
    /// over light that goes round between the two.
    fn then(self, right: Self) -> Self {
        let round = Complex64::new(1.0, 0.0)
            / (Complex64::new(1.0, 0.0) - self.drop_from_right * right.drop_from_left);
        Self {
            through: right.through * self.through * round,
            drop_from_left: self.drop_from_left
                + self.add_through * right.drop_from_left * self.through * round,
            add_through: self.add_through * right.add_through * round,
            drop_from_right: right.drop_from_right
                + right.through * self.drop_from_right * right.add_through * round,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::photonic::ring::Waveguide;
    use ndarray::{array, aview1};

    const CHANNELS_M: [f64; 4] = [1.546e-6, 1.5476e-6, 1.5492e-6, 1.5508e-6];

    fn bank(loss_db_per_m: f64, count: usize, drop_bus: DropBus) -> RingBank {
        let waveguide = Waveguide::new(2.34, 3.4, 1.55e-6, loss_db_per_m).unwrap();
        let rings = CHANNELS_M.iter().take(count).map(|&channel_m| {
            let ring = AddDropRing::new(waveguide, 50.27e-6, [0.03, 0.03]).unwrap();
            ring.with_phase(ring.resonant_phase_rad(channel_m)).unwrap()
        });
        RingBank::new(rings.collect(), drop_bus).unwrap()
    }

    #[test]
    fn without_loss_all_light_leaves() {
        for drop_bus in [DropBus::Separate, DropBus::Shared] {
            let bank = bank(0.0, 4, drop_bus);
            for step in 0..400 {
                let powers = bank.powers(1.545e-6 + 17e-12 * f64::from(step));
                let total = powers.through + powers.dropped.iter().sum::<f64>();
                assert!((total - 1.0).abs() < 1e-10, "{drop_bus:?} {step} {total}");
            }
        }
    }

    #[test]
    fn with_loss_less_light_leaves() {
        for drop_bus in [DropBus::Separate, DropBus::Shared] {
            let bank = bank(1500.0, 4, drop_bus);
            for row in bank.sweep(array![1.546e-6, 1.5477e-6, 1.55e-6].view()).rows() {
                assert!(row.sum() < 1.0);
            }
        }
    }

    #[test]
    fn one_ring_is_the_same_on_either_bus() {
        let (separate, shared) =
            (bank(1500.0, 1, DropBus::Separate), bank(1500.0, 1, DropBus::Shared));
        for step in 0..100 {
            let wavelength_m = 1.545e-6 + 20e-12 * f64::from(step);
            assert!((separate.weight(wavelength_m) - shared.weight(wavelength_m)).abs() < 1e-15);
        }
    }

    /// The fields of a shared bus by relaxation: every section is stepped until nothing changes.
    #[test]
    fn the_shared_bus_agrees_with_relaxation() {
        let bank = bank(1500.0, 4, DropBus::Shared);
        for step in 0..60 {
            let wavelength_m = 1.5455e-6 + 0.1e-9 * f64::from(step);
            let ports: Vec<_> = bank.rings.iter().map(|ring| ring.ports(wavelength_m)).collect();
            let zero = Complex64::new(0.0, 0.0);
            // rightward[k] enters ring k on the input bus; leftward[k + 1] enters it on the drop
            // bus.
            let (mut rightward, mut leftward) = ([zero; 5], [zero; 5]);
            rightward[0] = Complex64::new(1.0, 0.0);
            for _ in 0..2000 {
                for (k, ports) in ports.iter().enumerate() {
                    rightward[k + 1] = ports.through * rightward[k] + ports.drop * leftward[k + 1];
                    leftward[k] = ports.drop * rightward[k] + ports.add_through * leftward[k + 1];
                }
            }
            let powers = bank.powers(wavelength_m);
            assert!((powers.through - rightward[4].norm_sqr()).abs() < 1e-12);
            assert!((powers.dropped[0] - leftward[0].norm_sqr()).abs() < 1e-12);
        }
    }

    #[test]
    fn a_detuned_ring_weighs_less_and_neighbours_leak() {
        let mut bank = bank(1500.0, 4, DropBus::Separate);
        let on = bank.weights(aview1(&CHANNELS_M));
        let phases: Array1<f64> = bank.rings().iter().map(AddDropRing::phase_rad).collect();
        bank.set_phases((&phases + &array![0.0, 0.4, 0.0, 0.0]).view()).unwrap();
        let detuned = bank.weights(aview1(&CHANNELS_M));
        assert!(on[1] > 0.5 && detuned[1] < -0.5);
        assert!(on[0] != detuned[0], "crosstalk reaches the neighbour");
        assert!((on[0] - detuned[0]).abs() < 0.01, "but stays small");
    }

    #[test]
    fn a_tuned_bank_has_the_weights_that_it_is_told() {
        let targets = array![0.3, -0.8, 0.5, -0.1];
        for drop_bus in [DropBus::Separate, DropBus::Shared] {
            let mut bank = bank(1500.0, 4, drop_bus);
            let missed = bank.tune(aview1(&CHANNELS_M), targets.view(), 0.2).unwrap();
            let weights = bank.weights(aview1(&CHANNELS_M));
            let worst = (&weights - &targets).iter().fold(0.0_f64, |worst, x| worst.max(x.abs()));
            assert!(worst < 1e-9 && worst == missed, "{drop_bus:?} {worst:e} {missed:e}");
        }
        let mut bank = bank(1500.0, 4, DropBus::Separate);
        let beyond = array![1.0, 0.0, 0.0, 0.0];
        let missed = bank.tune(aview1(&CHANNELS_M), beyond.view(), 0.2).unwrap();
        assert!(missed > 0.1, "loss keeps a ring from dropping everything");
        assert!(bank.tune(aview1(&CHANNELS_M), array![0.0].view(), 0.2).is_err());
        assert!(bank.tune(aview1(&CHANNELS_M), array![2.0, 0.0, 0.0, 0.0].view(), 0.2).is_err());
    }

    #[test]
    fn weighing_is_linear_in_power() {
        let bank = bank(1500.0, 4, DropBus::Separate);
        let channels = aview1(&CHANNELS_M);
        let weights = bank.weights(channels);
        let powers = array![1e-3, 0.0, 2e-3, 5e-4];
        let seen = bank.weigh(channels, powers.view()).unwrap();
        assert!((seen - weights.dot(&powers)).abs() < 1e-18);
    }

    #[test]
    fn wrong_shapes_and_numbers_are_errors() {
        assert_eq!(
            RingBank::new(Vec::new(), DropBus::Separate),
            Err(DeviceError::Empty { array: "rings" })
        );
        let mut bank = bank(0.0, 4, DropBus::Separate);
        let before = bank.clone();
        assert_eq!(
            bank.set_phases(array![0.0, 1.0].view()),
            Err(DeviceError::Shape { array: "phases_rad", given: [2, 1], expected: [4, 1] })
        );
        assert!(bank.set_phases(array![0.0, 1.0, 2.0, f64::NAN].view()).is_err());
        assert_eq!(bank, before, "a refused setting changes nothing");
        assert!(bank.weigh(aview1(&CHANNELS_M), array![1.0].view()).is_err());
        assert!(bank.weigh(aview1(&CHANNELS_M), array![1.0, 1.0, 1.0, -1.0].view()).is_err());
    }
}
