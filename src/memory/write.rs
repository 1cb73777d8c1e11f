//! Changes of objects.

use super::apply::{is_extent, is_unit};
use super::bulk::stored;
use super::change::{Change, Removal};
use super::class::ClassId;
use super::config::WhenFull;
use super::frame::FrameId;
use super::frames::FrameError;
use super::new_object::NewObject;
use super::object::{Attributes, Object, ObjectId};
use super::spatial_memory::SpatialMemory;
use super::write_error::{WriteError, within};
use crate::space::{Pose, Vec3};

impl SpatialMemory {
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
    /// least a tenth as many as those that are there, the index is built anew. Many go into a store on two
    /// threads of the current rayon pool.
    ///
    /// # Errors
    /// As [`insert`](Self::insert); [`WriteError::ObjectsFull`] also for more than there may ever be. Where
    /// a store fails on the way, the objects before are there.
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
        self.put_all(ids, objects)
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
        let (object, name) = stored(id, object)?;
        self.commit_put(object, name)
    }

    /// Puts a changed copy of a live object.
    fn rewrite(
        &mut self,
        id: ObjectId,
        change: impl FnOnce(&mut Object),
    ) -> Result<(), WriteError> {
        let table = self.state.table.view();
        let mut object = table.object(id.slot()).ok_or(WriteError::ObjectAbsent { id })?;
        let name = table.name(id.slot()).cloned();
        change(&mut object);
        self.commit_put(object, name.as_deref())
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

    pub(super) fn check_attributes(&self, attributes: &Attributes) -> Result<(), WriteError> {
        let most = self.state.config.max_attribute_bytes as usize;
        within("attributes in bytes", attributes.byte_len(), 0, most)
    }

    pub(super) fn check_text(&self, name: &'static str, text: &str) -> Result<(), WriteError> {
        within(name, text.len(), 1, self.state.config.max_name_bytes as usize)
    }

    pub(super) fn full(&self, count: usize) -> WriteError {
        let limit = self.state.config.max_objects;
        WriteError::ObjectsFull { count, len: self.len(), limit }
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
}
