//! The stores that are compared, each used as its documentation says for this work.

mod fjall;
mod lmdb;
mod ours;
mod redb;
mod sqlite;

use std::any::Any;
use std::path::Path;

use anyhow::Result;

use crate::record::{Record, summed};

/// What a peer has loaded.
pub struct Reopened {
    /// How many records there are, and the sum of their x.
    pub found: (usize, f64),
    /// What holds them: dropped untimed, as giving memory back is no part of opening.
    pub held: Box<dyn Any>,
}

impl Reopened {
    /// Records that were parsed one by one.
    pub fn parsed(loaded: Vec<Record>) -> Self {
        Self { found: summed(&loaded), held: Box::new(loaded) }
    }
}

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
    /// means.
    fn reopen(&self, folder: &Path) -> Result<Reopened>;
}

/// All of them; ours first.
pub fn all() -> Vec<Box<dyn Peer>> {
    vec![
        Box::new(ours::Ours { is_flushed_elsewhere: false, is_published: false }),
        Box::new(ours::Ours { is_flushed_elsewhere: false, is_published: true }),
        Box::new(ours::Ours { is_flushed_elsewhere: true, is_published: false }),
        Box::new(fjall::Fjall),
        Box::new(sqlite::Sqlite),
        Box::new(lmdb::Lmdb),
        Box::new(redb::Redb),
    ]
}
