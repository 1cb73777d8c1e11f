//! The 2×2 element of a lattice: two couplers with a phase shifter between them and one before.

use core::f64::consts::{FRAC_PI_4, PI};

use super::complex::{Complex64, amplitude_of_db, cis, wrap_phase};

/// A 2×2 scattering matrix: `t[out][in]`.
pub type Transfer = [[Complex64; 2]; 2];

/// A Mach-Zehnder interferometer with an input phase shifter: T = C(β)·diag(e^{iθ}, 1)·C(α)·diag(e^{iφ}, 1).
///
/// C(x) = [[cos(π/4+x), i sin(π/4+x)], [i sin(π/4+x), cos(π/4+x)]] is a coupler whose angle is x
/// off the ideal 50:50. Without errors and loss, T = i e^{iθ/2} [[e^{iφ}s, c], [e^{iφ}c, −s]] with
/// s = sin θ/2, c = cos θ/2: θ = 0 crosses, θ = π passes straight.
///
/// Source: D. A. B. Miller, "Perfect optics with imperfect components", Optica 2, 747 (2015), and
/// S. Bandyopadhyay, R. Hamerly, D. Englund, "Hardware error correction for programmable photonics",
/// Optica 8, 1247 (2021), Eq. 1.
///
/// ```
/// use core::f64::consts::PI;
/// use xrmesh::photonic::Interferometer;
/// let cross = Interferometer::new(0.0, 0.0).transfer();
/// assert!(cross[0][0].norm_sqr() < 1e-30 && (cross[1][0].norm_sqr() - 1.0).abs() < 1e-15);
/// let bar = Interferometer::new(PI, 0.0).transfer();
/// assert!((bar[0][0].norm_sqr() - 1.0).abs() < 1e-15);
/// ```
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Interferometer {
    /// The phase between the couplers, on the upper arm.
    pub theta_rad: f64,
    /// The phase before the first coupler, on the upper input.
    pub phi_rad: f64,
    /// How far the two couplers are from 50:50.
    pub couplers: Couplers,
    /// What each part loses.
    pub loss: ElementLoss,
}

impl Interferometer {
    /// An ideal one: 50:50 couplers, no loss.
    #[inline]
    #[must_use]
    pub const fn new(theta_rad: f64, phi_rad: f64) -> Self {
        Self {
            theta_rad,
            phi_rad,
            couplers: Couplers::IDEAL,
            loss: ElementLoss { coupler_db: 0.0, shifter_db: 0.0, arm_db: 0.0 },
        }
    }

    /// The scattering matrix.
    #[must_use]
    pub fn transfer(&self) -> Transfer {
        let arm = amplitude_of_db(self.loss.arm_db);
        let shifter = amplitude_of_db(self.loss.shifter_db);
        // Each path through the element passes both couplers.
        let couplers = amplitude_of_db(2.0 * self.loss.coupler_db);
        let top = cis(self.theta_rad) * (arm * shifter * couplers);
        let bottom = Complex64::new(arm * couplers, 0.0);
        let input = cis(self.phi_rad) * shifter;
        let [[a, b], [c, d]] = self.couplers.around(top, bottom);
        [[a * input, b], [c * input, d]]
    }

    /// The phases of the same ideal element in the convention of Clements' Eq. 1,
    /// [[e^{iφ}cos θ, −sin θ], [e^{iφ}sin θ, cos θ]], as (θ, φ, upper output phase, lower output
    /// phase): T = diag(e^{ip}, e^{iq}) · Clements(θ, φ). Ignores errors and loss.
    ///
    /// Source: W. R. Clements et al., "Optimal design for universal multiport interferometers",
    /// Optica 3, 1460 (2016), Eq. 1. With θ_C = (π − θ)/2 the moduli agree; the signs go into the
    /// output phases and φ.
    ///
    /// ```
    /// use xrmesh::photonic::Interferometer;
    /// let ours = Interferometer::new(1.1, 0.4);
    /// let (theta, phi, upper, lower) = ours.to_clements();
    /// assert!((Interferometer::from_clements(theta, phi, upper, lower).0.theta_rad - 1.1).abs() < 1e-15);
    /// ```
    #[must_use]
    pub fn to_clements(&self) -> (f64, f64, f64, f64) {
        // i e^{iθ/2}[[e^{iφ}s, c], [e^{iφ}c, −s]] = g·[[e^{iφ_C}cos θ_C, −sin θ_C], [e^{iφ_C}sin θ_C, cos θ_C]]
        // with g = −i e^{iθ/2}, cos θ_C = s, sin θ_C = c, φ_C = φ + π.
        let output = wrap_phase(self.theta_rad / 2.0 - PI / 2.0);
        ((PI - self.theta_rad) / 2.0, wrap_phase(self.phi_rad + PI), output, output)
    }

    /// The ideal element of Clements' phases and two output phases, with the output phases that ours
    /// leaves over: (element, p, q) where diag(e^{i`upper`}, e^{i`lower`})·Clements = diag(e^{ip}, e^{iq})·T.
    #[must_use]
    pub fn from_clements(
        theta_rad: f64,
        phi_rad: f64,
        upper_rad: f64,
        lower_rad: f64,
    ) -> (Self, f64, f64) {
        let theta = PI - 2.0 * theta_rad;
        let element = Self::new(theta, wrap_phase(phi_rad - PI));
        let half = theta / 2.0;
        (element, wrap_phase(upper_rad - half + PI / 2.0), wrap_phase(lower_rad - half + PI / 2.0))
    }
}

/// The angles by which the two couplers of an interferometer miss 50:50.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Couplers {
    /// The first coupler's error: its power coupling is sin²(π/4 + α).
    pub alpha_rad: f64,
    /// The second coupler's error.
    pub beta_rad: f64,
}

impl Couplers {
    /// Both 50:50.
    pub const IDEAL: Self = Self { alpha_rad: 0.0, beta_rad: 0.0 };

    /// The couplers of the given power couplings κ² (0…1).
    #[must_use]
    pub fn from_power(first: f64, second: f64) -> Self {
        let angle = |kappa2: f64| libm::asin(kappa2.sqrt()) - FRAC_PI_4;
        Self { alpha_rad: angle(first), beta_rad: angle(second) }
    }

    /// C(β)·diag(`top`, `bottom`)·C(α): the couplers around two arms of any amplitude and phase, as
    /// an unbalanced Mach-Zehnder has.
    #[must_use]
    pub fn around(&self, top: Complex64, bottom: Complex64) -> Transfer {
        let (sa, ca) = libm::sincos(FRAC_PI_4 + self.alpha_rad);
        let (sb, cb) = libm::sincos(FRAC_PI_4 + self.beta_rad);
        let i = Complex64::i();
        [
            [top * (cb * ca) - bottom * (sb * sa), i * (top * (cb * sa) + bottom * (sb * ca))],
            [i * (top * (sb * ca) + bottom * (cb * sa)), bottom * (cb * ca) - top * (sb * sa)],
        ]
    }
}

/// Insertion losses of one interferometer's parts, in dB of power (amplitude 10^(−dB/20)).
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct ElementLoss {
    /// Each coupler.
    pub coupler_db: f64,
    /// Each phase shifter; the arm without one does not lose it.
    pub shifter_db: f64,
    /// Each arm's waveguide.
    pub arm_db: f64,
}

impl ElementLoss {
    /// No loss anywhere.
    pub const NONE: Self = Self { coupler_db: 0.0, shifter_db: 0.0, arm_db: 0.0 };
}

#[cfg(test)]
mod tests {
    use super::*;

    fn product(a: &Transfer, b: &Transfer) -> Transfer {
        let entry = |i: usize, j: usize| a[i][0] * b[0][j] + a[i][1] * b[1][j];
        [[entry(0, 0), entry(0, 1)], [entry(1, 0), entry(1, 1)]]
    }

    fn distance(a: &Transfer, b: &Transfer) -> f64 {
        let square = |i: usize, j: usize| (a[i][j] - b[i][j]).norm_sqr();
        (square(0, 0) + square(0, 1) + square(1, 0) + square(1, 1)).sqrt()
    }

    fn diagonal(a: Complex64, b: Complex64) -> Transfer {
        [[a, Complex64::ZERO], [Complex64::ZERO, b]]
    }

    fn coupler(x: f64) -> Transfer {
        let (s, c) = libm::sincos(FRAC_PI_4 + x);
        let (s, c) = (Complex64::new(0.0, s), Complex64::new(c, 0.0));
        [[c, s], [s, c]]
    }

    #[test]
    fn transfer_is_the_product_of_its_parts() {
        let element = Interferometer {
            theta_rad: 0.7,
            phi_rad: 2.1,
            couplers: Couplers { alpha_rad: 0.05, beta_rad: -0.11 },
            loss: ElementLoss { coupler_db: 0.1, shifter_db: 0.3, arm_db: 0.05 },
        };
        let amp = amplitude_of_db;
        let scaled = |t: Transfer, by: f64| t.map(|row| row.map(|z| z * by));
        let one = Complex64::new(1.0, 0.0);
        let input = diagonal(cis(2.1) * amp(0.3), one);
        let arms = scaled(diagonal(cis(0.7) * amp(0.3), one), amp(0.05));
        let first = scaled(coupler(0.05), amp(0.1));
        let second = scaled(coupler(-0.11), amp(0.1));
        let expected = product(&second, &product(&arms, &product(&first, &input)));
        assert!(distance(&element.transfer(), &expected) < 1e-15);
    }

    #[test]
    fn ideal_form_is_the_closed_one() {
        let (theta, phi) = (1.3, 4.0);
        let (s, c) = libm::sincos(theta / 2.0);
        let g = Complex64::i() * cis(theta / 2.0);
        let e = cis(phi);
        let closed = [[g * e * s, g * c], [g * e * c, -g * s]];
        assert!(distance(&Interferometer::new(theta, phi).transfer(), &closed) < 1e-15);
    }

    #[test]
    fn clements_form_is_the_same_element() {
        let ours = Interferometer::new(0.9, 5.0);
        let (theta, phi, p, q) = ours.to_clements();
        let (s, c) = libm::sincos(theta);
        let e = cis(phi);
        let real = |x: f64| Complex64::new(x, 0.0);
        let theirs = [[e * c, real(-s)], [e * s, real(c)]];
        let whole = product(&diagonal(cis(p), cis(q)), &theirs);
        assert!(distance(&ours.transfer(), &whole) < 1e-15);
        let (back, p, q) = Interferometer::from_clements(theta, phi, p, q);
        let whole = product(&diagonal(cis(p), cis(q)), &back.transfer());
        assert!(distance(&ours.transfer(), &whole) < 1e-15);
        assert!((back.theta_rad - 0.9).abs() < 1e-15);
    }

    #[test]
    fn power_couplings_become_angles() {
        let couplers = Couplers::from_power(0.5, 0.3);
        assert!(couplers.alpha_rad.abs() < 1e-15);
        let (s, _) = libm::sincos(FRAC_PI_4 + couplers.beta_rad);
        assert!((s * s - 0.3).abs() < 1e-15);
    }
}
