//! How many messages were sent, delivered, dropped and why, and how many wait.

use crate::message::reason::DropReason;

const REASONS: usize = DropReason::ALL.len();

/// The account of messages. Its unit is one (envelope, receiver) pair; a broadcast to a thousand
/// agents is a thousand sent. A pair without any receiver counts once.
///
/// After every tick `sent = delivered + pending + Σ dropped`, see [`balanced`](Self::balanced).
///
/// ```
/// use xrmesh::{Counters, DropReason};
/// let counters = Counters::default();
/// assert!(counters.balanced());
/// let total: u64 = counters.dropped_by_reason().map(|(_, count)| count).sum();
/// assert_eq!(counters.dropped_total(), total);
/// assert_eq!(counters.dropped(DropReason::MailboxFull), 0);
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Counters {
    sent: u64,
    delivered: u64,
    pending: u64,
    dropped: [u64; REASONS],
}

impl Counters {
    /// Pairs that the mesh took on, whatever became of them. A send that was refused (a full lane, a
    /// full outbox) is not among them.
    #[inline]
    #[must_use]
    pub const fn sent(&self) -> u64 {
        self.sent
    }

    /// Pairs whose receiver's handler ran and returned, with `Ok` or with `Err`.
    #[inline]
    #[must_use]
    pub const fn delivered(&self) -> u64 {
        self.delivered
    }

    /// Pairs that wait in a mailbox, or for their retry.
    #[inline]
    #[must_use]
    pub const fn pending(&self) -> u64 {
        self.pending
    }

    /// Pairs dropped for `reason`.
    #[inline]
    #[must_use]
    pub const fn dropped(&self, reason: DropReason) -> u64 {
        self.dropped[reason as usize]
    }

    /// Pairs dropped for any reason.
    #[must_use]
    pub fn dropped_total(&self) -> u64 {
        self.dropped.iter().fold(0, |sum, count| sum.wrapping_add(*count))
    }

    /// Every reason with its count, zeros included, in the order of [`DropReason::ALL`].
    pub fn dropped_by_reason(&self) -> impl ExactSizeIterator<Item = (DropReason, u64)> + '_ {
        DropReason::ALL.into_iter().zip(self.dropped)
    }

    /// Whether `sent = delivered + pending + Σ dropped`. Holds after every tick.
    #[must_use]
    pub fn balanced(&self) -> bool {
        self.unaccounted() == 0
    }

    /// `sent − delivered − pending − Σ dropped`: above zero, messages vanished; below, messages were
    /// counted twice.
    #[must_use]
    pub fn unaccounted(&self) -> i128 {
        let accounted = [self.delivered, self.pending].into_iter().chain(self.dropped);
        i128::from(self.sent) - accounted.map(i128::from).sum::<i128>()
    }

    /// Adds another account to this one, field by field. The order of merging does not matter.
    pub fn merge(&mut self, other: &Self) {
        self.sent = self.sent.wrapping_add(other.sent);
        self.delivered = self.delivered.wrapping_add(other.delivered);
        self.pending = self.pending.wrapping_add(other.pending);
        for (count, more) in self.dropped.iter_mut().zip(other.dropped) {
            *count = count.wrapping_add(more);
        }
    }
}

// What the mesh records. Wrapping: 2⁶⁴ messages take centuries, and the identity of `balanced`
// would hold modulo 2⁶⁴ even then.
impl Counters {
    /// Counts `pairs` as sent.
    #[inline]
    pub(crate) const fn record_sent(&mut self, pairs: u64) {
        self.sent = self.sent.wrapping_add(pairs);
    }

    /// Counts `pairs` as delivered.
    #[inline]
    pub(crate) const fn record_delivered(&mut self, pairs: u64) {
        self.delivered = self.delivered.wrapping_add(pairs);
    }

    /// Counts `pairs` as dropped for `reason`.
    #[inline]
    pub(crate) const fn record_dropped(&mut self, reason: DropReason, pairs: u64) {
        let count = &mut self.dropped[reason as usize];
        *count = count.wrapping_add(pairs);
    }

    /// States how many pairs wait. It is counted where they wait, never computed from the others,
    /// so that [`balanced`](Self::balanced) can fail.
    #[inline]
    pub(crate) const fn set_pending(&mut self, pairs: u64) {
        self.pending = pairs;
    }
}

impl Default for Counters {
    fn default() -> Self {
        Self { sent: 0, delivered: 0, pending: 0, dropped: [0; REASONS] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn filled(sent: u64, delivered: u64, pending: u64, drops: &[(u8, u64)]) -> Counters {
        let mut counters = Counters::default();
        counters.record_sent(sent);
        counters.record_delivered(delivered);
        counters.set_pending(pending);
        for &(code, pairs) in drops {
            let code = code % REASONS as u8;
            counters.record_dropped(DropReason::from_code(code).unwrap(), pairs);
        }
        counters
    }

    #[test]
    fn a_lost_or_doubled_message_unbalances() {
        assert_eq!(filled(10, 4, 3, &[(0, 1), (12, 2)]).unaccounted(), 0);
        assert_eq!(filled(11, 4, 3, &[(0, 1), (12, 2)]).unaccounted(), 1);
        assert_eq!(filled(10, 5, 3, &[(0, 1), (12, 2)]).unaccounted(), -1);
        assert_eq!(filled(0, u64::MAX, 0, &[]).unaccounted(), -i128::from(u64::MAX));
    }

    #[test]
    fn each_reason_has_its_own_count_in_the_fixed_order() {
        let mut counters = Counters::default();
        for reason in DropReason::ALL {
            counters.record_dropped(reason, 1 << reason.code());
        }
        for (position, (reason, count)) in counters.dropped_by_reason().enumerate() {
            assert_eq!((usize::from(reason.code()), count), (position, 1 << position));
            assert_eq!(counters.dropped(reason), count);
        }
        assert_eq!(counters.dropped_total(), (1 << REASONS) - 1);
    }

    proptest! {
        #[test]
        fn merging_parts_in_any_order_is_counting_in_one(
            parts in prop::collection::vec(
                (0_u64..1000, 0_u64..1000, prop::collection::vec((any::<u8>(), 0_u64..50), 0..5)),
                0..8,
            )
        ) {
            let mut whole = Counters::default();
            let (mut forth, mut back) = (Counters::default(), Counters::default());
            for (delivered, pending, drops) in &parts {
                let dropped: u64 = drops.iter().map(|(_, pairs)| pairs).sum();
                whole.record_sent(delivered + pending + dropped);
                whole.record_delivered(*delivered);
                whole.set_pending(whole.pending() + pending);
                for (code, pairs) in drops {
                    whole.record_dropped(DropReason::ALL[*code as usize % REASONS], *pairs);
                }
                forth.merge(&filled(delivered + pending + dropped, *delivered, *pending, drops));
            }
            for (delivered, pending, drops) in parts.iter().rev() {
                let dropped: u64 = drops.iter().map(|(_, pairs)| pairs).sum();
                back.merge(&filled(delivered + pending + dropped, *delivered, *pending, drops));
            }
            prop_assert_eq!(&forth, &whole);
            prop_assert_eq!(&back, &whole);
            prop_assert!(whole.balanced());
        }
    }
}
