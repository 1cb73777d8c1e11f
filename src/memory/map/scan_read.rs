//! A room scan in: see [`RoomScan`] for its format.

use std::collections::BTreeSet;
use std::io::Read;

use serde::Deserializer;
use serde::de::{DeserializeSeed, MapAccess};

use super::cursor::Cursor;
use super::error::{MapError, MapErrorKind, shortened};
use super::fields::{Array, Fields, Object};
use super::limits::ScanLimits;
use super::position::{Numbers, rotation};
use super::scan::{RoomScan, ScanEntity, ScanMesh, ScanPlane, ScanVolume};
use super::text::{Text, from_base64};
use crate::space::{Pose, Vec3};

/// Reads a scan.
pub(super) fn scan(reader: impl Read, limits: &ScanLimits) -> Result<RoomScan, MapError> {
    let cursor = Cursor::new(limits.max_bytes, limits.max_entity_bytes);
    cursor.read(reader, Document { cursor: &cursor, limits })
}

struct Document<'a> {
    cursor: &'a Cursor,
    limits: &'a ScanLimits,
}

impl<'de> DeserializeSeed<'de> for Document<'_> {
    type Value = RoomScan;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<RoomScan, D::Error> {
        let Self { cursor, limits } = self;
        let mut top = Top { limits, scan: None };
        Object { cursor, fields: &mut top }.deserialize(deserializer)?;
        let key = "spatialEntities";
        top.scan.ok_or_else(|| cursor.fail(MapErrorKind::MissingKey { key }))
    }
}

struct Top<'a> {
    limits: &'a ScanLimits,
    scan: Option<RoomScan>,
}

impl Fields for Top<'_> {
    const KEYS: &'static [&'static str] = &["spatialEntities"];
    const SKIPS_OTHERS: bool = true;

    fn read<'de, A: MapAccess<'de>>(
        &mut self,
        cursor: &Cursor,
        _: usize,
        map: &mut A,
    ) -> Result<(), A::Error> {
        let limits = self.limits;
        let entities = &mut self.scan.insert(RoomScan::default()).entities;
        let mut uuids = BTreeSet::new();
        let take = |index, entity: ScanEntity| {
            if index >= limits.max_entities as usize {
                let limit = limits.max_entities.into();
                return Err(MapErrorKind::TooMany { what: "entities", limit });
            }
            // It is the name that anchors and later scans go by.
            if !uuids.insert(entity.uuid.clone()) {
                let given = format!("uuid {:?}", shortened(&entity.uuid)).into();
                return Err(MapErrorKind::Repeated { given });
            }
            entities.push(entity);
            Ok(())
        };
        let element = Entity { cursor, limits };
        let read = map.next_value_seed(Array { cursor, element, take, of_records: true })?;
        if read == 0 {
            let (expected, found) = ("at least one entity".into(), "none".into());
            return Err(cursor.fail(MapErrorKind::WrongType { expected, found }));
        }
        Ok(())
    }
}

#[derive(Clone, Copy)]
struct Entity<'a> {
    cursor: &'a Cursor,
    limits: &'a ScanLimits,
}

impl<'de> DeserializeSeed<'de> for Entity<'_> {
    type Value = ScanEntity;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<ScanEntity, D::Error> {
        let Self { cursor, limits } = self;
        let mut record = EntityRecord::new(limits);
        Object { cursor, fields: &mut record }.deserialize(deserializer)?;
        let missing = |key| cursor.fail(MapErrorKind::MissingKey { key });
        Ok(ScanEntity {
            uuid: record.uuid.ok_or_else(|| missing("uuid"))?,
            label: record.label.ok_or_else(|| missing("semanticLabel_META"))?,
            pose: record.pose.ok_or_else(|| missing("locatable_META"))?,
            plane: record.plane,
            volume: record.volume,
            mesh: record.mesh,
        })
    }
}

struct EntityRecord<'a> {
    limits: &'a ScanLimits,
    uuid: Option<Box<str>>,
    label: Option<Box<str>>,
    pose: Option<Pose>,
    plane: Option<ScanPlane>,
    volume: Option<ScanVolume>,
    mesh: Option<ScanMesh>,
}

impl<'a> EntityRecord<'a> {
    const fn new(limits: &'a ScanLimits) -> Self {
        Self { limits, uuid: None, label: None, pose: None, plane: None, volume: None, mesh: None }
    }
}

/// The longest uuid and label, in bytes.
const MAX_NAME_BYTES: u32 = 256;

impl Fields for EntityRecord<'_> {
    const KEYS: &'static [&'static str] = &[
        "uuid",
        "semanticLabel_META",
        "locatable_META",
        "bounded2D_META",
        "bounded3D_META",
        "triangleMesh_META",
    ];
    const SKIPS_OTHERS: bool = true;

    fn read<'de, A: MapAccess<'de>>(
        &mut self,
        cursor: &Cursor,
        key: usize,
        map: &mut A,
    ) -> Result<(), A::Error> {
        let most = self.limits.max_metres;
        let name = Text {
            cursor,
            what: "the name",
            limit: MAX_NAME_BYTES,
            take: |text: &str| match text {
                "" => Err(MapErrorKind::Unknown { given: "".into(), expected: "a name" }),
                text => Ok(Box::<str>::from(text)),
            },
        };
        match key {
            0 => self.uuid = Some(map.next_value_seed(name)?),
            1 => self.label = Some(map.next_value_seed(name)?),
            2 => {
                let mut part = PosePart { most, position: None, orientation: None };
                map.next_value_seed(Object { cursor, fields: &mut part })?;
                let missing = |key| cursor.fail(MapErrorKind::MissingKey { key });
                let position = part.position.ok_or_else(|| missing("position"))?;
                let parts = part.orientation.ok_or_else(|| missing("orientation"))?;
                let pose = Pose::new(Vec3::from_array(position), rotation(cursor, parts)?);
                self.pose = Some(pose.map_err(|_| cursor.fail(MapErrorKind::NoRotation))?);
            }
            3 => {
                let (low, size) = Bounds::read(cursor, map, most, &PLANE)?;
                self.plane = Some(ScanPlane { low, size });
            }
            4 => {
                let (low, size) = Bounds::read(cursor, map, most, &VOLUME)?;
                let [low, size] = [low, size].map(Vec3::from_array);
                self.volume = Some(ScanVolume { low, size });
            }
            _ => self.mesh = Some(read_mesh(cursor, self.limits, map)?),
        }
        Ok(())
    }
}

struct PosePart {
    most: f32,
    position: Option<[f32; 3]>,
    orientation: Option<[f32; 4]>,
}

impl Fields for PosePart {
    const KEYS: &'static [&'static str] = &["position", "orientation"];
    const SKIPS_OTHERS: bool = true;

    fn read<'de, A: MapAccess<'de>>(
        &mut self,
        cursor: &Cursor,
        key: usize,
        map: &mut A,
    ) -> Result<(), A::Error> {
        if key == 0 {
            let numbers =
                Numbers { cursor, names: &["x", "y", "z"], least: -self.most, most: self.most };
            self.position = Some(map.next_value_seed(numbers)?);
        } else {
            let numbers = Numbers { cursor, names: &["x", "y", "z", "w"], least: -2.0, most: 2.0 };
            self.orientation = Some(map.next_value_seed(numbers)?);
        }
        Ok(())
    }
}

/// The keys of a corner and of a size.
struct Names<const N: usize> {
    offset: &'static [&'static str; N],
    extent: &'static [&'static str; N],
}

const PLANE: Names<2> = Names { offset: &["x", "y"], extent: &["width", "height"] };
const VOLUME: Names<3> = Names { offset: &["x", "y", "z"], extent: &["width", "height", "depth"] };

/// A corner and a size.
struct Bounds<'a, const N: usize> {
    most: f32,
    names: &'a Names<N>,
    offset: Option<[f32; N]>,
    extent: Option<[f32; N]>,
}

impl<const N: usize> Bounds<'_, N> {
    fn read<'de, A: MapAccess<'de>>(
        cursor: &Cursor,
        map: &mut A,
        most: f32,
        names: &Names<N>,
    ) -> Result<([f32; N], [f32; N]), A::Error> {
        let mut bounds = Bounds { most, names, offset: None, extent: None };
        map.next_value_seed(Object { cursor, fields: &mut bounds })?;
        let missing = |key| cursor.fail(MapErrorKind::MissingKey { key });
        let offset = bounds.offset.ok_or_else(|| missing("offset"))?;
        Ok((offset, bounds.extent.ok_or_else(|| missing("extent"))?))
    }
}

impl<const N: usize> Fields for Bounds<'_, N> {
    const KEYS: &'static [&'static str] = &["offset", "extent"];
    const SKIPS_OTHERS: bool = true;

    fn read<'de, A: MapAccess<'de>>(
        &mut self,
        cursor: &Cursor,
        key: usize,
        map: &mut A,
    ) -> Result<(), A::Error> {
        let most = self.most;
        if key == 0 {
            let numbers = Numbers { cursor, names: self.names.offset, least: -most, most };
            self.offset = Some(map.next_value_seed(numbers)?);
        } else {
            let numbers = Numbers { cursor, names: self.names.extent, least: 0.0, most };
            self.extent = Some(map.next_value_seed(numbers)?);
        }
        Ok(())
    }
}

struct MeshPart {
    most_bytes: u32,
    most: f32,
    vertices: Option<Vec<Vec3>>,
    triangles: Option<Vec<[u32; 3]>>,
}

/// A mesh whose every index has a vertex.
fn read_mesh<'de, A: MapAccess<'de>>(
    cursor: &Cursor,
    limits: &ScanLimits,
    map: &mut A,
) -> Result<ScanMesh, A::Error> {
    let most_bytes = u32::try_from(limits.max_entity_bytes).unwrap_or(u32::MAX);
    let mut part =
        MeshPart { most_bytes, most: limits.max_metres, vertices: None, triangles: None };
    map.next_value_seed(Object { cursor, fields: &mut part })?;
    let missing = |key| cursor.fail(MapErrorKind::MissingKey { key });
    let vertices = part.vertices.ok_or_else(|| missing("vertices"))?;
    let triangles = part.triangles.ok_or_else(|| missing("indices"))?;
    let beyond = |index: u32| index as usize >= vertices.len();
    if let Some((place, &index)) = triangles.iter().flatten().enumerate().find(|(_, i)| beyond(**i))
    {
        let vertices = vertices.len();
        return Err(cursor.fail(MapErrorKind::NoVertex { index, place, vertices }));
    }
    Ok(ScanMesh { vertices, triangles })
}

impl Fields for MeshPart {
    const KEYS: &'static [&'static str] = &["vertices", "indices"];
    const SKIPS_OTHERS: bool = true;

    fn read<'de, A: MapAccess<'de>>(
        &mut self,
        cursor: &Cursor,
        key: usize,
        map: &mut A,
    ) -> Result<(), A::Error> {
        let (limit, most) = (self.most_bytes, self.most);
        if key == 0 {
            let take = |text: &str| vertices(text, most);
            let text = Text { cursor, what: "the vertices", limit, take };
            self.vertices = Some(map.next_value_seed(text)?);
        } else {
            let take = |text: &str| {
                from_base64(text, 12, "u32 triples").map(|bytes| triples(&bytes).collect())
            };
            let text = Text { cursor, what: "the indices", limit, take };
            self.triangles = Some(map.next_value_seed(text)?);
        }
        Ok(())
    }
}

fn vertices(text: &str, most: f32) -> Result<Vec<Vec3>, MapErrorKind> {
    let bytes = from_base64(text, 12, "f32 triples")?;
    let mut vertices = Vec::with_capacity(bytes.len() / 12);
    for triple in triples(&bytes) {
        let vertex = triple.map(f32::from_bits);
        if let Some(given) = vertex.into_iter().find(|metres| !(-most..=most).contains(metres)) {
            let (given, most) = (f64::from(given), f64::from(most));
            return Err(MapErrorKind::OutOfRange { given, least: -most, most });
        }
        vertices.push(Vec3::from_array(vertex));
    }
    Ok(vertices)
}

/// Little-endian 32-bit words, three at a time.
fn triples(bytes: &[u8]) -> impl Iterator<Item = [u32; 3]> {
    let words = |triple: &[u8; 12]| {
        let (words, _) = triple.as_chunks::<4>();
        [words[0], words[1], words[2]].map(u32::from_le_bytes)
    };
    bytes.as_chunks::<12>().0.iter().map(words)
}
