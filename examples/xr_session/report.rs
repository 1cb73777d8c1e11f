//! What a session did, for people and as one line of JSON.

use core::fmt::{self, Write as _};

use xrmesh::Histogram;

use crate::processor::ProcessorReport;
use crate::remember::MemoryReport;

/// One frame at 90 Hz, in microseconds: what a tick has to fit into.
const FRAME_US: f64 = 1e6 / 90.0;

/// The figures of a finished session.
#[derive(Clone, Debug)]
pub(crate) struct Report {
    pub(crate) sent: u64,
    pub(crate) delivered: u64,
    pub(crate) pending: u64,
    /// Every reason that occurred, by name, in a fixed order.
    pub(crate) dropped: Vec<(&'static str, u64)>,
    pub(crate) ticks: u64,
    /// Nanoseconds of each tick.
    pub(crate) tick_ns: Histogram,
    /// The ticks' own time together, in seconds.
    pub(crate) busy_s: f64,
    /// What the agents did, by name; for people only.
    pub(crate) deeds: Vec<(&'static str, u64)>,
    pub(crate) agents: u64,
    pub(crate) bytes_per_agent: f64,
    pub(crate) state_hash: u64,
    /// What became of the memory, once it is closed.
    pub(crate) memory: Option<MemoryReport>,
    /// If agents thought with one.
    pub(crate) processor: Option<ProcessorReport>,
}

impl Report {
    fn dropped_total(&self) -> u64 {
        self.dropped.iter().map(|(_, count)| count).sum()
    }

    /// Deliveries in a second of tick time.
    fn messages_per_s(&self) -> f64 {
        if self.busy_s > 0.0 { self.delivered as f64 / self.busy_s } else { 0.0 }
    }

    fn tick_us(&self) -> [f64; 4] {
        let ticks = &self.tick_ns;
        // A session without ticks took no time.
        [ticks.quantile(0.5), ticks.quantile(0.99), ticks.quantile(0.999), ticks.max()]
            .map(|ns| ns.unwrap_or(0) as f64 * 1e-3)
    }

    /// One JSON object without a line break.
    pub(crate) fn to_json(&self) -> String {
        let dropped: serde_json::Map<_, _> = self
            .dropped
            .iter()
            .map(|(reason, count)| ((*reason).to_owned(), (*count).into()))
            .collect();
        let [p50, p99, p999, max] = self.tick_us();
        let mut line = serde_json::json!({
            "sent": self.sent,
            "delivered": self.delivered,
            "pending": self.pending,
            "dropped": dropped,
            "ticks": self.ticks,
            "tick_us": { "p50": p50, "p99": p99, "p999": p999, "max": max },
            "messages_per_s": self.messages_per_s(),
            "agents": self.agents,
            "bytes_per_agent": self.bytes_per_agent,
            "state_hash": format!("{:016x}", self.state_hash),
        });
        if let Some(memory) = self.memory {
            line["memory"] = memory.to_json();
        }
        if let Some(processor) = self.processor {
            line["processor"] = processor.to_json();
        }
        line.to_string()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let dropped = self.dropped_total();
        let accounted = self.delivered + self.pending + dropped;
        let row = |f: &mut fmt::Formatter<'_>, name: &str, value: &str| {
            writeln!(f, "  {name:<20}{value:>16}")
        };
        writeln!(f, "messages")?;
        row(f, "sent", &grouped(self.sent))?;
        row(f, "delivered", &grouped(self.delivered))?;
        row(f, "pending", &grouped(self.pending))?;
        row(f, "dropped", &grouped(dropped))?;
        for (reason, count) in self.dropped.iter().filter(|(_, count)| *count > 0) {
            row(f, &format!("  {}", reason.replace('_', " ")), &grouped(*count))?;
        }
        if accounted == self.sent {
            writeln!(f, "  sent = delivered + pending + dropped")?;
        } else {
            writeln!(f, "  sent is not delivered + pending + dropped = {}", grouped(accounted))?;
        }
        row(f, "a second", &grouped(self.messages_per_s() as u64))?;
        let [p50, p99, p999, max] = self.tick_us();
        writeln!(f, "tick, µs")?;
        for (name, us) in [("p50", p50), ("p99", p99), ("p99.9", p999), ("worst", max)] {
            row(f, name, &format!("{us:.1}"))?;
        }
        writeln!(f, "  {}", verdict(p99, max))?;
        writeln!(f, "agents did")?;
        for (name, count) in &self.deeds {
            row(f, name, &grouped(*count))?;
        }
        if let Some(processor) = &self.processor {
            write!(f, "processor\n{processor}")?;
        }
        if let Some(memory) = &self.memory {
            writeln!(f, "memory")?;
            for (name, figure) in memory.rows() {
                row(f, name, &grouped(figure))?;
            }
        }
        writeln!(f, "session")?;
        row(f, "ticks", &grouped(self.ticks))?;
        row(f, "agents", &grouped(self.agents))?;
        row(f, "bytes an agent", &format!("{:.1}", self.bytes_per_agent))?;
        row(f, "state hash", &format!("{:016x}", self.state_hash))
    }
}

/// How the ticks stand to a frame of 11.1 ms.
fn verdict(p99_us: f64, max_us: f64) -> String {
    let share = |us: f64| format!("{:.1} %", us / FRAME_US * 100.0);
    if max_us <= FRAME_US {
        format!("every tick inside the 11.1 ms frame: worst {} of it", share(max_us))
    } else if p99_us <= FRAME_US {
        format!("99 % inside the 11.1 ms frame, worst {} of it", share(max_us))
    } else {
        format!("too slow for the 11.1 ms frame: p99 {} of it", share(p99_us))
    }
}

/// Digits in groups of three.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            let _ = text.write_char(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        let mut tick_ns = Histogram::new();
        (1..=1_000).for_each(|tick| tick_ns.record(tick * 2_000));
        Report {
            sent: 1_234_567,
            delivered: 1_234_000,
            pending: 67,
            dropped: vec![("expired", 400), ("no_receiver", 100), ("mailbox_full", 0)],
            ticks: 1_000,
            tick_ns,
            busy_s: 0.5,
            deeds: vec![("grabs", 12)],
            agents: 207,
            bytes_per_agent: 101.5,
            state_hash: 0x00ab_cdef_0123_4567,
            memory: None,
            processor: None,
        }
    }

    #[test]
    fn json_has_exactly_the_promised_keys_on_one_line() {
        let line = report().to_json();
        assert!(!line.contains('\n'));
        let value: serde_json::Value = serde_json::from_str(&line).unwrap();
        let mut keys: Vec<_> = value.as_object().unwrap().keys().map(String::as_str).collect();
        keys.sort_unstable();
        let mut expected = [
            "sent",
            "delivered",
            "pending",
            "dropped",
            "ticks",
            "tick_us",
            "messages_per_s",
            "agents",
            "bytes_per_agent",
            "state_hash",
        ];
        expected.sort_unstable();
        assert_eq!(keys, expected);
        let mut quantiles: Vec<_> = value["tick_us"].as_object().unwrap().keys().collect();
        quantiles.sort_unstable();
        assert_eq!(quantiles, ["max", "p50", "p99", "p999"]);
        assert_eq!(value["state_hash"], "00abcdef01234567");
        assert_eq!(value["dropped"]["expired"], 400);
        assert_eq!(value["messages_per_s"], 2_468_000.0);
        assert_eq!(value["tick_us"]["max"], 2_000.0);
    }

    #[test]
    fn the_text_gives_the_sum_and_the_verdict() {
        let text = report().to_string();
        assert!(text.contains("1,234,567") && text.contains("no receiver"), "{text}");
        assert!(!text.contains("mailbox full"), "reasons that did not occur are left out");
        assert!(text.contains("sent = delivered + pending + dropped"), "{text}");
        assert!(text.contains("every tick inside the 11.1 ms frame: worst 18.0 % of it"), "{text}");
        let lost = Report { pending: 66, ..report() }.to_string();
        assert!(lost.contains("sent is not delivered + pending + dropped = 1,234,566"), "{lost}");
    }

    #[test]
    fn verdicts() {
        assert!(verdict(100.0, 11_111.0).starts_with("every tick"));
        assert!(verdict(11_111.0, 11_112.0).starts_with("99 % inside"));
        assert!(verdict(11_112.0, 20_000.0).starts_with("too slow"));
    }

    #[test]
    fn digits_are_grouped() {
        let cases = [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")];
        cases.iter().for_each(|(number, text)| assert_eq!(grouped(*number), *text));
    }
}
