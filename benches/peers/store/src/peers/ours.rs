//! xrmesh: the whole memory, with its index, not its journal alone.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result};
use xrmesh::memory::{Attributes, MemoryConfig, NewObject, ObjectId, SpatialMemory};
use xrmesh::storage::FileStorage;
use xrmesh::{Pose, Quat, Time, Vec3};

use super::Peer;
use crate::record::Record;

/// The memory of xrmesh, flushed by so many threads at once.
pub struct Ours {
    pub flushers: usize,
}

fn open(folder: &Path) -> Result<SpatialMemory> {
    let config = MemoryConfig { max_objects: 1 << 21, ..MemoryConfig::default() };
    Ok(SpatialMemory::open(FileStorage::open(folder)?, config)?.0)
}

fn object(record: &Record, classes: &[xrmesh::memory::ClassId]) -> Result<NewObject> {
    let [x, y, z, qx, qy, qz, qw, a, b, c, u, v, w] = record.numbers;
    let pose = Pose::new(Vec3::new(x, y, z), Quat::new(qx, qy, qz, qw))?;
    let class = classes[usize::from(record.class)];
    let mut object = NewObject::new(class, pose)
        .half_extents(Vec3::new(a, b, c))
        .attributes(Attributes::Bytes(record.attributes.as_slice().into()));
    object.velocity = Some(Vec3::new(u, v, w));
    object.confidence = record.shares[0];
    object.persistence = record.shares[1];
    object.first_seen = Time::from_nanos(record.seen_ns[0]);
    object.last_seen = Time::from_nanos(record.seen_ns[1]);
    Ok(object)
}

fn classes(memory: &mut SpatialMemory) -> Result<Vec<xrmesh::memory::ClassId>> {
    (0..200).map(|class| Ok(memory.class(&format!("class {class}"))?)).collect()
}

impl Peer for Ours {
    fn name(&self) -> &'static str {
        if self.flushers == 1 { "xrmesh" } else { "xrmesh-2" }
    }

    fn write(&self, folder: &Path, records: &[Record]) -> Result<()> {
        let mut memory = open(folder)?;
        let classes = classes(&mut memory)?;
        let objects: Vec<_> =
            records.iter().map(|record| object(record, &classes)).collect::<Result<_>>()?;
        memory.insert_all(&objects)?;
        memory.close()?;
        Ok(())
    }

    fn durable(&self, folder: &Path, batches: &[Vec<Record>]) -> Result<f64> {
        let mut memory = open(folder)?;
        let classes = classes(&mut memory)?;
        todo(&mut memory, &classes, batches)
    }

    fn reopen(&self, folder: &Path) -> Result<(usize, f64)> {
        let memory = open(folder)?;
        let sum = 0.0;
        Ok((memory.len(), sum))
    }
}
