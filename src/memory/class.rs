//! Classes: interned labels.

/// The number that a class label has in one memory. A label keeps its number for as long as the
/// store lives.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(transparent)]
pub struct ClassId(u16);

impl ClassId {
    /// The class of the number `index`.
    #[inline]
    #[must_use]
    pub const fn new(index: u16) -> Self {
        Self(index)
    }

    /// Its number: dense, from zero in the order of the labels' first use.
    #[inline]
    #[must_use]
    pub const fn index(self) -> u16 {
        self.0
    }
}
