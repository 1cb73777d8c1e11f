//! One thread that asks while another changes the tree.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use xrmesh::space::Vec3;

use crate::clock::thread_cpu;
use crate::data::{Frame, World};
use crate::peers::Answer;

/// A tree that one thread changes and another one asks.
pub trait Shared: Sync {
    /// Applies a frame's moves and makes them visible.
    fn write(&self, frame: &Frame<Vec3>);

    /// What asks for the 8 nearest; used on one thread.
    fn reader(&self) -> Box<dyn FnMut(Vec3) -> Answer + '_>;
}

/// Frames of the writer in a turn.
const FRAMES: usize = 30;

/// The first frames are not counted: a world in which all begins to move at once settles in them.
const WARM_UP: usize = 4;

/// The time from one frame's start to the next one's, where the writer is done by then.
const PERIOD: Duration = Duration::from_nanos(11_111_111);

/// The least rest between two frames, so that a lock's readers have their turn.
const REST: Duration = Duration::from_millis(1);

/// Median and 99th percentile of the reader's wall time for a query, and the median of the writer's CPU time
/// for a frame, in microseconds.
pub fn watch(shared: &dyn Shared, world: &World, same: bool) -> [f64; 3] {
    // Frames that go forth and back: the world ends where it was.
    let mut moving = World { points: world.points.clone(), ..empty(world) };
    let mut frames: Vec<_> =
        (0..if same { 2 } else { FRAMES })
            .map(|frame| {
                if same {
                    fixed_tenth(&mut moving, frame)
                } else {
                    moving.move_points(frame as u64)
                }
            })
            .collect();
    if same {
        let [there, back] = [frames[0].clone(), frames[1].clone()];
        frames =
            (0..FRAMES).map(|f| if f % 2 == 0 { there.clone() } else { back.clone() }).collect();
    }
    let (counted, done) = (AtomicBool::new(false), AtomicBool::new(false));
    let mut times = std::thread::scope(|scope| {
        let reading = scope.spawn(|| {
            let mut times = Vec::with_capacity(8_000_000);
            let mut ask = shared.reader();
            for &at in world.centres.iter().cycle() {
                let start = Instant::now();
                std::hint::black_box(ask(at));
                let spent = start.elapsed().as_nanos() as u32;
                if done.load(Ordering::Relaxed) {
                    break;
                }
                if counted.load(Ordering::Relaxed) && times.len() < times.capacity() {
                    times.push(spent);
                }
            }
            times
        });
        let mut writer = Vec::new();
        for (index, frame) in frames.iter().enumerate() {
            counted.store(index >= WARM_UP, Ordering::Relaxed);
            let (start, cpu) = (Instant::now(), thread_cpu());
            shared.write(frame);
            let spent = thread_cpu() - cpu;
            if index >= WARM_UP {
                writer.push(spent.as_secs_f64() * 1e6);
            }
            std::thread::sleep(PERIOD.saturating_sub(start.elapsed()).max(REST));
        }
        done.store(true, Ordering::Relaxed);
        writer.sort_by(f64::total_cmp);
        let writer = writer[writer.len() / 2];
        reading.join().map(|times| (times, writer)).unwrap_or_default()
    });
    times.0.sort_unstable();
    let part = |share: f64| {
        let at = (times.0.len() as f64 * share) as usize;
        times.0.get(at).map_or(f64::NAN, |&ns| f64::from(ns) / 1e3)
    };
    [part(0.5), part(0.99), times.1]
}

/// A world without points of its own.
fn empty(world: &World) -> World {
    World {
        layout: world.layout,
        points: Vec::new(),
        boxes: Vec::new(),
        centres: Vec::new(),
        radius: 0.0,
        areas: Vec::new(),
        rays: Vec::new(),
    }
}

/// Every tenth point a centimetre to one side, and in the next frame back.
fn fixed_tenth(world: &mut World, frame: usize) -> Frame<Vec3> {
    let step = Vec3::new(0.01, 0.0, 0.0) * if frame % 2 == 0 { 1.0 } else { -1.0 };
    let slots = || (0..world.points.len()).step_by(10);
    let from: Vec<_> = slots().map(|slot| world.points[slot]).collect();
    let moves: Vec<_> = slots().map(|slot| (slot as u32, world.points[slot] + step)).collect();
    for &(slot, to) in &moves {
        world.points[slot as usize] = to;
    }
    Frame { moves, from }
}
