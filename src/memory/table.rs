//! The objects by slot.
//!
//! 1. What queries ask of every hit (generation, class, frame) stands in *heads* of 16 bytes, the
//!    rest in *records* of 80, attributes and names beside them; each in blocks that snapshots share
//!    (`pages`). A look-up by id reads one head and one record.
//! 2. A record that is written lately is *hot*: it lies in a dense table of its own and its head says
//!    where. Moves that are scattered over the world would copy nearly every block of the records;
//!    so they copy about as many as they fill. [`Table::cool`] brings records back, a bounded number
//!    each frame. At most an eighth of the objects (or 4,096) are hot: while more than that move,
//!    the rest is written where it lies.
//! 3. What is where shows nowhere: not in an answer, not in the state hash.

use std::sync::Arc;

use super::class::ClassId;
use super::class_blocks::{self, CLASSES, ClassBits};
use super::filter::Filter;
use super::frame::FrameId;
use super::history::Content;
use super::object::{Attributes, Object, ObjectId};
use super::pages::{Blocks, Pages, entry};
use super::record::{Head, RESTING, Record, VACANT};
use core::num::NonZeroU32;

/// Entries in a block of each table: 2 to 5 KiB.
const HEADS: usize = 256;
const RECORDS: usize = 64;
const ATTRIBUTES: usize = 128;
const NAMES: usize = 128;

/// So many records may be hot in the smallest memory.
const HOT_AT_LEAST: u32 = 4_096;

/// The writer's table.
#[derive(Debug)]
pub(super) struct Table {
    heads: Pages<Head, HEADS>,
    records: Pages<Record, RECORDS>,
    hot: Pages<Record, RECORDS>,
    /// As far as objects have any, as the names.
    attributes: Pages<Attributes, ATTRIBUTES>,
    names: Pages<Option<Arc<str>>, NAMES>,
    /// By class: in which blocks of heads its objects are.
    classes: Pages<ClassBits, CLASSES>,
    /// By hot record: its slot, or [`VACANT`].
    hot_slots: Vec<u32>,
    /// By hot record: the low bits of the frame of its last change.
    changed: Vec<u8>,
    hot_free: Vec<u32>,
    frame: u8,
    cursor: u32,
    len: u32,
    /// All slots that were ever used lie below.
    extent: u32,
    attribute_bytes: usize,
}

/// The table at one moment.
#[derive(Debug, Default)]
pub(super) struct TableImage {
    heads: Blocks<Head, HEADS>,
    records: Blocks<Record, RECORDS>,
    hot: Blocks<Record, RECORDS>,
    attributes: Blocks<Attributes, ATTRIBUTES>,
    names: Blocks<Option<Arc<str>>, NAMES>,
    classes: Blocks<ClassBits, CLASSES>,
    len: u32,
    extent: u32,
}

/// What readers see of either.
#[derive(Clone, Copy, Debug)]
pub(super) struct TableView<'a> {
    heads: &'a [Arc<[Head; HEADS]>],
    records: &'a [Arc<[Record; RECORDS]>],
    hot: &'a [Arc<[Record; RECORDS]>],
    attributes: &'a [Arc<[Attributes; ATTRIBUTES]>],
    names: &'a [Arc<[Option<Arc<str>>; NAMES]>],
    classes: &'a [Arc<[ClassBits; CLASSES]>],
    pub(super) len: u32,
    pub(super) extent: u32,
}

impl<'a> TableView<'a> {
    #[inline(always)]
    pub(super) fn head(self, slot: u32) -> Head {
        entry(self.heads, slot).copied().unwrap_or_default()
    }

    /// The id of what lives, or lived last, in `slot`. Slots that the index holds are live.
    #[inline(always)]
    pub(super) fn id(self, slot: u32) -> ObjectId {
        self.head(slot).id(slot)
    }

    /// The head of the object, where it lives.
    #[inline(always)]
    pub(super) fn find(self, id: ObjectId) -> Option<Head> {
        let head = self.head(id.slot());
        (head.generation == id.generation().get() && head.is_live()).then_some(head)
    }

    /// The record of a live slot.
    #[inline(always)]
    pub(super) fn record(self, slot: u32, head: Head) -> Option<&'a Record> {
        match head.place {
            VACANT => None,
            RESTING => entry(self.records, slot),
            hot => entry(self.hot, hot),
        }
    }

    #[inline(always)]
    pub(super) fn frame(self, slot: u32) -> FrameId {
        self.head(slot).frame
    }

    #[inline(always)]
    pub(super) fn class(self, slot: u32) -> ClassId {
        self.head(slot).class
    }

    pub(super) fn attributes(self, slot: u32) -> Attributes {
        entry(self.attributes, slot).cloned().unwrap_or_default()
    }

    pub(super) fn name(self, slot: u32) -> Option<&'a Arc<str>> {
        entry(self.names, slot).and_then(Option::as_ref)
    }

    /// The whole object of a live slot.
    pub(super) fn object(self, slot: u32) -> Option<Object> {
        let head = self.head(slot);
        let record = self.record(slot, head)?;
        Some(Object {
            id: self.id(slot),
            class: head.class,
            pose: record.pose,
            half_extents: record.half_extents,
            velocity: record.velocity,
            confidence: record.confidence,
            persistence: record.persistence,
            first_seen: record.first_seen,
            last_seen: record.last_seen,
            frame: head.frame,
            attributes: self.attributes(slot),
        })
    }

    /// Gives the slots and heads of the objects that `filter` accepts to `each`, in order, until that says
    /// that it is enough. Looks at the blocks alone in which there are any; `blocks` is room to note them.
    pub(super) fn each_of(
        self,
        filter: &Filter,
        blocks: &mut Vec<u64>,
        mut each: impl FnMut(u32, Head) -> bool,
    ) {
        class_blocks::blocks_of(self.classes, filter, blocks);
        for (word_at, &word) in (0..).zip(blocks.iter()) {
            let mut left = word;
            while left != 0 {
                let block = word_at * 64 + left.trailing_zeros();
                left &= left - 1;
                let heads = self.heads.get(block as usize).map_or(&[][..], |heads| &heads[..]);
                for (slot, head) in (block * HEADS as u32..).zip(heads) {
                    if head.is_live() && filter.accepts(head.class) && !each(slot, *head) {
                        return;
                    }
                }
            }
        }
    }

    /// The live slots in order.
    pub(super) fn live(self) -> impl Iterator<Item = (u32, Head)> {
        (0..self.extent).map(move |slot| (slot, self.head(slot))).filter(|(_, head)| head.is_live())
    }
}

impl TableImage {
    /// Lets go of what it holds.
    pub(super) fn clear(&mut self) {
        self.heads.clear();
        self.records.clear();
        self.hot.clear();
        self.attributes.clear();
        self.names.clear();
        self.classes.clear();
        (self.len, self.extent) = (0, 0);
    }

    pub(super) fn view(&self) -> TableView<'_> {
        TableView {
            heads: &self.heads,
            records: &self.records,
            hot: &self.hot,
            attributes: &self.attributes,
            names: &self.names,
            classes: &self.classes,
            len: self.len,
            extent: self.extent,
        }
    }
}

impl Table {
    pub(super) const fn new() -> Self {
        Self {
            heads: Pages::new(),
            records: Pages::new(),
            hot: Pages::new(),
            attributes: Pages::new(),
            names: Pages::new(),
            classes: Pages::new(),
            hot_slots: Vec::new(),
            changed: Vec::new(),
            hot_free: Vec::new(),
            frame: 0,
            cursor: 0,
            len: 0,
            extent: 0,
            attribute_bytes: 0,
        }
    }

    /// A table that begins with what an image holds, to come back to a past one.
    pub(super) fn forked(image: &TableImage) -> Self {
        Self {
            heads: Pages::forked(&image.heads),
            records: Pages::forked(&image.records),
            hot: Pages::forked(&image.hot),
            attributes: Pages::forked(&image.attributes),
            names: Pages::forked(&image.names),
            classes: Pages::forked(&image.classes),
            len: image.len,
            extent: image.extent,
            ..Self::new()
        }
    }

    /// Puts a live slot's record back.
    pub(super) fn restore_record(&mut self, slot: u32, record: &Record) {
        let place = match self.view().head(slot).place {
            VACANT => None,
            RESTING => self.records.entry_mut(slot),
            hot => self.hot.entry_mut(hot),
        };
        if let Some(place) = place {
            *place = *record;
        }
    }

    /// Puts back what a slot held. Its record rests, whichever was hot.
    pub(super) fn restore(&mut self, slot: u32, content: &Content) {
        let place = if content.head.is_live() { RESTING } else { VACANT };
        self.write_head(slot, Head { place, ..content.head });
        if let Some(record) = self.records.entry_mut(slot) {
            *record = content.record;
        }
        if let Some(attributes) = self.attributes.entry_mut(slot) {
            *attributes = content.attributes.clone();
        }
        if let Some(name) = self.names.entry_mut(slot) {
            name.clone_from(&content.name);
        }
    }

    /// Puts the counts back.
    pub(super) const fn restore_extent(&mut self, len: u32, extent: u32) {
        (self.len, self.extent) = (len, extent);
    }

    #[inline(always)]
    pub(super) fn view(&self) -> TableView<'_> {
        TableView {
            heads: self.heads.blocks(),
            records: self.records.blocks(),
            hot: self.hot.blocks(),
            attributes: self.attributes.blocks(),
            names: self.names.blocks(),
            classes: self.classes.blocks(),
            len: self.len,
            extent: self.extent,
        }
    }

    /// Writes an object into its slot, which it takes with the id's generation.
    pub(super) fn put(&mut self, object: Object, name: Option<&str>) {
        let slot = object.id.slot();
        self.reserve(slot);
        let old = self.view().head(slot);
        if !old.is_live() {
            self.len += 1;
        }
        let head = Head {
            generation: object.id.generation().get(),
            place: if old.is_live() { old.place } else { RESTING },
            frame: object.frame,
            class: object.class,
        };
        self.write_head(slot, head);
        let record = Record {
            first_seen: object.first_seen,
            last_seen: object.last_seen,
            pose: object.pose,
            half_extents: object.half_extents,
            velocity: object.velocity,
            confidence: object.confidence,
            persistence: object.persistence,
        };
        let place = match head.place {
            RESTING => self.records.entry_mut(slot),
            hot => self.hot.entry_mut(hot),
        };
        if let Some(place) = place {
            *place = record;
        }
        self.set_attributes(slot, object.attributes);
        self.set_name(slot, name);
    }

    /// Vacates a slot; its generation stays, so that no later object gets it.
    pub(super) fn remove(&mut self, slot: u32) {
        let head = self.view().head(slot);
        match head.place {
            VACANT => return,
            RESTING => {}
            hot => self.release(hot),
        }
        self.write_head(slot, Head { generation: head.generation, ..Head::default() });
        self.set_attributes(slot, Attributes::None);
        self.set_name(slot, None);
        self.len -= 1;
    }

    /// Notes that generations up to `generation` have lived in a vacant slot.
    pub(super) fn spend(&mut self, slot: u32, generation: NonZeroU32) {
        self.reserve(slot);
        let head = self.view().head(slot);
        if !head.is_live() && head.generation < generation.get() {
            self.write_head(slot, Head { generation: generation.get(), ..head });
        }
    }

    /// The record of a live slot, to be written. It is hot from now on.
    #[inline]
    pub(super) fn record_mut(&mut self, slot: u32) -> Option<&mut Record> {
        let place = match self.view().head(slot).place {
            VACANT => return None,
            RESTING => self.heat(slot)?,
            hot => hot,
        };
        if place == RESTING {
            return self.records.entry_mut(slot);
        }
        if let Some(changed) = self.changed.get_mut(place as usize) {
            *changed = self.frame;
        }
        self.hot.entry_mut(place)
    }

    pub(super) fn set_attributes(&mut self, slot: u32, attributes: Attributes) {
        let bytes = attributes.byte_len();
        // Most objects have none: then nothing is written and no block copied.
        let old = entry(self.attributes.blocks(), slot);
        if attributes == Attributes::None && old.is_none_or(|old| *old == Attributes::None) {
            return;
        }
        self.attributes.grow_to(slot);
        if let Some(place) = self.attributes.entry_mut(slot) {
            self.attribute_bytes = self.attribute_bytes + bytes - place.byte_len();
            *place = attributes;
        }
    }

    fn set_name(&mut self, slot: u32, name: Option<&str>) {
        if name.is_some() {
            self.names.grow_to(slot);
        }
        if entry(self.names.blocks(), slot).and_then(Option::as_deref) != name
            && let Some(place) = self.names.entry_mut(slot)
        {
            *place = name.map(Arc::from);
        }
    }

    /// Ends a frame: brings back at most `budget` records that were not written in the last `rest`
    /// frames, of at most four times as many that it looks at.
    pub(super) fn cool(&mut self, rest: u8, budget: usize) {
        self.frame = self.frame.wrapping_add(1);
        let looks = budget.saturating_mul(4).min(self.hot_slots.len());
        let mut cooled = 0;
        for _ in 0..looks {
            if cooled >= budget {
                return;
            }
            let next = self.cursor as usize + 1;
            self.cursor = if next < self.hot_slots.len() { next as u32 } else { 0 };
            let at = self.cursor as usize;
            let slot = self.hot_slots[at];
            if slot == VACANT || self.frame.wrapping_sub(self.changed[at]) < rest {
                continue;
            }
            let head = self.view().head(slot);
            if let (Some(&record), Some(place)) =
                (entry(self.hot.blocks(), self.cursor), self.records.entry_mut(slot))
            {
                *place = record;
                self.write_head(slot, Head { place: RESTING, ..head });
                self.release(self.cursor);
                cooled += 1;
            }
        }
    }

    /// The table as it is now, in place of what `image` held.
    pub(super) fn share(&mut self, image: &mut TableImage) {
        self.heads.share(&mut image.heads);
        self.records.share(&mut image.records);
        self.hot.share(&mut image.hot);
        self.attributes.share(&mut image.attributes);
        self.names.share(&mut image.names);
        self.classes.share(&mut image.classes);
        image.len = self.len;
        image.extent = self.extent;
    }

    /// The bytes that it holds, those for growth and for snapshots included, the attributes' content
    /// and the names' text not.
    pub(super) fn memory_bytes(&self) -> usize {
        self.heads.memory_bytes()
            + self.records.memory_bytes()
            + self.hot.memory_bytes()
            + self.attributes.memory_bytes()
            + self.names.memory_bytes()
            + self.classes.memory_bytes()
            + class_blocks::bytes(&self.classes)
            + (self.hot_slots.capacity() + self.hot_free.capacity()) * size_of::<u32>()
            + self.changed.capacity()
    }

    /// The bytes of the attributes' content.
    pub(super) const fn attribute_bytes(&self) -> usize {
        self.attribute_bytes
    }

    /// The bytes that only snapshots still need.
    pub(super) fn retained_bytes(&self) -> usize {
        self.heads.retained_bytes()
            + self.records.retained_bytes()
            + self.hot.retained_bytes()
            + self.attributes.retained_bytes()
            + self.names.retained_bytes()
            + self.classes.retained_bytes()
    }

    /// Frees replaced blocks that no snapshot holds, but for as many as were copied lately.
    pub(super) fn trim(&mut self) {
        self.heads.trim();
        self.records.trim();
        self.hot.trim();
        self.attributes.trim();
        self.names.trim();
        self.classes.trim();
    }

    /// How many records are hot.
    #[cfg(test)]
    pub(super) fn hot_len(&self) -> usize {
        self.hot_slots.len() - self.hot_free.len()
    }

    /// Room for `slot`.
    fn reserve(&mut self, slot: u32) {
        self.heads.grow_to(slot);
        self.records.grow_to(slot);
        self.extent = self.extent.max(slot + 1);
    }

    #[inline]
    fn write_head(&mut self, slot: u32, head: Head) {
        let Some(place) = self.heads.entry_mut(slot) else { return };
        let old = core::mem::replace(place, head);
        if (old.class, old.is_live()) != (head.class, head.is_live()) {
            self.class_changed(slot, old, head);
        }
    }

    /// The object in a slot came, left or became of another class: notes where each class is.
    fn class_changed(&mut self, slot: u32, old: Head, head: Head) {
        let block = slot as usize / HEADS;
        if head.is_live() {
            class_blocks::insert(&mut self.classes, head.class, block);
        }
        if old.is_live() {
            let is_alike = |head: &Head| head.is_live() && head.class == old.class;
            if !self.heads.blocks().get(block).is_some_and(|heads| heads.iter().any(is_alike)) {
                class_blocks::remove(&mut self.classes, old.class, block);
            }
        }
    }

    /// Makes a resting record hot and gives its new place; [`RESTING`] where too many are hot.
    fn heat(&mut self, slot: u32) -> Option<u32> {
        let place = match self.hot_free.pop() {
            Some(place) => place,
            None => {
                let place = self.hot_slots.len() as u32;
                if place >= HOT_AT_LEAST.max(self.len / 8) {
                    return Some(RESTING);
                }
                self.hot_slots.push(VACANT);
                self.changed.push(0);
                self.hot.grow_to(place);
                place
            }
        };
        let head = self.view().head(slot);
        *self.hot.entry_mut(place)? = *entry(self.records.blocks(), slot)?;
        self.hot_slots[place as usize] = slot;
        self.write_head(slot, Head { place, ..head });
        Some(place)
    }

    fn release(&mut self, hot: u32) {
        if let Some(slot) = self.hot_slots.get_mut(hot as usize) {
            *slot = VACANT;
            self.hot_free.push(hot);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::space::{Pose, Vec3};
    use crate::time::Time;

    fn object(slot: u32) -> Object {
        Object {
            id: ObjectId::new(slot, NonZeroU32::MIN),
            class: ClassId::new(0),
            pose: Pose::IDENTITY,
            half_extents: Vec3::ZERO,
            velocity: None,
            confidence: 1.0,
            persistence: 1.0,
            first_seen: Time::ZERO,
            last_seen: Time::ZERO,
            frame: FrameId::WORLD,
            attributes: Attributes::None,
        }
    }

    #[test]
    fn what_is_written_is_hot_up_to_a_limit_and_rests_again() {
        let mut table = Table::new();
        for slot in 0..6_000 {
            table.put(object(slot), None);
        }
        assert_eq!(table.hot_len(), 0);
        for slot in 0..5_000 {
            table.record_mut(slot).unwrap().confidence = 0.5;
        }
        assert_eq!(table.hot_len(), HOT_AT_LEAST as usize);
        table.remove(17);
        assert_eq!(table.hot_len(), HOT_AT_LEAST as usize - 1);
        let mut image = TableImage::default();
        table.share(&mut image);
        let mut frames = 0;
        while table.hot_len() > 0 {
            table.cool(3, 100);
            frames += 1;
        }
        assert!((41..300).contains(&frames), "{frames} frames of at most 100");
        for slot in 0..6_000 {
            let of = |view: TableView<'_>| {
                view.object(slot).map(|object| (object.id.slot(), object.confidence))
            };
            let expected = if slot < 5_000 { 0.5 } else { 1.0 };
            assert_eq!(of(table.view()), (slot != 17).then_some((slot, expected)));
            assert_eq!(of(table.view()), of(image.view()));
        }
        assert!(table.retained_bytes() > 0);
        drop(image);
        assert_eq!(table.retained_bytes(), 0);
    }
}
