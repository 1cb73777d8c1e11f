//! The cases: their names, their loads, their units.

use std::time::Duration;

use crate::harness::Limits;

/// One case of the table.
#[derive(Debug)]
pub struct Case {
    /// Short and stable, as given to `--case`.
    pub name: &'static str,
    /// Unit of its figures.
    pub unit: &'static str,
    /// Whether a higher figure is better (throughput) or a lower one (latency, bytes).
    pub higher_is_better: bool,
    /// Rows that one run yields: what is added to the case's name for each of its figures.
    pub rows: &'static [&'static str],
    /// One sentence for `--list`.
    pub about: &'static str,
    /// What runs.
    pub load: Load,
}

/// What a case asks of a peer.
#[derive(Debug, Clone, Copy)]
pub enum Load {
    /// Every message is forwarded to a random agent.
    Forward(Forward),
    /// Every message goes to every agent.
    Broadcast(Agents),
    /// One agent asks another and waits for the answer, again and again.
    Ask,
    /// Heap bytes of agents that do nothing.
    Idle(Agents),
    /// Two producer threads to one consumer.
    Host(Host),
    /// One message to each agent, then the next tick.
    Frame(Agents),
    /// The same at 90 Hz, with a rest between the ticks.
    Paced(Agents),
    /// Twice the messages that a tick of 800 µs has room for.
    Overload(Overload),
}

/// How many agents there are.
#[derive(Debug, Clone, Copy)]
pub struct Agents(pub usize);

/// The load of a forwarding case.
#[derive(Debug, Clone, Copy)]
pub struct Forward {
    /// Number of agents.
    pub agents: usize,
    /// Messages on their way at any time.
    pub in_flight: usize,
    /// Whether each message draws one of ten priorities.
    pub priorities: bool,
}

/// The load of a raw queue.
#[derive(Debug, Clone, Copy)]
pub struct Host {
    /// Messages sent at once; 1 is a send each.
    pub batch: usize,
}

/// The load of a timed budget.
#[derive(Debug, Clone, Copy)]
pub struct Overload {
    /// What a handler takes for a message, in nanoseconds.
    pub handler_ns: u32,
    /// Whether each tick gets twice what it has room for, most of which must be dropped; else twice as much is on its
    /// way, and each message handled is sent on.
    pub flood: bool,
}

/// Messages of a batch in `host-2p-batched`.
pub const BATCH: usize = 64;

/// All cases, in the order they run.
pub const CASES: &[Case] = &[
    Case {
        name: "forward-100k",
        unit: MILLIONS,
        higher_is_better: true,
        rows: &[""],
        about: "each message forwarded to a random agent: 100,000 agents, 100,000 in flight",
        load: Load::Forward(Forward { agents: 100_000, in_flight: 100_000, priorities: false }),
    },
    Case {
        name: "forward-1k-64k",
        unit: MILLIONS,
        higher_is_better: true,
        rows: &[""],
        about: "the same with 1,000 agents and 64,000 messages in flight",
        load: Load::Forward(Forward { agents: 1_000, in_flight: 64_000, priorities: false }),
    },
    Case {
        name: "forward-1k-1k",
        unit: MILLIONS,
        higher_is_better: true,
        rows: &[""],
        about: "the same with 1,000 agents and 1,000 messages in flight",
        load: Load::Forward(Forward { agents: 1_000, in_flight: 1_000, priorities: false }),
    },
    Case {
        name: "forward-100k-prio",
        unit: MILLIONS,
        higher_is_better: true,
        rows: &[""],
        about: "forward-100k with ten priorities mixed; only peers that have priorities",
        load: Load::Forward(Forward { agents: 100_000, in_flight: 100_000, priorities: true }),
    },
    Case {
        name: "broadcast-1k",
        unit: "million deliveries/s",
        higher_is_better: true,
        rows: &[""],
        about: "each message to all of 1,000 agents",
        load: Load::Broadcast(Agents(1_000)),
    },
    Case {
        name: "broadcast-100k",
        unit: "million deliveries/s",
        higher_is_better: true,
        rows: &[""],
        about: "each message to all of 100,000 agents",
        load: Load::Broadcast(Agents(100_000)),
    },
    Case {
        name: "ask",
        unit: "ns",
        higher_is_better: false,
        rows: &["-p50", "-p99"],
        about: "one agent asks another and gets its answer, both on one thread",
        load: Load::Ask,
    },
    Case {
        name: "idle-bytes",
        unit: "B",
        higher_is_better: false,
        rows: &["", "-used"],
        about: "heap bytes of an idle agent beyond its state: fresh, and after one message",
        load: Load::Idle(Agents(10_000)),
    },
    Case {
        name: "host-2p-single",
        unit: MILLIONS,
        higher_is_better: true,
        rows: &[""],
        about: "two producer threads, one consumer thread, one send a message",
        load: Load::Host(Host { batch: 1 }),
    },
    Case {
        name: "host-2p-batched",
        unit: MILLIONS,
        higher_is_better: true,
        rows: &[""],
        about: "the same, 64 messages a send",
        load: Load::Host(Host { batch: BATCH }),
    },
    Case {
        name: "frame-100k",
        unit: "ms",
        higher_is_better: false,
        rows: &["-p50", "-p99"],
        about: "a tick in which each of 100,000 agents gets and handles one message of its own",
        load: Load::Frame(Agents(100_000)),
    },
    Case {
        name: "frame-100k-90hz",
        unit: "ms",
        higher_is_better: false,
        rows: &["-p50", "-p99"],
        about: "the same tick at 90 Hz, with a rest until the next; 90 ticks a second measured",
        load: Load::Paced(Agents(100_000)),
    },
    Case {
        name: "overload-0.1us",
        unit: "µs",
        higher_is_better: false,
        rows: OVERLOAD_ROWS,
        about: "what ticks of 800 µs overrun with twice as much on its way as they have room for, handlers of 0.1 µs",
        load: Load::Overload(Overload { handler_ns: 100, flood: false }),
    },
    Case {
        name: "overload-1us",
        unit: "µs",
        higher_is_better: false,
        rows: OVERLOAD_ROWS,
        about: "what ticks of 800 µs overrun with twice as much on its way as they have room for, handlers of 1 µs",
        load: Load::Overload(Overload { handler_ns: 1_000, flood: false }),
    },
    Case {
        name: "overload-5us",
        unit: "µs",
        higher_is_better: false,
        rows: OVERLOAD_ROWS,
        about: "what ticks of 800 µs overrun with twice as much on its way as they have room for, handlers of 5 µs",
        load: Load::Overload(Overload { handler_ns: 5_000, flood: false }),
    },
    Case {
        name: "flood-1us",
        unit: "µs",
        higher_is_better: false,
        rows: OVERLOAD_ROWS,
        about: "the same where the host sends twice what a tick has room for, and full mailboxes drop the oldest",
        load: Load::Overload(Overload { handler_ns: 1_000, flood: true }),
    },
];

/// Overrun at the median and the 99.9th percentile; that of a control which only looks at the clock, taking turns with
/// the ticks; the difference of the two; the greatest age of the oldest message after a tick.
const OVERLOAD_ROWS: &[&str] = &["-p50", "-p99.9", "-spin-p99.9", "-beyond-spin", "-oldest"];

const MILLIONS: &str = "million messages/s";

impl Agents {
    /// Broadcasts sent before the senders wait for all receivers: enough that waiting is rare, few enough that the
    /// queues of 100,000 agents stay small.
    pub fn broadcasts_per_round(self) -> usize {
        (400_000 / self.0).clamp(1, 64)
    }
}

impl Limits {
    /// How long a run may take to come to its end after its time is over. A run that takes longer is a failure.
    pub const PATIENCE: Duration = Duration::from_secs(60);
}
