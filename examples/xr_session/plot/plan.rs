//! The room from above with everything that moved in it.

use std::collections::BTreeMap;

use super::style::{
    ART, CARD, CHARACTER, FLOOR, FURNITURE, FURNITURE_EDGE, FURNITURE_NAME, GLASS, HAIRLINE, HANDS,
    INK, MARGIN, MARK, MUTED, SCAN, WALL, ramp, text, text_width,
};
use super::svg::{Svg, line_of, number};
use super::{Picture, Stand};
use crate::room::{Entity, Label, Room};

const TOP: f32 = 116.0;
const MAX_SIZE: [f32; 2] = [836.0, 700.0];
/// Around the room, in metres, so that windows and names outside the walls have a place.
const BORDER_M: f32 = 0.25;
/// Most dots of the scan, most points of a path, most characters drawn with a trail.
const MAX_DOTS: usize = 5_000;
const MAX_POINTS: usize = 2_400;
const MAX_TRAILS: usize = 400;
const COLOURS: usize = 120;

/// The plan's place on the page.
#[derive(Debug)]
pub(super) struct Plan<'a> {
    picture: &'a Picture<'a>,
    low: [f32; 2],
    pixels_per_metre: f32,
    size: [f32; 2],
}

impl<'a> Plan<'a> {
    pub(super) fn new(picture: &'a Picture<'a>) -> Self {
        let [mut low, mut high] = picture.room.extent().unwrap_or([[-1.0; 2], [1.0; 2]]);
        let places = picture.headset.iter().map(|stand| stand.place);
        for [x, z] in places.chain(picture.hands.iter().copied().flatten().copied()) {
            low = [low[0].min(x), low[1].min(z)];
            high = [high[0].max(x), high[1].max(z)];
        }
        for axis in 0..2 {
            low[axis] -= BORDER_M;
            high[axis] += BORDER_M;
        }
        let metres = [high[0] - low[0], high[1] - low[1]];
        let pixels_per_metre = (MAX_SIZE[0] / metres[0]).min(MAX_SIZE[1] / metres[1]).min(220.0);
        Self { picture, low, pixels_per_metre, size: metres.map(|side| side * pixels_per_metre) }
    }

    pub(super) fn top(&self) -> f32 {
        TOP
    }

    pub(super) fn bottom(&self) -> f32 {
        TOP + self.size[1] + 42.0
    }

    pub(super) fn draw(&self, svg: &mut Svg) {
        self.floor(svg);
        self.furniture(svg);
        self.scan(svg);
        self.walls(svg);
        self.characters(svg);
        self.hands(svg);
        self.headset(svg);
        self.names(svg);
        self.marks(svg);
        self.scale_bar(svg);
    }

    /// Room metres to page pixels; the plan is centred in its column.
    fn at(&self, [x, z]: [f32; 2]) -> [f32; 2] {
        let left = MARGIN + 0.5 * (MAX_SIZE[0] - self.size[0]);
        [
            left + (x - self.low[0]) * self.pixels_per_metre,
            TOP + (z - self.low[1]) * self.pixels_per_metre,
        ]
    }

    fn outline(&self, entity: &Entity) -> Vec<[f32; 2]> {
        entity.footprint().into_iter().map(|point| self.at(point)).collect()
    }

    fn of(&self, wanted: impl Fn(&Label) -> bool) -> impl Iterator<Item = &'a Entity> {
        self.picture.room.entities.iter().filter(move |entity| wanted(&entity.label))
    }

    fn floor(&self, svg: &mut Svg) {
        for floor in self.of(|label| *label == Label::Floor) {
            let shape = line_of(&self.outline(floor), true);
            svg.path(&shape, &format!("fill=\"{FLOOR}\" stroke=\"{HAIRLINE}\""));
        }
    }

    /// The scanned mesh between knee and head as dots, at most one a cell: what the headset saw.
    fn scan(&self, svg: &mut Svg) {
        let room = self.picture.room;
        let floor = room.floor_height();
        let mut cell = 0.035;
        let dots = loop {
            let mut dots: BTreeMap<(i32, i32), [f32; 2]> = BTreeMap::new();
            for entity in &room.entities {
                for vertex in entity.mesh.iter().flat_map(|mesh| &mesh.vertices) {
                    let point = entity.pose.transform_point(*vertex);
                    if (floor + 0.25..floor + 2.0).contains(&point.y) {
                        let key =
                            ((point.x / cell).floor() as i32, (point.z / cell).floor() as i32);
                        dots.entry(key).or_insert([point.x, point.z]);
                    }
                }
            }
            if dots.len() <= MAX_DOTS {
                break dots;
            }
            cell *= 1.25;
        };
        let mut shape = String::new();
        for dot in dots.into_values() {
            let [x, y] = self.at(dot);
            let inside =
                x > MARGIN && x < MARGIN + MAX_SIZE[0] && y > TOP && y < TOP + self.size[1];
            if inside {
                shape.push_str(&format!("M{} {}h0", number(x), number(y)));
            }
        }
        svg.path(
            &shape,
            &format!(
                "stroke=\"{SCAN}\" stroke-width=\"1.5\" stroke-linecap=\"round\" opacity=\"0.7\""
            ),
        );
    }

    /// Boxes, and planes of what has no box.
    fn furniture(&self, svg: &mut Svg) {
        for entity in furniture(self.picture.room) {
            let shape = line_of(&self.outline(entity), true);
            svg.path(
                &shape,
                &format!(
                    "fill=\"{FURNITURE}\" fill-opacity=\"0.82\" stroke=\"{FURNITURE_EDGE}\" \
                     stroke-width=\"1.2\" stroke-linejoin=\"round\""
                ),
            );
        }
    }

    fn walls(&self, svg: &mut Svg) {
        let draw = |svg: &mut Svg, entity: &Entity, colour: &str, width: f32, cap: &str| {
            let shape = line_of(&self.outline(entity), true);
            let width = number(width);
            svg.path(
                &shape,
                &format!(
                    "fill=\"none\" stroke=\"{colour}\" stroke-width=\"{width}\" \
                     stroke-linecap=\"{cap}\" stroke-linejoin=\"round\""
                ),
            );
        };
        for wall in self.of(|label| *label == Label::Wall) {
            draw(svg, wall, WALL, 5.0, "round");
        }
        for window in self.of(|label| *label == Label::Window) {
            draw(svg, window, FLOOR, 6.0, "butt");
            draw(svg, window, GLASS, 3.0, "butt");
        }
        for door in self.of(|label| *label == Label::Door) {
            draw(svg, door, CARD, 8.0, "butt");
            draw(svg, door, WALL, 1.2, "butt");
        }
        for art in self.of(|label| *label == Label::Art) {
            draw(svg, art, ART, 3.0, "butt");
        }
    }

    fn characters(&self, svg: &mut Svg) {
        let all = self.picture.characters;
        svg.open(&format!(
            "fill=\"none\" stroke=\"{CHARACTER}\" stroke-width=\"1\" stroke-opacity=\"0.22\" \
             stroke-linejoin=\"round\""
        ));
        for trail in all.iter().take(MAX_TRAILS).filter(|trail| trail.len() > 1) {
            svg.path(&line_of(&self.thinned(trail), false), "");
        }
        svg.close();
        let radius = if all.len() > 150 { 2.6 } else { 3.6 };
        svg.open(&format!("fill=\"{CHARACTER}\" stroke=\"{FLOOR}\" stroke-width=\"1\""));
        for place in all.iter().filter_map(|trail| trail.last()) {
            svg.circle(self.at(*place), radius, "");
        }
        svg.close();
    }

    fn hands(&self, svg: &mut Svg) {
        for (way, colour) in self.picture.hands.iter().zip(HANDS) {
            svg.path(
                &line_of(&self.thinned(way), false),
                &format!(
                    "fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.1\" \
                     stroke-linejoin=\"round\" opacity=\"0.75\""
                ),
            );
        }
    }

    /// The path in the colours of its time, with what the headset looked at every so often.
    fn headset(&self, svg: &mut Svg) {
        let stands = self.picture.headset;
        let (Some(first), Some(last)) = (stands.first(), stands.last()) else { return };
        let glances = 9.min(stands.len());
        for glance in 0..glances {
            let index = (glance * 2 + 1) * stands.len() / (glances * 2);
            self.glance(svg, stands[index], index as f32 / stands.len() as f32);
        }
        let stride = stands.len().div_ceil(MAX_POINTS);
        let points: Vec<_> =
            stands.iter().step_by(stride).map(|stand| self.at(stand.place)).collect();
        svg.path(
            &line_of(&points, false),
            &format!(
                "fill=\"none\" stroke=\"{FLOOR}\" stroke-width=\"6.5\" stroke-linecap=\"round\" \
                 stroke-linejoin=\"round\" opacity=\"0.85\""
            ),
        );
        svg.open(
            "fill=\"none\" stroke-width=\"3.2\" stroke-linecap=\"round\" stroke-linejoin=\"round\"",
        );
        let chunk = points.len().div_ceil(COLOURS).max(1);
        for start in (0..points.len()).step_by(chunk) {
            let end = (start + chunk + 1).min(points.len());
            let colour = ramp((start as f32 + 0.5 * chunk as f32) / points.len() as f32);
            svg.path(&line_of(&points[start..end], false), &format!("stroke=\"{colour}\""));
        }
        svg.close();
        let ends = [(first, "start", 0.0), (last, "end", 1.0)];
        for (stand, name, share) in ends {
            let [x, y] = self.at(stand.place);
            let colour = ramp(share);
            svg.circle(
                [x, y],
                6.0,
                &format!("fill=\"{colour}\" stroke=\"{FLOOR}\" stroke-width=\"2\""),
            );
            svg.text([x + 10.0, y + 4.0], name, &text(12.0, INK).weight(600).halo(FLOOR));
        }
    }

    /// A wedge of 50° and 0.55 m.
    fn glance(&self, svg: &mut Svg, stand: Stand, share: f32) {
        let [fx, fz] = stand.facing;
        let length = (fx * fx + fz * fz).sqrt();
        if length < 1e-3 {
            return;
        }
        let (fx, fz) = (fx / length * 0.55, fz / length * 0.55);
        let (sin, cos) = libm::sincosf(25.0_f32.to_radians());
        let [x, z] = stand.place;
        let one = [x + fx * cos - fz * sin, z + fx * sin + fz * cos];
        let other = [x + fx * cos + fz * sin, z - fx * sin + fz * cos];
        let shape = line_of(&[self.at(stand.place), self.at(one), self.at(other)], true);
        svg.path(&shape, &format!("fill=\"{}\" opacity=\"0.16\"", ramp(share)));
    }

    /// Names, over everything but the marks, each moved aside where another is in its place.
    fn names(&self, svg: &mut Svg) {
        let ends = [self.picture.headset.first(), self.picture.headset.last()];
        // "start" and "end" stand to the right of their dots.
        let mut taken: Vec<[f32; 4]> = ends
            .into_iter()
            .flatten()
            .map(|stand| self.at(stand.place))
            .map(|[x, y]| [x - 6.0, y - 8.0, x + 42.0, y + 8.0])
            .collect();
        for entity in furniture(self.picture.room) {
            let outline = self.outline(entity);
            let name = readable(entity.label.name());
            let range = |axis: usize| {
                let values = outline.iter().map(|point| point[axis]);
                (values.clone().fold(f32::MAX, f32::min), values.fold(f32::MIN, f32::max))
            };
            let ((left, right), (top, bottom)) = (range(0), range(1));
            let (x, y) = (0.5 * (left + right), 0.5 * (top + bottom));
            let width = text_width(&name, 11.5);
            let set = text(11.5, FURNITURE_NAME).weight(500).middle().halo(FURNITURE);
            if width + 6.0 > right - left && width + 6.0 <= bottom - top {
                svg.text([x + 4.0, y], &name, &set.turned());
                continue;
            }
            let place =
                |shift: f32| [x - 0.5 * width, y + shift - 7.0, x + 0.5 * width, y + shift + 7.0];
            let free = |shift: &f32| {
                let [l, t, r, b] = place(*shift);
                taken
                    .iter()
                    .all(|other| r < other[0] || l > other[2] || b < other[1] || t > other[3])
            };
            let shift = [0.0, 15.0, -15.0, 30.0, -30.0].into_iter().find(free).unwrap_or(0.0);
            taken.push(place(shift));
            svg.text([x, y + shift + 4.0], &name, &set);
        }
    }

    fn marks(&self, svg: &mut Svg) {
        for mark in self.picture.marks {
            draw_mark(svg, self.at(mark.place), mark.released);
        }
    }

    fn scale_bar(&self, svg: &mut Svg) {
        let metre = self.pixels_per_metre;
        let metres = if metre < 40.0 { 5 } else { 2 };
        let y = TOP + self.size[1] + 18.0;
        let left = self.at([self.low[0] + BORDER_M, 0.0])[0];
        for step in 0..metres {
            let x = left + step as f32 * metre;
            let fill = if step % 2 == 0 { INK } else { FLOOR };
            svg.rect([x, y], [metre, 4.0], 0.0, fill);
        }
        let end = left + metres as f32 * metre;
        svg.path(
            &line_of(&[[left, y], [end, y], [end, y + 4.0], [left, y + 4.0]], true),
            &format!("fill=\"none\" stroke=\"{INK}\" stroke-width=\"1\""),
        );
        for step in 0..=metres {
            let label = if step == metres { format!("{step} m") } else { step.to_string() };
            let x = left + step as f32 * metre;
            svg.text([x, y + 19.0], &label, &text(11.5, MUTED).middle());
        }
    }

    fn thinned(&self, way: &[[f32; 2]]) -> Vec<[f32; 2]> {
        let limit =
            if self.picture.characters.len() > 100 { MAX_POINTS / 40 } else { MAX_POINTS / 4 };
        let stride = way.len().div_ceil(limit).max(1);
        way.iter().step_by(stride).chain(way.last()).map(|place| self.at(*place)).collect()
    }
}

/// A filled dot where something was taken, a ring where it was let go.
pub(super) fn draw_mark(svg: &mut Svg, at: [f32; 2], released: bool) {
    let attributes = if released {
        format!("fill=\"{FLOOR}\" stroke=\"{MARK}\" stroke-width=\"2.2\"")
    } else {
        format!("fill=\"{MARK}\" stroke=\"{FLOOR}\" stroke-width=\"1.2\"")
    };
    svg.circle(at, 4.6, &attributes);
}

/// What stands in the room, lowest first; a scanned table comes as a plane and as a box, and the
/// box speaks for both.
fn furniture(room: &Room) -> Vec<&Entity> {
    let wanted = |entity: &&Entity| {
        !entity.label.is_shell() && entity.label != Label::Art && entity.height_range().is_some()
    };
    let (boxes, planes): (Vec<_>, Vec<_>) =
        room.entities.iter().filter(wanted).partition(|entity| entity.volume.is_some());
    let spoken_for = |plane: &Entity| {
        boxes.iter().any(|solid| {
            let (a, b) = (solid.centre(), plane.centre());
            let apart = (a.x - b.x).abs().max((a.z - b.z).abs());
            solid.label == plane.label && apart < 0.4
        })
    };
    let planes: Vec<_> = planes.into_iter().filter(|plane| !spoken_for(plane)).collect();
    let mut all: Vec<_> = boxes.iter().copied().chain(planes).collect();
    let top = |entity: &Entity| entity.height_range().map_or(0.0, |[_, top]| top);
    all.sort_by(|a, b| top(a).total_cmp(&top(b)));
    all
}

/// `WINDOW_FRAME` as "Window frame".
fn readable(name: &str) -> String {
    let lower = name.replace('_', " ").to_lowercase();
    let mut letters = lower.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::{load_room, tests::capture};

    #[test]
    fn a_scanned_table_is_drawn_once() {
        let Some(path) = capture("quest-rooms/living_room.json") else { return };
        let room = load_room(&path).unwrap();
        let tables =
            furniture(&room).into_iter().filter(|entity| entity.label == Label::Table).count();
        assert_eq!(tables, 4, "four tables, each as plane and box");
    }

    #[test]
    fn names_are_readable() {
        assert_eq!(readable("WALL_ART"), "Wall art");
        assert_eq!(readable(""), "");
    }
}
