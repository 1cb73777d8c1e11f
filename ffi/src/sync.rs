//! The one place of this crate for atomics. They are the standard library's: nothing here runs in
//! loom's model checker, whose structures are all in `xrmesh` itself.
#![expect(clippy::disallowed_types, reason = "the one place for atomics")]

pub(crate) use std::sync::atomic::Ordering;
pub(crate) type AtomicBool = std::sync::atomic::AtomicBool;
pub(crate) type AtomicU32 = std::sync::atomic::AtomicU32;
pub(crate) type AtomicU64 = std::sync::atomic::AtomicU64;
