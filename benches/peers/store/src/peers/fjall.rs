//! fjall: a log-structured merge tree. A batch is followed by `persist(SyncAll)`.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result};
use fjall::{Database, Keyspace, KeyspaceCreateOptions, PersistMode};

use super::{Peer, Reopened};
use crate::record::{Record, key};

pub struct Fjall;

fn open(folder: &Path) -> Result<(Database, Keyspace)> {
    let database = Database::builder(folder).open()?;
    let objects = database.keyspace("objects", KeyspaceCreateOptions::default)?;
    Ok((database, objects))
}

impl Peer for Fjall {
    fn name(&self) -> &'static str {
        "fjall"
    }

    fn write(&self, folder: &Path, records: &[Record]) -> Result<()> {
        let (database, objects) = open(folder)?;
        for record in records {
            objects.insert(key(record.slot), record.to_bytes())?;
        }
        database.persist(PersistMode::SyncAll)?;
        Ok(())
    }

    fn durable(&self, folder: &Path, batches: &[Vec<Record>]) -> Result<f64> {
        let (database, objects) = open(folder)?;
        let begun = Instant::now();
        for batch in batches {
            let mut writes = database.batch();
            for record in batch {
                writes.insert(&objects, key(record.slot), record.to_bytes());
            }
            writes.commit()?;
            database.persist(PersistMode::SyncAll)?;
        }
        Ok(begun.elapsed().as_secs_f64())
    }

    fn reopen(&self, folder: &Path) -> Result<Reopened> {
        let (_database, objects) = open(folder)?;
        let mut loaded = Vec::new();
        for entry in objects.iter() {
            let (key, bytes) = entry.into_inner()?;
            let slot = u64::from_be_bytes(key.as_ref().try_into()?) as u32;
            loaded.push(Record::parse(slot, &bytes).context("a record")?);
        }
        Ok(Reopened::parsed(loaded))
    }
}
