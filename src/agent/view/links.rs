//! The proximity topology: undirected links between agents.

use std::collections::VecDeque;

use crate::agent::CommandError;
use crate::id::AgentId;

/// Who is linked to whom, by slot.
#[derive(Debug, Default)]
pub(crate) struct Links {
    /// Sorted by slot.
    neighbours: Vec<Vec<Link>>,
    count: usize,
}

/// One end of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) slot: u32,
    /// Made by a command, and so not undone by distance.
    pub(crate) pinned: bool,
}

/// What a search over links writes on; kept by its caller so that searching allocates nothing.
#[derive(Debug, Default)]
pub(crate) struct Search {
    /// The search in which a slot was last seen, and from where.
    seen: Vec<(u32, u32)>,
    search: u32,
    frontier: VecDeque<(u32, u8)>,
}

impl Links {
    /// Links in the mesh.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.count
    }

    /// Links two agents; a link that exists only becomes pinned if this one is. False if it existed.
    pub(crate) fn connect(
        &mut self,
        a: u32,
        b: u32,
        pinned: bool,
        limit: usize,
    ) -> Result<bool, CommandError> {
        let longest = a.max(b) as usize;
        if longest >= self.neighbours.len() {
            self.neighbours.resize_with(longest + 1, Vec::new);
        }
        let held = self.find(a, b);
        if held.is_some_and(|held| held.pinned || !pinned) {
            // The usual case of links that follow poses: most stay as they are.
            return Ok(false);
        }
        let new = held.is_none();
        if new && self.count >= limit {
            return Err(CommandError::TooManyLinks { limit });
        }
        for (from, to) in [(a, b), (b, a)] {
            let links = &mut self.neighbours[from as usize];
            match links.binary_search_by_key(&to, |link| link.slot) {
                Ok(at) => links[at].pinned |= pinned,
                Err(at) => links.insert(at, Link { slot: to, pinned }),
            }
        }
        self.count += usize::from(new);
        Ok(new)
    }

    /// Cuts a link; false if there was none.
    pub(crate) fn disconnect(&mut self, a: u32, b: u32) -> bool {
        if self.find(a, b).is_none() {
            return false;
        }
        for (from, to) in [(a, b), (b, a)] {
            self.neighbours[from as usize].retain(|link| link.slot != to);
        }
        self.count -= 1;
        true
    }

    /// Cuts all links of an agent.
    pub(crate) fn forget(&mut self, id: AgentId) {
        let Some(links) = self.neighbours.get_mut(id.slot() as usize) else { return };
        let links = core::mem::take(links);
        self.count -= links.len();
        for link in links {
            self.neighbours[link.slot as usize].retain(|back| back.slot != id.slot());
        }
    }

    fn find(&self, a: u32, b: u32) -> Option<Link> {
        let links = self.of(a);
        links.binary_search_by_key(&b, |link| link.slot).ok().map(|at| links[at])
    }

    /// The links of a slot, by slot.
    #[inline]
    pub(crate) fn of(&self, slot: u32) -> &[Link] {
        self.neighbours.get(slot as usize).map_or(&[], |links| links)
    }

    /// Calls `each` with every slot that is reached from `start` over at most `hops` links, without
    /// `start`, in the order of distance. O(links looked at).
    pub(crate) fn within(
        &self,
        start: u32,
        hops: u8,
        search: &mut Search,
        mut each: impl FnMut(u32, u8),
    ) {
        search.begin(self.neighbours.len(), start);
        while let Some((from, distance)) = search.frontier.pop_front() {
            if distance == hops {
                continue;
            }
            for link in self.of(from) {
                if search.visit(link.slot, from, distance + 1) {
                    each(link.slot, distance + 1);
                }
            }
        }
    }

    /// A shortest path over links from `start` to `end`, both included, into `path`. False if there
    /// is none. O(links looked at).
    pub(crate) fn path(
        &self,
        start: u32,
        end: u32,
        search: &mut Search,
        path: &mut Vec<u32>,
    ) -> bool {
        path.clear();
        // Searched from the end, so that the way back from the start is the path.
        search.begin(self.neighbours.len().max(start as usize + 1), end);
        let mut found = start == end;
        while !found && let Some((from, distance)) = search.frontier.pop_front() {
            for link in self.of(from) {
                if search.visit(link.slot, from, distance.saturating_add(1)) && link.slot == start {
                    found = true;
                }
            }
        }
        if found {
            path.push(start);
            let mut at = start;
            while at != end {
                at = search.seen[at as usize].1;
                path.push(at);
            }
        }
        found
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        let ends: usize = self.neighbours.iter().map(Vec::capacity).sum();
        self.neighbours.capacity() * size_of::<Vec<Link>>() + ends * size_of::<Link>()
    }
}

impl Search {
    fn begin(&mut self, slots: usize, start: u32) {
        let slots = slots.max(start as usize + 1);
        if self.seen.len() < slots {
            self.seen.resize(slots, (0, 0));
        }
        self.search = self.search.wrapping_add(1);
        if self.search == 0 {
            self.seen.fill((0, 0));
            self.search = 1;
        }
        self.frontier.clear();
        self.visit(start, start, 0);
    }

    fn visit(&mut self, slot: u32, from: u32, distance: u8) -> bool {
        let seen = &mut self.seen[slot as usize];
        if seen.0 == self.search {
            return false;
        }
        *seen = (self.search, from);
        self.frontier.push_back((slot, distance));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::num::NonZeroU32;
    use proptest::prelude::*;

    /// All distances by Floyd and Warshall, the slow way.
    fn distances(edges: &[(u32, u32)]) -> [[u32; 8]; 8] {
        let mut far = [[99; 8]; 8];
        for (slot, row) in far.iter_mut().enumerate() {
            row[slot] = 0;
        }
        for &(a, b) in edges {
            far[a as usize][b as usize] = 1;
            far[b as usize][a as usize] = 1;
        }
        for via in 0..8 {
            for a in 0..8 {
                for b in 0..8 {
                    far[a][b] = far[a][b].min(far[a][via] + far[via][b]);
                }
            }
        }
        far
    }

    proptest! {
        #[test]
        fn reach_and_paths_are_those_of_the_slow_way(
            made in prop::collection::vec((0_u32..8, 0_u32..8), 0..14),
            cut in prop::collection::vec((0_u32..8, 0_u32..8), 0..4),
            start in 0_u32..8, end in 0_u32..8, hops in 0_u8..5,
        ) {
            let mut links = Links::default();
            let mut edges: Vec<_> = made.into_iter().filter(|(a, b)| a != b).collect();
            for &(a, b) in &edges {
                links.connect(a, b, true, 100).unwrap();
            }
            for (a, b) in cut {
                let held = edges.len();
                edges.retain(|&edge| edge != (a, b) && edge != (b, a));
                prop_assert_eq!(links.disconnect(a, b), edges.len() != held);
            }
            let mut unique: Vec<_> = edges.iter().map(|&(a, b)| (a.min(b), a.max(b))).collect();
            unique.sort_unstable();
            unique.dedup();
            prop_assert_eq!(links.len(), unique.len());
            let far = distances(&edges);
            let mut search = Search::default();
            let mut reached = Vec::new();
            links.within(start, hops, &mut search, |slot, distance| reached.push((distance, slot)));
            prop_assert!(reached.is_sorted_by_key(|(distance, _)| *distance));
            reached.sort_unstable();
            let mut expected: Vec<_> = (0..8)
                .map(|slot| (far[start as usize][slot as usize] as u8, slot))
                .filter(|&(distance, _)| distance > 0 && distance <= hops)
                .collect();
            expected.sort_unstable();
            prop_assert_eq!(reached, expected);
            let mut path = Vec::new();
            let found = links.path(start, end, &mut search, &mut path);
            prop_assert_eq!(found, far[start as usize][end as usize] < 99);
            if found {
                prop_assert_eq!(path.len() as u32, far[start as usize][end as usize] + 1);
                prop_assert_eq!((path[0], path[path.len() - 1]), (start, end));
                prop_assert!(path.windows(2).all(|w| far[w[0] as usize][w[1] as usize] == 1));
            }
        }
    }

    #[test]
    fn links_of_a_gone_agent_are_gone_and_the_limit_holds() {
        let mut links = Links::default();
        links.connect(0, 1, false, 2).unwrap();
        links.connect(1, 2, true, 2).unwrap();
        assert_eq!(links.connect(2, 3, true, 2), Err(CommandError::TooManyLinks { limit: 2 }));
        links.forget(AgentId::new(1, NonZeroU32::MIN));
        assert_eq!((links.len(), links.of(0), links.of(2)), (0, &[][..], &[][..]));
    }
}
