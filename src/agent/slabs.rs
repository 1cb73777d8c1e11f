//! All agents of one shard: a slab for each type, found by page.

use core::any::TypeId;
use core::fmt;

use crate::agent::Agent;
use crate::agent::slab::{AnySlab, Cell, Slab};
use crate::agent::slots::Layout;
use crate::id::AgentId;

/// An agent that waits to be put into its slab.
pub(crate) trait Newborn: Send {
    /// Its type, for slots.
    fn agents(&self) -> TypeId;
    /// Puts it in its cell.
    fn settle(self: Box<Self>, slabs: &mut Slabs, layout: Layout, id: AgentId, born: u64);
}

impl fmt::Debug for dyn Newborn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("agent")
    }
}

/// A newborn of a type.
pub(crate) struct New<A>(pub(crate) A);

impl<A: Agent> Newborn for New<A> {
    fn agents(&self) -> TypeId {
        TypeId::of::<A>()
    }

    fn settle(self: Box<Self>, slabs: &mut Slabs, layout: Layout, id: AgentId, born: u64) {
        let agents = TypeId::of::<A>();
        let index = match slabs.types.iter().position(|&held| held == agents) {
            Some(index) => index,
            None => {
                slabs.types.push(agents);
                slabs.list.push(Box::new(Slab::<A>::default()));
                slabs.list.len() - 1
            }
        };
        let page = layout.page(id.slot());
        if page >= slabs.of_page.len() {
            slabs.of_page.resize(page + 1, NO_SLAB);
        }
        slabs.of_page[page] = index as u16;
        let cell = slabs.list[index].cell(page, Layout::offset(id.slot()));
        if let Some(cell) = cell.downcast_mut::<Cell<A>>() {
            *cell = Cell { open: id.generation().get(), born, agent: Some(self.0) };
        }
    }
}

const NO_SLAB: u16 = u16::MAX;

/// The slabs of one shard.
#[derive(Debug, Default)]
pub(crate) struct Slabs {
    types: Vec<TypeId>,
    list: Vec<Box<dyn AnySlab>>,
    of_page: Vec<u16>,
}

impl Slabs {
    /// The slab that a page belongs to.
    #[inline]
    pub(crate) fn of_page(&mut self, page: usize) -> Option<&mut (dyn AnySlab + 'static)> {
        let index = *self.of_page.get(page)?;
        Some(&mut **self.list.get_mut(index as usize)?)
    }

    pub(crate) fn of_page_ref(&self, page: usize) -> Option<&(dyn AnySlab + 'static)> {
        Some(&**self.list.get(*self.of_page.get(page)? as usize)?)
    }

    #[inline]
    pub(crate) fn pages(&self) -> usize {
        self.of_page.len()
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Box<dyn AnySlab>> {
        self.list.iter_mut()
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.list.iter().map(|slab| slab.heap_bytes()).sum::<usize>() + self.of_page.capacity() * 2
    }
}
