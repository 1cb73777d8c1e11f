//! The kinds of failure that have a name, and what heals each.

use core::fmt;

use super::health::Health;

/// What went wrong with an agent, as far as healing is concerned.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
#[non_exhaustive]
pub enum FailureKind {
    /// The agent, or the device or person behind it, is gone.
    AgentDisconnect = 0,
    /// Its handler returns errors or panics.
    ProcessingError = 1,
    /// It no longer reaches its linked neighbours.
    NetworkPartition = 2,
    /// The optical processor that it thinks with has lost power or contrast.
    OpticalDegradation = 3,
    /// Its mailbox overflows.
    MemoryOverflow = 4,
    /// Its messages reach it too late.
    LatencyViolation = 5,
    /// Its answers have become too inaccurate.
    AccuracyDegradation = 6,
    /// It has used up a bounded resource of the mesh: topics, interests, links, payload memory.
    ResourceExhaustion = 7,
}

impl FailureKind {
    /// All kinds, in the order of their codes.
    pub const ALL: [Self; 8] = [
        Self::AgentDisconnect,
        Self::ProcessingError,
        Self::NetworkPartition,
        Self::OpticalDegradation,
        Self::MemoryOverflow,
        Self::LatencyViolation,
        Self::AccuracyDegradation,
        Self::ResourceExhaustion,
    ];

    /// The stable number of the kind.
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The kind that has `code`; `None` where no kind has it.
    #[must_use]
    pub const fn from_code(code: u8) -> Option<Self> {
        if (code as usize) < Self::ALL.len() { Some(Self::ALL[code as usize]) } else { None }
    }

    /// The stable name of the kind in reports: lower case, words joined by `_`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AgentDisconnect => "agent_disconnect",
            Self::ProcessingError => "processing_error",
            Self::NetworkPartition => "network_partition",
            Self::OpticalDegradation => "optical_degradation",
            Self::MemoryOverflow => "memory_overflow",
            Self::LatencyViolation => "latency_violation",
            Self::AccuracyDegradation => "accuracy_degradation",
            Self::ResourceExhaustion => "resource_exhaustion",
        }
    }

    /// What heals an agent with this failure in this state of health; `None` where it is left alone.
    ///
    /// | failure | degraded | critical | failed |
    /// |---|---|---|---|
    /// | agent disconnect | relink | restart | restart |
    /// | processing error | – | restart | restart |
    /// | network partition | relink | relink | quarantine |
    /// | optical degradation | – | restart | quarantine |
    /// | memory overflow | – | reset mailbox | restart |
    /// | latency violation | – | reset mailbox | quarantine |
    /// | accuracy degradation | – | restart | quarantine |
    /// | resource exhaustion | – | reset mailbox | quarantine |
    ///
    /// A healthy agent is left alone, and so is a recovering one: what was done must get its time
    /// to work. Where `has_factory` is false an agent cannot be restarted and is quarantined instead.
    ///
    /// ```
    /// use xrmesh::{FailureKind, HealingAction, Health};
    /// let kind = FailureKind::ProcessingError;
    /// assert_eq!(kind.healing(Health::Critical, true), Some(HealingAction::Restart));
    /// assert_eq!(kind.healing(Health::Critical, false), Some(HealingAction::Quarantine));
    /// assert_eq!(kind.healing(Health::Recovering, true), None);
    /// ```
    #[must_use]
    pub const fn healing(self, health: Health, has_factory: bool) -> Option<HealingAction> {
        use HealingAction::{Quarantine, Relink, ResetMailbox, Restart};
        let [degraded, critical, failed] = match self {
            Self::AgentDisconnect => [Some(Relink), Some(Restart), Some(Restart)],
            Self::ProcessingError => [None, Some(Restart), Some(Restart)],
            Self::NetworkPartition => [Some(Relink), Some(Relink), Some(Quarantine)],
            Self::OpticalDegradation => [None, Some(Restart), Some(Quarantine)],
            Self::MemoryOverflow => [None, Some(ResetMailbox), Some(Restart)],
            Self::LatencyViolation => [None, Some(ResetMailbox), Some(Quarantine)],
            Self::AccuracyDegradation => [None, Some(Restart), Some(Quarantine)],
            Self::ResourceExhaustion => [None, Some(ResetMailbox), Some(Quarantine)],
        };
        let action = match health {
            Health::Healthy | Health::Recovering => None,
            Health::Degraded => degraded,
            Health::Critical => critical,
            Health::Failed => failed,
        };
        match action {
            Some(Restart) if !has_factory => Some(Quarantine),
            other => other,
        }
    }
}

impl fmt::Display for FailureKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What the mesh does to heal an agent.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
#[non_exhaustive]
pub enum HealingAction {
    /// Replace the agent's state by a new one from its factory; its id and its mail stay.
    Restart = 0,
    /// Drop what waits in its mailbox, each message with its reason.
    ResetMailbox = 1,
    /// Give it no more messages until the host releases it.
    Quarantine = 2,
    /// Compute its links anew from where it is.
    Relink = 3,
}

impl HealingAction {
    /// The stable name of the action in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Restart => "restart",
            Self::ResetMailbox => "reset_mailbox",
            Self::Quarantine => "quarantine",
            Self::Relink => "relink",
        }
    }
}

impl fmt::Display for HealingAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_dense_and_names_distinct() {
        for (index, kind) in FailureKind::ALL.into_iter().enumerate() {
            assert_eq!(usize::from(kind.code()), index);
            assert_eq!(FailureKind::from_code(kind.code()), Some(kind));
        }
        assert_eq!(FailureKind::from_code(8), None);
        let mut names = FailureKind::ALL.map(FailureKind::name);
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{names:?}");
    }

    #[test]
    fn the_worse_the_health_the_harder_the_healing() {
        let hardness = |action: Option<HealingAction>| match action {
            None => 0,
            Some(HealingAction::Relink) => 1,
            Some(HealingAction::ResetMailbox) => 2,
            Some(HealingAction::Restart) => 3,
            Some(HealingAction::Quarantine) => 4,
        };
        for kind in FailureKind::ALL {
            for has_factory in [false, true] {
                let ladder = [Health::Healthy, Health::Degraded, Health::Critical, Health::Failed]
                    .map(|health| hardness(kind.healing(health, has_factory)));
                assert!(ladder.is_sorted(), "{kind}: {ladder:?}");
                assert_eq!(ladder[0], 0);
                assert!(ladder[2] > 0 && ladder[3] > 2, "{kind} is left to die: {ladder:?}");
                assert_eq!(kind.healing(Health::Recovering, has_factory), None);
            }
            for health in Health::ALL {
                let restart = Some(HealingAction::Restart);
                assert_ne!(kind.healing(health, false), restart, "no factory to restart from");
            }
        }
    }
}
