//! A circuit breaker: it pauses an agent that keeps failing and tries it again later.
//!
//! The states are those of M. Nygard, "Release It!", 2007, chapter 5:
//!
//! ```text
//!            `threshold` failures in `window`
//!   closed ────────────────────────────────────▶ open
//!     ▲                                        ▲   │ `open` later
//!     │ `probes` successes             failure │   ▼
//!     └─────────────────────────────────── half-open
//! ```
//!
//! 1. Only mesh time counts, as the caller gives it; the same calls give the same states.
//! 2. A closed breaker whose window holds no failure is equal to a new one, so the mesh keeps
//!    breakers only for agents that failed lately: see [`Breaker::forgettable`].
//! 3. The window is 16 slots of a sixteenth of it each, on a fixed grid, and failures count by slot.
//!    So `threshold` failures within 15/16 of the window always open the breaker, failures that lie
//!    a window or more apart never add up, and the state is 32 bytes for any threshold.

use core::time::Duration;

use crate::time::{Time, saturating_nanos};

const SLOTS: usize = 16;

/// The numbers of a breaker, the same for all agents of a mesh.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct BreakerPolicy {
    threshold: u32,
    slot_nanos: i64,
    open_nanos: i64,
    probes: u8,
}

impl BreakerPolicy {
    /// The greatest `threshold`: what a slot can count.
    pub(crate) const MAX_THRESHOLD: u32 = u8::MAX as u32;
    /// The greatest number of `probes`.
    pub(crate) const MAX_PROBES: u32 = u8::MAX as u32;

    /// `threshold` failures within `window` open the breaker; `open` later it takes `probes`
    /// successes to close it. A number of zero counts as one, and one above its maximum as that.
    pub(crate) fn new(threshold: u32, window: Duration, open: Duration, probes: u32) -> Self {
        Self {
            threshold: threshold.clamp(1, Self::MAX_THRESHOLD),
            slot_nanos: (saturating_nanos(window) / SLOTS as i64).max(1),
            open_nanos: saturating_nanos(open),
            probes: probes.clamp(1, Self::MAX_PROBES) as u8,
        }
    }

    fn slot(&self, now: Time) -> i64 {
        now.as_nanos().div_euclid(self.slot_nanos)
    }
}

/// Whether an agent gets messages.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Phase {
    /// It does.
    Closed,
    /// It gets none.
    Open,
    /// It gets some again, and each decides.
    HalfOpen,
}

/// A change of a breaker that its agent's header, its health and the report must see.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Transition {
    /// It opened, or opened again after a failed probe; messages are refused until the given time.
    Opened(Time),
    /// Its probes succeeded.
    Closed,
}

/// The breaker of one agent. A new one is closed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Breaker {
    /// While closed the number of the newest slot; while open the nanosecond of the first probe.
    mark: i64,
    /// Failures by slot number modulo 16. All zero while open.
    failures: [u8; SLOTS],
    /// Probes that succeeded.
    succeeded: u8,
    open: bool,
}

const _: () = assert!(size_of::<Breaker>() == 32, "rule 3");

impl Breaker {
    /// A closed breaker without failures.
    pub(crate) const fn new() -> Self {
        Self { mark: i64::MIN, failures: [0; SLOTS], succeeded: 0, open: false }
    }

    /// The state at `now`.
    #[inline]
    pub(crate) const fn phase(&self, now: Time) -> Phase {
        match self.open {
            false => Phase::Closed,
            true if now.as_nanos() < self.mark => Phase::Open,
            true => Phase::HalfOpen,
        }
    }

    /// Whether the agent may be given a message at `now`. In the half-open state the next message
    /// may only be given once the last one's outcome is reported.
    #[inline]
    pub(crate) fn admits(&self, now: Time) -> bool {
        self.phase(now) != Phase::Open
    }

    /// Reports that the agent handled a message at `now`.
    pub(crate) fn succeed(&mut self, now: Time, policy: &BreakerPolicy) -> Option<Transition> {
        if self.phase(now) != Phase::HalfOpen {
            return None;
        }
        self.succeeded = self.succeeded.saturating_add(1);
        if self.succeeded < policy.probes {
            return None;
        }
        *self = Self::new();
        Some(Transition::Closed)
    }

    /// Reports that the agent failed at `now`. While open this changes nothing.
    pub(crate) fn fail(&mut self, now: Time, policy: &BreakerPolicy) -> Option<Transition> {
        match self.phase(now) {
            Phase::Open => return None,
            Phase::HalfOpen => {}
            Phase::Closed => {
                if self.count(now, policy) < policy.threshold {
                    return None;
                }
            }
        }
        let until = Time::from_nanos(now.as_nanos().saturating_add(policy.open_nanos));
        *self = Self { mark: until.as_nanos(), failures: [0; SLOTS], succeeded: 0, open: true };
        Some(Transition::Opened(until))
    }

    /// Whether the breaker behaves from `now` on as a new one would, so that it need not be kept.
    pub(crate) fn forgettable(&self, now: Time, policy: &BreakerPolicy) -> bool {
        !self.open && policy.slot(now).saturating_sub(self.mark) >= SLOTS as i64
    }

    /// Counts a failure at `now` and returns how many the window holds.
    fn count(&mut self, now: Time, policy: &BreakerPolicy) -> u32 {
        let slot = policy.slot(now).max(self.mark);
        let passed = slot.saturating_sub(self.mark).min(SLOTS as i64);
        for back in 0..passed {
            self.failures[at(slot - back)] = 0;
        }
        self.mark = slot;
        let newest = &mut self.failures[at(slot)];
        *newest = newest.saturating_add(1);
        self.failures.iter().map(|&failures| u32::from(failures)).sum()
    }
}

const fn at(slot: i64) -> usize {
    slot.rem_euclid(SLOTS as i64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SECOND: i64 = 1_000_000_000;

    fn seconds(seconds: f64) -> Time {
        Time::from_nanos((seconds * 1e9) as i64)
    }

    /// The defaults of the mesh's configuration.
    fn policy() -> BreakerPolicy {
        BreakerPolicy::new(5, Duration::from_secs(60), Duration::from_secs(30), 3)
    }

    #[test]
    fn five_failures_open_thirty_seconds_later_three_probes_close() {
        let (mut breaker, policy) = (Breaker::new(), policy());
        for second in 0..4 {
            assert_eq!(breaker.fail(seconds(second.into()), &policy), None);
        }
        let until = seconds(34.0);
        assert_eq!(breaker.fail(seconds(4.0), &policy), Some(Transition::Opened(until)));
        assert!(!breaker.admits(seconds(33.999_999_999)));
        assert_eq!(breaker.phase(until), Phase::HalfOpen);
        assert_eq!(breaker.succeed(until, &policy), None);
        assert_eq!(breaker.succeed(until, &policy), None);
        assert_eq!(breaker.succeed(until, &policy), Some(Transition::Closed));
        assert_eq!(breaker, Breaker::new());
    }

    #[test]
    fn a_failed_probe_opens_again_and_forgets_the_successes() {
        let (mut breaker, policy) = (Breaker::new(), policy());
        (0..5).for_each(|_| _ = breaker.fail(Time::ZERO, &policy));
        let (first, second) = (seconds(30.0), seconds(61.0));
        assert_eq!(breaker.succeed(first, &policy), None);
        assert_eq!(breaker.succeed(first, &policy), None);
        assert_eq!(breaker.fail(seconds(31.0), &policy), Some(Transition::Opened(second)));
        assert_eq!(breaker.phase(seconds(60.9)), Phase::Open);
        assert_eq!(breaker.succeed(second, &policy), None);
        assert_eq!(breaker.succeed(second, &policy), None);
        assert_eq!(breaker.succeed(second, &policy), Some(Transition::Closed));
    }

    #[test]
    fn outcomes_while_open_change_nothing() {
        let (mut breaker, policy) = (Breaker::new(), policy());
        (0..5).for_each(|_| _ = breaker.fail(Time::ZERO, &policy));
        let open = breaker;
        assert_eq!(breaker.fail(seconds(1.0), &policy), None);
        assert_eq!(breaker.succeed(seconds(1.0), &policy), None);
        assert_eq!(breaker, open);
    }

    #[test]
    fn the_ends_of_time_do_no_harm() {
        let (mut breaker, policy) = (Breaker::new(), policy());
        for nanos in [i64::MIN, -1, 0, i64::MAX, i64::MIN] {
            breaker.fail(Time::from_nanos(nanos), &policy);
        }
        assert!(breaker.admits(Time::MAX));
        let longest = BreakerPolicy::new(u32::MAX, Duration::MAX, Duration::MAX, u32::MAX);
        assert_eq!(Breaker::new().fail(Time::MAX, &longest), None);
        let one = BreakerPolicy::new(0, Duration::ZERO, Duration::MAX, 0);
        assert_eq!(Breaker::new().fail(Time::MAX, &one), Some(Transition::Opened(Time::MAX)));
    }

    /// The breaker as its documentation says, from the list of all failures.
    struct Naive {
        failures: Vec<i64>,
        opened: Option<i64>,
        succeeded: u32,
    }

    impl Naive {
        fn phase(&self, now: i64, open: i64) -> Phase {
            match self.opened {
                None => Phase::Closed,
                Some(at) if now < at + open => Phase::Open,
                Some(_) => Phase::HalfOpen,
            }
        }

        fn succeed(&mut self, now: i64, open: i64, probes: u32) {
            if self.phase(now, open) == Phase::HalfOpen {
                self.succeeded += 1;
                if self.succeeded == probes {
                    *self = Self { failures: Vec::new(), opened: None, succeeded: 0 };
                }
            }
        }

        fn fail(&mut self, now: i64, threshold: u32, slot: i64, open: i64) {
            let opens = match self.phase(now, open) {
                Phase::Open => false,
                Phase::HalfOpen => true,
                Phase::Closed => {
                    self.failures.push(now);
                    let oldest = now.div_euclid(slot) - 15;
                    let inside = self.failures.iter().filter(|at| at.div_euclid(slot) >= oldest);
                    inside.count() as u32 >= threshold
                }
            };
            if opens {
                *self = Self { failures: Vec::new(), opened: Some(now), succeeded: 0 };
            }
        }
    }

    proptest! {
        #[test]
        fn it_behaves_as_a_list_of_failure_times(
            threshold in 1_u32..8,
            probes in 1_u32..5,
            start in -20 * SECOND..20 * SECOND,
            // Ten failures for one success, so that windows fill; some steps about a window long.
            steps in prop::collection::vec(
                (prop_oneof![4 => 0_i64..6_000, 1 => 14_000_i64..18_000], 0_u8..11), 1..200,
            ),
            scale in prop::sample::select(vec![1_i64, 10, 1_000]),
        ) {
            let (window, open) = (16_000 * scale, 5_000 * scale);
            let (slot, span) = (window / 16, |nanos: i64| Duration::from_nanos(nanos as u64));
            let policy = BreakerPolicy::new(threshold, span(window), span(open), probes);
            let mut breaker = Breaker::new();
            let mut naive = Naive { failures: Vec::new(), opened: None, succeeded: 0 };
            let mut now = start;
            for (step, outcome) in steps {
                now += step * scale;
                let time = Time::from_nanos(now);
                prop_assert_eq!(breaker.phase(time), naive.phase(now, open));
                prop_assert_eq!(breaker.admits(time), naive.phase(now, open) != Phase::Open);
                if breaker.forgettable(time, &policy) {
                    breaker = Breaker::new(); // must not show in what follows
                }
                if outcome < 10 {
                    breaker.fail(time, &policy);
                    naive.fail(now, threshold, slot, open);
                } else {
                    breaker.succeed(time, &policy);
                    naive.succeed(now, open, probes);
                }
            }
        }

        #[test]
        fn it_opens_within_fifteen_sixteenths_and_never_beyond_the_window(
            start in -SECOND..SECOND,
            gaps in prop::collection::vec(0_i64..400, 1..40),
        ) {
            let window = 1_600;
            let policy =
                BreakerPolicy::new(4, Duration::from_nanos(1_600), Duration::from_secs(1), 1);
            let (mut breaker, mut times) = (Breaker::new(), vec![start]);
            times.extend(gaps.iter().scan(start, |now, gap| { *now += gap; Some(*now) }));
            for (index, &now) in times.iter().enumerate() {
                let opened = breaker.fail(Time::from_nanos(now), &policy).is_some();
                let within = |span: i64| {
                    times[..=index].iter().filter(|at| now - **at < span).count() >= 4
                };
                prop_assert!(!opened || within(window));
                prop_assert!(opened || !within(window / 16 * 15 + 1));
                if opened {
                    break;
                }
            }
        }
    }
}
