//! `regions`: one record for each area.

use std::collections::BTreeSet;

use serde::de::MapAccess;

use super::super::area::{Area, AreaId};
use super::cursor::Cursor;
use super::error::{MapErrorKind, shortened};
use super::features::read_json;
use super::fields::{Array, Entries, Fields, Object};
use super::header_record::read_u32;
use super::limits::MapLimits;
use super::position::vector;
use super::text::Text;
use crate::space::{UpAxis, Vec3};

/// The areas read so far, and what is needed to check the next.
pub(super) struct AreaTable<'a> {
    limits: &'a MapLimits,
    areas: &'a mut Vec<Area>,
    keys: BTreeSet<Box<str>>,
    ids: BTreeSet<u32>,
    /// Whether the areas have ids, as the first of them says.
    has_ids: Option<bool>,
}

impl<'a> AreaTable<'a> {
    pub(super) fn new(limits: &'a MapLimits, areas: &'a mut Vec<Area>) -> Self {
        Self { limits, areas, keys: BTreeSet::new(), ids: BTreeSet::new(), has_ids: None }
    }

    pub(super) fn has_ids(&self) -> bool {
        self.has_ids.unwrap_or(true)
    }

    fn finish(&mut self, key: &str, record: AreaRecord<'_>) -> Result<Area, MapErrorKind> {
        let AreaRecord { boundary, kind, properties, exact, .. } = record;
        let given = boundary.ok_or(MapErrorKind::MissingKey { key: "boundary_points" })?;
        if given.len() < 3 && exact.is_none() {
            let found = format!("{} points", given.len()).into();
            return Err(MapErrorKind::WrongType { expected: "3 or more points".into(), found });
        }
        let has_ids = exact.is_some();
        if *self.has_ids.get_or_insert(has_ids) != has_ids {
            return Err(MapErrorKind::MixedIds);
        }
        let counted = self.areas.len() as u32;
        let (id, name, up, text) = match exact {
            Some(ExactArea { id, name, up, properties, .. }) => {
                let id = id.ok_or(MapErrorKind::MissingKey { key: "id" })?;
                (id, name.unwrap_or_default(), up, properties)
            }
            None => (counted, key.into(), UpAxis::Y, None),
        };
        if !self.ids.insert(id) {
            return Err(MapErrorKind::Repeated { given: format!("region {id}").into() });
        }
        Ok(Area {
            id: AreaId::new(id),
            name,
            kind: kind.unwrap_or_default(),
            boundary: given.into(),
            up,
            properties: text.or(properties).unwrap_or_else(|| "{}".into()),
        })
    }
}

impl Entries for AreaTable<'_> {
    fn max_key_bytes(&self) -> u32 {
        self.limits.max_name_bytes
    }

    fn read<'de, A: MapAccess<'de>>(
        &mut self,
        cursor: &Cursor,
        key: &str,
        map: &mut A,
    ) -> Result<(), A::Error> {
        if self.areas.len() >= self.limits.max_areas as usize {
            let limit = self.limits.max_areas.into();
            return Err(cursor.fail(MapErrorKind::TooMany { what: "regions", limit }));
        }
        if !self.keys.insert(key.into()) {
            return Err(cursor.fail(MapErrorKind::DuplicateKey { key: shortened(key) }));
        }
        let mut record = AreaRecord {
            limits: self.limits,
            boundary: None,
            kind: None,
            properties: None,
            exact: None,
        };
        map.next_value_seed(Object { cursor, fields: &mut record })?;
        let area = self.finish(key, record).map_err(|kind| cursor.fail(kind))?;
        self.areas.push(area);
        Ok(())
    }
}

struct AreaRecord<'a> {
    limits: &'a MapLimits,
    boundary: Option<Vec<Vec3>>,
    kind: Option<Box<str>>,
    properties: Option<Box<str>>,
    exact: Option<ExactArea>,
}

impl Fields for AreaRecord<'_> {
    const KEYS: &'static [&'static str] =
        &["boundary_points", "region_type", "properties", "contained_objects", "xrmesh"];

    fn read<'de, A: MapAccess<'de>>(
        &mut self,
        cursor: &Cursor,
        key: usize,
        map: &mut A,
    ) -> Result<(), A::Error> {
        let limits = self.limits;
        match key {
            0 => {
                let points = self.boundary.insert(Vec::new());
                let take = |index, point| {
                    if index >= limits.max_area_corners as usize {
                        let limit = limits.max_area_corners.into();
                        return Err(MapErrorKind::TooMany { what: "points", limit });
                    }
                    points.push(Vec3::from_array(point));
                    Ok(())
                };
                let array = Array { cursor, element: vector(cursor), take, of_records: false };
                map.next_value_seed(array)?;
            }
            1 => {
                let take = |text: &str| Ok(Box::from(text));
                let limit = limits.max_name_bytes;
                self.kind =
                    Some(map.next_value_seed(Text { cursor, what: "the type", limit, take })?);
            }
            2 => {
                let text = read_json(cursor, limits, map)?;
                if !text.starts_with('{') {
                    let (expected, found) = ("an object".into(), shortened(&text));
                    return Err(cursor.fail(MapErrorKind::WrongType { expected, found }));
                }
                self.properties = Some(text);
            }
            3 => {
                // What is in a region follows from where it is; a key of a million is skipped as
                // it comes.
                let take = |_: &str| Ok(());
                let limit = limits.max_name_bytes;
                let element = Text { cursor, what: "the key", limit, take };
                let take = |_, ()| Ok(());
                map.next_value_seed(Array { cursor, element, take, of_records: true })?;
            }
            _ => {
                let (max_name, max_properties) =
                    (limits.max_name_bytes, limits.max_attribute_bytes);
                let mut exact = ExactArea { max_name, max_properties, ..ExactArea::default() };
                map.next_value_seed(Object { cursor, fields: &mut exact })?;
                self.exact = Some(exact);
            }
        }
        Ok(())
    }
}

/// What the documented keys cannot say of an area.
#[derive(Default)]
struct ExactArea {
    max_name: u32,
    max_properties: u32,
    id: Option<u32>,
    name: Option<Box<str>>,
    up: UpAxis,
    /// Where they are no JSON object.
    properties: Option<Box<str>>,
}

impl Fields for ExactArea {
    const KEYS: &'static [&'static str] = &["id", "name", "up", "properties"];

    fn read<'de, A: MapAccess<'de>>(
        &mut self,
        cursor: &Cursor,
        key: usize,
        map: &mut A,
    ) -> Result<(), A::Error> {
        let limit = self.max_name;
        match key {
            0 => self.id = Some(read_u32(cursor, map)?),
            1 => {
                let take = |text: &str| Ok(Box::from(text));
                self.name =
                    Some(map.next_value_seed(Text { cursor, what: "the name", limit, take })?);
            }
            2 => {
                let take = |text: &str| match text {
                    "x" => Ok(UpAxis::X),
                    "y" => Ok(UpAxis::Y),
                    "z" => Ok(UpAxis::Z),
                    other => {
                        let (given, expected) = (shortened(other), "x, y or z");
                        Err(MapErrorKind::Unknown { given, expected })
                    }
                };
                self.up = map.next_value_seed(Text { cursor, what: "the axis", limit, take })?;
            }
            _ => {
                let take = |text: &str| Ok(Box::from(text));
                let limit = self.max_properties;
                let text = Text { cursor, what: "the value", limit, take };
                self.properties = Some(map.next_value_seed(text)?);
            }
        }
        Ok(())
    }
}
