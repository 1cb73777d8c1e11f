//! Splitting a full bucket.

use super::super::region::Aabb;
use super::extent::Extent;
use super::{Bvh, margin};

/// A full bucket and one entry more.
const CROWD: usize = 17;

/// Neither half of a split holds fewer.
const LEAST: usize = 5;

impl<E: Extent> Bvh<E> {
    /// Divides the full bucket `index` at `height` and one more entry into two by the axis and the
    /// place that make the sum of the halves' margins least; as Beckmann et al., "The R*-tree"
    /// (1990), choose their axis. Returns the new bucket.
    pub(super) fn split(&mut self, height: u8, index: u32, bounds: &Aabb, id: u32) -> u32 {
        let mut crowd = [(*bounds, id); CROWD];
        for (lane, entry) in crowd.iter_mut().enumerate().take(16) {
            *entry = self.entry(height, index, lane);
        }
        let kept = divide(&mut crowd);
        let beside = self.alloc(height);
        let (left, right) = crowd.split_at(kept);
        let link = *self.link(height, index);
        self.link_mut(height, beside).comes_of(link);
        self.fill(height, index, left);
        self.fill(height, beside, right);
        beside
    }

    /// Makes `entries` all that the bucket holds.
    fn fill(&mut self, height: u8, index: u32, entries: &[(Aabb, u32)]) {
        for (lane, (bounds, id)) in entries.iter().enumerate() {
            self.put(height, index, lane, bounds, *id);
        }
        for lane in entries.len()..16 {
            self.vacate(height, index, lane);
        }
        let size = margin(&self.bounds_of(height, index));
        let link = self.link_mut(height, index);
        link.len = entries.len() as u8;
        link.home = link.sparseness(size);
        link.was_as_dense(link.home);
    }
}

/// Orders the crowd so that its first part and the rest make the halves; returns the first's size.
fn divide(crowd: &mut [(Aabb, u32); CROWD]) -> usize {
    let mut best = *crowd;
    let mut best_size = CROWD / 2;
    let mut best_margins = f32::INFINITY;
    for axis in 0..3 {
        crowd.sort_unstable_by(|a, b| {
            let centre = |entry: &(Aabb, u32)| entry.0.centre().to_array()[axis];
            centre(a).total_cmp(&centre(b)).then(a.1.cmp(&b.1))
        });
        let mut rest = [0.0; CROWD];
        let mut union = crowd[CROWD - 1].0;
        for at in (0..CROWD).rev() {
            union = union.union(&crowd[at].0);
            rest[at] = margin(&union);
        }
        let mut union = crowd[0].0;
        for size in 1..=CROWD - LEAST {
            union = union.union(&crowd[size - 1].0);
            let margins = margin(&union) + rest[size];
            if size >= LEAST && margins < best_margins {
                (best, best_size, best_margins) = (*crowd, size, margins);
            }
        }
    }
    *crowd = best;
    best_size
}
