//! Points, quaternions, poses and boxes.

use core::fmt;

use serde::Deserializer;
use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::cursor::Cursor;
use super::error::MapErrorKind;
use super::fields::{Fields, Object, known};
use super::number::Number;
use crate::space::{Quat, Vec3};

/// N numbers as an array `[a, b, …]`, or as an object of the keys of `names`.
#[derive(Clone, Copy)]
pub(super) struct Numbers<'a, const N: usize> {
    pub(super) cursor: &'a Cursor,
    pub(super) names: &'static [&'static str; N],
    /// The range of each.
    pub(super) least: f32,
    pub(super) most: f32,
}

/// A point in metres or a direction.
pub(super) const fn vector(cursor: &Cursor) -> Numbers<'_, 3> {
    Numbers { cursor, names: &["x", "y", "z"], least: f32::MIN, most: f32::MAX }
}

/// The parts of a quaternion.
pub(super) const fn quaternion(cursor: &Cursor) -> Numbers<'_, 4> {
    Numbers { cursor, names: &["x", "y", "z", "w"], least: f32::MIN, most: f32::MAX }
}

impl<'de, const N: usize> DeserializeSeed<'de> for Numbers<'_, N> {
    type Value = [f32; N];

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<[f32; N], D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, const N: usize> Visitor<'de> for Numbers<'_, N> {
    type Value = [f32; N];

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{N} numbers")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<[f32; N], A::Error> {
        let Self { cursor, least, most, .. } = self;
        let number = Number { cursor, least, most };
        let mut numbers = [0.0; N];
        for (index, value) in numbers.iter_mut().enumerate() {
            let read = array.next_element_seed(number);
            *value = cursor.at(index, read)?.ok_or_else(|| self.count(index))?;
        }
        // One more is one too many, whatever it is.
        match cursor.here(array.next_element::<IgnoredAny>())? {
            None => Ok(numbers),
            Some(_) => Err(self.count(N + 1)),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<[f32; N], A::Error> {
        let Self { cursor, names, least, most } = self;
        let number = Number { cursor, least, most };
        let mut numbers = [None; N];
        while let Some(key) = cursor.here(map.next_key_seed(known(cursor, names)))?.flatten() {
            let read = map.next_value_seed(number);
            let value = cursor.under(names[key], read)?;
            if numbers[key].replace(value).is_some() {
                return Err(cursor.fail(MapErrorKind::DuplicateKey { key: names[key].into() }));
            }
        }
        let mut all = [0.0; N];
        for ((value, given), key) in all.iter_mut().zip(numbers).zip(names) {
            *value = given.ok_or_else(|| cursor.fail(MapErrorKind::MissingKey { key }))?;
        }
        Ok(all)
    }
}

impl<const N: usize> Numbers<'_, N> {
    fn count<E: Error>(&self, found: usize) -> E {
        let found = if found > N { format!("more than {N}") } else { format!("{found}") };
        self.cursor.fail(MapErrorKind::WrongType {
            expected: format!("{N} numbers").into(),
            found: found.into(),
        })
    }
}

/// A unit quaternion, for poses.
pub(super) fn rotation<E: Error>(cursor: &Cursor, [x, y, z, w]: [f32; 4]) -> Result<Quat, E> {
    Quat::new(x, y, z, w).normalised().ok_or_else(|| cursor.fail(MapErrorKind::NoRotation))
}

/// A position with rotations, as other programs give it.
#[derive(Default)]
pub(super) struct DocumentedPose {
    /// Metres.
    pub(super) position: Vec3,
    /// Degrees about X, Y and Z.
    pub(super) rotation_deg: [f32; 3],
    given: [bool; 3],
}

impl DocumentedPose {
    /// Reads it.
    pub(super) fn read<'de, A: MapAccess<'de>>(
        cursor: &Cursor,
        map: &mut A,
    ) -> Result<Self, A::Error> {
        let mut pose = Self::default();
        map.next_value_seed(Object { cursor, fields: &mut pose })?;
        for (given, key) in pose.given.into_iter().zip(["x", "y", "z"]) {
            if !given {
                return Err(cursor.fail(MapErrorKind::MissingKey { key }));
            }
        }
        Ok(pose)
    }
}

impl Fields for DocumentedPose {
    const KEYS: &'static [&'static str] =
        &["x", "y", "z", "rotation_x", "rotation_y", "rotation_z"];

    fn read<'de, A: MapAccess<'de>>(
        &mut self,
        cursor: &Cursor,
        key: usize,
        map: &mut A,
    ) -> Result<(), A::Error> {
        let value = map.next_value_seed(Number::finite(cursor))?;
        if let Some(given) = self.given.get_mut(key) {
            *given = true;
        }
        match key {
            0 => self.position.x = value,
            1 => self.position.y = value,
            2 => self.position.z = value,
            rotation => self.rotation_deg[rotation - 3] = value,
        }
        Ok(())
    }
}

/// A box by its corners.
#[derive(Default)]
pub(super) struct Corners {
    min: Option<[f32; 3]>,
    max: Option<[f32; 3]>,
}

impl Corners {
    /// Reads it: lower and upper corner, in order.
    pub(super) fn read<'de, A: MapAccess<'de>>(
        cursor: &Cursor,
        map: &mut A,
    ) -> Result<[Vec3; 2], A::Error> {
        let mut corners = Self::default();
        map.next_value_seed(Object { cursor, fields: &mut corners })?;
        let missing = |key| cursor.fail(MapErrorKind::MissingKey { key });
        let min = corners.min.ok_or_else(|| missing("min"))?;
        let max = corners.max.ok_or_else(|| missing("max"))?;
        for ((axis, low), high) in ["x", "y", "z"].into_iter().zip(min).zip(max) {
            if low > high {
                return Err(cursor.fail(MapErrorKind::Inverted { axis, low, high }));
            }
        }
        Ok([min, max].map(Vec3::from_array))
    }
}

impl Fields for Corners {
    const KEYS: &'static [&'static str] = &["min", "max"];

    fn read<'de, A: MapAccess<'de>>(
        &mut self,
        cursor: &Cursor,
        key: usize,
        map: &mut A,
    ) -> Result<(), A::Error> {
        let corner = map.next_value_seed(vector(cursor))?;
        *(if key == 0 { &mut self.min } else { &mut self.max }) = Some(corner);
        Ok(())
    }
}
