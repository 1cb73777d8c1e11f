//! Sixteen entries with their numbers, and the page of points.

use bytemuck::Zeroable;

use super::super::ray::Ray;
use super::super::region::Aabb;
use super::super::vector::Vec3;
use super::lanes::Lanes;

/// Sixteen entries, each a box and a number, or empty: a node or a leaf page.
pub(super) trait Bucket: Copy + core::fmt::Debug + Zeroable {
    /// All lanes empty.
    const EMPTY: Self;

    /// The box in an occupied lane.
    fn entry(&self, lane: usize) -> Aabb;

    /// The number in an occupied lane: an item's slot or a child.
    fn id(&self, lane: usize) -> u32;

    /// The numbers by lane.
    fn ids(&self) -> &[u32; 16];

    /// Occupies a lane.
    fn put(&mut self, lane: usize, bounds: &Aabb, id: u32);

    /// Empties a lane.
    fn clear(&mut self, lane: usize);

    /// The union of the occupied lanes; meaningless where all are empty.
    fn bounds(&self) -> Aabb;
}

/// What a leaf page answers to queries, sixteen lanes at a time.
pub(super) trait Page: Bucket {
    /// The squared distances from a point, by the fixed expression; not a number in empty lanes.
    fn distances_squared<L: Lanes>(&self, point: Vec3) -> L;

    /// A bit for each lane that overlaps `bounds`.
    fn overlaps<L: Lanes>(&self, bounds: &Aabb) -> u16;

    /// Where a ray enters, by the expression of [`Ray::enters`]; not a number where it misses and
    /// in empty lanes.
    fn ray_distances<L: Lanes>(&self, ray: &Ray) -> L;

    /// The columns of lower and of upper bounds on each axis; not a number in empty lanes.
    fn columns(&self) -> ([&[f32; 16]; 3], [&[f32; 16]; 3]);
}

/// Sixteen points in columns: 256 bytes, four cache lines.
#[derive(Clone, Copy, Debug, Zeroable)]
#[repr(C, align(64))]
pub struct PointPage {
    at: [[f32; 16]; 3],
    slots: [u32; 16],
}

impl Bucket for PointPage {
    const EMPTY: Self = Self { at: [[f32::NAN; 16]; 3], slots: [u32::MAX; 16] };

    #[inline]
    fn entry(&self, lane: usize) -> Aabb {
        let [x, y, z] = &self.at;
        let point = Vec3::new(x[lane], y[lane], z[lane]);
        Aabb::from_corners(point, point)
    }

    #[inline]
    fn id(&self, lane: usize) -> u32 {
        self.slots[lane]
    }

    #[inline]
    fn ids(&self) -> &[u32; 16] {
        &self.slots
    }

    #[inline]
    fn put(&mut self, lane: usize, bounds: &Aabb, id: u32) {
        for (column, value) in self.at.iter_mut().zip(bounds.low().to_array()) {
            column[lane] = value;
        }
        self.slots[lane] = id;
    }

    #[inline]
    fn clear(&mut self, lane: usize) {
        for column in &mut self.at {
            column[lane] = f32::NAN;
        }
        self.slots[lane] = u32::MAX;
    }

    #[inline]
    fn bounds(&self) -> Aabb {
        let low = self.at.map(|column| least(&column));
        let high = self.at.map(|column| most(&column));
        Aabb::from_corners(Vec3::from_array(low), Vec3::from_array(high))
    }
}

impl Page for PointPage {
    #[inline(always)]
    fn distances_squared<L: Lanes>(&self, point: Vec3) -> L {
        let [x, y, z] = &self.at;
        let x = L::load(x).sub(L::splat(point.x));
        let y = L::load(y).sub(L::splat(point.y));
        let z = L::load(z).sub(L::splat(point.z));
        x.mul(x).add(y.mul(y)).add(z.mul(z))
    }

    #[inline(always)]
    fn overlaps<L: Lanes>(&self, bounds: &Aabb) -> u16 {
        let (low, high) = (bounds.low().to_array(), bounds.high().to_array());
        let mut bits = u16::MAX;
        for axis in 0..3 {
            let at = L::load(&self.at[axis]);
            bits &= L::splat(low[axis]).at_most(at) & at.at_most(L::splat(high[axis]));
        }
        bits
    }

    #[inline(always)]
    fn ray_distances<L: Lanes>(&self, ray: &Ray) -> L {
        let columns = self.at.each_ref();
        enter(ray, columns, columns)
    }

    #[inline(always)]
    fn columns(&self) -> ([&[f32; 16]; 3], [&[f32; 16]; 3]) {
        (self.at.each_ref(), self.at.each_ref())
    }
}

/// [`Ray::enters`] for sixteen boxes, given the columns of their lower and upper planes on each axis.
#[inline(always)]
pub(super) fn enter<L: Lanes>(ray: &Ray, low: [&[f32; 16]; 3], high: [&[f32; 16]; 3]) -> L {
    let origin = ray.origin().to_array();
    let (mut from, mut to) = (L::splat(0.0), L::splat(f32::INFINITY));
    let mut inside = u16::MAX;
    for axis in 0..3 {
        let (start, inverse) = (L::splat(origin[axis]), ray.inverse()[axis]);
        if inverse == 0.0 {
            inside &= L::load(low[axis]).at_most(start) & start.at_most(L::load(high[axis]));
            continue;
        }
        let (near, far) =
            if inverse > 0.0 { (low[axis], high[axis]) } else { (high[axis], low[axis]) };
        let inverse = L::splat(inverse);
        from = L::load(near).sub(start).mul(inverse).max(from);
        // What is not a number stays in `to`, and so passes no comparison.
        to = to.min(L::load(far).sub(start).mul(inverse));
    }
    from.keep(from.at_most(to) & inside)
}

/// The smallest number in a column; empty lanes are passed over.
#[inline]
pub(super) fn least(column: &[f32; 16]) -> f32 {
    fold(column, |a, b| if b < a { b } else { a }, f32::INFINITY)
}

/// The largest number in a column; empty lanes are passed over.
#[inline]
pub(super) fn most(column: &[f32; 16]) -> f32 {
    fold(column, |a, b| if b > a { b } else { a }, f32::NEG_INFINITY)
}

/// Folds four lanes beside each other, so that a compiler may use vectors of four.
#[inline(always)]
fn fold(column: &[f32; 16], pick: impl Fn(f32, f32) -> f32, start: f32) -> f32 {
    let mut part = [start; 4];
    for quarter in column.chunks_exact(4) {
        for lane in 0..4 {
            part[lane] = pick(part[lane], quarter[lane]);
        }
    }
    pick(pick(part[0], part[1]), pick(part[2], part[3]))
}

#[cfg(test)]
mod tests {
    use super::super::lanes::Portable;
    use super::*;

    #[test]
    fn empty_lanes_answer_nothing() {
        let mut page = PointPage::EMPTY;
        let far = Vec3::splat(f32::MAX);
        page.put(3, &Aabb::from_corners(far, far), 7);
        assert_eq!(page.bounds(), Aabb::from_corners(far, far));
        let all = Aabb::from_corners(-far, far);
        assert_eq!(page.overlaps::<Portable>(&all), 1 << 3);
        let near = page.distances_squared::<Portable>(Vec3::ZERO);
        assert_eq!(near.at_most(Portable::splat(f32::INFINITY)), 1 << 3);
        page.clear(3);
        assert_eq!(page.overlaps::<Portable>(&all), 0);
    }
}
