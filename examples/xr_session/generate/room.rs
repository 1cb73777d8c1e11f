//! A living room: shell, openings, furniture, each seed with its own measures.

use core::f32::consts::{FRAC_PI_2, PI};

use xrmesh::random::{Counter, Stream};
use xrmesh::{Pose, Quat, Vec3};

use crate::pose::{about, posed};
use crate::room::{Entity, Label, Plane, Room, TriangleMesh, Volume};

/// The stream of the seed that rooms are drawn from.
const STREAM: [u32; 2] = [1, 0];
/// Spacing of the scan's vertices on the walls and the floor, in metres.
const MESH_STEP: f32 = 0.25;

/// The room of `seed`: its floor at height zero, centred on the origin.
pub(crate) fn room(seed: u64) -> Room {
    let mut draw = Counter::new(seed, STREAM).stream_from(0);
    let mut between = |low: f32, high: f32| low + (high - low) * draw.uniform_f32();
    let width = between(5.6, 6.8);
    let depth = between(4.6, 5.4);
    let height = between(2.5, 2.9);
    let (right, back, front) = (0.5 * width, -0.5 * depth, 0.5 * depth);
    let table = [between(-1.5, -1.2), between(0.1, 0.4)];
    let couch = between(-0.4, 0.4);
    let window = between(-0.5, 0.5);
    let door = between(0.8, 1.4);

    let mut builder =
        Builder { entities: Vec::new(), uuids: Counter::new(seed, [2, 0]).stream_from(0) };
    let mut place = |label: &str, pose: Pose, plane: Option<Plane>, volume: Option<Volume>| {
        builder.place(label, pose, plane, volume);
    };

    let flat = |x_size: f32, z_size: f32| {
        Some(Plane { low: [-0.5 * x_size, -0.5 * z_size], size: [x_size, z_size] })
    };
    let down = about(Vec3::new(1.0, 0.0, 0.0), PI);
    let pose = |x, y, z, orientation| posed(Vec3::new(x, y, z), orientation);
    place("FLOOR", pose(0.0, 0.0, 0.0, Quat::IDENTITY), flat(width, depth), None);
    place("CEILING", pose(0.0, height, 0.0, down), flat(width, depth), None);

    // Yaw 0 faces +Z, into the room from the back wall.
    let upright = |yaw: f32| {
        about(Vec3::new(0.0, 1.0, 0.0), yaw) * about(Vec3::new(1.0, 0.0, 0.0), FRAC_PI_2)
    };
    let walls = [
        (0.0, back, width, 0.0),
        (0.0, front, width, PI),
        (-right, 0.0, depth, FRAC_PI_2),
        (right, 0.0, depth, -FRAC_PI_2),
    ];
    for (x, z, length, yaw) in walls {
        place("WALL_FACE", pose(x, 0.5 * height, z, upright(yaw)), flat(length, height), None);
    }
    place("DOOR_FRAME", pose(door, 1.03, front, upright(PI)), flat(0.92, 2.06), None);
    place("WINDOW_FRAME", pose(-right, 1.5, window, upright(FRAC_PI_2)), flat(1.6, 1.2), None);
    place("WALL_ART", pose(right, 1.65, couch, upright(-FRAC_PI_2)), flat(1.1, 0.7), None);

    let mut stand = |label: &str, x: f32, y: f32, z: f32, [w, h, d]: [f32; 3]| {
        let low = Vec3::new(-0.5 * w, 0.0, -0.5 * d);
        let volume = Volume { low, size: Vec3::new(w, h, d) };
        place(label, pose(x, y, z, Quat::IDENTITY), None, Some(volume));
    };
    let [x, z] = table;
    stand("TABLE", x, 0.0, z, [1.7, 0.74, 0.85]);
    for (dx, dz) in [(-0.42, -0.62), (0.42, -0.62), (-0.42, 0.62), (0.42, 0.62)] {
        stand("CHAIR", x + dx, 0.0, z + dz, [0.44, 0.88, 0.44]);
    }
    stand("COUCH", right - 0.48, 0.0, couch, [0.92, 0.8, 2.1]);
    stand("TABLE", right - 1.5, 0.0, couch, [0.55, 0.42, 1.05]);
    stand("STORAGE", -right + 0.95, 0.0, back + 0.21, [1.5, 1.9, 0.42]);
    stand("STORAGE", right - 1.5, 0.0, back + 0.2, [1.5, 0.48, 0.4]);
    stand("SCREEN", right - 1.5, 0.5, back + 0.14, [1.22, 0.7, 0.07]);
    stand("PLANT", -right + 0.32, 0.0, front - 0.32, [0.4, 1.25, 0.4]);
    stand("LAMP", right - 0.28, 0.0, front - 0.28, [0.32, 1.6, 0.32]);

    let mesh = shell_mesh(width, height, depth);
    let scan = pose(0.0, 0.0, 0.0, Quat::IDENTITY);
    builder.place("GLOBAL_MESH", scan, None, None);
    if let Some(entity) = builder.entities.last_mut() {
        entity.mesh = Some(mesh);
    }
    Room { entities: builder.entities }
}

struct Builder {
    entities: Vec<Entity>,
    uuids: Stream,
}

impl Builder {
    fn place(&mut self, label: &str, pose: Pose, plane: Option<Plane>, volume: Option<Volume>) {
        let (high, low) = (self.uuids.next_u64(), self.uuids.next_u64());
        // Version 4, variant 1 of RFC 9562.
        let uuid = format!(
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            high >> 32,
            high >> 16 & 0xffff,
            high & 0xfff,
            low >> 48 & 0x3fff | 0x8000,
            low & 0xffff_ffff_ffff
        );
        let label = Label::from_name(label);
        self.entities.push(Entity { uuid, label, pose, plane, volume, mesh: None });
    }
}

/// The floor and the four walls as a scanner would triangulate them, in squares.
fn shell_mesh(width: f32, height: f32, depth: f32) -> TriangleMesh {
    let mut mesh = TriangleMesh::default();
    let corner = Vec3::new(-0.5 * width, 0.0, -0.5 * depth);
    let [x, y, z] =
        [Vec3::new(width, 0.0, 0.0), Vec3::new(0.0, height, 0.0), Vec3::new(0.0, 0.0, depth)];
    for (origin, u, v) in
        [(corner, x, z), (corner, x, y), (corner + z, x, y), (corner, z, y), (corner + x, z, y)]
    {
        let cells = |side: Vec3| (side.length() / MESH_STEP).ceil() as u32;
        let (columns, rows) = (cells(u), cells(v));
        let first = mesh.vertices.len() as u32;
        for row in 0..=rows {
            for column in 0..=columns {
                let along = u * (column as f32 / columns as f32);
                mesh.vertices.push(origin + along + v * (row as f32 / rows as f32));
            }
        }
        for row in 0..rows {
            for column in 0..columns {
                let a = first + row * (columns + 1) + column;
                let above = a + columns + 1;
                mesh.triangles.extend([[a, a + 1, above], [a + 1, above + 1, above]]);
            }
        }
    }
    mesh
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn rooms_follow_from_their_seed() {
        assert_eq!(room(7), room(7));
        assert_ne!(room(7), room(8));
    }

    #[test]
    fn everything_lies_inside_the_walls_and_has_its_own_uuid() {
        for seed in 0..100 {
            let room = room(seed);
            let [low, high] = room.extent().unwrap();
            let mut uuids = BTreeSet::new();
            for entity in &room.entities {
                assert!(uuids.insert(&entity.uuid));
                for corner in entity.corners() {
                    let inside = |value: f32, axis: usize| {
                        (low[axis] - 1e-3..=high[axis] + 1e-3).contains(&value)
                    };
                    assert!(inside(corner.x, 0) && inside(corner.z, 1), "{seed}: {entity:?}");
                    assert!((-1e-3..2.95).contains(&corner.y), "{seed}: {entity:?}");
                }
            }
            let mesh = room.entities.iter().find_map(|entity| entity.mesh.as_ref()).unwrap();
            let vertices = mesh.vertices.len() as u32;
            assert!(mesh.triangles.iter().flatten().all(|index| *index < vertices));
        }
    }

    #[test]
    fn furniture_does_not_overlap() {
        for seed in 0..100 {
            let room = room(seed);
            let boxes: Vec<_> = room
                .entities
                .iter()
                .filter(|entity| entity.volume.is_some() && entity.label != Label::Screen)
                .map(|entity| (entity.footprint(), &entity.label))
                .collect();
            for (i, (a, one)) in boxes.iter().enumerate() {
                for (b, other) in &boxes[..i] {
                    let range = |points: &[[f32; 2]], axis: usize| {
                        let values = points.iter().map(|point| point[axis]);
                        (values.clone().fold(f32::MAX, f32::min), values.fold(f32::MIN, f32::max))
                    };
                    let overlaps = (0..2).all(|axis| {
                        let (a, b) = (range(a, axis), range(b, axis));
                        a.0 < b.1 - 1e-3 && b.0 < a.1 - 1e-3
                    });
                    // Chairs stand with their seats under the table's edge.
                    let seated = matches!((one, other), (Label::Other(_), Label::Table));
                    assert!(!overlaps || seated, "{seed}: {one:?} and {other:?}");
                }
            }
        }
    }
}
