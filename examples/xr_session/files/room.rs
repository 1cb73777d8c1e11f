//! A room scan of a Meta Quest as JSON: the library reads it, and the session gives it its words.

use std::path::Path;

use xrmesh::memory::map::{RoomScan, ScanEntity, ScanLimits};

use super::error::FileError;
use crate::room::{Entity, Label, Room};

/// Reads the scan in `text`; `path` only names it in errors.
pub(super) fn parse(path: &Path, text: &str) -> Result<Room, FileError> {
    let scan = RoomScan::read(text.as_bytes(), &ScanLimits::default()).map_err(|error| {
        // A recording under the wrong flag deserves better than a missing key.
        if text.contains("\"camera\"") && !text.contains("\"spatialEntities\"") {
            FileError::whole(path, "a room scan", "a headset recording (give it to --motion)")
        } else {
            FileError::of_map(path, &error)
        }
    })?;
    Ok(Room { entities: scan.entities.into_iter().map(Entity::from).collect() })
}

impl From<ScanEntity> for Entity {
    fn from(entity: ScanEntity) -> Self {
        let ScanEntity { uuid, label, pose, plane, volume, mesh } = entity;
        Self { uuid: uuid.into(), label: Label::from_name(&label), pose, plane, volume, mesh }
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

    #[test]
    fn bad_rooms_are_refused_in_one_line() {
        let error = |text: &str| parse(Path::new("room.json"), text).unwrap_err().to_string();
        assert_eq!(
            error(r#"{"spatialEntities": []}"#),
            "room.json:1:23: spatialEntities: expected at least one entity, found none"
        );
        assert!(error(r#"{"camera": {}}"#).contains("(give it to --motion)"));
        assert!(error("{}").contains("key \"spatialEntities\" is missing"));
        let uuid = "{\"spatialEntities\": [\n {\"uuid\": 7}]}";
        assert_eq!(
            error(uuid),
            "room.json:2:12: spatialEntities[0].uuid: expected a text, found 7"
        );
    }

    #[test]
    fn a_capture_cut_anywhere_is_an_error() {
        let Some(path) = capture("quest-rooms/office_small.json") else { return };
        let text = std::fs::read_to_string(path).unwrap();
        let end = text.trim_end().len();
        for cut in (1..end).step_by(end / 200) {
            let line = parse(Path::new("cut.json"), &text[..cut]).unwrap_err().to_string();
            // A number that is cut off before its exponent may be a wrong one instead.
            let told = line.contains(" ends before ") || line.contains(" is out of range");
            assert!(line.starts_with("cut.json:") && told, "{cut}: {line}");
        }
    }
}
