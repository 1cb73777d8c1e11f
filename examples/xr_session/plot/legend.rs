//! What the plan's colours and marks mean, in the column beside it.

use super::Picture;
use super::plan::draw_mark;
use super::style::{
    CARD, CHARACTER, FLOOR, GLASS, HAIRLINE, HANDS, INK, MARGIN, MUTED, SCAN, WALL, WIDTH, ramp,
    text,
};
use super::svg::{Svg, number};
use crate::room::Label;

const LEFT: f32 = 924.0;
const ROW: f32 = 25.0;
const RAMP_STEPS: usize = 48;

/// The legend's place on the page and its rows.
#[derive(Debug)]
pub(super) struct Legend<'a> {
    top: f32,
    duration_s: f32,
    facts: &'a [(&'a str, String)],
    rows: Vec<(Sign, String)>,
}

#[derive(Clone, Copy, Debug)]
enum Sign {
    Hand(usize),
    Taken,
    Released,
    Character,
    Scan,
    Wall,
    Window,
    Door,
}

impl<'a> Legend<'a> {
    pub(super) fn new(picture: &'a Picture<'a>, top: f32) -> Self {
        let mut rows = Vec::new();
        for (hand, name) in ["left controller", "right controller"].iter().enumerate() {
            if !picture.hands[hand].is_empty() {
                rows.push((Sign::Hand(hand), (*name).to_owned()));
            }
        }
        let count = |released| picture.marks.iter().filter(|m| m.released == released).count();
        for (sign, number, one, many) in [
            (Sign::Taken, count(false), "grab", "grabs"),
            (Sign::Released, count(true), "release", "releases"),
            (Sign::Character, picture.characters.len(), "character", "characters"),
        ] {
            if number > 0 {
                rows.push((sign, format!("{number} {}", if number == 1 { one } else { many })));
            }
        }
        if picture.room.entities.iter().any(|entity| entity.mesh.is_some()) {
            rows.push((Sign::Scan, "scanned surface".to_owned()));
        }
        for (sign, label, name) in [
            (Sign::Wall, Label::Wall, "wall"),
            (Sign::Window, Label::Window, "window"),
            (Sign::Door, Label::Door, "door"),
        ] {
            if picture.room.entities.iter().any(|entity| entity.label == label) {
                rows.push((sign, name.to_owned()));
            }
        }
        Self { top, duration_s: picture.duration_s, facts: picture.facts, rows }
    }

    pub(super) fn bottom(&self) -> f32 {
        self.facts_top() + self.facts.len() as f32 * ROW
    }

    pub(super) fn draw(&self, svg: &mut Svg) {
        let right = WIDTH - MARGIN;
        let top = self.top + 16.0;
        svg.text([LEFT, top], "Headset", &text(13.0, INK).weight(600));
        let step = (right - LEFT) / RAMP_STEPS as f32;
        for index in 0..RAMP_STEPS {
            let colour = ramp(index as f32 / (RAMP_STEPS - 1) as f32);
            // Half a pixel of overlap, or hairlines show between the steps.
            svg.rect([LEFT + index as f32 * step, top + 12.0], [step + 0.5, 7.0], 0.0, &colour);
        }
        let end = format!("{} s", number(self.duration_s));
        svg.text([LEFT, top + 36.0], "0 s", &text(12.0, MUTED));
        svg.text([right, top + 36.0], &end, &text(12.0, MUTED).end());

        for (index, (sign, name)) in self.rows.iter().enumerate() {
            let y = self.rows_top() + index as f32 * ROW;
            Self::sign(svg, *sign, [LEFT + 13.0, y]);
            svg.text([LEFT + 38.0, y + 4.5], name, &text(13.0, INK));
        }
        if !self.facts.is_empty() {
            let y = self.facts_top() - 22.0;
            svg.line([LEFT, y], [right, y], &format!("stroke=\"{HAIRLINE}\""));
        }
        for (index, (name, value)) in self.facts.iter().enumerate() {
            let y = self.facts_top() + index as f32 * ROW + 4.5;
            svg.text([LEFT, y], name, &text(13.0, MUTED));
            svg.text([right, y], value, &text(13.0, INK).weight(500).end());
        }
    }

    fn rows_top(&self) -> f32 {
        self.top + 86.0
    }

    fn facts_top(&self) -> f32 {
        self.rows_top() + self.rows.len() as f32 * ROW + 24.0
    }

    fn sign(svg: &mut Svg, sign: Sign, [x, y]: [f32; 2]) {
        let (from, to) = ([x - 12.0, y], [x + 12.0, y]);
        let stroke = |colour: &str, width: &str| {
            format!("stroke=\"{colour}\" stroke-width=\"{width}\" stroke-linecap=\"butt\"")
        };
        match sign {
            Sign::Hand(hand) => svg.line(from, to, &stroke(HANDS[hand], "1.6")),
            Sign::Taken => draw_mark(svg, [x, y], false),
            Sign::Released => draw_mark(svg, [x, y], true),
            Sign::Character => {
                svg.line(from, [x, y], &format!("{} opacity=\"0.4\"", stroke(CHARACTER, "1.2")));
                let edge = format!("fill=\"{CHARACTER}\" stroke=\"{CARD}\" stroke-width=\"1\"");
                svg.circle([x, y], 3.8, &edge);
            }
            Sign::Scan => {
                for (dx, dy) in
                    [(-9.0, 2.0), (-5.0, -3.0), (-1.0, 1.0), (3.0, -2.0), (7.0, 3.0), (9.0, -3.0)]
                {
                    svg.circle([x + dx, y + dy], 1.0, &format!("fill=\"{SCAN}\""));
                }
            }
            Sign::Wall => svg.line(from, to, &stroke(WALL, "5")),
            Sign::Door => {
                svg.line(from, to, &stroke(WALL, "5"));
                svg.line([x - 8.0, y], [x + 8.0, y], &stroke(CARD, "6"));
                svg.line([x - 8.0, y], [x + 8.0, y], &stroke(WALL, "1.2"));
            }
            Sign::Window => {
                svg.line(from, to, &stroke(WALL, "5"));
                svg.line([x - 8.0, y], [x + 8.0, y], &stroke(FLOOR, "6"));
                svg.line([x - 8.0, y], [x + 8.0, y], &stroke(GLASS, "3"));
            }
        }
    }
}
