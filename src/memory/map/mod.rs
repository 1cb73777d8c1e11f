//! Maps: a memory as JSON, out and in, and room scans in.
//!
//! 1. A map streams both ways. Reading keeps typed records only, never a tree of the JSON; writing
//!    goes through a snapshot record by record, so writers of the memory go on meanwhile.
//! 2. Nothing is believed: a map is read whole and checked ([`Map::read`]) before a memory takes
//!    any of it, so an import that fails leaves the memory as it was. What a file *says* of its size
//!    reserves nothing.
//! 3. Every error says what is wrong where: line, column, byte offset, and the path of the key
//!    (`objects["chair"].position.x`). Unknown and repeated keys are errors.
//! 4. All is bounded by [`MapLimits`]: the file, one record, the text of a name, the nesting of an
//!    object's own JSON, and how many records there are.
//! 5. A map that this library wrote comes back bit for bit: what the documented fields cannot say
//!    stands beside them under `xrmesh`. Where both say something of one thing they must agree, so
//!    an edit of the documented one is refused and never quietly ignored. A map without `xrmesh`
//!    (another program's) is taken by the documented fields alone.
//!
//! # Format
//! One JSON object with the keys `xrmesh` (ours; first), `objects`, `regions` and `metadata`, each
//! optional and at most once:
//!
//! ```json
//! {
//!   "xrmesh": { "version": 1, "classes": ["chair"],
//!               "frames": { "1": { "name": "desk", "parent": 0,
//!                                  "position": [0, 0, -1], "orientation": [0, 0, 0, 1] } },
//!               "vacant": ["1v2"], "aliases": { "1v1": "0v1" }, "next_frame": 2, "next_region": 1 },
//!   "objects": { "0v1": {
//!     "position": { "x": 1, "y": 0, "z": -1, "rotation_x": 0, "rotation_y": 90, "rotation_z": 0 },
//!     "bounding_box": { "min": { "x": -0.3, "y": -0.4, "z": -0.3 },
//!                       "max": { "x": 0.3, "y": 0.4, "z": 0.3 } },
//!     "object_class": "chair", "confidence": 0.9, "persistence_score": 1,
//!     "semantic_features": { "colour": "green" },
//!     "xrmesh": { "id": "0v1", "frame": 1, "position": [1, 0, 0],
//!                 "orientation": [0, 0.70710677, 0, 0.70710677], "half_extents": [0.3, 0.4, 0.3],
//!                 "velocity": [0, 0, 0.1], "first_seen_ns": 5, "last_seen_ns": 7,
//!                 "attributes": "json" } } },
//!   "regions": { "0": {
//!     "boundary_points": [{ "x": 0, "y": 0, "z": 0 }, { "x": 4, "y": 0, "z": 0 }, { "x": 4, "y": 2.5, "z": -4 }],
//!     "region_type": "room", "properties": {}, "contained_objects": ["0v1"],
//!     "xrmesh": { "id": 0, "name": "kitchen", "up": "y" } } },
//!   "metadata": { "export_timestamp": 1.5, "memory_capacity": 100000,
//!                 "total_objects": 1, "total_regions": 1 }
//! }
//! ```
//!
//! * `vacant` lists the last objects of slots in which none lives, and `aliases` the ids of objects that
//!   were merged into another: so no id comes back for another thing.
//! * `position` is in the world: metres, and rotations in degrees, applied about the object's own Y,
//!   then X, then Z (intrinsic YXZ: yaw, pitch, roll, as Unity, A-Frame and three.js' `YXZ` have it);
//!   see [`rotation`]. A point may also be `[x, y, z]`.
//! * `bounding_box` lies along the object's own axes about its position, in metres. One that is not
//!   centred shifts the object to the box's middle. Without it the object is a point.
//! * `semantic_features` is any JSON value. An array of numbers is a feature vector
//!   ([`Attributes::Features`](super::Attributes)), `{}` and `null` are nothing, the rest is kept as text.
//! * `confidence` and `persistence_score` are 0 to 1 and 1 where absent.
//! * `boundary_points` are metres in the world, in order around the region; it reaches from the
//!   lowest to the highest of them. `contained_objects` follows from where things are: it is written
//!   for others and not read.
//! * `export_timestamp` is in seconds of the host's time line. `total_objects` and `total_regions`
//!   must be right where they are given. Other keys of `metadata` are skipped.
//! * An object's key is its name, or its id where it has none (or one that two objects share, or one
//!   that reads as an id). Keys of another program's map become names.

mod area_record;
mod cursor;
mod document;
mod error;
mod exact_record;
mod export;
mod features;
mod fields;
mod header_record;
mod id;
mod import;
mod input;
mod limits;
mod number;
mod object_record;
mod position;
mod read;
pub mod rotation;
mod scan;
mod scan_read;
mod source;
mod text;
mod write;

pub use document::{Map, MapObject};
pub use error::{MapError, MapErrorKind, Place};
pub use import::{ImportError, Imported};
pub use limits::{MapLimits, ScanLimits};
pub use scan::{RoomScan, ScanEntity, ScanMesh, ScanPlane, ScanVolume};
pub use write::ExportReport;

#[cfg(test)]
mod memory_tests;
#[cfg(test)]
mod tests;
