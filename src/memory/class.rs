//! Classes: interned labels.

use std::collections::BTreeMap;
use std::sync::Arc;

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

/// The labels of a memory by number, and the numbers by label.
#[derive(Clone, Debug, Default)]
pub(super) struct Classes {
    labels: Vec<Arc<str>>,
    numbers: BTreeMap<Arc<str>, ClassId>,
}

impl Classes {
    /// How many labels there are; the next gets this number.
    pub(super) const fn len(&self) -> usize {
        self.labels.len()
    }

    pub(super) fn find(&self, label: &str) -> Option<ClassId> {
        self.numbers.get(label).copied()
    }

    pub(super) fn label(&self, class: ClassId) -> Option<&Arc<str>> {
        self.labels.get(usize::from(class.index()))
    }

    /// The labels in the order of their numbers.
    pub(super) fn labels(&self) -> &[Arc<str>] {
        &self.labels
    }

    /// Gives the next number to a label that has none.
    pub(super) fn push(&mut self, label: &str) {
        let label: Arc<str> = label.into();
        let class = ClassId::new(self.labels.len() as u16);
        self.labels.push(Arc::clone(&label));
        self.numbers.insert(label, class);
    }
}
