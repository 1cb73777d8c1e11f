//! A store that version 1 wrote: it opens for as long as this library reads version 1.

use std::path::PathBuf;

use super::super::{FileRole, verify};
use super::{Store, changes};
use crate::storage::{FileStorage, RamDisk};

fn folder() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests", "fixtures", "store-v1"].iter().collect()
}

/// The fixture on a disk that may be written to.
fn fixture() -> RamDisk {
    let disk = RamDisk::new();
    for entry in std::fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        disk.put(&name, &std::fs::read(&path).unwrap());
    }
    disk
}

#[test]
fn a_store_of_version_1_opens_with_all_kinds_of_records() {
    let store = Store::on(&fixture()).unwrap();
    assert_eq!(store.history, changes(0..150));
    assert_eq!((store.report.image_through.0, store.report.log_records), (90, 60));
    // Every kind of record is in it.
    let kinds: std::collections::BTreeSet<_> = store
        .history
        .iter()
        .map(|change| format!("{change:?}").split([' ', '(']).next().unwrap().to_owned())
        .collect();
    assert_eq!(kinds.len(), 13, "{kinds:?}");
}

#[test]
fn writing_the_same_changes_gives_the_same_bytes() {
    let (old, new) = (fixture(), RamDisk::new());
    write(Store::on(&new).unwrap());
    for name in ["image-000000000000005a.xrm", "log-000000000000005b.xrm"] {
        assert_eq!(old.content(name).unwrap(), new.content(name).unwrap(), "{name}");
    }
}

#[test]
fn the_report_of_a_store_names_its_parts() {
    let disk = fixture();
    disk.put("notes", b"");
    let report = verify(&disk.open().unwrap()).unwrap();
    assert!(report.is_sound() && report.recovery.through.0 == 150);
    let roles: Vec<_> = report.files.iter().map(|file| file.role).collect();
    assert!(matches!(roles[..], [FileRole::Image(_), FileRole::Log(_), FileRole::Foreign]));
    assert_eq!(report.files[0].records, 90);
    assert!(report.files.iter().all(|file| file.damage.is_none()));
    let text = report.to_string();
    assert!(text.contains("sound: changes up to 150"), "{text}");

    assert!(disk.corrupt("log-000000000000005b.xrm", 700, 1));
    let report = verify(&disk.open().unwrap()).unwrap();
    assert!(!report.is_sound());
    let text = report.to_string();
    assert!(text.contains("damaged: \"log-000000000000005b.xrm\" is damaged at byte 64"), "{text}");
    // It was only looked at.
    assert!(Store::on(&disk).is_err());
}

fn write(mut store: Store) {
    store.append_next(90).unwrap();
    store.end_tick().unwrap();
    store.write_image().unwrap();
    store.append_next(60).unwrap();
    store.journal.close().unwrap();
}

/// Writes the fixture anew. To be run by hand, and only for a new version of the format.
#[test]
#[ignore = "writes the committed fixture, for a new version of the format only"]
fn write_the_fixture() {
    let _ = std::fs::remove_dir_all(folder());
    write(Store::open(FileStorage::open(folder()).unwrap()).unwrap());
    std::fs::remove_file(folder().join("lock")).unwrap();
}
