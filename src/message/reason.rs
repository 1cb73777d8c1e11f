//! Why a message did not reach a receiver.

use core::fmt;

/// Why one (envelope, receiver) pair was dropped. Every drop has exactly one reason.
///
/// The [`code`](Self::code)s are stable: a recording or a C host may keep them, and a later version
/// only adds to them.
///
/// ```
/// use xrmesh::DropReason;
/// for reason in DropReason::ALL {
///     assert_eq!(DropReason::from_code(reason.code()), Some(reason));
/// }
/// assert_eq!(DropReason::MailboxFull.name(), "mailbox_full");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
#[non_exhaustive]
pub enum DropReason {
    /// The target (a topic, a sphere, the linked neighbours…) held no agent when the envelope was
    /// merged. One drop for the envelope.
    NoReceiver = 0,
    /// The target's id names no living agent: stale, or of another mesh.
    UnknownTarget = 1,
    /// The receiver was despawned while the message waited for it.
    Despawned = 2,
    /// The receiver's mailbox was full and its overflow policy rejects the newcomer.
    MailboxFull = 3,
    /// The receiver's mailbox was full and its overflow policy sacrificed this message, the oldest
    /// or the least urgent, for a newcomer.
    Displaced = 4,
    /// The deadline passed before the receiver could run.
    ExpiredDeadline = 5,
    /// It was forwarded as often as its hops allow.
    ExpiredHops = 6,
    /// The receiver's breaker is open.
    Tripped = 7,
    /// The receiver panicked on this message.
    Panicked = 8,
    /// It asked for retries and all of its attempts failed.
    RetriesExhausted = 9,
    /// An answer to a question that had timed out or been answered.
    LateAnswer = 10,
    /// The receiver is quarantined.
    Quarantined = 11,
    /// The receiver's mailbox was reset, by its healing or by its host.
    MailboxReset = 12,
}

impl DropReason {
    /// All reasons, in the order of their codes.
    pub const ALL: [Self; 13] = [
        Self::NoReceiver,
        Self::UnknownTarget,
        Self::Despawned,
        Self::MailboxFull,
        Self::Displaced,
        Self::ExpiredDeadline,
        Self::ExpiredHops,
        Self::Tripped,
        Self::Panicked,
        Self::RetriesExhausted,
        Self::LateAnswer,
        Self::Quarantined,
        Self::MailboxReset,
    ];

    /// The stable number of the reason, from 0 and without gaps.
    #[inline]
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The reason that has `code`; `None` where no reason has it.
    #[inline]
    #[must_use]
    pub const fn from_code(code: u8) -> Option<Self> {
        if (code as usize) < Self::ALL.len() { Some(Self::ALL[code as usize]) } else { None }
    }

    /// The stable name of the reason in reports: lower case, words joined by `_`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoReceiver => "no_receiver",
            Self::UnknownTarget => "unknown_target",
            Self::Despawned => "despawned",
            Self::MailboxFull => "mailbox_full",
            Self::Displaced => "displaced",
            Self::ExpiredDeadline => "expired_deadline",
            Self::ExpiredHops => "expired_hops",
            Self::Tripped => "tripped",
            Self::Panicked => "panicked",
            Self::RetriesExhausted => "retries_exhausted",
            Self::LateAnswer => "late_answer",
            Self::Quarantined => "quarantined",
            Self::MailboxReset => "mailbox_reset",
        }
    }
}

impl fmt::Display for DropReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_dense_and_names_distinct() {
        for (index, reason) in DropReason::ALL.into_iter().enumerate() {
            assert_eq!(usize::from(reason.code()), index);
        }
        assert_eq!(DropReason::from_code(DropReason::ALL.len() as u8), None);
        assert_eq!(DropReason::from_code(u8::MAX), None);
        let mut names = DropReason::ALL.map(DropReason::name);
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{names:?}");
    }

    /// Recordings keep these numbers: a change here breaks them.
    #[test]
    fn codes_never_change() {
        assert_eq!(DropReason::Despawned.code(), 2);
        assert_eq!(DropReason::Tripped.code(), 7);
        assert_eq!(DropReason::Quarantined.code(), 11);
    }
}
