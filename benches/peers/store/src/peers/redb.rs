//! redb: a copy-on-write B-tree. Its default durability syncs at each commit.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result};
use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition};

use super::{Peer, Reopened};
use crate::record::Record;

const TABLE: TableDefinition<u64, &[u8]> = TableDefinition::new("objects");

pub struct Redb;

fn put(database: &Database, records: &[Record]) -> Result<()> {
    let transaction = database.begin_write()?;
    {
        let mut table = transaction.open_table(TABLE)?;
        for record in records {
            table.insert(u64::from(record.slot), record.to_bytes().as_slice())?;
        }
    }
    transaction.commit()?;
    Ok(())
}

impl Peer for Redb {
    fn name(&self) -> &'static str {
        "redb"
    }

    fn write(&self, folder: &Path, records: &[Record]) -> Result<()> {
        put(&Database::create(folder.join("objects.redb"))?, records)
    }

    fn durable(&self, folder: &Path, batches: &[Vec<Record>]) -> Result<f64> {
        let database = Database::create(folder.join("objects.redb"))?;
        let begun = Instant::now();
        for batch in batches {
            put(&database, batch)?;
        }
        Ok(begun.elapsed().as_secs_f64())
    }

    fn reopen(&self, folder: &Path) -> Result<Reopened> {
        let database = Database::open(folder.join("objects.redb"))?;
        let transaction = database.begin_read()?;
        let table = transaction.open_table(TABLE)?;
        let mut loaded = Vec::new();
        for entry in table.iter()? {
            let (slot, bytes) = entry?;
            loaded.push(Record::parse(slot.value() as u32, bytes.value()).context("a record")?);
        }
        Ok(Reopened::parsed(loaded))
    }
}
