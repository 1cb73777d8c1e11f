//! SQLite: write-ahead log, full sync, prepared statements, one transaction a batch.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result};
use rusqlite::{Connection, params};

use super::{Peer, Reopened};
use crate::record::Record;

pub struct Sqlite;

fn open(folder: &Path) -> Result<Connection> {
    let connection = Connection::open(folder.join("objects.sqlite"))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.execute(
        "CREATE TABLE IF NOT EXISTS objects (slot INTEGER PRIMARY KEY, object BLOB NOT NULL)",
        [],
    )?;
    Ok(connection)
}

fn put(connection: &mut Connection, records: &[Record]) -> Result<()> {
    let transaction = connection.transaction()?;
    {
        let mut insert =
            transaction.prepare_cached("INSERT OR REPLACE INTO objects VALUES (?1, ?2)")?;
        for record in records {
            insert.execute(params![record.slot, record.to_bytes().as_slice()])?;
        }
    }
    transaction.commit()?;
    Ok(())
}

impl Peer for Sqlite {
    fn name(&self) -> &'static str {
        "sqlite"
    }

    fn write(&self, folder: &Path, records: &[Record]) -> Result<()> {
        put(&mut open(folder)?, records)
    }

    fn durable(&self, folder: &Path, batches: &[Vec<Record>]) -> Result<f64> {
        let mut connection = open(folder)?;
        let begun = Instant::now();
        for batch in batches {
            put(&mut connection, batch)?;
        }
        Ok(begun.elapsed().as_secs_f64())
    }

    fn reopen(&self, folder: &Path) -> Result<Reopened> {
        let connection = open(folder)?;
        let mut select = connection.prepare("SELECT slot, object FROM objects ORDER BY slot")?;
        let mut rows = select.query([])?;
        let mut loaded = Vec::new();
        while let Some(row) = rows.next()? {
            let slot: u32 = row.get(0)?;
            let bytes = row.get_ref(1)?.as_blob()?;
            loaded.push(Record::parse(slot, bytes).context("a record")?);
        }
        Ok(Reopened::parsed(loaded))
    }
}
