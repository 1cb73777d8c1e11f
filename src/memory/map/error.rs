//! What is wrong with a map or a scan, and where.

use core::fmt;
use std::io;

use thiserror::Error;

/// What is wrong with a map or a room scan, and where in the text.
#[derive(Clone, PartialEq, Debug, Error)]
#[error("{place}: {}{kind}", AtPath(path))]
#[non_exhaustive]
pub struct MapError {
    /// Where reading stopped.
    pub place: Place,
    /// The path of the key, such as `objects["chair"].position.x`; empty at the top level.
    pub path: Box<str>,
    /// What is wrong there.
    pub kind: MapErrorKind,
}

/// A place in a text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place {
    /// The line, from 1.
    pub line: u64,
    /// The byte of the line, from 1; 0 before its first byte was read.
    pub column: u64,
    /// How many bytes of the text were read.
    pub offset: u64,
}

/// What is wrong with a map or a room scan.
#[derive(Clone, PartialEq, Debug, Error)]
#[non_exhaustive]
pub enum MapErrorKind {
    /// The text could not be read.
    #[error("the text could not be read: {message}")]
    Read {
        /// What kind of failure it was.
        kind: io::ErrorKind,
        /// What the reader said.
        message: Box<str>,
    },
    /// The text ends too early.
    #[error("the text ends before {before}")]
    Truncated {
        /// What should have come.
        before: Box<str>,
    },
    /// A byte is no UTF-8.
    #[error("byte 0x{byte:02x} is not UTF-8")]
    NotUtf8 {
        /// The byte.
        byte: u8,
    },
    /// The text is no JSON.
    #[error("not JSON: {message}")]
    Syntax {
        /// What the parser says.
        message: Box<str>,
    },
    /// A value has another type than its key.
    #[error("expected {expected}, found {found}")]
    WrongType {
        /// What the key wants.
        expected: Box<str>,
        /// What stands there.
        found: Box<str>,
    },
    /// A number is out of its range.
    #[error("{given} is out of range, expected {least} to {most}")]
    OutOfRange {
        /// The number as given.
        given: f64,
        /// The least that is taken.
        least: f64,
        /// The most that is taken.
        most: f64,
    },
    /// A box's lower end lies above its upper end.
    #[error("the box is inverted in {axis}: from {low} to {high}")]
    Inverted {
        /// The axis.
        axis: &'static str,
        /// The lower end as given, in metres.
        low: f32,
        /// The upper end as given, in metres.
        high: f32,
    },
    /// A quaternion has length zero, so it names no rotation.
    #[error("the quaternion has length zero, expected length one")]
    NoRotation,
    /// A key is not of this format.
    #[error("unknown key {key:?}")]
    UnknownKey {
        /// The key, cut after 64 characters.
        key: Box<str>,
    },
    /// A key stands twice in one object.
    #[error("key {key:?} stands twice")]
    DuplicateKey {
        /// The key, cut after 64 characters.
        key: Box<str>,
    },
    /// A key that must be there is not.
    #[error("key {key:?} is missing")]
    MissingKey {
        /// The key.
        key: &'static str,
    },
    /// A text names nothing that is known here.
    #[error("{given:?} is not {expected}")]
    Unknown {
        /// The text as given, cut after 64 characters.
        given: Box<str>,
        /// What it should be.
        expected: &'static str,
    },
    /// The same id is given to two things.
    #[error("{given} has been given before")]
    Repeated {
        /// The id as text.
        given: Box<str>,
    },
    /// Documented fields say something else than those under `xrmesh`.
    #[error("{what} differs from what \"xrmesh\" says: change both, or leave \"xrmesh\" out")]
    Contradiction {
        /// The key of the documented field.
        what: &'static str,
    },
    /// A key comes after those that need it.
    #[error("key {key:?} comes too late, expected it before {before}")]
    TooLate {
        /// The key.
        key: &'static str,
        /// What it must come before.
        before: &'static str,
    },
    /// The map is of a version that this library does not read.
    #[error("version {given}, this library reads version {known}")]
    Version {
        /// The version as given.
        given: i64,
        /// The version that is read.
        known: i64,
    },
    /// Some objects of a map have ids of this library and some have none.
    #[error("some objects have an id under \"xrmesh\" and some have none, expected all or none")]
    MixedIds,
    /// `metadata` counts otherwise than the text.
    #[error("{key} says {claimed}, the map holds {found}")]
    Miscounted {
        /// The key.
        key: &'static str,
        /// What it says.
        claimed: u64,
        /// How many there are.
        found: u64,
    },
    /// A text, a record or the whole is larger than the limits allow.
    #[error("{what} is longer than {limit} bytes, the most that is allowed")]
    TooLong {
        /// What is too long.
        what: &'static str,
        /// The limit, in bytes.
        limit: u64,
    },
    /// There are more records than the limits allow.
    #[error("more than {limit} {what}, the most that is allowed")]
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// The limit.
        limit: u64,
    },
    /// JSON is nested too deep.
    #[error("JSON is nested deeper than {limit} levels")]
    TooDeep {
        /// The limit.
        limit: u32,
    },
    /// A text is no Base64 of what is expected.
    #[error("expected Base64 of {expected}: {message}")]
    Base64 {
        /// What the bytes should be.
        expected: &'static str,
        /// What is wrong.
        message: Box<str>,
    },
    /// A triangle's corner has no vertex.
    #[error("index {index} at {place}, but there are only {vertices} vertices")]
    NoVertex {
        /// The index as given.
        index: u32,
        /// Its place in the list.
        place: usize,
        /// How many vertices there are.
        vertices: usize,
    },
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {} (byte {})", self.line, self.column, self.offset)
    }
}

/// A path before what is said of it; nothing at the top level.
struct AtPath<'a>(&'a str);

impl fmt::Display for AtPath<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() { Ok(()) } else { write!(f, "at {}: ", self.0) }
    }
}

/// `text` on one line, cut after 64 characters.
pub(super) fn shortened(text: &str) -> Box<str> {
    let mut line = String::new();
    for (count, character) in text.chars().enumerate() {
        if count == 64 {
            line.push('…');
            break;
        }
        if character.is_control() {
            line.extend(character.escape_default());
        } else {
            line.push(character);
        }
    }
    line.into()
}
