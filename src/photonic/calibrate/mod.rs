//! Making imperfect hardware do what was wanted.
//!
//! Three ways, from what is known about the device:
//!
//! 1. [`correct_couplers`]: the coupler errors are known (measured once): each element's phases are
//!    corrected for them in one pass.
//! 2. [`self_configure`]: nothing is known; light is sent in and powers are measured at the outputs.
//! 3. [`adjoint_gradient`]: the gradient of a loss by every phase, from light sent forward and
//!    backward, for training in place. [`Gradient`](super::Gradient) is its fast `f32` form, and
//!    [`Classifier`] a small classifier that is trained with it, on ideal or imperfect hardware.

mod adjoint;
mod classifier;
mod local;
mod self_configure;

use super::lattice::{LatticeError, Layout};

pub use adjoint::{PhaseGradient, adjoint_gradient};
pub use classifier::{Classifier, ClassifierError, Hardware, Training};
pub use local::{Correction, correct_couplers};
pub use self_configure::{PowerMeter, SimulatedChip, self_configure};

/// Why a calibration could not be made.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CalibrateError {
    /// The method needs another layout.
    #[error("this calibration does not work on the {given:?} layout")]
    Layout {
        /// The layout given.
        given: Layout,
    },
    /// A matrix or vector did not fit.
    #[error(transparent)]
    Lattice(#[from] LatticeError),
}
