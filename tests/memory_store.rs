//! A whole memory on a store: power cuts at every operation, compaction, a store of format version 1.
#![expect(clippy::unwrap_used, reason = "a test's helpers may fail it")]

use std::collections::BTreeMap;
use std::path::PathBuf;

use xrmesh::memory::{
    Attributes, Durability, FrameId, ImageProgress, MemoryConfig, NewObject, ObjectId,
    SpatialMemory, WriteError, compact, verify,
};
use xrmesh::space::UpAxis;
use xrmesh::storage::{Crash, FileStorage, RamDisk, Storage};
use xrmesh::{Pose, Quat, StateHasher, Time, Vec3};

fn config() -> MemoryConfig {
    let mut config = MemoryConfig { durability: Durability::Each, ..MemoryConfig::default() };
    // Several blocks and files for a few changes.
    (config.journal.file_bytes, config.journal.block_bytes) = (4 << 10, 1 << 10);
    config
}

fn open(storage: impl Storage + 'static) -> SpatialMemory {
    SpatialMemory::open(storage, config()).unwrap().0
}

fn hash(memory: &SpatialMemory) -> u64 {
    let mut hasher = StateHasher::new();
    memory.hash_state(&mut hasher);
    hasher.finish()
}

fn at(x: f32, z: f32) -> Pose {
    Pose::new(Vec3::new(x, 1.0, z), Quat::new(0.0, x, 0.0, 1.0)).unwrap()
}

/// What happens in a session. After each of its steps `note` gets the memory; it ends at the first
/// refusal, and says whether there was one.
fn session(memory: &mut SpatialMemory, note: &mut dyn FnMut(&SpatialMemory)) -> bool {
    type Failure = Box<dyn std::error::Error>;
    let mut run = || -> Result<(), Failure> {
        let chair = memory.class("chair")?;
        let drone = memory.class("drone")?;
        note(memory);
        let dock = memory.add_frame("dock", xrmesh::memory::FrameId::WORLD, at(4.0, 0.0))?;
        note(memory);
        let corners = [Vec3::ZERO, Vec3::new(4.0, 0.0, 0.0), Vec3::new(4.0, 0.0, 4.0)];
        memory.add_area("hall", "room", &corners, UpAxis::Y, "{}")?;
        note(memory);
        let mut ids: Vec<ObjectId> = Vec::new();
        let mut checkpoint = None;
        for tick in 0..24u32 {
            let mut object =
                NewObject::new(if tick % 2 == 0 { chair } else { drone }, at(tick as f32, 0.5))
                    .half_extents(Vec3::splat(0.3))
                    .attributes(Attributes::Bytes(vec![tick as u8; 40].into()));
            object.name = (tick % 3 == 0).then(|| format!("thing {tick}").into());
            if tick % 4 == 0 {
                object.frame = dock;
            }
            ids.push(memory.insert(&object)?);
            note(memory);
            if tick % 5 == 4 {
                let gone = ids.swap_remove(tick as usize % ids.len());
                memory.remove(gone)?;
                note(memory);
            }
            if tick % 7 == 6 {
                let (old, into) = (ids.remove(0), ids[0]);
                memory.merge(old, into)?;
                note(memory);
                memory.correct_frame(dock, at(4.0, tick as f32))?;
                note(memory);
            }
            for id in &ids {
                memory.update_poses(&[(*id, at(tick as f32, id.slot() as f32))])?;
                note(memory);
            }
            memory.publish(Time::from_nanos(i64::from(tick) * 11_111_111))?.journal?;
            if tick % 6 == 2 {
                checkpoint = memory.checkpoint()?;
            }
            if let Some(running) = &mut checkpoint
                && let ImageProgress::Written { .. } = running.step(700)?
            {
                checkpoint = None;
            }
            if tick % 2 == 1 {
                memory.flush()?;
                note(memory);
            }
        }
        Ok(())
    };
    run().is_ok()
}

#[test]
fn a_power_cut_at_any_operation_leaves_a_state_that_was() {
    // The hash after each change, by sequence: what a store may lead back to.
    let mut states = BTreeMap::from([(0, hash(&SpatialMemory::new(config()).unwrap()))]);
    let whole = RamDisk::new();
    let ended = session(&mut open(whole.open().unwrap()), &mut |memory| {
        states.insert(memory.sequence().0, hash(memory));
    });
    assert!(ended && states.len() > 250, "{}", states.len());
    for operation in 0..whole.operations() {
        for crash in [Crash::LoseUnsynced, Crash::KeepUnsynced, Crash::Scatter { seed: operation }]
        {
            let disk = RamDisk::new();
            disk.cut_power_at(operation);
            let mut acknowledged = 0;
            session(&mut open(disk.open().unwrap()), &mut |memory| {
                acknowledged = acknowledged.max(memory.durable_through().0);
            });
            disk.crash(crash);
            let (memory, report) = SpatialMemory::open(disk.open().unwrap(), config()).unwrap();
            let through = report.through.0;
            assert!(through >= acknowledged, "{through} of {acknowledged} at {operation}");
            // Two classes come in one step, so the first alone was no state to compare with.
            if let Some(state) = states.get(&through) {
                assert_eq!(hash(&memory), *state, "at operation {operation}, change {through}");
            } else {
                assert_eq!(through, 1);
            }
        }
    }
}

#[test]
fn a_compacted_store_is_smaller_and_the_same_memory() {
    let disk = RamDisk::new();
    let mut memory = open(disk.open().unwrap());
    assert!(session(&mut memory, &mut |_| ()));
    let before = hash(&memory);
    memory.close().unwrap();
    let report = compact(disk.open().unwrap(), config()).unwrap();
    assert!(report.bytes_after < report.bytes_before, "{report:?}");
    assert_eq!(hash(&open(disk.open().unwrap())), before);
    let found = verify(&disk.open().unwrap()).unwrap();
    assert!(found.is_sound());
    assert_eq!(found.files.len(), 1, "one image and nothing else: {found}");
}

/// A frame that is in use cannot leave, and the store hears nothing of the attempt: it opens.
#[test]
fn what_is_refused_is_not_stored() {
    let disk = RamDisk::new();
    let mut memory = open(disk.open().unwrap());
    let class = memory.class("cup").unwrap();
    let desk = memory.add_frame("desk", FrameId::WORLD, Pose::IDENTITY).unwrap();
    memory.insert(&NewObject::new(class, Pose::IDENTITY).on(desk)).unwrap();
    let (before, sequence) = (hash(&memory), memory.sequence());
    for frame in [desk, FrameId::WORLD, FrameId::new(9)] {
        let refused = memory.remove_frame(frame);
        assert!(matches!(refused, Err(WriteError::Frame(_))), "{refused:?}");
    }
    assert_eq!(memory.sequence(), sequence);
    memory.close().unwrap();
    assert_eq!(hash(&open(disk.open().unwrap())), before);
}

fn fixture() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests", "fixtures", "memory-v1"].iter().collect()
}

#[test]
fn a_memory_of_format_version_1_opens() {
    let disk = RamDisk::new();
    for entry in std::fs::read_dir(fixture()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        disk.put(name, &std::fs::read(&path).unwrap());
    }
    let (mut memory, report) = SpatialMemory::open(disk.open().unwrap(), config()).unwrap();
    assert!(report.image_records > 0 && report.log_records > 0, "{report}");
    let mut same = SpatialMemory::new(config()).unwrap();
    assert!(session(&mut same, &mut |_| ()));
    assert_eq!(memory.len(), same.len());
    let dock = memory.view().find_frame("dock");
    assert!(dock.is_some() && dock == same.view().find_frame("dock"));
    let all = xrmesh::space::Aabb::new(Vec3::splat(-1e6), Vec3::splat(1e6)).unwrap();
    let mut work = xrmesh::memory::Workspace::new();
    let everything = xrmesh::memory::Filter::all();
    let ids = same.view().in_box(&all, usize::MAX, &everything, &mut work).to_vec();
    assert_eq!(ids.len(), same.len());
    for id in ids {
        assert_eq!(memory.view().object(id), same.view().object(id));
    }
}

/// Writes the fixture anew. To be run by hand, and only for a new version of the format.
#[test]
#[ignore = "writes the committed fixture, for a new version of the format only"]
fn write_the_fixture() {
    let _ = std::fs::remove_dir_all(fixture());
    let mut memory = open(FileStorage::open(fixture()).unwrap());
    assert!(session(&mut memory, &mut |_| ()));
    memory.close().unwrap();
    std::fs::remove_file(fixture().join("lock")).unwrap();
}

/// A published memory of many objects, some of them moving, on `disk`.
fn crowd(disk: &RamDisk) -> SpatialMemory {
    let (mut memory, _) =
        SpatialMemory::open(disk.open().unwrap(), MemoryConfig::default()).unwrap();
    let class = memory.class("thing").unwrap();
    let place = |at: u32| {
        let part = |prime: u64| (u64::from(at) * prime % 1_000) as f32 * 0.1;
        Pose::at(Vec3::new(part(7_919), part(104_729), part(1_299_709))).unwrap()
    };
    let new: Vec<_> = (0..6_000)
        .map(|at| NewObject::new(class, place(at)).half_extents(Vec3::splat(0.2)))
        .collect();
    let mut ids = Vec::new();
    memory.insert_all(&new, &mut ids).unwrap();
    memory.publish(Time::ZERO).unwrap();
    let moves: Vec<_> = ids.iter().step_by(9).map(|&id| (id, place(id.slot() + 1))).collect();
    memory.update_poses(&moves).unwrap();
    for id in ids.iter().skip(5).step_by(50) {
        memory.remove(*id).unwrap();
    }
    memory.publish(Time::from_nanos(1)).unwrap();
    memory
}

/// What a few queries find.
fn found(memory: &mut SpatialMemory) -> Vec<(u64, f32)> {
    let (view, mut work) = (memory.view(), xrmesh::memory::Workspace::new());
    let mut found = Vec::new();
    for at in 0..40u8 {
        let point = Vec3::new(f32::from(at) * 2.5, 50.0, 100.0 - f32::from(at));
        let all = xrmesh::memory::Filter::all();
        let near = view.nearest(point, 30, &all, &mut work).unwrap();
        found.extend(near.iter().map(|near| (near.id.to_bits(), near.distance_squared)));
    }
    found
}

#[test]
fn a_store_opens_the_same_by_the_order_of_its_index_and_without() {
    let disk = RamDisk::new();
    let mut memory = crowd(&disk);
    let (before, answers) = (hash(&memory), found(&mut memory));
    memory.close().unwrap();
    let order = || {
        let files = disk.open().unwrap().list().unwrap();
        let mut orders = files.into_iter().filter(|file| file.name.starts_with("order-"));
        let order = orders.next().map(|file| file.name);
        assert!(orders.next().is_none());
        order
    };
    let open = || SpatialMemory::open(disk.open().unwrap(), MemoryConfig::default()).unwrap().0;
    let (name, whole) = {
        let name = order().unwrap();
        let whole = disk.content(&name).unwrap();
        (name, whole)
    };
    // As it was written, with any part of it changed or cut off, and without it.
    let mut versions = vec![Some(whole.clone()), None, Some(Vec::new())];
    for at in (0..whole.len()).step_by(whole.len() / 60) {
        versions.push(Some(whole[..at].to_vec()));
        let mut changed = whole.clone();
        changed[at] ^= 0x41;
        versions.push(Some(changed));
    }
    for version in versions {
        match &version {
            Some(bytes) => disk.put(&name, bytes),
            None => disk.open().unwrap().remove(&name).unwrap(),
        }
        let mut memory = open();
        assert_eq!((hash(&memory), found(&mut memory)), (before, answers.clone()));
    }
    let report = verify(&disk.open().unwrap()).unwrap();
    assert!(report.is_sound(), "{report}");
    // Closed without a change it is written anew; after one it is another's.
    open().close().unwrap();
    assert_eq!(order(), Some(name.clone()));
    let report = verify(&disk.open().unwrap()).unwrap().to_string();
    assert!(report.contains("order of the index after change"), "{report}");
    let mut memory = open();
    memory.class("more").unwrap();
    memory.publish(Time::ZERO).unwrap();
    memory.flush().unwrap();
    // Not closed: the order that is there belongs to the state before.
    disk.crash(Crash::KeepUnsynced);
    assert_eq!(order(), Some(name));
    drop(memory);
    let mut memory = open();
    assert_eq!(found(&mut memory), answers);
}

#[test]
fn the_largest_that_a_configuration_allows_fits_into_a_record() {
    let largest = MemoryConfig {
        max_attribute_bytes: 15 << 20,
        max_name_bytes: 65_535,
        max_area_corners: 65_536,
        ..MemoryConfig::default()
    };
    let beyond = MemoryConfig { max_attribute_bytes: (15 << 20) + 1, ..largest.clone() };
    let refused = SpatialMemory::open(RamDisk::new().open().unwrap(), beyond).unwrap_err();
    assert!(refused.to_string().contains("max_attribute_bytes is 15728641"), "{refused}");
    let disk = RamDisk::new();
    let open = || SpatialMemory::open(disk.open().unwrap(), largest.clone()).unwrap().0;
    let mut memory = open();
    let class = memory.class(&"c".repeat(65_535)).unwrap();
    let whole = Attributes::Bytes(vec![7; 15 << 20].into());
    let mut object = NewObject::new(class, at(1.0, 2.0)).attributes(whole);
    object.name = Some("n".repeat(65_535).into());
    memory.insert(&object).unwrap();
    let corners: Vec<Vec3> = (0..65_536).map(|at| Vec3::new(at as f32, 0.0, 1.0)).collect();
    let (name, text) = ("n".repeat(65_535), "p".repeat(15 << 20));
    memory.add_area(&name, &name, &corners, UpAxis::Y, &text).unwrap();
    let before = hash(&memory);
    memory.close().unwrap();
    assert_eq!(hash(&open()), before);
}
