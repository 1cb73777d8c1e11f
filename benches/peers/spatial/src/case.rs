//! The cases.

/// What is measured.
#[derive(Debug)]
pub struct Case {
    /// The first part of its rows' names.
    pub name: &'static str,
    /// Of the median.
    pub unit: &'static str,
    /// What follows the name in each row.
    pub rows: &'static [&'static str],
    /// In one line.
    pub about: &'static str,
    /// What peers are asked.
    pub load: Load,
}

/// What a peer is asked in a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Load {
    /// A tree over the points, on so many threads.
    BuildPoints(usize),
    /// A tree over the boxes.
    BuildBoxes,
    /// Heap bytes of a tree over the points.
    BytesPoints,
    /// Heap bytes of a tree over the boxes.
    BytesBoxes,
    /// 8 nearest, one query after the other.
    Nearest,
    /// 8 nearest, all queries handed over at once.
    NearestBatch,
    /// Everything within a radius.
    Within,
    /// Everything in a box.
    InBox,
    /// The first box on a ray.
    Ray,
    /// A tenth of the points moves, then queries.
    Frame,
    /// A tenth of the boxes moves.
    MoveBoxes,
    /// Points are taken out.
    Remove,
    /// Points are put in.
    Insert,
    /// One thread asks while another moves a tenth; whether it is always the same tenth.
    Reader(bool),
    /// Many ticks of small moves, then queries.
    Drift,
}

/// All cases, in the order they run.
pub const CASES: &[Case] = &[
    Case {
        name: "bytes-points",
        unit: "B",
        rows: &[""],
        about: "heap bytes of the index for each point, beside what the caller hands over",
        load: Load::BytesPoints,
    },
    Case {
        name: "bytes-boxes",
        unit: "B",
        rows: &[""],
        about: "heap bytes of the index for each box",
        load: Load::BytesBoxes,
    },
    Case {
        name: "build",
        unit: "ms",
        rows: &[""],
        about: "a tree over the points on one thread, CPU time",
        load: Load::BuildPoints(1),
    },
    Case {
        name: "build-2",
        unit: "ms",
        rows: &[""],
        about: "the same on two threads, wall time",
        load: Load::BuildPoints(2),
    },
    Case {
        name: "build-boxes",
        unit: "ms",
        rows: &[""],
        about: "a tree over the boxes on one thread, CPU time",
        load: Load::BuildBoxes,
    },
    Case {
        name: "nearest-8",
        unit: "ns",
        rows: &[""],
        about: "the 8 nearest points, sorted",
        load: Load::Nearest,
    },
    Case {
        name: "nearest-8-batch",
        unit: "ns",
        rows: &[""],
        about: "the same for 10,000 points in one call",
        load: Load::NearestBatch,
    },
    Case {
        name: "radius",
        unit: "ns",
        rows: &[""],
        about: "the points within a radius, about 32",
        load: Load::Within,
    },
    Case {
        name: "box",
        unit: "ns",
        rows: &[""],
        about: "the points in a box, about 32",
        load: Load::InBox,
    },
    Case {
        name: "ray",
        unit: "ns",
        rows: &[""],
        about: "the first of the boxes that a ray enters",
        load: Load::Ray,
    },
    Case {
        name: "frame",
        unit: "ms",
        rows: &["", "-update"],
        about: "10 % of the points move 1 cm, then 10,000 times the 8 nearest; of it the update",
        load: Load::Frame,
    },
    Case {
        name: "frame-boxes",
        unit: "ms",
        rows: &[""],
        about: "10 % of the boxes move 1 cm",
        load: Load::MoveBoxes,
    },
    Case {
        name: "remove",
        unit: "ns",
        rows: &[""],
        about: "20,000 scattered points taken out, each",
        load: Load::Remove,
    },
    Case {
        name: "insert",
        unit: "ns",
        rows: &[""],
        about: "20,000 scattered points put in, each",
        load: Load::Insert,
    },
    Case {
        name: "reader",
        unit: "us",
        rows: READER_ROWS,
        about: "8 nearest on one thread while another moves the same 10 % in frames of 90 Hz; the writer's CPU a frame",
        load: Load::Reader(true),
    },
    Case {
        name: "reader-roam",
        unit: "us",
        rows: READER_ROWS,
        about: "the same where another tenth moves in each frame",
        load: Load::Reader(false),
    },
    Case {
        name: "drift",
        unit: "ns",
        rows: &[
            "-before",
            "-after",
            "-fresh",
            "-move",
            "-worst-tick",
            "-box-before",
            "-box-after",
            "-box-fresh",
        ],
        about: "8 nearest before --ticks ticks in which 1 % of the points move --step, after them, and after a fresh build; a move; the costliest tick; a box of 3 m; only if named",
        load: Load::Drift,
    },
];

const READER_ROWS: &[&str] = &["-p50", "-p99", "-writer"];
