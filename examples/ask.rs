//! Questions and answers: a guide asks two librarians. One answers within the same tick, the other
//! never does, and the question times out.
//!
//! `cargo run --example ask`

#![expect(clippy::print_stdout, reason = "an example prints")]

use std::time::Duration;

use xrmesh::{
    Agent, AgentId, AskId, Budget, Config, Context, Envelope, Fault, Kind, Mesh, Message, Time,
};

const WHERE_IS: Kind = Kind::user(0);
const FRAME: Duration = Duration::from_millis(11);

struct Librarian {
    asleep: bool,
}

impl Agent for Librarian {
    fn on_message(
        &mut self,
        context: &mut Context<'_>,
        envelope: &Envelope<'_>,
    ) -> Result<(), Fault> {
        if envelope.is_question() && !self.asleep {
            context.reply(envelope, Message::new(WHERE_IS).bytes(b"second shelf, on the left"))?;
        }
        Ok(())
    }
}

struct Guide {
    librarians: [AgentId; 2],
    open: Vec<(AskId, usize)>,
}

impl Agent for Guide {
    fn on_start(&mut self, context: &mut Context<'_>) -> Result<(), Fault> {
        for (number, librarian) in self.librarians.into_iter().enumerate() {
            let question = Message::new(WHERE_IS).bytes(b"the atlas");
            let ask = context.ask(librarian, question, Duration::from_millis(50))?;
            self.open.push((ask, number));
        }
        Ok(())
    }

    fn on_message(
        &mut self,
        context: &mut Context<'_>,
        envelope: &Envelope<'_>,
    ) -> Result<(), Fault> {
        let asked = self.open.iter().position(|(ask, _)| envelope.answer_to() == Some(*ask));
        let Some(asked) = asked else { return Ok(()) };
        let (_, librarian) = self.open.swap_remove(asked);
        if envelope.kind() == Kind::TIMED_OUT {
            println!("  {}: librarian {librarian} did not answer", context.now());
        } else {
            let answer = String::from_utf8_lossy(envelope.bytes());
            println!("  {}: librarian {librarian} says {answer:?}", context.now());
        }
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut mesh = Mesh::new(Config::default())?;
    let librarians =
        [mesh.spawn(Librarian { asleep: false })?, mesh.spawn(Librarian { asleep: true })?];
    mesh.spawn(Guide { librarians, open: Vec::new() })?;
    for frame in 0..6 {
        println!("tick {}", frame + 1);
        mesh.tick(Time::ZERO + FRAME * frame, Budget::unlimited())?;
    }
    Ok(())
}
