//! What the host does reaches its limits without loss.

use xrmesh::config::{Config, LimitsConfig, PerformanceConfig};
use xrmesh::{
    Agent, Budget, Context, Envelope, Fault, Kind, Mesh, Message, Refusal, SendError, Target, Time,
    Topic, Vec3,
};

struct Sink;

impl Agent for Sink {
    fn on_message(&mut self, _: &mut Context<'_>, _: &Envelope<'_>) -> Result<(), Fault> {
        Ok(())
    }
}

/// A group takes more places than its one entry in the queue: what then has none is refused aloud.
#[test]
fn messages_of_handles_that_find_no_room_are_refusals() {
    let limits = LimitsConfig { outbox_capacity: 4, ..LimitsConfig::default() };
    let mut mesh = Mesh::new(Config { limits, ..Config::default() }).unwrap();
    let ids = [(); 3].map(|()| mesh.spawn(Sink).unwrap());
    for id in ids {
        mesh.subscribe(id, "all", None).unwrap();
    }
    let handle = mesh.handle();
    let message = Message::new(Kind::user(0));
    handle.send(Topic::named("all"), message).unwrap();
    for id in ids {
        handle.send(id, message).unwrap();
    }
    let report = mesh.tick(Time::ZERO, Budget::unlimited()).unwrap();
    assert_eq!((report.sent, report.delivered), (4, 4));
    let full = Refusal::Send(SendError::OutboxFull { given: 1, used: 4, limit: 4 });
    assert_eq!(mesh.refusals().collect::<Vec<_>>(), [full.clone(), full]);
}

#[test]
fn a_refused_message_takes_no_room_for_payloads() {
    let performance = PerformanceConfig { memory_pool_size: 1, ..PerformanceConfig::default() };
    let limits = LimitsConfig { max_payload_bytes: 700_000, ..LimitsConfig::default() };
    let mut mesh = Mesh::new(Config { limits, performance, ..Config::default() }).unwrap();
    let sink = mesh.spawn(Sink).unwrap();
    let bytes = vec![0; 700_000];
    let message = Message::new(Kind::user(0)).bytes(&bytes);
    let nowhere = Target::Near { point: Vec3::ZERO, radius: f32::NAN };
    assert!(matches!(mesh.send(nowhere, message), Err(SendError::InvalidPlace { .. })));
    mesh.send(sink, message).unwrap();
    assert!(matches!(mesh.send(sink, message), Err(SendError::ArenaFull { .. })));
}
