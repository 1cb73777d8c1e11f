//! Ring resonators: a closed waveguide beside one bus (all-pass) or between two (add-drop).
//!
//! 1. The sign of propagation is e^{+ip}, a coupler is [[t, iκ], [iκ, t]], κ² is a power coupling
//!    and t = √(1 − κ²).
//! 2. A round trip of length L at wavelength λ turns the phase by p = 2π n_eff(λ) L/λ and
//!    multiplies the amplitude by a = 10^(−αL/20), α in dB/m.
//! 3. p is never reduced before p/2 is taken: the drop port takes half a round trip, and its sign
//!    is lost by a reduction modulo 2π.
//!
//! Source: W. Bogaerts et al., "Silicon microring resonators", Laser & Photonics Reviews 6, 47
//! (2012), <https://doi.org/10.1002/lpor.201100017>, equations 1 to 7 (there with e^{−ip}).

use core::f64::consts::TAU;

use ndarray::{Array1, ArrayView1};
use num_complex::Complex64;

use super::parameter::{DeviceError, Expected, amplitude_ratio};

/// A single-mode waveguide: how fast light runs in it, and how it fades.
///
/// ```
/// use xrmesh::photonic::ring::Waveguide;
/// let silicon = Waveguide::new(2.34, 3.4, 1.55e-6, 200.0)?;
/// assert_eq!(silicon.effective_index(1.55e-6), 2.34);
/// # Ok::<(), xrmesh::photonic::parameter::DeviceError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Waveguide {
    effective_index: f64,
    group_index: f64,
    reference_wavelength_m: f64,
    loss_db_per_m: f64,
}

impl Waveguide {
    /// A waveguide of `effective_index` and `group_index` at `reference_wavelength_m` that loses
    /// `loss_db_per_m` (2 dB/cm are 200 dB/m).
    ///
    /// # Errors
    /// An index or the wavelength not above 0, a loss below 0, anything not finite.
    pub fn new(
        effective_index: f64,
        group_index: f64,
        reference_wavelength_m: f64,
        loss_db_per_m: f64,
    ) -> Result<Self, DeviceError> {
        Ok(Self {
            effective_index: Expected::Positive.check("effective_index", effective_index)?,
            group_index: Expected::Positive.check("group_index", group_index)?,
            reference_wavelength_m: Expected::Positive
                .check("reference_wavelength_m", reference_wavelength_m)?,
            loss_db_per_m: Expected::NonNegative.check("loss_db_per_m", loss_db_per_m)?,
        })
    }

    /// n_eff(λ) = n₀ − (λ − λ₀)(n_g − n₀)/λ₀, from n_g = n − λ dn/dλ with dn/dλ constant.
    #[must_use]
    pub fn effective_index(&self, wavelength_m: f64) -> f64 {
        self.effective_index
            - (wavelength_m - self.reference_wavelength_m)
                * (self.group_index - self.effective_index)
                / self.reference_wavelength_m
    }

    /// The phase 2π n_eff L/λ in radians over `length_m`, not reduced.
    #[must_use]
    pub fn phase_rad(&self, length_m: f64, wavelength_m: f64) -> f64 {
        TAU * self.effective_index(wavelength_m) * length_m / wavelength_m
    }

    /// The amplitude 10^(−αL/20) that is left after `length_m`.
    #[must_use]
    pub fn amplitude(&self, length_m: f64) -> f64 {
        amplitude_ratio(-self.loss_db_per_m * length_m)
    }

    /// The group index, which sets the delay n_g L/c.
    #[must_use]
    pub const fn group_index(&self) -> f64 {
        self.group_index
    }
}

/// The closed waveguide of a ring: what one round trip does.
#[derive(Debug, Clone, Copy, PartialEq)]
struct RoundTrip {
    waveguide: Waveguide,
    length_m: f64,
    phase_rad: f64,
}

impl RoundTrip {
    fn new(waveguide: Waveguide, length_m: f64) -> Result<Self, DeviceError> {
        let length_m = Expected::Positive.check("length_m", length_m)?;
        Ok(Self { waveguide, length_m, phase_rad: 0.0 })
    }

    /// √a e^{ip/2}, half a round trip. Its square is the whole one (rule 3).
    fn half(&self, wavelength_m: f64) -> Complex64 {
        let phase = self.waveguide.phase_rad(self.length_m, wavelength_m) + self.phase_rad;
        polar(self.waveguide.amplitude(self.length_m).sqrt(), 0.5 * phase)
    }

    /// a e^{ip}.
    fn whole(&self, wavelength_m: f64) -> Complex64 {
        let phase = self.waveguide.phase_rad(self.length_m, wavelength_m) + self.phase_rad;
        polar(self.waveguide.amplitude(self.length_m), phase)
    }
}

/// A ring beside one bus: it delays, and takes out what it loses.
///
/// ```
/// use xrmesh::photonic::ring::{AllPassRing, Waveguide};
/// let lossless = Waveguide::new(2.34, 3.4, 1.55e-6, 0.0)?;
/// let ring = AllPassRing::new(lossless, 62.8e-6, 0.05)?;
/// assert!((ring.transmission(1.551e-6).norm_sqr() - 1.0).abs() < 1e-14);
/// # Ok::<(), xrmesh::photonic::parameter::DeviceError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AllPassRing {
    round_trip: RoundTrip,
    self_coupling: f64,
}

impl AllPassRing {
    /// A ring of circumference `length_m` whose coupler takes the share `power_coupling` = κ² of
    /// the power.
    ///
    /// # Errors
    /// A length not above 0, a coupling outside 0 to 1, anything not finite.
    pub fn new(
        waveguide: Waveguide,
        length_m: f64,
        power_coupling: f64,
    ) -> Result<Self, DeviceError> {
        Ok(Self {
            round_trip: RoundTrip::new(waveguide, length_m)?,
            self_coupling: self_coupling(power_coupling)?,
        })
    }

    /// The same ring with a tuner that adds `phase_rad` to each round trip at every wavelength.
    ///
    /// # Errors
    /// A phase that is not finite.
    pub fn with_phase(mut self, phase_rad: f64) -> Result<Self, DeviceError> {
        self.round_trip.phase_rad = Expected::Finite.check("phase_rad", phase_rad)?;
        Ok(self)
    }

    /// The amplitude at the bus's end for amplitude 1 at its start: (t − a e^{ip})/(1 − t a
    /// e^{ip}).
    #[must_use]
    pub fn transmission(&self, wavelength_m: f64) -> Complex64 {
        let (t, turn) = (self.self_coupling, self.round_trip.whole(wavelength_m));
        (Complex64::new(t, 0.0) - turn) / (Complex64::new(1.0, 0.0) - turn * t)
    }

    /// [`transmission`](Self::transmission) at each of `wavelengths_m`, in their order.
    #[must_use]
    pub fn sweep(&self, wavelengths_m: ArrayView1<'_, f64>) -> Array1<Complex64> {
        wavelengths_m.map(|&wavelength_m| self.transmission(wavelength_m))
    }
}

/// A ring between two buses: it moves what resonates from one to the other.
///
/// ```
/// use xrmesh::photonic::ring::{AddDropRing, Waveguide};
/// let lossless = Waveguide::new(2.34, 3.4, 1.55e-6, 0.0)?;
/// let ring = AddDropRing::new(lossless, 62.8e-6, [0.05, 0.04])?;
/// let ports = ring.ports(1.551e-6);
/// assert!((ports.through.norm_sqr() + ports.drop.norm_sqr() - 1.0).abs() < 1e-14);
/// # Ok::<(), xrmesh::photonic::parameter::DeviceError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AddDropRing {
    round_trip: RoundTrip,
    self_coupling: [f64; 2],
    cross_coupling: f64,
}

/// The amplitudes between an add-drop ring's four ports.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AddDropPorts {
    /// In to through: along the first bus.
    pub through: Complex64,
    /// In to drop, and by reciprocity add to through.
    pub drop: Complex64,
    /// Add to drop: along the second bus.
    pub add_through: Complex64,
}

impl AddDropRing {
    /// A ring of circumference `length_m` with the couplings κ² to the input bus and to the drop
    /// bus, half a round trip apart.
    ///
    /// # Errors
    /// A length not above 0, a coupling outside 0 to 1, anything not finite.
    pub fn new(
        waveguide: Waveguide,
        length_m: f64,
        power_couplings: [f64; 2],
    ) -> Result<Self, DeviceError> {
        let [first, second] = power_couplings;
        Ok(Self {
            round_trip: RoundTrip::new(waveguide, length_m)?,
            self_coupling: [self_coupling(first)?, self_coupling(second)?],
            cross_coupling: (first * second).sqrt(),
        })
    }

    /// The same ring with a tuner that adds `phase_rad` to each round trip at every wavelength.
    ///
    /// # Errors
    /// A phase that is not finite.
    pub fn with_phase(mut self, phase_rad: f64) -> Result<Self, DeviceError> {
        self.round_trip.phase_rad = Expected::Finite.check("phase_rad", phase_rad)?;
        Ok(self)
    }

    /// The phase that the tuner adds to a round trip.
    #[must_use]
    pub const fn phase_rad(&self) -> f64 {
        self.round_trip.phase_rad
    }

    /// The tuner's phase in [0, 2π) that puts a resonance exactly at `wavelength_m`.
    #[must_use]
    pub fn resonant_phase_rad(&self, wavelength_m: f64) -> f64 {
        let phase = self.round_trip.waveguide.phase_rad(self.round_trip.length_m, wavelength_m);
        let turns = phase / TAU;
        TAU * (turns.ceil() - turns)
    }

    /// The amplitudes at one wavelength, with D = 1 − t₁t₂ a e^{ip}: through (t₁ − t₂ a e^{ip})/D,
    /// drop −κ₁κ₂ √a e^{ip/2}/D, add to drop (t₂ − t₁ a e^{ip})/D.
    #[must_use]
    pub fn ports(&self, wavelength_m: f64) -> AddDropPorts {
        let [t1, t2] = self.self_coupling;
        let turn = self.round_trip.whole(wavelength_m);
        let half = self.round_trip.half(wavelength_m);
        let denominator = Complex64::new(1.0, 0.0) - turn * (t1 * t2);
        AddDropPorts {
            through: (Complex64::new(t1, 0.0) - turn * t2) / denominator,
            drop: half * -self.cross_coupling / denominator,
            add_through: (Complex64::new(t2, 0.0) - turn * t1) / denominator,
        }
    }

    /// [`ports`](Self::ports) at each of `wavelengths_m`, in their order.
    #[must_use]
    pub fn sweep(&self, wavelengths_m: ArrayView1<'_, f64>) -> Array1<AddDropPorts> {
        wavelengths_m.map(|&wavelength_m| self.ports(wavelength_m))
    }
}

fn self_coupling(power_coupling: f64) -> Result<f64, DeviceError> {
    Ok((1.0 - Expected::Within(0.0, 1.0).check("power_coupling", power_coupling)?).sqrt())
}

fn polar(amplitude: f64, phase_rad: f64) -> Complex64 {
    let (sin, cos) = libm::sincos(phase_rad);
    Complex64::new(amplitude * cos, amplitude * sin)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waveguide(loss_db_per_m: f64) -> Waveguide {
        Waveguide::new(2.34, 3.4, 1.55e-6, loss_db_per_m).unwrap()
    }

    /// The fields of a ring summed round trip by round trip, with no closed form.
    fn by_round_trips(t: [f64; 2], k: [f64; 2], half: Complex64) -> [Complex64; 2] {
        let i = Complex64::new(0.0, 1.0);
        let mut through = Complex64::new(t[0], 0.0);
        let mut drop = Complex64::new(0.0, 0.0);
        let mut inside = i * k[0];
        for _ in 0..20_000 {
            let at_second = inside * half;
            drop += at_second * i * k[1];
            let back = at_second * t[1] * half;
            through += back * i * k[0];
            inside = back * t[0];
        }
        [through, drop]
    }

    #[test]
    fn the_closed_forms_are_the_sums_over_round_trips() {
        for (loss, coupling) in [(0.0, [0.05, 0.04]), (2000.0, [0.05, 0.04]), (700.0, [0.3, 0.1])] {
            let ring = AddDropRing::new(waveguide(loss), 62.8e-6, coupling).unwrap();
            for step in 0..40 {
                let wavelength = 1.54e-6 + 0.5e-9 * f64::from(step);
                let ports = ring.ports(wavelength);
                let [through, drop] = by_round_trips(
                    ring.self_coupling,
                    coupling.map(f64::sqrt),
                    ring.round_trip.half(wavelength),
                );
                assert!((ports.through - through).norm_sqr().sqrt() < 1e-11);
                assert!((ports.drop - drop).norm_sqr().sqrt() < 1e-11);
            }
        }
    }

    #[test]
    fn an_all_pass_ring_is_an_add_drop_ring_without_its_second_coupler() {
        let single = AllPassRing::new(waveguide(2000.0), 62.8e-6, 0.05).unwrap();
        let double = AddDropRing::new(waveguide(2000.0), 62.8e-6, [0.05, 0.0]).unwrap();
        for step in 0..80 {
            let wavelength = 1.54e-6 + 0.25e-9 * f64::from(step);
            let difference = single.transmission(wavelength) - double.ports(wavelength).through;
            assert!(difference.norm_sqr() < 1e-26);
            assert!(double.ports(wavelength).drop.norm_sqr() == 0.0);
        }
    }

    #[test]
    fn a_lossless_ring_is_unitary_and_a_lossy_one_takes_energy() {
        let lossless = AddDropRing::new(waveguide(0.0), 62.8e-6, [0.05, 0.04]).unwrap();
        let lossy = AddDropRing::new(waveguide(1000.0), 62.8e-6, [0.05, 0.04]).unwrap();
        for step in 0..200 {
            let wavelength = 1.54e-6 + 0.1e-9 * f64::from(step);
            let AddDropPorts { through, drop, add_through } = lossless.ports(wavelength);
            assert!((through.norm_sqr() + drop.norm_sqr() - 1.0).abs() < 1e-12);
            assert!((add_through.norm_sqr() + drop.norm_sqr() - 1.0).abs() < 1e-12);
            assert!((through * drop.conj() + drop * add_through.conj()).norm_sqr() < 1e-22);
            let ports = lossy.ports(wavelength);
            assert!(ports.through.norm_sqr() + ports.drop.norm_sqr() < 1.0);
        }
    }

    #[test]
    fn a_tuner_moves_the_resonance_to_where_it_is_told() {
        let ring = AddDropRing::new(waveguide(0.0), 62.8e-6, [0.03, 0.03]).unwrap();
        let target = 1.5492e-6;
        let tuned = ring.with_phase(ring.resonant_phase_rad(target)).unwrap();
        assert!(tuned.ports(target).through.norm_sqr() < 1e-18, "critical coupling: no through");
        assert!((tuned.ports(target).drop.norm_sqr() - 1.0).abs() < 1e-9);
    }

    #[test]
    fn the_index_falls_with_the_wavelength_as_the_group_index_says() {
        // 2.34 − 0.01·(3.4 − 2.34)/1.55; 2π·2.333 161 29·100/1.56.
        let guide = waveguide(0.0);
        assert!((guide.effective_index(1.56e-6) - 2.333_161_290_322_58).abs() < 1e-13);
        let phase_rad = TAU * 2.333_161_290_322_58 * 100.0 / 1.56;
        assert!((guide.phase_rad(100e-6, 1.56e-6) / phase_rad - 1.0).abs() < 1e-12);
    }

    #[test]
    fn the_free_spectral_range_is_that_of_the_group_index() {
        let length = 62.8e-6;
        let ring = AllPassRing::new(waveguide(2000.0), length, 0.05).unwrap();
        // Local minima of the power on a fine grid are resonances.
        let power = |k: i32| ring.transmission(1.53e-6 + 1e-12 * f64::from(k)).norm_sqr();
        let dips: Vec<i32> =
            (1..40_000).filter(|&k| power(k) < power(k - 1) && power(k) <= power(k + 1)).collect();
        assert!(dips.len() >= 3);
        for pair in dips.windows(2) {
            let (low, high) =
                (1.53e-6 + 1e-12 * f64::from(pair[0]), 1.53e-6 + 1e-12 * f64::from(pair[1]));
            let expected = low * high / (3.4 * length);
            assert!(((high - low) / expected - 1.0).abs() < 1e-3);
        }
    }

    #[test]
    fn what_no_ring_can_be_is_an_error() {
        assert!(Waveguide::new(f64::NAN, 3.4, 1.55e-6, 0.0).is_err());
        assert!(Waveguide::new(2.34, 3.4, 1.55e-6, -1.0).is_err());
        assert!(AllPassRing::new(waveguide(0.0), 0.0, 0.5).is_err());
        assert!(AllPassRing::new(waveguide(0.0), 1e-5, 1.5).is_err());
        assert!(AddDropRing::new(waveguide(0.0), 1e-5, [0.5, -0.1]).is_err());
        let ring = AddDropRing::new(waveguide(0.0), 1e-5, [0.5, 0.5]).unwrap();
        assert!(ring.with_phase(f64::INFINITY).is_err());
    }
}
