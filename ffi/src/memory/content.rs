//! Objects and observations as C has them, their attributes and names in one block beside them.
#![expect(unsafe_code, reason = "exports have C names")]

use std::sync::Arc;

use bytemuck::{Pod, Zeroable};
use xrmesh::memory::{Attributes, ClassId, FrameId, MemoryView, NewObject, ObjectId, Observation};
use xrmesh::{Time, Vec3};

use crate::failure::{Failure, Outcome, fail};
use crate::fence::fence_anywhere;
use crate::pointer::{Caller, Out};
use crate::pose::xrmesh_pose;
use crate::status::*;

/// Names one object of one memory, for as long as its store lives; 0 names none. After an object was
/// merged into another its id still finds that one.
pub type xrmesh_object_id = u64;
/// The number of a class label in one memory, from 0 in the order of the labels' first use.
pub type xrmesh_class_id = u32;
/// A named place that objects hang on, in one memory; 0 is the world. It is what the Rust library
/// calls a frame of the memory.
pub type xrmesh_anchor_id = u32;
/// Names one area of one memory.
pub type xrmesh_area_id = u32;

/// The world, which anchors hang on at last. It never moves.
pub const XRMESH_ANCHOR_WORLD: xrmesh_anchor_id = 0;

/// Nothing more is known.
pub const XRMESH_ATTRIBUTES_NONE: u32 = 0;
/// Bytes that the library does not read.
pub const XRMESH_ATTRIBUTES_BYTES: u32 = 1;
/// A JSON value as text.
pub const XRMESH_ATTRIBUTES_JSON: u32 = 2;
/// A feature vector: floats, 4 bytes each in the machine's order.
pub const XRMESH_ATTRIBUTES_FEATURES: u32 = 3;

/// `velocity` is known.
pub const XRMESH_OBJECT_VELOCITY: u32 = 1;

/// A place, in metres. 12 bytes.
#[derive(Clone, Copy, PartialEq, Debug, Default, Pod, Zeroable)]
#[repr(C)]
pub struct xrmesh_point {
    /// To the right.
    pub x: f32,
    /// Up.
    pub y: f32,
    /// Backward.
    pub z: f32,
}

/// An object. 120 bytes. Fill one that is to come by `xrmesh_object_default`.
#[derive(Clone, Copy, PartialEq, Debug, Default, Pod, Zeroable)]
#[repr(C)]
pub struct xrmesh_object {
    /// Its name; 0 of one that is to come.
    pub id: xrmesh_object_id,
    /// When it was first observed.
    pub first_seen_ns: i64,
    /// When it was last observed: not before it was first.
    pub last_seen_ns: i64,
    /// Where it is, seen from its anchor.
    pub pose: xrmesh_pose,
    /// Half its size along its own axes, in metres; zero for a point.
    pub half_extents: [f32; 3],
    /// With XRMESH_OBJECT_VELOCITY: how it moves about its anchor, in metres a second.
    pub velocity: [f32; 3],
    /// How sure its observers are, 0 to 1.
    pub confidence: f32,
    /// How long it is worth keeping, 0 to 1: what ageing lowers and observation restores.
    pub persistence: f32,
    /// What it is.
    pub class_id: xrmesh_class_id,
    /// What it hangs on.
    pub anchor: xrmesh_anchor_id,
    /// XRMESH_ATTRIBUTES_*.
    pub attributes: u32,
    /// Where its attributes begin in the call's content.
    pub attributes_offset: u32,
    /// Bytes of its attributes.
    pub attributes_len: u32,
    /// Where the text by which a map knows it begins in the call's content.
    pub name_offset: u32,
    /// Bytes of that text; 0 for none.
    pub name_len: u32,
    /// XRMESH_OBJECT_*.
    pub flags: u32,
    /// Zero.
    pub reserved: u32,
}

const _: () = assert!(size_of::<xrmesh_object>() == 120);

/// What a detector saw of one thing. 72 bytes. Fill it by `xrmesh_observation_default`.
#[derive(Clone, Copy, PartialEq, Debug, Default, Pod, Zeroable)]
#[repr(C)]
pub struct xrmesh_observation {
    /// The object that it is known to be, where a tracker keeps it; 0 where that is not known. One that
    /// has left is taken for unknown.
    pub object: xrmesh_object_id,
    /// Where it was seen, from its anchor.
    pub pose: xrmesh_pose,
    /// Half its size along its own axes, in metres; zero where that is not known.
    pub half_extents: [f32; 3],
    /// How sure the detector is, 0 to 1.
    pub confidence: f32,
    /// What it is.
    pub class_id: xrmesh_class_id,
    /// The anchor that the pose is given from, which a new object then hangs on.
    pub anchor: xrmesh_anchor_id,
    /// XRMESH_ATTRIBUTES_*: what a new object is given; one that is known keeps its own.
    pub attributes: u32,
    /// Where they begin in the call's content.
    pub attributes_offset: u32,
    /// Their bytes.
    pub attributes_len: u32,
}

const _: () = assert!(size_of::<xrmesh_observation>() == 72);

const AHEAD: xrmesh_pose = xrmesh_pose { position: [0.0; 3], orientation: [0.0, 0.0, 0.0, 1.0] };

/// Fills in a point at the world's origin of class 0, of confidence and persistence 1, seen at time 0.
/// NULL is let be.
///
/// Any thread, also in callbacks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_object_default(object: *mut xrmesh_object) {
    fence_anywhere!(
        quiet | caller | {
            caller.out(object, "object")?.set(xrmesh_object {
                pose: AHEAD,
                confidence: 1.0,
                persistence: 1.0,
                ..Default::default()
            });
            Ok(XRMESH_OK)
        }
    );
}

/// Fills in an observation at the world's origin, of unknown size and identity, about which its
/// detector is sure. NULL is let be.
///
/// Any thread, also in callbacks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xrmesh_observation_default(observation: *mut xrmesh_observation) {
    fence_anywhere!(
        quiet | caller | {
            caller.out(observation, "observation")?.set(xrmesh_observation {
                pose: AHEAD,
                confidence: 1.0,
                ..Default::default()
            });
            Ok(XRMESH_OK)
        }
    );
}

impl From<xrmesh_point> for Vec3 {
    fn from(point: xrmesh_point) -> Self {
        Self::new(point.x, point.y, point.z)
    }
}

impl From<Vec3> for xrmesh_point {
    fn from(point: Vec3) -> Self {
        Self { x: point.x, y: point.y, z: point.z }
    }
}

/// The object of that id.
pub(crate) fn object(id: xrmesh_object_id) -> Result<ObjectId, Failure> {
    match ObjectId::from_bits(id) {
        Some(id) => Ok(id),
        None => fail!(XRMESH_ERROR_UNKNOWN_OBJECT, "{id:#018x} names no object"),
    }
}

/// The class of that number; whether it is there, the memory says.
pub(crate) fn class(class: xrmesh_class_id) -> Result<ClassId, Failure> {
    match u16::try_from(class) {
        Ok(index) => Ok(ClassId::new(index)),
        Err(_) => fail!(XRMESH_ERROR_UNKNOWN_CLASS, "there is no class {class}, at most 65,535"),
    }
}

/// A part of the call's content.
fn part<'a>(content: &'a [u8], offset: u32, len: u32, what: &str) -> Result<&'a [u8], Failure> {
    let (first, len) = (offset as usize, len as usize);
    first.checked_add(len).and_then(|end| content.get(first..end)).ok_or_else(|| {
        Failure::new(
            XRMESH_ERROR_OUT_OF_RANGE,
            format_args!(
                "{what} of {len} bytes from byte {first} on, of {} bytes given",
                content.len()
            ),
        )
    })
}

fn utf8<'a>(bytes: &'a [u8], what: &str) -> Result<&'a str, Failure> {
    core::str::from_utf8(bytes).map_err(|error| {
        let at = error.valid_up_to();
        Failure::new(XRMESH_ERROR_UTF8, format_args!("{what} is not UTF-8 from byte {at} on"))
    })
}

/// Attributes of a kind.
pub(crate) fn attributes(kind: u32, bytes: &[u8]) -> Result<Attributes, Failure> {
    Ok(match kind {
        XRMESH_ATTRIBUTES_NONE if bytes.is_empty() => Attributes::None,
        XRMESH_ATTRIBUTES_NONE => {
            let given = bytes.len();
            fail!(XRMESH_ERROR_OUT_OF_RANGE, "{given} bytes of attributes of the kind none")
        }
        XRMESH_ATTRIBUTES_BYTES => Attributes::Bytes(bytes.into()),
        XRMESH_ATTRIBUTES_JSON => Attributes::Json(utf8(bytes, "the attributes' JSON")?.into()),
        XRMESH_ATTRIBUTES_FEATURES => {
            let (parts, rest) = bytes.as_chunks::<4>();
            if !rest.is_empty() {
                let given = bytes.len();
                fail!(
                    XRMESH_ERROR_OUT_OF_RANGE,
                    "a feature vector of {given} bytes, expected a multiple of 4"
                );
            }
            let features: Arc<[f32]> = parts.iter().map(|part| f32::from_ne_bytes(*part)).collect();
            Attributes::Features(features)
        }
        given => fail!(XRMESH_ERROR_UNKNOWN_VALUE, "attributes is {given}, known are 0 to 3"),
    })
}

/// The content of attributes, and of what kind it is.
pub(crate) fn content(attributes: &Attributes) -> (u32, &[u8]) {
    match attributes {
        Attributes::None => (XRMESH_ATTRIBUTES_NONE, &[]),
        Attributes::Bytes(bytes) => (XRMESH_ATTRIBUTES_BYTES, bytes),
        Attributes::Json(text) => (XRMESH_ATTRIBUTES_JSON, text.as_bytes()),
        Attributes::Features(features) => {
            (XRMESH_ATTRIBUTES_FEATURES, bytemuck::cast_slice(features))
        }
    }
}

impl xrmesh_object {
    /// An object that is to come.
    pub(crate) fn parse(&self, content: &[u8]) -> Result<NewObject, Failure> {
        if self.reserved != 0 {
            fail!(XRMESH_ERROR_RESERVED, "xrmesh_object.reserved is not zero");
        }
        if self.flags & !XRMESH_OBJECT_VELOCITY != 0 {
            fail!(
                XRMESH_ERROR_UNKNOWN_VALUE,
                "xrmesh_object.flags is {:#x}, known 0x1",
                self.flags
            );
        }
        let bytes = part(content, self.attributes_offset, self.attributes_len, "attributes")?;
        let name = part(content, self.name_offset, self.name_len, "a name")?;
        let mut new = NewObject::new(class(self.class_id)?, self.pose.parsed()?);
        new.half_extents = Vec3::from_array(self.half_extents);
        if self.flags & XRMESH_OBJECT_VELOCITY != 0 {
            new.velocity = Some(Vec3::from_array(self.velocity));
        }
        new.confidence = self.confidence;
        new.persistence = self.persistence;
        new.first_seen = Time::from_nanos(self.first_seen_ns);
        new.last_seen = Time::from_nanos(self.last_seen_ns);
        new.frame = FrameId::new(self.anchor);
        new.attributes = attributes(self.attributes, bytes)?;
        new.name = (!name.is_empty()).then(|| utf8(name, "a name")).transpose()?.map(Into::into);
        Ok(new)
    }
}

impl xrmesh_observation {
    /// As the memory takes it.
    pub(crate) fn parse(&self, content: &[u8]) -> Result<Observation, Failure> {
        let bytes = part(content, self.attributes_offset, self.attributes_len, "attributes")?;
        let mut seen = Observation::new(class(self.class_id)?, self.pose.parsed()?);
        seen.id = if self.object == 0 { None } else { Some(object(self.object)?) };
        seen.half_extents = Vec3::from_array(self.half_extents);
        seen.confidence = self.confidence;
        seen.frame = FrameId::new(self.anchor);
        seen.attributes = attributes(self.attributes, bytes)?;
        Ok(seen)
    }
}

/// The bytes of a call's content.
pub(crate) fn given(
    caller: &Caller,
    content: *const u8,
    content_len: u32,
) -> Result<&[u8], Failure> {
    caller.slice(content, content_len, "content")
}

/// Writes what is known of an object: to `object`, and its attributes and its name to `content` if the
/// host gave room for them.
pub(crate) fn show(
    caller: &Caller,
    view: &MemoryView<'_>,
    id: xrmesh_object_id,
    to: Out<'_, xrmesh_object>,
    (bytes, capacity): (*mut u8, u32),
) -> Outcome {
    let mut room = caller.optional_room(bytes, capacity, "content")?;
    let id = object(id)?;
    let Some(found) = view.object(id) else {
        fail!(XRMESH_ERROR_UNKNOWN_OBJECT, "object {id} is not there");
    };
    let name = view.name(found.id).unwrap_or_default();
    let (kind, attributes) = content(&found.attributes);
    to.set(xrmesh_object {
        id: found.id.to_bits(),
        first_seen_ns: found.first_seen.as_nanos(),
        last_seen_ns: found.last_seen.as_nanos(),
        pose: found.pose.into(),
        half_extents: found.half_extents.to_array(),
        velocity: found.velocity.unwrap_or(Vec3::ZERO).to_array(),
        confidence: found.confidence,
        persistence: found.persistence,
        class_id: found.class.index().into(),
        anchor: found.frame.index(),
        attributes: kind,
        attributes_offset: 0,
        attributes_len: attributes.len() as u32,
        name_offset: attributes.len() as u32,
        name_len: name.len() as u32,
        flags: if found.velocity.is_some() { XRMESH_OBJECT_VELOCITY } else { 0 },
        reserved: 0,
    });
    if room.left() > 0 {
        let needed = attributes.len() + name.len();
        if needed > room.left() {
            fail!(
                XRMESH_ERROR_BUFFER_TOO_SMALL,
                "content has room for {capacity} bytes, needs {needed}"
            );
        }
        room.push_all(attributes);
        room.push_all(name.as_bytes());
    }
    Ok(XRMESH_OK)
}
