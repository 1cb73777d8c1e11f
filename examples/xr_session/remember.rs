//! The session's spatial memory: what it begins as, and how it ends.
//!
//! Each label of the room has two classes: what the tracker sees under that label, and what the
//! mapper's scan holds under it, which hangs on the anchors.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use xrmesh::memory::{ClassId, ClassOptions, Filter, MemoryConfig, SpatialMemory};
use xrmesh::storage::FileStorage;
use xrmesh::{Mesh, StateHasher};

use crate::args::Args;
use crate::report::grouped;
use crate::surroundings::Surroundings;

/// The classes of a room of so many labels.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Classes(u16);

impl Classes {
    pub(crate) fn of(room: &Surroundings) -> Self {
        // As many as there are things at most, whose numbers fit.
        Self(room.labels.len() as u16)
    }

    /// The class of what is seen as `label`.
    pub(crate) fn seen(self, label: u16) -> ClassId {
        ClassId::new(label)
    }

    /// The class of what was mapped as `label`.
    pub(crate) fn mapped(self, label: u16) -> ClassId {
        ClassId::new(self.0.saturating_add(label))
    }

    pub(crate) fn is_seen(self, class: ClassId) -> bool {
        class.index() < self.0
    }

    /// All that is seen.
    pub(crate) fn all_seen(self) -> Filter {
        Filter::only((0..self.0).map(ClassId::new))
    }

    /// All that is mapped.
    pub(crate) fn all_mapped(self) -> Filter {
        Filter::except((0..self.0).map(ClassId::new))
    }
}

/// A memory with the classes of the room, in RAM or in a store.
///
/// # Errors
/// One line: what is wrong with the store.
pub(crate) fn begin(room: &Surroundings, store: Option<&Path>) -> Result<SpatialMemory, String> {
    let config = MemoryConfig { max_objects: 65_536, ..MemoryConfig::default() };
    let mut memory = match store {
        None => SpatialMemory::new(config).map_err(|error| error.to_string())?,
        Some(folder) => {
            let memory = open(folder, config)?;
            if !memory.is_empty() {
                let folder = folder.display();
                return Err(format!(
                    "{folder}: expected an empty folder or none, found a store of {} objects, whose \
                     times lie behind the beginning of this session: give another folder, or look at \
                     this one with `cargo run --example store -- verify {folder}`",
                    grouped(memory.len() as u64)
                ));
            }
            memory
        }
    };
    let fill = |memory: &mut SpatialMemory| {
        for label in &room.labels {
            let class = memory.class(label)?;
            // What a room holds stands where it is.
            let options = ClassOptions { max_speed_m_s: 0.0, ..ClassOptions::default() };
            memory.set_class_options(class, options)?;
        }
        for label in &room.labels {
            let class = memory.class(&format!("mapped {label}"))?;
            // The mapper knows that it is there: that the camera misses it says nothing.
            let options = ClassOptions { patience: Duration::MAX, ..ClassOptions::default() };
            memory.set_class_options(class, options)?;
        }
        Ok::<_, xrmesh::memory::WriteError>(())
    };
    fill(&mut memory).map_err(|error| error.to_string())?;
    let mapped: Vec<String> = room.labels.iter().map(|label| format!("mapped {label}")).collect();
    let expected = room.labels.iter().chain(&mapped).map(String::as_str);
    if !memory.view().labels().eq(expected) {
        // A store without objects that has other classes: numbers are not theirs.
        let folder = store.map_or_else(String::new, |folder| folder.display().to_string());
        return Err(format!(
            "{folder}: expected an empty folder or none, found a store of another room"
        ));
    }
    Ok(memory)
}

fn open(folder: &Path, config: MemoryConfig) -> Result<SpatialMemory, String> {
    let wrong = |error: String| format!("{}: {error}", folder.display());
    let storage = FileStorage::open(folder).map_err(|error| wrong(error.to_string()))?;
    let opened = SpatialMemory::open(storage, config).map_err(|error| wrong(error.to_string()))?;
    Ok(opened.0)
}

/// What became of the memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct MemoryReport {
    pub(crate) objects: u64,
    pub(crate) frames: u64,
    /// Bytes of the exported map.
    pub(crate) map_bytes: Option<u64>,
    /// Objects that the store held when it was opened again.
    pub(crate) reopened: Option<u64>,
}

impl MemoryReport {
    pub(crate) fn to_json(self) -> Value {
        json!({
            "objects": self.objects,
            "frames": self.frames,
            "map_bytes": self.map_bytes,
            "reopened": self.reopened,
        })
    }

    /// Names and figures, for people.
    pub(crate) fn rows(self) -> impl Iterator<Item = (&'static str, u64)> {
        let rows = [
            ("objects", Some(self.objects)),
            ("anchor frames", Some(self.frames)),
            ("map, bytes", self.map_bytes),
            ("objects reopened", self.reopened),
        ];
        rows.into_iter().filter_map(|(name, figure)| Some((name, figure?)))
    }
}

/// Exports the map, and closes and reopens the store, as far as the user asked for them.
///
/// # Errors
/// One line: which file is at fault, or that the store came back as another memory.
pub(crate) fn finish(mesh: &mut Mesh, args: &Args) -> Result<Option<MemoryReport>, String> {
    let now = mesh.last_tick().unwrap_or_default();
    let Some(memory) = mesh.memory_mut() else { return Ok(None) };
    let view = memory.view();
    let (objects, frames) = (view.objects().count() as u64, view.frames().count() as u64);
    let mut report = MemoryReport { objects, frames, ..MemoryReport::default() };
    if let Some(path) = &args.map {
        let wrong = |error: std::io::Error| format!("{}: {error}", path.display());
        let file = BufWriter::new(File::create(path).map_err(wrong)?);
        report.map_bytes = Some(memory.export_map(file, now).map_err(wrong)?.bytes);
    }
    if let Some(folder) = &args.store {
        let wrong = |error: String| format!("{}: {error}", folder.display());
        let memory = mesh.detach_memory().map_err(|error| error.to_string())?;
        let Some(memory) = memory else { return Ok(Some(report)) };
        let (before, config) = (hash(&memory), memory.config().clone());
        memory.close().map_err(|error| wrong(error.to_string()))?;
        let again = open(folder, config)?;
        if hash(&again) != before {
            return Err(wrong("the store came back as another memory than was closed".to_owned()));
        }
        report.reopened = Some(again.len() as u64);
    }
    Ok(Some(report))
}

fn hash(memory: &SpatialMemory) -> u64 {
    let mut hasher = StateHasher::new();
    memory.hash_state(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate;
    use crate::session::{Session, Setup};
    use xrmesh::Time;

    #[test]
    fn a_session_ends_with_its_map_and_its_store() {
        let folder = std::env::temp_dir().join(format!("xr_session-{}-store", std::process::id()));
        let map = folder.with_extension("json");
        let room = generate::room(2);
        let setup = Setup {
            room: &room,
            motion: generate::walk(2, &room),
            characters: 20,
            workers: 1,
            seed: 1,
            record: None,
            store: Some(&folder),
            processor: None,
        };
        let mut session = Session::new(setup).unwrap();
        for frame in 0..600 {
            session.feed(frame).unwrap();
            session.tick(frame, Session::budget()).unwrap();
        }
        let before = hash(session.mesh.memory().unwrap());
        let args = Args { map: Some(map.clone()), store: Some(folder.clone()), ..Args::default() };
        let report = finish(&mut session.mesh, &args).unwrap().unwrap();
        assert_eq!(report.reopened, Some(report.objects));
        assert!(report.frames > 5 && report.objects > report.frames, "{report:?}");
        let text = std::fs::read(&map).unwrap();
        assert_eq!(report.map_bytes, Some(text.len() as u64));
        let mut again = SpatialMemory::new(MemoryConfig::default()).unwrap();
        again.import_map(&text[..], Time::ZERO).unwrap();
        assert_eq!(hash(&again), before);

        // A store that holds a session takes no other.
        let refused = begin(&Surroundings::of(&room), Some(&folder)).unwrap_err();
        assert!(refused.contains("expected an empty folder"), "{refused}");
        assert!(refused.contains("--example store -- verify"), "{refused}");
        std::fs::remove_file(&map).unwrap();
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
