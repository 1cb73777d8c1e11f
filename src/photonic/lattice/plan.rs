//! Where the interferometers of a lattice stand.

use core::iter::FusedIterator;

/// How the interferometers of a lattice are arranged.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[non_exhaustive]
pub enum Layout {
    /// N columns, alternately starting at mode 0 and 1: the shortest, with equal path lengths.
    /// W. R. Clements et al., Optica 3, 1460 (2016).
    #[default]
    Rectangular,
    /// A triangle, 2N − 3 columns long. M. Reck et al., Phys. Rev. Lett. 73, 58 (1994).
    Triangular,
    /// The rectangle with symmetric elements C·diag(e^{iθ₁}, e^{iθ₂})·C and no shifter between
    /// them: shorter still. B. A. Bell, I. A. Walmsley, "Further compactifying linear optical
    /// unitaries", APL Photonics 6, 070804 (2021).
    Compact,
}

/// The places of one lattice's interferometers, column by column from the input, each column from
/// the top. Every column's elements stand two modes apart, the first at mode 0 (even columns) or 1.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Plan {
    layout: Layout,
    modes: usize,
}

impl Plan {
    /// The plan of a layout over `modes` modes.
    #[must_use]
    pub const fn new(layout: Layout, modes: usize) -> Self {
        Self { layout, modes }
    }

    /// The layout.
    #[must_use]
    pub const fn layout(self) -> Layout {
        self.layout
    }

    /// The number of modes N.
    #[must_use]
    pub const fn modes(self) -> usize {
        self.modes
    }

    /// The number of interferometers, N(N − 1)/2 in every layout.
    #[must_use]
    pub const fn elements(self) -> usize {
        self.modes * self.modes.saturating_sub(1) / 2
    }

    /// The number of columns: N, or 2N − 3 for a triangle; 0 for a single mode.
    #[must_use]
    pub const fn columns(self) -> usize {
        if self.modes < 2 {
            return 0;
        }
        match self.layout {
            Layout::Rectangular | Layout::Compact => self.modes,
            Layout::Triangular => 2 * self.modes - 3,
        }
    }

    /// The column at `column`: the upper mode of its first element, and how many it has.
    #[must_use]
    pub fn column(self, column: usize) -> Column {
        let first_mode = column % 2;
        let count = match self.layout {
            Layout::Rectangular | Layout::Compact => (self.modes - first_mode) / 2,
            // Element (column, mode) belongs to the row (column − mode)/2 of the triangle, which
            // has the modes 0…N − 2 − row: mode ≤ column and mode ≤ 2(N − 2) − column.
            Layout::Triangular => {
                let last = column.min(2 * (self.modes - 2) - column);
                if last < first_mode { 0 } else { (last - first_mode) / 2 + 1 }
            }
        };
        let first_element = match self.layout {
            Layout::Rectangular | Layout::Compact => {
                let (pairs, odd) = (column / 2, column % 2);
                pairs * (self.modes - 1) + odd * (self.modes / 2)
            }
            // Σ of the counts before: the counts rise 1, 1, 2, 2, 3, … and fall in mirror image.
            Layout::Triangular => {
                let rising = |columns: usize| {
                    let half = columns / 2;
                    half * (half + 1) + (columns % 2) * (half + 1)
                };
                let rise = self.modes - 1;
                if column <= rise {
                    rising(column)
                } else {
                    self.elements() - rising(self.columns() - column)
                }
            }
        };
        Column { first_mode, count, first_element }
    }

    /// Every element in order: (column, upper mode).
    pub fn places(self) -> impl FusedIterator<Item = (usize, usize)> {
        (0..self.columns()).flat_map(move |index| {
            let column = self.column(index);
            (0..column.count).map(move |k| (index, column.first_mode + 2 * k))
        })
    }

    /// The element at (column, upper mode).
    #[must_use]
    pub(crate) fn element_at(self, column: usize, mode: usize) -> usize {
        let place = self.column(column);
        place.first_element + (mode - place.first_mode) / 2
    }
}

/// One column of a plan.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Column {
    /// The upper mode of the first element; the next is two modes lower.
    pub first_mode: usize,
    /// The number of elements.
    pub count: usize,
    /// The place of the first element in the lattice's order.
    pub first_element: usize,
}

impl Column {
    /// The mode below the last element.
    #[must_use]
    pub const fn end_mode(self) -> usize {
        self.first_mode + 2 * self.count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_layout_has_each_pair_as_often_as_it_must() {
        for layout in [Layout::Rectangular, Layout::Triangular, Layout::Compact] {
            for modes in 1..40 {
                let plan = Plan::new(layout, modes);
                let places: Vec<_> = plan.places().collect();
                assert_eq!(places.len(), modes * (modes - 1) / 2, "{layout:?} {modes}");
                for (element, &(column, mode)) in places.iter().enumerate() {
                    assert!(mode + 1 < modes, "{layout:?} {modes}");
                    assert_eq!(mode % 2, column % 2);
                    assert_eq!(plan.element_at(column, mode), element, "{layout:?} {modes}");
                }
                let counted: usize = (0..plan.columns()).map(|c| plan.column(c).count).sum();
                assert_eq!(counted, plan.elements());
                if layout == Layout::Triangular {
                    // Row r of the triangle couples the modes 0…N − 1 − r.
                    for mode in 0..modes.saturating_sub(1) {
                        let here = places.iter().filter(|&&(_, m)| m == mode).count();
                        assert_eq!(here, modes - 1 - mode);
                    }
                }
            }
        }
    }
}
