//! Small charts over the session's time.

use core::fmt::Write as _;

use super::Strip;
use super::style::{HAIRLINE, INK, MARGIN, MUTED, WIDTH, text};
use super::svg::{Svg, line_of, number};
use crate::report::grouped;

/// One strip with its title, and the axis below the last.
const PITCH: f32 = 112.0;
const CHART: f32 = 66.0;
const AXIS: f32 = 26.0;
const BAR: &str = "#9fb3c8";
const BAR_PEAK: &str = "#dbe3eb";
/// Columns a chart is drawn in; a longer session puts several ticks into one.
const COLUMNS: usize = 556;

/// Where `count` strips from `top` end.
pub(super) fn bottom(top: f32, count: usize) -> f32 {
    if count == 0 { top } else { top + count as f32 * PITCH + AXIS }
}

pub(super) fn draw(svg: &mut Svg, top: f32, duration_s: f32, strips: &[Strip<'_>]) {
    for (index, strip) in strips.iter().enumerate() {
        chart(svg, top + index as f32 * PITCH, strip);
    }
    if !strips.is_empty() {
        axis(svg, top + strips.len() as f32 * PITCH - 12.0, duration_s);
    }
}

/// Each column's mean over its peak, on a scale from zero.
fn chart(svg: &mut Svg, top: f32, strip: &Strip<'_>) {
    svg.caption([MARGIN, top + 12.0], (strip.title, INK), (strip.unit, MUTED));
    let base = top + 24.0 + CHART;
    let columns = columns(strip.values);
    let peak = columns.iter().map(|(_, peak)| *peak).fold(0.0, f32::max);
    if peak > 0.0 {
        let caption = format!("peak {}", figure(peak));
        svg.text([WIDTH - MARGIN, top + 12.0], &caption, &text(12.0, MUTED).end());
        let step = (WIDTH - 2.0 * MARGIN) / columns.len() as f32;
        let area = |value: fn(&(f32, f32)) -> f32| {
            let mut shape = format!("M{} {}", number(MARGIN), number(base));
            for (index, column) in columns.iter().enumerate() {
                let y = base - CHART * (value(column) / peak);
                let x = MARGIN + index as f32 * step;
                let _ = write!(shape, "L{} {}H{}", number(x), number(y), number(x + step));
            }
            let _ = write!(shape, "V{}Z", number(base));
            shape
        };
        svg.path(&area(|(_, peak)| *peak), &format!("fill=\"{BAR_PEAK}\""));
        svg.path(&area(|(mean, _)| *mean), &format!("fill=\"{BAR}\""));
    }
    let rule = line_of(&[[MARGIN, base], [WIDTH - MARGIN, base]], false);
    svg.path(&rule, &format!("stroke=\"{HAIRLINE}\" stroke-width=\"1\""));
}

/// Seconds below the last chart, six to twelve of them.
fn axis(svg: &mut Svg, y: f32, duration_s: f32) {
    let step = [1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0, 600.0, 3_600.0, 7_200.0]
        .into_iter()
        .find(|step| duration_s / step <= 12.0)
        .unwrap_or(14_400.0);
    let span = WIDTH - 2.0 * MARGIN;
    let mut time = 0.0;
    while time <= duration_s * 1.0001 {
        let x = MARGIN + span * (time / duration_s.max(1e-3)).min(1.0);
        let set = text(11.5, MUTED);
        let (set, unit) = if time == 0.0 {
            (set, " s")
        } else if x > WIDTH - MARGIN - 12.0 {
            (set.end(), " s")
        } else {
            (set.middle(), "")
        };
        svg.text([x, y + 10.0], &format!("{}{unit}", number(time)), &set);
        time += step;
    }
}

/// Mean and peak of the ticks in each column; what is not a number counts as zero.
fn columns(values: &[f32]) -> Vec<(f32, f32)> {
    let count = values.len().min(COLUMNS);
    (0..count)
        .map(|column| {
            let range = column * values.len() / count..(column + 1) * values.len() / count;
            let clean =
                values[range].iter().map(|value| if value.is_finite() { *value } else { 0.0 });
            let (sum, peak) = clean
                .clone()
                .fold((0.0, 0.0), |(sum, peak), value| (sum + value, f32::max(peak, value)));
            (sum / clean.count() as f32, peak)
        })
        .collect()
}

/// A short number for a caption.
fn figure(value: f32) -> String {
    match value {
        v if v >= 1e6 => format!("{:.2} M", v / 1e6),
        v if v >= 1e4 => format!("{:.1} k", v / 1e3),
        v if v >= 100.0 => grouped(v as u64),
        v => number(v),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_keep_mean_and_peak() {
        assert_eq!(columns(&[]), []);
        assert_eq!(columns(&[1.0, f32::NAN]), [(1.0, 1.0), (0.0, 0.0)]);
        let values: Vec<f32> = (0..COLUMNS * 2).map(|i| (i % 2) as f32).collect();
        let columns = columns(&values);
        assert_eq!(columns.len(), COLUMNS);
        assert!(columns.iter().all(|column| *column == (0.5, 1.0)));
    }
}
