//! Timed budgets: what they promise whatever the machine does.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use xrmesh::{
    Agent, Budget, Clock, Config, Context, Envelope, Fault, Kind, Mesh, Message, Priority, Time,
};

/// A clock that goes on by a step at each look: the library's looks are the only time there is.
struct Stepping {
    now: AtomicI64,
    step: i64,
}

impl Clock for Stepping {
    fn now(&self) -> Time {
        Time::from_nanos(self.now.fetch_add(self.step, Ordering::Relaxed))
    }
}

#[derive(Default)]
struct Sink {
    heard: Vec<u8>,
}

impl Agent for Sink {
    fn on_message(&mut self, _: &mut Context<'_>, envelope: &Envelope<'_>) -> Result<(), Fault> {
        self.heard.push(envelope.priority().number());
        Ok(())
    }
}

fn filled(messages: u64) -> (Mesh, xrmesh::AgentId) {
    let mut mesh = Mesh::new(Config::default()).unwrap();
    let sink = mesh.spawn(Sink::default()).unwrap();
    for number in 0..messages {
        let priority = Priority::new(1 + (number % 10) as u8).unwrap();
        mesh.send(sink, Message::new(Kind::user(0)).priority(priority)).unwrap();
    }
    (mesh, sink)
}

#[test]
fn a_tick_delivers_something_however_short_its_time() {
    for step in [1, 1_000, 1_000_000] {
        let clock = Stepping { now: AtomicI64::new(0), step };
        let (mut mesh, _) = filled(200);
        let mut ticks = 0;
        loop {
            let budget = Budget::time(Duration::from_micros(3), &clock);
            let report = mesh.tick(Time::from_nanos(ticks), budget).unwrap();
            if report.pending == 0 {
                break;
            }
            assert!(report.delivered > 0, "{report:?}");
            ticks += 1;
        }
    }
}

#[test]
fn a_tick_that_is_cut_keeps_the_order_of_priorities() {
    // Each look takes 10 µs, so each tick is cut after a few messages.
    let clock = Stepping { now: AtomicI64::new(0), step: 10_000 };
    let (mut mesh, sink) = filled(500);
    for tick in 0..500 {
        mesh.tick(Time::from_nanos(tick), Budget::time(Duration::from_micros(100), &clock))
            .unwrap();
    }
    let heard = mesh.with_agent(sink, |sink: &Sink| sink.heard.clone()).unwrap();
    assert_eq!(heard.len(), 500);
    // Ageing lets one climb a level every eight ticks; before the first has, the order is strict.
    let strict = heard.iter().position(|&priority| priority > 1).unwrap();
    assert!(heard[..strict].len() >= 8 && heard[..strict].iter().all(|&priority| priority == 1));
    assert!(mesh.counters().balanced());
}
