//! The header is what its sources say, and compilers take it.
//!
//! `XRMESH_WRITE=1 cargo test -p xrmesh-ffi --test header` writes the generated files anew.

mod compilers;

use std::path::{Path, PathBuf};
use std::process::Command;

use compilers::{Compiler, Language, compilers, scratch};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
}

fn generated() -> String {
    let config = cbindgen::Config::from_file(root().join("cbindgen.toml")).unwrap();
    let (mut builder, mut files) = (cbindgen::Builder::new().with_config(config), Vec::new());
    sources(&root().join("src"), &mut files);
    for file in files {
        builder = builder.with_src(file);
    }
    let mut text = Vec::new();
    builder.generate().unwrap().write(&mut text);
    String::from_utf8(text).unwrap()
}

/// Compares a committed file with what it should be, or writes it.
fn committed(path: &Path, expected: &str) {
    if std::env::var_os("XRMESH_WRITE").is_some() {
        std::fs::write(path, expected).unwrap();
    }
    let found = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        found == expected,
        "{} is not what ffi/src gives: run `XRMESH_WRITE=1 cargo test -p xrmesh-ffi --test header`",
        path.display()
    );
}

#[test]
fn the_header_is_what_the_sources_give() {
    committed(&root().join("../include/xrmesh.h"), &generated());
}
