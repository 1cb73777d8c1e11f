//! Parts of space.

use super::super::region::Aabb;
use super::super::vector::Vec3;

/// A part of space: what lies in its lower planes belongs to it, what lies in its upper ones does not.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Cell {
    low: [f32; 3],
    high: [f32; 3],
}

impl Cell {
    /// All of space.
    pub(super) const ALL: Self = Self { low: [f32::NEG_INFINITY; 3], high: [f32::INFINITY; 3] };

    #[inline]
    pub(super) fn holds(&self, point: Vec3) -> bool {
        let at = point.to_array();
        (0..3).all(|axis| self.low[axis] <= at[axis] && at[axis] < self.high[axis])
    }

    /// The cell with its upper planes.
    #[inline]
    pub(super) fn bounds(&self) -> Aabb {
        Aabb::from_corners(Vec3::from_array(self.low), Vec3::from_array(self.high))
    }

    /// What is below a plane across `axis`, and the rest.
    fn cut(self, axis: usize, at: f32) -> [Self; 2] {
        let (mut below, mut above) = (self, self);
        below.high[axis] = at;
        above.low[axis] = at;
        [below, above]
    }

    /// Two parts between which as little as possible of these boxes is shared, each with a quarter
    /// of their weight or more; of several such, of weights that are most alike. `None` where no
    /// plane has boxes on both sides.
    ///
    /// So planes fall between the boxes where they are apart. O(n log n).
    pub(super) fn halve(self, boxes: &mut [(u32, Aabb)], lows: &mut Vec<f32>) -> Option<[Self; 2]> {
        let all: u64 = boxes.iter().map(|&(weight, _)| u64::from(weight)).sum();
        let mut best = (f32::INFINITY, 0, 0.0);
        for axis in 0..3 {
            boxes.sort_unstable_by(|one, other| {
                let middle = |of: &(u32, Aabb)| of.1.centre().to_array()[axis];
                middle(one).total_cmp(&middle(other))
            });
            lows.clear();
            let mut low = f32::INFINITY;
            for (_, bounds) in boxes.iter().rev() {
                low = low.min(bounds.low().to_array()[axis]);
                lows.push(low);
            }
            let first = low;
            let last = boxes.iter().map(|of| of.1.high().to_array()[axis]);
            let extent = last.fold(f32::NEG_INFINITY, f32::max) * 0.5 - first * 0.5;
            let (mut high, mut weight) = (f32::NEG_INFINITY, 0);
            for (&(own, ref bounds), &low) in boxes.iter().zip(lows.iter().rev().skip(1)) {
                high = high.max(bounds.high().to_array()[axis]);
                weight += u64::from(own);
                if weight * 4 < all || weight * 4 > all * 3 {
                    continue;
                }
                let shared = ((high * 0.5 - low * 0.5) / extent).max(0.0);
                let uneven = (weight as f32 / all as f32 - 0.5).abs();
                let at = high * 0.5 + low * 0.5;
                let loss = shared + uneven * EVEN;
                if loss < best.0 && first < at {
                    best = (loss, axis, at);
                }
            }
        }
        (best.0 < f32::INFINITY).then(|| self.cut(best.1, best.2))
    }
}

/// How much of an extent may be shared to make halves of a quarter and three quarters alike.
const EVEN: f32 = 0.1;

#[cfg(test)]
mod tests {
    use super::*;

    fn slab(low: f32, high: f32) -> (u32, Aabb) {
        (1, Aabb::from_corners(Vec3::new(low, -5.0, 0.0), Vec3::new(high, 5.0, 1.0)))
    }

    #[test]
    fn halves_meet_where_boxes_are_apart() {
        let mut boxes =
            [slab(0.0, 1.0), slab(1.0, 2.5), slab(2.0, 3.0), slab(3.5, 9.0), slab(4.0, 5.0)];
        let [below, above] = Cell::ALL.halve(&mut boxes, &mut Vec::new()).unwrap();
        assert_eq!((below.high[0], above.low[0]), (3.25, 3.25));
        let at = Vec3::new(3.25, 1e9, 0.0);
        assert!(!below.holds(at) && above.holds(at) && Cell::ALL.holds(at));
        let [one, two] = below.halve(&mut boxes[..2], &mut Vec::new()).unwrap();
        assert_eq!((one.high[0], two.low[0], two.high[0]), (1.0, 1.0, 3.25));
    }

    #[test]
    fn what_no_plane_divides_is_whole() {
        let mut lows = Vec::new();
        assert_eq!(Cell::ALL.halve(&mut [], &mut lows), None);
        assert_eq!(Cell::ALL.halve(&mut [slab(0.0, 1.0)], &mut lows), None);
        let point = (3, Aabb::from_corners(Vec3::UP, Vec3::UP));
        assert_eq!(Cell::ALL.halve(&mut [point; 9], &mut lows), None);
        let far = |at: f32| (1, Aabb::from_corners(Vec3::splat(at), Vec3::splat(at)));
        let [below, above] =
            Cell::ALL.halve(&mut [far(f32::MIN), far(f32::MAX)], &mut lows).unwrap();
        assert!(below.holds(Vec3::splat(f32::MIN)) && above.holds(Vec3::splat(f32::MAX)));
    }
}
