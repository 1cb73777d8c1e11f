//! `objects`: one record for each object.

use core::num::NonZeroU32;
use std::collections::{BTreeMap, BTreeSet};

use serde::de::MapAccess;

use super::super::class::ClassId;
use super::super::frame::FrameId;
use super::super::object::{Attributes, Object, ObjectId};
use super::cursor::Cursor;
use super::document::MapObject;
use super::error::{MapErrorKind, shortened};
use super::exact_record::{ExactObject, ExactPlace};
use super::features::{interpret, read_json};
use super::fields::{self, Entries, Fields};
use super::header_record::{FramesRead, out_of_f32};
use super::limits::MapLimits;
use super::number::Number;
use super::position::{Corners, DocumentedPose};
use super::rotation::from_degrees;
use super::text::Text;
use crate::space::{Pose, Vec3};
use crate::time::Time;

/// How far what the documented fields say may lie from what `xrmesh` says: a millimetre and a
/// hundred thousandth of the distance from the origin, and half a degree.
const TOLERANCE_M: f32 = 1e-3;
const TOLERANCE_PART: f32 = 1e-5;
const TOLERANCE_COS_HALF: f32 = 1.0 - 1e-5;

/// The objects read so far, and what is needed to check the next.
pub(super) struct ObjectTable<'a> {
    limits: &'a MapLimits,
    seen_at: Time,
    frames: &'a FramesRead,
    labels: &'a mut Vec<Box<str>>,
    classes: BTreeMap<Box<str>, ClassId>,
    objects: &'a mut Vec<MapObject>,
    keys: BTreeSet<Box<str>>,
    slots: BTreeSet<u32>,
    /// Whether the objects have ids, as the first of them says.
    has_ids: Option<bool>,
}

impl<'a> ObjectTable<'a> {
    pub(super) fn new(
        limits: &'a MapLimits,
        seen_at: Time,
        frames: &'a FramesRead,
        labels: &'a mut Vec<Box<str>>,
        objects: &'a mut Vec<MapObject>,
    ) -> Self {
        let numbers = (0..=u16::MAX).map(ClassId::new);
        let classes = labels.iter().cloned().zip(numbers).collect();
        let (keys, slots) = (BTreeSet::new(), BTreeSet::new());
        Self { limits, seen_at, frames, labels, classes, objects, keys, slots, has_ids: None }
    }

    /// Slots of these ids are vacant, so no object is in them.
    pub(super) fn leave_out(&mut self, vacant: &[ObjectId]) {
        self.slots.extend(vacant.iter().map(|id| id.slot()));
    }

    /// Whether the objects have ids of their own; so does a map without objects.
    pub(super) fn has_ids(&self) -> bool {
        self.has_ids.unwrap_or(true)
    }

    /// The class of a label, new if need be.
    fn class(&mut self, label: Box<str>) -> Result<ClassId, MapErrorKind> {
        if let Some(class) = self.classes.get(&label) {
            return Ok(*class);
        }
        let limit = self.limits.max_classes.min(1 << 16);
        if self.labels.len() >= limit as usize {
            return Err(MapErrorKind::TooMany { what: "classes", limit: limit.into() });
        }
        let class = ClassId::new(self.labels.len() as u16);
        self.labels.push(label.clone());
        self.classes.insert(label, class);
        Ok(class)
    }

    fn finish(&mut self, key: &str, record: ObjectRecord<'_>) -> Result<MapObject, MapErrorKind> {
        let ObjectRecord { documented, corners, label, features, exact, .. } = record;
        let documented = documented.ok_or(MapErrorKind::MissingKey { key: "position" })?;
        let label = label.ok_or(MapErrorKind::MissingKey { key: "object_class" })?;
        let has_ids = exact.is_some();
        if *self.has_ids.get_or_insert(has_ids) != has_ids {
            return Err(MapErrorKind::MixedIds);
        }
        let counted = ObjectId::new(self.objects.len() as u32, NonZeroU32::MIN);
        let id = exact.as_ref().map_or(counted, |exact| exact.id);
        if !self.slots.insert(id.slot()) {
            return Err(MapErrorKind::Repeated { given: format!("slot {}", id.slot()).into() });
        }
        let (middle, half_extents) = corners.map_or((Vec3::ZERO, Vec3::ZERO), middle_and_half);
        let place = exact.as_ref().map(|exact| &exact.place);
        let (frame, pose) = place_of(&documented, middle, place, self.frames)?;
        let mut object = Object {
            id,
            class: self.class(label)?,
            pose,
            half_extents,
            velocity: None,
            confidence: record.confidence,
            persistence: record.persistence,
            first_seen: self.seen_at,
            last_seen: self.seen_at,
            frame,
            attributes: Attributes::None,
        };
        let Some(exact) = exact else {
            object.attributes = features.map_or(Attributes::None, |text| interpret(&text));
            return Ok(MapObject { object, name: Some(key.into()) });
        };
        object.velocity = exact.velocity;
        object.first_seen = exact.first_seen;
        object.last_seen = exact.last_seen;
        object.attributes = exact.attributes.resolve(features);
        let is_id = || *key == *id.to_string();
        let name = exact.name.or_else(|| (!is_id()).then(|| key.into()));
        Ok(MapObject { object, name })
    }
}

impl Entries for ObjectTable<'_> {
    fn max_key_bytes(&self) -> u32 {
        self.limits.max_name_bytes
    }

    fn read<'de, A: MapAccess<'de>>(
        &mut self,
        cursor: &Cursor,
        key: &str,
        map: &mut A,
    ) -> Result<(), A::Error> {
        if self.objects.len() >= self.limits.max_objects as usize {
            let limit = self.limits.max_objects.into();
            return Err(cursor.fail(MapErrorKind::TooMany { what: "objects", limit }));
        }
        if !self.keys.insert(key.into()) {
            return Err(cursor.fail(MapErrorKind::DuplicateKey { key: shortened(key) }));
        }
        let mut record = ObjectRecord::new(self.limits);
        map.next_value_seed(fields::Object { cursor, fields: &mut record })?;
        let object = self.finish(key, record).map_err(|kind| cursor.fail(kind))?;
        self.objects.push(object);
        Ok(())
    }
}

/// The middle of a box and half its size. Exact where the box is centred.
fn middle_and_half([low, high]: [Vec3; 2]) -> (Vec3, Vec3) {
    let each = |f: fn(f64, f64) -> f64| {
        let [x, y, z] = [(low.x, high.x), (low.y, high.y), (low.z, high.z)]
            .map(|(low, high)| f(low.into(), high.into()) as f32);
        Vec3::new(x, y, z)
    };
    (each(|low, high| (low + high) * 0.5), each(|low, high| (high - low) * 0.5))
}

/// The frame and the pose in it, from what is documented and what `xrmesh` says.
fn place_of(
    documented: &DocumentedPose,
    middle: Vec3,
    exact: Option<&ExactPlace>,
    frames: &FramesRead,
) -> Result<(FrameId, Pose), MapErrorKind> {
    let turned = from_degrees(documented.rotation_deg).ok_or(MapErrorKind::NoRotation)?;
    let pose = |position, orientation| Pose::new(position, orientation).map_err(|_| out_of_f32());
    let Some(exact) = exact else {
        // Only what is not centred is shifted, so that what is keeps its bits.
        let at = documented.position;
        let at = if middle == Vec3::ZERO { at } else { at + turned.rotate(middle) };
        return Ok((FrameId::WORLD, pose(at, turned)?));
    };
    if middle != Vec3::ZERO {
        return Err(MapErrorKind::Contradiction { what: "bounding_box" });
    }
    let world = frames.world(exact.frame).ok_or_else(|| MapErrorKind::Unknown {
        given: exact.frame.index().to_string().into(),
        expected: "a frame of this map",
    })?;
    let own = pose(exact.position.unwrap_or(documented.position), exact.orientation)?;
    let placed = world.compose(&own).map_err(|_| out_of_f32())?;
    let apart = placed.position() - documented.position;
    let far = documented.position.length() * TOLERANCE_PART;
    let (a, b) = (placed.orientation(), turned);
    let cos_half = a.x * b.x + a.y * b.y + a.z * b.z + a.w * b.w;
    if apart.length() > TOLERANCE_M + far || cos_half.abs() < TOLERANCE_COS_HALF {
        return Err(MapErrorKind::Contradiction { what: "position" });
    }
    Ok((exact.frame, own))
}

/// An object as it is being read.
struct ObjectRecord<'a> {
    limits: &'a MapLimits,
    documented: Option<DocumentedPose>,
    corners: Option<[Vec3; 2]>,
    label: Option<Box<str>>,
    confidence: f32,
    persistence: f32,
    features: Option<Box<str>>,
    exact: Option<ExactObject>,
}

impl<'a> ObjectRecord<'a> {
    const fn new(limits: &'a MapLimits) -> Self {
        Self {
            limits,
            documented: None,
            corners: None,
            label: None,
            confidence: 1.0,
            persistence: 1.0,
            features: None,
            exact: None,
        }
    }
}

impl Fields for ObjectRecord<'_> {
    const KEYS: &'static [&'static str] = &[
        "position",
        "bounding_box",
        "object_class",
        "confidence",
        "persistence_score",
        "semantic_features",
        "xrmesh",
    ];

    fn read<'de, A: MapAccess<'de>>(
        &mut self,
        cursor: &Cursor,
        key: usize,
        map: &mut A,
    ) -> Result<(), A::Error> {
        let share = Number { cursor, least: 0.0, most: 1.0 };
        match key {
            0 => self.documented = Some(DocumentedPose::read(cursor, map)?),
            1 => self.corners = Some(Corners::read(cursor, map)?),
            2 => {
                let (limit, take) = (self.limits.max_name_bytes, |text: &str| Ok(Box::from(text)));
                let label = Text { cursor, what: "the label", limit, take };
                self.label = Some(map.next_value_seed(label)?);
            }
            3 => self.confidence = map.next_value_seed(share)?,
            4 => self.persistence = map.next_value_seed(share)?,
            5 => self.features = Some(read_json(cursor, self.limits, map)?),
            _ => self.exact = Some(ExactObject::read(cursor, self.limits, map)?),
        }
        Ok(())
    }
}
