//! What is kept of the panics of a phase: how many, and the one of the lowest item, so that the
//! outcome does not depend on which worker met which item first.

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use thiserror::Error;

/// One or more items of a phase panicked; all others have run.
#[derive(Error)]
#[error("{panics} of {count} items panicked, the lowest is {item}")]
pub(crate) struct PhasePanic {
    /// The lowest item that panicked.
    pub(crate) item: usize,
    /// How many items panicked.
    pub(crate) panics: usize,
    /// How many items the phase had.
    pub(crate) count: usize,
    payload: Box<dyn Any + Send>,
}

impl PhasePanic {
    /// Goes on with the lowest item's panic on this thread.
    pub(crate) fn resume(self) -> ! {
        resume_unwind(self.payload)
    }
}

/// The panics of a phase; on the way of panics only.
#[derive(Default)]
pub(super) struct Panics {
    count: usize,
    lowest: Option<(usize, Box<dyn Any + Send>)>,
}

impl Panics {
    /// Takes the panic of `item` in; keeps the payload of the lowest.
    pub(super) fn add(&mut self, item: usize, payload: Box<dyn Any + Send>) {
        self.count += 1;
        let replaced = match &self.lowest {
            Some((lowest, _)) if *lowest < item => payload,
            _ => match self.lowest.replace((item, payload)) {
                Some((_, replaced)) => replaced,
                None => return,
            },
        };
        // A payload's own drop may panic; that one is then leaked.
        if let Err(second) = catch_unwind(AssertUnwindSafe(|| drop(replaced))) {
            std::mem::forget(second);
        }
    }

    /// The outcome of a phase of `count` items.
    pub(super) fn into_result(self, count: usize) -> Result<(), PhasePanic> {
        match self.lowest {
            None => Ok(()),
            Some((item, payload)) => Err(PhasePanic { item, panics: self.count, count, payload }),
        }
    }
}

impl fmt::Debug for PhasePanic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PhasePanic")
            .field("item", &self.item)
            .field("panics", &self.panics)
            .field("count", &self.count)
            .finish_non_exhaustive()
    }
}
