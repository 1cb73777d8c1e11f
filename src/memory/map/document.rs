//! A map that was read: typed, checked, and not yet in any memory.

use std::io::{Read, Write};

use super::super::area::{Area, AreaId};
use super::super::class::ClassId;
use super::super::frame::{Frame, FrameId};
use super::super::object::{Object, ObjectId};
use super::error::MapError;
use super::limits::{MapLimits, ScanLimits};
use super::read;
use super::scan::RoomScan;
use super::write::{ExportReport, write_map};
use crate::time::Time;

/// A map that was read: typed, checked, and not yet in any memory. About 150 bytes an object beside
/// its attributes and its name.
///
/// ```
/// use xrmesh::Time;
/// use xrmesh::memory::map::{Map, MapLimits};
/// let text = r#"{ "objects": { "chair-1": {
///     "position": { "x": 1, "y": 0.4, "z": -2, "rotation_x": 0, "rotation_y": 90, "rotation_z": 0 },
///     "object_class": "chair", "confidence": 0.9 } } }"#;
/// let map = Map::read(text.as_bytes(), &MapLimits::default(), Time::ZERO)?;
/// assert_eq!(map.objects()[0].name.as_deref(), Some("chair-1"));
///
/// let wrong = text.replace("-2", "\"far\"");
/// let error = Map::read(wrong.as_bytes(), &MapLimits::default(), Time::ZERO).unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "line 2, column 46 (byte 74): at objects[\"chair-1\"].position.z: \
///      expected a number, found string \"far\""
/// );
/// # Ok::<(), xrmesh::memory::map::MapError>(())
/// ```
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Map {
    pub(super) labels: Vec<Box<str>>,
    pub(super) frames: Vec<Frame>,
    pub(super) objects: Vec<MapObject>,
    pub(super) areas: Vec<Area>,
    /// The last objects of slots in which none lives.
    pub(super) vacant: Vec<ObjectId>,
    pub(super) aliases: Vec<(ObjectId, ObjectId)>,
    /// The ids that the next frame and the next area get.
    pub(super) next: Option<(FrameId, AreaId)>,
    pub(super) keeps_ids: bool,
}

/// An object of a map.
#[derive(Clone, PartialEq, Debug)]
pub struct MapObject {
    /// The object. Its class and its frame are those of the map.
    pub object: Object,
    /// The text by which the map's writer knew it.
    pub name: Option<Box<str>>,
}

impl Map {
    /// Reads a map; an object without times was seen at `seen_at`.
    ///
    /// Streams: the text is never held, only what was understood of it. O(n log n).
    ///
    /// # Errors
    /// [`MapError`] with the place and the path of the first thing that is wrong.
    pub fn read(reader: impl Read, limits: &MapLimits, seen_at: Time) -> Result<Self, MapError> {
        read::map(reader, limits, seen_at)
    }

    /// Reads a room scan of a Meta Quest as a map: see [`RoomScan::into_map`].
    ///
    /// # Errors
    /// [`MapError`] with the place and the path of the first thing that is wrong.
    pub fn read_room(
        reader: impl Read,
        limits: &ScanLimits,
        seen_at: Time,
    ) -> Result<Self, MapError> {
        RoomScan::read(reader, limits).map(|scan| scan.into_map(seen_at))
    }

    /// Writes it, in the format of the [module](super); `exported_at` goes into its metadata.
    ///
    /// # Errors
    /// What `out` says.
    pub fn write(&self, out: impl Write, exported_at: Time) -> std::io::Result<ExportReport> {
        write_map(self, out, exported_at)
    }

    /// The labels of its classes, by number.
    #[must_use]
    pub fn labels(&self) -> &[Box<str>] {
        &self.labels
    }

    /// The label of a class of this map.
    #[must_use]
    pub fn label(&self, class: ClassId) -> Option<&str> {
        self.labels.get(usize::from(class.index())).map(|label| &**label)
    }

    /// Its frames, each after the one that it hangs on.
    #[must_use]
    pub fn frames(&self) -> &[Frame] {
        &self.frames
    }

    /// Its objects, in the order of the text.
    #[must_use]
    pub fn objects(&self) -> &[MapObject] {
        &self.objects
    }

    /// Its regions, in the order of the text.
    #[must_use]
    pub fn areas(&self) -> &[Area] {
        &self.areas
    }

    /// Whether the ids are those of the memory that the map was written from. Those of another
    /// program's map are numbers in the order of the text.
    #[must_use]
    pub const fn keeps_ids(&self) -> bool {
        self.keeps_ids
    }
}
