//! What is wrong with a file, on one line.

use core::fmt;
use std::path::{Path, PathBuf};

use xrmesh::memory::map::MapError;

/// The file, where in it, and what is wrong there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FileError {
    path: PathBuf,
    /// Line and column, both from 1.
    place: Option<(usize, usize)>,
    wrong: String,
}

impl FileError {
    /// About the file as a whole.
    pub(crate) fn whole(
        path: &Path,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) -> Self {
        let wrong = format!("expected {}, found {}", expected.into(), found.into());
        Self { path: path.to_owned(), place: None, wrong }
    }

    /// What the library says of a map or a scan.
    pub(crate) fn of_map(path: &Path, error: &MapError) -> Self {
        let place = (error.place.line as usize, error.place.column as usize);
        let under = if error.path.is_empty() { "" } else { ": " };
        let wrong = format!("{}{under}{}", error.path, error.kind);
        Self { path: path.to_owned(), place: Some(place), wrong: escape(&wrong) }
    }

    /// About a line and a column, both from 1.
    pub(crate) fn at(
        path: &Path,
        place: (usize, usize),
        expected: impl Into<String>,
        found: impl Into<String>,
    ) -> Self {
        Self { place: Some(place), ..Self::whole(path, expected, found) }
    }

    /// About the byte `offset` of `text`, which lies on a character's boundary.
    pub(crate) fn at_offset(
        path: &Path,
        text: &str,
        offset: usize,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) -> Self {
        let before = &text[..offset];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        Self::at(path, (line, column), expected, found)
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", escape(&self.path.display().to_string()))?;
        if let Some((line, column)) = self.place {
            write!(f, "{line}:{column}:")?;
        }
        write!(f, " {}", self.wrong)
    }
}

impl core::error::Error for FileError {}

/// `text` with line breaks and other control characters written out, and cut after 160 characters:
/// whatever a file holds, its error stays one readable line.
pub(crate) fn escape(text: &str) -> String {
    let mut line = String::new();
    for (count, character) in text.chars().enumerate() {
        if count == 160 {
            line.push('…');
            break;
        }
        if character.is_control() {
            line.extend(character.escape_default());
        } else {
            line.push(character);
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_one_line_with_its_place() {
        let path = Path::new("walk.txt");
        let error = FileError::at_offset(path, "a\nbc\ndé!", 9, "a digit", "\"!\"");
        assert_eq!(error.to_string(), "walk.txt:3:4: expected a digit, found \"!\"");
        let error = FileError::whole(Path::new("a\nb"), "a file", "a directory");
        assert_eq!(error.to_string(), "a\\nb: expected a file, found a directory");
        assert_eq!(escape(&"x".repeat(200)).chars().count(), 161);
    }
}
