//! A map out.

use core::fmt::Display;
use std::collections::BTreeMap;
use std::hash::Hasher;
use std::io::{self, Write};

use serde::Serialize;
use twox_hash::XxHash64;

use super::super::area::Area;
use super::super::frame::{Frame, FrameId};
use super::super::object::{Attributes, Object, ObjectId};
use super::features::{is_empty, is_json};
use super::header_record::VERSION;
use super::id::is_id;
use super::limits::MapLimits;
use super::rotation::to_degrees;
use super::source::MapSource;
use super::text::to_base64;
use crate::space::{Pose, Prism, Quat, UpAxis, Vec3};
use crate::time::Time;

/// What was written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct ExportReport {
    /// How many objects.
    pub objects: u64,
    /// How many regions.
    pub regions: u64,
    /// How many bytes of JSON.
    pub bytes: u64,
}

/// Writes a map in the format of the [module](super), a line for each object. Keeps one record and
/// 8 bytes for each named object. O(n log n).
pub(crate) fn write_map<S: MapSource + ?Sized>(
    source: &S,
    out: impl Write,
    exported_at: Time,
) -> io::Result<ExportReport> {
    let mut writer = Writer {
        out,
        line: Vec::with_capacity(1 << 16),
        bytes: 0,
        shared: shared_names(source)?,
        world: BTreeMap::new(),
        first: true,
    };
    let mut report = ExportReport::default();
    writer.header(source)?;
    writer.begin("objects")?;
    source.objects(&mut |object, name| {
        report.objects += 1;
        let label = source.label(object.class).unwrap_or_default();
        writer.object(object, name, label)
    })?;
    writer.end()?;
    writer.begin("regions")?;
    source.areas(&mut |area| {
        report.regions += 1;
        writer.area(source, area)
    })?;
    writer.end()?;
    writer.text(",\n\"metadata\":{\"export_timestamp\":");
    writer.json(&exported_at.as_seconds())?;
    writer.field("memory_capacity", source.capacity());
    writer.field("total_objects", report.objects);
    writer.field("total_regions", report.regions);
    writer.text("}\n}\n");
    writer.flush()?;
    writer.out.flush()?;
    report.bytes = writer.bytes;
    Ok(report)
}

/// The prism that an area stands for; `None` where its corners span none.
pub(super) fn prism_of(area: &Area) -> Option<Prism> {
    let split = |corner: &Vec3| match area.up {
        UpAxis::X => ([corner.y, corner.z], corner.x),
        UpAxis::Y => ([corner.x, corner.z], corner.y),
        UpAxis::Z => ([corner.x, corner.y], corner.z),
    };
    let (footprint, heights): (Vec<_>, Vec<_>) = area.boundary.iter().map(split).unzip();
    let low = heights.iter().copied().fold(f32::MAX, f32::min);
    let high = heights.iter().copied().fold(f32::MIN, f32::max);
    Prism::new(&footprint, area.up, low, high).ok()
}

/// The hashes of the names that more than one object has, sorted. Two different names of one hash
/// count as one: then their objects are written by their ids, which is right too.
fn shared_names<S: MapSource + ?Sized>(source: &S) -> io::Result<Vec<u64>> {
    let mut hashes = Vec::new();
    source.objects(&mut |_, name| {
        hashes.extend(name.map(hash_of));
        Ok(())
    })?;
    hashes.sort_unstable();
    let pairs = hashes.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]);
    let mut shared: Vec<u64> = pairs.collect();
    shared.dedup();
    Ok(shared)
}

fn hash_of(name: &str) -> u64 {
    let mut hasher = XxHash64::with_seed(0);
    hasher.write(name.as_bytes());
    hasher.finish()
}

struct Writer<W> {
    out: W,
    /// What was not handed to `out` yet.
    line: Vec<u8>,
    bytes: u64,
    shared: Vec<u64>,
    /// Where the frames are.
    world: BTreeMap<FrameId, Pose>,
    /// Whether the next entry is the first of its table.
    first: bool,
}

impl<W: Write> Writer<W> {
    fn header<S: MapSource + ?Sized>(&mut self, source: &S) -> io::Result<()> {
        self.text("{\n\"xrmesh\":{\"version\":");
        self.display(VERSION);
        self.text(",\"classes\":[");
        let mut first = true;
        source.labels(&mut |label| {
            self.text(if core::mem::take(&mut first) { "" } else { "," });
            self.json(label)
        })?;
        self.text("],\"frames\":{");
        let mut frames = Vec::new();
        source.frames(&mut |frame| {
            frames.push(frame.clone());
            Ok(())
        })?;
        self.first = true;
        // Each after its parent. A pass places at least one, as frames hang in no circle.
        while !frames.is_empty() {
            let waiting = frames.len();
            let mut written = Ok(());
            frames.retain(|frame| match self.world_of(frame.parent) {
                Some(parent) if written.is_ok() => {
                    written = self.frame(frame, &parent);
                    false
                }
                _ => true,
            });
            written?;
            if frames.len() == waiting {
                return Err(io::Error::other("a frame hangs on none that is there"));
            }
        }
        self.text("},\"vacant\":[");
        let mut first = true;
        source.vacant(&mut |id| {
            self.text(if core::mem::take(&mut first) { "" } else { "," });
            self.id(*id);
            self.hand_over()
        })?;
        self.text("],\"aliases\":{");
        let mut first = true;
        source.aliases(&mut |(old, into)| {
            self.text(if core::mem::take(&mut first) { "" } else { "," });
            self.id(*old);
            self.text(":");
            self.id(*into);
            self.hand_over()
        })?;
        self.text("}");
        let (frame, area) = source.next();
        self.field("next_frame", frame.index());
        self.field("next_region", area.index());
        self.text("}");
        Ok(())
    }

    fn frame(&mut self, frame: &Frame, parent: &Pose) -> io::Result<()> {
        let world = parent.compose(&frame.pose).map_err(io::Error::other)?;
        self.world.insert(frame.id, world);
        self.entry(frame.id.index().to_string().as_str())?;
        self.text("{\"name\":");
        self.json(&*frame.name)?;
        self.field("parent", frame.parent.index());
        self.text(",\"position\":");
        self.array(&frame.pose.position().to_array())?;
        self.orientation(frame.pose.orientation())?;
        self.text("}");
        Ok(())
    }

    fn object(&mut self, object: &Object, name: Option<&str>, label: &str) -> io::Result<()> {
        let world = self.place(object)?;
        let key = self.key_of(object.id, name);
        self.entry(key.as_deref().unwrap_or(name.unwrap_or_default()))?;
        self.text("{\"position\":{");
        self.coordinates(world.position())?;
        let degrees = to_degrees(world.orientation());
        for (axis, angle) in ["x", "y", "z"].into_iter().zip(degrees) {
            self.text(",\"rotation_");
            self.text(axis);
            self.text("\":");
            self.json(&angle)?;
        }
        self.text("},\"bounding_box\":{\"min\":{");
        self.coordinates(Vec3::ZERO - object.half_extents)?;
        self.text("},\"max\":{");
        self.coordinates(object.half_extents)?;
        self.text("}},\"object_class\":");
        self.json(label)?;
        self.text(",\"confidence\":");
        self.json(&object.confidence)?;
        self.text(",\"persistence_score\":");
        self.json(&object.persistence)?;
        self.text(",\"semantic_features\":");
        let exact = self.features(&object.attributes)?;
        self.text(",\"xrmesh\":{\"id\":");
        self.id(object.id);
        // A name that is not the key.
        if let (Some(name), Some(_)) = (name, &key) {
            self.text(",\"name\":");
            self.json(name)?;
        }
        if object.frame != FrameId::WORLD {
            self.field("frame", object.frame.index());
            self.text(",\"position\":");
            self.array(&object.pose.position().to_array())?;
        }
        self.orientation(object.pose.orientation())?;
        if let Some(velocity) = object.velocity {
            self.text(",\"velocity\":");
            self.array(&velocity.to_array())?;
        }
        self.field("first_seen_ns", object.first_seen.as_nanos());
        self.field("last_seen_ns", object.last_seen.as_nanos());
        if let Some(exact) = exact {
            self.text(",\"attributes\":");
            self.text(&exact);
        }
        self.text("}}");
        Ok(())
    }

    /// Writes the value of `semantic_features`; what it cannot say is returned as JSON.
    fn features(&mut self, attributes: &Attributes) -> io::Result<Option<String>> {
        let bits = |key: &str, bytes: &[u8]| format!("{{\"{key}\":\"{}\"}}", to_base64(bytes));
        match attributes {
            Attributes::None => self.text("{}"),
            Attributes::Features(features) if features.iter().all(|part| part.is_finite()) => {
                return self.array(features).map(|()| None);
            }
            Attributes::Features(features) => {
                self.text("{}");
                let bytes: Vec<u8> = features.iter().flat_map(|part| part.to_le_bytes()).collect();
                return Ok(Some(bits("features", &bytes)));
            }
            Attributes::Bytes(bytes) => {
                self.text("{}");
                return Ok(Some(bits("bytes", bytes)));
            }
            Attributes::Json(text) if is_json(text, MapLimits::DEPTH) => {
                self.text(text);
                let ambiguous = is_empty(text) || text.starts_with('[');
                return Ok(ambiguous.then(|| "\"json\"".to_owned()));
            }
            Attributes::Json(text) => {
                self.text("{}");
                let text = serde_json::to_string(&**text)?;
                return Ok(Some(format!("{{\"text\":{text}}}")));
            }
        }
        Ok(None)
    }

    fn area<S: MapSource + ?Sized>(&mut self, source: &S, area: &Area) -> io::Result<()> {
        self.entry(area.id.index().to_string().as_str())?;
        self.text("{\"boundary_points\":[");
        for (number, corner) in area.boundary.iter().enumerate() {
            self.text(if number > 0 { ",{" } else { "{" });
            self.coordinates(*corner)?;
            self.text("}");
        }
        self.text("],\"region_type\":");
        self.json(&*area.kind)?;
        self.text(",\"properties\":");
        let is_object = area.properties.starts_with('{');
        let is_object = is_object && is_json(&area.properties, MapLimits::DEPTH);
        self.text(if is_object { &area.properties } else { "{}" });
        self.text(",\"contained_objects\":[");
        let world = core::mem::take(&mut self.world);
        let place = |object: &Object| {
            let frame = world.get(&object.frame).copied().unwrap_or(Pose::IDENTITY);
            frame.transform_point(object.pose.position())
        };
        let mut first = true;
        let listed = source.contained(area, &place, &mut |id, name| {
            self.text(if core::mem::take(&mut first) { "" } else { "," });
            match self.key_of(id, name) {
                Some(key) => self.json(&key),
                None => self.json(name.unwrap_or_default()),
            }?;
            self.hand_over()
        });
        self.world = world;
        listed?;
        self.text("],\"xrmesh\":{\"id\":");
        self.display(area.id.index());
        self.text(",\"name\":");
        self.json(&*area.name)?;
        let up = match area.up {
            UpAxis::X => "x",
            UpAxis::Y => "y",
            UpAxis::Z => "z",
        };
        self.text(",\"up\":\"");
        self.text(up);
        self.text("\"");
        if !is_object {
            self.text(",\"properties\":");
            self.json(&*area.properties)?;
        }
        self.text("}}");
        Ok(())
    }

    /// The id as the key of an object that has no name of its own; `None` where its name is its key.
    fn key_of(&self, id: ObjectId, name: Option<&str>) -> Option<String> {
        let own = name
            .is_some_and(|name| !is_id(name) && self.shared.binary_search(&hash_of(name)).is_err());
        (!own).then(|| id.to_string())
    }

    fn world_of(&self, frame: FrameId) -> Option<Pose> {
        if frame == FrameId::WORLD {
            return Some(Pose::IDENTITY);
        }
        self.world.get(&frame).copied()
    }

    /// Where an object is in the world.
    fn place(&self, object: &Object) -> io::Result<Pose> {
        if object.frame == FrameId::WORLD {
            return Ok(object.pose);
        }
        let frame = self.world_of(object.frame).unwrap_or_default();
        frame.compose(&object.pose).map_err(io::Error::other)
    }

    fn begin(&mut self, table: &str) -> io::Result<()> {
        self.text(",\n\"");
        self.text(table);
        self.text("\":{");
        self.first = true;
        Ok(())
    }

    fn end(&mut self) -> io::Result<()> {
        self.text("\n}");
        self.hand_over()
    }

    /// Begins an entry of a table, on a line of its own.
    fn entry(&mut self, key: &str) -> io::Result<()> {
        self.hand_over()?;
        let first = core::mem::take(&mut self.first);
        self.text(if first { "\n" } else { ",\n" });
        self.json(key)?;
        self.text(":");
        Ok(())
    }

    fn coordinates(&mut self, point: Vec3) -> io::Result<()> {
        for (label, value) in ["\"x\":", ",\"y\":", ",\"z\":"].into_iter().zip(point.to_array()) {
            self.text(label);
            self.json(&value)?;
        }
        Ok(())
    }

    fn orientation(&mut self, Quat { x, y, z, w }: Quat) -> io::Result<()> {
        self.text(",\"orientation\":");
        self.array(&[x, y, z, w])
    }

    fn array(&mut self, numbers: &[f32]) -> io::Result<()> {
        self.json(numbers)
    }

    fn id(&mut self, id: ObjectId) {
        self.text("\"");
        self.display(id);
        self.text("\"");
    }

    fn field(&mut self, key: &str, number: impl Display) {
        self.text(",\"");
        self.text(key);
        self.text("\":");
        self.display(number);
    }

    fn display(&mut self, value: impl Display) {
        // A vector takes all that is written to it.
        let _ = write!(self.line, "{value}");
    }

    fn text(&mut self, text: &str) {
        self.line.extend_from_slice(text.as_bytes());
    }

    fn json<T: Serialize + ?Sized>(&mut self, value: &T) -> io::Result<()> {
        Ok(serde_json::to_writer(&mut self.line, value)?)
    }

    /// Hands over what has gathered, once it is worth it.
    fn hand_over(&mut self) -> io::Result<()> {
        if self.line.len() < 1 << 15 { Ok(()) } else { self.flush() }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.write_all(&self.line)?;
        self.bytes += self.line.len() as u64;
        self.line.clear();
        Ok(())
    }
}
