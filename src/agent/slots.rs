//! Which slots of a shard are free.
//!
//! Slots are numbered through all shards: a page is 64 slots of one agent type, page `p` belongs to
//! shard `p mod shards`. So the shard of a slot is a few of its bits, and never changes.

use core::any::TypeId;
use core::num::NonZeroU32;

use crate::id::AgentId;

/// Slots in a page: one bit each in a word.
pub(crate) const PAGE: usize = 64;
pub(crate) const PAGE_BITS: u32 = PAGE.trailing_zeros();

/// How slots are laid out over shards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    shard_bits: u32,
}

impl Layout {
    /// Agents that fill one shard well: their slots, states and mail stay in a core's second-level
    /// cache while it is delivered.
    const AGENTS_PER_SHARD: u32 = 4096;
    /// Below this many agents a shard is not worth its round.
    const FEWEST: u32 = 128;
    pub(crate) const MOST_SHARDS: u32 = 64;

    /// The layout for `max_agents`: a function of it alone, never of the number of workers.
    pub(crate) fn for_agents(max_agents: u32) -> Self {
        let filled = max_agents.div_ceil(Self::AGENTS_PER_SHARD).next_power_of_two();
        let small = (max_agents / Self::FEWEST).clamp(1, 16).next_power_of_two();
        Self { shard_bits: filled.max(small).min(Self::MOST_SHARDS).trailing_zeros() }
    }

    #[inline]
    pub(crate) fn shards(self) -> usize {
        1 << self.shard_bits
    }

    #[inline]
    pub(crate) fn shard(self, slot: u32) -> usize {
        (slot >> PAGE_BITS) as usize & (self.shards() - 1)
    }

    /// The page of the slot within its shard.
    #[inline]
    pub(crate) fn page(self, slot: u32) -> usize {
        (slot >> (PAGE_BITS + self.shard_bits)) as usize
    }

    #[inline]
    pub(crate) fn offset(slot: u32) -> usize {
        slot as usize % PAGE
    }

    /// The first slot of a shard's page.
    #[inline]
    pub(crate) fn first_slot(self, shard: usize, page: usize) -> u32 {
        ((page << self.shard_bits | shard) << PAGE_BITS) as u32
    }

    /// A dense index of the slot within its shard.
    #[inline]
    pub(crate) fn index(self, slot: u32) -> usize {
        self.page(slot) << PAGE_BITS | Self::offset(slot)
    }
}

/// The slots of one shard.
#[derive(Debug)]
pub(crate) struct Slots {
    layout: Layout,
    shard: usize,
    first_generation: NonZeroU32,
    pages: Vec<Page>,
    /// For each type its pages that may have a free slot, last one first.
    open: Vec<(TypeId, Vec<u32>)>,
}

#[derive(Debug)]
struct Page {
    agents: TypeId,
    /// Bit n: slot n is free.
    free: u64,
    /// What the next agent in each slot gets.
    generations: [NonZeroU32; PAGE],
}

impl Slots {
    /// No pages yet; generations start from `first_generation`.
    pub(crate) fn new(layout: Layout, shard: usize, first_generation: NonZeroU32) -> Self {
        Self { layout, shard, first_generation, pages: Vec::new(), open: Vec::new() }
    }

    /// Reserves a slot for an agent of that type.
    pub(crate) fn reserve(&mut self, agents: TypeId) -> AgentId {
        let open = match self.open.iter().position(|(held, _)| *held == agents) {
            Some(at) => &mut self.open[at].1,
            None => {
                self.open.push((agents, Vec::new()));
                let last = self.open.len() - 1;
                &mut self.open[last].1
            }
        };
        let index = match open.last() {
            Some(&index) => index,
            None => {
                let index = self.pages.len() as u32;
                let generations = [self.first_generation; PAGE];
                self.pages.push(Page { agents, free: u64::MAX, generations });
                open.push(index);
                index
            }
        };
        let page = &mut self.pages[index as usize];
        let offset = page.free.trailing_zeros();
        page.free &= page.free - 1;
        if page.free == 0 {
            open.pop();
        }
        let slot = self.layout.first_slot(self.shard, index as usize) + offset;
        AgentId::new(slot, page.generations[offset as usize])
    }

    /// Gives a slot back; its next agent has the next generation. A slot whose generations have all
    /// been used is retired.
    pub(crate) fn release(&mut self, slot: u32) {
        let (index, offset) = (self.layout.page(slot), Layout::offset(slot));
        let page = &mut self.pages[index];
        let next = NonZeroU32::new(page.generations[offset].get().wrapping_add(1));
        let next = next.unwrap_or(NonZeroU32::MIN);
        page.generations[offset] = next;
        if next == self.first_generation {
            return;
        }
        if page.free == 0
            && let Some((_, open)) = self.open.iter_mut().find(|(held, _)| *held == page.agents)
        {
            open.push(index as u32);
        }
        page.free |= 1 << offset;
    }

    /// Pages in use.
    pub(crate) fn pages(&self) -> usize {
        self.pages.len()
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.pages.capacity() * size_of::<Page>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slots(max_agents: u32, shard: usize) -> Slots {
        Slots::new(Layout::for_agents(max_agents), shard, NonZeroU32::MAX)
    }

    #[test]
    fn shards_follow_from_the_number_of_agents() {
        let shards = |agents| Layout::for_agents(agents).shards();
        assert_eq!([1, 200, 1000, 100_000, 1_000_000, u32::MAX].map(shards), [1, 1, 8, 32, 64, 64]);
    }

    #[test]
    fn a_slot_finds_its_shard_page_and_offset() {
        let layout = Layout::for_agents(100_000);
        for (shard, page, offset) in [(0, 0, 0), (31, 0, 63), (5, 7, 9)] {
            let slot = layout.first_slot(shard, page) + offset;
            assert_eq!(
                (layout.shard(slot), layout.page(slot), Layout::offset(slot)),
                (shard, page, offset as usize)
            );
        }
    }

    #[test]
    fn types_have_pages_of_their_own_and_slots_come_back_with_a_new_generation() {
        let mut slots = slots(1000, 3);
        let (a, b) = (TypeId::of::<u8>(), TypeId::of::<u16>());
        let first: Vec<_> = (0..70).map(|_| slots.reserve(a)).collect();
        let other = slots.reserve(b);
        assert_eq!(slots.pages(), 3);
        assert!(first.iter().all(|id| id.slot() >> PAGE_BITS != other.slot() >> PAGE_BITS));
        slots.release(first[5].slot());
        let again = slots.reserve(a);
        assert_eq!(again.slot(), first[5].slot());
        // Generations wrap past zero.
        assert_eq!((first[5].generation(), again.generation()), (NonZeroU32::MAX, NonZeroU32::MIN));
    }
}
