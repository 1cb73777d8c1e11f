//! Base64 of RFC 4648 §4, the standard alphabet, padded or not.

/// The byte and its place that are not Base64, or the length that no Base64 text has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Base64Error {
    Character { byte: u8, offset: usize },
    Length(usize),
}

/// The bytes that `text` stands for.
pub(super) fn decode(text: &str) -> Result<Vec<u8>, Base64Error> {
    let padded = text.as_bytes();
    let digits = match padded {
        [digits @ .., b'=', b'='] | [digits @ .., b'='] if padded.len().is_multiple_of(4) => digits,
        digits => digits,
    };
    if digits.len() % 4 == 1 {
        return Err(Base64Error::Length(padded.len()));
    }
    let mut bytes = Vec::with_capacity(digits.len() / 4 * 3 + 2);
    for (group, quad) in digits.chunks(4).enumerate() {
        let mut bits = 0_u32;
        for (place, &byte) in quad.iter().enumerate() {
            let offset = group * 4 + place;
            let value = value_of(byte).ok_or(Base64Error::Character { byte, offset })?;
            bits |= u32::from(value) << (18 - 6 * place);
        }
        let [_, first, second, third] = bits.to_be_bytes();
        bytes.extend_from_slice(&[first, second, third][..quad.len() - 1]);
    }
    Ok(bytes)
}

fn value_of(byte: u8) -> Option<u8> {
    Some(match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vectors_of_rfc_4648() {
        let vectors = [
            ("", ""),
            ("Zg==", "f"),
            ("Zm8=", "fo"),
            ("Zm9v", "foo"),
            ("Zm9vYg==", "foob"),
            ("Zm9vYmE=", "fooba"),
            ("Zm9vYmFy", "foobar"),
        ];
        for (text, bytes) in vectors {
            assert_eq!(decode(text).as_deref(), Ok(bytes.as_bytes()));
            assert_eq!(decode(text.trim_end_matches('=')).as_deref(), Ok(bytes.as_bytes()));
        }
        assert_eq!(decode("+/+/").unwrap(), [0xfb, 0xff, 0xbf]);
    }

    #[test]
    fn what_is_not_base64_is_named() {
        assert_eq!(decode("Zm9v!mFy"), Err(Base64Error::Character { byte: b'!', offset: 4 }));
        assert_eq!(decode("Zg=v"), Err(Base64Error::Character { byte: b'=', offset: 2 }));
        assert_eq!(decode("Zm9vY"), Err(Base64Error::Length(5)));
    }
}
