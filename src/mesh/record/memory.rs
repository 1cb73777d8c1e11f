//! Changes of the memory as bytes.

use super::bytes::{Cursor, Field, Wrong};
use crate::memory::{
    Area, AreaId, Attributes, ClassId, FrameId, MemoryCommand, NewObject, ObjectId, Observation,
    Observer,
};
use crate::space::{UpAxis, Vec3};

/// What a command is; the first byte.
mod kind {
    pub(super) const CLASS: u8 = 0;
    pub(super) const INSERT: u8 = 1;
    pub(super) const REPLACE: u8 = 2;
    pub(super) const UPDATE_POSES: u8 = 3;
    pub(super) const OBSERVE: u8 = 4;
    pub(super) const SET_ATTRIBUTES: u8 = 5;
    pub(super) const HANG: u8 = 6;
    pub(super) const REMOVE: u8 = 7;
    pub(super) const MERGE: u8 = 8;
    pub(super) const ADD_FRAME: u8 = 9;
    pub(super) const CORRECT_FRAME: u8 = 10;
    pub(super) const REHANG_FRAME: u8 = 11;
    pub(super) const REMOVE_FRAME: u8 = 12;
    pub(super) const ADD_AREA: u8 = 13;
    pub(super) const REMOVE_AREA: u8 = 14;
    pub(super) const AGE: u8 = 15;
}

impl Field<'_> for MemoryCommand {
    fn put(&self, out: &mut Vec<u8>) {
        match self {
            Self::Class(label) => {
                out.push(kind::CLASS);
                (&**label).put(out);
            }
            Self::Insert(object) => {
                out.push(kind::INSERT);
                object.put(out);
            }
            Self::Replace(id, object) => {
                out.push(kind::REPLACE);
                id.put(out);
                object.put(out);
            }
            Self::UpdatePoses(moves) => {
                out.push(kind::UPDATE_POSES);
                put_all(moves, out, |(id, pose), out| {
                    id.put(out);
                    pose.put(out);
                });
            }
            Self::Observe(observations) => {
                out.push(kind::OBSERVE);
                put_all(observations, out, Field::put);
            }
            Self::Age(observers) => {
                out.push(kind::AGE);
                put_all(observers, out, Field::put);
            }
            Self::SetAttributes(id, attributes) => {
                out.push(kind::SET_ATTRIBUTES);
                id.put(out);
                attributes.put(out);
            }
            Self::Hang(id, frame, pose) => {
                out.push(kind::HANG);
                id.put(out);
                frame.put(out);
                pose.put(out);
            }
            Self::Remove(id) => {
                out.push(kind::REMOVE);
                id.put(out);
            }
            Self::Merge { id, into } => {
                out.push(kind::MERGE);
                id.put(out);
                into.put(out);
            }
            Self::AddFrame { name, parent, pose } => {
                out.push(kind::ADD_FRAME);
                (&**name).put(out);
                parent.put(out);
                pose.put(out);
            }
            Self::CorrectFrame(frame, pose) => {
                out.push(kind::CORRECT_FRAME);
                frame.put(out);
                pose.put(out);
            }
            Self::RehangFrame(frame, parent, pose) => {
                out.push(kind::REHANG_FRAME);
                frame.put(out);
                parent.put(out);
                pose.put(out);
            }
            Self::RemoveFrame(frame) => {
                out.push(kind::REMOVE_FRAME);
                frame.put(out);
            }
            Self::AddArea(area) => {
                out.push(kind::ADD_AREA);
                put_area(area, out);
            }
            Self::RemoveArea(area) => {
                out.push(kind::REMOVE_AREA);
                area.index().put(out);
            }
        }
    }

    fn take(from: &mut Cursor<'_>) -> Result<Self, Wrong> {
        Ok(match from.read::<u8>()? {
            kind::CLASS => Self::Class(from.read::<&str>()?.into()),
            kind::INSERT => Self::Insert(Box::new(from.read()?)),
            kind::REPLACE => Self::Replace(from.read()?, Box::new(from.read()?)),
            kind::UPDATE_POSES => {
                Self::UpdatePoses(take_all(from, |from| Ok((from.read()?, from.read()?)))?)
            }
            kind::OBSERVE => Self::Observe(take_all(from, Field::take)?),
            kind::AGE => Self::Age(take_all(from, Field::take)?),
            kind::SET_ATTRIBUTES => Self::SetAttributes(from.read()?, from.read()?),
            kind::HANG => Self::Hang(from.read()?, from.read()?, from.read()?),
            kind::REMOVE => Self::Remove(from.read()?),
            kind::MERGE => Self::Merge { id: from.read()?, into: from.read()? },
            kind::ADD_FRAME => {
                let name = from.read::<&str>()?.into();
                Self::AddFrame { name, parent: from.read()?, pose: from.read()? }
            }
            kind::CORRECT_FRAME => Self::CorrectFrame(from.read()?, from.read()?),
            kind::REHANG_FRAME => Self::RehangFrame(from.read()?, from.read()?, from.read()?),
            kind::REMOVE_FRAME => Self::RemoveFrame(from.read()?),
            kind::ADD_AREA => Self::AddArea(Box::new(take_area(from)?)),
            kind::REMOVE_AREA => Self::RemoveArea(AreaId::new(from.read()?)),
            _ => return Err(Wrong("a change of the memory")),
        })
    }
}

/// How many, then each.
fn put_all<T>(all: &[T], out: &mut Vec<u8>, put: impl Fn(&T, &mut Vec<u8>)) {
    u32::try_from(all.len()).unwrap_or(u32::MAX).put(out);
    all.iter().for_each(|one| put(one, out));
}

/// Takes no memory for more than the record holds.
fn take_all<'a, T>(
    from: &mut Cursor<'a>,
    take: impl Fn(&mut Cursor<'a>) -> Result<T, Wrong>,
) -> Result<Vec<T>, Wrong> {
    let mut all = Vec::new();
    for _ in 0..from.read::<u32>()? {
        all.push(take(from)?);
    }
    Ok(all)
}

impl Field<'_> for ObjectId {
    fn put(&self, out: &mut Vec<u8>) {
        self.to_bits().put(out);
    }

    fn take(from: &mut Cursor<'_>) -> Result<Self, Wrong> {
        Self::from_bits(from.read()?).ok_or(Wrong("an object's id"))
    }
}

impl Field<'_> for FrameId {
    fn put(&self, out: &mut Vec<u8>) {
        self.index().put(out);
    }

    fn take(from: &mut Cursor<'_>) -> Result<Self, Wrong> {
        from.read().map(Self::new)
    }
}

impl Field<'_> for ClassId {
    fn put(&self, out: &mut Vec<u8>) {
        self.index().put(out);
    }

    fn take(from: &mut Cursor<'_>) -> Result<Self, Wrong> {
        from.read().map(Self::new)
    }
}

impl Field<'_> for Attributes {
    fn put(&self, out: &mut Vec<u8>) {
        match self {
            Self::None => out.push(0),
            Self::Bytes(bytes) => {
                out.push(1);
                (&**bytes).put(out);
            }
            Self::Json(text) => {
                out.push(2);
                (&**text).put(out);
            }
            Self::Features(features) => {
                out.push(3);
                put_all(features, out, Field::put);
            }
        }
    }

    fn take(from: &mut Cursor<'_>) -> Result<Self, Wrong> {
        Ok(match from.read::<u8>()? {
            0 => Self::None,
            1 => Self::Bytes(from.read::<&[u8]>()?.into()),
            2 => Self::Json(from.read::<&str>()?.into()),
            3 => Self::Features(take_all(from, Field::take)?.into()),
            _ => return Err(Wrong("attributes")),
        })
    }
}

/// As it was given: the memory parses it.
impl Field<'_> for NewObject {
    fn put(&self, out: &mut Vec<u8>) {
        self.class.put(out);
        self.frame.put(out);
        self.pose.put(out);
        self.half_extents.put(out);
        self.velocity.put(out);
        self.confidence.put(out);
        self.persistence.put(out);
        self.first_seen.put(out);
        self.last_seen.put(out);
        self.attributes.put(out);
        self.name.as_deref().put(out);
    }

    fn take(from: &mut Cursor<'_>) -> Result<Self, Wrong> {
        let (class, frame, pose) = (from.read()?, from.read()?, from.read()?);
        let (half_extents, velocity) = (from.read()?, from.read()?);
        let (confidence, persistence) = (from.read()?, from.read()?);
        let (first_seen, last_seen, attributes) = (from.read()?, from.read()?, from.read()?);
        let name = from.read::<Option<&str>>()?.map(Into::into);
        Ok(Self {
            half_extents,
            velocity,
            confidence,
            persistence,
            first_seen,
            last_seen,
            frame,
            attributes,
            name,
            ..Self::new(class, pose)
        })
    }
}

/// As it was given: the memory parses it.
impl Field<'_> for Observation {
    fn put(&self, out: &mut Vec<u8>) {
        self.id.put(out);
        self.class.put(out);
        self.frame.put(out);
        self.pose.put(out);
        self.half_extents.put(out);
        self.confidence.put(out);
        self.attributes.put(out);
    }

    fn take(from: &mut Cursor<'_>) -> Result<Self, Wrong> {
        let (id, class, frame, pose) = (from.read()?, from.read()?, from.read()?, from.read()?);
        let (half_extents, confidence, attributes) = (from.read()?, from.read()?, from.read()?);
        let seen = Self::new(class, pose);
        Ok(Self { id, frame, half_extents, confidence, attributes, ..seen })
    }
}

/// As it was given: the memory parses it.
impl Field<'_> for Observer {
    fn put(&self, out: &mut Vec<u8>) {
        self.eye.put(out);
        self.sight.put(out);
        self.occlusion.put(out);
    }

    fn take(from: &mut Cursor<'_>) -> Result<Self, Wrong> {
        let (eye, sight) = (from.read()?, from.read()?);
        Ok(Self { eye, sight, occlusion: from.read()? })
    }
}

fn put_area(area: &Area, out: &mut Vec<u8>) {
    area.id.index().put(out);
    (&*area.name).put(out);
    (&*area.kind).put(out);
    put_all(&area.boundary, out, Field::put);
    let up: u8 = match area.up {
        UpAxis::X => 0,
        UpAxis::Y => 1,
        UpAxis::Z => 2,
    };
    up.put(out);
    (&*area.properties).put(out);
}

fn take_area(from: &mut Cursor<'_>) -> Result<Area, Wrong> {
    let id = AreaId::new(from.read()?);
    let (name, kind) = (from.read::<&str>()?.into(), from.read::<&str>()?.into());
    let boundary: Vec<Vec3> = take_all(from, Field::take)?;
    let up = match from.read::<u8>()? {
        0 => UpAxis::X,
        1 => UpAxis::Y,
        2 => UpAxis::Z,
        _ => return Err(Wrong("an axis")),
    };
    let properties = from.read::<&str>()?.into();
    Ok(Area { id, name, kind, boundary: boundary.into(), up, properties })
}

#[cfg(test)]
mod tests {
    use core::num::NonZeroU32;

    use super::*;
    use crate::space::{Pose, Quat, Sphere};

    #[test]
    fn every_command_comes_back_and_what_is_cut_off_is_refused() {
        let id = ObjectId::new(7, NonZeroU32::MIN);
        let into = ObjectId::new(8, NonZeroU32::MAX);
        let frame = FrameId::new(3);
        let pose = Pose::new(Vec3::new(1.0, -0.0, 2.0), Quat::new(0.1, 0.2, 0.3, 0.4)).unwrap();
        let mut object = NewObject::new(ClassId::new(2), pose).half_extents(Vec3::splat(0.5));
        object.velocity = Some(Vec3::UP);
        object.name = Some("chair".into());
        object.attributes = Attributes::Features([1.0, -0.5].into());
        let seen = Observation { id: Some(id), frame, ..Observation::new(ClassId::new(2), pose) };
        let area = Area {
            id: AreaId::new(4),
            name: "kitchen".into(),
            kind: "room".into(),
            boundary: [Vec3::ZERO, Vec3::UP].into(),
            up: UpAxis::Z,
            properties: "{}".into(),
        };
        for command in [
            MemoryCommand::Class("chair".into()),
            MemoryCommand::Insert(Box::new(object.clone())),
            MemoryCommand::Replace(id, Box::new(object)),
            MemoryCommand::UpdatePoses(vec![(id, pose), (into, Pose::IDENTITY)]),
            MemoryCommand::Observe(vec![seen.clone(), Observation { id: None, ..seen }]),
            MemoryCommand::Age(vec![Observer {
                eye: Vec3::UP,
                sight: Sphere::new(Vec3::ZERO, 2.0).unwrap().into(),
                occlusion: true,
            }]),
            MemoryCommand::SetAttributes(id, Attributes::None),
            MemoryCommand::SetAttributes(id, Attributes::Bytes(b"xy"[..].into())),
            MemoryCommand::SetAttributes(id, Attributes::Json("{}".into())),
            MemoryCommand::Hang(id, frame, pose),
            MemoryCommand::Remove(id),
            MemoryCommand::Merge { id, into },
            MemoryCommand::AddFrame { name: "desk".into(), parent: frame, pose },
            MemoryCommand::CorrectFrame(frame, pose),
            MemoryCommand::RehangFrame(frame, FrameId::WORLD, pose),
            MemoryCommand::RemoveFrame(frame),
            MemoryCommand::AddArea(Box::new(area)),
            MemoryCommand::RemoveArea(AreaId::new(4)),
        ] {
            let mut bytes = Vec::new();
            command.put(&mut bytes);
            let mut cursor = Cursor(&bytes);
            assert_eq!(cursor.read(), Ok(command));
            cursor.end().unwrap();
            for end in 0..bytes.len() {
                assert!(Cursor(&bytes[..end]).read::<MemoryCommand>().is_err());
            }
        }
        let many = [kind::UPDATE_POSES, 255, 255, 255, 255];
        assert!(Cursor(&many).read::<MemoryCommand>().is_err());
    }
}
