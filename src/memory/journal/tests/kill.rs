//! A process that is killed in the middle of its work, over and over.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::{Store, changes};
use crate::random::Counter;
use crate::storage::FileStorage;

/// Names the folder of the store to a process that is to be killed.
const FOLDER: &str = "XRMESH_TEST_KILLED_STORE";
/// How often a process is killed; 20 where it is not set.
const ROUNDS: &str = "XRMESH_KILL_ROUNDS";

#[test]
fn a_killed_process_loses_nothing_acknowledged() {
    if let Some(folder) = std::env::var_os(FOLDER) {
        write_until_killed(Path::new(&folder));
        return;
    }
    let rounds = std::env::var(ROUNDS).ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(20);
    let folder = std::env::temp_dir().join(format!("xrmesh-killed-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    let mut acknowledged = 0;
    let mut opened = 0;
    for round in 0..rounds {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "--nocapture", &test_name()])
            .env(FOLDER, &folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        // The kill comes a random time after some random acknowledgement.
        let draw = Counter::new(round, [0, 0]).u32x4(0);
        let mut left = draw[0] % 40;
        while left > 0 && lines.read_line(&mut line).unwrap() > 0 {
            left -= 1;
        }
        std::thread::sleep(Duration::from_micros(u64::from(draw[1] % 5000)));
        child.kill().unwrap();
        while lines.read_line(&mut line).unwrap() > 0 {}
        child.wait().unwrap();
        // A line that the kill cut short acknowledges nothing.
        let whole = line.split_inclusive('\n').filter(|line| line.ends_with('\n'));
        for number in whole.filter_map(|line| line.trim().strip_prefix("through ")?.parse().ok()) {
            acknowledged = acknowledged.max(number);
        }
        let store = Store::open(FileStorage::open(&folder).unwrap()).unwrap();
        let found = store.history.len() as u64;
        assert!(found >= acknowledged, "round {round}: {found} of {acknowledged} acknowledged");
        assert_eq!(store.history, changes(0..found), "round {round}");
        opened += u64::from(store.report.image_through.0 > 0);
    }
    assert!(acknowledged > rounds, "{acknowledged}");
    assert!(opened > 0, "no round met an image");
    std::fs::remove_dir_all(&folder).unwrap();
}

/// Its own name, as the test binary knows it.
fn test_name() -> String {
    let (_, module) = module_path!().split_once("::").unwrap();
    format!("{module}::a_killed_process_loses_nothing_acknowledged")
}

/// Appends, flushes and writes images, and says on its output what is certain.
fn write_until_killed(folder: &Path) {
    let mut store = Store::open(FileStorage::open(folder).unwrap()).unwrap();
    let mut out = std::io::stdout();
    for turn in 0u64.. {
        store.append_next(1 + turn % 23).unwrap();
        if turn % 3 == 0 {
            store.end_tick().unwrap();
        }
        if turn % 17 == 0 && store.image.is_none() && store.history.len() < 20_000 {
            store.begin_image().unwrap();
        }
        store.step_image(3000).unwrap();
        store.journal.flush().unwrap();
        let through = store.journal.durable_through().0;
        if writeln!(out, "through {through}").and_then(|()| out.flush()).is_err() {
            return;
        }
    }
}
