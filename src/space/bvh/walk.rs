//! Visiting everything that a test lets through.

use super::NOWHERE;
use super::extent::Extent;
use super::fetch::fetch;
use super::lanes::Lanes;
use super::node::Node;
use super::page::Bucket;
use super::tree::Tree;

/// How many buckets of one height wait at most.
const WAITING: usize = 64;

/// The buckets of one height that wait to be visited, and room for a node's children more.
pub(super) type Waiting = [u32; WAITING + 16];

/// More than any tree is high: four children or more each, fewer than 2²⁸ items.
pub(super) const HIGHEST: usize = 16;

/// Visits each page whose lanes above all pass `enter`, which gives a bit for each lane.
///
/// One height after the other, as far as the room for waiting buckets lets it; then down, and back
/// for the rest. So the memory of all children that a height lets through is asked for before any of
/// them is read, and no branch depends on how many a single node lets through.
///
/// Each closure is called at one place, so that it is inlined into code for the query's lanes.
#[inline(always)]
pub(super) fn walk<L: Lanes, E: Extent>(
    tree: Tree<'_, E>,
    waiting: &mut Vec<Waiting>,
    enter: impl Fn(&Node) -> u16,
    mut read: impl FnMut(&E::Page),
) {
    if tree.root == NOWHERE {
        return;
    }
    let top = usize::from(tree.height);
    if waiting.len() <= top {
        waiting.resize(top + 1, [0; WAITING + 16]);
    }
    // By height: how many wait, and how many of them were visited.
    let (mut counts, mut visited) = ([0usize; HIGHEST], [0usize; HIGHEST]);
    waiting[top][0] = tree.root;
    counts[top] = 1;
    let mut height = top;
    loop {
        if height > 0 {
            let [below, here] = &mut waiting[height - 1..=height] else { return };
            let (mut at, mut count) = (visited[height], 0);
            while at < counts[height]
                && count <= WAITING
                && let Some(out) = below[count..].first_chunk_mut::<16>()
            {
                let node = tree.node(here[at]);
                let bits = enter(node);
                L::pack(node.ids(), bits, out);
                count += bits.count_ones() as usize;
                at += 1;
            }
            visited[height] = at;
            if count > 0 {
                height -= 1;
                (counts[height], visited[height]) = (count, 0);
                for &index in &below[..count] {
                    if height == 0 { fetch(tree.page(index)) } else { fetch(tree.node(index)) }
                }
                continue;
            }
        } else {
            for &index in &waiting[0][..counts[0]] {
                read(tree.page(index));
            }
        }
        // Nothing more below: on with what waits nearest above.
        loop {
            height += 1;
            if height > top {
                return;
            }
            if visited[height] < counts[height] {
                break;
            }
        }
    }
}
