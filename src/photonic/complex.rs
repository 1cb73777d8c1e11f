//! Complex numbers: the types of `num-complex`, with the functions of an angle from `libm`.
//!
//! `num_complex`'s own `cis`, `arg`, `norm` and `exp` use the standard library's transcendental
//! functions, which differ between systems; nothing in this module calls them.

pub use num_complex::{Complex32, Complex64};

/// e^{i·`rad`}.
///
/// ```
/// use xrmesh::photonic::complex::{Complex64, cis};
/// assert_eq!(cis(0.0), Complex64::new(1.0, 0.0));
/// assert!((cis(1.0) * cis(-1.0) - 1.0).re.abs() < 1e-15);
/// ```
#[inline]
#[must_use]
pub fn cis(rad: f64) -> Complex64 {
    let (sin, cos) = libm::sincos(rad);
    Complex64::new(cos, sin)
}

/// The angle of `z` in (−π, π]; 0 for zero.
#[inline]
#[must_use]
pub fn angle(z: Complex64) -> f64 {
    libm::atan2(z.im, z.re)
}

/// |z|, without overflow guards: for amplitudes, which are near 1.
#[inline]
#[must_use]
pub fn modulus(z: Complex64) -> f64 {
    z.norm_sqr().sqrt()
}

/// The amplitude factor of a loss: 10^(−`loss_db`/20).
///
/// ```
/// let amplitude = xrmesh::photonic::complex::amplitude_of_db(3.0);
/// assert!((amplitude * amplitude - 0.501).abs() < 1e-3);
/// ```
#[inline]
#[must_use]
pub fn amplitude_of_db(loss_db: f64) -> f64 {
    if loss_db == 0.0 { 1.0 } else { libm::exp10(-loss_db / 20.0) }
}

/// `rad` reduced to [0, 2π).
#[inline]
#[must_use]
pub fn wrap_phase(rad: f64) -> f64 {
    use core::f64::consts::TAU;
    if (0.0..TAU).contains(&rad) {
        return rad;
    }
    // Fused: the product of turns and TAU is not rounded before it is taken off.
    let wrapped = (-(rad / TAU).floor()).mul_add(TAU, rad);
    // Rounding can give TAU itself for a tiny negative angle.
    if (0.0..TAU).contains(&wrapped) { wrapped } else { 0.0 }
}

/// Whether both parts are neither infinite nor not-a-number.
#[inline]
#[must_use]
pub(crate) fn is_finite(z: Complex64) -> bool {
    z.re.is_finite() && z.im.is_finite()
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::f64::consts::TAU;

    #[test]
    fn wrapping_keeps_the_angle_and_the_range() {
        for rad in [-1e-20, -7.0, 0.0, 3.0, TAU, 100.0, -TAU, 50.0 * TAU] {
            let wrapped = wrap_phase(rad);
            assert!((0.0..TAU).contains(&wrapped), "{rad} gave {wrapped}");
            assert!((cis(rad) - cis(wrapped)).norm_sqr() < 1e-26, "{rad} gave {wrapped}");
        }
    }

    #[test]
    fn amplitudes_follow_the_decibel() {
        assert_eq!(amplitude_of_db(0.0), 1.0);
        assert!((amplitude_of_db(20.0) - 0.1).abs() < 1e-16);
        assert!((angle(cis(2.5)) - 2.5).abs() < 1e-15);
        assert!((modulus(Complex64::new(3.0, 4.0)) - 5.0).abs() < 1e-15);
    }
}
