//! Messages as values of the application's own types.

use crate::message::{Envelope, Kind, Message};

/// Why a payload is not a value of the type asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ContentError {
    /// A message of another kind.
    #[error("expected a message of kind {expected}, got {given}")]
    Kind {
        /// The type's kind.
        expected: Kind,
        /// The message's kind.
        given: Kind,
    },
    /// A payload of another length.
    #[error("expected a payload of {expected} bytes, got {given}")]
    Size {
        /// The type's size.
        expected: usize,
        /// The payload's length.
        given: usize,
    },
    /// A payload that does not decode.
    #[error("the payload of {given} bytes does not decode: {reason}")]
    Malformed {
        /// The payload's length.
        given: usize,
        /// What the decoder said.
        reason: Box<str>,
    },
}

/// A type that messages carry: its kind, and how it becomes bytes and is read back.
///
/// Plain data implements [`Plain`] instead and gets this for free.
pub trait Content: Sized {
    /// The kind of the messages that carry this type.
    const KIND: Kind;

    /// Calls `send` with a message that holds this value.
    fn with_message<R>(&self, send: impl FnOnce(Message<'_>) -> R) -> R;

    /// Reads a value from a payload.
    ///
    /// # Errors
    /// [`ContentError`] if the bytes are not a value of this type.
    fn decode(bytes: &[u8]) -> Result<Self, ContentError>;
}

/// Plain data with a kind of its own: `#[repr(C)]`, no padding, any bits valid.
///
/// ```
/// use bytemuck::{Pod, Zeroable};
/// use xrmesh::{Kind, Plain};
///
/// #[derive(Clone, Copy, Pod, Zeroable)]
/// #[repr(C)]
/// struct Grab { object: u32, strength: f32 }
///
/// impl Plain for Grab { const KIND: Kind = Kind::user(1); }
/// ```
pub trait Plain: bytemuck::Pod {
    /// The kind of the messages that carry this type.
    const KIND: Kind;
}

impl<T: Plain> Content for T {
    const KIND: Kind = <T as Plain>::KIND;

    #[inline]
    fn with_message<R>(&self, send: impl FnOnce(Message<'_>) -> R) -> R {
        send(Message::new(Self::KIND).plain(self))
    }

    #[inline]
    fn decode(bytes: &[u8]) -> Result<Self, ContentError> {
        read_plain(bytes)
    }
}

/// Reads plain data from bytes of any alignment.
///
/// # Errors
/// [`ContentError::Size`] if the length is not the type's.
#[inline]
pub fn read_plain<T: bytemuck::AnyBitPattern>(bytes: &[u8]) -> Result<T, ContentError> {
    bytemuck::try_pod_read_unaligned(bytes)
        .map_err(|_| ContentError::Size { expected: size_of::<T>(), given: bytes.len() })
}

impl Envelope<'_> {
    /// The content as a value of that type.
    ///
    /// # Errors
    /// [`ContentError::Kind`] for a message of another kind, else what [`Content::decode`] says.
    #[inline]
    pub fn content<C: Content>(&self) -> Result<C, ContentError> {
        if self.kind() != C::KIND {
            return Err(ContentError::Kind { expected: C::KIND, given: self.kind() });
        }
        C::decode(self.bytes())
    }
}
