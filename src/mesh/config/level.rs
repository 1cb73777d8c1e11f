//! How much processor time the mesh spends for a shorter tick.

use serde::{Deserialize, Serialize};

/// Trades processor time and power against the length of a tick. It changes numbers of the
/// scheduling only, and never a result: a session gives the same state hash at every level.
///
/// | level | [`inline_below_messages`](LevelNumbers::inline_below_messages) | [`spin_before_park`](LevelNumbers::spin_before_park) | for |
/// |---|---|---|---|
/// | `basic` | 2,000 | 0 | batteries, and hosts whose own threads need the cores |
/// | `enhanced` (default) | 1,000 | 2,000 | an engine's frame loop |
/// | `maximum` | 500 | 20,000 | a machine that the mesh has for itself |
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OptimizationLevel {
    /// The least processor time.
    Basic,
    /// Workers stay awake between the rounds of a tick.
    #[default]
    Enhanced,
    /// The shortest tick.
    Maximum,
}

impl OptimizationLevel {
    /// All levels, from the least processor time to the most.
    pub const ALL: [Self; 3] = [Self::Basic, Self::Enhanced, Self::Maximum];

    /// The numbers that the level stands for.
    #[must_use]
    pub const fn numbers(self) -> LevelNumbers {
        let (inline_below_messages, spin_before_park) = match self {
            Self::Basic => (2_000, 0),
            Self::Enhanced => (1_000, 2_000),
            Self::Maximum => (500, 20_000),
        };
        LevelNumbers { inline_below_messages, spin_before_park }
    }
}

/// What an [`OptimizationLevel`] stands for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub struct LevelNumbers {
    /// A round with fewer messages than this runs on the calling thread alone: to wake a parked
    /// worker costs about as much as 2,000 messages, to reach a spinning one far less.
    pub inline_below_messages: u32,
    /// How often a worker without work looks for some, with a pause instruction between, before it
    /// parks. 2,000 looks take some 20 to 100 µs, depending on the processor's pause.
    pub spin_before_park: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_higher_level_spends_more_on_parallelism() {
        let numbers = OptimizationLevel::ALL.map(OptimizationLevel::numbers);
        assert!(numbers.is_sorted_by(|less, more| {
            less.inline_below_messages > more.inline_below_messages
                && less.spin_before_park < more.spin_before_park
        }));
    }
}
