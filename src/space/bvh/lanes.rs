//! Sixteen `f32` at once.

/// Sixteen lanes of `f32`. Every implementation gives the same bits: each operation is one rounded
/// IEEE operation per lane, never fused, in the order written.
pub(super) trait Lanes: Copy {
    /// The lanes of a column.
    fn load(column: &[f32; 16]) -> Self;
    /// One value in every lane.
    fn splat(value: f32) -> Self;
    /// The values by lane.
    fn to_array(self) -> [f32; 16];
    fn add(self, other: Self) -> Self;
    fn sub(self, other: Self) -> Self;
    fn mul(self, other: Self) -> Self;
    /// `self` where it is greater than `other`, else `other`; so `other` where either is not a
    /// number.
    fn max(self, other: Self) -> Self;
    /// A bit for each lane where `self` is at most `other`; none where either is not a number.
    fn at_most(self, other: Self) -> u16;
}

/// Plain Rust on any machine, in a form that compilers turn into vectors.
#[derive(Clone, Copy)]
pub(super) struct Portable([f32; 16]);

impl Lanes for Portable {
    #[inline(always)]
    fn load(column: &[f32; 16]) -> Self {
        Self(*column)
    }

    #[inline(always)]
    fn splat(value: f32) -> Self {
        Self([value; 16])
    }

    #[inline(always)]
    fn to_array(self) -> [f32; 16] {
        self.0
    }

    #[inline(always)]
    fn add(mut self, other: Self) -> Self {
        for lane in 0..16 {
            self.0[lane] += other.0[lane];
        }
        self
    }

    #[inline(always)]
    fn sub(mut self, other: Self) -> Self {
        for lane in 0..16 {
            self.0[lane] -= other.0[lane];
        }
        self
    }

    #[inline(always)]
    fn mul(mut self, other: Self) -> Self {
        for lane in 0..16 {
            self.0[lane] *= other.0[lane];
        }
        self
    }

    #[inline(always)]
    fn max(mut self, other: Self) -> Self {
        for lane in 0..16 {
            self.0[lane] = if self.0[lane] > other.0[lane] { self.0[lane] } else { other.0[lane] };
        }
        self
    }

    #[inline(always)]
    fn at_most(self, other: Self) -> u16 {
        let mut bits = 0;
        for lane in 0..16 {
            bits |= u16::from(self.0[lane] <= other.0[lane]) << lane;
        }
        bits
    }
}

/// The lanes of the set bits, lowest first.
#[inline]
pub(super) fn set_lanes(mut bits: u16) -> impl Iterator<Item = usize> {
    core::iter::from_fn(move || {
        if bits == 0 {
            return None;
        }
        let lane = bits.trailing_zeros() as usize;
        bits &= bits - 1;
        Some(lane)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_a_number_passes_no_comparison() {
        let nan = Portable::splat(f32::NAN);
        let zero = Portable::splat(0.0);
        assert_eq!(nan.at_most(zero) | zero.at_most(nan) | nan.at_most(nan), 0);
        assert!(zero.max(nan).to_array().iter().all(|value| value.is_nan()));
        assert!(nan.max(zero).to_array().iter().all(|&value| value == 0.0));
        assert_eq!(zero.at_most(zero), 0xffff);
    }

    #[test]
    fn lanes_of_bits() {
        assert_eq!(set_lanes(0b1000_0000_0001_0010).collect::<Vec<_>>(), [1, 4, 15]);
        assert_eq!(set_lanes(0).count(), 0);
    }
}
