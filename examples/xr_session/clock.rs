//! The one place of the session that reads the wall clock and sleeps.

use core::time::Duration;
use std::time::Instant;

use xrmesh::{Clock, Time};

/// Time since it was made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WallClock(Instant);

impl WallClock {
    pub(crate) fn start() -> Self {
        Self(read())
    }

    /// Sleeps until `time`; not at all if that has passed.
    pub(crate) fn sleep_until(&self, time: Time) {
        let left = time.since(self.now());
        if left > Duration::ZERO {
            std::thread::sleep(left);
        }
    }
}

impl Clock for WallClock {
    fn now(&self) -> Time {
        Time::ZERO + read().duration_since(self.0)
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the session measures its ticks and may run in real time"
)]
fn read() -> Instant {
    Instant::now()
}
