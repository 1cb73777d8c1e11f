//! Plain Rust on any machine, in a form that compilers turn into vectors.

use super::{Eight, Keys, Lanes};

/// Sixteen `f32` in an array.
#[derive(Clone, Copy)]
pub(in super::super) struct Portable([f32; 16]);

/// Sixteen keys in an array.
#[derive(Clone, Copy)]
pub(in super::super) struct PortableKeys([u32; 16]);

/// Eight sorted integers in an array.
#[derive(Clone, Copy)]
pub(in super::super) struct PortableEight([u64; 8]);

impl Lanes for Portable {
    type Keys = PortableKeys;
    type Eight = PortableEight;

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
    fn min(mut self, other: Self) -> Self {
        for lane in 0..16 {
            self.0[lane] = if self.0[lane] < other.0[lane] { self.0[lane] } else { other.0[lane] };
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

    #[inline(always)]
    fn keep(mut self, bits: u16) -> Self {
        for lane in 0..16 {
            self.0[lane] = if bits >> lane & 1 == 1 { self.0[lane] } else { f32::NAN };
        }
        self
    }

    #[inline(always)]
    fn keys(self, bits: u16) -> PortableKeys {
        PortableKeys(core::array::from_fn(|lane| {
            let key = self.0[lane].to_bits() & !15 | lane as u32;
            if bits >> lane & 1 == 1 { key } else { u32::MAX }
        }))
    }
}

impl Keys for PortableKeys {
    #[inline(always)]
    fn least(self) -> u32 {
        let mut part = [u32::MAX; 4];
        for quarter in self.0.chunks_exact(4) {
            for lane in 0..4 {
                part[lane] = part[lane].min(quarter[lane]);
            }
        }
        part[0].min(part[1]).min(part[2].min(part[3]))
    }

    #[inline(always)]
    fn at_most(self, bound: u32) -> u16 {
        let mut bits = 0;
        for lane in 0..16 {
            bits |= u16::from(self.0[lane] <= bound) << lane;
        }
        bits
    }

    #[inline(always)]
    fn without(mut self, lane: usize) -> Self {
        self.0[lane & 15] = u32::MAX;
        self
    }

    #[inline(always)]
    fn to_array(self) -> [u32; 16] {
        self.0
    }

    #[inline(always)]
    fn load(keys: &[u32; 16]) -> Self {
        Self(*keys)
    }
}

impl Eight for PortableEight {
    #[inline(always)]
    fn splat(value: u64) -> Self {
        Self([value; 8])
    }

    #[inline(always)]
    fn insert(self, value: u64) -> Self {
        // What is greater moves up by one, and the value lands below it.
        let old = self.0;
        Self(core::array::from_fn(|place| {
            let below = if place == 0 { value } else { old[place - 1].max(value) };
            old[place].min(below)
        }))
    }

    #[inline(always)]
    fn has_upper(self, bits: u32) -> bool {
        self.0.iter().fold(false, |any, &value| any | (value >> 32 == u64::from(bits)))
    }

    #[inline(always)]
    fn at(self, place: usize) -> u64 {
        self.0[place & 7]
    }

    #[inline(always)]
    fn to_array(self) -> [u64; 8] {
        self.0
    }

    #[inline(always)]
    fn count_below(values: &[[u64; 8]], value: u64) -> usize {
        let mut counts = [0u64; 8];
        for eight in values {
            for place in 0..8 {
                counts[place] += u64::from((eight[place] as i64) < value as i64);
            }
        }
        counts.iter().sum::<u64>() as usize
    }
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
    fn eight_stay_sorted() {
        let mut eight = PortableEight::splat(100);
        for value in [7, 3, 9, 3, 200, 8, 1, 2, 6, 5] {
            eight = eight.insert(value);
        }
        assert_eq!(eight.to_array(), [1, 2, 3, 3, 5, 6, 7, 8]);
    }

    #[test]
    fn the_least_key_names_its_lane() {
        let mut column = [4.0f32; 16];
        column[6] = 1.5;
        column[9] = 2.5;
        let keys = Portable::load(&column).keys(0xffff);
        assert_eq!(keys.least() & 15, 6);
        assert_eq!(keys.without(6).least() & 15, 9);
        assert_eq!(Portable::load(&column).keys(0).least(), u32::MAX);
    }
}
