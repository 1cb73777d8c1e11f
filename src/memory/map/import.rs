//! A map into a memory: all of it or nothing.

use std::collections::BTreeMap;
use std::io::Read;

use thiserror::Error;

use super::super::area::{Area, AreaId};
use super::super::change::Change;
use super::super::class::ClassId;
use super::super::config::{MemoryConfig, MemoryConfigError};
use super::super::frame::{Frame, FrameId};
use super::super::object::{Object, ObjectId};
use super::super::spatial_memory::SpatialMemory;
use super::super::write_error::WriteError;
use super::document::Map;
use super::error::MapError;
use super::limits::{MapLimits, ScanLimits};
use crate::time::Time;

/// What was taken in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Imported {
    /// How many objects.
    pub objects: u64,
    /// How many frames, those that were there by their names not counted.
    pub frames: u64,
    /// How many regions.
    pub regions: u64,
    /// Whether they kept their ids.
    pub kept_ids: bool,
}

/// Why nothing was taken in.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ImportError {
    /// The text is wrong.
    #[error(transparent)]
    Map(#[from] MapError),
    /// The memory cannot take it.
    #[error("the memory cannot take the map: {0}")]
    Write(#[from] WriteError),
    /// The memory that was to be made has a wrong limit.
    #[error(transparent)]
    Config(#[from] MemoryConfigError),
}

impl MapLimits {
    /// What a memory of `config` can take; the limits that it does not have are the default.
    #[must_use]
    pub fn of(config: &MemoryConfig) -> Self {
        let limits = Self::default();
        // Text with escapes takes six bytes for one, Base64 four for three.
        let record = u64::from(config.max_attribute_bytes) * 6;
        Self {
            max_record_bytes: limits.max_record_bytes.max(record),
            max_objects: config.max_objects,
            max_classes: config.max_classes,
            max_frames: config.max_frames,
            max_areas: config.max_areas,
            max_area_corners: config.max_area_corners,
            max_name_bytes: config.max_name_bytes,
            max_attribute_bytes: config.max_attribute_bytes,
            ..limits
        }
    }
}

impl SpatialMemory {
    /// A new memory that holds a scanned room: see [`RoomScan`](super::RoomScan).
    ///
    /// # Errors
    /// [`ImportError`].
    pub fn from_room(
        config: MemoryConfig,
        reader: impl Read,
        seen_at: Time,
    ) -> Result<Self, ImportError> {
        let mut memory = Self::new(config)?;
        memory.import_room(reader, seen_at)?;
        Ok(memory)
    }

    /// Takes in a scanned room; its things were seen at `seen_at`.
    ///
    /// # Errors
    /// [`ImportError`]; then nothing has changed.
    pub fn import_room(
        &mut self,
        reader: impl Read,
        seen_at: Time,
    ) -> Result<Imported, ImportError> {
        let map = Map::read_room(reader, &ScanLimits::default(), seen_at)?;
        Ok(self.import(map)?)
    }

    /// Takes in a map of JSON; objects without times were seen at `seen_at`. It is read whole and
    /// checked before any of it is taken: about 150 bytes for each object meanwhile.
    ///
    /// # Errors
    /// [`ImportError`]; then nothing has changed.
    pub fn import_map(
        &mut self,
        reader: impl Read,
        seen_at: Time,
    ) -> Result<Imported, ImportError> {
        let map = Map::read(reader, &MapLimits::of(self.config()), seen_at)?;
        Ok(self.import(map)?)
    }

    /// Takes in a map that was read.
    ///
    /// A memory to which nothing ever came takes the ids that the map keeps, and then has the state
    /// of the one that it was written from. Any other gives new ids; there, a frame whose name is
    /// known is the one that is there, and what hangs on it in the map comes to where that is.
    ///
    /// # Errors
    /// [`WriteError`] for what the memory has no room for; then nothing has changed.
    pub fn import(&mut self, map: Map) -> Result<Imported, WriteError> {
        let kept_ids = map.keeps_ids && self.is_untouched();
        let plan = if kept_ids { Plan::kept(&map) } else { self.plan(&map)? };
        self.check_import(&map, &plan)?;
        let imported = Imported {
            objects: map.objects.len() as u64,
            frames: plan.frames.len() as u64,
            regions: map.areas.len() as u64,
            kept_ids,
        };
        self.carry_out(map, plan, kept_ids)?;
        Ok(imported)
    }

    /// Whether nothing ever came to it.
    fn is_untouched(&self) -> bool {
        let state = &self.state;
        state.table.view().extent == 0
            && state.classes.len() == 0
            && state.frames.next_id() == FrameId::new(1)
            && state.areas.next() == AreaId::new(0)
            && state.aliases.iter().next().is_none()
    }

    /// New ids for what the map holds.
    fn plan(&self, map: &Map) -> Result<Plan, WriteError> {
        let state = &self.state;
        let mut plan = Plan::default();
        let mut classes = state.classes.len();
        for label in &map.labels {
            let known = state.classes.find(label);
            plan.classes.push(match known {
                Some(class) => class,
                None => {
                    let class = u16::try_from(classes).map(ClassId::new);
                    classes += 1;
                    let limit = state.config.max_classes;
                    class.map_err(|_| WriteError::ClassesFull { limit })?
                }
            });
        }
        let mut next = state.frames.next_id().index();
        for frame in &map.frames {
            let known = state.frames.find(&frame.name).filter(|_| !frame.name.is_empty());
            let id = known.unwrap_or(FrameId::new(next));
            plan.frame_ids.insert(frame.id, id);
            if known.is_none() {
                next = next.saturating_add(1);
                let parent = plan.frame(frame.parent);
                plan.frames.push(Frame { id, parent, ..frame.clone() });
            }
        }
        let mut last = None;
        for _ in &map.objects {
            let id = state.next_id(last).ok_or_else(|| self.full(map.objects.len()))?;
            plan.ids.push(id);
            last = Some(id);
        }
        let mut area = state.areas.next().index();
        for _ in &map.areas {
            plan.areas.push(AreaId::new(area));
            area = area.saturating_add(1);
        }
        Ok(plan)
    }

    /// Whether there is room for all of it.
    fn check_import(&self, map: &Map, plan: &Plan) -> Result<(), WriteError> {
        let (state, config) = (&self.state, &self.state.config);
        for label in &map.labels {
            self.check_text("a class label in bytes", label)?;
        }
        let new =
            plan.classes.iter().filter(|class| usize::from(class.index()) >= state.classes.len());
        if new.count() + state.classes.len() > config.max_classes as usize {
            return Err(WriteError::ClassesFull { limit: config.max_classes });
        }
        if map.objects.len() + self.len() > config.max_objects as usize
            || plan.ids.iter().chain(&map.vacant).any(|id| id.slot() >= config.max_objects)
        {
            return Err(self.full(map.objects.len()));
        }
        for entry in &map.objects {
            let (first_seen, last_seen) = (entry.object.first_seen, entry.object.last_seen);
            if last_seen < first_seen {
                return Err(WriteError::SeenInverted { first_seen, last_seen });
            }
            if let Some(name) = entry.name.as_deref().filter(|name| !name.is_empty()) {
                self.check_text("an object's name in bytes", name)?;
            }
            self.check_attributes(&entry.object.attributes)?;
        }
        if map.areas.len() + state.areas.len() > config.max_areas as usize {
            return Err(WriteError::AreasFull { limit: config.max_areas });
        }
        map.areas.iter().try_for_each(|area| self.check_area(area))?;
        // The tree of frames holds names, chains and places against its rules.
        let mut frames = state.frames.clone();
        for frame in plan.frames_in_order() {
            if !frame.name.is_empty() {
                self.check_text("a frame's name in bytes", &frame.name)?;
            }
            frames.skip_to(frame.id);
            frames.put(frame)?;
        }
        Ok(())
    }

    /// Makes the changes, which were checked.
    fn carry_out(&mut self, map: Map, plan: Plan, kept_ids: bool) -> Result<(), WriteError> {
        for (label, &class) in map.labels.into_iter().zip(&plan.classes) {
            if usize::from(class.index()) >= self.state.classes.len() {
                self.commit(&Change::Class { class, label })?;
            }
        }
        for frame in plan.frames_in_order() {
            if frame.id > self.state.frames.next_id() {
                let area = self.state.areas.next();
                self.commit(&Change::Next { frame: frame.id, area })?;
            }
            self.commit(&Change::PutFrame(Box::new(frame)))?;
        }
        for (entry, &id) in map.objects.into_iter().zip(&plan.ids) {
            let given = entry.object;
            let class = plan.classes.get(usize::from(given.class.index()));
            let class = class.copied().unwrap_or(given.class);
            let object = Object { id, class, frame: plan.frame(given.frame), ..given };
            let name = entry.name.filter(|name| !name.is_empty());
            self.commit(&Change::Put { object: Box::new(object), name })?;
        }
        for (area, &id) in map.areas.into_iter().zip(&plan.areas) {
            self.commit(&Change::PutArea(Box::new(Area { id, ..area })))?;
        }
        if kept_ids {
            for id in map.vacant {
                self.commit(&Change::Vacant(id))?;
            }
            for (old, into) in map.aliases {
                self.commit(&Change::Alias { old, into })?;
            }
            if let Some((frame, area)) = map.next {
                self.commit(&Change::Next { frame, area })?;
            }
        }
        Ok(())
    }
}

/// The ids that what a map holds gets.
#[derive(Default)]
struct Plan {
    /// By class of the map.
    classes: Vec<ClassId>,
    /// Frames of the map by their ids there.
    frame_ids: BTreeMap<FrameId, FrameId>,
    /// Those that come.
    frames: Vec<Frame>,
    /// By object.
    ids: Vec<ObjectId>,
    /// By area.
    areas: Vec<AreaId>,
}

impl Plan {
    /// All as in the map.
    fn kept(map: &Map) -> Self {
        Self {
            classes: (0..=u16::MAX).map(ClassId::new).take(map.labels.len()).collect(),
            frame_ids: map.frames.iter().map(|frame| (frame.id, frame.id)).collect(),
            frames: map.frames.clone(),
            ids: map.objects.iter().map(|entry| entry.object.id).collect(),
            areas: map.areas.iter().map(|area| area.id).collect(),
        }
    }

    fn frame(&self, frame: FrameId) -> FrameId {
        self.frame_ids.get(&frame).copied().unwrap_or(frame)
    }

    /// The frames as they can be put: by id, as ids are given out. One that hangs on a later one
    /// comes twice: it hangs on the world until that is there.
    fn frames_in_order(&self) -> impl Iterator<Item = Frame> {
        let mut first = self.frames.clone();
        first.sort_by_key(|frame| frame.id);
        let early = |frame: &&Frame| frame.parent > frame.id;
        let again: Vec<Frame> = first.iter().filter(early).cloned().collect();
        for frame in &mut first {
            if frame.parent > frame.id {
                frame.parent = FrameId::WORLD;
            }
        }
        first.into_iter().chain(again)
    }
}
