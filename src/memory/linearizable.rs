//! Publishing is linearizable: a history of what the writer and readers did, each with the moments at
//! which it began and ended, is held against the rule that every read shows the state that was published
//! at one moment between its own beginning and end.
//!
//! One writer publishes states in order, so the states are numbers and the rule is three conditions:
//!
//! 1. What is read was being published before the read ended, and nothing later had been published
//!    before it began.
//! 2. A read that begins after another has ended shows no earlier state, whoever reads.
//! 3. What the state's number promises is what is read: all of it, by records and by the index.

use super::*;
use crate::space::{Pose, Vec3};
use crate::sync::{AtomicU64, Ordering};
use crate::time::Time;

/// Something that was done, and when: moments are numbers that no two share.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Span {
    begun: u64,
    ended: u64,
    /// The state that was published or read.
    state: u64,
}

/// What was done.
#[derive(Clone, Debug, Default)]
struct History {
    /// By state, from 1, one after the other.
    published: Vec<Span>,
    read: Vec<Span>,
}

impl History {
    /// A read that no order of moments explains.
    fn violation(&self) -> Option<String> {
        let publication = |state: u64| self.published.get(state.checked_sub(1)? as usize);
        for read in &self.read {
            let Some(own) = publication(read.state) else {
                return Some(format!("{read:?} shows what nobody published"));
            };
            if own.begun > read.ended {
                return Some(format!("{read:?} shows {own:?}, which began later"));
            }
            if let Some(next) = publication(read.state + 1).filter(|next| next.ended < read.begun) {
                return Some(format!("{read:?} began behind {next:?}"));
            }
        }
        // By their ends, with the latest state that was read by then.
        let mut by_end = self.read.clone();
        by_end.sort_unstable_by_key(|read| read.ended);
        let latest: Vec<u64> = by_end
            .iter()
            .scan(0, |latest, read| {
                *latest = read.state.max(*latest);
                Some(*latest)
            })
            .collect();
        self.read.iter().find_map(|read| {
            let before = by_end.partition_point(|other| other.ended < read.begun);
            let seen = *latest.get(before.checked_sub(1)?)?;
            (read.state < seen).then(|| format!("{read:?} goes back behind {seen}"))
        })
    }
}

/// The moments.
struct Clock(AtomicU64);

impl Clock {
    fn now(&self) -> u64 {
        self.0.fetch_add(1, Ordering::SeqCst)
    }
}

const OBJECTS: u32 = 40;

fn pose(at: u32, state: u64) -> Pose {
    Pose::at(Vec3::new(at as f32, state as f32, 0.0)).unwrap()
}

/// The state that a snapshot shows: its number, which records and index must bear out (condition 3).
fn shown(snapshot: &MemorySnapshot, ids: &[ObjectId], work: &mut Workspace) -> u64 {
    let (state, view) = (snapshot.version(), snapshot.view());
    for (&id, at) in ids.iter().zip(0..) {
        assert_eq!(view.world_pose(id), Some(pose(at, state)), "state {state}");
    }
    let from = Vec3::new(0.0, state as f32, 0.0);
    let near = view.nearest(from, usize::MAX, &Filter::all(), work).unwrap();
    let far = near.iter().zip(0..).map(|(found, at): (_, u32)| (found.distance_squared, at * at));
    far.for_each(|(found, expected)| assert_eq!(found, expected as f32, "state {state}"));
    state
}

/// Three readers and a writer.
fn played(states: u64) -> History {
    let mut memory = SpatialMemory::new(MemoryConfig::default()).unwrap();
    let class = memory.class("ball").unwrap();
    let new: Vec<_> = (0..OBJECTS).map(|at| NewObject::new(class, pose(at, 1))).collect();
    let mut ids = Vec::new();
    memory.insert_all(&new, &mut ids).unwrap();
    let clock = Clock(AtomicU64::new(0));
    let mut history = History::default();
    let mut publish = |memory: &mut SpatialMemory, state: u64| {
        let begun = clock.now();
        let published = memory.publish(Time::from_nanos(state as i64)).unwrap();
        assert_eq!(published.version, state);
        history.published.push(Span { begun, ended: clock.now(), state });
    };
    publish(&mut memory, 1);
    let mut read = Vec::new();
    std::thread::scope(|scope| {
        let readers: Vec<_> = (0..3)
            .map(|_| {
                let (reader, ids, clock) = (memory.reader(), &ids, &clock);
                scope.spawn(move || {
                    let (mut work, mut read) = (Workspace::new(), Vec::new());
                    while read.last().is_none_or(|last: &Span| last.state < states) {
                        let begun = clock.now();
                        let snapshot = reader.snapshot().unwrap();
                        let ended = clock.now();
                        read.push(Span { begun, ended, state: shown(&snapshot, ids, &mut work) });
                    }
                    read
                })
            })
            .collect();
        for state in 2..=states {
            let moves: Vec<_> =
                ids.iter().zip(0..).map(|(&id, at)| (id, pose(at, state))).collect();
            memory.update_poses(&moves).unwrap();
            publish(&mut memory, state);
        }
        read = readers.into_iter().flat_map(|reader| reader.join().unwrap()).collect();
    });
    history.read = read;
    history
}

#[test]
fn every_read_is_a_state_of_a_moment_while_it_was_read() {
    let history = played(1_500);
    assert_eq!(history.published.len(), 1_500);
    assert!(history.read.len() >= 3);
    assert_eq!(history.violation(), None);
}

#[test]
fn histories_that_no_order_explains_are_found() {
    let history = played(200);
    let read = |begun, ended, state| Span { begun, ended, state };
    let changed = |change: &dyn Fn(&mut History)| {
        let mut history = history.clone();
        change(&mut history);
        history.violation()
    };
    // A read that shows the state before, or behind, the ones that it may show.
    for at in (0..history.read.len()).step_by(history.read.len().div_ceil(40)) {
        let Span { begun, ended, .. } = history.read[at];
        let may = |state: u64| {
            let (own, next) = (state as usize - 1, state as usize);
            history.published[own].begun < ended
                && history.published.get(next).is_none_or(|next| next.ended > begun)
        };
        let allowed: Vec<u64> = (1..=200).filter(|&state| may(state)).collect();
        assert!(allowed.contains(&history.read[at].state));
        for state in [0, allowed[0] - 1, allowed[allowed.len() - 1] + 1] {
            let violation = changed(&|history| history.read[at].state = state);
            assert!(violation.is_some(), "{state} at {:?}", history.read[at]);
        }
    }
    // One reader is shown a state while it is being published, and a later one the state before it.
    let mut small = History {
        published: vec![read(0, 1, 1), read(2, 9, 2)],
        read: vec![read(3, 4, 2), read(5, 6, 2)],
    };
    assert_eq!(small.violation(), None);
    small.read[1].state = 1;
    assert!(small.violation().is_some_and(|violation| violation.contains("goes back")));
    // At the same time, either may be.
    small.read[1].begun = 3;
    assert_eq!(small.violation(), None);
}
