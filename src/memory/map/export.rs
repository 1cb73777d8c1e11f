//! A memory as a map.

use std::io::{self, Write};

use super::super::area::{Area, AreaId};
use super::super::class::ClassId;
use super::super::config::MemoryConfig;
use super::super::filter::Filter;
use super::super::frame::{Frame, FrameId};
use super::super::frame_image::FrameImage;
use super::super::object::{Object, ObjectId};
use super::super::query::MemoryView;
use super::super::spatial_memory::SpatialMemory;
use super::super::workspace::Workspace;
use super::source::{Each, IdEach, MapSource, ObjectEach};
use super::write::{ExportReport, prism_of, write_map};
use crate::space::{Region, Vec3};
use crate::time::Time;

impl SpatialMemory {
    /// Writes the present state, published or not, as a [map](super); `exported_at` goes into its
    /// metadata. To write while changes go on, export the view of a snapshot.
    ///
    /// ```
    /// use xrmesh::memory::{MemoryConfig, NewObject, SpatialMemory};
    /// use xrmesh::{Pose, StateHasher, Time, Vec3};
    ///
    /// let mut memory = SpatialMemory::new(MemoryConfig::default())?;
    /// let chair = memory.class("chair")?;
    /// memory.insert(&NewObject::new(chair, Pose::at(Vec3::new(1.0, 0.0, 0.0))?))?;
    /// let mut json = Vec::new();
    /// memory.export_map(&mut json, Time::ZERO)?;
    ///
    /// let mut again = SpatialMemory::new(MemoryConfig::default())?;
    /// again.import_map(&json[..], Time::ZERO)?;
    /// let hash = |memory: &SpatialMemory| {
    ///     let mut hasher = StateHasher::new();
    ///     memory.hash_state(&mut hasher);
    ///     hasher.finish()
    /// };
    /// assert_eq!(hash(&again), hash(&memory));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// What `out` says.
    pub fn export_map(&mut self, out: impl Write, exported_at: Time) -> io::Result<ExportReport> {
        self.state.settle();
        let state = &self.state;
        let (capacity, next) =
            (state.config.max_objects, (state.frames.next_id(), state.areas.next()));
        let mut view = state.view();
        // Readers may not see every frame as it is yet; the map does.
        let frames = (!state.corrections.is_done()).then(|| FrameImage::of(&state.frames));
        if let Some(frames) = &frames {
            view.frames = frames;
        }
        write_map(&Exported { view, capacity, next }, out, exported_at)
    }
}

impl MemoryView<'_> {
    /// Writes what the view shows as a [map](super): streamed, an object at a time. `exported_at` and
    /// the capacity of `config` go into its metadata.
    ///
    /// # Errors
    /// What `out` says.
    pub fn export_map(
        &self,
        config: &MemoryConfig,
        out: impl Write,
        exported_at: Time,
    ) -> io::Result<ExportReport> {
        let next = (FrameId::new(self.frames.extent()), self.areas.next());
        let capacity = config.max_objects;
        write_map(&Exported { view: *self, capacity, next }, out, exported_at)
    }
}

/// A view, and how many objects there can be.
struct Exported<'a> {
    view: MemoryView<'a>,
    capacity: u32,
    next: (FrameId, AreaId),
}

impl MapSource for Exported<'_> {
    fn capacity(&self) -> u64 {
        self.capacity.into()
    }

    fn label(&self, class: ClassId) -> Option<&str> {
        self.view.label(class)
    }

    fn labels(&self, each: Each<'_, str>) -> io::Result<()> {
        self.view.labels().try_for_each(each)
    }

    fn frames(&self, each: Each<'_, Frame>) -> io::Result<()> {
        self.view.frames().try_for_each(each)
    }

    fn objects(&self, each: &mut ObjectEach<'_>) -> io::Result<()> {
        let view = self.view;
        view.objects().try_for_each(|object| each(&object, view.name(object.id)))
    }

    fn areas(&self, each: Each<'_, Area>) -> io::Result<()> {
        self.view.areas().try_for_each(each)
    }

    fn vacant(&self, each: Each<'_, ObjectId>) -> io::Result<()> {
        let table = self.view.table;
        let heads = (0..table.extent).map(|slot| (slot, table.head(slot)));
        let vacant = heads.filter(|(_, head)| !head.is_live());
        vacant
            .filter_map(|(slot, head)| {
                head.generation.try_into().ok().map(|generation| ObjectId::new(slot, generation))
            })
            .try_for_each(|id| each(&id))
    }

    fn aliases(&self, each: Each<'_, (ObjectId, ObjectId)>) -> io::Result<()> {
        self.view.aliases.iter().try_for_each(|pair| each(&pair))
    }

    fn next(&self) -> (FrameId, AreaId) {
        self.next
    }

    fn contained(
        &self,
        area: &Area,
        world: &dyn Fn(&Object) -> Vec3,
        each: &mut IdEach<'_>,
    ) -> io::Result<()> {
        let Some(prism) = prism_of(area) else { return Ok(()) };
        let mut work = Workspace::new();
        let region = Region::Prism(prism.clone());
        let found = self.view.in_region(&region, usize::MAX, &Filter::all(), &mut work);
        let mut inside: Vec<ObjectId> = found.to_vec();
        inside.retain(|id| {
            self.view.object(*id).is_some_and(|object| prism.contains(world(&object)))
        });
        // In the order of all objects.
        inside.sort_unstable_by_key(|id| id.slot());
        inside.iter().try_for_each(|id| each(*id, self.view.name(*id)))
    }
}
