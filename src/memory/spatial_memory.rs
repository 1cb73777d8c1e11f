//! The memory: its one writer.

use std::sync::Arc;

use thiserror::Error;

use super::age::Ageing;
use super::change::{Change, Removal, Sequence};
use super::config::{MemoryConfig, MemoryConfigError};
use super::feed::{SubscribeError, Subscription, SubscriptionOptions};
use super::fusion::Fusion;
use super::journal::{Durability, Journal, JournalError};
use super::object::ObjectId;
use super::past::Kept;
use super::publish::{Publisher, Subscriber, channel};
use super::query::MemoryView;
use super::snapshot::{Image, MemoryReader, MemorySnapshot, Retention, SnapshotError};
use super::state::State;
use super::write_error::WriteError;
use crate::space::bvh::Shape;
use crate::space::{Pose, Vec3};
use crate::state_hasher::StateHasher;
use crate::sync::{AtomicU64, Ordering};
use crate::time::Time;

/// The objects of the world around the agents, found by where they are. See the
/// [module](super) for how it works.
///
/// One writer changes it (`&mut self`); any number of [`MemoryReader`]s take snapshots of what it
/// published, on any thread.
#[derive(Debug)]
pub struct SpatialMemory {
    pub(super) state: State,
    /// Of the last change, where there is no journal.
    pub(super) sequence: Sequence,
    pub(super) journal: Option<Journal>,
    /// By class, as far as it was set.
    pub(super) durability: Vec<Durability>,
    publisher: Publisher<Image>,
    reader: MemoryReader,
    pub(super) version: u64,
    /// How often anything was asked for that later answers depend on.
    pub(super) touches: u64,
    /// When the last state was published.
    pub(super) now: Time,
    pub(super) fusion: Fusion,
    pub(super) ageing: Ageing,
    /// Who left since the last published state, but for those that the host removed.
    departures: Vec<(ObjectId, Removal)>,
    /// What a batch of moves was resolved to.
    pub(super) moves: Vec<(ObjectId, Pose, Option<Vec3>)>,
    /// The past state that was built last.
    pub(super) past: Option<Kept>,
}

/// Why no state was published. What has changed is published with the next.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[non_exhaustive]
pub enum PublishError {
    /// The time lies before that of the last published state.
    #[error("time {given} lies before {latest}, at which a state was published")]
    TimeBack {
        /// As given.
        given: Time,
        /// Of the last published state.
        latest: Time,
    },
    /// Snapshots of too many different states are held.
    #[error("snapshots of {held} states are held, at most {limit} are allowed")]
    SnapshotsHeld {
        /// How many.
        held: usize,
        /// The most that the configuration allows.
        limit: u32,
    },
}

/// What was published.
#[derive(Debug)]
#[non_exhaustive]
pub struct Published {
    /// The number of the state, from 1.
    pub version: u64,
    /// Whether readers see every frame where it is; false while corrections are under way.
    pub is_corrected: bool,
    /// The bytes of pages that only held snapshots still need.
    pub retained_bytes: u64,
    /// Whether the store goes on. What was published stands in RAM in any case; a store that has
    /// failed refuses every later change.
    pub journal: Result<(), JournalError>,
}

impl SpatialMemory {
    /// An empty memory in RAM.
    ///
    /// # Errors
    /// [`MemoryConfigError`] for a number that is out of its range.
    pub fn new(config: MemoryConfig) -> Result<Self, MemoryConfigError> {
        config.validate()?;
        Ok(Self::of(config))
    }

    /// An empty memory of a configuration that was checked.
    pub(super) fn of(config: MemoryConfig) -> Self {
        let retention =
            Retention { bytes: AtomicU64::new(0), max_bytes: config.max_snapshot_bytes };
        // One is current beside those that may be held when another is written.
        let others = core::iter::repeat_with(Image::empty).take(config.max_snapshots as usize);
        let (publisher, states): (_, Subscriber<Image>) = channel(Image::empty(), others);
        Self {
            state: State::new(config),
            sequence: Sequence(0),
            journal: None,
            durability: Vec::new(),
            publisher,
            reader: MemoryReader { states, retention: Arc::new(retention) },
            version: 0,
            touches: 0,
            now: Time::from_nanos(i64::MIN),
            fusion: Fusion::default(),
            ageing: Ageing::default(),
            departures: Vec::new(),
            moves: Vec::new(),
            past: None,
        }
    }

    /// The limits.
    #[must_use]
    pub const fn config(&self) -> &MemoryConfig {
        &self.state.config
    }

    /// How many objects there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.state.table.view().len as usize
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number of the last change; zero before the first.
    #[must_use]
    pub fn sequence(&self) -> Sequence {
        self.journal.as_ref().map_or(self.sequence, |journal| journal.last())
    }

    /// Ends a frame at `now`: what has changed becomes visible to new snapshots, all of it at once;
    /// corrections of frames go on; what has come to rest is put away. Never waits for a reader.
    ///
    /// # Errors
    /// [`PublishError`]; then readers see what they saw before.
    pub fn publish(&mut self, now: Time) -> Result<Published, PublishError> {
        if now < self.now {
            return Err(PublishError::TimeBack { given: now, latest: self.now });
        }
        let state = &mut self.state;
        state.settle();
        state.advance_corrections(state.config.correction_budget as usize);
        state.table.cool(REST, COOLED);
        state.index.cool(&mut state.work);
        let version = self.version + 1;
        let written = self.publisher.publish(|image| {
            image.take(state);
            (image.version, image.time) = (version, now);
        });
        if written.is_none() {
            let (held, limit) = (self.publisher.held(), state.config.max_snapshots);
            return Err(PublishError::SnapshotsHeld { held, limit });
        }
        (self.version, self.now) = (version, now);
        self.departures.clear();
        state.published(version, now);
        state.tell_subscribers(now);
        self.publisher.tidy(
            |image| {
                image.take(state);
                (image.version, image.time) = (version, now);
            },
            Image::clear,
        );
        let retained_bytes = state.retained_bytes() as u64;
        state.trim();
        self.reader.retention.bytes.store(retained_bytes, Ordering::Relaxed);
        let is_corrected = state.corrections.is_done();
        self.rest_past();
        let journal = match &mut self.journal {
            Some(journal) => journal.end_tick(now),
            None => Ok(()),
        };
        Ok(Published { version, is_corrected, retained_bytes, journal })
    }

    /// Who left since the last published state, and why, in the order of leaving; but for those that the
    /// host removed itself.
    #[must_use]
    pub fn departures(&self) -> &[(ObjectId, Removal)] {
        &self.departures
    }

    /// Lets a part of the host follow what changes, from the next published state on: see
    /// [`Notice`](super::Notice). O(log n) for n subscribers.
    ///
    /// # Errors
    /// [`SubscribeError`].
    pub fn subscribe(
        &mut self,
        options: SubscriptionOptions,
    ) -> Result<Subscription, SubscribeError> {
        self.state.feeds.subscribe(options)
    }

    /// A reader, for any thread.
    #[must_use]
    pub fn reader(&self) -> MemoryReader {
        self.reader.clone()
    }

    /// The latest published state.
    ///
    /// # Errors
    /// As [`MemoryReader::snapshot`].
    pub fn snapshot(&self) -> Result<MemorySnapshot, SnapshotError> {
        self.reader.snapshot()
    }

    /// The present state, published or not, for any query; corrections of frames as far as readers
    /// see them, or will with the next state.
    pub fn view(&mut self) -> MemoryView<'_> {
        self.state.settle();
        self.state.view()
    }

    /// Gives the index what it awaits, so that [`settled`](Self::settled) shows all.
    pub(crate) fn settle(&mut self) {
        self.state.settle();
    }

    /// The present state of a memory that was settled since it changed last.
    #[inline]
    pub(crate) fn settled(&self) -> MemoryView<'_> {
        self.state.view()
    }

    /// Takes in everything that later answers depend on, in slot order: what
    /// [`StateHasher`] gives is the same for two memories that were changed in the same way, also
    /// where one was closed and recovered meanwhile.
    pub fn hash_state(&self, hasher: &mut StateHasher) {
        self.state.hash(hasher);
    }

    /// The bytes of RAM that the objects and the index take, those for growth and for snapshots
    /// included; the content of attributes ([`attribute_bytes`](Self::attribute_bytes)) and texts
    /// not.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        self.state.memory_bytes()
    }

    /// The bytes of all attributes' content.
    #[must_use]
    pub const fn attribute_bytes(&self) -> usize {
        self.state.table.attribute_bytes()
    }

    /// How often it was changed, observed, aged or told of a class's options.
    pub(crate) const fn touches(&self) -> u64 {
        self.touches
    }

    /// Makes one change.
    #[inline]
    pub(super) fn commit(&mut self, change: &Change) -> Result<(), WriteError> {
        self.touches += 1;
        match &mut self.journal {
            None => self.sequence.0 += 1,
            Some(journal) => {
                let durability = match change {
                    Change::Move { id, .. }
                    | Change::Observe { id, .. }
                    | Change::Age { id, .. } => {
                        let class = self.state.table.view().class(id.slot());
                        self.durability.get(usize::from(class.index())).copied()
                    }
                    _ => Some(Durability::Each),
                };
                let durability = durability.unwrap_or(self.state.config.durability);
                journal.append(change, durability)?;
            }
        }
        self.state.apply(change)?;
        match change {
            Change::Remove { cause: Removal::Removed, .. } => {}
            &Change::Remove { id, cause } => self.departures.push((id, cause)),
            _ => {}
        }
        Ok(())
    }

    /// Takes over what was recovered, and lets readers see it; `order` may tell the index's.
    pub(super) fn recovered(&mut self, journal: Journal, order: Option<&Shape>) {
        self.state.index_all(order);
        // Nothing is held yet, and no time lies before this one: it cannot be refused.
        let published = self.publish(Time::from_nanos(i64::MIN));
        debug_assert!(published.is_ok());
        self.journal = Some(journal);
    }

    /// The number of the last published state.
    pub(super) const fn version(&self) -> u64 {
        self.version
    }

    pub(super) const fn states(&self) -> &Subscriber<Image> {
        &self.reader.states
    }

    /// The id under which `id` is there.
    pub(super) fn live(&self, id: ObjectId) -> Result<ObjectId, WriteError> {
        self.state.resolve(id).ok_or(WriteError::ObjectAbsent { id })
    }
}

/// What was not written for this many published states is at rest…
const REST: u8 = 30;

/// …and so many records are put away with each.
const COOLED: usize = 512;
