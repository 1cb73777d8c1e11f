//! Moves that are held back.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::super::super::change::Change;
use super::super::Durability;
use super::{Store, change, id};
use crate::space::{Pose, Vec3};
use crate::storage::{Crash, RamDisk};
use crate::time::Time;

fn moved(slot: u32, x: f32) -> Change {
    let pose = Pose::at(Vec3::new(x, 0.0, 0.0)).unwrap();
    Change::Move { id: id(slot), pose, velocity: None }
}

fn recovered(disk: &RamDisk) -> Vec<Change> {
    disk.crash(Crash::LoseUnsynced);
    Store::on(disk).unwrap().history
}

#[test]
fn the_last_pose_of_each_object_is_written_once_an_interval() {
    let disk = RamDisk::new();
    let mut journal = Store::on(&disk).unwrap().journal;
    let flusher = journal.flusher();
    for tick in 0..10 {
        for slot in 0..3 {
            journal.append(&moved(slot, tick as f32), Durability::Interval(10)).unwrap();
        }
        journal.end_tick(Time::from_nanos(tick)).unwrap();
        flusher.flush().unwrap();
        // Nothing counts as certain while the first move is held back.
        assert_eq!(flusher.durable_through().0, if tick == 9 { 30 } else { 0 });
    }
    drop(journal);
    assert_eq!(recovered(&disk), [moved(0, 9.0), moved(1, 9.0), moved(2, 9.0)]);
}

#[test]
fn what_is_written_at_once_waits_for_moves_before_it_and_a_flush_writes_both() {
    let disk = RamDisk::new();
    let mut journal = Store::on(&disk).unwrap().journal;
    journal.append(&moved(0, 1.0), Durability::Interval(100)).unwrap();
    journal.append(&change(1), Durability::Interval(100)).unwrap();
    journal.end_tick(Time::ZERO).unwrap();
    journal.flusher().flush().unwrap();
    assert_eq!(journal.durable_through().0, 0);
    let through = journal.flush().unwrap();
    assert!(through.0 >= 2 && through == journal.last());
    std::mem::forget(journal);
    let mut found = recovered(&disk);
    assert_eq!(found.len(), 2);
    assert!(found.contains(&moved(0, 1.0)) && found.contains(&change(1)));
    found.clear();
}

#[test]
fn an_object_that_left_takes_its_moves_with_it() {
    let disk = RamDisk::new();
    let mut journal = Store::on(&disk).unwrap().journal;
    journal.append(&moved(4, 1.0), Durability::Interval(5)).unwrap();
    let left = Change::Remove { id: id(4), cause: crate::memory::Removal::Removed };
    journal.append(&left, Durability::Each).unwrap();
    journal.flush().unwrap();
    assert_eq!(journal.durable_through().0, 2);
    drop(journal);
    assert_eq!(recovered(&disk), [left]);
}

#[test]
fn moves_for_images_only_hold_nothing_up() {
    let disk = RamDisk::new();
    let mut journal = Store::on(&disk).unwrap().journal;
    journal.append(&moved(4, 1.0), Durability::Snapshot).unwrap();
    journal.append(&moved(5, 1.0), Durability::Each).unwrap();
    journal.append(&moved(4, 2.0), Durability::Snapshot).unwrap();
    journal.flush().unwrap();
    assert_eq!(journal.durable_through().0, 3);
    drop(journal);
    assert_eq!(recovered(&disk), [moved(5, 1.0)]);
}

/// What applying changes leaves of an object: pose, persistence, what an observation sets.
fn apply(state: &mut BTreeMap<u32, [Option<u32>; 3]>, change: &Change) {
    match change {
        Change::Move { id, pose, .. } => {
            state.entry(id.slot()).or_default()[0] = Some(pose.position().x.to_bits());
        }
        Change::Age { id, persistence } => {
            state.entry(id.slot()).or_default()[1] = Some(persistence.to_bits());
        }
        Change::Observe { id, pose, persistence, confidence, .. } => {
            let parts = [pose.position().x, *persistence, *confidence];
            state.insert(id.slot(), parts.map(|part| Some(part.to_bits())));
        }
        Change::Put { object, .. } => {
            state.insert(object.id.slot(), [None; 3]);
        }
        Change::Remove { id, .. } => drop(state.remove(&id.slot())),
        _ => {}
    }
}

proptest! {
    #[test]
    fn held_back_or_not_the_same_memory_comes_back(
        steps in proptest::collection::vec((0u64..500, 0u32..4, any::<bool>()), 1..200)
    ) {
        let disk = RamDisk::new();
        let mut journal = Store::on(&disk).unwrap().journal;
        let mut expected = BTreeMap::new();
        for &(index, interval, tick) in &steps {
            let change = change(index);
            // An object keeps its class's interval, or changes it.
            let durability =
                if interval == 0 { Durability::Each } else { Durability::Interval(interval) };
            journal.append(&change, durability).unwrap();
            apply(&mut expected, &change);
            if tick {
                journal.end_tick(Time::ZERO).unwrap();
            }
        }
        journal.flush().unwrap();
        prop_assert_eq!(journal.durable_through(), journal.last());
        std::mem::forget(journal);
        let mut found = BTreeMap::new();
        for change in recovered(&disk) {
            apply(&mut found, &change);
        }
        prop_assert_eq!(found, expected);
    }
}
