//! A whole map.

use std::io::Read;

use serde::de::MapAccess;

use super::super::area::AreaId;
use super::super::frame::FrameId;
use super::area_record::AreaTable;
use super::cursor::Cursor;
use super::document::Map;
use super::error::{MapError, MapErrorKind};
use super::fields::{Fields, Object, Table};
use super::header_record::{FramesRead, Header};
use super::limits::MapLimits;
use super::number::Whole;
use super::object_record::ObjectTable;
use crate::time::Time;

/// Reads a map.
pub(super) fn map(reader: impl Read, limits: &MapLimits, seen_at: Time) -> Result<Map, MapError> {
    let cursor = Cursor::new(limits.max_bytes, limits.max_record_bytes);
    let mut top = Top {
        limits,
        seen_at,
        map: Map { keeps_ids: true, ..Map::default() },
        frames: FramesRead::default(),
        began: None,
        counts: Counts::default(),
    };
    cursor.read(reader, Document { cursor: &cursor, top: &mut top })?;
    let Top { mut map, frames, .. } = top;
    map.frames = frames.frames;
    Ok(map)
}

/// The top level.
struct Top<'a> {
    limits: &'a MapLimits,
    seen_at: Time,
    map: Map,
    frames: FramesRead,
    /// The first of the keys that need `xrmesh`.
    began: Option<&'static str>,
    counts: Counts,
}

/// What `metadata` says there is.
#[derive(Default)]
struct Counts {
    limits: [u32; 2],
    objects: Option<u64>,
    regions: Option<u64>,
}

struct Document<'a, 'b> {
    cursor: &'a Cursor,
    top: &'a mut Top<'b>,
}

impl<'de> serde::de::DeserializeSeed<'de> for Document<'_, '_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        let Self { cursor, top } = self;
        Object { cursor, fields: &mut *top }.deserialize(deserializer)?;
        let found = [("total_objects", top.counts.objects, top.map.objects.len())];
        let found =
            found.into_iter().chain([("total_regions", top.counts.regions, top.map.areas.len())]);
        for (key, claimed, found) in found {
            let found = found as u64;
            if let Some(claimed) = claimed.filter(|claimed| *claimed != found) {
                return Err(cursor.fail(MapErrorKind::Miscounted { key, claimed, found }));
            }
        }
        Ok(())
    }
}

impl Fields for Top<'_> {
    const KEYS: &'static [&'static str] = &["xrmesh", "objects", "regions", "metadata"];

    fn read<'de, A: MapAccess<'de>>(
        &mut self,
        cursor: &Cursor,
        key: usize,
        map: &mut A,
    ) -> Result<(), A::Error> {
        let limits = self.limits;
        cursor.meter.begin_record();
        match key {
            0 => {
                if let Some(before) = self.began {
                    let key = "xrmesh";
                    return Err(cursor.fail(MapErrorKind::TooLate { key, before }));
                }
                let Map { labels, vacant, aliases, .. } = &mut self.map;
                let (frames, next, version) = (&mut self.frames, [None; 2], false);
                let mut header = Header { limits, labels, frames, vacant, aliases, next, version };
                map.next_value_seed(Object { cursor, fields: &mut header })?;
                if !header.version {
                    return Err(cursor.fail(MapErrorKind::MissingKey { key: "version" }));
                }
                if let [Some(frame), Some(area)] = header.next {
                    self.map.next = Some((FrameId::new(frame), AreaId::new(area)));
                }
            }
            1 => {
                self.began.get_or_insert("objects");
                let Map { labels, objects, keeps_ids, vacant, .. } = &mut self.map;
                let entries =
                    &mut ObjectTable::new(limits, self.seen_at, &self.frames, labels, objects);
                entries.leave_out(vacant);
                map.next_value_seed(Table { cursor, entries: &mut *entries })?;
                *keeps_ids &= entries.has_ids();
            }
            2 => {
                let Map { areas, keeps_ids, .. } = &mut self.map;
                let entries = &mut AreaTable::new(limits, areas);
                map.next_value_seed(Table { cursor, entries: &mut *entries })?;
                *keeps_ids &= entries.has_ids();
            }
            _ => {
                self.counts.limits = [limits.max_objects, limits.max_areas];
                map.next_value_seed(Object { cursor, fields: &mut self.counts })?;
            }
        }
        Ok(())
    }
}

impl Fields for Counts {
    const KEYS: &'static [&'static str] = &["total_objects", "total_regions"];
    const SKIPS_OTHERS: bool = true;

    fn read<'de, A: MapAccess<'de>>(
        &mut self,
        cursor: &Cursor,
        key: usize,
        map: &mut A,
    ) -> Result<(), A::Error> {
        let whole = Whole { cursor, least: 0, most: self.limits[key].into() };
        let count = map.next_value_seed(whole)? as u64;
        *(if key == 0 { &mut self.objects } else { &mut self.regions }) = Some(count);
        Ok(())
    }
}
