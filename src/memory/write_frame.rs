//! Changes of frames and areas.

use super::area::{Area, AreaId};
use super::change::Change;
use super::frame::{Frame, FrameId};
use super::frames::FrameError;
use super::spatial_memory::SpatialMemory;
use super::write_error::{WriteError, within};
use crate::space::{Pose, UpAxis, Vec3};

impl SpatialMemory {
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
    /// [`correction_budget`](super::MemoryConfig::correction_budget) objects hang there, else in one of the
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
        self.state.frames.check_removal(id)?;
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
        self.check_area(&area)?;
        self.commit(&Change::PutArea(Box::new(area)))
    }

    pub(super) fn check_area(&self, area: &Area) -> Result<(), WriteError> {
        let config = &self.state.config;
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
        Ok(())
    }
}
