//! How much a tick may do.

use core::time::Duration;

use crate::dispatch::engine::{Allowance, RoundCut};
use crate::mesh::record::Allowed;
use crate::time::{Clock, saturating_nanos};

/// A tick's allowance. What it does not cover stays queued, by priority.
///
/// Handlers other than `on_message` always run, and are not counted.
#[derive(Clone, Copy)]
pub struct Budget<'a>(Kind<'a>);

#[derive(Clone, Copy)]
enum Kind<'a> {
    Unlimited,
    Messages(u64),
    Time(Duration, &'a dyn Clock),
    Cuts(&'a [RoundCut]),
}

impl<'a> Budget<'a> {
    /// Everything that waits, as far as the rounds go.
    #[must_use]
    pub const fn unlimited() -> Self {
        Self(Kind::Unlimited)
    }

    /// At most `messages` deliveries in all rounds together. The same messages give the same result
    /// on any machine.
    #[must_use]
    pub const fn messages(messages: u64) -> Self {
        Self(Kind::Messages(messages))
    }

    /// At most `duration` by `clock`, from the call of [`Mesh::tick`](crate::Mesh::tick) on. How much
    /// fits depends on the machine, so two runs differ; a recording of one replays exactly, because
    /// it holds where each round was cut.
    #[must_use]
    pub const fn time(duration: Duration, clock: &'a dyn Clock) -> Self {
        Self(Kind::Time(duration, clock))
    }

    /// Exactly what a recorded tick went through.
    pub(crate) const fn cuts(cuts: &'a [RoundCut]) -> Self {
        Self(Kind::Cuts(cuts))
    }

    /// The allowance of a tick that begins now.
    pub(crate) fn begin(self) -> Allowance<'a> {
        match self.0 {
            Kind::Unlimited => Allowance::Unlimited,
            Kind::Messages(messages) => Allowance::Messages(messages),
            Kind::Time(duration, clock) => Allowance::Until(clock, clock.now() + duration),
            Kind::Cuts(cuts) => Allowance::Cuts(cuts),
        }
    }

    /// What a recording says of it.
    pub(super) fn allowed(self) -> Allowed {
        match self.0 {
            Kind::Unlimited => Allowed::Unlimited,
            Kind::Messages(messages) => Allowed::Messages(messages),
            Kind::Time(duration, _) => Allowed::Nanos(saturating_nanos(duration) as u64),
            // A replay's, which is not recorded.
            Kind::Cuts(_) => Allowed::Nanos(0),
        }
    }
}

impl core::fmt::Debug for Budget<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self.0 {
            Kind::Unlimited => f.write_str("Budget::unlimited()"),
            Kind::Messages(messages) => write!(f, "Budget::messages({messages})"),
            Kind::Time(duration, _) => write!(f, "Budget::time({duration:?}, _)"),
            Kind::Cuts(cuts) => write!(f, "Budget of {} recorded rounds", cuts.len()),
        }
    }
}
