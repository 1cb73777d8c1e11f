//! The loaders: a room scan, a headset recording, a trajectory.
//!
//! 1. A loader never panics and never returns half a result: it gives a whole room or motion, or
//!    one [`FileError`], which prints as one line `file:line:column: what is wrong`.
//! 2. A file above [`MAX_BYTES`] is refused before it is read; a pipe is read up to that bound.
//! 3. Numbers are finite and within stated limits, quaternions are normalised, times increase.
//! 4. What a file holds beyond the fields used here is skipped.

mod error;
mod json;
mod motion;
mod room;
mod trajectory;

use std::fs::File;
use std::io::Read;
use std::path::Path;

pub(crate) use error::FileError;

use crate::motion::Motion;
use crate::room::Room;
use error::escape;

/// The largest file that is read: 256 MiB.
pub(crate) const MAX_BYTES: u64 = 256 << 20;

/// Reads a room scan.
///
/// # Errors
/// See the [module](self) docs.
pub(crate) fn load_room(path: &Path) -> Result<Room, FileError> {
    let text = read_text(path, MAX_BYTES)?;
    room::parse(path, &text)
}

/// Reads a headset recording or a TUM trajectory, told apart by their content.
///
/// # Errors
/// See the [module](self) docs.
pub(crate) fn load_motion(path: &Path) -> Result<Motion, FileError> {
    let text = read_text(path, MAX_BYTES)?;
    match sniff(&text) {
        Some(Format::Recording) => motion::parse(path, &text),
        Some(Format::Trajectory) => trajectory::parse(path, &text),
        None => {
            let found: String = text.trim_start().chars().take(20).collect();
            Err(FileError::at_offset(
                path,
                &text,
                text.len() - text.trim_start().len(),
                "a headset recording (JSON) or a TUM trajectory (lines of 8 numbers)",
                format!("\"{}\"", escape(&found)),
            ))
        }
    }
}

enum Format {
    Recording,
    Trajectory,
}

fn sniff(text: &str) -> Option<Format> {
    match text.trim_start().chars().next()? {
        '{' | '[' => Some(Format::Recording),
        '#' | '0'..='9' | '+' | '-' | '.' => Some(Format::Trajectory),
        _ => None,
    }
}

/// The whole of a file as text, without a leading byte order mark.
fn read_text(path: &Path, limit: u64) -> Result<String, FileError> {
    let failed = |error: std::io::Error| {
        let found = match error.kind() {
            std::io::ErrorKind::NotFound => "no such file".to_owned(),
            std::io::ErrorKind::PermissionDenied => "no permission to read it".to_owned(),
            _ => error.to_string(),
        };
        FileError::whole(path, "a readable file", found)
    };
    let mut file = File::open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    if metadata.is_dir() {
        return Err(FileError::whole(path, "a file", "a directory"));
    }
    let too_large =
        |found: String| FileError::whole(path, format!("a file of at most {limit} bytes"), found);
    if metadata.len() > limit {
        return Err(too_large(format!("{} bytes", metadata.len())));
    }
    let mut bytes = Vec::new();
    // One byte more than allowed, so that a pipe or a growing file shows itself as too large.
    file.by_ref().take(limit + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > limit {
        return Err(too_large("more".to_owned()));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let bytes = error.as_bytes();
        let before = String::from_utf8_lossy(&bytes[..good]);
        let found = format!("byte 0x{:02x}", bytes[good]);
        FileError::at_offset(path, &before, before.len(), "UTF-8 text", found)
    })?;
    let text = match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    };
    if text.trim().is_empty() {
        return Err(FileError::whole(path, "content", "an empty file"));
    }
    Ok(text)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::path::PathBuf;

    /// A file of the shared captures; `None`, with the reason printed, where they are absent.
    pub(crate) fn capture(name: &str) -> Option<PathBuf> {
        let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data")).join(name);
        if path.exists() {
            return Some(path);
        }
        assert!(std::env::var_os("CI").is_none(), "the capture {} is missing", path.display());
        println!("ignored: the capture {} is missing", path.display());
        None
    }

    /// A file of this test run, removed when dropped.
    struct Scratch(PathBuf);

    impl Scratch {
        fn new(name: &str, bytes: &[u8]) -> Self {
            let name = format!("xr_session-{}-{name}", std::process::id());
            let path = std::env::temp_dir().join(name);
            std::fs::write(&path, bytes).unwrap();
            Self(path)
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = std::fs::remove_file(&self.0);
        }
    }

    /// What both loaders say of `bytes`, without the folder.
    fn errors(name: &str, bytes: &[u8]) -> [String; 2] {
        let file = Scratch::new(name, bytes);
        let lines = [load_room(&file.0).err(), load_motion(&file.0).err()];
        lines.map(|error| {
            let line = error.expect("refused").to_string();
            assert!(!line.contains('\n'), "{line}");
            line.replace(&file.0.display().to_string(), name)
        })
    }

    #[test]
    fn files_that_cannot_be_read_are_refused() {
        let missing = load_room(Path::new("/nowhere/room.json")).unwrap_err().to_string();
        assert_eq!(missing, "/nowhere/room.json: expected a readable file, found no such file");
        let folder = load_motion(&std::env::temp_dir()).unwrap_err().to_string();
        assert!(folder.ends_with(": expected a file, found a directory"), "{folder}");
        for bytes in [&b""[..], b" \n\t", b"\xef\xbb\xbf\n"] {
            for line in errors("empty", bytes) {
                assert_eq!(line, "empty: expected content, found an empty file");
            }
        }
        for line in errors("latin1", b"{\n \"a\": \"\xff\"}") {
            assert_eq!(line, "latin1:2:8: expected UTF-8 text, found byte 0xff");
        }
    }

    #[test]
    fn a_file_above_the_limit_is_refused_before_it_is_read() {
        let file = Scratch::new("large", b"");
        // Sparse: the length is there, the bytes are not.
        File::options().write(true).open(&file.0).unwrap().set_len(MAX_BYTES + 1).unwrap();
        let line = load_room(&file.0).unwrap_err().to_string();
        assert!(
            line.ends_with("expected a file of at most 268435456 bytes, found 268435457 bytes")
        );
        let file = Scratch::new("limit", b"12345");
        assert_eq!(read_text(&file.0, 5).unwrap(), "12345");
        assert!(read_text(&file.0, 4).is_err());
    }

    #[test]
    fn motion_files_are_told_apart_by_content() {
        let [_, line] = errors("prose", b"\n  Once upon a time");
        assert_eq!(
            line,
            "prose:2:3: expected a headset recording (JSON) or a TUM trajectory (lines of 8 \
             numbers), found \"Once upon a time\""
        );
        let trajectory =
            Scratch::new("walk.json", b"# a TUM file by another name\n0 0 0 1 0 0 0 1");
        assert_eq!(load_motion(&trajectory.0).unwrap().headset.samples.len(), 1);
        let marked = Scratch::new("marked", b"\xef\xbb\xbf0 0 0 1 0 0 0 1");
        assert!(load_motion(&marked.0).is_ok());
    }
}
