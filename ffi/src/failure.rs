//! Why a call failed, on its way to a status and a text.

use core::fmt;

use crate::status::xrmesh_status;

/// A status below 0 and the text for `xrmesh_last_error`.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) status: xrmesh_status,
    pub(crate) text: Box<str>,
}

/// What the body of an export gives: a status of 0 or above, or why not.
pub(crate) type Outcome = Result<xrmesh_status, Failure>;

impl Failure {
    /// A failure with that text.
    #[cold]
    pub(crate) fn new(status: xrmesh_status, text: impl fmt::Display) -> Self {
        Self { status, text: text.to_string().into() }
    }
}

/// Ends the enclosing function with a failure: `fail!(STATUS, "text with {numbers}")`.
macro_rules! fail {
    ($status:expr, $($text:tt)+) => {
        return Err($crate::failure::Failure::new($status, format_args!($($text)+)))
    };
}
pub(crate) use fail;

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
