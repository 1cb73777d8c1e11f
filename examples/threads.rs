//! Other threads: a handle for whoever has something to say now and then, a lane for a thread that
//! sends a lot, and batches for both.
//!
//! `cargo run --example threads`

#![expect(clippy::print_stdout, reason = "an example prints")]

use std::thread;

use xrmesh::{
    Agent, Batch, Budget, Config, Context, Envelope, Fault, HandleError, Kind, Mesh, Message, Time,
};

const SAMPLE: Kind = Kind::user(0);
const A_THREAD: u64 = 100_000;

/// Adds up what it gets.
#[derive(Default)]
struct Sum {
    count: u64,
    sum: u64,
}

impl Agent for Sum {
    fn on_message(&mut self, _: &mut Context<'_>, envelope: &Envelope<'_>) -> Result<(), Fault> {
        self.count += 1;
        self.sum += envelope.plain::<u64>()?;
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut mesh = Mesh::new(Config::default())?;
    let sum = mesh.spawn(Sum::default())?;
    let handle = mesh.handle();
    let mut lane = handle.lane()?;

    // One message at a time through the shared queue; a full one hands the message back.
    let single = thread::spawn(move || {
        for value in 0..A_THREAD {
            while let Err(HandleError::Full { .. }) =
                handle.send(sum, Message::new(SAMPLE).plain(&value))
            {
                thread::yield_now();
            }
        }
    });
    // A lane of its own, 64 messages at once.
    let batched = thread::spawn(move || -> Result<(), HandleError> {
        let mut batch = Batch::new();
        for value in 0..A_THREAD {
            lane.add(&mut batch, sum, Message::new(SAMPLE).plain(&value))?;
            while batch.len() >= 64 || (value + 1 == A_THREAD && !batch.is_empty()) {
                if lane.send_batch(&mut batch)? == 0 {
                    thread::yield_now();
                }
            }
        }
        Ok(())
    });

    let (mut ticks, mut count) = (0, 0);
    while count < 2 * A_THREAD {
        mesh.tick(Time::from_nanos(ticks * 1_000_000), Budget::unlimited())?;
        count = mesh.with_agent(sum, |agent: &Sum| agent.count).unwrap_or(0);
        ticks += 1;
    }
    single.join().map_err(|_| "the first thread panicked")?;
    batched.join().map_err(|_| "the second thread panicked")??;

    let total = mesh.with_agent(sum, |agent: &Sum| agent.sum).unwrap_or(0);
    println!("{count} messages from two threads in {ticks} ticks");
    println!("their sum is {total}, expected {}", A_THREAD * (A_THREAD - 1));
    println!("every message accounted for: {}", mesh.counters().balanced());
    Ok(())
}
