//! The stores that are compared, each used as its documentation says for this work.

mod fjall;
mod lmdb;
mod ours;
mod redb;
mod sqlite;

use std::path::Path;

use anyhow::Result;

use crate::record::Record;

/// One store.
pub trait Peer {
    /// Its name.
    fn name(&self) -> &'static str;

    /// Writes all `records` to a new store in `folder`, certain to outlive a crash when it returns, and
    /// closes it.
    fn write(&self, folder: &Path, records: &[Record]) -> Result<()>;

    /// Opens the store of `folder` and calls `batches` in turn, each followed by a commit that is
    /// certain to outlive a crash. Returns the seconds of wall between the first batch and the last
    /// commit.
    fn durable(&self, folder: &Path, batches: &[Vec<Record>]) -> Result<f64>;

    /// Opens the store of `folder` and loads every record, ready to be queried by the peer's own
    /// means. Returns how many there are and the sum of their x.
    fn reopen(&self, folder: &Path) -> Result<(usize, f64)>;
}

/// All of them; ours first.
pub fn all() -> Vec<Box<dyn Peer>> {
    vec![
        Box::new(ours::Ours { is_flushed_elsewhere: false }),
        Box::new(ours::Ours { is_flushed_elsewhere: true }),
        Box::new(fjall::Fjall),
        Box::new(sqlite::Sqlite),
        Box::new(lmdb::Lmdb),
        Box::new(redb::Redb),
    ]
}
