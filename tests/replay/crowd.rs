//! Sessions on several threads, timed sessions, and what other threads send meanwhile.

use std::time::Duration;

use xrmesh::config::{Config, LimitsConfig, PerformanceConfig};
use xrmesh::{
    Budget, Clock, Message, Pose, Priority, RecordOptions, SpawnOptions, Target, Time, Vec3,
};

use crate::recorded::{Irregular, Past, TALK, assert_replays, config, recorded, tick};

/// Enough agents and messages that rounds run on several threads.
fn crowd(budget: impl Fn(u64) -> Budget<'static>) -> (Vec<u8>, Past) {
    let config = Config {
        limits: LimitsConfig { outbox_capacity: 1 << 16, ..config(2).limits },
        ..config(2)
    };
    let (mut mesh, file) = recorded(config, RecordOptions::default());
    let mut past = Past::new();
    for number in 0..400_u32 {
        let pose = Pose::at(Vec3::new(number as f32 % 20.0, 0.0, 0.0)).unwrap();
        let options = SpawnOptions::new().pose(pose);
        mesh.spawn_as("busy", &number.to_le_bytes(), options).unwrap();
    }
    for number in 0..40_u64 {
        for priority in 1..=5 {
            let bytes = [number as u8, priority];
            let message = Message::new(TALK).priority(Priority::new(priority).unwrap());
            mesh.send(Target::Everyone, message.hops(8).bytes(&bytes)).unwrap();
        }
        let now = Time::from_nanos(number as i64 * 11_111_111);
        tick(&mut mesh, &mut past, now, budget(number));
    }
    mesh.finish_recording().unwrap();
    (file.bytes(), past)
}

#[test]
fn a_crowd_replays() {
    let (bytes, past) = crowd(|_| Budget::messages(1500));
    assert!(past.iter().any(|(report, _)| report.pending > 0));
    assert_replays(&bytes, &past);
}

#[test]
fn a_session_timed_by_an_irregular_clock_replays_exactly() {
    let clock: &'static Irregular = Box::leak(Box::new(Irregular::new(3)));
    let (bytes, past) =
        crowd(|tick| Budget::time(Duration::from_micros(500 + 100 * (tick % 7)), clock));
    let cut = past.iter().filter(|(report, _)| report.pending > 0).count();
    assert!(cut > 5, "only {cut} ticks were cut");
    assert_replays(&bytes, &past);
}

#[test]
fn a_session_timed_by_a_real_clock_replays_exactly() {
    struct Wall(std::time::Instant);
    impl Clock for Wall {
        fn now(&self) -> Time {
            Time::ZERO + self.0.elapsed()
        }
    }
    #[expect(clippy::disallowed_methods, reason = "a host reads its clock")]
    let clock: &'static Wall = Box::leak(Box::new(Wall(std::time::Instant::now())));
    let (bytes, past) = crowd(|tick| Budget::time(Duration::from_micros(20 + tick % 50), clock));
    assert!(past.iter().any(|(report, _)| report.pending > 0));
    assert_replays(&bytes, &past);
}

/// Room for payloads that the last round freed is free in the replay too, also where the clock did
/// not end the tick.
#[test]
fn room_for_payloads_after_a_timed_tick_is_the_same() {
    let config = Config {
        performance: PerformanceConfig { memory_pool_size: 1, ..PerformanceConfig::default() },
        limits: LimitsConfig { max_payload_bytes: 700_000, ..LimitsConfig::default() },
        ..Config::default()
    };
    let (mut mesh, file) = recorded(config, RecordOptions::default());
    let (bytes, clock, mut past) = (vec![5; 700_000], Irregular::new(1), Past::new());
    let wild = mesh.spawn_as("wild", b"", SpawnOptions::new()).unwrap();
    for number in 0..3 {
        mesh.send(wild, Message::new(TALK).bytes(&bytes)).unwrap();
        let budget = Budget::time(Duration::from_secs(9), &clock);
        tick(&mut mesh, &mut past, Time::from_nanos(number), budget);
    }
    mesh.finish_recording().unwrap();
    assert_replays(&file.bytes(), &past);
}

#[test]
fn what_other_threads_send_meanwhile_replays() {
    let (mut mesh, file) = recorded(config(2), RecordOptions::default());
    let ids: Vec<_> = (0..20_u8)
        .map(|byte| mesh.spawn_as("busy", &[byte], SpawnOptions::new()).unwrap())
        .collect();
    let mut past = Past::new();
    // Before anyone fills the queue that lanes are asked for through.
    let lanes = [(); 3].map(|()| mesh.handle().lane().unwrap());
    std::thread::scope(|scope| {
        let senders: Vec<_> = lanes
            .into_iter()
            .enumerate()
            .map(|(thread, mut lane)| {
                let (handle, ids) = (mesh.handle(), &ids);
                scope.spawn(move || {
                    for number in 0..400 {
                        let (to, bytes) = (ids[(thread + number) % 20], [number as u8]);
                        let message = Message::new(TALK).hops(5).bytes(&bytes);
                        drop(lane.send(to, message));
                        drop(handle.send(to, message));
                    }
                })
            })
            .collect();
        for number in 0.. {
            let over = senders.iter().all(|sender| sender.is_finished());
            tick(&mut mesh, &mut past, Time::from_nanos(number), Budget::unlimited());
            if over {
                break;
            }
        }
    });
    mesh.finish_recording().unwrap();
    assert_replays(&file.bytes(), &past);
}
