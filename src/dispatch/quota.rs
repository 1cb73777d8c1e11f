//! How much of its mail each shard may deliver in a round.

use crate::mail::queue::{LEVELS, Pairs};

/// Shares `allowance` (envelope, receiver) pairs out: for each priority, most urgent first, to each
/// shard in turn, beginning with shard `start`, as much as waits there. So nothing urgent waits
/// behind something less urgent of another shard, and no shard is always last.
///
/// Returns what was shared out. O(shards × priorities).
pub(crate) fn share_out(
    waiting: &[Pairs],
    allowance: u64,
    start: usize,
    quotas: &mut Vec<Pairs>,
) -> u64 {
    quotas.clear();
    quotas.resize(waiting.len(), [0; LEVELS]);
    let mut left = allowance;
    for level in 0..LEVELS {
        for turn in 0..waiting.len() {
            let shard = (start + turn) % waiting.len();
            let quota = waiting[shard][level].min(left);
            quotas[shard][level] = quota;
            left -= quota;
        }
    }
    allowance - left
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_most_urgent_get_all_there_is_before_the_next_get_any(
            waiting in prop::collection::vec(prop::array::uniform10(0_u64..20), 1..6),
            allowance in 0_u64..600, start in 0_usize..6,
        ) {
            let mut quotas = Vec::new();
            let shared = share_out(&waiting, allowance, start, &mut quotas);
            let sum = |of: &[Pairs], level: usize| of.iter().map(|p| p[level]).sum::<u64>();
            let total: u64 = (0..LEVELS).map(|level| sum(&waiting, level)).sum();
            prop_assert_eq!(shared, allowance.min(total));
            let mut left = allowance;
            for level in 0..LEVELS {
                let expected = sum(&waiting, level).min(left);
                prop_assert_eq!(sum(&quotas, level), expected);
                left -= expected;
            }
            for (quota, wait) in quotas.iter().zip(&waiting) {
                prop_assert!(quota.iter().zip(wait).all(|(q, w)| q <= w));
            }
        }
    }
}
