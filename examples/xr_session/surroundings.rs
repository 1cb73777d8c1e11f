//! What the agents know of the room before they see it: its scan, prepared for their questions.

use xrmesh::Vec3;
use xrmesh::space::Aabb;

use crate::grid::{Grid, inside};
use crate::room::{Entity, Label, Room};

/// A room prepared for many questions. It is read only, so all agents share one.
#[derive(Debug)]
pub(crate) struct Surroundings {
    pub(crate) things: Vec<Thing>,
    /// The labels of the things' classes, by their numbers.
    pub(crate) labels: Vec<String>,
    /// Where characters can stand; `None` in a room without free floor.
    pub(crate) floor: Option<Grid>,
    pub(crate) floor_height: f32,
    /// Lowest and highest (x, z).
    pub(crate) extent: [[f32; 2]; 2],
}

/// An entity of the room that has bounds.
#[derive(Debug)]
pub(crate) struct Thing {
    /// The same number for all things of one label.
    pub(crate) class: u16,
    /// Whether it is part of the room's shell, which holds things rather than being one.
    pub(crate) shell: bool,
    pub(crate) bounds: Aabb,
    support: Option<Support>,
}

/// What bodies come to rest on.
#[derive(Debug)]
struct Support {
    outline: Vec<[f32; 2]>,
    top: f32,
}

/// How many things of a room the session maps: what a message's number of a thing can hold.
const MAX_THINGS: usize = u16::MAX as usize;

impl Surroundings {
    pub(crate) fn of(room: &Room) -> Self {
        let mut labels: Vec<&Label> = Vec::new();
        let mut things = Vec::new();
        for entity in &room.entities {
            let Some(bounds) = bounds(entity) else { continue };
            let class = labels.iter().position(|label| **label == entity.label);
            let class = class.unwrap_or_else(|| {
                labels.push(&entity.label);
                labels.len() - 1
            });
            if things.len() < MAX_THINGS {
                let shell = entity.label.is_shell();
                let support = support(entity);
                things.push(Thing { class: class as u16, shell, bounds, support });
            }
        }
        Self {
            things,
            labels: labels.iter().map(|label| label.name().to_owned()).collect(),
            floor: Grid::of(room),
            floor_height: room.floor_height(),
            extent: room.extent().unwrap_or_default(),
        }
    }

    /// The height of what a body at `from` or below it comes to rest on.
    pub(crate) fn support_below(&self, from: Vec3) -> f32 {
        let tops = self.things.iter().filter_map(|thing| thing.support.as_ref());
        tops.filter(|support| support.top <= from.y && inside([from.x, from.z], &support.outline))
            .map(|support| support.top)
            .fold(self.floor_height, f32::max)
    }

    /// Whether a character can stand at (x, z).
    pub(crate) fn is_free(&self, place: [f32; 2]) -> bool {
        self.floor.as_ref().is_some_and(|floor| floor.is_free(place))
    }
}

fn bounds(entity: &Entity) -> Option<Aabb> {
    let corners = entity.corners();
    let first = *corners.first()?;
    let (low, high) = corners
        .iter()
        .fold((first, first), |(low, high), corner| (low.min(*corner), high.max(*corner)));
    Aabb::new(low, high).ok()
}

fn support(entity: &Entity) -> Option<Support> {
    let holds = matches!(
        entity.label,
        Label::Table | Label::Couch | Label::Bed | Label::Storage | Label::Other(_)
    );
    let [_, top] = entity.height_range().filter(|_| holds)?;
    Some(Support { outline: entity.footprint(), top })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate;

    #[test]
    fn bodies_rest_on_tables_and_else_on_the_floor() {
        let room = generate::room(1);
        let surroundings = Surroundings::of(&room);
        let table = room.entities.iter().find(|entity| entity.label == Label::Table).unwrap();
        let [_, top] = table.height_range().unwrap();
        let above = table.centre() + Vec3::UP;
        assert_eq!(surroundings.support_below(above), top);
        // What is below the table's top does not jump onto it.
        let below = Vec3::new(above.x, top - 0.01, above.z);
        assert_eq!(surroundings.support_below(below), surroundings.floor_height);
    }

    #[test]
    fn things_of_one_label_share_a_class() {
        let surroundings = Surroundings::of(&generate::room(1));
        let mut walls = surroundings.things.iter().filter(|thing| thing.shell);
        assert!(walls.next().is_some());
        let empty = Surroundings::of(&Room { entities: Vec::new() });
        assert!(empty.things.is_empty() && empty.floor.is_none() && !empty.is_free([0.0; 2]));
        assert_eq!(empty.support_below(Vec3::UP), 0.0);
    }
}
