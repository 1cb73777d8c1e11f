//! What both storages do alike.

use super::{Appender, FileStorage, RamDisk, Storage, StorageError};

fn content(storage: &dyn Storage, name: &str) -> Vec<u8> {
    let mut bytes = vec![0; 1000];
    let read = storage.read(name, 0, &mut bytes).unwrap();
    bytes.truncate(read);
    bytes
}

fn listed(storage: &dyn Storage) -> Vec<(String, u64)> {
    storage.list().unwrap().into_iter().map(|file| (file.name, file.bytes)).collect()
}

fn behaves(storage: &dyn Storage) {
    assert_eq!(listed(storage), []);
    let missing = || StorageError::Missing { file: "b".into() };
    assert_eq!(storage.read("b", 0, &mut [0]), Err(missing()));
    assert_eq!(storage.remove("b"), Err(missing()));
    assert_eq!(storage.rename("b", "c"), Err(missing()));
    assert_eq!(storage.truncate("b", 0), Err(missing()));

    let file: Box<dyn Appender> = storage.create("b").unwrap();
    let exists = storage.create("b").map(drop);
    assert_eq!(exists, Err(StorageError::Exists { file: "b".into() }));
    file.append(b"one ").unwrap();
    file.reserve(10).unwrap();
    assert_eq!(content(storage, "b"), b"one \0\0\0\0\0\0\0\0\0\0");
    file.append(b"two ").unwrap();
    file.sync().unwrap();
    assert_eq!(content(storage, "b"), b"one two \0\0\0\0\0\0");
    file.append(b"and three").unwrap();
    file.reserve(2).unwrap();
    file.trim().unwrap();
    assert_eq!(content(storage, "b"), b"one two and three");
    file.append(b"!").unwrap();
    file.sync().unwrap();
    storage.sync_directory().unwrap();

    let mut part = [0; 4];
    assert_eq!((storage.read("b", 4, &mut part), &part), (Ok(4), b"two "));
    assert_eq!(storage.read("b", 17, &mut part), Ok(1));
    assert_eq!(storage.read("b", 99, &mut part), Ok(0));

    storage.create("a").unwrap().append(b"other").unwrap();
    assert_eq!(listed(storage), [("a".into(), 5), ("b".into(), 18)]);
    storage.rename("b", "a").unwrap();
    assert_eq!(listed(storage), [("a".into(), 18)]);
    storage.truncate("a", 99).unwrap();
    storage.truncate("a", 3).unwrap();
    assert_eq!(content(storage, "a"), b"one");
    storage.remove("a").unwrap();
    storage.sync_directory().unwrap();
    assert_eq!(listed(storage), []);
}

#[test]
fn files_and_ram_behave_alike() {
    behaves(&RamDisk::new().open().unwrap());
    let folder = std::env::temp_dir().join(format!("xrmesh-storage-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    let storage = FileStorage::open(&folder).unwrap();
    behaves(&storage);
    for name in ["", "lock", "../b", "a/b", "c:d", ".hidden"] {
        let refused = storage.create(name).map(drop);
        assert_eq!(refused, Err(StorageError::BadName { file: name.into() }));
    }
    drop(storage);
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_ram_disk_has_the_room_that_it_was_given() {
    let disk = RamDisk::new();
    disk.set_capacity(Some(10));
    let storage = disk.open().unwrap();
    let file = storage.create("a").unwrap();
    file.append(b"12345678").unwrap();
    let full = StorageError::Full { operation: "append to", file: "a".into(), bytes: 3 };
    assert_eq!(file.append(b"123"), Err(full));
    file.append(b"12").unwrap();
}
