//! Fusion: what detectors see becomes objects that keep their identity.
//!
//! 1. An observation that names an object (by its id, or by an alias of it) is of that object. The
//!    others are assigned: by class, by the distance from where an object is predicted and by how
//!    much the boxes share (`gate`), each to at most one object and each object to at most one of
//!    them, so that the batch is the most likely one in whole (`assign`). What fits nothing becomes a
//!    new object.
//! 2. What an observation changes is computed once (`estimate`) and stands in the change that is
//!    journalled; recovery computes nothing.
//! 3. Two objects are merged where for `merge_after` observations in a row one was seen where both
//!    are and the other was not (`duplicates`). The older one stays, the other's id becomes its alias.
//! 4. Everything follows from the memory, the batch and the time: same bits on every machine. A
//!    batch that is refused has changed nothing. Scratch memory is kept, so that a frame's batch
//!    allocates nothing once one of its size was fused, and creates nothing.

mod assign;
mod duplicates;
mod estimate;
mod gate;
mod observation;
mod observe;
mod options;

pub use observation::{Fused, How, Observation, ObserveError};
pub(super) use observe::Fusion;
pub use options::{ClassOptions, ClassOptionsError};
