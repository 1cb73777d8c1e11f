//! The picture's measures, colours and type.

use super::svg::Type;

pub(super) const WIDTH: f32 = 1200.0;
pub(super) const MARGIN: f32 = 44.0;

pub(super) const CARD: &str = "#faf8f4";
pub(super) const FLOOR: &str = "#ffffff";
pub(super) const INK: &str = "#24282e";
pub(super) const MUTED: &str = "#777a80";
pub(super) const HAIRLINE: &str = "#ddd8ce";
pub(super) const WALL: &str = "#3b3f46";
pub(super) const GLASS: &str = "#8db7cf";
pub(super) const ART: &str = "#c7a25c";
pub(super) const FURNITURE: &str = "#f1ebdf";
pub(super) const FURNITURE_EDGE: &str = "#cfc3ab";
pub(super) const FURNITURE_NAME: &str = "#6f6450";
pub(super) const SCAN: &str = "#b4ab9a";
pub(super) const HANDS: [&str; 2] = ["#8a7fb0", "#5f9a86"];
pub(super) const MARK: &str = "#c2374f";
pub(super) const CHARACTER: &str = "#4d5f78";

/// The headset's path from the session's beginning to its end: blue, green, amber, red, of falling
/// lightness contrast but clear to the common kinds of colour blindness.
const RAMP: [[f32; 3]; 4] =
    [[43.0, 96.0, 168.0], [38.0, 155.0, 148.0], [232.0, 163.0, 61.0], [203.0, 66.0, 84.0]];

/// The colour at `share` of the session.
pub(super) fn ramp(share: f32) -> String {
    let place = share.clamp(0.0, 1.0) * (RAMP.len() - 1) as f32;
    let index = (place as usize).min(RAMP.len() - 2);
    let within = place - index as f32;
    let [r, g, b] = [0, 1, 2].map(|channel| {
        let (from, to) = (RAMP[index][channel], RAMP[index + 1][channel]);
        (from + within * (to - from)).round() as u8
    });
    format!("#{r:02x}{g:02x}{b:02x}")
}

/// Upright text of regular weight.
pub(super) fn text(size: f32, colour: &'static str) -> Type {
    Type { size, colour, weight: 400, anchor: "start", turned: false, halo: None }
}

/// About how wide `content` is at `size`, in pixels: 0.56 em a letter.
pub(super) fn text_width(content: &str, size: f32) -> f32 {
    content.chars().count() as f32 * size * 0.56
}
