//! The frames as readers see them.

use std::sync::Arc;

use super::frame::{Frame, FrameId};
use super::frames::Frames;
use crate::space::Pose;

/// The frames and where they are in the world, at one moment. Cloning shares the frames.
#[derive(Clone, Debug, Default)]
pub(super) struct FrameImage {
    /// By id.
    entries: Vec<Option<Entry>>,
}

#[derive(Clone, Debug)]
struct Entry {
    frame: Arc<Frame>,
    world: Pose,
}

impl FrameImage {
    /// The frames as they are.
    pub(super) fn of(frames: &Frames) -> Self {
        let mut entries = Vec::new();
        entries.resize_with(frames.next_id().index() as usize, || None);
        for frame in frames.iter() {
            let world = frames.world(frame.id).unwrap_or_default();
            entries[frame.id.index() as usize] =
                Some(Entry { frame: Arc::new(frame.clone()), world });
        }
        Self { entries }
    }

    pub(super) fn frame(&self, id: FrameId) -> Option<&Arc<Frame>> {
        self.entry(id).map(|entry| &entry.frame)
    }

    /// Where frame `id` is in the world: the world itself for one that is not there.
    #[inline]
    pub(super) fn world(&self, id: FrameId) -> Pose {
        if id == FrameId::WORLD {
            return Pose::IDENTITY;
        }
        self.entry(id).map_or(Pose::IDENTITY, |entry| entry.world)
    }

    /// In the order of their ids, without the world.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Arc<Frame>> {
        self.entries.iter().flatten().map(|entry| &entry.frame)
    }

    /// One more than the largest id that any frame had, and 1 before the first.
    pub(super) fn extent(&self) -> u32 {
        self.entries.len().max(1) as u32
    }

    /// The bytes that it takes, names apart.
    pub(super) const fn bytes(&self) -> u64 {
        (self.entries.len() * size_of::<Option<Entry>>()) as u64
    }

    /// A frame comes or is replaced; its parent is there. What hangs on it is not placed anew:
    /// see [`replace`](Self::replace).
    pub(super) fn put(&mut self, frame: Frame) {
        let at = frame.id.index() as usize;
        if self.entries.len() <= at {
            self.entries.resize_with(at + 1, || None);
        }
        // The tree of frames has checked that all places are finite. Only between two corrections
        // could a sum of old and new be too large; then it is as far as the parent.
        let above = self.world(frame.parent);
        let world = above.compose(&frame.pose).unwrap_or(above);
        self.entries[at] = Some(Entry { frame: Arc::new(frame), world });
    }

    /// Frames are replaced, each listed before those that hang on it.
    pub(super) fn replace<'a>(&mut self, frames: impl Iterator<Item = &'a Frame>) {
        for frame in frames {
            match self.entry(frame.id) {
                Some(old) if *old.frame == *frame => {
                    let above = self.world(frame.parent);
                    let world = above.compose(&frame.pose).unwrap_or(above);
                    if let Some(Some(entry)) = self.entries.get_mut(frame.id.index() as usize) {
                        entry.world = world;
                    }
                }
                _ => self.put(frame.clone()),
            }
        }
    }

    /// A frame leaves; one that is not there counts as having been.
    pub(super) fn remove(&mut self, id: FrameId) {
        let at = id.index() as usize;
        if self.entries.len() <= at {
            self.entries.resize_with(at + 1, || None);
        }
        self.entries[at] = None;
    }

    #[inline]
    fn entry(&self, id: FrameId) -> Option<&Entry> {
        self.entries.get(id.index() as usize)?.as_ref()
    }
}
