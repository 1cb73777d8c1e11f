//! A room scan: labelled entities with poses, flat or solid bounds, and a triangle mesh.

use std::io::Read;

use super::super::area::{Area, AreaId};
use super::super::class::ClassId;
use super::super::frame::FrameId;
use super::super::object::{Attributes, Object, ObjectId};
use super::document::{Map, MapObject};
use super::error::MapError;
use super::limits::ScanLimits;
use super::scan_read;
use crate::space::{Pose, UpAxis, Vec3};
use crate::time::Time;
use core::num::NonZeroU32;

/// A room as a Meta Quest scanned it.
///
/// The JSON has `spatialEntities[]` with `uuid`, `semanticLabel_META`,
/// `locatable_META {position, orientation}`, and where present `bounded2D_META {offset, extent}`,
/// `bounded3D_META {offset, extent}` and `triangleMesh_META {vertices, indices}`; other keys are
/// skipped. A mesh's arrays are Base64 of little-endian values: f32 triples in metres, and u32
/// indices, three a triangle.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct RoomScan {
    /// Its entities, in the order of the file.
    pub entities: Vec<ScanEntity>,
}

/// One thing of a scanned room.
#[derive(Clone, PartialEq, Debug)]
pub struct ScanEntity {
    /// Its name: never empty, and of no other entity.
    pub uuid: Box<str>,
    /// What the scanner took it for, such as `TABLE`.
    pub label: Box<str>,
    /// Where it is in the room.
    pub pose: Pose,
    /// Its bounds, where it is flat.
    pub plane: Option<ScanPlane>,
    /// Its bounds, where it is solid.
    pub volume: Option<ScanVolume>,
    /// Its surface.
    pub mesh: Option<ScanMesh>,
}

/// A rectangle in the X and Z axes of its entity's frame, in metres. Y is its normal, though the
/// file calls the second field `y` and `height`.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct ScanPlane {
    /// The corner of lowest X and Z.
    pub low: [f32; 2],
    /// Its size along X and Z.
    pub size: [f32; 2],
}

/// A box along the axes of its entity's frame, in metres.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct ScanVolume {
    /// Its lowest corner.
    pub low: Vec3,
    /// Its size.
    pub size: Vec3,
}

/// Triangles in their entity's frame. Every index is below the number of vertices.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct ScanMesh {
    /// The vertices, in metres.
    pub vertices: Vec<Vec3>,
    /// Three vertices each.
    pub triangles: Vec<[u32; 3]>,
}

/// The labels of what bounds a room below and above.
const FLOOR: &str = "FLOOR";
const CEILING: &str = "CEILING";

impl RoomScan {
    /// Reads a scan.
    ///
    /// # Errors
    /// [`MapError`] with the place and the path of the first thing that is wrong. A scan without
    /// entities is wrong too.
    pub fn read(reader: impl Read, limits: &ScanLimits) -> Result<Self, MapError> {
        scan_read::scan(reader, limits)
    }

    /// The scan as a map, seen at `seen_at`: each entity an object of its label's class, named by
    /// its uuid, with the box around its bounds: of its volume, else of its plane (then without
    /// thickness), else of its mesh, else a point. Each floor becomes an area of the kind `room`,
    /// whose outline is the floor's and which reaches up to the highest ceiling. Triangles are not
    /// kept.
    #[must_use]
    pub fn into_map(self, seen_at: Time) -> Map {
        let ceilings = self.entities.iter().filter(|entity| *entity.label == *CEILING);
        let top = ceilings.flat_map(ScanEntity::outline).map(|corner| corner.y);
        let top = top.reduce(f32::max);
        let floors = self.entities.iter().filter(|entity| *entity.label == *FLOOR);
        let outlines = floors.map(|floor| (floor.outline(), &floor.uuid));
        let areas = outlines.filter(|(outline, _)| !outline.is_empty()).zip(0..);
        let areas = areas.map(|((outline, uuid), number)| Area {
            id: AreaId::new(number),
            name: uuid.clone(),
            kind: "room".into(),
            boundary: raised(outline, top),
            up: UpAxis::Y,
            properties: "{}".into(),
        });
        let areas = areas.collect();
        let mut labels: Vec<Box<str>> = Vec::new();
        let mut objects = Vec::with_capacity(self.entities.len());
        for (entity, slot) in self.entities.into_iter().zip(0..) {
            let known = labels.iter().position(|label| *label == entity.label);
            let class = known.unwrap_or_else(|| {
                labels.push(entity.label.clone());
                labels.len() - 1
            });
            let (pose, half_extents) = entity.placed();
            let object = Object {
                id: ObjectId::new(slot, NonZeroU32::MIN),
                class: ClassId::new(class as u16),
                pose,
                half_extents,
                velocity: None,
                confidence: 1.0,
                persistence: 1.0,
                first_seen: seen_at,
                last_seen: seen_at,
                frame: FrameId::WORLD,
                attributes: Attributes::None,
            };
            objects.push(MapObject { object, name: Some(entity.uuid) });
        }
        Map { labels, objects, areas, ..Map::default() }
    }
}

impl ScanEntity {
    /// The pose of the middle of its bounds, and half their size along its axes.
    #[must_use]
    pub fn placed(&self) -> (Pose, Vec3) {
        let Some((low, high)) = self.bounds() else { return (self.pose, Vec3::ZERO) };
        let middle = (low + high) * 0.5;
        let pose = Pose::new(self.pose.transform_point(middle), self.pose.orientation());
        // What is read lies within limits that are far from overflow.
        (pose.unwrap_or(self.pose), (high - low) * 0.5)
    }

    /// The corners of its plane in order, in the room; none where it is not flat.
    #[must_use]
    pub fn outline(&self) -> Vec<Vec3> {
        let Some(ScanPlane { low: [x, z], size: [width, depth] }) = self.plane else {
            return Vec::new();
        };
        [(0.0, 0.0), (width, 0.0), (width, depth), (0.0, depth)]
            .map(|(dx, dz)| self.pose.transform_point(Vec3::new(x + dx, 0.0, z + dz)))
            .into()
    }

    /// Its bounds in its own frame.
    fn bounds(&self) -> Option<(Vec3, Vec3)> {
        if let Some(ScanVolume { low, size }) = self.volume {
            return Some((low, low + size));
        }
        if let Some(ScanPlane { low: [x, z], size: [width, depth] }) = self.plane {
            return Some((Vec3::new(x, 0.0, z), Vec3::new(x + width, 0.0, z + depth)));
        }
        let vertices = &self.mesh.as_ref()?.vertices;
        let first = *vertices.first()?;
        let around =
            |(low, high): (Vec3, Vec3), vertex: &Vec3| (low.min(*vertex), high.max(*vertex));
        Some(vertices.iter().fold((first, first), around))
    }
}

/// The outline with its first corner once more, as high as `top`: an area reaches from its lowest to
/// its highest corner.
fn raised(mut outline: Vec<Vec3>, top: Option<f32>) -> Box<[Vec3]> {
    if let (Some(&first), Some(top)) = (outline.first(), top)
        && top > first.y
    {
        outline.insert(1, Vec3::new(first.x, top, first.z));
    }
    outline.into()
}
