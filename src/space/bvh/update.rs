//! Moving many items at once.

use super::error::ItemError;
use super::extent::Extent;
use super::fetch::fetch;
use super::page::Bucket;
use super::workspace::{Homeless, Workspace};
use super::{Bvh, NOWHERE, margin, split_place};

/// A bucket is outgrown where it is sparser than it was made by this factor…
const OUTGROWN: f32 = 1.3;

/// …and gives back its outliers until it is within this one. Both by measurement: tighter ones place
/// anew what stays near; looser ones let buckets overlap longer than until they are built anew.
const FITTING: f32 = 1.15;

/// From so many items on, a page's size tells how dense they are.
const TELLING: u8 = 12;

/// How many moves ahead a page is asked for.
const AHEAD: usize = 12;

impl<E: Extent> Bvh<E> {
    /// Moves items: each slot takes the extent given last for it. Each page and node above them is
    /// refitted once; what has outgrown its size gives back its outliers. Then parts of the tree that
    /// have worn out are built anew: some for each that moved, and at most 8,192 items, an eighth of the
    /// moves and one part of a few thousand in a call.
    ///
    /// O(m + touched pages), and O(log n) for each item that is placed anew.
    ///
    /// # Errors
    /// [`ItemError::Vacant`] for a slot without an item, [`ItemError::BadExtent`]; then nothing has
    /// moved.
    pub fn update(&mut self, moves: &[(u32, E)], work: &mut Workspace) -> Result<(), ItemError> {
        for &(slot, item) in moves {
            if !item.is_valid() {
                return Err(ItemError::BadExtent { slot });
            }
            if self.find(slot).is_none() {
                return Err(ItemError::Vacant { slot });
            }
        }
        let words = self.pages.extent().div_ceil(64);
        work.named.clear();
        work.named.resize(words, 0);
        for (at, &(slot, item)) in moves.iter().enumerate() {
            if let Some(&(ahead, _)) = moves.get(at + AHEAD)
                && let Some((page, _)) = self.find(ahead)
            {
                fetch(self.pages.bucket(page));
            }
            let Some((page, lane)) = self.find(slot) else { continue };
            self.pages.bucket_mut(page).put(lane, &item.to_box(), slot);
            work.named[page as usize / 64] |= 1 << (page % 64);
        }
        // In the order of their numbers, which is nearly that of memory and of the tree.
        work.dirty.clear();
        for (word, &bits) in work.named.iter().enumerate() {
            let mut bits = bits;
            while bits != 0 {
                work.dirty.push(word as u32 * 64 + bits.trailing_zeros());
                bits &= bits - 1;
            }
        }
        self.refit(work);
        let mut at = 0;
        while let Some(&(height, index)) = work.outgrown.get(at) {
            at += 1;
            self.give_back(height, index, work);
        }
        self.sweep.changed(moves.len());
        self.renew(moves.len(), work);
        Ok(())
    }

    /// Refits the boxes above the dirty pages, one height after the other, and lists the outgrown.
    fn refit(&mut self, work: &mut Workspace) {
        work.outgrown.clear();
        let mut height = 0;
        while !work.dirty.is_empty() {
            work.dirty_above.clear();
            for &index in &work.dirty {
                let bounds = self.bounds_of(height, index);
                let link = self.link_mut(height, index);
                link.set_dirty(false);
                if link.parent == NOWHERE {
                    continue;
                }
                let size = margin(&bounds);
                if height == 0 && link.len >= TELLING {
                    let sparseness = link.sparseness(size);
                    link.was_as_dense(sparseness);
                }
                if link.outgrows(size, OUTGROWN) {
                    work.outgrown.push((height, index));
                }
                let (above, lane) = split_place(link.parent);
                let node = self.nodes.bucket_mut(above);
                if node.entry(lane) != bounds {
                    node.put(lane, &bounds, index);
                    let link = self.nodes.link_mut(above);
                    if !link.is_dirty() {
                        link.set_dirty(true);
                        work.dirty_above.push(above);
                    }
                }
            }
            core::mem::swap(&mut work.dirty, &mut work.dirty_above);
            height += 1;
        }
    }

    /// Lets an outgrown bucket give back up to half its entries, the farthest from their middle
    /// first, until it fits again; they are placed from the root.
    fn give_back(&mut self, height: u8, index: u32, work: &mut Workspace) {
        let link = *self.link(height, index);
        // Trimming another bucket may have dissolved this one or used its number again.
        if link.len == 0 || link.height() != height || link.parent == NOWHERE {
            return;
        }
        let mut size = margin(&self.bounds_of(height, index));
        if !link.outgrows(size, OUTGROWN) {
            return;
        }
        for _ in 0..link.len / 2 {
            if !self.link(height, index).outgrows(size, FITTING) {
                break;
            }
            let lane = self.outlier(height, index);
            let (bounds, id) = self.entry(height, index, lane);
            work.homeless.push(Homeless { bounds, id, height });
            if height == 0 {
                self.sweep.strayed();
            }
            self.take(height, index, lane);
            size = margin(&self.bounds_of(height, index));
        }
        // What still does not fit is as sparse as that now.
        let link = self.link_mut(height, index);
        link.home = link.home.max(link.sparseness(size));
        self.condense(height, index, work);
        self.settle(work);
    }

    /// The lane whose middle is farthest from the mean of the middles, by the sum over the axes.
    fn outlier(&self, height: u8, index: u32) -> usize {
        let len = usize::from(self.link(height, index).len);
        let share = 1.0 / len as f32;
        let mut middles = [[0.0f32; 3]; 16];
        let mut mean = [0.0f32; 3];
        for (lane, middle) in middles.iter_mut().enumerate().take(len) {
            // Small enough that no sum below overflows.
            *middle = (self.entry(height, index, lane).0.centre() * 0.125).to_array();
            for axis in 0..3 {
                mean[axis] += middle[axis] * share;
            }
        }
        let mut farthest = 0;
        let mut most = -1.0;
        for (lane, middle) in middles.iter().enumerate().take(len) {
            let away: f32 = (0..3).map(|axis| (middle[axis] - mean[axis]).abs()).sum();
            if away > most {
                (farthest, most) = (lane, away);
            }
        }
        farthest
    }
}
