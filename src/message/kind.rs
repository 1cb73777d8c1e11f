//! What a message is about.

use core::fmt;

/// The kind of a message: one of the eight kinds of XR traffic, a notice of the mesh, or a kind that
/// the application numbers itself.
///
/// ```
/// use xrmesh::Kind;
/// const WAVE: Kind = Kind::user(7);
/// assert_eq!(WAVE.as_user(), Some(7));
/// assert_eq!(Kind::GESTURE_RECOGNITION.as_user(), None);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct Kind(u16);

impl Kind {
    /// Positions and orientations in space.
    pub const SPATIAL_COORDINATES: Self = Self(1);
    /// Objects seen.
    pub const OBJECT_DETECTION: Self = Self(2);
    /// Gestures recognised.
    pub const GESTURE_RECOGNITION: Self = Self(3);
    /// Haptic output.
    pub const HAPTIC_FEEDBACK: Self = Self(4);
    /// Sound placed in space.
    pub const SPATIAL_AUDIO: Self = Self(5);
    /// Tracked features and devices.
    pub const VISUAL_TRACKING: Self = Self(6);
    /// The map of the surroundings.
    pub const ENVIRONMENT_MAP: Self = Self(7);
    /// Bodies, contacts, forces.
    pub const PHYSICS_STATE: Self = Self(8);
    /// Notice of the mesh: a message that asked for word of its fate was dropped. The payload is an
    /// [`Undelivered`](crate::Undelivered).
    pub const UNDELIVERED: Self = Self(9);
    /// Notice of the mesh: a question was not answered in time. [`Envelope::answer_to`](crate::Envelope::answer_to)
    /// names it.
    pub const TIMED_OUT: Self = Self(10);
    /// Notice of the mesh: a command that a handler gave was refused when it was applied. The payload
    /// is a [`Refused`](crate::Refused).
    pub const REFUSED: Self = Self(11);
    /// What a processor made of a vector that the agent submitted:
    /// [`Envelope::answer_to`](crate::Envelope::answer_to) names the submission,
    /// [`Envelope::values`](crate::Envelope::values) are the outputs.
    pub const INFERENCE: Self = Self(12);

    const FIRST_USER: u16 = 16;
    /// The largest number that [`user`](Self::user) takes.
    pub const MAX_USER: u16 = u16::MAX - Self::FIRST_USER;

    /// The application's kind `number`; numbers above [`MAX_USER`](Self::MAX_USER) are taken as it.
    #[inline]
    #[must_use]
    pub const fn user(number: u16) -> Self {
        Self(Self::FIRST_USER + if number > Self::MAX_USER { Self::MAX_USER } else { number })
    }

    /// The application's number, if this is a kind of the application.
    #[inline]
    #[must_use]
    pub const fn as_user(self) -> Option<u16> {
        self.0.checked_sub(Self::FIRST_USER)
    }

    /// Whether it is a notice of the mesh and not a message of an agent or the host.
    #[inline]
    #[must_use]
    pub const fn is_notice(self) -> bool {
        matches!(self, Self::UNDELIVERED | Self::TIMED_OUT | Self::REFUSED)
    }

    /// Whether no kind is there twice; checks the kinds of [`contents!`](crate::contents) at compile
    /// time. O(n²).
    #[must_use]
    pub const fn differ(kinds: &[Self]) -> bool {
        let mut at = 0;
        while at < kinds.len() {
            let mut other = at + 1;
            while other < kinds.len() {
                if kinds[at].0 == kinds[other].0 {
                    return false;
                }
                other += 1;
            }
            at += 1;
        }
        true
    }

    /// The kind as one integer, stable across versions.
    #[inline]
    #[must_use]
    pub const fn to_bits(self) -> u16 {
        self.0
    }

    /// The kind that [`to_bits`](Self::to_bits) gave; `None` for a number that no version has used.
    #[must_use]
    pub const fn from_bits(bits: u16) -> Option<Self> {
        if bits == 0 || (bits > Self::INFERENCE.0 && bits < Self::FIRST_USER) {
            None
        } else {
            Some(Self(bits))
        }
    }
}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match *self {
            Self::SPATIAL_COORDINATES => "spatial coordinates",
            Self::OBJECT_DETECTION => "object detection",
            Self::GESTURE_RECOGNITION => "gesture recognition",
            Self::HAPTIC_FEEDBACK => "haptic feedback",
            Self::SPATIAL_AUDIO => "spatial audio",
            Self::VISUAL_TRACKING => "visual tracking",
            Self::ENVIRONMENT_MAP => "environment map",
            Self::PHYSICS_STATE => "physics state",
            Self::UNDELIVERED => "undelivered",
            Self::TIMED_OUT => "timed out",
            Self::REFUSED => "refused",
            Self::INFERENCE => "inference",
            Self(bits) => return write!(f, "user {}", bits - Self::FIRST_USER),
        })
    }
}
