//! Reopening after a crash: what was acknowledged is there, and nothing by half.
//!
//! `cargo run --example reopen`
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use xrmesh::memory::{ImageProgress, MemoryConfig, NewObject, SpatialMemory};
use xrmesh::storage::{Crash, RamDisk};
use xrmesh::{Pose, Time, Vec3};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // A disk in RAM that crashes on demand; `FileStorage` is the one of a folder.
    let disk = RamDisk::new();
    let (mut memory, report) = SpatialMemory::open(disk.open()?, MemoryConfig::default())?;
    println!("a new store: {report}");
    let anchor = memory.class("anchor")?;
    let new = |at: f32| Pose::at(Vec3::new(at, 0.0, 0.0)).map(|pose| NewObject::new(anchor, pose));
    for at in 0..1_000u16 {
        memory.insert(&new(f32::from(at))?)?;
    }
    memory.publish(Time::from_nanos(1))?;

    // The whole as an image, step by step, here or on another thread; then the log before it goes.
    if let Some(mut checkpoint) = memory.checkpoint()? {
        while let ImageProgress::Writing { bytes } = checkpoint.step(16_384)? {
            println!("the image has {bytes} bytes so far");
        }
    }

    // Acknowledged: a flush says so. What comes after it may be lost.
    let kept = memory.insert(&new(-1.0)?)?;
    let through = memory.flush()?;
    println!("certain up to change {}", through.0);
    memory.insert(&new(-2.0)?)?;

    // The power fails: whatever was not synced is gone.
    disk.crash(Crash::LoseUnsynced);
    drop(memory);

    let (mut memory, report) = SpatialMemory::open(disk.open()?, MemoryConfig::default())?;
    println!("after the crash: {report}");
    let view = memory.view();
    assert!(view.object(kept).is_some());
    println!("{} objects, the acknowledged one among them", view.len());
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn it_runs() -> Result<(), Box<dyn std::error::Error>> {
        super::main()
    }
}
