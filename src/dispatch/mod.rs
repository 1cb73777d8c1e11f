//! One tick on a crew of fixed, joinable threads.

pub(crate) mod crew;
