//! Whether a tree that has followed moves for long still answers as fast as one built afresh.

use std::hint::black_box;

use xrmesh::space::Vec3;

use crate::clock::process_cpu;
use crate::data::{Frame, Random};
use crate::peers::Peer;

/// How far an object goes when it moves, in metres.
const STEP_M: f32 = 0.05;

/// Nanoseconds of the 8 nearest before `ticks` ticks in each of which a hundredth of the objects moves,
/// after them, and of a tree built from where they then are.
///
/// One object a cubic metre, each on a straight way that walls throw back: in 100,000 ticks it goes 50 m
/// and meets wholly other neighbours.
pub fn run(peer: &mut dyn Peer, objects: usize, ticks: usize) -> [f64; 3] {
    let mut random = Random::new(77);
    let side = (objects as f32).cbrt();
    let mut points: Vec<_> = (0..objects)
        .map(|_| Vec3::new(random.unit(), random.unit(), random.unit()) * side)
        .collect();
    let mut ways: Vec<_> = (0..objects)
        .map(|_| Vec3::new(random.bell(), random.bell(), random.bell()) * (STEP_M * 0.577))
        .collect();
    let centres: Vec<_> = (0..10_000)
        .map(|_| Vec3::new(random.unit(), random.unit(), random.unit()) * side)
        .collect();
    peer.take_points(&points);
    peer.build_points();
    let before = nearest(peer, &centres);
    let mut frame = Frame { moves: Vec::new(), from: Vec::new() };
    for tick in 0..ticks {
        frame.moves.clear();
        frame.from.clear();
        for slot in (tick % 100..objects).step_by(100) {
            let (at, way) = (points[slot].to_array(), &mut ways[slot]);
            let mut turned = way.to_array();
            let mut to = at;
            for axis in 0..3 {
                if !(0.0..=side).contains(&(at[axis] + turned[axis])) {
                    turned[axis] = -turned[axis];
                }
                to[axis] += turned[axis];
            }
            *way = Vec3::new(turned[0], turned[1], turned[2]);
            frame.from.push(points[slot]);
            points[slot] = Vec3::new(to[0], to[1], to[2]);
            frame.moves.push((slot as u32, points[slot]));
        }
        peer.move_points(&frame);
    }
    let after = nearest(peer, &centres);
    peer.take_points(&points);
    peer.build_points();
    [before, after, nearest(peer, &centres)]
}

/// The median of nine passes.
fn nearest(peer: &mut dyn Peer, centres: &[Vec3]) -> f64 {
    let mut times: Vec<_> = (0..9)
        .map(|_| {
            let start = process_cpu();
            for &at in centres {
                black_box(peer.nearest(at));
            }
            (process_cpu() - start).as_secs_f64() * 1e9 / centres.len() as f64
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
