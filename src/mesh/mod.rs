//! The mesh itself.

pub mod config;
