//! `xrmesh` of an object: what the documented keys cannot say of it.

use serde::de::MapAccess;

use super::super::frame::FrameId;
use super::super::object::ObjectId;
use super::cursor::Cursor;
use super::error::MapErrorKind;
use super::features::Exact;
use super::fields::{Fields, Object};
use super::header_record::read_u32;
use super::id::parse_id;
use super::limits::MapLimits;
use super::number::Whole;
use super::position::{quaternion, rotation, vector};
use super::text::Text;
use crate::space::{Quat, Vec3};
use crate::time::Time;

/// What the documented keys cannot say of an object.
pub(super) struct ExactObject {
    pub(super) id: ObjectId,
    pub(super) name: Option<Box<str>>,
    pub(super) place: ExactPlace,
    pub(super) velocity: Option<Vec3>,
    pub(super) first_seen: Time,
    pub(super) last_seen: Time,
    pub(super) attributes: Exact,
}

/// Where an object is in its frame.
pub(super) struct ExactPlace {
    pub(super) frame: FrameId,
    /// In the frame; where the documented position is not in the world's.
    pub(super) position: Option<Vec3>,
    pub(super) orientation: Quat,
}

impl ExactObject {
    pub(super) fn read<'de, A: MapAccess<'de>>(
        cursor: &Cursor,
        limits: &MapLimits,
        map: &mut A,
    ) -> Result<Self, A::Error> {
        let mut record = ExactRecord::new(limits);
        map.next_value_seed(Object { cursor, fields: &mut record })?;
        let missing = |key| cursor.fail(MapErrorKind::MissingKey { key });
        let orientation = record.orientation.ok_or_else(|| missing("orientation"))?;
        let frame = FrameId::new(record.frame);
        if frame != FrameId::WORLD && record.position.is_none() {
            return Err(missing("position"));
        }
        Ok(Self {
            id: record.id.ok_or_else(|| missing("id"))?,
            name: record.name,
            place: ExactPlace { frame, position: record.position, orientation },
            velocity: record.velocity,
            first_seen: record.first_seen.ok_or_else(|| missing("first_seen_ns"))?,
            last_seen: record.last_seen.ok_or_else(|| missing("last_seen_ns"))?,
            attributes: record.attributes,
        })
    }
}

struct ExactRecord<'a> {
    limits: &'a MapLimits,
    id: Option<ObjectId>,
    name: Option<Box<str>>,
    frame: u32,
    position: Option<Vec3>,
    orientation: Option<Quat>,
    velocity: Option<Vec3>,
    first_seen: Option<Time>,
    last_seen: Option<Time>,
    attributes: Exact,
}

impl<'a> ExactRecord<'a> {
    const fn new(limits: &'a MapLimits) -> Self {
        Self {
            limits,
            id: None,
            name: None,
            frame: 0,
            position: None,
            orientation: None,
            velocity: None,
            first_seen: None,
            last_seen: None,
            attributes: Exact::Absent,
        }
    }
}

impl Fields for ExactRecord<'_> {
    const KEYS: &'static [&'static str] = &[
        "id",
        "name",
        "frame",
        "position",
        "orientation",
        "velocity",
        "first_seen_ns",
        "last_seen_ns",
        "attributes",
    ];

    fn read<'de, A: MapAccess<'de>>(
        &mut self,
        cursor: &Cursor,
        key: usize,
        map: &mut A,
    ) -> Result<(), A::Error> {
        let limit = self.limits.max_name_bytes;
        let nanos = Whole { cursor, least: i64::MIN, most: i64::MAX };
        match key {
            0 => {
                let id = Text { cursor, what: "the id", limit, take: parse_id };
                self.id = Some(map.next_value_seed(id)?);
            }
            1 => {
                let take = |text: &str| Ok(Box::from(text));
                let name = Text { cursor, what: "the name", limit, take };
                self.name = Some(map.next_value_seed(name)?);
            }
            2 => self.frame = read_u32(cursor, map)?,
            3 => self.position = Some(Vec3::from_array(map.next_value_seed(vector(cursor))?)),
            4 => {
                let parts = map.next_value_seed(quaternion(cursor))?;
                self.orientation = Some(rotation(cursor, parts)?);
            }
            5 => self.velocity = Some(Vec3::from_array(map.next_value_seed(vector(cursor))?)),
            6 => self.first_seen = Some(Time::from_nanos(map.next_value_seed(nanos)?)),
            7 => self.last_seen = Some(Time::from_nanos(map.next_value_seed(nanos)?)),
            _ => self.attributes = Exact::read(cursor, self.limits, map)?,
        }
        Ok(())
    }
}
