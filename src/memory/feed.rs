//! Subscriptions: what changes, told to those who asked.
//!
//! 1. At each publication a subscriber is told, for every object of its classes that was in its region
//!    before or is there now, what became of it: at most one [`Event`] an object, the difference
//!    of two publications and not the history between.
//! 2. A subscriber has a queue of a fixed capacity: a wait-free ring that any one thread drains. Where
//!    it is full, the last place takes [`Notice::Missed`], and nothing more is told until all was
//!    drained. The subscriber then reads the whole from a snapshot that it takes after that notice:
//!    snapshots are published before their events, so none falls between the two. What the
//!    snapshot holds already may be told again.
//! 3. Regions of subscribers lie in a tree like that of the objects, so an object's change costs
//!    by those who want it, not by all who subscribed. Without subscribers nothing is kept or computed.

use thiserror::Error;

use super::change::Removal;
use super::class::ClassId;
use super::filter::Filter;
use super::object::ObjectId;
use crate::lane::spsc::{Consumer, Producer, ring};
use crate::space::bvh::{Bvh, BySlot, Workspace};
use crate::space::{Aabb, Region};
use crate::time::Time;

/// What a subscriber wants to be told.
#[derive(Clone, Debug)]
pub struct SubscriptionOptions {
    /// Where; everywhere if `None`. An object is in it if its box overlaps it.
    pub region: Option<Region>,
    /// Of which classes. Default all.
    pub filter: Filter,
    /// How many notices wait at most, 1 to 1,048,576; 48 bytes each. The queue has the next power of two
    /// above it of places. Default 1,023.
    pub capacity: usize,
}

/// A subscriber's end of its queue. Dropping it ends the subscription. It may live and be drained on
/// any thread.
#[derive(Debug)]
pub struct Subscription {
    queue: Consumer<Notice>,
}

/// What a subscriber is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Notice {
    /// What became of one object.
    Object {
        /// The object.
        id: ObjectId,
        /// Its class; of one that left, the one that it had.
        class: ClassId,
        /// What became of it.
        event: Event,
        /// The time of the publication.
        at: Time,
    },
    /// There was no room for what follows. Take a snapshot now and read the whole from it.
    Missed {
        /// The time of the first publication of which something is missing.
        at: Time,
    },
}

/// What became of an object from one publication to the next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Event {
    /// It is new, and in the region.
    Added,
    /// It was there before and has come into the region, or into the classes.
    Entered,
    /// It moved within the region; nothing else of it changed.
    Moved,
    /// Something else of it changed, and it may have moved within the region.
    Changed,
    /// It is still there but no longer in the region, or of another class.
    Left,
    /// It was in the region and is gone.
    Removed(Removal),
}

/// Why a subscription was refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[non_exhaustive]
pub enum SubscribeError {
    /// The queue would hold nothing, or too much.
    #[error("a queue of {capacity} notices, expected 1 to {limit}")]
    Capacity {
        /// As given.
        capacity: usize,
        /// The largest.
        limit: usize,
    },
    /// There are as many subscribers as there may be.
    #[error("there are {limit} subscribers already, the most that there may be")]
    Full {
        /// The most.
        limit: usize,
    },
}

/// The largest queue, in notices.
const MAX_CAPACITY: usize = 1 << 20;

/// The most subscribers of one memory.
const MAX_SUBSCRIBERS: usize = 1 << 16;

/// How many subscribers a publication looks at for whether they are still there.
const SWEEP: usize = 8;

impl Default for SubscriptionOptions {
    fn default() -> Self {
        Self { region: None, filter: Filter::all(), capacity: 1_023 }
    }
}

impl Subscription {
    /// Takes up to `limit` notices, the oldest first, and returns how many. Wait-free.
    pub fn drain(&mut self, limit: usize, mut receive: impl FnMut(Notice)) -> usize {
        self.queue.drain_front(limit, |front| receive(front.take()))
    }

    /// How many notices wait, at least.
    pub fn waiting(&mut self) -> usize {
        self.queue.ready()
    }

    /// Whether the memory is gone, so that nothing more will come than waits.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.queue.is_closed()
    }
}

/// How an object appears to subscribers at a publication.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Appearance {
    pub(crate) class: ClassId,
    /// Its box in the world.
    pub(crate) bounds: Aabb,
}

/// The memory's side of all subscriptions.
#[derive(Debug)]
pub(crate) struct Feeds {
    subscribers: Vec<Option<Subscriber>>,
    free: Vec<u32>,
    /// The bounds of the regions, by subscriber.
    regions: Bvh<Aabb>,
    /// Those without a region.
    everywhere: Vec<u32>,
    work: Workspace,
    touched: Vec<Touched>,
    /// By slot: where in `touched` the slot's latest entry stands, if that entry is the slot's.
    places: Vec<u32>,
    /// The subscriber that the next sweep begins with.
    sweep: usize,
    live: usize,
}

#[derive(Debug)]
struct Subscriber {
    region: Option<Region>,
    filter: Filter,
    queue: Producer<Notice>,
    /// Whether it was told that it misses something, and has not drained that yet.
    missed: bool,
}

/// An object that was changed since the last publication.
#[derive(Clone, Copy, Debug)]
struct Touched {
    id: ObjectId,
    before: Option<Appearance>,
    changed: bool,
    removed: Option<Removal>,
}

impl Feeds {
    pub(crate) fn new() -> Self {
        Self {
            subscribers: Vec::new(),
            free: Vec::new(),
            regions: Bvh::new(MAX_SUBSCRIBERS as u32),
            everywhere: Vec::new(),
            work: Workspace::new(),
            touched: Vec::new(),
            places: Vec::new(),
            sweep: 0,
            live: 0,
        }
    }

    /// Whether anybody is subscribed; if not, nothing need be told here.
    #[inline]
    pub(crate) const fn is_active(&self) -> bool {
        self.live > 0
    }

    /// Takes a subscriber on, who is told of what is published from now on. O(log n).
    ///
    /// # Errors
    /// [`SubscribeError`].
    pub(crate) fn subscribe(
        &mut self,
        options: SubscriptionOptions,
    ) -> Result<Subscription, SubscribeError> {
        let SubscriptionOptions { region, filter, capacity } = options;
        let refused = SubscribeError::Capacity { capacity, limit: MAX_CAPACITY };
        if capacity == 0 || capacity > MAX_CAPACITY {
            return Err(refused);
        }
        if self.live == MAX_SUBSCRIBERS {
            self.drop_closed(MAX_SUBSCRIBERS);
        }
        if self.live == MAX_SUBSCRIBERS {
            return Err(SubscribeError::Full { limit: MAX_SUBSCRIBERS });
        }
        // One place more for the mark that something is missing.
        let Ok((producer, consumer)) = ring(capacity + 1) else { return Err(refused) };
        let index = self.free.pop().unwrap_or(self.subscribers.len() as u32);
        match &region {
            Some(region) => {
                // A region's bounds are valid and the index is free and below the limit.
                let inserted = self.regions.insert_all(&[(index, region.bounds())], &mut self.work);
                debug_assert!(inserted.is_ok());
            }
            None => self.everywhere.push(index),
        }
        let subscriber = Subscriber { region, filter, queue: producer, missed: false };
        if let Some(place) = self.subscribers.get_mut(index as usize) {
            *place = Some(subscriber);
        } else {
            self.subscribers.push(Some(subscriber));
        }
        self.live += 1;
        Ok(Subscription { queue: consumer })
    }

    /// The object `id` is about to move, or was just made: then `before` is `None`. Only the first
    /// word of it since the last publication asks for `before`.
    #[inline]
    pub(crate) fn touch(&mut self, id: ObjectId, before: impl FnOnce() -> Option<Appearance>) {
        if self.is_active() {
            self.entry(id, before);
        }
    }

    /// As [`touch`](Self::touch), where not only its place changes.
    #[inline]
    pub(crate) fn change(&mut self, id: ObjectId, before: impl FnOnce() -> Option<Appearance>) {
        if self.is_active() {
            self.entry(id, before).changed = true;
        }
    }

    /// The object `id` is about to leave.
    #[inline]
    pub(crate) fn remove(
        &mut self,
        id: ObjectId,
        cause: Removal,
        before: impl FnOnce() -> Option<Appearance>,
    ) {
        if self.is_active() {
            self.entry(id, before).removed = Some(cause);
        }
    }

    /// Tells every subscriber what changed since the last publication; `after` gives what lives
    /// now. Where so much was corrected at once, within `corrected`, that it was not told of each
    /// object, whoever looks there misses it and reads it anew. To be called once the snapshot of `at`
    /// can be taken. O(changed · (log subscribers + those who want it)).
    pub(crate) fn publish(
        &mut self,
        at: Time,
        corrected: Option<&Aabb>,
        after: impl Fn(ObjectId) -> Option<Appearance>,
    ) {
        if !self.is_active() {
            return;
        }
        for subscriber in self.subscribers.iter_mut().flatten() {
            if subscriber.missed && subscriber.queue.is_drained() {
                subscriber.missed = false;
            }
        }
        if let Some(bounds) = corrected {
            let near = self.regions.in_box(bounds, &BySlot, &mut self.work);
            for &index in self.everywhere.iter().chain(near) {
                if let Some(Some(subscriber)) = self.subscribers.get_mut(index as usize) {
                    subscriber.miss(at);
                }
            }
        }
        let mut touched = core::mem::take(&mut self.touched);
        for touched in &touched {
            let after = if touched.removed.is_some() { None } else { after(touched.id) };
            let around = match (touched.before, after) {
                (Some(before), Some(after)) => before.bounds.union(&after.bounds),
                (Some(one), None) | (None, Some(one)) => one.bounds,
                (None, None) => continue,
            };
            for &index in &self.everywhere {
                tell(&mut self.subscribers, index, touched, after, at);
            }
            if !self.regions.is_empty() {
                for &index in self.regions.in_box(&around, &BySlot, &mut self.work) {
                    tell(&mut self.subscribers, index, touched, after, at);
                }
            }
        }
        touched.clear();
        self.touched = touched;
        self.drop_closed(SWEEP);
    }

    fn entry(&mut self, id: ObjectId, before: impl FnOnce() -> Option<Appearance>) -> &mut Touched {
        let slot = id.slot() as usize;
        if self.places.len() <= slot {
            self.places.resize(slot + 1, u32::MAX);
        }
        let mut at = self.places[slot] as usize;
        if self.touched.get(at).is_none_or(|entry| entry.id != id) {
            at = self.touched.len();
            self.places[slot] = at as u32;
            self.touched.push(Touched { id, before: before(), changed: false, removed: None });
        }
        &mut self.touched[at]
    }

    /// Lets go of those who are gone, of the next `count` subscribers.
    fn drop_closed(&mut self, count: usize) {
        for _ in 0..count.min(self.subscribers.len()) {
            self.sweep = if self.sweep + 1 < self.subscribers.len() { self.sweep + 1 } else { 0 };
            let Some(place) = self.subscribers.get_mut(self.sweep) else { return };
            if !place.as_ref().is_some_and(|subscriber| subscriber.queue.is_closed()) {
                continue;
            }
            *place = None;
            let index = self.sweep as u32;
            self.everywhere.retain(|&other| other != index);
            self.regions.remove_all(&[index], &mut self.work);
            self.free.push(index);
            self.live -= 1;
        }
        if self.live == 0 {
            self.touched.clear();
        }
    }
}

impl Subscriber {
    fn sees(&self, appearance: &Appearance) -> bool {
        self.filter.accepts(appearance.class)
            && self.region.as_ref().is_none_or(|region| region.overlaps(&appearance.bounds))
    }

    fn miss(&mut self, at: Time) {
        // The place kept for this is free: nothing is pushed once it was taken.
        if !core::mem::replace(&mut self.missed, true) {
            let _full_or_gone = self.queue.push(Notice::Missed { at });
        }
    }
}

/// Tells the subscriber `index` what became of an object, if it wants to know.
fn tell(
    subscribers: &mut [Option<Subscriber>],
    index: u32,
    touched: &Touched,
    after: Option<Appearance>,
    at: Time,
) {
    let Some(Some(subscriber)) = subscribers.get_mut(index as usize) else { return };
    if subscriber.missed {
        return;
    }
    let sees = |appearance: Option<Appearance>| {
        appearance.filter(|appearance| subscriber.sees(appearance)).map(|it| it.class)
    };
    let (class, event) = match (sees(touched.before), sees(after)) {
        (None, None) => return,
        (None, Some(class)) if touched.before.is_none() => (class, Event::Added),
        (None, Some(class)) => (class, Event::Entered),
        (Some(class), None) => match touched.removed {
            Some(cause) => (class, Event::Removed(cause)),
            None => (class, Event::Left),
        },
        (Some(_), Some(class)) => {
            (class, if touched.changed { Event::Changed } else { Event::Moved })
        }
    };
    if subscriber.queue.room(2) < 2 {
        subscriber.miss(at);
    } else {
        let _gone = subscriber.queue.push(Notice::Object { id: touched.id, class, event, at });
    }
}

#[cfg(test)]
mod tests;
