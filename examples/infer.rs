//! Agents that think with a simulated photonic processor.
//!
//! `cargo run --release --example infer`
#![expect(clippy::print_stdout, reason = "an example")]

use std::error::Error;
use std::time::Duration;

use ndarray::array;
use xrmesh::photonic::{Activation, Device, Layout, PhotonicProcessor};
use xrmesh::{Agent, Budget, Config, Context, Envelope, Fault, Kind, Mesh, ProcessorId, Time};

/// How a hand moves: its speed in m/s, how fast it turns in rad/s, how far it is closed, and 1.
type Motion = [f32; 4];

/// Watches one hand, and asks what it does.
struct Watcher {
    processor: ProcessorId,
    motion: Motion,
    verdict: Option<&'static str>,
}

impl Agent for Watcher {
    fn on_start(&mut self, context: &mut Context<'_>) -> Result<(), Fault> {
        // The vectors of all watchers go together; the answer is a message.
        context.infer(self.processor, &self.motion, Duration::from_millis(50))?;
        Ok(())
    }

    fn on_message(&mut self, _: &mut Context<'_>, envelope: &Envelope<'_>) -> Result<(), Fault> {
        if envelope.kind() == Kind::INFERENCE {
            let scores = envelope.values()?.zip(["rests", "swings", "grabs"]);
            let best = scores.max_by(|(a, _), (b, _)| a.total_cmp(b));
            self.verdict = best.map(|(_, name)| name);
        }
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    // A score for each gesture from each feature; two lattices of interferometers hold the matrix.
    let weights = array![[-1.0, -0.5, -1.0, 0.6], [1.0, 0.5, -0.5, 0.0], [-0.2, 0.1, 1.5, 0.0]];
    let design =
        PhotonicProcessor::from_real(&[weights.view()], Activation::Linear, Layout::Rectangular)?;

    let mut mesh = Mesh::new(Config::default())?;
    let processor = mesh.add_processor("gestures", Device::new(design, None)?)?;
    let motions: [Motion; 3] = [[0.0, 0.1, 0.0, 1.0], [2.0, 1.0, 0.1, 1.0], [0.3, 0.2, 0.9, 1.0]];
    let mut watchers = Vec::new();
    for motion in motions {
        watchers.push(mesh.spawn(Watcher { processor, motion, verdict: None })?);
    }
    // A batch goes when it is full or has waited 5 ms: here in the second frame.
    for frame in 0..2 {
        mesh.tick(Time::from_nanos(frame * 11_111_111), Budget::unlimited())?;
    }
    for (watcher, motion) in watchers.into_iter().zip(motions) {
        let verdict = mesh.with_agent(watcher, |watcher: &Watcher| watcher.verdict).flatten();
        println!("a hand that moves like {motion:?} {}", verdict.unwrap_or("is a riddle"));
    }
    println!("{:?}", mesh.inferences());
    Ok(())
}
