//! One tick: schedule, run, merge, measure.

pub(crate) mod probe;
