//! The memory: its one writer.

use std::sync::Arc;

use thiserror::Error;

use super::age::Ageing;
use super::apply::{ApplyError, is_extent, is_unit};
use super::area::{Area, AreaId};
use super::change::{Change, Removal, Sequence};
use super::class::ClassId;
use super::config::{MemoryConfig, MemoryConfigError, WhenFull};
use super::feed::{SubscribeError, Subscription, SubscriptionOptions};
use super::frame::{Frame, FrameId};
use super::frames::FrameError;
use super::fusion::{ClassOptionsError, Fusion};
use super::new_object::NewObject;
use super::object::{Attributes, Object, ObjectId};
use super::publish::{Publisher, Subscriber, channel};
use super::query::MemoryView;
use super::snapshot::{Image, MemoryReader, MemorySnapshot, Retention, SnapshotError};
use super::state::State;
use crate::space::{Pose, PoseError, UpAxis, Vec3};
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
    pub(super) sequence: Sequence,
    publisher: Publisher<Image>,
    reader: MemoryReader,
    version: u64,
    /// When the last state was published.
    pub(super) now: Time,
    pub(super) fusion: Fusion,
    pub(super) ageing: Ageing,
    /// Who left since the last published state, but for those that the host removed.
    departures: Vec<(ObjectId, Removal)>,
    /// What a batch of moves was resolved to.
    moves: Vec<(ObjectId, Pose, Option<Vec3>)>,
}

/// Why a change was refused. Then nothing has changed.
#[derive(Clone, PartialEq, Debug, Error)]
#[non_exhaustive]
pub enum WriteError {
    /// The object is not there.
    #[error("object {id} is not there")]
    ObjectAbsent {
        /// The id as given.
        id: ObjectId,
    },
    /// The memory is full.
    #[error(
        "{count} objects more than the {len} that are there exceed the {limit} that the configuration allows"
    )]
    ObjectsFull {
        /// How many were to come.
        count: usize,
        /// How many are there.
        len: usize,
        /// The most that the configuration allows.
        limit: u32,
    },
    /// There are as many labels as the configuration allows.
    #[error("there are {limit} labels already, the most that the configuration allows")]
    ClassesFull {
        /// The most that the configuration allows.
        limit: u32,
    },
    /// There are as many areas as the configuration allows.
    #[error("there are {limit} areas already, the most that the configuration allows")]
    AreasFull {
        /// The most that the configuration allows.
        limit: u32,
    },
    /// The class is not there.
    #[error("class {class:?} is not there")]
    ClassAbsent {
        /// The class as given.
        class: ClassId,
    },
    /// The area is not there.
    #[error("area {area:?} is not there")]
    AreaAbsent {
        /// The area as given.
        area: AreaId,
    },
    /// An object cannot be merged into itself.
    #[error("object {id} cannot be merged into itself")]
    Itself {
        /// The object.
        id: ObjectId,
    },
    /// A pose is none.
    #[error(transparent)]
    Pose(#[from] PoseError),
    /// The frames refuse it.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// A half extent is negative, infinite or not a number.
    #[error("half extents {half_extents:?}, expected finite numbers of at least 0")]
    HalfExtents {
        /// As given.
        half_extents: Vec3,
    },
    /// A velocity or a corner is infinite or not a number.
    #[error("{name} {value:?} is not finite")]
    NotFinite {
        /// What it is.
        name: &'static str,
        /// As given.
        value: Vec3,
    },
    /// A share is not from 0 to 1.
    #[error("{name} is {value}, expected 0 to 1")]
    Share {
        /// Which.
        name: &'static str,
        /// As given.
        value: f32,
    },
    /// An object was last seen before it was first seen.
    #[error("last seen at {last_seen}, before it was first seen at {first_seen}")]
    SeenInverted {
        /// As given.
        first_seen: Time,
        /// As given.
        last_seen: Time,
    },
    /// A text, the attributes or a list of corners is too long or too short.
    #[error("{name} of {given}, expected {least} to {most}")]
    Length {
        /// What it is, and in what it is counted.
        name: &'static str,
        /// How long it is.
        given: usize,
        /// The least.
        least: usize,
        /// The most.
        most: usize,
    },
    /// A number of a class's options is out of its range.
    #[error(transparent)]
    ClassOptions(#[from] ClassOptionsError),
    /// The change does not follow from the state: an internal contradiction that no input should
    /// lead to.
    #[error(transparent)]
    Apply(#[from] ApplyError),
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
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Published {
    /// The number of the state, from 1.
    pub version: u64,
    /// Whether readers see every frame where it is; false while corrections are under way.
    pub is_corrected: bool,
    /// The bytes of pages that only held snapshots still need.
    pub retained_bytes: u64,
}

/// So many replaced blocks of each kind are kept for later copies, at least.
const SPARE_BLOCKS: usize = 64;

impl SpatialMemory {
    /// An empty memory in RAM.
    ///
    /// # Errors
    /// [`MemoryConfigError`] for a number that is out of its range.
    pub fn new(config: MemoryConfig) -> Result<Self, MemoryConfigError> {
        config.validate()?;
        let retention =
            Retention { bytes: AtomicU64::new(0), max_bytes: config.max_snapshot_bytes };
        // One is current and one is written beside those that may be held.
        let others = core::iter::repeat_with(Image::empty).take(config.max_snapshots as usize + 1);
        let (publisher, states): (_, Subscriber<Image>) = channel(Image::empty(), others);
        Ok(Self {
            state: State::new(config),
            sequence: Sequence(0),
            publisher,
            reader: MemoryReader { states, retention: Arc::new(retention) },
            version: 0,
            now: Time::from_nanos(i64::MIN),
            fusion: Fusion::default(),
            ageing: Ageing::default(),
            departures: Vec::new(),
            moves: Vec::new(),
        })
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
    pub const fn sequence(&self) -> Sequence {
        self.sequence
    }

    /// The class of `label`, which gets the next number where it is new.
    ///
    /// # Errors
    /// [`WriteError::ClassesFull`], [`WriteError::Length`].
    pub fn class(&mut self, label: &str) -> Result<ClassId, WriteError> {
        if let Some(class) = self.state.classes.find(label) {
            return Ok(class);
        }
        let (len, limit) = (self.state.classes.len(), self.state.config.max_classes);
        self.check_text("a class label in bytes", label)?;
        match u16::try_from(len) {
            Ok(next) if len < limit as usize => {
                let class = ClassId::new(next);
                self.commit(&Change::Class { class, label: label.into() })?;
                Ok(class)
            }
            _ => Err(WriteError::ClassesFull { limit }),
        }
    }

    /// Adds an object. O(log n). Where the memory is full, the least persistent one leaves for it:
    /// see [`departures`](Self::departures).
    ///
    /// # Errors
    /// [`WriteError::ObjectsFull`] with [`WhenFull::Refuse`]; others for what is wrong with it.
    pub fn insert(&mut self, object: &NewObject) -> Result<ObjectId, WriteError> {
        self.check_object(object)?;
        let id = self.claim()?;
        self.put(id, object)?;
        Ok(id)
    }

    /// Adds objects, all or none, and puts their ids into `ids` in their order. Where they are at
    /// least as many as those that are there, the index is built anew.
    ///
    /// # Errors
    /// As [`insert`](Self::insert); [`WriteError::ObjectsFull`] also for more than there may ever be.
    pub fn insert_all(
        &mut self,
        objects: &[NewObject],
        ids: &mut Vec<ObjectId>,
    ) -> Result<(), WriteError> {
        for object in objects {
            self.check_object(object)?;
        }
        self.check_room(objects.len())?;
        self.make_room(objects.len())?;
        ids.clear();
        let mut last = None;
        for _ in objects {
            let id = self.state.next_id(last).ok_or_else(|| self.full(objects.len()))?;
            ids.push(id);
            last = Some(id);
        }
        for (&id, object) in ids.iter().zip(objects) {
            self.put(id, object)?;
        }
        Ok(())
    }

    /// Replaces what is known of an object, which keeps its id. O(log n).
    ///
    /// # Errors
    /// [`WriteError::ObjectAbsent`]; others for what is wrong with it.
    pub fn replace(&mut self, id: ObjectId, object: &NewObject) -> Result<(), WriteError> {
        let id = self.live(id)?;
        self.check_object(object)?;
        self.put(id, object)
    }

    /// Replaces what else is known of an object.
    ///
    /// # Errors
    /// [`WriteError::ObjectAbsent`], [`WriteError::Length`].
    pub fn set_attributes(
        &mut self,
        id: ObjectId,
        attributes: Attributes,
    ) -> Result<(), WriteError> {
        let id = self.live(id)?;
        self.check_attributes(&attributes)?;
        self.rewrite(id, |object| object.attributes = attributes)
    }

    /// Hangs an object on another frame, where it keeps its pose relative to the new one.
    ///
    /// # Errors
    /// [`WriteError::ObjectAbsent`]; [`FrameError::Absent`].
    pub fn hang(&mut self, id: ObjectId, frame: FrameId, pose: Pose) -> Result<(), WriteError> {
        let id = self.live(id)?;
        let pose = pose.parsed()?;
        if self.state.frames.frame(frame).is_none() {
            return Err(FrameError::Absent { frame }.into());
        }
        self.rewrite(id, |object| {
            object.frame = frame;
            object.pose = pose;
        })
    }

    /// Moves objects in their frames: a frame's worth at once. An object that is named twice takes
    /// the later pose. Its velocity stays.
    ///
    /// O(m), and O(log n) for each that leaves its neighbours.
    ///
    /// # Errors
    /// [`WriteError::ObjectAbsent`], [`WriteError::Pose`]; then none has moved.
    pub fn update_poses(&mut self, moves: &[(ObjectId, Pose)]) -> Result<(), WriteError> {
        let mut resolved = core::mem::take(&mut self.moves);
        resolved.clear();
        let mut refused = None;
        for &(id, pose) in moves {
            match self.resolve_move(id, pose) {
                Ok(one) => resolved.push(one),
                Err(error) => {
                    refused = Some(error);
                    break;
                }
            }
        }
        let mut moved = match refused {
            Some(error) => Err(error),
            None => Ok(()),
        };
        if moved.is_ok() {
            for &(id, pose, velocity) in &resolved {
                moved = self.commit(&Change::Move { id, pose, velocity });
                if moved.is_err() {
                    break;
                }
            }
        }
        self.moves = resolved;
        moved
    }

    /// Removes an object; its id never returns.
    ///
    /// # Errors
    /// [`WriteError::ObjectAbsent`].
    pub fn remove(&mut self, id: ObjectId) -> Result<(), WriteError> {
        let id = self.live(id)?;
        self.commit(&Change::Remove { id, cause: Removal::Removed })
    }

    /// Removes an object that was found to be the same as another: its id names that one from now
    /// on.
    ///
    /// # Errors
    /// [`WriteError::ObjectAbsent`], [`WriteError::Itself`].
    pub fn merge(&mut self, id: ObjectId, into: ObjectId) -> Result<(), WriteError> {
        let (id, into) = (self.live(id)?, self.live(into)?);
        if id == into {
            return Err(WriteError::Itself { id });
        }
        self.commit(&Change::Remove { id, cause: Removal::Merged { into } })
    }

    /// Adds a frame of the name `name`, which may be empty, at `pose` in `parent`.
    ///
    /// # Errors
    /// [`FrameError`], [`WriteError::Length`].
    pub fn add_frame(
        &mut self,
        name: &str,
        parent: FrameId,
        pose: Pose,
    ) -> Result<FrameId, WriteError> {
        let id = self.state.frames.next_id();
        self.put_frame(Frame { id, name: name.into(), parent, pose })?;
        Ok(id)
    }

    /// Corrects where a frame is in its parent: all that hangs on it, through other frames too, moves
    /// with it. Readers see all of it or none: at once in the next published state where at most
    /// [`correction_budget`](MemoryConfig::correction_budget) objects hang there, else in one of the
    /// next, once all are placed.
    ///
    /// # Errors
    /// [`FrameError`].
    pub fn correct_frame(&mut self, id: FrameId, pose: Pose) -> Result<(), WriteError> {
        let frame = self.state.frames.frame(id).cloned();
        let frame = frame.ok_or(FrameError::Absent { frame: id })?;
        self.put_frame(Frame { pose, ..frame })
    }

    /// Hangs a frame on another one, at `pose` there; as [`correct_frame`](Self::correct_frame).
    ///
    /// # Errors
    /// [`FrameError`], also for a cycle.
    pub fn rehang_frame(
        &mut self,
        id: FrameId,
        parent: FrameId,
        pose: Pose,
    ) -> Result<(), WriteError> {
        let frame = self.state.frames.frame(id).cloned();
        let frame = frame.ok_or(FrameError::Absent { frame: id })?;
        self.put_frame(Frame { parent, pose, ..frame })
    }

    /// Removes a frame on which nothing hangs.
    ///
    /// # Errors
    /// [`FrameError::InUse`], [`FrameError::Absent`], [`FrameError::World`].
    pub fn remove_frame(&mut self, id: FrameId) -> Result<(), WriteError> {
        if self.state.frames.frame(id).is_none() {
            return Err(FrameError::Absent { frame: id }.into());
        }
        self.commit(&Change::RemoveFrame(id))
    }

    /// The frame of a name that is not empty. O(log n).
    #[must_use]
    pub fn find_frame(&self, name: &str) -> Option<FrameId> {
        self.state.frames.find(name)
    }

    /// A frame as it is, also where a correction of it is not yet seen by readers.
    #[must_use]
    pub fn frame(&self, id: FrameId) -> Option<&Frame> {
        self.state.frames.frame(id)
    }

    /// Adds a named part of the map: `boundary` are its corners in order around it, in the world.
    ///
    /// # Errors
    /// [`WriteError::AreasFull`], [`WriteError::Length`], [`WriteError::NotFinite`].
    pub fn add_area(
        &mut self,
        name: &str,
        kind: &str,
        boundary: &[Vec3],
        up: UpAxis,
        properties: &str,
    ) -> Result<AreaId, WriteError> {
        let id = self.state.areas.next();
        self.put_area(Area {
            id,
            name: name.into(),
            kind: kind.into(),
            boundary: boundary.into(),
            up,
            properties: properties.into(),
        })?;
        Ok(id)
    }

    /// Replaces an area.
    ///
    /// # Errors
    /// [`WriteError::AreaAbsent`]; as [`add_area`](Self::add_area).
    pub fn replace_area(&mut self, area: Area) -> Result<(), WriteError> {
        if self.state.areas.find(area.id).is_none() {
            return Err(WriteError::AreaAbsent { area: area.id });
        }
        self.put_area(area)
    }

    /// Removes an area; its objects stay.
    ///
    /// # Errors
    /// [`WriteError::AreaAbsent`].
    pub fn remove_area(&mut self, id: AreaId) -> Result<(), WriteError> {
        if self.state.areas.find(id).is_none() {
            return Err(WriteError::AreaAbsent { area: id });
        }
        self.commit(&Change::RemoveArea(id))
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
        state.tell_subscribers(now);
        let mut retained_bytes = state.retained_bytes() as u64;
        if retained_bytes > state.config.max_snapshot_bytes {
            // Some may lie in states that nobody holds, ready to be compared with the next.
            self.publisher.clear_free(|image| *image = Image::empty());
            retained_bytes = state.retained_bytes() as u64;
        }
        state.trim(SPARE_BLOCKS.max(state.table.view().extent as usize / 64));
        self.reader.retention.bytes.store(retained_bytes, Ordering::Relaxed);
        let is_corrected = state.corrections.is_done();
        Ok(Published { version, is_corrected, retained_bytes })
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

    /// The present state, published or not, for any query.
    pub fn view(&mut self) -> MemoryView<'_> {
        self.state.settle();
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

    /// Makes one change.
    pub(super) fn commit(&mut self, change: &Change) -> Result<(), WriteError> {
        self.state.apply(change)?;
        self.sequence.0 += 1;
        match change {
            Change::Remove { cause: Removal::Removed, .. } => {}
            &Change::Remove { id, cause } => self.departures.push((id, cause)),
            _ => {}
        }
        Ok(())
    }

    /// Whether `count` objects may come, where necessary in place of others.
    pub(super) fn check_room(&self, count: usize) -> Result<(), WriteError> {
        let config = &self.state.config;
        let stay = match config.when_full {
            WhenFull::Evict => 0,
            WhenFull::Refuse => self.len(),
        };
        if count > (config.max_objects as usize).saturating_sub(stay) {
            return Err(self.full(count));
        }
        Ok(())
    }

    /// Lets the least persistent objects leave until there is room for `count`. O(log n) for each.
    fn make_room(&mut self, count: usize) -> Result<(), WriteError> {
        while self.len() + count > self.state.config.max_objects as usize {
            let Some(id) = self.state.least() else { break };
            self.commit(&Change::Remove { id, cause: Removal::Evicted })?;
        }
        Ok(())
    }

    /// The id of an object that is to come, where necessary in place of another.
    pub(super) fn claim(&mut self) -> Result<ObjectId, WriteError> {
        self.check_room(1)?;
        self.make_room(1)?;
        self.state.next_id(None).ok_or_else(|| self.full(1))
    }

    /// The id under which `id` is there.
    pub(super) fn live(&self, id: ObjectId) -> Result<ObjectId, WriteError> {
        self.state.resolve(id).ok_or(WriteError::ObjectAbsent { id })
    }

    fn resolve_move(
        &self,
        id: ObjectId,
        pose: Pose,
    ) -> Result<(ObjectId, Pose, Option<Vec3>), WriteError> {
        let id = self.live(id)?;
        let pose = pose.parsed()?;
        let table = self.state.table.view();
        let record = table.record(id.slot(), table.head(id.slot()));
        Ok((id, pose, record.and_then(|record| record.velocity)))
    }

    fn put(&mut self, id: ObjectId, object: &NewObject) -> Result<(), WriteError> {
        let stored = Object {
            id,
            class: object.class,
            pose: object.pose.parsed()?,
            half_extents: object.half_extents,
            velocity: object.velocity,
            confidence: object.confidence,
            persistence: object.persistence,
            first_seen: object.first_seen,
            last_seen: object.last_seen,
            frame: object.frame,
            attributes: object.attributes.clone(),
        };
        self.commit(&Change::Put { object: Box::new(stored), name: object.name.clone() })
    }

    /// Puts a changed copy of a live object.
    fn rewrite(
        &mut self,
        id: ObjectId,
        change: impl FnOnce(&mut Object),
    ) -> Result<(), WriteError> {
        let table = self.state.table.view();
        let mut object = table.object(id.slot()).ok_or(WriteError::ObjectAbsent { id })?;
        let name = table.name(id.slot()).map(|name| (**name).into());
        change(&mut object);
        self.commit(&Change::Put { object: Box::new(object), name })
    }

    fn put_frame(&mut self, frame: Frame) -> Result<(), WriteError> {
        if !frame.name.is_empty() {
            self.check_text("a frame's name in bytes", &frame.name)?;
        }
        let frame = Frame { pose: frame.pose.parsed()?, ..frame };
        self.state.frames.check(&frame)?;
        self.commit(&Change::PutFrame(Box::new(frame)))
    }

    fn put_area(&mut self, area: Area) -> Result<(), WriteError> {
        let config = &self.state.config;
        if self.state.areas.find(area.id).is_none()
            && self.state.areas.len() >= config.max_areas as usize
        {
            return Err(WriteError::AreasFull { limit: config.max_areas });
        }
        for (name, text, most) in [
            ("an area's name in bytes", &area.name, config.max_name_bytes),
            ("an area's kind in bytes", &area.kind, config.max_name_bytes),
            ("an area's properties in bytes", &area.properties, config.max_attribute_bytes),
        ] {
            within(name, text.len(), 0, most as usize)?;
        }
        let corners = area.boundary.len();
        within("an area's corners", corners, 0, config.max_area_corners as usize)?;
        if let Some(&value) = area.boundary.iter().find(|corner| !corner.is_finite()) {
            return Err(WriteError::NotFinite { name: "corner", value });
        }
        self.commit(&Change::PutArea(Box::new(area)))
    }

    fn check_object(&self, object: &NewObject) -> Result<(), WriteError> {
        object.pose.parsed()?;
        if usize::from(object.class.index()) >= self.state.classes.len() {
            return Err(WriteError::ClassAbsent { class: object.class });
        }
        if self.state.frames.frame(object.frame).is_none() {
            return Err(FrameError::Absent { frame: object.frame }.into());
        }
        if !is_extent(object.half_extents) {
            return Err(WriteError::HalfExtents { half_extents: object.half_extents });
        }
        if let Some(value) = object.velocity.filter(|velocity| !velocity.is_finite()) {
            return Err(WriteError::NotFinite { name: "velocity", value });
        }
        let shares = [("confidence", object.confidence), ("persistence", object.persistence)];
        if let Some(&(name, value)) = shares.iter().find(|&&(_, value)| !is_unit(value)) {
            return Err(WriteError::Share { name, value });
        }
        let (first_seen, last_seen) = (object.first_seen, object.last_seen);
        if last_seen < first_seen {
            return Err(WriteError::SeenInverted { first_seen, last_seen });
        }
        if let Some(name) = &object.name {
            self.check_text("an object's name in bytes", name)?;
        }
        self.check_attributes(&object.attributes)
    }

    fn check_attributes(&self, attributes: &Attributes) -> Result<(), WriteError> {
        let most = self.state.config.max_attribute_bytes as usize;
        within("attributes in bytes", attributes.byte_len(), 0, most)
    }

    fn check_text(&self, name: &'static str, text: &str) -> Result<(), WriteError> {
        within(name, text.len(), 1, self.state.config.max_name_bytes as usize)
    }

    fn full(&self, count: usize) -> WriteError {
        let limit = self.state.config.max_objects;
        WriteError::ObjectsFull { count, len: self.len(), limit }
    }
}

/// What was not written for this many published states is at rest…
const REST: u8 = 30;

/// …and so many records are put away with each.
const COOLED: usize = 512;

/// Refuses a length out of its range.
fn within(name: &'static str, given: usize, least: usize, most: usize) -> Result<(), WriteError> {
    if (least..=most).contains(&given) {
        Ok(())
    } else {
        Err(WriteError::Length { name, given, least, most })
    }
}
