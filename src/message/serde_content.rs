//! Content by serde: any type that can be serialised, in the postcard format.
//!
//! 1. Encoding writes into a buffer that each thread keeps: once it is as large as the largest value,
//!    nothing is allocated beyond what the message itself takes.
//! 2. The format has no names and no tags: both sides must have the same type. Bytes that are left
//!    over are an error, so that most mistakes show.
//! 3. The same value gives the same bytes, if its own iteration does: an ordered map, not a hash map.

use std::cell::Cell;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::message::{ContentError, Kind, Message};

/// A larger buffer is not kept.
const MOST_KEPT: usize = 1 << 16;

thread_local! {
    static BUFFER: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// Calls `send` with a message of that kind that holds `value` in the postcard format. What
/// [`serde_content!`](crate::serde_content) calls; for contents of generic types.
///
/// # Errors
/// [`ContentError::Unencodable`] if the value refuses, as a sequence of unknown length does; `send` was
/// not called then.
pub fn encode_serde<T: Serialize + ?Sized, R>(
    kind: Kind,
    value: &T,
    send: impl FnOnce(Message<'_>) -> R,
) -> Result<R, ContentError> {
    // Taken, not borrowed: `send` may encode another value. None in a thread that is ending.
    let mut buffer = BUFFER.try_with(Cell::take).unwrap_or_default();
    buffer.clear();
    let bytes = postcard::to_extend(value, buffer)
        .map_err(|error| ContentError::Unencodable { kind, reason: error.to_string().into() })?;
    let sent = send(Message::new(kind).bytes(&bytes));
    if bytes.capacity() <= MOST_KEPT {
        let _ = BUFFER.try_with(|kept| kept.set(bytes));
    }
    Ok(sent)
}

/// Reads a value in the postcard format from a whole payload.
///
/// # Errors
/// [`ContentError::Malformed`] if the bytes are no such value, or more than one.
pub fn decode_serde<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ContentError> {
    let malformed = |reason: Box<str>| ContentError::Malformed { given: bytes.len(), reason };
    let (value, rest) =
        postcard::take_from_bytes(bytes).map_err(|error| malformed(error.to_string().into()))?;
    if !rest.is_empty() {
        return Err(malformed(format!("{} bytes are left over", rest.len()).into()));
    }
    Ok(value)
}

/// Makes a type that serde can write and read a [`Content`](crate::Content) of that kind.
///
/// ```
/// use serde::{Deserialize, Serialize};
/// use xrmesh::{Context, Envelope, Fault, Kind, TypedAgent};
///
/// #[derive(Debug, Serialize, Deserialize)]
/// struct Chat { room: String, words: Vec<String> }
/// xrmesh::serde_content!(Chat, Kind::user(3));
///
/// struct Listener;
/// impl TypedAgent for Listener {
///     type Content = Chat;
///     fn on_content(&mut self, context: &mut Context<'_>, chat: Chat, envelope: &Envelope<'_>) -> Result<(), Fault> {
///         if let (Some(sender), "hello") = (envelope.from(), chat.words.concat().as_str()) {
///             context.send_content(sender, &Chat { room: chat.room, words: vec!["hi".into()] })?;
///         }
///         Ok(())
///     }
/// }
/// ```
#[macro_export]
macro_rules! serde_content {
    ($content:ty, $kind:expr) => {
        impl $crate::Content for $content {
            const KIND: $crate::Kind = $kind;

            fn with_message<R>(
                &self,
                send: impl ::core::ops::FnOnce($crate::Message<'_>) -> R,
            ) -> ::core::result::Result<R, $crate::ContentError> {
                $crate::encode_serde(<Self as $crate::Content>::KIND, self, send)
            }

            fn decode(bytes: &[u8]) -> ::core::result::Result<Self, $crate::ContentError> {
                $crate::decode_serde(bytes)
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Body;

    fn place(value: &str) -> *const u8 {
        let place = encode_serde(Kind::user(0), value, |message| match message.body {
            Body::Bytes(bytes) => bytes.as_ptr(),
            Body::Shared(_) => core::ptr::null(),
        });
        place.unwrap()
    }

    #[test]
    fn the_buffer_is_used_again_unless_it_grew_too_large() {
        let first = place(&"x".repeat(1000));
        assert_eq!(place(&"y".repeat(900)), first);
        let kept = BUFFER.take();
        assert_eq!(kept.as_ptr(), first);
        place(&"z".repeat(MOST_KEPT + 1));
        assert_eq!(BUFFER.take().capacity(), 0);
    }
}
