//! Subscription: a guard is told what happens around a door. It follows the changes from one published
//! state to the next; where its queue was too short for them, it says so and reads a snapshot.
//!
//! `cargo run --example subscription`

#![expect(clippy::print_stdout, reason = "an example prints")]

use std::collections::BTreeSet;
use std::time::Duration;

use xrmesh::memory::{
    Event, Filter, MemoryConfig, NewObject, Notice, SpatialMemory, SubscriptionOptions, Workspace,
};
use xrmesh::space::{Region, Sphere};
use xrmesh::{Pose, Time, Vec3};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut memory = SpatialMemory::new(MemoryConfig::default())?;
    let person = memory.class("person")?;
    let chair = memory.class("chair")?;

    // Persons within two metres of the door; five notices may wait.
    let door: Region = Sphere::new(Vec3::ZERO, 2.0)?.into();
    let filter = Filter::only([person]);
    let mut guard = memory.subscribe(SubscriptionOptions {
        region: Some(door.clone()),
        filter: filter.clone(),
        capacity: 5,
    })?;

    let at = |x: f32, z: f32| Pose::at(Vec3::new(x, 0.9, z));
    memory.insert(&NewObject::new(chair, at(0.5, 0.5)?))?; // nobody asked for chairs
    let mut people = Vec::new();
    for k in 0..3u8 {
        people.push(memory.insert(&NewObject::new(person, at(-4.0 - f32::from(k), 0.0)?))?);
    }

    let mut inside = BTreeSet::new();
    for frame in 0..12u16 {
        let now = Time::ZERO + Duration::from_millis(500) * u32::from(frame);
        let moves = people
            .iter()
            .zip([-4.0, -5.0, -6.0])
            .map(|(&id, start)| Ok((id, at(start + 0.7 * f32::from(frame), 0.0)?)));
        let moves = moves.collect::<Result<Vec<_>, xrmesh::space::PoseError>>()?;
        memory.update_poses(&moves)?;
        memory.publish(now)?;
        // The guard dozes from the fifth frame to the ninth.
        if (5..9).contains(&frame) {
            continue;
        }
        let mut missed = false;
        guard.drain(usize::MAX, |notice| match notice {
            Notice::Object { id, event, .. } => match event {
                Event::Added | Event::Entered => {
                    println!("frame {frame}: {id} comes");
                    inside.insert(id);
                }
                Event::Left | Event::Removed(_) => {
                    println!("frame {frame}: {id} goes");
                    inside.remove(&id);
                }
                _ => {}
            },
            _ => missed = true,
        });
        if missed {
            let snapshot = memory.snapshot()?;
            let mut work = Workspace::new();
            let found = snapshot.view().in_region(&door, usize::MAX, &filter, &mut work);
            inside = found.iter().copied().collect();
            println!("frame {frame}: missed something, reads anew: {inside:?}");
        }
    }
    println!("in the end: {inside:?}");
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn it_runs() -> Result<(), Box<dyn std::error::Error>> {
        super::main()
    }
}
