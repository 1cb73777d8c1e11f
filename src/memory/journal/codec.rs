//! Changes as bytes. `docs/format.md` gives every byte.
//!
//! 1. A record is a tag and its parts, without a length of its own: what follows it tells where it
//!    ends. So a record is as short as its parts: about 75 bytes for an object without attributes.
//! 2. What is common is left out: an object that has no size or is not turned, unknown velocities.
//! 3. Times are differences to the block's time, or to each other.
//! 4. Decoding parses: what it gives could have been built by the types' own constructors.

use core::num::NonZeroU32;
use std::sync::Arc;

use super::super::area::{Area, AreaId};
use super::super::change::{Change, Removal, Stored};
use super::super::class::ClassId;
use super::super::frame::{Frame, FrameId};
use super::super::object::{Attributes, Object, ObjectId};
use super::wire::{Bytes, DecodeError, put_bytes, put_f32s, put_signed, put_varint};
use crate::space::bvh::ShapePage;
use crate::space::{Pose, Quat, UpAxis, Vec3};
use crate::time::Time;

/// What a record is. The numbers never change; a new kind gets a new number.
mod tag {
    pub(super) const CLASS: u8 = 1;
    pub(super) const PUT: u8 = 2;
    pub(super) const MOVE: u8 = 3;
    pub(super) const OBSERVE: u8 = 4;
    pub(super) const AGE: u8 = 5;
    pub(super) const REMOVE: u8 = 6;
    pub(super) const PUT_FRAME: u8 = 7;
    pub(super) const REMOVE_FRAME: u8 = 8;
    pub(super) const PUT_AREA: u8 = 9;
    pub(super) const REMOVE_AREA: u8 = 10;
    pub(super) const VACANT: u8 = 11;
    pub(super) const ALIAS: u8 = 12;
    pub(super) const NEXT: u8 = 13;
}

/// Which optional parts a record has.
mod flag {
    pub(super) const VELOCITY: u8 = 1;
    pub(super) const TURNED: u8 = 2;
    pub(super) const SIZED: u8 = 4;
    pub(super) const NAMED: u8 = 8;
    pub(super) const ATTRIBUTES_SHIFT: u32 = 4;
    pub(super) const ATTRIBUTES: u8 = 0b11 << ATTRIBUTES_SHIFT;
}

/// The time to which others of the same block are likely to be near.
pub(super) fn time(change: &Change) -> Option<Time> {
    match change {
        Change::Put { object, .. } => Some(object.last_seen),
        Change::Observe { last_seen, .. } => Some(*last_seen),
        _ => None,
    }
}

/// Appends the record of `change` to a block of `base`'s time.
pub(super) fn encode(out: &mut Vec<u8>, change: &Change, base: Time) {
    match change {
        Change::Class { class, label } => {
            out.push(tag::CLASS);
            put_varint(out, class.index().into());
            put_bytes(out, label.as_bytes());
        }
        Change::Put { object, name } => put_object(out, object, name.as_deref(), base),
        Change::Move { id, pose, velocity } => {
            out.extend_from_slice(&[tag::MOVE, velocity_flag(*velocity) | turned_flag(pose)]);
            put_id(out, *id);
            put_pose(out, pose);
            put_velocity(out, *velocity);
        }
        Change::Observe {
            id,
            pose,
            half_extents,
            velocity,
            confidence,
            persistence,
            last_seen,
        } => {
            let flags = velocity_flag(*velocity) | turned_flag(pose) | sized_flag(*half_extents);
            out.extend_from_slice(&[tag::OBSERVE, flags]);
            put_id(out, *id);
            put_pose(out, pose);
            put_size(out, *half_extents);
            put_velocity(out, *velocity);
            put_f32s(out, &[*confidence, *persistence]);
            put_time(out, *last_seen, base);
        }
        Change::Age { id, persistence } => {
            out.push(tag::AGE);
            put_id(out, *id);
            put_f32s(out, &[*persistence]);
        }
        Change::Remove { id, cause } => {
            let (cause, into) = match *cause {
                Removal::Removed => (0, None),
                Removal::Merged { into } => (1, Some(into)),
                Removal::Faded => (2, None),
                Removal::Evicted => (3, None),
            };
            out.extend_from_slice(&[tag::REMOVE, cause]);
            put_id(out, *id);
            if let Some(into) = into {
                put_id(out, into);
            }
        }
        Change::PutFrame(frame) => {
            out.extend_from_slice(&[tag::PUT_FRAME, turned_flag(&frame.pose)]);
            put_varint(out, frame.id.index().into());
            put_varint(out, frame.parent.index().into());
            put_pose(out, &frame.pose);
            put_bytes(out, frame.name.as_bytes());
        }
        Change::RemoveFrame(id) => {
            out.push(tag::REMOVE_FRAME);
            put_varint(out, id.index().into());
        }
        Change::PutArea(area) => put_area(out, area),
        Change::RemoveArea(id) => {
            out.push(tag::REMOVE_AREA);
            put_varint(out, id.index().into());
        }
        Change::Vacant(id) => {
            out.push(tag::VACANT);
            put_id(out, *id);
        }
        Change::Alias { old, into } => {
            out.push(tag::ALIAS);
            put_id(out, *old);
            put_id(out, *into);
        }
        Change::Next { frame, area } => {
            out.push(tag::NEXT);
            put_varint(out, frame.index().into());
            put_varint(out, area.index().into());
        }
    }
}

/// Reads the next record of a block of `base`'s time.
#[inline]
pub(super) fn decode(bytes: &mut Bytes<'_>, base: Time) -> Result<Stored, DecodeError> {
    let offset = bytes.offset();
    match bytes.byte("record kind")? {
        tag::PUT => take_object(bytes, base),
        kind => decode_other(bytes, base, offset, kind).map(Stored::Other),
    }
}

/// Reads the rest of a record of `kind` that begins at `offset` and puts no object.
fn decode_other(
    bytes: &mut Bytes<'_>,
    base: Time,
    offset: usize,
    kind: u8,
) -> Result<Change, DecodeError> {
    Ok(match kind {
        tag::CLASS => Change::Class {
            class: ClassId::new(bytes.varint_u16("class")?),
            label: bytes.text("label")?.into(),
        },
        tag::MOVE => {
            let flags = take_flags(bytes, flag::VELOCITY | flag::TURNED)?;
            Change::Move {
                id: take_id(bytes)?,
                pose: take_pose(bytes, flags)?,
                velocity: take_velocity(bytes, flags)?,
            }
        }
        tag::OBSERVE => {
            let flags = take_flags(bytes, flag::VELOCITY | flag::TURNED | flag::SIZED)?;
            let id = take_id(bytes)?;
            let pose = take_pose(bytes, flags)?;
            let half_extents = take_size(bytes, flags)?;
            let velocity = take_velocity(bytes, flags)?;
            let [confidence, persistence] = bytes.f32s("confidence and persistence")?;
            let last_seen = take_time(bytes, base)?;
            Change::Observe { id, pose, half_extents, velocity, confidence, persistence, last_seen }
        }
        tag::AGE => {
            let id = take_id(bytes)?;
            let [persistence] = bytes.f32s("persistence")?;
            Change::Age { id, persistence }
        }
        tag::REMOVE => {
            let offset = bytes.offset();
            let cause = bytes.byte("cause")?;
            let id = take_id(bytes)?;
            let cause = match cause {
                0 => Removal::Removed,
                1 => Removal::Merged { into: take_id(bytes)? },
                2 => Removal::Faded,
                3 => Removal::Evicted,
                given => return Err(invalid(offset, "cause", given)),
            };
            Change::Remove { id, cause }
        }
        tag::PUT_FRAME => {
            let flags = take_flags(bytes, flag::TURNED)?;
            Change::PutFrame(Box::new(Frame {
                id: FrameId::new(bytes.varint_u32("frame")?),
                parent: FrameId::new(bytes.varint_u32("parent frame")?),
                pose: take_pose(bytes, flags)?,
                name: bytes.text("frame name")?.into(),
            }))
        }
        tag::REMOVE_FRAME => Change::RemoveFrame(FrameId::new(bytes.varint_u32("frame")?)),
        tag::PUT_AREA => take_area(bytes)?,
        tag::REMOVE_AREA => Change::RemoveArea(AreaId::new(bytes.varint_u32("area")?)),
        tag::VACANT => Change::Vacant(take_id(bytes)?),
        tag::ALIAS => Change::Alias { old: take_id(bytes)?, into: take_id(bytes)? },
        tag::NEXT => Change::Next {
            frame: FrameId::new(bytes.varint_u32("next frame")?),
            area: AreaId::new(bytes.varint_u32("next area")?),
        },
        given => return Err(invalid(offset, "record kind", given)),
    })
}

/// Appends a page of the index's order: how many slots are on it, how many nodes begin with it, and the
/// slots.
pub(super) fn encode_page(out: &mut Vec<u8>, page: ShapePage, slots: &[u32]) {
    out.extend_from_slice(&[page.len, page.begins]);
    out.extend(slots.iter().flat_map(|slot| slot.to_le_bytes()));
}

/// Reads a page of the index's order, and its slots into `slots`.
pub(super) fn decode_page(
    bytes: &mut Bytes<'_>,
    slots: &mut Vec<u32>,
) -> Result<ShapePage, DecodeError> {
    let offset = bytes.offset();
    let [len, begins] = bytes.array("page")?;
    if !(1..=16).contains(&len) {
        return Err(invalid(offset, "slots of a page", len));
    }
    let taken = bytes.take("slots", 4 * u64::from(len))?;
    slots.extend(taken.as_chunks::<4>().0.iter().map(|&slot| u32::from_le_bytes(slot)));
    Ok(ShapePage { len, begins })
}

/// Appends the record of an object that is put to a block of `base`'s time.
pub(super) fn put_object(out: &mut Vec<u8>, object: &Object, name: Option<&str>, base: Time) {
    let attributes: u8 = match object.attributes {
        Attributes::None => 0,
        Attributes::Bytes(_) => 1,
        Attributes::Json(_) => 2,
        Attributes::Features(_) => 3,
    };
    let flags = velocity_flag(object.velocity)
        | turned_flag(&object.pose)
        | sized_flag(object.half_extents)
        | if name.is_some() { flag::NAMED } else { 0 }
        | attributes << flag::ATTRIBUTES_SHIFT;
    out.extend_from_slice(&[tag::PUT, flags]);
    put_id(out, object.id);
    put_varint(out, object.class.index().into());
    put_varint(out, object.frame.index().into());
    put_pose(out, &object.pose);
    put_size(out, object.half_extents);
    put_velocity(out, object.velocity);
    put_f32s(out, &[object.confidence, object.persistence]);
    put_time(out, object.last_seen, base);
    put_time(out, object.first_seen, object.last_seen);
    match &object.attributes {
        Attributes::None => {}
        Attributes::Bytes(bytes) => put_bytes(out, bytes),
        Attributes::Json(text) => put_bytes(out, text.as_bytes()),
        Attributes::Features(features) => {
            put_varint(out, features.len() as u64);
            put_f32s(out, features);
        }
    }
    if let Some(name) = name {
        put_bytes(out, name.as_bytes());
    }
}

#[inline]
fn take_object(bytes: &mut Bytes<'_>, base: Time) -> Result<Stored, DecodeError> {
    let all = flag::VELOCITY | flag::TURNED | flag::SIZED | flag::NAMED | flag::ATTRIBUTES;
    let flags = take_flags(bytes, all)?;
    let id = take_id(bytes)?;
    let class = ClassId::new(bytes.varint_u16("class")?);
    let frame = FrameId::new(bytes.varint_u32("frame")?);
    let numbers = take_numbers(bytes, flags)?;
    let Numbers { pose, half_extents, velocity, shares: [confidence, persistence] } = numbers;
    let last_seen = take_time(bytes, base)?;
    let first_seen = take_time(bytes, last_seen)?;
    let attributes = match (flags & flag::ATTRIBUTES) >> flag::ATTRIBUTES_SHIFT {
        0 => Attributes::None,
        1 => Attributes::Bytes(bytes.bytes("attributes")?.into()),
        2 => Attributes::Json(bytes.text("attributes")?.into()),
        _ => {
            let count = bytes.varint("number of features")?;
            let taken = bytes.take("features", count.saturating_mul(4))?;
            let feature =
                |bytes: &[u8]| f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
            Attributes::Features(taken.chunks_exact(4).map(feature).collect::<Arc<[f32]>>())
        }
    };
    let name = match flags & flag::NAMED {
        0 => None,
        _ => Some(bytes.text("name")?.into()),
    };
    let object = Object {
        id,
        class,
        pose,
        half_extents,
        velocity,
        confidence,
        persistence,
        first_seen,
        last_seen,
        frame,
        attributes,
    };
    Ok(Stored::Put(object, name))
}

/// An object's numbers.
struct Numbers {
    pose: Pose,
    half_extents: Vec3,
    velocity: Option<Vec3>,
    /// Confidence and persistence.
    shares: [f32; 2],
}

/// Reads an object's numbers, which stand one behind the other: their count follows from the flags.
#[inline]
fn take_numbers(bytes: &mut Bytes<'_>, flags: u8) -> Result<Numbers, DecodeError> {
    let has = |flag: u8| usize::from(flags & flag != 0);
    let [turned, sized, moving] = [flag::TURNED, flag::SIZED, flag::VELOCITY].map(has);
    let offset = bytes.offset();
    let not_a = |part, expected| DecodeError::NotA { offset, part, expected };
    let count = 3 + 4 * turned + 3 * sized + 3 * moving + 2;
    let all: [f32; 15] = bytes.some_f32s("an object's numbers", count)?;
    let at = |index: usize| all.get(index).copied().unwrap_or_default();
    let vector = |from: usize| Vec3::new(at(from), at(from + 1), at(from + 2));
    let (size, velocity) = (3 + 4 * turned, 3 + 4 * turned + 3 * sized);
    let orientation = match turned {
        0 => Quat::IDENTITY,
        _ => Quat::new(all[3], all[4], all[5], all[6]),
    };
    let half_extents = if sized == 1 { vector(size) } else { Vec3::ZERO };
    if half_extents.to_array().iter().any(|&part| part < 0.0) {
        return Err(not_a("half extents", "at least zero"));
    }
    Ok(Numbers {
        pose: Pose::new(vector(0), orientation).map_err(|_| not_a("pose", "a pose"))?,
        half_extents,
        velocity: (moving == 1).then(|| vector(velocity)),
        shares: [at(count - 2), at(count - 1)],
    })
}

fn put_area(out: &mut Vec<u8>, area: &Area) {
    let up = match area.up {
        UpAxis::X => 0,
        UpAxis::Y => 1,
        UpAxis::Z => 2,
    };
    out.extend_from_slice(&[tag::PUT_AREA, up]);
    put_varint(out, area.id.index().into());
    put_bytes(out, area.name.as_bytes());
    put_bytes(out, area.kind.as_bytes());
    put_bytes(out, area.properties.as_bytes());
    put_varint(out, area.boundary.len() as u64);
    for corner in &area.boundary {
        put_f32s(out, &corner.to_array());
    }
}

fn take_area(bytes: &mut Bytes<'_>) -> Result<Change, DecodeError> {
    let offset = bytes.offset();
    let up = match bytes.byte("up axis")? {
        0 => UpAxis::X,
        1 => UpAxis::Y,
        2 => UpAxis::Z,
        given => return Err(invalid(offset, "up axis", given)),
    };
    let id = AreaId::new(bytes.varint_u32("area")?);
    let name = bytes.text("area name")?.into();
    let kind = bytes.text("area kind")?.into();
    let properties = bytes.text("area properties")?.into();
    let offset = bytes.offset();
    let corners = bytes.varint("number of corners")?;
    let (claimed, left) = (corners.saturating_mul(12), bytes.left());
    if claimed > left as u64 {
        return Err(DecodeError::TooShort { offset, part: "corners", claimed, left });
    }
    let corner = |_| bytes.f32s("corner").map(Vec3::from_array);
    let boundary = (0..corners).map(corner).collect::<Result<_, _>>()?;
    Ok(Change::PutArea(Box::new(Area { id, name, kind, boundary, up, properties })))
}

fn put_id(out: &mut Vec<u8>, id: ObjectId) {
    put_varint(out, id.slot().into());
    put_varint(out, id.generation().get().into());
}

fn take_id(bytes: &mut Bytes<'_>) -> Result<ObjectId, DecodeError> {
    let slot = bytes.varint_u32("slot")?;
    let offset = bytes.offset();
    match NonZeroU32::new(bytes.varint_u32("generation")?) {
        Some(generation) => Ok(ObjectId::new(slot, generation)),
        None => Err(invalid(offset, "generation", 0)),
    }
}

fn put_pose(out: &mut Vec<u8>, pose: &Pose) {
    put_f32s(out, &pose.position().to_array());
    if is_turned(pose) {
        let Quat { x, y, z, w } = pose.orientation();
        put_f32s(out, &[x, y, z, w]);
    }
}

fn take_pose(bytes: &mut Bytes<'_>, flags: u8) -> Result<Pose, DecodeError> {
    let offset = bytes.offset();
    let position = Vec3::from_array(bytes.f32s("position")?);
    let orientation = if flags & flag::TURNED == 0 {
        Quat::IDENTITY
    } else {
        let [x, y, z, w] = bytes.f32s("orientation")?;
        Quat::new(x, y, z, w)
    };
    Pose::new(position, orientation).map_err(|_| DecodeError::NotA {
        offset,
        part: "pose",
        expected: "a pose",
    })
}

fn put_size(out: &mut Vec<u8>, half_extents: Vec3) {
    if is_sized(half_extents) {
        put_f32s(out, &half_extents.to_array());
    }
}

fn take_size(bytes: &mut Bytes<'_>, flags: u8) -> Result<Vec3, DecodeError> {
    if flags & flag::SIZED == 0 {
        return Ok(Vec3::ZERO);
    }
    let offset = bytes.offset();
    let size = bytes.f32s("half extents")?;
    if size.iter().any(|&part| part < 0.0) {
        return Err(DecodeError::NotA { offset, part: "half extents", expected: "at least zero" });
    }
    Ok(Vec3::from_array(size))
}

fn put_velocity(out: &mut Vec<u8>, velocity: Option<Vec3>) {
    if let Some(velocity) = velocity {
        put_f32s(out, &velocity.to_array());
    }
}

fn take_velocity(bytes: &mut Bytes<'_>, flags: u8) -> Result<Option<Vec3>, DecodeError> {
    if flags & flag::VELOCITY == 0 {
        return Ok(None);
    }
    Ok(Some(Vec3::from_array(bytes.f32s("velocity")?)))
}

/// Wraps around: any two times have a difference, and it leads back.
fn put_time(out: &mut Vec<u8>, time: Time, base: Time) {
    put_signed(out, time.as_nanos().wrapping_sub(base.as_nanos()));
}

fn take_time(bytes: &mut Bytes<'_>, base: Time) -> Result<Time, DecodeError> {
    Ok(Time::from_nanos(base.as_nanos().wrapping_add(bytes.signed("time")?)))
}

fn take_flags(bytes: &mut Bytes<'_>, known: u8) -> Result<u8, DecodeError> {
    let offset = bytes.offset();
    let flags = bytes.byte("flags")?;
    if flags & !known == 0 { Ok(flags) } else { Err(invalid(offset, "flags", flags)) }
}

fn velocity_flag(velocity: Option<Vec3>) -> u8 {
    if velocity.is_some() { flag::VELOCITY } else { 0 }
}

fn turned_flag(pose: &Pose) -> u8 {
    if is_turned(pose) { flag::TURNED } else { 0 }
}

fn sized_flag(half_extents: Vec3) -> u8 {
    if is_sized(half_extents) { flag::SIZED } else { 0 }
}

/// By bits: −0 is kept too.
fn is_turned(pose: &Pose) -> bool {
    bytemuck::bytes_of(&pose.orientation()) != bytemuck::bytes_of(&Quat::IDENTITY)
}

fn is_sized(half_extents: Vec3) -> bool {
    bytemuck::bytes_of(&half_extents) != bytemuck::bytes_of(&Vec3::ZERO)
}

fn invalid(offset: usize, part: &'static str, given: u8) -> DecodeError {
    DecodeError::Invalid { offset, part, given: given.into() }
}
