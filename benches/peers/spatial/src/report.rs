//! Rows as tab-separated lines, or all of them as one line of JSON.

use std::fmt::Write as _;

/// One line of a report.
#[derive(Debug)]
pub struct Row {
    /// The case with its row, layout and size.
    pub case: String,
    /// The peer's name.
    pub peer: &'static str,
    /// Of the figures.
    pub unit: &'static str,
    /// The median of the figures.
    pub median: f64,
    /// The median over that of the reference; `None` where that did not run.
    pub ratio: Option<f64>,
    /// One a turn.
    pub figures: Vec<f64>,
}

/// Prints rows as they come, or collects them for one line of JSON.
#[derive(Debug)]
pub struct Report {
    json: Option<String>,
}

impl Report {
    /// A report.
    pub fn new(json: bool) -> Self {
        Self { json: json.then(String::new) }
    }

    /// Takes a case's rows.
    pub fn add(&mut self, rows: Vec<Row>) {
        for row in rows {
            match &mut self.json {
                Some(text) => {
                    if !text.is_empty() {
                        text.push(',');
                    }
                    text.push_str(&json(&row));
                }
                None => println!("{}", line(&row)),
            }
        }
    }

    /// Prints what was collected.
    pub fn end(self) {
        if let Some(rows) = self.json {
            println!("{{\"rows\":[{rows}]}}");
        }
    }
}

fn line(row: &Row) -> String {
    let ratio = row.ratio.map_or_else(|| "-".to_owned(), figure);
    format!("{}\t{}\t{}\t{ratio}", row.case, row.peer, figure(row.median))
}

/// Four significant digits where the value has a fraction.
fn figure(value: f64) -> String {
    let decimals = match value.abs() {
        size if size >= 1000.0 => 0,
        size if size >= 100.0 => 1,
        size if size >= 10.0 => 2,
        _ => 3,
    };
    format!("{value:.decimals$}")
}

/// One row as an object. Names and units are ours and need no escapes; figures are finite.
fn json(row: &Row) -> String {
    let ratio = row.ratio.map_or_else(|| "null".to_owned(), |ratio| ratio.to_string());
    let mut text = format!(
        "{{\"case\":\"{}\",\"peer\":\"{}\",\"unit\":\"{}\",\"median\":{},\"ratio\":{ratio},\"figures\":[",
        row.case, row.peer, row.unit, row.median,
    );
    for (index, value) in row.figures.iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        let _ = write!(text, "{comma}{value}");
    }
    text.push_str("]}");
    text
}
