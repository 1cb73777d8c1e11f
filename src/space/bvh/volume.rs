//! Volumes against sixteen boxes at once.

use super::super::region::{Aabb, Frustum, OrientedBox, Prism, REACH, Sphere};
use super::super::vector::Vec3;
use super::lanes::{Lanes, set_lanes};
use super::page::Page;

/// What a query looks in. It is monotone: what overlaps an entry overlaps every box around it.
pub(super) trait Volume {
    /// Whether it is its bounds.
    const IS_BOX: bool = false;

    /// A box around it: what lies outside is not asked for.
    fn bounds(&self) -> Aabb;

    /// Of the lanes in `bits`, which overlap its bounds, those that overlap it: by the same
    /// expressions as the volume's own `overlaps`.
    fn passing<L: Lanes, P: Page>(&self, page: &P, bits: u16) -> u16;
}

impl Volume for Aabb {
    const IS_BOX: bool = true;

    fn bounds(&self) -> Aabb {
        *self
    }

    #[inline(always)]
    fn passing<L: Lanes, P: Page>(&self, _: &P, bits: u16) -> u16 {
        bits
    }
}

impl Volume for Sphere {
    fn bounds(&self) -> Aabb {
        self.bounds()
    }

    #[inline(always)]
    fn passing<L: Lanes, P: Page>(&self, page: &P, bits: u16) -> u16 {
        let limit = L::splat(self.radius() * self.radius());
        page.distances_squared::<L>(self.centre()).at_most(limit) & bits
    }
}

impl Volume for OrientedBox {
    fn bounds(&self) -> Aabb {
        self.bounds()
    }

    #[inline(always)]
    fn passing<L: Lanes, P: Page>(&self, page: &P, mut bits: u16) -> u16 {
        let offsets = Offsets::<L>::new(page, self.pose().position());
        for (axis, half) in self.axes().into_iter().zip(self.half_extents().to_array()) {
            let (least, most) = offsets.span(axis);
            bits &= least.at_most(L::splat(half)) & L::splat(-half).at_most(most);
        }
        bits
    }
}

impl Volume for Frustum {
    fn bounds(&self) -> Aabb {
        self.bounds()
    }

    #[inline(always)]
    fn passing<L: Lanes, P: Page>(&self, page: &P, mut bits: u16) -> u16 {
        let (origin, planes, _) = self.parts();
        let offsets = Offsets::<L>::new(page, origin);
        for plane in planes {
            let (_, most) = offsets.span(plane.normal);
            bits &= L::splat(0.0).at_most(most.add(L::splat(plane.offset_m)));
        }
        bits
    }
}

impl Volume for Prism {
    fn bounds(&self) -> Aabb {
        self.bounds()
    }

    #[inline(always)]
    fn passing<L: Lanes, P: Page>(&self, page: &P, bits: u16) -> u16 {
        let mut passed = bits;
        for lane in set_lanes(bits) {
            if !self.overlaps(&page.entry(lane)) {
                passed &= !(1 << lane);
            }
        }
        passed
    }
}

/// Sixteen boxes relative to an origin, cut as a region's projections cut them.
struct Offsets<L> {
    low: [L; 3],
    high: [L; 3],
}

impl<L: Lanes> Offsets<L> {
    #[inline(always)]
    fn new<P: Page>(page: &P, origin: Vec3) -> Self {
        let origin = origin.to_array();
        let (low, high) = page.columns();
        let cut = |column: &[f32; 16], origin: f32| {
            let offset = L::load(column).sub(L::splat(origin));
            offset.max(L::splat(-REACH)).min(L::splat(REACH))
        };
        Self {
            low: core::array::from_fn(|axis| cut(low[axis], origin[axis])),
            high: core::array::from_fn(|axis| cut(high[axis], origin[axis])),
        }
    }

    /// The smallest and the largest of `axis · p` over each box, by the expression of a region's
    /// projections.
    #[inline(always)]
    fn span(&self, axis: Vec3) -> (L, L) {
        let parts = axis.to_array();
        let part = |index: usize| {
            let along = L::splat(parts[index]);
            let (low, high) = (along.mul(self.low[index]), along.mul(self.high[index]));
            if parts[index] < 0.0 { (high, low) } else { (low, high) }
        };
        let (x, y, z) = (part(0), part(1), part(2));
        (x.0.add(y.0).add(z.0), x.1.add(y.1).add(z.1))
    }
}
