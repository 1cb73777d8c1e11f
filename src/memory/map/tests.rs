//! Maps out and in: lossless, and every fault with its place.

use core::num::NonZeroU32;

use proptest::collection::vec;
use proptest::prelude::*;

use super::super::area::{Area, AreaId};
use super::super::class::ClassId;
use super::super::frame::{Frame, FrameId};
use super::super::object::{Attributes, Object, ObjectId};
use super::{Map, MapError, MapErrorKind, MapLimits, MapObject, RoomScan, ScanLimits};
use crate::space::{Pose, Quat, UpAxis, Vec3};
use crate::time::Time;

fn read(text: &[u8]) -> Result<Map, MapError> {
    Map::read(text, &MapLimits::default(), Time::from_nanos(77))
}

fn written(map: &Map) -> String {
    let mut text = Vec::new();
    let report = map.write(&mut text, Time::from_nanos(1_500_000_000)).unwrap();
    assert_eq!(report.bytes, text.len() as u64);
    assert_eq!(
        (report.objects, report.regions),
        (map.objects.len() as u64, map.areas.len() as u64)
    );
    String::from_utf8(text).unwrap()
}

fn point(most: f32) -> impl Strategy<Value = Vec3> {
    let part = move || prop_oneof![4 => -most..most, 1 => Just(0.0), 1 => Just(1e-30)];
    (part(), part(), part()).prop_map(|(x, y, z)| Vec3::new(x, y, z))
}

fn pose() -> impl Strategy<Value = Pose> {
    let part = || -1.0f32..1.0;
    (point(500.0), (part(), part(), part(), part())).prop_map(|(position, (x, y, z, w))| {
        Pose::new(position, Quat::new(x, y, z, w)).unwrap_or_default()
    })
}

fn attributes() -> impl Strategy<Value = Attributes> {
    let json =
        ["{}", "null", "[]", "[1,2]", "{ \"a\" : [1, {}] }", "\"ü\\n\"", "no json", "", " 1"];
    prop_oneof![
        Just(Attributes::None),
        vec(any::<u8>(), 0..9).prop_map(|bytes| Attributes::Bytes(bytes.into())),
        vec(-1e9f32..1e9, 0..9).prop_map(|features| Attributes::Features(features.into())),
        prop::sample::select(json.to_vec()).prop_map(|text| Attributes::Json(text.into())),
    ]
}

fn name() -> impl Strategy<Value = Option<Box<str>>> {
    // Also names that several have, that read as an id, and that need escapes.
    let names = ["a", "b", "chair \"1\"\n", "0v1", "1v2", "", "日本"];
    prop::option::of(prop::sample::select(names.to_vec()).prop_map(Into::into))
}

prop_compose! {
    fn object(frames: u32)(
        pose in pose(),
        half_extents in point(5.0),
        velocity in prop::option::of(point(9.0)),
        shares in (0.0f32..=1.0, 0.0f32..=1.0),
        seen in (any::<i64>(), any::<i64>()),
        class in 0_u16..3,
        generation in 1_u32..4,
        frame in 0..=frames,
        attributes in attributes(),
        name in name(),
    ) -> (MapObject, u32) {
        let half_extents = Vec3::from_array(half_extents.to_array().map(f32::abs));
        let object = Object {
            id: ObjectId::new(0, NonZeroU32::MIN),
            class: ClassId::new(class),
            pose,
            half_extents,
            velocity,
            confidence: shares.0,
            persistence: shares.1,
            first_seen: Time::from_nanos(seen.0),
            last_seen: Time::from_nanos(seen.1),
            frame: FrameId::new(frame),
            attributes,
        };
        (MapObject { object, name }, generation)
    }
}

prop_compose! {
    fn map()(
        frames in vec((pose(), 0_u32..9, "[a-z]{0,3}"), 3),
        objects in vec(object(3), 0..12),
        areas in vec((vec(point(50.0), 3..6), 0_u8..3, "[a-z]{0,3}"), 0..3),
    ) -> Map {
        let frames = frames.into_iter().zip(1..);
        let frames = frames.map(|((pose, parent, name), id)| Frame {
            id: FrameId::new(id),
            name: name.into(),
            parent: FrameId::new(parent % id),
            pose,
        });
        let objects = objects.into_iter().zip(0..).map(|((mut object, generation), slot)| {
            let generation = NonZeroU32::new(generation).unwrap();
            object.object.id = ObjectId::new(slot * 3 % 37, generation);
            object
        });
        let areas = areas.into_iter().zip(4..).map(|((boundary, up, name), id)| Area {
            id: AreaId::new(id),
            name: name.into(),
            kind: "zone".into(),
            boundary: boundary.into(),
            up: [UpAxis::X, UpAxis::Y, UpAxis::Z][usize::from(up)],
            properties: "{\"floor\": 2}".into(),
        });
        Map {
            labels: ["chair", "table", "lamp"].map(Into::into).into(),
            frames: frames.collect(),
            objects: objects.collect(),
            areas: areas.collect(),
            vacant: vec![ObjectId::new(40, NonZeroU32::MIN)],
            aliases: vec![(ObjectId::new(9, NonZeroU32::MIN), ObjectId::new(0, NonZeroU32::MAX))],
            next: Some((FrameId::new(7), AreaId::new(9))),
            keeps_ids: true,
        }
    }
}

proptest! {
    #[test]
    fn a_map_that_was_written_reads_back_bit_for_bit(map in map()) {
        let text = written(&map);
        let again = read(text.as_bytes()).unwrap();
        prop_assert_eq!(&again, &map);
        // Also where floats compare equal and differ in bits.
        prop_assert_eq!(written(&again), text);
    }

    #[test]
    fn damage_is_an_error_or_another_map_and_never_a_panic(
        map in map(),
        at in 0.0f64..1.0,
        byte in prop::sample::select(&b"\"{}[]:,0-e\xff\\a"[..]),
    ) {
        let mut text = written(&map).into_bytes();
        let place = (text.len() as f64 * at) as usize;
        text[place] = byte;
        if let Err(error) = read(&text) {
            prop_assert!(error.place.offset <= text.len() as u64);
            prop_assert!(!error.to_string().contains('\n'));
        }
    }
}

const FOREIGN: &str = r#"{
  "metadata": { "export_timestamp": "2026-11-22T10:00:00Z", "memory_capacity": 2000000000,
                "total_objects": 2, "total_regions": 1, "exporter": { "name": ["other"] } },
  "objects": {
    "chair-1": {
      "position": { "x": 1, "y": 2, "z": 3, "rotation_x": 0, "rotation_y": 90, "rotation_z": 0 },
      "bounding_box": { "min": { "x": 0, "y": -1, "z": -2 }, "max": [2, 1, 2] },
      "object_class": "chair", "confidence": 0.5, "persistence_score": 1,
      "semantic_features": [0.5, 1]
    },
    "0v1": { "object_class": "lamp", "position": { "x": 0, "y": 0, "z": 0 },
             "semantic_features": { "colour": "red" } }
  },
  "regions": { "kitchen": {
    "boundary_points": [[0, 0, 0], [5, 0, 0], { "x": 5, "y": 3, "z": 5 }],
    "region_type": "room", "properties": { "floor": 1 }, "contained_objects": ["chair-1"] } }
}"#;

#[test]
fn the_map_of_another_program_is_taken_by_its_documented_fields() {
    let map = read(FOREIGN.as_bytes()).unwrap();
    assert!(!map.keeps_ids());
    assert_eq!(map.labels(), [Box::from("chair"), Box::from("lamp")]);
    let [chair, lamp] = map.objects() else { panic!("two objects") };
    assert_eq!((chair.name.as_deref(), lamp.name.as_deref()), (Some("chair-1"), Some("0v1")));
    let object = &chair.object;
    // The box's middle lies a metre along the chair's own X, which its yaw turns to the world's −Z.
    assert!((object.pose.position() - Vec3::new(1.0, 2.0, 2.0)).length() < 1e-6);
    assert_eq!(object.half_extents, Vec3::new(1.0, 1.0, 2.0));
    assert_eq!(object.attributes, Attributes::Features([0.5, 1.0].into()));
    assert_eq!((object.confidence, object.last_seen), (0.5, Time::from_nanos(77)));
    assert_eq!(lamp.object.half_extents, Vec3::ZERO);
    assert_eq!(lamp.object.attributes, Attributes::Json("{ \"colour\": \"red\" }".into()));
    let [kitchen] = map.areas() else { panic!("a region") };
    assert_eq!((&*kitchen.name, &*kitchen.kind), ("kitchen", "room"));
    assert_eq!(kitchen.boundary.len(), 3);

    // Written and read again it is the same, now with ids.
    let text = written(&map);
    let again = read(text.as_bytes()).unwrap();
    assert_eq!((again.objects(), again.areas()), (map.objects(), map.areas()));
    assert!(again.keeps_ids() && text.contains("\"chair-1\":{\"position\""), "{text}");
    // A name that reads as an id is no key: it could be another's.
    assert!(text.contains("\"1v1\":{") && text.contains("\"name\":\"0v1\""), "{text}");
    assert!(text.contains("\"contained_objects\":[\"1v1\"]"), "{text}");
}

#[test]
fn features_that_are_no_numbers_come_back_too() {
    let mut map = read(FOREIGN.as_bytes()).unwrap();
    let given = [f32::NAN, f32::INFINITY, -0.0];
    map.objects[0].object.attributes = Attributes::Features(given.into());
    let again = read(written(&map).as_bytes()).unwrap();
    let Attributes::Features(features) = &again.objects[0].object.attributes else {
        panic!("features")
    };
    assert_eq!(features.iter().map(|x| x.to_bits()).collect::<Vec<_>>(), given.map(f32::to_bits));
}

#[test]
fn an_edit_of_what_is_documented_is_refused_and_not_ignored() {
    let text = written(&read(FOREIGN.as_bytes()).unwrap());
    // The chair is moved in an editor that knows nothing of quaternions: that is taken.
    let moved = text.replacen("{\"x\":1.0,\"y\":2.0", "{\"x\":1.5,\"y\":2.0", 1);
    assert_eq!(read(moved.as_bytes()).unwrap().objects[0].object.pose.position().x, 1.5);
    for (from, to, what) in [
        ("\"rotation_y\":90.0", "\"rotation_y\":80.0", "position"),
        ("\"max\":{\"x\":1.0", "\"max\":{\"x\":2.0", "bounding_box"),
    ] {
        let edited = text.replacen(from, to, 1);
        assert_ne!(edited, text);
        let error = read(edited.as_bytes()).unwrap_err();
        assert_eq!(error.kind, MapErrorKind::Contradiction { what });
        assert_eq!(&*error.path, "objects[\"chair-1\"]");
    }
}

/// What reading `from` replaced by `to` in [`FOREIGN`] says.
fn fault(from: &str, to: &str) -> String {
    assert!(FOREIGN.contains(from), "{from}");
    read(FOREIGN.replacen(from, to, 1).as_bytes()).unwrap_err().to_string()
}

#[test]
fn every_fault_has_its_place_its_path_and_both_sides() {
    assert_eq!(
        fault("\"x\": 1, \"y\": 2,", "\"x\": \"far\", \"y\": 2,"),
        "line 6, column 30 (byte 248): at objects[\"chair-1\"].position.x: \
         expected a number, found string \"far\""
    );
    let chair = "at objects[\"chair-1\"]";
    for (from, to, part) in [
        ("\"y\": 2,", "\"y\": null,", "expected a number, found null"),
        ("\"y\": 2,", "\"y\": NaN,", "not JSON: expected value"),
        ("\"y\": 2,", "\"y\": 1e999,", "not JSON: number out of range"),
        ("\"y\": 2,", "\"y\": 2, \"w\": 1,", "position: unknown key \"w\""),
        ("\"y\": 2,", "\"y\": 2, \"x\": 1,", "position: key \"x\" stands twice"),
        ("\"y\": 2,", "", "position: key \"y\" is missing"),
        ("[2, 1, 2]", "[2, -1.5, 2]", "bounding_box: the box is inverted in y: from -1 to -1.5"),
        ("[2, 1, 2]", "[2, 1]", "bounding_box.max: expected 3 numbers, found 2"),
        ("[2, 1, 2]", "[2, 1, 2, 3]", "bounding_box.max: expected 3 numbers, found more than 3"),
        ("[2, 1, 2]", "7", "bounding_box.max: expected 3 numbers, found 7"),
        ("\"chair\",", "[],", "object_class: expected a text, found an array"),
        (
            "\"confidence\": 0.5",
            "\"confidence\": 1.5",
            "confidence: 1.5 is out of range, expected 0 to 1",
        ),
        ("\"confidence\": 0.5", "\"certainty\": 0.5", "unknown key \"certainty\""),
        ("\"object_class\": \"chair\",", "", "key \"object_class\" is missing"),
        ("\"0v1\"", "\"chair-1\"", "key \"chair-1\" stands twice"),
        ("[0.5, 1]", "[0.5, 1", "not JSON: expected `,` or `]`"),
    ] {
        let line = fault(from, to);
        assert!(line.contains(chair) && line.contains(part), "{from} {to}: {line}");
        assert!(line.starts_with("line ") && !line.contains('\n'), "{line}");
    }
    for (from, to, part) in [
        ("\"metadata\"", "\"meta\"", "unknown key \"meta\""),
        ("\"regions\"", "\"objects\"", "key \"objects\" stands twice"),
        ("\"total_objects\": 2", "\"total_objects\": 3", "total_objects says 3, the map holds 2"),
        (
            "\"total_regions\": 1",
            "\"total_regions\": 1.5",
            "at metadata.total_regions: expected a whole number",
        ),
        (
            "\"total_objects\": 2",
            "\"total_objects\": 2147483648",
            "at metadata.total_objects: 2147483648 is out of range, expected 0 to 268435456",
        ),
        ("[0, 0, 0], ", "", "at regions[\"kitchen\"]: expected 3 or more points, found 2 points"),
        (
            "[0, 0, 0], ",
            "[0, null, 0], ",
            "at regions[\"kitchen\"].boundary_points[0][1]: expected a number, found null",
        ),
        (
            "{ \"floor\": 1 }",
            "[1]",
            "at regions[\"kitchen\"].properties: expected an object, found [1]",
        ),
        (
            "[\"chair-1\"]",
            "[\"chair-1\", 2]",
            "at regions[\"kitchen\"].contained_objects[1]: expected a text, found 2",
        ),
    ] {
        let line = fault(from, to);
        assert!(line.contains(part), "{from} {to}: {line}");
    }
    for (text, part) in [
        ("", "(byte 0): the text ends before a value"),
        ("3", "expected an object, found 3"),
        ("{} x", "not JSON: trailing characters"),
        ("{\"xrmesh\": {}}", "at xrmesh: key \"version\" is missing"),
        ("{\"xrmesh\": {\"version\": 2}}", "version 2, this library reads version 1"),
        ("{\"objects\": {}, \"xrmesh\": {\"version\": 1}}", "\"xrmesh\" comes too late"),
        (
            "{\"xrmesh\": {\"version\": 1, \"classes\": [\"a\", \"a\"]}}",
            "at xrmesh.classes[1]: class \"a\" has been given before",
        ),
        (
            "{\"xrmesh\": {\"version\": 1, \"frames\": {\"1\": {\"parent\": 2}}}}",
            "at xrmesh.frames[\"1\"]: \"2\" is not a frame listed before",
        ),
        (
            "{\"xrmesh\": {\"version\": 1, \"frames\": {\"0\": {}}}}",
            "\"0\" is not the number of a frame",
        ),
        (
            "{\"xrmesh\": {\"version\": 1, \"frames\": {\"1\": {\"orientation\": [0,0,0,0]}}}}",
            "the quaternion has length zero",
        ),
    ] {
        let line = read(text.as_bytes()).unwrap_err().to_string();
        assert!(line.contains(part), "{text}: {line}");
    }
}

#[test]
fn ids_are_all_there_and_each_once() {
    let text = written(&read(FOREIGN.as_bytes()).unwrap());
    let fault = |from: &str, to: &str| {
        assert!(text.contains(from), "{from} in {text}");
        read(text.replacen(from, to, 1).as_bytes()).unwrap_err().to_string()
    };
    assert!(fault("\"id\":\"1v1\"", "\"id\":\"0v2\"").contains("slot 0 has been given before"));
    for wrong in ["1v0", "v1", "1v1 ", "01v1", "+1v1", "4294967296v1"] {
        let line = fault("\"id\":\"1v1\"", &format!("\"id\":\"{wrong}\""));
        assert!(line.contains("].xrmesh.id: ") && line.contains("is not an object's id"), "{line}");
    }
    let from = text.find(",\"xrmesh\":{\"id\":\"1v1\"").unwrap();
    let to = from + text[from..].find('}').unwrap() + 1;
    let some = [&text[..from], &text[to..]].concat();
    assert_eq!(read(some.as_bytes()).unwrap_err().kind, MapErrorKind::MixedIds);
    let line = fault("\"orientation\"", "\"frame\":9,\"position\":[0,0,0],\"orientation\"");
    assert!(line.contains("\"9\" is not a frame of this map"), "{line}");
}

#[test]
fn a_map_cut_anywhere_is_an_error_where_it_ends() {
    for cut in 0..FOREIGN.len() {
        let error = read(&FOREIGN.as_bytes()[..cut]).unwrap_err();
        assert_eq!(error.place.offset, cut as u64, "{error}");
        let truncated = matches!(error.kind, MapErrorKind::Truncated { .. });
        assert!(truncated, "{cut}: {error}");
    }
}

#[test]
fn what_is_not_text_is_named_with_its_byte() {
    // In a value, in a key, in what is skipped and in what is kept as text.
    for part in ["chair-1", "export", "other", "colour", "room"] {
        let at = FOREIGN.find(part).unwrap();
        let mut bytes = FOREIGN.as_bytes().to_vec();
        bytes[at] = 0xe9;
        let error = read(&bytes).unwrap_err();
        assert_eq!(error.kind, MapErrorKind::NotUtf8 { byte: 0xe9 }, "{error}");
        assert_eq!(error.place.offset, at as u64, "{error}");
    }
}

#[test]
fn limits_hold_before_memory_is_taken() {
    let limits = MapLimits { max_record_bytes: 4_096, max_bytes: 1 << 20, ..MapLimits::default() };
    let read = |text: String| Map::read(text.as_bytes(), &limits, Time::ZERO).unwrap_err();
    let deep = format!("{{\"objects\":{{\"a\":{{\"semantic_features\":{}", "[".repeat(9_000));
    assert_eq!(read(deep).kind, MapErrorKind::TooLong { what: "a record", limit: 4_096 });
    let deep = format!(
        "{{\"objects\":{{\"a\":{{\"semantic_features\":{}1{}}}}}}}",
        "[".repeat(65),
        "]".repeat(65)
    );
    let error = read(deep);
    assert_eq!(error.kind, MapErrorKind::TooDeep { limit: 64 });
    assert_eq!(&*error.path, "objects[\"a\"].semantic_features");
    let skipped = format!("{{\"metadata\":{{\"a\":{}", "[".repeat(9_000));
    assert_eq!(read(skipped).kind, MapErrorKind::TooLong { what: "a record", limit: 4_096 });
    for text in ["{\"", "{\"objects\":{\"", "{\"objects\":{\"a\":{\"object_class\":\""] {
        let error = read(format!("{text}{}", "x".repeat(9_000)));
        assert_eq!(error.kind, MapErrorKind::TooLong { what: "a record", limit: 4_096 });
    }
    let blank = read(" ".repeat(2 << 20));
    assert!(matches!(blank.kind, MapErrorKind::TooLong { .. }), "{blank}");

    let few = MapLimits {
        max_objects: 1,
        max_classes: 1,
        max_areas: 0,
        max_name_bytes: 7,
        max_attribute_bytes: 9,
        ..MapLimits::default()
    };
    let read = |text: &str, limits: &MapLimits| {
        Map::read(text.as_bytes(), limits, Time::ZERO).unwrap_err().to_string()
    };
    let text = FOREIGN.replacen("\"total_objects\": 2", "\"total_objects\": 1", 1);
    let text = text.replacen("\"total_regions\": 1", "\"total_regions\": 0", 1);
    for (limits, part) in [
        (few.clone(), "at objects[\"0v1\"]: more than 1 objects"),
        (
            MapLimits { max_objects: 2, ..few.clone() },
            "semantic_features: the value is longer than 9 bytes",
        ),
        (
            MapLimits { max_objects: 2, max_attribute_bytes: 99, ..few.clone() },
            "more than 1 classes",
        ),
        (
            MapLimits { max_objects: 2, max_attribute_bytes: 99, max_classes: 2, ..few.clone() },
            "more than 0 regions",
        ),
        (MapLimits { max_name_bytes: 6, ..few }, "at objects: a key is longer than 6 bytes"),
    ] {
        let line = read(&text, &limits);
        assert!(line.contains(part), "{line}");
    }
}

/// Gives spaces for ever.
struct Endless;

impl std::io::Read for Endless {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        into.fill(b' ');
        Ok(into.len())
    }
}

#[test]
fn a_reader_that_fails_or_never_ends_is_an_error() {
    let limits = MapLimits { max_bytes: 100_000, ..MapLimits::default() };
    let error = Map::read(Endless, &limits, Time::ZERO).unwrap_err();
    assert_eq!(error.kind, MapErrorKind::TooLong { what: "the text", limit: 100_000 });
    assert_eq!(error.place.offset, 100_000);
    struct Failing;
    impl std::io::Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("the disk is on fire"))
        }
    }
    let error = Map::read(std::io::Read::chain(&b"{\"objects\""[..], Failing), &limits, Time::ZERO);
    let error = error.unwrap_err();
    assert!(error.to_string().ends_with("could not be read: the disk is on fire"), "{error}");
    assert_eq!(error.place.offset, 10);
}

const SCAN: &str = r#"{ "type": "room", "spatialEntities": [
  { "uuid": "f", "semanticLabel_META": "FLOOR",
    "locatable_META": { "position": { "x": 0, "y": 0.5, "z": 0 }, "orientation": { "x": 0, "y": 0, "z": 0, "w": 1 } },
    "bounded2D_META": { "offset": { "x": -1, "y": -2 }, "extent": { "width": 2, "height": 5 } } },
  { "uuid": "c", "semanticLabel_META": "CEILING",
    "locatable_META": { "position": { "x": 0, "y": 3, "z": 0 }, "orientation": { "x": 1, "y": 0, "z": 0, "w": 0 } },
    "bounded2D_META": { "offset": { "x": -1, "y": -2 }, "extent": { "width": 2, "height": 5 } } },
  { "uuid": "t", "semanticLabel_META": "TABLE",
    "locatable_META": { "position": { "x": 0, "y": 1, "z": 0 }, "orientation": { "x": 0, "y": 0, "z": 0, "w": 2 } },
    "bounded3D_META": { "offset": { "x": 0, "y": -1, "z": 0 }, "extent": { "width": 1, "height": 1, "depth": 2 } } },
  { "uuid": "m", "semanticLabel_META": "GLOBAL_MESH",
    "locatable_META": { "position": { "x": 0, "y": 0, "z": 0 }, "orientation": { "x": 0, "y": 0, "z": 0, "w": 1 } },
    "triangleMesh_META": { "vertices": "AAAAAAAAAAAAAAAAAACAPwAAAAAAAAAAAAAAAAAAAAAAAMA/", "indices": "AAAAAAEAAAACAAAA" } }
] }"#;

fn scan(text: &str) -> Result<RoomScan, MapError> {
    RoomScan::read(text.as_bytes(), &ScanLimits::default())
}

#[test]
fn a_room_becomes_objects_and_an_area() {
    let room = scan(SCAN).unwrap();
    let mesh = room.entities[3].mesh.as_ref().unwrap();
    assert_eq!((mesh.vertices[2], mesh.triangles[0]), (Vec3::new(0.0, 0.0, 1.5), [0, 1, 2]));
    let map = room.into_map(Time::from_nanos(5));
    assert_eq!(map.labels(), ["FLOOR", "CEILING", "TABLE", "GLOBAL_MESH"].map(Box::from));
    let placed: Vec<_> = map
        .objects()
        .iter()
        .map(|entry| {
            (entry.object.pose.position().to_array(), entry.object.half_extents.to_array())
        })
        .collect();
    assert_eq!(placed[0], ([0.0, 0.5, 0.5], [1.0, 0.0, 2.5]));
    assert_eq!(placed[2], ([0.5, 0.5, 1.0], [0.5, 0.5, 1.0]));
    assert_eq!(placed[3], ([0.5, 0.0, 0.75], [0.5, 0.0, 0.75]));
    let [area] = map.areas() else { panic!("one room") };
    assert_eq!((&*area.name, &*area.kind, area.boundary.len()), ("f", "room", 5));
    let heights = area.boundary.iter().map(|corner| corner.y);
    assert_eq!(
        (heights.clone().reduce(f32::min), heights.reduce(f32::max)),
        (Some(0.5), Some(3.0))
    );
    let text = written(&map);
    assert!(text.contains("\"contained_objects\":[\"f\",\"c\",\"t\"]"), "{text}");
}

#[test]
fn a_wrong_room_is_an_error_with_its_place() {
    let fault = |from: &str, to: &str| {
        assert!(SCAN.contains(from), "{from}");
        scan(&SCAN.replacen(from, to, 1)).unwrap_err().to_string()
    };
    for (from, to, part) in [
        (
            "\"uuid\": \"c\"",
            "\"uuid\": \"f\"",
            "at spatialEntities[1]: uuid \"f\" has been given before",
        ),
        ("\"uuid\": \"c\"", "\"uuid\": \"\"", "at spatialEntities[1].uuid: \"\" is not a name"),
        (
            "\"y\": 0.5",
            "\"y\": \"up\"",
            "at spatialEntities[0].locatable_META.position.y: expected a number, found string \"up\"",
        ),
        (
            "\"y\": 0.5",
            "\"y\": 1e7",
            "position.y: 10000000 is out of range, expected -10000 to 10000",
        ),
        (
            "\"w\": 1 ",
            "\"w\": 0 ",
            "at spatialEntities[0].locatable_META: the quaternion has length zero",
        ),
        (
            "\"width\": 2",
            "\"width\": -2",
            "at spatialEntities[0].bounded2D_META.extent.width: -2 is out of range",
        ),
        (
            "\"depth\": 2",
            "\"deep\": 2",
            "at spatialEntities[2].bounded3D_META.extent: unknown key \"deep\"",
        ),
        (
            "\"AAAAAAEAAAACAAAA\"",
            "\"AAAAAAEAAAADAAAA\"",
            "at spatialEntities[3].triangleMesh_META: index 3 at 2, but there are only 3 vertices",
        ),
        (
            "\"AAAAAAEAAAACAAAA\"",
            "\"AAAAAAEAAAACAA*A\"",
            "expected Base64 of u32 triples: Invalid symbol 42, offset 14",
        ),
        (
            "\"AAAAAAEAAAACAAAA\"",
            "\"AAAAAAEAAAA=\"",
            "expected Base64 of u32 triples: 8 bytes, not a multiple of 12",
        ),
        ("AAAAAMA/", "AAAAAMB/", "vertices: NaN is out of range"),
        (
            "\"semanticLabel_META\": \"TABLE\",",
            "",
            "at spatialEntities[2]: key \"semanticLabel_META\" is missing",
        ),
        ("\"spatialEntities\"", "\"entities\"", "key \"spatialEntities\" is missing"),
    ] {
        let line = fault(from, to);
        assert!(line.contains(part), "{from} {to}: {line}");
    }
    let none = scan("{\"spatialEntities\": []}").unwrap_err().to_string();
    assert!(
        none.contains("at spatialEntities: expected at least one entity, found none"),
        "{none}"
    );
    for cut in 0..SCAN.len() {
        let error = scan(&SCAN[..cut]).unwrap_err();
        assert_eq!(error.place.offset, cut as u64, "{error}");
    }
}
