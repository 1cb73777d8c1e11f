//! The order in which the fast path visits a lattice's elements: falling diagonals.
//!
//! An element (column, mode) needs what (column − 1, mode − 1) and (column − 1, mode + 1) left. The
//! first is on its own diagonal, mode − column; the second on the next higher one. So diagonals in
//! falling order, each from the input, is a valid order for every layout.

use super::super::kernel::chain::Chain;
use super::plan::Plan;

/// The chains of a plan, and what stands where in them.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Schedule {
    pub(super) chains: Vec<Chain>,
    /// The element at each slot.
    pub(super) element: Vec<u32>,
    /// The slot of each element.
    pub(super) slot: Vec<u32>,
}

impl Schedule {
    pub(super) fn new(plan: Plan) -> Self {
        let mut places: Vec<(i64, usize, usize, u32)> = plan
            .places()
            .zip(0_u32..)
            .map(|((column, mode), element)| (mode as i64 - column as i64, column, mode, element))
            .collect();
        places.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
        let mut slot = vec![0; places.len()];
        let mut chains: Vec<Chain> = Vec::new();
        let mut diagonal = None;
        for (at, &(this, _, mode, element)) in (0_u32..).zip(&places) {
            slot[element as usize] = at;
            match chains.last_mut() {
                Some(chain) if diagonal == Some(this) => chain.len += 1,
                _ => chains.push(Chain { mode: mode as u32, first: at, len: 1 }),
            }
            diagonal = Some(this);
        }
        let element = places.into_iter().map(|(_, _, _, element)| element).collect();
        Self { chains, element, slot }
    }
}

#[cfg(test)]
mod tests {
    use super::super::plan::Layout;
    use super::*;

    #[test]
    fn every_element_comes_after_those_it_needs() {
        for layout in [Layout::Rectangular, Layout::Triangular, Layout::Compact] {
            for modes in 1..30 {
                let plan = Plan::new(layout, modes);
                let schedule = Schedule::new(plan);
                let places: Vec<_> = plan.places().collect();
                // Columns reached on each mode never go back, and each chain is one diagonal.
                let mut reached = vec![None; modes];
                for chain in &schedule.chains {
                    for k in 0..chain.len {
                        let element = schedule.element[(chain.first + k) as usize] as usize;
                        assert_eq!(schedule.slot[element], chain.first + k);
                        let (column, mode) = places[element];
                        assert_eq!(mode, (chain.mode + k) as usize);
                        for mode in [mode, mode + 1] {
                            assert!(reached[mode] < Some(column), "{layout:?} {modes}");
                            reached[mode] = Some(column);
                        }
                    }
                }
                assert_eq!(schedule.element.len(), plan.elements());
            }
        }
    }
}
