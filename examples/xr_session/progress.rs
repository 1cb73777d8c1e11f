//! A progress bar on standard error, where that is a terminal.

use std::io::{self, IsTerminal, Write};

/// The bar's least redraw interval: ten times a second is smooth and costs nothing.
const REDRAW_NS: i64 = 100_000_000;
const WIDTH: usize = 32;

/// Draws how far a session is; silent where standard error is not a terminal.
#[derive(Debug)]
pub(crate) struct Progress {
    shown: bool,
    drawn_ns: Option<i64>,
}

impl Progress {
    pub(crate) fn on_stderr() -> Self {
        Self { shown: io::stderr().is_terminal(), drawn_ns: None }
    }

    /// Redraws if the bar has not been drawn within the last tenth of a second before `clock_ns`,
    /// the wall clock's time. `rate` is the speed in session seconds per second.
    pub(crate) fn update(&mut self, clock_ns: i64, done_s: f64, total_s: f64, rate: f64) {
        if !self.shown || !self.is_due(clock_ns) {
            return;
        }
        // A closed terminal must not end the session.
        let _ = write!(io::stderr().lock(), "\r{}\x1b[K", line(done_s, total_s, rate));
    }

    fn is_due(&mut self, clock_ns: i64) -> bool {
        let due = self.drawn_ns.is_none_or(|drawn| clock_ns.saturating_sub(drawn) >= REDRAW_NS);
        if due {
            self.drawn_ns = Some(clock_ns);
        }
        due
    }

    /// Takes the bar away.
    pub(crate) fn finish(&mut self) {
        if self.shown && self.drawn_ns.take().is_some() {
            let _ = write!(io::stderr().lock(), "\r\x1b[K");
        }
    }
}

fn line(done_s: f64, total_s: f64, rate: f64) -> String {
    let share = if total_s > 0.0 { (done_s / total_s).clamp(0.0, 1.0) } else { 1.0 };
    let filled = (share * WIDTH as f64).round() as usize;
    format!(
        "{}{} {:3.0} %  {done_s:.1} of {total_s:.1} s  {rate:.1}× real time",
        "━".repeat(filled),
        "╌".repeat(WIDTH - filled),
        share * 100.0
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_keeps_its_width_and_its_bounds() {
        for done in [-1.0, 0.0, 0.4, 14.9, 30.0, 31.0, f64::NAN] {
            let bar = line(done, 30.0, 12.3);
            let drawn = bar.chars().filter(|c| matches!(c, '━' | '╌')).count();
            assert_eq!(drawn, WIDTH, "{bar}");
        }
        assert!(line(15.0, 30.0, 12.3).contains(" 50 %  15.0 of 30.0 s  12.3× real time"));
        assert!(line(0.0, 0.0, 0.0).contains("100 %"));
    }

    #[test]
    fn redraws_are_spaced() {
        let mut progress = Progress { shown: true, drawn_ns: None };
        let due = [0, REDRAW_NS - 1, REDRAW_NS, REDRAW_NS + 1, 2 * REDRAW_NS];
        assert_eq!(due.map(|clock| progress.is_due(clock)), [true, false, true, false, true]);
    }
}
