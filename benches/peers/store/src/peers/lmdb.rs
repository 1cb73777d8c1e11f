//! LMDB, by heed: a memory-mapped B-tree. A commit syncs; new records are appended in order.

#![expect(unsafe_code, reason = "the file is mapped")]

use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result};
use heed::types::Bytes;
use heed::{CommitOrAbort, Database, Env, EnvOpenOptions, PutFlags};

use super::{Peer, Reopened};
use crate::record::{Record, key};

pub struct Lmdb;

/// More than all records take.
const MAP_BYTES: usize = 1 << 30;

fn open(folder: &Path) -> Result<(Env, Database<Bytes, Bytes>)> {
    // SAFETY: nothing else touches the folder while it is mapped; it is the benchmark's own.
    let env = unsafe { EnvOpenOptions::new().map_size(MAP_BYTES).open(folder)? };
    let transaction = env.write_txn()?;
    let created = env.create_databases_and_commit(transaction, |opener, transaction| {
        let database = opener.create_database::<Bytes, Bytes>(transaction, None)?;
        heed::Result::Ok(CommitOrAbort::<_, ()>::Commit(database))
    })?;
    let database = created.unwrap_commit();
    Ok((env, database))
}

impl Peer for Lmdb {
    fn name(&self) -> &'static str {
        "lmdb"
    }

    fn write(&self, folder: &Path, records: &[Record]) -> Result<()> {
        let (env, database) = open(folder)?;
        let mut transaction = env.write_txn()?;
        for record in records {
            let (key, bytes) = (key(record.slot), record.to_bytes());
            database.put_with_flags(&mut transaction, PutFlags::APPEND, &key, &bytes)?;
        }
        transaction.commit()?;
        env.prepare_for_closing().wait();
        Ok(())
    }

    fn durable(&self, folder: &Path, batches: &[Vec<Record>]) -> Result<f64> {
        let (env, database) = open(folder)?;
        let begun = Instant::now();
        for batch in batches {
            let mut transaction = env.write_txn()?;
            for record in batch {
                database.put(&mut transaction, &key(record.slot), &record.to_bytes())?;
            }
            transaction.commit()?;
        }
        let seconds = begun.elapsed().as_secs_f64();
        env.prepare_for_closing().wait();
        Ok(seconds)
    }

    fn reopen(&self, folder: &Path) -> Result<Reopened> {
        let (env, database) = open(folder)?;
        let transaction = env.read_txn()?;
        let mut loaded = Vec::new();
        for entry in database.iter(&transaction)? {
            let (key, bytes) = entry?;
            let slot = u64::from_be_bytes(key.try_into()?) as u32;
            loaded.push(Record::parse(slot, bytes).context("a record")?);
        }
        drop(transaction);
        env.prepare_for_closing().wait();
        Ok(Reopened::parsed(loaded))
    }
}
