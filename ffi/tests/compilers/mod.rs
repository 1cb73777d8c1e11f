//! The C and C++ compilers that are there.
#![expect(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "tests")]
#![allow(dead_code, reason = "each test uses a part of it")]

use std::path::{Path, PathBuf};
use std::process::Command;

/// A language and its standards.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Language {
    C,
    Cxx,
}

/// One compiler.
#[derive(Clone, Debug)]
pub(crate) struct Compiler {
    pub(crate) program: String,
    pub(crate) language: Language,
}

/// All that can be run here. What is missing is printed as skipped.
pub(crate) fn compilers() -> Vec<Compiler> {
    let known = [
        ("gcc", Language::C),
        ("clang", Language::C),
        ("x86_64-w64-mingw32-gcc", Language::C),
        ("aarch64-linux-gnu-gcc", Language::C),
        ("g++", Language::Cxx),
        ("clang++", Language::Cxx),
        ("x86_64-w64-mingw32-g++", Language::Cxx),
        ("aarch64-linux-gnu-g++", Language::Cxx),
    ];
    let mut found = Vec::new();
    for (program, language) in known {
        match Command::new(program).arg("--version").output() {
            Ok(output) if output.status.success() => {
                found.push(Compiler { program: program.to_owned(), language });
            }
            _ => println!("SKIPPED: {program} is not installed"),
        }
    }
    assert!(!found.is_empty(), "no C compiler is installed");
    found
}

/// An empty folder for one test.
pub(crate) fn scratch(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// Runs a command and fails with all that it said.
pub(crate) fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(output.status.success(), "{command:?}: {}\n{said}", output.status);
    said
}

/// Where the libraries are that this test run built.
pub(crate) fn built() -> PathBuf {
    let exe = std::env::current_exe().unwrap();
    let folder = exe.parent().unwrap();
    let folder = if folder.ends_with("deps") { folder.parent().unwrap() } else { folder };
    folder.to_owned()
}
