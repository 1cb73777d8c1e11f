//! A memory as it was at one moment.

use std::sync::Arc;

use thiserror::Error;

use super::alias::Aliases;
use super::area::Areas;
use super::class::Classes;
use super::frame_image::FrameImage;
use super::publish::{Held, Subscriber};
use super::query::MemoryView;
use super::state::State;
use super::table::TableImage;
use crate::space::Aabb;
use crate::space::bvh::{self, Tiers};
use crate::sync::{AtomicU64, Ordering};
use crate::time::Time;

/// A state of a memory that was published, while its writer goes on: `Send + Sync`, never changed.
///
/// It holds the pages that the memory then had. Taking one is a few additions, dropping one as well,
/// and neither waits for anything. A page that a snapshot holds is copied by the writer before it
/// writes there, so what a snapshot costs is what has changed since.
#[derive(Clone, Debug)]
pub struct MemorySnapshot(Source);

#[derive(Clone, Debug)]
enum Source {
    Published(Held<Image>),
    Past(Arc<Image>),
}

/// Takes snapshots on any thread: cloned freely, `Send + Sync`.
#[derive(Clone, Debug)]
pub struct MemoryReader {
    pub(super) states: Subscriber<Image>,
    pub(super) retention: Arc<Retention>,
}

/// What the writer last found that snapshots retain.
#[derive(Debug)]
pub(super) struct Retention {
    pub(super) bytes: AtomicU64,
    pub(super) max_bytes: u64,
}

/// Why there is no new snapshot. Those that are held stay valid.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// Snapshots that are held keep more than the configuration allows.
    #[error("held snapshots keep {retained_bytes} bytes, at most {max_snapshot_bytes} are allowed")]
    Retained {
        /// The bytes of pages that only snapshots still need, when the last state was published.
        retained_bytes: u64,
        /// The most that the configuration allows.
        max_snapshot_bytes: u64,
    },
}

/// Everything that readers see of one published state.
#[derive(Debug)]
pub(super) struct Image {
    /// The number of the published state, from 1; 0 before the first.
    pub(super) version: u64,
    pub(super) time: Time,
    pub(super) table: TableImage,
    pub(super) index: bvh::Snapshot<Aabb>,
    pub(super) classes: Arc<Classes>,
    pub(super) frames: Arc<FrameImage>,
    pub(super) areas: Arc<Areas>,
    pub(super) aliases: Arc<Aliases>,
}

impl MemoryReader {
    /// The latest published state. Waits for nothing.
    ///
    /// # Errors
    /// [`SnapshotError::Retained`] where those that are held keep too much.
    pub fn snapshot(&self) -> Result<MemorySnapshot, SnapshotError> {
        let (retained_bytes, max) =
            (self.retention.bytes.load(Ordering::Relaxed), self.retention.max_bytes);
        if retained_bytes > max {
            return Err(SnapshotError::Retained { retained_bytes, max_snapshot_bytes: max });
        }
        Ok(MemorySnapshot::published(self.states.take()))
    }
}

impl MemorySnapshot {
    /// A snapshot of the state that was published last.
    pub(super) const fn published(held: Held<Image>) -> Self {
        Self(Source::Published(held))
    }

    /// A snapshot of a state that is no longer, or not yet, published.
    pub(super) fn past(image: Image) -> Self {
        Self(Source::Past(Arc::new(image)))
    }

    /// What it holds, for any query. Constant time.
    #[inline]
    #[must_use]
    pub fn view(&self) -> MemoryView<'_> {
        self.image().view()
    }

    /// The number of the published state: from 1, later ones are larger; 0 where none was published
    /// yet.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.image().version
    }

    /// The time at which it was published.
    #[must_use]
    pub fn time(&self) -> Time {
        self.image().time
    }

    /// How many objects it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.view().len()
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    #[inline]
    pub(super) fn image(&self) -> &Image {
        match &self.0 {
            Source::Published(held) => held.get(),
            Source::Past(image) => image,
        }
    }
}

impl Image {
    /// Of nothing.
    pub(super) fn empty() -> Self {
        Self {
            version: 0,
            time: Time::from_nanos(i64::MIN),
            table: TableImage::default(),
            index: bvh::Snapshot::empty(),
            classes: Arc::default(),
            frames: Arc::default(),
            areas: Arc::default(),
            aliases: Arc::default(),
        }
    }

    /// Lets go of what it holds and keeps the memory of its tables.
    pub(super) fn clear(&mut self) {
        if core::mem::replace(&mut self.version, 0) == 0 {
            return;
        }
        self.table.clear();
        Tiers::new(0).snapshot_into(&mut self.index);
        self.classes = Arc::default();
        self.frames = Arc::default();
        self.areas = Arc::default();
        self.aliases = Arc::default();
    }

    /// The present state, in place of what it was. The index must be settled.
    pub(super) fn take(&mut self, state: &mut State) {
        state.table.share(&mut self.table);
        state.index.tiers_mut().snapshot_into(&mut self.index);
        self.classes.clone_from(&state.classes);
        self.frames.clone_from(&state.shown);
        self.areas.clone_from(&state.areas);
        self.aliases.clone_from(&state.aliases);
    }

    #[inline]
    pub(super) fn view(&self) -> MemoryView<'_> {
        MemoryView {
            table: self.table.view(),
            index: self.index.view(),
            classes: &self.classes,
            frames: &self.frames,
            areas: &self.areas,
            aliases: &self.aliases,
        }
    }
}
