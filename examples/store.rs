//! Looks after a store of a spatial memory: `store verify DIR`, `store compact DIR`.
//!
//! Exit codes: 0 all is well, 1 the store is damaged, 2 it could not be read or the call was wrong.

use std::io::Write;
use std::process::ExitCode;

use xrmesh::memory::{CompactError, MemoryConfig, OpenError, RecoverError, compact, verify};
use xrmesh::storage::{FileStorage, StorageError};

const HELP: &str = "\
Looks after a store of a spatial memory.

  store verify DIR    reads every file, checks every block and record, changes nothing
  store compact DIR   writes what the store holds as one image and removes the log before it
  store --help

Exit codes: 0 all is well, 1 the store is damaged, 2 it could not be read or the call was wrong.";

const WELL: u8 = 0;
const DAMAGED: u8 = 1;
const WRONG: u8 = 2;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    ExitCode::from(run(&arguments, &mut std::io::stdout(), &mut std::io::stderr()))
}

/// Does what was asked for, and gives the exit code. What cannot be written, because nobody reads it,
/// changes nothing.
fn run(arguments: &[&str], out: &mut dyn Write, err: &mut dyn Write) -> u8 {
    let done = match *arguments {
        ["--help" | "-h"] => {
            let _ = writeln!(out, "{HELP}");
            return WELL;
        }
        ["verify", folder] => verified(folder, out).map_err(|error| error.to_string()),
        ["compact", folder] => compacted(folder, out).map_err(|error| error.to_string()),
        _ => {
            let _ = writeln!(err, "{HELP}");
            return WRONG;
        }
    };
    done.unwrap_or_else(|error| {
        let _ = writeln!(err, "{error}");
        WRONG
    })
}

fn verified(folder: &str, out: &mut dyn Write) -> Result<u8, StorageError> {
    let report = verify(&FileStorage::existing(folder)?)?;
    let _ = writeln!(out, "{report}");
    Ok(if report.is_sound() { WELL } else { DAMAGED })
}

fn compacted(folder: &str, out: &mut dyn Write) -> Result<u8, CompactError> {
    match compact(FileStorage::existing(folder)?, any_size()) {
        Ok(report) => {
            let (before, after) = (report.bytes_before, report.bytes_after);
            let _ = writeln!(out, "{}", report.recovery);
            let _ =
                writeln!(out, "{} objects, {before} bytes before, {after} after", report.objects);
            Ok(WELL)
        }
        Err(CompactError::Open(OpenError::Recover(error)))
            if !matches!(error, RecoverError::Storage(_)) =>
        {
            let _ = writeln!(out, "damaged: {error}");
            Ok(DAMAGED)
        }
        Err(error) => Err(error),
    }
}

/// The limits are the host's affair; what its store holds is taken as it is.
fn any_size() -> MemoryConfig {
    MemoryConfig {
        max_objects: 1 << 28,
        max_classes: 1 << 16,
        max_frames: 1 << 24,
        max_areas: 1 << 24,
        max_aliases: 1 << 20,
        max_attribute_bytes: 15 << 20,
        max_name_bytes: 65_535,
        max_area_corners: 65_536,
        ..MemoryConfig::default()
    }
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use xrmesh::memory::{NewObject, SpatialMemory};
    use xrmesh::{Pose, Vec3};

    use super::*;

    /// The exit code and what was said on either stream.
    fn said(arguments: &[&str]) -> (u8, String, String) {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let code = run(arguments, &mut out, &mut err);
        (code, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
    }

    fn folder(name: &str) -> PathBuf {
        let folder =
            std::env::temp_dir().join(format!("xrmesh-store-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        folder
    }

    /// A store of one object that was moved a hundred times.
    fn store(folder: &Path) {
        let storage = FileStorage::open(folder).unwrap();
        let (mut memory, _) = SpatialMemory::open(storage, MemoryConfig::default()).unwrap();
        let class = memory.class("drone").unwrap();
        let id = memory.insert(&NewObject::new(class, Pose::IDENTITY)).unwrap();
        for step in 0..100u16 {
            let pose = Pose::at(Vec3::new(f32::from(step), 0.0, 0.0)).unwrap();
            memory.update_poses(&[(id, pose)]).unwrap();
            memory.flush().unwrap();
        }
        memory.close().unwrap();
    }

    #[test]
    fn a_store_is_verified_and_compacted() {
        let folder = folder("well");
        store(&folder);
        let path = folder.to_str().unwrap();
        let (code, out, err) = said(&["verify", path]);
        assert_eq!((code, &*err), (0, ""), "{out}");
        assert!(out.contains("sound: changes up to 102"), "{out}");
        let (code, out, err) = said(&["compact", path]);
        assert_eq!((code, &*err), (0, ""), "{out}");
        assert!(out.contains("1 objects"), "{out}");
        let (code, out, _) = said(&["verify", path]);
        assert!(code == 0 && out.contains("image of changes up to 102"), "{out}");
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn damage_gives_one_and_its_place() {
        let folder = folder("damaged");
        store(&folder);
        let path = folder.to_str().unwrap();
        let log = folder.join("log-0000000000000001.xrm");
        let mut bytes = std::fs::read(&log).unwrap();
        bytes[200] ^= 1;
        std::fs::write(&log, &bytes).unwrap();
        for command in ["verify", "compact"] {
            let (code, out, err) = said(&[command, path]);
            assert_eq!((code, &*err), (1, ""), "{out}");
            assert!(out.contains("damaged") && out.contains("log-0000000000000001.xrm"), "{out}");
        }
        // It is as it was.
        assert_eq!(std::fs::read(&log).unwrap(), bytes);
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn what_cannot_be_read_and_wrong_calls_give_two() {
        let folder = folder("wrong");
        let path = folder.to_str().unwrap();
        for command in ["verify", "compact"] {
            let (code, out, err) = said(&[command, path]);
            assert_eq!((code, &*out), (2, ""));
            assert!(err.contains(path), "{err}");
            assert!(!folder.exists(), "nothing is made by looking");
        }
        std::fs::write(&folder, "a file").unwrap();
        assert_eq!(said(&["verify", path]).0, 2);
        std::fs::remove_file(&folder).unwrap();
        let held = FileStorage::open(&folder).unwrap();
        let (code, _, err) = said(&["compact", path]);
        assert!(code == 2 && err.contains("open"), "{err}");
        drop(held);
        std::fs::remove_dir_all(&folder).unwrap();
        let calls: [&[&str]; 5] =
            [&[], &["verify"], &["verify", "a", "b"], &["repair", "a"], &[""]];
        for call in calls {
            let (code, out, err) = said(call);
            assert_eq!((code, &*out), (2, ""), "{call:?}");
            assert!(err.starts_with("Looks after"), "{err}");
        }
        let (code, out, err) = said(&["--help"]);
        assert!(code == 0 && out.contains("Exit codes") && err.is_empty());
    }
}
