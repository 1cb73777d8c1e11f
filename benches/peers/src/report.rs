//! Rows as tab-separated lines, or all of them as one line of JSON.

use std::fmt::Write as _;

use crate::harness::Row;

/// Prints rows as they come, or collects them for one line of JSON.
#[derive(Debug)]
pub struct Report {
    json: Option<String>,
    cpu: bool,
}

impl Report {
    /// A report; `cpu` adds a fifth column.
    pub fn new(json: bool, cpu: bool) -> Self {
        Self { json: json.then(String::new), cpu }
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
                None => println!("{}", self.line(&row)),
            }
        }
    }

    /// Prints what was collected.
    pub fn end(self) {
        if let Some(rows) = self.json {
            println!("{{\"rows\":[{rows}]}}");
        }
    }

    fn line(&self, row: &Row) -> String {
        let ratio = row.ratio.map_or_else(|| "-".to_owned(), figure);
        let mut line = format!("{}\t{}\t{}\t{ratio}", row.case, row.peer, figure(row.median));
        if self.cpu {
            line.push('\t');
            line.push_str(&row.cpu_ns.map_or_else(|| "-".to_owned(), figure));
        }
        line
    }
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
    let number = |value: Option<f64>| {
        value.filter(|value| value.is_finite()).map_or_else(|| "null".to_owned(), |v| v.to_string())
    };
    let mut text = format!(
        "{{\"case\":\"{}\",\"peer\":\"{}\",\"unit\":\"{}\",\"median\":{},\"ratio\":{},\"cpu_ns\":{},\"figures\":[",
        row.case,
        row.peer,
        row.unit,
        number(Some(row.median)),
        number(row.ratio),
        number(row.cpu_ns),
    );
    for (index, &value) in row.figures.iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        let _ = write!(text, "{comma}{}", number(Some(value)));
    }
    text.push_str("]}");
    text
}
