//! What is found by its id, its name or its class.

use super::area::{Area, AreaId};
use super::class::ClassId;
use super::extent::{place, record_box};
use super::frame::{Frame, FrameId};
use super::object::{Object, ObjectId};
use super::query::MemoryView;
use crate::space::{Aabb, Pose};

impl<'a> MemoryView<'a> {
    /// The object that `id` names, also by an alias; `None` where it is not there. A copy, its
    /// attributes shared. Constant time.
    #[must_use]
    pub fn object(&self, id: ObjectId) -> Option<Object> {
        self.table.object(self.resolve(id)?.slot())
    }

    /// The id under which the object that `id` names is there: another than `id` where it was
    /// merged; `None` where it is not there.
    #[must_use]
    pub fn resolve(&self, id: ObjectId) -> Option<ObjectId> {
        if self.table.find(id).is_some() {
            return Some(id);
        }
        let id = self.aliases.resolve(id);
        self.table.find(id).map(|_| id)
    }

    /// Where an object is in the world; `None` where it is not there. Constant time.
    #[must_use]
    pub fn world_pose(&self, id: ObjectId) -> Option<Pose> {
        let id = self.resolve(id)?;
        let head = self.table.find(id)?;
        let pose = self.table.record(id.slot(), head)?.pose;
        let frame = self.frames.world(head.frame);
        if frame == Pose::IDENTITY {
            return Some(pose);
        }
        let (position, orientation) = place(&frame, &pose);
        Pose::new(position, orientation).ok()
    }

    /// The box along the world's axes around an object; `None` where it is not there. Constant time.
    #[must_use]
    pub fn world_box(&self, id: ObjectId) -> Option<Aabb> {
        let id = self.resolve(id)?;
        let head = self.table.find(id)?;
        let record = self.table.record(id.slot(), head)?;
        Some(record_box(&self.frames.world(head.frame), record))
    }

    /// The text by which an imported map knew an object.
    #[must_use]
    pub fn name(&self, id: ObjectId) -> Option<&'a str> {
        let id = self.resolve(id)?;
        self.table.name(id.slot()).map(|name| &**name)
    }

    /// All objects, by slot.
    pub fn objects(&self) -> impl Iterator<Item = Object> + use<'a> {
        let table = self.table;
        table.live().filter_map(move |(slot, _)| table.object(slot))
    }

    /// The class of a label; `None` where no object ever had it. O(log n).
    #[must_use]
    pub fn class(&self, label: &str) -> Option<ClassId> {
        self.classes.find(label)
    }

    /// The label of a class.
    #[must_use]
    pub fn label(&self, class: ClassId) -> Option<&'a str> {
        self.classes.label(class).map(|label| &**label)
    }

    /// All labels in the order of their classes' numbers.
    pub fn labels(&self) -> impl ExactSizeIterator<Item = &'a str> + use<'a> {
        self.classes.labels().iter().map(|label| &**label)
    }

    /// A frame; `None` for the world's, and where it is not there. Constant time.
    #[must_use]
    pub fn frame(&self, id: FrameId) -> Option<&'a Frame> {
        self.frames.frame(id).map(|frame| &**frame)
    }

    /// The frame of a name that is not empty. A look at every frame.
    #[must_use]
    pub fn find_frame(&self, name: &str) -> Option<FrameId> {
        let named = |frame: &&Frame| !name.is_empty() && &*frame.name == name;
        self.frames().find(named).map(|frame| frame.id)
    }

    /// All frames but the world's, by id.
    pub fn frames(&self) -> impl Iterator<Item = &'a Frame> + use<'a> {
        self.frames.iter().map(|frame| &**frame)
    }

    /// Where a frame is in the world; `None` where it is not there. Constant time.
    #[must_use]
    pub fn frame_pose(&self, id: FrameId) -> Option<Pose> {
        if id != FrameId::WORLD {
            self.frames.frame(id)?;
        }
        Some(self.frames.world(id))
    }

    /// An area; `None` where it is not there. O(log n).
    #[must_use]
    pub fn area(&self, id: AreaId) -> Option<&'a Area> {
        self.areas.find(id).map(|area| &**area)
    }

    /// All areas, by id.
    pub fn areas(&self) -> impl Iterator<Item = &'a Area> + use<'a> {
        self.areas.iter().map(|area| &**area)
    }
}
