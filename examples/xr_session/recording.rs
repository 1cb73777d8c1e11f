//! A session's file: one line of JSON with the room that it was played in, then the mesh's own
//! recording. The room is in it because the agents' factories need it, so a file replays by itself.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;

use serde_json::{Value, json};
use xrmesh::{Pose, Quat, Vec3};

use crate::room::{Entity, Label, Plane, Room, Volume};

/// The version of the first line.
const VERSION: u64 = 1;
/// The longest first line that is read.
const MAX_LINE_BYTES: u64 = 64 << 20;

/// Creates a session's file and writes its first line. The scan's triangles stay out: no agent
/// needs them.
///
/// # Errors
/// One line that names the file.
pub(crate) fn create(path: &Path, room: &Room, title: &str) -> Result<File, String> {
    let failed = |error: std::io::Error| {
        format!("{}: expected a writable file, found {error}", path.display())
    };
    let mut file = File::create(path).map_err(failed)?;
    let entities: Vec<Value> = room.entities.iter().map(to_json).collect();
    let line = json!({ "xr_session": VERSION, "title": title, "entities": entities });
    writeln!(file, "{line}").map_err(failed)?;
    Ok(file)
}

/// Opens a session's file: its room, its title, and the mesh's recording behind them.
///
/// # Errors
/// One line that names the file and what was expected.
pub(crate) fn open(path: &Path) -> Result<(Room, String, impl Read + use<>), String> {
    let wrong = |found: String| {
        format!("{}: expected a session recorded by xr_session, found {found}", path.display())
    };
    let file = File::open(path).map_err(|error| wrong(error.to_string()))?;
    let mut reader = BufReader::new(file);
    let mut line = Vec::new();
    let mut bounded = reader.by_ref().take(MAX_LINE_BYTES);
    bounded.read_until(b'\n', &mut line).map_err(|error| wrong(error.to_string()))?;
    let header: Value = serde_json::from_slice(&line)
        .map_err(|error| wrong(format!("a first line that is no JSON ({error})")))?;
    match header["xr_session"].as_u64() {
        Some(VERSION) => {}
        Some(version) => return Err(wrong(format!("version {version} instead of {VERSION}"))),
        None => return Err(wrong("another file".to_owned())),
    }
    let entities = header["entities"].as_array().map_or(&[][..], |entities| entities);
    let entities: Option<Vec<Entity>> = entities.iter().map(from_json).collect();
    let entities = entities.ok_or_else(|| wrong("an entity that is none".to_owned()))?;
    let title = header["title"].as_str().unwrap_or("A session").to_owned();
    Ok((Room { entities }, title, reader))
}

fn to_json(entity: &Entity) -> Value {
    let (place, turn) = (entity.pose.position(), entity.pose.orientation());
    json!({
        "uuid": entity.uuid,
        "label": entity.label.name(),
        "position": place.to_array(),
        "orientation": [turn.x, turn.y, turn.z, turn.w],
        "plane": entity.plane.map(|plane| [plane.low, plane.size]),
        "volume": entity.volume.map(|volume| [volume.low.to_array(), volume.size.to_array()]),
    })
}

fn from_json(value: &Value) -> Option<Entity> {
    let orientation: [f32; 4] = numbers(&value["orientation"])?;
    let [x, y, z, w] = orientation;
    let position = Vec3::from_array(numbers(&value["position"])?);
    let pair = |value: &Value| Some((value.get(0)?.clone(), value.get(1)?.clone()));
    let plane = match pair(&value["plane"]) {
        Some((low, size)) => Some(Plane { low: numbers(&low)?, size: numbers(&size)? }),
        None => None,
    };
    let volume = match pair(&value["volume"]) {
        Some((low, size)) => {
            let [low, size] = [numbers(&low)?, numbers(&size)?].map(Vec3::from_array);
            Some(Volume { low, size })
        }
        None => None,
    };
    Some(Entity {
        uuid: value["uuid"].as_str()?.to_owned(),
        label: Label::from_name(value["label"].as_str()?),
        // Parsing changes no bit of a pose that was parsed before.
        pose: Pose::new(position, Quat::new(x, y, z, w)).ok()?,
        plane,
        volume,
        mesh: None,
    })
}

/// N finite numbers. What was an `f32` is one again, bit for bit.
fn numbers<const N: usize>(value: &Value) -> Option<[f32; N]> {
    let mut numbers = [0.0; N];
    let list = value.as_array().filter(|list| list.len() == N)?;
    for (number, value) in numbers.iter_mut().zip(list) {
        *number = value.as_f64()? as f32;
        if !number.is_finite() {
            return None;
        }
    }
    Some(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::{load_room, tests::capture};
    use crate::generate;

    fn without_meshes(room: &Room) -> Room {
        let mut room = room.clone();
        room.entities.iter_mut().for_each(|entity| entity.mesh = None);
        room
    }

    fn there_and_back(name: &str, room: &Room) {
        let file = format!("xr_session-{}-{name}.session", std::process::id());
        let path = std::env::temp_dir().join(file);
        create(&path, room, name).unwrap().write_all(b"the rest\n").unwrap();
        let (read, title, mut rest) = open(&path).unwrap();
        let mut text = String::new();
        rest.read_to_string(&mut text).unwrap();
        std::fs::remove_file(&path).unwrap();
        assert_eq!((title.as_str(), text.as_str()), (name, "the rest\n"));
        assert_eq!(read, without_meshes(room));
    }

    #[test]
    fn rooms_come_back_bit_for_bit() {
        there_and_back("generated", &generate::room(3));
        for name in ["office_small", "meeting_room", "living_room"] {
            let Some(path) = capture(&format!("quest-rooms/{name}.json")) else { return };
            there_and_back(name, &load_room(&path).unwrap());
        }
    }

    #[test]
    fn other_files_are_refused_in_one_line() {
        let path = std::env::temp_dir().join(format!("xr_session-{}-other", std::process::id()));
        let cases = [
            ("", "no JSON"),
            ("{}", "another file"),
            ("[1]", "another file"),
            ("{\"xr_session\":2}", "version 2 instead of 1"),
            ("{\"xr_session\":1,\"entities\":[{}]}", "an entity that is none"),
        ];
        for (text, expected) in cases {
            std::fs::write(&path, text).unwrap();
            let line = open(&path).err().unwrap();
            assert!(line.contains(expected) && !line.contains('\n'), "{line}");
        }
        std::fs::remove_file(&path).unwrap();
        assert!(open(&path).is_err());
    }
}
