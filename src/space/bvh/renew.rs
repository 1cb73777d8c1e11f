//! Building the tree anew, part by part, as it changes.
//!
//! Updates keep boxes tight, but neither pages full nor nodes apart: where items cross each other's
//! ways, a page loses some of those that it was built with, and shares its space with others. A build
//! makes that good, and of an item it costs hardly more than a move. So parts of the tree are
//! built anew, at a pace that its changes set:
//!
//! 1. Each change earns a share of the build of an item, and one that had to be placed anew earns
//!    some builds ([`Sweep`]). What was earned is spent at the end of an update, up to a bound for
//!    each ([`EACH_TIME`]); the rest later.
//! 2. A walk goes through space, halving what holds more items than a node of height two is built
//!    with, where the nodes that are there are apart ([`Cell::halve`]). So a tree that was just
//!    built is cut where its build cut it, and parts that are renewed leave no slivers of others.
//! 3. A part is passed over while its pages are about as full and as dense as when they were built
//!    ([`Look`]). Of any other, all items are taken out of whatever pages hold them, and built
//!    into a subtree that is placed as one: so what strayed comes home, and nodes are apart again.
//! 4. All of that follows from the calls: there is no clock in it.
//!
//! Two other designs were weighed. *A second tree*, built in slices beside the one that serves and
//! then put in its place, is as good as a build, but takes twice the memory, and each move while it is
//! being built is made twice. *Subtrees built anew where they are*, from their own items, fill pages
//! but leave what strayed: nodes overlap as before. A walk through cells of fixed planes (halves of a
//! cube, again and again) cuts across what is there: 8 nearest 1.6 times those of a fresh tree in a
//! world of heaps in which little moves, in place of 1.03.

use super::super::region::Aabb;
use super::build::PAGE_FILL;
use super::cell::Cell;
use super::extent::Extent;
use super::fetch::fetch;
use super::node::Overlapping;
use super::page::Bucket;
use super::pool::edge;
use super::workspace::Workspace;
use super::{Bvh, margin};

/// What is built anew next, and how much of it is paid for.
#[derive(Clone, Debug)]
pub(super) struct Sweep {
    /// Parts of space on the way, the next one last; where there are none, all of it.
    cells: Vec<Cell>,
    /// Below zero until the last part is paid.
    credit: i64,
    #[cfg(test)]
    built: usize,
}

/// What an item costs that is built anew; a look at it costs half as much,
/// since it is memory that is waited for.
const ITEM: i64 = 20;

/// A share that an item earns by its removal.
const REMOVED: i64 = 1;

/// By a move or an insertion: five pay for one item.
const CHANGED: i64 = 4;

/// By being placed anew, since its page had outgrown its size: three items. It costs as much time as
/// that itself, and where it happens, pages wear out fast.
const STRAYED: i64 = 60;

/// So many items are built anew by one call (or twice as many looked at), a part more, and one for
/// every eight that it changed.
const EACH_TIME: usize = 8_192;

/// A part with more items is halved. So many make a node of height two, or two of them.
const MOST: usize = 3_600;

/// A part is built anew where a query reads so many times what it would read then.
const WORN: f32 = 1.15;

/// No walk has more parts on its way.
const DEEPEST: usize = 64;

/// The height of the nodes whose children are parts that were built.
const PART_HEIGHT: u8 = 3;

/// Parts with more children together hold more than [`MOST`] items: children have a hundred and more.
const LARGE: u32 = 40;

/// From so few nodes no plane is chosen, but from what is in them.
const FEW: usize = 8;

/// More nodes are not asked where they are apart, in a tree of some ten million items.
pub(super) const MANY: usize = 8_192;

impl Sweep {
    pub(super) const fn new() -> Self {
        Self {
            cells: Vec::new(),
            credit: 0,
            #[cfg(test)]
            built: 0,
        }
    }

    /// Starts anew, as of a tree that was just built.
    pub(super) fn clear(&mut self) {
        self.cells.clear();
        self.credit = 0;
    }

    pub(super) fn reserve(&mut self) {
        self.cells.reserve(DEEPEST.saturating_sub(self.cells.len()));
    }

    pub(super) const fn changed(&mut self, items: usize) {
        self.credit = self.credit.saturating_add(CHANGED * items as i64);
    }

    pub(super) const fn removed(&mut self) {
        self.credit = self.credit.saturating_add(REMOVED);
    }

    pub(super) const fn strayed(&mut self) {
        self.credit = self.credit.saturating_add(STRAYED);
    }

    /// More than two whole builds are not saved up, of a tree of `items`.
    fn cap(&mut self, items: usize) {
        self.credit = self.credit.min(2 * ITEM * items as i64);
    }

    /// What is not spent at once, where `items` may be built or twice as many looked at.
    fn rest(&self, items: usize) -> i64 {
        (self.credit - ITEM * items as i64).max(0)
    }

    const fn looked(&mut self, items: usize) {
        self.credit = self.credit.saturating_sub(64 + ITEM / 2 * items as i64);
    }

    const fn built(&mut self, items: usize) {
        self.credit = self.credit.saturating_sub(ITEM * items as i64);
    }

    /// How many items were built anew since the tree was made.
    #[cfg(test)]
    pub(super) const fn built_in_all(&self) -> usize {
        self.built
    }

    pub(super) fn memory_bytes(&self) -> usize {
        self.cells.capacity() * size_of::<Cell>()
    }
}

/// The pages whose middle is in a cell.
#[derive(Default)]
struct Look {
    items: usize,
    /// How much of them a query reads whose reach is the edge of a full page: each counts as many times
    /// as such a page as the space is larger in which the query's middle finds it.
    read: f32,
}

impl Look {
    fn page(&mut self, items: u8, margin: f32, made: f32) {
        self.items += usize::from(items);
        let full = made * edge(PAGE_FILL);
        // Items that are all at one place leave nothing to be gained; any that were and are not, much.
        let size = if margin > 0.0 { (margin / full).min(4.0) } else { 0.0 };
        self.read += reads(size);
    }

    fn is_worn(&self) -> bool {
        let pages = self.items.div_ceil(PAGE_FILL).max(1);
        let size = edge(self.items.div_ceil(pages)) / edge(PAGE_FILL);
        self.read > pages as f32 * reads(size) * WORN
    }
}

/// How many queries read a page of this size; one of size 1 is read by eight.
fn reads(size: f32) -> f32 {
    (size + 1.0) * (size + 1.0) * (size + 1.0)
}

impl<E: Extent> Bvh<E> {
    /// Spends what was earned, at the end of a call that changed so many items.
    pub(super) fn renew(&mut self, changes: usize, work: &mut Workspace) {
        self.sweep.cap(self.len());
        if self.sweep.credit > 0 {
            self.sweep.reserve();
            work.reserve_part::<E>(self.len());
        }
        let rest = self.sweep.rest(EACH_TIME + changes / 8);
        while self.sweep.credit > rest {
            // A page alone is as good as it can be.
            if self.height == 0 {
                self.sweep.clear();
                return;
            }
            let cell = self.sweep.cells.pop().unwrap_or(Cell::ALL);
            if self.is_large(&cell, work) {
                self.halve(cell, work);
                continue;
            }
            let mut look = Look::default();
            self.look(self.height, self.root, &cell, &mut look);
            self.sweep.looked(look.items);
            if look.items > MOST {
                self.halve(cell, work);
            } else if look.is_worn() {
                let items = self.renew_cell(&cell, work);
                self.sweep.built(items);
                #[cfg(test)]
                {
                    self.sweep.built += items;
                }
            }
        }
    }

    /// Whether the cell has so many nodes that it need not be looked at to know that it is to be halved.
    fn is_large(&self, cell: &Cell, work: &mut Workspace) -> bool {
        if self.height < PART_HEIGHT {
            return false;
        }
        work.boxes.clear();
        self.parts(self.height, self.root, PART_HEIGHT, cell, &mut work.boxes);
        work.boxes.iter().map(|&(children, _)| children).sum::<u32>() > LARGE
    }

    /// Looks at the pages below the node `index` at `height`, until there are too many.
    fn look(&self, height: u8, index: u32, cell: &Cell, look: &mut Look) {
        let node = self.nodes.bucket(index);
        let mut bits = self.path.run(Overlapping(node, &cell.bounds()));
        let mut ahead = bits;
        while ahead != 0 {
            let child = node.id(ahead.trailing_zeros() as usize);
            ahead &= ahead - 1;
            if height > 1 {
                fetch(self.nodes.bucket(child));
            } else {
                fetch(self.pages.link(child));
            }
        }
        while bits != 0 && look.items <= MOST {
            let lane = bits.trailing_zeros() as usize;
            bits &= bits - 1;
            let (bounds, id) = (node.entry(lane), node.id(lane));
            if height > 1 {
                self.look(height - 1, id, cell, look);
            } else if cell.holds(bounds.centre()) {
                let link = self.pages.link(id);
                look.page(link.len, margin(&bounds), link.made());
            }
        }
    }

    /// Puts the halves of a cell onto the way; where it has none, it is passed over.
    fn halve(&mut self, cell: Cell, work: &mut Workspace) {
        let mut parts = core::mem::take(&mut work.boxes);
        for height in (1..=self.height.min(PART_HEIGHT)).rev() {
            parts.clear();
            self.parts(self.height, self.root, height, &cell, &mut parts);
            if parts.len() >= FEW {
                break;
            }
        }
        self.sweep.built(parts.len());
        if self.sweep.cells.len() + 2 <= DEEPEST
            && let Some([below, above]) = cell.halve(&mut parts, &mut work.lows)
        {
            self.sweep.cells.push(above);
            self.sweep.cells.push(below);
        }
        work.boxes = parts;
    }

    /// Lists the entries of nodes at the height `of` whose middle is in the cell, with how many
    /// entries they have themselves.
    fn parts(&self, height: u8, index: u32, of: u8, cell: &Cell, parts: &mut Vec<(u32, Aabb)>) {
        let node = self.nodes.bucket(index);
        let mut bits = self.path.run(Overlapping(node, &cell.bounds()));
        while bits != 0 && parts.len() < MANY {
            let lane = bits.trailing_zeros() as usize;
            bits &= bits - 1;
            let (bounds, id) = (node.entry(lane), node.id(lane));
            if height > of {
                self.parts(height - 1, id, of, cell, parts);
            } else if cell.holds(bounds.centre()) {
                parts.push((u32::from(self.link(height - 1, id).len), bounds));
            }
        }
    }
}
