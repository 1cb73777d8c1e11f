//! Where reading is, and what went wrong there.

use core::cell::RefCell;
use core::fmt::{self, Write};
use std::io::Read;

use serde::de::{DeserializeSeed, Error};
use serde_json::error::Category;

use super::error::{MapError, MapErrorKind, Place, shortened};
use super::input::{Input, Meter};

/// Shared by all that take part in reading one text. The path of an error is gathered while it
/// travels outward, so that what is right pays nothing for it.
#[derive(Debug)]
pub(super) struct Cursor {
    pub(super) meter: Meter,
    wrong: RefCell<Wrong>,
}

#[derive(Debug, Default)]
struct Wrong {
    /// Bytes read when the error was met.
    offset: Option<u64>,
    /// The steps of the path, the innermost first.
    steps: Vec<String>,
}

impl Cursor {
    pub(super) fn new(max_bytes: u64, record_bytes: u64) -> Self {
        Self { meter: Meter::new(max_bytes, record_bytes), wrong: RefCell::default() }
    }

    /// An error of ours, to be handed to serde.
    #[cold]
    pub(super) fn fail<E: Error>(&self, kind: MapErrorKind) -> E {
        self.note();
        self.meter.fail(kind);
        // The kind says it; this text is never shown.
        E::custom("refused")
    }

    /// `result` of reading what `key` names; an error gets the key into its path.
    #[inline]
    pub(super) fn under<T, E>(&self, key: &str, result: Result<T, E>) -> Result<T, E> {
        if result.is_err() {
            self.step(format_args!(".{key}"));
        }
        result
    }

    /// `result` of reading what a key of the file's own names.
    #[inline]
    pub(super) fn under_name<T, E>(&self, name: &str, result: Result<T, E>) -> Result<T, E> {
        if result.is_err() {
            self.step(format_args!("[{:?}]", shortened(name)));
        }
        result
    }

    /// `result` of reading an array's element.
    #[inline]
    pub(super) fn at<T, E>(&self, index: usize, result: Result<T, E>) -> Result<T, E> {
        if result.is_err() {
            self.step(format_args!("[{index}]"));
        }
        result
    }

    /// `result` of reading a key.
    #[inline]
    pub(super) fn here<T, E>(&self, result: Result<T, E>) -> Result<T, E> {
        if result.is_err() {
            self.note();
        }
        result
    }

    /// Remembers where the first error was met: on its way outward, more may be read.
    fn note(&self) {
        self.wrong.borrow_mut().offset.get_or_insert(self.meter.consumed());
    }

    #[cold]
    fn step(&self, step: fmt::Arguments<'_>) {
        self.note();
        let mut text = String::new();
        let _ = text.write_fmt(step);
        self.wrong.borrow_mut().steps.push(text);
    }

    /// Reads the whole of `reader` as one value.
    pub(super) fn read<S, T>(&self, reader: impl Read, seed: S) -> Result<T, MapError>
    where
        S: for<'de> DeserializeSeed<'de, Value = T>,
    {
        let mut json = serde_json::Deserializer::from_reader(Input::new(reader, &self.meter));
        let read = seed.deserialize(&mut json).and_then(|value| json.end().map(|()| value));
        read.map_err(|error| self.error(&error))
    }

    /// What serde_json met, as an error of ours.
    fn error(&self, error: &serde_json::Error) -> MapError {
        let kind =
            self.meter.take_fault().unwrap_or_else(|| kind_of(error, self.meter.has_ended()));
        let wrong = self.wrong.take();
        let offset = wrong.offset.unwrap_or_else(|| self.meter.consumed());
        let place = Place { line: error.line() as u64, column: error.column() as u64, offset };
        let path: String = wrong.steps.into_iter().rev().collect();
        MapError { place, path: path.trim_start_matches('.').into(), kind }
    }
}

fn kind_of(error: &serde_json::Error, has_ended: bool) -> MapErrorKind {
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    let message = text.strip_suffix(&place).unwrap_or(&text);
    match error.classify() {
        Category::Io => {
            let kind = error.io_error_kind().unwrap_or(std::io::ErrorKind::Other);
            MapErrorKind::Read { kind, message: shortened(message) }
        }
        Category::Eof => {
            let before = match message.strip_prefix("EOF while parsing ") {
                Some("a list") => "the end of an array",
                Some("an object") => "the end of an object",
                Some("a string") => "the end of a string",
                _ => "a value",
            };
            MapErrorKind::Truncated { before: before.into() }
        }
        // Half a number is none, says serde_json.
        Category::Syntax if has_ended => MapErrorKind::Truncated { before: "a value".into() },
        Category::Syntax => MapErrorKind::Syntax { message: shortened(message) },
        Category::Data => {
            let wrong = ["invalid type: ", "invalid value: ", "invalid length "]
                .into_iter()
                .find_map(|start| message.strip_prefix(start))
                .and_then(|rest| rest.rsplit_once(", expected "));
            match wrong {
                Some((found, expected)) => MapErrorKind::WrongType {
                    expected: expected.into(),
                    found: shortened(in_json_words(found)),
                },
                None => MapErrorKind::Syntax { message: shortened(message) },
            }
        }
    }
}

fn in_json_words(found: &str) -> &str {
    match found {
        "map" => "an object",
        "sequence" => "an array",
        "unit value" => "null",
        _ => ["integer ", "floating point ", "boolean "]
            .into_iter()
            .find_map(|kind| found.strip_prefix(kind))
            .map_or(found, |value| value.trim_matches('`')),
    }
}
