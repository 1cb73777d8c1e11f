//! What a handler returns when it fails.

use core::fmt;

use crate::agent::FailureKind;

/// A handler's failure: what kind, and a word about it.
///
/// ```
/// use xrmesh::{FailureKind, Fault};
/// let fault = Fault::new(FailureKind::AccuracyDegradation, "tracking lost two features of three");
/// assert_eq!(fault.kind(), FailureKind::AccuracyDegradation);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    kind: FailureKind,
    detail: &'static str,
}

impl Fault {
    /// A failure of that kind.
    #[must_use]
    pub const fn new(kind: FailureKind, detail: &'static str) -> Self {
        Self { kind, detail }
    }

    /// What kind of failure.
    #[must_use]
    pub const fn kind(&self) -> FailureKind {
        self.kind
    }

    /// The handler's word about it.
    #[must_use]
    pub const fn detail(&self) -> &'static str {
        self.detail
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.kind, self.detail)
    }
}

impl std::error::Error for Fault {}

/// A message that could not be read is a processing error.
impl From<crate::message::ContentError> for Fault {
    fn from(_: crate::message::ContentError) -> Self {
        Self::new(FailureKind::ProcessingError, "a message's content could not be read")
    }
}

/// A send that was refused is an exhausted resource.
impl From<crate::agent::SendError> for Fault {
    fn from(_: crate::agent::SendError) -> Self {
        Self::new(FailureKind::ResourceExhaustion, "a send was refused")
    }
}

/// A command that was refused is an exhausted resource.
impl From<crate::agent::CommandError> for Fault {
    fn from(_: crate::agent::CommandError) -> Self {
        Self::new(FailureKind::ResourceExhaustion, "a command was refused")
    }
}

/// A vector that was refused for a limit is an exhausted resource, one for what it is a processing error.
#[cfg(feature = "photonic")]
impl From<crate::agent::InferError> for Fault {
    fn from(error: crate::agent::InferError) -> Self {
        match error {
            crate::agent::InferError::Send(error) => error.into(),
            _ => Self::new(FailureKind::ProcessingError, "a vector was refused"),
        }
    }
}
