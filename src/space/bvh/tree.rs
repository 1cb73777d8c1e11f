//! The part of a tree that queries read.

use std::sync::Arc;

use super::NOWHERE;
use super::blocks::{Block, Table, bucket};
use super::extent::Extent;
use super::node::Node;

/// The pages and nodes of one tree, borrowed from its writer or from a snapshot.
#[derive(Debug)]
pub(super) struct Tree<'a, E: Extent> {
    pub(super) pages: &'a [Arc<Block<E::Page>>],
    pub(super) nodes: &'a [Arc<Block<Node>>],
    /// A page where `height` is 0, a node otherwise; [`NOWHERE`] where the tree is empty.
    pub(super) root: u32,
    pub(super) height: u8,
}

impl<E: Extent> Clone for Tree<'_, E> {
    #[inline(always)]
    fn clone(&self) -> Self {
        *self
    }
}

impl<E: Extent> Copy for Tree<'_, E> {}

impl<'a, E: Extent> Tree<'a, E> {
    /// A tree of nothing.
    pub(super) const EMPTY: Self = Self { pages: &[], nodes: &[], root: NOWHERE, height: 0 };

    #[inline(always)]
    pub(super) fn page(self, index: u32) -> &'a E::Page {
        bucket(self.pages, index)
    }

    #[inline(always)]
    pub(super) fn node(self, index: u32) -> &'a Node {
        bucket(self.nodes, index)
    }
}

/// A tree's pages and nodes, held by a snapshot.
#[derive(Debug)]
pub(super) struct Held<E: Extent> {
    pub(super) pages: Table<E::Page>,
    pub(super) nodes: Table<Node>,
    pub(super) root: u32,
    pub(super) height: u8,
    pub(super) len: u32,
}

impl<E: Extent> Held<E> {
    pub(super) const fn new() -> Self {
        Self { pages: Vec::new(), nodes: Vec::new(), root: NOWHERE, height: 0, len: 0 }
    }

    pub(super) fn tree(&self) -> Tree<'_, E> {
        Tree { pages: &self.pages, nodes: &self.nodes, root: self.root, height: self.height }
    }
}
