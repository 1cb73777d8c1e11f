//! Visiting everything that a test lets through.

use super::NOWHERE;
use super::extent::Extent;
use super::fetch::fetch;
use super::lanes::set_lanes;
use super::node::Node;
use super::page::Bucket;
use super::tree::Tree;
use super::workspace::Visit;

/// How many pages wait at most, 15 more aside: enough for their memory to come at the same time.
const PENDING: usize = 32;

/// Visits each page whose lanes above all pass `enter`, which gives a bit for each lane. Nodes go
/// depth first; pages are fetched, wait, and are read in the order in which they were found.
///
/// Each closure is called at one place, so that it is inlined into code for the query's lanes.
#[inline(always)]
pub(super) fn walk<E: Extent>(
    tree: Tree<'_, E>,
    stack: &mut Vec<Visit>,
    enter: impl Fn(&Node) -> u16,
    mut read: impl FnMut(&E::Page),
) {
    if tree.root == NOWHERE {
        return;
    }
    let mut pages = [0u32; PENDING + 16];
    let mut pending = 0;
    stack.clear();
    if tree.height == 0 {
        pages[0] = tree.root;
        pending = 1;
    } else {
        stack.push(Visit { index: tree.root, height: tree.height });
    }
    loop {
        while pending < PENDING
            && let Some(Visit { index, height }) = stack.pop()
        {
            let node = tree.node(index);
            for lane in set_lanes(enter(node)) {
                let index = node.id(lane);
                if height == 1 {
                    fetch(tree.page(index));
                    pages[pending] = index;
                    pending += 1;
                } else {
                    fetch(tree.node(index));
                    stack.push(Visit { index, height: height - 1 });
                }
            }
        }
        if pending == 0 {
            return;
        }
        for &index in &pages[..pending] {
            read(tree.page(index));
        }
        pending = 0;
    }
}
