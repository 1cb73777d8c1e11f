//! Which objects a query takes.

use super::class::ClassId;

/// Which objects a query takes, by class. Made once and used for any number of queries, of any
/// snapshot of one memory: a class keeps its number.
///
/// ```
/// use xrmesh::memory::{ClassId, Filter};
/// let chairs = Filter::only([ClassId::new(3)]);
/// assert!(chairs.accepts(ClassId::new(3)) && !chairs.accepts(ClassId::new(4)));
/// assert!(Filter::except([ClassId::new(3)]).accepts(ClassId::new(4)));
/// assert!(Filter::all().accepts(ClassId::new(9)));
/// ```
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Filter {
    /// A bit for each class number; a class beyond has a bit of zero. None where all are taken.
    named: Option<Box<[u64]>>,
    /// Whether the named ones are left out instead of taken.
    except: bool,
}

impl Filter {
    /// Takes all.
    #[must_use]
    pub const fn all() -> Self {
        Self { named: None, except: false }
    }

    /// Takes objects of these classes. Of no class where there are none.
    #[must_use]
    pub fn only(classes: impl IntoIterator<Item = ClassId>) -> Self {
        Self { named: Some(bits(classes)), except: false }
    }

    /// Takes objects of all but these classes.
    #[must_use]
    pub fn except(classes: impl IntoIterator<Item = ClassId>) -> Self {
        Self { named: Some(bits(classes)), except: true }
    }

    /// Whether it takes all, of any class.
    #[inline]
    #[must_use]
    pub const fn is_all(&self) -> bool {
        self.named.is_none()
    }

    /// Whether it takes objects of `class`. Constant time.
    #[inline]
    #[must_use]
    pub fn accepts(&self, class: ClassId) -> bool {
        let Some(named) = &self.named else { return true };
        let class = usize::from(class.index());
        let is_named = named.get(class / 64).is_some_and(|word| word >> (class % 64) & 1 == 1);
        is_named != self.except
    }
}

fn bits(classes: impl IntoIterator<Item = ClassId>) -> Box<[u64]> {
    let mut words = Vec::new();
    for class in classes {
        let class = usize::from(class.index());
        if words.len() <= class / 64 {
            words.resize(class / 64 + 1, 0);
        }
        words[class / 64] |= 1 << (class % 64);
    }
    words.into_boxed_slice()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_are_as_named() {
        let set = [0u16, 63, 64, 65_535].map(ClassId::new);
        let (only, except) = (Filter::only(set), Filter::except(set));
        for class in (0..=u16::MAX).map(ClassId::new) {
            assert_eq!(only.accepts(class), set.contains(&class));
            assert_eq!(except.accepts(class), !set.contains(&class));
        }
        assert!(!Filter::only([]).accepts(ClassId::new(0)) && !Filter::only([]).is_all());
        assert!(Filter::except([]).accepts(ClassId::new(0)));
    }
}
