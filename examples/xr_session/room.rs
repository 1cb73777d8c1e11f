//! A scanned room: labelled entities with poses, flat or solid bounds, and a triangle mesh.

pub(crate) use xrmesh::memory::map::{
    ScanMesh as TriangleMesh, ScanPlane as Plane, ScanVolume as Volume,
};
use xrmesh::{Pose, Vec3};

/// Everything that one scan of a room holds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Room {
    pub(crate) entities: Vec<Entity>,
}

/// One thing of the room.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entity {
    pub(crate) uuid: String,
    pub(crate) label: Label,
    pub(crate) pose: Pose,
    pub(crate) plane: Option<Plane>,
    pub(crate) volume: Option<Volume>,
    pub(crate) mesh: Option<TriangleMesh>,
}

/// What the scanner took an entity for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Label {
    Floor,
    Ceiling,
    Wall,
    Door,
    Window,
    Art,
    Table,
    Couch,
    Bed,
    Storage,
    Screen,
    Lamp,
    Plant,
    Mesh,
    /// A label that this table does not know, as the file spells it.
    Other(String),
}

const NAMES: [(&str, Label); 14] = [
    ("FLOOR", Label::Floor),
    ("CEILING", Label::Ceiling),
    ("WALL_FACE", Label::Wall),
    ("DOOR_FRAME", Label::Door),
    ("WINDOW_FRAME", Label::Window),
    ("WALL_ART", Label::Art),
    ("TABLE", Label::Table),
    ("COUCH", Label::Couch),
    ("BED", Label::Bed),
    ("STORAGE", Label::Storage),
    ("SCREEN", Label::Screen),
    ("LAMP", Label::Lamp),
    ("PLANT", Label::Plant),
    ("GLOBAL_MESH", Label::Mesh),
];

impl Label {
    /// The label that a scan writes as `name`.
    pub(crate) fn from_name(name: &str) -> Self {
        NAMES
            .iter()
            .find(|(known, _)| *known == name)
            .map_or_else(|| Self::Other(name.to_owned()), |(_, label)| label.clone())
    }

    /// As a scan writes it.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Other(name) => name,
            known => NAMES.iter().find(|(_, label)| label == known).map_or("", |(name, _)| name),
        }
    }

    /// Whether the entity is a part of the room's shell, which holds things rather than being one.
    pub(crate) fn is_shell(&self) -> bool {
        matches!(
            self,
            Self::Floor | Self::Ceiling | Self::Wall | Self::Door | Self::Window | Self::Mesh
        )
    }
}

impl Entity {
    /// The corners of the plane or the box in the session's space; none for a bare mesh.
    pub(crate) fn corners(&self) -> Vec<Vec3> {
        let mut corners = Vec::with_capacity(12);
        if let Some(Plane { low: [x, z], size: [width, depth] }) = self.plane {
            for (dx, dz) in [(0.0, 0.0), (width, 0.0), (width, depth), (0.0, depth)] {
                corners.push(self.pose.transform_point(Vec3::new(x + dx, 0.0, z + dz)));
            }
        }
        if let Some(Volume { low, size }) = self.volume {
            for corner in 0..8 {
                let pick =
                    |bit: u32, extent: f32| if corner >> bit & 1 == 1 { extent } else { 0.0 };
                let offset = Vec3::new(pick(0, size.x), pick(1, size.y), pick(2, size.z));
                corners.push(self.pose.transform_point(low + offset));
            }
        }
        corners
    }

    /// The middle of the bounds, or the pose's origin where there are none.
    pub(crate) fn centre(&self) -> Vec3 {
        let corners = self.corners();
        if corners.is_empty() {
            return self.pose.position();
        }
        let sum = corners.iter().fold(Vec3::ZERO, |sum, corner| sum + *corner);
        sum * (1.0 / corners.len() as f32)
    }

    /// The outline seen from above: the convex hull of the corners in (x, z), counter-clockwise in
    /// those axes. A wall gives a line of two points.
    pub(crate) fn footprint(&self) -> Vec<[f32; 2]> {
        convex_hull(self.corners().iter().map(|corner| [corner.x, corner.z]).collect())
    }

    /// Lowest and highest corner, in metres above the session's origin.
    pub(crate) fn height_range(&self) -> Option<[f32; 2]> {
        self.corners().iter().map(|corner| corner.y).fold(None, |range, y| match range {
            None => Some([y, y]),
            Some([low, high]) => Some([f32::min(low, y), f32::max(high, y)]),
        })
    }
}

impl Room {
    /// The height of the floor; zero where the scan has none.
    pub(crate) fn floor_height(&self) -> f32 {
        self.entities
            .iter()
            .find(|entity| entity.label == Label::Floor)
            .map_or(0.0, |floor| floor.centre().y)
    }

    /// Lowest and highest (x, z) of the floor and the walls, or of everything where the scan has
    /// neither; `None` where nothing has bounds.
    pub(crate) fn extent(&self) -> Option<[[f32; 2]; 2]> {
        let of = |wanted: &dyn Fn(&Entity) -> bool| {
            let mut range: Option<[[f32; 2]; 2]> = None;
            for corner in self.entities.iter().filter(|e| wanted(e)).flat_map(Entity::corners) {
                let [low, high] = range.get_or_insert([[corner.x, corner.z]; 2]);
                *low = [low[0].min(corner.x), low[1].min(corner.z)];
                *high = [high[0].max(corner.x), high[1].max(corner.z)];
            }
            range
        };
        of(&|entity| matches!(entity.label, Label::Floor | Label::Wall)).or_else(|| of(&|_| true))
    }
}

/// Andrew's monotone chain; points closer than 0.1 mm count as one.
fn convex_hull(mut points: Vec<[f32; 2]>) -> Vec<[f32; 2]> {
    points.sort_by(|a, b| a[0].total_cmp(&b[0]).then(a[1].total_cmp(&b[1])));
    points.dedup_by(|a, b| (a[0] - b[0]).abs() < 1e-4 && (a[1] - b[1]).abs() < 1e-4);
    if points.len() < 3 {
        return points;
    }
    let turn = |a: [f32; 2], b: [f32; 2], c: [f32; 2]| {
        (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
    };
    let mut hull: Vec<[f32; 2]> = Vec::with_capacity(points.len() + 1);
    let mut half = |ordered: &mut dyn Iterator<Item = [f32; 2]>| {
        let start = hull.len();
        for point in ordered {
            while hull.len() >= start + 2
                && turn(hull[hull.len() - 2], hull[hull.len() - 1], point) <= 1e-6
            {
                hull.pop();
            }
            hull.push(point);
        }
        // The last point starts the other half.
        hull.pop();
    };
    half(&mut points.iter().copied());
    half(&mut points.iter().rev().copied());
    hull
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pose::{euler_yxz_deg, posed};
    use xrmesh::Quat;

    fn entity(label: Label, orientation: Quat) -> Entity {
        let position = Vec3::new(1.0, 2.0, 3.0);
        let pose = posed(position, orientation);
        Entity { uuid: "u".to_owned(), label, pose, plane: None, volume: None, mesh: None }
    }

    #[test]
    fn labels_keep_their_names() {
        for (name, label) in &NAMES {
            assert_eq!(&Label::from_name(name), label);
            assert_eq!(label.name(), *name);
        }
        assert_eq!(Label::from_name("AQUARIUM").name(), "AQUARIUM");
    }

    #[test]
    fn a_box_is_seen_from_above_as_four_corners() {
        let volume = Volume { low: Vec3::new(-1.0, 0.0, -2.0), size: Vec3::new(2.0, 1.0, 4.0) };
        let boxed = Entity { volume: Some(volume), ..entity(Label::Table, Quat::IDENTITY) };
        assert_eq!(boxed.footprint(), [[0.0, 1.0], [2.0, 1.0], [2.0, 5.0], [0.0, 5.0]]);
        assert_eq!(boxed.centre(), Vec3::new(1.0, 2.5, 3.0));
        assert_eq!(boxed.height_range(), Some([2.0, 3.0]));
    }

    #[test]
    fn an_upright_plane_is_seen_from_above_as_a_line() {
        let upright = euler_yxz_deg(-90.0, 0.0, 0.0);
        let plane = Plane { low: [-1.0, -2.0], size: [2.0, 4.0] };
        let wall = Entity { plane: Some(plane), ..entity(Label::Wall, upright) };
        assert_eq!(wall.footprint().len(), 2, "{:?}", wall.footprint());
        let [low, high] = wall.height_range().unwrap();
        assert!((high - low - 4.0).abs() < 1e-5);
    }

    #[test]
    fn a_hull_drops_what_lies_inside_and_on_its_edges() {
        let square = vec![[0.0, 0.0], [2.0, 2.0], [1.0, 1.0], [2.0, 0.0], [1.0, 0.0], [0.0, 2.0]];
        assert_eq!(convex_hull(square), [[0.0, 0.0], [2.0, 0.0], [2.0, 2.0], [0.0, 2.0]]);
    }
}
