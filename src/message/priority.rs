//! How urgent a message is.

use core::fmt;
use core::num::NonZeroU8;

/// A priority from 1 (most urgent) to 10 (least); 5 where nothing is said.
///
/// ```
/// use xrmesh::Priority;
/// assert!(Priority::new(1)? < Priority::DEFAULT); // sorts as it is served
/// assert_eq!(Priority::new(11).unwrap_err().to_string(), "priority 11 is not in 1..=10");
/// # Ok::<(), xrmesh::InvalidPriority>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct Priority(NonZeroU8);

/// A priority outside 1..=10.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("priority {given} is not in 1..=10")]
pub struct InvalidPriority {
    /// The number given.
    pub given: u8,
}

impl Priority {
    /// The number of priorities.
    pub const COUNT: usize = 10;
    /// The most urgent.
    pub const MOST_URGENT: Self = Self(NonZeroU8::MIN);
    /// What a message has when nothing is said: 5.
    pub const DEFAULT: Self = Self(NonZeroU8::new(5).unwrap());
    /// The least urgent.
    pub const LEAST_URGENT: Self = Self(NonZeroU8::new(Self::COUNT as u8).unwrap());

    /// The priority `number`.
    ///
    /// # Errors
    /// [`InvalidPriority`] outside 1..=10.
    #[inline]
    pub const fn new(number: u8) -> Result<Self, InvalidPriority> {
        match NonZeroU8::new(number) {
            Some(given) if number <= Self::COUNT as u8 => Ok(Self(given)),
            _ => Err(InvalidPriority { given: number }),
        }
    }

    /// 1 to 10.
    #[inline]
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0.get()
    }

    /// 0 to 9: the index of the level that serves it.
    #[inline]
    pub(crate) const fn level(self) -> usize {
        self.0.get() as usize - 1
    }
}

impl Default for Priority {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl fmt::Debug for Priority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Priority({})", self.0)
    }
}

impl fmt::Display for Priority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}
