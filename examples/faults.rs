//! Faults stay where they are: a sensor fails, is paused by its breaker and proves itself again; a
//! camera panics and is restarted from its factory. The host goes on, and every message is
//! accounted for.
//!
//! `cargo run --example faults`

#![expect(clippy::print_stdout, reason = "an example prints")]
#![expect(clippy::panic, reason = "the camera's")]

use std::time::Duration;

use xrmesh::{
    Agent, Budget, Config, Context, DropReason, Envelope, FailureKind, Fault, Kind, Mesh, Message,
    SpawnOptions, Time,
};

const FRAME: Kind = Kind::user(0);

/// Fails on frames 3 to 9.
struct Sensor;

impl Agent for Sensor {
    fn on_message(&mut self, _: &mut Context<'_>, envelope: &Envelope<'_>) -> Result<(), Fault> {
        match envelope.plain::<u32>()? {
            3..=9 => Err(Fault::new(FailureKind::AccuracyDegradation, "the lens is covered")),
            _ => Ok(()),
        }
    }
}

/// Panics on frame 5.
struct Camera;

impl Agent for Camera {
    fn on_message(&mut self, _: &mut Context<'_>, envelope: &Envelope<'_>) -> Result<(), Fault> {
        match envelope.plain::<u32>()? {
            5 => panic!("a bug in the camera's driver"),
            _ => Ok(()),
        }
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // The mesh contains the panic; this only keeps Rust from printing it.
    std::panic::set_hook(Box::new(|_| {}));
    let mut mesh = Mesh::new(Config::default())?;
    mesh.register("camera", |_| Ok::<_, Fault>(Camera))?;
    let camera = mesh.spawn_as("camera", &[], SpawnOptions::new())?;
    let sensor = mesh.spawn(Sensor)?;
    let mut paused = false;

    println!("a frame every two seconds");
    for frame in 0_u32..30 {
        for agent in [camera, sensor] {
            mesh.send(agent, Message::new(FRAME).plain(&frame))?;
        }
        let before = mesh.counters().dropped(DropReason::Tripped);
        mesh.tick(Time::ZERO + Duration::from_secs(2) * frame, Budget::unlimited())?;
        let tripped = mesh.counters().dropped(DropReason::Tripped) > before;
        if tripped != paused {
            paused = tripped;
            println!(
                "  frame {frame:2}: the sensor is {}",
                if paused { "paused" } else { "tried again" }
            );
        }
        for event in mesh.health_events() {
            let who = if event.agent == camera { "camera" } else { "sensor" };
            let (change, action) = (event.change, event.action);
            let healed = action.map_or(String::new(), |action| format!(", action: {action}"));
            println!("  frame {frame:2}: the {who} goes {} → {}{healed}", change.from, change.to);
        }
    }
    let counters = mesh.counters();
    println!("{} sent, {} delivered", counters.sent(), counters.delivered());
    for (reason, count) in counters.dropped_by_reason().filter(|(_, count)| *count > 0) {
        println!("{count} dropped: {reason}");
    }
    println!("all accounted for: {}", counters.balanced());
    Ok(())
}
