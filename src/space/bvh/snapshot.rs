//! A tree as it was at one moment.

use super::Bvh;
use super::extent::Extent;
use super::lanes::Path;
use super::tree::Held;
use super::view::View;

/// The items of a [`Bvh`] or of [`Tiers`](super::Tiers) at one moment, while its writer goes on: `Send + Sync`, never changed.
///
/// It holds the blocks that the tree then had. Taking one costs a count for each block (64 pages);
/// taking it again into the same object costs a comparison for each block and a count for each that
/// changed. A held snapshot makes the writer copy a block when it first writes into it; dropped
/// snapshots give their blocks back to the writer.
///
/// ```
/// use xrmesh::space::Vec3;
/// use xrmesh::space::bvh::{Bvh, BySlot, Workspace};
///
/// let mut work = Workspace::new();
/// let mut tree = Bvh::<Vec3>::new(1_000);
/// tree.build(&[(3, Vec3::ZERO), (7, Vec3::UP)], &mut work)?;
/// let before = tree.snapshot();
/// tree.update(&[(3, Vec3::UP * 9.0)], &mut work)?;
/// let view = before.view();
/// assert_eq!(view.nearest(Vec3::ZERO, 1, &BySlot, &mut work)?[0].slot, 3);
/// assert_eq!(tree.nearest(Vec3::ZERO, 1, &BySlot, &mut work)?[0].slot, 7);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Snapshot<E: Extent> {
    pub(super) held: [Held<E>; 2],
    pub(super) path: Path,
}

impl<E: Extent> Snapshot<E> {
    /// One that holds nothing, to take snapshots into.
    #[must_use]
    pub fn empty() -> Self {
        Self { held: [Held::new(), Held::new()], path: Path::best() }
    }

    /// What the snapshot holds, for any query. Constant time.
    #[inline]
    #[must_use]
    pub fn view(&self) -> View<'_, E> {
        let [first, second] = &self.held;
        View { trees: [first.tree(), second.tree()], path: self.path }
    }

    /// How many items it holds.
    #[inline]
    #[must_use]
    pub const fn len(&self) -> usize {
        let [first, second] = &self.held;
        first.len as usize + second.len as usize
    }

    /// Whether it holds none.
    #[inline]
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<E: Extent> Bvh<E> {
    /// The tree as it is now; O(n / 1000).
    #[must_use]
    pub fn snapshot(&mut self) -> Snapshot<E> {
        let mut snapshot = Snapshot::empty();
        self.snapshot_into(&mut snapshot);
        snapshot
    }

    /// The tree as it is now, in place of what `snapshot` held; allocates nothing where that was of
    /// a tree as large.
    pub fn snapshot_into(&mut self, snapshot: &mut Snapshot<E>) {
        let [first, second] = &mut snapshot.held;
        self.hold(first);
        *second = Held::new();
        snapshot.path = self.path;
    }

    pub(super) fn hold(&mut self, held: &mut Held<E>) {
        self.pages.blocks_mut().share(&mut held.pages);
        self.nodes.blocks_mut().share(&mut held.nodes);
        held.root = self.root;
        held.height = self.height;
        held.len = self.len;
    }

    /// The bytes that only snapshots still need: blocks that the writer has since replaced by
    /// copies. A host bounds them by taking no further snapshot while they are too many. Linear in
    /// the replaced blocks.
    #[must_use]
    pub fn retained_bytes(&self) -> usize {
        self.pages.blocks().retained_bytes() + self.nodes.blocks().retained_bytes()
    }

    /// Frees the memory of replaced blocks that no snapshot holds any more, but for `keep_blocks` of
    /// pages and as many of nodes, which later copies then need not allocate.
    pub fn trim(&mut self, keep_blocks: usize) {
        self.pages.blocks_mut().trim(keep_blocks);
        self.nodes.blocks_mut().trim(keep_blocks);
    }
}
