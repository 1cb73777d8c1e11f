//! Places along a space-filling curve.

use super::super::vector::Vec3;

/// A grid of 2¹⁰ cells along each axis around some points.
#[derive(Clone, Copy, Debug)]
pub(super) struct Grid {
    low: Vec3,
    /// Cells per metre on each axis.
    scale: [f32; 3],
}

/// The cells along an axis.
const CELLS: f32 = 1024.0;

impl Grid {
    /// The grid around `points`, which are finite.
    pub(super) fn around(points: impl Iterator<Item = Vec3>) -> Self {
        let mut low = Vec3::splat(f32::MAX);
        let mut high = Vec3::splat(f32::MIN);
        for point in points {
            low = low.min(point);
            high = high.max(point);
        }
        let scale = core::array::from_fn(|axis| {
            let size = high.to_array()[axis] * 0.5 - low.to_array()[axis] * 0.5;
            let scale = CELLS * 0.5 / size;
            if size > 0.0 && scale.is_finite() { scale } else { 0.0 }
        });
        Self { low, scale }
    }

    /// The point's cell and its index as a sortable number: near cells have near codes, by G. M.
    /// Morton, "A Computer Oriented Geodetic Data Base" (1966).
    #[inline]
    pub(super) fn code(&self, point: Vec3) -> u32 {
        let (at, low) = (point.to_array(), self.low.to_array());
        let cell = |axis: usize| {
            // Halved first, so that it stays finite; a cast cuts at the ends.
            let cell = (at[axis] * 0.5 - low[axis] * 0.5) * (2.0 * self.scale[axis]);
            (cell as u32).min(CELLS as u32 - 1)
        };
        spread(cell(0)) | spread(cell(1)) << 1 | spread(cell(2)) << 2
    }
}

/// The lower ten bits, two zeros between each two.
#[inline]
fn spread(bits: u32) -> u32 {
    let bits = (bits | bits << 16) & 0x0300_00ff;
    let bits = (bits | bits << 8) & 0x0300_f00f;
    let bits = (bits | bits << 4) & 0x030c_30c3;
    (bits | bits << 2) & 0x0924_9249
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_interleave_the_cells() {
        let corners = [Vec3::ZERO, Vec3::splat(1024.0)];
        let grid = Grid::around(corners.into_iter());
        assert_eq!(grid.code(Vec3::new(1.5, 0.0, 0.0)), 1);
        assert_eq!(grid.code(Vec3::new(0.0, 1.5, 3.0)), 0b100_110);
        assert_eq!(grid.code(Vec3::splat(1024.0)), 0x3fff_ffff);
        assert_eq!(grid.code(Vec3::splat(-9.0)), 0);
    }

    #[test]
    fn flat_and_huge_worlds_have_codes() {
        let flat = Grid::around([Vec3::UP, Vec3::UP].into_iter());
        assert_eq!(flat.code(Vec3::UP), 0);
        let huge = Grid::around([Vec3::splat(f32::MIN), Vec3::splat(f32::MAX)].into_iter());
        assert_eq!(huge.code(Vec3::splat(f32::MAX)), 0x3fff_ffff);
        assert_eq!(Grid::around(core::iter::empty()).code(Vec3::UP) & 0xc000_0000, 0);
    }
}
