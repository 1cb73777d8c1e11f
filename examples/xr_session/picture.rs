//! What a picture of the session shows, collected frame by frame from the agents themselves.

use xrmesh::{Mesh, Pose, TickReport};

use crate::agents::{Interaction, Physics, Rendering, Touch};
use crate::cast::Cast;
use crate::plot::{self, Mark, Picture, Stand, Strip};
use crate::pose::forward;
use crate::report::grouped;
use crate::room::Room;

/// Most points that a path keeps, and most characters that are followed.
const MAX_POINTS: usize = 4_096;
const MAX_FOLLOWED: usize = 1_000;
/// Characters are slow: ten points a second show their way.
const FRAMES_A_POINT: usize = 9;
/// A trail is drawn over the last six seconds, or many characters would cover the floor.
const TRAIL_POINTS: usize = 60;

/// Collects a session.
#[derive(Debug)]
pub(crate) struct Film {
    headset: Path<Stand>,
    hands: [Path<[f32; 2]>; 2],
    trails: Vec<Path<[f32; 2]>>,
    messages: Vec<f32>,
    in_view: Vec<f32>,
    /// Microseconds; only of sessions by the clock, since no two runs have the same.
    tick_us: Option<Vec<f32>>,
    delivered: u64,
}

/// Evenly spaced points, thinned out as they become too many.
#[derive(Debug)]
struct Path<T> {
    points: Vec<T>,
    stride: usize,
    seen: usize,
}

impl<T: Copy> Path<T> {
    fn new(stride: usize) -> Self {
        Self { points: Vec::new(), stride, seen: 0 }
    }

    fn put(&mut self, point: T) {
        if self.seen.is_multiple_of(self.stride) {
            if self.points.len() == MAX_POINTS {
                let mut place = 0;
                self.points.retain(|_| {
                    place += 1;
                    place % 2 == 1
                });
                self.stride *= 2;
            }
            if self.seen.is_multiple_of(self.stride) {
                self.points.push(point);
            }
        }
        self.seen += 1;
    }
}

impl<T> Path<T> {
    /// The last points, at most `count`.
    fn last(&self, count: usize) -> &[T] {
        self.points.get(self.points.len().saturating_sub(count)..).unwrap_or(&[])
    }
}

impl Film {
    /// For a session in `cast`; `timed` if the ticks' times are to be shown.
    pub(crate) fn new(cast: &Cast, timed: bool) -> Self {
        let followed = cast.characters.len().min(MAX_FOLLOWED);
        Self {
            headset: Path::new(1),
            hands: [Path::new(1), Path::new(1)],
            trails: (0..followed).map(|_| Path::new(FRAMES_A_POINT)).collect(),
            messages: Vec::new(),
            in_view: Vec::new(),
            tick_us: timed.then(Vec::new),
            delivered: 0,
        }
    }

    /// Takes in a frame after its tick.
    pub(crate) fn frame(&mut self, mesh: &Mesh, cast: &Cast, report: &TickReport, tick_ns: u64) {
        if let Some(pose) = cast.collaboration.and_then(|id| mesh.pose_of(id)) {
            let ahead = forward(&pose);
            self.headset.put(Stand { place: plan(&pose), facing: [ahead.x, ahead.z] });
        }
        for (number, way) in self.hands.iter_mut().enumerate() {
            let hand = cast.interaction.and_then(|id| {
                mesh.with_agent(id, |agent: &Interaction| agent.hand(number)).flatten()
            });
            if let Some(place) = hand {
                way.put([place.x, place.z]);
            }
        }
        for (trail, id) in self.trails.iter_mut().zip(&cast.characters) {
            if let Some(pose) = mesh.pose_of(*id) {
                trail.put(plan(&pose));
            }
        }
        self.messages.push(report.delivered as f32);
        let visible = cast
            .rendering
            .and_then(|id| mesh.with_agent(id, |agent: &Rendering| agent.visible().agents));
        self.in_view.push(visible.unwrap_or(0) as f32);
        if let Some(times) = &mut self.tick_us {
            times.push(tick_ns as f32 * 1e-3);
        }
        self.delivered += report.delivered;
    }

    /// The picture as the text of an SVG file.
    pub(crate) fn draw(&self, mesh: &Mesh, cast: &Cast, room: &Room, title: &str) -> String {
        let touches = cast.physics.and_then(|id| {
            mesh.with_agent(id, |physics: &Physics| {
                let mark = |touch: &Touch| Mark {
                    place: [touch.place.x, touch.place.z],
                    released: touch.released,
                };
                physics.touches().iter().map(mark).collect::<Vec<_>>()
            })
        });
        let marks = touches.unwrap_or_default();
        let trails: Vec<Vec<[f32; 2]>> =
            self.trails.iter().map(|trail| trail.last(TRAIL_POINTS).to_vec()).collect();
        let mut strips = vec![
            Strip { title: "Messages", unit: "delivered a tick", values: &self.messages },
            Strip { title: "In view", unit: "characters and peers a frame", values: &self.in_view },
        ];
        if let Some(times) = &self.tick_us {
            strips.push(Strip { title: "Tick", unit: "µs", values: times });
        }
        let duration_s = self.messages.len() as f32 / 90.0;
        let subtitle = format!(
            "{} agents in {duration_s:.0} s at 90 Hz: what they saw, took and said, as they told \
             each other",
            grouped(u64::from(mesh.agents())),
        );
        plot::draw(&Picture {
            title,
            subtitle: &subtitle,
            room,
            duration_s,
            headset: &self.headset.points,
            hands: [&self.hands[0].points, &self.hands[1].points],
            marks: &marks,
            characters: &trails,
            facts: &self.facts(mesh, cast),
            strips: &strips,
        })
    }

    fn facts(&self, mesh: &Mesh, cast: &Cast) -> Vec<(&'static str, String)> {
        let links: usize = mesh.agent_ids().map(|id| mesh.neighbours(id).count()).sum();
        let deeds = cast.deeds(mesh);
        let deed = |wanted: &str| {
            let found = deeds.iter().find(|(name, _)| *name == wanted);
            grouped(found.map_or(0, |(_, count)| *count))
        };
        vec![
            ("messages", grouped(self.delivered)),
            ("talks", deed("talks")),
            ("links at the end", grouped(links as u64 / 2)),
            ("detections kept", deed("detections kept")),
            ("detections left out", deed("detections left out")),
            ("anchor moves", deed("anchor moves")),
            ("moves shared", deed("moves shared")),
        ]
    }
}

fn plan(pose: &Pose) -> [f32; 2] {
    [pose.position().x, pose.position().z]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_stays_bounded_and_evenly_spaced() {
        let mut path = Path::new(3);
        (0..100_000).for_each(|point| path.put(point));
        assert!(path.points.len() <= MAX_POINTS && path.points.len() > MAX_POINTS / 4);
        let step = path.points[1] - path.points[0];
        assert!(path.points.windows(2).all(|pair| pair[1] - pair[0] == step));
    }
}
