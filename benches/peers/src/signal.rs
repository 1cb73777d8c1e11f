//! A flag that one thread sets and another waits for, with an end to its patience.

use std::sync::{Condvar, Mutex, PoisonError};

use crate::harness::{Failure, Limits};

/// A flag that a thread waits for.
#[derive(Debug, Default)]
pub struct Signal {
    is_set: Mutex<bool>,
    changed: Condvar,
}

impl Signal {
    /// Sets it, for good.
    pub fn set(&self) {
        *self.is_set.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_all();
    }

    /// Waits until it is set.
    ///
    /// # Errors
    ///
    /// [`Failure::Stuck`] with `what` after [`Limits::PATIENCE`].
    pub fn wait(&self, what: &'static str) -> Result<(), Failure> {
        let guard = self.is_set.lock().unwrap_or_else(PoisonError::into_inner);
        let (is_set, _) = self
            .changed
            .wait_timeout_while(guard, Limits::PATIENCE, |is_set| !*is_set)
            .unwrap_or_else(PoisonError::into_inner);
        if *is_set { Ok(()) } else { Err(Failure::Stuck(what)) }
    }
}
