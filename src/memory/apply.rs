//! What each change does to the state.
//!
//! A change from the writer has been checked before it is applied, one from a store has not: so
//! everything that could break the state is checked here again, and a change that is refused has
//! changed nothing.

use std::sync::Arc;

use thiserror::Error;

use super::area::AreaId;
use super::change::{Change, Removal, Stored};
use super::class::ClassId;
use super::extent::record_box;
use super::frame::{Frame, FrameId};
use super::frames::FrameError;
use super::object::{Object, ObjectId};
use super::state::{State, appearance};

/// Why a change cannot be applied: it does not follow from the state.
#[derive(Clone, PartialEq, Debug, Error)]
#[non_exhaustive]
pub enum ApplyError {
    /// A class comes out of order, twice, or beyond the limit.
    #[error("class {class:?} cannot come after {count} classes, at most {limit} are allowed")]
    Class {
        /// The class.
        class: ClassId,
        /// How many there are.
        count: usize,
        /// The most that the configuration allows.
        limit: u32,
    },
    /// An object is of a class that is not there.
    #[error("object {id} is of class {class:?}, which is not there")]
    ClassAbsent {
        /// The object.
        id: ObjectId,
        /// Its class.
        class: ClassId,
    },
    /// An object hangs on a frame that is not there.
    #[error("object {id} hangs on frame {frame:?}, which is not there")]
    FrameAbsent {
        /// The object.
        id: ObjectId,
        /// Its frame.
        frame: FrameId,
    },
    /// An object's slot is beyond the limit.
    #[error("object {id} is in a slot beyond the {limit} that the configuration allows")]
    Slot {
        /// The object.
        id: ObjectId,
        /// Slots lie below this.
        limit: u32,
    },
    /// An object has a generation that has lived already, or another lives in its slot.
    #[error("object {id} cannot live in a slot that has reached generation {reached}")]
    Generation {
        /// The object.
        id: ObjectId,
        /// The latest generation of the slot.
        reached: u32,
    },
    /// The object is not there.
    #[error("object {id} is not there")]
    ObjectAbsent {
        /// The object.
        id: ObjectId,
    },
    /// A number of an object is none or out of its range.
    #[error("object {id} has numbers that are not finite or out of their range")]
    Numbers {
        /// The object.
        id: ObjectId,
    },
    /// There are more areas than the limit.
    #[error("area {area:?} exceeds the {limit} that the configuration allows")]
    Area {
        /// The area.
        area: AreaId,
        /// The most that the configuration allows.
        limit: u32,
    },
    /// A frame's id is larger than any may be: ids are not used again.
    #[error("frame {frame:?} has an id beyond {limit}")]
    FrameId {
        /// The id.
        frame: FrameId,
        /// The largest.
        limit: u32,
    },
    /// The frames refuse it.
    #[error(transparent)]
    Frame(#[from] FrameError),
}

impl State {
    /// Makes the memory what it is after `change`.
    ///
    /// # Errors
    /// [`ApplyError`]; then nothing has changed.
    pub(super) fn apply(&mut self, change: &Change) -> Result<(), ApplyError> {
        match change {
            Change::Class { class, label } => self.apply_class(*class, label),
            Change::Put { object, name } => {
                if object.pose.parsed() != Ok(object.pose) || !has_finite_parts(object) {
                    return Err(ApplyError::Numbers { id: object.id });
                }
                self.apply_put((**object).clone(), name.as_deref())
            }
            &Change::Move { id, pose, velocity } => {
                let finite = velocity.is_none_or(|velocity| velocity.is_finite());
                let pose = pose.parsed().ok().filter(|_| finite);
                let pose = pose.ok_or(ApplyError::Numbers { id })?;
                self.tell_of_move(id);
                self.write(id, |record| {
                    record.pose = pose;
                    record.velocity = velocity;
                })?;
                self.place(id.slot());
                Ok(())
            }
            &Change::Observe {
                id,
                pose,
                half_extents,
                velocity,
                confidence,
                persistence,
                last_seen,
            } => {
                let finite = velocity.is_none_or(|velocity| velocity.is_finite())
                    && is_extent(half_extents)
                    && is_unit(confidence)
                    && is_unit(persistence);
                let pose = pose.parsed().ok().filter(|_| finite);
                let pose = pose.ok_or(ApplyError::Numbers { id })?;
                self.tell_of_move(id);
                self.write(id, |record| {
                    record.pose = pose;
                    record.half_extents = half_extents;
                    record.velocity = velocity;
                    record.confidence = confidence;
                    record.persistence = persistence;
                    record.last_seen = last_seen;
                })?;
                self.place(id.slot());
                self.weigh(id.slot());
                Ok(())
            }
            &Change::Age { id, persistence } => {
                if !is_unit(persistence) {
                    return Err(ApplyError::Numbers { id });
                }
                self.write(id, |record| record.persistence = persistence)?;
                self.weigh(id.slot());
                Ok(())
            }
            &Change::Remove { id, cause } => self.apply_remove(id, cause),
            Change::PutFrame(frame) => self.apply_frame(frame),
            &Change::RemoveFrame(frame) => {
                if frame == self.frames.next_id() {
                    // An image says so that the frame of this id left.
                    self.frames.skip_to(FrameId::new(frame.index().saturating_add(1)));
                } else {
                    self.frames.remove(frame)?;
                }
                self.show_frame_removed(frame);
                Ok(())
            }
            Change::PutArea(area) => {
                let limit = self.config.max_areas;
                if self.areas.find(area.id).is_none() && self.areas.len() >= limit as usize {
                    return Err(ApplyError::Area { area: area.id, limit });
                }
                Arc::make_mut(&mut self.areas).put((**area).clone());
                Ok(())
            }
            &Change::RemoveArea(area) => {
                Arc::make_mut(&mut self.areas).remove(area);
                Ok(())
            }
            &Change::Vacant(id) => self.apply_vacant(id),
            &Change::Alias { old, into } => {
                self.alias(old, into);
                Ok(())
            }
            &Change::Next { frame, area } => {
                check_frame_id(FrameId::new(frame.index().saturating_sub(1)))?;
                self.frames.skip_to(frame);
                Arc::make_mut(&mut self.areas).skip_to(area);
                Ok(())
            }
        }
    }

    /// As [`apply`](Self::apply), of a change that a store gave: its parts were parsed.
    pub(super) fn apply_stored(&mut self, stored: Stored) -> Result<(), ApplyError> {
        match stored {
            Stored::Put(object, name) => self.apply_put(object, name.as_deref()),
            Stored::Other(change) => self.apply(&change),
        }
    }

    fn apply_class(&mut self, class: ClassId, label: &str) -> Result<(), ApplyError> {
        let (count, limit) = (self.classes.len(), self.config.max_classes);
        let follows = usize::from(class.index()) == count && count < limit as usize;
        if !follows || self.classes.find(label).is_some() {
            return Err(ApplyError::Class { class, count, limit });
        }
        Arc::make_mut(&mut self.classes).push(label);
        Ok(())
    }

    /// `object` has a pose that was parsed, and a velocity and half extents that are finite.
    pub(super) fn apply_put(
        &mut self,
        object: Object,
        name: Option<&str>,
    ) -> Result<(), ApplyError> {
        let (id, slot, limit) = (object.id, object.id.slot(), self.config.max_objects);
        if slot >= limit {
            return Err(ApplyError::Slot { id, limit });
        }
        let table = self.table.view();
        let (old, extent) = (table.head(slot), table.extent);
        let generation = id.generation().get();
        let fits =
            if old.is_live() { generation == old.generation } else { generation > old.generation };
        if !fits {
            return Err(ApplyError::Generation { id, reached: old.generation });
        }
        if usize::from(object.class.index()) >= self.classes.len() {
            return Err(ApplyError::ClassAbsent { id, class: object.class });
        }
        if self.frames.frame(object.frame).is_none() {
            return Err(ApplyError::FrameAbsent { id, frame: object.frame });
        }
        if !(is_unit(object.confidence) && is_unit(object.persistence)) {
            return Err(ApplyError::Numbers { id });
        }
        let frame = object.frame;
        for vacant in extent..slot {
            self.free.insert(vacant);
        }
        self.free.remove(slot);
        self.history.note_slot(slot, self.table.view());
        if self.feeds.is_active() {
            let before = self.appearance(id);
            self.feeds.change(id, || before);
        }
        if old.is_live() {
            self.unhang(slot, old.frame);
        }
        self.table.put(object, name);
        self.frames.hang(slot, frame);
        if old.is_live() {
            self.place(slot);
        } else {
            self.place_new(slot);
        }
        self.weigh(slot);
        Ok(())
    }

    fn apply_remove(&mut self, id: ObjectId, cause: Removal) -> Result<(), ApplyError> {
        let slot = id.slot();
        let Some(head) = self.table.view().find(id) else {
            return Err(ApplyError::ObjectAbsent { id });
        };
        self.history.note_slot(slot, self.table.view());
        if self.feeds.is_active() {
            let before = self.appearance(id);
            self.feeds.remove(id, cause, || before);
        }
        self.unhang(slot, head.frame);
        self.table.remove(slot);
        self.weigh_no_more(slot);
        if self.is_indexed {
            self.index.remove(slot, &mut self.work);
            self.corrections.remove(slot, &mut self.work);
        }
        // A slot whose generations are used up stays vacant for ever.
        if head.generation < u32::MAX {
            self.free.insert(slot);
        }
        if let Removal::Merged { into } = cause {
            self.alias(id, into);
        }
        Ok(())
    }

    /// The last object that lived in a vacant slot was `id`.
    fn apply_vacant(&mut self, id: ObjectId) -> Result<(), ApplyError> {
        let (slot, limit) = (id.slot(), self.config.max_objects);
        if slot >= limit {
            return Err(ApplyError::Slot { id, limit });
        }
        let table = self.table.view();
        let (head, extent) = (table.head(slot), table.extent);
        if head.is_live() || head.generation > id.generation().get() {
            return Err(ApplyError::Generation { id, reached: head.generation });
        }
        for vacant in extent..=slot {
            self.free.insert(vacant);
        }
        self.table.spend(slot, id.generation());
        if id.generation().get() == u32::MAX {
            self.free.remove(slot);
        }
        Ok(())
    }

    fn alias(&mut self, old: ObjectId, into: ObjectId) {
        let max = self.config.max_aliases as usize;
        Arc::make_mut(&mut self.aliases).push(old, into, max);
    }

    fn apply_frame(&mut self, frame: &Frame) -> Result<(), ApplyError> {
        check_frame_id(frame.id)?;
        self.frames.put(frame.clone())?;
        self.show_frame(frame.id);
        Ok(())
    }

    /// The object, where it is there, is about to move.
    #[inline]
    pub(super) fn tell_of_move(&mut self, id: ObjectId) {
        if self.feeds.is_active() && self.table.view().find(id).is_some() {
            let (table, shown) = (self.table.view(), &self.shown);
            self.feeds.touch(id, || appearance(table, shown, id));
        }
    }

    /// Writes into the record of a live object.
    #[inline]
    fn write(
        &mut self,
        id: ObjectId,
        write: impl FnOnce(&mut super::record::Record),
    ) -> Result<(), ApplyError> {
        if self.table.view().find(id).is_none() {
            return Err(ApplyError::ObjectAbsent { id });
        }
        match self.table.record_mut(id.slot()) {
            Some(record) => {
                self.history.note_record(id.slot(), record);
                write(record);
                Ok(())
            }
            None => Err(ApplyError::ObjectAbsent { id }),
        }
    }

    /// Tells the index where the object in `slot` now is.
    #[inline]
    pub(super) fn place(&mut self, slot: u32) {
        if !self.is_indexed {
            return;
        }
        let table = self.table.view();
        let head = table.head(slot);
        let Some(record) = table.record(slot, head) else { return };
        let bounds = record_box(&self.shown.world(head.frame), record);
        self.index.shift(slot, bounds, &mut self.work);
        self.corrections.shift(slot, head.frame, record, &bounds, &mut self.work);
    }

    /// Tells the index of the new object in `slot`.
    fn place_new(&mut self, slot: u32) {
        if !self.is_indexed {
            return;
        }
        let table = self.table.view();
        let head = table.head(slot);
        let Some(record) = table.record(slot, head) else { return };
        let bounds = record_box(&self.shown.world(head.frame), record);
        self.index.add(slot, bounds, &mut self.work);
        self.corrections.add(slot, head.frame, record, &bounds, &mut self.work);
    }
}

/// Whether an object's velocity and size are numbers that an object may have.
fn has_finite_parts(object: &Object) -> bool {
    object.velocity.is_none_or(|velocity| velocity.is_finite()) && is_extent(object.half_extents)
}

/// Ids of frames are not used again, and each costs eight bytes for ever: 16 million in all.
const MAX_FRAME_ID: u32 = 1 << 24;

fn check_frame_id(frame: FrameId) -> Result<(), ApplyError> {
    let limit = MAX_FRAME_ID;
    if frame.index() <= limit { Ok(()) } else { Err(ApplyError::FrameId { frame, limit }) }
}

/// Whether `half` is finite and nowhere negative.
pub(super) fn is_extent(half: crate::space::Vec3) -> bool {
    half.is_finite() && half.x >= 0.0 && half.y >= 0.0 && half.z >= 0.0
}

/// Whether `value` is from 0 to 1.
pub(super) fn is_unit(value: f32) -> bool {
    (0.0..=1.0).contains(&value)
}
