//! Sixteen boxes with their numbers: an inner node, and the page of boxes.

use std::sync::Arc;

use bytemuck::Zeroable;

use super::super::ray::Ray;
use super::super::region::Aabb;
use super::super::vector::Vec3;
use super::blocks::{Block, bucket};
use super::lanes::{Keys, Lanes, Operation};
use super::page::{Bucket, Page, enter, least, most};

/// Sixteen boxes in columns and their children: 448 bytes, seven cache lines. As a leaf page of
/// boxes its children are slots.
#[derive(Clone, Copy, Debug, Zeroable)]
#[repr(C, align(64))]
pub struct Node {
    low: [[f32; 16]; 3],
    high: [[f32; 16]; 3],
    children: [u32; 16],
}

/// From a node down through boxes that hold `bounds` already, the smallest where several do, to
/// `height` or to the first node that has none such. Returns where it ended, and how high that is.
pub(super) struct Inside<'a> {
    pub(super) nodes: &'a [Arc<Block<Node>>],
    pub(super) from: (u32, u8),
    pub(super) height: u8,
    pub(super) bounds: &'a Aabb,
}

/// A bit for each child whose box overlaps this one.
pub(super) struct Overlapping<'a>(pub(super) &'a Node, pub(super) &'a Aabb);

impl Operation for Overlapping<'_> {
    type Output = u16;

    #[inline(always)]
    fn run<L: Lanes>(self) -> u16 {
        self.0.overlaps::<L>(self.1)
    }
}

impl Operation for Inside<'_> {
    type Output = (u32, u8);

    #[inline(always)]
    fn run<L: Lanes>(self) -> (u32, u8) {
        let Self { nodes, from: (mut index, mut level), height, bounds } = self;
        let (low, high) = (bounds.low().to_array(), bounds.high().to_array());
        while level > height {
            let node = bucket(nodes, index);
            let mut bits = u16::MAX;
            for axis in 0..3 {
                bits &= L::load(&node.low[axis]).at_most(L::splat(low[axis]))
                    & L::splat(high[axis]).at_most(L::load(&node.high[axis]));
            }
            let lane = match bits.count_ones() {
                0 => break,
                1 => bits.trailing_zeros() as usize,
                _ => (node.sizes::<L>().keys(bits).least() & 15) as usize,
            };
            index = node.children[lane];
            level -= 1;
        }
        (index, level)
    }
}

/// The lane whose box grows least, by its margin (to the 2⁻²⁰ that a key keeps), to take in `bounds`;
/// of those that grow no more the smallest, of those the first.
pub(super) struct Choose<'a> {
    pub(super) node: &'a Node,
    pub(super) bounds: &'a Aabb,
}

impl Operation for Choose<'_> {
    type Output = usize;

    #[inline(always)]
    fn run<L: Lanes>(self) -> usize {
        let Self { node, bounds } = self;
        let (low, high) = (bounds.low().to_array(), bounds.high().to_array());
        let (eighth, zero) = (L::splat(0.125), L::splat(0.0));
        let (mut grown, mut size) = (zero, zero);
        for axis in 0..3 {
            let (l, h) =
                (L::load(&node.low[axis]).mul(eighth), L::load(&node.high[axis]).mul(eighth));
            let wide_l = L::splat(low[axis] * 0.125).min(l);
            let wide_h = L::splat(high[axis] * 0.125).max(h);
            // An empty lane is not a number, and stays so in both.
            size = size.add(h.sub(l));
            grown = grown.add(wide_h.sub(wide_l));
        }
        let growth = grown.sub(size);
        let occupied = growth.at_most(L::splat(f32::INFINITY));
        let lane = (growth.keys(occupied).least() & 15) as usize;
        let as_little = growth.at_most(L::splat(growth.to_array()[lane]));
        (size.keys(as_little).least() & 15) as usize
    }
}

impl Node {
    /// The boxes' margins; not a number in empty lanes.
    #[inline(always)]
    fn sizes<L: Lanes>(&self) -> L {
        let eighth = L::splat(0.125);
        let extent = |axis: usize| {
            L::load(&self.high[axis]).mul(eighth).sub(L::load(&self.low[axis]).mul(eighth))
        };
        extent(0).add(extent(1)).add(extent(2))
    }
}

impl Bucket for Node {
    const EMPTY: Self =
        Self { low: [[f32::NAN; 16]; 3], high: [[f32::NAN; 16]; 3], children: [u32::MAX; 16] };

    #[inline]
    fn entry(&self, lane: usize) -> Aabb {
        let ([a, b, c], [d, e, f]) = (&self.low, &self.high);
        Aabb::from_corners(
            Vec3::new(a[lane], b[lane], c[lane]),
            Vec3::new(d[lane], e[lane], f[lane]),
        )
    }

    #[inline]
    fn id(&self, lane: usize) -> u32 {
        self.children[lane]
    }

    #[inline]
    fn ids(&self) -> &[u32; 16] {
        &self.children
    }

    #[inline]
    fn put(&mut self, lane: usize, bounds: &Aabb, id: u32) {
        let (low, high) = (bounds.low().to_array(), bounds.high().to_array());
        for axis in 0..3 {
            self.low[axis][lane] = low[axis];
            self.high[axis][lane] = high[axis];
        }
        self.children[lane] = id;
    }

    #[inline]
    fn clear(&mut self, lane: usize) {
        for axis in 0..3 {
            self.low[axis][lane] = f32::NAN;
            self.high[axis][lane] = f32::NAN;
        }
        self.children[lane] = u32::MAX;
    }

    #[inline]
    fn bounds(&self) -> Aabb {
        let low = self.low.map(|column| least(&column));
        let high = self.high.map(|column| most(&column));
        Aabb::from_corners(Vec3::from_array(low), Vec3::from_array(high))
    }
}

impl Page for Node {
    #[inline(always)]
    fn distances_squared<L: Lanes>(&self, point: Vec3) -> L {
        let point = point.to_array();
        let gap = |axis: usize| {
            let at = L::splat(point[axis]);
            let below = L::load(&self.low[axis]).sub(at);
            let above = at.sub(L::load(&self.high[axis]));
            // Zero first: an empty lane stays not a number.
            L::splat(0.0).max(below.max(above))
        };
        let (x, y, z) = (gap(0), gap(1), gap(2));
        x.mul(x).add(y.mul(y)).add(z.mul(z))
    }

    #[inline(always)]
    fn overlaps<L: Lanes>(&self, bounds: &Aabb) -> u16 {
        let (low, high) = (bounds.low().to_array(), bounds.high().to_array());
        let mut bits = u16::MAX;
        for axis in 0..3 {
            bits &= L::load(&self.low[axis]).at_most(L::splat(high[axis]))
                & L::splat(low[axis]).at_most(L::load(&self.high[axis]));
        }
        bits
    }

    #[inline(always)]
    fn ray_distances<L: Lanes>(&self, ray: &Ray) -> L {
        enter(ray, self.low.each_ref(), self.high.each_ref())
    }

    #[inline(always)]
    fn columns(&self) -> ([&[f32; 16]; 3], [&[f32; 16]; 3]) {
        (self.low.each_ref(), self.high.each_ref())
    }
}
