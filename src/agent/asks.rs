//! Questions that wait for their answers.

use crate::id::AgentId;
use crate::message::AskId;
use crate::time::Time;

/// Questions that one shard's agents may have open at once.
pub(crate) const MOST_ASKS: usize = 1 << 16;

/// The open questions of one shard, by index with a generation, so that an answer finds its question
/// in one look and a late one finds nothing.
#[derive(Debug)]
pub(crate) struct Asks {
    entries: Vec<Entry>,
    free: Vec<u16>,
    /// No deadline is earlier.
    earliest: Time,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    asker: Option<AgentId>,
    deadline: Time,
    generation: u16,
}

impl Asks {
    pub(crate) const fn new() -> Self {
        Self { entries: Vec::new(), free: Vec::new(), earliest: Time::MAX }
    }

    /// Opens a question; `None` if [`MOST_ASKS`] are open.
    pub(crate) fn open(&mut self, asker: AgentId, deadline: Time) -> Option<AskId> {
        let index = match self.free.pop() {
            Some(index) => index,
            None => {
                let index = u16::try_from(self.entries.len()).ok()?;
                self.entries.push(Entry { asker: None, deadline, generation: 0 });
                index
            }
        };
        let entry = &mut self.entries[index as usize];
        *entry = Entry { asker: Some(asker), deadline, generation: entry.generation };
        self.earliest = self.earliest.min(deadline);
        Some(AskId((entry.generation as u32) << 16 | index as u32))
    }

    /// Takes back a question that could not be sent, or closes the one that `asker` had open under
    /// that id. False if there is none.
    pub(crate) fn close(&mut self, id: AskId, asker: AgentId) -> bool {
        let index = id.0 as u16;
        match self.entries.get_mut(index as usize) {
            Some(entry)
                if entry.asker == Some(asker) && entry.generation == (id.0 >> 16) as u16 =>
            {
                entry.asker = None;
                entry.generation = entry.generation.wrapping_add(1);
                self.free.push(index);
                true
            }
            _ => false,
        }
    }

    /// No question times out before; `Time::MAX` if none is open.
    #[inline]
    pub(crate) fn next(&self) -> Time {
        self.earliest
    }

    /// Whether a question may have timed out at `now`.
    #[inline]
    pub(crate) fn may_expire(&self, now: Time) -> bool {
        self.earliest <= now
    }

    /// Closes the questions whose deadlines have passed, and says which; by index.
    pub(crate) fn expire(&mut self, now: Time, mut expired: impl FnMut(AskId, AgentId)) {
        self.earliest = Time::MAX;
        for (index, entry) in self.entries.iter_mut().enumerate() {
            let Some(asker) = entry.asker else { continue };
            if entry.deadline > now {
                self.earliest = self.earliest.min(entry.deadline);
                continue;
            }
            expired(AskId((entry.generation as u32) << 16 | index as u32), asker);
            entry.asker = None;
            entry.generation = entry.generation.wrapping_add(1);
            self.free.push(index as u16);
        }
    }

    /// The open questions: who asked, until when.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (AgentId, Time)> {
        self.entries.iter().filter_map(|entry| Some((entry.asker?, entry.deadline)))
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.entries.capacity() * size_of::<Entry>() + self.free.capacity() * 2
    }
}
