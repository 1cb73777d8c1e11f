//! What a receiver expects: one type of content, or one of several.

use crate::message::{Content, ContentError, Envelope, Kind};

/// What can be read from an envelope by its kind: any one [`Content`], or a sum of several that
/// [`contents!`](crate::contents) declares.
pub trait Contents: Sized {
    /// The kinds that it is read from.
    const KINDS: &'static [Kind];

    /// Reads the envelope's payload as what its kind says.
    ///
    /// # Errors
    /// [`ContentError::Kind`] or [`ContentError::UnknownKind`] for a message of another kind, else
    /// what [`Content::decode`] says.
    fn read(envelope: &Envelope<'_>) -> Result<Self, ContentError>;
}

impl<C: Content> Contents for C {
    const KINDS: &'static [Kind] = &[C::KIND];

    #[inline]
    fn read(envelope: &Envelope<'_>) -> Result<Self, ContentError> {
        if envelope.kind() != C::KIND {
            return Err(ContentError::Kind { expected: C::KIND, given: envelope.kind() });
        }
        C::decode(envelope.bytes())
    }
}

impl Envelope<'_> {
    /// The content as a value of that type, or of one of several types.
    ///
    /// # Errors
    /// As for [`Contents::read`].
    #[inline]
    pub fn content<C: Contents>(&self) -> Result<C, ContentError> {
        C::read(self)
    }
}

/// Declares an enum of several [`Content`] types, which is read from a message by its kind.
///
/// The enum is [`Contents`], and made `From` each of its types. Two types of one kind do not compile.
///
/// ```
/// use bytemuck::{Pod, Zeroable};
/// use xrmesh::{Kind, Plain};
///
/// #[derive(Clone, Copy, Debug, Pod, Zeroable)]
/// #[repr(C)]
/// struct Grab { object: u32, strength: f32 }
/// impl Plain for Grab { const KIND: Kind = Kind::user(1); }
///
/// #[derive(Clone, Copy, Debug, Pod, Zeroable)]
/// #[repr(C)]
/// struct Release { object: u32 }
/// impl Plain for Release { const KIND: Kind = Kind::user(2); }
///
/// xrmesh::contents! {
///     /// What a hand does.
///     #[derive(Debug)]
///     enum Input { Grab(Grab), Release(Release) }
/// }
///
/// fn object(input: Input) -> u32 {
///     match input {
///         Input::Grab(grab) => grab.object,
///         Input::Release(release) => release.object,
///     }
/// }
/// assert_eq!(object(Release { object: 7 }.into()), 7);
/// ```
///
/// ```compile_fail
/// # use bytemuck::{Pod, Zeroable};
/// # use xrmesh::{Kind, Plain};
/// # #[derive(Clone, Copy, Pod, Zeroable)]
/// # #[repr(C)]
/// # struct Grab { object: u32 }
/// # impl Plain for Grab { const KIND: Kind = Kind::user(1); }
/// #[derive(Clone, Copy, Pod, Zeroable)]
/// #[repr(C)]
/// struct Drop { object: u32 }
/// impl Plain for Drop { const KIND: Kind = Grab::KIND; }
///
/// xrmesh::contents! { enum Input { Grab(Grab), Drop(Drop) } }
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! contents {
    ($(#[$meta:meta])* $vis:vis enum $name:ident {
        $($(#[$variant_meta:meta])* $variant:ident($content:ty)),+ $(,)?
    }) => {
        $(#[$meta])*
        $vis enum $name {
            $($(#[$variant_meta])* $variant($content)),+
        }

        impl $crate::Contents for $name {
            const KINDS: &'static [$crate::Kind] = {
                const KINDS: &[$crate::Kind] = &[$(<$content as $crate::Content>::KIND),+];
                const { ::core::assert!($crate::Kind::differ(KINDS), "two contents of one kind") };
                KINDS
            };

            #[inline]
            fn read(
                envelope: &$crate::Envelope<'_>,
            ) -> ::core::result::Result<Self, $crate::ContentError> {
                let given = envelope.kind();
                $(if given == <$content as $crate::Content>::KIND {
                    let content = <$content as $crate::Content>::decode(envelope.bytes());
                    return content.map(Self::$variant);
                })+
                let expected = <Self as $crate::Contents>::KINDS;
                ::core::result::Result::Err($crate::ContentError::UnknownKind { expected, given })
            }
        }

        $(impl ::core::convert::From<$content> for $name {
            fn from(content: $content) -> Self {
                Self::$variant(content)
            }
        })+
    };
}
