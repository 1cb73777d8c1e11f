//! Messages and what becomes of them.

pub(crate) mod reason;
