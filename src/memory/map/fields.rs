//! Objects of known keys, objects of the file's own keys, and arrays.

use core::fmt;

use serde::Deserializer;
use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::cursor::Cursor;
use super::error::{MapErrorKind, shortened};

/// What is read from an object of known keys, in any order, each at most once.
pub(super) trait Fields {
    /// The keys; at most 32.
    const KEYS: &'static [&'static str];
    /// Whether other keys are skipped instead of refused.
    const SKIPS_OTHERS: bool = false;

    /// Reads the value of the key of that number.
    fn read<'de, A: MapAccess<'de>>(
        &mut self,
        cursor: &Cursor,
        key: usize,
        map: &mut A,
    ) -> Result<(), A::Error>;
}

/// Reads an object into its fields.
pub(super) struct Object<'a, F> {
    pub(super) cursor: &'a Cursor,
    pub(super) fields: &'a mut F,
}

impl<'de, F: Fields> DeserializeSeed<'de> for Object<'_, F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, F: Fields> Visitor<'de> for Object<'_, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { cursor, fields } = self;
        let mut seen = 0_u32;
        let known = KnownKey { cursor, keys: F::KEYS, skips_others: F::SKIPS_OTHERS };
        while let Some(key) = cursor.here(map.next_key_seed(known))? {
            let Some(key) = key else {
                cursor.here(map.next_value::<IgnoredAny>())?;
                continue;
            };
            let name = F::KEYS[key];
            if seen & 1 << key != 0 {
                return Err(cursor.fail(MapErrorKind::DuplicateKey { key: name.into() }));
            }
            seen |= 1 << key;
            let read = fields.read(cursor, key, &mut map);
            cursor.under(name, read)?;
        }
        Ok(())
    }
}

/// Reads one of `keys`; any other is an error.
pub(super) const fn known<'a>(cursor: &'a Cursor, keys: &'static [&'static str]) -> KnownKey<'a> {
    KnownKey { cursor, keys, skips_others: false }
}

/// Reads a key: its number, or `None` for another that is to be skipped.
#[derive(Clone, Copy)]
pub(super) struct KnownKey<'a> {
    cursor: &'a Cursor,
    keys: &'static [&'static str],
    skips_others: bool,
}

impl<'de> DeserializeSeed<'de> for KnownKey<'_> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for KnownKey<'_> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<Self::Value, E> {
        match self.keys.iter().position(|known| *known == key) {
            None if !self.skips_others => {
                Err(self.cursor.fail(MapErrorKind::UnknownKey { key: shortened(key) }))
            }
            number => Ok(number),
        }
    }
}

/// What is read from an object whose keys are the file's own.
pub(super) trait Entries {
    /// The longest key, in bytes.
    fn max_key_bytes(&self) -> u32;

    /// Reads the value of `key`.
    fn read<'de, A: MapAccess<'de>>(
        &mut self,
        cursor: &Cursor,
        key: &str,
        map: &mut A,
    ) -> Result<(), A::Error>;
}

/// Reads an object of the file's own keys; each value is a record.
pub(super) struct Table<'a, T> {
    pub(super) cursor: &'a Cursor,
    pub(super) entries: &'a mut T,
}

impl<'de, T: Entries> DeserializeSeed<'de> for Table<'_, T> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, T: Entries> Visitor<'de> for Table<'_, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { cursor, entries } = self;
        let mut key = String::new();
        loop {
            cursor.meter.begin_record();
            let limit = entries.max_key_bytes();
            let seed = AnyKey { cursor, limit, into: &mut key };
            if cursor.here(map.next_key_seed(seed))?.is_none() {
                return Ok(());
            }
            let read = entries.read(cursor, &key, &mut map);
            cursor.under_name(&key, read)?;
        }
    }
}

struct AnyKey<'a> {
    cursor: &'a Cursor,
    limit: u32,
    into: &'a mut String,
}

impl<'de> DeserializeSeed<'de> for AnyKey<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for AnyKey<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<(), E> {
        if key.len() > self.limit as usize {
            let limit = self.limit.into();
            return Err(self.cursor.fail(MapErrorKind::TooLong { what: "a key", limit }));
        }
        self.into.clear();
        self.into.push_str(key);
        Ok(())
    }
}

/// Reads an array: how many elements there were.
pub(super) struct Array<'a, S, F> {
    pub(super) cursor: &'a Cursor,
    /// What reads one element.
    pub(super) element: S,
    /// Takes each element with its number.
    pub(super) take: F,
    /// Whether each element is a record of its own.
    pub(super) of_records: bool,
}

impl<'de, S, F> DeserializeSeed<'de> for Array<'_, S, F>
where
    S: DeserializeSeed<'de> + Copy,
    F: FnMut(usize, S::Value) -> Result<(), MapErrorKind>,
{
    type Value = usize;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<usize, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, S, F> Visitor<'de> for Array<'_, S, F>
where
    S: DeserializeSeed<'de> + Copy,
    F: FnMut(usize, S::Value) -> Result<(), MapErrorKind>,
{
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut array: A) -> Result<usize, A::Error> {
        let cursor = self.cursor;
        let mut index = 0;
        loop {
            if self.of_records {
                cursor.meter.begin_record();
            }
            let Some(element) = cursor.at(index, array.next_element_seed(self.element))? else {
                return Ok(index);
            };
            let taken = (self.take)(index, element);
            cursor.at(index, taken.map_err(|kind| cursor.fail(kind)))?;
            index += 1;
        }
    }
}
