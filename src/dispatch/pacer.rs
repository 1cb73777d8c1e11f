//! When a timed round must end.

use crate::sync::{AtomicBool, Ordering};
use crate::time::{Clock, Time};

/// Looks at a clock between messages and says when to stop. Without a clock it never does.
#[derive(Clone, Copy)]
pub(crate) struct Pacer<'a> {
    clock: Option<&'a dyn Clock>,
    end: Time,
    /// Set while nobody has looked: the first look lets a step through, however late it is.
    fresh: Option<&'a AtomicBool>,
    /// Messages between two looks.
    step: u32,
}

impl<'a> Pacer<'a> {
    pub(crate) const UNTIMED: Self =
        Self { clock: None, end: Time::MAX, fresh: None, step: u32::MAX };

    /// Messages that may pass between two looks at the clock, at least: a look takes about 25 ns.
    const FEWEST: u32 = 2;
    /// A handler's time that two looks may lie apart, in nanoseconds.
    const GRAIN_NANOS: u64 = 4_000;

    /// Stops at `end`; if `fresh` is set, not before something was delivered. Handlers took
    /// `nanos_per_message` lately.
    pub(crate) fn until(
        clock: &'a dyn Clock,
        end: Time,
        fresh: &'a AtomicBool,
        nanos_per_message: u64,
    ) -> Self {
        let step = Self::GRAIN_NANOS / nanos_per_message.max(1);
        let step = u32::try_from(step).unwrap_or(u32::MAX);
        let (fresh, step) = (Some(fresh), step.clamp(Self::FEWEST, 64));
        Self { clock: Some(clock), end, fresh, step }
    }

    /// Messages that may pass before the next look.
    #[inline]
    pub(crate) fn step(&self) -> u32 {
        self.step
    }

    /// Whether the time is up.
    #[inline]
    pub(crate) fn is_over(&self) -> bool {
        let over = self.clock.is_some_and(|clock| clock.now() >= self.end);
        // One swap a tick succeeds; after it, the load alone says so.
        let first = self.fresh.is_some_and(|fresh| {
            fresh.load(Ordering::Relaxed) && fresh.swap(false, Ordering::Relaxed)
        });
        over && !first
    }
}

impl core::fmt::Debug for Pacer<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Pacer").field("end", &self.end).field("step", &self.step).finish()
    }
}
