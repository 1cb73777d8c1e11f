//! `semantic_features`: any JSON value, as attributes of an object.

use serde::de::MapAccess;
use serde_json::value::RawValue;

use super::super::object::Attributes;
use super::cursor::Cursor;
use super::error::MapErrorKind;
use super::fields::{Fields, Object};
use super::limits::MapLimits;
use super::text::{Text, from_base64};

/// Reads any JSON value as its text, bounded in length and nesting.
pub(super) fn read_json<'de, A: MapAccess<'de>>(
    cursor: &Cursor,
    limits: &MapLimits,
    map: &mut A,
) -> Result<Box<str>, A::Error> {
    let text: Box<str> = map.next_value::<Box<RawValue>>()?.into();
    let limit = limits.max_attribute_bytes;
    if text.len() > limit as usize {
        let kind = MapErrorKind::TooLong { what: "the value", limit: limit.into() };
        return Err(cursor.fail(kind));
    }
    if depth(&text) > limits.max_depth {
        return Err(cursor.fail(MapErrorKind::TooDeep { limit: limits.max_depth }));
    }
    Ok(text)
}

/// What a value of another program's map means: nothing, a feature vector, or JSON.
pub(super) fn interpret(text: &str) -> Attributes {
    if is_empty(text) {
        return Attributes::None;
    }
    if text.starts_with('[')
        && let Ok(features) = serde_json::from_str::<Vec<f32>>(text)
    {
        return Attributes::Features(features.into());
    }
    Attributes::Json(text.into())
}

/// Whether a value says nothing.
pub(super) fn is_empty(text: &str) -> bool {
    let mut dense = text.bytes().filter(|byte| !byte.is_ascii_whitespace());
    text == "null" || (dense.next(), dense.next(), dense.next()) == (Some(b'{'), Some(b'}'), None)
}

/// Whether `text` is one JSON value that `limits` allow.
pub(super) fn is_json(text: &str, max_depth: u32) -> bool {
    depth(text) <= max_depth
        && serde_json::from_str::<&RawValue>(text).is_ok_and(|value| {
            // Text around the value would not come back.
            value.get().len() == text.len()
        })
}

/// How deep well-formed JSON is nested.
fn depth(text: &str) -> u32 {
    let (mut now, mut most) = (0_u32, 0);
    let (mut in_string, mut escaped) = (false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => {
                now += 1;
                most = most.max(now);
            }
            b']' | b'}' if !in_string => now = now.saturating_sub(1),
            _ => {}
        }
    }
    most
}

/// `attributes` under `xrmesh`: what `semantic_features` alone cannot say.
#[derive(Debug, Default)]
pub(super) enum Exact {
    /// It says all.
    #[default]
    Absent,
    /// Its text is [`Attributes::Json`], whatever it could also mean.
    Json,
    /// The attributes themselves.
    Whole(Attributes),
}

impl Exact {
    /// Reads it: `"json"`, or an object of one of `bytes`, `features` (both Base64) and `text`.
    pub(super) fn read<'de, A: MapAccess<'de>>(
        cursor: &Cursor,
        limits: &MapLimits,
        map: &mut A,
    ) -> Result<Self, A::Error> {
        let mut whole = Whole { limit: limits.max_attribute_bytes, attributes: Attributes::None };
        map.next_value_seed(WordOrObject(Object { cursor, fields: &mut whole }))?;
        Ok(match whole.attributes {
            Attributes::None => Self::Json,
            attributes => Self::Whole(attributes),
        })
    }

    /// The attributes of an object whose `semantic_features` are `text`.
    pub(super) fn resolve(self, text: Option<Box<str>>) -> Attributes {
        match (self, text) {
            (Self::Whole(attributes), _) => attributes,
            (Self::Json, Some(text)) => Attributes::Json(text.into()),
            (_, None) => Attributes::None,
            (Self::Absent, Some(text)) => interpret(&text),
        }
    }
}

struct Whole {
    limit: u32,
    attributes: Attributes,
}

impl Fields for Whole {
    const KEYS: &'static [&'static str] = &["bytes", "features", "text"];

    fn read<'de, A: MapAccess<'de>>(
        &mut self,
        cursor: &Cursor,
        key: usize,
        map: &mut A,
    ) -> Result<(), A::Error> {
        let (unit, expected) = if key == 0 { (1, "bytes") } else { (4, "f32 values") };
        // Base64 takes four characters for three bytes.
        let limit = if key == 2 { self.limit } else { self.limit.div_ceil(3).saturating_mul(4) };
        let take = |text: &str| {
            Ok(match key {
                0 => Attributes::Bytes(from_base64(text, unit, expected)?.into()),
                1 => {
                    let bytes = from_base64(text, unit, expected)?;
                    let words = bytes.as_chunks::<4>().0;
                    Attributes::Features(
                        words.iter().map(|word| f32::from_le_bytes(*word)).collect(),
                    )
                }
                _ => Attributes::Json(text.into()),
            })
        };
        self.attributes = map.next_value_seed(Text { cursor, what: "the value", limit, take })?;
        Ok(())
    }
}

/// The word `json`, or an object.
struct WordOrObject<'a, F>(Object<'a, F>);

impl<'de, F: Fields> serde::de::DeserializeSeed<'de> for WordOrObject<'_, F> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, F: Fields> serde::de::Visitor<'de> for WordOrObject<'_, F> {
    type Value = ();

    fn expecting(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("\"json\" or an object")
    }

    fn visit_str<E: serde::de::Error>(self, word: &str) -> Result<(), E> {
        if word == "json" {
            return Ok(());
        }
        let given = super::error::shortened(word);
        Err(self.0.cursor.fail(MapErrorKind::Unknown { given, expected: "\"json\"" }))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        self.0.visit_map(map)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_mean_nothing_a_vector_or_json() {
        for nothing in ["null", "{}", "{ \n}"] {
            assert_eq!(interpret(nothing), Attributes::None);
        }
        assert_eq!(interpret("[1, -2.5]"), Attributes::Features([1.0, -2.5].into()));
        for json in ["[1, null]", "[[1]]", "{\"a\":1}", "\"text\"", "7", "[1e300]"] {
            assert_eq!(interpret(json), Attributes::Json(json.into()), "{json}");
        }
    }

    #[test]
    fn nesting_is_counted_outside_of_strings() {
        assert_eq!(depth("1"), 0);
        assert_eq!(depth(r#"{"a": [[1], {"b": {}}]}"#), 4);
        assert_eq!(depth(r#"["[[[\"[[", "\\", []]"#), 2);
    }
}
