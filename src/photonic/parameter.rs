//! What every device checks at its door: numbers are finite and in range, shapes match.

/// A device was given something that it cannot be built from or run with.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DeviceError {
    /// A number is not-a-number, infinite, or outside what the formula allows.
    #[error("{parameter} is {given}, expected {expected}")]
    Parameter {
        /// The name of the parameter, with its unit.
        parameter: &'static str,
        /// What was given.
        given: f64,
        /// What is allowed.
        expected: Expected,
    },
    /// An array's shape does not fit.
    #[error("{array} has shape {given:?}, expected {expected:?}")]
    Shape {
        /// What the array is.
        array: &'static str,
        /// Its shape, rows first; a vector has one column.
        given: [usize; 2],
        /// The shape that fits, rows first.
        expected: [usize; 2],
    },
    /// Something that must hold at least one element holds none.
    #[error("{array} is empty, expected at least one element")]
    Empty {
        /// What is empty.
        array: &'static str,
    },
    /// A count or an index is beyond its limit.
    #[error("{count} is {given}, expected {least} to {most}")]
    Count {
        /// What is counted.
        count: &'static str,
        /// What was given.
        given: usize,
        /// The least allowed.
        least: usize,
        /// The most allowed.
        most: usize,
    },
}

/// The range that a parameter must lie in; every range also excludes not-a-number.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Expected {
    /// Any finite number.
    Finite,
    /// A finite number above zero.
    Positive,
    /// A finite number, zero or above.
    NonNegative,
    /// A number from the first to the second, both included.
    Within(f64, f64),
    /// A finite number greater than this one.
    Above(f64),
}

impl Expected {
    fn admits(self, value: f64) -> bool {
        value.is_finite()
            && match self {
                Self::Finite => true,
                Self::Positive => value > 0.0,
                Self::NonNegative => value >= 0.0,
                Self::Within(low, high) => (low..=high).contains(&value),
                Self::Above(bound) => value > bound,
            }
    }

    /// `value` itself where it lies in this range.
    ///
    /// # Errors
    /// [`DeviceError::Parameter`] with the value and this range where it does not.
    pub(crate) fn check(self, parameter: &'static str, value: f64) -> Result<f64, DeviceError> {
        if self.admits(value) {
            Ok(value)
        } else {
            Err(DeviceError::Parameter { parameter, given: value, expected: self })
        }
    }

    /// Every one of `values` lies in this range; the first that does not is the error.
    pub(crate) fn check_all<'a>(
        self,
        parameter: &'static str,
        values: impl IntoIterator<Item = &'a f64>,
    ) -> Result<(), DeviceError> {
        values.into_iter().try_for_each(|&value| self.check(parameter, value).map(drop))
    }
}

impl core::fmt::Display for Expected {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Finite => f.write_str("a finite number"),
            Self::Positive => f.write_str("a finite number above 0"),
            Self::NonNegative => f.write_str("a finite number, 0 or above"),
            Self::Within(low, high) => write!(f, "{low} to {high}"),
            Self::Above(bound) => write!(f, "a finite number above {bound}"),
        }
    }
}

/// `given` elements where `expected` fit, as an error.
pub(crate) fn check_length(
    array: &'static str,
    given: usize,
    expected: usize,
) -> Result<(), DeviceError> {
    if given == expected {
        Ok(())
    } else {
        Err(DeviceError::Shape { array, given: [given, 1], expected: [expected, 1] })
    }
}

/// `count` within `least..=most`, or an error with all three.
pub(crate) fn check_count(
    count: &'static str,
    given: usize,
    least: usize,
    most: usize,
) -> Result<usize, DeviceError> {
    if (least..=most).contains(&given) {
        Ok(given)
    } else {
        Err(DeviceError::Count { count, given, least, most })
    }
}

/// The ratio of powers that `db` decibels are: 10^(dB/10).
pub(crate) fn power_ratio(db: f64) -> f64 {
    libm::pow(10.0, db / 10.0)
}

/// The ratio of amplitudes that `db` decibels are: 10^(dB/20).
pub(crate) fn amplitude_ratio(db: f64) -> f64 {
    libm::pow(10.0, db / 20.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_range_rejects_what_is_not_a_number() {
        for range in [
            Expected::Finite,
            Expected::Positive,
            Expected::NonNegative,
            Expected::Within(-1.0, 1.0),
            Expected::Above(0.0),
        ] {
            for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
                assert!(range.check("x", value).is_err(), "{range} admits {value}");
            }
        }
    }

    #[test]
    fn an_error_carries_the_value_and_the_range() {
        let error = Expected::Within(0.0, 1.0).check("power_coupling", 1.5).unwrap_err();
        assert_eq!(error.to_string(), "power_coupling is 1.5, expected 0 to 1");
        assert!(Expected::Positive.check("x", 0.0).is_err());
        assert!(Expected::NonNegative.check("x", 0.0).is_ok());
        assert!(Expected::Above(2.0).check("x", 2.0).is_err());
    }
}
