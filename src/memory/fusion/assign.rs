//! Which observation is of which object: the cheapest assignment.

use core::cmp::Reverse;
use std::collections::BinaryHeap;

/// What it costs to leave an observation without an object. A pair that costs as much or more is
/// never made.
pub(super) const UNASSIGNED: u32 = 1 << 24;

/// No object, no observation.
const NONE: u32 = u32::MAX;

/// The most objects that the search for one observation looks at before it takes the best way out
/// that it knows. Only a crowd of hundreds within each other's gates gets there.
const MAX_SEARCH: usize = 512;

/// Solves assignments within gates, and keeps its memory from one to the next.
///
/// Each observation takes at most one object and each object at most one observation, so that the
/// sum of the costs is least, where an observation without an object costs [`UNASSIGNED`]. The
/// method is that of shortest augmenting paths (Jonker & Volgenant, "A shortest augmenting path
/// algorithm for dense and sparse linear assignment problems", Computing 38, 1987) on the pairs
/// within gates only, with Dijkstra's search from each observation in turn. A search never leaves
/// the observations and objects that gates connect, and ends at the nearest object that is free, so
/// it costs by the crowd around an observation, not by the batch.
///
/// Costs are integers, so sums are exact and the result is the same everywhere.
#[derive(Debug, Default)]
pub(super) struct Assigner {
    /// The pairs of one observation after the other.
    pairs: Vec<Pair>,
    rows: Vec<Row>,
    columns: Vec<Column>,
    /// Columns that the search knows, nearest first.
    open: BinaryHeap<Reverse<(i64, u32)>>,
    settled: Vec<u32>,
    search: u32,
    /// How many searches were cut short.
    cut: u32,
}

#[derive(Clone, Copy, Debug)]
struct Pair {
    column: u32,
    cost: u32,
}

/// An observation.
#[derive(Clone, Copy, Debug)]
struct Row {
    /// Where its pairs end; they begin where those of the row before end.
    end: u32,
    column: u32,
    /// Its dual price: no pair costs less than the prices of its two ends.
    price: i64,
}

/// An object.
#[derive(Clone, Copy, Debug)]
struct Column {
    row: u32,
    price: i64,
    /// The search that the rest is of.
    search: u32,
    settled: bool,
    distance: i64,
    /// The row from which it is nearest.
    from: u32,
}

impl Assigner {
    /// Forgets the last problem.
    pub(super) fn clear(&mut self) {
        self.pairs.clear();
        self.rows.clear();
        self.columns.clear();
    }

    /// The observation whose pairs are being given may be of the object in `column`.
    pub(super) fn pair(&mut self, column: u32, cost: u32) {
        if cost < UNASSIGNED {
            self.pairs.push(Pair { column, cost });
        }
    }

    /// All pairs of the observation were given.
    pub(super) fn end_row(&mut self) {
        self.rows.push(Row { end: self.pairs.len() as u32, column: NONE, price: 0 });
    }

    /// Assigns; columns lie below `columns`. O(n · s log s) for n observations whose searches look
    /// at s pairs each.
    pub(super) fn solve(&mut self, columns: u32) {
        let column =
            Column { row: NONE, price: 0, search: 0, settled: false, distance: 0, from: NONE };
        self.columns.resize(columns as usize, column);
        self.search = 0;
        self.cut = 0;
        for row in 0..self.rows.len() as u32 {
            self.augment(row);
        }
    }

    /// The column that the observation `row` was assigned.
    pub(super) fn column(&self, row: usize) -> Option<u32> {
        self.rows.get(row).map(|row| row.column).filter(|&column| column != NONE)
    }

    /// In how many searches of the last assignment the crowd was too large to look at in whole; with
    /// none, the assignment is the cheapest.
    #[cfg(test)]
    const fn cut(&self) -> u32 {
        self.cut
    }

    /// Finds the cheapest way to place `first` as well, moving others where that pays.
    fn augment(&mut self, first: u32) {
        self.search += 1;
        self.open.clear();
        self.settled.clear();
        let (mut row, mut base) = (first, 0i64);
        // The cheapest way that ends at an observation without an object.
        let (mut exit, mut exit_row) = (i64::MAX, first);
        let end = loop {
            let leave = base + i64::from(UNASSIGNED) - self.rows[row as usize].price;
            if leave < exit {
                (exit, exit_row) = (leave, row);
            }
            self.relax(row, base);
            let next = self.nearest();
            match next {
                Some((distance, column)) if distance <= exit => {
                    if self.settled.len() >= MAX_SEARCH {
                        self.cut += 1;
                        // Prices move only as far as the search has seen everything, so that the
                        // next ones stay right; the way out may not be the cheapest.
                        base = distance;
                        break None;
                    }
                    base = distance;
                    let found = &mut self.columns[column as usize];
                    found.settled = true;
                    self.settled.push(column);
                    if found.row == NONE {
                        break Some(column);
                    }
                    row = found.row;
                }
                _ => {
                    base = exit;
                    break None;
                }
            }
        };
        self.reprice(first, base);
        let mut free = match end {
            Some(column) => column,
            None => {
                let freed = core::mem::replace(&mut self.rows[exit_row as usize].column, NONE);
                if exit_row == first {
                    return;
                }
                freed
            }
        };
        // Back along the way: each observation on it takes the object that it came by.
        loop {
            let row = self.columns[free as usize].from;
            self.columns[free as usize].row = row;
            free = core::mem::replace(&mut self.rows[row as usize].column, free);
            if row == first {
                return;
            }
        }
    }

    /// Offers the search the objects that the observation `row`, `base` away, may be of.
    fn relax(&mut self, row: u32, base: i64) {
        let start = row.checked_sub(1).map_or(0, |before| self.rows[before as usize].end);
        let Row { end, price, .. } = self.rows[row as usize];
        for &Pair { column, cost } in &self.pairs[start as usize..end as usize] {
            let known = &mut self.columns[column as usize];
            if known.search != self.search {
                known.search = self.search;
                known.settled = false;
                known.distance = i64::MAX;
            }
            let distance = base + i64::from(cost) - price - known.price;
            if !known.settled && distance < known.distance {
                known.distance = distance;
                known.from = row;
                self.open.push(Reverse((distance, column)));
            }
        }
    }

    /// Takes the nearest object that is known and not settled; of two, the lower column.
    fn nearest(&mut self) -> Option<(i64, u32)> {
        while let Some(Reverse((distance, column))) = self.open.pop() {
            let known = &self.columns[column as usize];
            if !known.settled && known.distance == distance {
                return Some((distance, column));
            }
        }
        None
    }

    /// Moves the prices so that no pair is cheaper than its ends' prices, and all pairs along the
    /// way, of the length `total`, cost just these.
    fn reprice(&mut self, first: u32, total: i64) {
        self.rows[first as usize].price += total;
        for &column in &self.settled {
            let column = &mut self.columns[column as usize];
            let saved = total - column.distance;
            column.price -= saved;
            if let Some(row) = self.rows.get_mut(column.row as usize) {
                row.price += saved;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn solve(costs: &[Vec<Option<u32>>], columns: usize) -> (Vec<Option<u32>>, u64) {
        let mut assigner = Assigner::default();
        // A problem before, whose traces must not show.
        assigner.pair(0, 5);
        assigner.end_row();
        assigner.solve(1);
        assigner.clear();
        for row in costs {
            for (column, cost) in row.iter().enumerate() {
                if let &Some(cost) = cost {
                    assigner.pair(column as u32, cost);
                }
            }
            assigner.end_row();
        }
        assigner.solve(columns as u32);
        assert_eq!(assigner.cut(), 0);
        let assigned: Vec<_> = (0..costs.len()).map(|row| assigner.column(row)).collect();
        let mut total = 0;
        let mut taken = vec![false; columns];
        for (row, &column) in assigned.iter().enumerate() {
            total += match column {
                None => u64::from(UNASSIGNED),
                Some(column) => {
                    let column = column as usize;
                    assert!(!core::mem::replace(&mut taken[column], true), "two on one object");
                    u64::from(costs[row][column].expect("a pair outside its gate"))
                }
            };
        }
        (assigned, total)
    }

    /// The least cost of all assignments of the rows from `row` on.
    fn brute_force(costs: &[Vec<Option<u32>>], row: usize, taken: u32) -> u64 {
        if row == costs.len() {
            return 0;
        }
        let alone = u64::from(UNASSIGNED) + brute_force(costs, row + 1, taken);
        costs[row].iter().enumerate().fold(alone, |least, (column, cost)| match cost {
            &Some(cost) if taken & 1 << column == 0 => {
                let rest = brute_force(costs, row + 1, taken | 1 << column);
                least.min(u64::from(cost) + rest)
            }
            _ => least,
        })
    }

    #[test]
    fn a_greedy_choice_is_taken_back() {
        let (a, b) = (Some(10), Some(11));
        // Both are nearest to the first object; the second observation has no other.
        let (assigned, total) = solve(&[vec![a, b], vec![a, None]], 2);
        assert_eq!((assigned, total), (vec![Some(1), Some(0)], 21));
    }

    #[test]
    fn clutter_does_not_push_a_chain_along() {
        // Each observation lies on its object; one more lies beside the first, whose object could
        // be had by pushing every other to its neighbour.
        let (on, beside) = (Some(0), Some(UNASSIGNED / 2));
        let costs = [vec![on, beside, None], vec![None, on, beside], vec![beside, None, None]];
        let (assigned, _) = solve(&costs, 3);
        assert_eq!(assigned, [Some(0), Some(1), None]);
    }

    #[test]
    fn a_crowd_without_bounds_is_cut_and_stays_an_assignment() {
        // All but one of the objects are alike to every observation, so searches see them all.
        let n = 1_500u32;
        let mut assigner = Assigner::default();
        for row in 0..n {
            assigner.pair(row, 1_000);
            if row + 1 < n {
                assigner.pair(row + 1, 1_000 + row % 7);
            }
            assigner.end_row();
        }
        // This one's only object is taken; the chain that would make room is too long.
        assigner.pair(0, 1_000);
        assigner.end_row();
        assigner.solve(n);
        assert_eq!(assigner.cut(), 1);
        let mut taken: Vec<_> = (0..=n as usize).filter_map(|row| assigner.column(row)).collect();
        taken.sort_unstable();
        assert!(taken.windows(2).all(|pair| pair[0] != pair[1]));
        assert_eq!(taken.len(), n as usize);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn no_permutation_is_cheaper(
            rows in 1usize..=7,
            columns in 1usize..=7,
            draws in proptest::collection::vec(
                // Few values, so that ties are met; some above the limit.
                prop_oneof![
                    Just(None),
                    (0u32..6).prop_map(|step| Some(step * (UNASSIGNED / 5))),
                    (0..UNASSIGNED).prop_map(Some),
                ],
                49,
            ),
        ) {
            let costs: Vec<Vec<_>> =
                (0..rows).map(|row| draws[row * 7..row * 7 + columns].to_vec()).collect();
            let (assigned, total) = solve(&costs, columns);
            prop_assert_eq!(total, brute_force(&costs, 0, 0));
            for (row, column) in assigned.iter().enumerate() {
                if let &Some(column) = column {
                    prop_assert!(costs[row][column as usize] < Some(UNASSIGNED));
                }
            }
        }
    }
}
