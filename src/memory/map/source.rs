//! What a map is written from.

use std::io;

use super::super::area::{Area, AreaId};
use super::super::class::ClassId;
use super::super::frame::{Frame, FrameId};
use super::super::object::{Object, ObjectId};
use super::document::Map;
use super::write::prism_of;
use crate::space::Vec3;

/// What a map is written from: a state that does not change meanwhile. Each list comes in one order,
/// always the same.
pub(crate) trait MapSource {
    /// The most objects that there can be.
    fn capacity(&self) -> u64;

    /// The label of a class.
    fn label(&self, class: ClassId) -> Option<&str>;

    /// All labels, by the number of their class.
    fn labels(&self, each: Each<'_, str>) -> io::Result<()>;

    /// All frames but the world's, in any order.
    fn frames(&self, each: Each<'_, Frame>) -> io::Result<()>;

    /// All objects, with their names.
    fn objects(&self, each: &mut ObjectEach<'_>) -> io::Result<()>;

    /// All areas.
    fn areas(&self, each: Each<'_, Area>) -> io::Result<()>;

    /// The last objects of slots in which none lives, by slot.
    fn vacant(&self, each: Each<'_, ObjectId>) -> io::Result<()>;

    /// The ids of merged objects, and what they were merged into, in the order of merging.
    fn aliases(&self, each: Each<'_, (ObjectId, ObjectId)>) -> io::Result<()>;

    /// The ids that the next frame and the next area get.
    fn next(&self) -> (FrameId, AreaId);

    /// The objects whose position lies in `area`, with their names, in the order of
    /// [`objects`](Self::objects). `world` says where a point of an object's frame is.
    fn contained(
        &self,
        area: &Area,
        world: &dyn Fn(&Object) -> Vec3,
        each: &mut IdEach<'_>,
    ) -> io::Result<()>;
}

/// Takes things one by one.
pub(crate) type Each<'a, T> = &'a mut dyn FnMut(&T) -> io::Result<()>;

/// Takes objects with their names one by one.
pub(crate) type ObjectEach<'a> = dyn FnMut(&Object, Option<&str>) -> io::Result<()> + 'a;

/// Takes ids with their names one by one.
pub(crate) type IdEach<'a> = dyn FnMut(ObjectId, Option<&str>) -> io::Result<()> + 'a;

impl MapSource for Map {
    fn capacity(&self) -> u64 {
        self.objects.len() as u64
    }

    fn label(&self, class: ClassId) -> Option<&str> {
        Self::label(self, class)
    }

    fn labels(&self, each: Each<'_, str>) -> io::Result<()> {
        self.labels.iter().try_for_each(|label| each(label))
    }

    fn frames(&self, each: Each<'_, Frame>) -> io::Result<()> {
        self.frames.iter().try_for_each(each)
    }

    fn objects(&self, each: &mut ObjectEach<'_>) -> io::Result<()> {
        self.objects.iter().try_for_each(|entry| each(&entry.object, entry.name.as_deref()))
    }

    fn areas(&self, each: Each<'_, Area>) -> io::Result<()> {
        self.areas.iter().try_for_each(each)
    }

    fn vacant(&self, each: Each<'_, ObjectId>) -> io::Result<()> {
        self.vacant.iter().try_for_each(each)
    }

    fn aliases(&self, each: Each<'_, (ObjectId, ObjectId)>) -> io::Result<()> {
        self.aliases.iter().try_for_each(each)
    }

    fn next(&self) -> (FrameId, AreaId) {
        self.next.unwrap_or_else(|| {
            let frame = self.frames.iter().map(|frame| frame.id.index()).max().unwrap_or(0);
            let area = self.areas.iter().map(|area| area.id.index() + 1).max().unwrap_or(0);
            (FrameId::new(frame + 1), AreaId::new(area))
        })
    }

    fn contained(
        &self,
        area: &Area,
        world: &dyn Fn(&Object) -> Vec3,
        each: &mut IdEach<'_>,
    ) -> io::Result<()> {
        let Some(prism) = prism_of(area) else { return Ok(()) };
        for entry in &self.objects {
            if prism.contains(world(&entry.object)) {
                each(entry.object.id, entry.name.as_deref())?;
            }
        }
        Ok(())
    }
}
