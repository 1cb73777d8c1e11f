//! `xrmesh`: what the documented keys of a map cannot say of it as a whole.

use std::collections::{BTreeMap, BTreeSet};

use serde::de::MapAccess;

use super::super::frame::{Frame, FrameId};
use super::super::object::ObjectId;
use super::cursor::Cursor;
use super::error::{MapErrorKind, shortened};
use super::fields::{Array, Entries, Fields, Object, Table};
use super::id::parse_id;
use super::limits::MapLimits;
use super::number::Whole;
use super::position::{quaternion, rotation, vector};
use super::text::Text;
use crate::space::{Pose, Vec3};

/// The version of the format that is written and read.
pub(super) const VERSION: i64 = 1;

/// The map's frames, and where they are in the world.
#[derive(Debug, Default)]
pub(super) struct FramesRead {
    pub(super) frames: Vec<Frame>,
    world: BTreeMap<FrameId, Pose>,
}

impl FramesRead {
    /// Where a frame of the map is in the world.
    pub(super) fn world(&self, frame: FrameId) -> Option<Pose> {
        if frame == FrameId::WORLD {
            return Some(Pose::IDENTITY);
        }
        self.world.get(&frame).copied()
    }

    fn push(&mut self, frame: Frame) -> Result<(), MapErrorKind> {
        let Some(parent) = self.world(frame.parent) else {
            let given = frame.parent.index().to_string().into();
            return Err(MapErrorKind::Unknown { given, expected: "a frame listed before" });
        };
        let world = parent.compose(&frame.pose).map_err(|_| out_of_f32())?;
        if self.world.insert(frame.id, world).is_some() {
            let given = format!("frame {}", frame.id.index()).into();
            return Err(MapErrorKind::Repeated { given });
        }
        self.frames.push(frame);
        Ok(())
    }
}

/// Places add up to more than an `f32` holds.
pub(super) fn out_of_f32() -> MapErrorKind {
    let most = f64::from(f32::MAX);
    MapErrorKind::OutOfRange { given: f64::INFINITY, least: -most, most }
}

/// Reads the value of the top level's `xrmesh`.
pub(super) struct Header<'a> {
    pub(super) limits: &'a MapLimits,
    pub(super) labels: &'a mut Vec<Box<str>>,
    pub(super) frames: &'a mut FramesRead,
    pub(super) vacant: &'a mut Vec<ObjectId>,
    pub(super) aliases: &'a mut Vec<(ObjectId, ObjectId)>,
    pub(super) next: [Option<u32>; 2],
    pub(super) version: bool,
}

impl Fields for Header<'_> {
    const KEYS: &'static [&'static str] =
        &["version", "classes", "frames", "vacant", "aliases", "next_frame", "next_region"];

    fn read<'de, A: MapAccess<'de>>(
        &mut self,
        cursor: &Cursor,
        key: usize,
        map: &mut A,
    ) -> Result<(), A::Error> {
        match key {
            0 => {
                let number = Whole { cursor, least: i64::MIN, most: i64::MAX };
                let given = map.next_value_seed(number)?;
                if given != VERSION {
                    return Err(cursor.fail(MapErrorKind::Version { given, known: VERSION }));
                }
                self.version = true;
            }
            1 => {
                let (labels, limit) = (&mut *self.labels, self.limits.max_name_bytes);
                let max_classes = self.limits.max_classes.min(1 << 16);
                let mut seen = BTreeSet::new();
                let element = Text {
                    cursor,
                    what: "a label",
                    limit,
                    take: |text: &str| Ok(Box::<str>::from(text)),
                };
                let take = |_, label: Box<str>| {
                    if !seen.insert(label.clone()) {
                        let given = format!("class {:?}", shortened(&label)).into();
                        return Err(MapErrorKind::Repeated { given });
                    }
                    if labels.len() >= max_classes as usize {
                        let limit = max_classes.into();
                        return Err(MapErrorKind::TooMany { what: "classes", limit });
                    }
                    labels.push(label);
                    Ok(())
                };
                map.next_value_seed(Array { cursor, element, take, of_records: true })?;
            }
            2 => {
                let (limits, into) = (self.limits, &mut *self.frames);
                let entries = &mut FrameTable { limits, into };
                map.next_value_seed(Table { cursor, entries })?;
            }
            3 => {
                let (vacant, max_objects) = (&mut *self.vacant, self.limits.max_objects);
                let limit = self.limits.max_name_bytes;
                let element = Text { cursor, what: "the id", limit, take: parse_id };
                let take = |index, id| {
                    if index >= max_objects as usize {
                        let limit = max_objects.into();
                        return Err(MapErrorKind::TooMany { what: "vacant slots", limit });
                    }
                    vacant.push(id);
                    Ok(())
                };
                map.next_value_seed(Array { cursor, element, take, of_records: true })?;
            }
            4 => {
                let (limits, into) = (self.limits, &mut *self.aliases);
                let entries = &mut AliasTable { limits, into };
                map.next_value_seed(Table { cursor, entries })?;
            }
            next => self.next[next - 5] = Some(read_u32(cursor, map)?),
        }
        Ok(())
    }
}

struct AliasTable<'a> {
    limits: &'a MapLimits,
    into: &'a mut Vec<(ObjectId, ObjectId)>,
}

impl Entries for AliasTable<'_> {
    fn max_key_bytes(&self) -> u32 {
        self.limits.max_name_bytes
    }

    fn read<'de, A: MapAccess<'de>>(
        &mut self,
        cursor: &Cursor,
        key: &str,
        map: &mut A,
    ) -> Result<(), A::Error> {
        if self.into.len() >= self.limits.max_objects as usize {
            let limit = self.limits.max_objects.into();
            return Err(cursor.fail(MapErrorKind::TooMany { what: "aliases", limit }));
        }
        let old = parse_id(key).map_err(|kind| cursor.fail(kind))?;
        let limit = self.limits.max_name_bytes;
        let into = Text { cursor, what: "the id", limit, take: parse_id };
        self.into.push((old, map.next_value_seed(into)?));
        Ok(())
    }
}

struct FrameTable<'a> {
    limits: &'a MapLimits,
    into: &'a mut FramesRead,
}

impl Entries for FrameTable<'_> {
    fn max_key_bytes(&self) -> u32 {
        self.limits.max_name_bytes
    }

    fn read<'de, A: MapAccess<'de>>(
        &mut self,
        cursor: &Cursor,
        key: &str,
        map: &mut A,
    ) -> Result<(), A::Error> {
        let id = key.parse().ok().filter(|id| *id > 0).ok_or_else(|| {
            let expected = "the number of a frame, from 1";
            cursor.fail(MapErrorKind::Unknown { given: shortened(key), expected })
        })?;
        if self.into.frames.len() >= self.limits.max_frames as usize {
            let limit = self.limits.max_frames.into();
            return Err(cursor.fail(MapErrorKind::TooMany { what: "frames", limit }));
        }
        let limit = self.limits.max_name_bytes;
        let mut record = FrameRecord { limit, ..FrameRecord::default() };
        map.next_value_seed(Object { cursor, fields: &mut record })?;
        let orientation = rotation(cursor, record.orientation)?;
        let pose = Pose::new(record.position, orientation);
        let pose = pose.map_err(|_| cursor.fail(out_of_f32()))?;
        let parent = FrameId::new(record.parent);
        let frame = Frame { id: FrameId::new(id), name: record.name, parent, pose };
        self.into.push(frame).map_err(|kind| cursor.fail(kind))
    }
}

struct FrameRecord {
    limit: u32,
    name: Box<str>,
    parent: u32,
    position: Vec3,
    orientation: [f32; 4],
}

impl Default for FrameRecord {
    fn default() -> Self {
        let orientation = [0.0, 0.0, 0.0, 1.0];
        Self { limit: 0, name: "".into(), parent: 0, position: Vec3::ZERO, orientation }
    }
}

impl Fields for FrameRecord {
    const KEYS: &'static [&'static str] = &["name", "parent", "position", "orientation"];

    fn read<'de, A: MapAccess<'de>>(
        &mut self,
        cursor: &Cursor,
        key: usize,
        map: &mut A,
    ) -> Result<(), A::Error> {
        match key {
            0 => {
                let (limit, take) = (self.limit, |text: &str| Ok(Box::from(text)));
                self.name = map.next_value_seed(Text { cursor, what: "the name", limit, take })?;
            }
            1 => self.parent = read_u32(cursor, map)?,
            2 => self.position = Vec3::from_array(map.next_value_seed(vector(cursor))?),
            _ => self.orientation = map.next_value_seed(quaternion(cursor))?,
        }
        Ok(())
    }
}

/// Reads a number of 32 bits.
pub(super) fn read_u32<'de, A: MapAccess<'de>>(
    cursor: &Cursor,
    map: &mut A,
) -> Result<u32, A::Error> {
    let number = Whole { cursor, least: 0, most: u32::MAX.into() };
    // In range by the line above.
    map.next_value_seed(number).map(|number| number as u32)
}
