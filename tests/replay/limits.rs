//! What a recording cannot hold, and what ends one.

use std::io::{self, Write};

use xrmesh::{
    Budget, Mesh, Message, RecordError, RecordOptions, Refusal, Replay, ReplayError, SpawnError,
    SpawnOptions, Target, Time,
};

use crate::recorded::{File, Past, TALK, Wild, assert_replays, config, recorded, register, tick};

#[test]
fn a_recorded_session_spawns_registered_types_only() {
    let (mut mesh, file) = recorded(config(0), RecordOptions::default());
    let refused = |error| match error {
        SpawnError::NotRegistered { given } => assert!(given.ends_with("Wild"), "{given}"),
        other => panic!("{other}"),
    };
    refused(mesh.spawn(Wild(1)).unwrap_err());
    refused(mesh.spawn_with(Wild(1), SpawnOptions::new()).unwrap_err());
    mesh.handle().spawn(Wild(1), SpawnOptions::new()).unwrap();
    let unknown = mesh.spawn_as("nobody", b"", SpawnOptions::new());
    assert!(matches!(unknown, Err(SpawnError::UnknownType { .. })));
    assert!(matches!(
        mesh.spawn_as("busy", b"bad", SpawnOptions::new()),
        Err(SpawnError::Factory { .. })
    ));
    let mut past = Past::new();
    tick(&mut mesh, &mut past, Time::ZERO, Budget::unlimited());
    let refusals: Vec<_> = mesh.refusals().collect();
    assert!(matches!(refusals[..], [Refusal::Spawn(SpawnError::NotRegistered { .. })]));
    mesh.finish_recording().unwrap();
    // What was refused is not in the recording.
    assert_replays(&file.bytes(), &past);
    mesh.spawn(Wild(1)).unwrap();
}

#[test]
fn a_recording_begins_with_an_untouched_mesh() {
    let touched = |touch: &dyn Fn(&mut Mesh)| {
        let mut mesh = Mesh::new(config(0)).unwrap();
        register(&mut mesh).unwrap();
        touch(&mut mesh);
        mesh.record_to(Box::new(File::default()), RecordOptions::default())
    };
    for touch in [
        &|mesh: &mut Mesh| {
            mesh.spawn(Wild(1)).unwrap();
        },
        &|mesh: &mut Mesh| {
            let id = mesh.spawn(Wild(1)).unwrap();
            mesh.despawn(id).unwrap();
        },
        &|mesh: &mut Mesh| {
            mesh.tick(Time::ZERO, Budget::unlimited()).unwrap();
        },
        &|mesh: &mut Mesh| {
            mesh.send(Target::Everyone, Message::new(TALK)).unwrap();
        },
        &|mesh: &mut Mesh| mesh.auto_connect(1.0, 0.0).unwrap(),
    ] as [&dyn Fn(&mut Mesh); 5]
    {
        let begun = touched(touch);
        assert!(matches!(begun, Err(RecordError::Begun { .. })), "{begun:?}");
    }
    touched(&|_| ()).unwrap();
    let (mut mesh, _) = recorded(config(0), RecordOptions::default());
    let again = mesh.record_to(Box::new(File::default()), RecordOptions::default());
    assert!(matches!(again, Err(RecordError::AlreadyRecording { bytes: 1.. })));
    mesh.finish_recording().unwrap();
    assert!(matches!(mesh.finish_recording(), Err(RecordError::NotRecording)));
    assert!(mesh.recording().is_none());
}

/// Takes so many bytes.
struct Full(usize);

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(self.0);
        self.0 -= taken;
        if taken == 0 { Err(io::Error::other("the disk is full")) } else { Ok(taken) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_write_that_fails_ends_the_recording_and_not_the_session() {
    let session = |room: Option<usize>| {
        let mut mesh = Mesh::new(config(0)).unwrap();
        register(&mut mesh).unwrap();
        if let Some(room) = room {
            let options = RecordOptions { buffer_bytes: 64, ..RecordOptions::default() };
            mesh.record_to(Box::new(Full(room)), options).unwrap();
        }
        let mut past = Past::new();
        for number in 0..20 {
            mesh.spawn_as("busy", &[number], SpawnOptions::new()).unwrap();
            mesh.send(Target::Everyone, Message::new(TALK).hops(9)).unwrap();
            tick(&mut mesh, &mut past, Time::from_nanos(number.into()), Budget::unlimited());
        }
        (mesh, past)
    };
    let (_, plain) = session(None);
    let (mut mesh, past) = session(Some(3000));
    assert_eq!(past, plain);
    let recording = mesh.recording().unwrap();
    assert!(recording.ticks < 20 && recording.bytes <= 3000);
    assert!(matches!(recording.error, Some(RecordError::Write { .. })));
    match mesh.finish_recording() {
        Err(RecordError::Write { written, source }) => {
            assert!(written <= 3000);
            assert_eq!(source.to_string(), "the disk is full");
        }
        other => panic!("{other:?}"),
    }
    // It may be that only the last buffer does not fit.
    let (mut mesh, _) = recorded(config(0), RecordOptions::default());
    mesh.finish_recording().unwrap();
    let mut mesh = Mesh::new(config(0)).unwrap();
    mesh.record_to(Box::new(Full(20)), RecordOptions::default()).unwrap();
    assert!(mesh.recording().unwrap().error.is_none());
    assert!(matches!(mesh.finish_recording(), Err(RecordError::Write { written: 0, .. })));
}

#[test]
fn a_session_that_ends_without_finishing_replays_up_to_there() {
    let (mut mesh, file) = recorded(config(0), RecordOptions::default());
    let mut past = Past::new();
    mesh.spawn_as("busy", b"a", SpawnOptions::new()).unwrap();
    for number in 0..5 {
        mesh.send(Target::Everyone, Message::new(TALK).hops(9)).unwrap();
        tick(&mut mesh, &mut past, Time::from_nanos(number), Budget::unlimited());
    }
    assert!(file.bytes().is_empty(), "it is written a buffer at a time");
    drop(mesh);
    let bytes = file.bytes();
    let mut replay = Replay::open(&bytes[..], register, None).unwrap();
    for (report, hash) in &past {
        let tick = replay.step().unwrap().unwrap();
        assert_eq!((&tick.report, tick.hash), (report, *hash));
    }
    let end = bytes.len() as u64;
    assert!(matches!(replay.step(), Err(ReplayError::Truncated { offset }) if offset == end));
}

#[test]
fn hashes_are_as_rare_as_asked_for() {
    for (every, expected) in [(0, vec![]), (1, vec![1, 2, 3, 4, 5, 6, 7]), (3, vec![3, 6])] {
        let options = RecordOptions { hash_every: every, ..RecordOptions::default() };
        let (mut mesh, file) = recorded(config(0), options);
        mesh.spawn_as("wild", b"a", SpawnOptions::new()).unwrap();
        for number in 0..7 {
            mesh.tick(Time::from_nanos(number), Budget::unlimited()).unwrap();
        }
        let hash = mesh.state_hash();
        mesh.finish_recording().unwrap();
        let bytes = file.bytes();
        let mut replay = Replay::open(&bytes[..], register, None).unwrap();
        let mut found = Vec::new();
        while let Some(tick) = replay.step().unwrap() {
            found.extend(tick.recorded_hash.map(|_| tick.tick));
        }
        assert_eq!(found, expected);
        assert_eq!(replay.mesh().state_hash(), hash);
    }
}

#[test]
fn a_command_that_no_record_holds_ends_the_recording() {
    let (mut mesh, _) = recorded(config(0), RecordOptions::default());
    mesh.spawn_as("wild", &vec![0; 1 << 26], SpawnOptions::new()).unwrap();
    assert_eq!(mesh.agents(), 1);
    match mesh.finish_recording() {
        Err(RecordError::TooLong { given, limit, tick: 0 }) => {
            assert!(limit == 1 << 26 && given > limit);
        }
        other => panic!("{other:?}"),
    }
}
