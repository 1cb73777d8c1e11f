//! Which agents are where: the mesh's tree over the positions of its agents.

use std::collections::BTreeMap;

use crate::space::{Region, Vec3};

/// Positions of the agents that have one, by slot.
#[derive(Debug, Default)]
pub(crate) struct Nearby {
    positions: BTreeMap<u32, Vec3>,
}

/// What a query writes on.
#[derive(Debug, Default)]
pub(crate) struct Workspace {
    found: Vec<(f32, u32)>,
}

impl Nearby {
    pub(crate) fn place(&mut self, slot: u32, position: Vec3) {
        self.positions.insert(slot, position);
    }
    pub(crate) fn remove(&mut self, slot: u32) {
        self.positions.remove(&slot);
    }
    pub(crate) fn within(&self, point: Vec3, radius: f32, space: &mut Workspace, mut each: impl FnMut(u32, f32)) {
        space.found.clear();
        space.found.extend(self.positions.iter().map(|(s, p)| (p.distance_squared(point), *s)).filter(|(d, _)| *d <= radius * radius));
        space.found.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        for (d, s) in &space.found { each(*s, *d); }
    }
    pub(crate) fn nearest(&self, point: Vec3, count: usize, space: &mut Workspace, keep: impl Fn(u32) -> bool, mut each: impl FnMut(u32, f32)) {
        space.found.clear();
        space.found.extend(self.positions.iter().filter(|(s, _)| keep(**s)).map(|(s, p)| (p.distance_squared(point), *s)));
        space.found.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        for (d, s) in space.found.iter().take(count) { each(*s, *d); }
    }
    pub(crate) fn inside(&self, region: &Region, _: &mut Workspace, mut each: impl FnMut(u32)) {
        for (s, p) in &self.positions { if region.contains(*p) { each(*s); } }
    }
    pub(crate) fn heap_bytes(&self) -> usize { self.positions.len() * 24 }
}
