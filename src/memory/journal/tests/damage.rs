//! Damage: bytes that a medium changed, files that do not belong.

use proptest::prelude::*;

use super::super::super::change::Change;
use super::super::block::{self, BlockHeader, Place};
use super::super::header::{FileHeader, FileKind, image_name, log_name};
use super::super::wire::Bytes;
use super::super::{Damage, RecoverError, codec};
use super::{Store, change, changes};
use crate::storage::{FileStorage, RamDisk, StorageError};
use crate::time::Time;

/// A closed store: an image of 30 changes and a log of 40 more in several blocks.
fn closed() -> RamDisk {
    let disk = RamDisk::new();
    let mut store = Store::on(&disk).unwrap();
    store.append_next(30).unwrap();
    store.write_image().unwrap();
    for _ in 0..4 {
        store.append_next(10).unwrap();
        store.journal.flush().unwrap();
    }
    store.journal.close().unwrap();
    disk
}

fn files(disk: &RamDisk) -> Vec<(String, u64)> {
    use crate::storage::Storage;
    let storage = disk.open().unwrap();
    storage.list().unwrap().into_iter().map(|file| (file.name, file.bytes)).collect()
}

#[test]
fn any_changed_bit_of_a_closed_store_is_named_with_its_place() {
    let sound = closed();
    assert_eq!(Store::on(&sound).unwrap().history, changes(0..70));
    for (name, bytes) in files(&sound) {
        for offset in 0..bytes {
            let disk = closed();
            assert!(disk.corrupt(&name, offset, 1 << (offset % 8)));
            match Store::on(&disk) {
                Err(RecoverError::Damaged { file, offset: place, intact, .. }) => {
                    assert_eq!(file, name);
                    assert!(place <= offset, "{name}: {place} named, {offset} changed");
                    assert!(intact.0 <= 70);
                }
                Err(RecoverError::NewerFormat { file, .. }) => assert_eq!(file, name),
                // The empty block that ends a log acknowledges nothing itself.
                Ok(store) if name.starts_with("log") && offset + 48 >= bytes => {
                    assert_eq!(store.history, changes(0..70));
                }
                Ok(_) => panic!("{name}: bit {offset} went unseen"),
                Err(other) => panic!("{name}: {other}"),
            }
        }
    }
}

#[test]
fn a_newer_format_is_an_error_with_both_versions() {
    for name in [log_name(31), image_name(30)] {
        let disk = closed();
        assert!(disk.corrupt(&name, 8, 1 ^ 7));
        let newer = RecoverError::NewerFormat { file: name, version: 7, known: 1 };
        assert_eq!(Store::on(&disk).err(), Some(newer));
    }
}

#[test]
fn a_file_of_the_store_that_is_missing_is_damage() {
    use crate::storage::Storage;
    for name in [log_name(31), image_name(30)] {
        let disk = closed();
        let storage = disk.open().unwrap();
        storage.remove(&name).unwrap();
        drop(storage);
        match Store::on(&disk) {
            Err(RecoverError::Damaged {
                damage: Damage::OutOfOrder { expected: 1, found: 31 },
                ..
            }) => {
                assert!(name.starts_with("image"));
            }
            // The last log can be missing as if it had never been: nothing names it.
            Ok(store) => assert_eq!((store.history.len(), &name[..3]), (30, "log")),
            Err(other) => panic!("{name}: {other}"),
        }
    }
}

#[test]
fn an_older_image_serves_where_the_log_behind_it_reaches_as_far() {
    use crate::storage::Storage;
    let disk = RamDisk::new();
    let mut store = Store::on(&disk).unwrap();
    store.append_next(30).unwrap();
    store.journal.flush().unwrap();
    let first: Vec<u8> = disk.content(&log_name(1)).unwrap();
    store.write_image().unwrap();
    store.append_next(5).unwrap();
    store.journal.close().unwrap();
    // As if the crash had come before the log was removed, and the image had been damaged since.
    disk.put(&log_name(1), &first);
    assert_eq!(Store::on(&disk).unwrap().history, changes(0..35));
    disk.put(&log_name(1), &first);
    disk.corrupt(&image_name(30), 100, 1);
    let store = Store::on(&disk).unwrap();
    assert_eq!(store.history, changes(0..35));
    assert_eq!(store.report.skipped_image, Some(image_name(30)));
    drop(store);
    // Without the log's first part nothing replaces the image.
    let disk = closed();
    disk.corrupt(&image_name(30), 100, 1);
    let storage = disk.open().unwrap();
    assert!(storage.list().unwrap().len() == 2);
    drop(storage);
    assert!(matches!(Store::on(&disk), Err(RecoverError::Damaged { .. })));
}

#[test]
fn empty_and_foreign_files_are_told_apart() {
    let disk = RamDisk::new();
    disk.put("notes.txt", b"buy milk");
    disk.put(&log_name(1), b"");
    let mut store = Store::on(&disk).unwrap();
    assert_eq!(store.history, []);
    store.append_next(3).unwrap();
    store.journal.close().unwrap();
    assert!(disk.content("notes.txt").is_some(), "it is left alone");
    // A file with the name of a log, and something else in it, is not cut off as a torn log would be.
    let disk = closed();
    disk.put(&log_name(71), &[b'#'; 300]);
    match Store::on(&disk) {
        Err(RecoverError::Damaged { file, offset: 0, damage: Damage::NotAStore, .. }) => {
            assert_eq!(file, log_name(71));
        }
        other => panic!("{:?}", other.map(|store| store.report)),
    }
    // So is an image without content.
    let disk = RamDisk::new();
    disk.put(&image_name(5), b"");
    assert!(matches!(Store::on(&disk), Err(RecoverError::Damaged { .. })));
}

#[test]
fn folders_that_are_missing_files_or_open_are_told_apart() {
    let folder = std::env::temp_dir().join(format!("xrmesh-store-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    assert!(matches!(FileStorage::existing(&folder), Err(StorageError::Missing { .. })));
    let mut store = Store::open(FileStorage::open(folder.join("deep")).unwrap()).unwrap();
    assert!(matches!(FileStorage::open(folder.join("deep")), Err(StorageError::Locked { .. })));
    store.append_next(100).unwrap();
    store.journal.flush().unwrap();
    store.write_image().unwrap();
    store.append_next(10).unwrap();
    store.journal.close().unwrap();
    let store = Store::open(FileStorage::existing(folder.join("deep")).unwrap()).unwrap();
    assert_eq!(store.history, changes(0..110));
    std::fs::write(folder.join("file"), "").unwrap();
    let file = FileStorage::open(folder.join("file"));
    assert!(matches!(file, Err(StorageError::NotAFolder { .. })));
    drop(store);
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_claim_of_two_gigabytes_is_refused_with_its_place() {
    // A block whose header claims 2 GiB, and an intact block whose record does.
    let place = Place { file: FileHeader::log(1), offset: 64 };
    let header = BlockHeader { first: 1, span: 1, records: 1, durable: 1, time: Time::ZERO };
    let mut bytes = Vec::new();
    block::begin(&mut bytes);
    bytes.extend_from_slice(&[1, 0, 0x80, 0x80, 0x80, 0x80, 0x08, b'x']); // a label of 2 GiB
    block::seal(&mut bytes, header, place);
    let file = [&FileHeader::log(1).to_bytes()[..], &bytes].concat();
    let disk = RamDisk::new();
    disk.put(&log_name(1), &file);
    let error = Store::on(&disk).err().unwrap();
    let text = error.to_string();
    assert!(
        text.contains("at byte 64") && text.contains("label claims 2147483648 bytes"),
        "{text}"
    );

    let mut claims = file;
    claims[64 + 12..64 + 16].copy_from_slice(&(2u32 << 30).to_le_bytes());
    disk.put(&log_name(1), &claims);
    let report = Store::on(&disk).unwrap().report;
    let torn = report.torn.unwrap();
    assert_eq!(torn.offset, 64);
    assert!(matches!(torn.damage, Damage::CutOff { claimed, .. } if claimed > 2 << 30));
}

#[test]
fn a_block_holds_at_its_own_place_only() {
    let place = Place { file: FileHeader::log(1), offset: 64 };
    let header = BlockHeader { first: 1, span: 1, records: 0, durable: 0, time: Time::ZERO };
    let mut bytes = Vec::new();
    block::begin(&mut bytes);
    block::seal(&mut bytes, header, place);
    let claim = block::Claim::parse(bytes.first_chunk().unwrap()).unwrap();
    assert!(claim.header == header && claim.holds(&bytes, place));
    let image = FileHeader { kind: FileKind::Image, ..FileHeader::log(1) };
    for other in [
        Place { offset: 72, ..place },
        Place { file: FileHeader::log(2), ..place },
        Place { file: image, ..place },
    ] {
        assert!(!claim.holds(&bytes, other), "{other:?}");
    }
}

#[test]
fn changes_come_back_bit_for_bit_and_stay_small() {
    let mut out = Vec::new();
    for index in 0..5000 {
        let (change, base) = (change(index), Time::from_nanos(i64::MAX - index as i64));
        out.clear();
        codec::encode(&mut out, &change, base);
        let mut bytes = Bytes::new(&out);
        assert_eq!(Change::from(codec::decode(&mut bytes, base).unwrap()), change);
        assert_eq!(bytes.left(), 0);
        for cut in 0..out.len() {
            assert!(codec::decode(&mut Bytes::new(&out[..cut]), base).is_err());
        }
    }
}

proptest! {
    #[test]
    fn any_bytes_decode_or_are_refused(bytes: Vec<u8>) {
        let mut bytes = Bytes::new(&bytes);
        while let Ok(change) = codec::decode(&mut bytes, Time::ZERO) {
            let (mut again, change) = (Vec::new(), Change::from(change));
            codec::encode(&mut again, &change, Time::ZERO);
            let back = Change::from(codec::decode(&mut Bytes::new(&again), Time::ZERO).unwrap());
            // Features may hold any bits; those that are not a number differ from themselves.
            prop_assert_eq!(format!("{:?}", back), format!("{:?}", change));
        }
    }
}
