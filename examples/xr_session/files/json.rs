//! JSON into typed values, with every error told as expected-and-found at a place and a path.

use core::fmt;
use core::marker::PhantomData;
use std::path::Path;

use serde::de::{DeserializeOwned, DeserializeSeed, Error, SeqAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer};
use xrmesh::Vec3;

use super::error::{FileError, escape};

/// Farthest coordinate that is read, in metres.
const MAX_METRES: f64 = 10_000.0;
/// Largest Euler angle: recorders unwrap angles, but not to thousands of turns.
const MAX_DEGREES: f64 = 1e6;
/// Largest timestamp: 10¹⁵ ms is the year 33,658 as Unix time, and exact in an f64.
const MAX_MILLISECONDS: f64 = 1e15;

/// Reads the whole of `text`.
pub(super) fn parse<T: DeserializeOwned>(path: &Path, text: &str) -> Result<T, FileError> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let trail = error.path().to_string();
        translate(path, &trail, error.inner())
    })?;
    deserializer.end().map_err(|error| translate(path, ".", &error))?;
    Ok(value)
}

/// serde's "invalid type: string "abc", expected a number at line 1 column 5" in our words.
fn translate(path: &Path, trail: &str, error: &serde_json::Error) -> FileError {
    let text = error.to_string();
    let suffix = format!(" at line {} column {}", error.line(), error.column());
    let message = text.strip_suffix(&suffix).unwrap_or(&text);
    let trail = match trail {
        "." => "the top level".to_owned(),
        // A trailing "?" is a key that was not read yet.
        trail => escape(trail.trim_end_matches(".?")),
    };
    let at = |expected: &str, found: &str| {
        let place = (error.line(), error.column().max(1));
        FileError::at(path, place, format!("{} at {trail}", escape(expected)), escape(found))
    };
    let invalid = ["invalid type: ", "invalid value: ", "invalid length "]
        .into_iter()
        .find_map(|start| message.strip_prefix(start))
        .and_then(|rest| rest.rsplit_once(", expected "));
    if let Some((found, expected)) = invalid {
        // serde names our types, which mean nothing to whoever wrote the file.
        let expected = if expected.starts_with("struct ") { "an object" } else { expected };
        return at(expected, found_in_json_words(found));
    }
    if let Some((expected, found)) = message.split_once(FOUND) {
        return at(expected, found);
    }
    if let Some(rest) = message.strip_prefix("missing field ") {
        return at(&format!("the field {}", rest.replace('`', "\"")), "none");
    }
    if let Some(rest) = message.strip_prefix("duplicate field ") {
        return at(&format!("the field {} once", rest.replace('`', "\"")), "it twice");
    }
    if let Some(rest) = message.strip_prefix("EOF while parsing ") {
        return at(&format!("the rest of {}", with_article(rest)), "the end of the file");
    }
    let found = match message.strip_prefix("expected ") {
        Some(missing) => format!("no {missing}"),
        None => message.to_owned(),
    };
    at("well-formed JSON", &found)
}

fn found_in_json_words(found: &str) -> &str {
    match found {
        "map" => "an object",
        "sequence" => "an array",
        "unit value" => "null",
        _ => ["string ", "integer ", "floating point ", "boolean "]
            .into_iter()
            .find_map(|kind| found.strip_prefix(kind))
            .map_or(found, |value| value.trim_matches('`')),
    }
}

fn with_article(noun: &str) -> &str {
    match noun {
        "a list" => "an array",
        "a value" | "an object" | "a string" => noun,
        _ => "a value",
    }
}

/// Between what was expected and what was found, in the errors that [`mismatch`] makes.
const FOUND: &str = " ⟂ ";

/// Metres, finite and within ±10 km.
#[derive(Clone, Copy)]
pub(super) struct Metres(pub(super) f32);
/// Degrees, finite and within ±10⁶.
#[derive(Clone, Copy)]
pub(super) struct Degrees(pub(super) f32);
/// Milliseconds from 0 to 10¹⁵.
#[derive(Clone, Copy)]
pub(super) struct Milliseconds(pub(super) f64);

impl<'de> Deserialize<'de> for Metres {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        number(deserializer, -MAX_METRES, MAX_METRES).map(|metres| Self(metres as f32))
    }
}

impl<'de> Deserialize<'de> for Degrees {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        number(deserializer, -MAX_DEGREES, MAX_DEGREES).map(|degrees| Self(degrees as f32))
    }
}

impl<'de> Deserialize<'de> for Milliseconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        number(deserializer, 0.0, MAX_MILLISECONDS).map(Self)
    }
}

/// A position from its three fields.
#[derive(Clone, Copy, Deserialize)]
pub(super) struct Position {
    x: Metres,
    y: Metres,
    z: Metres,
}

impl From<Position> for Vec3 {
    fn from(Position { x, y, z }: Position) -> Self {
        Self::new(x.0, y.0, z.0)
    }
}

fn number<'de, D: Deserializer<'de>>(
    deserializer: D,
    low: f64,
    high: f64,
) -> Result<f64, D::Error> {
    struct Number {
        low: f64,
        high: f64,
    }
    impl Number {
        fn check<E: Error>(&self, value: f64, given: Unexpected<'_>) -> Result<f64, E> {
            if (self.low..=self.high).contains(&value) {
                return Ok(value);
            }
            let range = format!("a number from {} to {}", self.low, self.high);
            Err(E::invalid_value(given, &range.as_str()))
        }
    }
    impl Visitor<'_> for Number {
        type Value = f64;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a number")
        }
        fn visit_f64<E: Error>(self, value: f64) -> Result<f64, E> {
            self.check(value, Unexpected::Float(value))
        }
        fn visit_i64<E: Error>(self, value: i64) -> Result<f64, E> {
            self.check(value as f64, Unexpected::Signed(value))
        }
        fn visit_u64<E: Error>(self, value: u64) -> Result<f64, E> {
            self.check(value as f64, Unexpected::Unsigned(value))
        }
    }
    deserializer.deserialize_f64(Number { low, high })
}

/// An array whose elements are checked one by one as they are read, so that an error names the
/// line of the element and not the array's end.
pub(super) fn checked_array<'de, D, T>(
    deserializer: D,
    check: impl FnMut(&[T], &T) -> Result<(), String>,
) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    struct Elements<T, F>(F, PhantomData<T>);
    impl<'de, T: Deserialize<'de>, F: FnMut(&[T], &T) -> Result<(), String>> Visitor<'de>
        for Elements<T, F>
    {
        type Value = Vec<T>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an array")
        }
        fn visit_seq<A: SeqAccess<'de>>(mut self, mut array: A) -> Result<Vec<T>, A::Error> {
            let mut elements = Vec::new();
            while array
                .next_element_seed(Checked { before: &mut elements, check: &mut self.0 })?
                .is_some()
            {}
            Ok(elements)
        }
    }
    deserializer.deserialize_seq(Elements(check, PhantomData))
}

/// One element, checked against those before it and then put behind them.
struct Checked<'a, T, F> {
    before: &'a mut Vec<T>,
    check: &'a mut F,
}

impl<'de, T: Deserialize<'de>, F: FnMut(&[T], &T) -> Result<(), String>> DeserializeSeed<'de>
    for Checked<'_, T, F>
{
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        let element = T::deserialize(deserializer)?;
        (self.check)(self.before, &element).map_err(D::Error::custom)?;
        self.before.push(element);
        Ok(())
    }
}

/// Joins both halves of an error that a check of [`checked_array`] gives.
pub(super) fn mismatch(expected: impl fmt::Display, found: impl fmt::Display) -> String {
    format!("{expected}{FOUND}{found}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    struct Outer {
        #[expect(dead_code, reason = "only read")]
        list: Vec<Inner>,
    }
    #[derive(Debug, Deserialize)]
    struct Inner {
        #[expect(dead_code, reason = "only read")]
        size: Shown,
    }
    #[derive(Debug)]
    struct Shown;
    impl<'de> Deserialize<'de> for Shown {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            Milliseconds::deserialize(deserializer).map(|_| Self)
        }
    }

    fn error(text: &str) -> String {
        parse::<Outer>(Path::new("f.json"), text).unwrap_err().to_string()
    }

    #[test]
    fn errors_name_the_place_the_path_and_both_sides() {
        let wrong_type = "{\"list\": [{\"size\": 1},\n {\"size\": \"abc\"}]}";
        assert_eq!(
            error(wrong_type),
            "f.json:2:15: expected a number at list[1].size, found \"abc\""
        );
        let cases = [
            ("3", "expected an object at the top level, found 3"),
            ("{\"list\": [{\"size\": null}]}", "expected a number at list[0].size, found null"),
            ("{\"list\": [{\"size\": {}}]}", "expected a number at list[0].size, found an object"),
            ("{\"list\": [{\"size\": []}]}", "expected a number at list[0].size, found an array"),
            (
                "{\"list\": [{\"size\": -1}]}",
                "expected a number from 0 to 1000000000000000 at list[0].size, found -1",
            ),
            ("{\"list\": [{\"size\": 1e30}]}", "found 1e+30"),
            ("{\"list\": [{\"size\": 1e999}]}", "number out of range"),
            ("{\"list\": [{\"size\": NaN}]}", "expected well-formed JSON at list[0].size"),
            ("{\"list\": [{}]}", "expected the field \"size\" at list[0], found none"),
            ("{\"list\": [], \"list\": []}", "expected the field \"list\" once"),
            ("{\"list\": [{\"size\": 1", "expected the rest of an object"),
            ("{\"list\": [{\"size\": 1}", "expected the rest of an array"),
            ("{\"list\": [{\"size\": 1]}", "at list[0], found no `,` or `}`"),
            ("{\"list\": []} x", "expected well-formed JSON at the top level"),
        ];
        for (text, part) in cases {
            let line = error(text);
            assert!(line.contains(part), "{text}: {line}");
            assert!(line.starts_with("f.json:1:") && !line.contains('\n'), "{line}");
        }
    }

    #[test]
    fn deep_nesting_is_an_error() {
        // Skipped values nest without recursion; read ones are bounded by serde_json.
        let skipped = error(&format!("{{\"skipped\": {}", "[".repeat(100_000)));
        assert!(skipped.contains("the end of the file"), "{skipped}");
        let read = error(&format!("{{\"list\": {}", "[".repeat(100_000)));
        assert!(read.contains("expected"), "{read}");
    }
}
