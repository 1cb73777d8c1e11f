//! A person's walk through a room with a headset and two controllers: from one thing of interest to
//! the next, picking something up at one and putting it down at another.

use core::f32::consts::{PI, TAU};

use xrmesh::random::Counter;
use xrmesh::{Pose, Quat, Vec3};

use crate::grid::Grid;
use crate::motion::{Action, ButtonEvent, Device, Motion, Sample};
use crate::pose::{about, lerp, posed};
use crate::room::{Label, Room};

/// The stream of the seed that walks are drawn from.
const STREAM: [u32; 2] = [3, 0];
/// Between two samples: 90 Hz.
const STEP_NS: i64 = 11_111_111;
const STEP_S: f32 = 1.0 / 90.0;
/// Eyes above the floor, in metres.
const EYES: f32 = 1.64;
/// Mean walking speed in a room, in metres a second.
const SPEED: f32 = 0.95;
/// How long each stop lasts, in seconds.
const STOP_S: f32 = 1.8;
/// Length of one step, in metres.
const STRIDE: f32 = 0.65;
/// The button of a controller that grabs.
const GRAB: u32 = 1;
const STOPS: usize = 6;

/// The walk of `seed` through `room`: under a minute, six stops, three grabs.
pub(crate) fn walk(seed: u64, room: &Room) -> Motion {
    let Some(grid) = Grid::of(room) else { return standing(room) };
    let mut draw = Counter::new(seed, STREAM).stream_from(0);
    let floor = room.floor_height();

    let stops = stops(&grid, draw.uniform_f32());
    let mut walker = Walker::new(floor, grid.point(stops[0]));
    let mut stop_times = Vec::new();
    for (index, &stop) in stops.iter().enumerate() {
        if index > 0 {
            let distances = grid.distances(stop);
            let way = grid.way(&distances, stops[index - 1]);
            walker.go(&smoothed(way.iter().map(|cell| grid.point(*cell)).collect()));
        }
        let target = target(room, grid.point(stop), floor);
        stop_times.push((walker.time_s() + 0.5 * STOP_S, target));
        walker.stop(target);
    }

    let mut hands = [Hand::new(Device::Left), Hand::new(Device::Right)];
    for (pair, times) in stop_times.chunks_exact(2).enumerate() {
        let hand = &mut hands[(pair + 1) % 2];
        hand.carries.push([times[0], times[1]]);
    }
    walker.motion(&hands, draw.uniform_f32() * TAU)
}

/// In a room without free floor the headset stays in its middle.
fn standing(room: &Room) -> Motion {
    let [low, high] = room.extent().unwrap_or_default();
    let middle = [0.5 * (low[0] + high[0]), 0.5 * (low[1] + high[1])];
    let mut walker = Walker::new(room.floor_height(), middle);
    for _ in 0..STOPS {
        walker.stop(Vec3::new(middle[0], room.floor_height() + 1.0, middle[1] - 1.0));
    }
    walker.motion(&[Hand::new(Device::Left), Hand::new(Device::Right)], 0.0)
}

/// Cells far from one another: each the farthest by foot from those before it.
fn stops(grid: &Grid, first: f32) -> Vec<usize> {
    let cells: Vec<usize> = grid.free_cells().collect();
    let start = cells[((first * cells.len() as f32) as usize).min(cells.len() - 1)];
    let mut stops = vec![start];
    let mut nearest = grid.distances(start);
    while stops.len() < STOPS {
        let farthest = cells.iter().copied().max_by_key(|cell| (nearest[*cell], *cell));
        let Some(stop) = farthest else { break };
        stops.push(stop);
        for (near, new) in nearest.iter_mut().zip(grid.distances(stop)) {
            *near = (*near).min(new);
        }
    }
    stops
}

/// What a person at (x, z) reaches for: the top of the nearest furniture, at most an arm away.
fn target(room: &Room, [x, z]: [f32; 2], floor: f32) -> Vec3 {
    let here = Vec3::new(x, floor + 0.85, z);
    let tops = room.entities.iter().filter(|entity| {
        matches!(entity.label, Label::Table | Label::Storage | Label::Couch | Label::Screen)
    });
    let nearest = tops
        .filter_map(|entity| {
            let [_, top] = entity.height_range()?;
            let centre = entity.centre();
            let goal = Vec3::new(centre.x, top.clamp(floor + 0.5, floor + 1.3), centre.z);
            Some((goal, (goal - here).length()))
        })
        .min_by(|(_, a), (_, b)| a.total_cmp(b));
    let Some((goal, distance)) = nearest else { return here + Vec3::new(0.0, 0.1, -0.4) };
    lerp(here, goal, (0.55 / distance).min(1.0))
}

/// The staircase of grid cells as a line that a person would walk.
fn smoothed(mut line: Vec<[f32; 2]>) -> Vec<[f32; 2]> {
    for _ in 0..12 {
        let before = line.clone();
        for i in 1..line.len().saturating_sub(1) {
            for axis in 0..2 {
                line[i][axis] =
                    0.25 * before[i - 1][axis] + 0.5 * before[i][axis] + 0.25 * before[i + 1][axis];
            }
        }
    }
    line
}

/// Where the walker stands and looks at each sample, before the body moves.
struct Walker {
    floor: f32,
    steps: Vec<Step>,
}

#[derive(Clone, Copy)]
struct Step {
    place: [f32; 2],
    /// Where the walker looks.
    gaze: [f32; 2],
    /// Metres walked so far.
    walked: f32,
    /// 0 walking to 1 looking down at something within reach.
    bent: f32,
}

impl Walker {
    fn new(floor: f32, place: [f32; 2]) -> Self {
        let gaze = [place[0], place[1] - 1.0];
        Self { floor, steps: vec![Step { place, gaze, walked: 0.0, bent: 0.0 }] }
    }

    fn time_s(&self) -> f32 {
        self.steps.len() as f32 * STEP_S
    }

    fn last(&self) -> Step {
        self.steps[self.steps.len() - 1]
    }

    /// Follows `line` from its first to its last point, gently off and gently on.
    fn go(&mut self, line: &[[f32; 2]]) {
        let mut lengths = vec![0.0_f32];
        for pair in line.windows(2) {
            lengths.push(lengths[lengths.len() - 1] + between(pair[0], pair[1]));
        }
        let total = lengths[lengths.len() - 1];
        let along = |s: f32| {
            let after = lengths.partition_point(|length| *length < s).clamp(1, line.len() - 1);
            let span = lengths[after] - lengths[after - 1];
            let share = if span > 0.0 { ((s - lengths[after - 1]) / span).min(1.0) } else { 0.0 };
            let (a, b) = (line[after - 1], line[after]);
            [a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])]
        };
        if line.len() < 2 || total <= 0.0 {
            return;
        }
        let steps = (total / SPEED / STEP_S).ceil().max(1.0);
        let start = self.last();
        for step in 1..=steps as usize {
            let s = total * smooth(step as f32 / steps);
            let ahead = along((s + 0.6).min(total));
            let place = along(s);
            let gaze = if between(place, ahead) > 0.2 { ahead } else { self.last().gaze };
            self.steps.push(Step { place, gaze, walked: start.walked + s, bent: 0.0 });
        }
    }

    /// Stands for a while and looks at `target`.
    fn stop(&mut self, target: Vec3) {
        let start = self.last();
        let steps = (STOP_S / STEP_S) as usize;
        for step in 0..steps {
            let bent = libm::sinf(PI * step as f32 / steps as f32);
            self.steps.push(Step { gaze: [target.x, target.z], bent, ..start });
        }
    }

    /// Head, hands and buttons. `phase_rad` shifts the slow sway of a standing body.
    fn motion(&self, hands: &[Hand; 2], phase_rad: f32) -> Motion {
        let mut motion = Motion::default();
        let mut yaw = None;
        let mut pitch = 0.0;
        for (index, step) in self.steps.iter().enumerate() {
            let (time_ns, time_s) = (index as i64 * STEP_NS, index as f32 * STEP_S);
            let (dx, dz) = (step.gaze[0] - step.place[0], step.gaze[1] - step.place[1]);
            let wanted = libm::atan2f(-dx, -dz);
            let turned: f32 = yaw.unwrap_or(wanted);
            // The head turns towards its goal with a time constant of a third of a second.
            let short_way = (wanted - turned + PI).rem_euclid(TAU) - PI;
            let now = turned + short_way * (STEP_S / 0.33);
            yaw = Some(now);
            pitch += (-0.12 - 0.45 * step.bent - pitch) * (STEP_S / 0.25);

            let stride = TAU * step.walked / STRIDE;
            let sway =
                |period_s: f32, shift: f32| libm::sinf(TAU * time_s / period_s + phase_rad + shift);
            let heading = about(Vec3::new(0.0, 1.0, 0.0), now);
            let body = Vec3::new(step.place[0], self.floor + EYES, step.place[1]);
            let lift = Vec3::new(
                0.012 * libm::sinf(0.5 * stride) + 0.006 * sway(3.7, 0.0),
                0.016 * libm::cosf(stride) - 0.07 * step.bent + 0.004 * sway(4.3, 1.0),
                -0.10 * step.bent + 0.006 * sway(5.1, 2.0),
            );
            let tilt = about(Vec3::new(1.0, 0.0, 0.0), pitch + 0.01 * sway(2.9, 0.5));
            let lean = about(Vec3::new(0.0, 0.0, 1.0), 0.012 * libm::sinf(0.5 * stride));
            let orientation = heading * tilt * lean;
            let pose = posed(body + heading.rotate(lift), orientation);
            motion.headset.samples.push(Sample { time_ns, pose });
            for hand in hands {
                let pose = hand.pose(time_s, body, heading, stride);
                let track = match hand.device {
                    Device::Left => &mut motion.left,
                    _ => &mut motion.right,
                };
                track.samples.push(Sample { time_ns, pose });
            }
        }
        motion.events = hands.iter().flat_map(Hand::events).collect();
        motion.events.sort_by_key(|event| event.time_ns);
        motion
    }
}

struct Hand {
    device: Device,
    /// When and where it picks up, when and where it puts down.
    carries: Vec<[(f32, Vec3); 2]>,
}

impl Hand {
    fn new(device: Device) -> Self {
        Self { device, carries: Vec::new() }
    }

    fn pose(&self, time_s: f32, body: Vec3, heading: Quat, stride: f32) -> Pose {
        let side = if self.device == Device::Left { -1.0 } else { 1.0 };
        let swing = 0.10 * libm::sinf(0.5 * stride) * side;
        let mut local = Vec3::new(0.24 * side, -0.68, -0.14 + swing);
        let mut reach = None;
        for [(taken, from), (put, to)] in &self.carries {
            let held = smooth((time_s - taken) / 0.6) * smooth((put + 0.6 - time_s) / 0.6);
            local = lerp(local, Vec3::new(0.14 * side, -0.42, -0.42), held);
            for (time, target) in [(taken, from), (put, to)] {
                let near = 1.0 - smooth(((time_s - time).abs() - 0.1) / 0.6);
                if near > 0.0 {
                    reach = Some((*target, near));
                }
            }
        }
        let at_side = body + heading.rotate(local);
        let position = reach.map_or(at_side, |(target, near)| lerp(at_side, target, near));
        let down = reach.map_or(0.35, |(_, near)| 0.35 + 0.3 * near);
        let orientation = heading * about(Vec3::new(1.0, 0.0, 0.0), -down);
        posed(position, orientation)
    }

    fn events(&self) -> impl Iterator<Item = ButtonEvent> + '_ {
        self.carries.iter().flatten().enumerate().map(|(place, (time_s, _))| ButtonEvent {
            time_ns: (f64::from(*time_s) * 1e9).round() as i64,
            device: self.device,
            button: GRAB,
            action: if place % 2 == 0 { Action::Press } else { Action::Release },
        })
    }
}

/// 0 up to 0, 1 from 1 on, level at both ends.
fn smooth(share: f32) -> f32 {
    let t = share.clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

fn between(a: [f32; 2], b: [f32; 2]) -> f32 {
    let (dx, dz) = (a[0] - b[0], a[1] - b[1]);
    (dx * dx + dz * dz).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::{load_room, tests::capture};
    use crate::generate::room;

    fn check(name: &str, room: &Room, motion: &Motion) {
        let seconds = motion.duration_ns() as f64 * 1e-9;
        assert!((12.0..90.0).contains(&seconds), "{name}: {seconds} s");
        let floor = room.floor_height();
        let [low, high] = room.extent().unwrap();
        for track in [&motion.headset, &motion.left, &motion.right] {
            assert_eq!(track.samples.len(), motion.headset.samples.len());
            for pair in track.samples.windows(2) {
                assert_eq!(pair[1].time_ns - pair[0].time_ns, STEP_NS);
                let step = (pair[1].pose.position() - pair[0].pose.position()).length();
                assert!(step < 0.05, "{name}: {step} m in a frame");
            }
        }
        for sample in &motion.headset.samples {
            let place = sample.pose.position();
            assert!((1.5..1.8).contains(&(place.y - floor)), "{name}: {place:?}");
            assert!(place.x > low[0] && place.x < high[0], "{name}: {place:?}");
            assert!(place.z > low[1] && place.z < high[1], "{name}: {place:?}");
        }
        let actions: Vec<_> = motion.events.iter().map(|event| event.action).collect();
        assert_eq!(actions, [Action::Press, Action::Release].repeat(3), "{name}");
    }

    #[test]
    fn walks_keep_to_the_floor_of_generated_rooms() {
        for seed in 0..12 {
            let room = room(seed);
            let motion = walk(seed, &room);
            check(&format!("seed {seed}"), &room, &motion);
            assert_eq!(motion, walk(seed, &room));
        }
    }

    #[test]
    fn walks_keep_to_the_floor_of_scanned_rooms() {
        for name in ["office_small", "meeting_room", "living_room"] {
            let Some(path) = capture(&format!("quest-rooms/{name}.json")) else { return };
            let room = load_room(&path).unwrap();
            check(name, &room, &walk(1, &room));
        }
    }

    #[test]
    fn a_room_without_free_floor_gives_a_standing_headset() {
        let motion = walk(1, &Room { entities: Vec::new() });
        assert!(motion.duration_ns() > 0 && motion.events.is_empty());
        assert!(motion.headset.samples.iter().all(|s| (s.pose.position().y - EYES).abs() < 0.1));
    }
}
