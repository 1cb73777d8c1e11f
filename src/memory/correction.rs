//! Corrections of frames: all that hangs on one moves at once for readers, over several frames of
//! work.
//!
//! 1. Stored poses are relative to their frame, so a correction changes no record: only boxes in the
//!    index.
//! 2. A correction of what few objects hang on, directly or through other frames, is made in the
//!    index when the next state is published.
//! 3. A larger one is made in a *fork* of the index, which shares its pages, a budget of objects with
//!    each published state. Until it is complete, every other change is made in both, in each by the
//!    frames as that one has them; then the fork takes the index's place. So every published state,
//!    also every one in between, has all of a correction or none.
//! 4. Corrections that come meanwhile wait and are then made together, by the poses that they have
//!    by then. So corrections that come in every frame are late by at most two rounds of work, and
//!    none starves.

use std::sync::Arc;

use super::extent::record_box;
use super::frame::FrameId;
use super::frame_image::FrameImage;
use super::index::Index;
use super::record::Record;
use super::state::{State, appearance};
use crate::space::Aabb;
use crate::space::bvh::Workspace;

/// The corrections that readers do not see yet.
#[derive(Debug)]
pub(super) struct Corrections {
    /// Corrected frames on which objects hang.
    waiting: Vec<FrameId>,
    active: Option<Box<Active>>,
    /// A box around everything that has moved by large corrections since subscribers were told.
    shown: Option<Aabb>,
    /// Frames that are walked through.
    below: Vec<FrameId>,
}

/// Corrections that are being made.
#[derive(Debug)]
struct Active {
    index: Index,
    frames: Arc<FrameImage>,
    /// The frames whose objects move, each once.
    moved: Vec<FrameId>,
    /// The one of `moved` whose objects are being placed.
    at: usize,
    /// The next object of that frame; none before its first.
    next: Cursor,
    /// A box around all that hangs on corrected frames, before and after.
    around: Option<Aabb>,
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum Cursor {
    First,
    At(u32),
    End,
}

impl Cursor {
    fn after(slot: Option<u32>) -> Self {
        slot.map_or(Self::End, Self::At)
    }
}

impl Corrections {
    pub(super) const fn new() -> Self {
        Self { waiting: Vec::new(), active: None, shown: None, below: Vec::new() }
    }

    /// Whether readers see every frame as it is.
    pub(super) const fn is_done(&self) -> bool {
        self.waiting.is_empty() && self.active.is_none()
    }

    pub(super) fn settle(&mut self, work: &mut Workspace) {
        if let Some(active) = &mut self.active {
            active.index.settle(work);
        }
    }

    /// The object in `slot` came, to where readers see the box `shown`.
    pub(super) fn add(
        &mut self,
        slot: u32,
        frame: FrameId,
        record: &Record,
        shown: &Aabb,
        work: &mut Workspace,
    ) {
        if let Some(active) = &mut self.active {
            let bounds = active.place(frame, record, shown);
            active.index.add(slot, bounds, work);
        }
    }

    #[inline]
    pub(super) fn shift(
        &mut self,
        slot: u32,
        frame: FrameId,
        record: &Record,
        shown: &Aabb,
        work: &mut Workspace,
    ) {
        if let Some(active) = &mut self.active {
            let bounds = active.place(frame, record, shown);
            active.index.shift(slot, bounds, work);
        }
    }

    /// A box around everything that has moved by large corrections since it was last asked.
    pub(super) fn take_shown(&mut self) -> Option<Aabb> {
        self.shown.take()
    }

    pub(super) fn remove(&mut self, slot: u32, work: &mut Workspace) {
        if let Some(active) = &mut self.active {
            active.index.remove(slot, work);
        }
    }

    pub(super) fn memory_bytes(&self) -> usize {
        self.active.as_ref().map_or(0, |active| active.index.memory_bytes())
    }
}

impl Active {
    /// The box of an object by the corrected frames; readers still see it in the box `shown`.
    #[inline]
    fn place(&mut self, frame: FrameId, record: &Record, shown: &Aabb) -> Aabb {
        let bounds = record_box(&self.frames.world(frame), record);
        if bounds != *shown {
            let both = bounds.union(shown);
            self.around = Some(self.around.map_or(both, |around| around.union(&both)));
        }
        bounds
    }
}

impl State {
    /// Takes the object in `slot` off its frame.
    pub(super) fn unhang(&mut self, slot: u32, frame: FrameId) {
        if let Some(active) = &mut self.corrections.active
            && active.next == Cursor::At(slot)
        {
            active.next = Cursor::after(self.frames.object_after(slot));
        }
        self.frames.unhang(slot, frame);
    }

    /// Frame `id` came or was replaced: readers see it from the next published state on, or once
    /// what hangs on it is placed anew.
    pub(super) fn show_frame(&mut self, id: FrameId) {
        if !self.is_indexed {
            return;
        }
        let below = &mut self.corrections.below;
        below.clear();
        self.frames.below(id, below);
        if below.iter().any(|&frame| self.frames.object_count(frame) > 0) {
            if !self.corrections.waiting.contains(&id) {
                self.corrections.waiting.push(id);
            }
            return;
        }
        let (frames, below) = (&self.frames, &self.corrections.below);
        let replaced = || below.iter().filter_map(|&frame| frames.frame(frame));
        Arc::make_mut(&mut self.shown).replace(replaced());
        if let Some(active) = &mut self.corrections.active {
            Arc::make_mut(&mut active.frames).replace(replaced());
        }
    }

    /// A frame left, on which nothing hung.
    pub(super) fn show_frame_removed(&mut self, id: FrameId) {
        if !self.is_indexed {
            return;
        }
        Arc::make_mut(&mut self.shown).remove(id);
        if let Some(active) = &mut self.corrections.active {
            Arc::make_mut(&mut active.frames).remove(id);
        }
        self.corrections.waiting.retain(|&waiting| waiting != id);
    }

    /// Places at most `budget` objects of corrected frames anew, and shows the corrections that are
    /// complete. The index must be settled, and is afterwards.
    pub(super) fn advance_corrections(&mut self, budget: usize) {
        if self.corrections.active.is_none() && !self.corrections.waiting.is_empty() {
            self.start_corrections(budget);
        }
        let Some(mut active) = self.corrections.active.take() else { return };
        let mut left = budget;
        while left > 0 {
            let Some(&frame) = active.moved.get(active.at) else { break };
            let slot = match active.next {
                Cursor::First => self.frames.first_object(frame),
                Cursor::At(slot) => Some(slot),
                Cursor::End => None,
            };
            let Some(slot) = slot else {
                active.at += 1;
                active.next = Cursor::First;
                continue;
            };
            let table = self.table.view();
            if let Some(record) = table.record(slot, table.head(slot)) {
                let shown = record_box(&self.shown.world(frame), record);
                let bounds = active.place(frame, record, &shown);
                active.index.correct(slot, bounds, &mut self.work);
            }
            active.next = Cursor::after(self.frames.object_after(slot));
            left -= 1;
        }
        if active.next == Cursor::End {
            (active.at, active.next) = (active.at + 1, Cursor::First);
        }
        active.index.settle(&mut self.work);
        if active.at < active.moved.len() {
            self.corrections.active = Some(active);
            return;
        }
        let Active { index, frames, around, .. } = *active;
        self.corrections.shown = match (self.corrections.shown, around) {
            (Some(one), Some(other)) => Some(one.union(&other)),
            (one, other) => one.or(other),
        };
        let old = core::mem::replace(&mut self.index, index);
        self.index.succeed(old);
        self.shown = frames;
    }

    fn start_corrections(&mut self, budget: usize) {
        let mut below = core::mem::take(&mut self.corrections.below);
        below.clear();
        for frame in self.corrections.waiting.drain(..) {
            self.frames.below(frame, &mut below);
        }
        // Where two corrected frames hang on each other, some are listed twice: the places are
        // computed in the order of the list, so the last is right.
        let mut moved = below.clone();
        moved.sort_unstable();
        moved.dedup();
        moved.retain(|&frame| self.frames.object_count(frame) > 0);
        let objects: usize = moved.iter().map(|&frame| self.frames.object_count(frame)).sum();
        let frames = &self.frames;
        let replaced = below.iter().filter_map(|&frame| frames.frame(frame));
        if objects <= budget {
            if self.feeds.is_active() {
                let (table, shown) = (self.table.view(), &self.shown);
                for slot in moved.iter().flat_map(|&frame| frames.objects(frame)) {
                    let id = table.id(slot);
                    self.feeds.touch(id, || appearance(table, shown, id));
                }
            }
            Arc::make_mut(&mut self.shown).replace(replaced);
            for &frame in &moved {
                let mut next = self.frames.first_object(frame);
                while let Some(slot) = next {
                    next = self.frames.object_after(slot);
                    let table = self.table.view();
                    if let Some(record) = table.record(slot, table.head(slot)) {
                        let bounds = record_box(&self.shown.world(frame), record);
                        self.index.correct(slot, bounds, &mut self.work);
                    }
                }
            }
            self.index.settle(&mut self.work);
        } else {
            let mut image = (*self.shown).clone();
            image.replace(replaced);
            self.corrections.active = Some(Box::new(Active {
                index: self.index.fork(),
                frames: Arc::new(image),
                moved,
                at: 0,
                next: Cursor::First,
                around: None,
            }));
        }
        self.corrections.below = below;
    }
}
