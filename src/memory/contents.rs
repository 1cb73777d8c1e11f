//! A state as the changes that lead to it from nothing.

use super::area::AreaId;
use super::change::Change;
use super::class::ClassId;
use super::frame::{Frame, FrameId};
use super::object::ObjectId;
use super::snapshot::Image;
use crate::space::Pose;
use std::sync::Arc;

/// What an image of a store holds: changes that make a state from an empty memory, in an order in
/// which they can be applied.
///
/// It holds a snapshot, so it may be read on any thread while the memory goes on.
#[derive(Debug)]
pub(super) struct Contents {
    image: Arc<Image>,
    /// What comes before the objects, the next last.
    before: Vec<Change>,
    slot: u32,
    /// What comes after them, the next last.
    after: Vec<Change>,
}

impl Contents {
    /// `next` are the ids that the next frame and the next area get.
    pub(super) fn new(image: Arc<Image>, next: (FrameId, AreaId)) -> Self {
        let labels = image.classes.labels().iter().enumerate();
        let mut before: Vec<_> = labels
            .map(|(class, label)| Change::Class {
                class: ClassId::new(class as u16),
                label: (**label).into(),
            })
            .collect();
        let frames: Vec<&Frame> = image.frames.iter().map(|frame| &**frame).collect();
        put_frames(&frames, &mut before);
        before.extend(image.areas.iter().map(|area| Change::PutArea(Box::new((**area).clone()))));
        let (frame, area) = next;
        before.push(Change::Next { frame, area });
        before.reverse();
        let aliases = image.aliases.iter().map(|(old, into)| Change::Alias { old, into });
        let mut after: Vec<_> = aliases.collect();
        after.reverse();
        Self { image, before, slot: 0, after }
    }
}

impl Iterator for Contents {
    type Item = Change;

    fn next(&mut self) -> Option<Change> {
        if let Some(change) = self.before.pop() {
            return Some(change);
        }
        let table = self.image.table.view();
        while self.slot < table.extent {
            let slot = self.slot;
            self.slot += 1;
            if let Some(object) = table.object(slot) {
                let name = table.name(slot).map(|name| (**name).into());
                return Some(Change::Put { object: Box::new(object), name });
            }
            let generation = core::num::NonZeroU32::new(table.head(slot).generation);
            if let Some(generation) = generation {
                return Some(Change::Vacant(ObjectId::new(slot, generation)));
            }
        }
        self.after.pop()
    }
}

/// Frames of ascending ids as changes. An id has to follow the one before it, a parent has to be
/// there: so a frame that hangs on a later one, and what hangs on it, is first put in the world and
/// hung there once all are, parents first.
fn put_frames(frames: &[&Frame], changes: &mut Vec<Change>) {
    let find = |id: FrameId| {
        let at = frames.binary_search_by_key(&id, |frame| frame.id).ok()?;
        frames.get(at).copied()
    };
    let mut late = Vec::new();
    let mut next = 1;
    for &frame in frames {
        let id = frame.id.index();
        changes.extend((next..id).map(|gone| Change::RemoveFrame(FrameId::new(gone))));
        next = id + 1;
        let (mut depth, mut is_late) = (0u32, false);
        let mut at = frame;
        while at.parent != FrameId::WORLD && depth < u32::from(u16::MAX) {
            is_late |= at.parent > at.id;
            depth += 1;
            let Some(parent) = find(at.parent) else { break };
            at = parent;
        }
        if is_late {
            late.push((depth, frame));
            let name = frame.name.clone();
            let (parent, pose) = (FrameId::WORLD, Pose::IDENTITY);
            changes.push(Change::PutFrame(Box::new(Frame { id: frame.id, name, parent, pose })));
        } else {
            changes.push(Change::PutFrame(Box::new(frame.clone())));
        }
    }
    late.sort_by_key(|&(depth, frame)| (depth, frame.id));
    changes.extend(late.into_iter().map(|(_, frame)| Change::PutFrame(Box::new(frame.clone()))));
}
