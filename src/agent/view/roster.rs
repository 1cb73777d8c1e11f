//! Who lives, and where.

use core::num::NonZeroU32;

use crate::agent::slots::Layout;
use crate::id::AgentId;
use crate::space::Pose;

/// The live agents, by slot.
#[derive(Debug)]
pub(crate) struct Roster {
    layout: Layout,
    /// 0 where nobody lives.
    generations: Vec<u32>,
    poses: Vec<Option<Box<PosePage>>>,
    per_shard: Vec<u32>,
    live: u32,
}

const PAGE: usize = crate::agent::slots::PAGE;

/// Poses of a page; a page without any is not there.
#[derive(Debug)]
struct PosePage {
    placed: u64,
    poses: [Pose; PAGE],
}

impl Roster {
    pub(crate) fn new(layout: Layout) -> Self {
        let per_shard = vec![0; layout.shards()];
        Self { layout, generations: Vec::new(), poses: Vec::new(), per_shard, live: 0 }
    }

    /// Agents alive.
    #[inline]
    pub(crate) fn live(&self) -> u32 {
        self.live
    }

    /// Agents alive in each shard.
    #[inline]
    pub(crate) fn per_shard(&self) -> &[u32] {
        &self.per_shard
    }

    /// No slot from here on has ever been used.
    #[inline]
    pub(crate) fn end(&self) -> u32 {
        self.generations.len() as u32
    }

    /// The dense index of a slot within its shard.
    pub(crate) fn index(&self, slot: u32) -> usize {
        self.layout.index(slot)
    }

    /// Pages of the shard that has most of them.
    #[inline]
    pub(crate) fn pages(&self) -> usize {
        self.layout.page(self.end()) + 1
    }

    #[inline]
    pub(crate) fn lives(&self, id: AgentId) -> bool {
        self.generations.get(id.slot() as usize) == Some(&id.generation().get())
    }

    /// Who lives in a slot.
    #[inline]
    pub(crate) fn at(&self, slot: u32) -> Option<AgentId> {
        let generation = NonZeroU32::new(*self.generations.get(slot as usize)?)?;
        Some(AgentId::new(slot, generation))
    }

    pub(crate) fn enter(&mut self, id: AgentId, pose: Option<Pose>) {
        let slot = id.slot() as usize;
        if slot >= self.generations.len() {
            self.generations.resize((slot | (PAGE - 1)) + 1, 0);
            self.poses.resize_with(self.generations.len() / PAGE, || None);
        }
        self.generations[slot] = id.generation().get();
        self.per_shard[self.layout.shard(id.slot())] += 1;
        self.live += 1;
        if let Some(pose) = pose {
            self.place(id.slot(), pose);
        }
    }

    pub(crate) fn leave(&mut self, id: AgentId) {
        let slot = id.slot() as usize;
        self.generations[slot] = 0;
        self.per_shard[self.layout.shard(id.slot())] -= 1;
        self.live -= 1;
        if let Some(page) = &mut self.poses[slot / PAGE] {
            page.placed &= !(1 << (slot % PAGE));
        }
    }

    /// Sets where the agent in a used slot is.
    pub(crate) fn place(&mut self, slot: u32, pose: Pose) {
        let slot = slot as usize;
        let page = self.poses[slot / PAGE]
            .get_or_insert_with(|| Box::new(PosePage { placed: 0, poses: [Pose::IDENTITY; PAGE] }));
        page.placed |= 1 << (slot % PAGE);
        page.poses[slot % PAGE] = pose;
    }

    /// Where the agent in a slot is, if it ever said.
    #[inline]
    pub(crate) fn pose(&self, slot: u32) -> Option<Pose> {
        let page = self.poses.get(slot as usize / PAGE)?.as_ref()?;
        let offset = slot as usize % PAGE;
        (page.placed & 1 << offset != 0).then(|| page.poses[offset])
    }

    /// All agents in slot order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = AgentId> + '_ {
        (0..self.end()).filter_map(|slot| self.at(slot))
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.generations.capacity() * 4
            + self.poses.capacity() * 8
            + self.poses.iter().flatten().count() * size_of::<PosePage>()
    }
}
