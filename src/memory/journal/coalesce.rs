//! Moves that are written once an interval: the last one of each object.

use std::collections::{BTreeMap, VecDeque};

use super::super::change::Change;
use super::super::object::ObjectId;
use crate::space::{Pose, Vec3};
use crate::time::Time;

/// What waits for the end of an interval, at most one entry an object.
///
/// An object is found by its slot in O(1); entries fall due in the order of their first change.
#[derive(Debug, Default)]
pub(super) struct Coalesced {
    /// Of each slot the place in `entries` plus one, or zero.
    places: Vec<u32>,
    entries: Vec<Option<Entry>>,
    free: Vec<u32>,
    /// By interval, in the order of time. An entry that left is found gone when its turn comes.
    due: BTreeMap<u32, VecDeque<Due>>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    id: ObjectId,
    /// The first change that is not written.
    first: u64,
    moved: Option<(Pose, Option<Vec3>)>,
    seen: Option<Seen>,
    persistence: Option<f32>,
}

/// What an observation sets beside the pose.
#[derive(Clone, Copy, Debug)]
struct Seen {
    half_extents: Vec3,
    confidence: f32,
    last_seen: Time,
}

#[derive(Clone, Copy, Debug)]
struct Due {
    tick: u64,
    slot: u32,
    first: u64,
}

impl Coalesced {
    /// Keeps `change`, the `sequence`-th, to be written `interval` ticks after the first that the
    /// object's entry holds. Only moves, observations and ageing are kept.
    pub(super) fn note(&mut self, change: &Change, sequence: u64, tick: u64, interval: u32) {
        let (&Change::Move { id, .. } | &Change::Observe { id, .. } | &Change::Age { id, .. }) =
            change
        else {
            return;
        };
        let entry = self.entry(id, sequence, tick, interval);
        match *change {
            Change::Move { pose, velocity, .. } => entry.moved = Some((pose, velocity)),
            Change::Observe {
                pose,
                half_extents,
                velocity,
                confidence,
                persistence,
                last_seen,
                ..
            } => {
                entry.moved = Some((pose, velocity));
                entry.seen = Some(Seen { half_extents, confidence, last_seen });
                entry.persistence = Some(persistence);
            }
            Change::Age { persistence, .. } => entry.persistence = Some(persistence),
            _ => {}
        }
    }

    /// Drops what waits for the object in `slot`, which left or was replaced.
    pub(super) fn forget(&mut self, slot: u32) {
        self.take(slot);
    }

    /// Gives what waits for the object in `slot`.
    pub(super) fn release(&mut self, slot: u32, write: &mut dyn FnMut(&Change)) {
        if let Some(entry) = self.take(slot) {
            entry.write(write);
        }
    }

    /// Gives what is due by `tick`.
    pub(super) fn release_due(&mut self, tick: u64, write: &mut dyn FnMut(&Change)) {
        let mut queues = std::mem::take(&mut self.due);
        for queue in queues.values_mut() {
            while let Some(due) = queue.pop_front_if(|due| due.tick <= tick) {
                if self.is_current(due)
                    && let Some(entry) = self.take(due.slot)
                {
                    entry.write(write);
                }
            }
        }
        self.due = queues;
    }

    /// Gives all that waits.
    pub(super) fn release_all(&mut self, write: &mut dyn FnMut(&Change)) {
        self.release_due(u64::MAX, write);
    }

    /// The first change that is not written, if there is one.
    pub(super) fn oldest(&mut self) -> Option<u64> {
        let mut oldest = None;
        let mut queues = std::mem::take(&mut self.due);
        for queue in queues.values_mut() {
            while queue.pop_front_if(|due| !self.is_current(*due)).is_some() {}
            // Entries of one interval come in the order of their first changes.
            if let Some(due) = queue.front() {
                oldest = Some(oldest.map_or(due.first, |other: u64| other.min(due.first)));
            }
        }
        self.due = queues;
        oldest
    }

    fn entry(&mut self, id: ObjectId, sequence: u64, tick: u64, interval: u32) -> &mut Entry {
        let slot = id.slot() as usize;
        if self.places.len() <= slot {
            self.places.resize(slot + 1, 0);
        }
        if self.places[slot] == 0 {
            let place = self.free.pop().unwrap_or_else(|| {
                self.entries.push(None);
                self.entries.len() as u32 - 1
            });
            self.places[slot] = place + 1;
            let due = Due {
                tick: tick.saturating_add(interval.into()),
                slot: id.slot(),
                first: sequence,
            };
            self.due.entry(interval).or_default().push_back(due);
        }
        let place = self.places[slot] as usize - 1;
        self.entries[place].get_or_insert(Entry {
            id,
            first: sequence,
            moved: None,
            seen: None,
            persistence: None,
        })
    }

    fn is_current(&self, due: Due) -> bool {
        let place = self.places.get(due.slot as usize).copied().unwrap_or(0) as usize;
        place
            .checked_sub(1)
            .and_then(|place| self.entries[place])
            .is_some_and(|entry| entry.first == due.first)
    }

    fn take(&mut self, slot: u32) -> Option<Entry> {
        let place = std::mem::take(self.places.get_mut(slot as usize)?).checked_sub(1)?;
        self.free.push(place);
        self.entries[place as usize].take()
    }
}

impl Entry {
    /// At most two changes: what was observed, or a move and an ageing.
    fn write(self, write: &mut dyn FnMut(&Change)) {
        let Self { id, moved, seen, persistence, .. } = self;
        if let (Some((pose, velocity)), Some(seen), Some(persistence)) = (moved, seen, persistence)
        {
            let Seen { half_extents, confidence, last_seen } = seen;
            return write(&Change::Observe {
                id,
                pose,
                half_extents,
                velocity,
                confidence,
                persistence,
                last_seen,
            });
        }
        if let Some((pose, velocity)) = moved {
            write(&Change::Move { id, pose, velocity });
        }
        if let Some(persistence) = persistence {
            write(&Change::Age { id, persistence });
        }
    }
}
