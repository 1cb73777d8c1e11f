//! The loops that decide speed, each in one small file; nothing here knows physics.
//!
//! 1. `level` says which instructions the processor has. Every kernel takes a [`Level`](level::Level)
//!    and gives the same bits on all of them; only this folder has `unsafe` code.
//! 2. `f64` kernels ([`panels`], [`jacobi`]) are plain loops over 8 lanes, compiled once for each
//!    level. They multiply and add without fusing, so IEEE 754 alone makes the levels agree.
//! 3. `f32` kernels ([`lanes`] and what uses it, [`sincos`]) work on 16 lanes and fuse every
//!    multiply-add, in hardware or, on the plain level, in correctly rounded software: the same bits,
//!    at a cost that only processors without FMA pay. Fused because a complex multiply-add is 4
//!    operations then and 8 otherwise.

pub(crate) mod adjoint;
pub(crate) mod chain;
pub(crate) mod coefficients;
pub(crate) mod crossings;
pub(crate) mod finite;
pub(crate) mod gemm;
pub(crate) mod jacobi;
pub(crate) mod lanes;
pub(crate) mod level;
pub(crate) mod panels;
pub(crate) mod sincos;
pub(crate) mod split;
pub(crate) mod vector;
