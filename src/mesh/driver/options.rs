//! How a driver ticks, and why one could not start or has ended.

use core::time::Duration;
use std::borrow::Cow;

use crate::mesh::{Budget, Mesh, TickError};
use crate::time::Clock;

/// When a [`Driver`](crate::Driver) ticks and how much a tick may do.
///
/// ```
/// use std::time::Duration;
/// use xrmesh::DriverOptions;
/// let frames = DriverOptions::rate(90.0).budget_time(Duration::from_millis(1));
/// let service = DriverOptions::on_demand().name("town");
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct DriverOptions {
    pub(super) pace: Pace,
    pub(super) allowed: Allowed,
    pub(super) name: Cow<'static, str>,
}

/// When it ticks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Pace {
    OnDemand,
    Rate(f64),
}

/// What a tick may do; a [`Budget`] whose clock is the driver's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Allowed {
    Unlimited,
    Messages(u64),
    Time(Duration),
}

impl DriverOptions {
    /// The slowest rate, in ticks a second: one tick in a little over a day.
    pub const LEAST_RATE_HZ: f64 = 1e-5;
    /// The fastest rate, in ticks a second.
    pub const MOST_RATE_HZ: f64 = 1e5;

    /// Ticks as soon as something arrives or is due, again and again while mail waits, and sleeps
    /// otherwise.
    ///
    /// Agents that [tick](crate::Agent::ticks) run whenever a tick happens, which is seldom and
    /// irregular here: let them ask for a [`wake_at`](crate::Context::wake_at) instead.
    #[must_use]
    pub const fn on_demand() -> Self {
        Self::paced(Pace::OnDemand)
    }

    /// Ticks `hertz` times a second, whether or not there is something to do.
    ///
    /// The ticks lie on a grid that begins with the start. One that comes late, because the machine
    /// was busy or the tick before it too long, runs at once; where more than one period has passed,
    /// those in between are skipped and counted. So ticks never pile up, and a mesh that is behind
    /// never idles.
    #[must_use]
    pub const fn rate(hertz: f64) -> Self {
        Self::paced(Pace::Rate(hertz))
    }

    const fn paced(pace: Pace) -> Self {
        Self { pace, allowed: Allowed::Unlimited, name: Cow::Borrowed("xrmesh") }
    }

    /// Each tick delivers at most that many messages: see [`Budget::messages`].
    #[must_use]
    pub fn budget_messages(self, messages: u64) -> Self {
        Self { allowed: Allowed::Messages(messages), ..self }
    }

    /// Each tick takes at most that long by the driver's clock: see [`Budget::time`].
    #[must_use]
    pub fn budget_time(self, duration: Duration) -> Self {
        Self { allowed: Allowed::Time(duration), ..self }
    }

    /// The name of the driver's thread; `xrmesh` if not said. Some systems show 15 bytes of it.
    #[must_use]
    pub fn name(self, name: impl Into<Cow<'static, str>>) -> Self {
        Self { name: name.into(), ..self }
    }

    pub(super) fn check(&self) -> Result<(), DriverError> {
        if let Pace::Rate(given) = self.pace
            && !(Self::LEAST_RATE_HZ..=Self::MOST_RATE_HZ).contains(&given)
        {
            let (least, most) = (Self::LEAST_RATE_HZ, Self::MOST_RATE_HZ);
            return Err(DriverError::Rate { given, least, most });
        }
        match self.allowed {
            Allowed::Messages(0) | Allowed::Time(Duration::ZERO) => {
                return Err(DriverError::NoBudget);
            }
            _ => {}
        }
        if self.name.contains('\0') {
            return Err(DriverError::Name { given: self.name.as_ref().into() });
        }
        Ok(())
    }
}

impl Allowed {
    pub(super) fn budget(self, clock: &dyn Clock) -> Budget<'_> {
        match self {
            Self::Unlimited => Budget::unlimited(),
            Self::Messages(messages) => Budget::messages(messages),
            Self::Time(duration) => Budget::time(duration, clock),
        }
    }
}

/// Why a driver could not start, did not do what was asked, or has ended.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DriverError {
    /// A rate that is none, or out of range.
    #[error("a rate must be {least} to {most} ticks a second, given {given}")]
    Rate {
        /// The rate given, in ticks a second.
        given: f64,
        /// The least allowed.
        least: f64,
        /// The most allowed.
        most: f64,
    },
    /// A budget of no messages or no time: mail would wait for ever.
    #[error("a driver's budget must allow at least 1 message or 1 ns a tick, given 0")]
    NoBudget,
    /// A name that no thread can have.
    #[error("a thread's name must not contain a zero byte, given {given:?}")]
    Name {
        /// The name given.
        given: Box<str>,
    },
    /// The system gave no thread.
    #[error("no thread for the driver: {reason}")]
    Thread {
        /// What the system said.
        reason: Box<str>,
    },
    /// A call from the driver's own thread, that is from a handler or another call: it would wait for
    /// itself.
    #[error("called from the driver's own thread, which would wait for itself")]
    OwnThread,
    /// A call or the mesh itself panicked. The driver has ended and the mesh is gone: it may have been
    /// half changed.
    #[error("the driver ended by a panic: {message}")]
    Panicked {
        /// What the panic said.
        message: Box<str>,
    },
    /// The mesh refused a tick. The driver has ended and the mesh is gone.
    #[error("the driver ended: {0}")]
    Tick(#[from] TickError),
}

/// A driver that could not start, and the mesh that it was given.
#[derive(Debug, thiserror::Error)]
#[error("the driver could not start: {reason}")]
#[non_exhaustive]
pub struct StartError {
    /// Why.
    pub reason: DriverError,
    /// The mesh, unharmed.
    pub mesh: Box<Mesh>,
}
