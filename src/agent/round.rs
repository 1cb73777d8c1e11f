//! What a round lends to whoever writes in it.

use crate::agent::view::View;
use crate::mail::pool::ChunkPool;
use crate::message::Stamp;

/// The frozen view, the stamp of what is sent now, and where its chunks come from.
#[derive(Debug)]
pub(crate) struct Round<'a> {
    pub(crate) view: &'a View,
    pub(crate) stamp: Stamp,
    pub(crate) pool: &'a mut ChunkPool,
}

impl Round<'_> {
    /// The same, lent on.
    pub(crate) fn again(&mut self) -> Round<'_> {
        Round { view: self.view, stamp: self.stamp, pool: self.pool }
    }
}
