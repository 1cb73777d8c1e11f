//! Filters as the index asks them.

use super::filter::Filter;
use super::table::TableView;
use crate::space::bvh::Select;

/// Every object; equals go by id.
pub(super) struct Any<'a>(pub(super) TableView<'a>);

/// The objects of some classes; equals go by id.
pub(super) struct OfClass<'a>(pub(super) TableView<'a>, pub(super) &'a Filter);

impl Select for Any<'_> {
    #[inline]
    fn key(&self, slot: u32) -> u64 {
        self.0.id(slot).to_bits()
    }

    #[inline]
    fn accepts(&self, _slot: u32) -> bool {
        true
    }
}

impl Select for OfClass<'_> {
    #[inline]
    fn key(&self, slot: u32) -> u64 {
        self.0.id(slot).to_bits()
    }

    #[inline]
    fn accepts(&self, slot: u32) -> bool {
        self.1.accepts(self.0.class(slot))
    }
}

/// Runs a query of the index for the objects that a filter accepts: once for all of them, which asks
/// nothing of any, and once for some.
macro_rules! select {
    ($view:expr, $filter:expr, |$select:ident| $query:expr) => {
        if $filter.is_all() {
            let $select = &Any($view.table);
            $query
        } else {
            let $select = &OfClass($view.table, $filter);
            $query
        }
    };
}

pub(super) use select;
