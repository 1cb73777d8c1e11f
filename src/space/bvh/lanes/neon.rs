//! Sixteen lanes in four NEON registers.
#![expect(unsafe_code, reason = "vector instructions outside a function compiled for them")]

use core::arch::aarch64::*;

use super::portable::PortableEight;
use super::{Keys, Lanes};

/// Sixteen `f32`.
#[derive(Clone, Copy)]
pub(in super::super) struct Neon([float32x4_t; 4]);

/// Sixteen keys.
#[derive(Clone, Copy)]
pub(in super::super) struct NeonKeys([uint32x4_t; 4]);

/// Calls instructions of NEON.
macro_rules! neon {
    ($call:expr) => {
        // SAFETY: these types are named only in `path`, as the lanes of an operation that runs
        // where the feature was found; the instructions have no other condition.
        unsafe { $call }
    };
}

impl Neon {
    #[inline(always)]
    fn zip(self, other: Self, each: impl Fn(float32x4_t, float32x4_t) -> float32x4_t) -> Self {
        Self(core::array::from_fn(|quarter| each(self.0[quarter], other.0[quarter])))
    }
}

/// All bits of each of four lanes whose bit is set.
#[inline(always)]
fn spread(bits: u16, quarter: usize) -> uint32x4_t {
    let each: uint32x4_t = bytemuck::cast([1u32, 2, 4, 8]);
    neon!(vtstq_u32(vdupq_n_u32(u32::from(bits >> (4 * quarter))), each))
}

impl Lanes for Neon {
    type Keys = NeonKeys;
    type Eight = PortableEight;

    #[inline(always)]
    fn load(column: &[f32; 16]) -> Self {
        Self(bytemuck::cast(*column))
    }

    #[inline(always)]
    fn splat(value: f32) -> Self {
        Self([neon!(vdupq_n_f32(value)); 4])
    }

    #[inline(always)]
    fn to_array(self) -> [f32; 16] {
        bytemuck::cast(self.0)
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self.zip(other, |a, b| neon!(vaddq_f32(a, b)))
    }

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        self.zip(other, |a, b| neon!(vsubq_f32(a, b)))
    }

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        self.zip(other, |a, b| neon!(vmulq_f32(a, b)))
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        // A comparison and a choice: NEON's own maximum is not a number where either is.
        self.zip(other, |a, b| neon!(vbslq_f32(vcgtq_f32(a, b), a, b)))
    }

    #[inline(always)]
    fn min(self, other: Self) -> Self {
        self.zip(other, |a, b| neon!(vbslq_f32(vcltq_f32(a, b), a, b)))
    }

    #[inline(always)]
    fn at_most(self, other: Self) -> u16 {
        let mut bits = 0;
        for quarter in 0..4 {
            let each: uint32x4_t = bytemuck::cast([1u32, 2, 4, 8]);
            let four =
                neon!(vaddvq_u32(vandq_u32(vcleq_f32(self.0[quarter], other.0[quarter]), each)));
            bits |= (four as u16) << (4 * quarter);
        }
        bits
    }

    #[inline(always)]
    fn keep(self, bits: u16) -> Self {
        let nan = neon!(vdupq_n_f32(f32::NAN));
        Self(core::array::from_fn(|quarter| {
            neon!(vbslq_f32(spread(bits, quarter), self.0[quarter], nan))
        }))
    }

    #[inline(always)]
    fn keys(self, bits: u16) -> NeonKeys {
        let first: uint32x4_t = bytemuck::cast([0u32, 1, 2, 3]);
        NeonKeys(core::array::from_fn(|quarter| {
            neon!({
                let lane = vaddq_u32(first, vdupq_n_u32(4 * quarter as u32));
                let key = vreinterpretq_u32_f32(self.0[quarter]);
                let key = vorrq_u32(vandq_u32(key, vdupq_n_u32(!15)), lane);
                vorrq_u32(key, vmvnq_u32(spread(bits, quarter)))
            })
        }))
    }
}

impl Keys for NeonKeys {
    #[inline(always)]
    fn least(self) -> u32 {
        let [a, b, c, d] = self.0;
        neon!(vminvq_u32(vminq_u32(vminq_u32(a, b), vminq_u32(c, d))))
    }

    #[inline(always)]
    fn at_most(self, bound: u32) -> u16 {
        let mut bits = 0;
        for quarter in 0..4 {
            let each: uint32x4_t = bytemuck::cast([1u32, 2, 4, 8]);
            let four = neon!({
                let passed = vcleq_u32(self.0[quarter], vdupq_n_u32(bound));
                vaddvq_u32(vandq_u32(passed, each))
            });
            bits |= (four as u16) << (4 * quarter);
        }
        bits
    }

    #[inline(always)]
    fn without(self, lane: usize) -> Self {
        Self(core::array::from_fn(|quarter| {
            neon!(vorrq_u32(self.0[quarter], spread(1 << (lane & 15), quarter)))
        }))
    }

    #[inline(always)]
    fn to_array(self) -> [u32; 16] {
        bytemuck::cast(self.0)
    }

    #[inline(always)]
    fn load(keys: &[u32; 16]) -> Self {
        Self(bytemuck::cast(*keys))
    }
}
