//! Anchor correction: a headset's tracking has drifted; when it recognises the room again, one change
//! of the room's anchor moves everything that hangs on it, and no reader ever sees half of that.
//!
//! `cargo run --example anchor_correction`

#![expect(clippy::print_stdout, reason = "an example prints")]

use std::time::Duration;

use xrmesh::memory::{FrameId, MemoryConfig, NewObject, SpatialMemory};
use xrmesh::{Pose, Quat, Time, Vec3};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Few objects are placed with each published state, so that the correction takes several.
    let config = MemoryConfig { correction_budget: 100, ..MemoryConfig::default() };
    let mut memory = SpatialMemory::new(config)?;
    let book = memory.class("book")?;

    // The room is where tracking believes it to be. A shelf stands in the room, books on the shelf.
    let drifted = Pose::new(
        Vec3::new(4.3, 0.0, -2.2),
        Quat::from_axis_angle(Vec3::UP, 0.08).ok_or("an axis of zero")?,
    )?;
    let room = memory.add_frame("room", FrameId::WORLD, drifted)?;
    let shelf = memory.add_frame("shelf", room, Pose::at(Vec3::new(1.0, 0.9, 0.0))?)?;
    let mut books = Vec::new();
    for k in 0..450u16 {
        let place = Vec3::new(f32::from(k % 30) * 0.04, f32::from(k / 30) * 0.1, 0.0);
        let object =
            NewObject::new(book, Pose::at(place)?).half_extents(Vec3::new(0.015, 0.1, 0.07));
        books.push(memory.insert(&object.on(shelf))?);
    }
    memory.publish(Time::ZERO)?;
    let reader = memory.reader();
    let first_and_last = || -> Result<[Vec3; 2], Box<dyn std::error::Error>> {
        let snapshot = reader.snapshot()?;
        let place = |k: usize| snapshot.view().world_pose(books[k]).map(|pose| pose.position());
        Ok([place(0), place(449)].map(|place| place.unwrap_or_default()))
    };
    println!("drifted:   {:.2?}", first_and_last()?);

    // The room is recognised: it is somewhere else by 30 cm and a few degrees.
    memory.correct_frame(room, Pose::at(Vec3::new(4.0, 0.0, -2.0))?)?;
    for frame in 1..=8 {
        let published = memory.publish(Time::ZERO + Duration::from_millis(11) * frame)?;
        let seen = if published.is_corrected { "corrected" } else { "not yet" };
        println!("frame {frame}: {:.2?} {seen}", first_and_last()?);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn it_runs() -> Result<(), Box<dyn std::error::Error>> {
        super::main()
    }
}
