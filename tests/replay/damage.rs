//! A file that is not as it was written is an error that says where.

use std::time::Duration;

use xrmesh::space::Sphere;
use xrmesh::{
    Budget, Mesh, Message, Pose, RecordOptions, Replay, ReplayError, SpawnOptions, Target, Time,
    Vec3,
};

use crate::recorded::{
    Busy, Irregular, Past, TALK, Wild, assert_replays, config, recorded, register, tick,
};

/// A little of everything.
fn small() -> (Vec<u8>, Past) {
    let (mut mesh, file) = recorded(config(0), RecordOptions::default());
    let (clock, mut past) = (Irregular::new(5), Past::new());
    let options = SpawnOptions::new().pose(Pose::IDENTITY);
    let a = mesh.spawn_as("busy", b"a", options).unwrap();
    let b = mesh.spawn_as("wild", b"b", SpawnOptions::new()).unwrap();
    mesh.subscribe(a, "a", Some(Sphere::new(Vec3::ZERO, 2.0).unwrap().into())).unwrap();
    mesh.connect(a, b).unwrap();
    mesh.send(Target::Everyone, Message::new(TALK).bytes(&[7; 40])).unwrap();
    mesh.handle().send(b, Message::new(TALK).bytes(b"hello")).unwrap();
    tick(&mut mesh, &mut past, Time::ZERO, Budget::time(Duration::from_millis(1), &clock));
    mesh.despawn(b).unwrap();
    tick(&mut mesh, &mut past, Time::from_nanos(5), Budget::messages(3));
    mesh.finish_recording().unwrap();
    (file.bytes(), past)
}

/// Opens and replays to the end, which must not be reached.
fn error_of(bytes: &[u8]) -> ReplayError {
    match Replay::open(bytes, register, None) {
        Err(error) => error,
        Ok(mut replay) => {
            let Err(error) = replay.run() else { panic!("a changed recording must be refused") };
            let offset = error.offset().unwrap();
            match replay.step() {
                Err(ReplayError::Ended { offset: ended }) => assert!(ended <= offset),
                other => panic!("{other:?}"),
            }
            error
        }
    }
}

#[test]
fn a_recording_that_is_cut_off_anywhere_says_where() {
    let (bytes, past) = small();
    assert_replays(&bytes, &past);
    for end in 0..bytes.len() {
        match error_of(&bytes[..end]) {
            ReplayError::Truncated { offset } => assert!(offset <= end as u64, "{end}: {offset}"),
            other => panic!("{end}: {other}"),
        }
    }
}

#[test]
fn a_byte_that_was_changed_anywhere_is_found() {
    let (bytes, _) = small();
    for at in 0..bytes.len() {
        for bits in [1 << (at % 8), 0xff] {
            let mut changed = bytes.clone();
            changed[at] ^= bits;
            let error = error_of(&changed);
            let offset = error.offset().unwrap_or_else(|| panic!("{at}: {error}"));
            assert!(offset <= at as u64, "{at}: {error}");
        }
    }
}

#[test]
fn what_follows_the_end_is_refused() {
    let (mut bytes, _) = small();
    let end = bytes.len() as u64;
    bytes.push(0);
    assert!(matches!(error_of(&bytes), ReplayError::Trailing { offset } if offset == end));
}

#[test]
fn records_in_another_order_are_found() {
    let (bytes, _) = small();
    let length = |at: usize| {
        let length: [u8; 4] = bytes[at..at + 4].try_into().unwrap();
        4 + u32::from_le_bytes(length) as usize + 8
    };
    // The third and the fourth: agents a and b, which have equal lengths.
    let second = 12 + length(12);
    let (first_spawn, second_spawn) = (length(second), length(second + length(second)));
    let mut swapped = bytes.clone();
    swapped[second..second + first_spawn + second_spawn].rotate_left(first_spawn);
    let error = error_of(&swapped);
    assert!(
        matches!(error, ReplayError::Checksum { offset, .. } if offset == second as u64),
        "{error}"
    );
}

/// Written by hand, as `docs/recording-format.md` says: the head that any version begins with.
const OF_VERSION_0: [u8; 16] =
    [0x89, b'X', b'R', b'M', b'E', b'S', b'H', 0x0a, 0, 0, 0, 0, 0xde, 0xad, 0xbe, 0xef];

#[test]
fn other_versions_are_named() {
    let error = error_of(&OF_VERSION_0);
    assert!(matches!(error, ReplayError::Version { found: 0, supported: 1 }), "{error}");
    assert_eq!(error.offset(), Some(8));
    let text = "a recording in format version 0: this library reads version 1";
    assert_eq!(error.to_string(), text);
    let mut newer = OF_VERSION_0;
    newer[8..12].copy_from_slice(&0x0102_0304_u32.to_le_bytes());
    assert!(matches!(error_of(&newer), ReplayError::Version { found: 0x0102_0304, .. }));
    let mut other = OF_VERSION_0;
    other[..8].copy_from_slice(b"\x89PNG\r\n\x1a\n");
    assert!(matches!(error_of(&other), ReplayError::NotARecording { .. }));
}

#[test]
fn types_that_are_not_registered_are_named() {
    let (bytes, _) = small();
    let only_busy = |mesh: &mut Mesh| mesh.register("busy", Busy::from_bytes);
    let mut replay = Replay::open(&bytes[..], only_busy, None).unwrap();
    match replay.run() {
        Err(ReplayError::UnknownType { name, tick: 0, .. }) => assert_eq!(&*name, "wild"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn other_agents_diverge_where_they_differ() {
    let (bytes, past) = small();
    let other = |mesh: &mut Mesh| {
        mesh.register("busy", |bytes| Busy::from_bytes(&bytes[..0]))?;
        mesh.register("wild", |bytes| Ok::<_, String>(Wild(bytes.len() as u64)))
    };
    let mut replay = Replay::open(&bytes[..], other, None).unwrap();
    match replay.step() {
        Err(ReplayError::Diverged { tick: 1, what, recorded, given, .. }) => {
            assert_eq!((what, recorded), ("the state hash", past[0].1));
            assert_eq!(given, replay.mesh().state_hash());
        }
        other => panic!("{other:?}"),
    }
    // One type less and one name for both: ids lie elsewhere.
    let one = |mesh: &mut Mesh| {
        mesh.register("busy", Busy::from_bytes)?;
        mesh.register("wild", Busy::from_bytes)
    };
    match Replay::open(&bytes[..], one, None).unwrap().step() {
        Err(ReplayError::Diverged { what, .. }) => assert!(!what.is_empty()),
        other => panic!("{other:?}"),
    }
    let early = |mesh: &mut Mesh| {
        register(mesh)?;
        mesh.spawn(Wild(0)).unwrap();
        Ok(())
    };
    assert!(matches!(
        Replay::open(&bytes[..], early, None),
        Err(ReplayError::Diverged { tick: 0, .. })
    ));
}
