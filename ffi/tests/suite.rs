//! The C suite and the examples, built by the compilers that are there and run against the library that this
//! test run built: linked shared and static, as C and as C++.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests"
)]

mod compilers;

use std::path::{Path, PathBuf};
use std::process::Command;

use compilers::{Language, built, compilers, run, scratch};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A folder with the library under its names, as an install gives it.
fn installed(name: &str) -> PathBuf {
    let (folder, built) = (scratch(name), built());
    for (from, to) in [("libxrmesh_ffi.so", "libxrmesh.so.0"), ("libxrmesh_ffi.a", "libxrmesh.a")] {
        let from = [built.join("deps").join(from), built.join(from)]
            .into_iter()
            .find(|path| path.exists());
        let from = from.expect("cargo builds the library before its tests");
        std::os::unix::fs::symlink(from, folder.join(to)).unwrap();
    }
    std::os::unix::fs::symlink("libxrmesh.so.0", folder.join("libxrmesh.so")).unwrap();
    folder
}

/// How a program is linked.
#[derive(Clone, Copy, Debug)]
enum Link {
    Shared,
    Static,
}

fn link(command: &mut Command, folder: &Path, link: Link) {
    match link {
        Link::Shared => {
            command.arg("-L").arg(folder).arg("-lxrmesh");
            command.arg(format!("-Wl,-rpath,{}", folder.display()));
        }
        Link::Static => {
            command.arg(folder.join("libxrmesh.a")).args(["-lm", "-ldl"]);
        }
    }
    command.arg("-lpthread");
}

/// The compilers of this machine's own programs.
fn native(language: Language) -> Vec<compilers::Compiler> {
    let mut native = compilers();
    native.retain(|found| found.language == language && !found.program.contains('-'));
    native
}

fn warnings(command: &mut Command) {
    command
        .args(["-g", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-I"])
        .arg(root().join("../include"));
}

/// Builds the suite and runs all of it.
fn suite(name: &str, language: Language, standard: &str, how: Link) {
    let folder = installed(name);
    let mut files: Vec<_> = std::fs::read_dir(root().join("tests/c"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "c"))
        .collect();
    files.sort();
    let listed = std::fs::read_to_string(root().join("tests/c/main.c")).unwrap();
    let tests = listed.matches(", test_").count();
    assert!(tests >= 13, "{tests} tests in main.c");
    for compiler in native(language) {
        let program = folder.join(&compiler.program);
        let mut command = Command::new(&compiler.program);
        if language == Language::Cxx {
            command.args(["-x", "c++"]);
        }
        command
            .arg(format!("-std={standard}"))
            .args(&files)
            .args(["-x", "none", "-o"])
            .arg(&program);
        warnings(&mut command);
        link(&mut command, &folder, how);
        run(&mut command);
        let said = run(Command::new("timeout").arg("120").arg(&program).current_dir(&folder));
        assert_eq!(said.matches(": ok").count(), tests, "{said}");
    }
}

#[test]
fn the_suite_in_c_linked_shared() {
    suite("suite_c_shared", Language::C, "gnu99", Link::Shared);
}

#[test]
fn the_suite_in_c_linked_static() {
    suite("suite_c_static", Language::C, "gnu11", Link::Static);
}

#[test]
fn the_suite_as_cxx() {
    suite("suite_cxx", Language::Cxx, "gnu++17", Link::Shared);
}

/// The C++ layer where it is more than a call: each program with exceptions and without.
#[test]
fn the_layer_for_cxx() {
    let folder = installed("layer_cxx");
    for name in ["streams", "memory"] {
        let file = root().join(format!("tests/cpp/{name}.cpp"));
        for compiler in native(Language::Cxx) {
            for exceptions in [&["-fexceptions"][..], &["-fno-exceptions", "-fno-rtti"]] {
                let program =
                    folder.join(format!("{name}_{}{}", compiler.program, exceptions.len()));
                let mut command = Command::new(&compiler.program);
                command.arg("-std=c++17").args(exceptions).arg(&file);
                warnings(&mut command);
                command.arg("-o").arg(&program);
                link(&mut command, &folder, Link::Shared);
                run(&mut command);
                // A store of the run before must not be there.
                let _ = std::fs::remove_dir_all(folder.join("cpp_store"));
                let mut run_it = Command::new("timeout");
                run_it.arg("60").arg(&program).current_dir(&folder);
                let said = run(&mut run_it);
                assert_eq!(said, format!("{name}: ok\n"));
            }
        }
    }
}

/// Builds an example linked shared and static, by one compiler each where there are two.
fn example(folder: &Path, file: &str, language: Language, standard: &str) -> Vec<PathBuf> {
    let mut programs = Vec::new();
    for (how, compiler) in
        [Link::Shared, Link::Static].into_iter().zip(native(language).iter().cycle())
    {
        let name = file.replace(['/', '.'], "_");
        let program = folder.join(format!("{name}_{}_{how:?}", compiler.program));
        let mut command = Command::new(&compiler.program);
        command.arg(format!("-std={standard}")).arg(root().join("..").join(file));
        warnings(&mut command);
        command.arg("-o").arg(&program);
        link(&mut command, folder, how);
        run(command.arg("-lm"));
        programs.push(program);
    }
    assert!(!programs.is_empty(), "there is no compiler for {file}");
    programs
}

/// What an example says to an option that it has not, and to a value that is none.
fn refuses(program: &Path) {
    for wrong in [&["--none"][..], &["--seconds", "soon"], &["--seconds"]] {
        let output = Command::new(program).args(wrong).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{wrong:?}: {said}");
        assert!(said.contains(wrong[0]) && said.lines().count() == 1, "{wrong:?}: {said}");
    }
    let help = run(Command::new(program).arg("--help"));
    assert!(help.contains("usage: ") && help.contains("--seconds"), "{help}");
}

#[test]
fn the_smallest_examples() {
    let folder = installed("examples_hello");
    for (file, language, standard) in [
        ("examples/c/hello.c", Language::C, "c99"),
        ("examples/cpp/hello.cpp", Language::Cxx, "c++17"),
    ] {
        for program in example(&folder, file, language, standard) {
            assert_eq!(run(&mut Command::new(&program)), "hello, world\n", "{file}");
        }
    }
}

/// A renderer's thread beside a simulation's, at a pace of its own and far behind it.
#[test]
fn the_frame_loop_examples() {
    let folder = installed("examples_frame_loop");
    for (file, language, standard) in [
        ("examples/c/frame_loop.c", Language::C, "c11"),
        ("examples/cpp/frame_loop.cpp", Language::Cxx, "c++17"),
    ] {
        for program in example(&folder, file, language, standard) {
            refuses(&program);
            for options in [
                &["--seconds", "0.4"][..],
                &["--seconds", "0.3", "--rate", "500", "--fps", "20", "--objects", "7"],
            ] {
                let said = run(Command::new("timeout").arg("60").arg(&program).args(options));
                let sums = said.contains(" sent = ") && said.contains(", lost 0;");
                assert!(sums && said.contains("p99"), "{file} {options:?}:\n{said}");
            }
        }
    }
}

/// The last word of the line that begins so.
fn figure<'a>(said: &'a str, line: &str) -> &'a str {
    let found = said.lines().find(|given| given.trim_start().starts_with(line));
    found
        .and_then(|found| found.split_whitespace().last())
        .unwrap_or_else(|| panic!("no {line}:\n{said}"))
}

/// The real captures, or none with a word: `room --motion` for each.
fn captures() -> Vec<[PathBuf; 2]> {
    let data = root().join("../../shared/data");
    if !data.is_dir() {
        assert!(std::env::var_os("CI").is_none(), "{} is not there", data.display());
        println!("SKIPPED: the room sessions on captures: {} is not there", data.display());
        return Vec::new();
    }
    let recording = "headset-motion/tracked-recording.json";
    let trajectory = "tum-trajectory/freiburg1_xyz-groundtruth.txt";
    [("office_small", recording), ("meeting_room", trajectory), ("living_room", recording)]
        .map(|(room, motion)| [data.join(format!("quest-rooms/{room}.json")), data.join(motion)])
        .into()
}

/// The room session: generated, and on the three rooms. It ends with the same state in C and in C++, with one worker
/// and with three, and in each run.
#[test]
fn the_room_session_examples() {
    let folder = installed("examples_room_session");
    let mut programs = example(&folder, "examples/c/room_session.c", Language::C, "c11");
    programs.extend(example(&folder, "examples/cpp/room_session.cpp", Language::Cxx, "c++17"));
    let play = |program: &Path, files: Option<&[PathBuf; 2]>, workers: &str| {
        let mut command = Command::new("timeout");
        command.arg("60").arg(program).args(["--seconds", "1", "--workers", workers]);
        if let Some([room, motion]) = files {
            command.arg("--room").arg(room).arg("--motion").arg(motion);
        }
        let said = run(&mut command);
        assert!(said.contains(" sent = ") && said.contains("moved with it"), "{said}");
        figure(&said, "state hash").to_owned()
    };
    let captures = captures();
    for files in std::iter::once(None).chain(captures.iter().map(Some)) {
        let expected = play(&programs[0], files, "0");
        for program in &programs {
            assert_eq!(play(program, files, "0"), expected, "{} {files:?}", program.display());
        }
        assert_eq!(play(&programs[1], files, "2"), expected, "three workers, {files:?}");
    }
    for program in [programs.first(), programs.last()].into_iter().flatten() {
        refuses(program);
        // A file of another kind, one that is cut off, none, and poses that go back.
        let cut = folder.join("cut.json");
        std::fs::write(&cut, r#"{"camera": {"poses": [{"position": {"x": 1, "y": 2"#).unwrap();
        let back = folder.join("back.txt");
        std::fs::write(&back, "2 0 0 0 0 0 0 1\n1 0 0 0 0 0 0 1\n").unwrap();
        let deep = folder.join("deep.json");
        std::fs::write(&deep, format!("{{\"events\": {}", "[".repeat(100_000))).unwrap();
        for (option, file, place) in [
            ("--motion", &cut, ":1:"),
            ("--motion", &back, ":2:"),
            ("--motion", &deep, "32 deep"),
            ("--motion", &folder.join("none"), "none"),
            ("--room", &back, "line 1"),
            ("--room", &folder.join("none"), "none"),
        ] {
            let output = Command::new(program).arg(option).arg(file).output().unwrap();
            let said = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(2), "{option} {}: {said}", file.display());
            assert!(said.contains(place) && said.lines().count() == 1, "{said}");
        }
    }
}

/// Only the interface is exported, under its SONAME, aligned for pages of 16 KB.
#[test]
fn what_the_library_exports() {
    let folder = installed("exports");
    let library = folder.join("libxrmesh.so.0");
    let symbols = run(Command::new("nm").args(["-D", "--defined-only"]).arg(&library));
    let exported: Vec<_> =
        symbols.lines().filter_map(|line| line.split_whitespace().nth(2)).collect();
    assert!(exported.len() > 100, "{symbols}");
    let header = std::fs::read_to_string(root().join("../include/xrmesh.h")).unwrap();
    for symbol in exported {
        assert!(symbol.starts_with("xrmesh_"), "{symbol} is exported");
        let declared = header.contains(&format!("{symbol}("));
        assert!(declared || symbol.starts_with("xrmesh_test_"), "{symbol} is in no header");
    }
    let dynamic = run(Command::new("readelf").args(["-d", "-l", "-W"]).arg(&library));
    assert!(dynamic.contains("[libxrmesh.so.0]"), "{dynamic}");
    let loads = dynamic.lines().filter(|line| line.trim_start().starts_with("LOAD"));
    for load in loads {
        let align = load.split_whitespace().last().unwrap().trim_start_matches("0x");
        assert!(u64::from_str_radix(align, 16).unwrap() >= 0x4000, "{load}");
    }
}
