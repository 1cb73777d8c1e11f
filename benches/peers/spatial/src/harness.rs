//! Turns of all peers on one world, their medians, and whether their answers agree.

use std::time::{Duration, Instant};

use rayon::ThreadPool;

use crate::case::{Case, Load};
use crate::clock::{heap_bytes, process_cpu};
use crate::data::{Frame, Layout, World};
use crate::drift;
use crate::peers::{Answer, Peer, all};
use crate::reader;
use crate::report::{Report, Row};
use xrmesh::space::{Aabb, Vec3};

/// What to run.
pub struct Plan {
    /// In their order.
    pub cases: Vec<&'static Case>,
    /// By name; all where it is empty.
    pub peers: Vec<&'static str>,
    /// Each with each count of objects.
    pub layouts: Vec<Layout>,
    /// Objects of a world.
    pub objects: Vec<usize>,
    /// Turns of each peer.
    pub repeat: usize,
    /// Least CPU time of a turn of queries.
    pub seconds: Duration,
    /// Ticks of a drift.
    pub ticks: usize,
    /// How far an object goes in a tick of a drift, in metres.
    pub step_m: f32,
    /// Whether to print JSON.
    pub json: bool,
}

/// One part in so many of a peer's answers may differ: libraries that contract products and sums put
/// a point on the other side of a boundary now and then.
const DIFFERING: usize = 1_000;

/// A peer, and whether its trees are those of the world.
struct Seat {
    peer: Box<dyn Peer>,
    points: bool,
    boxes: bool,
}

/// What a turn gave: a figure for each row, and the answers to be compared.
struct Turn {
    figures: Vec<f64>,
    answers: Vec<Answer>,
}

impl Plan {
    /// Runs all and reports; returns what went wrong.
    pub fn run(&self, report: &mut Report) -> Vec<String> {
        let mut faults = Vec::new();
        let pools = match (pool(1), pool(2)) {
            (Ok(one), Ok(two)) => [one, two],
            (Err(error), _) | (_, Err(error)) => return vec![error],
        };
        for &objects in &self.objects {
            for &layout in &self.layouts {
                let mut world = World::new(layout, objects);
                let mut seats: Vec<_> = all()
                    .into_iter()
                    .filter(|peer| self.peers.is_empty() || self.peers.contains(&peer.name()))
                    .map(|peer| Seat { peer, points: false, boxes: false })
                    .collect();
                for case in &self.cases {
                    report.add(self.case(case, &mut world, &mut seats, &pools, &mut faults));
                }
            }
        }
        faults
    }

    fn case(
        &self,
        case: &Case,
        world: &mut World,
        seats: &mut [Seat],
        pools: &[ThreadPool; 2],
        faults: &mut Vec<String>,
    ) -> Vec<Row> {
        let label = |row: &str| {
            format!("{}{row}-{}-{}", case.name, world.layout.name(), short(world.points.len()))
        };
        let labels: Vec<String> = case.rows.iter().map(|row| label(row)).collect();
        let turns = if case.load == Load::Drift { 1 } else { self.repeat };
        let mut moves = Moves::default();
        match case.load {
            Load::Frame => moves.points = (0..turns).map(|t| world.move_points(t as u64)).collect(),
            Load::MoveBoxes => {
                moves.boxes = (0..turns).map(|t| world.move_boxes(t as u64)).collect();
            }
            _ => {}
        }
        let mut figures = vec![vec![Vec::new(); case.rows.len()]; seats.len()];
        for turn in 0..turns {
            let mut reference: Option<Vec<Answer>> = None;
            for (seat, figures) in seats.iter_mut().zip(&mut figures) {
                if !seat.peer.carries(case.load) {
                    continue;
                }
                if turn == 0 {
                    seat.prepare(case.load, world, &moves);
                }
                let got = self.turn(case.load, seat, world, turn, &moves, pools);
                for (list, figure) in figures.iter_mut().zip(&got.figures) {
                    list.push(*figure);
                }
                let truth = reference.get_or_insert_with(|| got.answers.clone());
                let differ = truth.iter().zip(&got.answers).filter(|(a, b)| !a.agrees(b)).count();
                if differ * DIFFERING > truth.len() {
                    faults.push(format!(
                        "{}: {differ} of {} answers of {} differ",
                        labels[0],
                        truth.len(),
                        seat.peer.name()
                    ));
                }
            }
        }
        // Those that cannot follow moves have trees of another moment now.
        for seat in &mut *seats {
            let follows = seat.peer.carries(case.load);
            seat.points &= follows || case.load != Load::Frame;
            seat.boxes &= follows || case.load != Load::MoveBoxes;
        }
        let mut rows = Vec::new();
        for (index, label) in labels.into_iter().enumerate() {
            let mut reference = None;
            for (seat, figures) in seats.iter().zip(&figures) {
                let figures = &figures[index];
                let Some(median) = median(figures) else { continue };
                if seat.peer.name() == "xrmesh" {
                    reference = Some(median);
                }
                rows.push(Row {
                    case: label.clone(),
                    peer: seat.peer.name(),
                    unit: case.unit,
                    median,
                    ratio: reference.map(|ours| median / ours),
                    figures: figures.clone(),
                });
            }
        }
        rows
    }

    fn turn(
        &self,
        load: Load,
        seat: &mut Seat,
        world: &World,
        turn: usize,
        moves: &Moves,
        pools: &[ThreadPool; 2],
    ) -> Turn {
        let peer = &mut *seat.peer;
        let ask = |mut one: Box<dyn FnMut(usize) -> Answer + '_>, count: usize| {
            self.ask(count, |answers| {
                for (index, answer) in answers.iter_mut().enumerate() {
                    *answer = one(index);
                }
            })
        };
        match load {
            Load::Nearest => {
                ask(Box::new(|at| peer.nearest(world.centres[at])), world.centres.len())
            }
            Load::NearestBatch => self.ask(world.centres.len(), |answers| {
                peer.nearest_batch(&world.centres, answers);
            }),
            Load::Within => ask(
                Box::new(|at| peer.within(world.centres[at], world.radius)),
                world.centres.len(),
            ),
            Load::InBox => ask(Box::new(|at| peer.in_box(&world.areas[at])), world.areas.len()),
            Load::Ray => ask(Box::new(|at| peer.ray(&world.rays[at])), world.rays.len()),
            Load::BuildPoints(threads) => {
                peer.take_points(&world.points);
                let (start, cpu) = (Instant::now(), process_cpu());
                pools[threads - 1].install(|| peer.build_points());
                let spent = if threads == 1 { process_cpu() - cpu } else { start.elapsed() };
                seat.points = true;
                Turn::alone(spent.as_secs_f64() * 1e3)
            }
            Load::BuildBoxes => {
                peer.take_boxes(&world.boxes);
                let cpu = process_cpu();
                pools[0].install(|| peer.build_boxes());
                seat.boxes = true;
                Turn::alone((process_cpu() - cpu).as_secs_f64() * 1e3)
            }
            Load::BytesPoints => {
                peer.clear();
                peer.take_points(&world.points);
                let bytes = bytes(|| {
                    peer.build_points();
                    peer.settle();
                });
                (seat.points, seat.boxes) = (true, false);
                Turn::alone(bytes / world.points.len() as f64)
            }
            Load::BytesBoxes => {
                peer.clear();
                peer.take_boxes(&world.boxes);
                let bytes = bytes(|| {
                    peer.build_boxes();
                    peer.settle();
                });
                (seat.points, seat.boxes) = (false, true);
                Turn::alone(bytes / world.boxes.len() as f64)
            }
            Load::Frame => {
                let start = process_cpu();
                peer.move_points(&moves.points[turn]);
                let moved = process_cpu();
                let answers = world.centres.iter().map(|&at| peer.nearest(at)).collect();
                let ms = |from: Duration, to: Duration| (to - from).as_secs_f64() * 1e3;
                Turn { figures: vec![ms(start, process_cpu()), ms(start, moved)], answers }
            }
            Load::MoveBoxes => {
                let start = process_cpu();
                peer.move_boxes(&moves.boxes[turn]);
                let spent = (process_cpu() - start).as_secs_f64() * 1e3;
                let rays = &world.rays[..world.rays.len().min(1_000)];
                // All frames have moved the world's boxes; only then do all peers hold them.
                let last = turn + 1 == moves.boxes.len();
                let answers =
                    if last { rays.iter().map(|ray| peer.ray(ray)).collect() } else { Vec::new() };
                Turn { figures: vec![spent], answers }
            }
            Load::Remove | Load::Insert => {
                let items = world.churn();
                let start = process_cpu();
                peer.remove(&items);
                let removed = process_cpu();
                let gone = world.centres.iter().take(1_000).map(|&at| peer.nearest(at));
                let mut answers: Vec<_> = gone.collect();
                let between = process_cpu();
                peer.insert(&items);
                let inserted = process_cpu();
                answers.extend(world.centres.iter().take(1_000).map(|&at| peer.nearest(at)));
                let spent = if load == Load::Remove { removed - start } else { inserted - between };
                let figures = vec![spent.as_secs_f64() * 1e9 / items.len() as f64];
                Turn { figures, answers }
            }
            Load::Reader(same) => Turn {
                figures: peer
                    .shared(world)
                    .map_or_else(Vec::new, |shared| reader::watch(&*shared, world, same).to_vec()),
                answers: Vec::new(),
            },
            Load::Drift => {
                seat.points = false;
                let objects = world.points.len();
                let figures = drift::run(&mut *seat.peer, objects, self.ticks, self.step_m);
                Turn { figures, answers: Vec::new() }
            }
        }
    }

    /// Asks all queries, again and again for the plan's time: the CPU time of each.
    fn ask(&self, count: usize, mut pass: impl FnMut(&mut [Answer])) -> Turn {
        let mut answers = vec![Answer::default(); count];
        let start = process_cpu();
        let mut passes = 0.0;
        loop {
            pass(&mut answers);
            passes += 1.0;
            let spent = process_cpu() - start;
            if spent >= self.seconds {
                let figure = spent.as_secs_f64() * 1e9 / (passes * count as f64);
                return Turn { figures: vec![figure], answers };
            }
        }
    }
}

/// The frames of a case, one a turn.
#[derive(Default)]
struct Moves {
    points: Vec<Frame<Vec3>>,
    boxes: Vec<Frame<Aabb>>,
}

impl Seat {
    /// Builds what the load asks, as it was before the case's frames.
    fn prepare(&mut self, load: Load, world: &World, moves: &Moves) {
        match load {
            Load::Nearest
            | Load::NearestBatch
            | Load::Within
            | Load::InBox
            | Load::Frame
            | Load::Remove
            | Load::Insert
                if !self.points =>
            {
                let mut points = world.points.clone();
                undo(&mut points, &moves.points);
                self.peer.take_points(&points);
                self.peer.build_points();
                self.points = true;
            }
            Load::Ray | Load::MoveBoxes if !self.boxes => {
                let mut boxes = world.boxes.clone();
                undo(&mut boxes, &moves.boxes);
                self.peer.take_boxes(&boxes);
                self.peer.build_boxes();
                self.boxes = true;
            }
            _ => {}
        }
    }
}

/// Takes frames back, the last one first.
fn undo<E: Copy>(extents: &mut [E], frames: &[Frame<E>]) {
    for frame in frames.iter().rev() {
        for (&(slot, _), &from) in frame.moves.iter().zip(&frame.from) {
            extents[slot as usize] = from;
        }
    }
}

impl Turn {
    fn alone(figure: f64) -> Self {
        Self { figures: vec![figure], answers: Vec::new() }
    }
}

fn bytes(build: impl FnOnce()) -> f64 {
    let before = heap_bytes();
    build();
    heap_bytes() as f64 - before as f64
}

fn pool(threads: usize) -> Result<ThreadPool, String> {
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .map_err(|error| format!("no pool of {threads} threads: {error}"))
}

fn median(figures: &[f64]) -> Option<f64> {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied()
}

/// A count as in a case's name: 100k, 1m.
fn short(count: usize) -> String {
    match count {
        count if count % 1_000_000 == 0 => format!("{}m", count / 1_000_000),
        count if count % 1_000 == 0 => format!("{}k", count / 1_000),
        count => count.to_string(),
    }
}
