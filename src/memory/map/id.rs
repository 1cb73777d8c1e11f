//! Objects' ids as text.

use super::super::object::ObjectId;
use super::error::{MapErrorKind, shortened};

/// The id that [`ObjectId`]'s `Display` wrote.
pub(super) fn parse_id(text: &str) -> Result<ObjectId, MapErrorKind> {
    let parts = text.split_once('v').and_then(|(slot, generation)| {
        Some(ObjectId::new(slot.parse().ok()?, generation.parse().ok()?))
    });
    // One way to write each id: no signs, no leading zeros.
    parts.filter(|id| id.to_string() == text).ok_or_else(|| MapErrorKind::Unknown {
        given: shortened(text),
        expected: "an object's id, such as 3v1",
    })
}

/// Whether `text` reads as an object's id.
pub(super) fn is_id(text: &str) -> bool {
    parse_id(text).is_ok()
}
