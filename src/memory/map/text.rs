//! Texts and Base64.

use core::fmt;

use base64::Engine;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use serde::Deserializer;
use serde::de::{DeserializeSeed, Error, Visitor};

use super::cursor::Cursor;
use super::error::{MapErrorKind, shortened};

/// A text of at most `limit` bytes, handed to `take` without a copy.
#[derive(Clone, Copy)]
pub(super) struct Text<'a, F> {
    pub(super) cursor: &'a Cursor,
    pub(super) what: &'static str,
    pub(super) limit: u32,
    pub(super) take: F,
}

impl<'de, T, F: FnOnce(&str) -> Result<T, MapErrorKind>> DeserializeSeed<'de> for Text<'_, F> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<T, F: FnOnce(&str) -> Result<T, MapErrorKind>> Visitor<'_> for Text<'_, F> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        let Self { cursor, what, limit, take } = self;
        if text.len() > limit as usize {
            return Err(cursor.fail(MapErrorKind::TooLong { what, limit: limit.into() }));
        }
        take(text).map_err(|kind| cursor.fail(kind))
    }
}

/// RFC 4648 §4, the standard alphabet; padded when written, padded or not when read.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// `bytes` as Base64.
pub(super) fn to_base64(bytes: &[u8]) -> String {
    BASE64.encode(bytes)
}

/// The bytes that `text` stands for; `unit` divides their number.
pub(super) fn from_base64(
    text: &str,
    unit: usize,
    expected: &'static str,
) -> Result<Vec<u8>, MapErrorKind> {
    let wrong = |message: &str| MapErrorKind::Base64 { expected, message: shortened(message) };
    let bytes = BASE64.decode(text).map_err(|error| wrong(&error.to_string()))?;
    if bytes.len() % unit != 0 {
        return Err(wrong(&format!("{} bytes, not a multiple of {unit}", bytes.len())));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_read_padded_or_not() {
        let vectors =
            [("", ""), ("Zg==", "f"), ("Zm8=", "fo"), ("Zm9v", "foo"), ("Zm9vYmE=", "fooba")];
        for (text, bytes) in vectors {
            assert_eq!(from_base64(text, 1, "").as_deref(), Ok(bytes.as_bytes()));
            let bare = text.trim_end_matches('=');
            assert_eq!(from_base64(bare, 1, "").as_deref(), Ok(bytes.as_bytes()));
            assert_eq!(to_base64(bytes.as_bytes()), text);
        }
        assert_eq!(from_base64("+/+/", 1, "").unwrap(), [0xfb, 0xff, 0xbf]);
        for wrong in ["Zm9v!mFy", "Zg=v", "Zm9vY"] {
            assert!(from_base64(wrong, 1, "").is_err(), "{wrong}");
        }
        let error = from_base64("Zm9v", 2, "pairs").unwrap_err().to_string();
        assert_eq!(error, "expected Base64 of pairs: 3 bytes, not a multiple of 2");
    }
}
