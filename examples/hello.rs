//! A first program: two agents, one message from the host, an answer, two ticks.
//!
//! `cargo run --example hello`

#![expect(clippy::print_stdout, reason = "an example prints")]

use std::time::Duration;

use xrmesh::{Agent, AgentId, Budget, Config, Context, Envelope, Fault, Kind, Mesh, Message, Time};

const GREETING: Kind = Kind::user(0);

/// Answers whoever greets it.
struct Door;

impl Agent for Door {
    fn on_message(
        &mut self,
        context: &mut Context<'_>,
        envelope: &Envelope<'_>,
    ) -> Result<(), Fault> {
        println!("  door:    heard {:?}", String::from_utf8_lossy(envelope.bytes()));
        if let Some(visitor) = envelope.from() {
            context.send(visitor, Message::new(GREETING).bytes(b"come in"))?;
        }
        Ok(())
    }
}

/// Passes the host's word on to the door, and says what the door answers.
struct Visitor {
    door: AgentId,
}

impl Agent for Visitor {
    fn on_message(
        &mut self,
        context: &mut Context<'_>,
        envelope: &Envelope<'_>,
    ) -> Result<(), Fault> {
        let words = String::from_utf8_lossy(envelope.bytes());
        match envelope.from() {
            None => {
                context.send(self.door, Message::new(GREETING).bytes(envelope.bytes()))?;
            }
            Some(from) => println!("  visitor: agent {from} says {words:?}"),
        }
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut mesh = Mesh::new(Config::default())?;
    let door = mesh.spawn(Door)?;
    let visitor = mesh.spawn(Visitor { door })?;

    mesh.send(visitor, Message::new(GREETING).bytes(b"hello"))?;
    // A tick is up to four rounds, and a message takes one: host to visitor, visitor to door, door
    // to visitor. All of it fits into the first.
    for frame in 0..2 {
        let now = Time::ZERO + Duration::from_millis(11) * frame;
        println!("tick at {now}");
        let report = mesh.tick(now, Budget::unlimited())?;
        println!("  {} messages delivered in {} rounds", report.delivered, report.rounds);
    }
    Ok(())
}
