//! Looks after a store of a spatial memory: `store verify DIR`, `store compact DIR`.
//!
//! Exit codes: 0 all is well, 1 the store is damaged, 2 it could not be read or the call was wrong.

#![expect(clippy::print_stdout, reason = "a command speaks on standard output")]

use std::process::ExitCode;

use xrmesh::memory::{CompactError, MemoryConfig, OpenError, RecoverError, compact, verify};
use xrmesh::storage::{FileStorage, StorageError};

const HELP: &str = "\
Looks after a store of a spatial memory.

  store verify DIR    reads every file, checks every block and record, changes nothing
  store compact DIR   writes what the store holds as one image and removes the log before it
  store --help

Exit codes: 0 all is well, 1 the store is damaged, 2 it could not be read or the call was wrong.";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--help" | "-h"] => {
            println!("{HELP}");
            return ExitCode::SUCCESS;
        }
        ["verify", folder] => verified(folder).map_err(|error| error.to_string()),
        ["compact", folder] => compacted(folder).map_err(|error| error.to_string()),
        _ => {
            eprintln!("{HELP}");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}

fn verified(folder: &str) -> Result<ExitCode, StorageError> {
    let report = verify(&FileStorage::existing(folder)?)?;
    println!("{report}");
    Ok(ExitCode::from(u8::from(!report.is_sound())))
}

fn compacted(folder: &str) -> Result<ExitCode, CompactError> {
    match compact(FileStorage::existing(folder)?, any_size()) {
        Ok(report) => {
            println!("{}", report.recovery);
            let (before, after) = (report.bytes_before, report.bytes_after);
            println!("{} objects, {before} bytes before, {after} after", report.objects);
            Ok(ExitCode::SUCCESS)
        }
        Err(CompactError::Open(OpenError::Recover(error)))
            if !matches!(error, RecoverError::Storage(_)) =>
        {
            println!("damaged: {error}");
            Ok(ExitCode::from(1))
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
        max_attribute_bytes: 1 << 30,
        max_name_bytes: 65_535,
        max_area_corners: 65_536,
        ..MemoryConfig::default()
    }
}
