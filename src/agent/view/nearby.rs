//! Which agents are where: the tree over the positions of the agents that have one.

use crate::agent::view::{Links, Reach, Roster};
use crate::space::bvh::{Bvh, BySlot};
use crate::space::{Region, Vec3};

pub(crate) use crate::space::bvh::Workspace;

/// Positions by slot. Moves are collected and applied once a round.
#[derive(Debug)]
pub(crate) struct Nearby {
    tree: Bvh<Vec3>,
    moves: Vec<(u32, Vec3)>,
    /// Slots that moved or came since links last followed.
    moved: Vec<u32>,
    near: Vec<(u32, bool)>,
    workspace: Workspace,
}

impl Nearby {
    pub(crate) fn new() -> Self {
        // The tree's tables grow with the slots that are used; this only bounds them.
        const MAX_SLOTS: u32 = 1 << 28;
        Self {
            tree: Bvh::new(MAX_SLOTS),
            moves: Vec::new(),
            moved: Vec::new(),
            near: Vec::new(),
            workspace: Workspace::new(),
        }
    }

    /// The agent in a slot is at a position now; seen by queries after [`settle`](Self::settle).
    pub(crate) fn place(&mut self, slot: u32, position: Vec3) {
        self.moved.push(slot);
        if self.tree.item(slot).is_some() {
            self.moves.push((slot, position));
        } else {
            // Positions are parsed and slots are below the bound, so nothing is refused.
            let inserted = self.tree.insert(slot, position);
            debug_assert!(inserted.is_ok(), "{inserted:?}");
        }
    }

    /// Nobody is in the slot any more.
    pub(crate) fn remove(&mut self, slot: u32) {
        self.moves.retain(|&(moved, _)| moved != slot);
        self.tree.remove(slot, &mut self.workspace);
    }

    /// Applies the moves.
    pub(crate) fn settle(&mut self) {
        if !self.moves.is_empty() {
            let updated = self.tree.update(&self.moves, &mut self.workspace);
            debug_assert!(updated.is_ok(), "{updated:?}");
            self.moves.clear();
        }
    }

    /// Lets links follow the moves since the last call. O(moved × (log agents + neighbours)).
    pub(crate) fn follow(
        &mut self,
        links: &mut Links,
        roster: &Roster,
        reach: Reach,
        limit: usize,
    ) {
        let (mut moved, mut near) =
            (core::mem::take(&mut self.moved), core::mem::take(&mut self.near));
        let farthest = reach.radius + reach.hysteresis;
        moved.sort_unstable();
        moved.dedup();
        for slot in moved.drain(..) {
            let Some(at) = self.tree.item(slot).filter(|_| roster.at(slot).is_some()) else {
                continue;
            };
            near.clear();
            near.extend(links.of(slot).iter().filter(|link| !link.pinned).filter_map(|link| {
                let other = self.tree.item(link.slot)?;
                (other.distance_squared(at) > farthest * farthest).then_some((link.slot, false))
            }));
            for hit in
                self.tree.within(at, reach.radius, &BySlot, &mut self.workspace).unwrap_or(&[])
            {
                if hit.slot != slot {
                    near.push((hit.slot, true));
                }
            }
            for &(other, linked) in &near {
                if linked {
                    // A mesh that is full of links stays as it is.
                    let _ = links.connect(slot, other, false, limit);
                } else {
                    links.disconnect(slot, other);
                }
            }
        }
        (self.moved, self.near) = (moved, near);
    }

    /// Has the links of a slot follow its position, though it did not move.
    pub(crate) fn touch(&mut self, slot: u32) {
        self.moved.push(slot);
    }

    /// Has links follow all positions at the next call of [`follow`](Self::follow).
    pub(crate) fn follow_all(&mut self, roster: &Roster) {
        self.moved.clear();
        self.moved.extend(roster.iter().map(crate::id::AgentId::slot));
    }

    /// No links follow: forgets who moved.
    pub(crate) fn forget_moved(&mut self) {
        self.moved.clear();
    }

    /// Calls `each` with the slots within `radius` of `point` and their squared distances, nearest
    /// first, then by id. Nothing for a point or radius that is no place.
    pub(crate) fn within(
        &self,
        point: Vec3,
        radius: f32,
        roster: &Roster,
        workspace: &mut Workspace,
        mut each: impl FnMut(u32, f32),
    ) {
        let by_id = (|slot: u32| key(roster, slot), |_: u32| true);
        for hit in self.tree.within(point, radius, &by_id, workspace).unwrap_or(&[]) {
            each(hit.slot, hit.distance_squared);
        }
    }

    /// Calls `each` with the `count` slots nearest to `point` that `keep` accepts.
    pub(crate) fn nearest(
        &self,
        point: Vec3,
        count: usize,
        roster: &Roster,
        workspace: &mut Workspace,
        keep: impl Fn(u32) -> bool,
        mut each: impl FnMut(u32, f32),
    ) {
        let by_id = (|slot: u32| key(roster, slot), keep);
        for hit in self.tree.nearest(point, count, &by_id, workspace).unwrap_or(&[]) {
            each(hit.slot, hit.distance_squared);
        }
    }

    /// Calls `each` with the slots inside `region`, by slot.
    pub(crate) fn inside(&self, region: &Region, workspace: &mut Workspace, each: impl FnMut(u32)) {
        self.tree.in_region(region, &BySlot, workspace).iter().copied().for_each(each);
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.tree.memory_bytes() + self.moves.capacity() * size_of::<(u32, Vec3)>()
    }
}

fn key(roster: &Roster, slot: u32) -> u64 {
    roster.at(slot).map_or(u64::MAX, crate::id::AgentId::to_bits)
}
