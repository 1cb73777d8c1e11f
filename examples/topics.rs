//! Topics and regions: three lamps each hear only of what happens in their own part of a hall, a
//! logbook hears of everything.
//!
//! `cargo run --example topics`

#![expect(clippy::print_stdout, reason = "an example prints")]

use bytemuck::{Pod, Zeroable};
use xrmesh::space::Sphere;
use xrmesh::{
    Agent, Budget, Config, Context, Envelope, Fault, Kind, Mesh, Message, Plain, Pose, Time, Topic,
    Vec3,
};

const STEPS: Topic = Topic::named("steps");

/// Someone takes a step. Plain data travels inside the envelope and is read without parsing.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct Step {
    person: u32,
    loudness: f32,
}

impl Plain for Step {
    const KIND: Kind = Kind::user(0);
}

struct Listener {
    name: &'static str,
    heard: u32,
}

impl Agent for Listener {
    fn on_message(&mut self, _: &mut Context<'_>, envelope: &Envelope<'_>) -> Result<(), Fault> {
        let step: Step = envelope.content()?;
        let x = envelope.pose().map_or(f32::NAN, |pose| pose.position().x);
        self.heard += 1;
        println!(
            "  {:8} hears person {} at {x:4.1} m, loudness {:.1}",
            self.name, step.person, step.loudness
        );
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut mesh = Mesh::new(Config::default())?;
    for (name, x) in [("entrance", 0.0), ("middle", 5.0), ("stage", 10.0)] {
        let lamp = mesh.spawn(Listener { name, heard: 0 })?;
        let around = Sphere::new(Vec3::new(x, 0.0, 0.0), 3.0)?;
        mesh.subscribe(lamp, "steps", Some(around.into()))?;
    }
    let logbook = mesh.spawn(Listener { name: "logbook", heard: 0 })?;
    mesh.subscribe(logbook, "steps", None)?;

    for (tick, x) in [0.5, 2.6, 8.0].into_iter().enumerate() {
        println!("a step at {x} m");
        let step = Step { person: 7, loudness: 0.4 };
        let place = Pose::at(Vec3::new(x, 0.0, 0.0))?;
        mesh.send(STEPS, Message::new(Step::KIND).plain(&step).pose(place))?;
        mesh.tick(Time::from_nanos(tick as i64 * 11_111_111), Budget::unlimited())?;
    }
    let heard = mesh.with_agent(logbook, |listener: &Listener| listener.heard);
    println!("the logbook heard {} steps", heard.unwrap_or(0));
    Ok(())
}
