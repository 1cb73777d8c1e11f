//! Crashes: at every operation, torn at every byte, scattered.

use proptest::prelude::*;

use super::super::{JournalError, RecoverError};
use super::{Store, change, changes};
use crate::storage::{Crash, RamDisk, StorageError};

/// One step of a program.
#[derive(Clone, Copy, Debug)]
enum Step {
    Append(u64),
    EndTick,
    Flush,
    FlushElsewhere,
    BeginImage,
    WriteImage(u64),
    Reopen,
}

/// Runs `program`; gives what was appended and how much of it was acknowledged by the end or by the
/// first error.
fn run(disk: &RamDisk, program: &[Step]) -> (u64, u64, bool) {
    let Ok(mut store) = Store::on(disk) else { return (0, 0, false) };
    let mut acknowledged = 0;
    for step in program {
        let done = match *step {
            Step::Append(count) => store.append_next(count),
            Step::EndTick => store.end_tick(),
            Step::Flush => store.journal.flush().map(drop),
            Step::FlushElsewhere => store.journal.flusher().flush().map(drop),
            Step::BeginImage if store.image.is_none() => store.begin_image(),
            Step::BeginImage => Ok(()),
            Step::WriteImage(bytes) => store.step_image(bytes).map(drop),
            Step::Reopen => {
                let appended = store.history.len() as u64;
                drop(store.image.take());
                let closed = store.journal.close();
                if let Ok(through) = &closed {
                    acknowledged = acknowledged.max(through.0);
                }
                match Store::on(disk) {
                    Ok(reopened) => store = reopened,
                    Err(_) => return (appended, acknowledged, false),
                }
                closed.map(drop)
            }
        };
        acknowledged = acknowledged.max(store.journal.durable_through().0);
        if done.is_err() {
            return (store.history.len() as u64, acknowledged, false);
        }
    }
    (store.history.len() as u64, acknowledged, true)
}

/// What must hold after a crash: the store opens, to a prefix that has what was acknowledged, and it
/// goes on from there.
fn holds(disk: &RamDisk, appended: u64, acknowledged: u64) {
    let mut store = Store::on(disk).unwrap();
    let found = store.history.len() as u64;
    assert_eq!(store.report.through.0, found);
    assert!((acknowledged..=appended).contains(&found), "{acknowledged} ≤ {found} ≤ {appended}");
    assert_eq!(store.history, changes(0..found));
    store.append_next(3).unwrap();
    store.journal.flush().unwrap();
    drop(store);
    disk.crash(Crash::LoseUnsynced);
    let store = Store::on(disk).unwrap();
    assert_eq!(store.history, changes(0..found + 3));
}

/// All that a journal does, in an order in which each part meets the others.
const PROGRAM: &[Step] = &[
    Step::Append(5),
    Step::EndTick,
    Step::FlushElsewhere,
    Step::Append(40),
    Step::Flush,
    Step::Append(30),
    Step::BeginImage,
    Step::Append(7),
    Step::WriteImage(1000),
    Step::EndTick,
    Step::Append(60),
    Step::Flush,
    Step::WriteImage(u64::MAX),
    Step::Append(4),
    Step::EndTick,
    Step::FlushElsewhere,
    Step::Reopen,
    Step::Append(9),
    Step::Flush,
    Step::BeginImage,
    Step::WriteImage(u64::MAX),
    Step::BeginImage,
    Step::WriteImage(u64::MAX),
    Step::Append(2),
    Step::Reopen,
    Step::Append(30),
];

fn crashes() -> impl Iterator<Item = Crash> {
    [Crash::LoseUnsynced, Crash::KeepUnsynced]
        .into_iter()
        .chain((0..6).map(|seed| Crash::Scatter { seed }))
}

#[test]
fn a_crash_at_any_operation_loses_nothing_acknowledged() {
    let disk = RamDisk::new();
    let (appended, acknowledged, whole) = run(&disk, PROGRAM);
    assert!(whole && acknowledged > 150, "{appended} appended, {acknowledged} acknowledged");
    let operations = disk.operations();
    assert!(operations > 60, "{operations}");
    for operation in 0..operations {
        for crash in crashes() {
            let disk = RamDisk::new();
            disk.cut_power_at(operation);
            let (appended, acknowledged, _) = run(&disk, PROGRAM);
            disk.crash(crash);
            holds(&disk, appended, acknowledged);
        }
    }
}

#[test]
fn a_crash_in_recovery_changes_nothing() {
    for cut in (0..200).step_by(3) {
        let disk = RamDisk::new();
        disk.cut_power_at(cut);
        let (appended, acknowledged, whole) = run(&disk, PROGRAM);
        disk.crash(Crash::Scatter { seed: cut });
        if whole {
            break;
        }
        for operation in 0..12 {
            disk.cut_power_at(disk.operations() + operation);
            let opened = Store::on(&disk).is_ok();
            disk.crash(Crash::Scatter { seed: operation });
            if opened {
                break;
            }
        }
        holds(&disk, appended, acknowledged);
    }
}

#[test]
fn a_log_torn_at_any_byte_ends_with_a_whole_block() {
    let mut bytes = 0;
    loop {
        let disk = RamDisk::new();
        let mut store = Store::on(&disk).unwrap();
        store.append_next(20).unwrap();
        store.journal.flush().unwrap();
        store.append_next(12).unwrap();
        store.end_tick().unwrap();
        // Written and never synced.
        disk.cut_power_at(disk.operations() + 1);
        assert!(store.journal.flush().is_err());
        drop(store);
        disk.crash(Crash::TearAfter { bytes });
        let store = Store::on(&disk).unwrap();
        let found = store.history.len() as u64;
        assert!(found == 20 || found == 32, "torn after {bytes} bytes: {found} changes");
        assert_eq!(store.history, changes(0..found));
        if found == 32 {
            break;
        }
        bytes += 1;
        drop(store);
        holds(&disk, 32, 20);
    }
    assert!(bytes > 500, "the block has {bytes} bytes");
}

#[test]
fn a_failed_operation_poisons_and_reopening_finds_what_is_certain() {
    let disk = RamDisk::new();
    run(&disk, PROGRAM);
    for operation in 0..disk.operations() {
        let disk = RamDisk::new();
        disk.fail_at(operation);
        let (appended, acknowledged, _) = run(&disk, PROGRAM);
        // No crash of the machine: only the process ends. Then a crash, in which what a failed sync
        // threw away is missing.
        disk.crash(Crash::KeepUnsynced);
        holds(&disk, appended, acknowledged);
    }
}

#[test]
fn a_process_that_dies_and_then_a_power_cut_lose_nothing_acknowledged() {
    let whole = RamDisk::new();
    run(&whole, PROGRAM);
    for operation in 0..whole.operations() {
        let disk = RamDisk::new();
        // The process dies here; what it wrote is still read by the next one, and was not synced.
        disk.fail_at(operation);
        let (appended, acknowledged, _) = run(&disk, PROGRAM);
        holds(&disk, appended, acknowledged);
    }
}

#[test]
fn after_a_failed_sync_nothing_is_taken_or_acknowledged() {
    let disk = RamDisk::new();
    let mut store = Store::on(&disk).unwrap();
    store.append_next(5).unwrap();
    store.journal.flush().unwrap();
    store.append_next(5).unwrap();
    // The write goes well; the sync fails, and forgets what it was to write.
    store.end_tick().unwrap();
    disk.fail_at(disk.operations() + 1);
    let flusher = store.journal.flusher();
    assert!(matches!(flusher.flush(), Err(JournalError::Storage(StorageError::Simulated { .. }))));
    for _ in 0..2 {
        assert!(matches!(flusher.flush(), Err(JournalError::Poisoned { .. })));
    }
    assert!(matches!(store.append(change(10)), Err(JournalError::Poisoned { .. })));
    assert!(matches!(store.journal.begin_image(), Err(JournalError::Poisoned { .. })));
    assert_eq!(store.journal.durable_through().0, 5);
    drop((store, flusher));
    disk.crash(Crash::KeepUnsynced);
    assert_eq!(Store::on(&disk).unwrap().history.len(), 5);
}

#[test]
fn a_full_disk_is_named_and_goes_on_after_reopening() {
    let disk = RamDisk::new();
    let mut store = Store::on(&disk).unwrap();
    store.append_next(5).unwrap();
    store.journal.flush().unwrap();
    disk.set_capacity(Some(1 << 20));
    let refused = loop {
        if let Err(error) = store.append_next(200).and_then(|()| store.journal.flush().map(drop)) {
            break error;
        }
    };
    assert!(matches!(refused, JournalError::Storage(StorageError::Full { .. })), "{refused}");
    let (appended, acknowledged) = (store.history.len() as u64, store.journal.durable_through().0);
    assert!(acknowledged > 1000);
    disk.set_capacity(None);
    assert!(matches!(store.append(change(appended)), Err(JournalError::Poisoned { .. })));
    drop(store);
    holds(&disk, appended, acknowledged);
}

#[test]
fn an_image_that_fails_leaves_the_log_as_it_was() {
    let disk = RamDisk::new();
    let mut store = Store::on(&disk).unwrap();
    store.append_next(50).unwrap();
    store.journal.flush().unwrap();
    store.begin_image().unwrap();
    assert!(matches!(store.journal.begin_image(), Err(JournalError::ImageRunning)));
    disk.fail_at(disk.operations());
    assert!(store.step_image(u64::MAX).is_err());
    store.image = None;
    store.append_next(10).unwrap();
    store.journal.flush().unwrap();
    store.write_image().unwrap();
    assert_eq!(store.journal.durable_through().0, 60);
    drop(store);
    let store = Store::on(&disk).unwrap();
    assert_eq!((store.report.image_through.0, store.report.log_records), (60, 0));
    assert_eq!(store.history, changes(0..60));
}

#[test]
fn two_openers_are_an_error() {
    let disk = RamDisk::new();
    let store = Store::on(&disk).unwrap();
    assert!(matches!(Store::on(&disk), Err(RecoverError::Storage(StorageError::Locked { .. }))));
    drop(store);
    Store::on(&disk).unwrap();
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (1u64..60).prop_map(Step::Append),
        3 => Just(Step::EndTick),
        2 => Just(Step::Flush),
        2 => Just(Step::FlushElsewhere),
        1 => Just(Step::BeginImage),
        3 => (0u64..6000).prop_map(Step::WriteImage),
        1 => Just(Step::Reopen),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn random_programs_survive_scattered_writes(
        program in proptest::collection::vec(step(), 1..40),
        at in 0.0f64..1.0,
        seed: u64,
    ) {
        let disk = RamDisk::new();
        run(&disk, &program);
        let operations = disk.operations();
        let disk = RamDisk::new();
        disk.cut_power_at((operations as f64 * at) as u64);
        let (appended, acknowledged, _) = run(&disk, &program);
        disk.crash(Crash::Scatter { seed });
        holds(&disk, appended, acknowledged);
    }
}
