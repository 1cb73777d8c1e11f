//! The Yamada model of a laser with a saturable absorber: an excitable device, a neuron made of
//! light.
//!
//! Ġ = γ_G(A − G − G·I) + s,  Q̇ = γ_Q(B − Q − a·Q·I),  İ = γ_I(G − Q − 1)·I + ε
//!
//! with the gain G, the absorption Q and the intensity I, all dimensionless; the rates γ set the
//! unit of time (with γ_I = 1 it is the photons' lifetime). A kick s that lifts the gain far enough
//! above the loss makes one short pulse; a smaller one makes none.
//!
//! Integrated by the classical Runge–Kutta method of fourth order in fixed steps: same steps, same
//! bits.
//!
//! Sources: M. Yamada, IEEE J. Quantum Electron. 29, 1330 (1993),
//! <https://doi.org/10.1109/3.236146>; as a neuron: M. A. Nahmias et al., "A leaky
//! integrate-and-fire laser neuron for ultrafast cognitive computing", IEEE JSTQE 19, 1800212
//! (2013), <https://doi.org/10.1109/JSTQE.2013.2257700>; the method: E. Hairer, S. Nørsett, G.
//! Wanner, "Solving Ordinary Differential Equations I" (Springer 1993), section II.1.

use ndarray::Array1;
use serde::{Deserialize, Serialize};

use super::raster::MOST_RASTER_SIDE;
use crate::photonic::parameter::{DeviceError, Expected, check_count};

/// What a Yamada laser is; dimensionless. The default is excitable.
///
/// | field | default |
/// |---|---|
/// | `pump` A | 6.5 |
/// | `absorption` B | 5.8 |
/// | `saturation_ratio` a | 1.8 |
/// | `gain_rate` γ_G, `absorber_rate` γ_Q | 0.04 |
/// | `photon_rate` γ_I | 1 |
/// | `spontaneous` ε | 1e-4 |
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct YamadaParameters {
    /// A: the gain that the pump settles at in the dark.
    pub pump: f64,
    /// B: the absorption in the dark.
    pub absorption: f64,
    /// a: how much more easily the absorber saturates than the gain.
    pub saturation_ratio: f64,
    /// γ_G: how fast the gain recovers.
    pub gain_rate: f64,
    /// γ_Q: how fast the absorber recovers.
    pub absorber_rate: f64,
    /// γ_I: how fast photons leave.
    pub photon_rate: f64,
    /// ε: spontaneous emission, which lets a pulse begin.
    pub spontaneous: f64,
}

impl Default for YamadaParameters {
    fn default() -> Self {
        Self {
            pump: 6.5,
            absorption: 5.8,
            saturation_ratio: 1.8,
            gain_rate: 0.04,
            absorber_rate: 0.04,
            photon_rate: 1.0,
            spontaneous: 1e-4,
        }
    }
}

/// Where a laser is: all that it remembers.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LaserState {
    /// G.
    pub gain: f64,
    /// Q.
    pub absorption: f64,
    /// I.
    pub intensity: f64,
}

/// One excitable laser.
///
/// ```
/// use xrmesh::photonic::spike::{YamadaLaser, YamadaParameters};
/// let laser = YamadaLaser::new(YamadaParameters::default())?;
/// let mut state = laser.rest();
/// // A kick of area 1 between times 10 and 11.
/// let kick = |time: f64| if (10.0..11.0).contains(&time) { 1.0 } else { 0.0 };
/// let intensities = laser.run(&mut state, 0.0, 0.01, 6_000, kick)?;
/// assert!(intensities.iter().any(|&intensity| intensity > 10.0));
/// # Ok::<(), xrmesh::photonic::parameter::DeviceError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct YamadaLaser {
    parameters: YamadaParameters,
    rest: LaserState,
}

impl YamadaLaser {
    /// A laser of these parameters, which must be below threshold in the dark: A < 1 + B.
    ///
    /// # Errors
    /// A pump, absorption, saturation ratio or spontaneous emission below 0, a rate not above 0, a
    /// pump of 1 + B or more; anything not finite.
    pub fn new(parameters: YamadaParameters) -> Result<Self, DeviceError> {
        let p = parameters;
        Expected::NonNegative.check("absorption", p.absorption)?;
        Expected::NonNegative.check("pump", p.pump)?;
        Expected::Above(p.pump - 1.0).check("absorption", p.absorption)?;
        Expected::NonNegative.check("saturation_ratio", p.saturation_ratio)?;
        Expected::Positive.check("gain_rate", p.gain_rate)?;
        Expected::Positive.check("absorber_rate", p.absorber_rate)?;
        Expected::Positive.check("photon_rate", p.photon_rate)?;
        Expected::NonNegative.check("spontaneous", p.spontaneous)?;
        Ok(Self { parameters, rest: rest(&p) })
    }

    /// The state of lowest intensity in which nothing changes without a kick.
    #[must_use]
    pub const fn rest(&self) -> LaserState {
        self.rest
    }

    /// Advances `state` by `step` from `time` under the kick s(t). Not checked: see
    /// [`run`](Self::run).
    pub fn advance(
        &self,
        state: &mut LaserState,
        time: f64,
        step: f64,
        mut kick: impl FnMut(f64) -> f64,
    ) {
        let middle = kick(time + 0.5 * step);
        let (start, end) = (kick(time), kick(time + step));
        let k1 = self.slope(*state, start);
        let k2 = self.slope(state.moved(k1, 0.5 * step), middle);
        let k3 = self.slope(state.moved(k2, 0.5 * step), middle);
        let k4 = self.slope(state.moved(k3, step), end);
        let mean = |a: f64, b: f64, c: f64, d: f64| (a + 2.0 * (b + c) + d) / 6.0;
        let slope = LaserState {
            gain: mean(k1.gain, k2.gain, k3.gain, k4.gain),
            absorption: mean(k1.absorption, k2.absorption, k3.absorption, k4.absorption),
            intensity: mean(k1.intensity, k2.intensity, k3.intensity, k4.intensity),
        };
        *state = state.moved(slope, step);
    }

    /// Advances `state` by `steps` steps from `time` and returns the intensity at the end of each.
    ///
    /// # Errors
    /// No step or more than 2²⁷; a step not above 0; a time or a state that is not finite; a kick
    /// that drives the laser to where it is not finite, the state then being that of the last
    /// finite step.
    pub fn run(
        &self,
        state: &mut LaserState,
        time: f64,
        step: f64,
        steps: usize,
        mut kick: impl FnMut(f64) -> f64,
    ) -> Result<Array1<f64>, DeviceError> {
        check_count("steps", steps, 1, MOST_RASTER_SIDE)?;
        Expected::Positive.check("step", step)?;
        Expected::Finite.check("time", time)?;
        state.check()?;
        let mut intensities = Array1::zeros(steps);
        for (index, intensity) in intensities.iter_mut().enumerate() {
            let mut next = *state;
            self.advance(&mut next, time + index as f64 * step, step, &mut kick);
            next.check()?;
            *state = next;
            *intensity = next.intensity;
        }
        Ok(intensities)
    }

    fn slope(&self, state: LaserState, kick: f64) -> LaserState {
        let (p, LaserState { gain, absorption, intensity }) = (&self.parameters, state);
        LaserState {
            gain: p.gain_rate * (p.pump - gain - gain * intensity) + kick,
            absorption: p.absorber_rate
                * (p.absorption - absorption - p.saturation_ratio * absorption * intensity),
            intensity: p.photon_rate * (gain - absorption - 1.0) * intensity + p.spontaneous,
        }
    }
}

impl LaserState {
    fn moved(self, slope: Self, step: f64) -> Self {
        Self {
            gain: self.gain + step * slope.gain,
            absorption: self.absorption + step * slope.absorption,
            intensity: self.intensity + step * slope.intensity,
        }
    }

    pub(super) fn check(&self) -> Result<(), DeviceError> {
        Expected::Finite.check("gain", self.gain)?;
        Expected::Finite.check("absorption", self.absorption)?;
        Expected::Finite.check("intensity", self.intensity).map(drop)
    }
}

/// The zero of lowest intensity of γ_I(1 + Q − G)·I − ε with Q and G at their balance, by
/// bisection. The left side is −ε at 0 and grows without bound, so there is one.
fn rest(p: &YamadaParameters) -> LaserState {
    let at = |intensity: f64| LaserState {
        gain: p.pump / (1.0 + intensity),
        absorption: p.absorption / (1.0 + p.saturation_ratio * intensity),
        intensity,
    };
    let excess = |intensity: f64| {
        let LaserState { gain, absorption, .. } = at(intensity);
        p.photon_rate * (1.0 + absorption - gain) * intensity - p.spontaneous
    };
    // The first guess is the balance of the unsaturated laser. The excess may dip again further up,
    // so steps are short.
    let mut high = p.spontaneous / (p.photon_rate * (1.0 + p.absorption - p.pump));
    while excess(high) < 0.0 && high.is_finite() {
        high *= 1.01;
    }
    let mut low = 0.0;
    for _ in 0..128 {
        let middle = 0.5 * (low + high);
        if excess(middle) < 0.0 {
            low = middle;
        } else {
            high = middle;
        }
    }
    at(high)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn laser() -> YamadaLaser {
        YamadaLaser::new(YamadaParameters::default()).unwrap()
    }

    /// A kick of this area, normal in time around 50 with deviation 1.
    fn normal_kick(area: f64) -> impl Fn(f64) -> f64 {
        move |time| {
            let x = time - 50.0;
            area * libm::exp(-0.5 * x * x) / core::f64::consts::TAU.sqrt()
        }
    }

    fn pulse(area: f64, step: f64) -> Array1<f64> {
        let laser = laser();
        laser.run(&mut laser.rest(), 0.0, step, (300.0 / step) as usize, normal_kick(area)).unwrap()
    }

    fn fires(area: f64) -> bool {
        pulse(area, 0.02).iter().any(|&intensity| intensity > 1.0)
    }

    fn threshold() -> f64 {
        let (mut low, mut high) = (0.5, 1.0);
        while high - low > 1e-6 {
            let middle = 0.5 * (low + high);
            if fires(middle) { high = middle } else { low = middle }
        }
        0.5 * (low + high)
    }

    #[test]
    fn nothing_moves_at_rest() {
        for spontaneous in [0.0, 1e-4, 1e-2] {
            let laser =
                YamadaLaser::new(YamadaParameters { spontaneous, ..YamadaParameters::default() })
                    .unwrap();
            let slope = laser.slope(laser.rest(), 0.0);
            for part in [slope.gain, slope.absorption, slope.intensity] {
                assert!(part.abs() < 1e-15, "{slope:?}");
            }
        }
    }

    #[test]
    fn the_threshold_of_a_kick() {
        let threshold = threshold();
        assert!((threshold - 0.74039).abs() < 1e-4, "{threshold}");
    }

    #[test]
    fn a_pulse_has_its_height_and_width() {
        let step = 0.005;
        let intensities = pulse(1.3 * 0.74039, step);
        let (top, &peak) =
            intensities.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).unwrap();
        assert!((peak / 22.5874 - 1.0).abs() < 1e-4, "{peak}");
        let crossing = |mut from: usize, ahead: bool| {
            while intensities[from] > 0.5 * peak {
                from = if ahead { from + 1 } else { from - 1 };
            }
            let (below, above) = (from, if ahead { from - 1 } else { from + 1 });
            let share =
                (0.5 * peak - intensities[below]) / (intensities[above] - intensities[below]);
            (below as f64 + share * (above as f64 - below as f64)) * step
        };
        let width = crossing(top, true) - crossing(top, false);
        assert!((width - 3.336).abs() < 0.005, "{width}");
    }

    #[test]
    fn the_error_falls_with_the_fourth_power_of_the_step() {
        let laser = laser();
        let at_end = |step: f64| {
            let mut state = laser.rest();
            laser
                .run(&mut state, 40.0, step, (15.0 / step).round() as usize, normal_kick(1.0))
                .unwrap();
            state.gain
        };
        let finest = at_end(15.0 / 24_000.0);
        let errors = [300.0, 600.0, 1200.0].map(|steps| (at_end(15.0 / steps) - finest).abs());
        for pair in errors.windows(2) {
            let order = libm::log2(pair[0] / pair[1]);
            assert!((order - 4.0).abs() < 0.3, "{order}");
        }
    }

    #[test]
    fn what_no_laser_can_be_is_an_error() {
        let spoilt = |change: fn(&mut YamadaParameters)| {
            let mut parameters = YamadaParameters::default();
            change(&mut parameters);
            YamadaLaser::new(parameters).is_err()
        };
        assert!(spoilt(|p| p.pump = 7.0), "above threshold in the dark");
        assert!(spoilt(|p| p.gain_rate = 0.0));
        assert!(spoilt(|p| p.spontaneous = f64::NAN));
        let laser = laser();
        let mut state = laser.rest();
        assert!(laser.run(&mut state, 0.0, 0.0, 5, |_| 0.0).is_err());
        assert!(laser.run(&mut state, 0.0, 0.1, 0, |_| 0.0).is_err());
        assert!(laser.run(&mut state, 0.0, 0.1, 5, |_| f64::NAN).is_err());
        assert_eq!(state, laser.rest(), "a refused run changes nothing");
    }
}
