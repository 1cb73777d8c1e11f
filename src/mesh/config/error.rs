//! What is wrong with a configuration.

/// Why a configuration was refused. Each case names the key by its full path, as `limits.max_lanes`.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The document is longer than a configuration can be; it was not parsed.
    #[error("a configuration of {given} bytes: must be at most {max}")]
    #[non_exhaustive]
    TooLong {
        /// Bytes of the document.
        given: usize,
        /// The most that is read.
        max: usize,
    },
    /// The document does not parse, holds an unknown key, or a value of the wrong type.
    #[error("{path}: {reason}")]
    #[non_exhaustive]
    Malformed {
        /// The key at fault; `.` where the document as a whole is.
        path: String,
        /// What was found and what was expected, with line and column where the format has them.
        reason: String,
    },
    /// A number is outside its range, or not a number.
    #[error("{path} is {given} {unit}: must be {min} to {max}")]
    #[non_exhaustive]
    OutOfRange {
        /// The key.
        path: String,
        /// Its value.
        given: f64,
        /// The least value allowed.
        min: f64,
        /// The greatest value allowed.
        max: f64,
        /// What it counts, such as `s` or `messages`.
        unit: &'static str,
    },
    /// A number is above the one that bounds it.
    #[error("{path} is {given} {unit}: must not be above {bound}, {limit}")]
    #[non_exhaustive]
    Above {
        /// The key.
        path: String,
        /// Its value.
        given: f64,
        /// The key that bounds it.
        bound: &'static str,
        /// The value of that key, in the same unit.
        limit: f64,
        /// What both count.
        unit: &'static str,
    },
    /// A text is empty or too long, or a table has too many entries.
    #[error("{path} has {given} {unit}: must have {min} to {max}")]
    #[non_exhaustive]
    Size {
        /// The key.
        path: String,
        /// Its bytes or entries.
        given: usize,
        /// The fewest allowed.
        min: usize,
        /// The most allowed.
        max: usize,
        /// What was counted: `bytes`, `entries` or `levels`.
        unit: &'static str,
    },
}
