//! Time travel: what was within three metres of here a moment ago?
//!
//! `cargo run --example time_travel`
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::time::Duration;

use xrmesh::memory::{Filter, HistoryConfig, MemoryConfig, NewObject, SpatialMemory, Workspace};
use xrmesh::{Pose, Time, Vec3};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // A past of at most 8 MiB and ten seconds.
    let history = HistoryConfig::new(8 << 20, Duration::from_secs(10));
    let mut memory = SpatialMemory::new(MemoryConfig { history, ..MemoryConfig::default() })?;
    let (cup, cat) = (memory.class("cup")?, memory.class("cat")?);
    let at = |x: f32| Pose::at(Vec3::new(x, 0.0, 0.0));
    let cup = memory.insert(&NewObject::new(cup, at(1.0)?))?;
    let cat = memory.insert(&NewObject::new(cat, at(9.0)?))?;

    // The cat walks past at 90 Hz; in the middle of its way the cup is gone.
    for frame in 0..270u32 {
        memory.update_poses(&[(cat, at(9.0 - 0.06 * frame as f32)?)])?;
        if frame == 135 {
            memory.remove(cup)?;
        }
        memory.publish(Time::from_nanos(i64::from(frame) * 11_111_111))?;
    }

    // Every query works on the past as on the present.
    let mut work = Workspace::new();
    for seconds in [0.5, 1.4, 1.6, 2.9] {
        let past = memory.as_of(Time::ZERO + Duration::from_secs_f64(seconds))?;
        let view = past.view();
        let near = view.within(Vec3::ZERO, 3.0, 8, &Filter::all(), &mut work)?;
        let labels: Vec<_> =
            near.iter().filter_map(|found| view.label(view.object(found.id)?.class)).collect();
        println!("{seconds} s: within 3 m were {labels:?}");
    }
    println!("the past takes {} bytes", memory.past_bytes());
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn it_runs() -> Result<(), Box<dyn std::error::Error>> {
        super::main()
    }
}
