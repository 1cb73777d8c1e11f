//! Whether any of many numbers is infinite or not-a-number.
#![expect(unsafe_code, reason = "the levels' entry points")]

use super::super::complex::Complex32;
use super::level::leveled;

/// The bits of the exponent: all set in what is not finite.
const EXPONENT: u32 = 0x7f80_0000;

leveled! {
    /// Sets `found` if any of `values` is not finite. Without a branch inside, so that it costs a share of a
    /// percent of what is done with the values.
    pub(crate) fn find_not_finite(values: &[Complex32], found: &mut bool) {
        let mut any = false;
        for z in values {
            any |= z.re.to_bits() & EXPONENT == EXPONENT;
            any |= z.im.to_bits() & EXPONENT == EXPONENT;
        }
        *found |= any;
    }
}

#[cfg(test)]
mod tests {
    use super::super::level::Level;
    use super::*;

    #[test]
    fn each_place_is_looked_at() {
        for level in Level::available() {
            for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
                let mut values = [Complex32::new(f32::MAX, -1e-45); 67];
                let mut found = false;
                find_not_finite(level, &values, &mut found);
                assert!(!found);
                for at in [0, 1, 31, 64, 66] {
                    values[at].im = bad;
                    let mut found = false;
                    find_not_finite(level, &values, &mut found);
                    assert!(found, "{level:?} {at}");
                    (values[at].re, values[at].im) = (bad, 0.0);
                    let mut found = false;
                    find_not_finite(level, &values, &mut found);
                    assert!(found, "{level:?} {at}");
                    values[at].re = 1.0;
                }
            }
        }
    }
}
