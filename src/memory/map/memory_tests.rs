//! Memories out and in.

use proptest::prelude::*;

use super::super::config::MemoryConfig;
use super::super::frame::FrameId;
use super::super::new_object::NewObject;
use super::super::object::Attributes;
use super::super::spatial_memory::SpatialMemory;
use super::super::write_error::WriteError;
use super::{ImportError, Map, MapErrorKind};
use crate::space::{Pose, Quat, UpAxis, Vec3};
use crate::state_hasher::StateHasher;
use crate::time::Time;

fn hash(memory: &SpatialMemory) -> u64 {
    let mut hasher = StateHasher::new();
    memory.hash_state(&mut hasher);
    hasher.finish()
}

fn empty() -> SpatialMemory {
    SpatialMemory::new(MemoryConfig::default()).unwrap()
}

fn exported(memory: &mut SpatialMemory) -> Vec<u8> {
    let mut text = Vec::new();
    memory.export_map(&mut text, Time::from_nanos(9)).unwrap();
    text
}

fn at(x: f32, y: f32, z: f32) -> Pose {
    Pose::new(Vec3::new(x, y, z), Quat::new(0.1, 0.7, -0.2, 0.4)).unwrap()
}

/// A memory with a past: frames corrected and rehung, objects removed and merged.
fn lived() -> SpatialMemory {
    let mut memory = empty();
    let [chair, table] = ["chair", "table"].map(|label| memory.class(label).unwrap());
    memory.class("unused").unwrap();
    let desk = memory.add_frame("desk", FrameId::WORLD, at(1.0, 0.0, 0.0)).unwrap();
    let gone = memory.add_frame("gone", desk, at(0.0, 1.0, 0.0)).unwrap();
    let room = memory.add_frame("room", FrameId::WORLD, at(0.0, 0.0, 5.0)).unwrap();
    memory.rehang_frame(desk, room, at(2.0, 0.0, 0.0)).unwrap();
    memory.remove_frame(gone).unwrap();
    let mut ids = Vec::new();
    for number in 0..20_u8 {
        let class = if number % 2 == 0 { chair } else { table };
        let mut object = NewObject::new(class, at(f32::from(number), 0.5, -1.0))
            .half_extents(Vec3::new(0.1, 0.2, 0.3))
            .seen(Time::from_nanos(i64::from(number)));
        object.frame = [FrameId::WORLD, desk, room][usize::from(number % 3)];
        object.velocity = (number % 4 == 0).then_some(Vec3::new(0.0, -1.0, 0.5));
        object.attributes = match number % 4 {
            0 => Attributes::None,
            1 => Attributes::Bytes([number; 5].into()),
            2 => Attributes::Json("[1, {\"two\": 2}]".into()),
            _ => Attributes::Features([f32::from(number), -0.1].into()),
        };
        object.name = (number % 5 == 0).then(|| format!("name {number}").into());
        ids.push(memory.insert(&object).unwrap());
    }
    memory.remove(ids[3]).unwrap();
    memory.remove(ids[19]).unwrap();
    memory.merge(ids[5], ids[7]).unwrap();
    // Of the slots that are free now one is used again.
    memory.insert(&NewObject::new(chair, at(0.0, 0.0, 0.0))).unwrap();
    let corners = [Vec3::ZERO, Vec3::new(9.0, 3.0, 0.0), Vec3::new(0.0, 0.0, -9.0)];
    let area = memory.add_area("hall", "room", &corners, UpAxis::Y, "{\"floor\": 1}").unwrap();
    memory.add_area("", "", &corners[..2], UpAxis::Z, "").unwrap();
    memory.remove_area(area).unwrap();
    memory.add_area("hall", "room", &corners, UpAxis::Y, "no json").unwrap();
    memory
}

#[test]
fn a_memory_with_a_past_comes_back_in_every_part_of_its_state() {
    let mut memory = lived();
    let text = exported(&mut memory);
    let mut again = empty();
    let imported = again.import_map(&text[..], Time::ZERO).unwrap();
    assert!(imported.kept_ids && imported.objects == 18 && imported.frames == 2);
    assert_eq!(hash(&again), hash(&memory), "{}", String::from_utf8_lossy(&text));
    assert_eq!(exported(&mut again), text);
    // Also what comes next is the same.
    for memory in [&mut memory, &mut again] {
        let class = memory.class("lamp").unwrap();
        memory.insert(&NewObject::new(class, at(1.0, 1.0, 1.0))).unwrap();
        memory.add_frame("next", FrameId::WORLD, at(0.0, 0.0, 0.0)).unwrap();
    }
    assert_eq!(hash(&again), hash(&memory));
    // A snapshot gives the same text.
    memory.publish(Time::ZERO).unwrap();
    let snapshot = memory.snapshot().unwrap();
    let (config, mut there) = (memory.config().clone(), Vec::new());
    snapshot.view().export_map(&config, &mut there, Time::from_nanos(9)).unwrap();
    assert_eq!(there, exported(&mut memory));
}

#[test]
fn a_memory_that_has_something_gives_new_ids_and_finds_frames_by_name() {
    let text = exported(&mut lived());
    let mut memory = empty();
    let lamp = memory.class("lamp").unwrap();
    memory.insert(&NewObject::new(lamp, at(0.0, 0.0, 0.0))).unwrap();
    let room = memory.add_frame("room", FrameId::WORLD, at(0.0, 0.0, 100.0)).unwrap();
    let imported = memory.import_map(&text[..], Time::ZERO).unwrap();
    assert!(
        !imported.kept_ids && (imported.objects, imported.frames, imported.regions) == (18, 1, 2)
    );
    assert_eq!(memory.len(), 19);
    let desk = memory.find_frame("desk").unwrap();
    assert_eq!(memory.frame(desk).unwrap().parent, room);
    let view = memory.view();
    let chair = view.class("chair").unwrap();
    assert_eq!((lamp.index(), chair.index()), (0, 1));
    assert!(view.objects().any(|object| object.frame == room && object.class == chair));
    assert!(view.objects().any(|object| view.name(object.id) == Some("name 10")));
}

#[test]
fn a_map_that_is_refused_leaves_the_memory_as_it_was() {
    let mut memory = lived();
    let before = (hash(&memory), memory.sequence());
    let text = exported(&mut memory);
    let mut refused = |text: &[u8], part: &str| {
        let error = memory.import_map(text, Time::ZERO).unwrap_err();
        assert!(error.to_string().contains(part), "{error}");
        assert_eq!((hash(&memory), memory.sequence()), before, "{part}");
        error
    };
    for cut in (0..text.len() - 3).step_by(97) {
        refused(&text[..cut], "the text ends before");
    }
    let mut wrong = text.clone();
    *wrong.iter_mut().rev().nth(40).unwrap() = 0xff;
    refused(&wrong, "byte 0xff is not UTF-8");
    let change = |from: &str, to: &str| {
        let whole = String::from_utf8(text.clone()).unwrap();
        assert!(whole.contains(from), "{from}");
        whole.replacen(from, to, 1).into_bytes()
    };
    refused(&change("\"z\":", "\"z\":\"far\",\"zz\":"), "expected a number, found string");
    refused(&change("\"total_objects\":18", "\"total_objects\":2147483648"), "out of range");
    refused(&change("\"total_objects\":18", "\"total_objects\":19"), "the map holds 18");
    refused(&change("\"last_seen_ns\":4", "\"last_seen_ns\":-4"), "before it was first seen");
}

#[test]
fn what_has_no_room_is_refused_whole() {
    let text = exported(&mut lived());
    let with = |change: &dyn Fn(&mut MemoryConfig)| {
        let mut config = MemoryConfig::default();
        change(&mut config);
        let mut memory = SpatialMemory::new(config).unwrap();
        let map = Map::read(&text[..], &super::MapLimits::default(), Time::ZERO).unwrap();
        let before = hash(&memory);
        let error = memory.import(map).unwrap_err();
        assert_eq!(hash(&memory), before);
        error
    };
    let full = with(&|config| config.max_objects = 17);
    assert!(matches!(full, WriteError::ObjectsFull { count: 18, len: 0, limit: 17 }), "{full}");
    let full = with(&|config| config.max_classes = 2);
    assert!(matches!(full, WriteError::ClassesFull { limit: 2 }), "{full}");
    let full = with(&|config| config.max_areas = 1);
    assert!(matches!(full, WriteError::AreasFull { limit: 1 }), "{full}");
    let full = with(&|config| config.max_frames = 1);
    assert!(matches!(full, WriteError::Frame(_)), "{full}");
    let long = with(&|config| config.max_attribute_bytes = 4);
    assert!(matches!(long, WriteError::Length { given: 5, most: 4, .. }), "{long}");
    let long = with(&|config| config.max_name_bytes = 6);
    assert!(matches!(long, WriteError::Length { most: 6, .. }), "{long}");
}

#[test]
fn a_file_that_claims_two_gigabytes_is_an_error_that_took_no_memory_for_it() {
    struct Sparse(u64);
    impl std::io::Read for Sparse {
        fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
            let count = into.len().min(self.0 as usize);
            into[..count].fill(0);
            self.0 -= count as u64;
            Ok(count)
        }
    }
    let mut memory = lived();
    let before = hash(&memory);
    let text = exported(&mut memory);
    // A hole of 2 GiB behind a map, as a file system gives after a crash, and amid one.
    for (cut, part) in [(text.len(), "trailing characters"), (text.len() / 2, "not JSON")] {
        let reader = std::io::Read::chain(&text[..cut], Sparse(1 << 31));
        let error = memory.import_map(reader, Time::ZERO).unwrap_err();
        let ImportError::Map(map) = &error else { panic!("{error}") };
        assert!(error.to_string().contains(part), "{error}");
        assert!(map.place.offset <= cut as u64 + 1, "{error}");
    }
    // A name that goes on for 2 GiB.
    let endless = std::io::Read::chain(&b"{\"objects\":{\""[..], std::io::repeat(b'x'));
    let error = memory.import_map(endless, Time::ZERO).unwrap_err();
    let ImportError::Map(map) = &error else { panic!("{error}") };
    assert_eq!(map.kind, MapErrorKind::TooLong { what: "a record", limit: 1 << 20 });
    assert_eq!(hash(&memory), before);
}

proptest! {
    #[test]
    fn places_in_the_world_are_the_same_again(
        frames in proptest::collection::vec((-9.0f32..9.0, -1.0f32..1.0, 0u32..9), 0..5),
        objects in proptest::collection::vec((-50.0f32..50.0, 0u32..9), 1..20),
    ) {
        let mut memory = empty();
        let class = memory.class("thing").unwrap();
        let mut known = vec![FrameId::WORLD];
        for (x, turn, parent) in frames {
            let pose = Pose::new(Vec3::new(x, 1.0, -x), Quat::new(0.0, turn, 0.3, 1.0)).unwrap();
            known.push(memory.add_frame("", known[parent as usize % known.len()], pose).unwrap());
        }
        for (x, frame) in objects {
            let object = NewObject::new(class, at(x, 0.0, 1.0)).on(known[frame as usize % known.len()]);
            memory.insert(&object).unwrap();
        }
        let mut again = empty();
        again.import_map(&exported(&mut memory)[..], Time::ZERO).unwrap();
        prop_assert_eq!(hash(&again), hash(&memory));
        let (one, other) = (memory.view(), again.view());
        for object in one.objects() {
            prop_assert_eq!(one.world_box(object.id), other.world_box(object.id));
        }
    }
}

/// A scan of the shared captures; `None`, with the reason printed, where they are absent.
fn capture(name: &str) -> Option<Vec<u8>> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data/quest-rooms");
    let path = std::path::Path::new(folder).join(name).with_extension("json");
    if let Ok(bytes) = std::fs::read(&path) {
        return Some(bytes);
    }
    assert!(std::env::var_os("CI").is_none(), "the capture {} is missing", path.display());
    println!("ignored: the capture {} is missing", path.display());
    None
}

#[test]
fn three_scanned_rooms_import_export_and_import_equal() {
    for (name, things) in [("office_small", 14), ("meeting_room", 21), ("living_room", 26)] {
        let Some(scan) = capture(name) else { return };
        let mut room =
            SpatialMemory::from_room(MemoryConfig::default(), &scan[..], Time::from_nanos(3))
                .unwrap();
        assert_eq!(room.len(), things, "{name}");
        let text = exported(&mut room);
        let mut again = empty();
        again.import_map(&text[..], Time::ZERO).unwrap();
        assert_eq!(hash(&again), hash(&room), "{name}");
        assert_eq!(exported(&mut again), text, "{name}");

        let view = room.view();
        let floor = view.class("FLOOR").unwrap();
        let floor = view.objects().find(|object| object.class == floor).unwrap();
        let area = view.areas().next().unwrap();
        assert_eq!(Some(&*area.name), view.name(floor.id));
        // The room holds its tables, which stand above its floor.
        let json: serde_json::Value = serde_json::from_slice(&text).unwrap();
        let inside = json["regions"]["0"]["contained_objects"].as_array().unwrap();
        let table = view.class("TABLE").unwrap();
        for object in view.objects().filter(|object| object.class == table) {
            let name = view.name(object.id).unwrap();
            assert!(inside.iter().any(|key| key == name), "{name}");
            let bounds = view.world_box(object.id).unwrap();
            assert!(bounds.low().y > floor.pose.position().y - 0.1, "{name}");
        }
        let wall = view.class("WALL_FACE").unwrap();
        for object in view.objects().filter(|object| object.class == wall) {
            let bounds = view.world_box(object.id).unwrap();
            assert!(bounds.high().y - bounds.low().y > 2.5, "a wall stands");
        }
    }
}

#[test]
fn a_damaged_scan_leaves_the_memory_as_it_was() {
    let Some(scan) = capture("office_small") else { return };
    let mut memory = lived();
    let before = (hash(&memory), memory.sequence());
    for cut in (0..scan.len() - 10).step_by(scan.len() / 40) {
        assert!(memory.import_room(&scan[..cut], Time::ZERO).is_err());
        assert_eq!((hash(&memory), memory.sequence()), before);
    }
    memory.import_room(&scan[..], Time::ZERO).unwrap();
    assert_eq!(memory.len(), 18 + 14);
}

/// A million objects out and in, in bounded memory. Run by hand:
/// `cargo test --lib --release memory::map::memory_tests::a_million -- --ignored --nocapture`
#[test]
#[ignore = "takes seconds and prints figures for docs/benchmarks.md"]
#[expect(clippy::disallowed_methods, reason = "a measurement reads the clock")]
fn a_million_objects_go_out_and_in_without_a_tree() {
    let peak_kib = || {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or("0 0");
        line.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok()).unwrap_or(0)
    };
    let config = MemoryConfig { max_objects: 1_000_000, ..MemoryConfig::default() };
    let mut memory = SpatialMemory::new(config.clone()).unwrap();
    let class = memory.class("thing").unwrap();
    let objects: Vec<NewObject> = (0..1_000_000_u32)
        .map(|number| {
            let [x, z] = [(number % 1_000) as f32, (number / 1_000) as f32];
            NewObject::new(class, at(x * 0.1, 0.0, z * 0.1)).half_extents(Vec3::splat(0.04))
        })
        .collect();
    memory.insert_all(&objects, &mut Vec::new()).unwrap();
    drop(objects);
    let path = std::env::temp_dir().join(format!("xrmesh-{}-million.json", std::process::id()));
    let (begun, before) = (std::time::Instant::now(), peak_kib());
    let report = memory.export_map(std::fs::File::create(&path).unwrap(), Time::ZERO).unwrap();
    println!(
        "export: {:?}, {} bytes, peak +{} KiB",
        begun.elapsed(),
        report.bytes,
        peak_kib() - before
    );
    let mut again = SpatialMemory::new(config).unwrap();
    let (begun, before) = (std::time::Instant::now(), peak_kib());
    again.import_map(std::fs::File::open(&path).unwrap(), Time::ZERO).unwrap();
    println!(
        "import: {:?}, peak +{} KiB with the memory itself",
        begun.elapsed(),
        peak_kib() - before
    );
    std::fs::remove_file(&path).unwrap();
    assert_eq!(hash(&again), hash(&memory));
}
