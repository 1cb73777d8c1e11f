//! SVG as text: a few elements, numbers to a tenth of a pixel, everything escaped.

use core::fmt::Write as _;

/// A picture being written.
#[derive(Debug)]
pub(super) struct Svg {
    text: String,
}

/// How a text is set.
#[derive(Clone, Copy, Debug)]
pub(super) struct Type {
    pub(super) size: f32,
    pub(super) colour: &'static str,
    pub(super) weight: u16,
    pub(super) anchor: &'static str,
    pub(super) turned: bool,
    /// Drawn around the letters, so that they read over lines.
    pub(super) halo: Option<&'static str>,
}

impl Type {
    pub(super) fn weight(self, weight: u16) -> Self {
        Self { weight, ..self }
    }

    pub(super) fn middle(self) -> Self {
        Self { anchor: "middle", ..self }
    }

    pub(super) fn end(self) -> Self {
        Self { anchor: "end", ..self }
    }

    pub(super) fn halo(self, colour: &'static str) -> Self {
        Self { halo: Some(colour), ..self }
    }

    /// A quarter turn, reading upwards.
    pub(super) fn turned(self) -> Self {
        Self { turned: true, ..self }
    }
}

impl Svg {
    pub(super) fn new(width: f32, height: f32, title: &str) -> Self {
        let title = escape(title);
        let (width, height) = (number(width), number(height));
        let text = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
             width=\"{width}\" height=\"{height}\" role=\"img\" aria-label=\"{title}\" \
             font-family=\"Inter, 'Helvetica Neue', 'Segoe UI', Arial, sans-serif\">\n\
             <title>{title}</title>\n"
        );
        Self { text }
    }

    pub(super) fn finish(mut self) -> String {
        self.text.push_str("</svg>\n");
        self.text
    }

    /// An element without content; `attributes` is written as it stands.
    pub(super) fn element(&mut self, name: &str, attributes: &str) {
        let _ = writeln!(self.text, "<{name} {attributes}/>");
    }

    /// What follows, up to [`close`](Self::close), as one group.
    pub(super) fn open(&mut self, attributes: &str) {
        let _ = writeln!(self.text, "<g {attributes}>");
    }

    pub(super) fn close(&mut self) {
        self.text.push_str("</g>\n");
    }

    pub(super) fn rect(&mut self, at: [f32; 2], size: [f32; 2], radius: f32, fill: &str) {
        let attributes = format!(
            "x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"{}\" fill=\"{fill}\"",
            number(at[0]),
            number(at[1]),
            number(size[0]),
            number(size[1]),
            number(radius)
        );
        self.element("rect", &attributes);
    }

    pub(super) fn circle(&mut self, at: [f32; 2], radius: f32, attributes: &str) {
        let (x, y, radius) = (number(at[0]), number(at[1]), number(radius));
        self.element("circle", &format!("cx=\"{x}\" cy=\"{y}\" r=\"{radius}\" {attributes}"));
    }

    pub(super) fn line(&mut self, from: [f32; 2], to: [f32; 2], attributes: &str) {
        self.path(&line_of(&[from, to], false), attributes);
    }

    /// A path of [`line_of`] or written by hand.
    pub(super) fn path(&mut self, shape: &str, attributes: &str) {
        if !shape.is_empty() {
            self.element("path", &format!("d=\"{shape}\" {attributes}"));
        }
    }

    pub(super) fn text(&mut self, at: [f32; 2], content: &str, set: &Type) {
        if content.is_empty() {
            return;
        }
        let (x, y) = (number(at[0]), number(at[1]));
        let mut attributes = format!(
            "x=\"{x}\" y=\"{y}\" font-size=\"{}\" fill=\"{}\"",
            number(set.size),
            set.colour
        );
        if set.weight != 400 {
            let _ = write!(attributes, " font-weight=\"{}\"", set.weight);
        }
        if set.anchor != "start" {
            let _ = write!(attributes, " text-anchor=\"{}\"", set.anchor);
        }
        if set.turned {
            let _ = write!(attributes, " transform=\"rotate(-90 {x} {y})\"");
        }
        if let Some(colour) = set.halo {
            let _ = write!(
                attributes,
                " paint-order=\"stroke\" stroke=\"{colour}\" stroke-width=\"3.5\" \
                 stroke-linejoin=\"round\""
            );
        }
        let _ = writeln!(self.text, "<text {attributes}>{}</text>", escape(content));
    }

    /// A bold `title` and a quiet `note` behind it, on one line.
    pub(super) fn caption(&mut self, at: [f32; 2], title: (&str, &str), note: (&str, &str)) {
        let (x, y) = (number(at[0]), number(at[1]));
        let _ = writeln!(
            self.text,
            "<text x=\"{x}\" y=\"{y}\" font-size=\"13\"><tspan fill=\"{}\" font-weight=\"600\">{}\
             </tspan><tspan fill=\"{}\" dx=\"9\">{}</tspan></text>",
            title.1,
            escape(title.0),
            note.1,
            escape(note.0)
        );
    }
}

/// The path through `points`, those apart by less than a third of a pixel left out.
pub(super) fn line_of(points: &[[f32; 2]], closed: bool) -> String {
    let mut shape = String::new();
    let mut last: Option<[f32; 2]> = None;
    for (index, point) in points.iter().enumerate() {
        let near = last.is_some_and(|last| {
            (last[0] - point[0]).abs() < 0.3 && (last[1] - point[1]).abs() < 0.3
        });
        if near && index + 1 < points.len() {
            continue;
        }
        let command = if last.is_none() { 'M' } else { 'L' };
        let _ = write!(shape, "{command}{} {}", number(point[0]), number(point[1]));
        last = Some(*point);
    }
    if closed && last.is_some() {
        shape.push('Z');
    }
    shape
}

/// To a tenth, without a needless ".0"; zero for what is not a number.
pub(super) fn number(value: f32) -> String {
    let tenths = (value * 10.0).round();
    if !tenths.is_finite() || tenths == 0.0 {
        return "0".to_owned();
    }
    if tenths % 10.0 == 0.0 {
        format!("{:.0}", tenths / 10.0)
    } else {
        format!("{:.1}", tenths / 10.0)
    }
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            // XML has no way to write them.
            control if control.is_control() => escaped.push(' '),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        let cases = [
            (0.0, "0"),
            (-0.04, "0"),
            (1.0, "1"),
            (-2.54, "-2.5"),
            (100.0, "100"),
            (0.149, "0.1"),
            (f32::NAN, "0"),
            (f32::INFINITY, "0"),
        ];
        cases.iter().for_each(|(value, text)| assert_eq!(number(*value), *text));
    }

    #[test]
    fn lines_drop_what_cannot_be_seen() {
        let points = [[0.0, 0.0], [0.1, 0.1], [5.0, 0.0], [5.1, 0.0]];
        assert_eq!(line_of(&points, false), "M0 0L5 0L5.1 0");
        assert_eq!(line_of(&points[..1], true), "M0 0Z");
        assert_eq!(line_of(&[], true), "");
    }
}
