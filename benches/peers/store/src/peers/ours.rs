//! xrmesh: the whole memory, with its index, not its journal alone.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result};
use xrmesh::memory::{
    Attributes, ClassId, Durability, MemoryConfig, NewObject, ObjectId, SpatialMemory,
};
use xrmesh::storage::FileStorage;
use xrmesh::{Pose, Quat, Time, Vec3};

use super::{Peer, Reopened};
use crate::record::{CLASSES, Record};

/// The memory of xrmesh, whose changes the host's thread flushes itself, or another thread while the
/// host goes on with the next batch.
pub struct Ours {
    pub is_flushed_elsewhere: bool,
    /// Whether the memory is published before it is closed: then its index is built, and its order kept for
    /// the next opening.
    pub is_published: bool,
}

fn open(folder: &Path) -> Result<SpatialMemory> {
    let config = MemoryConfig {
        max_objects: 1 << 21,
        durability: Durability::Each,
        ..MemoryConfig::default()
    };
    Ok(SpatialMemory::open(FileStorage::open(folder)?, config)?.0)
}

fn object(record: &Record, classes: &[ClassId]) -> Result<NewObject> {
    let [x, y, z, qx, qy, qz, qw, a, b, c, u, v, w] = record.numbers;
    let pose = Pose::new(Vec3::new(x, y, z), Quat::new(qx, qy, qz, qw))?;
    let mut object = NewObject::new(classes[usize::from(record.class)], pose)
        .half_extents(Vec3::new(a, b, c))
        .attributes(Attributes::Bytes(record.attributes.as_slice().into()));
    object.velocity = Some(Vec3::new(u, v, w));
    [object.confidence, object.persistence] = record.shares;
    [object.first_seen, object.last_seen] = record.seen_ns.map(Time::from_nanos);
    Ok(object)
}

/// The classes of all records: those of a store that has them keep their numbers.
fn classes(memory: &mut SpatialMemory) -> Result<Vec<ClassId>> {
    (0..CLASSES).map(|class| Ok(memory.class(&format!("class {class}"))?)).collect()
}

/// The objects of `batch` in their new state, under the ids that they have.
fn replace(memory: &mut SpatialMemory, classes: &[ClassId], batch: &[Record]) -> Result<()> {
    for record in batch {
        // Each slot has had one object.
        let id = ObjectId::new(record.slot, 1.try_into()?);
        memory.replace(id, &object(record, classes)?)?;
    }
    Ok(())
}

impl Peer for Ours {
    fn name(&self) -> &'static str {
        match (self.is_published, self.is_flushed_elsewhere) {
            (true, _) => "xrmesh-published",
            (false, true) => "xrmesh-flusher",
            (false, false) => "xrmesh",
        }
    }

    fn write(&self, folder: &Path, records: &[Record]) -> Result<()> {
        let mut memory = open(folder)?;
        let classes = classes(&mut memory)?;
        // As many at a time as a host holds at once.
        let (mut objects, mut ids) = (Vec::new(), Vec::new());
        for records in records.chunks(65_536) {
            objects.clear();
            for record in records {
                objects.push(object(record, &classes)?);
            }
            memory.insert_all(&objects, &mut ids)?;
        }
        if self.is_published {
            memory.publish(Time::ZERO)?.journal?;
        }
        memory.close()?;
        Ok(())
    }

    fn durable(&self, folder: &Path, batches: &[Vec<Record>]) -> Result<f64> {
        let mut memory = open(folder)?;
        let classes = classes(&mut memory)?;
        memory.flush()?;
        let begun = Instant::now();
        if !self.is_flushed_elsewhere {
            for batch in batches {
                replace(&mut memory, &classes, batch)?;
                memory.flush()?;
            }
            return Ok(begun.elapsed().as_secs_f64());
        }
        let flusher = memory.flusher().context("a store")?;
        std::thread::scope(|scope| {
            let (give, take) = std::sync::mpsc::sync_channel::<()>(0);
            let thread = scope.spawn(move || {
                while take.recv().is_ok() {
                    flusher.flush()?;
                }
                anyhow::Ok(())
            });
            for (tick, batch) in batches.iter().enumerate() {
                replace(&mut memory, &classes, batch)?;
                memory.publish(Time::from_nanos(tick as i64))?.journal?;
                // Taken once the batch before is certain: every batch has a sync of its own.
                if give.send(()).is_err() {
                    break;
                }
            }
            drop(give);
            thread.join().map_err(|_| anyhow::anyhow!("the flusher panicked"))?
        })?;
        let seconds = begun.elapsed().as_secs_f64();
        anyhow::ensure!(memory.durable_through() == memory.sequence(), "not all is certain");
        Ok(seconds)
    }

    fn reopen(&self, folder: &Path) -> Result<Reopened> {
        let mut memory = open(folder)?;
        let count = memory.len();
        // A query, so that the index is there; the sum over all objects is not timed apart.
        let view = memory.view();
        let sum = (0..count as u32)
            .map(|slot| {
                let id = ObjectId::new(slot, 1.try_into()?);
                let object = view.object(id).context("an object")?;
                Ok(f64::from(object.pose.position().x))
            })
            .sum::<Result<f64>>()?;
        Ok(Reopened { found: (count, sum), held: Box::new(memory) })
    }
}
