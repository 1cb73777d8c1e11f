//! How an agent fares: a state of health from the share of its messages that fail or come late.
//!
//! 1. Health worsens at once, to the worst state whose threshold is reached.
//! 2. It betters slowly: only after `calm_checks` checks in a row that are calm, that is with rates
//!    below `release` times the thresholds of the present state. Between `release` and 1 times a
//!    threshold nothing changes, so a rate that wavers about a threshold does not make it flap.
//! 3. From critical and failed the way back leads through recovering. Recovering is as degraded in
//!    what it takes to leave it for healthy, and as healthy in what makes it worse.
//! 4. With fewer than `min_messages` in the window there is no evidence, which counts as calm.
//! 5. The window forgets by halving its counts once every monitor interval, so what happened n
//!    intervals ago weighs 2⁻ⁿ. All arithmetic is on integers.

use core::fmt;

/// How an agent fares.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
#[repr(u8)]
pub enum Health {
    /// As it should.
    #[default]
    Healthy = 0,
    /// Some of its messages fail or come late.
    Degraded = 1,
    /// Many do.
    Critical = 2,
    /// Most fail, or it panicked and has no factory.
    Failed = 3,
    /// It was critical or failed and is calm, but has yet to prove it.
    Recovering = 4,
}

impl Health {
    /// All states, in the order of their codes.
    pub const ALL: [Self; 5] =
        [Self::Healthy, Self::Degraded, Self::Critical, Self::Failed, Self::Recovering];

    /// The stable number of the state.
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The stable name of the state in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Degraded => "degraded",
            Self::Critical => "critical",
            Self::Failed => "failed",
            Self::Recovering => "recovering",
        }
    }

    const fn severity(self) -> u8 {
        match self {
            Self::Healthy | Self::Recovering => 0,
            Self::Degraded => 1,
            Self::Critical => 2,
            Self::Failed => 3,
        }
    }
}

impl fmt::Display for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A change of an agent's health.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub struct HealthChange {
    /// The state before.
    pub from: Health,
    /// The state after.
    pub to: Health,
    /// What made it change.
    pub cause: HealthCause,
}

/// What made an agent's health change.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum HealthCause {
    /// Of `handled` messages in the window, `failed` ended in an error or a panic.
    #[non_exhaustive]
    Errors {
        /// Failed messages in the window.
        failed: u32,
        /// All messages in the window.
        handled: u32,
    },
    /// Of `handled` messages in the window, `late` waited longer than they should.
    #[non_exhaustive]
    Lateness {
        /// Late messages in the window.
        late: u32,
        /// All messages in the window.
        handled: u32,
    },
    /// It was calm for long enough.
    Calm,
    /// It was restarted from its factory, or released from quarantine.
    Restarted,
    /// It panicked and has no factory.
    Lost,
}

/// The thresholds of health, the same for all agents of a mesh. Shares are in millionths.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct HealthPolicy {
    /// The shares of failed messages from which an agent is degraded, critical and failed.
    pub(crate) errors: [u32; 3],
    /// The shares of late messages from which an agent is degraded and critical.
    pub(crate) late: [u32; 2],
    /// The share of a threshold below which a check is calm.
    pub(crate) release: u32,
    /// Messages in the window below which there is no evidence.
    pub(crate) min_messages: u32,
    /// Calm checks in a row that better the state.
    pub(crate) calm_checks: u8,
}

impl HealthPolicy {
    /// The worst state that the window shows, unless it is below all thresholds.
    fn measured(&self, window: &Window) -> Option<(Health, HealthCause)> {
        let Window { handled, failed, late } = *window;
        if handled < self.min_messages {
            return None;
        }
        let errors = |to| Some((to, HealthCause::Errors { failed, handled }));
        let lateness = |to| Some((to, HealthCause::Lateness { late, handled }));
        let reached = |part, share| reaches(part, handled, u64::from(share) * MILLION);
        match self {
            _ if reached(failed, self.errors[2]) => errors(Health::Failed),
            _ if reached(failed, self.errors[1]) => errors(Health::Critical),
            _ if reached(late, self.late[1]) => lateness(Health::Critical),
            _ if reached(failed, self.errors[0]) => errors(Health::Degraded),
            _ if reached(late, self.late[0]) => lateness(Health::Degraded),
            _ => None,
        }
    }

    /// Whether the window lies below the release of all thresholds of `state`.
    fn calm(&self, window: &Window, state: Health) -> bool {
        let Window { handled, failed, late } = *window;
        let [degraded, critical, lost] = self.errors;
        let [late_degraded, late_critical] = self.late;
        let (errors, lateness) = match state {
            Health::Healthy | Health::Degraded | Health::Recovering => (degraded, late_degraded),
            Health::Critical => (critical, late_critical),
            Health::Failed => (lost, late_critical),
        };
        let released =
            |part, share: u32| !reaches(part, handled, u64::from(share) * u64::from(self.release));
        handled < self.min_messages || released(failed, errors) && released(late, lateness)
    }
}

const MILLION: u64 = 1_000_000;

/// Whether `part` of `whole` is at least `share` (in units of 10⁻¹²), and not nothing.
fn reaches(part: u32, whole: u32, share: u64) -> bool {
    part > 0
        && u128::from(part) * u128::from(MILLION * MILLION) >= u128::from(whole) * u128::from(share)
}

/// Counts that fade (rule 5).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
struct Window {
    handled: u32,
    failed: u32,
    late: u32,
}

impl Window {
    fn halve(&mut self) {
        *self = Self { handled: self.handled / 2, failed: self.failed / 2, late: self.late / 2 };
    }
}

/// The health of one agent: 16 bytes. A new one is healthy.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub(crate) struct HealthMonitor {
    window: Window,
    state: Health,
    /// Calm checks in a row.
    calm: u8,
}

const _: () = assert!(size_of::<HealthMonitor>() == 16);

impl HealthMonitor {
    /// The present state.
    pub(crate) const fn state(&self) -> Health {
        self.state
    }

    /// Reports `handled` messages, of which `failed` ended in an error or a panic and `late` waited
    /// longer than they should.
    pub(crate) fn record(&mut self, handled: u32, failed: u32, late: u32) {
        let window = &mut self.window;
        // Halving all counts keeps the rates where one count would overflow.
        while window.handled.checked_add(handled).is_none() && window.handled > 0 {
            window.halve();
        }
        window.handled = window.handled.saturating_add(handled);
        window.failed = window.failed.saturating_add(failed.min(handled));
        window.late = window.late.saturating_add(late.min(handled));
    }

    /// Judges the window, once every check interval.
    pub(crate) fn check(&mut self, policy: &HealthPolicy) -> Option<HealthChange> {
        if let Some((measured, cause)) = policy.measured(&self.window)
            && measured.severity() > self.state.severity()
        {
            return self.change(measured, cause);
        }
        if self.state == Health::Healthy {
            return None;
        }
        if !policy.calm(&self.window, self.state) {
            self.calm = 0;
            return None;
        }
        self.calm = self.calm.saturating_add(1);
        if self.calm < policy.calm_checks {
            return None;
        }
        let to = match self.state {
            Health::Critical | Health::Failed => Health::Recovering,
            Health::Healthy | Health::Degraded | Health::Recovering => Health::Healthy,
        };
        self.change(to, HealthCause::Calm)
    }

    /// Halves the window, once every monitor interval.
    pub(crate) fn fade(&mut self) {
        self.window.halve();
    }

    /// Reports that the agent panicked and has no factory.
    pub(crate) fn lose(&mut self) -> Option<HealthChange> {
        self.change(Health::Failed, HealthCause::Lost)
    }

    /// Reports that the agent was restarted or released: its past no longer counts.
    pub(crate) fn restart(&mut self) -> Option<HealthChange> {
        self.window = Window::default();
        self.change(Health::Recovering, HealthCause::Restarted)
    }

    /// Whether this is as good as a new one, so that it need not be kept: healthy, and nothing in
    /// the window but successes.
    pub(crate) fn forgettable(&self) -> bool {
        self.state == Health::Healthy && self.window.failed == 0 && self.window.late == 0
    }

    fn change(&mut self, to: Health, cause: HealthCause) -> Option<HealthChange> {
        self.calm = 0;
        let from = core::mem::replace(&mut self.state, to);
        (from != to).then_some(HealthChange { from, to, cause })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const POLICY: HealthPolicy = HealthPolicy {
        errors: [50_000, 250_000, 750_000],
        late: [100_000, 500_000],
        release: 500_000,
        min_messages: 16,
        calm_checks: 3,
    };

    fn monitor(state: Health, handled: u32, failed: u32, late: u32) -> HealthMonitor {
        HealthMonitor { window: Window { handled, failed, late }, state, calm: 0 }
    }

    #[test]
    fn health_worsens_at_once_at_each_threshold() {
        let cases = [
            ((1000, 49, 99), None),
            ((1000, 50, 0), Some(Health::Degraded)),
            ((1000, 249, 0), Some(Health::Degraded)),
            ((1000, 250, 0), Some(Health::Critical)),
            ((1000, 749, 0), Some(Health::Critical)),
            ((1000, 750, 0), Some(Health::Failed)),
            ((1000, 0, 100), Some(Health::Degraded)),
            ((1000, 0, 499), Some(Health::Degraded)),
            ((1000, 0, 500), Some(Health::Critical)),
            ((1000, 0, 1000), Some(Health::Critical)), // lateness alone fails nobody
            ((15, 15, 15), None),                      // no evidence
            ((16, 16, 16), Some(Health::Failed)),
        ];
        for ((handled, failed, late), expected) in cases {
            let mut monitor = HealthMonitor::default();
            monitor.record(handled, failed, late);
            let change = monitor.check(&POLICY);
            assert_eq!(change.map(|change| change.to), expected, "{handled} {failed} {late}");
        }
    }

    #[test]
    fn the_cause_carries_the_counts() {
        let mut monitor = HealthMonitor::default();
        monitor.record(100, 30, 60);
        let errors = HealthCause::Errors { failed: 30, handled: 100 };
        let expected = HealthChange { from: Health::Healthy, to: Health::Critical, cause: errors };
        assert_eq!(monitor.check(&POLICY), Some(expected));
        let mut monitor = HealthMonitor::default();
        monitor.record(100, 10, 60);
        let cause = monitor.check(&POLICY).map(|change| change.cause);
        assert_eq!(cause, Some(HealthCause::Lateness { late: 60, handled: 100 }));
    }

    #[test]
    fn the_way_back_takes_calm_checks_and_passes_recovering() {
        let mut monitor = monitor(Health::Failed, 1000, 0, 0);
        let seen: Vec<Option<Health>> =
            (0..8).map(|_| monitor.check(&POLICY).map(|change| change.to)).collect();
        let expected =
            [None, None, Some(Health::Recovering), None, None, Some(Health::Healthy), None, None];
        assert_eq!(seen, expected);
    }

    #[test]
    fn a_rate_that_wavers_about_a_threshold_does_not_flap() {
        let mut monitor = HealthMonitor::default();
        let mut changes = 0;
        for round in 0..1000 {
            monitor.window = Window { handled: 1000, failed: [51, 26][round % 2], late: 0 };
            changes += u32::from(monitor.check(&POLICY).is_some());
        }
        assert_eq!((changes, monitor.state()), (1, Health::Degraded));
        for _ in 0..POLICY.calm_checks {
            monitor.window.failed = 24;
            monitor.check(&POLICY);
        }
        assert_eq!(monitor.state(), Health::Healthy);
    }

    #[test]
    fn one_check_that_is_not_calm_starts_the_count_again() {
        let mut monitor = monitor(Health::Degraded, 1000, 0, 0);
        for failed in [0, 0, 25, 0, 0] {
            monitor.window.failed = failed;
            assert_eq!(monitor.check(&POLICY), None);
        }
        assert!(monitor.check(&POLICY).is_some());
    }

    #[test]
    fn loss_and_restart_are_told_once() {
        let mut monitor = HealthMonitor::default();
        let lost = monitor.lose();
        assert_eq!(
            lost.map(|change| (change.to, change.cause)),
            Some((Health::Failed, HealthCause::Lost))
        );
        assert_eq!(monitor.lose(), None);
        monitor.record(100, 100, 0);
        assert_eq!(monitor.restart().map(|change| change.to), Some(Health::Recovering));
        assert_eq!(monitor.restart(), None);
        assert_eq!(monitor.check(&POLICY), None, "the failures before the restart are forgotten");
    }

    #[test]
    fn a_silent_agent_fades_into_health() {
        let mut monitor = monitor(Health::Critical, 1 << 20, 1 << 19, 0);
        let mut intervals = 0;
        while monitor.state() != Health::Healthy {
            monitor.fade();
            monitor.check(&POLICY);
            intervals += 1;
            assert!(intervals < 40);
        }
        while !monitor.forgettable() {
            monitor.fade();
            intervals += 1;
            assert!(intervals < 40);
        }
    }

    #[test]
    fn counts_at_their_limit_keep_their_rate() {
        let mut monitor = HealthMonitor::default();
        for _ in 0..10 {
            monitor.record(u32::MAX / 2, u32::MAX / 8, 0);
        }
        let change = monitor.check(&POLICY).unwrap();
        assert_eq!(change.to, Health::Degraded); // a quarter, less the rounding
        monitor.record(u32::MAX, u32::MAX, u32::MAX);
        assert!(monitor.window.failed <= monitor.window.handled);
    }

    proptest! {
        /// The rules, in floating point and without the state's own arithmetic.
        #[test]
        fn changes_follow_the_rules(
            reports in prop::collection::vec((0_u32..200, 0_u32..200, 0_u32..200, any::<bool>()), 1..60)
        ) {
            let mut monitor = HealthMonitor::default();
            let (mut calm_before, mut state) = (0, Health::Healthy);
            for (handled, failed, late, fade) in reports {
                monitor.record(handled, failed, late);
                let Window { handled, failed, late } = monitor.window;
                prop_assert!(failed <= handled && late <= handled);
                let share = |part: u32| f64::from(part) / f64::from(handled.max(1));
                let known = handled >= 16;
                let worst = match (share(failed), share(late)) {
                    _ if !known => Health::Healthy,
                    (errors, _) if errors >= 0.75 => Health::Failed,
                    (errors, late) if errors >= 0.25 || late >= 0.5 => Health::Critical,
                    (errors, late) if errors >= 0.05 || late >= 0.1 => Health::Degraded,
                    _ => Health::Healthy,
                };
                let (errors_below, late_below) = match state {
                    Health::Failed => (0.375, 0.25),
                    Health::Critical => (0.125, 0.25),
                    _ => (0.025, 0.05),
                };
                let calm = !known || share(failed) < errors_below && share(late) < late_below;
                let expected = if worst.severity() > state.severity() {
                    calm_before = 0;
                    worst
                } else if state == Health::Healthy {
                    state
                } else {
                    calm_before = if calm { calm_before + 1 } else { 0 };
                    match state {
                        _ if calm_before < 3 => state,
                        Health::Critical | Health::Failed => Health::Recovering,
                        _ => Health::Healthy,
                    }
                };
                let change = monitor.check(&POLICY);
                if expected == state {
                    prop_assert_eq!(change, None);
                } else {
                    calm_before = 0;
                    prop_assert_eq!(change.map(|change| (change.from, change.to)), Some((state, expected)));
                }
                state = expected;
                if fade {
                    monitor.fade();
                }
            }
        }
    }
}
