//! Space: where things are, which volumes they lie in, and what is near them.
//!
//! 1. Space is OpenXR's: right-handed, Y up, −Z forward, metres, unit quaternions `(x, y, z, w)`,
//!    all `f32`, relative to an origin that the host keeps (in `f64` where the world is large).
//! 2. Outside values are parsed once: [`Pose::new`] and every region's constructor refuse
//!    not-a-number, infinite and inverted input with a typed error that carries what was given.
//!    Zero extents are fine. What is parsed needs no further check.
//! 3. Every result follows from its inputs bit for bit on every machine: one fixed order of `f32`
//!    operations, no fused multiply-add, sines and tangents from `libm`.
//! 4. A test of a volume is inclusive of its boundary, and *monotone*: what overlaps a box overlaps
//!    every box around it. Rounding keeps that, since each rounded operation is monotone; so a tree
//!    may prune by the boxes of its nodes and never change an answer.
//! 5. The squared distance from a point `q` to the box `[lo, hi]` (a point is the box with
//!    `lo = hi`) is `(gx·gx + gy·gy) + gz·gz` with `g = max(lo − q, q − hi, 0)` by axis, each
//!    operation rounded to `f32`. It is the same in every query and in [`Sphere::contains`].

pub mod bvh;
mod pose;
mod quaternion;
mod ray;
mod region;
mod vector;

pub use pose::{Pose, PoseError};
pub use quaternion::Quat;
pub use ray::{Ray, RayError};
pub use region::{
    Aabb, FieldOfView, Frustum, OrientedBox, Plane, Prism, Region, RegionError, Sphere, UpAxis,
};
pub use vector::Vec3;
