//! Draws a session as an SVG picture: the room from above, who moved where, and what each tick cost.
//!
//! 1. The picture has a background of its own, so it reads the same on light and dark pages.
//! 2. The plan is seen from above with −Z up the page, so that right is +X; lengths are to scale.
//! 3. What grows with the session is thinned out: a picture stays below about half a megabyte.

mod legend;
mod plan;
mod strip;
mod style;
mod svg;

use crate::room::Room;
use legend::Legend;
use plan::Plan;
use style::{CARD, INK, MARGIN, MUTED, WIDTH};
use svg::Svg;

/// What is drawn.
#[derive(Debug)]
pub(crate) struct Picture<'a> {
    pub(crate) title: &'a str,
    pub(crate) subtitle: &'a str,
    pub(crate) room: &'a Room,
    pub(crate) duration_s: f32,
    /// Evenly spaced in time from the session's beginning to its end.
    pub(crate) headset: &'a [Stand],
    /// The controllers' ways in (x, z).
    pub(crate) hands: [&'a [[f32; 2]]; 2],
    pub(crate) marks: &'a [Mark],
    /// Each character's way in (x, z), to its present place.
    pub(crate) characters: &'a [Vec<[f32; 2]>],
    /// Figures beside the plan, by name.
    pub(crate) facts: &'a [(&'a str, String)],
    /// Charts over the session's time, below the plan.
    pub(crate) strips: &'a [Strip<'a>],
}

/// A place in (x, z) and the direction faced there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Stand {
    pub(crate) place: [f32; 2],
    pub(crate) facing: [f32; 2],
}

/// Where a hand took or let go of something.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Mark {
    pub(crate) place: [f32; 2],
    pub(crate) released: bool,
}

/// One value a tick.
#[derive(Debug)]
pub(crate) struct Strip<'a> {
    pub(crate) title: &'a str,
    pub(crate) unit: &'a str,
    pub(crate) values: &'a [f32],
}

/// The picture as the text of an SVG file.
pub(crate) fn draw(picture: &Picture<'_>) -> String {
    let plan = Plan::new(picture);
    let legend = Legend::new(picture, plan.top());
    let strips_top = plan.bottom().max(legend.bottom()) + 34.0;
    let height = strip::bottom(strips_top, picture.strips.len()) + MARGIN * 0.6;

    let mut svg = Svg::new(WIDTH, height, picture.title);
    svg.rect([0.0, 0.0], [WIDTH, height], 14.0, CARD);
    svg.text([MARGIN, 58.0], picture.title, &style::text(26.0, INK).weight(600));
    svg.text([MARGIN, 84.0], picture.subtitle, &style::text(14.0, MUTED));
    plan.draw(&mut svg);
    legend.draw(&mut svg);
    strip::draw(&mut svg, strips_top, picture.duration_s, picture.strips);
    svg.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate;

    #[test]
    fn a_picture_is_well_formed_whatever_it_holds() {
        let room = generate::room(1);
        let empty = Room { entities: Vec::new() };
        let stand = |x: f32| Stand { place: [x, 0.0], facing: [0.0, -1.0] };
        let headset: Vec<_> = (0..5_000).map(|i| stand(i as f32 * 1e-4)).collect();
        let characters = vec![vec![[0.0, 0.0], [1.0, 1.0]], vec![[0.5, 0.5]], vec![]];
        let values = [1.0, 5.0, f32::NAN, 2.0];
        let strips = [
            Strip { title: "messages", unit: "a tick", values: &values },
            Strip { title: "none", unit: "", values: &[] },
        ];
        for room in [&room, &empty] {
            for headset in [&headset[..], &headset[..1], &[]] {
                let picture = Picture {
                    title: "a <b> & \"c\"\u{1}",
                    subtitle: "",
                    room,
                    duration_s: 30.0,
                    headset,
                    hands: [&[[0.0, 0.0], [1.0, 0.0]], &[]],
                    marks: &[Mark { place: [0.0, 0.0], released: true }],
                    characters: &characters,
                    facts: &[("messages", "1".to_owned())],
                    strips: &strips,
                };
                let text = draw(&picture);
                assert!(text.starts_with("<svg ") && text.ends_with("</svg>\n"));
                assert!(!text.contains("NaN") && !text.contains("inf") && !text.contains('\u{1}'));
                assert!(text.contains("a &lt;b&gt; &amp; &quot;c&quot;"));
                assert!(text.len() < 500_000, "{}", text.len());
                check_nesting(&text);
            }
        }
    }

    /// Every tag closed in order.
    fn check_nesting(text: &str) {
        let mut open = Vec::new();
        for tag in text.split('<').skip(1) {
            let (tag, _) = tag.split_once('>').expect("a tag ends");
            let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap();
            if tag.starts_with('/') {
                assert_eq!(open.pop(), Some(name));
            } else if !tag.ends_with('/') {
                open.push(name);
            }
        }
        assert!(open.is_empty(), "{open:?}");
    }
}
