//! A room scan of a Meta Quest as JSON: `spatialEntities[]` with `uuid`, `semanticLabel_META`,
//! `locatable_META {position, orientation}`, and where present `bounded2D_META {offset, extent}`,
//! `bounded3D_META {offset, extent}` and `triangleMesh_META {vertices, indices}`.
//!
//! A plane spans its entity's X and Z axes and Y is its normal, though the file calls the second
//! field `y` and `height`. A mesh's arrays are Base64 of little-endian values: f32 triples in
//! metres, and u32 indices, three a triangle.

use std::collections::BTreeSet;
use std::path::Path;

use serde::{Deserialize, Deserializer};
use xrmesh::Vec3;

use super::base64::{self, Base64Error};
use super::error::FileError;
use super::json::{self, Extent, Metres, Orientation, Position, mismatch, unexpected};
use crate::pose::posed;
use crate::room::{Entity, Label, Plane, Room, TriangleMesh, Volume};

/// Largest coordinate of a mesh's vertex, in metres.
const MAX_VERTEX: f32 = 10_000.0;

/// Reads the scan in `text`; `path` only names it in errors.
pub(super) fn parse(path: &Path, text: &str) -> Result<Room, FileError> {
    let file: RoomFile = json::parse(path, text).map_err(|error| {
        // A recording under the wrong flag deserves better than a missing field.
        if text.contains("\"camera\"") && !text.contains("\"spatialEntities\"") {
            FileError::whole(path, "a room scan", "a headset recording (give it to --motion)")
        } else {
            error
        }
    })?;
    if file.entities.is_empty() {
        return Err(FileError::whole(path, "at least one entity in spatialEntities", "none"));
    }
    Ok(Room { entities: file.entities.into_iter().map(Entity::from).collect() })
}

#[derive(Deserialize)]
struct RoomFile {
    #[serde(rename = "spatialEntities", deserialize_with = "entities")]
    entities: Vec<EntityRecord>,
}

#[derive(Deserialize)]
struct EntityRecord {
    uuid: String,
    #[serde(rename = "semanticLabel_META")]
    label: String,
    #[serde(rename = "locatable_META")]
    pose: PoseRecord,
    #[serde(rename = "bounded2D_META")]
    plane: Option<PlaneRecord>,
    #[serde(rename = "bounded3D_META")]
    volume: Option<VolumeRecord>,
    #[serde(rename = "triangleMesh_META")]
    mesh: Option<MeshRecord>,
}

#[derive(Deserialize)]
struct PoseRecord {
    position: Position,
    orientation: Orientation,
}

#[derive(Deserialize)]
struct PlaneRecord {
    offset: PlaneOffset,
    extent: PlaneExtent,
}

#[derive(Deserialize)]
struct PlaneOffset {
    x: Metres,
    y: Metres,
}

#[derive(Deserialize)]
struct PlaneExtent {
    width: Extent,
    height: Extent,
}

#[derive(Deserialize)]
struct VolumeRecord {
    offset: Position,
    extent: VolumeExtent,
}

#[derive(Deserialize)]
struct VolumeExtent {
    width: Extent,
    height: Extent,
    depth: Extent,
}

/// A mesh whose every index has a vertex.
struct MeshRecord(TriangleMesh);

/// The entities, no uuid twice: it is the name that anchors and later scans go by.
fn entities<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<EntityRecord>, D::Error> {
    let mut seen = BTreeSet::new();
    json::checked_array(deserializer, |_, entity: &EntityRecord| {
        if entity.uuid.is_empty() {
            return Err(mismatch("a uuid", "an empty string"));
        }
        if !seen.insert(entity.uuid.clone()) {
            return Err(mismatch("each uuid once", format_args!("\"{}\" again", entity.uuid)));
        }
        Ok(())
    })
}

impl<'de> Deserialize<'de> for MeshRecord {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Arrays {
            #[serde(deserialize_with = "vertices")]
            vertices: Vec<Vec3>,
            #[serde(deserialize_with = "triangles")]
            indices: Vec<[u32; 3]>,
        }
        let Arrays { vertices, indices: triangles } = Arrays::deserialize(deserializer)?;
        for (place, &index) in triangles.iter().flatten().enumerate() {
            if index as usize >= vertices.len() {
                return Err(unexpected(
                    format_args!("indices below the {} vertices", vertices.len()),
                    format_args!("{index} at indices[{place}]"),
                ));
            }
        }
        Ok(Self(TriangleMesh { vertices, triangles }))
    }
}

fn vertices<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Vec3>, D::Error> {
    let bytes = bytes(deserializer, 12, "f32 triples")?;
    let mut vertices = Vec::with_capacity(bytes.len() / 12);
    for [x, y, z] in words(&bytes) {
        let vertex = [x, y, z].map(f32::from_bits);
        if !vertex.iter().all(|metres| metres.abs() <= MAX_VERTEX) {
            return Err(unexpected(
                format_args!("vertices within {MAX_VERTEX} m"),
                format_args!("{vertex:?} at vertices[{}]", vertices.len()),
            ));
        }
        vertices.push(Vec3::new(vertex[0], vertex[1], vertex[2]));
    }
    Ok(vertices)
}

fn triangles<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<[u32; 3]>, D::Error> {
    bytes(deserializer, 12, "u32 triples").map(|bytes| words(&bytes).collect())
}

/// Little-endian 32-bit words, three at a time.
fn words(bytes: &[u8]) -> impl Iterator<Item = [u32; 3]> {
    bytes.chunks_exact(12).map(|triple| {
        let word = |at: usize| {
            u32::from_le_bytes([triple[at], triple[at + 1], triple[at + 2], triple[at + 3]])
        };
        [word(0), word(4), word(8)]
    })
}

fn bytes<'de, D: Deserializer<'de>>(
    deserializer: D,
    unit: usize,
    content: &str,
) -> Result<Vec<u8>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let expected = || format!("Base64 of {content}");
    let bytes = base64::decode(&text).map_err(|error| match error {
        Base64Error::Character { byte, offset } => unexpected(
            expected(),
            format_args!("'{}' at character {offset}", char::from(byte).escape_default()),
        ),
        Base64Error::Length(length) => {
            unexpected(expected(), format_args!("a text of {length} characters"))
        }
    })?;
    if bytes.len() % unit != 0 {
        let found = format!("{} bytes, not a multiple of {unit}", bytes.len());
        return Err(unexpected(expected(), found));
    }
    Ok(bytes)
}

impl From<EntityRecord> for Entity {
    fn from(record: EntityRecord) -> Self {
        let PoseRecord { position, orientation } = record.pose;
        Self {
            uuid: record.uuid,
            label: Label::from_name(&record.label),
            pose: posed(position.into(), orientation.0),
            plane: record.plane.map(|PlaneRecord { offset, extent }| Plane {
                low: [offset.x.0, offset.y.0],
                size: [extent.width.0, extent.height.0],
            }),
            volume: record.volume.map(|VolumeRecord { offset, extent }| Volume {
                low: offset.into(),
                size: Vec3::new(extent.width.0, extent.height.0, extent.depth.0),
            }),
            mesh: record.mesh.map(|mesh| mesh.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{load_room, tests::capture};
    use super::*;

    #[test]
    fn the_three_captured_rooms() {
        let rooms = [("office_small", 14), ("meeting_room", 21), ("living_room", 26)];
        for (name, entities) in rooms {
            let Some(path) = capture(&format!("quest-rooms/{name}.json")) else { return };
            let room = load_room(&path).unwrap();
            assert_eq!(room.entities.len(), entities, "{name}");
            assert!(room.entities.iter().all(|e| !matches!(e.label, Label::Other(_))), "{name}");
            // The walls stand on the floor, the mesh lies within the shell and fills it.
            let floor = room.floor_height();
            for wall in room.entities.iter().filter(|entity| entity.label == Label::Wall) {
                let [low, high] = wall.height_range().unwrap();
                assert!((low - floor).abs() < 0.06 && high - low > 2.5, "{name}: {low} {high}");
            }
            for boxed in room.entities.iter().filter(|entity| entity.label == Label::Table) {
                let [low, high] = boxed.height_range().unwrap();
                assert!(low > floor - 0.1 && high < floor + 1.0, "{name}: {low} {high}");
            }
            let scan = room.entities.iter().find(|entity| entity.mesh.is_some()).unwrap();
            let mesh = scan.mesh.as_ref().unwrap();
            let [low, high] = room.extent().unwrap();
            let inside = mesh.vertices.iter().filter(|vertex| {
                let point = scan.pose.transform_point(**vertex);
                (low[0] - 0.3..high[0] + 0.3).contains(&point.x)
                    && (low[1] - 0.3..high[1] + 0.3).contains(&point.z)
                    && (floor - 0.3..floor + 4.5).contains(&point.y)
            });
            let share = inside.count() as f64 / mesh.vertices.len() as f64;
            assert!(share > 0.9, "{name}: {share} of {} vertices", mesh.vertices.len());
        }
    }

    const POSE: &str = r#""locatable_META": {"position": {"x": 1, "y": 2, "z": 3},
        "orientation": {"x": 0, "y": 0, "z": 0, "w": 1}}"#;

    fn parse_entity(rest: &str) -> Result<Room, String> {
        let text = format!(
            r#"{{"spatialEntities": [{{"uuid": "a", "semanticLabel_META": "TABLE", {POSE}{rest}}}]}}"#
        );
        parse(Path::new("room.json"), &text).map_err(|error| error.to_string())
    }

    fn encode(bytes: &[u8]) -> String {
        const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let mut text = String::new();
        for chunk in bytes.chunks(3) {
            let mut padded = [0; 4];
            padded[1..=chunk.len()].copy_from_slice(chunk);
            let bits = u32::from_be_bytes(padded);
            for place in 0..=chunk.len() {
                text.push(char::from(DIGITS[(bits >> (18 - 6 * place) & 63) as usize]));
            }
        }
        text
    }

    fn mesh(vertices: &[f32], indices: &[u32]) -> Result<Room, String> {
        let vertices: Vec<u8> = vertices.iter().flat_map(|v| v.to_le_bytes()).collect();
        let indices: Vec<u8> = indices.iter().flat_map(|v| v.to_le_bytes()).collect();
        let (vertices, indices) = (encode(&vertices), encode(&indices));
        parse_entity(&format!(
            r#", "triangleMesh_META": {{"vertices": "{vertices}", "indices": "{indices}"}}"#
        ))
    }

    #[test]
    fn bounds_and_meshes_are_read() {
        let room = parse_entity(
            r#", "bounded2D_META": {"offset": {"x": -1, "y": -2}, "extent": {"width": 2, "height": 4}}"#,
        );
        assert_eq!(
            room.unwrap().entities[0].plane,
            Some(Plane { low: [-1.0, -2.0], size: [2.0, 4.0] })
        );
        let room = mesh(&[0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.5], &[0, 1, 2]).unwrap();
        let mesh = room.entities[0].mesh.as_ref().unwrap();
        assert_eq!(mesh.vertices[2], Vec3::new(0.0, 0.0, 1.5));
        assert_eq!(mesh.triangles, [[0, 1, 2]]);
    }

    #[test]
    fn bad_meshes_are_refused_with_what_was_expected() {
        let line = mesh(&[0.0; 9], &[0, 1, 3]).unwrap_err();
        assert!(
            line.ends_with(
                "expected indices below the 3 vertices at spatialEntities[0].triangleMesh_META, \
                 found 3 at indices[2]"
            ),
            "{line}"
        );
        assert!(mesh(&[0.0; 9], &[0, 1]).unwrap_err().contains("8 bytes, not a multiple of 12"));
        assert!(mesh(&[0.0; 8], &[]).unwrap_err().contains("Base64 of f32 triples"));
        for bad in [f32::NAN, f32::INFINITY, 1e30] {
            let line = mesh(&[0.0, bad, 0.0], &[]).unwrap_err();
            assert!(line.contains("expected vertices within 10000 m"), "{line}");
        }
        let line = parse_entity(r#", "triangleMesh_META": {"vertices": "AA*A", "indices": ""}"#);
        let line = line.unwrap_err();
        assert!(line.contains("expected Base64 of f32 triples at spatialEntities[0]"), "{line}");
        assert!(line.ends_with("found '*' at character 2"), "{line}");
    }

    #[test]
    fn bad_rooms_are_refused_with_what_was_expected() {
        let error = |text: &str| parse(Path::new("room.json"), text).unwrap_err().to_string();
        assert_eq!(
            error(r#"{"spatialEntities": []}"#),
            "room.json: expected at least one entity in spatialEntities, found none"
        );
        assert!(error(r#"{"camera": {}}"#).contains("(give it to --motion)"));
        assert!(error("{}").contains("expected the field \"spatialEntities\""));
        let twice = format!(
            r#"{{"spatialEntities": [{{"uuid": "a", "semanticLabel_META": "LAMP", {POSE}}},
            {{"uuid": "a", "semanticLabel_META": "LAMP", {POSE}}}]}}"#
        );
        let line = error(&twice);
        assert!(line.starts_with("room.json:4:"), "{line}");
        assert!(
            line.ends_with("expected each uuid once at spatialEntities[1], found \"a\" again"),
            "{line}"
        );
        let line = error(&twice.replacen("\"x\": 1", "\"x\": \"abc\"", 1));
        assert!(
            line.ends_with(
                "expected a number at spatialEntities[0].locatable_META.position.x, found \"abc\""
            ),
            "{line}"
        );
        let line = error(&twice.replacen("\"w\": 1", "\"w\": 0", 1));
        assert!(line.contains("expected a unit quaternion at spatialEntities[0]"), "{line}");
    }

    #[test]
    fn a_capture_cut_anywhere_is_an_error() {
        let Some(path) = capture("quest-rooms/office_small.json") else { return };
        let text = std::fs::read_to_string(path).unwrap();
        let end = text.trim_end().len();
        for cut in (1..end).step_by(end / 200) {
            let line = parse(Path::new("cut.json"), &text[..cut]).unwrap_err().to_string();
            assert!(line.starts_with("cut.json:") && line.contains(" expected "), "{cut}: {line}");
        }
    }
}
